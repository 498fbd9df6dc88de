"""Columns with fixed combinations in front of a model: one column, whose categories are the combinations."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synthkit.errors import PluginError
from synthkit.guard.categories import nothing
from synthkit.guard.relations import Columns
from synthkit.guard.values import TEXT, Values, guard_values, stored, taken
from synthkit.row_numbers import Integers, refined
from synthkit.schema import Column, ColumnKind, FixedCombinations, Table


@dataclass(frozen=True)
class Combination:
    """Columns that a model sees as one.

    A category is the JSON list of the values, null being one of them, so that it says itself what it stands for.

    Attributes:
        parts: the columns.
        name: of the one.
    """

    parts: tuple[Column, ...]
    name: str

    @property
    def columns(self) -> tuple[str, ...]:
        """What is folded."""
        return tuple(part.name for part in self.parts)

    @property
    def made(self) -> tuple[Column, ...]:
        """What stands in their place."""
        return (Column(self.name, ColumnKind.CATEGORICAL),)

    def fold(self, frame: pd.DataFrame) -> Columns:
        """The combination in each row of a table."""
        texts = spelled(frame, self.parts)
        codes: Integers = np.zeros(len(frame), dtype="int64")
        for name in self.columns:
            codes = refined(codes, texts[name])
        first = np.unique(codes, return_index=True)[1]
        distinct = texts.iloc[first].astype(object)
        rows = distinct.where(distinct.notna(), None).to_numpy().tolist()
        names = [json.dumps(row, ensure_ascii=False) for row in rows]
        return {self.name: taken(pd.Series(names, dtype=TEXT), codes)}

    def unfold(self, frame: pd.DataFrame, _: np.random.Generator) -> Columns:
        """The values of a sample's combinations, and nothing where no combination could be shown.

        Raises:
            PluginError: a category that stands for no combination.
        """
        codes, names = pd.factorize(frame[self.name])
        cells = [self._cells(name) for name in names]
        columns = {part: pd.Series([row[place] for row in cells], dtype=TEXT) for place, part in enumerate(self.parts)}
        return {part.name: stored(taken(values, codes.astype("int64")), part) for part, values in columns.items()}

    def _cells(self, name: str) -> list[str | None]:
        if name == _NONE:
            return [None if part.nullable else nothing(part) for part in self.parts]
        try:
            cells = json.loads(name)
        except ValueError:
            cells = None
        if not isinstance(cells, list) or len(cells) != len(self.parts):
            problem = "the sample holds combinations that the model was not shown"
            raise PluginError(problem, "tell the plugin's author", self.name)
        return cells


_SPELLED: Any = Values("categorical")
_NONE = nothing(Column("", ColumnKind.CATEGORICAL))  # what comes back where all combinations are rare


def spelled(frame: pd.DataFrame, parts: Iterable[Column]) -> pd.DataFrame:
    """Columns as text, null being null."""
    return pd.DataFrame({part.name: guard_values(frame[part.name], part, _SPELLED) for part in parts})


def combinations(table: Table, apart: Collection[tuple[str, ...]] = ()) -> tuple[Combination, ...]:
    """The columns of a table that its rules bind to fixed combinations; rules that share a column become one.

    Rules whose columns are in ``apart`` bind nothing.

    Example:
        >>> table = Table("t", tuple(Column(name, ColumnKind.CATEGORICAL) for name in "abcd"))
        >>> rules = (FixedCombinations(("c", "a")), FixedCombinations(("a", "d")))
        >>> [made.name for made in combinations(Table("t", table.columns, rules=rules))]
        ['a+c+d']
    """
    groups: list[set[str]] = []
    for rule in (rule for rule in table.rules if isinstance(rule, FixedCombinations) and rule.columns not in apart):
        touched = [group for group in groups if group & set(rule.columns)]
        groups = [group for group in groups if group not in touched] + [set(rule.columns).union(*touched)]
    found = [tuple(column for column in table.columns if column.name in group) for group in groups]
    return tuple(Combination(parts, "+".join(part.name for part in parts)) for parts in found)
