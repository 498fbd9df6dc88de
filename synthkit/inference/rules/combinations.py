"""Combinations of categories that never occur."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from synthkit.inference.rules.chance import SHARE, determined, surprising
from synthkit.inference.rules.view import View
from synthkit.row_numbers import Flags, Integers
from synthkit.schema import ColumnKind
from synthkit.schema.rules import FixedCombinations

_MOST = 40  # columns
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
        return bool(self.held[self.held < _HOLDERS].sum() <= _RARE * self.held.sum())

    @property
    def observed(self) -> npt.NDArray[np.bool_]:
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
    found = [*chains, *(pair for pair in _apart(view, likely, candidates) if not any(set(pair) <= c for c in chains))]
    return [FixedCombinations(tuple(name for name in names if name in group)) for group in map(set, found)]


def _usable(view: View, name: str) -> bool:
    codes = view.codes(name)
    return 2 <= codes.count <= _CATEGORIES and 2 * codes.count < len(codes.of_rows)


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
    codes = np.where((a.of_rows >= 0) & (b.of_rows >= 0), a.of_rows * b.count + b.of_rows, -1)
    seen, units = pd.unique(codes[codes >= 0]), codes[view.units]
    units = units[units >= 0]
    firsts, seconds = np.bincount(units // b.count, minlength=a.count), np.bincount(units % b.count, minlength=b.count)
    held = pd.Series(units).value_counts().to_numpy()
    return _Pair(seen.astype("int64"), b.count, firsts, seconds, held)


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
    return (left.astype("int64") @ right.astype("int64")) > 0


def _ruled_out(pair: _Pair, candidates: int) -> float:
    """The share of rows that would break the rule by chance; 0 where that none does is no surprise.

    A set of combinations is absent by chance with a probability of at most exp(-expected rows); any set could
    have been the absent one.
    """
    if len(pair.seen) > _FEW or not pair.common:
        return 0.0
    total = pair.firsts.sum()
    expected = np.outer(pair.firsts, pair.seconds) / total
    expected[pair.observed] = 0
    absent = float(expected.sum())
    perhaps = float(expected[expected <= _LIKELY + np.log(expected.size)].sum())
    proven = surprising(expected.size * math.log(2) - absent, candidates) and perhaps <= _BY_CHANCE * absent
    return absent / total if proven else 0.0
