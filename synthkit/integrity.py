"""What keys, a schema and its rules promise, counted: each broken promise is a ``Violation``, never a cell value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from synthkit.dataset import Dataset
from synthkit.row_numbers import ORPHAN, parent_rows, repeated, row_codes
from synthkit.rules import broken_rules
from synthkit.schema import Column, ColumnKind, Schema, Table, in_words
from synthkit.storage import dtype_of

_IDENTIFYING = (ColumnKind.ID, ColumnKind.PII)


@dataclass(frozen=True, slots=True)
class Violation:
    """One promise that some rows of a table break.

    Attributes:
        table: the table whose rows break it.
        columns: the columns it is about, a parent's as ``parent.column``; none for the whole table.
        rule: ``primary_key_null``, ``primary_key_unique``, ``foreign_key``, ``not_null``, ``unique``, ``values``,
            ``row_count``, ``dtype``, ``schema`` or the kind of a rule.
        count: the number of rows that break it; for ``row_count`` the rows missing or left over.
        words: a rule as a person would say it; else empty.

    Example:
        >>> print(Violation("visits", ("person",), "foreign_key", 3))
        visits.person: foreign_key is broken by 3
    """

    table: str
    columns: tuple[str, ...]
    rule: str
    count: int
    words: str = field(default="", compare=False)

    @property
    def where(self) -> str:
        """The table, with its columns where there are any."""
        return f"{self.table}.{'+'.join(self.columns)}" if self.columns else self.table

    def __str__(self) -> str:
        return f"{self.where}: {self.rule} is broken by {self.count:,}"


def violations(data: Dataset, *, real: Dataset | None = None) -> tuple[Violation, ...]:
    """Every broken promise of the schema, in the order of its tables, then every broken rule; empty if all are kept.

    A foreign key with a null part points at nothing and breaks nothing. ``unique`` is asked only of
    identifiers and personal data that are no foreign keys: that two measurements, or the parents of two
    rows, differ is often chance. Neither ``unique`` nor ``not_null`` is asked of free text, which may
    come back empty. That combinations are fixed is asked only where ``real`` data say which there are.
    """
    rules = (
        Violation(table, rule.references, rule.kind, count, in_words(rule))
        for table, rule, count in broken_rules(data, real=real)
    )
    return (*(v for table in data.schema.tables for v in _table_violations(data, table) if v.count), *rules)


def sample_violations(
    sample: Dataset, schema: Schema, rows: Mapping[str, int], *, real: Dataset | None = None
) -> tuple[Violation, ...]:
    """The broken promises of a sample: another schema, other row counts or dtypes, and ``violations``.

    ``rows`` holds the exact number of rows of the tables whose number is known. Where the schema is
    another one, that alone is said.
    """
    other = tuple(_schema_violations(sample.schema, schema))
    if other:
        return other
    counts = (Violation(name, (), "row_count", abs(len(sample[name]) - rows[name])) for name in rows)
    types = (
        Violation(table.name, (column.name,), "dtype", int(not has_dtype(sample[table.name][column.name], column)))
        for table in schema.tables
        for column in table.columns
    )
    return (*(v for v in (*counts, *types) if v.count), *violations(sample, real=real))


def has_dtype(values: pd.Series[Any], column: Column) -> bool:
    """Whether values have the canonical dtype; a nullable column without nulls may have the plain one."""
    allowed = {dtype_of(column.storage, nullable=nullable) for nullable in (False, column.nullable)}
    return values.dtype in allowed


def _table_violations(data: Dataset, table: Table) -> Iterator[Violation]:
    yield from _primary_key_violations(data[table.name], table)
    for key in data.schema.parents_of(table.name):
        orphans = int((parent_rows(data, key) == ORPHAN).sum())
        yield Violation(table.name, key.columns, "foreign_key", orphans)
    held = {name for key in data.schema.parents_of(table.name) for name in key.columns}
    for column in table.columns:
        must_differ = column.unique and column.kind in _IDENTIFYING and column.name not in held
        yield from _column_violations(data[table.name][column.name], table, column, must_differ=must_differ)


def _primary_key_violations(frame: pd.DataFrame, table: Table) -> Iterator[Violation]:
    if table.primary_key:
        (codes,) = row_codes(frame.loc[:, list(table.primary_key)])
        yield Violation(table.name, table.primary_key, "primary_key_null", int((codes < 0).sum()))
        yield Violation(table.name, table.primary_key, "primary_key_unique", int(repeated(codes).sum()))


def _column_violations(
    values: pd.Series[Any], table: Table, column: Column, *, must_differ: bool
) -> Iterator[Violation]:
    where = (table.name, (column.name,))
    if not column.nullable and column.name not in table.primary_key and column.kind != ColumnKind.TEXT:
        yield Violation(*where, "not_null", int(values.isna().sum()))
    if column.values:
        yield Violation(*where, "values", int((values.notna() & ~values.isin(column.values)).sum()))
    if must_differ and table.primary_key != (column.name,):
        yield Violation(*where, "unique", int((values.duplicated() & values.notna()).sum()))


def _schema_violations(found: Schema, expected: Schema) -> Iterator[Violation]:
    for name in dict.fromkeys((*expected.table_names, *found.table_names)):
        both = name in found.table_names and name in expected.table_names
        same = both and found[name] == expected[name] and found.parents_of(name) == expected.parents_of(name)
        if not same:
            yield Violation(name, (), "schema", 1)
    if found.subject != expected.subject:
        yield Violation(expected.subject or found.subject or "", (), "schema", 1)
