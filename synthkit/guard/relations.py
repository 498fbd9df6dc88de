"""Keys as row numbers: what they are called in front of a model, and how they become keys again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from synthkit.errors import DataError, IntegrityError, UsageError
from synthkit.guard.fresh import Fresh
from synthkit.guard.values import Values, guarded_column, stored, taken
from synthkit.row_numbers import Flags, Integers, repeated, row_codes
from synthkit.schema import Column, ColumnKind, ForeignKey, Formula, Schema, Table

Rules = Mapping[str, Values | Fresh | None]  # how each column goes out and comes back; None where all is null
Columns = dict[str, "pd.Series[Any]"]

_ROUNDS = 40  # of drawing repeated keys again
_ALL_PARTS = 20  # the round from which every part of a key may change


def guarded_schema(schema: Schema, rules: Mapping[str, Rules]) -> Schema:
    """The schema that a model sees: row numbers for keys, the modelled columns, and formulas over these."""
    tables = tuple(_guarded_table(schema, table, rules[table.name]) for table in schema.tables)
    names = {table.name: table.primary_key for table in tables}
    keys = tuple(
        ForeignKey(key.table, (foreign_name(schema, key),), key.parent, names[key.parent], key.owner)
        for key in schema.foreign_keys
    )
    shown = Schema(tables, keys, schema.subject)
    ruled = (replace(table, rules=tuple(_shown_formulas(schema[table.name], shown))) for table in tables)
    return replace(shown, tables=tuple(ruled))


def foreign_name(schema: Schema, key: ForeignKey) -> str:
    """The one column that holds a foreign key in front of a model."""
    return key.columns[0] if len(key.columns) == 1 else _new_name(key.columns, schema[key.table])


def one_to_one(schema: Schema, table: str) -> ForeignKey | None:
    """The foreign key that is the whole primary key of a table, if there is one."""
    primary = sorted(schema[table].primary_key)
    return next((key for key in schema.parents_of(table) if sorted(key.columns) == primary), None)


def inner_keys(schema: Schema, table: str) -> tuple[ForeignKey, ...]:
    """The foreign keys of a table that share columns with its primary key."""
    return tuple(key for key in schema.parents_of(table) if set(key.columns) & set(schema[table].primary_key))


def key_order(schema: Schema) -> tuple[str, ...]:
    """All tables, those whose primary keys are part of others' primary keys first.

    Raises:
        UsageError: primary keys are part of each other.
    """
    done: list[str] = []
    while waiting := [name for name in schema.table_names if name not in done]:
        ready = [name for name in waiting if all(key.parent in done for key in inner_keys(schema, name))]
        if not ready:
            names = ", ".join(waiting)
            raise UsageError(f"the primary keys of {names} are made of each other", "declare fewer foreign keys")
        done += ready
    return tuple(done)


def numbered(rows: Integers, numbers: Integers, key: ForeignKey, schema: Schema) -> pd.Series[Any]:
    """The parents' numbers for rows that point at them; null where a row points at none.

    Raises:
        DataError: a key points at no row.
    """
    nullable = any(schema[key.table].column(name).nullable for name in key.columns)
    lost = int((rows < (-1 if nullable else 0)).sum())
    if lost:
        where = f"{key.table}.{'+'.join(key.columns)}"
        raise DataError(f"{lost:,} keys point at no row of {key.parent}", "remove or correct them", where)
    found = taken(pd.Series(numbers), rows)
    return found.astype("Int64") if nullable else found


def foreign_columns(rows: Mapping[ForeignKey, Integers], tables: Mapping[str, Columns], schema: Schema) -> Columns:
    """The columns of some foreign keys of one table, taken from the parents' keys.

    Where two keys share a column, the one with more columns decides; where that one is null, what must
    not be null stays as the other says.
    """
    made: Columns = {}
    for key in sorted(rows, key=lambda key: len(key.columns)):
        for name, parent_name in zip(key.columns, key.parent_columns, strict=True):
            column = schema[key.table].column(name)
            found = taken(tables[key.parent][parent_name], rows[key])
            stays = name in made and not column.nullable
            made[name] = found.where(rows[key] >= 0, made[name]) if stays else found
    return {name: stored(found, schema[key.table].column(name)) for name, found in made.items()}


def distinct_rows(rows: Integers, parents: int, random: np.random.Generator) -> Integers | None:
    """The same rows, with repeated ones replaced by rows that none points at; None if those are too few."""
    again = repeated(rows)
    unused = np.setdiff1d(np.arange(parents), rows)
    if again.sum() > len(unused):
        return None
    changed = rows.copy()
    changed[again] = random.permutation(unused)[: again.sum()]
    return changed


@dataclass
class CompositeKey:
    """A composite primary key while its repeated combinations are made different.

    Attributes:
        schema, table: whose key it is.
        own: the columns of the table so far; those of the key are changed.
        rows: the parents' rows for the foreign keys within the key; changed.
        tables: the columns of the parents.
        counted: parts that are whole numbers and no foreign keys.
    """

    schema: Schema
    table: Table
    own: Columns
    rows: dict[ForeignKey, Integers]
    tables: Mapping[str, Columns]
    counted: tuple[str, ...]

    def settle(self, random: np.random.Generator) -> int:
        """Make all combinations different; return how many were repeated.

        A repeated combination gets the next free whole number within its other parts, or else another
        value of one part, drawn from those that occur, and at last others of every part.

        Raises:
            IntegrityError: some are still repeated after a bounded number of rounds.
        """
        repeats = again = self._repeated()
        for attempt in range(_ROUNDS):
            if not again.any():
                return int(repeats.sum())
            self._change(again, attempt, random)
            again = self._repeated()
        problem = f"{int(again.sum()):,} rows repeat a key, and no free one was found"
        raise IntegrityError(problem, "ask for fewer rows", f"{self.table.name}.{'+'.join(self.table.primary_key)}")

    def _repeated(self) -> Flags:
        return repeated(self._codes(self.table.primary_key))

    def _codes(self, names: tuple[str, ...]) -> Integers:
        return row_codes(pd.DataFrame({name: self.own[name] for name in names}))[0]

    def _change(self, again: Flags, attempt: int, random: np.random.Generator) -> None:
        foreign = {name for key in self.rows for name in key.columns}
        own = [name for name in self.table.primary_key if name not in foreign]
        if self.counted and attempt == 0:
            self._count_on(self.counted[-1], again)
            return
        if own:
            rows = np.arange(len(again))
            self.own[own[-1]] = taken(self.own[own[-1]], _redrawn(rows, again, rows, random))
        if self.rows and (not own or attempt >= _ALL_PARTS):
            self._point_elsewhere(again, attempt, random)

    def _count_on(self, name: str, again: Flags) -> None:
        others = self._codes(tuple(part for part in self.table.primary_key if part != name))
        top = self.own[name].groupby(others).transform("max")
        place = pd.Series(again).groupby(others).cumsum()
        free = top.astype("float64") + place <= np.iinfo(self.table.column(name).storage).max
        change = again & free.to_numpy()
        self.own[name] = self.own[name].where(~change, (top + place).where(change, 0).astype(top.dtype))

    def _point_elsewhere(self, again: Flags, attempt: int, random: np.random.Generator) -> None:
        free = [key for key in self.rows if not key.owner] or list(self.rows)
        late = attempt >= _ALL_PARTS
        for key in self.rows if late else free[-1:]:
            parents = np.arange(len(self.tables[key.parent][key.parent_columns[0]]))
            self.rows[key] = _redrawn(self.rows[key], again, parents if late else self.rows[key], random)
        self.own.update(foreign_columns(self.rows, self.tables, self.schema))


def _redrawn(rows: Integers, again: Flags, choices: Integers, random: np.random.Generator) -> Integers:
    return np.where(again, random.choice(choices, len(rows)), rows)


def _new_name(parts: tuple[str, ...], table: Table) -> str:
    name = "+".join(parts)
    while name in table.column_names:
        name += "+"
    return name


def _guarded_table(schema: Schema, table: Table, rules: Rules) -> Table:
    primary = _guarded_key(schema, table)
    columns = {name: _number_column(name) for name in primary if name not in table.column_names}
    for column in table.columns:
        for key in (key for key in schema.parents_of(table.name) if column.name in key.columns):
            name = foreign_name(schema, key)
            columns[name] = _foreign_column(schema, table, key)
        rule = rules.get(column.name)
        if (column.name,) == primary and column.name not in columns:
            columns[column.name] = _number_column(column.name)
        elif isinstance(rule, Values):
            columns[column.name] = guarded_column(column, rule)
    if not columns:  # a table needs a column to have rows
        primary, columns = ("row",), {"row": _number_column("row")}
    return Table(table.name, tuple(columns.values()), primary, table.reference)


def _shown_formulas(table: Table, shown: Schema) -> Iterator[Formula]:
    """The formulas of a table that name nothing but numbers and times that a model sees."""
    for rule in (rule for rule in table.rules if isinstance(rule, Formula)):
        try:
            kinds = {shown.lookup(table.name, reference)[1].kind for reference in rule.references}
        except KeyError:
            continue
        if kinds <= {ColumnKind.NUMERICAL, ColumnKind.DATETIME}:
            yield rule


def _guarded_key(schema: Schema, table: Table) -> tuple[str, ...]:
    one = one_to_one(schema, table.name)
    if one is not None:
        return (foreign_name(schema, one),)
    if len(table.primary_key) > 1:
        return (_new_name(table.primary_key, table),) if schema.children_of(table.name) else ()
    return table.primary_key


def _number_column(name: str) -> Column:
    return Column(name, ColumnKind.ID, "int64", unique=True)


def _foreign_column(schema: Schema, table: Table, key: ForeignKey) -> Column:
    parts = [table.column(name) for name in key.columns]
    unique = key == one_to_one(schema, table.name) or (len(parts) == 1 and parts[0].unique)
    nullable = any(part.nullable for part in parts)
    return Column(foreign_name(schema, key), ColumnKind.ID, "int64", nullable, unique)
