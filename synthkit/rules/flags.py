"""Repairs of single values that need no search: flags, nulls and formulas."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthkit.rules.check import must_be_null
from synthkit.rules.draft import Draft, fixed_columns, pinned
from synthkit.rules.scale import Grid, written
from synthkit.schema import ConditionalNull, Formula, OnlyIf


def mend_only_if(draft: Draft, table: str, rule: OnlyIf) -> None:
    """Set ``given`` true where it is the row's own, else ``column`` false.

    The rarer flag keeps its share: of few conversions hardly any would be left if each without an opening were
    taken back, while the openings, more of them, grow by the same number of rows only.
    """
    rows = draft.breaking(table, rule)
    fixed = fixed_columns(draft.schema, table)
    own = draft.schema.lookup(table, rule.given)[0] is None and rule.given not in pinned(draft.schema, table)
    raise_given = own and not draft.last_resort and (rule.given not in fixed or rule.column in fixed)
    name = rule.given if raise_given else rule.column
    flags = pd.Series(np.full(len(rows), raise_given)).astype(draft.tables[table][name].dtype)
    draft.put(table, name, rows, flags, rule)


def mend_null(draft: Draft, table: str, rule: ConditionalNull) -> None:
    """Set null where the condition is met; elsewhere fill from rows of the table that have a value."""
    wanted, rows = must_be_null(draft, table, rule), draft.breaking(table, rule)
    values = draft.tables[table][rule.column]
    others = np.flatnonzero(values.notna().to_numpy() & ~wanted)
    if not len(others):
        others = np.flatnonzero(values.notna().to_numpy())
    emptied, filled = rows[wanted[rows]], rows[~wanted[rows]]
    if len(filled) and len(others):
        draft.put(table, rule.column, filled, values.iloc[draft.random.choice(others, len(filled))], rule)
    if len(emptied):
        kind = values.dtype if values.dtype.kind in "fM" else "object"
        draft.put(table, rule.column, emptied, pd.Series([None] * len(emptied), dtype=kind), rule)


def mend_formula(draft: Draft, table: str, rule: Formula) -> None:
    """Compute the column again, rounded as it is stored."""
    rows, column = draft.breaking(table, rule), draft.schema[table].column(rule.column)
    values = draft.tables[table][rule.column]
    grid = Grid.finest(column, values)
    numbers = grid.rounded(draft.calculated(table, rule.expression)[rows])
    possible = grid.holds(numbers)
    draft.put(table, rule.column, rows[possible], written(numbers[possible], values.dtype), rule)
