"""The file formats that come with synthkit: CSV and Parquet."""

from __future__ import annotations

from collections.abc import Iterable

from synthkit import Format, hookimpl
from synthkit_formats.csv import Csv
from synthkit_formats.parquet import Parquet


@hookimpl
def synthkit_register_formats() -> Iterable[type[Format]]:
    """Offer both."""
    return [Csv, Parquet]
