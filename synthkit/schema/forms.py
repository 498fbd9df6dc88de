"""A schema as plain data and as TOML, both ways."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

import tomlkit
from pydantic import TypeAdapter, ValidationError

from synthkit.errors import UsageError
from synthkit.schema.tables import Column, ForeignKey, Table

VERSION = 1
_T = TypeVar("_T")

# made once: making one takes milliseconds, and there are thousands of columns
_COLUMN, _TABLE, _FOREIGN_KEYS = TypeAdapter(Column), TypeAdapter(Table), TypeAdapter(tuple[ForeignKey, ...])

_PROBLEMS = {  # pydantic's kinds of errors, in the words of whoever writes TOML
    "tuple_type": "a list in brackets is expected",
    "dataclass_type": "a table of keys is expected",
    "model_attributes_type": "a table of keys is expected",
    "missing": "this key is needed",
    "unexpected_keyword_argument": "there is no such key",
    "union_tag_not_found": "a rule needs a kind",
    "union_tag_invalid": "there is no such kind of rule; known are {expected_tags}",
}

Parts = tuple[tuple[Table, ...], tuple[ForeignKey, ...], str | None]


def plain(tables: Iterable[Table], foreign_keys: Iterable[ForeignKey], subject: str | None) -> dict[str, Any]:
    """The parts of a schema as plain data; defaults are left out."""
    named = {} if subject is None else {"subject": subject}
    keys = [_without_defaults(key) for key in foreign_keys]
    return {"version": VERSION, **named, "tables": {t.name: _table_dict(t) for t in tables}, "foreign_keys": keys}


def parts(data: Mapping[str, Any]) -> Parts:
    """The parts of a schema from plain data.

    Raises:
        UsageError: an unknown key, a missing one or a wrong type.
    """
    _only(data, {"version", "subject", "tables", "foreign_keys"}, "the schema")
    if data.get("version", VERSION) != VERSION:
        raise UsageError("this schema was written by another version of synthkit", "infer it again")
    tables = tuple(_table_from(name, value) for name, value in _named(data, "tables", "the schema"))
    keys = _checked(_FOREIGN_KEYS, data.get("foreign_keys", ()), "foreign_keys")
    return tables, keys, data.get("subject")


def toml(data: Mapping[str, Any], comments: Mapping[str, str]) -> str:
    """Plain data of a schema as a reviewable text, one line per column and rule; ``comments`` by table."""
    document = tomlkit.document()
    for name in ("version", "subject"):
        if name in data:
            document[name] = data[name]
    tables = tomlkit.table(is_super_table=True)
    for name, value in data["tables"].items():
        tables[name] = _table_toml(value, comments.get(name))
    document["tables"] = tables
    if data["foreign_keys"]:
        document["foreign_keys"] = _array_of_tables(data["foreign_keys"])
    return tomlkit.dumps(document)


def parsed(text: str) -> dict[str, Any]:
    """The plain data of a schema that is written as TOML.

    Raises:
        UsageError: not TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"the schema is not valid TOML: {error}", "correct it") from None


def _without_defaults(item: Any) -> dict[str, Any]:
    pairs = ((f, getattr(item, f.name)) for f in fields(item))
    return {f.name: list(v) if isinstance(v, tuple) else v for f, v in pairs if v != f.default}


def _rule_dict(rule: Any) -> dict[str, Any]:
    return {"kind": rule.kind, **_without_defaults(rule)}


def _table_dict(table: Table) -> dict[str, Any]:
    own = _without_defaults(replace(table, columns=(), rules=()))
    rules = {"rules": [_rule_dict(rule) for rule in table.rules]} if table.rules else {}
    columns = {}
    for column in table.columns:
        values = _without_defaults(column)
        name = values.pop("name")
        columns[name] = {k: str(v) if k == "kind" else v for k, v in values.items()}
    del own["name"]
    return {**own, **rules, "columns": columns}


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
        place = "".join(f" #{part + 1}" if isinstance(part, int) else f".{part}" for part in first["loc"])
        problem = _PROBLEMS.get(first["type"], first["msg"].lower()).format(**first.get("ctx", {}))
        raise UsageError(problem, "correct the schema", f"{where}{place}") from None


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


def _table_toml(data: Mapping[str, Any], comment: str | None) -> tomlkit.items.Table:
    table = tomlkit.table()
    if comment is not None:
        table.add(tomlkit.comment(comment))
    for key, value in data.items():
        if key not in ("columns", "rules"):
            table[key] = value
    if "rules" in data:
        table["rules"] = _lines(data["rules"])
    columns = tomlkit.table()
    for name, values in data["columns"].items():
        columns[name] = _line(values)
    table["columns"] = columns
    return table


def _lines(items: Iterable[Mapping[str, Any]]) -> tomlkit.items.Array:
    array = tomlkit.array().multiline(True)
    array.extend(map(_line, items))
    return array


def _line(values: Mapping[str, Any]) -> tomlkit.items.InlineTable:
    line = tomlkit.inline_table()
    line.update(values)
    return line


def _array_of_tables(items: list[dict[str, Any]]) -> tomlkit.items.AoT:
    array = tomlkit.aot()
    for item in items:
        table = tomlkit.table()
        table.update(item)
        array.append(table)
    return array
