"""Text that spreadsheets take for a formula when they open a CSV file, and may execute."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from synthkit.dataset import Dataset
from synthkit.storage import dtype_of

_TEXT = dtype_of("string", nullable=True)
_BEGINNING = "^[=+@\t\r-]"  # OWASP, CSV injection
_ESCAPED = "^'([=+@\t\r-])"


def formula_cells(dataset: Dataset) -> dict[str, int]:
    """How many cells of each column of text begin with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return.

    Only ``table.column`` with some are there. Numbers are not text, so a negative one is no formula.

    Example:
        >>> from synthkit.schema import Column, ColumnKind, Schema, Table
        >>> columns = (Column("note", ColumnKind.TEXT), Column("balance", ColumnKind.NUMERICAL, "int64"))
        >>> frame = pd.DataFrame({"note": ["=1+1", "hello"], "balance": [-1, 2]})
        >>> formula_cells(Dataset(Schema((Table("accounts", columns),)), {"accounts": frame}))
        {'accounts.note': 1}
    """
    counts = {f"{table}.{name}": int(pc.sum(_formulas(values)).as_py() or 0) for table, name, values in _texts(dataset)}
    return {place: count for place, count in counts.items() if count}


def escaped(dataset: Dataset) -> Dataset:
    """The same data with an apostrophe before each such cell, which spreadsheets then show as text.

    The apostrophe is part of the text for whoever reads the file back. ``dataset`` is not changed.
    """
    tables = dict(dataset.tables)
    for table, name, values in _texts(dataset):
        formulas = pc.fill_null(_formulas(values), False)
        if pc.any(formulas).as_py():
            cells = pc.if_else(formulas, pc.replace_substring_regex(values, "^", "'", max_replacements=1), values)
            tables[table] = tables[table].assign(**{name: pd.Series(cells.to_pylist(), dtype=_TEXT)})
    return Dataset(dataset.schema, tables)


def unescaped(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text as it was before ``escaped``."""
    return pc.replace_substring_regex(values, _ESCAPED, r"\1")


def _texts(dataset: Dataset) -> Iterator[tuple[str, str, Any]]:
    for table in dataset.schema.tables:
        for column in table.columns:
            if dtype_of(column.storage, nullable=True) == _TEXT:
                values = dataset[table.name][column.name]
                yield table.name, column.name, pa.array(values, pa.large_string(), from_pandas=True)


def _formulas(values: Any) -> Any:
    return pc.match_substring_regex(values, _BEGINNING)
