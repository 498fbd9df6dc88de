"""What few subjects have: their categories, their extremes and their many rows do not reach a model.

Everything is counted in distinct subjects, not in rows: a customer with 900 visits is one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from synthkit.dataset import Dataset
from synthkit.guard.categories import labelled
from synthkit.guard.relations import Rules
from synthkit.guard.values import (
    Bound,
    Values,
    is_integer,
    listed,
    stored,
    taken,
    ticks,
)
from synthkit.row_numbers import Flags, Floats, Integers, parent_rows
from synthkit.schema import Column, ForeignKey, Schema
from synthkit.split import part, subjects_of

K = 10

_MANY = 5  # times k subjects; with fewer, k gets smaller
_DEEP = 3  # times k subjects, from the outermost one: there replacements for extremes come from
_PRECISE = 6  # digits of a bound where nothing says how many the numbers have
_SLACK = 0.002  # of all values, by which more of a sample may lie on its outermost value


def threshold(subjects: int, k: int = K) -> int:
    """How many subjects must share what a model sees: ``k``, or a tenth of them where they are fewer than 5 k.

    So tiny data for tests still say something; 1 protects nobody.

    Example:
        >>> threshold(1000), threshold(50), threshold(40), threshold(3)
        (10, 10, 4, 1)
    """
    return k if subjects >= _MANY * k else min(k, max(1, subjects // 10))


@dataclass(frozen=True, eq=False)
class Links:
    """Which subjects stand behind which rows of a table.

    Attributes:
        rows: the row of each pair.
        subjects: the subject of each pair; no pair comes twice.
        total: how many subjects there are.
        k: how many of them must share a value.
    """

    rows: Integers
    subjects: Integers
    total: int
    k: int

    def holders(self, codes: Integers, count: int) -> Integers:
        """How many subjects hold each of ``count`` values; ``codes`` says which a row has, -1 none."""
        held = codes[self.rows]
        pairs = pd.unique((held * self.total + self.subjects)[held >= 0])
        return np.bincount(pairs // self.total, minlength=count).astype("int64")

    def share(self, rows: Flags) -> bool:
        """Whether at least k subjects stand behind those rows."""
        return len(pd.unique(self.subjects[rows[self.rows]])) >= self.k

    def highest(self, numbers: Floats) -> Floats:
        """The largest number of each subject that has one, the largest first; NaN is no number."""
        top = np.full(self.total, -np.inf)
        held = numbers[self.rows]
        np.maximum.at(top, self.subjects, np.where(np.isnan(held), -np.inf, held))
        return -np.sort(-top[top > -np.inf])


def links(data: Dataset, k: int) -> dict[str, Links]:
    """The subjects behind each row of each table but the reference tables, which are nobody's.

    A row that leads to a subject by owner keys is that subject's. Behind a shared row stand all subjects that
    have a row that refers to it, over any keys. Where no key leads from a subject to a table, each of its
    rows is one.
    """
    total, found = len(data[data.subject]), {}
    for name, subjects in subjects_of(data).items():
        rows = np.flatnonzero(subjects >= 0)
        found[name] = Links(rows, subjects[rows], total, k)
    for name in reversed(data.schema.order()):
        keys = [key for key in data.schema.children_of(name) if key.table in found]
        if keys and name not in found:
            found[name] = _referring(data, keys, found)
    personal = [table.name for table in data.schema.tables if not table.reference]
    return {name: found.get(name) or _row_by_row(len(data[name]), k) for name in personal}


def without_surplus(data: Dataset, k: int) -> tuple[Dataset, list[str]]:
    """The data without the rows in which a subject exceeds the k-th largest number of rows, and notes.

    Which of its rows go is drawn; what refers to them goes too, or its key becomes null where it may.
    ``data`` is not changed. Where fewer than k subjects have rows in a table, all of them go.
    """
    owned = {name: subjects for name, subjects in subjects_of(data).items() if name != data.subject}
    total = len(data[data.subject])
    kept = {name: _usual(subjects, total, k, place) for place, (name, subjects) in enumerate(owned.items())}
    lost = {name: int((~rows).sum()) for name, rows in kept.items() if not rows.all()}
    if not lost:
        return data, []
    rest = part(data, kept, "data that a model sees")
    return rest.data, [
        *(f"{t}: {n:,} rows of subjects with too many were not shown" for t, n in lost.items()),
        *rest.notes,
    ]


def bounded(shown: Dataset, rules: Mapping[str, Rules], k: int, schema: Schema) -> dict[str, Rules]:
    """The rules with bounds for numbers and times, and what is not shown of the categories that ``schema`` lists.

    Both are learned from guarded data. A column gets no rule where too few subjects have a value in it for two
    bounds, or hold either of two truth values.
    """
    made: dict[str, dict[str, Any]] = {name: dict(own) for name, own in rules.items()}
    for name, behind in links(shown, k).items():
        for column, rule in _modelled(shown, name, rules):
            real = shown[name][column.name]
            if rule.kind == "categorical":
                unshown = _unshown(real, listed(schema[name].column(column.name)), behind)
                made[name][column.name] = replace(rule, unshown=unshown)
            elif rule.kind == "boolean":
                made[name][column.name] = rule if _common(real, behind)[2].any() else None
            elif behind.k > 1:
                made[name][column.name] = _with_bounds(real, column, rule, behind)
    return dict(made)


def drawn_in(shown: Dataset, rules: Mapping[str, Rules], k: int) -> tuple[Dataset, list[str]]:
    """Guarded data without rare categories and extremes, and notes; ``shown`` is not changed.

    A category that fewer than k subjects hold becomes ``rare``, and such a truth value the other one; an extreme
    becomes one of the values that lie a little further inside. Nulls that fewer than k subjects hold become
    other values. What is drawn depends on nothing but the data and the rules.
    """
    tables, notes = dict(shown.tables), []
    for place, (name, behind) in enumerate(links(shown, k).items()):
        random, changed = np.random.default_rng(np.random.SeedSequence(k, spawn_key=(place,))), {}
        for column, rule in _modelled(shown, name, rules):
            real = shown[name][column.name]
            if rule.kind == "categorical":
                usual, count = labelled(*_common(real, behind))
            elif rule.kind == "boolean":
                usual, count = _one_truth(real, behind, random)
            else:
                usual, count = within(real, column, rule, random)
            what = {"categorical": "rare categories", "boolean": "rare truth values"}.get(rule.kind, "extremes")
            changed[column.name], filled = _drawn(usual, _few_nulls(usual, behind), random)
            for n, hidden in ((count, what), (filled, "rare nulls")):
                notes += [f"{name}.{column.name}: {n:,} {hidden} were not shown"] if n else []
        tables[name] = shown[name].assign(**changed)
    return Dataset(shown.schema, tables), notes


def within(
    values: pd.Series[Any], column: Column, rule: Values, random: np.random.Generator
) -> tuple[pd.Series[Any], int]:
    """Numbers or times within their bounds, and how many were changed.

    What lies beyond a bound, or too often on the outermost value, becomes one of the values between the inner
    side of the bound and the bound; where there is none, a number from there. Nulls stay.
    """
    count = 0
    for bound, sign in ((rule.high, 1.0), (rule.low, -1.0)):
        if bound is not None:
            values, changed = _one_end(values, column, rule, (bound, sign), random)
            count += changed
    return values, count


def _modelled(shown: Dataset, table: str, rules: Mapping[str, Rules]) -> Iterator[tuple[Column, Values]]:
    for column in shown.schema[table].columns:
        rule = rules[table].get(column.name)
        if isinstance(rule, Values) and column.name not in shown.schema.key_columns(table):
            yield column, rule


def _referring(data: Dataset, keys: Sequence[ForeignKey], found: Mapping[str, Links]) -> Links:
    """The subjects whose rows refer to each row of a shared table."""
    pairs, total = [], found[data.subject].total
    for key in keys:
        rows = parent_rows(data, key)[found[key.table].rows]
        pairs.append((rows * total + found[key.table].subjects)[rows >= 0])
    once = pd.unique(np.concatenate(pairs))
    return Links(once // total, once % total, total, found[data.subject].k)


def _row_by_row(rows: int, k: int) -> Links:
    return Links(np.arange(rows), np.arange(rows), rows, threshold(rows, k))


def _usual(subjects: Integers, total: int, k: int, place: int) -> Flags:
    """Which rows stay if no subject keeps more than the k-th largest number of rows; nobody's rows stay."""
    counts = np.bincount(subjects[subjects >= 0], minlength=total)
    limit = np.sort(counts)[-k:].min(initial=len(subjects))
    random = np.random.default_rng(np.random.SeedSequence(k, spawn_key=(place, 1)))
    order = np.lexsort((random.random(len(subjects)), subjects))
    first = np.searchsorted(subjects[order], subjects[order])
    kept = np.ones(len(subjects), dtype=bool)
    kept[order] = (np.arange(len(order)) - first < limit) | (subjects[order] < 0)
    return kept


def _common(real: pd.Series[Any], behind: Links) -> tuple[Integers, Any, Flags]:
    """The code of each row, the distinct values, and which of those at least k subjects hold."""
    found, distinct = pd.factorize(real)
    codes = found.astype("int64")
    enough = behind.holders(codes, len(distinct)) >= behind.k if behind.k > 1 else np.ones(len(distinct), dtype=bool)
    return codes, distinct, enough


def _unshown(real: pd.Series[Any], known: Sequence[str], behind: Links) -> tuple[str, ...]:
    """Those of the listed categories that too few subjects hold."""
    _, distinct, enough = _common(real, behind)
    seen = set(distinct[enough])
    return tuple(name for name in known if name not in seen)


def _one_truth(real: pd.Series[Any], behind: Links, random: np.random.Generator) -> tuple[pd.Series[Any], int]:
    """Truth values without that of too few subjects, and the number of those."""
    codes, _, enough = _common(real, behind)
    return _drawn(real, ~np.append(enough, True)[codes], random)


def _few_nulls(values: pd.Series[Any], behind: Links) -> Flags:
    """The rows that are null, if some are and fewer than k subjects are behind them."""
    missing = values.isna().to_numpy()
    none = behind.k == 1 or behind.share(missing)
    return np.zeros(len(missing), dtype=bool) if none else missing


def _drawn(values: pd.Series[Any], rows: Flags, random: np.random.Generator) -> tuple[pd.Series[Any], int]:
    """Other values, drawn from those of all other rows, for some rows, and how many were drawn."""
    others = np.flatnonzero(~rows & values.notna().to_numpy())
    if not rows.any() or not len(others):
        return values, 0
    return taken(values, np.where(rows, random.choice(others, len(rows)), np.arange(len(rows)))), int(rows.sum())


def _numbers(values: pd.Series[Any], rule: Values) -> Floats:
    """Numbers as they are, times in units since 1970; NaN for null."""
    if rule.kind != "datetime":
        return values.to_numpy(dtype="float64", na_value=np.nan)
    naive = values.dt.tz_convert("UTC").dt.tz_localize(None) if values.dt.tz is not None else values
    return np.where(naive.isna(), np.nan, ticks(naive) / rule.unit)


def _digits(column: Column, rule: Values) -> int | None:
    """How many digits after the point ``_numbers`` have; None where nothing says it."""
    return 0 if rule.kind == "datetime" or is_integer(column) else column.decimals


def _with_bounds(real: pd.Series[Any], column: Column, rule: Values, behind: Links) -> Values | None:
    numbers, digits = _numbers(real, rule), _digits(column, rule)
    high, low = (_bound(sign * numbers, behind, digits) for sign in (1.0, -1.0))
    if high is None or low is None or not behind.share((numbers >= -low.at) & (numbers <= high.at)):
        return None
    inner = max(high.inner, -low.at), min(-low.inner, high.at)  # within the other bound
    return replace(rule, high=replace(high, inner=inner[0]), low=replace(low, at=-low.at, inner=inner[1]))


def _bound(numbers: Floats, behind: Links, digits: int | None) -> Bound | None:
    """Where the highest numbers end."""
    highest = behind.highest(numbers)
    if len(highest) < behind.k:
        return None
    outermost, deep = highest[behind.k - 1], _deep(highest, behind.k, _DEEP)
    at = _clean(numbers, behind, (outermost, outermost - deep), digits)
    inside = behind.highest(np.where(numbers < at, numbers, np.nan))
    inner = at
    if len(inside):
        deep = _deep(inside, 1, (_DEEP - 1) * behind.k)
        inner = _clean(numbers, behind, (deep, at - deep), digits)
    known = numbers[numbers <= at]
    share = float((known == known.max(initial=-np.inf)).sum() / np.isfinite(numbers).sum())
    return Bound(at, inner, math.ceil(share * 1000) / 1000)


def _deep(highest: Floats, first: int, times: int) -> float:
    """The number of the subject that many times ``first`` from the outermost, but of none in the other half."""
    return float(highest[min(times * first, max(len(highest) // 2, first)) - 1])


def _clean(numbers: Floats, behind: Links, span: tuple[float, float], digits: int | None) -> float:
    """A round number at or a little below another, which no subject, or k of them, have.

    ``span`` is the number and how far below it the result may about lie.
    """
    value, room = float(span[0]), min(float(span[1]), 1e300)
    if behind.share(numbers == value):
        return value
    finest = _exponent(abs(value)) - _PRECISE if digits is None else max(_exponent(abs(value)) - 14, -digits)
    exponent = max(_exponent(room / 2) if room > 0 else finest, finest)
    grain = 10.0**exponent
    rounded = round(math.floor(value / grain) * grain, -exponent)
    if not (numbers == rounded).any() or behind.share(numbers == rounded):
        return rounded
    return rounded - (grain if digits is None else 10.0**finest) / 2  # between numbers that can occur


def _exponent(number: float) -> int:
    return max(math.floor(math.log10(number)), -300) if number > 0 else -300


def _one_end(
    values: pd.Series[Any], column: Column, rule: Values, end: tuple[Bound, float], random: np.random.Generator
) -> tuple[pd.Series[Any], int]:
    bound, sign = end
    numbers, at, inner = sign * _numbers(values, rule), sign * bound.at, sign * bound.inner
    beyond = numbers > at
    top = numbers[numbers <= at].max(initial=-np.inf)
    sources = np.flatnonzero((numbers >= inner) & (numbers < top))
    again = beyond | _piled(numbers == top, bound.share, numbers, random) if len(sources) and top >= inner else beyond
    if not again.any():
        return values, 0
    if not len(sources) and top >= inner:
        sources = np.flatnonzero(numbers == top)
    if len(sources):
        rows = np.where(again, random.choice(sources, len(again)), np.arange(len(again)))
        return taken(values, rows), int(again.sum())
    drawn = sign * _rounded_down(random.uniform(inner, at, len(again)), _digits(column, rule))
    return values.mask(again, _as_stored(drawn, column, rule)).astype(values.dtype), int(again.sum())


def _piled(outermost: Flags, share: float, numbers: Floats, random: np.random.Generator) -> Flags:
    """Which of the values that are outermost are too many."""
    allowed = max(1, int((share + _SLACK) * np.isfinite(numbers).sum()))
    piled = np.zeros(len(outermost), dtype=bool)
    piled[random.permutation(np.flatnonzero(outermost))[allowed:]] = True
    return piled


def _rounded_down(numbers: Floats, digits: int | None) -> Floats:
    return numbers if digits is None else np.floor(numbers * 10.0**digits) / 10.0**digits


def _as_stored(numbers: Floats, column: Column, rule: Values) -> pd.Series[Any]:
    drawn: pd.Series[Any] = pd.Series(numbers)
    if rule.kind == "datetime":
        drawn = pd.Series((numbers * rule.unit).astype("datetime64[us]"))
    return stored(drawn, column, rule.unit)
