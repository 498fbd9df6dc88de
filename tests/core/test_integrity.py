"""Broken promises are counted; values are never named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synthkit.dataset import Dataset
from synthkit.integrity import Violation, sample_violations, violations
from synthkit.row_numbers import NO_KEY, ORPHAN, parent_rows, stacked
from synthkit.schema import Column, ColumnKind, ForeignKey, Schema, Table
from synthkit.testing import guarded

ID = ColumnKind.ID


def dataset(tables, foreign_keys=(), subject=None):
    schema = Schema(tuple(table for table, _ in tables), tuple(foreign_keys), subject)
    return Dataset(schema, {table.name: frame for table, frame in tables})


def family(parents, children, storage, nullable=True):
    """Parents with a key and children that point at them."""
    values = {"id": pd.Series(parents), "parent": pd.Series(children)}
    table = Table("parents", (Column("id", ID, storage),), ("id",))
    child = Table("children", (Column("parent", ID, storage, nullable=nullable),))
    key = ForeignKey("children", ("parent",), "parents", ("id",))
    return dataset([(table, values["id"].to_frame("id")), (child, values["parent"].to_frame("parent"))], [key])


def found(data):
    return [(v.table, v.columns, v.rule, v.count) for v in violations(data)]


def test_sound_data_break_nothing():
    assert violations(guarded()) == ()


@pytest.mark.parametrize(
    ("parents", "children", "storage"),
    [
        ([1, 2, 3], pd.array([1, None, 9, 9], dtype="Int64"), "int64"),
        (["a", "b"], ["a", None, "x", "y"], "string"),
        (
            pd.to_datetime(["2020-01-01", "2020-01-02"]),
            pd.to_datetime(["2020-01-01", None, "2021-01-01", "2022-01-01"]),
            "date32[day]",
        ),
    ],
)
def test_orphans_are_counted_and_nulls_are_none(parents, children, storage):
    data = family(parents, children, storage)
    assert found(data) == [("children", ("parent",), "foreign_key", 2)]
    assert parent_rows(data, data.schema.foreign_keys[0]).tolist() == [0, NO_KEY, ORPHAN, ORPHAN]


def test_a_child_of_no_parents_is_an_orphan():
    assert found(family(pd.Series([], dtype="int64"), [1, 2], "int64")) == [("children", ("parent",), "foreign_key", 2)]


def test_empty_tables_break_nothing():
    assert found(family(pd.Series([], dtype="int64"), pd.Series([], dtype="Int64"), "int64")) == []


def test_parent_rows_mean_the_first_row_of_a_repeated_key():
    data = family([7, 8, 7], [7, 8], "int64")
    assert parent_rows(data, data.schema.foreign_keys[0]).tolist() == [0, 1]


def test_primary_keys_must_be_there_and_unique():
    table = Table("t", (Column("id", ID),), ("id",))
    data = dataset([(table, pd.DataFrame({"id": ["a", "a", "a", None, "b"]}))])
    assert found(data) == [("t", ("id",), "primary_key_null", 1), ("t", ("id",), "primary_key_unique", 2)]


def test_composite_keys_count_by_combination():
    table = Table("t", (Column("a", ID, "int64"), Column("b", ID)), ("a", "b"))
    child = Table("c", (Column("y", ID, nullable=True), Column("x", ID, "int64", nullable=True)))
    key = ForeignKey("c", ("y", "x"), "t", ("b", "a"))
    frame = pd.DataFrame({"a": [1, 1, 2, 2], "b": ["x", "y", "x", "x"]})
    pointing = pd.DataFrame({"y": ["x", "y", "y", None], "x": pd.array([1, 2, None, 1], dtype="Int64")})
    data = dataset([(table, frame), (child, pointing)], [key])
    assert found(data) == [("t", ("a", "b"), "primary_key_unique", 1), ("c", ("y", "x"), "foreign_key", 1)]


def test_nulls_and_repeats_are_counted_where_the_schema_forbids_them():
    columns = (
        Column("n", ColumnKind.NUMERICAL, "double", unique=True),
        Column("mail", ColumnKind.PII, unique=True, nullable=True),
        Column("note", ColumnKind.TEXT, unique=True),
    )
    frame = pd.DataFrame({"n": [1.0, 1.0, np.nan], "mail": ["a", "a", "a"], "note": ["", "", None]})
    data = dataset([(Table("t", columns), frame)])
    assert found(data) == [("t", ("n",), "not_null", 1), ("t", ("mail",), "unique", 2)]


def test_nulls_are_not_repeats():
    columns = (Column("mail", ColumnKind.PII, unique=True, nullable=True),)
    assert found(dataset([(Table("t", columns), pd.DataFrame({"mail": ["a", None, None]}))])) == []


def test_a_violation_says_where_what_and_how_many():
    assert str(Violation("t", ("a", "b"), "foreign_key", 1200)) == "t.a+b: foreign_key is broken by 1,200"
    assert str(Violation("t", (), "row_count", 1)) == "t: row_count is broken by 1"


def test_messages_hold_no_value():
    data = family(["secret-1", "secret-1"], ["secret-2", None], "string", nullable=False)
    assert not any("secret" in str(v) for v in violations(data))
    assert len(violations(data)) == 3


def test_a_sample_must_have_the_schema_the_rows_and_the_dtypes():
    data = guarded(subjects=10)
    assert sample_violations(data, data.schema, data.rows) == ()
    wrong = {"customers": 12, "purchases": data.rows["purchases"] - 1}
    assert [(v.table, v.rule, v.count) for v in sample_violations(data, data.schema, wrong)] == [
        ("customers", "row_count", 2),
        ("purchases", "row_count", 1),
    ]
    frames = {**data.tables, "purchases": data["purchases"].astype({"amount": "float32"})}
    (broken,) = sample_violations(Dataset(data.schema, frames), data.schema, {})
    assert (broken.where, broken.rule) == ("purchases.amount", "dtype")


def test_a_nullable_column_without_nulls_may_have_the_plain_dtype():
    table = Table("t", (Column("n", ColumnKind.NUMERICAL, "int8", nullable=True),))
    for dtype in ("int8", "Int8"):
        data = dataset([(table, pd.DataFrame({"n": pd.Series([1], dtype=dtype)}))])
        assert sample_violations(data, data.schema, {"t": 1}) == ()


def test_another_schema_is_all_that_is_said():
    data = guarded(subjects=10)
    tables = (data.schema.tables[0], replace(data.schema.tables[1], primary_key=()))
    other = replace(data.schema, tables=tables)
    assert [(v.table, v.rule) for v in sample_violations(data, other, {"customers": 1})] == [("purchases", "schema")]
    assert [(v.table, v.rule) for v in sample_violations(data.select(["customers"]), data.schema, {})] == [
        ("purchases", "schema")
    ]
    assert [(v.table, v.rule) for v in sample_violations(data, replace(data.schema, subject=None), {})] == [
        ("customers", "schema")
    ]


def test_stacked_columns_keep_what_both_hold():
    assert stacked([pd.Series([1]), pd.Series([], dtype="str")]).tolist() == [1]
    assert stacked([pd.Series([1]), pd.Series([None, 2], dtype="Int64")]).dtype == "Int64"
