"""Columns that run on from row to row, as the balance of an account: found in the rows of owners."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np

from synthkit_cart.history import ZERO, Carry
from synthkit_cart.rows import Rows, sequence
from synthkit_cart.steps import Name
from synthkit_cart.tokens import Flags, Floats, Integers, Numbers

_MOSTLY = 0.95  # of the steps: a guard that draws extremes in may have changed some
_OFTEN = 0.8  # of the openings, of which a guard changes more
_FEW = 2_000  # steps that are looked at first
_STEPS, _OWNERS = 100, 20
_EACH = 20  # steps of a category that says what is subtracted, on the whole
_MOST = 12  # numbers of a table


def carries(rows: Rows, time: Name | None) -> dict[Name, Carry]:
    """The columns that are what they were in the owner's row before, plus or minus others.

    Rules are not asked: the categories of one that say what is subtracted may be hidden or part of others, and the
    extremes of what a model sees break it.
    """
    order = sequence(rows, time)
    at = rows.at_rows[order]
    later = np.append(False, (at[1:] == at[:-1]) & (at[1:] >= 0))[: len(at)]
    after, before = order[later], order[np.flatnonzero(later) - 1]
    if len(after) < _STEPS or len(np.unique(rows.at_rows[after])) < _OWNERS:
        return {}
    found: dict[Name, Carry] = {}
    numbers = [name for name, codec in rows.codecs.items() if _counts(rows, name) and isinstance(codec, Numbers)]
    for name in numbers[:_MOST]:
        parts = [other for other in numbers[:_MOST] if other != name and name not in _inputs(found, other)]
        steps = rows.values[name][after] - rows.values[name][before]
        carry = _carry(rows, after, steps, parts, _tolerance(rows, name))
        if carry is not None:
            first = order[~later & (at >= 0)]
            found[name] = replace(carry, opening=_opening(rows, first, rows.values[name] - carry.change(rows.values)))
    return found


def _counts(rows: Rows, name: Name) -> bool:
    codec = rows.codecs[name]
    return name[0] == "own" and isinstance(codec, Numbers) and not codec.time


def _inputs(found: dict[Name, Carry], name: Name) -> Sequence[Name]:
    return found[name].inputs if name in found else ()


def _tolerance(rows: Rows, name: Name) -> float:
    codec, values = rows.codecs[name], rows.values[name]
    size = float(np.nanmax(np.abs(values), initial=0.0))
    return (0.5 * codec.step if isinstance(codec, Numbers) and 0 < codec.step < 1 else 0.0) + size * 1e-9


def _carry(rows: Rows, after: Integers, steps: Floats, parts: Sequence[Name], tolerance: float) -> Carry | None:
    """How a column goes on, by its steps in the rows that follow others."""
    if np.isnan(steps).any():
        return None
    few = {name: rows.values[name][after[:_FEW]] for name in parts}
    for plus, minus in _parts(parts):
        carry = Carry(plus, minus)
        if not _fits(np.abs(steps[:_FEW]), np.abs(carry.change(few)), tolerance):
            continue
        change = carry.change(rows.values)[after]
        if _fits(steps, change, tolerance):
            return carry
        if minus is None and _fits(steps, -change, tolerance):
            return Carry(None, plus)
        if minus is None and _fits(np.abs(steps), np.abs(change), tolerance):
            signed = next(_signed(rows, after, steps, carry, tolerance), None)
            if signed is not None:
                return signed
    return None


def _parts(names: Sequence[Name]) -> Iterator[tuple[Name, Name | None]]:
    """What may be a change: a number, or the difference of two."""
    yield from ((name, None) for name in names)
    yield from permutations(names, 2)


def _signed(rows: Rows, after: Integers, steps: Floats, carry: Carry, tolerance: float) -> Iterator[Carry]:
    """The change with a sign, by each category that tells it."""
    change = carry.change(rows.values)[after]
    taken = np.abs(steps + change) <= tolerance
    active = ~taken | (np.abs(steps - change) > tolerance)  # else it is neither
    for name, codec in rows.codecs.items():
        if name[0] == "own" and not isinstance(codec, Numbers):
            tokens = rows.values[name][after]
            sizes = np.bincount(tokens[active], minlength=codec.size)
            off = 2 * np.bincount(tokens[active], taken[active], codec.size) > sizes
            known = (sizes > 0).sum() * _EACH <= active.sum()
            signed = replace(carry, sign=name, turned=np.flatnonzero(off))
            if known and _fits(steps, signed.change(rows.values)[after], tolerance):
                yield signed


def _fits(steps: Floats, change: Floats, tolerance: float) -> bool:
    """Whether nearly all steps are as large as the change, and nearly all where there is one."""
    same: Flags = np.abs(steps - change) <= tolerance
    moved = (np.abs(steps) > tolerance) | (np.abs(np.nan_to_num(change)) > tolerance)
    return bool(moved.sum() >= _STEPS and same.mean() >= _MOSTLY and same[moved].mean() >= _MOSTLY)


def _opening(rows: Rows, first: Integers, start: Floats) -> Name | None:
    """What comes before the first row: zero or a number of the owner; None where the first row may hold anything."""
    at = rows.at_rows[first]
    owned = rows.owner.values.items() if rows.owner is not None else ()
    numbers = {name: own[at] for name, own in owned if name[0] == "own" and own.dtype.kind == "f"}
    for name, own in {ZERO: np.zeros(len(first)), **numbers}.items():
        if (np.abs(own - start[first]) <= 1e-6 * (1 + np.abs(start[first]))).mean() >= _OFTEN:
            return name
    return None
