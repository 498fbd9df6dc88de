"""Rows that a user gives: what a model may see of them, and how they come out as they were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from synthkit.dataset import Dataset
from synthkit.errors import UsageError
from synthkit.given import Given
from synthkit.guard.categories import RARE, escaped
from synthkit.guard.fold import Fold
from synthkit.guard.relations import Columns, Rules
from synthkit.guard.values import Values, guard_values
from synthkit.row_numbers import Flags
from synthkit.schema import Column, Schema, Table
from synthkit.storage import dtype_of


@dataclass(frozen=True, eq=False)
class Kept:
    """Cells of the subject table that are given, and stay as they are.

    Attributes:
        table: the name of the subject table.
        cells: the columns of which something is given, in their canonical dtypes.
        known: for each of them, which cells are given.
    """

    table: str
    cells: pd.DataFrame
    known: Mapping[str, Flags]

    def put(self, column: Column, made: pd.Series[Any]) -> pd.Series[Any]:
        """A column with the given cells in their places."""
        if column.name not in self.cells:
            return made
        known, cells = self.known[column.name], self.cells[column.name]
        if known.all():
            return cells
        null = column.nullable or bool(made.isna().any())
        dtype = dtype_of(column.storage, nullable=null)
        return made.astype(dtype_of(column.storage, nullable=True)).mask(known, cells).astype(dtype)

    def put_all(self, table: Table, made: Columns) -> None:
        """The given cells in the places of those of some columns of the subject table."""
        if table.name == self.table:
            for column in table.columns:
                if column.name in made and column.name in self.cells:
                    made[column.name] = self.put(column, made[column.name])

    def laid_over(self, data: Dataset) -> Dataset:
        """Data with the given cells in the places of theirs."""
        if not self.known:
            return data
        table = data.schema[self.table]
        made = {column.name: self.put(column, data[self.table][column.name]) for column in table.columns}
        return Dataset(data.schema, {**data.tables, self.table: pd.DataFrame(made)})

    def changed(self, data: Dataset) -> dict[str, Flags]:
        """For each column in which a given cell is another one in some data, in which rows."""
        found = {}
        for name, known in self.known.items():
            now, before = data[self.table][name], self.cells[name]
            same = np.asarray((now == before).fillna(value=False), dtype=bool) | (now.isna() & before.isna()).to_numpy()
            if (known & ~same).any():
                found[name] = known & ~same
        return found

    def shown(self, fold: Fold, rules: Rules, guarded: Schema) -> Given:
        """What a model is given of them.

        Raises:
            UsageError: some columns of a fixed combination are missing.
            DataError: a key points at no row of a reference table.
        """
        folded, known = fold.fold_given(self.table, self.cells, self.known)
        inner, columns = fold.folded[self.table], {}
        for column in guarded[self.table].columns:
            rule = rules.get(column.name)
            if column.name in folded and isinstance(rule, Values):
                values = guard_values(folded[column.name], replace(inner.column(column.name), nullable=True), rule)
                columns[column.name] = escaped(values) if rule.kind == "categorical" else values
        if not columns:
            problem = f"no model sees any of the {len(self.cells.columns)} columns that are given"
            raise UsageError(problem, "give others", self.table)
        schema = Schema((Table(self.table, tuple(c for c in guarded[self.table].columns if c.name in columns)),))
        rows = Dataset(schema, {self.table: pd.DataFrame(columns)})
        return Given(rows=rows, known={name: known[name] for name in columns}, otherwise=RARE)


NOTHING = Kept("", pd.DataFrame(), {})
