"""Numbers that are sums, differences, products or ratios of others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, permutations
from keyword import iskeyword
from typing import Any

import numpy as np
import numpy.typing as npt

from synthkit.inference.rules.chance import SHARE, matched, surprising
from synthkit.inference.rules.order import at_parents
from synthkit.inference.rules.view import View
from synthkit.row_numbers import Floats
from synthkit.schema import Column, ColumnKind
from synthkit.schema.rules import Formula

_MOST = 30  # columns, those of parents among them
_MOST_ADDED = 16  # of them in sums of three
_FIRST_ROWS = 100
_ENOUGH = 20  # subjects with all columns, and in which each column matters
_FACTORS = 100_000  # that a number may be multiplied by
_LEAST = 1e-4  # of them
_EXACT = 1e-9  # relative, where a column has no fixed number of decimals
_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)

_Operation = Callable[[Any, Any], Any]
_FORMS: tuple[tuple[str, _Operation, bool], ...] = (
    ("+", np.add, True),
    ("*", np.multiply, True),
    ("-", np.subtract, False),
    ("/", np.divide, False),
)


@dataclass(frozen=True)
class _Guess:
    """A formula as places of columns in a list, the first of which is the result; a factor is of the first part."""

    result: int
    sign: str
    parts: tuple[int, ...]
    factor: float = 1.0


def formulas(view: View, views: Mapping[str, View]) -> list[Formula]:
    """Formulas that hold to half a unit of the last stored decimal: at most one for a column, none in a circle.

    Of ``total = a + b`` nothing else is said: the result is what its parts tell most exactly.
    """
    columns = view.columns(ColumnKind.NUMERICAL, most=_MOST)
    own = [c for c in columns if "`" not in c.name and _varies(view.numbers(c.name))]
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
        formulas: dict[int, _Guess] = {}
        for guess in self._guesses():
            columns = {guess.result, *guess.parts}
            copied = {g.result for g in formulas.values() if not g.sign}
            known = guess.result in formulas or any(columns == {g.result, *g.parts} for g in formulas.values())
            circle = _leads_to(guess.parts, guess.result, formulas)
            if not (known or circle or copied & columns) and self._holds(guess):
                formulas[guess.result] = guess
                yield Formula(self.names[guess.result], self._expression(guess))

    def _expression(self, guess: _Guess) -> str:
        first = "" if guess.factor == 1 else f"{guess.factor:.10g} * "
        return first + f" {guess.sign} ".join(self._written(part) for part in guess.parts)

    def _written(self, place: int) -> str:
        """A reference as a formula writes it; one to a parent is always of plain words."""
        name = self.names[place]
        return name if place >= len(self.own) else written(name)

    def _guesses(self) -> list[_Guess]:
        """What holds in a few rows: few parts first, then what says most about its result."""
        rows = self.view.sample[:_FIRST_ROWS]
        first = np.array([values[rows] for values in self.values]).reshape(len(self.values), len(rows))
        places = range(len(first))
        found = [*self._fitting(first, "", [(place,) for place in places])]
        for sign, _, symmetric in _FORMS:
            found += self._fitting(first, sign, list((combinations if symmetric else permutations)(places, 2)))
        found += self._fitting(first, "+", list(combinations(places[:_MOST_ADDED], 3)))
        found += self._scaled(first)
        return sorted(found, key=lambda guess: (len(guess.parts), self._looseness(guess.result)))

    def _looseness(self, place: int) -> float:
        """The tolerance of a result, of its spread: a total is told by its parts more exactly than a part by it."""
        tolerance = half_unit(self.own[place], self.values[place])
        return max(tolerance / float(np.nanstd(self.values[place])), 1e-7)

    def _fitting(self, first: Floats, sign: str, sets: list[tuple[int, ...]]) -> Iterator[_Guess]:
        if not sets:
            return
        results = _calculated(sign, [first[list(places)] for places in zip(*sets, strict=True)])
        for place, column in enumerate(self.own):
            errors = _errors(results, first[place])
            fits = ~(errors > half_unit(column, first[place])).any(axis=1) & ~np.isnan(errors).all(axis=1)
            for found in np.flatnonzero(fits):
                parts = sets[found]
                later = parts[0] < place or parts[0] >= len(self.own)
                if place not in parts and (sign or later):  # of two equal columns, the later one is the copy
                    yield _Guess(place, sign, parts)

    def _scaled(self, first: Floats) -> Iterator[_Guess]:
        """A short factor of one number, alone or with another one added: cents of euros, minutes of hours."""
        first = first[:_MOST_ADDED]
        for place, column in enumerate(self.own[: len(first)]):
            rests = np.vstack([first[place] - first, first[place]])  # the last: alone
            for part in (p for p in range(len(first)) if p != place):
                factors = _factors(rests, first[part])
                errors = _errors(factors[:, None] * first[part], rests)
                fits = (factors != 0) & ~(errors > half_unit(column, first[place])).any(axis=1)
                for other in (int(p) for p in np.flatnonzero(fits) if p not in (place, part)):
                    alone = other == len(first)
                    parts = (part,) if alone else (part, other)
                    yield _Guess(place, "" if alone else "+", parts, float(factors[other]))

    def _holds(self, guess: _Guess) -> bool:
        own = self.values[guess.result]
        parts = [self.values[place] for place in guess.parts]
        parts[0] = guess.factor * parts[0]
        result, tolerance = _calculated(guess.sign, parts), half_unit(self.own[guess.result], own)
        errors = _errors(result, own)
        if (errors > tolerance).any():
            return False
        known = self.view.units[~np.isnan(errors[self.view.units])]
        if len(known) < _ENOUGH or not all(self._matters(guess, place, known, tolerance) for place in guess.parts):
            return False
        log_chance, share = matched(own[known], result[known], tolerance)
        return share >= SHARE and surprising(log_chance, 4 * len(self.values) ** 3 * _FACTORS)

    def _matters(self, guess: _Guess, left_out: int, rows: npt.NDArray[np.int64], tolerance: float) -> bool:
        """Whether the result is another one in enough rows when a part is left out."""
        factors = (guess.factor, *[1.0] * len(guess.parts))
        both = zip(guess.parts, factors, strict=False)
        rest = [factor * self.values[place][rows] for place, factor in both if place != left_out]
        if not rest:
            return True
        without = _calculated(guess.sign, rest)
        return int((_errors(without, self.values[guess.result][rows]) > tolerance).sum()) >= _ENOUGH


def _of_parents(view: View, views: Mapping[str, View]) -> dict[str, Floats]:
    return {
        f"{called}.{column.name}": at_parents(views[key.parent].numbers(column.name), rows)
        for called, key, rows in view.parents()
        if plain(called)
        for column in views[key.parent].columns(ColumnKind.NUMERICAL, most=_MOST)
        if plain(column.name)
    }


def _factors(results: Floats, part: Floats) -> Floats:
    """For each result the number of four digits at most that a part times gives it, by the largest part; 0 for none."""
    at = np.where(np.isnan(results) | np.isnan(part), -1, np.abs(part)).argmax(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = results[np.arange(len(results)), at] / part[at]
    found = np.array([float(f"{ratio:.4g}") for ratio in ratios])
    return np.where(np.isfinite(found) & (np.abs(found) >= _LEAST) & (np.abs(found) != 1), found, 0.0)


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


def _leads_to(parts: Iterable[int], result: int, formulas: Mapping[int, _Guess]) -> bool:
    """Whether parts are the result, or are themselves calculated from it."""
    return any(p == result or (p in formulas and _leads_to(formulas[p].parts, result, formulas)) for p in parts)


def _errors(results: Floats, own: Floats) -> Floats:
    return np.abs(results - own)


def half_unit(column: Column, values: Floats) -> float:
    """How far a result may be from what is stored: half a unit of the last decimal."""
    size = float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
    decimals = 0 if "int" in column.storage else column.decimals
    return size * _EXACT if decimals is None else 0.5 * 10.0**-decimals + size * 1e-12


def plain(name: str) -> bool:
    """Whether a name is a word that an expression may hold as it is."""
    return bool(_WORD.fullmatch(name)) and not iskeyword(name)


def written(name: str) -> str:
    """The name of a column as an expression writes it."""
    return name if plain(name) else f"`{name}`"
