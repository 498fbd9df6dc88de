"""Writing what a run leaves behind: tables, schema, scores and the record."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

import pandas as pd
from packaging.requirements import Requirement

from synthkit import source
from synthkit.dataset import Dataset
from synthkit.errors import DataError, IntegrityError, UsageError
from synthkit.format import Format
from synthkit.row_numbers import Flags
from synthkit.run import Run, results_dict
from synthkit.schema import Column, Schema, Table
from synthkit.storage import to_arrow, to_frame, within

_ALWAYS = ("synthkit", "pandas", "numpy", "scikit-learn")


def run_folder(out: Path | None, plugin: str, seed: int, formats: Iterable[type[Format]]) -> Path:
    """The folder to write: ``out``, or ``runs/<plugin>-<time>-<seed>`` under the working directory.

    Raises:
        UsageError: it is called like a file of such a format, so whoever named it expects a file.
    """
    if out is None:
        return Path("runs") / f"{plugin}-{time.strftime('%Y%m%d-%H%M%S')}-{seed}"
    if out.name.lower().endswith(tuple(suffix for form in formats for suffix in form.suffixes)):
        raise UsageError(f"--out is a folder, and {out.name} is called like a file", "leave the ending out")
    return out


def write_tables(folder: Path, dataset: Dataset, label: str, writer: Format) -> None:
    """Write one file per table, ``<table>_<label>`` with the format's suffix, into a new folder.

    Raises:
        SecurityError: the name of a table is not safe as that of a file; it may come from a model made elsewhere.
    """
    source.check_names(dataset.schema.table_names)
    folder.mkdir()
    for table in dataset.schema.tables:
        source.write_table(dataset[table.name], table, writer, _file(folder, table, label, writer))


def verify_tables(folder: Path, dataset: Dataset, label: str, writer: Format) -> None:
    """Read what ``write_tables`` wrote and compare every cell with what the storage of its column holds.

    So all that was verified before, keys and counts and rules, is true of the files, too.

    Raises:
        IntegrityError: a file cannot be read, or gives other rows, columns or values.
    """
    for table in dataset.schema.tables:
        with within(table.name):
            found = _read_back(_file(folder, table, label, writer), table, writer)
            _refuse_difference(found, dataset[table.name], table)


def _file(folder: Path, table: Table, label: str, writer: Format) -> Path:
    return folder / f"{table.name}_{label}{writer.suffixes[0]}"


def _read_back(path: Path, table: Table, writer: Format) -> pd.DataFrame:
    try:
        found = writer.read(path)
        if tuple(found.column_names) == table.column_names:
            return to_frame(found, table.columns)
    except DataError:
        pass
    raise IntegrityError("the written file cannot be read back as this table", "nothing was kept; try another --format")


def _refuse_difference(found: pd.DataFrame, made: pd.DataFrame, table: Table) -> None:
    if len(found) != len(made):
        problem = f"the written file has {len(found):,} rows, not {len(made):,}"
        raise IntegrityError(problem, "nothing was kept; try another --format")
    for column in table.columns:
        count = _differing(found[column.name], made[column.name], column)
        if count:
            problem, remedy = f"{count:,} written values are not those that were verified", "nothing was kept"
            raise IntegrityError(
                problem, f"{remedy}; check format and decimals of the column in the schema", column.name
            )


def _differing(found: pd.Series[Any], made: pd.Series[Any], column: Column) -> int:
    """How many values are neither those made nor, where a file knows its types, what its type can hold of them."""
    differ = _unequal(found, made)
    if differ.any():
        held = to_frame(to_arrow(made.to_frame(), (column,), typed=True), (column,))
        differ &= _unequal(found, held[column.name])
    return int(differ.sum())


def _unequal(found: pd.Series[Any], made: pd.Series[Any]) -> Flags:
    unequal = found.ne(made).fillna(value=True).to_numpy(dtype=bool)
    return unequal & ~(found.isna() & made.isna()).to_numpy()


def write_record(folder: Path, run: Run, schema: Schema) -> None:
    """Write ``schema.toml``, ``scores.json`` and ``run.json``."""
    (folder / "schema.toml").write_text(schema.to_toml(), "utf-8")
    write_json(folder / "scores.json", results_dict(run.results))
    write_json(folder / "run.json", replace(run, folder=None).to_dict())


def write_json(path: Path, content: Any) -> None:
    """Write plain data as JSON that people can read, ending in a newline."""
    path.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", "utf-8")


def versions(requires: Iterable[str]) -> dict[str, str]:
    """The versions of Python, of synthkit, of what it works with and of what a plugin requires."""
    names = (*_ALWAYS, *(Requirement(text).name for text in requires))
    return {"python": python_version(), **{name: version(name) for name in names}}


def peak_memory_mb() -> float:
    """The most memory that this process has held so far, in MiB."""
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20, 1)
