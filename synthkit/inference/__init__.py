"""Schema inference: from tables to a Schema that holds no value of theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from synthkit.inference import foreign, keys, kinds, subject
from synthkit.inference.foreign import Link
from synthkit.inference.pii import RECIPES
from synthkit.inference.profile import TableProfile, profiles
from synthkit.schema import ColumnKind, ForeignKey, Schema, Table

__all__ = ["RECIPES", "infer"]


def infer(tables: Mapping[str, pa.Table]) -> tuple[Schema, list[str]]:
    """Find out types, kinds, keys, personal columns and the subject table, and what should be reviewed.

    Tables of an untyped format hold text only, with null for the empty cell; typed ones keep their types.
    The order of tables and columns is kept, and the same tables give the same schema. No table is marked
    as reference. Neither the schema nor the notes (sentences) hold a value of the data.

    Raises:
        DataError: a column is of a type that no table can hold.
        UsageError: two columns of a table have one name.

    Example:
        >>> people = pa.table({"person_id": ["1", "2", "3"], "height": ["1.70", "1.82", "1.66"]})
        >>> visits = pa.table({"visit_id": ["7", "8"], "person_id": ["2", "2"]})
        >>> schema, notes = infer({"people": people, "visits": visits})
        >>> [(key.table, key.columns, key.parent) for key in schema.foreign_keys]
        [('visits', ('person_id',), 'people')]
    """
    seen = profiles(tables)
    single = keys.single_keys(seen)
    links, notes = foreign.links(seen, single)
    found = [_table(table, single, links) for table in seen]
    personal = {table.name: any(c.kind is ColumnKind.PII for c in table.columns) for table in found}
    chosen = subject.subject(seen, links, personal)
    owning = subject.owners(chosen, seen, links)
    foreign_keys = tuple(ForeignKey(k.table, (k.column,), k.parent, (single[k.parent],), k in owning) for k in links)
    schema = Schema(tuple(_held(table, seen, foreign_keys, chosen) for table in found), foreign_keys, chosen)
    return schema, [*notes, *_notes(seen, schema)]


def _held(table: Table, seen: Sequence[TableProfile], foreign_keys: Sequence[ForeignKey], chosen: str | None) -> Table:
    """The table that subjects are counted in, with the column that says which rows are one subject's."""
    if table.name != chosen and len(seen) > 1:
        return table
    keys = {name for key in foreign_keys if key.table == table.name for name in key.columns}
    profile = next(each for each in seen if each.name == table.name)
    held = subject.subject_key(profile, [*keys, *table.primary_key])
    columns = (replace(c, kind=ColumnKind.ID, pii=None) if c.name in held else c for c in table.columns)
    return replace(table, columns=tuple(columns), subject_key=held)


def _table(table: TableProfile, single: Mapping[str, str], links: Sequence[Link]) -> Table:
    referring = [link.column for link in links if link.table == table.name]
    primary = (single[table.name],) if table.name in single else keys.composite_key(table, referring)
    key_columns = {*referring, *(primary if len(primary) == 1 else ())}
    columns = tuple(kinds.column(column, table, key_columns) for column in table.columns)
    return Table(table.name, columns, primary)


def _notes(tables: Iterable[TableProfile], schema: Schema) -> Iterable[str]:
    for table in tables:
        key_columns = schema.key_columns(table.name)
        for name in schema[table.name].subject_key:
            yield f"{table.name}.{name} says whose a row is: subjects are counted by it, not by rows"
        ordinary = (c for c in table.columns if c.name not in key_columns)
        yield from (note for c in ordinary for note in kinds.notes(c, schema[table.name].column(c.name)))
