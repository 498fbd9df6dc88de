"""Which row of a parent a row points at: drawn by label and weight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthkit_cart.tokens import Floats, Integers

_GOLDEN = (5**0.5 - 1) / 2
_ROUNDS = 30
_CHOICES = 20_000  # that are looked at


@dataclass(frozen=True)
class Candidates:
    """Rows to point at, by label.

    Attributes:
        rows: sorted by label.
        labels: of these rows.
        ends: their weights, cumulated.
        turns: for the first row of each label, and in the end for all rows, how many were picked so far.
    """

    rows: Integers
    labels: Integers
    ends: Floats
    turns: Integers

    @classmethod
    def of(cls, labels: Integers, weights: Floats) -> Candidates:
        """All rows of a table, with their labels and weights."""
        order = np.argsort(labels, kind="stable")
        ends = np.cumsum(np.maximum(np.nan_to_num(weights), 0)[order] + 1e-6)
        return cls(order, labels[order], ends, np.zeros(len(order) + 1, dtype="int64"))

    def all(self, labels: Integers) -> tuple[Integers, Integers]:
        """All rows with each label: the place of the label, and the row."""
        first, last = (np.searchsorted(self.labels, labels, side=side) for side in ("left", "right"))
        place = np.repeat(np.arange(len(labels)), last - first)
        own = np.arange(len(place)) - np.repeat(np.cumsum(last - first) - last, last - first)
        return place, self.rows[own]

    def pick(self, labels: Integers, random: np.random.Generator, *, else_any: bool) -> Integers:
        """A row with each label, by weight; where there is none, any row or -1.

        As often as its weight says rather than by chance: by a sequence that fills each label evenly (Weyl 1916).
        """
        if not len(self.rows):
            return np.full(len(labels), -1)
        first, last = (np.searchsorted(self.labels, labels, side=side) for side in ("left", "right"))
        found = last > first
        if else_any:
            first, last = np.where(found, first, 0), np.where(found, last, len(self.rows))
        ends = np.append(0.0, self.ends)
        even = self._even(np.where(found, first, len(self.rows)), random)
        aim = ends[first] + even * (ends[last] - ends[first])
        place = np.searchsorted(self.ends, aim, side="right")
        place = np.minimum(np.maximum(place, first), np.maximum(last - 1, 0))
        return np.where(found | else_any, self.rows[place], -1)

    def _even(self, groups: Integers, random: np.random.Generator) -> Floats:
        """For each row the next number between 0 and 1 of its group's sequence, in a random order."""
        order = np.lexsort((random.random(len(groups)), groups))
        sorted_ = groups[order]
        begins = np.append(True, sorted_[1:] != sorted_[:-1])[: len(sorted_)]
        place = np.arange(len(sorted_)) - np.flatnonzero(begins)[np.cumsum(begins) - 1] if len(sorted_) else sorted_
        turn = np.empty(len(groups), dtype="int64")
        turn[order] = self.turns[sorted_] + place
        self.turns[:] += np.bincount(groups, minlength=len(self.turns))
        return np.asarray((turn * _GOLDEN + groups * _GOLDEN**2 + 0.5) % 1.0)


def liked(chosen: Integers, owners: Integers, kinds: Integers, holders: Integers) -> Floats:
    """How much each kind is liked: where an owner holds some, its choices are of each in proportion to that.

    Each choice is made by an owner among the offers that it holds, of one kind each: a multinomial logit model
    (McFadden 1974), found step by step (Hunter 2004).

    Example:
        >>> chosen, kinds = np.array([1] * 30 + [2] * 10), np.array([1, 2, 1, 2, 2])
        >>> found = liked(chosen, np.arange(40) % 2, kinds, np.array([0, 0, 1, 1, 9]))
        >>> bool(2.5 < found[1] / found[2] < 3.5)
        True
    """
    some = np.random.default_rng(0).permutation(len(chosen))[:_CHOICES]
    choice, offer = Candidates.of(holders, np.ones(len(holders))).all(owners[some])
    size = int(max(chosen.max(initial=0), kinds.max(initial=0))) + 1
    own, real = kinds[offer], np.bincount(chosen[some], minlength=size) + 0.5
    found = np.ones(size)
    for _ in range(_ROUNDS):
        weights = found[own]
        among = np.bincount(choice, weights, len(some))[choice]
        found *= real / (np.bincount(own, weights / np.maximum(among, 1e-12), size) + 0.5)
        found /= found.mean()
    return np.asarray(found)
