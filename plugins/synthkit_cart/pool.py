"""Subjects under conditions: columns are fixed where they are drawn, and rows weighted by how likely that was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from synthkit import Context, DataError
from synthkit_cart.allowed import Allowed, restricted
from synthkit_cart.items import About, Draw, Plain, World
from synthkit_cart.pointing import Item, steps_of
from synthkit_cart.rows import NONE
from synthkit_cart.steps import Name, Values, needed
from synthkit_cart.tokens import Feature, Floats, Integers
from synthkit_cart.way import Way

_BLOCK = 50_000  # candidates at once
_TIMES, _MORE = 200, 200_000  # candidates at most: for each row, and besides


@dataclass
class Pool:
    """Candidates for rows that meet conditions, weighted so that they stand for what the model says of such rows.

    Columns up to the last one with a condition are drawn for many candidates: restricted to what the condition
    leaves, with the probability of that as the weight (sequential importance sampling, Kong, Liu and Wong 1994).
    When the weights of candidates are enough for all rows, rows are chosen by them (systematic, Madow 1944), no
    candidate twice, and their other columns drawn.

    Attributes:
        table: the name of the subject table.
        way: how its rows are drawn.
        allowed: what is left of which columns.
        world: the tables that its keys point at.
    """

    table: str
    way: Way
    allowed: Mapping[Name, Allowed]
    world: World
    random: np.random.Generator
    context: Context

    def rows(self, count: int) -> Values:
        """So many rows.

        Raises:
            DataError: no candidate met the conditions.
        """
        last = max((i for i, item in enumerate(self.way.items) if item.name in self.allowed), default=-1) + 1
        kept, weights, tried = self._candidates(self.way.items[:last], count)
        if count and not len(weights):
            problem = f"none of {tried:,} candidates met the condition"
            raise DataError(problem, "loosen it: the model thinks it all but impossible", self.table)
        chosen = systematic(weights, count, self.random)
        self._note(weights, chosen, tried)
        draw = taken_draw(kept, chosen)
        for item in self.way.items[last:]:
            item.fill(draw)
        return draw.values

    def _candidates(self, items: Sequence[Item], count: int) -> tuple[Draw, Floats, int]:
        """Candidates with their weights, and how many were tried."""
        draws: list[Draw] = []
        weights: list[Floats] = []
        tried, total, most = 0, 0.0, _TIMES * count + _MORE
        while not tried or (total < count and tried < most):
            size = min(block_size(count, tried, total), most - tried)
            draw = self._draw(size)
            weight = np.ones(size)
            for item in items:
                weight = weight * self._fill(item, draw)
            likely = np.flatnonzero(weight > 0)
            draws.append(taken_draw(draw, likely))
            weights.append(weight[likely])
            tried, total = tried + size, total + float(weight.sum())
            self.context.progress(min(total, count), max(count, 1), self.table)
        return joined(draws), np.concatenate(weights), tried

    def _draw(self, size: int) -> Draw:
        about = About(np.arange(size), np.full(size, NONE))
        return Draw({}, {}, needed(steps_of(self.way.items)), about, self.world, self.random)

    def _fill(self, item: Item, draw: Draw) -> Floats:
        """Draw one column of all candidates; the factor by which their weights change."""
        allowed = self.allowed.get(item.name)
        if allowed is None:
            item.fill(draw)
            return np.ones(draw.rows)
        if isinstance(item, Plain):
            values, weight = restricted(item.step, allowed, draw, self.random)
            draw.put(item.step.name, item.step.codec, values)
            return weight
        item.fill(draw)
        return allowed.met(draw.values[item.name]).astype("float64")

    def _note(self, weights: Floats, chosen: Integers, tried: int) -> None:
        different, count = len(np.unique(chosen)), len(chosen)
        if different < count:
            effective = weights.sum() ** 2 / (weights**2).sum()
            self.context.note(
                f"{self.table}: the condition is rare; {count:,} rows begin as {different:,} different candidates of "
                f"{tried:,} (effective sample size {effective:,.0f})"
            )


def block_size(count: int, tried: int, total: float) -> int:
    """How many candidates to draw next, where so many had such a total weight."""
    rate = max(total, 1.0) / tried if tried else 1.0
    return int(np.clip((count - total) / rate * 1.1 + 100, 1, _BLOCK))


def systematic(weights: Floats, count: int, random: np.random.Generator) -> Integers:
    """The places of so many rows, each chosen in proportion to its weight, none twice as long as that can be."""
    ends = np.cumsum(weights)
    aims = (np.arange(count) + random.random()) / max(count, 1) * ends[-1:].sum()
    return np.asarray(np.minimum(np.searchsorted(ends, aims, side="right"), len(weights) - 1))


def taken_draw(draw: Draw, rows: Integers) -> Draw:
    """Some of the rows that are being drawn, as rows of their own."""
    known = {name: feature.take(rows) for name, feature in draw.known.items()}
    values = {name: own[rows] for name, own in draw.values.items()}
    about = About(np.arange(len(rows)), np.full(len(rows), NONE))
    return Draw(known, values, draw.used, about, draw.world, draw.random)


def joined(draws: Sequence[Draw]) -> Draw:
    """Rows that are being drawn, one block below the other."""
    first, size = draws[0], sum(draw.rows for draw in draws)
    known = {name: stacked([draw.known[name] for draw in draws]) for name in first.known}
    values = {name: np.concatenate([draw.values[name] for draw in draws]) for name in first.values}
    return Draw(known, values, first.used, About(np.arange(size), np.full(size, NONE)), first.world, first.random)


def stacked(features: Sequence[Feature]) -> Feature:
    """Features of the same name, one below the other."""
    return Feature(np.concatenate([f.codes for f in features]), features[0].size, features[0].ordered)
