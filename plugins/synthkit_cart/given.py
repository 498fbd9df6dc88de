"""What a model is given of the subjects that it draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd

from synthkit import Balance, Context, Given, UsageError
from synthkit_cart.allowed import Allowed
from synthkit_cart.columns import read
from synthkit_cart.fixed import Fixed, Known
from synthkit_cart.items import World
from synthkit_cart.pool import Pool
from synthkit_cart.steps import Name, Values
from synthkit_cart.tables import TableModel
from synthkit_cart.tokens import NULL, Categories, Codec


class Subjects(Protocol):
    """Draws the rows of the subject table."""

    def __call__(self, count: int, world: World, random: np.random.Generator) -> Values:
        """So many rows, which may point at those of some tables."""


@dataclass(frozen=True)
class Asked:
    """Draws subjects of which something is given.

    Attributes:
        table: the name of the subject table.
        model: of it.
        given: what is given.
    """

    table: str
    model: TableModel
    given: Given
    context: Context

    def __call__(self, count: int, world: World, random: np.random.Generator) -> Values:
        if self.given.rows is not None:
            cells = given_cells(self.given, self.given.rows[self.table], self.model.codecs)
            return Fixed(self.model.way, self.model.codecs, cells, world, random).rows(count)
        allowed: dict[Name, Allowed] = {
            ("own", each.column): Allowed.of(each, self.model.codecs["own", each.column], f"{self.table}.{each.column}")
            for each in self.given.conditions
        }
        pool = Pool(self.table, self.model.way, allowed, world, random, self.context)
        return pool.rows(count) if self.given.balance is None else self._balanced(self.given.balance, count, pool)

    def _balanced(self, balance: Balance, count: int, pool: Pool) -> Values:
        """Rows in which a column has each of its values as often as asked for, in a random order."""
        name: Name = ("own", balance.column)
        codec = self.model.codecs[name]
        if not isinstance(codec, Categories):
            raise UsageError("it has no categories to balance", "choose another column", f"{self.table}.{name[1]}")
        before = pool.allowed.get(name, Allowed(codec, np.ones((codec.size, 1))))
        groups = []
        for token, size in _sizes(balance, codec, count).items():
            only = before.parts * (np.arange(codec.size) == token)[:, None]
            own = replace(pool, allowed={**pool.allowed, name: Allowed(codec, only)})
            groups.append(own.rows(size))
        order = pool.random.permutation(count)
        return {own: np.concatenate([group[own] for group in groups])[order] for own in groups[0]}


def given_cells(given: Given, rows: pd.DataFrame, codecs: Mapping[Name, Codec]) -> dict[Name, Known]:
    """The cells that are given; a category that the model has not seen is what a guard says instead, or open."""
    found = {}
    for own in (name for name in codecs if name[-1] in rows.columns):
        codec, column = codecs[own], rows[own[-1]]
        known = given.known.get(own[-1], np.ones(len(rows), dtype=bool))
        values = read(column, codec)
        if isinstance(codec, Categories):
            unseen = (values == NULL) & column.notna().to_numpy()
            instead = read(pd.Series([given.otherwise], dtype=object), codec)[0]
            values = np.where(unseen, instead, values)
            known = known & ~(unseen & (instead == NULL))
        found[own] = Known(values, known)
    return found


def _sizes(balance: Balance, codec: Categories, count: int) -> dict[int, int]:
    """How many rows each token of a column gets."""
    tokens = [place + 1 for place, value in enumerate(codec.values) if value not in balance.besides]
    if balance.share is None:
        return {token: count // len(tokens) + (place < count % len(tokens)) for place, token in enumerate(tokens)}
    true = round(balance.share * count)
    return {token: true if codec.values[token - 1] else count - true for token in tokens}
