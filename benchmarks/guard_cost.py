"""What the guard costs: ``python benchmarks/guard_cost.py [--rows N]``.

Seconds of learning, protecting and restoring 20 columns of mixed kinds, one row per account and ten accounts per
customer, beside a plain read of the same CSV by pandas; then the seconds of writing the restored table and of
reading it back to compare. The aim is less than 2 s in all for 100,000 rows on two cores.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from synthkit import Column, ColumnKind, Dataset, ForeignKey, Schema, Table
from synthkit.guard import Guard
from synthkit.plugins import discover
from synthkit.record import verify_tables, write_tables
from synthkit.source import from_frames, read_dataset

PER_CUSTOMER = 10
NUMBERS = tuple(f"amount_{n}" for n in range(6))
CATEGORIES = tuple(f"category_{n}" for n in range(5))
DATES = ("opened", "changed")
FLAGS = ("active", "premium", "joint")


def accounts(rows: int, seed: int = 0) -> Dataset:
    """Customers, and accounts of 20 columns: two personal, a key, a foreign key and 16 that a model sees."""
    random = np.random.default_rng(seed)
    owners = max(rows // PER_CUSTOMER, 1)
    customers = pd.DataFrame(
        {"customer_id": [f"C{n:07d}" for n in range(owners)], "age": random.integers(18, 95, owners)}
    )
    person = random.integers(0, 10**9, (2, rows)).astype(str).astype(object)
    table = pd.DataFrame({"account_id": np.arange(1, rows + 1) + 10**6})
    table["customer_id"] = customers["customer_id"].to_numpy()[random.integers(0, owners, rows)]
    table["holder"], table["email"] = "Ann Lee " + person[0], "ann" + person[1] + "@mail.test"
    for place, name in enumerate(NUMBERS):
        table[name] = random.gamma(2, 100, rows).round(2) if place % 2 else random.integers(0, 10_000, rows)
    for place, name in enumerate(CATEGORIES):
        table[name] = np.array([f"kind {n}" for n in range(4**place + 2)])[random.integers(0, 4**place + 2, rows)]
    for name in DATES:
        table[name] = np.datetime64("2015-01-01", "us") + random.integers(0, 3650, rows).astype("timedelta64[D]")
    for name in FLAGS:
        table[name] = random.random(rows) < 0.3
    table.loc[random.random(rows) < 0.05, "amount_1"] = np.nan
    return read_dataset(from_frames({"customers": customers, "accounts": table}), SCHEMA)


def _column(name: str) -> Column:
    if name in NUMBERS:
        whole = NUMBERS.index(name) % 2 == 0
        storage = "int64" if whole else "double"
        return Column(name, ColumnKind.NUMERICAL, storage, name == "amount_1", decimals=None if whole else 2)
    if name in DATES:
        return Column(name, ColumnKind.DATETIME, "timestamp[us]", format="%Y-%m-%d")
    if name in FLAGS:
        return Column(name, ColumnKind.BOOLEAN, "bool")
    return Column(name, ColumnKind.CATEGORICAL)


SCHEMA = Schema(
    (
        Table(
            "customers",
            (Column("customer_id", ColumnKind.ID, unique=True), Column("age", ColumnKind.NUMERICAL, "int64")),
            ("customer_id",),
        ),
        Table(
            "accounts",
            (
                Column("account_id", ColumnKind.ID, "int64", unique=True),
                Column("customer_id", ColumnKind.ID),
                Column("holder", ColumnKind.PII, pii="name"),
                Column("email", ColumnKind.PII, pii="email"),
                *map(_column, (*NUMBERS, *CATEGORIES, *DATES, *FLAGS)),
            ),
            ("account_id",),
        ),
    ),
    (ForeignKey("accounts", ("customer_id",), "customers", ("customer_id",), owner=True),),
    "customers",
)


def main() -> None:
    """Print the seconds of each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows: int = parser.parse_args().rows
    real, writer = accounts(rows), discover().find("format", "csv").cls()
    spent: dict[str, float] = {}

    def timed(step: str, work: Callable[[], object]) -> object:
        before = time.perf_counter()
        result = work()
        spent[step] = time.perf_counter() - before
        return result

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write_tables(place / "real", real, "real", writer)
        timed("plain read of the CSV", lambda: pd.read_csv(place / "real" / "accounts_real.csv"))
        guard = timed("learn", lambda: Guard.learn(real, real=real))
        assert isinstance(guard, Guard)
        protected = timed("protect", lambda: guard.protect(real))
        assert isinstance(protected, Dataset)
        restored = timed("restore", lambda: guard.restore(protected, seed=1, real=real))
        assert isinstance(restored, Dataset)
        timed("write", lambda: write_tables(place / "data", restored, "made", writer))
        timed("read back and compare", lambda: verify_tables(place / "data", restored, "made", writer))
    in_all = spent["learn"] + spent["protect"] + spent["restore"]
    print(f"{rows:,} rows x {len(SCHEMA['accounts'].columns)} columns")
    for step, seconds in spent.items():
        print(f"{step:<24}{seconds:7.2f} s")
    print(f"{'the guard in all':<24}{in_all:7.2f} s = {in_all / spent['plain read of the CSV']:.1f} plain reads")


if __name__ == "__main__":
    main()
