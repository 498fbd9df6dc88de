"""Options that several verbs share, and the plan that they make."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from synthkit.errors import UsageError
from synthkit.gates import GateSet
from synthkit.plan import Plan, find_file, load

_Command = TypeVar("_Command", bound=Callable[..., Any])
_PATH = click.Path(path_type=Path)

DATA = click.option(
    "--data", type=_PATH, help="Folder of CSV or Parquet files, or one file. Default: the example `bank`."
)
SCHEMA = click.option("--schema", type=_PATH, help="Schema file (TOML, or SDV's JSON). Default: inferred.")
SEED = click.option("--seed", type=int, help="One seed for everything. Default: 0.")
DEBUG = click.option("--debug", is_flag=True, help="Show where an error arose, without the words of other libraries.")
QUIET = click.option("--quiet", "-q", is_flag=True, help="No progress; only the product and errors.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
JUNIT = click.option("--junit", type=_PATH, metavar="FILE", help="Also write the verdicts as JUnit XML.")
REPEATS = click.option("--repeats", type=int, metavar="N", help="Judge mean and spread of N seeds. Default: 1.")
OVERWRITE = click.option("--overwrite", is_flag=True, default=None, help="Replace an existing --out.")
CONFIG = click.option("--config", type=_PATH, help="Configuration file. Default: synthkit.toml, from here upwards.")
FORMAT = click.option("--format", type=str, help="Format of the tables: csv, parquet or of a plugin. Default: csv.")
CSV_SAFE = click.option(
    "--csv-safe", is_flag=True, default=None, help="Write an apostrophe before text in CSV that begins like a formula."
)
PLOTS = click.option("--plots", type=click.Choice(["png", "svg"]), help="Form of the pictures. Default: png.")
ROWS = click.option("--rows", type=int, help="Subjects to make. Default: as many as the real data (example: 10,000).")
WHERE = click.option(
    "--where",
    type=str,
    metavar="CONDITION",
    help="Only such subjects, as in \"segment = 'premium' and income > 50000\".",
)
OUT = click.option("--out", type=_PATH, help="Folder to write. Default: runs/<plugin>-<time>-<seed>.")
UNSAFE_LOAD = click.option(
    "--unsafe-load", is_flag=True, help="Load a model whose signature cannot be verified. It may run code."
)
TABLES = click.option("--tables", type=str, help="Only these tables, separated by commas.")
EVALUATORS = click.option(
    "--evaluators", type=str, help="Only these, separated by commas; or all, or none. Default: the quick ones."
)
GATE_SET = click.option(
    "--gates",
    "gate_set",
    type=click.Choice(get_args(GateSet)),
    help="Built-in gates: floors (default), or strict: as good and safe as real data.",
)
GATE = click.option("--gate", "gates", multiple=True, metavar="METRIC=MIN", help="One more gate, or another limit.")
FITTING = (
    click.option("--plugin", type=str, help="The synthesizer; `synthkit plugins` lists them. Default: cart."),
    DATA,
    SCHEMA,
    click.option("--holdout", type=str, help="Share of subjects held out, or a folder to hold out. Default: 0.2."),
    TABLES,
    click.option("--table", type=str, help="The table for a single-table plugin. Default: the subject table."),
    ROWS,
    SEED,
    OUT,
    click.option("-o", "--option", "options", multiple=True, metavar="KEY=VALUE", help="Option of the plugin."),
    click.option("--k", type=int, help="Subjects who must share what a model sees, 5 at least. Default: 10."),
    click.option("--rare", type=click.Choice(["draw", "star"]), help="Rare categories: draw others (default), or *."),
    click.option("--locale", type=str, help="Of fake names and places, such as de_DE. Default: en_US."),
    click.option(
        "--allow-small", is_flag=True, default=None, help="For a test: allow under 10 k subjects, or k under 5."
    ),
    click.option(
        "--max-minutes",
        type=float,
        metavar="M",
        help="For fitting: then ctgan and tvae take their best, others give up.",
    ),
    click.option(
        "--resume", is_flag=True, default=None, help="Go on where a fit of the same run was interrupted (ctgan, tvae)."
    ),
    OVERWRITE,
    CONFIG,
)
JUDGING = (
    EVALUATORS,
    GATE_SET,
    GATE,
    click.option("--no-gates", is_flag=True, default=None, help="Score, but judge nothing."),
)
SHOWING = (QUIET, DEBUG)


def grouped(*options: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    """One decorator that adds several options, in the order given."""

    def add(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def plan_from(config: Path | None = None, **given: Any) -> Plan:
    """The plan of the nearest configuration file, with what the command line says instead.

    Raises:
        UsageError: a value cannot be used.
    """
    overrides = {name: value for name, value in given.items() if value not in (None, ())}
    for name in ("tables", "evaluators"):
        if name in overrides:
            overrides[name] = tuple(part.strip() for part in overrides[name].split(","))
    if "holdout" in overrides:
        overrides["holdout"] = _fraction_or_path(overrides["holdout"])
    if "options" in overrides:
        overrides["options"] = dict(_pair(text, "-o") for text in overrides["options"])
    if "gates" in overrides:
        named = (_pair(text, "--gate", "METRIC=MIN") for text in overrides["gates"])
        overrides["gates"] = {name: {"min": value} for name, value in named}
    return load(config or find_file(Path.cwd()), overrides)


def _fraction_or_path(text: str) -> float | Path:
    try:
        return float(text)
    except ValueError:
        return Path(text)


def _pair(text: str, option: str, form: str = "KEY=VALUE") -> tuple[str, Any]:
    """``key=value``, the value read as TOML where it is some, else as text."""
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise UsageError(f"{option} takes {form}, not {text!r}", "put an equals sign between the two")
    try:
        return name.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name.strip(), value
