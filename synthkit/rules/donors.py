"""Columns that rules tie together, taken as a whole from a row that keeps them all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from synthkit.row_numbers import Integers, combination_codes
from synthkit.rules.draft import Draft, derived, foreign_columns, pinned
from synthkit.schema import ConditionalNull, FixedCombinations, OnlyIf, Schema

Tie = FixedCombinations | ConditionalNull | OnlyIf


def mend_ties(draft: Draft, table: str) -> None:
    """Let rows that break a rule tied to a fixed combination hold what another row holds in all tied columns.

    One column alone cannot be changed there without a combination that does not exist. The other row is drawn
    from those that keep all these rules, and has the same fixed combinations where there is one.
    """
    for names, rules in _ties(draft.schema, table):
        rows = np.unique(np.concatenate([draft.breaking(table, rule) for rule in rules]))
        donors = np.setdiff1d(np.arange(len(draft.tables[table])), rows)
        if len(rows) and len(donors):
            fixed = [rule for rule in rules if isinstance(rule, FixedCombinations)]
            columns = list(dict.fromkeys(name for rule in fixed for name in rule.columns))
            (codes,) = combination_codes(draft.tables[table][columns])
            chosen = _alike(codes, rows, donors, draft.random)
            for name in names:
                draft.put(table, name, rows, draft.tables[table][name].iloc[chosen], fixed[0])


def _ties(schema: Schema, table: str) -> Iterator[tuple[list[str], list[Tie]]]:
    """The groups of columns that rules tie to a fixed combination, with these rules; only what may be changed."""
    rules = [rule for rule in schema[table].rules if isinstance(rule, FixedCombinations | ConditionalNull | OnlyIf)]
    groups: list[tuple[set[str], list[Tie]]] = []
    for rule in rules:
        joined = [group for group in groups if group[0] & set(rule.references)]
        groups = [group for group in groups if group not in joined]
        names = set(rule.references).union(*(group[0] for group in joined))
        groups.append((names, [*(r for group in joined for r in group[1]), rule]))
    firm = pinned(schema, table) | derived(schema, table) | foreign_columns(schema, table)
    own = set(schema[table].column_names) - firm
    for names, tied in groups:
        several = len(tied) > 1 and any(isinstance(rule, FixedCombinations) for rule in tied)
        if several and names <= own:
            yield [name for name in schema[table].column_names if name in names], tied


def _alike(codes: Integers, rows: Integers, donors: Integers, random: np.random.Generator) -> Integers:
    """For each row a donor of the same code, drawn at random, or any donor where there is none."""
    mixed = random.permutation(donors)
    mixed = mixed[np.argsort(codes[mixed], kind="stable")]
    first, last = (np.searchsorted(codes[mixed], codes[rows], side=side) for side in ("left", "right"))
    found = first + (random.random(len(rows)) * (last - first)).astype("int64")
    return np.where(last > first, mixed[np.minimum(found, len(mixed) - 1)], random.choice(donors, len(rows)))
