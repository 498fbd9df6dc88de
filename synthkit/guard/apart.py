"""Columns with fixed combinations that a model sees apart, and how a sample of them gets combinations that exist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthkit.guard.combinations import combinations, spelled
from synthkit.guard.rare import Links
from synthkit.guard.relations import Columns
from synthkit.guard.values import TEXT, stored, taken
from synthkit.row_numbers import Flags, Floats, Integers, combination_codes
from synthkit.schema import FixedCombinations, Table

_MORE_RARE = 0.01  # of the rows may be hidden as one column, beyond those that are as several
_NULL = "\0"
_UNSEEN = 1e-9  # the weight of an allowed value that stands nowhere else, so that it can still be drawn


@dataclass(frozen=True)
class Apart:
    """Columns of a rule that a model sees apart, since as one column they would have too many rare categories.

    Attributes:
        columns: of the rule.
        combinations: those that enough subjects have; values as text, null being one of them.
    """

    columns: tuple[str, ...]
    combinations: tuple[tuple[str | None, ...], ...]

    @property
    def fits(self) -> bool:
        """Whether each combination has a value for each column."""
        return all(len(cells) == len(self.columns) for cells in self.combinations)


def learn_apart(frame: pd.DataFrame, table: Table, behind: Links) -> tuple[Apart, ...]:
    """The rules of a table whose columns are better seen apart: as one, the guard would hide over 1 % of rows more.

    Of rules that share columns, all are or none is.
    """
    found: list[Apart] = []
    for group in combinations(table):
        texts = spelled(frame, group.parts)
        alone = max(_rare(texts[[name]], behind).mean() for name in group.columns)
        if _rare(texts, behind).mean() > alone + _MORE_RARE:
            rules = (rule for rule in table.rules if isinstance(rule, FixedCombinations))
            found += [_apart(texts, rule, behind) for rule in rules if set(rule.columns) <= set(group.columns)]
    return tuple(found)


def settled(
    frame: pd.DataFrame, table: Table, rules: Sequence[Apart], random: np.random.Generator
) -> tuple[Columns, int]:
    """The columns of those rules with allowed combinations only, and how many rows were changed for that.

    Column by column, those in most rules first: a value that is not allowed beside the earlier ones becomes one that
    is, as often as it is found elsewhere in the sample. A row where none is gets all these columns of another row.
    """
    draft = _Draft(frame, table, rules)
    for place in range(len(draft.order)):
        draft.settle(place, random)
    draft.replace_others(random)
    return draft.result()


def _rare(texts: pd.DataFrame, behind: Links) -> Flags:
    """The rows whose combination fewer than k subjects have."""
    (codes,) = combination_codes(texts)
    return np.asarray((behind.holders(codes, codes.max(initial=-1) + 1) < behind.k)[codes])


def _apart(texts: pd.DataFrame, rule: FixedCombinations, behind: Links) -> Apart:
    own = texts[list(rule.columns)]
    common = own[~_rare(own, behind)].drop_duplicates().astype(object)
    cells = common.where(common.notna(), None).sort_values(list(rule.columns)).to_numpy().tolist()
    return Apart(rule.columns, tuple(map(tuple, cells)))


class _Draft:
    """A sample's columns as codes, and the allowed combinations alike."""

    def __init__(self, frame: pd.DataFrame, table: Table, rules: Sequence[Apart]) -> None:
        names = dict.fromkeys(name for rule in rules for name in rule.columns)
        self.order = sorted(names, key=lambda name: -sum(name in rule.columns for rule in rules))
        self.parts = {name: table.column(name) for name in names}
        allowed = [pd.DataFrame(rule.combinations, columns=list(rule.columns), dtype=object) for rule in rules]
        texts = spelled(frame, tuple(self.parts.values())).astype(object)
        sides = [side.where(side.notna(), _NULL) for side in (texts, *allowed)]
        values = {name: [side[name] for side in sides if name in side] for name in names}
        self.values = {name: pd.Index(pd.unique(pd.concat(found))) for name, found in values.items()}
        coded = [side.apply(lambda column: self.values[column.name].get_indexer(column)) for side in sides]
        self.before, *self.allowed = coded
        self.now = self.before.copy()

    def settle(self, place: int, random: np.random.Generator) -> None:
        """Let the column at this place hold what all rules allow beside the columns before it."""
        name, earlier = self.order[place], self.order[:place]
        possible = [self._possible(rule, name, earlier) for rule in self.allowed if name in rule]
        values = self.now[name].to_numpy()
        wrong = ~np.logical_and.reduce([flags[keys, values] for keys, flags in possible])
        if not wrong.any():
            return
        (codes,) = combination_codes(pd.DataFrame({place: keys[wrong] for place, (keys, _) in enumerate(possible)}))
        first, alike = np.unique(codes, return_index=True, return_inverse=True)[1:]
        allowed = np.logical_and.reduce([flags[keys[wrong][first]] for keys, flags in possible])
        seen = np.bincount(values[~wrong], minlength=len(self.values[name]))
        hopeful = allowed.any(axis=1)[alike]
        drawn = _drawn(allowed * (seen + _UNSEEN), alike[hopeful], random)
        self.now.loc[np.flatnonzero(wrong)[hopeful], name] = drawn

    def replace_others(self, random: np.random.Generator) -> None:
        """Give rows that still hold what is not allowed the columns of rows that do not."""
        bad = np.zeros(len(self.now), dtype=bool)
        for rule in self.allowed:
            own, known = combination_codes(self.now[list(rule.columns)], rule)
            bad |= ~np.isin(own, known)
        if bad.any() and not bad.all():
            self.now.loc[bad] = self.now.to_numpy()[random.choice(np.flatnonzero(~bad), int(bad.sum()))]

    def result(self) -> tuple[Columns, int]:
        """The columns that were changed, as they are stored, and the number of rows."""
        differ = (self.now != self.before).to_numpy()
        made: Columns = {}
        for name, changed in zip(self.now, differ.any(axis=0), strict=True):
            if changed:
                texts = pd.Series(self.values[name], dtype=object).replace(_NULL, None).astype(TEXT)
                made[str(name)] = stored(taken(texts, self.now[name].to_numpy("int64")), self.parts[str(name)])
        return made, int(differ.any(axis=1).sum())

    def _possible(self, rule: pd.DataFrame, name: str, earlier: Sequence[str]) -> tuple[Integers, Flags]:
        """A key for each row from the earlier columns of a rule, and for each key the values that it allows."""
        before = [column for column in earlier if column in rule]
        if not before:
            keys, known = np.zeros(len(self.now), dtype="int64"), np.zeros(len(rule), dtype="int64")
        else:
            keys, known = combination_codes(self.now[before], rule[before])
        size = max(keys.max(initial=-1), known.max(initial=-1)) + 1
        flags = np.zeros((size, len(self.values[name])), dtype=bool)
        flags[known, rule[name]] = True
        return keys, flags


def _drawn(weights: Floats, rows: Integers, random: np.random.Generator) -> Integers:
    """For each of ``rows``, rows of the weights, a column drawn by its weights."""
    shares = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)
    ends = (np.minimum(np.cumsum(shares, axis=1), 1.0) + np.arange(len(weights))[:, None]).ravel()
    found = np.searchsorted(ends, rows + random.random(len(rows)), side="right")
    return np.asarray(found - rows * weights.shape[1])
