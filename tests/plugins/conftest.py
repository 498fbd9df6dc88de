"""What tests of several plugins share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from synthkit import Column, ColumnKind, Dataset, ForeignKey, Schema, Table

KIND = ColumnKind
_SCHEMA = Schema(
    (
        Table(
            "persons",
            (
                Column("person_id", KIND.ID),
                Column("name", KIND.PII),
                Column("segment", KIND.CATEGORICAL, nullable=True),
                Column("income", KIND.NUMERICAL, "double", nullable=True),
                Column("age", KIND.NUMERICAL, "int64", nullable=True),
                Column("member", KIND.BOOLEAN, "bool", nullable=True),
                Column("joined", KIND.DATETIME, "timestamp[us]"),
            ),
            ("person_id",),
        ),
        Table(
            "visits",
            (
                Column("visit_id", KIND.ID, "int64"),
                Column("person_id", KIND.ID),
                Column("amount", KIND.NUMERICAL, "double"),
                Column("channel", KIND.CATEGORICAL),
                Column("day", KIND.DATETIME, "timestamp[us]", nullable=True),
                Column("remark", KIND.TEXT),
            ),
            ("visit_id",),
        ),
        Table(
            "items",
            (
                Column("visit_id", KIND.ID, "int64"),
                Column("product_id", KIND.ID, "int64", nullable=True),
                Column("price", KIND.NUMERICAL, "double"),
                Column("colour", KIND.CATEGORICAL),
            ),
        ),
        Table(
            "products",
            (
                Column("product_id", KIND.ID, "int64"),
                Column("weight", KIND.NUMERICAL, "double"),
                Column("group", KIND.CATEGORICAL),
            ),
            ("product_id",),
        ),
    ),
    (
        ForeignKey("visits", ("person_id",), "persons", ("person_id",), owner=True),
        ForeignKey("items", ("visit_id",), "visits", ("visit_id",), owner=True),
        ForeignKey("items", ("product_id",), "products", ("product_id",)),
    ),
    subject="persons",
)


def _shop(seed: int = 0, people: int = 120) -> Dataset:
    random = np.random.default_rng(seed)
    income = random.normal(3000, 500, people).round(2)
    persons = pd.DataFrame(
        {
            "person_id": [f"P{seed}-{i:05}" for i in range(people)],
            "name": [f"secret name {i}" for i in range(people)],
            "segment": pd.Series(np.where(income > 3200, "plus", random.choice(["basic", "gold", None], people))),
            "income": np.where(random.random(people) < 0.1, np.nan, income),
            "age": pd.array(np.where(random.random(people) < 0.1, None, income // 100), dtype="Int64"),
            "member": pd.array(random.choice([True, False, None], people), dtype="boolean"),
            "joined": pd.Series(_days(random, people)).dt.tz_localize("Europe/Paris"),
        }
    )
    owner = np.sort(random.integers(0, people, 3 * people))
    visits = pd.DataFrame(
        {
            "visit_id": np.arange(len(owner)),
            "person_id": pd.Series(persons["person_id"].to_numpy()[owner]),
            "amount": (random.gamma(2, 10, len(owner)) * income[owner] / 3000).round(2),
            "channel": np.where(income[owner] > 3000, "app", random.choice(["web", "secret branch"], len(owner))),
            "day": pd.Series(_days(random, len(owner), 30)).where(random.random(len(owner)) < 0.9),
            "remark": "secret remark",
        }
    )
    visit, product = random.integers(0, len(owner), 4 * people), random.integers(0, 12, 4 * people)
    weight = random.gamma(2, 3, 12)
    items = pd.DataFrame(
        {
            "visit_id": visit,
            "product_id": pd.array(np.where(random.random(len(visit)) < 0.1, None, product), dtype="Int64"),
            "price": (weight[product] + income[owner[visit]] / 100).round(1),
            "colour": random.choice(["red", "blue"], len(visit)),
        }
    )
    products = pd.DataFrame({"product_id": range(12), "weight": weight, "group": random.choice(["a", "b"], 12)})
    return Dataset(_SCHEMA, {"persons": persons, "visits": visits, "items": items, "products": products})


def _days(random: np.random.Generator, rows: int, span: int = 999) -> np.ndarray:
    return np.datetime64("2020-01-01", "us") + random.integers(0, span, rows).astype("timedelta64[D]")


@pytest.fixture(scope="session")
def shop() -> Callable[..., Dataset]:
    """``shop(seed, people)``: persons own visits, visits own items, items name products, which nobody owns.

    There is a column of each kind, with nulls, text keys and a time zone, and dependence of each sort.
    """
    return _shop
