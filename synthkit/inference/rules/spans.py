"""Times that lie a stored number of days, hours, minutes or seconds after others."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from synthkit.inference.rules.chance import SHARE, matched, surprising
from synthkit.inference.rules.formulas import written
from synthkit.inference.rules.order import zoned
from synthkit.inference.rules.view import View
from synthkit.row_numbers import Floats
from synthkit.schema import ColumnKind
from synthkit.schema.formula import UNITS
from synthkit.schema.rules import Formula

_MOST = 30  # numbers
_MOST_TIMES = 8
_ENOUGH = 20  # subjects that show it
_HALF = 0.5  # microseconds


def spans(view: View) -> list[Formula]:
    """Formulas such as ``arrival + days(nights)``: at most one for a time, and none in a circle."""
    found: dict[str, str] = {}
    formulas = []
    for end, start, formula in _fitting(view):
        if end not in found and end not in _sources(start, found):
            found[end] = start
            formulas.append(formula)
    return formulas


def _sources(name: str, found: dict[str, str]) -> Iterator[str]:
    """A time and those that it is counted from."""
    while True:
        yield name
        if name not in found:
            return
        name = found[name]


def _fitting(view: View) -> Iterator[tuple[str, str, Formula]]:
    times = view.columns(ColumnKind.DATETIME, most=_MOST_TIMES)
    numbers = [column.name for column in view.columns(ColumnKind.NUMERICAL, most=_MOST)]
    candidates = len(times) ** 2 * len(numbers) * len(UNITS)
    for end, start in permutations(times, 2):
        gaps = view.numbers(end.name) - view.numbers(start.name)
        earlier = (gaps < 0).sum() > (gaps > 0).sum()
        if earlier or zoned(end) != zoned(start) or "`" in end.name + start.name:
            continue
        for unit, name in ((unit, name) for unit in UNITS for name in numbers if "`" not in name):
            span = UNITS[unit] * view.numbers(name)
            if (
                _fits(gaps[view.sample], span[view.sample])
                and _fits(gaps, span)
                and _evident(view, gaps, span, candidates)
            ):
                yield end.name, start.name, Formula(end.name, f"{written(start.name)} + {unit}({written(name)})")


def _fits(gaps: Floats, span: Floats) -> bool:
    apart = np.abs(gaps - span)
    return not (apart > _HALF).any() and not np.isnan(apart).all()


def _evident(view: View, gaps: Floats, span: Floats, candidates: int) -> bool:
    units = view.units[~np.isnan(gaps[view.units] - span[view.units])]
    if len(units) < _ENOUGH:
        return False
    log_chance, share = matched(gaps[units], span[units], _HALF)
    return share >= SHARE and surprising(log_chance, candidates)
