"""After the repair no rule is broken, and everything else holds as before; or it is refused."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthkit.dataset import Dataset
from synthkit.errors import IntegrityError
from synthkit.integrity import has_dtype, violations
from synthkit.rules import broken_rows, broken_rules, kept
from synthkit.schema import (
    Column,
    ColumnKind,
    ConditionalNull,
    FixedCombinations,
    ForeignKey,
    Formula,
    Inclusion,
    Inequality,
    OnlyIf,
    Range,
    Schema,
    Table,
    UniqueCombination,
)
from synthkit.storage import dtype_of

ID, NUMBER, TIME, FLAG = ColumnKind.ID, ColumnKind.NUMERICAL, ColumnKind.DATETIME, ColumnKind.BOOLEAN
CATEGORY = ColumnKind.CATEGORICAL


def shop(rules=(), rows=200, people=30, seed=0, zone=""):
    """People, their offers, and their orders, in which every value is drawn alone."""
    random = np.random.default_rng(seed)

    def days(count, low, high):
        return pd.Series(np.datetime64("2020-01-01", "us") + random.integers(low, high, count) * np.timedelta64(1, "D"))

    def gaps(values, share=0.2):
        return values.mask(random.random(len(values)) < share)

    first = days(people, 0, 500)
    tables = {
        "people": pd.DataFrame(
            {"id": np.arange(people), "joined": first, "left": first + pd.Timedelta(days=200), "age": 30}
        ),
        "offers": pd.DataFrame({"person": random.integers(0, people, rows), "code": random.integers(0, 9, rows)}),
        "orders": pd.DataFrame(
            {
                "id": np.arange(rows),
                "person": random.integers(0, people, rows),
                "code": random.integers(0, 12, rows),
                "day": days(rows, -100, 800),
                "moment": gaps(days(rows, 0, 700) + pd.to_timedelta(random.integers(0, 86_400, rows), unit="s")),
                "count": random.integers(-3, 30, rows).astype("int16"),
                "price": gaps(pd.Series(random.normal(10, 5, rows)).round(2)),
                "total": random.normal(100, 50, rows).round(1),
                "weight": gaps(pd.Series(random.normal(0, 1, rows))),
                "opened": random.random(rows) < 0.4,
                "bought": gaps(pd.Series(random.random(rows) < 0.4, dtype="boolean")),
                "city": random.choice(["Rome", "Oslo"], rows).tolist(),
            }
        ),
    }
    tables["orders"]["moment"] = tables["orders"]["moment"].astype("datetime64[us]")
    stamp = "timestamp[us]"
    if zone:
        tables["orders"]["day"] = tables["orders"]["day"].dt.tz_localize(zone)
        stamp = f"timestamp[us, tz={zone}]"
    people_table = Table(
        "people",
        (
            Column("id", ID, "int64", unique=True),
            Column("joined", TIME, "date32[day]"),
            Column("left", TIME, "date32[day]"),
            Column("age", NUMBER, "int64"),
        ),
        ("id",),
    )
    offers = Table("offers", (Column("person", ID, "int64"), Column("code", NUMBER, "int64")))
    orders = Table(
        "orders",
        (
            Column("id", ID, "int64", unique=True),
            Column("person", ID, "int64"),
            Column("code", NUMBER, "int64"),
            Column("day", TIME, stamp if zone else "date32[day]"),
            Column("moment", TIME, "timestamp[us]", nullable=True),
            Column("count", NUMBER, "int16"),
            Column("price", NUMBER, "double", nullable=True, decimals=2),
            Column("total", NUMBER, "double", decimals=1),
            Column("weight", NUMBER, "double", nullable=True),
            Column("opened", FLAG, "bool"),
            Column("bought", FLAG, "bool", nullable=True),
            Column("city", CATEGORY, "string"),
        ),
        ("id",),
        rules=tuple(rules),
    )
    keys = tuple(ForeignKey(t, ("person",), "people", ("id",), owner=True) for t in ("offers", "orders"))
    return Dataset(Schema((people_table, offers, orders), keys, "people"), tables)


def promises(sample, result):
    """What no repair may touch."""
    assert result.rows == sample.rows
    assert violations(result, real=sample) == ()
    for table in sample.schema.tables:
        for column in table.columns:
            before, after = sample[table.name][column.name], result[table.name][column.name]
            assert after.dtype == before.dtype or (column.nullable and has_dtype(after, column))
            if column.decimals is not None:
                assert np.array_equal(after.round(column.decimals), after, equal_nan=True)
    assert (result["orders"]["day"].dt.normalize() == result["orders"]["day"]).all()
    pd.testing.assert_frame_equal(result["people"], sample["people"])


def settled(sample, seed=0):
    copies = {name: frame.copy() for name, frame in sample.tables.items()}
    result, notes = kept(sample, seed=seed)
    promises(sample, result)
    for name, frame in copies.items():
        pd.testing.assert_frame_equal(sample[name], frame)  # what was given stays as it was
    again, more = kept(result, seed=seed + 1)
    assert more == []
    for name in copies:
        pd.testing.assert_frame_equal(again[name], result[name])
    return result, notes


REFERENCES = ("people.joined", "people.left", "day", "moment")
NUMBERS = ("count", "price", "total", "weight", "code")


def inequalities(names):
    pairs = st.permutations(names).map(lambda order: sorted(order[:2], key=names.index))
    return st.builds(lambda pair, strict: Inequality(*pair, strict=strict), pairs, st.booleans())


RULES = st.one_of(
    inequalities(REFERENCES).filter(lambda rule: "." not in rule.high),
    inequalities(NUMBERS),
    st.builds(Range, st.sampled_from(NUMBERS), st.sampled_from([-1, 0]), st.sampled_from([None, 12, 20])),
    st.builds(Range, st.sampled_from(NUMBERS), st.none(), st.sampled_from([12, 20])),
    st.sampled_from(
        [
            Range("day", "2020-03-01", "2021-06-30"),
            OnlyIf("bought", "opened"),
            ConditionalNull("price", "opened", (False,)),
            ConditionalNull("weight", "opened", (True,), exact=False),
            ConditionalNull("moment", "price"),
            ConditionalNull("bought", "city", ("Oslo",)),
            Formula("total", "count * price"),
            Formula("weight", "total / 3 - people.age / 7"),
            UniqueCombination(("person", "code", "count")),
            Inclusion(("person", "code"), "offers", ("person", "code")),
            FixedCombinations(("opened", "city")),
        ]
    ),
)


@given(st.lists(RULES, min_size=1, max_size=5, unique=True), st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_any_rules_are_kept_or_refused(rules, seed):
    sample = shop(rules, rows=120, seed=seed)
    with suppress(IntegrityError):  # some of these contradict the parents' values, or each other
        settled(sample, seed)


def test_the_same_seed_gives_the_same_sample():
    sample = shop([Inequality("people.joined", "day")])
    one, other, third = (kept(sample, seed=seed)[0]["orders"] for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, other)
    assert not one.equals(third)


def test_rows_that_keep_the_rule_are_left_alone_and_the_others_counted():
    rule = Inequality("people.joined", "day")
    sample = shop([rule])
    wrong = broken_rows(sample, "orders", rule)
    result, notes = settled(sample)
    changed = (result["orders"] != sample["orders"])["day"].to_numpy()
    assert changed.tolist() == wrong.tolist()
    assert notes == [f"orders.day: {wrong.sum()} values were changed to keep people.joined <= day"]


def test_redrawn_values_do_not_pile_up_at_the_limit():
    sample = shop([Inequality("people.joined", "day")], rows=2000)
    result, _ = settled(sample)
    frame = result["orders"].merge(result["people"], left_on="person", right_on="id")
    wrong = broken_rows(sample, "orders", Inequality("people.joined", "day"))
    gaps = (frame["day"] - frame["joined"]).dt.days.to_numpy()
    assert (gaps[wrong] == 0).mean() < 0.05  # of 500 values at least; clamped all would be 0
    assert gaps[wrong].mean() == pytest.approx(gaps[~wrong].mean(), rel=0.35)
    assert result["orders"]["day"].max() <= sample["orders"]["day"].max()


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("zone", ["", "Europe/Berlin"])
def test_a_window_of_the_parent(strict, zone):
    rules = [Inequality("people.joined", "day", strict=strict), Inequality("day", "people.left", strict=strict)]
    result, notes = settled(shop(rules, zone=zone))
    assert len(notes) == 2
    assert list(broken_rules(result)) == []


def test_a_chain_moves_the_later_ones():
    result, _ = settled(shop([Inequality("count", "price"), Inequality("price", "total", strict=True)]))
    frame = result["orders"].dropna(subset=["price"])
    assert (frame["count"] <= frame["price"]).all()
    assert (frame["price"] < frame["total"]).all()


def test_a_chain_below_a_limit_moves_the_first():
    rules = [Inequality("count", "price"), Inequality("price", "total"), Range("total", None, 10)]
    result, _ = settled(shop(rules))
    assert result["orders"]["total"].max() <= 10
    assert result["orders"].dropna(subset=["price"])["count"].max() <= 10


def test_two_inequalities_can_mean_equal():
    result, _ = settled(shop([Inequality("count", "code"), Inequality("code", "count")]))
    assert (result["orders"]["count"] == result["orders"]["code"]).all()


@pytest.mark.parametrize(
    "rules",
    [
        [Inequality("people.left", "day"), Inequality("day", "people.joined")],
        [Range("count", 40_000, None)],
        [Inequality("people.left", "people.joined")],
        [Formula("count", "total * 100000")],
        [UniqueCombination(("opened", "city"))],
        [Range("total", 0, 10), Formula("total", "price + 100")],
    ],
    ids=lambda rules: rules[0].kind,
)
def test_what_cannot_be_kept_is_refused(rules):
    with pytest.raises(IntegrityError, match=r"^orders\.[a-z.+]+: [\d,]+ rows break the rule .+ and cannot"):
        kept(shop(rules), seed=0)


def test_an_inclusion_without_any_combination_is_refused():
    sample = shop([Inclusion(("person", "code"), "offers", ("person", "code"))])
    with pytest.raises(IntegrityError, match=r"person \+ code in offers"):
        kept(Dataset(sample.schema, {**sample.tables, "offers": sample["offers"].iloc[:0]}), seed=0)


def test_a_flag_keeps_its_share_where_its_condition_can_follow():
    sample = shop([OnlyIf("bought", "opened")])
    result, notes = settled(sample)
    assert result["orders"]["bought"].equals(sample["orders"]["bought"])
    assert notes == [n for n in notes if n.startswith("orders.opened: ") and n.endswith("keep bought only if opened")]


def test_a_flag_of_the_parent_decides():
    sample = shop()
    people = replace(sample.schema["people"], columns=(*sample.schema["people"].columns, Column("vip", FLAG, "bool")))
    orders = replace(sample.schema["orders"], rules=(OnlyIf("bought", "opened"), OnlyIf("opened", "people.vip")))
    schema = replace(sample.schema, tables=(people, sample.schema["offers"], orders))
    vip = sample["people"].assign(vip=np.arange(30) % 2 == 0)
    result, _ = settled(Dataset(schema, {**sample.tables, "people": vip}))
    assert not result["orders"].loc[result["orders"]["person"] % 2 == 1, ["opened", "bought"]].any().any()


def test_nulls_come_and_go_with_their_condition():
    result, _ = settled(shop([ConditionalNull("price", "opened", (False,))]))
    assert (result["orders"]["price"].isna() == ~result["orders"]["opened"]).all()
    sample = shop([ConditionalNull("price", "opened", (True, False), exact=True)])
    assert settled(sample)[0]["orders"]["price"].isna().all()


def test_a_value_is_filled_from_those_that_occur_anywhere():
    sample = shop([ConditionalNull("price", "opened", (False,))])
    orders = sample["orders"].assign(price=sample["orders"]["price"].where(~sample["orders"]["opened"]))
    result, _ = settled(Dataset(sample.schema, {**sample.tables, "orders": orders}))
    assert set(result["orders"]["price"].dropna()) <= set(orders["price"].dropna())
    empty = Dataset(sample.schema, {**sample.tables, "orders": orders.assign(price=np.nan)})
    with pytest.raises(IntegrityError, match="conditional null"):
        kept(empty, seed=0)


def test_formulas_follow_each_other():
    rules = [Formula("total", "weight * 2"), Formula("weight", "count / 4")]
    result, _ = settled(shop(rules))
    known = result["orders"].dropna(subset=["weight"])
    assert np.allclose(known["total"], known["count"] / 2, atol=0.051)


@pytest.mark.parametrize("storage", ["date32[day]", "timestamp[us]"])
def test_a_time_is_set_a_number_of_days_after_another_one(storage):
    random = np.random.default_rng(0)
    days = [np.datetime64("2024-01-01", "us") + random.integers(0, 90, 60).astype("timedelta64[D]") for _ in range(2)]
    columns = (
        Column("start", ColumnKind.DATETIME, storage),
        Column("end", ColumnKind.DATETIME, storage, nullable=True),
        Column("nights", ColumnKind.NUMERICAL, "int64"),
    )
    frame = pd.DataFrame({"start": days[0], "end": pd.Series(days[1]).where(random.random(60) < 0.9)})
    frame["nights"] = random.integers(1, 20, 60)
    schema = Schema((Table("t", columns, rules=(Formula("end", "start + days(nights)"),)),))
    result, notes = kept(Dataset(schema, {"t": frame}), seed=0)
    known = result["t"].dropna()
    assert (known["end"] - known["start"]).dt.days.equals(known["nights"])
    assert result["t"]["end"].isna().equals(frame["end"].isna())
    assert notes == [f"t.end: {len(known)} values were changed to keep end = start + days(nights)"]


def test_a_move_stays_with_its_owner_where_it_can():
    sample = shop([Inclusion(("person", "code"), "offers", ("person", "code"))])
    result, notes = settled(sample)
    known = sample["orders"]["person"].isin(sample["offers"]["person"])
    assert (result["orders"]["person"] == sample["orders"]["person"])[known].all()
    assert any(note.endswith("person + code in offers") for note in notes)
    one = sample["offers"].query("person == 3")
    moved, _ = settled(Dataset(sample.schema, {**sample.tables, "offers": one}))
    assert (moved["orders"]["person"] == 3).all()


def test_repetitions_spare_the_owner():
    sample = shop([UniqueCombination(("person", "code"))])
    result, notes = settled(sample)
    assert result["orders"]["person"].equals(sample["orders"]["person"])
    assert len(notes) == 1


def test_a_repair_that_needs_a_fixed_combination_says_so():
    rules = [OnlyIf("bought", "opened"), FixedCombinations(("opened", "city"))]
    result, notes = settled(shop(rules))
    assert result["orders"]["opened"].equals(shop(rules)["orders"]["opened"])  # the other flag gave way
    _, notes = settled(shop([UniqueCombination(("person", "city", "count")), FixedCombinations(("opened", "city"))]))
    assert all("city" not in note.split(":")[0] for note in notes)
    rules = [ConditionalNull("bought", "city", ("Oslo",)), FixedCombinations(("opened", "bought"))]
    _, notes = settled(shop(rules))
    assert notes
    assert all("fixed combinations of opened and bought" in note for note in notes)


def test_nulls_and_flags_within_fixed_combinations_come_and_go_together():
    """Shares drawn alone, as a plugin that learns no relations does: each repair takes a whole combination."""
    random, rows = np.random.default_rng(0), 300
    combinations = pd.DataFrame([("2", "0", True), ("3", "1", True), ("1", "0", False), (None, None, False)])
    frame = combinations.iloc[random.integers(0, 4, rows)].set_axis(["size", "kids", "house"], axis=1)
    age = pd.Series(random.choice(["young", "old"], rows)).mask(random.random(rows) < 0.3)
    frame = frame.reset_index(drop=True).assign(age=age)[["age", "size", "kids", "house"]]
    columns = [Column(name, CATEGORY, "string", nullable=True) for name in ("age", "size", "kids")]
    rules = (
        ConditionalNull("size", "age"),
        ConditionalNull("kids", "age"),
        FixedCombinations(("size", "kids")),
        FixedCombinations(("kids", "house")),
    )
    table = Table("homes", (*columns, Column("house", FLAG, "bool")), rules=rules)
    sample = Dataset(
        Schema((table,)), {"homes": frame.astype({c.name: dtype_of(c.storage, nullable=True) for c in columns})}
    )
    result, notes = kept(sample, seed=0)
    assert list(broken_rules(result, real=sample)) == []
    assert (result["homes"]["size"].isna() == result["homes"]["age"].isna()).all()
    assert notes


def test_a_flag_of_a_fixed_combination_brings_the_others_with_it():
    values = {"member": [True, False] * 50, "rich": [True, True, False, False] * 25, "tier": ["A", "A", "B", "B"] * 25}
    columns = (Column("member", FLAG, "bool"), Column("rich", FLAG, "bool"), Column("tier", CATEGORY, "string"))
    for flags in (("rich", "member"), ("member", "rich")):
        rules = (OnlyIf(*flags), FixedCombinations(("rich", "tier")))
        sample = Dataset(Schema((Table("people", columns, rules=rules),)), {"people": pd.DataFrame(values)})
        result, _ = kept(sample, seed=0)
        assert list(broken_rules(result, real=sample)) == []
    rules = (OnlyIf("rich", "member"), FixedCombinations(("rich", "tier")), FixedCombinations(("member", "club")))
    clubs = pd.DataFrame(values).assign(club=["C", "D"] * 50)
    table = Table("people", (*columns, Column("club", CATEGORY, "string")), rules=rules)
    sample = Dataset(Schema((table,)), {"people": clubs})
    result = kept(sample, seed=0)[0]["people"]
    assert (result["tier"] == result["rich"].map({True: "A", False: "B"})).all()
    assert (result["club"] == result["member"].map({True: "C", False: "D"})).all()


def test_rows_that_point_at_each_other_in_a_circle_keep_an_inequality():
    columns = (
        Column("id", ID, "int64", unique=True),
        Column("boss", ID, "int64", nullable=True),
        Column("hired", NUMBER, "int64"),
    )
    table = Table("people", columns, ("id",), rules=(Inequality("people.hired", "hired", strict=True),))
    frame = pd.DataFrame({"id": range(6), "boss": [1, 0, 2, 0, None, 3], "hired": [5, 5, 5, 1, 9, 0]})
    schema = Schema((table,), (ForeignKey("people", ("boss",), "people", ("id",)),))
    sample = Dataset(schema, {"people": frame.astype({"boss": "Int64"})})
    result, notes = kept(sample, seed=0)
    assert list(broken_rules(result, real=sample)) == []
    assert any(note.startswith("people.boss: ") for note in notes)
