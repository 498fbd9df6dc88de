"""Combinations of keys: those that no two rows share, and those that another table must hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from synthkit.inference.rules.chance import SHARE, distinct, surprising
from synthkit.inference.rules.view import View
from synthkit.row_numbers import Integers, repeated, row_codes
from synthkit.schema import ColumnKind, ForeignKey
from synthkit.schema.rules import Inclusion, UniqueCombination

_MOST = 12  # columns: 286 sets of two and three
_KINDS = (ColumnKind.CATEGORICAL, ColumnKind.DATETIME, ColumnKind.ID)
_TURNS = 20  # shuffles that measure how often a combination would be there by chance


def unique_combinations(view: View) -> list[UniqueCombination]:
    """Two or three columns, a foreign key among them, that no two rows share though by chance many would."""
    keys = [key.columns[0] for key in view.schema.parents_of(view.table.name) if len(key.columns) == 1]
    names = _parts(view, keys)
    sets = [s for size in (2, 3) for s in combinations(names, size) if keys and set(s) & set(keys)]
    found: list[tuple[str, ...]] = []
    for chosen in sets:
        implied = any(set(smaller) <= set(chosen) for smaller in (*found, *_primary(view)))
        if not implied and _never_twice(view, chosen, view.sample) and _surprisingly_unique(view, chosen, len(sets)):
            found.append(chosen)
    return [UniqueCombination(tuple(c for c in view.table.column_names if c in chosen)) for chosen in found]


def inclusions(view: View, views: Sequence[View]) -> Iterator[Inclusion]:
    """Pairs of foreign keys that occur together in another table that holds keys to the same parents."""
    pairs = [(mine, other, theirs) for mine in _key_pairs(view) for other in views for theirs in _key_pairs(other)]
    possible = [
        (mine, other, order)
        for mine, other, theirs in pairs
        if other is not view
        for order in (theirs, theirs[::-1])
        if [key.parent for key in mine] == [key.parent for key in order]
    ]
    for mine, other, theirs in possible:
        if _always_there(view, mine, other, theirs, len(possible)):
            yield Inclusion(_names(mine), other.table.name, _names(theirs))


def _parts(view: View, keys: Sequence[str]) -> list[str]:
    """Foreign keys, then other columns that may take part: what is unique alone says nothing."""
    columns = view.table.columns
    able = [c.name for c in columns if not c.unique and (c.name in keys or c.kind in _KINDS)]
    return sorted(able, key=lambda name: name not in keys)[:_MOST]


def _primary(view: View) -> list[tuple[str, ...]]:
    return [view.table.primary_key] if view.table.primary_key else []


def _never_twice(view: View, chosen: Sequence[str], rows: Integers | slice) -> bool:
    (codes,) = row_codes(view.frame[list(chosen)].iloc[rows])
    return not repeated(codes).any()


def _surprisingly_unique(view: View, chosen: Sequence[str], candidates: int) -> bool:
    """Each column in turn against the others: what one alone explains is no rule about all."""
    if not _never_twice(view, chosen, slice(None)):
        return False
    for name in chosen:
        others = [other for other in chosen if other != name]
        (groups,), (codes,) = row_codes(view.frame[others]), row_codes(view.frame[[name]])
        both = (groups >= 0) & (codes >= 0)
        if not both.any():
            return False
        sizes = np.bincount(groups[both]), np.bincount(codes[both])
        if not surprising(min(distinct(*sizes), distinct(*sizes[::-1])), candidates):  # two bounds on one chance
            return False
    return True


def _key_pairs(view: View) -> list[tuple[ForeignKey, ForeignKey]]:
    keys = [key for key in view.schema.parents_of(view.table.name) if len(key.columns) == 1]
    return list(combinations(keys, 2))


def _names(keys: Sequence[ForeignKey]) -> tuple[str, ...]:
    return tuple(name for key in keys for name in key.columns)


def _always_there(
    view: View, mine: tuple[ForeignKey, ...], other: View, theirs: tuple[ForeignKey, ...], candidates: int
) -> bool:
    codes = _shared_codes([view, other], [mine, theirs])
    held = (codes[0] >= 0).all(axis=0)
    if not held.any():
        return False
    there = pd.unique(_joined(codes[1], codes[1]))
    if not pd.Series(_joined(codes[0][:, held], codes[1])).isin(there).all():
        return False
    units = codes[0][:, view.units]
    units = units[:, (units >= 0).all(axis=0)]
    return _rarely_by_chance(units, codes[1], there, candidates)


def _rarely_by_chance(units: Integers, theirs: Integers, there: Integers, candidates: int) -> bool:
    random = np.random.default_rng(np.random.SeedSequence(0))
    tries = [pd.Series(_joined(np.array([units[0], random.permutation(units[1])]), theirs)) for _ in range(_TURNS)]
    share = 1 - float(np.mean([attempt.isin(there).mean() for attempt in tries])) if units.size else 0.0
    return share >= SHARE and surprising(units.shape[1] * float(np.log1p(-min(share, 0.99))), candidates)


def _shared_codes(views: Sequence[View], keys: Sequence[tuple[ForeignKey, ...]]) -> list[Integers]:
    """For each of two tables the codes of two keys, alike in both."""
    columns = [
        row_codes(*(view.frame[list(pair[place].columns)] for view, pair in zip(views, keys, strict=True)))
        for place in range(2)
    ]
    return [np.array(parts) for parts in zip(*columns, strict=True)]


def _joined(codes: Integers, theirs: Integers) -> Integers:
    size = int(max(codes[1].max(initial=0), theirs[1].max(initial=0))) + 1
    return np.asarray(np.where((codes >= 0).all(axis=0), codes[0] * size + codes[1], -1))
