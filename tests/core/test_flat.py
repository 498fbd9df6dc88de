"""Rows as flat features: what each one is like, and what the rows below it are like."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthkit import Column, ColumnKind, Dataset, ForeignKey, Schema, Table, features
from synthkit.testing import guarded


def _key(name):
    return Column(name, ColumnKind.ID, "int64")


SCHEMA = Schema(
    (
        Table("people", (_key("id"), Column("age", ColumnKind.NUMERICAL, "double", nullable=True)), ("id",)),
        Table("visits", (_key("id"), _key("person"), Column("day", ColumnKind.DATETIME, "timestamp[us]")), ("id",)),
        Table(
            "bills",
            (_key("visit"), Column("sum", ColumnKind.NUMERICAL, "double"), Column("kind", ColumnKind.CATEGORICAL)),
        ),
    ),
    (
        ForeignKey("visits", ("person",), "people", ("id",), owner=True),
        ForeignKey("bills", ("visit",), "visits", ("id",), owner=True),
    ),
    "people",
)


def world(ages=(30.0, np.nan, 50.0), bills=((0, 1.0, "a"), (0, 3.0, "b"), (1, 5.0, "a"), (2, 7.0, None))) -> Dataset:
    """Three people: one with two visits and three bills, one with one of each, one with none."""
    day = pd.Series(pd.to_datetime(["2024-01-01", "2024-01-03", "2024-02-01"])).astype("datetime64[us]")
    tables = {
        "people": pd.DataFrame({"id": range(len(ages)), "age": ages}),
        "visits": pd.DataFrame({"id": [0, 1, 2], "person": [0, 0, 1], "day": day}),
        "bills": pd.DataFrame(bills, columns=["visit", "sum", "kind"]),
    }
    return Dataset(SCHEMA, tables)


def test_a_row_has_its_own_values_and_aggregates_of_children_and_grandchildren():
    (found,) = features("people", world())
    assert found["age"].tolist()[::2] == [30, 50]
    assert np.isnan(found["age"][1])
    assert found["visits.count"].tolist() == [2, 1, 0]
    assert found["bills.count"].tolist() == [3, 1, 0]
    assert found["visits.day.min"].tolist()[:2] == [19723, 19754]
    assert found["visits.day.std"][0] == pytest.approx(np.sqrt(2))
    assert found["bills.sum.mean"].tolist()[:2] == [3, 7]
    assert found["bills.kind=a"].tolist()[:2] == [pytest.approx(2 / 3), 0]
    assert found.drop(columns=["age"]).loc[2].isna().sum() == found.shape[1] - 3  # all but the two counts
    assert np.isnan(found["bills.sum.std"][1])  # one bill has no spread


def test_a_table_in_the_middle_has_only_what_is_below_it():
    (found,) = features("visits", world())
    assert list(found.columns)[:2] == ["day", "bills.count"]
    assert found["bills.count"].tolist() == [2, 1, 1]


def test_all_data_get_the_same_columns_and_categories():
    one, two = features("visits", world(), world(bills=((0, 1.0, "z"),)))
    assert list(one.columns) == list(two.columns)
    assert "bills.kind=z" not in one  # the first data set says which shares are features
    one, two = features("bills", world(), world(bills=((0, 1.0, "z"),)))
    assert list(one["kind"].cat.categories) == list(two["kind"].cat.categories) == ["a", "b", "z"]


def test_only_the_ten_most_frequent_categories_are_features_the_first_by_name_where_equal():
    bills = [(0, 1.0, f"k{i:02}") for i in range(14)] + [(1, 1.0, "k13")]
    (found,) = features("people", world(bills=bills[::-1]))
    names = [name.partition("=")[2] for name in found if "=" in name]
    assert names == ["k13", *(f"k{i:02}" for i in range(9))]


def test_infinite_values_and_empty_tables_need_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (found,) = features("people", world(bills=((0, np.inf, "a"), (0, 1.0, "a"))))
        (empty,) = features("people", world(bills=()))
    assert found["bills.sum.max"][0] == np.inf
    assert empty["bills.count"].tolist() == [0, 0, 0]


def test_nothing_given_is_changed():
    data = guarded(30)
    before = {name: frame.copy() for name, frame in data.tables.items()}
    features("customers", data)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(data[name], frame)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999))
def test_the_order_of_the_rows_below_changes_no_digit(seed):
    data = guarded(40, seed)
    mixed = data["purchases"].sample(frac=1, random_state=seed).reset_index(drop=True)
    (one,), (two,) = (features("customers", Dataset(data.schema, {**data.tables, "purchases": p}))
                      for p in (data["purchases"], mixed))  # fmt: skip
    pd.testing.assert_frame_equal(one, two, check_exact=True)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999))
def test_aggregates_are_those_of_pandas(seed):
    data = guarded(40, seed)
    (found,) = features("customers", data)
    amounts = data["purchases"].groupby("customer_id")["amount"].agg(["mean", "min", "max", "std"]).reindex(range(40))
    for name in amounts:
        np.testing.assert_allclose(found[f"purchases.amount.{name}"], amounts[name], rtol=1e-9, atol=1e-9)
