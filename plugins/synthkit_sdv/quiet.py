"""What SDV says on its way (bars, warnings, errors), in our words or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from synthkit import Context, PluginError, SynthkitError


class Bars:
    """Stands in for ``tqdm`` and tells the context instead of drawing.

    One after another, ``bars`` of them make up the whole; each item of each is one ``noun``.
    """

    def __init__(self, context: Context, noun: str, bars: int = 1) -> None:
        self.context = context
        self.noun = noun
        self.bars = bars
        self.begun = 0

    def __call__(self, items: Iterable[Any], **_: Any) -> Iterator[Any]:
        """Give the items; SDV passes what a bar would look like, too."""
        known = list(items)
        before, self.begun = self.begun, self.begun + 1
        for number, item in enumerate(known):
            text = f"{self.noun} {number + 1} of {len(known)}"
            self.context.progress(before + number / len(known), self.bars, text)
            yield item


@contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Within the block, ``owner.name`` is another thing, for all threads; for modules and classes of SDV."""
    original = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, original)


@contextmanager
def quiet(doing: str) -> Iterator[None]:
    """Within the block SDV's errors become ours, and numpy does not warn of very large numbers.

    Other warnings need no filter: SDV's come from detected metadata, from ranges in it and from its own
    datetimes, none of which it gets here.

    Raises:
        PluginError: SDV failed while ``doing``; its own text may hold cell values and is not shown.
    """
    try:
        with np.errstate(all="ignore"):
            yield
    except SynthkitError:
        raise
    except Exception as error:  # noqa: BLE001 - SDV's errors have no common base
        problem = f"SDV failed {doing} ({type(error).__name__})"
        raise PluginError(problem, "leave out columns or tables to find which one it is") from None
