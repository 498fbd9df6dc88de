"""What a run works on: real tables with their schema, checked, and split into training part and holdout."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from synthkit import integrity, source
from synthkit.bank import bank
from synthkit.context import Context
from synthkit.dataset import Dataset
from synthkit.errors import DataError, UsageError
from synthkit.folders import appearing
from synthkit.format import Format
from synthkit.formulas import formula_cells
from synthkit.inference import RECIPES, infer
from synthkit.inference.rules import with_rules
from synthkit.plan import Plan
from synthkit.plugins import Plugin, Registry
from synthkit.schema import Column, Schema
from synthkit.sdv_metadata import from_sdv
from synthkit.signing import signature
from synthkit.split import split, subject_count

_BROKEN = {  # what a broken rule means to the owner of the data, and what to do about it
    "primary_key_null": ("rows have no primary key", "give them one, or leave them out"),
    "primary_key_unique": ("rows repeat the primary key of another", "leave them out, or name the key in a --schema"),
    "foreign_key": ("rows point at a parent that is not there", "add the parents, or leave the rows out"),
    "not_null": ("rows are null, which the schema rules out", "fill them, or say nullable = true in the schema"),
    "unique": ("rows repeat a value, which the schema rules out", "correct them, or say unique = false in the schema"),
    "values": ("cells are not among the values that the schema lists", "add those to `values`, or correct the cells"),
}
_BROKEN_RULE = ("rows break the rule {}", "correct them, or take the rule out of the schema")


@dataclass(frozen=True)
class Material:
    """Real tables and their two parts, with one schema.

    Attributes:
        real: all rows at hand, of the training part and of the holdout.
        training: what may be learned from.
        holdout: what no model sees.
        source: what was read, for the record: a name and the rows of each table.
    """

    real: Dataset
    training: Dataset
    holdout: Dataset
    source: Mapping[str, Any]

    def fitting(self, plugin: Plugin, table: str | None, context: Context) -> Material:
        """The same, with one table only, and the reference tables of its keys, where the plugin takes only one.

        Raises:
            UsageError: that table is not there or a reference table, or the plugin takes all tables anyway.
        """
        several = plugin.cls.multi_table
        if several and table is not None:
            raise UsageError(f"{plugin.name} takes several tables, so --table says nothing", "use --tables")
        if several or self.real.schema.table_names == (table,):
            return self
        chosen = table or self.real.subject
        if len(self.real.schema.tables) > 1:
            context.note(f"{plugin.name} takes one table: {chosen}" + (" (--table picks another)" if not table else ""))
        names = _with_references(self.real.schema, chosen)
        real, training, holdout = (with_subject(p.select(names)) for p in (self.real, self.training, self.holdout))
        return Material(real, training, holdout, self.source)


def read(plan: Plan, registry: Registry, context: Context) -> Dataset:
    """The real data of the plan, or the bundled example; their keys are sound and their rules kept.

    Where no schema file is named, the schema holds the rules that were found in the data.

    Raises:
        DataError: missing, unreadable, contradicting their schema, or with broken keys or rules.
        UsageError: the schema file or a table named in the plan cannot be used.
    """
    tables = _tables(plan.data, registry, context)
    schema = _schema(plan, tables, context)
    real = with_subject(source.read_dataset({name: tables[name] for name in schema.table_names}, schema))
    if plan.schema_file is None:
        real = _ruled(real, plan.k, context)
    for broken in integrity.violations(real):
        problem, remedy = _BROKEN.get(broken.rule, _BROKEN_RULE)
        raise DataError(f"{broken.count:,} {problem.format(broken.words)}", remedy, broken.where)
    for place, count in formula_cells(real).items():
        context.note(f"{place}: {count:,} cells of the real data begin like a formula")
    return real


def read_like(path: Path, schema: Schema, registry: Registry, context: Context) -> Dataset:
    """Other data of the same schema: a holdout, or synthetic tables, also those of a run folder.

    A file belongs to the table whose name it has or begins with: ``customers_hma_10000.csv`` is ``customers``;
    where both sides have one table only, names do not matter.

    Raises:
        DataError: missing, unreadable or contradicting the schema.
    """
    folder = path / "data" if (path / "run.json").is_file() else path
    found = _tables(folder, registry, context)
    return source.read_dataset(_matched(found, schema), schema)


def split_parts(plan: Plan, real: Dataset, registry: Registry, seed: int, context: Context) -> Material:
    """Split by subject, or take the holdout that the plan names and train on everything.

    Raises:
        DataError: too few subjects to protect anyone, unless the plan allows it.
    """
    count = subject_count(real)
    least = 10 * plan.k
    if count < least and not plan.allow_small:
        raise DataError(
            f"only {count} subjects; with fewer than {least:,} subjects nobody is hidden among the others",
            "use more data, or add --allow-small for a test",
            real.subject,
        )
    name = plan.data.name if plan.data else "bank, the bundled example"
    about = {"name": name, "rows": real.rows, "fingerprint": fingerprint(real)}
    if isinstance(plan.holdout, Path):
        holdout = read_like(plan.holdout, real.schema, registry, context)
        _refuse_overlap(real, holdout)
        own = [table.name for table in real.schema.tables if not table.reference]
        both = {name: pd.concat([real[name], holdout[name]], ignore_index=True) for name in own}
        return Material(Dataset(real.schema, {**real.tables, **both}), real, holdout, about)
    training, holdout, notes = split(real, plan.holdout, seed)
    for note in notes:
        context.note(note)
    return Material(real, training, holdout, about)


def fingerprint(dataset: Dataset) -> str:
    """What tells two data sets apart without telling anything about them: a hash under this user's key.

    A plain hash of a small table could be guessed from candidates.
    """
    rows = (pd.util.hash_pandas_object(dataset[name], index=False) for name in dataset.schema.table_names)
    return signature(b"".join(hashes.to_numpy().tobytes() for hashes in rows))


def _refuse_overlap(training: Dataset, holdout: Dataset) -> None:
    """A holdout that was trained on proves nothing; without a key, equal rows may be different subjects."""
    name = training.subject
    if training.schema[name].primary_key:
        both = training[name].drop_duplicates().merge(holdout[name].drop_duplicates())
        if len(both):
            raise DataError(f"{len(both):,} rows are in the holdout and in the data", "leave them out of one", name)


def with_subject(dataset: Dataset) -> Dataset:
    """The same data with the subject table named, so that every later step means the same one."""
    return Dataset(replace(dataset.schema, subject=dataset.subject), dataset.tables)


def _tables(path: Path | None, registry: Registry, context: Context) -> dict[str, pa.Table]:
    if path is None:
        context.note("no --data: the bundled example data set `bank` is used")
        return source.from_frames(bank())
    tables, notes = source.read_tables(path, registry.usable("format"))
    for note in notes:
        context.note(note)
    return tables


def _schema(plan: Plan, tables: Mapping[str, pa.Table], context: Context) -> Schema:
    if plan.schema_file is not None:
        schema = schema_from_file(plan.schema_file)
        if plan.schema_file.suffix == ".json":
            schema = _completed(schema, infer(tables)[0])
        others = [name for name in tables if name not in schema.table_names]
        if others:
            context.note(f"not in the schema, so left out: {', '.join(others)}")
        missing = [
            name for name in schema.table_names if name not in tables and name in (plan.tables or schema.table_names)
        ]
        if missing:
            raise DataError(
                f"no file for the tables {', '.join(missing)} of the schema {plan.schema_file}",
                "correct --data or --schema",
            )
    else:
        schema, notes = infer(tables)
        left_out = tuple(f"{name}." for name in tables if plan.tables and name not in plan.tables)
        for note in notes:
            if not note.startswith(left_out):
                context.note(note)
    return _selected(schema, plan.tables, context) if plan.tables else schema


def infer_schema(path: Path, registry: Registry, context: Context) -> Schema:
    """The schema of the tables at a path, with the rules found in them, for a person to review.

    Raises:
        DataError: missing or unreadable.
    """
    tables = _tables(path, registry, context)
    return with_rules(source.read_dataset(tables, _schema(Plan(data=path), tables, context))).schema


def _ruled(data: Dataset, k: int, context: Context) -> Dataset:
    """The data with the rules found in them, said in one note."""
    ruled = with_rules(data, k)
    found = [len(table.rules) for table in ruled.schema.tables if table.rules]
    if found:
        rules, tables = _counted(sum(found), "rule"), _counted(len(found), "table")
        hold, them = ("holds", "it") if sum(found) == 1 else ("hold", "them")
        context.note(f"{rules} in {tables} found that {hold} in every row; `synthkit schema infer` shows {them}")
    return ruled


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def write_bank(folder: Path, registry: Registry, *, customers: int, seed: int, overwrite: bool) -> None:
    """Write the bundled example as CSV files, one per table, into a new folder.

    Raises:
        UsageError: the folder exists and ``overwrite`` is not set.
    """
    writer: Format = registry.find("format", "csv").cls()
    tables = source.from_frames(bank(customers, seed))
    schema, _ = infer(tables)
    with appearing(folder, overwrite=overwrite) as stage:
        for name, frame in source.read_dataset(tables, schema).tables.items():
            source.write_table(frame, schema[name], writer, stage / f"{name}{writer.suffixes[0]}")


def schema_from_file(path: Path) -> Schema:
    """The schema in a TOML file, or in a JSON file of SDV's metadata.

    Raises:
        UsageError: there is no such file, it holds no schema, or personal columns name a recipe that there is not.
    """
    schema = _read_schema(path)
    for table in schema.tables:
        unknown = [column.name for column in table.columns if column.pii not in (None, *RECIPES)]
        if unknown:
            problem = f"there is no such recipe for personal data ({len(unknown)} in all)"
            raise UsageError(problem, f"choose from {', '.join(RECIPES)}", f"{table.name}.{unknown[0]}")
    return schema


def _read_schema(path: Path) -> Schema:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"the schema file {path} cannot be read", "check --schema") from None
    if path.suffix != ".json":
        return Schema.from_toml(text)
    try:
        return from_sdv(json.loads(text))
    except json.JSONDecodeError as error:
        raise UsageError(f"{path.name} is not valid JSON in line {error.lineno}", "correct it") from None
    except RecursionError:
        raise UsageError(f"{path.name} is nested too deeply to be metadata", "correct it") from None


def _completed(schema: Schema, inferred: Schema) -> Schema:
    """SDV's metadata with what they do not say: storage and formats, the subject, and which keys lead to it."""
    known = {(t.name, c.name): c for t in inferred.tables for c in t.columns}
    owners = {(key.table, key.columns) for key in inferred.foreign_keys if key.owner}

    def stored(table: str, column: Column) -> Column:
        seen = known.get((table, column.name), column)
        return replace(seen, kind=column.kind, pii=column.pii, unique=column.unique)

    tables = tuple(replace(t, columns=tuple(stored(t.name, c) for c in t.columns)) for t in schema.tables)
    keys = tuple(replace(key, owner=(key.table, key.columns) in owners) for key in schema.foreign_keys)
    return Schema(tables, keys, inferred.subject if inferred.subject in schema.table_names else None)


def _with_references(schema: Schema, name: str) -> list[str]:
    """A table with the reference tables that its keys lead to.

    Raises:
        UsageError: it is one itself.
    """
    if name in schema.table_names and schema[name].reference:
        raise UsageError(f"{name} is a reference table, there is nothing to learn", "choose another --table")
    names = [name]
    for found in names:  # which grows
        keys = schema.parents_of(found)
        names += [key.parent for key in keys if schema[key.parent].reference and key.parent not in names]
    return names


def _selected(schema: Schema, names: tuple[str, ...], context: Context) -> Schema:
    chosen = schema.select(names)
    for key in schema.foreign_keys:
        if key.table in names and key.parent not in names:
            kind = chosen[key.table].column(key.columns[0]).kind
            context.note(f"{key.table}.{'+'.join(key.columns)} is {kind}, because {key.parent} was left out")
    return chosen


def _matched(found: Mapping[str, pa.Table], schema: Schema) -> dict[str, pa.Table]:
    if len(found) == len(schema.tables) == 1:  # one file for one table: its name does not matter
        return dict(zip(schema.table_names, found.values(), strict=True))
    matched: dict[str, pa.Table] = {}
    for stem, table in found.items():
        named = [t for t in schema.table_names if stem == t or stem.startswith(f"{t}_")]
        if not named:
            continue
        name = max(named, key=len)
        if name in matched:
            raise DataError("two files could be this table", "name the files as the tables", name)
        matched[name] = table
    missing = [name for name in schema.table_names if name not in matched]
    if missing:
        raise DataError(f"there is no file for {', '.join(missing)}", "name the files as the tables")
    return matched
