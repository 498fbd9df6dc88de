"""What text files may say, and what is written into them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthkit.errors import UsageError
from synthkit.notation import described, parse, render

US = pa.timestamp("us")
INTEGERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def column(values, kind=None):
    return pa.chunked_array([pa.array(values, kind or pa.string())])


def read(cells, kind, style=None):
    return parse(column(cells), kind, style).to_pylist()


def written(values, kind, style=None, as_kind=None):
    return render(column(values, as_kind or kind), kind, style).to_pylist()


@pytest.mark.parametrize("kind", INTEGERS, ids=str)
def test_integers_keep_every_digit(kind):
    limits = np.iinfo(kind.to_pandas_dtype())
    cells = [str(limits.min), str(limits.max), "7", None]
    assert read(cells, kind) == [int(limits.min), int(limits.max), 7, None]
    assert written(read(cells, kind), kind) == cells


def test_what_is_no_integer_becomes_null_and_nothing_else_does():
    cells = ["1", "007", "+5", " 5", "0x10", "1e3", "1_0", "", "2.0", "-0", "9" * 40, str(2**63), str(-(2**63)), None]
    expected = [1, *[None] * 11, -(2**63), None]
    assert read(cells, pa.int64()) == expected


def test_numbers_may_be_written_in_any_way_but_not_as_nan():
    cells = ["1", "1.50", ".5", "5.", "-2e-3", "+1", "inf", "nan", "NaN", "1,5", "", "x", None]
    assert read(cells, pa.float64())[:7] == [1.0, 1.5, 0.5, 5.0, -0.002, 1.0, np.inf]
    assert read(cells, pa.float64())[7:] == [None] * 6


@given(st.lists(FINITE | st.none()))
def test_numbers_without_a_format_are_written_as_python_writes_them(numbers):
    text = written(numbers, pa.float64())
    assert text == [None if n is None else repr(n) for n in numbers]
    assert parse(column(text), pa.float64()).equals(column(numbers, pa.float64()))


@given(st.lists(FINITE))
def test_trimmed_numbers_lose_the_point_that_says_nothing(numbers):
    assert written(numbers, pa.float64(), "trim") == [repr(n).removesuffix(".0") for n in numbers]


@given(st.lists(st.floats(-1e18, 1e18) | st.none()), st.integers(0, 10))
def test_fixed_digits_are_those_of_python(numbers, digits):
    text = written(numbers, pa.float64(), f".{digits}f")
    assert text == [None if n is None else f"{n:.{digits}f}" for n in numbers]


def test_numbers_of_less_precision_need_fewer_digits():
    assert written([0.1, 1e10, None], pa.float32(), as_kind=pa.float64()) == ["0.1", "1e+10", None]
    assert written([0.5], pa.float16(), as_kind=pa.float64()) == ["0.5"]


def test_decimals_have_as_many_digits_as_their_type():
    assert written([1.5, None], pa.decimal128(10, 2), as_kind=pa.float64()) == ["1.50", None]
    assert read(["1.50"], pa.decimal128(10, 2)) == [float(Decimal("1.5"))]


@pytest.mark.parametrize(("style", "tokens"), [(None, "true/false"), ("t/f", "t/f"), ("yes/no", "yes/no")])
def test_booleans_keep_their_tokens(style, tokens):
    yes, no = tokens.split("/")
    assert read([yes, no, None, "other"], pa.bool_(), style) == [True, False, None, None]
    assert written([True, False, None], pa.bool_(), style) == [yes, no, None]


def test_text_is_text():
    assert read(["NA", "", None], pa.string()) == ["NA", "", None]
    assert written(["NA", "", None], pa.string()) == ["NA", "", None]


@pytest.mark.parametrize(
    ("style", "kind", "cell", "moment"),
    [
        ("%Y-%m-%d", pa.date32(), "2024-02-29", "2024-02-29"),
        ("%d.%m.%Y", pa.date32(), "29.02.2024", "2024-02-29"),
        ("%Y-%m-%d", pa.date32(), "0001-01-01", "0001-01-01"),
        ("%Y-%m-%d", pa.date32(), "9999-12-31", "9999-12-31"),
        ("%Y-%m-%d %H:%M:%S", US, "1924-02-29 13:05:07", "1924-02-29T13:05:07"),
        ("%Y-%m-%dT%H:%M", US, "2024-02-29T13:05", "2024-02-29T13:05"),
        ("%Y-%m-%d %H:%M:%S.%f", US, "1924-02-29 13:05:07.000120", "1924-02-29T13:05:07.000120"),
        ("%Y-%m-%d %H:%M:%S.%f", pa.timestamp("ms"), "2024-02-29 13:05:07.012", "2024-02-29T13:05:07.012"),
        ("%Y-%m-%dT%H:%M:%SZ", pa.timestamp("us", "UTC"), "2024-02-29T13:05:07Z", "2024-02-29T13:05:07+00:00"),
        ("%Y-%m-%d %H:%M%:z", pa.timestamp("us", "+02:00"), "2024-02-29 13:05+02:00", "2024-02-29T13:05+02:00"),
        ("%Y-%m-%d %H:%M%z", pa.timestamp("us", "-03:30"), "2024-02-29 13:05-0330", "2024-02-29T13:05-03:30"),
        ("%Y-%m-%d %H:%M%z", pa.timestamp("us", "Europe/Rome"), "2024-02-29 13:05+0100", "2024-02-29T13:05+01:00"),
        ("%Y-%m-%d %H:%M%z", US, "2024-02-29 13:05+0000", "2024-02-29T13:05"),
        ("%H:%M on %Y-%m-%d", US, "13:05 on 2024-02-29", "2024-02-29T13:05"),
    ],
)
def test_moments_are_read_and_written_as_the_format_says(style, kind, cell, moment):
    values = parse(column([cell, None]), kind, style)
    assert values.type == pa.timestamp("us", getattr(kind, "tz", None))
    assert values.to_pylist() == [datetime.fromisoformat(moment), None]
    assert render(values, kind, style).to_pylist() == [cell, None]


@pytest.mark.parametrize(
    ("style", "cells"),
    [
        ("%Y-%m-%d", ["2023-02-29", "2024-1-1", " 2024-01-01", "2024-01-01x", "01-01-2024", "2024-13-01", ""]),
        ("%Y-%m-%d %H:%M:%S", ["2024-01-01", "2024-01-01 24:00:00", "2024-01-01 23:59:60", "2024-01-01T00:00:00"]),
        ("%Y-%m-%d %H:%M:%S.%f", ["2024-01-01 10:00:00", "2024-01-01 10:00:00.123", "2024-01-01 10:00:00.12345x", ""]),
        ("%Y-%m-%d %H:%M:%SZ", ["2024-01-01 10:00:00", "2024-01-01 10:00:00z", "Z", ""]),
        (
            "%Y-%m-%d %H:%M:%S%z",
            ["2024-01-01 10:00:00", "2024-01-01 10:00:00+x000", "2024-01-01 10:00:00Z", "+0000", ""],
        ),
    ],
)
def test_what_is_written_in_another_way_is_no_moment(style, cells):
    assert read(cells, US, style) == [None] * len(cells)


def test_different_offsets_are_the_same_instants_in_utc():
    cells = ["2024-07-01T10:00:00+02:00", "2024-01-01T10:00:00+01:00", "2024-01-01T10:00:00-00:30"]
    values = parse(column(cells), pa.timestamp("us", "UTC"), "%Y-%m-%dT%H:%M:%S%:z")
    assert values.to_pylist() == [datetime.fromisoformat(cell) for cell in cells]


@given(st.lists(st.datetimes() | st.none()))
def test_moments_without_a_format_lose_nothing(moments):
    values = column(moments, US)
    text = render(values, US)
    known = [(cell, moment) for cell, moment in zip(text.to_pylist(), moments, strict=True) if moment is not None]
    assert all(datetime.fromisoformat(cell) == moment for cell, moment in known)
    assert parse(text, US).equals(values)


@pytest.mark.parametrize(
    ("moments", "cells"),
    [
        (["2024-01-01", "2024-02-01"], ["2024-01-01", "2024-02-01"]),
        (["2024-01-01", "2024-02-01 10:00"], ["2024-01-01 00:00:00", "2024-02-01 10:00:00"]),
        (["2024-01-01", "2024-02-01 10:00:00.5"], ["2024-01-01 00:00:00.000000", "2024-02-01 10:00:00.500000"]),
    ],
)
def test_moments_without_a_format_are_as_short_as_the_column_allows(moments, cells):
    assert written([datetime.fromisoformat(m) for m in moments], US) == cells


def test_moments_with_a_zone_and_without_a_format_are_utc():
    kind = pa.timestamp("us", "Europe/Rome")
    values = column([datetime.fromisoformat("2024-07-01T12:00:00+02:00")], kind)
    assert render(values, kind).to_pylist() == ["2024-07-01 10:00:00Z"]
    assert parse(render(values, kind), kind).equals(values)


@pytest.mark.parametrize("kind", [*INTEGERS, pa.bool_(), pa.string(), pa.float64(), pa.date32(), US], ids=str)
@pytest.mark.parametrize("chunks", [[], [[]], [[None, None]], [[None], [None]]], ids=str)
def test_nothing_and_nulls_pass(kind, chunks):
    text = pa.chunked_array(chunks, pa.string())
    values = parse(text, kind)
    assert values.to_pylist() == text.to_pylist()
    assert render(values, kind).to_pylist() == text.to_pylist()


@pytest.mark.parametrize(
    ("kind", "style", "problem"),
    [
        (pa.bool_(), "yes", "two different words"),
        (pa.bool_(), "yes/yes", "two different words"),
        (pa.float64(), "%.2f", "'trim' or like '.2f'"),
        (pa.float64(), "", "'trim' or like '.2f'"),
        (pa.date32(), "YYYY-MM-DD", "strftime pattern"),
    ],
)
def test_an_unknown_format_is_refused(kind, style, problem):
    with pytest.raises(UsageError, match=problem):
        render(parse(column([None]), kind), kind, style)


@pytest.mark.parametrize(
    ("kind", "style", "cell", "value"),
    [
        (pa.float64(), ".2f,", "-1234,50", -1234.5),
        (pa.float64(), ".0f %", "12 %", 12.0),
        (pa.float64(), ".1f,%", "0,5%", 0.5),
        (pa.duration("s"), "%H:%M", "08:15", 29_700.0),
        (pa.duration("s"), "%H:%M:%S", "23:59:59", 86_399.0),
    ],
)
def test_numbers_and_times_as_people_write_them(kind, style, cell, value):
    text = pa.chunked_array([[cell, None]])
    values = parse(text, kind, style)
    assert values.to_pylist() == [value, None]
    assert render(values, kind, style).equals(text)


@pytest.mark.parametrize(
    ("kind", "style", "cells"),
    [
        (pa.float64(), ".2f,", ["1.50", "x"]),
        (pa.float64(), ".0f %", ["12", "12%", "%", ""]),
        (pa.duration("s"), "%H:%M", ["24:00", "8:15", "08:15:00", "08:60", ""]),
    ],
)
def test_numbers_written_in_another_way_become_null(kind, style, cells):
    assert parse(pa.chunked_array([cells]), kind, style).null_count == len(cells)


@pytest.mark.parametrize(
    ("kind", "style", "words"),
    [
        (pa.date32(), "%d.%m.%Y", "dates such as 31.01.2026"),
        (pa.date32(), None, "dates such as 2026-01-31"),
        (pa.timestamp("us", "Europe/Berlin"), "%Y-%m-%d %H:%M%z", "times such as 2026-01-31 13:00+0100"),
        (pa.duration("s"), "%H:%M", "times such as 23:59"),
        (pa.duration("s"), None, "numbers"),
        (pa.float64(), ".2f", "numbers"),
        (pa.bool_(), "yes/no", "yes or no"),
        (pa.int8(), None, "whole numbers (int8)"),
    ],
)
def test_what_cells_are_is_told_in_words(kind, style, words):
    assert described(kind, style) == words
