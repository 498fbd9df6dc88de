"""Who stands behind a figure: nothing is shown that is about few rows or few subjects."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from synthkit.guard.rare import Links
from synthkit.report.numbers import numbers
from synthkit.row_numbers import Flags, Floats, Integers
from synthkit.schema import ColumnKind

LEAST_ROWS = 10
BINNED = (ColumnKind.NUMERICAL, ColumnKind.DATETIME)


@dataclass(frozen=True, eq=False)
class Crowd:
    """Whose the rows of a table are.

    Attributes:
        links: the subjects behind each row; None where each row counts for itself.
        once: whether each row is that of one subject, and of another than all others, so that rows tell subjects.
    """

    links: Links | None = None
    once: bool = True

    @classmethod
    def behind(cls, links: Links | None, rows: int) -> Crowd:
        """The crowd of a table of that many rows with these links; None is for a table that is nobody's."""
        if links is None:
            return cls()
        once = len(pd.unique(links.subjects)) == len(links.subjects) == len(pd.unique(links.rows)) == rows
        return cls(links, once)

    def few(self, codes: Integers, count: int) -> Flags:
        """Which of ``count`` groups of rows have some rows, but fewer than ``LEAST_ROWS`` or of under k subjects.

        ``codes`` says which group a row is in, -1 none.
        """
        rows = np.bincount(codes[codes >= 0], minlength=count)
        if self.links is None or self.links.k == 1:
            return (rows > 0) & (rows < LEAST_ROWS)
        subjects = rows if self.once else self.links.holders(codes, count)
        return (rows > 0) & ((rows < LEAST_ROWS) | (subjects < self.links.k))

    def scarce(self, rows: Flags) -> bool:
        """Whether these rows are some, but too few to be spoken of."""
        return bool(self.few(np.where(rows, 0, -1), 1)[0])

    def of(self, rows: Flags) -> Crowd:
        """The crowd of some of the rows, in their order."""
        if self.links is None:
            return self
        kept, places = rows[self.links.rows], np.cumsum(rows) - 1
        return replace(
            self,
            links=replace(self.links, rows=places[self.links.rows[kept]], subjects=self.links.subjects[kept]),
        )

    def usual(self, values: pd.Series[Any], kind: ColumnKind) -> Flags:
        """The rows whose value is null, a category of k subjects, or not beyond that of the k-th extreme subject."""
        if self.links is None or self.links.k == 1:
            return np.ones(len(values), dtype=bool)
        k = self.links.k
        if kind not in BINNED:
            codes, distinct = pd.factorize(values)
            return np.append(self.links.holders(codes.astype("int64"), len(distinct)) >= k, True)[codes]
        measured, null = numbers(values), values.isna().to_numpy(dtype=bool)
        extremes = (self._kth_highest(self.links, sign * measured) for sign in (1.0, -1.0))
        high, low = (math.nan if extreme is None else extreme for extreme in extremes)  # nothing is below NaN
        return null | ((measured <= high) & (-measured <= low))

    def _kth_highest(self, links: Links, measured: Floats) -> float | None:
        """The k-th largest of the largest numbers of each subject; None where fewer have any."""
        if not self.once:
            return next(iter(links.highest(measured)[links.k - 1 : links.k].tolist()), None)
        known = measured[~np.isnan(measured)]  # quicker: one number each
        place = len(known) - links.k
        return float(np.partition(known, place)[place]) if place >= 0 else None


EACH = Crowd()
