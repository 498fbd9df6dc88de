"""What fewer than k subjects have reaches no model, no sample and no saved guard."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from synthkit.dataset import Dataset
from synthkit.errors import DataError
from synthkit.guard import Guard
from synthkit.guard.rare import links, threshold
from synthkit.integrity import sample_violations, violations
from synthkit.schema import Column, ColumnKind, ForeignKey, Schema, Table
from synthkit.storage import dtype_of

ID, NUMBER, CATEGORY, TIME = ColumnKind.ID, ColumnKind.NUMERICAL, ColumnKind.CATEGORICAL, ColumnKind.DATETIME
KEY = Column("id", ID, "int64", unique=True)
PERSON = Column("person", ID, "int64")
TEXT = dtype_of("string", nullable=True)


def people(column, cells):
    """One table of one column beside the key."""
    schema = Schema((Table("people", (KEY, column), ("id",)),))
    values = pd.Series(cells).astype(dtype_of(column.storage, nullable=column.nullable))
    return Dataset(schema, {"people": pd.DataFrame({"id": np.arange(len(values)) + 7000, column.name: values})})


def visits(counts, column, cells):
    """People with so many visits each."""
    tables = (Table("people", (KEY,), ("id",)), Table("visits", (PERSON, column)))
    schema = Schema(tables, (ForeignKey("visits", ("person",), "people", ("id",), owner=True),), "people")
    number = np.arange(len(counts)) + 7000
    values = pd.Series(cells).astype(dtype_of(column.storage, nullable=column.nullable))
    frame = pd.DataFrame({"person": np.repeat(number, counts), column.name: values})
    return Dataset(schema, {"people": pd.DataFrame({"id": number}), "visits": frame})


def there_and_back(data, **options):
    """What a model sees, and what comes back when it gives just that."""
    guard = Guard.learn(data, **options)
    shown = guard.protect(data)
    return guard, shown, guard.restore(shown, seed=0)


def sampled(shown, table, **columns):
    return Dataset(shown.schema, {**shown.tables, table: shown[table].assign(**columns)})


@pytest.mark.parametrize(("subjects", "k"), [(1000, 10), (50, 10), (49, 4), (20, 2), (19, 1), (0, 1)])
def test_few_subjects_need_fewer_to_share(subjects, k):
    assert threshold(subjects) == k


# Categories


def test_a_category_of_one_subject_with_many_rows_is_neither_shown_nor_emitted():
    shops = ["secret"] * 900 + ["north", "south"] * 450
    data = visits([900, *[9] * 100], Column("shop", CATEGORY), shops)
    shown = Guard.learn(data).protect(data)["visits"]
    assert set(shown["shop"]) <= {"north", "south", "rare"}
    few = visits([9, *[9] * 100], Column("shop", CATEGORY), ["secret"] * 9 + shops[900:])
    guard, shown, back = there_and_back(few)
    assert shown["visits"]["shop"].eq("rare").sum() == 9
    assert set(back["visits"]["shop"]) == {"north", "south"}
    assert "visits.shop: 9 rare categories were not shown" in guard.notes
    assert "secret" not in json.dumps(guard.to_dict())


def test_rare_ones_come_back_in_the_proportions_of_the_sample():
    data = people(Column("shop", CATEGORY), ["a"] * 150 + ["b"] * 50)
    guard = Guard.learn(data)
    shown = sampled(guard.protect(data), "people", shop=["a"] * 15 + ["b"] * 5 + ["rare"] * 180)
    first, again, other = (guard.restore(shown, seed=seed)["people"]["shop"] for seed in (1, 1, 2))
    assert first.value_counts()["a"] / 200 == pytest.approx(0.75, abs=0.1)
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


def test_a_real_rare_is_another_category():
    cells = ["rare"] * 60 + ["\\rare"] * 60 + ["a\\rare"] * 60 + ["unheard"] * 3
    _, shown, back = there_and_back(people(Column("meat", CATEGORY), cells))
    assert shown["people"]["meat"].value_counts().to_dict() == {
        "\\rare": 60,
        "\\\\rare": 60,
        "a\\rare": 60,
        "rare": 3,
    }
    assert back["people"]["meat"].tolist()[:180] == cells[:180]
    assert "unheard" not in back["people"]["meat"].tolist()


@pytest.mark.parametrize(
    ("column", "cells", "expected"),
    [
        (Column("c", CATEGORY, nullable=True), [f"n{n}" for n in range(100)], None),
        (Column("c", CATEGORY), [f"n{n}" for n in range(100)], "*"),
        (Column("c", CATEGORY, "int64"), range(100, 200), 0),
        (Column("c", CATEGORY, "timestamp[us]"), pd.date_range("2020-01-01", periods=100), pd.Timestamp(0)),
    ],
)
def test_where_all_are_rare_the_column_comes_back_empty(column, cells, expected):
    guard, shown, back = there_and_back(people(column, cells))
    assert set(shown["people"]["c"]) == {"rare"}
    assert back["people"]["c"].isna().all() if expected is None else back["people"]["c"].eq(expected).all()
    assert violations(back) == ()
    assert "people: 100 rare categories of c came back empty, as it has no others" in guard.notes


def test_a_flag_that_is_a_category_may_be_rare():
    data = people(Column("c", CATEGORY, "bool"), [True] * 3 + [False] * 100)
    guard, shown, back = there_and_back(data)
    assert shown["people"]["c"].value_counts().to_dict() == {"False": 100, "rare": 3}
    assert not back["people"]["c"].any()
    nothing = guard.restore(sampled(shown, "people", c=pd.Series(["rare"] * 103, dtype=TEXT)), seed=0)
    assert not nothing["people"]["c"].any()


def shops(visited, *, owner=True, reference=False):
    """100 people who visit one shop each; shops have a city, and staff whom no key leads from people to."""
    city, shop = Column("city", CATEGORY), Column("shop", ID, "int64", nullable=True)
    tables = (
        Table("people", (KEY,), ("id",)),
        Table("shops", (KEY, city), ("id",), reference),
        Table("visits", (PERSON, shop)),
        Table("staff", (replace(shop, nullable=False), Column("role", CATEGORY))),
    )
    keys = (
        ForeignKey("visits", ("person",), "people", ("id",), owner),
        ForeignKey("visits", ("shop",), "shops", ("id",)),
        ForeignKey("staff", ("shop",), "shops", ("id",)),
    )
    places = pd.Series(visited, dtype="Int64")
    frames = {
        "people": pd.DataFrame({"id": np.arange(100)}),
        "shops": pd.DataFrame({"id": [0, 1, 2], "city": ["Bonn", "Bonn", "Ulm"]}),
        "visits": pd.DataFrame({"person": np.arange(len(visited)) % 100, "shop": places}),
        "staff": pd.DataFrame({"shop": [0] * 40, "role": ["clerk"] * 30 + ["boss"] * 9 + ["only one"]}),
    }
    return Dataset(Schema(tables, keys, "people"), frames)


def test_of_a_shared_row_those_count_who_refer_to_it():
    data = shops([0] * 9 + [1] * 9 + [2] * 3 + [None] * 79 + [2] * 3)
    _, shown, _ = there_and_back(data)
    assert shown["shops"]["city"].tolist() == ["Bonn", "Bonn", "rare"]


def test_where_no_key_leads_rows_count():
    data = shops([0] * 60 + [2] * 40)
    _, shown, back = there_and_back(data)
    assert shown["shops"]["city"].tolist() == ["Bonn", "Bonn", "Ulm"]
    assert shown["staff"]["role"].value_counts().to_dict() == {"clerk": 30, "boss": 9, "rare": 1}  # 40 rows, k is 4
    assert "only one" not in set(back["staff"]["role"])


def test_a_reference_table_is_nobodys():
    data = shops([0] * 100, reference=True)
    _, shown, back = there_and_back(data)
    assert "shops" not in shown.tables
    assert back["shops"] is data["shops"]
    assert "shops" not in links(data, 10)


def test_rows_of_nobody_count_for_nothing():
    column = Column("shop", CATEGORY)
    data = visits([1] * 100, column, ["a"] * 100)
    frame = pd.DataFrame(
        {"person": pd.array([*range(7000, 7100), *[None] * 30], dtype="Int64"), "shop": ["a"] * 100 + ["b"] * 30}
    )
    frame["shop"] = frame["shop"].astype(TEXT)
    table = Table("visits", (replace(PERSON, nullable=True), column))
    schema = Schema((data.schema["people"], table), data.schema.foreign_keys, "people")
    _, shown, _ = there_and_back(Dataset(schema, {**data.tables, "visits": frame}))
    assert shown["visits"]["shop"].value_counts().to_dict() == {"a": 100, "rare": 30}


# Extremes


MONEY = Column("money", NUMBER, "double", decimals=2)
WHOLE = Column("money", NUMBER, "int64")
RAW = Column("money", NUMBER, "double")


def spread(column, rows=1000):
    numbers = np.random.default_rng(0).normal(3000, 500, rows)
    return numbers.round(column.decimals or 0) if column != RAW else numbers


@pytest.mark.parametrize("column", [MONEY, WHOLE, RAW])
def test_the_highest_and_lowest_are_drawn_in_without_a_pile(column):
    real = spread(column)
    real[:2] = 999_999, -999_999
    data = people(column, real)
    guard, shown, back = there_and_back(data)
    ordered = np.sort(real)
    for frame in (shown, back):
        money = frame["people"]["money"].to_numpy(dtype="float64")
        assert ordered[9] <= money.min() <= ordered[30]
        assert ordered[-31] <= money.max() <= ordered[-10]
        for edge in (money.min(), money.max()):
            assert (money == edge).mean() <= (real == edge).mean() + 0.005
    rule = guard.rules["people"]["money"]
    assert not {rule.low.at, rule.high.at, rule.low.inner, rule.high.inner} & set(real)
    assert [note for note in guard.notes if note.startswith("people.money: ") and "extremes" in note]


def test_clipped_and_wild_samples_come_back_within_the_bounds_without_a_pile():
    real = spread(MONEY)
    guard, shown, _ = there_and_back(people(MONEY, real))
    low, high = guard.rules["people"]["money"].low.at, guard.rules["people"]["money"].high.at
    money = shown["people"]["money"]
    clipped = money.mask(money > money.quantile(0.9), money.max()).mask(money < money.quantile(0.1), -1e9)
    inside = money.between(*np.sort(money)[[50, -50]])
    clipped[:20] = money[inside].iloc[:20]
    for tails in (clipped, pd.concat([money[:900], pd.Series([high] * 50 + [np.inf] * 50)], ignore_index=True)):
        both = guard.restore(sampled(shown, "people", money=tails), seed=0)["people"]["money"]
        assert both.between(low, high).all()
        assert both.value_counts(normalize=True).loc[[both.min(), both.max()]].max() <= 0.005 or tails is clipped
    nothing = guard.restore(sampled(shown, "people", money=[1e9] * 500 + [-1e9] * 500), seed=0)["people"]["money"]
    assert nothing.between(low, high).all()
    assert nothing.nunique() > 100


@pytest.mark.parametrize("column", [MONEY, WHOLE])
def test_an_atom_at_zero_is_kept(column):
    real = np.append(np.zeros(300), spread(column, 700))
    guard, shown, back = there_and_back(people(column, real))
    assert guard.rules["people"]["money"].low.at == 0
    for frame in (shown, back):
        assert frame["people"]["money"].eq(0).sum() == 300


def test_beside_an_atom_that_is_all_there_is_extremes_become_it():
    guard, shown, back = there_and_back(people(WHOLE, [0] * 195 + [5] * 5))
    assert shown["people"]["money"].eq(0).all()
    assert back["people"]["money"].eq(0).all()
    assert guard.notes == ["people.money: 5 extremes were not shown"]


@pytest.mark.parametrize("storage", ["date32[day]", "timestamp[us]", "timestamp[us, tz=Europe/Berlin]"])
@pytest.mark.parametrize("rule", ["day", "second"])
def test_the_first_and_last_dates_are_drawn_in(storage, rule):
    days = np.datetime64("2020-01-01", "us") + np.random.default_rng(0).integers(0, 2000, 500) * np.timedelta64(1, "D")
    if rule == "second" and storage != "date32[day]":
        days = days + np.arange(500) * np.timedelta64(77, "s")
    days[:2] = np.datetime64("1900-05-05"), np.datetime64("2100-05-05")
    dtype = dtype_of(storage, nullable=True)
    cells = pd.Series(days).dt.tz_localize(dtype.tz) if hasattr(dtype, "tz") else pd.Series(days)
    data = people(Column("born", TIME, storage), cells)
    guard, shown, back = there_and_back(data)
    ordered = data["people"]["born"].sort_values(ignore_index=True)
    assert back["people"]["born"].between(ordered[9], ordered[490]).all()
    assert sample_violations(back, data.schema, data.rows) == ()
    wild = shown["people"]["born"].mask(np.arange(500) < 250, pd.Timestamp("2222-02-02"))
    later = guard.restore(sampled(shown, "people", born=wild), seed=1)["people"]["born"]
    assert later.max() <= ordered[490]
    all_wild = guard.restore(sampled(shown, "people", born=[pd.Timestamp("2222-02-02")] * 500), seed=1)
    assert all_wild["people"]["born"].between(ordered[400], ordered[490]).all()


def test_one_subject_with_many_extremes_counts_once():
    cells = np.append(np.full(90, 9e6), spread(MONEY, 900))
    _, shown, _ = there_and_back(visits([90, *[9] * 100], MONEY, cells))
    assert shown["visits"]["money"].max() < 5000


@pytest.mark.parametrize("nullable", [True, False])
def test_values_of_too_few_subjects_are_not_shown(nullable):
    schema = shops([0] * 3 + [1] * 3 + [None] * 94).schema
    column = Column("size", NUMBER, "double", nullable)
    built = Column("built", TIME, "date32[day]", nullable)
    tables = [replace(t, columns=(KEY, column, built)) if t.name == "shops" else t for t in schema.tables]
    frames = shops([0] * 3 + [1] * 3 + [None] * 94).tables
    dates = pd.Series(pd.date_range("2001-01-01", periods=3)).astype("datetime64[us]")
    frame = pd.DataFrame({"id": [0, 1, 2], "size": [123.0, 456.0, 789.0], "built": dates})
    data = Dataset(Schema(tuple(tables), schema.foreign_keys, "people"), {**frames, "shops": frame})
    guard, shown, back = there_and_back(data)
    assert list(shown["shops"].columns) == ["id"]
    assert violations(back) == ()
    assert back["shops"]["size"].isna().all() if nullable else back["shops"]["size"].eq(0).all()
    assert "shops.size: too few subjects have a value, it was not shown" in guard.notes
    assert Guard.from_dict(guard.to_dict()) == guard


# Rows per subject


def test_nobody_has_more_rows_than_k_subjects():
    data = visits([500, 400, *[8] * 20, *[3] * 78], WHOLE, np.arange(1294) % 7)
    guard, shown, back = there_and_back(data)
    assert shown["visits"]["person"].value_counts().max() == 8
    assert len(shown["visits"]) == len(back["visits"]) == 22 * 8 + 78 * 3
    assert "visits: 884 rows of subjects with too many were not shown" in guard.notes
    assert data["visits"]["person"].value_counts().max() == 500


def test_rows_that_refer_to_dropped_ones_go_too():
    schema = Schema(
        (
            Table("people", (KEY,), ("id",)),
            Table("accounts", (KEY, PERSON), ("id",)),
            Table("cards", (Column("account", ID, "int64"),)),
        ),
        (
            ForeignKey("accounts", ("person",), "people", ("id",), owner=True),
            ForeignKey("cards", ("account",), "accounts", ("id",), owner=True),
        ),
        "people",
    )
    owner = np.repeat(np.arange(100), [30, *[2] * 99])
    accounts = pd.DataFrame({"id": np.arange(len(owner)), "person": owner})
    frames = {
        "people": pd.DataFrame({"id": np.arange(100)}),
        "accounts": accounts,
        "cards": pd.DataFrame({"account": accounts["id"]}),
    }
    data = Dataset(schema, frames)
    _, shown, back = there_and_back(data)
    assert shown.rows["accounts"] == 200
    assert shown.rows["cards"] <= 200
    assert violations(shown) == violations(back) == ()


def test_a_table_of_too_few_subjects_is_shown_empty():
    data = visits([*[2] * 9, *[0] * 91], WHOLE, range(18))
    _, shown, back = there_and_back(data)
    assert shown.rows["visits"] == back.rows["visits"] == 0


# Whatever the data


@st.composite
def households(draw):
    """People, their visits and the shops they go to, with columns of every kind."""
    subjects, seed = draw(st.integers(20, 120)), draw(st.integers(0, 999))
    random = np.random.default_rng(seed)
    skew = draw(st.floats(1.2, 4))
    owner = np.repeat(np.arange(subjects), np.minimum(random.zipf(skew, subjects), 60) - draw(st.integers(0, 1)))
    count, scale = len(owner), draw(st.sampled_from([3, 50, 1e6]))
    cells = {
        Column("kind", CATEGORY, nullable=True): (random.zipf(skew, count) % 99).astype(str),
        Column("code", CATEGORY, "int64"): random.zipf(skew, count) % 99,
        Column("whole", NUMBER, "int64"): random.normal(0, scale, count).astype("int64"),
        Column("part", NUMBER, "double", nullable=True, decimals=2): random.standard_cauchy(count).round(2),
        Column("any", NUMBER, "double"): random.standard_cauchy(count) * scale,
        Column("day", TIME, "date32[day]"): (random.normal(0, scale % 9999, count)).astype("int64").astype("M8[D]"),
    }
    frame = {c.name: pd.Series(v).astype(dtype_of(c.storage, nullable=c.nullable)) for c, v in cells.items()}
    visit = Table("visits", (PERSON, Column("shop", ID, "int64"), *cells))
    shop = Table("shops", (KEY, Column("size", NUMBER, "int64"), Column("city", CATEGORY)), ("id",))
    keys = (
        ForeignKey("visits", ("person",), "people", ("id",), owner=True),
        ForeignKey("visits", ("shop",), "shops", ("id",)),
    )
    sizes = {"id": np.arange(30), "size": random.integers(0, 999, 30), "city": [f"t{n % 7}" for n in range(30)]}
    frames = {
        "people": pd.DataFrame({"id": np.arange(subjects)}),
        "visits": pd.DataFrame({"person": owner, "shop": random.zipf(skew, count) % 30, **frame}),
        "shops": pd.DataFrame(sizes).astype({"city": TEXT}),
    }
    return Dataset(Schema((Table("people", (KEY,), ("id",)), shop, visit), keys, "people"), frames)


def holders(data, table, column):
    """How many subjects have each value."""
    seen = data["visits"] if table == "visits" else data["visits"].merge(data["shops"], left_on="shop", right_on="id")
    return seen.groupby(column)["person"].nunique()


@settings(
    max_examples=15,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
@given(households())
def test_nothing_of_few_subjects_is_shown_or_saved(data):
    guard = Guard.learn(data)
    state = json.dumps(guard.to_dict())
    guard = Guard.from_dict(json.loads(state))
    shown, again = guard.protect(data), guard.protect(data)
    back = guard.restore(shown, seed=0)
    assert sample_violations(back, data.schema, shown.rows) == ()
    for table, frame in shown.tables.items():
        pd.testing.assert_frame_equal(frame, again[table])
        for column in guard.guarded_schema.modelled(table):
            real = holders(data, table, column.name)
            if column.kind == CATEGORY:
                shared = {str(value) for value in real.index[real >= guard.k]}
                assert set(frame[column.name].dropna()) <= {*shared, "rare"}
                assert (holders(shown, table, column.name).drop("rare", errors="ignore") >= guard.k).all()
            elif guard.k > 1:
                _check_bounds(guard, data, shown, back, table, column)


def _check_bounds(guard, data, shown, back, table, column):
    seen = data["visits"] if table == "visits" else data["visits"].merge(data["shops"], left_on="shop", right_on="id")
    each = seen.groupby("person")[column.name]
    highest, lowest = each.max().nlargest(guard.k).iloc[-1], each.min().nsmallest(guard.k).iloc[-1]
    for frame in (shown, back):
        assert frame[table][column.name].dropna().between(lowest, highest).all()
    rule, real = guard.rules[table][column.name], holders(data, table, column.name)
    if column.kind == NUMBER:
        saved = [rule.low.at, rule.low.inner, rule.high.at, rule.high.inner]
        assert not {value for value in saved if real.get(value, guard.k) < guard.k}


def test_nothing_real_is_drawn_beyond_what_the_saved_guard_allows():
    plain = Guard.learn(people(MONEY, spread(MONEY))).to_dict()
    plain["rules"]["people"]["money"]["high"]["secret"] = 1
    with pytest.raises(DataError, match="the saved guard cannot be read"):
        Guard.from_dict(plain)
