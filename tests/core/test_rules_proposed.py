"""Rules found in data whose truth is known."""

from __future__ import annotations

from itertools import permutations
from math import comb, exp

import numpy as np
import pandas as pd
import pytest

from synthkit import source
from synthkit.bank import bank
from synthkit.inference import infer
from synthkit.inference.rules import proposed, with_rules
from synthkit.inference.rules.chance import implied, ordered
from synthkit.schema.rules import ConditionalNull, FixedCombinations, Inclusion, Inequality, OnlyIf, UniqueCombination

ROWS = 600


@pytest.fixture
def random():
    return np.random.default_rng(7)


def dataset(**frames):
    tables = source.from_frames(frames)
    return source.read_dataset(tables, infer(tables)[0])


def rules(table="things", **frames):
    return set(proposed(dataset(**frames)).get(table, ()))


def days(numbers):
    return np.datetime64("2020-01-01", "us") + np.asarray(numbers).astype("timedelta64[D]")


def children(random, count=ROWS, rows=4 * ROWS):
    """Customers and, for each of some rows, the place of its customer."""
    return pd.DataFrame({"customer_id": np.arange(count) + 1000}), random.integers(0, count, rows)


def independent(seed):
    """A parent and a child table, with two columns of each kind and nulls, all drawn alone."""
    random = np.random.default_rng(seed)

    def columns(rows):
        made = {}
        for name in "ab":
            made[f"date_{name}"] = days(random.integers(0, 400, rows))
            made[f"number_{name}"] = random.integers(0, 50, rows)
            made[f"class_{name}"] = random.choice(list("uvwxyz"), rows, p=[0.4, 0.3, 0.15, 0.1, 0.04, 0.01])
            made[f"flag_{name}"] = random.random(rows) < 0.3
            made[f"part_{name}"] = np.where(random.random(rows) < 0.7, np.nan, random.normal(size=rows).round(2))
        return made

    customers, owner = children(random, 400, 1200)
    visits = {"customer_id": customers["customer_id"].to_numpy()[owner], "store_id": random.integers(0, 30, 1200)}
    stores = pd.DataFrame({"store_id": np.arange(30)}).assign(**columns(30))
    calls = {"customer_id": random.integers(1000, 1400, 900), "store_id": random.integers(0, 30, 900)}
    return {
        "customers": customers.assign(**columns(400)),
        "stores": stores,
        "visits": pd.DataFrame({**visits, **columns(1200)}),
        "calls": pd.DataFrame({**calls, **columns(900)}),
    }


@pytest.mark.parametrize("seed", range(12))
def test_independent_columns_have_no_rules(seed):
    """The false-alarm rate of this test is below 12 seeds x 4 tables x 8 kinds x 1e-9."""
    assert proposed(dataset(**independent(seed))) == {}


def test_the_rules_of_the_bank_are_found_and_no_others():
    assert proposed(dataset(**bank(1000))) == {
        "transactions": (Inequality("customers.join_date", "transaction_date"),),
        "campaign_events": (
            Inequality("customers.join_date", "event_date"),
            OnlyIf("converted", "opened"),
            ConditionalNull("revenue", "converted", (False,)),
            UniqueCombination(("customer_id", "campaign")),
        ),
    }


def test_one_row_that_breaks_a_rule_is_enough():
    tables = bank(1000)
    first = tables["campaign_events"]["opened"].idxmax()
    tables["campaign_events"].loc[first, ["opened", "converted"]] = [False, True]
    tables["campaign_events"].loc[first, "revenue"] = np.nan
    found = proposed(dataset(**tables))["campaign_events"]
    assert [rule for rule in found if rule.kind in ("only_if", "conditional_null")] == [
        ConditionalNull("revenue", "converted", (False,), exact=False)
    ]


def test_proposed_rules_go_into_the_schema_and_the_data_stay():
    data = dataset(**bank(300))
    ruled = with_rules(data)
    assert ruled.tables is data.tables
    assert {t.name: t.rules for t in ruled.schema.tables if t.rules} == proposed(data)


@pytest.mark.parametrize("seed", range(5))
def test_the_chance_of_an_order_is_exact(seed):
    random = np.random.default_rng(seed)
    low = random.integers(0, 5, 6).astype(float)
    high = low + random.integers(0, 3, 6)
    kept = [(low <= np.array(dealt)).all() for dealt in permutations(high)]
    log_chance, share = ordered(low, high)
    assert exp(log_chance) == pytest.approx(np.mean(kept))
    assert share == pytest.approx((low[:, None] > high).mean())


def test_the_chance_of_an_implication_is_exact():
    premise, conclusion = np.arange(12) < 3, np.arange(12) < 5
    log_chance, share = implied(premise, conclusion)
    assert exp(log_chance) == pytest.approx(comb(5, 3) / comb(12, 3))
    assert share == pytest.approx(7 / 12)


def test_dates_in_order_are_found_without_what_follows(random):
    ordered_on = random.integers(0, 300, ROWS)
    shipped = ordered_on + random.integers(0, 9, ROWS)
    paid = shipped + random.integers(1, 9, ROWS)
    frame = pd.DataFrame({"paid": days(paid), "ordered": days(ordered_on), "shipped": days(shipped)})
    assert rules(things=frame) == {Inequality("ordered", "shipped"), Inequality("shipped", "paid")}


def test_what_follows_is_stated_where_the_middle_may_be_null(random):
    first = random.integers(0, 300, ROWS)
    second = first + random.integers(0, 9, ROWS)
    third = second + random.integers(0, 9, ROWS)
    middle = pd.Series(days(second)).where(random.random(ROWS) < 0.5)
    found = rules(things=pd.DataFrame({"a": days(first), "b": middle, "c": days(third)}))
    assert found == {Inequality("a", "b"), Inequality("b", "c"), Inequality("a", "c")}


def test_dates_that_could_be_equal_and_never_are_differ(random):
    first = random.integers(0, 30, 2000)
    frame = pd.DataFrame({"first": days(first), "last": days(first + random.integers(1, 20, 2000))})
    assert rules(things=frame) == {Inequality("first", "last", strict=True)}


def test_equal_dates_and_dates_far_apart_are_no_order(random):
    born = random.integers(0, 300, ROWS)
    frame = {"born": days(born), "again": days(born), "later": days(5000 + random.integers(0, 300, ROWS))}
    assert rules(things=pd.DataFrame(frame)) == set()


def test_times_with_and_without_a_zone_are_not_compared(random):
    first = random.integers(0, 300, ROWS)
    later = pd.Series(days(first + random.integers(0, 9, ROWS)))
    frame = pd.DataFrame({"a": days(first), "b": later.dt.tz_localize("UTC"), "c": later.dt.tz_localize("UTC")})
    assert rules(things=frame) == set()
    frame["d"] = frame["c"] + pd.to_timedelta(random.integers(0, 9, ROWS), unit="D")
    assert rules(things=frame.drop(columns="c")) == {Inequality("b", "d")}


def test_dates_of_children_lie_within_those_of_their_parents(random):
    customers, owner = children(random)
    born, joined = random.integers(0, 300, ROWS), random.integers(300, 900, ROWS)
    joined = np.maximum(joined, born)
    left = joined + random.integers(1, 500, ROWS)
    when = joined[owner] + (random.random(len(owner)) * (left - joined)[owner]).astype(int)
    customers = customers.assign(joined=days(joined), left=days(left))
    visits = pd.DataFrame({"customer_id": customers["customer_id"].to_numpy()[owner], "day": days(when)})
    visits["until"] = visits["day"] + pd.to_timedelta(random.integers(0, 600, len(visits)), unit="D")
    found = proposed(dataset(customers=customers, visits=visits))
    assert found["customers"] == (Inequality("joined", "left", strict=False),)
    assert set(found["visits"]) == {
        Inequality("day", "until"),
        Inequality("customers.joined", "day"),
        Inequality("day", "customers.left"),
    }


def test_two_keys_to_one_parent_are_named_by_their_columns(random):
    stores = pd.DataFrame({"store_id": np.arange(200) + 5, "opened": days(random.integers(0, 400, 200))})
    start, end = random.integers(0, 200, (2, 3000))
    day = pd.Series(stores["opened"].to_numpy()[start]) + pd.to_timedelta(random.integers(0, 30, 3000), unit="D")
    keys = {"from_store_id": stores["store_id"].to_numpy()[start], "to_store_id": stores["store_id"].to_numpy()[end]}
    assert rules("moves", stores=stores, moves=pd.DataFrame({**keys, "day": day})) == {
        Inequality("from_store_id.opened", "day")
    }


def test_numbers_are_in_order_only_where_they_come_near_each_other(random):
    low = random.gamma(2, 10, ROWS).round(1)
    frame = {
        "least": low,
        "most": (low * random.uniform(1, 3, ROWS)).round(1),
        "heavy": low * random.uniform(3, 9, ROWS),
    }
    assert rules(things=pd.DataFrame(frame)) == {Inequality("least", "most")}


def test_what_one_subject_repeats_is_no_evidence(random):
    customers, _ = children(random, 9)
    owner = np.repeat(np.arange(9), 200)
    first, vip = random.integers(0, 300, 9), np.arange(9) < 4
    visits = pd.DataFrame({"customer_id": customers["customer_id"].to_numpy()[owner], "first": days(first[owner])})
    visits["last"] = days(first[owner] + 3)
    visits["vip"], visits["known"] = vip[owner], (vip | (np.arange(9) == 7))[owner]
    visits["city"], visits["state"] = np.array(list("abcdefghi"))[owner], np.array(list("xxxyyyzzz"))[owner]
    visits["net"] = (first[owner] * 1.0).round(2)
    visits["gross"] = visits["net"] * 2
    assert rules("visits", customers=customers, visits=visits) == set()


def test_booleans_imply_each_other_without_what_follows(random):
    sent = random.random(ROWS) < 0.6
    opened = sent & (random.random(ROWS) < 0.6)
    frame = pd.DataFrame({"bought": opened & (random.random(ROWS) < 0.5), "opened": opened, "sent": sent})
    assert rules(things=frame) == {OnlyIf("bought", "opened"), OnlyIf("opened", "sent")}


def test_columns_that_are_null_together_are_tied_to_the_first(random):
    known = random.random(ROWS) < 0.4
    frame = pd.DataFrame({c: pd.Series(random.normal(size=ROWS)).where(known) for c in "abc"})
    frame["other"] = pd.Series(random.normal(size=ROWS)).where(random.random(ROWS) < 0.5)
    assert rules(things=frame) == {ConditionalNull("b", "a"), ConditionalNull("c", "a")}


def test_nulls_that_say_too_little_are_no_rule(random):
    frame = pd.DataFrame({c: random.normal(size=ROWS) for c in "ab"})
    frame.loc[3, ["a", "b"]] = np.nan
    assert rules(things=frame) == set()


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("exact", [True, False])
def test_a_boolean_says_where_a_column_is_null(random, value, exact):
    flag = random.random(ROWS) < 0.5
    more = (random.random(ROWS) < 0.2) & (not exact)
    amount = pd.Series(random.gamma(2, 50, ROWS).round(2)).where((flag != value) & ~more)
    frame = pd.DataFrame({"amount": amount, "currency": pd.Series(["x", "y"] * (ROWS // 2)).where(amount.notna())})
    frame["flag"] = flag
    assert rules(things=frame) == {
        ConditionalNull("currency", "amount"),
        ConditionalNull("amount", "flag", (value,), exact=exact),
    }


def test_what_is_null_wherever_another_is_follows_a_chain(random):
    share = random.random(ROWS)
    frame = pd.DataFrame(
        {c: pd.Series(random.normal(size=ROWS)).where(share < p) for c, p in zip("abc", (0.9, 0.6, 0.3), strict=True)}
    )
    assert rules(things=frame) == {ConditionalNull("b", "a", exact=False), ConditionalNull("c", "b", exact=False)}


def test_a_chain_of_categories_is_one_rule(random):
    city = random.integers(0, 24, ROWS)
    frame = pd.DataFrame({"state": city // 8, "city": city, "county": city // 4}).map(lambda n: f"place {n}")
    assert rules(things=frame) == {FixedCombinations(("state", "city", "county"))}


def test_a_category_that_may_be_null_is_decided_apart(random):
    city = random.integers(0, 16, ROWS)
    frame = pd.DataFrame({"state": city // 8, "city": city, "county": city // 4}).map(lambda n: f"place {n}")
    frame["county"] = frame["county"].where(random.random(ROWS) < 0.5)
    assert FixedCombinations(("state", "city")) in rules(things=frame)
    assert FixedCombinations(("city", "county")) in rules(things=frame)


def test_combinations_that_few_hold_are_no_rule(random):
    street = random.integers(0, 200, ROWS)
    frame = pd.DataFrame({"street": street, "town": street // 20}).map(lambda n: f"place {n}")
    assert rules(things=frame) == set()


def test_services_that_need_another_are_pairs_with_it(random):
    internet = random.choice(["no", "slow", "fast"], 2000, p=[0.3, 0.3, 0.4])
    frame = pd.DataFrame({"internet": internet})
    for name in ("backup", "films", "help"):
        frame[name] = np.where(internet == "no", "no internet", random.choice(["wanted", "not"], 2000))
    assert rules(things=frame) == {FixedCombinations(("internet", name)) for name in ("backup", "films", "help")}


def test_three_columns_are_one_rule_where_pairs_do_not_say_it(random):
    adults, kids = random.integers(1, 3, 2000), random.integers(0, 3, 2000)
    frame = pd.DataFrame({"adults": adults, "kids": kids, "size": adults + kids}).map(lambda n: f"{n} of them")
    assert rules(things=frame) == {FixedCombinations(("adults", "kids", "size"))}


def test_keys_that_never_come_twice(random):
    customers, _ = children(random)
    stores = pd.DataFrame({"store_id": np.arange(12), "size": random.normal(size=12)})
    pairs = random.permutation(ROWS * 12)[: 3 * ROWS]
    cards = pd.DataFrame({"customer_id": customers["customer_id"].to_numpy()[pairs % ROWS], "store_id": pairs // ROWS})
    cards = cards.assign(card_id=np.arange(len(cards)) + 50, points=random.gamma(2, 10, len(cards)))
    some = cards[["customer_id", "store_id"]].iloc[random.integers(0, len(cards), 800)]
    uses = some.reset_index(drop=True).assign(use_id=np.arange(800) + 70, amount=random.gamma(2, 10, 800))
    data = dataset(customers=customers, stores=stores, cards=cards, uses=uses)
    both = ("customer_id", "store_id")
    assert proposed(data) == {"cards": (UniqueCombination(both),), "uses": (Inclusion(both, "cards", both),)}


def test_a_primary_key_is_no_rule(random):
    customers, _ = children(random)
    pairs = random.permutation(ROWS * 12)[: 3 * ROWS]
    cards = pd.DataFrame(
        {"customer_id": pairs % ROWS + 1000, "line_no": pairs // ROWS, "points": random.normal(size=1800)}
    )
    data = dataset(customers=customers, cards=cards)
    assert data.schema["cards"].primary_key == ("customer_id", "line_no")
    assert proposed(data) == {}


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_few_rows_say_nothing(rows):
    tables = {name: frame.head(rows) for name, frame in bank(50).items()}
    assert proposed(dataset(**tables)) == {}


def test_a_table_that_belongs_to_nobody_says_nothing(random):
    customers, _ = children(random)
    flag = random.random(ROWS) < 0.5
    visits = pd.DataFrame({"customer_id": pd.array([1000] + [None] * (ROWS - 1), "Int64"), "flag": flag, "also": flag})
    visits["class"], visits["kind"] = (["a", "b"] * ROWS)[:ROWS], (["x", "y"] * ROWS)[:ROWS]
    assert rules("visits", customers=customers, visits=visits) == set()
