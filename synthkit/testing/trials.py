"""What synthesizers are tried on: guarded data of the usual sort, and the same data made hard to learn.

Each function leaves the data that it is given unchanged.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from synthkit.dataset import Dataset
from synthkit.schema import Column, ColumnKind, ForeignKey, Schema, Table
from synthkit.storage import dtype_of
from synthkit.testing.tables import guarded

WIDE = 200  # columns
_BRANCHES = 5
_ODD = ("Größe", "名前 🙂", "e\u0301 \u202eabc", " ", "", "nan", "None", "a,b\n'\"%s{}__", "x" * 300)


def usual(several: bool, subjects: int = 40, seed: int = 0) -> Dataset:
    """Customers as ``guarded`` gives them; where several tables are taken, also their purchases in five branches.

    Nobody owns a branch, and the branch of a purchase may be null.
    """
    data = guarded(subjects, seed)
    if not several:
        return data.select(["customers"])
    random = np.random.default_rng(np.random.SeedSequence(seed))
    rows = random.integers(0, _BRANCHES, len(data["purchases"]))
    of = pd.Series(rows).astype("Int64").mask(random.random(len(rows)) < 0.2)
    branches = pd.DataFrame({"branch_id": np.arange(_BRANCHES), "town": list("abbab"), "desks": [2.0, 3, 8, 2, 5]})
    purchases = data["purchases"].assign(branch_id=of)
    return Dataset(_with_branches(data.schema), {**data.tables, "purchases": purchases, "branches": branches})


def _with_branches(schema: Schema) -> Schema:
    customers, purchases = schema.tables
    held = Column("branch_id", ColumnKind.ID, "int64", nullable=True)
    columns = (
        Column("branch_id", ColumnKind.ID, "int64", unique=True),
        Column("town", ColumnKind.CATEGORICAL),
        Column("desks", ColumnKind.NUMERICAL, "double"),
    )
    branches = Table("branches", columns, ("branch_id",))
    tables = (customers, replace(purchases, columns=(*purchases.columns, held)), branches)
    key = ForeignKey("purchases", ("branch_id",), "branches", ("branch_id",))
    return Schema(tables, (*schema.foreign_keys, key), schema.subject)


def of_one_category(data: Dataset) -> Dataset:
    """The same category in every row of a table, and the same truth value."""
    tables = dict(data.tables)
    for name in data.schema.table_names:
        kinds = (ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN)
        names = [c.name for c in data.schema.modelled(name) if c.kind in kinds]
        first = {c: data[name][c].take(np.zeros(len(data[name]), dtype="int64")).reset_index(drop=True) for c in names}
        tables[name] = data[name].assign(**first)
    return Dataset(data.schema, tables)


def with_null_columns(data: Dataset) -> Dataset:
    """Beside every learned column two more of its kind: one with null in every second cell, one with nothing else."""
    frames, tables = {}, []
    for table in data.schema.tables:
        learned, frame = data.schema.modelled(table.name), data[table.name]
        second = pd.Series(np.arange(len(frame)) % 2 == 1, index=frame.index)
        nulls: dict[str, Any] = {}
        for column in learned:
            dtype = dtype_of(column.storage, nullable=True)
            nulls[f"some {column.name}"] = frame[column.name].astype(dtype).mask(second)
            nulls[f"no {column.name}"] = pd.Series([None] * len(frame), dtype=dtype, index=frame.index)
        twins = [replace(c, name=f"{how} {c.name}", nullable=True) for c in learned for how in ("some", "no")]
        frames[table.name] = frame.assign(**nulls)
        tables.append(replace(table, columns=(*table.columns, *twins)))
    return Dataset(replace(data.schema, tables=tuple(tables)), frames)


def in_unicode(data: Dataset) -> Dataset:
    """Names of tables and columns, and categories, as people write them: accents, signs, blanks and none at all."""
    tables = {name: f"{name} ü {i}" for i, name in enumerate(data.schema.table_names)}
    schema = Schema(
        tuple(
            replace(t, name=tables[t.name], columns=_odd(t), primary_key=_odd_names(t.primary_key))
            for t in data.schema.tables
        ),
        tuple(_odd_key(key, tables) for key in data.schema.foreign_keys),
        tables.get(str(data.schema.subject)),
    )
    frames = {}
    for name in data.schema.table_names:
        categories = [c.name for c in data.schema.modelled(name) if c.kind is ColumnKind.CATEGORICAL]
        changed = {c: pd.Series([_ODD[i % len(_ODD)] for i in range(len(data[name]))]) for c in categories}
        frames[tables[name]] = data[name].assign(**changed).rename(columns=_odd_name)
    return Dataset(schema, frames)


def _odd_name(column: str) -> str:
    return f"{column}.é '名'"


def _odd_names(columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(_odd_name, columns))


def _odd(table: Table) -> tuple[Column, ...]:
    return tuple(replace(column, name=_odd_name(column.name)) for column in table.columns)


def _odd_key(key: ForeignKey, tables: dict[str, str]) -> ForeignKey:
    columns, parents = _odd_names(key.columns), _odd_names(key.parent_columns)
    return replace(key, table=tables[key.table], columns=columns, parent=tables[key.parent], parent_columns=parents)


def with_another_index(data: Dataset) -> Dataset:
    """Frames whose index is not the row number: it runs backwards, and no label is that of another table."""
    tables = {}
    for place, name in enumerate(data.schema.table_names):
        last = 1000 * (place + 1)
        tables[name] = data[name].set_axis(pd.RangeIndex(last, last - len(data[name]), -1), axis="index")
    return Dataset(data.schema, tables)


def with_many_columns(data: Dataset) -> Dataset:
    """The subject's table with 200 columns: its own, again and again, each time in another order of rows."""
    table, frame = data.schema[data.subject], data[data.subject]
    learned, random = data.schema.modelled(table.name), np.random.default_rng(0)
    columns: list[Column] = []
    added: dict[str, Any] = {}
    for place in range(WIDE - len(table.columns)):
        column = learned[place % len(learned)]
        columns.append(replace(column, name=f"{column.name} {place}"))
        added[columns[-1].name] = frame[column.name].take(random.permutation(len(frame))).reset_index(drop=True)
    wide = replace(table, columns=(*table.columns, *columns))
    tables = tuple(wide if t is table else t for t in data.schema.tables)
    both = pd.concat([frame, pd.DataFrame(added)], axis="columns")
    return Dataset(replace(data.schema, tables=tables), {**data.tables, table.name: both})


def copied(data: Dataset) -> Dataset:
    """The data in frames of their own."""
    return Dataset(data.schema, {name: frame.copy() for name, frame in data.tables.items()})
