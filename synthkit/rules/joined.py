"""Tables with the way from their rows to the parents' rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from synthkit.dataset import Dataset
from synthkit.row_numbers import Flags, Floats, Integers, parent_rows
from synthkit.rules.scale import measured
from synthkit.schema import Column, ForeignKey, Schema
from synthkit.schema.formula import evaluated, terms


class Joined:
    """The tables of a data set; what a rule refers to, as one value per row of the rule's table."""

    def __init__(self, data: Dataset) -> None:
        self.schema: Schema = data.schema
        self.tables: dict[str, pd.DataFrame] = dict(data.tables)
        self._parents: dict[ForeignKey, Integers] = {}

    @property
    def data(self) -> Dataset:
        """The tables as they are now."""
        return Dataset(self.schema, dict(self.tables))

    def parents(self, key: ForeignKey) -> Integers:
        """The row of the parent for each row, negative where there is none."""
        if key not in self._parents:
            self._parents[key] = parent_rows(self.data, key)
        return self._parents[key]

    def numbers(self, table: str, reference: str) -> Floats:
        """Numbers or times on the scale of ``measured``; NaN where null, or where there is no parent."""
        return np.asarray(self._each(table, reference, lambda values, _: measured(values), np.nan))

    def calculated(self, table: str, expression: str) -> Floats:
        """What an expression gives for each row; NaN where a term is null, or a division is by zero."""
        numbers = {term: self.numbers(table, term) for term in terms(expression)}
        with np.errstate(all="ignore"):
            found = evaluated(expression, numbers) + np.zeros(len(self.tables[table]))
        return np.where(np.isfinite(found), found, np.nan)

    def flags(self, table: str, reference: str, test: Callable[[pd.Series[Any], Column], Flags]) -> Flags:
        """Which rows pass a test of what they refer to; False where there is no parent."""
        return np.asarray(self._each(table, reference, test, False))

    def reached(self, table: str, reference: str) -> Flags:
        """Which rows have a parent to refer to; all, where the column is their own."""
        return self.flags(table, reference, lambda values, _: np.ones(len(values), dtype=bool))

    def _each(
        self,
        table: str,
        reference: str,
        measure: Callable[[pd.Series[Any], Column], npt.NDArray[Any]],
        lacking: float,
    ) -> npt.NDArray[Any]:
        key, column = self.schema.lookup(table, reference)
        if key is None:
            return measure(self.tables[table][column.name], column)
        found = measure(self.tables[key.parent][column.name], column)
        return np.append(found, lacking).astype(found.dtype)[np.maximum(self.parents(key), -1)]
