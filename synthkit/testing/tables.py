"""Tiny data sets whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthkit.dataset import Dataset
from synthkit.schema import Column, ColumnKind, ForeignKey, Schema, Table


def guarded(subjects: int = 40, seed: int = 0) -> Dataset:
    """Customers and their purchases as a synthesizer sees them: row numbers for keys, no personal data.

    ``customers`` has ``subjects`` rows and one column of each kind, with nulls in ``income``;
    ``purchases`` has 0 to 5 rows for each, and the amount grows with the customer's income.

    Example:
        >>> data = guarded(subjects=3)
        >>> list(data["customers"].columns)
        ['customer_id', 'segment', 'income', 'joined', 'churned']
    """
    random = np.random.default_rng(seed)
    segment = random.choice(["basic", "plus", "gold"], subjects, p=[0.5, 0.3, 0.2])
    income = random.normal(3000, 500, subjects).round(2) + 1500 * (segment == "gold")
    joined = np.datetime64("2020-01-01", "us") + random.integers(0, 1000, subjects).astype("timedelta64[D]")
    customers = pd.DataFrame(
        {
            "customer_id": np.arange(subjects, dtype="int64"),
            "segment": segment.tolist(),
            "income": np.where(random.random(subjects) < 0.1, np.nan, income),
            "joined": joined,
            "churned": random.random(subjects) < 0.3,
        }
    )
    owner = np.repeat(np.arange(subjects), random.integers(0, 6, subjects))
    purchases = pd.DataFrame(
        {
            "purchase_id": np.arange(len(owner), dtype="int64"),
            "customer_id": owner.astype("int64"),
            "amount": (random.gamma(2, 10, len(owner)) * income[owner] / 3000).round(2),
            "channel": random.choice(["app", "web", "branch"], len(owner)).tolist(),
        }
    )
    return Dataset(_SCHEMA, {"customers": customers, "purchases": purchases})


def linked(subjects: int = 200, seed: int = 0) -> Dataset:
    """Members and their visits as an evaluator sees them: real keys, names, nulls, and dependence of both sorts.

    ``members`` has ``subjects`` rows; ``visits`` has 0 to 5 rows for each. Each has a number, a category, a boolean
    and a date, some of them with nulls. Within a table and over the key, numbers depend on categories and on
    numbers. No key of one seed occurs under another, so that two seeds are two samples of one population.

    Example:
        >>> data = linked(subjects=100)
        >>> data.rows["members"], list(data["visits"].columns)
        (100, ['visit_id', 'member_id', 'cost', 'channel', 'paid', 'day'])
    """
    random = np.random.default_rng(np.random.SeedSequence(seed))
    members = _members(random, subjects, seed)
    return Dataset(_LINKED, {"members": members, "visits": _visits(random, members, seed)})


def _members(random: np.random.Generator, rows: int, seed: int) -> pd.DataFrame:
    plan = random.choice(3, rows, p=[0.5, 0.3, 0.2])
    age = np.clip(random.normal(30 + 12 * plan, 8, rows), 18, 90).round()
    active = random.random(rows) < 0.15 + 0.35 * plan
    joined = np.datetime64("2020-01-01", "us") + random.integers(0, 1000, rows).astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "member_id": [f"M{seed}-{i:05}" for i in range(rows)],
            "name": [f"Member {i} of {seed}" for i in range(rows)],
            "plan": np.array(["basic", "plus", "gold"])[plan].tolist(),
            "age": pd.Series(age).mask(random.random(rows) < 0.1).astype("Int64"),
            "active": pd.Series(active, dtype="boolean").mask(random.random(rows) < 0.1),
            "joined": joined,
        }
    )


def _visits(random: np.random.Generator, members: pd.DataFrame, seed: int) -> pd.DataFrame:
    owner = np.repeat(np.arange(len(members)), random.integers(0, 6, len(members)))
    costly = members["plan"].eq("gold").to_numpy()[owner]
    app = random.random(len(owner)) < 0.2 + 0.6 * costly
    days = random.integers(0, 400, len(owner)).astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "visit_id": seed * 1_000_000 + np.arange(len(owner), dtype="int64"),
            "member_id": pd.Series(members["member_id"].to_numpy()[owner], dtype=members["member_id"].dtype),
            "cost": (random.gamma(4, 10, len(owner)) + 60 * costly + 30 * app).round(2),
            "channel": pd.Series(np.where(app, "app", "desk").tolist()).mask(random.random(len(owner)) < 0.1, None),
            "paid": random.random(len(owner)) < 0.5 + 0.4 * app,
            "day": pd.Series(members["joined"].to_numpy()[owner] + days).mask(random.random(len(owner)) < 0.1),
        }
    )


_LINKED = Schema(
    (
        Table(
            "members",
            (
                Column("member_id", ColumnKind.ID, unique=True),
                Column("name", ColumnKind.PII, pii="name"),
                Column("plan", ColumnKind.CATEGORICAL),
                Column("age", ColumnKind.NUMERICAL, "int64", nullable=True),
                Column("active", ColumnKind.BOOLEAN, "bool", nullable=True),
                Column("joined", ColumnKind.DATETIME, "timestamp[us]"),
            ),
            ("member_id",),
        ),
        Table(
            "visits",
            (
                Column("visit_id", ColumnKind.ID, "int64", unique=True),
                Column("member_id", ColumnKind.ID),
                Column("cost", ColumnKind.NUMERICAL, "double", decimals=2),
                Column("channel", ColumnKind.CATEGORICAL, nullable=True),
                Column("paid", ColumnKind.BOOLEAN, "bool"),
                Column("day", ColumnKind.DATETIME, "timestamp[us]", nullable=True),
            ),
            ("visit_id",),
        ),
    ),
    (ForeignKey("visits", ("member_id",), "members", ("member_id",), owner=True),),
    subject="members",
)


_SCHEMA = Schema(
    (
        Table(
            "customers",
            (
                Column("customer_id", ColumnKind.ID, "int64", unique=True),
                Column("segment", ColumnKind.CATEGORICAL),
                Column("income", ColumnKind.NUMERICAL, "double", nullable=True, decimals=2),
                Column("joined", ColumnKind.DATETIME, "timestamp[us]"),
                Column("churned", ColumnKind.BOOLEAN, "bool"),
            ),
            ("customer_id",),
        ),
        Table(
            "purchases",
            (
                Column("purchase_id", ColumnKind.ID, "int64", unique=True),
                Column("customer_id", ColumnKind.ID, "int64"),
                Column("amount", ColumnKind.NUMERICAL, "double", decimals=2),
                Column("channel", ColumnKind.CATEGORICAL),
            ),
            ("purchase_id",),
        ),
    ),
    (ForeignKey("purchases", ("customer_id",), "customers", ("customer_id",), owner=True),),
    subject="customers",
)
