"""Repairs of combinations: such as must occur elsewhere, and such as must differ."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthkit.row_numbers import Flags, row_codes
from synthkit.rules.draft import Draft, derived, fixed_columns, foreign_columns, pinned
from synthkit.schema import Inclusion, UniqueCombination

_TRIES = 10


def mend_inclusion(draft: Draft, table: str, rule: Inclusion) -> None:
    """Move rows to combinations of the other table: those of the same owner if there are any, else to any."""
    owner = draft.schema.owner_of(table)
    held = pinned(draft.schema, table) | _part_of_a_key(draft, table, rule.columns)
    first = [name for name in rule.columns if owner and name in owner.columns] or list(rule.columns[:1])
    for stay in (held.union(first), held):
        _move(draft, table, rule, [name for name in rule.columns if name in stay])


def mend_repetition(draft: Draft, table: str, rule: UniqueCombination) -> None:
    """Draw one column of the repeated rows again, from the values that occur; the owner's key comes last."""
    for name in _changeable(draft, table, rule):
        values = draft.tables[table][name].dropna()
        for pool in (values, values.drop_duplicates()):
            for _ in range(_TRIES):
                rows = draft.breaking(table, rule)
                if not len(rows):
                    return
                draft.put(table, name, rows, pool.iloc[draft.random.integers(0, len(pool), len(rows))], rule)


def _changeable(draft: Draft, table: str, rule: UniqueCombination) -> list[str]:
    schema = draft.schema
    foreign, fixed = foreign_columns(schema, table), fixed_columns(schema, table)
    never = pinned(schema, table) | derived(schema, table) | _part_of_a_key(draft, table, ())
    key = schema.owner_of(table)
    owner = key.columns if key else ()
    able = [name for name in rule.columns if name not in never]
    return sorted(able, key=lambda name: (name in owner, name in foreign, name in fixed))


def _part_of_a_key(draft: Draft, table: str, together: tuple[str, ...]) -> frozenset[str]:
    """Columns of foreign keys that cannot change because not all columns of the key would."""
    keys = [key.columns for key in draft.schema.parents_of(table) if len(key.columns) > 1]
    return frozenset(name for columns in keys if not set(columns) <= set(together) for name in columns)


def _move(draft: Draft, table: str, rule: Inclusion, stay: list[str]) -> None:
    """Draw combinations that agree in the columns that stay, for the rows that have such."""
    rows = draft.breaking(table, rule)
    place = dict(zip(rule.columns, rule.parent_columns, strict=True))
    others = draft.tables[rule.parent].loc[_possible(draft, table, rule), list(rule.parent_columns)]
    if not len(rows) or not len(others) or len(stay) == len(place):
        return
    wanted, offered = np.zeros(len(rows), dtype="int64"), np.zeros(len(others), dtype="int64")
    if stay:
        mine = draft.tables[table].iloc[rows].loc[:, stay]
        wanted, offered = row_codes(mine, others.loc[:, [place[name] for name in stay]])
    order = np.argsort(offered, kind="stable")
    first, end = (np.searchsorted(offered[order], wanted, side) for side in ("left", "right"))
    found = end > first
    drawn = order[draft.random.integers(first[found], end[found])]
    for name, other in place.items():
        if name not in stay:
            draft.put(table, name, rows[found], others[other].iloc[drawn], rule)


def _possible(draft: Draft, table: str, rule: Inclusion) -> Flags:
    """Which rows of the other table hold a combination without null that keeps the foreign keys whole."""
    frame = draft.tables[rule.parent]
    place = dict(zip(rule.columns, rule.parent_columns, strict=True))
    possible = np.array(frame.loc[:, list(rule.parent_columns)].notna().all(axis=1))
    for key in draft.schema.parents_of(table):
        if set(key.columns) <= set(place):
            parents: pd.DataFrame = draft.tables[key.parent].loc[:, list(key.parent_columns)]
            own, known = row_codes(frame.loc[:, [place[name] for name in key.columns]], parents)
            possible &= np.isin(own, known)
    return possible
