"""What the tables are: columns, keys and the subject to protect; frozen, and never a real value."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, TypeVar

import tomlkit
from pydantic import ConfigDict, TypeAdapter, ValidationError

from synthkit.errors import UsageError

VERSION = 1
_T = TypeVar("_T")


class ColumnKind(StrEnum):
    """What a column means, which decides how it is modelled."""

    NUMERICAL = "numerical"
    CATEGORICAL = "categorical"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    ID = "id"  # keys, and other identifiers without meaning
    PII = "pii"  # personal: never shown to a model, comes back as a fresh fake
    TEXT = "text"  # free text: never shown to a model

    @property
    def modelled(self) -> bool:
        """Whether a synthesizer sees columns of this kind (keys reach it as row numbers)."""
        return self not in (ColumnKind.ID, ColumnKind.PII, ColumnKind.TEXT)


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: as in the data.
        kind: what it means.
        storage: the Arrow type it is stored in, as Arrow prints it (``int64``, ``timestamp[us]``).
        nullable: whether nulls occur.
        unique: whether no value occurs twice.
        format: how a text file writes it: a strftime pattern for dates, a format specification such
            as ``.2f`` for numbers, ``true/false`` tokens for booleans; ``None`` where the type says it.
        decimals: digits after the point, for numbers.
        missing: the text that stands for null in a text file, where that is not the empty cell.
        pii: the recipe for fresh values, for kind ``pii``: ``name``, ``email``, ``phone`` and others.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    kind: ColumnKind
    storage: str = "string"
    nullable: bool = False
    unique: bool = False
    format: str | None = None
    decimals: int | None = None
    missing: str | None = None
    pii: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns in order and the columns that make its primary key (none, one or several)."""

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    reference: bool = False

    def column(self, name: str) -> Column:
        """The column of that name; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of all columns, in order."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns of ``table`` that hold the key of a row of ``parent``.

    ``owner`` marks the one key of a table that leads to the subject that the row belongs to.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    table: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    owner: bool = False


@dataclass(frozen=True, slots=True)
class Schema:
    """Tables, the foreign keys between them and the subject table.

    Example:
        >>> people = Table("people", (Column("id", ColumnKind.ID, "int64"),), ("id",))
        >>> visits = Table("visits", (Column("person", ColumnKind.ID, "int64"),))
        >>> key = ForeignKey("visits", ("person",), "people", ("id",), owner=True)
        >>> schema = Schema((people, visits), (key,), subject="people")
        >>> schema.order()
        ('people', 'visits')
        >>> Schema.from_toml(schema.to_toml()) == schema
        True
    """

    tables: tuple[Table, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()
    subject: str | None = None

    def __post_init__(self) -> None:
        for problem in _contradictions(self):
            raise UsageError(problem, "correct the schema")

    def __getitem__(self, name: str) -> Table:
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)

    @property
    def table_names(self) -> tuple[str, ...]:
        """The names of all tables, in order."""
        return tuple(table.name for table in self.tables)

    def parents_of(self, table: str) -> tuple[ForeignKey, ...]:
        """The foreign keys that the rows of a table hold."""
        return tuple(key for key in self.foreign_keys if key.table == table)

    def children_of(self, table: str) -> tuple[ForeignKey, ...]:
        """The foreign keys that point at a table."""
        return tuple(key for key in self.foreign_keys if key.parent == table)

    def owner_of(self, table: str) -> ForeignKey | None:
        """The key of a table that leads to its subject, if it has one."""
        return next((key for key in self.parents_of(table) if key.owner), None)

    def key_columns(self, table: str) -> frozenset[str]:
        """The columns of a table that are part of its primary key or of a foreign key."""
        foreign = (name for key in self.parents_of(table) for name in key.columns)
        return frozenset((*self[table].primary_key, *foreign))

    def modelled(self, table: str) -> tuple[Column, ...]:
        """The columns of a table whose values a synthesizer learns: no keys, no personal data, no text."""
        keys = self.key_columns(table)
        return tuple(c for c in self[table].columns if c.kind.modelled and c.name not in keys)

    def order(self) -> tuple[str, ...]:
        """All tables, parents before children; tables on a cycle come last, in their own order."""
        done: list[str] = []
        waiting = list(self.table_names)
        while ready := [t for t in waiting if self._parents_done(t, done)]:
            done += ready
            waiting = [t for t in waiting if t not in ready]
        return (*done, *waiting)

    def cyclic(self) -> tuple[str, ...]:
        """The tables on a cycle of foreign keys or below one, self-references left aside."""
        order = self.order()
        place = {name: i for i, name in enumerate(order)}
        late = [k.table for k in self.foreign_keys if k.table != k.parent and place[k.parent] > place[k.table]]
        return order[min(place[name] for name in late) :] if late else ()

    def owned_by(self, subject: str) -> tuple[str, ...]:
        """The subject table and every table that leads to it by owner keys, parents first."""
        owned = [subject]
        for table in self.order() * len(self.tables):  # again and again: an owner may come late on a cycle
            key = self.owner_of(table)
            if key is not None and key.parent in owned and table not in owned:
                owned.append(table)
        return tuple(owned)

    def select(self, names: Iterable[str]) -> Schema:
        """The schema of some tables; keys to the others become ordinary columns.

        A key to a table that was left out is categorical, but a key to the subject, or to what a subject
        owns, is an identifier: a model that saw it could hand out real people's keys. Personal data and text
        stay what they are.

        Raises:
            UsageError: a name is not a table of this schema.
        """
        wanted = tuple(names)
        for name in wanted:
            if name not in self.table_names:
                raise UsageError(f"there is no table {name!r}", f"choose from {', '.join(self.table_names)}")
        kept = tuple(k for k in self.foreign_keys if k.table in wanted and k.parent in wanted)
        tables = tuple(self._freed(t, kept) for t in self.tables if t.name in wanted)
        return Schema(tables, kept, self.subject if self.subject in wanted else None)

    def _parents_done(self, table: str, done: list[str]) -> bool:
        return all(key.parent in (*done, table) for key in self.parents_of(table))

    def _freed(self, table: Table, kept: tuple[ForeignKey, ...]) -> Table:
        keys = self.parents_of(table.name)
        bound = {name for k in keys if k in kept for name in k.columns} | set(table.primary_key)
        freed = {name for k in keys for name in k.columns} - bound
        personal = self.owned_by(self.subject) if self.subject else ()
        identifying = {name for k in keys if k.parent in personal for name in k.columns}
        columns = tuple(_freed_column(c, c.name in identifying) if c.name in freed else c for c in table.columns)
        return replace(table, columns=columns)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``from_dict`` takes it; defaults are left out."""
        tables = {t.name: _table_dict(t) for t in self.tables}
        keys = [_without_defaults(key) for key in self.foreign_keys]
        subject = {} if self.subject is None else {"subject": self.subject}
        return {"version": VERSION, **subject, "tables": tables, "foreign_keys": keys}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Schema:
        """The schema that ``to_dict`` gave.

        Raises:
            UsageError: an unknown key, a missing one, a wrong type or a contradiction.
        """
        _only(data, {"version", "subject", "tables", "foreign_keys"}, "the schema")
        if data.get("version", VERSION) != VERSION:
            raise UsageError("this schema was written by another version of synthkit", "infer it again")
        tables = tuple(_table_from(name, value) for name, value in _named(data, "tables", "the schema"))
        keys = _checked(_FOREIGN_KEYS, data.get("foreign_keys", ()), "foreign_keys")
        return cls(tables, keys, data.get("subject"))

    def to_toml(self) -> str:
        """A reviewable text, one line per column."""
        document = tomlkit.document()
        plain = self.to_dict()
        for name in ("version", "subject"):
            if name in plain:
                document[name] = plain[name]
        tables = tomlkit.table(is_super_table=True)
        for name, value in plain["tables"].items():
            tables[name] = _table_toml(value)
        document["tables"] = tables
        if plain["foreign_keys"]:
            document["foreign_keys"] = _array_of_tables(plain["foreign_keys"])
        return tomlkit.dumps(document)

    @classmethod
    def from_toml(cls, text: str) -> Schema:
        """The schema written as TOML.

        Raises:
            UsageError: not TOML, or not a schema.
        """
        try:
            return cls.from_dict(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"the schema is not valid TOML: {error}", "correct it") from None


# made once: making one takes milliseconds, and there are thousands of columns
_COLUMN, _TABLE, _FOREIGN_KEYS = TypeAdapter(Column), TypeAdapter(Table), TypeAdapter(tuple[ForeignKey, ...])


def _freed_column(column: Column, identifying: bool) -> Column:
    """A column that was part of a foreign key, on its own."""
    if column.kind in (ColumnKind.PII, ColumnKind.TEXT):
        return column
    return replace(column, kind=ColumnKind.ID if identifying else ColumnKind.CATEGORICAL)


def _contradictions(schema: Schema) -> Iterator[str]:
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
    for key in schema.foreign_keys:
        yield from _key_contradictions(schema, key)
    owned = schema.owned_by(schema.subject) if schema.subject in names else ()
    yield from (f"table {n!r} belongs to subjects and cannot be a reference" for n in owned if schema[n].reference)


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


def _without_defaults(item: Any) -> dict[str, Any]:
    pairs = ((f, getattr(item, f.name)) for f in fields(item))
    return {f.name: list(v) if isinstance(v, tuple) else v for f, v in pairs if v != f.default}


def _table_dict(table: Table) -> dict[str, Any]:
    plain = _without_defaults(replace(table, columns=()))
    columns = {}
    for column in table.columns:
        values = _without_defaults(column)
        name = values.pop("name")
        columns[name] = {k: str(v) if k == "kind" else v for k, v in values.items()}
    del plain["name"]
    return {**plain, "columns": columns}


def _table_from(name: str, data: Mapping[str, Any]) -> Table:
    where = f"tables.{name}"
    _only(data, {f.name for f in fields(Table)} - {"name"}, where)
    columns = tuple(_column_from(c, value, f"{where}.columns.{c}") for c, value in _named(data, "columns", where))
    return _checked(_TABLE, {**data, "name": name, "columns": columns}, where)


def _column_from(name: str, data: Mapping[str, Any], where: str) -> Column:
    _only(data, {f.name for f in fields(Column)} - {"name"}, where)
    return _checked(_COLUMN, {**data, "name": name}, where)


def _checked(adapter: TypeAdapter[_T], data: Any, where: str) -> _T:
    try:
        return adapter.validate_python(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join((where, *map(str, first["loc"])))
        raise UsageError(first["msg"].lower(), "correct the schema", place) from None


def _named(data: Mapping[str, Any], key: str, where: str) -> Iterable[tuple[str, Any]]:
    """The named parts under a key, none where it is absent."""
    parts = data.get(key, {})
    if not isinstance(parts, Mapping):
        raise UsageError(f"{key} must be a table", "correct the schema", where)
    return parts.items()


def _only(data: Any, known: set[str], where: str) -> None:
    if not isinstance(data, Mapping):
        raise UsageError("a table of keys is expected", f"known are {', '.join(sorted(known))}", where)
    for key in data:
        if key not in known:
            raise UsageError(f"unknown key {key!r}", f"known are {', '.join(sorted(known))}", where)


def _table_toml(plain: Mapping[str, Any]) -> tomlkit.items.Table:
    table = tomlkit.table()
    for key, value in plain.items():
        if key != "columns":
            table[key] = value
    columns = tomlkit.table()
    for name, values in plain["columns"].items():
        line = tomlkit.inline_table()
        line.update(values)
        columns[name] = line
    table["columns"] = columns
    return table


def _array_of_tables(items: list[dict[str, Any]]) -> tomlkit.items.AoT:
    array = tomlkit.aot()
    for item in items:
        table = tomlkit.table()
        table.update(item)
        array.append(table)
    return array
