"""What an evaluator found out: a score, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import stdev
from typing import Literal

Goal = Literal["max", "min"]


@dataclass(frozen=True, slots=True)
class Score:
    """One figure about the synthetic data.

    Attributes:
        metric: what was measured, dotted and without table or column: ``sdmetrics.quality.column_shapes``.
        value: finite, within ``bounds``.
        table: the table it is about, if it is about one.
        columns: the columns it is about, if any. A column of another table is written ``table.column``.
        bounds: the least and the greatest possible value; None where there is no greatest.
        goal: whether more is better (``max``) or less (``min``).
        ceiling: the same figure for the holdout instead of the synthetic data; set by the engine only.
        matched: the same figure for a synthetic draw as large as the holdout, to hold beside ``ceiling``;
            set by the engine only.
        error: the standard error of the value, where it was estimated from some of the records.
        repeats: the value of each repeat of the run, where it was repeated; set by the engine only.

    Raises:
        ValueError: the value is not finite or out of bounds: that is a ``Failure``, not a score.

    Example:
        >>> Score("quality.shapes", 0.93, table="customers", columns=("income",)).id
        'quality.shapes.customers.income'
    """

    metric: str
    value: float
    table: str | None = None
    columns: tuple[str, ...] = ()
    bounds: tuple[float, float | None] = (0.0, 1.0)
    goal: Goal = "max"
    ceiling: float | None = None
    matched: float | None = None
    error: float | None = None
    repeats: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", float(self.value))  # numpy's numbers cannot be written as JSON
        low, high = self.bounds
        if not (math.isfinite(self.value) and low <= self.value <= (self.value if high is None else high)):
            raise ValueError(f"{self.id}: a score must be finite and within its bounds")

    @property
    def id(self) -> str:
        """The dotted name for people and gates."""
        return score_id(self.metric, self.table, self.columns)

    @property
    def spread(self) -> float | None:
        """The standard deviation of the repeats, if there are any.

        Example:
            >>> Score("a.b", 0.75, repeats=(0.5, 0.75, 1.0)).spread
            0.25
        """
        return stdev(self.repeats) if self.repeats else None


@dataclass(frozen=True, slots=True)
class Failure:
    """A figure that could not be computed; its gate fails.

    Attributes:
        metric, table, columns: as in ``Score``.
        reason: one sentence, without cell values.
        applicable: False only where the real data, or the number of subjects asked for, leave nothing to measure
            (rows of two columns, ten subjects), whatever the synthetic values are: its gate does not apply then.
    """

    metric: str
    reason: str
    table: str | None = None
    columns: tuple[str, ...] = ()
    applicable: bool = True

    @property
    def id(self) -> str:
        """The dotted name for people and gates."""
        return score_id(self.metric, self.table, self.columns)


def score_id(metric: str, table: str | None, columns: tuple[str, ...]) -> str:
    """Join metric, table and columns with dots; names that hold a dot, a comma or a quote are quoted.

    Example:
        >>> score_id("quality.pairs", "a.b", ("x", "y"))
        'quality.pairs."a.b".x,y'
    """
    place = [] if table is None else [_quoted(table)]
    return ".".join([metric, *place, *([",".join(map(_quoted, columns))] if columns else [])])


def _quoted(name: str) -> str:
    if name and not set(name) & set('.,"'):
        return name
    return '"{}"'.format(name.replace('"', '""'))
