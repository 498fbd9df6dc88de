"""Strategies of hypothesis for schemas and data as a synthesizer sees them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from synthkit.dataset import Dataset
from synthkit.errors import MissingExtraError
from synthkit.schema import Column, ColumnKind, ForeignKey, Schema, Table
from synthkit.storage import dtype_of

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtraError("strategies need hypothesis, which is not installed", "pip install hypothesis") from None

_STORAGES = {
    ColumnKind.NUMERICAL: ("double", "int64", "uint8"),
    ColumnKind.CATEGORICAL: ("string",),
    ColumnKind.BOOLEAN: ("bool",),
    ColumnKind.DATETIME: ("timestamp[us]",),
}
_CATEGORIES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
_FROM, _TO = np.datetime64("1700-01-01", "us").astype("int64"), np.datetime64("2300-01-01", "us").astype("int64")


@st.composite
def schemas(draw: st.DrawFn, *, max_tables: int = 3, max_columns: int = 4) -> Schema:
    """Schemas of one to ``max_tables`` tables, each with up to ``max_columns`` columns of any kind to learn.

    The first table is the subject. Each further one has an owner key to a table before it, or belongs to nobody; it
    may have one more key, which may be null. Every primary key is one column ``id``.

    Example:
        >>> from hypothesis import find
        >>> find(schemas(), lambda schema: len(schema.foreign_keys) == 1).foreign_keys[0].parent
        't0'
    """
    tables, keys = [], []
    for place in range(draw(st.integers(1, max_tables))):
        name, owned = f"t{place}", place and draw(st.booleans())
        held = [("owner", False)] if owned else []
        held += [("other", draw(st.booleans()))] if place and draw(st.booleans()) else []
        for column, _ in held:
            parent = f"t{draw(st.integers(0, place - 1))}"
            keys.append(ForeignKey(name, (column,), parent, ("id",), owner=column == "owner"))
        columns = [Column("id", ColumnKind.ID, "int64", unique=True)]
        columns += [Column(column, ColumnKind.ID, "int64", nullable=nullable) for column, nullable in held]
        columns += draw(st.lists(_learned(), max_size=max_columns, unique_by=lambda column: column.name))
        tables.append(Table(name, tuple(columns), ("id",)))
    return Schema(tuple(tables), tuple(keys), "t0")


@st.composite
def datasets(draw: st.DrawFn, schema: Schema | None = None, *, max_rows: int = 20) -> Dataset:
    """Guarded data of a schema such as ``schemas`` gives, or of any of those: one to ``max_rows`` rows in each table.

    Primary keys are row numbers, foreign keys are those of the parent, null only where the column may be.

    Example:
        >>> from hypothesis import find
        >>> find(datasets(), lambda data: data.rows["t0"] > 1).rows["t0"]
        2
    """
    chosen = schema or draw(schemas())
    rows = {name: draw(st.integers(1, max_rows)) for name in chosen.table_names}
    frames = {}
    for table in chosen.tables:
        parents = {key.columns[0]: rows[key.parent] for key in chosen.parents_of(table.name)}
        size = rows[table.name]
        frames[table.name] = pd.DataFrame(
            {c.name: draw(_cells(c, size, parents, c.name in table.primary_key)) for c in table.columns},
            index=pd.RangeIndex(size),
        )
    return Dataset(chosen, frames)


@st.composite
def _learned(draw: st.DrawFn) -> Column:
    kind = draw(st.sampled_from(list(_STORAGES)))
    storage = draw(st.sampled_from(_STORAGES[kind]))
    return Column(f"{kind}{draw(st.integers(0, 9))}", kind, storage, nullable=draw(st.booleans()))


@st.composite
def _cells(draw: st.DrawFn, column: Column, rows: int, parents: dict[str, int], numbered: bool) -> pd.Series[Any]:
    """The cells of a column: row numbers, those of a parent, or values of its kind."""
    if numbered:
        return pd.Series(np.arange(rows, dtype="int64"))
    known = st.integers(0, parents[column.name] - 1) if column.name in parents else _values(column)
    cells = draw(st.lists(st.none() | known if column.nullable else known, min_size=rows, max_size=rows))
    nullable = column.nullable and None in cells
    if column.kind is ColumnKind.DATETIME:
        return pd.Series(
            [np.datetime64("NaT") if cell is None else np.datetime64(cell, "us") for cell in cells]
        ).astype(dtype_of(column.storage, nullable=nullable))
    return pd.Series(cells, dtype=dtype_of(column.storage, nullable=nullable))


def _values(column: Column) -> st.SearchStrategy[Any]:
    if column.kind is ColumnKind.CATEGORICAL:
        return st.sampled_from("abc") | _CATEGORIES
    if column.kind is ColumnKind.BOOLEAN:
        return st.booleans()
    if column.kind is ColumnKind.DATETIME:
        return st.integers(int(_FROM), int(_TO))
    if column.storage == "double":
        return st.floats(-1e9, 1e9)
    limits = np.iinfo(column.storage)
    return st.integers(max(int(limits.min), -(2**53)), min(int(limits.max), 2**53))
