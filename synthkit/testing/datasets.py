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
