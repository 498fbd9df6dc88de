"""``synthkit schema``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synthkit.cli.options import DEBUG, SCHEMA, grouped

if TYPE_CHECKING:
    from rich.table import Table as RichTable

    from synthkit.schema import Column, Schema, Table

_PATH = click.Path(path_type=Path)
_FORMS = ["toml", "sdv", "sdv-v1"]
_HEADER = """\
# For review. No model sees the columns of kind id, pii and text. The rules hold in every row of the data,
# and every sample will keep them: take out those that hold by chance.
"""


@click.group("schema")
def command() -> None:
    """Infer, check or show the schema of a folder of tables; it never holds a real value."""


@command.command("infer", short_help="Infer the schema of tables, for review.")
@click.argument("path", type=_PATH)
@click.option("--out", type=_PATH, help="Write to this file instead of stdout.")
@click.option("--as", "form", type=click.Choice(_FORMS), default="toml", help="As TOML, or as SDV's JSON.")
@click.option("--overwrite", is_flag=True, help="Replace an existing --out.")
@grouped(DEBUG)
def infer(*, path: Path, out: Path | None, form: str, overwrite: bool, debug: bool) -> None:
    """Infer the schema of the tables at PATH and print it for review."""
    del debug  # the outermost level reads it
    text = proposal(path) if form == "toml" else _text(inferred(path), form)
    if out is None:
        click.echo(text, nl=False)
        return
    from synthkit.folders import write_file

    write_file(out, text, overwrite=overwrite)
    click.echo(out)


@command.command("check", short_help="Check that tables fit a schema.")
@click.argument("path", type=_PATH)
@grouped(SCHEMA, DEBUG)
def check(*, path: Path, schema: Path | None, debug: bool) -> None:
    """Check that the tables at PATH fit the schema and that their keys are sound."""
    del debug  # the outermost level reads it
    from synthkit.cli.options import plan_from
    from synthkit.context import Context
    from synthkit.material import read
    from synthkit.plugins import discover

    context = Context()
    dataset = read(plan_from(data=path, schema=schema), discover(), context)
    for note in context.notes:
        click.echo(f"note: {note}", err=True)
    rows = ", ".join(f"{count:,} {name}" for name, count in dataset.rows.items())
    click.echo(f"sound: {rows}; subject {dataset.subject}")


@command.command("show", short_help="Show a schema, of a file or inferred.")
@click.argument("path", type=_PATH)
@click.option("--as", "form", type=click.Choice(["table", *_FORMS]), default="table", help="How to print it.")
@grouped(DEBUG)
def show(*, path: Path, form: str, debug: bool) -> None:
    """Show the schema file PATH, or the one inferred from the tables at PATH."""
    del debug  # the outermost level reads it
    schema = _stored(path) if path.suffix in (".toml", ".json") else inferred(path)
    if form == "table":
        _print(schema)
    else:
        click.echo(_text(schema, form), nl=False)


def _stored(path: Path) -> Schema:
    from synthkit.material import schema_from_file

    return schema_from_file(path)


def inferred(path: Path) -> Schema:
    """The schema inferred from the tables at a path; notes go to stderr."""
    from synthkit.context import Context
    from synthkit.material import infer_schema
    from synthkit.plugins import discover

    context = Context()
    schema = infer_schema(path, discover(), context)
    for note in context.notes:
        click.echo(f"note: {note}", err=True)
    return schema


def proposal(path: Path) -> str:
    """The schema inferred from the tables at a path as TOML, with comments on what its author may decide."""
    from synthkit.inference.subject import likely_references

    schema = inferred(path)
    comment = "reference = true  # nobody's data? then it may be kept as it is"
    return _HEADER + schema.to_toml(dict.fromkeys(likely_references(schema), comment))


def _text(schema: Schema, form: str) -> str:
    from synthkit.sdv_metadata import to_sdv

    if form == "toml":
        return schema.to_toml()
    return json.dumps(to_sdv(schema, "V1" if form == "sdv-v1" else "V2"), indent=2) + "\n"


def _print(schema: Schema) -> None:
    from rich.console import Console
    from rich.markup import escape

    from synthkit.schema import in_words

    console = Console()
    for table in schema.tables:
        console.print(_columns(schema, table))
        for rule in table.rules:
            console.print(f"rule  {escape(in_words(rule))}", highlight=False, soft_wrap=True)
        console.print()


def _columns(schema: Schema, table: Table) -> RichTable:
    from rich.markup import escape
    from rich.table import Table as RichTable

    mark = " (subject)" if table.name == schema.subject else " (reference)" if table.reference else ""
    shown = RichTable(title=f"{escape(table.name)}{mark}", title_justify="left", box=None, pad_edge=False)
    for name in ("Column", "Kind", "Storage", "Key"):
        shown.add_column(name, overflow="fold")
    for column in table.columns:
        cells = (column.name, _kind(column), column.storage, _role(schema, table, column.name))
        shown.add_row(*map(escape, cells))
    return shown


def _kind(column: Column) -> str:
    more = column.pii or ("values listed" if column.values else "")
    return f"{column.kind} ({more})" if more else str(column.kind)


def _role(schema: Schema, table: Table, column: str) -> str:
    """Primary key, foreign key, or both."""
    own = ["primary"] if column in table.primary_key else []
    keys = [key for key in schema.parents_of(table.name) if column in key.columns]
    return " ".join([*own, *(f"→ {key.parent}{' (owner)' if key.owner else ''}" for key in keys)])
