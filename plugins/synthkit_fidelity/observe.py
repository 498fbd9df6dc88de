"""What is counted in a chunk of data.

A chunk is a ``Dataset`` of whole subjects with all that they own, so that every relation of theirs lies
within it; tables that no subject owns stand whole, in the same order, in every chunk.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import combinations, product
from typing import Any, TypeAlias

import numpy as np

from synthkit import Column, ColumnKind, Dataset, ForeignKey, Schema, parent_rows
from synthkit_fidelity.cells import Cells, Codes, continuous, summary
from synthkit_fidelity.states import Children, Floats, Integers, Key, Moments, State, Tally

Path: TypeAlias = tuple[ForeignKey, ...]  # one key to a parent, or two to a grandparent
Codebook: TypeAlias = Mapping[tuple[str, str], Cells]
Step: TypeAlias = Callable[[str], None]
_Parts: TypeAlias = Iterator[tuple[Key, Any]]

MOST_TRIPLES = 50  # of a table
_NOBODY = -1


def margins(chunk: Dataset, step: Step = lambda _: None) -> State:
    """Every column of its own; ``step`` is called with the name of each table."""
    parts: dict[Key, Any] = {}
    for table in chunk.schema.table_names:
        step(table)
        for column in compared(chunk.schema, table):
            parts["column", table, column.name] = summary(chunk[table][column.name], column)
    return State(parts, _shared(chunk.schema, parts))


def codebook(schema: Schema, real: State) -> Codebook:
    """The cells of every column, from the margins of all real chunks together."""
    columns = [(table, column) for table in schema.table_names for column in compared(schema, table)]
    return {(t, c.name): Cells.of(c, real.parts["column", t, c.name]) for t, c in columns}


def joints(chunk: Dataset, book: Codebook, *, seed: int, step: Step = lambda _: None) -> State:
    """What columns have to do with each other, within tables and along foreign keys, and the order in time.

    ``seed`` chooses the triples of columns where a table has too many; ``step`` is called with the name of
    each table and relation.
    """
    coded, parts = _Coded(chunk, book), dict[Key, Any]()
    for table in scored(chunk.schema):
        step(table)
        parts.update(_within(coded, table))
        parts.update(_triples(coded, table, seed))
        parts.update(_order(coded, table))
    for path in paths(chunk.schema):
        step(path[0].table)
        parts.update(_across(coded, path))
    return State(parts, _shared(chunk.schema, parts))


def scored(schema: Schema) -> list[str]:
    """The tables whose own columns are scored: not the reference tables, which are copied as they are."""
    return [table.name for table in schema.tables if not table.reference]


def compared(schema: Schema, table: str) -> tuple[Column, ...]:
    """The columns of a table that a model learns, or that it sees beside a key where the table is a reference."""
    keys = schema.key_columns(table)
    return tuple(c for c in schema[table].columns if c.kind.modelled and c.name not in keys)


def paths(schema: Schema) -> list[Path]:
    """The ways to parents, then the ways to grandparents."""
    keys = [key for key in schema.foreign_keys if key.table in scored(schema)]
    return [*((key,) for key in keys), *((a, b) for a, b in product(keys, keys) if b.table == a.parent)]


def triples(schema: Schema, table: str, seed: int) -> list[tuple[str, str, str]]:
    """Up to ``MOST_TRIPLES`` triples of columns, whatever the order of the columns."""
    names = sorted(column.name for column in compared(schema, table))
    if math.comb(len(names), 3) <= MOST_TRIPLES:
        return list(combinations(names, 3))
    random, found = np.random.default_rng(np.random.SeedSequence(seed)), set[tuple[int, ...]]()
    while len(found) < MOST_TRIPLES:
        found.add(tuple(sorted(random.choice(len(names), 3, replace=False).tolist())))
    return [(names[a], names[b], names[c]) for a, b, c in sorted(found)]


def numbers_of(schema: Schema, table: str) -> list[str]:
    """The columns with an order and a distance: numbers and dates."""
    return [column.name for column in compared(schema, table) if continuous(column)]


def _owned(schema: Schema) -> tuple[str, ...]:
    return schema.table_names if schema.subject is None else schema.owned_by(schema.subject)


def _shared(schema: Schema, parts: Mapping[Key, Any]) -> frozenset[Key]:
    owned = _owned(schema)
    return frozenset(key for key in parts if _table(key) not in owned)


def _table(key: Key) -> str:
    return key[1] if isinstance(key[1], str) else str(key[1][0].table)


class _Coded:
    """A chunk whose columns are read once."""

    def __init__(self, data: Dataset, book: Codebook) -> None:
        self.data, self.schema = data, data.schema
        self._book = book
        self.codes, self.numbers, self.parents = cache(self._codes), cache(self._numbers), cache(self._parents)

    def cells(self, table: str, name: str) -> Cells:
        return self._book[table, name]

    def columns(self, table: str) -> tuple[Column, ...]:
        return compared(self.schema, table)

    def ancestors(self, path: Path) -> Integers:
        """The ancestor's row for each row, negative where there is none."""
        rows = self.parents(path[0])
        for key in path[1:]:
            rows = np.where(rows >= 0, np.append(self.parents(key), _NOBODY)[rows], _NOBODY)
        return rows

    def _parents(self, key: ForeignKey) -> Integers:
        return parent_rows(self.data, key)

    def _codes(self, table: str, name: str) -> Codes:
        cells = self.cells(table, name)
        if continuous(cells.column):
            return cells.of_numbers(self.numbers(table, name) / cells.scale)
        return cells.of_categories(self.data[table][name])

    def _numbers(self, table: str, name: str) -> Floats:
        return self.cells(table, name).scaled(self.data[table][name])


def _within(coded: _Coded, table: str) -> _Parts:
    names = [column.name for column in coded.columns(table)]
    for a, b in combinations(names, 2):
        yield ("pair", table, a, b), _joint(coded.codes(table, a), coded.codes(table, b), coded.cells(table, b).size)
    numbers = [coded.numbers(table, name) for name in numbers_of(coded.schema, table)]
    if len(numbers) > 1:
        yield ("moments", table), Moments.of(numbers)
    if len(names) > 1:
        yield ("nulls", table), _patterns(coded, table, sorted(names))


def _joint(first: Codes, second: Codes, size: int) -> Tally:
    codes = first.astype(np.int64) * size + second
    return Tally.of_codes(codes, int(codes.max(initial=-1)) + 1)


def _patterns(coded: _Coded, table: str, names: list[str]) -> Tally:
    """How often each set of columns is null together, each set under a number drawn for it by hashing."""
    weights = np.random.default_rng(0).integers(1, 2**64, len(names), dtype=np.uint64)
    patterns = np.zeros(len(coded.data[table]), dtype=np.uint64)
    for name, weight in zip(names, weights, strict=True):
        patterns += (coded.codes(table, name) == 0) * weight
    return Tally.of(patterns)


def _triples(coded: _Coded, table: str, seed: int) -> _Parts:
    for names in triples(coded.schema, table, seed):
        total = np.zeros(len(coded.data[table]), dtype=np.int64)
        for name in names:
            coarse = coded.cells(table, name).coarse
            total = total * 8 + coarse[coded.codes(table, name)]
        yield ("triple", table, *names), Tally.of_codes(total, 8**3)


def _across(coded: _Coded, path: Path) -> _Parts:
    table, above = path[0].table, path[-1].parent
    ancestors = coded.ancestors(path)
    rows = np.flatnonzero(ancestors >= 0)
    ancestors = ancestors[rows]
    if len(path) == 1:
        yield ("children", path), _children(coded, path[0], ancestors)
    lower = {c.name: coded.codes(table, c.name)[rows] for c in coded.columns(table)}
    upper = {c.name: coded.codes(above, c.name)[ancestors] for c in coded.columns(above)}
    for a, b in product(lower, upper):
        yield ("cross", path, a, b), _joint(lower[a], upper[b], coded.cells(above, b).size)
    numbers = [coded.numbers(table, name)[rows] for name in numbers_of(coded.schema, table)]
    more = [coded.numbers(above, name)[ancestors] for name in numbers_of(coded.schema, above)]
    if numbers and more:
        yield ("moments", path), Moments.of([*numbers, *more])


def _children(coded: _Coded, key: ForeignKey, parents: Integers) -> Children | Tally:
    children = Children(np.bincount(parents, minlength=len(coded.data[key.parent])))
    owned = _owned(coded.schema)
    return children if key.table in owned and key.parent not in owned else children.tally


def _order(coded: _Coded, table: str) -> _Parts:
    path = _path_to_subject(coded.schema, table)
    if not path:
        return
    subjects = coded.ancestors(path)
    dates = [c.name for c in coded.columns(table) if c.kind is ColumnKind.DATETIME]
    numbers = [c.name for c in coded.columns(table) if c.kind is ColumnKind.NUMERICAL]
    for date in dates:
        times = coded.numbers(table, date)
        before, after = _consecutive(subjects, times, times)
        yield ("gaps", table, date), Tally.of(after - before)
        for name in numbers:
            pair = _consecutive(subjects, times, coded.numbers(table, name))
            yield ("lag", table, date, name), Moments.of(list(pair))


def _path_to_subject(schema: Schema, table: str) -> Path:
    path: list[ForeignKey] = []
    while (key := schema.owner_of(table)) is not None and table != schema.subject and key not in path:
        path.append(key)
        table = key.parent
    return tuple(path) if table == schema.subject else ()


def _consecutive(subjects: Integers, times: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Each value and the next one of the same subject in time; values of one time in their own order."""
    known = np.flatnonzero((subjects >= 0) & ~np.isnan(times) & ~np.isnan(values))
    known = known[np.lexsort((values[known], times[known], subjects[known]))]
    same = np.flatnonzero(np.diff(subjects[known]) == 0)
    return values[known[same]], values[known[same + 1]]
