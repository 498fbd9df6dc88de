"""A second parent for each row of a table, by how likely the row is among that parent's children."""

# ruff: noqa: NPY002 - seeded outside

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from synthkit_sdv.families import Families

_Array = npt.NDArray[Any]
_Floats = npt.NDArray[np.float64]

PAIRS = 50_000_000  # pairs of a row and a possible parent, in all; about 10 s
AT_ONCE = 2_000_000  # numbers in memory
TOGETHER = 256  # rows that choose among the same parents, of which there are as many at least


def parents_weighed(rows: int, parents: int) -> int:
    """Among how many parents, drawn for each few rows, each row chooses: all, where that is not too much work.

    Example:
        >>> parents_weighed(1_000, 50_000), parents_weighed(50_000, 50_000)
        (50000, 1000)
    """
    return min(parents, max(PAIRS // max(rows, 1), TOGETHER))


def further_parents(rows: _Floats, families: Families, counts: _Array, orphans: _Floats) -> _Array:
    """The row number of a parent for each row, NaN for none; each parent is chosen as often as counted.

    As SDV does it: among the parents with room left, in proportion to the row's likelihood; where a row is likely
    nowhere, in proportion to the room, else any. SDV goes through the rows as they stand; here their order is
    random, so that the last ones, for whom little is left, are not all from the same family.

    Args:
        rows: as the children are modelled, of shape (rows, columns).
        families: of all parents.
        counts: the children of each parent; ``rows`` may be more than these together.
        orphans: the likelihood of each row among those without a parent.
    """
    room = np.append(counts, len(rows) - counts.sum())
    chosen = np.empty(len(rows), dtype="int64")
    for some in _pieces(len(rows), len(counts), rows.shape[1]):
        among = _among(room[:-1], parents_weighed(len(rows), len(counts)))
        weights = np.column_stack([families.likelihoods(rows[some], among), orphans[some]])
        places = np.append(among, len(counts))
        left = room[places]
        for row, weight in zip(some, weights, strict=True):
            place = _pick(weight, left)
            left[place] -= 1
            chosen[row] = places[place]
        room[places] = left
    return np.where(chosen == len(counts), np.nan, chosen) if (chosen == len(counts)).any() else chosen


def _pieces(rows: int, parents: int, columns: int) -> Iterator[_Array]:
    """All row numbers in random order, a few at a time."""
    size = AT_ONCE // max(parents_weighed(rows, parents) * columns, 1)
    order = np.random.permutation(rows)
    size = min(max(size, 1), TOGETHER)
    for first in range(0, rows, size):
        yield order[first : first + size]


def _among(room: _Array, most: int) -> _Array:
    free = np.flatnonzero(room)
    return free if len(free) <= most else np.sort(np.random.choice(free, most, replace=False))


def _pick(weights: _Floats, room: _Array) -> int:
    """One place with room left."""
    likely = np.where(room > 0, weights if weights.any() else room, 0)
    summed = np.cumsum(likely if likely.any() else room > 0)
    return int(np.searchsorted(summed, (1 - np.random.random()) * summed[-1]))
