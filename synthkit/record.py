"""Writing what a run leaves behind: tables, schema, scores and the record."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

from packaging.requirements import Requirement

from synthkit import source
from synthkit.dataset import Dataset
from synthkit.format import Format
from synthkit.run import Run, results_dict
from synthkit.schema import Schema

_ALWAYS = ("synthkit", "pandas", "numpy", "scikit-learn")


def write_tables(folder: Path, dataset: Dataset, label: str, writer: Format) -> None:
    """Write one file per table, ``<table>_<label>`` with the format's suffix, into a new folder."""
    folder.mkdir()
    for table in dataset.schema.tables:
        path = folder / f"{table.name}_{label}{writer.suffixes[0]}"
        source.write_table(dataset[table.name], table, writer, path)


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
