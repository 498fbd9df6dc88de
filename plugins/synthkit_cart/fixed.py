"""Rows of which some cells are given: the others are drawn, and those before a given one weighed by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from synthkit_cart.allowed import Allowed, restricted
from synthkit_cart.conditional import Conditional
from synthkit_cart.items import About, Draw, Plain, World
from synthkit_cart.likely import likelihood
from synthkit_cart.pointing import Item, steps_of
from synthkit_cart.pool import taken_draw
from synthkit_cart.rows import NONE
from synthkit_cart.steps import Name, Values, needed
from synthkit_cart.tokens import NULL, Codec, Flags, Floats, Integers, Numbers
from synthkit_cart.way import Way

_CANDIDATES = 64  # for each row
_BLOCK = 2_000  # rows at once
_RARE = 1e-6  # the weight of what no leaf has


@dataclass(frozen=True)
class Known:
    """The cells of one column that are given.

    Attributes:
        values: as its codec takes them.
        known: in which rows they are given.
    """

    values: Floats | Integers
    known: Flags


@dataclass
class Fixed:
    """Rows drawn around given cells.

    For each row several candidates are drawn, column by column: a given cell is put in its place, and the candidate
    weighed by how likely it was there; an open one is drawn. After the last given cell one candidate is chosen by
    weight (sampling importance resampling, Rubin 1987), and the rest of the row drawn. A row in which no open cell
    comes before a given one needs no candidates.

    Attributes:
        way: how rows are drawn.
        cells: the given ones of some columns; open cells of such a column are never null.
        world: the tables that keys point at.
    """

    way: Way
    codecs: Mapping[Name, Codec]
    cells: Mapping[Name, Known]
    world: World
    random: np.random.Generator

    def rows(self, count: int) -> Values:
        """All rows, as many as there are cells in each column."""
        weighed = self._weighed(count)
        parts: list[tuple[Integers, Values]] = []
        for flags, candidates in ((weighed, _CANDIDATES), (~weighed, 1)):
            rows = np.flatnonzero(flags)
            blocks = np.array_split(rows, max(-(-len(rows) // _BLOCK), 1))
            parts += [(block, self._block(block, candidates)) for block in blocks if len(block) or not count]
        order = np.argsort(np.concatenate([block for block, _ in parts]), kind="stable")
        return {name: np.concatenate([values[name] for _, values in parts])[order] for name in parts[0][1]}

    def _weighed(self, count: int) -> Flags:
        """In which rows an open cell comes before a given one."""
        found, opened = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
        for item in self.way.items:
            known = self._known(item, np.arange(count))
            found |= opened & known
            opened |= ~known
        return found

    def _known(self, item: Item, rows: Integers) -> Flags:
        cells = self.cells.get(item.name)
        return np.zeros(len(rows), dtype=bool) if cells is None else cells.known[rows]

    def _block(self, rows: Integers, candidates: int) -> Values:
        """Some of the rows."""
        last = max((i for i, item in enumerate(self.way.items) if self._known(item, rows).any()), default=-1)
        at = np.repeat(rows, candidates)
        about = About(np.arange(len(at)), np.full(len(at), NONE))
        draw = Draw({}, {}, needed(steps_of(self.way.items)), about, self.world, self.random)
        weight = np.zeros(len(at))
        for place, item in enumerate(self.way.items):
            weight += self._fill(item, draw, at)
            if place == last and candidates > 1:
                chosen = self._chosen(weight.reshape(-1, candidates))
                draw, at, weight = taken_draw(draw, chosen), at[chosen], weight[chosen]
        return draw.values

    def _chosen(self, weight: Floats) -> Integers:
        """One candidate of each row, from the logarithms of their weights."""
        odds = np.exp(weight - weight.max(1, keepdims=True))
        place = (np.cumsum(odds, axis=1) < self.random.random((len(odds), 1)) * odds.sum(1, keepdims=True)).sum(1)
        return np.asarray(np.arange(len(odds)) * weight.shape[1] + np.minimum(place, weight.shape[1] - 1))

    def _fill(self, item: Item, draw: Draw, at: Integers) -> Floats:
        """Put the given cells of a column, draw the others; what that adds to the logarithms of the weights."""
        name = item.name
        cells, known = self.cells.get(name), self._known(item, at)
        if cells is None:
            item.fill(draw)
            return np.zeros(len(at))
        values, weight = cells.values[at], np.zeros(len(at))
        if known.any():
            weight = np.where(known, np.log(likelihood(item, values, draw)), 0.0)
        if not known.all():
            drawn, likely = self._opened(item, draw)
            values = np.where(known, values, drawn)
            weight = np.where(known, weight, np.log(likely))
        draw.put(name, self.codecs[name], values)
        return weight

    def _opened(self, item: Item, draw: Draw) -> tuple[Floats | Integers, Floats]:
        """Values that are not null, where there can be any, and how likely that is."""
        if not isinstance(item, Plain):
            inner = taken_draw(draw, np.arange(draw.rows))
            item.fill(inner)
            return inner.values[item.name], np.ones(draw.rows)
        codec = item.step.codec
        parts = np.ones((codec.size, 1))
        parts[NULL] = 0.0
        allowed = Allowed(codec, parts, ((-np.inf, np.inf),) if isinstance(codec, Numbers) else ())
        values, weight = restricted(item.step, allowed, draw, self.random)
        never = weight <= 0
        if never.any():
            other = self._anywhere(item.step.conditional, allowed, int(never.sum()))
            if other is not None:
                values[never] = other
        return values, np.maximum(weight, _RARE)

    def _anywhere(self, conditional: Conditional, allowed: Allowed, count: int) -> Floats | Integers | None:
        """Values of any leaf, where those that belong there have none; None where no leaf has one."""
        mass = np.diff(conditional.shares, prepend=0.0) * allowed.parts[conditional.tokens, 0]
        if not mass.sum():
            return None
        return allowed.draw(self.random.choice(conditional.tokens, count, p=mass / mass.sum()), self.random)
