"""The evaluator ``sdmetrics`` gives SDMetrics' own figures, but never leaves one out in silence."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synthkit import Column, ColumnKind, Context, Dataset, Failure, ForeignKey, ResourceError, Schema, Score, Table

pytest.importorskip("sdmetrics", reason="needs the extra sdv")

import synthkit_sdmetrics
from synthkit_sdmetrics.evaluator import SDMetrics
from synthkit_sdmetrics.values import Values, linked

pytestmark = pytest.mark.sdv

KIND = ColumnKind
QUALITY, DIAGNOSTIC = "sdmetrics.quality", "sdmetrics.diagnostic"
SDTYPES = {KIND.PII: "unknown", KIND.TEXT: "unknown"}


def two_tables(seed: int = 0, people: int = 120) -> Dataset:
    """People and their visits in an original schema: text keys, personal data, nulls and a time zone."""
    random = np.random.default_rng(seed)
    income = random.normal(3000, 500, people).round(2)
    persons = pd.DataFrame(
        {
            "person_id": [f"P{seed}-{i:05}" for i in range(people)],
            "name": [f"secret name {i}" for i in range(people)],
            "segment": pd.Series(random.choice(["basic", "plus", None], people)),
            "income": np.where(random.random(people) < 0.1, np.nan, income),
            "score": pd.array(np.where(random.random(people) < 0.1, None, income // 10), dtype="Int64"),
            "member": pd.array(random.choice([True, False, None], people), dtype="boolean"),
            "joined": pd.Series(days(random, people)).dt.tz_localize("Europe/Paris"),
        }
    )
    owner = np.sort(random.integers(0, people, 3 * people))
    visits = pd.DataFrame(
        {
            "visit_id": np.arange(len(owner)),
            "person_id": pd.Series(persons["person_id"].to_numpy()[owner]),
            "amount": (random.gamma(2, 10, len(owner)) * income[owner] / 3000).round(2),
            "channel": random.choice(["app", "web", "secret branch"], len(owner)),
            "day": pd.Series(days(random, len(owner))).where(random.random(len(owner)) < 0.9),
            "remark": "secret remark",
        }
    )
    visits.loc[::10, "person_id"] = None
    return Dataset(SCHEMA, {"persons": persons, "visits": visits})


def days(random: np.random.Generator, rows: int) -> np.ndarray:
    return np.datetime64("2020-01-01", "us") + random.integers(0, 999, rows).astype("timedelta64[D]")


def table(name: str, key: str, **kinds: ColumnKind) -> Table:
    return Table(name, tuple(Column(column, kind) for column, kind in kinds.items()), (key,))


PERSONS = table(
    "persons",
    "person_id",
    person_id=KIND.ID,
    name=KIND.PII,
    segment=KIND.CATEGORICAL,
    income=KIND.NUMERICAL,
    score=KIND.NUMERICAL,
    member=KIND.BOOLEAN,
    joined=KIND.DATETIME,
)
VISITS = table(
    "visits",
    "visit_id",
    visit_id=KIND.ID,
    person_id=KIND.ID,
    amount=KIND.NUMERICAL,
    channel=KIND.CATEGORICAL,
    day=KIND.DATETIME,
    remark=KIND.TEXT,
)
KEY = ForeignKey("visits", ("person_id",), "persons", ("person_id",), owner=True)
SCHEMA = Schema((PERSONS, VISITS), (KEY,), subject="persons")


def changed(data: Dataset, name: str, **columns: object) -> Dataset:
    """The same data with some columns of one table replaced."""
    return replace(data, tables={**data.tables, name: data[name].assign(**columns)})


def evaluate(real: Dataset, synthetic: Dataset, context: Context | None = None, seed: int = 0):
    return list(SDMetrics().evaluate(real, synthetic, holdout=None, seed=seed, context=context or Context()))


def by_id(real: Dataset, synthetic: Dataset) -> dict[str, Score | Failure]:
    results = evaluate(real, synthetic)
    ids = [result.id for result in results]
    assert len(ids) == len(set(ids))
    return dict(zip(ids, results, strict=True))


def values(real: Dataset, synthetic: Dataset) -> dict[str, float]:
    return {i: result.value for i, result in by_id(real, synthetic).items() if isinstance(result, Score)}


def failures(real: Dataset, synthetic: Dataset) -> dict[str, str]:
    return {i: result.reason for i, result in by_id(real, synthetic).items() if isinstance(result, Failure)}


# SDMetrics' own reports, fed with the original frames


def sdmetrics_report(name: str, real: Dataset, synthetic: Dataset):
    from sdmetrics import reports

    report = getattr(reports, name)()
    report.real_correlation_threshold = report.real_association_threshold = 0
    report.num_rows_subsample = None
    frames = ({name: plain(data[name]) for name in data.schema.table_names} for data in (real, synthetic))
    with pytest.warns() if False else _ignored():
        report.generate(*frames, sdmetrics_metadata(real.schema), verbose=False)
    return report


def _ignored():
    import warnings

    context = warnings.catch_warnings()
    context.__enter__()
    warnings.simplefilter("ignore")
    return context
