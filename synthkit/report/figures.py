"""The pictures of a report: which there are, and the counts that each shows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from synthkit.context import Context
from synthkit.dataset import Dataset
from synthkit.guard.rare import links
from synthkit.report.aggregates import Density, Groups, Histogram, density, groups, histogram
from synthkit.report.crowd import BINNED, EACH, Crowd
from synthkit.report.pairs import MOST_PAIRED, Matrix, matrix, strongest_pairs
from synthkit.report.relations import child_counts, child_means, gaps, owning_key
from synthkit.schema import Column, ColumnKind, ForeignKey

MOST_ROWS = 50_000  # of a side that are counted: more would change no picture
_MOST_MEANS = 3

Counted: TypeAlias = Histogram | Groups | Density | Matrix


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture: real beside synthetic, and the holdout for reference.

    Attributes:
        topic: what it belongs to: ``column``, ``pair``, ``pairs`` (of a whole table), ``children`` (how many rows a
            parent has), ``means`` (of the rows of a parent), ``gaps`` (in days, between the rows of a parent).
        table: the table it is about.
        columns: the columns it shows; of ``pairs`` all that it compares, of ``children`` those of the key.
        counted: what there is to see.
        every: every how many-th real row was counted.
    """

    topic: str
    table: str
    columns: tuple[str, ...]
    counted: Counted
    every: int = 1


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of a table, and whose they are."""

    frame: pd.DataFrame
    crowd: Crowd = EACH
    every: int = 1

    def thinned(self) -> Rows:
        """Every n-th row, so that they are ``MOST_ROWS`` at most."""
        every = 1 + (len(self.frame) - 1) // MOST_ROWS
        if every <= 1:
            return self
        return Rows(self.frame.iloc[::every], self.crowd.of(np.arange(len(self.frame)) % every == 0), every)

    def usual(self, columns: Sequence[Column]) -> Rows:
        """These columns of the rows that may be counted for them."""
        names = [column.name for column in columns]
        kept = np.logical_and.reduce([self.crowd.usual(self.frame[c.name], c.kind) for c in columns])
        if kept.all():
            return replace(self, frame=self.frame[names])
        return replace(self, frame=self.frame.loc[kept, names], crowd=self.crowd.of(kept))


@dataclass(frozen=True, eq=False)
class Sides:
    """The data sets that figures compare.

    Attributes:
        real: what was learned from.
        synthetic: what was made.
        holdout: real data that no model saw, or None.
        k: how many subjects must stand behind whatever is shown of real data.
        first: the columns of each table whose figures come first; the others follow as in the schema.
    """

    real: Dataset
    synthetic: Dataset
    holdout: Dataset | None = None
    k: int = 1
    first: Mapping[str, Collection[str]] = field(default_factory=dict)

    def columns(self, table: str) -> list[Column]:
        """The columns of a table of which something is shown, in order."""
        given = {column.name: column for column in self.real.schema.modelled(table)}
        named = [name for name in self.first.get(table, ()) if name in given]
        return [given[name] for name in dict.fromkeys((*named, *given))]


_Three: TypeAlias = tuple[Rows, Rows, Rows | None]  # real, synthetic, holdout


def figures(sides: Sides, context: Context) -> Iterator[Figure]:
    """Every figure of the data, table by table.

    Raises:
        ResourceError: the deadline of ``context`` has passed.
    """
    tables = [name for name in sides.real.schema.table_names if sides.columns(name)]
    crowds = [_crowds(data, sides.k) for data in (sides.real, sides.holdout)]
    for done, name in enumerate(tables):
        context.progress(done, len(tables), f"counts of {name}")
        columns = sides.columns(name)
        rows = _rows(sides, crowds, name)
        yield from (_column(rows, name, column) for column in columns)
        yield from _pairs(rows, name, columns)
        key = owning_key(sides.real.schema, name, sides.real.subject)
        if key is not None:
            yield from _relation(sides, crowds, key, columns)


def _crowds(data: Dataset | None, k: int) -> dict[str, Crowd]:
    if data is None:
        return {}
    held = links(data, k)
    return {name: Crowd.behind(held.get(name), rows) for name, rows in data.rows.items()}


def _rows(sides: Sides, crowds: Sequence[Mapping[str, Crowd]], table: str) -> _Three:
    holdout = Rows(sides.holdout[table], crowds[1][table]).thinned() if sides.holdout else None
    real = Rows(sides.real[table], crowds[0][table]).thinned()
    return real, Rows(sides.synthetic[table]).thinned(), holdout


def _column(rows: _Three, table: str, column: Column) -> Figure:
    return Figure("column", table, (column.name,), _counted(rows, column), rows[0].every)


def _counted(rows: _Three, column: Column) -> Histogram | Groups:
    real, name = rows[0].usual([column]), column.name
    holdout = rows[2].usual([column]) if rows[2] else None
    beside = (holdout.frame[name], holdout.crowd) if holdout else None
    pair = real.frame[name], rows[1].frame[name]
    if column.kind in BINNED:
        return histogram(*pair, column.kind, behind=real.crowd, holdout=beside)
    return groups(*pair, behind=real.crowd, holdout=beside)


def _pairs(rows: _Three, table: str, columns: Sequence[Column]) -> Iterator[Figure]:
    real, synthetic, _ = rows
    found = matrix(real.frame, synthetic.frame, columns[:MOST_PAIRED])
    if found is not None:
        yield Figure("pairs", table, found.names, found, real.every)
    numeric = {column.name: column for column in columns if column.kind is ColumnKind.NUMERICAL}
    for pair in strongest_pairs(real.frame, list(numeric)):
        usual = real.usual([numeric[name] for name in pair])
        counted = density(usual.frame, synthetic.frame[list(pair)], behind=usual.crowd)
        yield Figure("pair", table, pair, counted, real.every)


def _relation(
    sides: Sides, crowds: Sequence[Mapping[str, Crowd]], key: ForeignKey, columns: Sequence[Column]
) -> Iterator[Figure]:
    def three(name: str, found: Sequence[pd.Series[Any]], table: str) -> _Three:
        made = [pd.DataFrame({name: values}) for values in found]
        real, synthetic = Rows(made[0], crowds[0][table]).thinned(), Rows(made[1]).thinned()
        return real, synthetic, Rows(made[2], crowds[1][table]).thinned() if len(made) > 2 else None

    data = [each for each in (sides.real, sides.synthetic, sides.holdout) if each is not None]
    number = Column("", ColumnKind.NUMERICAL)
    rows = three("", [child_counts(each, key) for each in data], key.parent)
    yield Figure("children", key.table, key.columns, _counted(rows, number), rows[0].every)
    numeric = [column.name for column in columns if column.kind is ColumnKind.NUMERICAL]
    for name in numeric[:_MOST_MEANS]:
        rows = three("", [child_means(each, key, name) for each in data], key.parent)
        yield Figure("means", key.table, (name,), _counted(rows, number), rows[0].every)
    for name in [column.name for column in columns if column.kind is ColumnKind.DATETIME][:1]:
        rows = three("", [gaps(each, key, name) for each in data], key.table)
        yield Figure("gaps", key.table, (name,), _counted(rows, number), rows[0].every)
