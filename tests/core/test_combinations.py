"""Fixed combinations: one column for a model, and taken apart again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthkit.dataset import Dataset
from synthkit.errors import PluginError, UsageError
from synthkit.guard import Guard
from synthkit.guard.fold import Fold
from synthkit.integrity import violations
from synthkit.schema import Column, ColumnKind, FixedCombinations, ForeignKey, Schema, Table
from synthkit.storage import dtype_of

NUMBER, CATEGORY, BOOLEAN = ColumnKind.NUMERICAL, ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN
KEY = Column("id", ColumnKind.ID, "int64", unique=True)


def values(column, cells):
    dtype = dtype_of(column.storage, nullable=column.nullable)
    if column.storage.startswith(("date", "timestamp")):
        return pd.Series(np.array([str(cell or "NaT") for cell in cells], dtype="datetime64[us]"))
    return pd.Series(cells, dtype=object).astype(dtype)


def dataset(tables, keys, subject=None):
    """Tables, each with its columns and their cells, and the foreign keys between them."""
    frames = {
        table.name: pd.DataFrame({c.name: values(c, cells) for c, cells in columns.items()})
        for table, columns in tables.items()
    }
    return Dataset(Schema(tuple(tables), keys, subject), frames)


def table(name, columns, key=(), **more):
    return Table(name, tuple(columns), key, **more), columns


def same(first, second):
    assert first.schema == second.schema
    for name, frame in first.tables.items():
        pd.testing.assert_frame_equal(frame, second[name])


def with_columns(data, name, **columns):
    return Dataset(data.schema, {**data.tables, name: data[name].assign(**columns)})


PLACES = {
    Column("town", CATEGORY): [*["Bonn"] * 40, *["Ulm"] * 40, *["Rom"] * 20],
    Column("size", CATEGORY, "int64", nullable=True): [*[3] * 40, *[1] * 40, *[None] * 20],
    Column("age", NUMBER, "int64"): list(range(100)),
    Column("sea", BOOLEAN, "bool"): [*[False] * 80, *[True] * 20],
    Column("rating", CATEGORY, "double", nullable=True): [*[0.1] * 80, *[None] * 20],
    Column("opened", CATEGORY, "date32[day]"): [*["2020-01-01"] * 50, *["2021-02-03"] * 50],
}


def places(*rules, cells=PLACES):
    made, columns = table("places", {KEY: range(len(cells[next(iter(cells))])), **cells}, ("id",))
    return dataset({replace(made, rules=tuple(map(FixedCombinations, rules))): columns}, ())


def test_columns_with_fixed_combinations_are_one_for_a_model():
    data = places(("town", "size"), ("sea", "rating"), ("opened", "sea"))
    fold = Fold.learn(data)
    folded = fold.fold(data)
    assert list(folded["places"].columns) == ["id", "town+size", "age", "sea+rating+opened"]
    assert folded["places"]["town+size"].unique().tolist() == ['["Bonn", "3"]', '["Ulm", "1"]', '["Rom", null]']
    same(fold.unfold(folded, seed=0), data)


def test_a_sample_has_no_other_combinations():
    data = places(("town", "size"), ("sea", "size"))
    guard = Guard.learn(data)
    shown = guard.protect(data)
    mixed = with_columns(shown, "places", **{"town+size+sea": shown["places"]["town+size+sea"].to_numpy()[::-1]})
    back = guard.restore(mixed, seed=0)["places"][["town", "size", "sea"]]
    assert len(back.drop_duplicates()) == 3
    assert len(pd.concat([back, data["places"][list(back.columns)]]).drop_duplicates()) == 3
    assert back.dtypes.equals(data["places"][list(back.columns)].dtypes)


def test_rare_combinations_are_not_shown():
    few = {column: [*cells[:99], "Rom" if column.name == "town" else cells[0]] for column, cells in PLACES.items()}
    data = places(("town", "size"), cells=few)
    guard = Guard.learn(data)
    shown = guard.protect(data)
    assert shown["places"]["town+size"].value_counts()["rare"] == 1
    back = guard.restore(shown, seed=0)["places"]
    assert not (back["town"].eq("Rom") & back["size"].notna()).any()


def test_where_all_combinations_are_rare_nothing_comes_back():
    cells = {
        Column("code", CATEGORY): [f"c{n}" for n in range(100)],
        Column("size", CATEGORY, "int64", nullable=True): range(100),
        Column("level", CATEGORY, "int64"): range(100),
    }
    data = places(("code", "size", "level"), cells=cells)
    guard = Guard.learn(data)
    back = guard.restore(guard.protect(data), seed=0)
    assert violations(back) == ()
    assert back["places"]["code"].eq("*").all()
    assert back["places"]["size"].isna().all()
    assert back["places"]["level"].eq(0).all()


@pytest.mark.parametrize("made_up", ["Bonn", "[1]", "7", '["Bonn", "3"'])
def test_a_combination_that_is_none_is_refused(made_up):
    data = places(("town", "size"))
    guard = Guard.learn(data)
    shown = guard.protect(data)
    wrong = with_columns(
        shown, "places", **{"town+size": pd.Series([made_up] * 100, dtype=shown["places"]["town+size"].dtype)}
    )
    with pytest.raises(PluginError) as caught:
        guard.restore(wrong, seed=0)
    assert str(caught.value) == (
        "places.town+size: the sample holds combinations that the model was not shown; tell the plugin's author"
    )


def test_the_name_of_a_combination_is_its_own():
    cells = {**PLACES, Column("town+size", NUMBER, "int64"): list(range(100))}
    data = places(("town", "size"), cells=cells)
    fold = Fold.learn(data)
    assert "town+size+" in fold.folded["places"].column_names
    same(fold.unfold(fold.fold(data), seed=0), data)


def test_columns_of_a_key_have_no_fixed_combinations():
    person = Column("person", CATEGORY, "int64")
    visits = Table("visits", (person, Column("town", CATEGORY)), rules=(FixedCombinations(("person", "town")),))
    with pytest.raises(UsageError, match="a rule fixed_combinations of 'visits' may not name columns of a key"):
        Schema((Table("people", (KEY,), ("id",)), visits), (ForeignKey("visits", ("person",), "people", ("id",)),))


TEXTS = st.sampled_from(["a", "rare", "\\rare", "", "*", '"', "null", "[1]", "ä\\"])
ROWS = st.lists(st.tuples(TEXTS, st.integers(-(2**62), 2**62) | st.none(), st.booleans() | st.none()), min_size=1)


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_whatever_the_values_are_they_come_back(rows):
    columns = (Column("a", CATEGORY), Column("b", CATEGORY, "int64", nullable=True))
    columns = (*columns, Column("c", BOOLEAN, "bool", nullable=True))
    texts, numbers, flags = map(list, zip(*rows, strict=True))
    data = places(("a", "b"), ("b", "c"), cells=dict(zip(columns, (texts, numbers, flags), strict=True)))
    fold = Fold.learn(data)
    same(fold.unfold(fold.fold(data), seed=0), data)
    guard = Guard.learn(data, k=1)
    back = guard.restore(guard.protect(data), seed=0)
    pd.testing.assert_frame_equal(back["places"][["a", "b", "c"]], data["places"][["a", "b", "c"]])
