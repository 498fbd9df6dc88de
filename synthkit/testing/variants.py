"""The same data made better or worse in a known way, in another order, or hard to compare.

Each function leaves the data that it is given unchanged. They are meant for data like ``linked``: the subjects, with a
key of text, and what they own directly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from synthkit.dataset import Dataset
from synthkit.schema import Column, ColumnKind
from synthkit.split import draw
from synthkit.storage import dtype_of

Change: TypeAlias = Callable[["pd.Series[Any]", Column], "pd.Series[Any]"]

_CENTURY = pd.Timedelta(days=36_525)


def bootstrap(data: Dataset, seed: int = 0) -> Dataset:
    """As many subjects drawn with replacement, each with the rows that it owns, under fresh keys."""
    random = np.random.default_rng(np.random.SeedSequence(seed))
    subjects = data[data.subject]
    chosen = subjects.take(random.integers(0, len(subjects), len(subjects))).reset_index(drop=True)
    (primary,) = data.schema[data.subject].primary_key
    keys = pd.DataFrame({"old": chosen[primary], "new": [f"again {i}" for i in range(len(chosen))]})
    tables = {data.subject: chosen.assign(**{primary: keys["new"]})}
    for key in data.schema.foreign_keys:
        (foreign,), names = key.columns, list(data.schema[key.table].column_names)
        frame = keys.merge(data[key.table], left_on="old", right_on=foreign)
        own = {name: -1 - np.arange(len(frame)) for name in data.schema[key.table].primary_key}
        tables[key.table] = frame.assign(**{foreign: frame["new"]}, **own)[names]
    return Dataset(data.schema, tables)


def independent(data: Dataset, seed: int = 0) -> Dataset:
    """Every modelled column in an order of its own, so that nothing depends on anything."""
    random = np.random.default_rng(np.random.SeedSequence(seed))
    return _changed(data, lambda values, _: values.take(random.permutation(len(values))).reset_index(drop=True))


def garbage(data: Dataset, seed: int = 0) -> Dataset:
    """Numbers and dates uniform over their range, unknown categories, half of the nullable cells null.

    Every row below a subject is given to one of a tenth of the subjects.
    """
    random = np.random.default_rng(np.random.SeedSequence(seed))
    made = _changed(data, lambda values, column: _noise(values, column, random))
    tables = dict(made.tables)
    for key in data.schema.foreign_keys:
        parents = data[key.parent][key.parent_columns[0]]
        rows = random.integers(0, -(-len(parents) // 10), len(tables[key.table]))
        given = parents.take(rows).reset_index(drop=True)
        tables[key.table] = tables[key.table].assign(**{key.columns[0]: given})
    return Dataset(data.schema, tables)


def _noise(values: pd.Series[Any], column: Column, random: np.random.Generator) -> pd.Series[Any]:
    size = len(values)
    if column.kind is ColumnKind.CATEGORICAL:
        made = pd.Series([f"unknown {i}" for i in random.integers(0, 9, size)], dtype=values.dtype)
    elif column.kind is ColumnKind.BOOLEAN:
        made = pd.Series(random.random(size) < 0.5, dtype=values.dtype)
    else:
        made = pd.Series(values.min() + (values.max() - values.min()) * random.random(size))
        made = (made.round() if pd.api.types.is_integer_dtype(values) else made).astype(values.dtype)
    return made.mask(random.random(size) < 0.5) if column.nullable else made


def far_out(data: Dataset) -> Dataset:
    """Numbers and dates far beyond those of the data, and a single unknown category."""
    return _changed(data, _far)


def _far(values: pd.Series[Any], column: Column) -> pd.Series[Any]:
    if column.kind is ColumnKind.CATEGORICAL:
        return pd.Series(["unknown"] * len(values), dtype=values.dtype)
    if column.kind is ColumnKind.DATETIME:
        return values + _CENTURY
    return values * 1_000_000 if column.kind is ColumnKind.NUMERICAL else values


def reordered(data: Dataset, seed: int = 0) -> Dataset:
    """The rows of each table in another order, and its columns in the opposite one, as in the schema."""
    random = np.random.default_rng(np.random.SeedSequence(seed))
    schema = replace(data.schema, tables=tuple(replace(t, columns=t.columns[::-1]) for t in data.schema.tables))
    frames = {name: data[name][list(schema[name].column_names)] for name in schema.table_names}
    shuffled = {name: f.take(random.permutation(len(f))).reset_index(drop=True) for name, f in frames.items()}
    return Dataset(schema, shuffled)


def emptied(data: Dataset, table: str, column: str) -> Dataset:
    """Null in every row of one column."""
    own = data.schema[table].column(column)
    return _with(data, table, column, _nulls(data[table][column], own))


def unreadable(data: Dataset, table: str, column: str) -> Dataset:
    """Text in every row of one column, which is one of numbers or dates."""
    return _with(data, table, column, pd.Series([f"text {i % 7}" for i in range(len(data[table]))]))


def awkward(real: Dataset, fresh: Dataset) -> Iterator[tuple[str, Dataset, Dataset]]:
    """Real and synthetic data that leave little to compare, each pair with what is the matter with it."""
    constant, nothing, infinite = (_changed(fresh, change) for change in (_constant, _nulls, _infinite))
    yield "one value in each synthetic column", real, constant
    yield "one value in each column", constant, constant
    yield "nothing but nulls in the synthetic data", real, nothing
    yield "nothing but nulls in the real data", nothing, fresh
    yield "infinite synthetic numbers", real, infinite
    yield "no synthetic row below a subject", real, _childless(fresh)
    yield "no real row below a subject", _childless(real), fresh
    yield "one synthetic subject", real, draw(fresh, 1, seed=0)
    yield "one real subject", draw(real, 1, seed=0), fresh


def _constant(values: pd.Series[Any], _: Column) -> pd.Series[Any]:
    return pd.Series([values.dropna().iloc[0]] * len(values), dtype=values.dtype)


def _nulls(values: pd.Series[Any], column: Column) -> pd.Series[Any]:
    return pd.Series([None] * len(values), dtype=dtype_of(column.storage, nullable=True))


def _infinite(values: pd.Series[Any], _: Column) -> pd.Series[Any]:
    return values.where(values.isna(), np.inf) if pd.api.types.is_float_dtype(values.dtype) else values


def _childless(data: Dataset) -> Dataset:
    below = {key.table for key in data.schema.foreign_keys}
    return Dataset(data.schema, {name: data[name].iloc[: 0 if name in below else None] for name in data.tables})


def _changed(data: Dataset, change: Change) -> Dataset:
    """The data with each modelled column changed."""
    tables = {}
    for name in data.schema.table_names:
        columns = data.schema.modelled(name)
        tables[name] = data[name].assign(**{c.name: change(data[name][c.name], c) for c in columns})
    return Dataset(data.schema, tables)


def _with(data: Dataset, table: str, column: str, values: pd.Series[Any]) -> Dataset:
    return Dataset(data.schema, {**data.tables, table: data[table].assign(**{column: values})})
