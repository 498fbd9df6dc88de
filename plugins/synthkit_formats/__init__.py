"""The file formats that come with synthkit: CSV and Parquet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from synthkit import hookimpl

if TYPE_CHECKING:
    from synthkit import Format


@hookimpl
def synthkit_register_formats() -> Iterable[type[Format]]:
    """Offer both; nothing heavy is loaded before it is asked for."""
    from synthkit_formats.csv import Csv
    from synthkit_formats.parquet import Parquet

    return (Csv, Parquet)
