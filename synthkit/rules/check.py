"""Which rows break a rule.

A row in which a named column is null, or that has no parent to compare with, keeps a rule; only a conditional null
is about nulls. A date is compared with a time as its midnight, times without a zone as if they were in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import Any

import numpy as np
import pandas as pd

from synthkit.dataset import Dataset
from synthkit.row_numbers import Flags, Floats, combination_codes, repeated, row_codes
from synthkit.rules.joined import Joined
from synthkit.rules.running import carried, changed
from synthkit.rules.scale import measured, position
from synthkit.schema import (
    Column,
    ColumnKind,
    ConditionalNull,
    FixedCombinations,
    Formula,
    Inclusion,
    Inequality,
    OnlyIf,
    Range,
    Rule,
    Running,
    UniqueCombination,
)

_RELATIVE = 1e-9  # of numbers that are stored with all their digits
_NOISE = 8 * float(np.finfo("float64").eps)  # of a few operations, relative to the largest number in them


def broken_rows(data: Dataset, table: str, rule: Rule, *, real: Dataset | None = None) -> Flags:
    """Which rows of a table break a rule; ``data`` are not changed.

    A formula holds if the column is within half a unit of its decimals (whole numbers: within one half; numbers
    with all their digits: within 1e-9 of their size), and so does each row of what runs on. Fixed combinations are
    those that occur in ``real``, where null counts as a value; without ``real`` nothing breaks them.

    Example:
        >>> from synthkit.testing import guarded
        >>> data = guarded(subjects=40)
        >>> int(broken_rows(data, "purchases", Inequality("amount", "customers.income")).sum())
        0
    """
    return broken(Joined(data), table, rule, None if real is None else Joined(real))


def broken_rules(data: Dataset, *, real: Dataset | None = None) -> Iterator[tuple[str, Rule, int]]:
    """Every broken rule of the schema with its table and the number of rows that break it."""
    joined, others = Joined(data), None if real is None else Joined(real)
    for table in data.schema.tables:
        for rule in table.rules:
            count = int(broken(joined, table.name, rule, others).sum())
            if count:
                yield table.name, rule, count


def broken(joined: Joined, table: str, rule: Rule, real: Joined | None = None) -> Flags:
    """The same as ``broken_rows``, where parents have been found before."""
    return _broken(rule, joined, table, real)


def exceeds(low: Floats, high: Floats, *, strict: bool) -> Flags:
    """Where ``low <= high`` does not hold, or ``low < high``; NaN keeps it."""
    return np.asarray(low >= high if strict else low > high)


def is_true(values: pd.Series[Any], _: Column) -> Flags:
    """Which values are true, or 1."""
    return np.asarray(measured(values) == 1)


def is_false(values: pd.Series[Any], _: Column) -> Flags:
    """Which values are false, or 0."""
    return np.asarray(measured(values) == 0)


def must_be_null(joined: Joined, table: str, rule: ConditionalNull) -> Flags:
    """Which rows meet the condition of a conditional null."""

    def meets(values: pd.Series[Any], column: Column) -> Flags:
        if not rule.values:
            return values.isna().to_numpy()
        if values.dtype.kind == "M":
            return np.isin(measured(values), [position(str(value), column) for value in rule.values])
        return values.isin(list(rule.values)).to_numpy(bool)

    return joined.flags(table, rule.given, meets)


@singledispatch
def _broken(rule: Rule, joined: Joined, table: str, real: Joined | None) -> Flags:
    raise NotImplementedError


@_broken.register
def _(rule: Inequality, joined: Joined, table: str, _real: Joined | None) -> Flags:
    low, high = (joined.numbers(table, reference) for reference in rule.references)
    return exceeds(low, high, strict=rule.strict)


@_broken.register
def _(rule: Range, joined: Joined, table: str, _real: Joined | None) -> Flags:
    values, column = joined.numbers(table, rule.column), joined.schema[table].column(rule.column)
    below = rule.low is not None and values < position(rule.low, column)
    above = rule.high is not None and values > position(rule.high, column)
    return np.zeros(len(values), dtype=bool) | below | above


@_broken.register
def _(rule: OnlyIf, joined: Joined, table: str, _real: Joined | None) -> Flags:
    return joined.flags(table, rule.column, is_true) & joined.flags(table, rule.given, is_false)


@_broken.register
def _(rule: ConditionalNull, joined: Joined, table: str, _real: Joined | None) -> Flags:
    null = joined.tables[table][rule.column].isna().to_numpy()
    wanted = must_be_null(joined, table, rule)
    wrong = null != wanted if rule.exact else wanted & ~null
    return np.asarray(wrong & joined.reached(table, rule.given))


@_broken.register
def _(rule: FixedCombinations, joined: Joined, table: str, real: Joined | None) -> Flags:
    if real is None:
        return np.zeros(len(joined.tables[table]), dtype=bool)
    own, known = combination_codes(*(side.tables[table].loc[:, list(rule.columns)] for side in (joined, real)))
    return ~np.isin(own, known)


@_broken.register
def _(rule: Formula, joined: Joined, table: str, _real: Joined | None) -> Flags:
    kinds = {name: joined.schema.lookup(table, name)[1].kind for name in rule.references}
    alike = [name for name in rule.references if kinds[name] == kinds[rule.column]]  # microseconds are no days
    sizes = [np.abs(joined.numbers(table, name)) for name in alike]
    wanted = joined.calculated(table, rule.expression)
    return _differs(joined, table, rule.column, wanted, _NOISE * np.maximum.reduce(sizes))


@_broken.register
def _(rule: Running, joined: Joined, table: str, _real: Joined | None) -> Flags:
    wanted = carried(joined, table, rule)
    size = np.maximum(np.abs(wanted), np.abs(changed(joined, table, rule)))
    return _differs(joined, table, rule.column, wanted, 2 * _NOISE * size)


def _differs(joined: Joined, table: str, name: str, wanted: Floats, tolerance: Floats) -> Flags:
    """Where a column is not what it should be, to half a unit of its decimals; what is NaN on either side is."""
    values, column = joined.numbers(table, name), joined.schema[table].column(name)
    whole = column.storage.startswith(("int", "uint")) or column.kind is ColumnKind.DATETIME
    digits = 0 if whole else column.decimals
    size = np.maximum(np.abs(values), np.abs(wanted))
    tolerance = tolerance + (_RELATIVE * size if digits is None else 0.5 * 10.0**-digits + _NOISE * size)
    return np.asarray(np.abs(values - wanted) > tolerance)


@_broken.register
def _(rule: UniqueCombination, joined: Joined, table: str, _real: Joined | None) -> Flags:
    return repeated(row_codes(joined.tables[table].loc[:, list(rule.columns)])[0])


@_broken.register
def _(rule: Inclusion, joined: Joined, table: str, _real: Joined | None) -> Flags:
    parent = joined.tables[rule.parent].loc[:, list(rule.parent_columns)]
    own, known = row_codes(joined.tables[table].loc[:, list(rule.columns)], parent)
    return (own >= 0) & ~np.isin(own, known)
