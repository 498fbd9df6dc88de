"""Contradictions within a schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from synthkit.errors import UsageError
from synthkit.schema.formula import measure, terms
from synthkit.schema.rules import (
    ConditionalNull,
    FixedCombinations,
    Formula,
    Inclusion,
    Inequality,
    OnlyIf,
    Range,
    Rule,
    Running,
    UniqueCombination,
)
from synthkit.schema.tables import Column, ColumnKind, ForeignKey, Table

if TYPE_CHECKING:
    from synthkit.schema.schema import Schema

_LISTABLE: dict[tuple[str, ...], tuple[type, ...]] = {  # what a column may list, by how it is stored
    ("string",): (str,),
    ("bool",): (bool,),
    ("int", "uint"): (int,),
    ("float", "double", "halffloat", "decimal"): (int, float),
}


def contradictions(schema: Schema) -> Iterator[str]:
    """What a schema says that cannot be, in words."""
    names = schema.table_names
    if not names:
        yield "there is no table"
    yield from (f"two tables are called {n!r}" for n in names if names.count(n) > 1)
    if schema.subject is not None and schema.subject not in names:
        yield f"the subject {schema.subject!r} is not a table"
    for table in schema.tables:
        columns = table.column_names
        yield from (f"table {table.name!r} has two columns {c!r}" for c in columns if columns.count(c) > 1)
        yield from (f"{table.name}.{c} is a key but not a column" for c in table.primary_key if c not in columns)
        yield from (f"{table.name}.{c} says whose a row is but is no column" for c in _unknown_holders(table))
        yield from (f"{table.name}.{c.name} {problem}" for c in table.columns for problem in _listing_problems(c))
    for key in schema.foreign_keys:
        yield from _key_contradictions(schema, key)
    for table in schema.tables:
        for rule in table.rules:
            yield from (
                f"a rule {rule.kind} of {table.name!r} {problem}"
                for problem in _rule_contradictions(schema, table.name, rule)
            )
        yield from _formula_contradictions(table)
    owned = schema.owned_by(schema.subject) if schema.subject in names else ()
    yield from (f"table {n!r} belongs to subjects and cannot be a reference" for n in owned if schema[n].reference)
    yield from _reference_contradictions(schema)


def _unknown_holders(table: Table) -> Iterator[str]:
    yield from (name for name in table.subject_key if name not in table.column_names)


def _reference_contradictions(schema: Schema) -> Iterator[str]:
    """Reference tables that cannot come out as they are."""
    references = [table for table in schema.tables if table.reference]
    if len(references) == len(schema.tables):
        yield "all tables are references, so there is nothing to learn"
    for table in references:
        personal = [column.name for column in table.columns if column.kind is ColumnKind.PII]
        if personal:
            yield f"table {table.name!r} holds personal data ({', '.join(personal)}) and cannot be a reference"
        others = [key.parent for key in schema.parents_of(table.name) if not schema[key.parent].reference]
        if others:
            yield f"table {table.name!r} refers to {others[0]!r}, which is no reference, and cannot be one"


def _listing_problems(column: Column) -> Iterator[str]:
    if not column.values:
        return
    if column.kind is not ColumnKind.CATEGORICAL:
        yield f"lists values, which is for categorical columns, and is {column.kind}"
    if len(set(column.values)) < len(column.values):
        yield "lists a value twice"
    fitting = next((types for prefixes, types in _LISTABLE.items() if column.storage.startswith(prefixes)), None)
    if fitting is None or not all(type(value) in fitting for value in column.values):
        yield f"lists values that are not what it stores, {column.storage}"


def _key_contradictions(schema: Schema, key: ForeignKey) -> Iterator[str]:
    if not key.columns:
        yield f"a foreign key of {key.table!r} has no columns"
    for name, columns in ((key.table, key.columns), (key.parent, key.parent_columns)):
        if name not in schema.table_names:
            yield f"a foreign key names the table {name!r}, which does not exist"
            return
        known = schema[name].column_names
        yield from (f"a foreign key names {name}.{c}, which does not exist" for c in columns if c not in known)
    if tuple(sorted(key.parent_columns)) != tuple(sorted(schema[key.parent].primary_key)):
        yield f"a foreign key of {key.table!r} must point at the primary key of {key.parent!r}"
    if len(key.columns) != len(key.parent_columns):
        yield f"a foreign key of {key.table!r} has not as many columns as the key of {key.parent!r}"
    same = [k for k in schema.parents_of(key.table) if k.columns == key.columns]
    if len(same) > 1:
        yield f"{key.table}.{'+'.join(key.columns)} is declared as a foreign key twice"
    if key.owner and len([k for k in schema.parents_of(key.table) if k.owner]) > 1:
        yield f"table {key.table!r} has two owner keys"


def _rule_contradictions(schema: Schema, table: str, rule: Rule) -> Iterator[str]:
    found = []
    try:
        references = rule.references
    except UsageError as error:  # the expression of a formula
        yield f"cannot be read: {error}"
        return
    for reference in references:
        try:
            found.append(schema.lookup(table, reference))
        except KeyError:
            yield f"names {reference!r}, which is no column of it nor one of a parent's"
            return
    if not found or len(set(rule.references)) < len(found):
        yield "needs columns that are different"
    elif isinstance(rule, Running):
        yield from _running_contradictions(schema, table, rule)
    elif isinstance(rule, FixedCombinations | UniqueCombination | Inclusion):
        yield from _combination_contradictions(schema, table, rule, found)
    else:
        yield from _value_contradictions(rule, [column for _, column in found])
        if isinstance(rule, Range | OnlyIf | ConditionalNull | Formula) and found[0][0] is not None:
            yield f"must be about a column of its own, not {rule.references[0]!r}"


def _combination_contradictions(
    schema: Schema,
    table: str,
    rule: FixedCombinations | UniqueCombination | Inclusion,
    found: list[tuple[ForeignKey | None, Column]],
) -> Iterator[str]:
    if any(key is not None for key, _ in found):
        yield "may name columns of its own table only"
    kinds = (ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN)
    if isinstance(rule, FixedCombinations) and any(column.kind not in kinds for _, column in found):
        yield "may name categorical and boolean columns only"
    if isinstance(rule, FixedCombinations) and schema.key_columns(table) & set(rule.columns):
        yield "may not name columns of a key"
    if isinstance(rule, FixedCombinations) and len(found) < 2:
        yield "needs two columns at least"
    if isinstance(rule, Inclusion):
        yield from _inclusion_contradictions(schema, rule)


def _inclusion_contradictions(schema: Schema, rule: Inclusion) -> Iterator[str]:
    if rule.parent not in schema.table_names:
        yield f"names the table {rule.parent!r}, which does not exist"
        return
    known = schema[rule.parent].column_names
    yield from (f"names {rule.parent}.{c}, which does not exist" for c in rule.parent_columns if c not in known)
    if len(rule.parent_columns) != len(rule.columns):
        yield f"needs as many columns of the table {rule.parent!r}"


def _value_contradictions(rule: Rule, columns: list[Column]) -> Iterator[str]:
    kinds = [column.kind for column in columns]
    if isinstance(rule, OnlyIf) and set(kinds) != {ColumnKind.BOOLEAN}:
        yield "may name boolean columns only"
    if isinstance(rule, Formula):
        yield from _measure_contradictions(rule, dict(zip(rule.references, kinds, strict=True)))
    if isinstance(rule, Inequality | Range):
        if len(set(kinds)) > 1 or kinds[0] not in (ColumnKind.NUMERICAL, ColumnKind.DATETIME):
            yield "may name numbers only, or dates only"
        if isinstance(rule, Range):
            yield from _range_contradictions(rule, kinds[0])
    if isinstance(rule, ConditionalNull) and not columns[0].nullable:
        yield f"is about nulls, and {rule.column!r} may not be null"


def _measure_contradictions(rule: Formula, kinds: Mapping[str, ColumnKind]) -> Iterator[str]:
    if not set(kinds.values()) <= {ColumnKind.NUMERICAL, ColumnKind.DATETIME}:
        yield "may name numbers and dates only"
        return
    times = [name for name, kind in kinds.items() if kind is ColumnKind.DATETIME]
    found, wanted = measure(rule.expression, times), "time" if rule.column in times else "number"
    if found != wanted:
        gives = f"gives a {found}" if found else "adds what does not go together"
        yield f"{gives}, and {rule.column!r} is a {wanted}; write times as start + days(n) or (end - start) / days(1)"


def _running_contradictions(schema: Schema, table: str, rule: Running) -> Iterator[str]:
    own = (rule.column, *terms(rule.change), *(name for name in (rule.per, rule.by, rule.sign) if name))
    opening = terms(rule.opening) if rule.opening else ()
    if any(schema.lookup(table, name)[0] is not None for name in own):
        yield "may name columns of its own table only, but for its opening"
        return
    numbers = [schema.lookup(table, name)[1].kind for name in (rule.column, *terms(rule.change), *opening)]
    if set(numbers) != {ColumnKind.NUMERICAL} or measure(rule.change, ()) != "number":
        yield "may count numbers only"
    if rule.column in (*terms(rule.change), *opening, rule.per, rule.by):
        yield f"counts {rule.column!r} by itself"
    ordered = (ColumnKind.NUMERICAL, ColumnKind.DATETIME)
    if rule.by and schema[table].column(rule.by).kind not in ordered:
        yield f"needs a number or a time to go by, and {rule.by!r} is none"
    if bool(rule.sign) != bool(rule.minus):
        yield "needs both the column of the sign and the values that subtract, or neither"
    if rule.sign and schema[table].column(rule.sign).kind not in (ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN):
        yield f"needs a category or a boolean as its sign, and {rule.sign!r} is none"


def _range_contradictions(rule: Range, kind: ColumnKind) -> Iterator[str]:
    limits = [limit for limit in (rule.low, rule.high) if limit is not None]
    if not limits:
        yield "needs a low, a high or both"
    try:
        places = [_moment(limit) if kind is ColumnKind.DATETIME else float(_number(limit)) for limit in limits]
    except (ValueError, TypeError):
        yield "needs limits that are numbers, or dates in ISO 8601, as its column is"
        return
    if places != sorted(places):
        yield "has its low above its high"


def _moment(limit: float | str) -> float:
    moment = datetime.fromisoformat(limit)  # type: ignore[arg-type]  # of a number it raises, as of other text
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _number(limit: float | str) -> float:
    if isinstance(limit, str):
        raise TypeError
    return limit


def _formula_contradictions(table: Table) -> Iterator[str]:
    formulas = [rule for rule in table.rules if isinstance(rule, Formula | Running)]
    columns = [rule.column for rule in formulas]
    yield from (f"{table.name}.{c} has two formulas" for c in dict.fromkeys(columns) if columns.count(c) > 1)
    try:
        TopologicalSorter({rule.column: rule.references[1:] for rule in formulas}).prepare()
    except CycleError:
        yield f"formulas of {table.name!r} depend on each other in a circle"
