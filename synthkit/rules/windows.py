"""Repairs of numbers and times: inequalities and ranges of a table, together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np

from synthkit.row_numbers import Flags, Floats, Integers
from synthkit.rules.check import exceeds
from synthkit.rules.draft import Draft, derived, foreign_columns, pinned
from synthkit.rules.scale import Grid, position, written
from synthkit.schema import Inclusion, Inequality, Range, Schema

_TRIES = 10

Bounding = Inequality | Range


@dataclass(frozen=True)
class _Side:
    """What bounds a column on one side, in the rows under repair.

    Attributes:
        limits: for each of the rows; NaN where nothing bounds it.
        gaps: how far the column is from its limit in rows of the sample that keep the rule.
        movable: whether what bounds it can make way itself, later.
    """

    rule: Bounding
    limits: Floats
    gaps: Floats
    strict: bool
    movable: bool


@dataclass
class _Window:
    """Where the values of a column may lie: above all ``lows``, below all ``highs``."""

    grid: Grid
    lows: list[_Side] = field(default_factory=list)
    highs: list[_Side] = field(default_factory=list)

    def floor(self, count: int) -> Floats:
        """The lowest value that all sides leave."""
        bounds = [self.grid.above(_open(side.limits, -np.inf), strict=side.strict) for side in self.lows]
        return np.asarray(np.maximum.reduce([np.full(count, self.grid.low), *bounds]))

    def ceiling(self, count: int, *, firm: bool = False) -> Floats:
        """The highest value that all sides leave, or only those that cannot make way."""
        sides = [side for side in self.highs if not (firm and side.movable)]
        bounds = [self.grid.below(_open(side.limits, np.inf), strict=side.strict) for side in sides]
        return np.asarray(np.minimum.reduce([np.full(count, self.grid.high), *bounds]))


def mend_windows(draft: Draft, table: str) -> None:
    """Bring numbers and times into the window that all inequalities and ranges of their column leave.

    Columns follow each other from low to high, and the higher one makes way. A value outside its window is drawn
    again, as far from its limit as those of other rows are; after some tries it is set to the nearest value
    within. What a parent, a key, an inclusion or a formula holds is never moved.
    """
    rules = [rule for rule in draft.schema[table].rules if isinstance(rule, Bounding)]
    broken = [draft.breaking(table, rule) for rule in rules]
    rows = np.unique(np.concatenate([np.zeros(0, dtype="int64"), *broken]))
    if len(rows):
        repair = _Repair(draft, table, rules, rows)
        for name in repair.order():
            repair.mend(name)


class _Repair:
    def __init__(self, draft: Draft, table: str, rules: list[Bounding], rows: Integers) -> None:
        self.draft, self.table, self.rules, self.rows = draft, table, rules, rows
        self.movable = _movable(draft.schema, table, rules)
        self.count = len(rows)

    def order(self) -> list[str]:
        """The columns that may move, low ones first; on a cycle, as they come in the rules."""
        graph: dict[str, list[str]] = {name: [] for name in self.movable}
        for rule in self.rules:
            if isinstance(rule, Inequality) and {rule.low, rule.high} <= set(self.movable):
                graph[rule.high].append(rule.low)
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError:
            return self.movable

    def mend(self, name: str) -> None:
        values = self.draft.numbers(self.table, name)
        window, mine = self._window(name, values), values[self.rows]
        floor, firm = window.floor(self.count), window.ceiling(self.count, firm=True)
        wrong = (mine < floor) | (mine > firm)
        if not wrong.any():
            return
        ceiling = window.ceiling(self.count)
        causes = self._causes(window, mine, wrong)
        fresh = self._redrawn(window, mine, wrong, (floor, ceiling), (np.nanmin(values), np.nanmax(values)))
        still = wrong & ((fresh < floor) | (fresh > ceiling))
        nearest = np.minimum(np.maximum(fresh, floor), np.where(ceiling >= floor, ceiling, firm))
        fresh = np.where(still & window.grid.holds(nearest), nearest, fresh)
        dtype = self.draft.tables[self.table][name].dtype
        for rule, rows in causes:
            at = rows & (fresh != mine)
            if at.any():
                self.draft.put(self.table, name, self.rows[at], written(fresh[at], dtype), rule)

    def _window(self, name: str, values: Floats) -> _Window:
        column = self.draft.schema[self.table].column(name)
        window = _Window(Grid.of(column, self.draft.tables[self.table][name]))
        for rule in self.rules:
            if isinstance(rule, Inequality) and name == rule.high:
                window.lows.append(self._side(rule, values, rule.low))
            elif isinstance(rule, Inequality) and name == rule.low:
                window.highs.append(self._side(rule, values, rule.high))
                window.highs += self._beyond(rule)
            elif isinstance(rule, Range) and name == rule.column:
                if rule.low is not None:
                    window.lows.append(self._end(rule, position(rule.low, column), values, 1))
                if rule.high is not None:
                    window.highs.append(self._end(rule, position(rule.high, column), values, -1))
        return window

    def _side(self, rule: Inequality, values: Floats, other: str) -> _Side:
        limits = self.draft.numbers(self.table, other)
        low, high = (values, limits) if other == rule.high else (limits, values)
        with np.errstate(invalid="ignore"):
            gaps = (high - low)[~exceeds(low, high, strict=rule.strict)]
        gaps = gaps[~np.isnan(gaps)]
        return _Side(rule, limits[self.rows], gaps, rule.strict, movable=other in self.movable)

    def _end(self, rule: Range, limit: float, values: Floats, sign: int) -> _Side:
        gaps = sign * (values - limit)
        return _Side(rule, np.full(self.count, limit), gaps[gaps >= 0], strict=False, movable=False)

    def _beyond(self, rule: Inequality) -> Iterator[_Side]:
        """What bounds the next higher column for good bounds this one, too, where both have values."""
        if rule.high in self.movable and rule.low != rule.high:
            steps = [r for r in self.rules if r.references[-1] != rule.low]
            above = _Repair(self.draft, self.table, steps, self.rows)
            values = self.draft.numbers(self.table, rule.high)
            ceiling = above._window(rule.high, values).ceiling(self.count, firm=True)
            limits = np.where(np.isnan(values[self.rows]) | np.isinf(ceiling), np.nan, ceiling)
            yield _Side(rule, limits, np.zeros(0), rule.strict, movable=False)

    def _redrawn(
        self, window: _Window, mine: Floats, wrong: Flags, ends: tuple[Floats, Floats], usual: tuple[float, float]
    ) -> Floats:
        """New values where some are wrong, as far from their limit as in other rows; tried again if outside."""
        fresh, random = mine.copy(), self.draft.random
        floor, ceiling = np.maximum(ends[0], usual[0]), np.minimum(ends[1], usual[1])
        for _ in range(_TRIES):
            for side, sign in (*((s, 1) for s in window.lows), *((s, -1) for s in window.highs)):
                outside = exceeds(sign * side.limits, sign * mine, strict=side.strict) & wrong
                at = np.flatnonzero(outside & ((fresh < ends[0]) | (fresh > ends[1])))
                if len(at) and len(side.gaps):
                    gaps = sign * side.gaps[random.integers(0, len(side.gaps), len(at))]
                    drawn = (window.grid.above if sign > 0 else window.grid.below)(side.limits[at] + gaps)
                    good = (drawn >= floor[at]) & (drawn <= ceiling[at])
                    fresh[at[good]] = drawn[good]
        return fresh

    def _causes(self, window: _Window, mine: Floats, wrong: Flags) -> list[tuple[Bounding, Flags]]:
        """The rules that rows break, each row with the first of its own."""
        causes, left = [], wrong.copy()
        for sign, sides in ((1, window.lows), (-1, window.highs)):
            for side in sides:
                at = left & exceeds(sign * side.limits, sign * mine, strict=side.strict)
                causes.append((side.rule, at))
                left &= ~at
        sides = [*window.lows, *window.highs]
        return [*causes, (sides[0].rule, left)]


def _movable(schema: Schema, table: str, rules: list[Bounding]) -> list[str]:
    """The columns of the rules that may change, each once."""
    never = pinned(schema, table) | foreign_columns(schema, table) | derived(schema, table)
    never |= {name for rule in schema[table].rules if isinstance(rule, Inclusion) for name in rule.columns}
    found = dict.fromkeys(name for rule in rules for name in rule.references)
    return [name for name in found if schema.lookup(table, name)[0] is None and name not in never]


def _open(limits: Floats, none: float) -> Any:
    return np.where(np.isnan(limits), none, limits)
