"""Parquet files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

import pyarrow as pa

from synthkit import DataError, Format, ResourceError

MOST_ROWS = 10**9  # a few bytes of Parquet can claim any number of them
_INDEX = re.compile(r"__index_level_\d+__")  # how pandas stores an index without a name


class Parquet(Format):
    """Parquet: typed, one file per table; an index without a name that pandas stored is left out."""

    name: ClassVar[str] = "parquet"
    suffixes: ClassVar[tuple[str, ...]] = (".parquet",)
    typed: ClassVar[bool] = True

    def read(self, path: Path) -> pa.Table:
        from pyarrow import parquet

        try:
            with parquet.ParquetFile(path) as file:
                _check_rows(file.metadata.num_rows)
                table = file.read()
            table.validate(full=True)
        except (OSError, pa.ArrowException):
            raise DataError("the file is not readable as Parquet, or only a part of it", "write it again") from None
        kept = [name for name in table.column_names if not _INDEX.fullmatch(name)]
        return table.select(kept).replace_schema_metadata(None)

    def write(self, table: pa.Table, path: Path) -> None:
        from pyarrow import parquet

        parquet.write_table(table, path)


def _check_rows(rows: int) -> None:
    if rows > MOST_ROWS:
        raise ResourceError(f"the file claims {rows} rows, more than {MOST_ROWS}", "split the table")
