"""A dataset holds exactly what its schema says, and can be made smaller."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pandas as pd
import pytest

from synthkit.dataset import Dataset
from synthkit.errors import DataError, UsageError
from synthkit.testing import guarded


@pytest.fixture
def shop():
    return guarded(subjects=8)


def with_customers(shop: Dataset, customers: pd.DataFrame) -> Dataset:
    return Dataset(shop.schema, {**shop.tables, "customers": customers})


def test_tables_are_found_by_name_and_counted(shop):
    assert shop["customers"] is shop.tables["customers"]
    assert shop.rows == {"customers": 8, "purchases": len(shop["purchases"])}


@pytest.mark.parametrize("names", [["customers"], ["customers", "purchases", "more"]])
def test_other_tables_than_the_schema_are_refused(shop, names):
    with pytest.raises(DataError, match="the tables are not those of the schema"):
        Dataset(shop.schema, {name: shop.tables.get(name, pd.DataFrame()) for name in names})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda f: f.drop(columns="income"), "missing income"),
        (lambda f: f.assign(age=1), "not in the schema age"),
        (lambda f: f.rename(columns={"income": "age"}), "missing income; not in the schema age"),
        (lambda f: f.rename(columns={"income": 7}), "missing income; not in the schema 7"),
        (lambda f: pd.concat([f, f[["income"]]], axis=1), "more than once income"),
    ],
    ids=["missing", "extra", "both", "not even text", "twice"],
)
def test_other_columns_than_the_schema_are_named(shop, change, problem):
    with pytest.raises(DataError) as caught:
        with_customers(shop, change(shop["customers"]))
    expected = f"customers: other columns than the schema: {problem}; correct the schema or the data"
    assert str(caught.value) == expected


def test_another_order_of_columns_is_refused(shop):
    with pytest.raises(DataError, match="customers: the columns are in another order"):
        with_customers(shop, shop["customers"].iloc[:, ::-1])


def test_the_subject_is_the_schema_s_or_else_the_largest_table(shop):
    assert shop.subject == "customers"
    anonymous = Dataset(replace(shop.schema, subject=None), shop.tables)
    assert len(shop["purchases"]) > len(shop["customers"])
    assert anonymous.subject == "purchases"
    alike = Dataset(anonymous.schema, {name: frame.head(5) for name, frame in shop.tables.items()})
    assert alike.subject == "customers"


def test_fewer_tables_are_the_same_frames_with_their_own_schema(shop):
    alone = shop.select(["purchases"])
    assert alone.schema == shop.schema.select(["purchases"])
    assert list(alone.tables) == ["purchases"]
    assert alone["purchases"] is shop["purchases"]
    with pytest.raises(UsageError, match="there is no table 'firms'"):
        shop.select(["firms"])


def test_a_dataset_is_frozen(shop):
    with pytest.raises(FrozenInstanceError):
        shop.schema = shop.schema
