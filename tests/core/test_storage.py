"""Types are found out, values are converted and come back as they were."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthkit.errors import DataError, UsageError
from synthkit.schema import Column, ColumnKind
from synthkit.storage import Stored, arrow_type, detect, dtype_of, storage_of, to_arrow, to_frame

STRING = pa.string()
TEXT = pd.Series(["text"]).dtype


def column(stored, *, nullable=False):
    kind = ColumnKind.TEXT
    return Column("x", kind, stored.storage, nullable, False, stored.format, stored.decimals, stored.missing)


def table(values, kind=None):
    return pa.table({"x": pa.array(values, kind)})


def detected(values, kind=STRING):
    return detect(table(values, kind).column("x"))


def there_and_back(values, kind=STRING, *, typed=False):
    """What is written of what was read, by the types found out."""
    read = table(values, kind)
    columns = [column(detect(read.column("x")))]
    return to_arrow(to_frame(read, columns), columns, typed=typed).column("x")


@pytest.mark.parametrize(
    ("cells", "stored"),
    [
        (["1", "-2", None], Stored("int64")),
        ([str(-(2**63)), str(2**63 - 1)], Stored("int64")),
        ([str(2**64 - 1), "1"], Stored("uint64")),
        (["1.50", "2.25"], Stored("double", ".2f", 2)),
        (["1.50", "2.00"], Stored("double", ".2f", 1)),
        (["-0.00", "1.25"], Stored("double", ".2f", 2)),
        (["123456789012345.67", "1.25"], Stored("double", ".2f", 2)),
        (["1.12345678", "2.00000000"], Stored("double", ".8f", 8)),
        (["517.0", "2.5"], Stored("double", None, 1)),
        (["2004.0", None], Stored("double", None, 0)),
        (["1e-05", "0.5"], Stored("double", None, 5)),
        (["1e+16", "-0.0"], Stored("double", None, 0)),
        (["1.5e+300", "0.1"], Stored("double", None, 1)),
        (["0.12345678901", "0.5"], Stored("double", None, None)),
        (["29.85", "30"], Stored("double", "trim", 2)),
        (["30", "29.85"], Stored("double", "trim", 2)),
        (["inf", "1.5"], Stored("double", None, 1)),
        (["true", "false"], Stored("bool", "true/false")),
        (["False", None], Stored("bool", "True/False")),
        (["TRUE", "FALSE"], Stored("bool", "TRUE/FALSE")),
        (["f", "t"], Stored("bool", "t/f")),
        (["2024-02-29", None], Stored("date32[day]", "%Y-%m-%d")),
        (["0001-01-01", "9999-12-31"], Stored("date32[day]", "%Y-%m-%d")),
        (["2024/02/29"], Stored("date32[day]", "%Y/%m/%d")),
        (["01.02.2024"], Stored("date32[day]", "%d.%m.%Y")),
        (["01/02/2024", "13/02/2024"], Stored("date32[day]", "%d/%m/%Y")),
        (["01/02/2024", "02/13/2024"], Stored("date32[day]", "%m/%d/%Y")),
        (["01-02-2024", "13-02-2024"], Stored("date32[day]", "%d-%m-%Y")),
        (["2024-02-29 13:05"], Stored("timestamp[us]", "%Y-%m-%d %H:%M")),
        (["2024-02-29 13:05:07"], Stored("timestamp[us]", "%Y-%m-%d %H:%M:%S")),
        (["29.02.2024 13:05"], Stored("timestamp[us]", "%d.%m.%Y %H:%M")),
        (["2024-02-29T13:05:07.123"], Stored("timestamp[ms]", "%Y-%m-%dT%H:%M:%S.%f")),
        (["2024-02-29 13:05:07.123456"], Stored("timestamp[us]", "%Y-%m-%d %H:%M:%S.%f")),
        (["2024-02-29T13:05:07Z"], Stored("timestamp[us, tz=UTC]", "%Y-%m-%dT%H:%M:%SZ")),
        (["2024-02-29T13:05:07.123Z"], Stored("timestamp[ms, tz=UTC]", "%Y-%m-%dT%H:%M:%S.%fZ")),
        (["2024-02-29 13:05:07+00:00"], Stored("timestamp[us, tz=UTC]", "%Y-%m-%d %H:%M:%S%:z")),
        (["2024-02-29 13:05:07+0530"], Stored("timestamp[us, tz=+05:30]", "%Y-%m-%d %H:%M:%S%z")),
    ],
    ids=str,
)
def test_text_is_read_as_what_it_is_and_written_as_it_was(cells, stored):
    assert detected(cells) == stored
    if "inf" not in cells:
        assert there_and_back(cells).to_pylist() == cells
        assert there_and_back(cells, typed=True).type == arrow_type(stored.storage)


@pytest.mark.parametrize(
    "cells",
    [
        ["0311", "1234"],
        ["1", "x"],
        ["+5"],
        ["0x10"],
        ["1_000"],
        ["1,500"],
        ["1,5", "1.5"],
        ["5 %", "6%"],
        ["5 %", "6.5 %"],
        ["24:00"],
        ["8:15"],
        ["²"],
        ["1e5", "2e7"],
        ["1.0", "1.00"],
        ["1.5", str(10**20)],
        [str(2**63), "-1"],
        ["1e400", "1.5"],
        ["NA", "NULL", "None", "nan"],
        ["NA", "1"],
        ["true", "TRUE"],
        ["Y", "N"],
        ["T", "F"],
        ["2023-02-29", "2024-02-29"],
        ["2024-1-1"],
        ["2024-01-01", "2024/01/01"],
        ["2024-01-01", "2024-01-01 00:00:00"],
        ["2024-01-01 24:00:00"],
        ["01/02/2024", "03/04/2024"],
        ["01-02-2024 10:00", "03-04-2024 10:00"],
        ["01.02.24"],
        ["10.11.2012.1"],
        [],
        [None, None],
        [" ", " "],
        ["", ""],
        ["a", " "],
    ],
    ids=str,
)
def test_what_could_not_be_written_back_stays_text(cells):
    assert detected(cells) == Stored("string")
    assert there_and_back(cells).to_pylist() == cells


@pytest.mark.parametrize("cells", [["1", " ", "2", " "], ["", "1.50"], ["\t", "2024-01-01"], ["true", "  "]], ids=str)
def test_one_blank_token_among_values_is_null(cells):
    blank = next(cell for cell in cells if not cell.strip())
    stored = detected(cells)
    assert stored.missing == blank
    assert stored.storage != "string"
    frame = to_frame(table(cells), [column(stored)])
    assert frame["x"].isna().sum() == cells.count(blank)
    assert there_and_back(cells).to_pylist() == cells
    assert there_and_back(cells, typed=True).null_count == cells.count(blank)


@pytest.mark.parametrize("cells", [["1", " ", None], ["1", " ", "  "], ["1", "NA", " "]], ids=str)
def test_several_ways_of_having_no_value_stay_text(cells):
    assert detected(cells) == Stored("string")


def test_a_token_for_null_in_the_schema_is_read_and_written():
    columns = [column(Stored("string", missing="?"))]
    frame = to_frame(table(["a", "?", ""]), columns)
    assert frame["x"].isna().tolist() == [False, True, False]
    assert to_arrow(frame, columns, typed=False).column("x").to_pylist() == ["a", "?", ""]
    assert to_arrow(frame, columns, typed=True).column("x").to_pylist() == ["a", None, ""]


def test_different_offsets_become_utc():
    cells = ["2024-07-01T10:00:00+02:00", "2024-01-01T10:00:00+01:00"]
    assert detected(cells) == Stored("timestamp[us, tz=UTC]", "%Y-%m-%dT%H:%M:%S%:z")
    assert there_and_back(cells).to_pylist() == ["2024-07-01T08:00:00+00:00", "2024-01-01T09:00:00+00:00"]


def test_a_fault_after_many_rows_is_found():
    assert detected(["1"] * 10_000 + ["x"]) == Stored("string")
    assert detected(["1.5"] * 10_000 + ["2"]) == Stored("double", "trim", 1)


@given(st.lists(st.text("0123456789.-+/: TZeaft", max_size=12) | st.none(), max_size=5))
def test_whatever_is_found_out_the_text_comes_back(cells):
    assert there_and_back(cells).to_pylist() == cells


MOMENT = datetime.fromisoformat("2024-02-29T13:05:07.000009")
WHOLE = MOMENT.replace(microsecond=0)
DAY = date(2024, 2, 29)
TYPED = [
    (pa.int8(), [1, None], "Int8", None),
    (pa.uint64(), [2**64 - 1, 1], "uint64", None),
    (pa.int64(), [2**63 - 1, None], "Int64", None),
    (pa.int64(), [None, None], "Int64", None),
    (pa.bool_(), [True, None], "boolean", None),
    (pa.bool_(), [True, False], "bool", None),
    (pa.float64(), [0.1, None], "float64", 1),
    (pa.float64(), [], "float64", None),
    (pa.float64(), [None, None], "float64", None),
    (pa.float32(), [float(np.float32(0.1)), 2.0, None], "float64", 1),
    (pa.float32(), [float(np.finfo("float32").max)], "float64", 0),
    (pa.float16(), [0.5, None], "float64", 1),
    (pa.decimal128(10, 2), [Decimal("1.50"), Decimal("-99999999.99"), None], "float64", 2),
    (pa.decimal256(40, 3), [Decimal("1.500"), None], "float64", 3),
    (pa.date32(), [DAY, date(1, 1, 1), date(9999, 12, 31), None], "datetime64[us]", None),
    (pa.date64(), [DAY, date(1923, 1, 1), None], "datetime64[us]", None),
    (pa.timestamp("s"), [WHOLE, None], "datetime64[us]", None),
    (pa.timestamp("ms"), [WHOLE, WHOLE.replace(year=1924)], "datetime64[us]", None),
    (pa.timestamp("us"), [MOMENT, datetime.fromisoformat("9999-12-31T23:59:59.999999")], "datetime64[us]", None),
    (pa.timestamp("ns"), [MOMENT, None], "datetime64[us]", None),
    (pa.duration("ms"), [timedelta(days=-1, seconds=1.5), None], "float64", None),
    (pa.duration("ns"), [timedelta(days=3), None], "float64", None),
    (pa.string(), ["007", "", "NA", None], TEXT, None),
]


@pytest.mark.parametrize(("kind", "values", "dtype", "decimals"), TYPED, ids=lambda value: str(value)[:20])
def test_typed_values_keep_their_types(kind, values, dtype, decimals):
    read = table(values, pa.large_string() if kind == pa.string() else kind)
    stored = detect(read.column("x"))
    assert stored == Stored(str(kind), decimals=decimals)
    frame = to_frame(read, [column(stored)])
    assert frame["x"].dtype == dtype == dtype_of(str(kind), nullable=None in values)
    assert frame.index.equals(pd.RangeIndex(len(values)))
    back = to_arrow(frame, [column(stored)], typed=True).column("x")
    assert back.type == kind
    assert back.to_pylist() == values


@pytest.mark.parametrize(("kind", "values", "dtype", "decimals"), TYPED, ids=lambda value: str(value)[:20])
def test_typed_values_pass_through_text(kind, values, dtype, decimals):
    columns = [column(Stored(str(kind), decimals=decimals))]
    frame = to_frame(table(values, kind), columns)
    text = to_arrow(frame, columns, typed=False)
    assert text.schema.types == [pa.string()]
    pd.testing.assert_frame_equal(to_frame(text, columns), frame)


@pytest.mark.parametrize("tz", ["UTC", "Europe/Rome", "+02:00", "-03:30"])
@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_time_zones_are_kept(tz, unit):
    kind = pa.timestamp(unit, tz)
    read = table([WHOLE, None], kind)
    columns = [column(detect(read.column("x")))]
    frame = to_frame(read, columns)
    assert frame["x"].dtype == pd.DatetimeTZDtype("us", tz) == dtype_of(str(kind), nullable=True)
    assert to_arrow(frame, columns, typed=True).equals(read)
    pd.testing.assert_frame_equal(to_frame(to_arrow(frame, columns, typed=False), columns), frame)


@pytest.mark.parametrize(
    ("kind", "stored", "dtype"),
    [
        (pa.dictionary(pa.int32(), pa.string()), "string", TEXT),
        (pa.dictionary(pa.int8(), pa.large_string()), "string", TEXT),
        (pa.dictionary(pa.int8(), pa.int64()), "int64", "Int64"),
        (pa.string_view(), "string", TEXT),
        (pa.null(), "string", TEXT),
    ],
    ids=str,
)
def test_other_ways_of_holding_values_become_plain(kind, stored, dtype):
    cells = [None, None] if pa.types.is_null(kind) else [1, None] if stored == "int64" else ["007", None]
    read = table(cells, kind)
    assert detect(read.column("x")) == Stored(stored)
    frame = to_frame(read, [column(Stored(stored))])
    assert frame["x"].dtype == dtype
    assert to_arrow(frame, [column(Stored(stored))], typed=True).column("x").to_pylist() == cells


def test_nan_is_null():
    read = table([1.5, float("nan")], pa.float64())
    stored = detect(read.column("x"))
    assert stored.decimals == 1
    assert there_and_back([1.5, float("nan")], pa.float64(), typed=True).to_pylist() == [1.5, None]


def test_a_column_is_as_nullable_as_its_values():
    column_ = column(Stored("int64"), nullable=True)
    assert to_frame(table([1, 2]), [column_])["x"].dtype == "Int64"
    assert to_frame(table([1, None]), [column(Stored("int64"))])["x"].dtype == "Int64"


def test_columns_come_in_the_order_asked_for():
    read = pa.table({"a": ["1"], "b": ["x"]})
    columns = [Column("b", ColumnKind.TEXT), Column("a", ColumnKind.NUMERICAL, "int64")]
    frame = to_frame(read, columns)
    assert list(frame.columns) == ["b", "a"]
    assert to_arrow(frame, columns[::-1], typed=True).column_names == ["a", "b"]


def test_values_of_a_related_type_are_cast_if_nothing_is_lost():
    assert to_frame(table([1, 2], pa.int32()), [column(Stored("int64"))])["x"].dtype == "int64"
    assert to_frame(table([1.0, 2.0]), [column(Stored("int64"))])["x"].tolist() == [1, 2]
    assert to_frame(table([DAY]), [column(Stored("timestamp[us]"))])["x"].tolist() == [pd.Timestamp(DAY)]
    assert to_frame(table([1, 2]), [column(Stored("string"))])["x"].tolist() == ["1", "2"]


def test_numbers_are_rounded_to_the_decimals_of_the_column():
    frame = pd.DataFrame({"x": [1.005, 2.349, np.nan, 2.0**60]})
    columns = [column(Stored("double", ".3f", 1))]
    assert to_arrow(frame, columns, typed=False).column("x").to_pylist() == ["1.000", "2.300", None, f"{2**60}.000"]
    assert to_arrow(frame, columns, typed=True).column("x").to_pylist() == [1.0, 2.3, None, 2.0**60]


@pytest.mark.parametrize(
    ("storage", "cells"),
    [
        ("date32[day]", ["2024-02-29", "1923-02-28"]),
        ("date64[ms]", ["2024-02-29", "1923-02-28"]),
        ("timestamp[s]", ["2024-02-29 13:05:07", "1923-02-28 13:05:07"]),
    ],
)
def test_times_are_cut_to_what_the_storage_holds(storage, cells):
    moments = [MOMENT, MOMENT.replace(year=1923, day=28)]
    frame = pd.DataFrame({"x": pd.Series(moments, dtype="datetime64[us]")})
    columns = [column(Stored(storage))]
    assert to_arrow(frame, columns, typed=True).column("x").cast(pa.string()).to_pylist() == cells
    assert to_arrow(frame, columns, typed=False).column("x").to_pylist() == cells


def test_nothing_given_is_changed():
    frame = pd.DataFrame({"x": [1.234, np.nan]})
    before = frame.copy()
    to_arrow(frame, [column(Stored("double", decimals=1))], typed=True)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("stored", "count"),
    [
        (Stored("int64"), 2),
        (Stored("uint8"), 2),
        (Stored("double"), 2),
        (Stored("bool", "t/f"), 3),
        (Stored("date32[day]", "%d.%m.%Y"), 3),
        (Stored("int64", missing="secret"), 1),
    ],
)
def test_cells_that_are_no_such_values_are_counted_and_not_shown(stored, count):
    with pytest.raises(DataError, match=rf"^x: {count} cells are not .*; correct them") as caught:
        to_frame(table(["1", "secret", "nan", None]), [column(stored)])
    assert caught.value.where == "x"
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("values", [[1.5, float("inf"), float("-inf")], ["1.5", "inf", "-inf"]], ids=str)
def test_infinite_numbers_are_refused(values):
    with pytest.raises(DataError, match=r"^x: 2 numbers are infinite"):
        to_frame(table(values), [column(Stored("double"))])


UNHELD = [[[1]], [b"secret"], [{"a": 1}], [time(1)]]


@pytest.mark.parametrize("values", UNHELD, ids=lambda values: type(values[0]).__name__)
def test_types_that_no_table_can_hold_are_refused(values):
    read = table(values)
    with pytest.raises(DataError, match="cannot be held; turn them into text") as caught:
        detect(read.column("x"))
    assert caught.value.where == ""
    with pytest.raises(DataError, match=r"^x: .*cannot be held") as caught:
        to_frame(read, [column(Stored("string"))])
    assert "secret" not in str(caught.value)


def test_an_unknown_time_zone_in_the_data_is_refused():
    with pytest.raises(DataError, match="cannot be held"):
        storage_of(pa.timestamp("us", "Mars/Base"))


@pytest.mark.parametrize(
    ("values", "kind", "storage"),
    [
        ([1.5], pa.float64(), "int64"),
        ([300], pa.int64(), "int8"),
        ([2**53 + 1], pa.int64(), "double"),
        ([2 * 10**8], pa.date32(), "timestamp[us]"),
        ([2**62], pa.timestamp("s"), "timestamp[us]"),
        ([True], pa.bool_(), "date32[day]"),
    ],
)
def test_types_that_lose_something_are_refused(values, kind, storage):
    raw = {pa.date32(): pa.int32(), pa.timestamp("s"): pa.int64()}.get(kind, kind)  # beyond what Python's dates hold
    read = pa.table({"x": pa.array(values, raw).cast(kind)})
    with pytest.raises(DataError, match=r"^x: the values are .*, and not all of them can be"):
        to_frame(read, [column(Stored(storage))])


@pytest.mark.parametrize(
    ("values", "storage"),
    [
        ([1.0, 999.994, 999.996, -1000.0], "decimal128(5, 2)"),
        ([1.0, 1e39, -1e300], "float"),
        ([1.0, 65519.0, 65520.0, -1e9], "halffloat"),
        ([1.0, 1e15, -1e15], "duration[ns]"),
    ],
)
def test_numbers_that_do_not_fit_are_counted(values, storage):
    with pytest.raises(DataError, match=r"^x: 2 values do not fit"):
        to_arrow(pd.DataFrame({"x": values}), [column(Stored(storage))], typed=True)


def test_times_that_do_not_fit_are_counted():
    frame = pd.DataFrame({"x": pd.Series([MOMENT, datetime.fromisoformat("2500-01-01")], dtype="datetime64[us]")})
    with pytest.raises(DataError, match=r"^x: 1 values do not fit timestamp\[ns\]"):
        to_arrow(frame, [column(Stored("timestamp[ns]"))], typed=True)


@pytest.mark.parametrize("typed", [True, False])
@pytest.mark.parametrize(
    ("values", "storage"),
    [
        (["secret"], "int64"),
        ([1.5], "int64"),
        ([1j], "double"),
        (pd.Series([2**70], dtype=object), "int64"),
        (pd.Series([1, "secret"], dtype=object), "string"),
        (pd.Series(["\ud800"], dtype=object), "string"),
        ([[1]], "date32[day]"),
    ],
)
def test_dtypes_that_are_not_canonical_are_refused(values, storage, typed):
    with pytest.raises(DataError, match=r"^x: the values are .*; convert them") as caught:
        to_arrow(pd.DataFrame({"x": values}), [column(Stored(storage))], typed=typed)
    assert "secret" not in str(caught.value)


def test_a_format_that_does_not_exist_names_the_column():
    columns = [column(Stored("double", "%.2f"))]
    with pytest.raises(UsageError, match=r"^x: the format of a number"):
        to_arrow(pd.DataFrame({"x": [1.5]}), columns, typed=False)
    with pytest.raises(UsageError, match=r"^x: the format of a boolean"):
        to_frame(table(["yes"]), [column(Stored("bool", "yes"))])


@pytest.mark.parametrize(
    "storage",
    ["", "int", "object", "large_string", "list<item: int64>", "time64[us]", "decimal128(99, 2)", "decimal999(9, 2)"]
    + [f"timestamp[us, tz={zone}]" for zone in ("Mars/Base", "../zone", "Europe", "2 hours")],
)
def test_an_unknown_storage_is_refused(storage):
    with pytest.raises(UsageError, match="there is no storage type"):
        arrow_type(storage)


def test_the_types_are_those_that_arrow_prints():
    for kind, *_ in TYPED:
        assert arrow_type(str(kind)) == kind


def test_real_files_come_back_byte_by_byte(shared_data, tmp_path):
    from synthkit_formats.csv import Csv

    for name in ("completejourney/redemptions", "nycflights13/airports", "telco_churn/telco_churn", "adult/trn"):
        path = shared_data / f"{name}.csv"
        read = Csv().read(path)
        found = {cell: detect(read.column(cell)) for cell in read.column_names}
        columns = [
            Column(n, ColumnKind.TEXT, s.storage, True, False, s.format, s.decimals, s.missing)
            for n, s in found.items()
        ]
        Csv().write(to_arrow(to_frame(read, columns), columns, typed=False), tmp_path / "back.csv")
        assert (tmp_path / "back.csv").read_bytes() == path.read_bytes()
    assert found["age"].storage == "int64"


def test_total_charges_of_telco_are_numbers(shared_data):
    from synthkit_formats.csv import Csv

    charges = Csv().read(shared_data / "telco_churn" / "telco_churn.csv").column("TotalCharges")
    assert detect(charges) == Stored("double", "trim", 2, " ")
    assert to_frame(pa.table({"x": charges}), [column(detect(charges))])["x"].isna().sum() == 11
