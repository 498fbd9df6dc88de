"""Tables and their schema, together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from synthkit.errors import DataError
from synthkit.schema import Schema


@dataclass(frozen=True, eq=False)
class Dataset:
    """A schema and one DataFrame per table, with exactly the schema's columns in the schema's order.

    The frames have a fresh ``RangeIndex`` and one canonical dtype per storage type:

    ========================  ==========================================================
    storage                   dtype
    ========================  ==========================================================
    integers                  ``int8`` … ``uint64``; ``Int8`` … ``UInt64`` with nulls
    floats, decimals          ``float64``, NaN for null
    bool                      ``bool``; ``boolean`` with nulls
    string, dictionary        text as pandas reads it (``str``, or ``object`` before 3.0)
    date, timestamp           ``datetime64[us]``, with its time zone where it has one
    ========================  ==========================================================

    Nobody changes a frame in place; whoever needs another one makes it.

    Raises:
        DataError: a table or a column is missing, left over or in another place.
    """

    schema: Schema
    tables: Mapping[str, pd.DataFrame]

    def __post_init__(self) -> None:
        if set(self.tables) != set(self.schema.table_names):
            raise DataError("the tables are not those of the schema", "check names and number of tables")
        for table in self.schema.tables:
            _check_columns(self.tables[table.name], table.name, table.column_names)

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.tables[table]

    @property
    def rows(self) -> dict[str, int]:
        """The number of rows of each table."""
        return {name: len(self.tables[name]) for name in self.schema.table_names}

    @property
    def subject(self) -> str:
        """The table whose rows are the subjects: the schema's, or the largest table that is no reference table."""
        if self.schema.subject is not None:
            return self.schema.subject
        names = [table.name for table in self.schema.tables if not table.reference]
        return max(names, key=lambda name: len(self.tables[name]))

    def select(self, names: Iterable[str]) -> Dataset:
        """The same data with only some of the tables; keys to the others become ordinary columns."""
        schema = self.schema.select(names)
        return Dataset(schema, {name: self.tables[name] for name in schema.table_names})


def _check_columns(frame: pd.DataFrame, table: str, expected: tuple[str, ...]) -> None:
    found = tuple(frame.columns)
    differences = {
        "missing": [c for c in expected if c not in found],
        "not in the schema": [str(c) for c in found if c not in expected],
        "more than once": [c for c in expected if found.count(c) > 1],
    }
    parts = [f"{what} {', '.join(columns)}" for what, columns in differences.items() if columns]
    if parts:
        raise DataError(f"other columns than the schema: {'; '.join(parts)}", "correct the schema or the data", table)
    if found != expected:
        raise DataError("the columns are in another order than in the schema", "reorder them", table)
