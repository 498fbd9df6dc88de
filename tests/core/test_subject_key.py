"""Whose rows they are, where the table of the subjects is not there: one person's many rows count once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synthkit.bank import bank
from synthkit.cli import run
from synthkit.context import Context
from synthkit.dataset import Dataset
from synthkit.errors import UsageError
from synthkit.guard import Guard
from synthkit.inference import infer
from synthkit.report import Sides, figures
from synthkit.scan import RealStrings
from synthkit.schema import Column, ColumnKind, ForeignKey, Schema, Table
from synthkit.source import from_frames
from synthkit.split import split, subject_count, subjects_of

pytestmark = pytest.mark.slow  # whole runs, or processes of their own

COUNT, EACH = 200, 10


@pytest.fixture
def folder(tmp_path):
    """Customers with ten transactions each; one category, one number and one heap of rows are of very few."""
    random, rows = np.random.default_rng(0), COUNT * EACH
    customers = pd.DataFrame(
        {"customer_id": [f"C{i:06d}" for i in range(COUNT)], "age": random.integers(20, 70, COUNT)}
    )
    own = pd.DataFrame(
        {
            "transaction_id": range(rows),
            "customer_id": np.repeat(customers["customer_id"].to_numpy(), EACH),
            "shop": random.choice(["food", "fuel"], rows),
            "amount": random.integers(1, 500, rows),
        }
    )
    own.loc[70:89, "shop"] = "VIPCLUB"
    own.loc[100:119, "amount"] = 99_999
    (tmp_path / "real").mkdir()
    customers.to_csv(tmp_path / "real" / "customers.csv", index=False)
    own.to_csv(tmp_path / "real" / "transactions.csv", index=False)
    return tmp_path


@pytest.mark.parametrize(
    "chosen", [("--plugin", "single", "--table", "transactions"), ("--plugin", "resample", "--tables", "transactions")]
)
def test_a_child_table_alone_shows_nothing_that_few_subjects_have(folder, chosen):
    out = folder / "out"
    arguments = ["run", "--data", str(folder / "real"), "--out", str(out), "-q", "--no-gates", "--evaluators", "means"]
    assert run([*arguments, *chosen]) == 0
    drawn = pd.read_csv(next((out / "data").glob("transactions*.csv")))
    assert set(drawn["shop"]) == {"food", "fuel"}
    assert drawn["amount"].max() < 500
    assert 'subject_key = ["customer_id"]' in (out / "schema.toml").read_text()


def schema(**of_payments):
    people = Table("people", (Column("id", ColumnKind.ID),), ("id",))
    accounts = Table("accounts", (Column("no", ColumnKind.ID), Column("person", ColumnKind.ID)), ("no",))
    columns = (Column("account", ColumnKind.ID), Column("shop", ColumnKind.CATEGORICAL))
    payments = Table("payments", columns, **of_payments)
    keys = (
        ForeignKey("accounts", ("person",), "people", ("id",), owner=True),
        ForeignKey("payments", ("account",), "accounts", ("no",), owner=True),
    )
    return Schema((people, accounts, payments), keys, "people")


def test_the_first_table_without_its_owner_holds_the_subjects():
    chosen = schema().select(["accounts", "payments"])
    assert (chosen.subject, chosen["accounts"].subject_key, chosen["payments"].subject_key) == (
        "accounts",
        ("person",),
        (),
    )
    frames = {
        "accounts": pd.DataFrame({"no": list("abcd"), "person": ["p", "q", "p", None]}, dtype="str"),
        "payments": pd.DataFrame({"account": list("aabcd"), "shop": list("xxxxx")}, dtype="str"),
    }
    data = Dataset(chosen, frames)
    assert subject_count(data) == 2
    assert {name: codes.tolist() for name, codes in subjects_of(data).items()} == {
        "accounts": [0, 1, 0, -1],
        "payments": [0, 0, 1, 0, -1],
    }


def payments(subjects=100, each=5):
    rows = subjects * each
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"account": np.repeat([f"A{i:05d}" for i in range(subjects)], each), "shop": "food"})
    frame["shop"] = random.choice(["food", "fuel"], rows)
    frame.loc[:9, "shop"] = "private club"
    frame = pd.concat([frame, frame.iloc[[50] * 100]], ignore_index=True)  # one of them has very many
    return Dataset(
        Schema((replace(schema()["payments"], subject_key=("account",)),)), {"payments": frame.astype("str")}
    )


def test_a_subject_key_says_whose_rows_are_one_subjects():
    data = payments()
    guard = Guard.learn(data)
    shown = guard.protect(data)["payments"]
    assert "private club" not in set(shown["shop"])
    assert len(shown) < len(data["payments"]) - 90
    assert RealStrings(data)._rare == {"payments.shop": ["private club"]}


def test_a_report_shows_no_category_and_no_extreme_that_one_subject_repeats():
    data = payments()
    random = np.random.default_rng(2)
    moments = pd.to_datetime("2024-01-01") + pd.to_timedelta(random.integers(0, 99, len(data["payments"])), "D")
    frame = data["payments"].assign(amount=random.normal(size=len(moments)), at=moments.astype("datetime64[us]"))
    frame.loc[frame["shop"] == "private club", "amount"] = 1e6
    frame.loc[frame["shop"] == "private club", "at"] = pd.Timestamp("1900-01-01")
    frame.loc[20:25, "lone"] = 5.0
    more = (("amount", ColumnKind.NUMERICAL), ("at", ColumnKind.DATETIME), ("lone", ColumnKind.NUMERICAL))
    table = data.schema["payments"]
    columns = (*table.columns, *(Column(n, kind, "double", nullable=n == "lone") for n, kind in more))
    data = Dataset(Schema((replace(table, columns=columns),)), {"payments": frame})
    shown = figures(Sides(data, data, k=10), Context())
    seen = {figure.columns[0]: figure.counted for figure in shown if figure.topic == "column"}
    assert set(seen["shop"].names) == {"food", "fuel"}
    assert seen["amount"].edges[-1] < 10
    assert seen["at"].edges[0] >= pd.Timestamp("2023-12-01").timestamp()
    assert seen["lone"].real.shares is None


def test_a_split_takes_whole_subjects():
    training, holdout, _ = split(payments(), 0.2, 0)
    sides = [set(part["payments"]["account"]) for part in (training, holdout)]
    assert not sides[0] & sides[1]
    assert len(sides[1]) == 20


def test_a_subject_key_must_be_a_column():
    with pytest.raises(UsageError, match="says whose a row is but is no column"):
        schema(subject_key=("owner",))


def test_inference_says_whose_the_rows_of_a_lone_child_table_are():
    purchases = bank(300)["transactions"]
    schema, notes = infer(from_frames({"purchases": purchases}))
    assert schema["purchases"].subject_key == ("customer_id",)
    assert schema["purchases"].column("customer_id").kind is ColumnKind.ID
    assert "purchases.customer_id says whose a row is: subjects are counted by it, not by rows" in notes
    once = purchases.drop_duplicates("customer_id")
    assert infer(from_frames({"purchases": once}))[0]["purchases"].subject_key == ()
    renamed = purchases.rename(columns={"customer_id": "shelf_id"})
    assert infer(from_frames({"purchases": renamed}))[0]["purchases"].subject_key == ()


def test_beside_the_customers_the_rows_of_the_subject_table_are_counted():
    schema, _ = infer(from_frames(bank(300)))
    assert [table.subject_key for table in schema.tables] == [()] * 3
