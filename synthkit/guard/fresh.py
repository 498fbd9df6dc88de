"""What no model sees: identifiers, personal data and free text, and how fresh ones come back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import ConfigDict, Field

from synthkit.errors import UsageError
from synthkit.guard.fakes import RECIPES, TEMPLATED, fakes, template_of
from synthkit.guard.keys import Keys, integer_keys, text_keys
from synthkit.guard.values import DAY, Unit, is_integer, is_number, is_text, is_time, stored, taken, ticks, unit_of
from synthkit.row_numbers import Integers
from synthkit.schema import Column, ColumnKind
from synthkit.storage import dtype_of

Share = Annotated[float, Field(ge=0, le=1)]

_ENOUGH = 2**62
_LAST_TIME = 253_402_300_800_000_000  # microseconds from 1970 to the year 10000


@dataclass(frozen=True, slots=True)
class Fresh:
    """How a column comes back that no model saw.

    Attributes:
        keys: the keys to give, for identifiers.
        recipe: the kind of fakes, for personal data; with neither, the column comes back empty.
        template: the form of the fakes, see ``fakes``.
        unit: for keys that are dates or times, the microseconds between neighbours.
        distinct: the number of distinct values per row that has one; 1 if no value occurs twice.
        nulls: the share of rows without a value.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    keys: Keys | None = None
    recipe: str | None = None
    template: str | None = None
    unit: Unit = 1
    distinct: Share = 1.0
    nulls: Share = 0.0

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
        return self.filled(column, rows) if self.distinct >= 1 else min(rows, 1)

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
        if self.keys is not None:
            keys = self.keys.fresh(count, random)
            return (keys * self.unit).astype("datetime64[us]") if is_time(column) else keys
        seed, recipe = int(random.integers(2**62)), str(self.recipe)
        return fakes(recipe, count, unique=True, locale=locale, seed=seed, avoid=avoid, template=self.template)


def learn_key(real: pd.Series[Any], column: Column, largest: int) -> Fresh:
    """Learn how a key comes back, from all real keys (no nulls); integers stay up to ``largest``.

    Personal data that are text come back as fakes, others, such as a phone number that is stored as an
    integer, as any other key.
    """
    if column.kind == ColumnKind.PII and column.pii and is_text(column):
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
    if column.kind == ColumnKind.TEXT:
        return Fresh(nulls=nulls)
    distinct = 1.0 if column.unique else float(f"{training.nunique() / int(training.count()):.3g}")
    return replace(learn_key(real, column, largest(column)), distinct=distinct, nulls=nulls)


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
