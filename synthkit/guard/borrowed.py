"""Where a rare category's place is taken: by the category of a row that it is most like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from synthkit.row_numbers import Flags, Integers
from synthkit.schema import ColumnKind, Schema

_KINDS = (ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN)

_MORE = 0.05  # of the pairs of rows that share something must agree beyond any two, for it to matter


def lenders(codes: Integers, common: Flags, contexts: Iterable[Integers], random: np.random.Generator) -> Integers:
    """For each row the one whose category it gets: itself where that is common, else a row with a common one.

    That is one of those which share what tells most of the category: the context in which two rows with common
    categories agree most often. Where there is none, it is any of them, the same for all rows of one context.

    Args:
        codes: the category of each row, from 0 on.
        common: which rows keep theirs; at least one.
        contexts: codes from 0 on of what rows may share, -1 for nothing.
        random: draws the rows.

    Example:
        >>> codes, common = np.array([0, 0, 1, 1, 2]), np.array([True, True, True, True, False])
        >>> int(lenders(codes, common, [np.array([0, 0, 1, 1, 1])], np.random.default_rng(0))[4]) in (2, 3)
        True
    """
    kept, lacking = np.flatnonzero(common), np.flatnonzero(~common)
    context, best = np.zeros(len(codes), dtype="int64"), _agreement(codes[kept], np.zeros(len(kept), "int64")) + _MORE
    for own in contexts:
        told = kept[own[kept] >= 0]
        if (found := _agreement(codes[told], own[told])) > best:
            context, best = own, found
    lent = np.arange(len(codes))
    lent[lacking] = _among(kept[np.argsort(context[kept], kind="stable")], context, lacking, random)
    return lent


def contexts(sample: pd.DataFrame, schema: Schema, table: str, column: str) -> Iterator[Integers]:
    """Codes of what guarded rows may share that tells of a column: the rows that they point at, and categories."""
    keys = [name for key in schema.parents_of(table) for name in key.columns]
    own = [c.name for c in schema.modelled(table) if c.kind in _KINDS and c.name != column]
    for name in dict.fromkeys((*keys, *own)):
        yield np.asarray(pd.factorize(sample[name])[0], dtype="int64")


def _agreement(codes: Integers, context: Integers) -> float:
    """The share of pairs of rows in one context that have the same category; 0 where there are fewer than 20."""
    if not len(codes):
        return 0.0
    cells = np.unique(context * (int(codes.max()) + 1) + codes, return_counts=True)[1].astype("float64")
    sizes = np.unique(context, return_counts=True)[1].astype("float64")
    pairs = float((sizes * (sizes - 1)).sum())
    return float((cells * (cells - 1)).sum()) / pairs if pairs >= 40 else 0.0


def _among(lending: Integers, context: Integers, lacking: Integers, random: np.random.Generator) -> Integers:
    """A row of the same context for each that lacks one, of rows sorted by context; else one for all in a context."""
    own = context[lacking]
    first, last = (np.searchsorted(context[lending], own, side=side) for side in ("left", "right"))
    place = first + (random.random(len(own)) * (last - first)).astype("int64")
    groups = np.unique(own, return_inverse=True)[1]
    anyone = random.integers(0, len(lending), int(groups.max(initial=0)) + 1)[groups]
    anyone = np.where(own < 0, random.integers(0, len(lending), len(own)), anyone)
    return lending[np.where((last > first) & (own >= 0), np.minimum(place, len(lending) - 1), anyone)]
