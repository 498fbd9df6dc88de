"""Fakes that are alike where the real values were: one for each subject, or the one that an ancestor's row has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from synthkit.dataset import Dataset
from synthkit.guard.fresh import Alike, Fresh, share_of
from synthkit.guard.relations import Rules, one_to_one
from synthkit.guard.values import taken
from synthkit.row_numbers import NO_KEY, Flags, Integers, parent_rows, stacked
from synthkit.schema import Column, ForeignKey, Schema

Way: TypeAlias = tuple[ForeignKey, ...]  # from a row to the row that decides, one key after another
Order: TypeAlias = "tuple[np.random.SeedSequence, str, pd.Series[Any] | None]"

_ENOUGH = 10  # deciding rows, with fewer it may be chance, or say something about somebody
_NEARLY = 0.99  # of them; real data have slips


def with_alikes(training: Dataset, real: Dataset | None, rules: Mapping[str, Rules]) -> dict[str, Rules]:
    """The rules that also say which fakes are alike, as the values of the training part are; no real value.

    A column may repeat one of the same kind, in the same row, in an ancestor's over the owner keys, or in a
    direct parent's; or all rows of one subject, or of another such ancestor, may hold the same.
    """
    links = {key: parent_rows(training, key) for key in training.schema.foreign_keys}
    made: dict[str, dict[str, Any]] = {name: dict(own) for name, own in rules.items()}
    for table, column, rule in candidates(training.schema, rules):
        repeats = _repeated(training, real, rules, (table, column, rule), links)
        alike = repeats and Alike(tuple(key.columns for key in repeats[0]), repeats[1])
        made[table][column.name] = (
            replace(rule, alike=alike) if alike else _shared(training, table, column, rule, links)
        )
    return dict(made)


def candidates(schema: Schema, rules: Mapping[str, Rules]) -> Iterator[tuple[str, Column, Fresh]]:
    """The columns whose fakes may be alike, those that others may repeat before them."""
    for name in schema.order():
        for column in schema[name].columns:
            rule = rules[name].get(column.name)
            if isinstance(rule, Fresh) and not rule.blank and column.name not in schema[name].primary_key:
                yield name, column, rule


def way_of(schema: Schema, table: str, alike: Alike) -> Way:
    """The keys that lead to the row that decides.

    Raises:
        KeyError: there are no such keys, or no such column.
    """
    found = next((way for way in _ways(schema, table) if tuple(key.columns for key in way) == alike.via), None)
    if found is None:
        raise KeyError(alike.via)
    if alike.column is not None:
        schema[found[-1].parent if found else table].column(alike.column)
    return found


def resolvable(schema: Schema, rules: Mapping[str, Rules]) -> bool:
    """Whether all rows and columns that decide are there."""
    try:
        for table, _, rule in candidates(schema, rules):
            _ = rule.alike and way_of(schema, table, rule.alike)
    except KeyError:
        return False
    return True


def decisive(way: Way, links: Mapping[ForeignKey, Integers], rows: int) -> Integers:
    """The number of the row that decides, for each row; negative where no key leads there."""
    found = np.arange(rows, dtype="int64")
    for key in way:
        found = np.where(found >= 0, np.append(links[key], NO_KEY)[found], NO_KEY)
    return found


def restored_alike(
    rule: Fresh, column: Column, deciding: Integers, source: pd.Series[Any] | None, order: Order
) -> pd.Series[Any]:
    """Fresh values that are alike where they should be, with as many nulls as the rule says.

    Args:
        rule: of the column.
        column: as it is stored.
        deciding: the row that decides, for each row; rows without one are alone.
        source: what those rows hold, where it is repeated; None where the rows share a fake.
        order: for new fakes: the seed, the locale and the real values to avoid.
    """
    random, alone = np.random.default_rng(order[0]), replace(rule, nulls=0.0)
    places, draw = np.arange(len(deciding)), random.random(len(deciding))
    if source is None:
        places, rows = pd.factorize(np.where(deciding >= 0, deciding, -1 - places))
        pool = alone.values(column, len(rows), *order)
        draw = random.random(len(rows))[places] if rule.alike and rule.alike.whole else draw
    else:
        repeated = taken(source, deciding)
        missing = repeated.isna().to_numpy()
        pool = stacked([repeated, alone.values(column, int(missing.sum()), *order)])
        places = np.where(missing, len(deciding) + np.cumsum(missing) - 1, places)
        draw = draw - missing  # where there is nothing to repeat, null comes first
    places[np.argsort(draw, kind="stable")[: len(deciding) - rule.filled(column, len(deciding))]] = NO_KEY
    return taken(pool, places)


def avoided(real: Dataset | None, rules: Mapping[str, Rules], table: str, name: str) -> pd.Series[Any] | None:
    """The real values that no fake of a column may equal: its own, and those of the columns that repeat it."""
    if real is None:
        return None
    followers = [
        avoided(real, rules, other, column.name)
        for other, column, rule in candidates(real.schema, rules)
        if rule.alike and rule.alike.column == name and _source(real.schema, other, rule.alike) == table
    ]
    return stacked([real[table][name].dropna(), *(values for values in followers if values is not None)])


def _source(schema: Schema, table: str, alike: Alike) -> str:
    way = way_of(schema, table, alike)
    return way[-1].parent if way else table


def _ways(schema: Schema, table: str) -> Iterator[Way]:
    """No way, the owner's ancestors from the nearest on, and the other parents; never to a table on a cycle."""
    yield ()
    order = schema.order()
    way: Way = ()
    while (key := schema.owner_of(way[-1].parent if way else table)) and _rises(order, key):
        way = (*way, key)
        yield way
    yield from ((key,) for key in schema.parents_of(table) if not key.owner and _rises(order, key))


def _rises(order: tuple[str, ...], key: ForeignKey) -> bool:
    return order.index(key.parent) < order.index(key.table)


def _repeated(
    training: Dataset,
    real: Dataset | None,
    rules: Mapping[str, Rules],
    repeating: tuple[str, Column, Fresh],
    links: Mapping[ForeignKey, Integers],
) -> tuple[Way, str] | None:
    """The nearest row that holds the same, and in which of its columns."""
    table, column, rule = repeating
    for way in _ways(training.schema, table):
        parent = way[-1].parent if way else table
        deciding = decisive(way, links, len(training[table]))
        for other in _sources(training.schema, rules, parent, column.name if not way else None):
            same_kind = _comparable(rules[parent][other.name], other, rule, column)
            if not same_kind or not _keeps_unique(training.schema, column, other, way):
                continue
            if not _equal(training[table][column.name], taken(training[parent][other.name], deciding), deciding):
                continue
            if rule.recipe or _covered(real or training, (table, column.name), (parent, other.name)):
                return way, other.name
    return None


def _sources(schema: Schema, rules: Mapping[str, Rules], table: str, before: str | None) -> Iterator[Column]:
    for column in schema[table].columns:
        if column.name == before:
            return
        if column.name in rules[table]:
            yield column


def _comparable(source: Any, other: Column, rule: Fresh, column: Column) -> bool:
    same = isinstance(source, Fresh) and not source.blank and source.recipe == rule.recipe
    return same and other.storage == column.storage


def _keeps_unique(schema: Schema, column: Column, other: Column, way: Way) -> bool:
    """Whether no value comes twice where none may: each row has its own, and there is always one."""
    own = all(key == one_to_one(schema, key.table) for key in way)
    return not column.unique or (own and other.unique and not other.nullable)


def _equal(values: pd.Series[Any], others: pd.Series[Any], deciding: Integers) -> bool:
    known = (values.notna() & others.notna()).to_numpy()
    if len(np.unique(deciding[known])) < _ENOUGH:
        return False
    return bool((values[known].to_numpy() == others[known].to_numpy()).mean() >= _NEARLY)


def _covered(real: Dataset, own: tuple[str, str], source: tuple[str, str]) -> bool:
    """Whether every real key of a column is one of the source's, so that fresh ones of the source are free of it."""
    values = real[own[0]][own[1]].dropna()
    return bool(values.isin(real[source[0]][source[1]]).all())


def _shared(training: Dataset, table: str, column: Column, rule: Fresh, links: Mapping[ForeignKey, Integers]) -> Fresh:
    """The rule for a column whose rows share a fake; the farthest owner that decides is taken."""
    values = training[table][column.name]
    ways = list(_ways(training.schema, table))[1:]
    for way in sorted(ways, key=lambda way: -len(way)):
        deciding = decisive(way, links, len(values))
        if _constant(values[deciding >= 0], deciding[deciding >= 0], dropna=True):
            known = values.notna().to_numpy()
            groups = len(np.unique(np.where(deciding >= 0, deciding, -1 - np.arange(len(values)))[known]))
            whole = _constant(values.isna()[deciding >= 0], deciding[deciding >= 0], dropna=False)
            alike = Alike(tuple(key.columns for key in way), whole=whole)
            return replace(rule, alike=alike, distinct=min(1.0, share_of(values.nunique(), groups)))
    return rule


def _constant(values: pd.Series[Any], deciding: Integers, *, dropna: bool) -> bool:
    """Whether nearly all of the deciding rows with two values or more have but one value."""
    codes, distinct = pd.factorize(values, use_na_sentinel=dropna)
    known: Flags = codes >= 0
    pairs = np.unique(deciding[known] * max(len(distinct), 1) + codes[known])
    several = np.bincount(deciding[known]) >= 2
    different = np.bincount(pairs // max(len(distinct), 1), minlength=len(several))
    return bool(several.sum() >= _ENOUGH and (different[several] == 1).mean() >= _NEARLY)
