"""What can go wrong, each with the exit code that the command line ends with."""

from __future__ import annotations

from typing import ClassVar


class SynthkitError(Exception):
    """One line that says where, what, how many and what to do; never a cell value.

    The tree, with exit codes:

        SynthkitError            3
        ├── UsageError           2   an option, a name or a configuration cannot be used
        │   └── UnsetVariableError 2 an environment variable that a configuration names is not set
        ├── DataError            3   data are missing, unreadable or contradict their schema
        ├── IntegrityError       3   a sample broke a key or a count; nothing was written
        ├── PluginError          3   a plugin is broken, lacks an extra, refused or failed
        │   └── MissingExtraError 3  what an extra would install is not there
        ├── NothingEvaluatedError 3  no gate had anything to judge
        ├── SecurityError        4   something was refused because it is not safe
        └── ResourceError        5   disk, memory or size limits

    Attributes:
        problem: what is wrong, with counts.
        remedy: what the user can do; may be empty.
        where: ``table`` or ``table.column``; may be empty.

    Example:
        >>> str(DataError("12 values are not unique", "remove the duplicates", "customers.customer_id"))
        'customers.customer_id: 12 values are not unique; remove the duplicates'
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, problem: str, remedy: str = "", where: str = "") -> None:
        super().__init__(problem, remedy, where)
        self.problem = problem
        self.remedy = remedy
        self.where = where

    def __str__(self) -> str:
        located = f"{self.where}: {self.problem}" if self.where else self.problem
        return f"{located}; {self.remedy}" if self.remedy else located


class UsageError(SynthkitError):
    """An option, a name or a configuration cannot be used."""

    exit_code = 2


class UnsetVariableError(UsageError):
    """An environment variable that a configuration names is not set."""


class DataError(SynthkitError):
    """Data are missing, unreadable or contradict their schema."""


class IntegrityError(SynthkitError):
    """A sample broke a key or a count; nothing was written."""


class PluginError(SynthkitError):
    """A plugin is broken, lacks an extra, refused the schema or failed."""


class MissingExtraError(PluginError):
    """A plugin lacks what an extra would install; the remedy is the command that does."""


class NothingEvaluatedError(SynthkitError):
    """No gate had anything to judge."""


class SecurityError(SynthkitError):
    """Something was refused because it is not safe."""

    exit_code = 4


class ResourceError(SynthkitError):
    """Disk, memory or size limits were reached."""

    exit_code = 5


def in_words(error: Exception) -> SynthkitError:
    """Whatever went wrong as one of ours; the words of others may hold values, so they are left out.

    Example:
        >>> in_words(MemoryError()).problem
        'the memory is full'
    """
    if isinstance(error, SynthkitError):
        return error
    if isinstance(error, MemoryError):
        return ResourceError("the memory is full", "ask for fewer rows or tables")
    if isinstance(error, OSError):
        problem = f"cannot read or write ({error.strerror or type(error).__name__})"
        return ResourceError(problem, "free space or choose another folder")
    return SynthkitError(f"synthkit itself failed ({type(error).__name__})", "see --debug, and report it")
