"""The tables of a fitted HMASynthesizer, each with exactly as many rows as asked for."""

# ruff: noqa: SLF001 - SDV offers no public way; a test fails when one of these names is gone

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from synthkit import Context, ForeignKey
from synthkit_sdv.families import Families, uncovered
from synthkit_sdv.further import further_parents, parents_weighed
from synthkit_sdv.tables import KEY, Tables

_Array = npt.NDArray[Any]

WEIGHED = 10_000_000  # pairs of a child row and a possible further parent; SDV takes about 6 µs for each
PIECE = 4_000_000  # numbers that tell of the families drawn at once


@dataclass(frozen=True)
class Hierarchy:
    """Draws the tables of a fitted ``HMASynthesizer``, all chance from numpy's global generator.

    SDV's own ``sample`` scales all tables alike, draws every parent's children from one and the same seed,
    depends on the order of Python sets and turns the children back into values one parent at a time. Here
    SDV gives the models; the numbers of rows are ours, and whole tables are turned back at once.

    Attributes:
        model: fitted; only the state of its generators changes.
        tables: how its tables are told.
        context: is told whose children are drawn.
        vectorised: the families of many parents are drawn at once, as arrays; else SDV makes a model of each
            parent's children out of the parent's row.
    """

    model: Any
    tables: Tables
    context: Context
    vectorised: bool = True

    def draw(self, sizes: Mapping[str, int]) -> dict[str, pd.DataFrame]:
        """The tables in the training part's form, with so many rows; children stand in the order of their parents."""
        drawn: dict[str, pd.DataFrame] = {}
        parents: dict[str, pd.DataFrame] = {}
        for name in self.tables.schema.order():
            keys: dict[str, _Array] = {}
            if links := self.links(name):
                values = self._children(links[0], sizes[name], parents, keys)
                for link in links[1:]:
                    keys[link.columns[0]] = self._further_parents(link, sizes[name], values, parents)
            else:
                parents[name] = self._parents(name, sizes[name])
                values = self._values(name, parents[name])
            drawn[name] = self.tables.from_sdv(name, sizes[name], values, keys)
        return drawn

    def links(self, name: str) -> tuple[ForeignKey, ...]:
        """The foreign keys of a table that were learned; its rows are drawn by the first one."""
        learned = [
            key
            for key in self.tables.schema.parents_of(name)
            if f"{self._prefix(key)}num_rows" in self.model._max_child_rows
        ]
        return tuple(sorted(learned, key=lambda key: not key.owner))

    def _parents(self, name: str, rows: int) -> pd.DataFrame:
        """Rows of a table without parents: its columns as SDV models them, and what tells of its children."""
        table = self.model._table_synthesizers.get(self.tables.table(name))
        if table is None or table._model is None:
            return pd.DataFrame(index=range(rows))
        drawn: pd.DataFrame = table._model.sample(rows)
        return drawn

    def _children(
        self, link: ForeignKey, rows: int, parents: Mapping[str, pd.DataFrame], keys: dict[str, _Array]
    ) -> pd.DataFrame:
        """The values of a table drawn parent by parent; the row numbers of the parents go into ``keys``."""
        counts = self._counts(link, rows, parents[link.parent])
        orphans = rows - counts.sum()
        keys[link.columns[0]] = _keys(counts, orphans)
        if rows == 0 or not self.tables.modelled(link.table):
            return pd.DataFrame()
        drawn = list(self._families(link, counts, parents[link.parent]))
        if orphans:
            table = self.model._table_synthesizers[self.tables.table(link.table)]
            without = self.model._null_child_synthesizers.get(self._prefix(link).removesuffix("__"), table)
            drawn.append(without._model.sample(orphans))
        return self._values(link.table, pd.concat(drawn, ignore_index=True))

    def _families(self, link: ForeignKey, counts: _Array, parents: pd.DataFrame) -> Iterator[pd.DataFrame]:
        """The children of all parents, one parent after another, as SDV models them."""
        if not self._vectorised(link, parents):
            yield from self._one_by_one(link, counts, parents)
            return
        names = sorted(self.tables.modelled(link.table).values())
        size = max(PIECE // len(names) ** 2, 1)
        for first in range(0, len(parents), size):
            some = slice(first, first + size)
            text = f"{link.table} of {first + 1} to {min(first + size, len(parents))} of {len(parents)} {link.parent}"
            self._progress(link.table, first / len(parents), text)
            drawn = self._copulas(link, parents[some]).draw(counts[some])
            yield pd.DataFrame(drawn, columns=names)

    def _vectorised(self, link: ForeignKey, parents: pd.DataFrame) -> bool:
        """Whether the copulas of these families can be made as arrays; a note where they should and cannot."""
        if not self.vectorised:
            return False
        lacking = uncovered(parents.columns, self._prefix(link), self.tables.modelled(link.table).values())
        if lacking:
            told = f"{link.parent} does not tell two parameters of each of its columns"
            self.context.note(f"hma drew {link.table} with SDV's own slow code: {told}")
        return not lacking

    def _copulas(self, link: ForeignKey, parents: pd.DataFrame) -> Families:
        columns = self.tables.modelled(link.table).values()
        return Families.of(self.model, self.tables.table(link.table), self._prefix(link), columns, parents)

    def _one_by_one(self, link: ForeignKey, counts: _Array, parents: pd.DataFrame) -> Iterator[pd.DataFrame]:
        """The children of each parent that has some, from a model that SDV makes of the parent's row."""
        child, column = self.tables.table(link.table), self.tables.column(link.table, link.columns[0])
        table = self.model._table_synthesizers[child]
        blank = self.model._synthesizer(table.get_metadata(), **self.model._table_parameters[child])
        with_children = np.flatnonzero(counts)
        for done, parent in enumerate(with_children):
            text = f"{link.table} of {done + 1} of {len(with_children)} {link.parent}"
            self._progress(link.table, done / len(with_children), text)
            parameters = self.model._extract_parameters(parents.iloc[parent], child, column)
            blank._set_parameters(parameters, self.model._default_parameters[child])
            yield blank._model.sample(counts[parent])

    def _further_parents(
        self, link: ForeignKey, rows: int, values: pd.DataFrame, parents: Mapping[str, pd.DataFrame]
    ) -> _Array:
        """Who else each row belongs to: weighed by likelihoods, or dealt out where there is nothing to weigh."""
        known = parents[link.parent]
        counts = self._counts(link, rows, known)
        self._progress(link.table, 1, f"{link.table}.{link.columns[0]}")
        if values.empty:
            return _dealt(counts, rows)
        if self._vectorised(link, known):
            return self._weighed(link, values, known, counts)
        return self._weighed_by_sdv(link, values, known, counts)

    def _weighed(self, link: ForeignKey, values: pd.DataFrame, parents: pd.DataFrame, counts: _Array) -> _Array:
        name = self.tables.table(link.table)
        modelled = self.model._table_synthesizers[name]._data_processor.transform(values)
        rows = modelled[sorted(self.tables.modelled(link.table).values())]
        orphans = self.model._null_child_synthesizers.get(self._prefix(link).removesuffix("__"))
        likely = np.zeros(len(rows)) if orphans is None else np.atleast_1d(orphans._get_likelihood(rows))
        among = parents_weighed(len(rows), len(parents))
        if among < len(parents):
            told = f"each row among {among:,} of the {len(parents):,} {link.parent}, drawn anew every few rows"
            self.context.note(f"hma chose {link.table}.{link.columns[0]} for {told}")
        return further_parents(rows.to_numpy("float64"), self._copulas(link, parents), counts, likely)

    def _weighed_by_sdv(self, link: ForeignKey, values: pd.DataFrame, parents: pd.DataFrame, counts: _Array) -> _Array:
        """By SDV's own likelihoods, or dealt out where that would take hours."""
        if len(values) * len(parents) > WEIGHED:
            key = f"{link.table}.{link.columns[0]}"
            self.context.note(f"hma dealt out the keys of {key} without looking at the rows")
            return _dealt(counts, len(values))
        column = self.tables.column(link.table, link.columns[0])
        told = parents.assign(**{KEY: np.arange(len(parents)), f"{self._prefix(link)}num_rows": counts})
        names = self.tables.table(link.table), self.tables.table(link.parent)
        return np.asarray(self.model._find_parent_ids(values, told, *names, column))

    def _counts(self, link: ForeignKey, rows: int, parents: pd.DataFrame) -> _Array:
        """How many of so many rows belong to each parent; the null share is that of the training part."""
        prefix = self._prefix(link)
        name, nulls = f"{prefix}num_rows", self.model._null_foreign_key_percentages[prefix.removesuffix("__")]
        drawn = parents[name].fillna(0).to_numpy("float64")
        limits = int(self.model._min_child_rows[name]), int(self.model._max_child_rows[name])
        return spread(drawn, round(rows * (1 - nulls)), *limits)

    def _values(self, name: str, modelled: pd.DataFrame) -> pd.DataFrame:
        if not self.tables.modelled(name) or modelled.empty:
            return pd.DataFrame()
        table = self.model._table_synthesizers[self.tables.table(name)]
        values: pd.DataFrame = table._data_processor.reverse_transform(modelled)
        return values[list(self.tables.modelled(name).values())]

    def _progress(self, child: str, done: float, text: str) -> None:
        self.context.progress(self._drawn_by_parent.index(child) + done, len(self._drawn_by_parent), text)

    @cached_property
    def _drawn_by_parent(self) -> list[str]:
        return [name for name in self.tables.schema.order() if self.links(name)]

    def _prefix(self, link: ForeignKey) -> str:
        """How the columns begin that tell a parent about these children."""
        return f"__{self.tables.table(link.table)}__{self.tables.column(link.table, link.columns[0])}__"


def _keys(counts: _Array, nulls: int) -> _Array:
    """The parents' row numbers, each as often as counted, then nulls."""
    numbers = np.repeat(np.arange(len(counts)), counts)
    return np.concatenate([numbers, np.full(nulls, np.nan)]) if nulls else numbers


def _dealt(counts: _Array, rows: int) -> _Array:
    """The parents' row numbers in random order."""
    return np.random.permutation(_keys(counts, rows - counts.sum()))  # noqa: NPY002 - seeded outside


def spread(drawn: npt.NDArray[np.float64], total: int, fewest: int, most: int) -> _Array:
    """Whole numbers with exactly that total, in the order of ``drawn`` and within the limits where that can be.

    All are moved by the same amount before they are rounded; those nearest to the next number make up the rest.

    Example:
        >>> spread(np.array([0.2, 1.6, 2.9]), 7, 0, 5)
        array([1, 2, 4])
    """
    fewest, most = min(fewest, total // len(drawn)), max(most, -(-total // len(drawn)))
    low, high = fewest - drawn.max() - 1, most - drawn.min() + 1
    for _ in range(60):  # halvings bring two double precision numbers of this size together
        middle = (low + high) / 2
        if np.clip(np.floor(drawn + middle), fewest, most).sum() <= total:
            low = middle
        else:
            high = middle
    moved = drawn + low
    counts: _Array = np.clip(np.floor(moved), fewest, most).astype("int64")
    nearest = np.argsort(np.where(counts < most, counts + 1 - moved, np.inf), kind="stable")
    counts[nearest[: total - counts.sum()]] += 1
    return counts
