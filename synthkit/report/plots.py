"""Which plots a run folder holds, and what their files are called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from synthkit.context import Context
from synthkit.dataset import Dataset
from synthkit.guard.rare import Links, links
from synthkit.report.aggregates import density, groups, histogram, numbers, strongest_pairs
from synthkit.row_numbers import Flags
from synthkit.schema import Column, ColumnKind

if TYPE_CHECKING:
    import altair as alt

_Plot: TypeAlias = tuple[str, tuple[Column, ...]]  # a table, and the one or two columns that a plot shows

_LONGEST = 60
_BINNED = (ColumnKind.NUMERICAL, ColumnKind.DATETIME)


def write_plots(real: Dataset, synthetic: Dataset, folder: Path, *, context: Context, k: int = 1) -> list[Path]:
    """Write a PNG file for each modelled column and each strongest numeric pair, real beside synthetic.

    The files are called ``<table>.<column>.png`` and ``<table>.<a>~<b>.png`` and lie within ``folder``, which
    exists; characters that are not safe in a file name become ``_``. Only aggregates over at least 10 real
    rows are drawn, and rows with a category or an extreme of fewer than ``k`` real subjects are left out. Neither
    data set is changed.

    Raises:
        ResourceError: the deadline of ``context`` has passed.
    """
    from synthkit.report.images import png  # noqa: PLC0415 - heavy: brings Altair and the converter

    plots = [plot for table in real.schema.table_names for plot in _plots(real, table)]
    paths = [folder / name for name in _file_names(plots)]
    held = links(real, k)
    for done, (path, (table, columns)) in enumerate(zip(paths, plots, strict=True)):
        context.progress(done, len(plots), f"plot {done + 1} of {len(plots)}")
        shown = real[table][np.logical_and.reduce([_common(real[table], column, held[table]) for column in columns])]
        path.write_bytes(png(_chart(shown, synthetic[table], table, columns)))
    return paths


def _plots(real: Dataset, table: str) -> Iterator[_Plot]:
    modelled = real.schema.modelled(table)
    yield from ((table, (column,)) for column in modelled)
    numeric = {column.name: column for column in modelled if column.kind is ColumnKind.NUMERICAL}
    yield from ((table, (numeric[a], numeric[b])) for a, b in strongest_pairs(real[table], list(numeric)))


def _common(frame: pd.DataFrame, column: Column, behind: Links) -> Flags:
    """The rows whose value in a column is null, a category of k subjects, or not beyond the k-th extreme subject."""
    values = frame[column.name]
    if behind.k == 1:
        return np.ones(len(values), dtype=bool)
    if column.kind not in _BINNED:
        codes, distinct = pd.factorize(values)
        return np.append(behind.holders(codes.astype("int64"), len(distinct)) >= behind.k, True)[codes]
    measured, inside = numbers(values), values.isna().to_numpy(dtype=bool)
    ends = [sign * behind.highest(sign * measured)[behind.k - 1 : behind.k] for sign in (1.0, -1.0)]
    return inside | ((measured <= ends[0]) & (measured >= ends[1])) if len(ends[0]) else inside


def _chart(real: pd.DataFrame, synthetic: pd.DataFrame, table: str, columns: tuple[Column, ...]) -> alt.TopLevelMixin:
    from synthkit.report import charts  # noqa: PLC0415 - heavy: brings Altair

    names = [column.name for column in columns]
    if len(names) == 2:
        title = f"{table}: {names[0]} \N{MULTIPLICATION SIGN} {names[1]}"
        return charts.density_chart(title, names, density(real[names], synthetic[names]))
    name, title = names[0], f"{table}.{names[0]}"
    if columns[0].kind in _BINNED:
        return charts.histogram_chart(title, histogram(real[name], synthetic[name], columns[0].kind))
    return charts.groups_chart(title, groups(real[name], synthetic[name]))


def _file_names(plots: Iterable[_Plot]) -> list[str]:
    """A safe name each, none of them equal to another one even where case does not count."""
    names: list[str] = []
    taken: set[str] = set()
    for table, columns in plots:
        stem = f"{_safe(table)}.{'~'.join(_safe(column.name) for column in columns)}"
        marks = chain([""], (f"-{number}" for number in count(2)))
        name = next(name for mark in marks if (name := f"{stem}{mark}.png").casefold() not in taken)
        taken.add(name.casefold())
        names.append(name)
    return names


def _safe(name: str) -> str:
    """Only harmless characters, the first of them no dot, dash or space: neither hidden nor an option."""
    return re.sub(r"[^A-Za-z0-9._ -]|^[. -]|^$", "_", name)[:_LONGEST]
