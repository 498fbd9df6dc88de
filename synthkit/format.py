"""The contract of a file format: one file holds one table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import pyarrow as pa


class Format(ABC):
    """Reads and writes one table as one file.

    Attributes:
        name: how users ask for it.
        suffixes: the file name endings it reads; the first of them is written.
        typed: whether a file knows its types. Where it does not, every column is read as text with the
            empty cell as null, and the core finds out the types and writes text again.
        plugin_api: the ``synthkit.PLUGIN_API`` that it was made for.
        exceptions: promises of ``synthkit.testing`` that it cannot keep: the name of the check, and the reason why.
    """

    name: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]
    typed: ClassVar[bool]
    plugin_api: ClassVar[int] = 1
    exceptions: ClassVar[Mapping[str, str]] = MappingProxyType({})

    @abstractmethod
    def read(self, path: Path) -> pa.Table:
        """Read the whole table.

        Raises:
            DataError: the file cannot be read whole, says why and never shows a cell; ``where`` is left
                empty, the core knows the table's name.
        """

    @abstractmethod
    def write(self, table: pa.Table, path: Path) -> None:
        """Write the table; an untyped format is given text columns only. Nulls stay nulls."""
