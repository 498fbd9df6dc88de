"""Primary keys: the column that is a table's key by its name, else by its values, else a few together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from math import prod

import pyarrow as pa
import pyarrow.compute as pc

from synthkit.inference.names import joined, stems, whole_stems
from synthkit.inference.pii import BELONGING, recipe
from synthkit.inference.profile import Family, Profile, TableProfile
from synthkit.inference.vocabulary import ID_WORDS, NAME_WORDS, NOT_IDS, POSTAL_WORDS, SEQUENCE_WORDS, TIME_WORDS
from synthkit.storage import arrow_type

_BARE = ("id", "uuid", "guid", "pk", "rowid", "recordid")
_ENDINGS = ("id", "uuid", "guid", "key", "code", "no", "nr", "number", "num", "nummer")
# Natural keys that are personal: keys where another table refers to them, else better made afresh as what they are.
_PERSONAL_KEYS = ("email", "phone", "iban", "card_number", "national_id", "username", BELONGING)
_MOST_CONSIDERED = 10  # columns; there are 165 sets of two and three of them
_FIRST_ROWS = 20_000  # most sets of columns show a repetition among these


def single_keys(tables: Sequence[TableProfile]) -> dict[str, str]:
    """The column that is the primary key of each table, for tables that have one.

    A column whose name makes it the key is taken if it is 95 % unique: what is wrong with it then is an
    error of the data. Any other must be unique and without nulls.
    """
    found = ((table.name, _by_name(table, tables) or _by_values(table, tables)) for table in tables)
    return {name: column for name, column in found if column is not None}


def key_names(table: TableProfile, tables: Sequence[TableProfile]) -> tuple[str, ...]:
    """What the key of a table is called after the table, as ``names.joined`` writes it, the likeliest first.

    ``campaign_events`` may have an ``event_id``, but not where there is a table ``events``.
    """
    taken = {stem for other in tables if other is not table for stem in stems(other.name)}
    ours = [stem for stem in stems(table.name) if stem not in taken or stem in whole_stems(table.name)]
    return tuple(stem + ending for ending in _ENDINGS for stem in ours)


def may_be_key(column: Profile) -> bool:
    """Whether values of this storage can be keys."""
    return column.family in (Family.TEXT, Family.INTEGER)


def id_like(column: Profile) -> bool:
    """Whether the name says that the values identify something."""
    last = column.words[-1] if column.words else ""
    return last in ID_WORDS or (last.endswith("id") and len(last) > 4 and last not in NOT_IDS)


def code_like(column: Profile) -> bool:
    """Whether the values are short codes, not words: most hold a digit or are in capitals."""
    codes = [_is_code(value) for value in column.sample]
    return bool(codes) and sum(codes) / len(codes) >= 0.9


def _is_code(value: str) -> bool:
    if not 0 < len(value) <= 40 or any(c.isspace() or c in "@/" for c in value):
        return False
    return any(c.isdecimal() for c in value) or value.isupper() or (len(value) <= 3 and value.isascii())


def _by_name(table: TableProfile, tables: Sequence[TableProfile]) -> str | None:
    possible = {joined(c.name): c for c in reversed(table.columns) if may_be_key(c)}
    likely = (_BARE[0], *key_names(table, tables), *_BARE[1:])
    named = (possible[name] for name in likely if name in possible)
    return next((c.name for c in named if not c.filled or c.share >= 0.95), None)


def _by_values(table: TableProfile, tables: Sequence[TableProfile]) -> str | None:
    unique = [c for c in table.columns if may_be_key(c) and c.unique and not c.nullable and c.distinct > 1]
    made = {c.name: recipe(c, table) for c in unique}
    first = table.columns[0] if table.columns else None
    named = [c for c in unique if id_like(c) or (c is first and (_first_key(c) or _listed(c, tables)))]
    wanted = [c for c in unique if (c in named or made[c.name] in _PERSONAL_KEYS) and referred_to(c, tables)]
    free = [c for c in named if made[c.name] in (None, "uuid", BELONGING)]
    return next((c.name for c in (*wanted, *free)), None)


def _first_key(column: Profile) -> bool:
    """Whether a first column without a telling name codes or numbers the rows (a few numbers prove nothing)."""
    if TIME_WORDS.intersection(column.words):
        return False
    if column.family is Family.TEXT:
        return code_like(column)
    ends = pc.min_max(pc.cast(column.values, arrow_type(column.stored.storage)))
    return column.distinct >= 10 and bool(ends["max"].as_py() - ends["min"].as_py() + 1 == column.distinct)


def _listed(column: Profile, tables: Iterable[TableProfile]) -> bool:
    """Whether a column of the same telling name in another table repeats these values, most of them, and has no other.

    So years of work refer to the women who did it by an ``idcode``, which is neither called an identifier nor counts.
    """
    plain = TIME_WORDS | POSTAL_WORDS | ID_WORDS | NAME_WORDS
    name = joined(column.name)
    others = (c for table in tables if table.name != column.table for c in table.columns if joined(c.name) == name)
    return not plain.issuperset(column.words) and any(
        c.family is column.family and not c.unique and c.within(column) == 1 and _enough(c, column) for c in others
    )


def _enough(column: Profile, listed: Profile) -> bool:
    return column.distinct >= 10 and 2 * column.distinct > listed.distinct


def referred_to(column: Profile, tables: Iterable[TableProfile]) -> bool:
    """Whether another table has a column of that name whose values mostly lie within this one."""
    name = joined(column.name)
    others = (c for table in tables if table.name != column.table for c in table.columns if joined(c.name) == name)
    return any(c.family is column.family and c.distinct and c.within(column) >= 0.5 for c in others)


def composite_key(table: TableProfile, foreign: Sequence[str]) -> tuple[str, ...]:
    """Two or three columns that together are a table's key; none where that is not plain.

    Only foreign keys, identifiers, dates and numbers in a sequence take part. That no combination occurs
    twice must be a surprise (at least five repetitions would be expected if the columns were independent),
    unless the table is nothing but foreign keys or one part is named as a sequence number.
    """
    able = [c for c in table.columns if c.distinct > 1 and not c.nullable and _may_take_part(c, table, foreign)]
    likely = sorted(able, key=lambda c: (c.name not in foreign, c.family is Family.TIME))[:_MOST_CONSIDERED]
    parts = [c for c in able if c in likely]
    sets = [chosen for size in (2, 3) for chosen in combinations(parts, size) if _telling(chosen, table, foreign)]
    best = sorted(sets, key=lambda chosen: (len(chosen), -sum(c.name in foreign for c in chosen)))
    return next((tuple(c.name for c in chosen) for chosen in best if _distinct_together(chosen, table.rows)), ())


def _may_take_part(column: Profile, table: TableProfile, foreign: Sequence[str]) -> bool:
    if column.name in foreign or column.family is Family.TIME or _in_sequence(column):
        return True
    return may_be_key(column) and id_like(column) and recipe(column, table) is None


def _in_sequence(column: Profile) -> bool:
    return column.family is Family.INTEGER and bool(
        SEQUENCE_WORDS.intersection(("".join(column.words), *column.words[-1:]))
    )


def _telling(chosen: Sequence[Profile], table: TableProfile, foreign: Sequence[str]) -> bool:
    anchored = any(c.name in foreign or (id_like(c) and not _in_sequence(c)) for c in chosen)
    if not anchored or prod(c.distinct for c in chosen) < table.rows:
        return False
    only_keys = len(chosen) == len(table.columns) and all(c.name in foreign for c in chosen)
    return only_keys or any(map(_in_sequence, chosen)) or _repetitions(chosen, table.rows) >= 5


def _repetitions(chosen: Sequence[Profile], rows: int) -> float:
    """How many pairs of rows would be equal in all these columns if they were independent."""
    pairs = rows * (rows - 1) / 2
    return pairs * prod(column.equal_pairs / pairs for column in chosen)


def _distinct_together(chosen: Sequence[Profile], rows: int) -> bool:
    return all(_no_row_twice(chosen, limit) for limit in (min(rows, _FIRST_ROWS), rows))


def _no_row_twice(chosen: Sequence[Profile], rows: int) -> bool:
    names = [column.name for column in chosen]
    first = pa.Table.from_arrays([column.column.slice(0, rows) for column in chosen], names)
    return bool(first.group_by(names).aggregate([]).num_rows == rows)
