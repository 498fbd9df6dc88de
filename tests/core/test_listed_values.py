"""Categories that the schema's author lists, what becomes of rare ones, and of truth values and nulls of few."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthkit.dataset import Dataset
from synthkit.errors import UsageError
from synthkit.guard import Guard
from synthkit.inference import infer
from synthkit.integrity import Violation, sample_violations, violations
from synthkit.schema import Column, ColumnKind, ForeignKey, Schema, Table
from synthkit.storage import dtype_of

CATEGORY, BOOLEAN, NUMBER, TIME = (
    ColumnKind.CATEGORICAL,
    ColumnKind.BOOLEAN,
    ColumnKind.NUMERICAL,
    ColumnKind.DATETIME,
)
KEY = Column("id", ColumnKind.ID, "int64", unique=True)


def people(column, cells):
    values = pd.Series(list(cells), dtype=object).astype(dtype_of(column.storage, nullable=column.nullable))
    schema = Schema((Table("people", (KEY, column), ("id",)),))
    return Dataset(schema, {"people": pd.DataFrame({"id": np.arange(len(values)), column.name: values})})


def there_and_back(data, **options):
    guard = Guard.learn(data, **options)
    guard = Guard.from_dict(json.loads(json.dumps(guard.to_dict())))
    shown = guard.protect(data)
    back = guard.restore(shown, seed=0)
    assert sample_violations(back, data.schema, data.rows) == ()
    return guard, shown["people"]["c"], back["people"]["c"]


# Listed

LISTED = [
    ("string", ("a", "b", "rare", "never"), ["a"] * 400 + ["b"] * 100 + ["rare"] * 9),
    ("int64", (1, 2, 7, 9), [1] * 400 + [2] * 100 + [7] * 9),
    ("double", (1, 2.5, 7.5, 9), [1] * 400 + [2.5] * 100 + [7.5] * 9),
]


@pytest.mark.parametrize(("storage", "values", "cells"), LISTED)
def test_a_rare_one_comes_back_as_any_listed_one_that_was_not_shown(storage, values, cells):
    cells = cells + [None] * 91
    column = Column("c", CATEGORY, storage, nullable=True, values=values)
    guard, shown, back = there_and_back(people(column, cells))
    spelled = [str(float(v)) if storage == "double" else str(v) for v in values]
    assert set(shown.dropna()) == {*spelled[:2], "rare"}
    assert guard.rules["people"]["c"].unshown == tuple(spelled[2:])
    counts = back.value_counts()
    assert counts[values[0]], counts[values[1]] == (400, 100)
    assert counts[values[2]] + counts[values[3]] == 9
    assert counts[[values[2], values[3]]].min() >= 1  # false alarm: 2 * 0.5 ** 9, under 0.4 %, and the seed is fixed


def test_the_draw_is_uniform():
    column = Column("c", CATEGORY, values=tuple("abcdef"))
    cells = ["a"] * 500 + [letter for letter in "bcdef" for _ in range(9)]
    data = people(column, cells)
    guard = Guard.learn(data)
    rare = guard.protect(data)["people"].assign(c="rare")
    back = guard.restore(Dataset(guard.guarded_schema, {"people": rare}), seed=0)["people"]["c"]
    assert "a" not in set(back)
    assert back.value_counts().between(70, 150).all()  # 109 each, sd 9.3; false alarm under 0.1 %


def test_listed_truth_values_of_few_may_come_out():
    column = Column("c", CATEGORY, "bool", values=(True, False))
    _, shown, back = there_and_back(people(column, [True] * 4 + [False] * 300))
    assert set(shown) == {"rare", "False"}
    assert back.sum() == 4


def test_where_all_were_shown_a_rare_one_is_drawn_from_them():
    column = Column("c", CATEGORY, values=("a", "b"))
    data = people(column, ["a"] * 60 + ["b"] * 40)
    guard = Guard.learn(data, rare="star")
    assert guard.rules["people"]["c"].unshown == ()
    odd = guard.protect(data)["people"]
    odd.loc[:9, "c"] = "rare"
    back = guard.restore(Dataset(guard.guarded_schema, {"people": odd}), seed=0)
    assert set(back["people"]["c"]) == {"a", "b"}


def test_cells_outside_the_list_are_a_violation():
    column = Column("c", CATEGORY, nullable=True, values=("a", "b"))
    data = people(column, ["a"] * 5 + ["b", None, "c", "c", "B"])
    assert violations(data) == (Violation("people", ("c",), "values", 3),)
    assert violations(people(replace(column, values=("a", "b", "c", "B")), ["a", None])) == ()


def test_a_model_is_not_told_the_list():
    data = people(Column("c", CATEGORY, values=("a", "b")), ["a"] * 60 + ["b"] * 40)
    assert Guard.learn(data).guarded_schema["people"].column("c").values == ()


@pytest.mark.parametrize(
    ("column", "problem"),
    [
        (Column("c", NUMBER, "int64", values=(1,)), "lists values, which is for categorical columns, and is numerical"),
        (Column("c", CATEGORY, values=("a", "a")), "lists a value twice"),
        (Column("c", CATEGORY, values=("a", 1)), "lists values that are not what it stores, string"),
        (Column("c", CATEGORY, "int64", values=(True,)), "lists values that are not what it stores, int64"),
        (Column("c", CATEGORY, "bool", values=(0,)), "lists values that are not what it stores, bool"),
        (Column("c", CATEGORY, "date32[day]", values=("2020-01-01",)), "lists values that are not what it stores"),
    ],
)
def test_a_list_that_cannot_be_is_refused(column, problem):
    with pytest.raises(UsageError, match=rf"people\.c {problem}"):
        people(column, [])


def test_a_list_survives_the_schema_file_and_inference_writes_none():
    for storage, values, _ in LISTED:
        schema = people(Column("c", CATEGORY, storage, values=values), []).schema
        assert Schema.from_toml(schema.to_toml()) == schema
    found, _ = infer({"people": pa.table({"id": range(99), "c": ["a", "b", "c"] * 33, "d": [1, 2, 3] * 33})})
    assert all(column.values == () for column in found["people"].columns)


def test_a_key_to_a_subject_that_was_left_out_lists_nothing():
    city = Column("city", CATEGORY, values=("a", "b"))
    tables = (Table("people", (replace(city, name="id"),), ("id",)), Table("visits", (city,)))
    schema = Schema(tables, (ForeignKey("visits", ("city",), "people", ("id",), owner=True),), "people")
    assert schema.select(["visits"])["visits"].column("city") == Column("city", ColumnKind.ID)


# Rare ones as stars


@pytest.mark.parametrize(
    ("column", "common", "few", "expected"),
    [
        (Column("c", CATEGORY), "a", "b", {"a", "*"}),
        (Column("c", CATEGORY, "int64"), 1, 2, {1}),
    ],
)
def test_a_rare_one_comes_back_as_a_star_where_text_may(column, common, few, expected):
    guard, _, back = there_and_back(people(column, [common] * 200 + [few] * 9), rare="star")
    assert set(back) == expected
    assert guard.rare == "star"


# Truth values and nulls of few


@pytest.mark.parametrize(("storage", "true"), [("bool", True), ("int8", 1)])
@pytest.mark.parametrize("few", [1, 9, 10])
def test_a_truth_value_of_few_is_not_shown(storage, true, few):
    data = people(Column("c", BOOLEAN, storage), [true] * few + [0 if storage == "int8" else False] * 300)
    guard, shown, back = there_and_back(data)
    assert shown.sum() == back.sum() == (few if few == 10 else 0)
    notes = [] if few == 10 else [f"people.c: {few} rare truth values were not shown"]
    assert guard.notes == notes


def test_where_few_have_a_truth_value_the_column_is_not_shown():
    data = people(Column("c", BOOLEAN, "bool", nullable=True), [True] * 9 + [False] * 9 + [None] * 300)
    guard = Guard.learn(data)
    assert guard.rules["people"]["c"] is None
    assert guard.restore(guard.protect(data), seed=0)["people"]["c"].isna().all()


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        (Column("c", BOOLEAN, "bool", nullable=True), [True, False] * 150),
        (Column("c", CATEGORY, nullable=True), ["a", "b", "c"] * 100),
        (Column("c", NUMBER, "int64", nullable=True), range(300)),
        (Column("c", NUMBER, "double", nullable=True), np.arange(300) / 7),
        (Column("c", TIME, "timestamp[us]", nullable=True), pd.date_range("2020-01-01", periods=300)),
    ],
)
@pytest.mark.parametrize("nulls", [1, 9, 10])
def test_nulls_of_few_are_not_shown(column, cells, nulls):
    data = people(column, [None] * nulls + list(cells))
    guard, shown, back = there_and_back(data)
    assert shown.isna().sum() == back.isna().sum() == (nulls if nulls == 10 else 0)
    assert (f"people.c: {nulls} rare nulls were not shown" in guard.notes) is (nulls < 10)


def test_nulls_of_one_subject_with_many_rows_are_nulls_of_few():
    visit = Table("visits", (Column("person", ColumnKind.ID, "int64"), Column("c", NUMBER, "int64", nullable=True)))
    key = ForeignKey("visits", ("person",), "people", ("id",), owner=True)
    owner = np.repeat(np.arange(100), 20)
    amounts = pd.Series(np.arange(2000) % 97).astype("Int64").mask(owner == 3)
    frames = {"people": pd.DataFrame({"id": np.arange(100)}), "visits": pd.DataFrame({"person": owner, "c": amounts})}
    data = Dataset(Schema((Table("people", (KEY,), ("id",)), visit), (key,), "people"), frames)
    shown = Guard.learn(data).protect(data)
    assert shown["visits"]["c"].notna().all()
