"""Figures and their averages, with the rule what a figure that is missing does to an average."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from synthkit import Failure, Score


@dataclass(frozen=True)
class Figure:
    """One figure, or the reason why there is none.

    Attributes:
        metric, table, columns: as in ``Score``.
        value: the figure in [0, 1], or None.
        reason: why there is none.
        counts: whether averages need it; false where the real data alone leave it undefined.
        error: of the value, where it has one.
    """

    metric: str
    table: str | None
    columns: tuple[str, ...] = ()
    value: float | None = None
    reason: str = ""
    counts: bool = True
    error: float | None = None

    @property
    def result(self) -> Score | Failure:
        """The figure as the core takes it; the last digits, which hold rounding errors only, are cut."""
        if self.value is None:
            return Failure(self.metric, self.reason, self.table, self.columns)
        value = min(max(round(self.value, 12), 0.0), 1.0)
        return Score(self.metric, value, self.table, self.columns, error=self.error)


def with_averages(figures: Sequence[Figure]) -> Iterator[Figure]:
    """The figures of one metric, then their average per table and over all tables.

    A figure about a whole table is its own average. Where there is no figure there is no average.
    """
    yield from figures
    groups: dict[str | None, list[Figure]] = {}
    for figure in figures:
        if figure.columns:
            groups.setdefault(figure.table, []).append(figure)
    for table, group in groups.items():
        yield _average(group, table)
    if figures:
        yield _average(figures, None)


def _average(figures: Iterable[Figure], table: str | None) -> Figure:
    """The mean of all figures that count; none where one of these is missing or where none counts."""
    needed = [figure for figure in figures if figure.counts]
    known = [figure.value for figure in needed if figure.value is not None]
    metric = next(iter(figures)).metric
    if not needed:
        return Figure(metric, table, reason="the real data define none of its figures", counts=False)
    if len(known) < len(needed):
        missing = f"{len(needed) - len(known)} of {len(needed)} figures could not be computed"
        return Figure(metric, table, reason=missing)
    return Figure(metric, table, value=sum(known) / len(known))
