"""Before a model sees data: reference tables are folded into the keys that name their rows, and columns with
fixed combinations into one; afterwards all of it is unfolded again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from synthkit.dataset import Dataset
from synthkit.errors import DataError, IntegrityError, UsageError
from synthkit.guard.apart import Apart, learn_apart, settled
from synthkit.guard.combinations import Combination, combinations
from synthkit.guard.members import MemberKey, member_key, unused
from synthkit.guard.rare import links
from synthkit.guard.relations import Columns
from synthkit.row_numbers import Flags, repeated, row_codes
from synthkit.schema import Column, FixedCombinations, ForeignKey, Formula, Schema, Table
from synthkit.schema.formula import renamed
from synthkit.storage import within

_ROUNDS = 40  # of drawing members again where a key repeats
_ALIKE = 20  # rounds in which they are still alike in the columns beside the key

_Part = MemberKey | Combination
_Members = tuple["pd.Series[Any]", pd.DataFrame, tuple[Column, ...]]


@dataclass(frozen=True)
class Fold:
    """Folds data of a schema so that no reference table and no fixed combination is left in them.

    Attributes:
        schema: of the data.
        references: the reference tables, which come back as they are.
        apart: for each table the fixed combinations whose columns stay as they are, since as one most would be rare.
    """

    schema: Schema
    references: Mapping[str, pd.DataFrame] = field(compare=False)
    apart: Mapping[str, tuple[Apart, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        missing = [table.name for table in self.schema.tables if table.reference and table.name not in self.references]
        if missing:
            raise DataError("the reference table is missing", "fit again", missing[0])
        for table, rules in self.apart.items():
            known = [rule.columns for rule in self.schema[table].rules if isinstance(rule, FixedCombinations)]
            if not all(rule.columns in known and rule.fits for rule in rules):
                raise DataError("the saved guard has other columns than its schema", "fit again")
        for problem in _unsupported(self.schema):
            raise UsageError(problem, "take `reference = true` out")

    @classmethod
    def learn(cls, data: Dataset, k: int = 1) -> Fold:
        """The fold of these data, with their reference tables, where ``k`` subjects must share what a model sees.

        Raises:
            UsageError: a key to a reference table that cannot be folded.
        """
        references = {table.name: data[table.name] for table in data.schema.tables if table.reference}
        found = {name: learn_apart(data[name], data.schema[name], behind) for name, behind in links(data, k).items()}
        return cls(data.schema, references, {name: rules for name, rules in found.items() if rules})

    @cached_property
    def folded(self) -> Schema:
        """The schema of folded data."""
        tables = tuple(self._folded_table(self.schema[name]) for name in self._parts)
        kept = tuple(key for key in self.schema.foreign_keys if key.table in self._parts and key.parent in self._parts)
        return Schema(tables, kept, self.schema.subject)

    def fold(self, data: Dataset) -> Dataset:
        """The folded data; ``data`` are not changed.

        Raises:
            DataError: a key points at no row of a reference table.
        """
        tables = {}
        for table in self.folded.tables:
            made: Columns = {}
            for part in self._parts[table.name]:
                made |= part.fold(data[table.name])
            tables[table.name] = data[table.name].assign(**made)[list(table.column_names)]
        return Dataset(self.folded, tables)

    def fold_given(
        self, table: str, cells: pd.DataFrame, known: Mapping[str, Flags]
    ) -> tuple[Columns, dict[str, Flags]]:
        """Some columns of a table, folded, and which of their cells are known: where all that they stand for is.

        Raises:
            UsageError: only some columns of a fixed combination are there.
            DataError: a key points at no row of a reference table.
        """
        found: Columns = {str(name): own for name, own in cells.items()}
        flags = dict(known)
        for part in self._parts[table]:
            here = [name for name in part.columns if name in cells]
            if here and len(here) < len(part.columns):
                missing = ", ".join(name for name in part.columns if name not in cells)
                raise UsageError(f"it is part of a fixed combination with {missing}", "give all of it, or nothing",
                                 f"{table}.{here[0]}")  # fmt: skip
            if here:
                made = part.fold(cells)
                whole = np.asarray(np.logical_and.reduce([known[name] for name in part.columns]), dtype=bool)
                flags |= dict.fromkeys(made, whole)
                found = {name: own for name, own in found.items() if name not in part.columns} | made
        return found, flags

    def unfold(self, sample: Dataset, seed: int) -> Dataset:
        """A sample of folded data with the schema of the data, and the reference tables as they were.

        What names no member of a reference table becomes a draw among those that are alike in the columns beside
        the key.

        Raises:
            PluginError: a combination that no data can have had.
            IntegrityError: no free member is left for a row whose key repeats.
        """
        tables: dict[str, pd.DataFrame] = {}
        for place, table in enumerate(self.schema.tables):
            random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(place, 0, 0)))
            known = self.references.get(table.name)
            tables[table.name] = self._unfolded(table, sample[table.name], random) if known is None else known
        return Dataset(self.schema, tables)

    def settle(self, data: Dataset, seed: int) -> tuple[Dataset, list[str]]:
        """Data with allowed values in the columns that were seen apart, and notes that count the rows changed."""
        tables, notes = dict(data.tables), []
        for place, table in enumerate(self.schema.tables):
            if table.name in self.apart:
                random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(place, 0, 1)))
                made, count = settled(data[table.name], table, self.apart[table.name], random)
                tables[table.name] = data[table.name].assign(**made)
                notes += [f"{table.name}: {count:,} rows were changed to keep fixed combinations"] if count else []
        return Dataset(self.schema, tables), notes

    def names_member(self, table: str, column: str) -> bool:
        """Whether a folded column names the rows of a reference table, so that a rare one can still be chosen."""
        return any(isinstance(part, MemberKey) and column in part.columns for part in self._parts[table])

    def _unfolded(self, table: Table, sample: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
        made: Columns = {}
        with within(table.name):
            for part in self._parts[table.name]:
                made |= part.unfold(sample, random)
        self._make_unique(table, sample, made, random)
        return sample.assign(**made)[list(table.column_names)]

    def _make_unique(self, table: Table, sample: pd.DataFrame, made: Columns, random: np.random.Generator) -> None:
        """Draw other members where a primary key repeats that holds one."""
        inner = [part for part in self._members_of(table.name) if set(part.columns) <= set(table.primary_key)]
        for attempt in range(_ROUNDS if inner else 0):
            again = repeated(row_codes(sample.assign(**made)[list(table.primary_key)])[0])
            if not again.any():
                return
            for part in inner:
                rows = random.integers(0, len(part.keys), len(sample))
                if attempt < _ALIKE:
                    rows[again] = part.drawn(sample[again], random)
                made[part.column.name] = made[part.column.name].mask(again, part.values(rows))
        if inner:
            where = f"{table.name}.{'+'.join(table.primary_key)}"
            problem = f"{int(again.sum()):,} rows repeat a key, and no free one was found"
            raise IntegrityError(problem, "ask for fewer rows", where)

    def _members_of(self, table: str) -> list[MemberKey]:
        return [part for part in self._parts[table] if isinstance(part, MemberKey)]

    def _folded_table(self, table: Table) -> Table:
        parts = self._parts[table.name]
        inside = any(set(part.columns) & set(table.primary_key) for part in parts)
        return Table(
            table.name,
            _folded_columns(table, parts),
            () if inside else table.primary_key,
            rules=tuple(self._formulas(table, parts)),
        )

    def _formulas(self, table: Table, parts: tuple[_Part, ...]) -> Iterator[Formula]:
        """The formulas of a table, with the columns beside a key to a reference table in the place of that table's."""
        here, own = {column.name for column in _folded_columns(table, parts)}, set(table.column_names)
        for rule in (rule for rule in table.rules if isinstance(rule, Formula) and rule.column in here):
            named = {reference: self.schema.lookup(table.name, reference) for reference in rule.references}
            beside = {
                r: f"{key.columns[0]}.{column.name}"
                for r, (key, column) in named.items()
                if key is not None and self.schema[key.parent].reference
            }
            if set(beside.values()) <= here - own and all(r in here for r, (key, _) in named.items() if key is None):
                yield replace(rule, expression=renamed(rule.expression, beside))

    @cached_property
    def _parts(self) -> dict[str, tuple[_Part, ...]]:
        """What is folded in each table but the reference tables, which are folded into each other first."""
        members: dict[str, _Members] = {}
        for table in map(self.schema.__getitem__, self.schema.order()):
            if table.reference and self.schema.children_of(table.name):
                members[table.name] = self._member_table(table, members)
        ordinary = (table for table in self.schema.tables if not table.reference)
        return {table.name: (*self._keys(table, members), *self._combinations(table)) for table in ordinary}

    def _member_table(self, table: Table, members: Mapping[str, _Members]) -> _Members:
        """The key of a reference table, and its other columns with those of the tables that it points at."""
        frame, parts = self.references[table.name], self._keys(table, members)
        for part in parts:
            frame = frame.assign(**part.fold(frame))
        columns = _folded_columns(table, parts)
        rest = tuple(column for column in columns if column.name not in table.primary_key)
        return self.references[table.name][table.primary_key[0]], frame, rest

    def _keys(self, table: Table, members: Mapping[str, _Members]) -> tuple[MemberKey, ...]:
        used = list(table.column_names)
        keys = [key for key in self.schema.parents_of(table.name) if key.parent in members]
        return tuple(member_key(key, table.column(key.columns[0]), members[key.parent], used) for key in keys)

    def _combinations(self, table: Table) -> Iterator[Combination]:
        for made in combinations(table, [rule.columns for rule in self.apart.get(table.name, ())]):
            yield replace(made, name=unused(made.name, table.column_names))


def _folded_columns(table: Table, parts: tuple[_Part, ...]) -> tuple[Column, ...]:
    """The columns of a table with those of its parts in the places of what they stand for."""
    made = {part.columns[0]: part.made for part in parts}
    gone = {name for part in parts for name in part.columns}
    kept = (made.get(c.name, () if c.name in gone else (c,)) for c in table.columns)
    return tuple(column for columns in kept for column in columns)


def _unsupported(schema: Schema) -> Iterator[str]:
    """Which keys to reference tables cannot be folded, in words."""
    for key in schema.foreign_keys:
        if schema[key.parent].reference:
            where = f"{key.table}.{'+'.join(key.columns)}, the key to the reference table {key.parent!r},"
            yield from (f"{where} {problem}" for problem in _problems(schema, key))


def _problems(schema: Schema, key: ForeignKey) -> Iterator[str]:
    table = schema[key.table]
    if len(key.columns) > 1:
        yield "has several columns, which is not supported yet"
    if any(other != key and set(other.columns) & set(key.columns) for other in schema.parents_of(key.table)):
        yield "is part of another foreign key, which is not supported yet"
    if table.reference or not set(key.columns) & set(table.primary_key):
        return
    if len(table.primary_key) == 1:
        yield f"is the whole primary key of {key.table!r}, which is not supported yet"
    elif schema.children_of(key.table):
        yield f"is part of a primary key of {key.table!r} that others refer to, which is not supported yet"
