"""Which row of a parent a row points at: drawn by label and weight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthkit_cart.tokens import Floats, Integers


@dataclass(frozen=True)
class Candidates:
    """Rows to point at, by label.

    Attributes:
        rows: sorted by label.
        labels: of these rows.
        ends: their weights, cumulated.
    """

    rows: Integers
    labels: Integers
    ends: Floats

    @classmethod
    def of(cls, labels: Integers, weights: Floats) -> Candidates:
        """All rows of a table, with their labels and weights."""
        order = np.argsort(labels, kind="stable")
        return cls(order, labels[order], np.cumsum(np.maximum(np.nan_to_num(weights), 0)[order] + 1e-6))

    def pick(self, labels: Integers, random: np.random.Generator, *, else_any: bool) -> Integers:
        """A row with each label, at random by weight; where there is none, any row or -1."""
        if not len(self.rows):
            return np.full(len(labels), -1)
        first, last = (np.searchsorted(self.labels, labels, side=side) for side in ("left", "right"))
        found = last > first
        if else_any:
            first, last = np.where(found, first, 0), np.where(found, last, len(self.rows))
        ends = np.append(0.0, self.ends)
        aim = ends[first] + random.random(len(labels)) * (ends[last] - ends[first])
        place = np.searchsorted(self.ends, aim, side="right")
        place = np.minimum(np.maximum(place, first), np.maximum(last - 1, 0))
        return np.where(found | else_any, self.rows[place], -1)
