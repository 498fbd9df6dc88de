"""What runs on from row to row, as the balance of an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from synthkit.row_numbers import Flags, Floats, Integers, row_codes
from synthkit.rules.joined import Joined
from synthkit.rules.scale import Grid, written
from synthkit.schema import Running

if TYPE_CHECKING:
    from synthkit.rules.draft import Draft


def in_order(holders: Integers, times: Floats) -> tuple[Integers, Flags]:
    """The rows that have a holder (not negative) and a time (no NaN): by holder, then as they follow one another.

    And which of them is its holder's first. Rows of one time follow as they stand, or backwards where the rows of
    holders mostly stand with the latest first.

    Example:
        >>> rows, first = in_order(np.array([0, 1, 0, 0]), np.array([3.0, 1.0, 2.0, 2.0]))
        >>> rows.tolist(), first.tolist()
        ([3, 2, 0, 1], [True, False, False, True])
    """
    rows = np.flatnonzero((holders >= 0) & ~np.isnan(times))
    rows = rows[np.argsort(holders[rows], kind="stable")]
    steps = np.diff(times[rows])[np.diff(holders[rows]) == 0]
    if (steps < 0).sum() > (steps > 0).sum():
        rows = rows[::-1]
    rows = rows[np.lexsort((times[rows], holders[rows]))]
    return rows, np.append(True, np.diff(holders[rows]) != 0)[: len(rows)]


def carried(joined: Joined, table: str, rule: Running) -> Floats:
    """What the column should be in each row, by the row before as it is; NaN where nothing says so."""
    rows, first = _rows(joined, table, rule)
    values, before = joined.numbers(table, rule.column), np.full(len(joined.tables[table]), np.nan)
    before[rows[1:]] = values[rows[:-1]]
    before[rows[first]] = _opening(joined, table, rule)[rows[first]]
    return before + changed(joined, table, rule)


def changed(joined: Joined, table: str, rule: Running) -> Floats:
    """What each row adds, or subtracts; NaN where that is not known."""
    change = joined.calculated(table, rule.change)
    if not rule.sign:
        return change
    signs = joined.tables[table][rule.sign]
    return np.where(signs.isna(), np.nan, np.where(signs.isin(list(rule.minus)).to_numpy(bool), -change, change))


def mend_running(draft: Draft, table: str, rule: Running) -> None:
    """Compute the column again from each holder's first row on, whose own value counts if there is no opening.

    What a row adds is rounded first, so that what is stored runs on exactly.
    """
    series = draft.tables[table][rule.column]
    grid = Grid.of(draft.schema[table].column(rule.column), series)
    rows, first = _rows(draft, table, rule)
    change, opening = changed(draft, table, rule)[rows], _opening(draft, table, rule)[rows]
    values = draft.numbers(table, rule.column)[rows]
    anew = first | np.isnan(change) | np.append(True, np.isnan(values[:-1]))[: len(rows)]
    start = np.where(first & ~np.isnan(opening + change), opening + change, values)
    parts = pd.Series(grid.rounded(np.where(anew, start, change))).groupby(np.cumsum(anew))
    found = grid.rounded(np.asarray(parts.cumsum(), dtype="float64"))
    wrong = ~np.isnan(values) & grid.holds(found) & (found != values)
    draft.put(table, rule.column, rows[wrong], written(found[wrong], series.dtype), rule)


def _rows(joined: Joined, table: str, rule: Running) -> tuple[Integers, Flags]:
    (holders,) = row_codes(joined.tables[table][[rule.per]])
    return in_order(holders, joined.numbers(table, rule.by) if rule.by else np.zeros(len(holders)))


def _opening(joined: Joined, table: str, rule: Running) -> Floats:
    nothing = np.full(len(joined.tables[table]), np.nan)
    return joined.calculated(table, rule.opening) if rule.opening else nothing
