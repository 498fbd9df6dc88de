"""Formulas found in data whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synthkit import source
from synthkit.inference import infer
from synthkit.inference.rules import proposed, with_rules
from synthkit.schema.rules import Formula, Inequality

ROWS = 500


@pytest.fixture
def random():
    return np.random.default_rng(11)


def dataset(**frames):
    tables = source.from_frames(frames)
    return source.read_dataset(tables, infer(tables)[0])


def rules(frame):
    data = dataset(things=frame)
    with_rules(data)  # what is proposed must be a rule of the schema
    return set(proposed(data).get("things", ()))


def money(random, rows=ROWS):
    return random.gamma(2, 20, rows).round(2)


def test_a_product_is_stated_once_and_no_order_beside_it(random):
    frame = pd.DataFrame({"quantity": random.integers(1, 6, ROWS), "price": money(random)})
    frame["total"] = (frame["quantity"] * frame["price"]).round(2)
    assert rules(frame) == {Formula("total", "quantity * price")}


def test_a_product_with_a_column_of_the_parent(random):
    products = pd.DataFrame({"product_id": np.arange(300) + 7, "price": money(random, 300)})
    which = random.integers(0, 300, 2000)
    sales = pd.DataFrame(
        {"sale_id": np.arange(2000) + 90, "product_id": which + 7, "quantity": random.integers(1, 9, 2000)}
    )
    sales["total"] = (sales["quantity"] * products["price"].to_numpy()[which]).round(2)
    found = proposed(dataset(products=products, sales=sales))
    assert found == {"sales": (Formula("total", "quantity * products.price"),)}


def test_a_column_of_a_parent_alone(random):
    products = pd.DataFrame({"product_id": np.arange(300) + 7, "price": money(random, 300)})
    which = random.integers(0, 300, 2000)
    sales = pd.DataFrame({"sale_id": np.arange(2000) + 90, "product_id": which + 7})
    sales["paid"] = products["price"].to_numpy()[which]
    assert Formula("paid", "products.price") in proposed(dataset(products=products, sales=sales))["sales"]


@pytest.mark.parametrize("names", [("net", "tax"), ("net", "tax", "tip")])
def test_sums_of_two_and_three(random, names):
    frame = pd.DataFrame({name: money(random) for name in names})
    frame["gross"] = frame.sum(axis=1).round(2)
    assert rules(frame) == {Formula("gross", " + ".join(names))}


def test_what_varies_most_is_the_result(random):
    frame = pd.DataFrame({"earned": money(random), "spent": money(random)})
    frame["left"] = (frame["earned"] - frame["spent"]).round(2)
    assert rules(frame) == {Formula("left", "earned - spent")}


def test_a_rounded_ratio(random):
    frame = pd.DataFrame({"parts": random.integers(1, 400, ROWS) * 1.0, "whole": random.integers(3, 900, ROWS) * 1.0})
    frame["ratio"] = (frame["parts"] / frame["whole"]).round(3)
    assert rules(frame) == {Formula("ratio", "parts / whole")}


def test_a_rounded_difference(random):
    frame = pd.DataFrame({"high": random.normal(50, 9, ROWS).round(3), "low": random.normal(20, 9, ROWS).round(3)})
    frame["span"] = (frame["high"] - frame["low"]).round().astype(int)
    assert rules(frame) == {Formula("span", "high - low")}


def test_a_copy_is_said_of_the_later_column(random):
    frame = pd.DataFrame({"amount": money(random)})
    frame["again"] = frame["amount"]
    assert rules(frame) == {Formula("again", "amount")}


def test_names_that_are_no_plain_words_are_quoted(random):
    frame = pd.DataFrame({"net amount": money(random), "class": money(random)})
    frame["total.sum"] = (frame["net amount"] + frame["class"]).round(2)
    assert rules(frame) == {Formula("total.sum", "`net amount` + `class`")}


def test_a_name_that_cannot_be_quoted_is_left_out(random):
    frame = pd.DataFrame({"a`": money(random), "b": money(random)})
    frame["c"] = (frame["a`"] + frame["b"]).round(2)
    assert {rule.kind for rule in rules(frame)} <= {"inequality"}


def test_formulas_never_lead_back(random):
    frame = pd.DataFrame({name: money(random) for name in "abc"})
    frame["d"] = (frame["a"] + frame["b"]).round(2)
    frame["e"] = (frame["d"] + frame["c"]).round(2)
    frame["f"] = frame["e"]
    found = rules(frame)
    assert {rule.column for rule in found} == {"d", "e", "f"}


def test_one_wrong_row_is_enough(random):
    frame = pd.DataFrame({"quantity": random.integers(2, 6, 3000), "price": money(random, 3000)})
    frame["total"] = (frame["quantity"] * frame["price"]).round(2)
    frame.loc[2999, "total"] += 1
    assert Formula("total", "quantity * price") not in rules(frame)


def test_nulls_break_nothing(random):
    frame = pd.DataFrame({"a": money(random), "b": money(random)})
    frame["c"] = (frame["a"] + frame["b"]).round(2)
    frame.loc[random.random(ROWS) < 0.3, "b"] = np.nan
    assert Formula("c", "a + b") in rules(frame)


def test_numbers_that_hardly_vary_are_no_formula(random):
    frame = pd.DataFrame({"price": money(random), "one": np.ones(ROWS), "rare": np.zeros(ROWS)})
    frame.loc[3, "rare"] = 1.0
    frame["total"] = (frame["price"] + frame["rare"]).round(2)
    found = rules(frame)
    assert {type(rule) for rule in found} <= {Inequality}


def test_floats_without_a_number_of_decimals_match_to_nine_digits(random):
    frame = pd.DataFrame({"a": random.normal(size=ROWS), "b": random.normal(size=ROWS)})
    frame["c"] = frame["a"] * frame["b"]
    assert rules(frame) == {Formula("c", "a * b")}


def test_of_many_columns_some_are_looked_at(random):
    frame = pd.DataFrame(random.normal(size=(60, 400)).round(2), columns=[f"n{i}" for i in range(400)])
    flags = pd.DataFrame(random.random((60, 250)) < 0.5, columns=[f"f{i}" for i in range(250)])
    labels = pd.DataFrame(random.choice(["a", "b"], (60, 150)), columns=[f"c{i}" for i in range(150)])
    assert rules(pd.concat([frame, flags, labels], axis=1)) == set()


def test_a_short_factor_of_one_number_and_with_another_one_added(random):
    frame = pd.DataFrame(
        {"net": money(random), "hour": random.integers(0, 24, ROWS), "minute": random.integers(0, 60, ROWS)}
    )
    frame["gross"] = (1.19 * frame["net"]).round(2)
    frame["clock"] = 100 * frame["hour"] + frame["minute"]
    assert rules(frame) == {Formula("gross", "1.19 * net"), Formula("clock", "100 * hour + minute")}


def test_a_factor_that_one_row_alone_contradicts_is_none(random):
    frame = pd.DataFrame({"net": money(random)})
    frame["gross"] = (1.19 * frame["net"]).round(2)
    frame.loc[7, "gross"] += 0.02
    assert not any(isinstance(rule, Formula) for rule in rules(frame))
    frame["net"] = 0.0
    assert not any(isinstance(rule, Formula) for rule in rules(frame))


@pytest.mark.parametrize("unit", ["days", "hours", "minutes", "seconds"])
def test_a_time_that_lies_a_number_after_another_one(random, unit):
    length = random.integers(1, 40, ROWS)
    start = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 9_000_000, ROWS), unit="s"))
    end = start + pd.to_timedelta(length, unit=unit)
    frame = pd.DataFrame({"start": start, "end": end, "length": length, "other": money(random)})
    assert rules(frame) == {Formula("end", f"start + {unit}(length)")}
    frame.loc[3, "end"] += pd.Timedelta(1, "s")
    assert not any(isinstance(rule, Formula) for rule in rules(frame))


def test_times_one_after_the_other_and_no_circle(random):
    first, second = random.integers(1, 9, ROWS), random.integers(1, 30, ROWS)
    ordered = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 300, ROWS), unit="D"))
    sent, paid = (ordered + pd.to_timedelta(days, unit="D") for days in (first, first + second))
    frame = pd.DataFrame(
        {"ordered": ordered, "sent": sent, "paid": paid, "packing": first, "waiting": second, "back": -first}
    )
    assert {rule for rule in rules(frame) if isinstance(rule, Formula) and "days" in rule.expression} == {
        Formula("sent", "ordered + days(packing)"),
        Formula("paid", "sent + days(waiting)"),
    }


def test_few_rows_and_a_time_bounded_by_the_parent_are_no_span(random):
    trips = pd.DataFrame(
        {
            "trip_id": np.arange(300) + 7,
            "closes": pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(200, 400, 300), unit="D"),
        }
    )
    which, nights = np.repeat(np.arange(300), 4), random.integers(1, 9, 1200)
    departure = pd.Series(trips["closes"].to_numpy()[which]) - pd.to_timedelta(random.integers(0, 150, 1200), unit="D")
    frame = pd.DataFrame(
        {
            "trip_id": which + 7,
            "arrival": departure - pd.to_timedelta(nights, unit="D"),
            "departure": departure,
            "nights": nights,
        }
    )
    found = proposed(dataset(trips=trips, stays=frame))["stays"]
    assert Inequality("departure", "trips.closes") in found
    assert not any(isinstance(rule, Formula) for rule in found)
    alone = frame.drop(columns="trip_id")
    assert Formula("departure", "arrival + days(nights)") in rules(alone)
    assert not any(isinstance(rule, Formula) for rule in rules(alone.head(15)))
