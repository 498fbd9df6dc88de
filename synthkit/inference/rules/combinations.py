"""Combinations of categories that never occur."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from synthkit.inference.rules.chance import SHARE, determined, surprising
from synthkit.inference.rules.view import View
from synthkit.row_numbers import Flags, Floats, Integers
from synthkit.schema import ColumnKind
from synthkit.schema.rules import FixedCombinations

_MOST = 40  # columns
_MOST_PATHS = 200  # from a column over a second one to a third
_CATEGORIES = 1000  # of a column
_FEW = 50  # combinations of two columns of which neither decides the other
_HOLDERS = 10  # subjects that must share a combination, for a model to see it
_RARE = 0.05  # of the subjects may hold one that fewer share
_LIKELY = 3.0  # rows expected of a combination that is absent, for one combination: a chance of 5 %
_BY_CHANCE = 0.1  # of what a rule rules out may be absent by chance


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two columns: which combinations occur, and how often among the subjects that have both.

    Attributes:
        seen: the combinations of all rows, as ``first * size + second``.
        firsts: how many subjects have each category of the first column; ``seconds`` of the second.
        held: how many have each combination that one has.
    """

    seen: Integers
    size: int
    firsts: Integers
    seconds: Integers
    held: Integers

    @property
    def decides(self) -> tuple[bool, bool]:
        """Whether the first column decides the second, and the other way round."""
        decided = [len(pd.unique(part)) == len(self.seen) for part in (self.seen // self.size, self.seen % self.size)]
        return decided[0], decided[1]

    @property
    def common(self) -> bool:
        """Whether nearly all subjects hold a combination that enough others hold."""
        return _shared(self.held)

    @property
    def observed(self) -> Flags:
        """Which combinations occur, as a matrix."""
        flags = np.zeros((len(self.firsts), self.size), dtype=bool)
        flags[self.seen // self.size, self.seen % self.size] = True
        return flags


def fixed_combinations(view: View) -> list[FixedCombinations]:
    """Categories that others decide (the city its state), and pairs of columns with combinations that never occur.

    What one column decides is one rule with it. Of the pairs, those that follow from others are left out.
    """
    columns = view.columns(ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN, most=_MOST)
    names = [c.name for c in columns if _usable(view, c.name)]
    candidates = len(names) * len(names)
    likely = {pair: _pair(view, *pair) for pair in combinations(names, 2) if _possible(view, *pair)}
    decided = _decisions(likely, candidates)
    chains = _chains(view, names, decided)
    pairs = [pair for pair in _apart(view, likely, candidates) if not any(chain.issuperset(pair) for chain in chains)]
    larger = [*chains, *_threes(view, pairs, candidates)]
    found = [*larger, *(frozenset(pair) for pair in pairs if not any(group.issuperset(pair) for group in larger))]
    return [FixedCombinations(tuple(name for name in names if name in group)) for group in found]


def _usable(view: View, name: str) -> bool:
    codes = view.codes(name)
    return 2 <= codes.size <= _CATEGORIES and 2 * codes.size < len(codes.of_rows)


def _possible(view: View, first: str, second: str) -> bool:
    """Whether the combinations of a few rows leave room for others."""
    a, b = (view.codes(name).of_rows[view.sample] for name in (first, second))
    both = (a >= 0) & (b >= 0)
    if not both.any():
        return False
    a, b = a[both], b[both]
    shares = [np.bincount(codes) / len(codes) for codes in (a, b)]
    seen = np.unique(a * (b.max() + 1) + b)
    return bool(1 - (shares[0][seen // (b.max() + 1)] * shares[1][seen % (b.max() + 1)]).sum() >= SHARE)


def _pair(view: View, first: str, second: str) -> _Pair:
    a, b = view.codes(first), view.codes(second)
    codes = np.where((a.of_rows >= 0) & (b.of_rows >= 0), a.of_rows * b.size + b.of_rows, -1)
    seen, units = pd.unique(codes[codes >= 0]), codes[view.units]
    units = units[units >= 0]
    firsts, seconds = np.bincount(units // b.size, minlength=a.size), np.bincount(units % b.size, minlength=b.size)
    return _Pair(seen.astype("int64"), b.size, firsts, seconds, np.unique(units, return_counts=True)[1])


def _decisions(pairs: Mapping[tuple[str, str], _Pair], candidates: int) -> set[tuple[str, str]]:
    """Which column decides which."""
    found = set()
    for (first, second), pair in pairs.items():
        forth, back = pair.decides if pair.common else (False, False)
        if forth and _evident(pair.firsts, pair.seconds, candidates):
            found.add((first, second))
        if back and _evident(pair.seconds, pair.firsts, candidates):
            found.add((second, first))
    return found


def _evident(deciding: Integers, decided: Integers, candidates: int) -> bool:
    log_chance, share = determined(int((deciding > 0).sum()), decided)
    return share >= SHARE and surprising(log_chance, candidates)


def _chains(view: View, names: Sequence[str], decided: set[tuple[str, str]]) -> list[frozenset[str]]:
    """Each column with all that it decides; a row with a null keeps a rule, so nulls may not be more in those."""
    groups: dict[frozenset[str], None] = {}
    for name in names:
        others = [other for other in names if (name, other) in decided]
        whole = [other for other in others if not (view.missing(other) & ~view.missing(name)).any()]
        groups[frozenset((name, *whole))] = None
        groups.update(dict.fromkeys(frozenset((name, other)) for other in others if other not in whole))
    return [g for g in groups if len(g) > 1 and not any(g < other for other in groups)]


def _apart(view: View, pairs: Mapping[tuple[str, str], _Pair], candidates: int) -> Iterator[tuple[str, str]]:
    """Pairs of which some combinations never occur, those first that rule out most; not what follows from others."""
    shares = {names: _ruled_out(pair, candidates) for names, pair in pairs.items()}
    likely = sorted((names for names in pairs if shares[names] >= SHARE), key=lambda names: -round(shares[names], 6))
    matrices: dict[tuple[str, str], Flags] = {}
    for first, second in likely:
        observed = pairs[first, second].observed
        if not any(
            np.array_equal(observed, _joined(matrices[first, hub], matrices[hub, second]))
            for hub in {b for a, b in matrices if a == first and (b, second) in matrices}
            if not (view.missing(hub) & ~view.missing(first) & ~view.missing(second)).any()
        ):
            yield first, second
            matrices |= {(first, second): observed, (second, first): observed.T}


def _joined(left: Flags, right: Flags) -> Flags:
    return np.asarray((left.astype("int64") @ right.astype("int64")) > 0)


def _ruled_out(pair: _Pair, candidates: int) -> float:
    """The share of rows that would break the rule by chance; 0 where that none does is no surprise."""
    if len(pair.seen) > _FEW or not pair.common:
        return 0.0
    expected = np.outer(pair.firsts, pair.seconds) / pair.firsts.sum()
    return _absent(expected, pair.observed, candidates)


def _absent(expected: Floats, observed: Flags, candidates: int) -> float:
    """The expected share of the combinations that do not occur; 0 where it is no surprise, or partly chance.

    A set of combinations is absent by chance with a probability of about exp(-expected rows); any set could have
    been the absent one.
    """
    lacking = expected[~observed]
    perhaps = float(lacking[lacking <= _LIKELY + np.log(expected.size)].sum())
    log_chance = int((expected > 0).sum()) * math.log(2) - float(lacking.sum())
    proven = surprising(log_chance, candidates) and perhaps <= _BY_CHANCE * lacking.sum()
    return float(lacking.sum() / expected.sum()) if proven else 0.0


def _shared(held: Integers) -> bool:
    return held.sum() > 0 and bool(held[held < _HOLDERS].sum() <= _RARE * held.sum())


def _threes(view: View, pairs: Sequence[tuple[str, str]], candidates: int) -> list[frozenset[str]]:
    """Three columns, two pairs of which have a rule, that together rule out more than these do."""
    links = {*pairs, *((b, a) for a, b in pairs)}
    paths = [(a, hub, c) for a, hub in sorted(links) for other, c in sorted(links) if other == hub and a < c][
        :_MOST_PATHS
    ]
    shares = {path: _beyond_pairs(view, path, candidates * len(paths)) for path in paths}
    found: list[frozenset[str]] = []
    for path in sorted(paths, key=lambda path: -round(shares[path], 6)):
        if shares[path] >= SHARE and all(len(three & set(path)) < 2 for three in found):
            found.append(frozenset(path))
    return found


def _beyond_pairs(view: View, path: tuple[str, str, str], candidates: int) -> float:
    """As ``_ruled_out``, given the middle column, by which the outer ones would otherwise be independent."""
    nulls = [view.missing(name) for name in path]
    if not all(np.array_equal(nulls[0], other) for other in nulls):
        return 0.0  # a row with a null keeps a rule
    codes = [view.codes(name) for name in path]
    shape = tuple(part.size for part in codes)
    everything = np.ravel_multi_index([part.of_rows[~nulls[0]] for part in codes], shape)
    units = view.units[~nulls[0][view.units]]
    counts = np.bincount(
        np.ravel_multi_index([part.of_rows[units] for part in codes], shape), minlength=math.prod(shape)
    )
    observed = np.bincount(everything, minlength=math.prod(shape)) > 0
    if observed.sum() > _FEW or not _shared(counts):
        return 0.0
    table = counts.reshape(shape)
    left, right, middle = table.sum(axis=2), table.sum(axis=0), table.sum(axis=(0, 2))
    expected = left[:, :, None] * right[None, :, :] / np.maximum(middle, 1)[None, :, None]
    return _absent(expected, observed.reshape(shape), candidates)
