"""Rows that a user gives of the subject table, from a file: all of them, or with cells that are to be filled."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from synthkit import source
from synthkit.context import Context
from synthkit.errors import DataError, UsageError
from synthkit.guard.kept import Kept
from synthkit.plugins import Registry
from synthkit.row_numbers import Flags, repeated, row_codes
from synthkit.schema import FixedCombinations, Schema, Table
from synthkit.storage import to_frame, within


def read_rows(path: Path, schema: Schema, registry: Registry, context: Context) -> pd.DataFrame:
    """The rows of the subject table in a file or a folder, with those columns of the schema that it has.

    In a folder they are in the file that is called as the table; one file may have any name.

    Raises:
        DataError: no rows, cells that are no values of their column, or rows without a key of their own.
        UsageError: no such table, a column that it has not, or a part of its primary key.
    """
    name = str(schema.subject)
    tables, notes = source.read_tables(path, registry.usable("format"))
    for note in notes:
        context.note(note)
    chosen = name if name in tables else next((n for n in tables if n.startswith(f"{name}_")), None)
    if chosen is None and len(tables) == 1:
        chosen = next(iter(tables))
    if chosen is None:
        raise UsageError(f"there is no file for {name}, the subjects, in {path}", "name it as the table")
    others = [table for table in tables if table != chosen]
    if others:
        context.note(f"only rows of {name} can be given, so {', '.join(others)} was left aside")
    table = schema[name]
    _refuse_columns(tables[chosen], table)
    with within(name):
        frame = to_frame(tables[chosen], [c for c in table.columns if c.name in tables[chosen].column_names])
    _refuse_rows(frame, table)
    return frame


def kept_rows(frame: pd.DataFrame, schema: Schema) -> Kept:
    """Rows that stay as they are; empty cells of columns that are never null are open.

    Raises:
        UsageError: a key to a table that is not given.
        DataError: a part of a fixed combination is empty, which the schema rules out.
    """
    table = schema[str(schema.subject)]
    keys = [key for key in schema.parents_of(table.name) if not schema[key.parent].reference]
    for name, parent in ((name, key.parent) for key in keys for name in key.columns if name in frame):
        remedy = f"leave the column out, and rows of {parent} are drawn"
        raise UsageError(f"it points at rows of {parent}, which are not given", remedy, f"{table.name}.{name}")
    columns = [column for column in table.columns if column.name in frame]
    _refuse_empty(frame, table, _fixed(table))
    return Kept(table.name, frame, {c.name: _known(frame[c.name], open_=not c.nullable) for c in columns})


def open_rows(frame: pd.DataFrame, schema: Schema) -> Kept:
    """Rows whose empty cells are open, but for those of keys, of what no model sees and of fixed combinations.

    Raises:
        DataError: such a cell is empty, which the schema rules out.
    """
    table = schema[str(schema.subject)]
    keys = [key for key in schema.parents_of(table.name) if not schema[key.parent].reference]
    ordinary = {name for key in keys for name in key.columns}
    fillable = {column.name for column in schema.modelled(table.name)} - _fixed(table)
    _refuse_empty(frame, table, set(table.column_names) - fillable)
    names = [name for name in table.column_names if name in frame and name not in ordinary]
    return Kept(table.name, frame[names], {name: _known(frame[name], open_=name in fillable) for name in names})


def _fixed(table: Table) -> set[str]:
    return {name for rule in table.rules if isinstance(rule, FixedCombinations) for name in rule.columns}


def _refuse_empty(frame: pd.DataFrame, table: Table, names: set[str]) -> None:
    for column in (column for column in table.columns if column.name in names and column.name in frame):
        empty = 0 if column.nullable else int(frame[column.name].isna().sum())
        if empty:
            problem = f"{empty:,} cells are empty, which the schema rules out and no draw can fill"
            raise DataError(problem, "fill them, or leave the rows out", f"{table.name}.{column.name}")


def _known(cells: pd.Series[Any], *, open_: bool) -> Flags:
    """Which cells are given: all, or where empty ones are open all others."""
    return cells.notna().to_numpy(dtype=bool) if open_ else np.ones(len(cells), dtype=bool)


def _refuse_columns(found: pa.Table, table: Table) -> None:
    for name in found.column_names:
        if name not in table.column_names:
            near = difflib.get_close_matches(name, table.column_names, n=1)
            remedy = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(table.column_names)}"
            raise UsageError(f"there is no column {name!r}", remedy, table.name)
    key = [name for name in table.primary_key if name in found.column_names]
    if key and len(key) < len(table.primary_key):
        raise UsageError("only a part of the primary key is given", "give all of it, or nothing", table.name)


def _refuse_rows(frame: pd.DataFrame, table: Table) -> None:
    if frame.empty:
        raise DataError("there are no rows", "give one at least", table.name)
    if table.primary_key and table.primary_key[0] in frame:
        codes = row_codes(frame.loc[:, list(table.primary_key)])[0]
        wrong = int((repeated(codes) | (codes < 0)).sum())
        if wrong:
            where = f"{table.name}.{'+'.join(table.primary_key)}"
            raise DataError(f"{wrong:,} rows have no key of their own", "correct them, or leave the column out", where)
