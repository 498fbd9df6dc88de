"""What the core hands to a plugin while it works: progress, a deadline, cancellation, notes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from synthkit.errors import ResourceError


def _silent(fraction: float, text: str) -> None:
    """Show nothing."""


@dataclass
class Context:
    """The surroundings of one call of a plugin.

    Attributes:
        report: called with the part done, in [0, 1], and a short text.
        deadline: the ``time.monotonic()`` at which to stop, in seconds, or None.
        checkpoint: a folder that outlives the call, even one that is killed, or None; made by who writes into it. What
            lies there is of the same run, but may be damaged, and must never be read as a pickle.
        notes: sentences for the run record, without cell values.

    Example:
        >>> context = Context()
        >>> context.note("two columns were constant")
        >>> context.notes
        ['two columns were constant']
    """

    report: Callable[[float, str], None] = _silent
    deadline: float | None = None
    checkpoint: Path | None = None
    notes: list[str] = field(default_factory=list)

    def progress(self, done: float, total: float, text: str = "") -> None:
        """Say how far the work is; call it often, it is cheap.

        Raises:
            ResourceError: the deadline has passed.
        """
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise ResourceError("the time allowed has passed", "allow more minutes or ask for less")
        self.report(min(done / total, 1.0) if total else 1.0, text)

    def note(self, text: str) -> None:
        """Add a sentence to the run record; it must hold no cell value."""
        if text not in self.notes:
            self.notes.append(text)
