"""Conditions on the subjects, as a user writes them: ``segment = 'affluent' and income >= 50000``."""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from synthkit.dataset import Dataset
from synthkit.errors import DataError, UsageError
from synthkit.row_numbers import Flags
from synthkit.schema import Column, Schema
from synthkit.storage import arrow_type, dtype_of, to_frame

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^']|'')*')|(?P<name>"(?:[^"]|"")*"|[^\W\d][\w.]*)"""
    r"""|(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<sign><=|>=|!=|<>|=|<|>|\(|\)|,))"""
)
_WORDS = ("and", "in", "is", "not", "null", "true", "false")
_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FORM = "write COLUMN = VALUE, !=, <, <=, >, >=, in (...), is null, joined by and; text stands in single quotes"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a column with values.

    Attributes:
        column: of the subject table.
        sign: ``in``, ``not in``, ``<``, ``<=``, ``>``, ``>=``, ``null`` or ``not null``.
        values: to compare with, as the column stores them.
    """

    column: Column
    sign: str
    values: pd.Series[Any]

    def met(self, cells: pd.Series[Any]) -> Flags:
        """Which cells are so; null is only so where null is asked for."""
        if self.sign in ("null", "not null"):
            return np.asarray(cells.isna() == (self.sign == "null"), dtype=bool)
        found = (
            cells.isin(self.values) if self.sign in ("in", "not in") else _SIGNS[self.sign](cells, self.values.iloc[0])
        )
        held = np.asarray(found.fillna(value=False), dtype=bool)
        return (~held if self.sign == "not in" else held) & cells.notna().to_numpy()


@dataclass(frozen=True)
class Where:
    """Comparisons that all hold for the rows of the subject table.

    Attributes:
        table: the subject table.
        comparisons: at least one.
    """

    table: str
    comparisons: tuple[Comparison, ...]

    @classmethod
    def read(cls, text: str, schema: Schema) -> Where:
        """Read what a user wrote, about the subject table of a schema.

        Raises:
            UsageError: not in this form, no such column, none that a model sees, or values of another type.
        """
        table = str(schema.subject)
        tokens = _Tokens(text)
        found = [_comparison(tokens, schema, table)]
        while tokens.take("and"):
            found.append(_comparison(tokens, schema, table))
        tokens.end()
        return cls(table, tuple(found))

    def met(self, data: Dataset) -> Flags:
        """Which subjects are so."""
        frame = data[self.table]
        met = [each.met(frame[each.column.name]) for each in self.comparisons]
        return np.asarray(np.logical_and.reduce(met), dtype=bool)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that are compared, each once."""
        return tuple({each.column.name: each.column for each in self.comparisons}.values())


class _Tokens:
    """The words, signs and values of a text, one after the other."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._place = 0

    def take(self, *wanted: str) -> str | None:
        """The next token, if it is one of those words or signs."""
        kind, text = self._tokens[self._place]
        word = text.casefold() if kind == "name" else text
        if kind not in ("name", "sign") or word not in wanted:
            return None
        self._place += 1
        return word

    def need(self, *wanted: str) -> str:
        """The next token, which must be one of those words or signs."""
        found = self.take(*wanted)
        if found is None:
            raise self._refused()
        return found

    def column(self) -> str:
        """The next token, which must name a column."""
        kind, text = self._tokens[self._place]
        if kind != "name" or text.casefold() in _WORDS:
            raise self._refused()
        self._place += 1
        return text[1:-1].replace('""', '"') if text.startswith('"') else text

    def value(self, column: Column) -> str | float | bool:
        """The next token, which must be a value of a column."""
        if (word := self.take("true", "false")) is not None:
            return word == "true"
        kind, text = self._tokens[self._place]
        if kind == "name":
            remedy = f"write {text!r}" if _type_of(column) == "text" else f"write {_form_of(column)}"
            raise UsageError(f"{column.name} is compared with {text}, which is no value", remedy)
        if kind not in ("text", "number"):
            raise self._refused()
        self._place += 1
        if kind == "text":
            return text[1:-1].replace("''", "'")
        return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)

    def end(self) -> None:
        """Nothing may follow."""
        if self._tokens[self._place][0] != "end":
            raise self._refused()

    def _refused(self) -> UsageError:
        kind, text = self._tokens[self._place]
        seen = "its end" if kind == "end" else repr(text)
        return UsageError(f"the condition cannot be read at {seen} (part {self._place + 1})", _FORM)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place, rest = 0, text.rstrip()
    while place < len(rest):
        found = _TOKEN.match(rest, place)
        if found is None:
            odd = len(rest) - len(rest[place:].lstrip())
            raise UsageError(f"the condition cannot be read from its character {odd + 1} on", _FORM)
        yield str(found.lastgroup), found[str(found.lastgroup)]
        place = found.end()
    yield "end", ""


def _comparison(tokens: _Tokens, schema: Schema, table: str) -> Comparison:
    column = compared(schema, table, tokens.column())
    sign = tokens.need("=", "!=", "<>", *_SIGNS, "in", "not", "is")
    if sign == "is":
        kept = "not null" if tokens.take("not") else "null"
        tokens.need("null")
        return Comparison(column, kept, _stored([], column, table))
    if sign == "not":
        tokens.need("in")
    values = _listed(tokens, column) if sign in ("in", "not") else [tokens.value(column)]
    if sign in _SIGNS and _type_of(column) in ("text", "truth"):
        raise UsageError(f"{sign} needs an order, which its values have not", "use = or in", f"{table}.{column.name}")
    name = {"=": "in", "!=": "not in", "<>": "not in", "not": "not in"}.get(sign, sign)
    return Comparison(column, name, _stored(values, column, table))


def _listed(tokens: _Tokens, column: Column) -> list[Any]:
    tokens.need("(")
    values = [tokens.value(column)]
    while tokens.need(",", ")") == ",":
        values.append(tokens.value(column))
    return values


def compared(schema: Schema, table: str, reference: str) -> Column:
    """The column of the subject table that a user means, which a model must have seen.

    Raises:
        UsageError: there is no such column, with the nearest, or no model sees it.
    """
    name = reference.removeprefix(f"{table}.")
    others = [other for other in schema.table_names if reference.startswith(f"{other}.") and other != table]
    if name not in schema[table].column_names and others:
        raise UsageError(f"conditions are about {table}, the subjects", "name one of its columns", reference)
    modelled = {column.name: column for column in schema.modelled(table)}
    if name in modelled:
        return modelled[name]
    if name in schema[table].column_names:
        problem, remedy = "no model sees keys, personal data or free text", f"choose from {', '.join(modelled)}"
        raise UsageError(problem, remedy, f"{table}.{name}")
    near = difflib.get_close_matches(name, list(modelled), n=1)
    remedy = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(modelled)}"
    raise UsageError(f"there is no column {name!r}", remedy, table)


def _type_of(column: Column) -> str:
    kind = arrow_type(column.storage)
    if pa.types.is_string(kind):
        return "text"
    if pa.types.is_boolean(kind):
        return "truth"
    return "time" if pa.types.is_date(kind) or pa.types.is_timestamp(kind) else "number"


def _form_of(column: Column) -> str:
    """How a value of the column is written in a condition."""
    forms = {"text": "text in quotes", "truth": "true or false", "time": "a date in quotes, such as '2026-01-31'"}
    return forms.get(_type_of(column), "a number")


def _stored(values: list[Any], column: Column, table: str) -> pd.Series[Any]:
    """Values as the column stores them; numbers as they are, as half a visit is less than one."""
    wanted = _type_of(column)
    found = [_one(value, column, wanted) for value in values]
    if any(value is None for value in found):
        problem = f"it is compared with what is no {wanted}"
        raise UsageError(problem, f"write {_form_of(column)}", f"{table}.{column.name}")
    numbers = wanted == "number" and found
    made: pd.Series[Any] = pd.Series(found, dtype=None if numbers else dtype_of(column.storage, nullable=True))
    return made


def _one(value: str | float | bool, column: Column, wanted: str) -> Any:
    """One value as the column stores it, from text in its own form or the usual one; None for no such value."""
    if not isinstance(value, str):
        return value if wanted == ("truth" if isinstance(value, bool) else "number") else None
    text = pa.table({column.name: pa.array([value], pa.string())})
    for style in (column.format, None):
        with suppress(DataError):
            return to_frame(text, (replace(column, format=style, missing=None),))[column.name].iloc[0]
    return None
