"""What to do: every setting of a run, from a TOML file and the command line."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import pydantic

from synthkit.errors import UnsetVariableError, UsageError
from synthkit.gates import Gate, GateSet

FILE = "synthkit.toml"
PROJECT = "pyproject.toml"
FLOOR = 5  # the least k


def _fraction(value: float | Path) -> float | Path:
    if isinstance(value, float) and not 0 < value < 1:
        raise ValueError("a fraction must lie between 0 and 1")
    return value


def _enough(k: int, known: pydantic.ValidationInfo) -> int:
    if k < FLOOR and not known.data.get("allow_small"):
        raise ValueError(f"fewer than {FLOOR} subjects hide nobody; allow_small = true (--allow-small) for a test")
    return k


class Plan(pydantic.BaseModel, extra="forbid", frozen=True):
    """Every setting of a run; the keys of ``synthkit.toml`` and the options of the command line."""

    plugin: str | None = None
    data: Path | None = None
    schema_file: Path | None = pydantic.Field(default=None, alias="schema")
    holdout: Annotated[float | Path, pydantic.AfterValidator(_fraction)] = 0.2
    tables: tuple[str, ...] = ()
    table: str | None = None
    rows: pydantic.PositiveInt | None = None
    where: str | None = None
    balance: str | None = None
    given: Path | None = None
    seed: pydantic.NonNegativeInt = 0
    repeats: pydantic.PositiveInt = 1
    max_minutes: pydantic.PositiveFloat | None = None
    resume: bool = False
    out: Path | None = None
    format: str = "csv"
    csv_safe: bool = False
    plots: Literal["png", "svg"] = "png"
    options: dict[str, Any] = pydantic.Field(default_factory=dict)
    evaluators: tuple[str, ...] | None = None
    gate_set: GateSet = "default"
    gates: dict[str, Gate] = pydantic.Field(default_factory=dict)
    no_gates: bool = False
    allow_small: bool = False
    k: Annotated[pydantic.PositiveInt, pydantic.AfterValidator(_enough)] = 10  # after allow_small, which it asks
    locale: str = "en_US"
    rare: Literal["draw", "star"] = "draw"
    overwrite: bool = False


class GateFile(Plan, extra="forbid", frozen=True):
    """The keys of a gate file: those of a plan, for several plugins and seeds."""

    plugins: tuple[str, ...] = ()
    seeds: tuple[pydantic.NonNegativeInt, ...] = ()


_AnyPlan = TypeVar("_AnyPlan", bound=Plan)
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_NOT_IN_A_GATE_FILE = {
    "out": "the test session decides where runs lie; see --basetemp",
    "overwrite": "take it out",
    "no_gates": "take it out",
    "resume": "take it out",
}


def find_file(start: Path) -> Path | None:
    """The nearest ``synthkit.toml``, or ``pyproject.toml`` with ``[tool.synthkit]``, from a folder upwards."""
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / FILE).is_file():
            return folder / FILE
        project = folder / PROJECT
        if project.is_file() and _holds(_parsed(project), ("tool", "synthkit")):
            return project
    return None


def load(file: Path | None, overrides: Mapping[str, Any]) -> Plan:
    """A plan from a configuration file, if any, and what the command line says instead.

    Paths in the file are relative to the file, and ``${NAME}`` in them is an environment variable. Options
    and gates are merged one by one.

    Raises:
        UsageError: unknown key (with the nearest and the line), wrong value, or not TOML.
        UnsetVariableError: an environment variable that a path names is not set.
    """
    return _loaded(Plan, file, overrides)


def load_gates(file: Path) -> dict[str, Plan]:
    """The plans of a gate file, by plugin, or by plugin and seed (``hma-1``) where there are several seeds.

    Raises:
        UsageError: as in ``load``; or no plugin or no gate is named, or one key too many.
        UnsetVariableError: an environment variable that a path names is not set.
    """
    given = _loaded(GateFile, file, {})
    _refuse_contradictions(given, file)
    plans: dict[str, Plan] = {}
    for plugin in given.plugins or (given.plugin,):
        for seed in given.seeds or (given.seed,):
            name = f"{plugin}-{seed}" if len(given.seeds) > 1 else str(plugin)
            plans[name] = given.model_copy(update={"plugin": plugin, "seed": seed})
    return plans


def _refuse_contradictions(given: GateFile, file: Path) -> None:
    for one, several in (("plugin", "plugins"), ("seed", "seeds")):
        if {one, several} <= given.model_fields_set:
            raise UsageError(f"{one} and {several} say the same", "take one of them out", file.name)
    for key, remedy in _NOT_IN_A_GATE_FILE.items():
        if key in given.model_fields_set:
            raise UsageError(f"{key} has no place in a gate file", remedy, _place(file, (key,)))
    if not (given.plugin or given.plugins):
        raise UsageError("no plugin is named", 'add plugins = ["NAME"]', file.name)
    if not given.gates and given.gate_set == "default":
        raise UsageError("no gate is named", 'add one, such as gates."integrity.violations".max = 0', file.name)


def _loaded(kind: type[_AnyPlan], file: Path | None, overrides: Mapping[str, Any]) -> _AnyPlan:
    settings = _from_file(file) if file else {}
    merged = {**settings, **overrides}
    for name in ("options", "gates"):
        given = settings.get(name, {})
        merged[name] = {**given, **overrides.get(name, {})} if isinstance(given, dict) else given
    try:
        return kind(**merged)
    except pydantic.ValidationError as error:
        raise _in_words(error, kind, file, overrides) from None


def _from_file(file: Path) -> dict[str, Any]:
    settings = _parsed(file)
    for name in _above(file):
        if not isinstance(settings.get(name), dict):
            raise UsageError("there is no table [tool.synthkit]", "add it, or check --config", file.name)
        settings = settings[name]
    for name in ("data", "schema", "out", "holdout", "given"):
        if isinstance(settings.get(name), str):
            settings[name] = file.parent / _expanded(settings[name], file, name)
    return dict(settings)


def _expanded(text: str, file: Path, key: str) -> str:
    """The text with each ``${NAME}`` as the environment has it."""
    for name in _VARIABLE.findall(text):
        if name not in os.environ:
            raise UnsetVariableError(f"the environment variable {name} is not set", "set it", _place(file, (key,)))
    return _VARIABLE.sub(lambda found: os.environ[found[1]], text)


def _parsed(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file.name} is not valid TOML: {error}", "correct it") from None
    except OSError:
        raise UsageError(f"{file} cannot be read", "check --config") from None


def _above(file: Path) -> tuple[str, ...]:
    """The tables of a configuration file that the settings lie in."""
    return ("tool", "synthkit") if file.name == PROJECT else ()


def _in_words(
    error: pydantic.ValidationError, kind: type[Plan], file: Path | None, overrides: Mapping[str, Any]
) -> UsageError:
    first = error.errors(include_input=False, include_url=False)[0]
    # a holdout may be of two types; which of them did not fit says nothing to a user
    path = tuple(str(part) for part in (first["loc"][:1] if first["loc"][0] == "holdout" else first["loc"]))
    key = ".".join(path)
    where = "" if file is None or _holds(overrides, path[:2]) else _place(file, path)
    if first["type"] == "extra_forbidden":
        return UsageError(f"unknown key {key!r}", _suggestion(path, kind), where)
    return UsageError(f"{key}: {first['msg'].removeprefix('Value error, ').lower()}", "correct it", where)


def _suggestion(path: tuple[str, ...], kind: type[Plan]) -> str:
    gate = path[0] == "gates"
    known = list(Gate.model_fields if gate else (f.alias or n for n, f in kind.model_fields.items()))
    near = difflib.get_close_matches(path[-1], known, n=1)
    quotes = ', and a name with dots stands in quotes: [gates."a.b"]' if gate else ""
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}{quotes}"


def _place(file: Path, path: tuple[str, ...]) -> str:
    """The file and the first line with which the key is there."""
    lines = file.read_text("utf-8").split("\n")
    for number in range(1, len(lines) + 1):
        with suppress(tomllib.TOMLDecodeError):  # a value may need more lines
            if _holds(tomllib.loads("\n".join(lines[:number])), (*_above(file), *path)):
                break
    return f"{file.name}:{number}"


def _holds(settings: Any, path: tuple[str, ...]) -> bool:
    """Whether a key is there; of what is no table, everything is there."""
    for part in path:
        if not isinstance(settings, Mapping):
            return True
        if part not in settings:
            return False
        settings = settings[part]
    return True
