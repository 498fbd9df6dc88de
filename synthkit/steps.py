"""The steps of a run, one after another: each is timed, shown and given its context."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from synthkit.context import Context


class Observer:
    """Is told what happens; this one shows nothing."""

    def started(self, step: str) -> None:
        """A step begins."""

    def advanced(self, step: str, fraction: float, text: str) -> None:
        """A step got on: the part done, in [0, 1], and a short text."""

    def finished(self, step: str, seconds: float) -> None:
        """A step ended, well or not."""


@dataclass
class Steps:
    """Collects the seconds of each step and the notes that were made in it.

    Attributes:
        observer: is told of each step.
        timings: seconds of each step, by its name.
        notes: sentences for the record.
        repeat: shown behind the name of a step, such as `` 2/5``.

    Example:
        >>> steps = Steps()
        >>> with steps("fit") as context:
        ...     context.note("all went well")
        >>> list(steps.timings), steps.notes
        (['fit'], ['all went well'])
    """

    observer: Observer = field(default_factory=Observer)
    timings: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    repeat: str = ""

    @contextmanager
    def __call__(self, name: str) -> Iterator[Context]:
        """Run the block as the step of that name; the same name again adds to its seconds."""
        shown = f"{name}{self.repeat}"
        self.observer.started(shown)
        began = time.perf_counter()
        try:
            yield Context(report=partial(self.observer.advanced, shown), notes=self.notes)
        finally:
            seconds = time.perf_counter() - began
            self.timings[name] = round(self.timings.get(name, 0.0) + seconds, 3)
            self.observer.finished(shown, seconds)
