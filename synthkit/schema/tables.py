"""Columns, tables and foreign keys: frozen, and never a real value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import ConfigDict

from synthkit.schema.rules import Rule


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
        pii: the recipe for fresh values: ``name``, ``email``, ``phone`` and others. For kind ``pii``; a column of
            kind ``text`` comes back empty without one.
        values: for kind ``categorical``, every category that may occur, where the author of the schema
            lists them as the column stores them: they are no secret then, and may come out though few subjects
            have them.
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
    values: tuple[str | int | float | bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes:
        name: as the file it is read from.
        columns: in order.
        primary_key: the columns that make it: none, one or several.
        reference: whether it is nobody's data and comes out as it is; only the author of a schema can say so.
        rules: what holds for its rows.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    reference: bool = False
    rules: tuple[Rule, ...] = ()

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
