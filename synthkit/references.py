"""Reference tables beside a saved model, as Parquet, so that it gives them back as they were."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from synthkit.errors import DataError
from synthkit.schema import Schema, Table
from synthkit.storage import to_arrow, to_frame, within

FOLDER = "references"


def write_references(folder: Path, schema: Schema, references: Mapping[str, pd.DataFrame]) -> None:
    """Write each reference table into ``references/`` under a folder; nothing where there is none.

    Raises:
        DataError: values that the storage cannot hold.
    """
    for name, frame in references.items():
        path = folder / FOLDER / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        with within(name):
            parquet.write_table(to_arrow(frame, schema[name].columns, typed=True), path)


def read_references(folder: Path, schema: Schema) -> dict[str, pd.DataFrame]:
    """The reference tables of a schema that ``write_references`` wrote.

    Raises:
        DataError: one is missing, cannot be read or has other columns.
    """
    return {table.name: _read(folder / FOLDER, table) for table in schema.tables if table.reference}


def _read(folder: Path, table: Table) -> pd.DataFrame:
    with within(table.name):
        try:
            return to_frame(parquet.read_table(folder / f"{table.name}.parquet", partitioning=None), table.columns)
        except (OSError, KeyError, pa.ArrowException):
            raise DataError("the reference table cannot be read", "fit again") from None
