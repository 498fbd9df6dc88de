"""What the tables are, together: tables, foreign keys and the subject to protect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from synthkit.errors import UsageError
from synthkit.schema import forms
from synthkit.schema.contradictions import contradictions
from synthkit.schema.rules import Inclusion, Rule
from synthkit.schema.tables import Column, ColumnKind, ForeignKey, Table


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
        for problem in contradictions(self):
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
        """The columns of a table whose values a synthesizer learns: no keys, no personal data, no text.

        A reference table comes out as it is, so none of its columns is one.
        """
        if self[table].reference:
            return ()
        keys = self.key_columns(table)
        return tuple(c for c in self[table].columns if c.kind.modelled and c.name not in keys)

    def lookup(self, table: str, reference: str) -> tuple[ForeignKey | None, Column]:
        """What a rule of a table means by a reference: a column of its own, or a foreign key and a parent's column.

        Raises:
            KeyError: it means nothing, or several keys lead to that parent.

        Example:
            >>> people = Table("people", (Column("id", ColumnKind.ID), Column("age", ColumnKind.NUMERICAL)), ("id",))
            >>> visits = Table("visits", (Column("person", ColumnKind.ID),))
            >>> schema = Schema((people, visits), (ForeignKey("visits", ("person",), "people", ("id",)),))
            >>> [schema.lookup("visits", name)[1].name for name in ("person", "people.age", "person.age")]
            ['person', 'age', 'age']
        """
        if reference in self[table].column_names:
            return None, self[table].column(reference)
        for key, name in ((k, n) for k in self.parents_of(table) for n in (k.parent, "+".join(k.columns))):
            column = reference.removeprefix(f"{name}.")
            alone = name != key.parent or len([k for k in self.parents_of(table) if k.parent == name]) == 1
            if alone and column != reference and column in self[key.parent].column_names:
                return key, self[key.parent].column(column)
        raise KeyError(reference)

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
        stay what they are. Rules about a key or a table that was left out are left out, too.

        Raises:
            UsageError: a name is not a table of this schema.
        """
        wanted = tuple(names)
        for name in wanted:
            if name not in self.table_names:
                raise UsageError(f"there is no table {name!r}", f"choose from {', '.join(self.table_names)}")
        kept = tuple(k for k in self.foreign_keys if k.table in wanted and k.parent in wanted)
        tables = tuple(self._freed(t, kept, wanted) for t in self.tables if t.name in wanted)
        return Schema(tables, kept, self.subject if self.subject in wanted else None)

    def _parents_done(self, table: str, done: list[str]) -> bool:
        return all(key.parent in (*done, table) for key in self.parents_of(table))

    def _freed(self, table: Table, kept: tuple[ForeignKey, ...], wanted: tuple[str, ...]) -> Table:
        keys = self.parents_of(table.name)
        bound = {name for k in keys if k in kept for name in k.columns} | set(table.primary_key)
        freed = {name for k in keys for name in k.columns} - bound
        personal = self.owned_by(self.subject) if self.subject else ()
        identifying = {name for k in keys if k.parent in personal for name in k.columns}
        columns = tuple(_freed_column(c, c.name in identifying) if c.name in freed else c for c in table.columns)
        rules = (rule for rule in table.rules if not freed & set(rule.references))
        return replace(
            table, columns=columns, rules=tuple(r for r in rules if self._stands(table.name, r, kept, wanted))
        )

    def _stands(self, table: str, rule: Rule, kept: tuple[ForeignKey, ...], wanted: tuple[str, ...]) -> bool:
        """Whether a rule still means something with the foreign keys and the tables that were kept."""
        keys = {self.lookup(table, reference)[0] for reference in rule.references}
        return keys <= {None, *kept} and (not isinstance(rule, Inclusion) or rule.parent in wanted)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``from_dict`` takes it; defaults are left out."""
        return forms.plain(self.tables, self.foreign_keys, self.subject)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Schema:
        """The schema that ``to_dict`` gave.

        Raises:
            UsageError: an unknown key, a missing one, a wrong type or a contradiction.
        """
        return cls(*forms.parts(data))

    def to_toml(self, comments: Mapping[str, str] | None = None) -> str:
        """A reviewable text, one line per column and rule; ``comments`` holds a line for the top of some tables."""
        return forms.toml(self.to_dict(), comments or {})

    @classmethod
    def from_toml(cls, text: str) -> Schema:
        """The schema written as TOML.

        Raises:
            UsageError: not TOML, or not a schema.
        """
        return cls.from_dict(forms.parsed(text))


def _freed_column(column: Column, identifying: bool) -> Column:
    """A column that was part of a foreign key, on its own."""
    if column.kind in (ColumnKind.PII, ColumnKind.TEXT):
        return column
    if identifying:
        return replace(column, kind=ColumnKind.ID, values=())
    return replace(column, kind=ColumnKind.CATEGORICAL)
