"""Numbers that run on from row to row: a balance is the balance before, and an amount."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from synthkit.inference.rules.chance import SHARE, matched, surprising
from synthkit.inference.rules.formulas import half_unit, plain, written
from synthkit.inference.rules.order import at_parents
from synthkit.inference.rules.view import View
from synthkit.row_numbers import Floats, Integers, row_codes
from synthkit.rules.check import broken_rows
from synthkit.rules.running import in_order
from synthkit.schema import ColumnKind
from synthkit.schema.rules import Running

_MOST = 12  # numbers of a table
_MOST_TIMES = 3
_MOST_SIGNS = 6
_MOST_CATEGORIES = 60  # of a sign
_ENOUGH = 20  # subjects that show it, and that stand behind a category that a rule names
_FIRST_ROWS = 2_000


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows of a table as they follow one another.

    Attributes:
        per: the column that says whose they are.
        by: the column of their order, if there is one.
        rows: those that follow another one of their holder.
        before: for each of them that other one.
        first: the first row of each holder.
    """

    per: str
    by: str
    rows: Integers
    before: Integers
    first: Integers


@dataclass(frozen=True, eq=False)
class _Change:
    """What a row may add: an expression, and the rows in which a category turns its sign."""

    expression: str
    values: Floats
    sign: str = ""
    minus: tuple[str | bool, ...] = ()


def running(view: View, views: Mapping[str, View], calculated: Sequence[str], k: int) -> list[Running]:
    """What runs on within the rows of one owner: at most one rule for a column, and none for what a formula gives.

    A category that a rule names as one that subtracts is one that twenty subjects have, or ``k`` if those are more.
    """
    columns = [c for c in view.columns(ColumnKind.NUMERICAL, most=_MOST) if "`" not in c.name]
    found: dict[str, Running] = {}
    for order in _orders(view) if len(columns) > 1 else ():
        for column in columns:
            if column.name not in (*found, *calculated):
                others = [c.name for c in columns if c.name not in (column.name, *found)]
                rule = next(_rules(view, views, order, column.name, others, max(k, _ENOUGH)), None)
                found |= {column.name: rule} if rule else {}
    return list(found.values())


def _orders(view: View) -> Iterator[_Rows]:
    """The ways in which rows may follow one another: by each time, or as they stand."""
    owner = view.schema.owner_of(view.table.name)
    keys = [k for k in view.schema.parents_of(view.table.name) if len(k.columns) == 1 and owner in (None, k)]
    names = [key.columns[0] for key in keys]
    if owner is None:
        ids = (c for c in view.table.columns if c.kind is ColumnKind.ID and not c.unique and c.name not in names)
        names += [column.name for column in ids]
    times = [column.name for column in view.columns(ColumnKind.DATETIME, most=_MOST_TIMES)]
    for per in names:
        (holders,) = row_codes(view.frame[[per]])
        for by in (*times, ""):
            rows, first = in_order(holders, view.numbers(by) if by else np.zeros(len(holders)))
            order = _Rows(per, by, rows[1:][~first[1:]], rows[:-1][~first[1:]], rows[first])
            shown = np.zeros(len(holders), dtype=bool)
            shown[order.rows] = True
            if shown[view.units].sum() >= _ENOUGH:
                yield order


def _rules(
    view: View, views: Mapping[str, View], order: _Rows, name: str, others: Sequence[str], least: int
) -> Iterator[Running]:
    values, few = view.numbers(name), slice(_FIRST_ROWS)
    tolerance = half_unit(view.table.column(name), values)
    first_steps = np.abs(values[order.rows[few]] - values[order.before[few]])
    likely = [p for p in _parts(others) if _fits(first_steps, np.abs(_amount(view, p, order.rows[few])), tolerance)]
    steps = np.full(len(values), np.nan)
    steps[order.rows] = values[order.rows] - values[order.before]
    for change in (change for parts in likely for change in _changes(view, order.rows, steps, parts, tolerance, least)):
        fits = _fits(steps[order.rows], change.values[order.rows], tolerance)
        if fits and _evident(view, steps, change, tolerance, len(others)):
            opening = _opening(view, views, order, values - change.values, tolerance)
            rule = Running(name, change.expression, order.per, order.by, change.sign, change.minus, opening)
            if not broken_rows(view.data, view.table.name, rule).any():
                yield rule


def _parts(others: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What a step may be: what is added, and what is taken off; one of them may be nothing."""
    yield from ((name, "") for name in others)
    yield from (("", name) for name in others)
    yield from permutations(others, 2)


def _amount(view: View, parts: tuple[str, str], rows: Integers) -> Floats:
    added, taken = (view.numbers(name)[rows] if name else np.zeros(len(rows)) for name in parts)
    return np.asarray(added - taken)


def _changes(
    view: View, rows: Integers, steps: Floats, parts: tuple[str, str], tolerance: float, least: int
) -> Iterator[_Change]:
    """The change itself, and with the sign that a category gives it."""
    added, taken = (written(name) if name else "" for name in parts)
    expression = f"{added} - {taken}" if added and taken else added or f"-{taken}"
    change = _Change(expression, _amount(view, parts, np.arange(len(steps))))
    yield change
    yield from _signed(view, rows, steps, change, tolerance, least)


def _signed(
    view: View, rows: Integers, steps: Floats, change: _Change, tolerance: float, least: int
) -> Iterator[_Change]:
    """The same changes where a category or a boolean says their sign, each of its values always the same."""
    numbers = change.values
    up, down = (np.abs(steps - sign * numbers) <= tolerance for sign in (1, -1))
    clear = up != down
    for column in view.columns(ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN, most=_MOST_SIGNS):
        codes = view.codes(column.name)
        if not 2 <= codes.size <= _MOST_CATEGORIES:
            continue
        own, shown = codes.of_rows, np.zeros(len(numbers), dtype=bool)
        shown[rows] = True
        adds, subtracts = (
            np.bincount(own[shown & clear & side & (own >= 0)], minlength=codes.size) for side in (up, down)
        )
        units = view.units[own[view.units] >= 0]
        held = np.bincount(own[units], minlength=codes.size)
        minus = subtracts > 0
        if minus.any() and (adds > 0).any() and not (minus & (adds > 0)).any() and (held[minus] >= least).all():
            signed = np.where(own < 0, np.nan, np.where(np.append(minus, False)[own], -numbers, numbers))
            known = view.frame[column.name].iloc[[int(np.argmax(own == code)) for code in np.flatnonzero(minus)]]
            values = known.astype(bool) if column.kind is ColumnKind.BOOLEAN else known
            yield _Change(change.expression, signed, column.name, tuple(values.tolist()))


def _fits(steps: Floats, change: Floats, tolerance: float) -> bool:
    apart = np.abs(steps - change)
    return not (apart > tolerance).any() and not np.isnan(apart).all()


def _evident(view: View, steps: Floats, change: _Change, tolerance: float, candidates: int) -> bool:
    """Whether enough subjects show it, one row of each, and chance would not."""
    units = view.units[~np.isnan(steps[view.units] - change.values[view.units])]
    if len(units) < _ENOUGH or np.ptp(change.values[units]) <= tolerance:
        return False
    log_chance, share = matched(steps[units], change.values[units], tolerance)
    return share >= SHARE and surprising(log_chance, 8 * _MOST_SIGNS * candidates**2)


def _opening(view: View, views: Mapping[str, View], order: _Rows, starts: Floats, tolerance: float) -> str:
    """What comes before the first rows: nothing, or a number of the holder; else unknown."""
    known = order.first[~np.isnan(starts[order.first])]
    if len(known) < _ENOUGH:
        return ""
    if not (np.abs(starts[known]) > tolerance).any():
        return "0"
    ways = [way for way in view.parents() if way[1].columns == (order.per,) and plain(way[0])]
    for called, key, rows in ways:
        for column in views[key.parent].columns(ColumnKind.NUMERICAL, most=_MOST):
            theirs = at_parents(views[key.parent].numbers(column.name), rows)
            if plain(column.name) and _fits(starts[known], theirs[known], tolerance) and _shown(theirs[known]):
                return f"{called}.{column.name}"
    return ""


def _shown(values: Floats) -> bool:
    """Whether there are enough values, and different ones, for a match to be none of chance."""
    known = values[~np.isnan(values)]
    return len(known) >= _ENOUGH and bool(np.ptp(known) > 0)
