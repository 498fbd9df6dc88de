"""Numbers that are sums, differences, products or ratios of others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Any

import numpy as np
import numpy.typing as npt

from synthkit.inference.rules.chance import SHARE, Floats, matched, surprising
from synthkit.inference.rules.order import at_parents
from synthkit.inference.rules.view import View
from synthkit.schema import Column, ColumnKind
from synthkit.schema.rules import Formula

_MOST = 30  # columns, those of parents among them
_MOST_ADDED = 16  # of them in sums of three
_FIRST_ROWS = 100
_ENOUGH = 20  # subjects with all columns, and in which each column matters
_EXACT = 1e-9  # relative, where a column has no fixed number of decimals
_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)

_Operation = Callable[[Any, Any], Any]
_FORMS: tuple[tuple[str, _Operation, bool], ...] = (
    ("+", np.add, True),
    ("*", np.multiply, True),
    ("-", np.subtract, False),
    ("/", np.divide, False),
)


@dataclass(frozen=True)
class _Guess:
    """A formula as places of columns in a list, the first of which is the result."""

    result: int
    sign: str
    parts: tuple[int, ...]


def formulas(view: View, views: Mapping[str, View]) -> list[Formula]:
    """Formulas that hold to half a unit of the last stored decimal: at most one for a column, none in a circle.

    Sums come before products, differences and ratios; of ``total = a + b`` nothing else is said.
    """
    own = [c for c in view.columns(ColumnKind.NUMERICAL, most=_MOST) if _varies(view.numbers(c.name))]
    theirs = {name: values for name, values in _of_parents(view, views).items() if _varies(values)}
    numbers = {c.name: view.numbers(c.name) for c in own} | theirs
    search = _Search(view, own, list(numbers)[:_MOST], list(numbers.values())[:_MOST])
    return list(search.accepted())


@dataclass(frozen=True, eq=False)
class _Search:
    view: View
    own: list[Column]
    names: list[str]
    values: list[Floats]

    def accepted(self) -> Iterator[Formula]:
        guesses = list(self._guesses())
        below: dict[int, set[int]] = {}
        used: set[frozenset[int]] = set()
        for guess in guesses:
            reached = set(guess.parts).union(*(below.get(part, set()) for part in guess.parts))
            known = guess.result in below or guess.result in reached or frozenset((guess.result, *guess.parts)) in used
            if not known and self._holds(guess):
                below[guess.result] = reached
                used.add(frozenset((guess.result, *guess.parts)))
                yield Formula(self.names[guess.result], f" {guess.sign} ".join(_quoted(self.names[p]) for p in guess.parts))

    def _guesses(self) -> Iterator[_Guess]:
        """What holds in a few rows."""
        rows = self.view.sample[:_FIRST_ROWS]
        first = np.array([values[rows] for values in self.values]).reshape(len(self.values), len(rows))
        count = len(first)
        yield from self._fitting(first, "", [(place,) for place in range(count)])
        for sign, _, symmetric in _FORMS:
            yield from self._fitting(first, sign, list((combinations if symmetric else permutations)(range(count), 2)))
        yield from self._fitting(first, "+", list(combinations(range(min(count, _MOST_ADDED)), 3)))

    def _fitting(self, first: Floats, sign: str, sets: list[tuple[int, ...]]) -> Iterator[_Guess]:
        if not sets:
            return
        results = _calculated(sign, [first[list(places)] for places in zip(*sets, strict=True)])
        for place, column in enumerate(self.own):
            wrong = np.abs(results - first[place]) > _tolerance(column, first[place])
            known = ~np.isnan(results - first[place])
            for found in np.flatnonzero(~wrong.any(axis=1) & known.any(axis=1)):
                parts = sets[found]
                # a copy is stated of the later column only
                if place not in parts and (sign or parts[0] < place):
                    yield _Guess(place, sign, parts)

    def _holds(self, guess: _Guess) -> bool:
        own = self.values[guess.result]
        parts = [self.values[place] for place in guess.parts]
        result, tolerance = _calculated(guess.sign, parts), _tolerance(self.own[guess.result], own)
        if (np.abs(result - own) > tolerance).any():
            return False
        units = self.view.units
        known = units[~np.isnan(result[units] - own[units])]
        if len(known) < _ENOUGH or not all(self._matters(guess, place, known, tolerance) for place in guess.parts):
            return False
        log_chance, share = matched(own[known], result[known], tolerance)
        return share >= SHARE and surprising(log_chance, 4 * len(self.values) ** 3)

    def _matters(self, guess: _Guess, left_out: int, rows: npt.NDArray[np.int64], tolerance: float) -> bool:
        """Whether the result is another one in enough rows when a part is left out."""
        rest = [self.values[place][rows] for place in guess.parts if place != left_out]
        if not rest:
            return True
        without = _calculated(guess.sign, rest)
        return int((np.abs(without - self.values[guess.result][rows]) > tolerance).sum()) >= _ENOUGH


def _of_parents(view: View, views: Mapping[str, View]) -> dict[str, Floats]:
    return {
        f"{called}.{column.name}": at_parents(views[key.parent].numbers(column.name), rows)
        for called, key, rows in view.parents()
        if _PLAIN.fullmatch(called)
        for column in views[key.parent].columns(ColumnKind.NUMERICAL, most=_MOST)
        if _PLAIN.fullmatch(column.name)
    }


def _varies(values: Floats) -> bool:
    known = values[~np.isnan(values)]
    return bool(len(known)) and bool((known != known[0]).any())


def _calculated(sign: str, parts: list[Floats]) -> Floats:
    operation = {name: form for name, form, _ in _FORMS}.get(sign, np.add)
    result = parts[0]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for part in parts[1:]:
            result = operation(result, part)
    return result


def _tolerance(column: Column, values: Floats) -> float:
    size = float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
    decimals = 0 if "int" in column.storage else column.decimals
    return size * _EXACT if decimals is None else 0.5 * 10.0**-decimals + size * 1e-12


def _quoted(name: str) -> str:
    """A reference as a formula writes it; one to a parent is always plain."""
    return name if all(_PLAIN.fullmatch(part) for part in name.split(".")) else f"`{name}`"
