"""What to do: every setting of a run, from a TOML file and the command line."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pydantic

from synthkit.errors import UsageError
from synthkit.gates import Gate

FILE = "synthkit.toml"


def _fraction(value: float | Path) -> float | Path:
    if isinstance(value, float) and not 0 < value < 1:
        raise ValueError("a fraction must lie between 0 and 1")
    return value


class Plan(pydantic.BaseModel, extra="forbid", frozen=True, populate_by_name=True):
    """Every setting of a run; the keys of ``synthkit.toml`` and the options of the command line."""

    plugin: str | None = None
    data: Path | None = None
    schema_file: Path | None = pydantic.Field(default=None, alias="schema")
    holdout: Annotated[float | Path, pydantic.AfterValidator(_fraction)] = 0.2
    tables: tuple[str, ...] = ()
    table: str | None = None
    rows: pydantic.PositiveInt | None = None
    seed: pydantic.NonNegativeInt = 0
    out: Path | None = None
    format: str = "csv"
    options: dict[str, Any] = pydantic.Field(default_factory=dict)
    evaluators: tuple[str, ...] | None = None
    gates: dict[str, Gate] = pydantic.Field(default_factory=dict)
    no_gates: bool = False
    allow_small: bool = False
    overwrite: bool = False


def find_file(start: Path) -> Path | None:
    """The nearest ``synthkit.toml``, or ``pyproject.toml`` with ``[tool.synthkit]``, from a folder upwards."""
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder / FILE
        project = folder / "pyproject.toml"
        if project.is_file() and "synthkit" in _parsed(project).get("tool", {}):
            return project
    return None


def load(file: Path | None, overrides: Mapping[str, Any]) -> Plan:
    """A plan from a configuration file, if any, and what the command line says instead.

    Paths in the file are relative to the file. Options and gates are merged one by one.

    Raises:
        UsageError: unknown key (with the nearest and the line), wrong value, or not TOML.
    """
    settings = _from_file(file) if file else {}
    merged = {**settings, **overrides}
    for name in ("options", "gates"):
        merged[name] = {**settings.get(name, {}), **overrides.get(name, {})}
    try:
        return Plan(**merged)
    except pydantic.ValidationError as error:
        raise _in_words(error, file) from None


def _from_file(file: Path) -> dict[str, Any]:
    content = _parsed(file)
    settings = content["tool"]["synthkit"] if file.name == "pyproject.toml" else content
    for name in ("data", "schema", "out", "holdout"):
        if isinstance(settings.get(name), str):
            settings[name] = file.parent / settings[name]
    return dict(settings)


def _parsed(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file.name} is not valid TOML: {error}", "correct it") from None
    except FileNotFoundError:
        raise UsageError(f"there is no file {file}", "check --config") from None


def _in_words(error: pydantic.ValidationError, file: Path | None) -> UsageError:
    first = error.errors(include_input=False, include_url=False)[0]
    path = [str(part) for part in first["loc"] if part not in ("float", "path")]
    key = ".".join(path)
    where = _place(file, path)
    if first["type"] == "extra_forbidden":
        known = list(Gate.model_fields if path[0] == "gates" else (f.alias or n for n, f in Plan.model_fields.items()))
        near = difflib.get_close_matches(path[-1], known, n=1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}"
        return UsageError(f"unknown key {key!r}", remedy, where)
    return UsageError(f"{key}: {first['msg'].removeprefix('Value error, ').lower()}", "correct it", where)


def _place(file: Path | None, path: list[str]) -> str:
    """The file and, where the key can be found in its text, the line."""
    if file is None:
        return ""
    lines = file.read_text("utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        if line.split("=")[0].strip().strip('"') == path[-1]:
            return f"{file.name}:{number}"
    return file.name
