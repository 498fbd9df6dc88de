"""Foreign keys, by what columns are called and by whether their values are keys of the other table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from synthkit.inference.keys import code_like, key_names
from synthkit.inference.names import joined, stems
from synthkit.inference.profile import Family, Profile, TableProfile
from synthkit.inference.vocabulary import BOSS_WORDS, ID_WORDS, NAME_WORDS

_GENERIC = ID_WORDS | NAME_WORDS | {"pk", "rowid", "recordid"}


@dataclass(frozen=True)
class Link:
    """A column that holds the key of a row of the parent."""

    table: str
    column: str
    parent: str


@dataclass(frozen=True, eq=False)
class _Parent:
    """A primary key, what columns that refer to it are called, and its rank among tables with the same key.

    ``names`` say it; ``nouns`` (the bare ``customer``) may mean something else.
    """

    key: Profile
    names: frozenset[str]
    nouns: frozenset[str]
    rank: tuple[bool, int, int]

    def said_by(self, column: Profile) -> int:
        """How many letters at the end of a column's name say this key; 0 where none do."""
        return max((len(ending) for ending in _endings(column) if ending in self.names), default=0)


def links(tables: Sequence[TableProfile], keys: Mapping[str, str]) -> tuple[list[Link], list[str]]:
    """The foreign keys to tables with a primary key of one column, and notes on columns that are nearly one.

    With a telling name, at least half of the distinct values must be keys of the parent, or a tenth where
    it is just the key's own: the rest are orphans, an error of the data. Without one, all must be, the keys
    must be codes, and there must be just one such parent, which must not itself refer to the table.
    """
    parents = [
        _parent(table, tables, table[keys[table.name]], i) for i, table in enumerate(tables) if table.name in keys
    ]
    columns = [column for table in tables for column in table.columns]
    named = {c.place: link for c in columns if (link := _named(c, parents) or _to_own_table(c, parents))}
    free = [c for c in columns if c.place not in named and keys.get(c.table) != c.name]
    unnamed = {c.place: link for c in free if (link := _unnamed(c, parents, tuple(named.values())))}
    found = named | unnamed
    notes = [note for c in free if c.place not in unnamed for note in _nearly(c, parents)]
    return [found[c.place] for c in columns if c.place in found], notes


def _parent(table: TableProfile, tables: Sequence[TableProfile], key: Profile, place: int) -> _Parent:
    own, name, nouns = key_names(table, tables), joined(key.name), stems(table.name)
    telling = set() if _GENERIC.issuperset(key.words) else {name}
    names = telling.union(own, (noun + name for noun in nouns))
    singular = (noun for noun in nouns if not any(noun != other and noun.startswith(other) for other in nouns))
    return _Parent(key, frozenset(names), frozenset(singular), (name in own, key.distinct, -place))


def _named(column: Profile, parents: Sequence[_Parent]) -> Link | None:
    """The parent in another table that the column's name says; the longest name decides, then the rank."""
    others = [p for p in parents if p.key.table != column.table and _may_hold(column, p, parents)]
    said = [p for p in others if p.said_by(column) and column.within(p.key) >= _enough(column, p)]
    hinted = [p for p in others if p.nouns.intersection(_endings(column)) and _surely(column, p)]
    chosen = max(said or hinted, key=lambda p: (p.said_by(column), p.rank), default=None)
    return Link(column.table, column.name, chosen.key.table) if chosen else None


def _enough(column: Profile, parent: _Parent) -> float:
    """The share of the distinct values that must be keys; few do where the column is called just like the key."""
    return 0.1 if joined(column.name) in parent.names else 0.5


def _may_hold(column: Profile, parent: _Parent, parents: Sequence[_Parent]) -> bool:
    """Whether the storage fits, and, for a primary key, whether it is the other one that comes first."""
    own = next((p for p in parents if p.key is column), None)
    return (column.family is parent.key.family or not column.distinct) and (own is None or parent.rank > own.rank)


def _surely(column: Profile, parent: _Parent) -> bool:
    return column.distinct >= 3 and column.within(parent.key) == 1


def _to_own_table(column: Profile, parents: Sequence[_Parent]) -> Link | None:
    """A link to the column's own table, for names such as ``parent_customer_id`` and ``manager_id``."""
    own = next((p for p in parents if p.key.table == column.table and p.key is not column), None)
    if own is None or column.family is not own.key.family or not column.distinct:
        return None
    prefixed = 0 < own.said_by(column) < len(joined(column.name))
    stem = column.words[:-1] if column.words[-1:] and column.words[-1] in ID_WORDS else column.words
    enough = 0.5 if prefixed else 1
    fits = (prefixed or "".join(stem) in BOSS_WORDS) and column.within(own.key) >= enough
    return Link(column.table, column.name, column.table) if fits else None


def _unnamed(column: Profile, parents: Sequence[_Parent], known: Sequence[Link]) -> Link | None:
    """A link to the one table whose keys are codes that hold every value of a text column."""
    if column.family is not Family.TEXT:
        return None
    below = _descendants(column.table, known)
    others = [p for p in parents if p.key.table not in below and p.key.distinct >= column.distinct]
    holding = [p for p in others if p.key.family is Family.TEXT and _surely(column, p) and _is_code_list(p.key)]
    return Link(column.table, column.name, holding[0].key.table) if len(holding) == 1 else None


def _is_code_list(key: Profile) -> bool:
    """Single letters and digits are codes of too many things."""
    return code_like(key) and all(len(value) > 1 for value in key.sample)


def _descendants(table: str, known: Sequence[Link]) -> set[str]:
    """A table and all that refer to it, directly or not."""
    found, grown = {table}, True
    while grown:
        more = {link.table for link in known if link.parent in found} - found
        found, grown = found | more, bool(more)
    return found


def _nearly(column: Profile, parents: Sequence[_Parent]) -> Iterator[str]:
    """Why a column that is called exactly like a key of another table is no foreign key."""
    others = (p for p in parents if p.key.table != column.table and joined(column.name) in p.names)
    if joined(column.name) == "id":  # the name says no table, and counting from 1 says nothing
        holding = [p.key.table for p in parents if p.key.table != column.table and _fills(column, p)]
        for table in holding if len(holding) == 1 else ():
            yield f"{column.place} holds keys of {table} only; if it means them, declare a foreign key in the schema"
    for parent in others:
        start = f"{column.place} is called like the key of {parent.key.table} but"
        if column.family is not parent.key.family:
            types = f"{column.stored.storage}, not {parent.key.stored.storage}"
            yield f"{start} is stored as {types}, so it is no foreign key; write both alike"
        else:
            inside = round(column.within(parent.key) * column.distinct)
            yield f"{start} only {inside} of {column.distinct} distinct values are keys, so it is no foreign key"


def _fills(column: Profile, parent: _Parent) -> bool:
    """Whether all values are keys of the parent, and most of these occur."""
    same = column.family is parent.key.family
    return same and _surely(column, parent) and 2 * column.distinct > parent.key.distinct


def _endings(column: Profile) -> Iterator[str]:
    return ("".join(column.words[start:]) for start in range(len(column.words)))
