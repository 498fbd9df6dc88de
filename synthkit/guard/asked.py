"""What a user asks of the subjects, in the words in which a model sees their columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from synthkit.errors import UsageError
from synthkit.given import Condition
from synthkit.guard.categories import escaped
from synthkit.guard.relations import Rules
from synthkit.guard.values import Values, guard_values, is_integer, is_number, ticks
from synthkit.schema import Column
from synthkit.where import Comparison, Where

Stretches = tuple[tuple[float, float], ...]

_EVERYWHERE: Stretches = ((-math.inf, math.inf),)


def conditions(where: Where, rules: Rules) -> tuple[Condition, ...]:
    """The conditions on guarded columns that follow from those of a user; the rows are in all of them, and in more.

    What a model sees otherwise, such as a fixed combination, or an order of what it takes for categories, is left
    out. ``rules`` are those of the subject table.

    Raises:
        UsageError: a column was not shown, as too few subjects have a value in it.
    """
    found = []
    for column in where.columns:
        own = [each for each in where.comparisons if each.column == column]
        rule = rules.get(column.name)
        if rule is None and column.name in rules:
            problem = "too few subjects have a value, it was not shown to the model"
            raise UsageError(problem, "leave it out of the condition", f"{where.table}.{column.name}")
        if isinstance(rule, Values):
            found.append(_condition(own, column, rule))
    return tuple(found)


def _condition(own: Sequence[Comparison], column: Column, rule: Values) -> Condition:
    signs = {each.sign for each in own}
    null = signs == {"null"}
    if signs >= {"null", "not null"} or (not null and "null" in signs):  # which no cell is
        return Condition(column.name, (), ranges=())
    if rule.kind in ("numerical", "datetime"):
        stretches = _EVERYWHERE if not null else ()
        for each in own:
            stretches = _both(stretches, _stretches(each, column, rule))
        return Condition(column.name, ranges=stretches, null=null)
    allowed = [_shown(each, column, rule) for each in own if each.sign == "in"]
    without = [value for each in own if each.sign == "not in" for value in _shown(each, column, rule)]
    values = None if not (allowed or null) else tuple(v for v in (allowed or [[]])[0] if all(v in a for a in allowed))
    return Condition(column.name, values, tuple(without), null=null)


def _shown(comparison: Comparison, column: Column, rule: Values) -> list[str | bool]:
    """The values of a comparison as categories or truth values."""
    if rule.kind == "boolean":
        truths = {0: False, 1: True}
        return [truths.get(value, str(value)) for value in comparison.values.tolist()]
    if is_number(column):
        exact = [int(v) if is_integer(column) and v == int(v) else float(v) for v in comparison.values.tolist()]
        return [str(value) for value in exact]
    return [str(value) for value in escaped(guard_values(comparison.values, column, rule))]


def _stretches(comparison: Comparison, column: Column, rule: Values) -> Stretches:
    """Where the numbers or times lie that a comparison allows."""
    if comparison.sign in ("null", "not null"):
        return _EVERYWHERE
    values = sorted(_numbers(comparison, column, rule))
    if comparison.sign == "in":
        return tuple((value, value) for value in values)
    if comparison.sign == "not in":
        ends = [-math.inf, *(end for v in values for end in (_next(v, rule, -1), _next(v, rule, 1))), math.inf]
        return tuple(zip(ends[::2], ends[1::2], strict=True))
    value, strict = values[0], comparison.sign in ("<", ">")
    if comparison.sign in ("<", "<="):
        return ((-math.inf, _next(value, rule, -1) if strict else value),)
    return ((_next(value, rule, 1) if strict else value, math.inf),)


def _numbers(comparison: Comparison, column: Column, rule: Values) -> list[float]:
    if rule.kind == "datetime":
        return [float(tick) for tick in ticks(guard_values(comparison.values, column, rule))]
    return [float(value) for value in comparison.values]


def _next(value: float, rule: Values, sign: int) -> float:
    """The number that follows, or the next microsecond."""
    return value + sign if rule.kind == "datetime" else float(np.nextafter(value, sign * math.inf))


def _both(first: Stretches, second: Stretches) -> Stretches:
    """Where both are."""
    pairs: list[tuple[Any, Any]] = [(max(a, c), min(b, d)) for a, b in first for c, d in second]
    return tuple(sorted(pair for pair in pairs if pair[0] <= pair[1]))
