"""Rows that break a rule are counted exactly, and real data that do are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synthkit.dataset import Dataset
from synthkit.errors import UsageError
from synthkit.integrity import violations
from synthkit.rules import broken_rows
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

KINDS = {"int64": "numerical", "double": "numerical", "string": "categorical", "bool": "boolean"}


def table(name, columns, primary_key=(), rules=(), **decimals):
    made = (
        Column(c, ColumnKind(KINDS.get(storage, "datetime")), storage, nullable=True, decimals=decimals.get(c))
        for c, storage in columns.items()
    )
    return Table(name, tuple(made), primary_key, rules=tuple(rules))


def alone(storages, rules=(), **columns):
    decimals = {name: 2 for name in columns if name.startswith("cents")}
    schema = Schema((table("t", dict(zip(columns, storages.split(), strict=True)), rules=rules, **decimals),))
    return Dataset(schema, {"t": pd.DataFrame(columns)})


def broken(data, rule, **more):
    return broken_rows(data, "t", rule, **more).tolist()


def test_inequalities_of_numbers():
    data = alone("int64 double", a=pd.array([1, 2, 3, None], dtype="Int64"), b=[1.0, 1.5, np.nan, 0.0])
    assert broken(data, Inequality("a", "b")) == [False, True, False, False]
    assert broken(data, Inequality("a", "b", strict=True)) == [True, True, False, False]


def test_dates_against_times_in_other_zones():
    day = pd.to_datetime(["2020-01-02", "2020-01-02", None]).astype("datetime64[us]")
    moment = pd.to_datetime(["2020-01-01 23:30", "2020-01-02 00:00", "2020-01-02 00:00"]).tz_localize("UTC")
    moment = moment.astype("datetime64[us, UTC]")
    data = alone("date32[day] timestamp[us]", day=day, moment=moment.tz_localize(None))
    assert broken(data, Inequality("day", "moment")) == [True, False, False]
    berlin = data["t"].assign(moment=moment.tz_convert("Europe/Berlin"))
    assert broken(Dataset(data.schema, {"t": berlin}), Inequality("day", "moment")) == [True, False, False]


def test_ranges_include_their_ends():
    data = alone("int64", a=[1, 2, 3, 4])
    assert broken(data, Range("a", 2, 3)) == [True, False, False, True]
    assert broken(data, Range("a", None, 3)) == [False, False, False, True]
    days = pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02"])).astype("datetime64[us]")
    assert broken(alone("date32[day]", d=days), Range("d", "2020-01-02")) == [True, False]
    zoned = days.dt.tz_localize("Asia/Tokyo")
    schema = Schema((Table("t", (Column("d", ColumnKind.DATETIME, "timestamp[us, tz=Asia/Tokyo]"),)),))
    assert broken(Dataset(schema, {"t": zoned.to_frame("d")}), Range("d", "2020-01-02")) == [True, False]
    assert broken(Dataset(schema, {"t": zoned.to_frame("d")}), Range("d", "2020-01-01T15:00:00Z")) == [True, False]


def test_only_if_of_flags_and_of_ones():
    flags = pd.array([True, True, False, True, None], dtype="boolean")
    data = alone("bool bool", a=flags, b=pd.array([True, False, False, None, False], dtype="boolean"))
    assert broken(data, OnlyIf("a", "b")) == [False, True, False, False, False]
    schema = Schema((Table("t", tuple(Column(n, ColumnKind.BOOLEAN, "int64") for n in "ab")),))
    assert broken(Dataset(schema, {"t": pd.DataFrame({"a": [1, 1], "b": [1, 0]})}), OnlyIf("a", "b")) == [False, True]


def test_conditional_nulls():
    data = alone("double string", a=[1.0, np.nan, 1.0, np.nan], b=["x", "x", None, None])
    assert broken(data, ConditionalNull("a", "b", ("x",))) == [True, False, False, True]
    assert broken(data, ConditionalNull("a", "b", ("x",), exact=False)) == [True, False, False, False]
    assert broken(data, ConditionalNull("a", "b")) == [False, True, True, False]
    days = pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02"])).astype("datetime64[us]")
    data = alone("double date32[day]", a=[1.0, 1.0], b=days)
    assert broken(data, ConditionalNull("a", "b", ("2020-01-02",))) == [False, True]


def test_formulas_within_half_a_unit_of_what_is_stored():
    terms = {"p": [1.0, 1.0, 1.0, np.nan], "q": [3.0, 3.0, 0.0, 1.0]}
    data = alone("double double double", cents=[0.33, 0.34, 5.0, 5.0], **terms)
    assert broken(data, Formula("cents", "p / q")) == [False, True, False, False]
    data = alone("int64 double double", n=[0, 1, 7, 7], **terms)
    assert broken(data, Formula("n", "p / q")) == [False, True, False, False]
    data = alone("double double double", x=[1 / 3 + 1e-12, 1 / 3 + 1e-8, 1.0, 1.0], **terms)
    assert broken(data, Formula("x", "p / q")) == [False, True, False, False]


def test_fixed_combinations_need_the_real_ones():
    data = alone("string bool", a=["x", "x", None], b=[True, False, True])
    rule = FixedCombinations(("a", "b"))
    real = alone("string bool", a=["x", None], b=[True, True])
    assert broken(data, rule) == [False, False, False]
    assert broken(data, rule, real=real) == [False, True, False]
    ruled = Dataset(replace(data.schema, tables=(replace(data.schema["t"], rules=(rule,)),)), data.tables)
    assert violations(ruled) == ()
    assert [str(v) for v in violations(ruled, real=real)] == ["t.a+b: fixed_combinations is broken by 1"]


def test_unique_combinations_and_inclusions_leave_nulls_alone():
    data = alone("string int64", a=["x", "x", None, None], b=[1, 1, 1, 1])
    assert broken(data, UniqueCombination(("a", "b"))) == [False, True, False, False]
    assert broken(data, UniqueCombination(("b",))) == [False, True, True, True]
    other = table("other", {"c": "int64", "d": "string"})
    schema = Schema((data.schema["t"], other))
    tables = {**data.tables, "other": pd.DataFrame({"c": [1, 2], "d": ["y", "x"]})}
    rule = Inclusion(("b", "a"), "other", ("c", "d"))
    assert broken(Dataset(schema, tables), rule) == [True, True, False, False]


def family():
    parents = table("p", {"id": "int64", "first": "int64", "ok": "bool"}, ("id",))
    children = table("t", {"own": "int64", "other": "int64", "n": "int64", "flag": "bool", "m": "double"})
    keys = tuple(ForeignKey("t", (name,), "p", ("id",)) for name in ("own", "other"))
    frames = {
        "p": pd.DataFrame({"id": [1, 2], "first": [5, 9], "ok": [True, False]}),
        "t": pd.DataFrame(
            {
                "own": pd.array([1, 1, 2, None, 7], dtype="Int64"),
                "other": pd.array([2, 2, None, None, 1], dtype="Int64"),
                "n": [5, 4, 8, 0, 0],
                "flag": [True] * 5,
                "m": [1.0] * 5,
            }
        ),
    }
    return Dataset(Schema((parents, children), keys), frames)


def test_parents_are_compared_over_the_key_that_is_named():
    data = family()
    assert broken(data, Inequality("own.first", "n")) == [False, True, True, False, False]
    assert broken(data, Inequality("other.first", "n")) == [True, True, False, False, True]
    assert broken(data, OnlyIf("flag", "own.ok")) == [False, False, True, False, False]
    assert broken(data, ConditionalNull("m", "own.ok", (False,))) == [False, False, True, False, False]
    assert broken(data, ConditionalNull("m", "own.ok")) == [False] * 5


def test_rows_without_any_parents_keep_the_rule():
    data = family()
    empty = Dataset(data.schema, {**data.tables, "p": data["p"].iloc[:0]})
    for rule in (Inequality("own.first", "n"), OnlyIf("flag", "own.ok"), ConditionalNull("m", "own.ok")):
        assert broken(empty, rule) == [False] * 5
    assert broken(Dataset(data.schema, {**data.tables, "t": data["t"].iloc[:0]}), OnlyIf("flag", "own.ok")) == []


def test_times_a_number_of_days_after_others_and_spans_between_them():
    start = pd.Series(pd.to_datetime(["2024-02-28", "2024-03-01", None])).astype("datetime64[us]")
    end = start + pd.to_timedelta([3, 1, 1], unit="D") + pd.to_timedelta([0, 1, 0], unit="s")
    rules = [Formula("end", "start + days(nights)"), Formula("nights", "(end - start) / days(1)")]
    data = alone("timestamp[us] timestamp[us] int64", [], start=start, end=end, nights=[3, 1, 1])
    assert broken_rows(data, "t", rules[0]).tolist() == [False, True, False]
    assert not broken_rows(data, "t", rules[1]).any()  # a second is less than half a night
    late = alone("timestamp[us] timestamp[us] int64", [], start=start, end=end, nights=[2, 1, 1])
    assert broken_rows(late, "t", rules[1]).tolist() == [True, False, False]


def test_violations_name_the_rule_and_what_it_refers_to():
    data = family()
    child = replace(data.schema["t"], rules=(Inequality("own.first", "n"), Range("n", 0)))
    ruled = Dataset(replace(data.schema, tables=(data.schema["p"], child)), data.tables)
    assert [str(v) for v in violations(ruled) if v.rule != "foreign_key"] == [
        "t.own.first+n: inequality is broken by 2"
    ]


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ([Formula("a", "b + 1"), Formula("b", "a - 1")], "formulas of 't' depend on each other in a circle"),
        ([Formula("a", "b + 1"), Formula("a", "b - 1")], "t.a has two formulas"),
        ([Formula("d", "a + 1")], "gives a number, and 'd' is a time"),
        ([Formula("a", "d + days(b)")], "gives a time, and 'a' is a number"),
        ([Formula("d", "d + b")], "needs columns that are different"),
        ([Formula("a", "d + b")], "adds what does not go together, and 'a' is a number"),
        ([Formula("a", "days(d) / b")], "adds what does not go together"),
        ([Formula("a", "-d")], "adds what does not go together"),
        ([Formula("a", "-days(b)")], "gives a span, and 'a' is a number"),
        ([Formula("a", "weeks(b)")], "cannot be read: an expression may hold names"),
        ([Formula("a", "b + kind")], "may name numbers and dates only"),
        ([Range("a", 3, 2)], "has its low above its high"),
        ([Range("a", "2020-01-01")], "needs limits that are numbers"),
        ([Range("d", 3)], "needs limits that are numbers"),
        ([Range("d", "yesterday")], "needs limits that are numbers"),
        ([Range("d", "2020-01-02", "2020-01-01T00:00:00Z")], "has its low above its high"),
    ],
)
def test_contradictions_of_rules(rules, problem):
    day = np.datetime64("2020-01-01", "us")
    with pytest.raises(UsageError, match=problem):
        alone("int64 double timestamp[us] string", rules, a=[1], b=[1.0], d=[day], kind=["x"])
