"""What no model sees: identifiers, personal data and free text, and how fresh ones come back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, cast

import numpy as np
import pandas as pd
from pydantic import ConfigDict, Field

from synthkit.dataset import Dataset
from synthkit.errors import UsageError
from synthkit.guard.fakes import RECIPES, TEMPLATED, fakes, number_form, template_of
from synthkit.guard.keys import Keys, integer_keys, text_keys
from synthkit.guard.values import (
    DAY,
    Unit,
    Values,
    is_integer,
    is_number,
    is_text,
    is_time,
    learn_values,
    stored,
    taken,
    ticks,
    unit_of,
)
from synthkit.row_numbers import Integers, stacked
from synthkit.schema import Column, ColumnKind, Schema, Table
from synthkit.storage import dtype_of

Share = Annotated[float, Field(ge=0, le=1)]

_ENOUGH = 2**62
_LAST_TIME = 253_402_300_800_000_000  # microseconds from 1970 to the year 10000


@dataclass(frozen=True, slots=True)
class Alike:
    """Which rows of a column hold the same fake.

    Attributes:
        via: the columns of the foreign keys that lead to the row that decides, one key after another.
        column: the column of that row whose value is repeated; None where all rows that lead there share a fake.
        whole: for shared fakes, whether those rows share the lack of one, too.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    via: tuple[tuple[str, ...], ...]
    column: str | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Fresh:
    """How a column comes back that no model saw.

    Attributes:
        keys: the keys to give, for identifiers.
        recipe: the kind of fakes, for personal data; with neither, the column comes back empty. With both, keys
            are given where there are too few fakes, as of phone numbers with seven digits.
        template: the form of the fakes, see ``fakes``.
        unit: for keys that are dates or times, the microseconds between neighbours.
        distinct: the number of distinct values per row that has one, or if rows are alike per row that decides; 1
            if no value occurs twice.
        nulls: the share of rows without a value.
        alike: which rows hold the same; None where that is chance.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    keys: Keys | None = None
    recipe: str | None = None
    template: str | None = None
    unit: Unit = 1
    distinct: Share = 1.0
    nulls: Share = 0.0
    alike: Alike | None = None

    @property
    def blank(self) -> bool:
        """Whether the column comes back empty."""
        return self.keys is None and self.recipe is None

    @property
    def capacity(self) -> int:
        """How many different values there are to give."""
        return self.keys.capacity if self.keys else _ENOUGH

    def filled(self, column: Column, rows: int) -> int:
        """How many of so many rows get a value."""
        return rows - round(self.nulls * rows) if column.nullable else rows

    def needed(self, column: Column, rows: int) -> int:
        """How many different values so many rows need at least."""
        return self.filled(column, rows) if self.distinct >= 1 and self.alike is None else min(rows, 1)

    def values(
        self, column: Column, rows: int, seed: np.random.SeedSequence, locale: str, avoid: pd.Series[Any] | None
    ) -> pd.Series[Any]:
        """Fresh values for a column, in its canonical dtype; no fake equals a value of ``avoid``."""
        if self.blank:
            return empty(column, rows)
        random = np.random.default_rng(seed)
        known = self.filled(column, rows)
        pool = min(known, self.capacity, max(round(self.distinct * known), 1))
        places = np.full(rows, -1, dtype="int64")
        places[np.sort(random.permutation(rows)[:known])] = _shared_out(pool, known, random)
        return stored(taken(self._pool(column, pool, random, locale, avoid), places), column, self.unit)

    def _pool(
        self, column: Column, count: int, random: np.random.Generator, locale: str, avoid: pd.Series[Any] | None
    ) -> pd.Series[Any]:
        """Different values, as many as asked for."""
        made = None if self.recipe is None else self._fakes(count, random, locale, avoid)
        if made is not None:
            return made
        keys = cast("Keys", self.keys).fresh(count, random)
        return (keys * self.unit).astype("datetime64[us]") if is_time(column) else keys

    def _fakes(
        self, count: int, random: np.random.Generator, locale: str, avoid: pd.Series[Any] | None
    ) -> pd.Series[Any] | None:
        """Different fakes; None if there are too few numbers of their form."""
        seed, recipe = int(random.integers(2**62)), str(self.recipe)
        if self.keys is None:
            return fakes(recipe, count, unique=True, locale=locale, seed=seed, avoid=avoid, template=self.template)
        real = None if avoid is None else avoid.dropna().astype(str).str.removesuffix(".0")
        made = fakes(recipe, count, unique=True, locale=locale, seed=seed, avoid=real, template=self.template)
        return made.astype("int64") if made.str.isdecimal().all() else None


def learn_rule(training: Dataset, everything: list[Dataset], table: Table, column: Column) -> Values | Fresh | None:
    """How a column goes out and comes back; None if it holds nothing."""
    values = training[table.name][column.name]
    real = stacked([data[table.name][column.name].dropna() for data in everything])
    if table.primary_key == (column.name,):
        return learn_key(real, column, largest(column, *_references(training.schema, table.name, column.name)))
    if not values.notna().any():
        return None
    part = column.name in table.primary_key
    if part and column.kind == ColumnKind.ID and values.nunique() * 2 <= len(values):
        column = replace(column, kind=_kind_of(column))  # it counts within the other parts, and identifies nobody
    if column.kind.modelled or column.storage == "bool":
        return learn_values(values.dropna(), column)
    return learn_fresh(values, real, replace(column, unique=column.unique or part))


def learn_key(real: pd.Series[Any], column: Column, largest: int) -> Fresh:
    """Learn how a key comes back, from all real keys (no nulls); integers stay up to ``largest``.

    Personal data that are text come back as fakes.
    """
    if column.kind in (ColumnKind.PII, ColumnKind.TEXT) and column.pii and is_text(column):
        recipe = _known_recipe(column)
        return Fresh(recipe=recipe, template=template_of(real) if recipe in TEMPLATED else None)
    if is_time(column):
        naive = real.dt.tz_convert("UTC").dt.tz_localize(None) if real.dt.tz is not None else real
        unit = DAY if column.storage.startswith("date") else unit_of(naive)
        return Fresh(integer_keys(pd.Series(ticks(naive) // unit), _LAST_TIME // unit), unit=unit)
    return Fresh(integer_keys(real, largest) if is_number(column) else text_keys(real))


def learn_fresh(training: pd.Series[Any], real: pd.Series[Any], column: Column) -> Fresh:
    """Learn how a column comes back that no model sees; ``real`` holds all real values (no nulls)."""
    nulls = round(float(training.isna().mean()), 3)
    if column.kind == ColumnKind.TEXT and not column.pii:
        return Fresh(nulls=nulls)
    distinct = 1.0 if column.unique else share_of(training.nunique(), int(training.count()))
    learned = learn_key(real, column, largest(column))
    if column.pii and is_number(column):
        form = number_form(_known_recipe(column), real, largest(column))
        learned = replace(learned, recipe=column.pii if form else None, template=form)
    return replace(learned, distinct=distinct, nulls=nulls)


def share_of(part: int, whole: int) -> float:
    """A share in three digits."""
    return float(f"{part / whole:.3g}")


def largest(*columns: Column) -> int:
    """The largest whole number that all of these columns can store."""
    stored_as = (np.iinfo(c.storage).max if is_integer(c) else 2**53 for c in columns if is_number(c))
    return min(stored_as, default=_ENOUGH)


def empty(column: Column, rows: int) -> pd.Series[Any]:
    """A column without values: null, or where it may not be null, empty text or the 0 of its type."""
    blank = None if column.nullable else "" if is_text(column) else 0
    nothing: pd.Series[Any] = pd.Series([blank] * rows, dtype=object)
    if is_time(column) and blank is not None:
        return stored(pd.to_datetime(nothing), column)
    return nothing.astype(dtype_of(column.storage, nullable=column.nullable))


def _references(schema: Schema, parent: str, name: str) -> list[Column]:
    """The columns of other tables that hold a key column of this one."""
    held = ((key, key.columns[key.parent_columns.index(name)]) for key in schema.children_of(parent))
    return [schema[key.table].column(own) for key, own in held]


def _kind_of(column: Column) -> ColumnKind:
    if is_time(column):
        return ColumnKind.DATETIME
    return ColumnKind.NUMERICAL if is_number(column) else ColumnKind.CATEGORICAL


def _known_recipe(column: Column) -> str:
    if column.pii not in RECIPES:
        choice = f"choose from {', '.join(RECIPES)}"
        raise UsageError(f"there is no recipe {column.pii!r} for personal data", choice, column.name)
    return str(column.pii)


def _shared_out(pool: int, rows: int, random: np.random.Generator) -> Integers:
    """Which of the pool each row gets: every one at least once."""
    if pool == rows:
        return np.arange(rows)
    more = random.integers(0, max(pool, 1), rows - pool)
    return np.asarray(random.permutation(np.concatenate([np.arange(pool), more])), dtype="int64")
