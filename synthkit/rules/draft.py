"""A sample under repair: what may be changed in it, and what was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from synthkit.dataset import Dataset
from synthkit.row_numbers import Flags, Integers
from synthkit.rules.check import broken
from synthkit.rules.joined import Joined
from synthkit.schema import ColumnKind, FixedCombinations, Formula, Inclusion, Rule, Running, Schema, in_words
from synthkit.storage import dtype_of

_IDENTIFYING = (ColumnKind.ID, ColumnKind.PII)


class Draft(Joined):
    """A sample whose columns can be replaced, one after the other; the sample given stays as it is."""

    def __init__(self, sample: Dataset, random: np.random.Generator) -> None:
        super().__init__(sample)
        self.given = Joined(sample)
        self.random = random
        self.last_resort = False  # what lowers the share of a flag is left for later
        self._changed: dict[tuple[str, str, Rule], Flags] = {}
        self._breaking: dict[tuple[str, Rule], Integers] = {}

    def breaking(self, table: str, rule: Rule) -> Integers:
        """The rows that break a rule, fixed combinations against those of the sample given."""
        if (table, rule) not in self._breaking:
            self._breaking[table, rule] = np.flatnonzero(broken(self, table, rule, self.given))
        return self._breaking[table, rule]

    def put(self, table: str, name: str, rows: Integers, values: pd.Series[Any], rule: Rule) -> None:
        """Replace the values of a column in some rows, for the sake of a rule."""
        changed, column = self.tables[table][name].copy(), self.schema[table].column(name)
        dtype = dtype_of(column.storage, nullable=True) if values.isna().any() else changed.dtype
        changed = changed.astype(dtype)
        changed.iloc[rows] = values.astype(dtype).array
        frame = self.tables[table].copy(deep=False)
        frame[name] = changed
        self.tables[table] = frame
        self._forget(table, name)
        flags = self._changed.setdefault((table, name, rule), np.zeros(len(changed), dtype=bool))
        flags[rows] = True

    def notes(self) -> list[str]:
        """What was changed, counted per column and rule."""
        found = []
        for (table, name, rule), flags in self._changed.items():
            rows = np.flatnonzero(flags)
            now, before = (side.tables[table][name].iloc[rows] for side in (self, self.given))
            same = (now.isna() & before.isna()) | (now == before).fillna(False)
            count = int((~same.astype(bool)).sum())
            torn = name in fixed_columns(self.schema, table) and not isinstance(rule, FixedCombinations)
            fixed = ", though it is part of a fixed combination" if torn else ""
            if count:
                found.append(f"{table}.{name}: {count:,} values were changed to keep {in_words(rule)}{fixed}")
        return found

    def _forget(self, table: str, name: str) -> None:
        """What was found with the former values of a column."""
        if name in self.schema.key_columns(table):
            self._parents.clear()
            self._breaking.clear()
        self._breaking = {at: rows for at, rows in self._breaking.items() if not _may_name(at[1], name)}


def pinned(schema: Schema, table: str) -> frozenset[str]:
    """The columns that no repair changes: what others point at, and what must differ in every row."""
    own = schema[table].primary_key
    one_to_one = any(sorted(key.columns) == sorted(own) for key in schema.parents_of(table))
    key = own if len(own) == 1 or one_to_one or schema.children_of(table) else ()
    differing = (c.name for c in schema[table].columns if c.unique and c.kind in _IDENTIFYING)
    return frozenset((*key, *differing))


def derived(schema: Schema, table: str) -> frozenset[str]:
    """The columns that a formula gives, or the row before."""
    return frozenset(rule.column for rule in schema[table].rules if isinstance(rule, Formula | Running))


def fixed_columns(schema: Schema, table: str) -> frozenset[str]:
    """The columns of fixed combinations."""
    rules = schema[table].rules
    return frozenset(name for rule in rules if isinstance(rule, FixedCombinations) for name in rule.columns)


def foreign_columns(schema: Schema, table: str) -> frozenset[str]:
    """The columns of foreign keys."""
    return frozenset(name for key in schema.parents_of(table) for name in key.columns)


def _may_name(rule: Rule, name: str) -> bool:
    others = rule.parent_columns if isinstance(rule, Inclusion) else ()
    return any(part == name or part.endswith(f".{name}") for part in (*rule.references, *others))
