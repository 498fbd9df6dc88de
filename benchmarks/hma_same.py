"""Do both samplers of ``hma`` draw alike from one fitted model?

Three ways draw from it: ours, ours with a model object of SDV for every parent, and SDV's own ``sample``. SDV starts
the draws of every family from one and the same seed, so that all first children share their noise; here it goes on from
one family to the next instead, without which its columns differ from run to run by more than chance.

Columns: rows of one parent are alike, so one row of each parent is taken; Kolmogorov and Smirnov's test for numbers and
dates, chi-squared for categories. Correlations of a parent's column with a child's: the values of all seeds of one way
against those of another, by Welch's t-test. All p-values of two ways are corrected together, by Holm's method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from synthkit.context import Context
from synthkit.dataset import Dataset
from synthkit.schema import ColumnKind
from synthkit_sdv.tables import KEY

LEVEL = 0.05
_Draws = dict[str, list[Dataset]]


def differences(training: Dataset, rows: int, seeds: int) -> list[str]:
    """What is to be printed: of each two ways, the tests, the least corrected p-value and what is significant."""
    from synthkit_sdv.hma import HMA  # noqa: PLC0415 - needs the extra

    fitted = HMA(HMA.Options()).fit(training, seed=0, context=Context())
    slow = HMA(HMA.Options(sampler="sdv"))
    slow._model, slow._tables = fitted._model, fitted._tables  # noqa: SLF001 - one model, two samplers
    ways: dict[str, Callable[[int], Dataset]] = {
        "ours": lambda seed: fitted.sample(rows, seed=seed, context=Context()),
        "SDV's models": lambda seed: slow.sample(rows, seed=seed, context=Context()),
        "SDV's sample": lambda seed: sdv_sample(fitted, rows, seed),
    }
    draws = {name: [way(100 * place + seed) for seed in range(seeds)] for place, (name, way) in enumerate(ways.items())}
    return [line for pair in combinations(ways, 2) for line in _told({name: draws[name] for name in pair})]


def sdv_sample(fitted: Any, rows: int, seed: int) -> Dataset:
    """SDV's own ``sample`` of our fitted model, without its fixed seed."""
    from sdv.single_table import GaussianCopulaSynthesizer  # noqa: PLC0415 - needs the extra

    from synthkit_sdv.quiet import replaced  # noqa: PLC0415
    from synthkit_sdv.seeding import restart, seeded  # noqa: PLC0415

    model, tables = fitted._model, fitted._tables  # noqa: SLF001
    singles = model._table_synthesizers  # noqa: SLF001
    with seeded(seed), np.errstate(all="ignore"):
        for single, own in zip(singles.values(), np.random.SeedSequence(seed).spawn(len(singles)), strict=True):
            restart(single, own)
        model._numpy_seed = seed  # noqa: SLF001
        with replaced(GaussianCopulaSynthesizer, "_set_random_state", lambda *_: None):
            drawn = model.sample(num_rows=rows, main_table_name=tables.table(tables.subject))
    return Dataset(tables.schema, {name: _back(tables, name, drawn) for name in tables.rows})


def _back(tables: Any, name: str, drawn: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """In the training part's form; SDV's keys are any numbers, ours those of the parents' rows."""
    frame, keys = drawn[tables.table(name)], {}
    for link in tables.schema.parents_of(name):
        parents = drawn[tables.table(link.parent)][KEY]
        own = frame[tables.column(name, link.columns[0])]
        keys[link.columns[0]] = own.map(pd.Series(np.arange(len(parents)), index=parents)).to_numpy()
    found: pd.DataFrame = tables.from_sdv(name, len(frame), frame, keys)
    return found


def _told(draws: _Draws) -> Iterator[str]:
    found = dict(_tests(*draws.values()))
    corrected = holm(found)
    different = {name: p for name, p in corrected.items() if p < LEVEL}
    yield f"{' and '.join(draws)}: {len(found)} tests, the least p {min(found.values()):.2g}, corrected"
    yield f"  {min(corrected.values()):.2g}; {len(different)} differ ({LEVEL:.0%} level, corrected)"
    yield from (f"  {name}: {p:.2g}" for name, p in sorted(different.items(), key=lambda item: item[1]))


def holm(found: dict[str, float]) -> dict[str, float]:
    """The p-values corrected for their number (Holm 1979).

    Example:
        >>> holm({"a": 0.01, "b": 0.5, "c": 0.02})
        {'a': 0.03, 'c': 0.04, 'b': 0.5}
    """
    corrected, worst = {}, 0.0
    for done, (name, p) in enumerate(sorted(found.items(), key=lambda item: item[1])):
        worst = max(worst, min(p * (len(found) - done), 1.0))
        corrected[name] = worst
    return corrected


def _tests(one: list[Dataset], other: list[Dataset]) -> Iterator[tuple[str, float]]:
    """The name and the p-value of each test."""
    schema = one[0].schema
    for table in schema.table_names:
        columns = [(column.name, column.kind) for column in schema.modelled(table)]
        firsts, seconds = (pd.concat([_apart(data, table, n) for n, data in enumerate(way)]) for way in (one, other))
        for name, kind in columns:
            yield f"{table}.{name}", same_column(firsts[name], seconds[name], kind)
    rows = [pd.DataFrame([dict(_correlations(data)) for data in way]) for way in (one, other)]
    for name in map(str, rows[0]):
        p = float(stats.ttest_ind(rows[0][name], rows[1][name], equal_var=False, nan_policy="omit").pvalue)
        yield name, 1.0 if np.isnan(p) else p  # both constant


def same_column(one: pd.Series, other: pd.Series, kind: ColumnKind) -> float:
    """The p-value of both being drawn alike; of numbers with nulls, twice the lesser of values' and nulls'."""
    if kind in {ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN}:
        return _chi_squared(one.astype(str), other.astype(str))
    values = [_numbers(part.dropna()) for part in (one, other)]
    p = float(stats.ks_2samp(*values).pvalue)
    return min(2 * min(p, _chi_squared(one.isna(), other.isna())), 1) if one.isna().any() or other.isna().any() else p


def _chi_squared(one: pd.Series, other: pd.Series) -> float:
    counts = pd.DataFrame({"one": one.value_counts(), "other": other.value_counts()}).fillna(0)
    rare = counts.sum(axis=1) < 10  # too few for chi-squared, unless taken together
    table = counts[~rare] if not rare.any() else pd.concat([counts[~rare], counts[rare].sum().to_frame().T])
    return float(stats.chi2_contingency(table).pvalue) if len(table) > 1 else 1.0


def _apart(data: Dataset, table: str, seed: int) -> pd.DataFrame:
    """One row of each parent, any; all rows of a table without parents."""
    frame, keys = data[table], data.schema.parents_of(table)
    if not keys:
        return frame
    shuffled = frame.sample(frac=1, random_state=seed)
    return shuffled.drop_duplicates(keys[0].columns[0])


def _correlations(data: Dataset) -> Iterator[tuple[str, float]]:
    """Of the ranks of each column of a child with those of each column of its parent, over the child's rows."""
    for key in data.schema.foreign_keys:
        child = data[key.table].dropna(subset=[key.columns[0]])
        parent = data[key.parent].iloc[child[key.columns[0]].astype("int64")]
        uppers = {column.name: _ranks(parent[column.name]) for column in data.schema.modelled(key.parent)}
        lowers = {column.name: _ranks(child[column.name]) for column in data.schema.modelled(key.table)}
        for (upper, above), (lower, below) in product(uppers.items(), lowers.items()):
            with np.errstate(invalid="ignore"):
                yield f"{key.parent}.{upper} with {key.table}.{lower}", float(np.corrcoef(above, below)[0, 1])


def _ranks(values: pd.Series) -> npt.NDArray[np.float64]:
    """Nulls lie in the middle; categories are ranked by name."""
    ranks = (values.astype(str).where(values.notna()) if values.dtype == "category" else values).rank()
    return np.asarray(ranks.fillna(ranks.mean()), np.float64)


def _numbers(values: pd.Series) -> npt.NDArray[np.float64]:
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.to_numpy("datetime64[us]").astype("float64")
    return values.to_numpy("float64")
