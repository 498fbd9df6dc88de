"""Figures and their averages, with the rule what a figure that is missing does to an average."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pandas as pd

from synthkit import Failure, Score
from synthkit_sdmetrics.measures import Sample, attempt

_T = TypeVar("_T", Sample, pd.DataFrame)


@dataclass(frozen=True)
class Figure:
    """One figure, or the reason why there is none.

    Attributes:
        metric, table, columns: as in ``Score``.
        value: the figure in [0, 1], or None.
        reason: why there is none.
        counts: whether averages need it; false where the real data alone leave it undefined.
    """

    metric: str
    table: str | None
    columns: tuple[str, ...] = ()
    value: float | None = None
    reason: str = ""
    counts: bool = True

    @property
    def result(self) -> Score | Failure:
        """The figure as the core takes it; the last digits, which hold rounding errors only, are cut."""
        if self.value is None:
            return Failure(self.metric, self.reason, self.table, self.columns)
        return Score(self.metric, round(self.value, 12) + 0.0, self.table, self.columns)


@dataclass(frozen=True)
class Place:
    """What a figure is about, as in ``Score``."""

    metric: str
    table: str
    columns: tuple[str, ...] = ()

    def measured(self, measure: Callable[[_T, _T], float], real: _T, synthetic: _T) -> Figure:
        """Take the measure; where there is no figure, ask whether the real data alone would give one."""
        value = attempt(measure, real, synthetic)
        if value is not None:
            return Figure(self.metric, self.table, self.columns, value)
        if attempt(measure, real, real) is None:
            return self.missing(f"the real data do not define it: {_faults(real)}", counts=False)
        return self.missing(f"the synthetic data do not allow it: {_faults(synthetic)}")

    def missing(self, reason: str, *, counts: bool = True) -> Figure:
        """There is no figure."""
        return Figure(self.metric, self.table, self.columns, None, reason, counts)


def _faults(sample: Sample | pd.DataFrame) -> str:
    if isinstance(sample, pd.DataFrame):
        return "there are no rows"
    found = [f"{values.name} {values.fault}" for values in sample if values.fault]
    return ", ".join(found) or "the rows where all of it is known are too few or do not vary"


def with_averages(figures: Sequence[Figure], noun: str) -> Iterator[Figure]:
    """The figures of one property, then their average per table and over all tables.

    ``noun`` says what they are about, in the plural. A figure about a whole table is its own average.
    """
    yield from figures
    groups: dict[str | None, list[Figure]] = {}
    for figure in figures:
        if figure.columns:
            groups.setdefault(figure.table, []).append(figure)
    for table, group in groups.items():
        yield average(figures[0].metric, group, noun, table)
    yield average(figures[0].metric, figures, noun)


def average(metric: str, figures: Iterable[Figure], noun: str, table: str | None = None) -> Figure:
    """The mean of all figures that count; none where one of these is missing or where none counts."""
    needed = [figure for figure in figures if figure.counts]
    known = [figure.value for figure in needed if figure.value is not None]
    if not needed:
        return Figure(metric, table, reason=f"there are no {noun} to average", counts=False)
    if len(known) < len(needed):
        missing = f"{len(needed) - len(known)} of {len(needed)} {noun} could not be computed"
        return Figure(metric, table, reason=missing)
    return Figure(metric, table, value=sum(known) / len(known))
