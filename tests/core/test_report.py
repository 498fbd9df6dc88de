"""The plots show what is in the tables, and nothing about fewer than ten real rows."""

import json
import string
import subprocess
import sys
import time
from dataclasses import replace

import altair as alt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthkit import Column, ColumnKind, Context, Dataset, ResourceError, Schema, Table
from synthkit.bank import bank
from synthkit.report import Figure, Sides, figures, write_plots
from synthkit.report.aggregates import MOST_BINS, MOST_GROUPS, density, groups, histogram
from synthkit.report.captions import caption
from synthkit.report.charts import chart
from synthkit.report.crowd import LEAST_ROWS
from synthkit.report.images import drawn, specification
from synthkit.report.pairs import strongest_pairs
from synthkit.testing import guarded

pytestmark = pytest.mark.slow  # whole runs, or processes of their own

NUMERICAL, CATEGORICAL = ColumnKind.NUMERICAL, ColumnKind.CATEGORICAL
BOOLEAN, DATETIME = ColumnKind.BOOLEAN, ColumnKind.DATETIME
NOTHING = pd.Series([], dtype="float64")
SAFE = f"{string.ascii_letters}{string.digits}._ -~"
HOSTILE = [
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "größe 東京",
    "n" * 90,
    "a\x00\x08\ufffe",
    "[0].x",
    ".",
    "-rf",
    "",
]


def dates(days, start="2020-01-01"):
    return pd.Series(np.datetime64(start, "us") + np.asarray(days, dtype="timedelta64[D]"))


def column(counted, name="c"):
    """A figure of one column."""
    return Figure("column", "t", (name,), counted)


def plotted(real, synthetic, folder, *, context=None, **given):
    """The figures of two data sets, drawn into a folder."""
    context = context or Context()
    return write_plots(list(figures(Sides(real, synthetic), Context())), folder, context=context, **given)


def dataset(table, **columns):
    """One table of the given kinds and values."""
    kinds = {name: kind for name, (kind, _) in columns.items()}
    schema = Schema((Table(table, tuple(Column(name, kind) for name, kind in kinds.items())),))
    return Dataset(schema, {table: pd.DataFrame({name: values for name, (_, values) in columns.items()})})


class TestHistogram:
    def test_counts_and_shares(self):
        counted = histogram(pd.Series([1, 2, 2, 3] * 100), pd.Series([1, 1, 9, 3]), NUMERICAL)
        assert counted.edges == (0.5, 1.5, 2.5, 3.5)
        assert counted.real.shares == (0.25, 0.5, 0.25)
        assert counted.synthetic.shares == (0.5, 0.0, 0.5)  # what lies beyond is in the outermost bin
        assert (counted.real.rows, counted.synthetic.rows) == (400, 4)

    def test_decimals_fall_into_the_bin_that_they_begin(self):
        values = pd.Series(np.tile(np.arange(10) / 10, 30))
        shares = histogram(values, values, NUMERICAL).real.shares
        assert shares == pytest.approx((*[0.1] * 8, 0.2))  # 0.9 is the upper limit and in the last bin

    def test_shows_no_extreme_of_the_real_values(self):
        values = np.random.default_rng(0).normal(50_000, 10_000, 2000).round(2)
        values[:2] = -987_654.32, 987_654.32
        edges = histogram(pd.Series(values), NOTHING, NUMERICAL).edges
        assert values[2:].min() < edges[0] < edges[-1] < values[2:].max()

    def test_a_long_tail_leaves_room_for_the_rest(self):
        values = pd.Series(np.random.default_rng(0).lognormal(0, 3, 5000))
        assert max(histogram(values, values, NUMERICAL).real.shares) < 0.6

    def test_small_bins_are_joined_and_keep_their_width_in_mind(self):
        values = pd.Series([0] * 100 + [1] * 4 + [2] * 3 + [3] * 5 + [4] * 100)
        counted = histogram(values, values, NUMERICAL)
        assert counted.edges == (-0.5, 0.5, 3.5, 4.5)
        assert counted.step == 1
        bars = specification(chart(column(counted)))["data"]["values"]
        assert [bar["real"] for bar in bars] == pytest.approx([100 / 212, 4 / 212, 100 / 212, 100 / 212], rel=1e-3)

    @pytest.mark.parametrize(("values", "shares"), [([0] * 50 + [1] * 50 + [2] * 9, (50, 59)), (range(19), (19,))])
    def test_a_small_last_bin_joins_the_one_before(self, values, shares):
        counted = histogram(pd.Series(values) / 7, NOTHING, NUMERICAL)
        assert [share * len(values) for share in counted.real.shares if share] == pytest.approx(shares)

    @pytest.mark.parametrize("dtype", ["float64", "Float64", "Int64", "int32", "uint8"])
    def test_every_dtype_of_numbers(self, dtype):
        values = pd.Series([1, 2, 3] * 50).astype(dtype)
        assert histogram(values, values, NUMERICAL).real.shares == pytest.approx((1 / 3,) * 3)

    def test_nulls_are_told_apart_from_the_values(self):
        values = pd.Series([1, None] * 50, dtype="Int64")
        counted = histogram(values, values.iloc[:3], NUMERICAL)
        assert (counted.real.nulls, counted.synthetic.nulls) == (0.5, 1 / 3)
        assert sum(counted.real.shares) == 1

    @pytest.mark.parametrize("nulls", [1, 9, 91, 99])
    def test_few_nulls_or_few_values_are_not_counted(self, nulls):
        values = pd.Series([None] * nulls + [1.5] * (100 - nulls), dtype="float64")
        real = histogram(values, values, NUMERICAL).real
        assert real.nulls is None
        assert (real.shares is None) == (nulls > 90)

    def test_too_few_real_values_leave_the_synthetic_ones_alone(self):
        counted = histogram(pd.Series([123.4] * 9), pd.Series(np.arange(1000)), NUMERICAL)
        assert counted.real.shares is None
        assert len(counted.synthetic.shares) > 10
        assert counted == histogram(pd.Series([987.6] * 9), pd.Series(np.arange(1000)), NUMERICAL)

    @pytest.mark.parametrize("value", [0.0, 5.5, -3.0, 1e300, 5e-324, float("inf")])
    def test_a_constant_stands_in_the_middle(self, value):
        counted = histogram(pd.Series([value] * 50), NOTHING, NUMERICAL)
        assert counted.real.shares == (0, 0, 1, 0, 0)

    def test_values_too_close_for_their_size(self):
        values = pd.Series(1e15 + np.arange(1000) / 1000)
        assert histogram(values, values, NUMERICAL).real.shares == (0, 0, 1, 0, 0)

    def test_nothing_at_all(self):
        counted = histogram(pd.Series([np.nan] * 50), NOTHING, NUMERICAL)
        assert (counted.real.shares, counted.real.nulls) == (None, 1)

    def test_exact_zeros_are_told(self):
        values = pd.Series([0.0] * 200 + list(np.linspace(0.01, 1000, 800)))
        assert histogram(values, values.iloc[:400], NUMERICAL).zeros == (0.2, 0.5)
        assert histogram(values, NOTHING, NUMERICAL).zeros == (0.2, 0.0)
        assert histogram(values.iloc[180:], values, NUMERICAL).zeros is None  # not a spike

    def test_exact_zeros_are_not_told_where_that_would_show_the_others(self):
        values = pd.Series([0.0] * 100 + [0.5] * 9 + list(np.linspace(100, 200, 300)))
        assert histogram(values, values, NUMERICAL).zeros is None

    def test_days_are_counted_by_whole_days(self):
        counted = histogram(dates([0, 1, 1, 2] * 50), dates([2]), DATETIME)
        assert counted.temporal
        assert counted.zeros is None
        assert counted.real.shares == (0.25, 0.5, 0.25)
        assert pd.Timestamp(counted.edges[0], unit="s") == pd.Timestamp("2019-12-31 12:00")

    def test_weekdays_even_out(self):
        workdays = dates(np.arange(1500))
        workdays = workdays[workdays.dt.day_of_week < 5]
        shares = histogram(workdays, workdays, DATETIME).real.shares
        assert max(shares[1:-1]) / min(shares[1:-1]) < 1.01

    @pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC"])
    def test_times_with_a_zone_show_their_own_clock(self, zone):
        local = dates([0, 1, 2] * 50)
        aware = local.dt.tz_localize(zone)
        assert (
            histogram(aware, aware.mask(local < "2020-01-02"), DATETIME).edges
            == histogram(local, local, DATETIME).edges
        )

    def test_the_widest_and_the_narrowest_times(self):
        wide = pd.Series(np.array(["-200000-01-01", "200000-01-01"] * 50, dtype="datetime64[us]"))
        close = pd.Series(np.datetime64("2020-01-01T00:00:00.000000") + np.arange(100).astype("timedelta64[us]"))
        gone = pd.Series(np.array(["NaT"] * 50, dtype="datetime64[us]"))
        assert sum(histogram(wide, gone, DATETIME).real.shares) == 1
        assert histogram(close, gone, DATETIME).real.shares[2] == 1
        assert histogram(gone, gone, DATETIME).real == replace(histogram(wide, gone, DATETIME).synthetic)

    @settings(deadline=None)
    @given(
        st.lists(st.floats(allow_nan=False) | st.integers(-20, 20) | st.none(), max_size=120),
        st.lists(st.floats() | st.integers(-20, 20), max_size=20),
    )
    def test_no_bin_is_about_a_few_real_rows(self, real, synthetic):
        series = pd.Series(real, dtype="float64")
        counted = histogram(series, pd.Series(synthetic, dtype="float64"), NUMERICAL)
        rows = np.rint(np.array(counted.real.shares or ()) * series.notna().sum())
        assert all(count == 0 or count >= LEAST_ROWS for count in rows)
        assert rows.sum() == (series.notna().sum() if counted.real.shares else 0)
        assert sum(counted.synthetic.shares or (1,)) == pytest.approx(1)
        assert list(counted.edges) == sorted(set(counted.edges))
        assert len(counted.edges) <= MOST_BINS + 1


class TestGroups:
    def test_counts_and_shares(self):
        real = pd.Series(["b"] * 20 + ["a"] * 60 + [None] * 20)
        counted = groups(real, pd.Series(["a", "z", None, None]))
        assert counted.names == ("a", "b")
        assert counted.real.shares == (0.6, 0.2, 0.0, 0.2)
        assert counted.synthetic.shares == (0.25, 0.0, 0.25, 0.5)
        assert (counted.real.nulls, counted.synthetic.nulls) == (0.2, 0.5)

    def test_a_value_of_few_real_rows_is_not_named_and_neither_are_few_others(self):
        real = pd.Series(["a"] * 80 + ["b"] * 12 + ["rare"] * 8)
        counted = groups(real, pd.Series(["rare"] * 100))
        assert counted.names == ("a",)
        assert counted.real.shares == (0.8, 0.2, 0.0)

    def test_only_the_most_frequent_values_are_named(self):
        real = pd.Series([f"v{i:02}" for i in range(60) for _ in range(100 - i)])
        counted = groups(real, real)
        assert counted.names == tuple(f"v{i:02}" for i in range(MOST_GROUPS))
        assert sum(counted.real.shares) == pytest.approx(1)

    def test_few_nulls_are_left_out(self):
        counted = groups(pd.Series(["a"] * 50 + ["b"] * 50 + [None] * 3), pd.Series(["a", None]))
        assert counted.real.nulls is None
        assert counted.real.shares == (0.5, 0.5, 0.0, 0.0)
        assert counted.synthetic.shares == (0.5, 0.0, 0.0, 0.5)

    @pytest.mark.parametrize(
        "values", [pd.Series([True, False] * 20), pd.Series([True, False, None] * 20, dtype="boolean")]
    )
    def test_booleans(self, values):
        counted = groups(values, values)
        assert counted.names == ("False", "True")
        assert counted.real.shares[0] == counted.real.shares[1] == 20 / len(values)

    @pytest.mark.parametrize("dtype", ["int64", "Int64", "category"])
    def test_other_dtypes(self, dtype):
        assert groups(pd.Series([1, 2] * 20).astype(dtype), pd.Series([1, 2])).names == ("1", "2")

    def test_nothing_at_all(self):
        counted = groups(NOTHING, NOTHING)
        assert (counted.names, counted.real.shares, counted.synthetic.shares) == ((), None, None)

    @settings(deadline=None)
    @given(st.lists(st.sampled_from("aaaaaabbbbcdefg") | st.none(), max_size=150))
    def test_no_group_is_about_a_few_real_rows(self, values):
        real = groups(pd.Series(values, dtype="object"), NOTHING).real
        known = len([v for v in values if v is not None])
        whole = known if real.nulls is None else len(values)
        rows = np.rint(np.array(real.shares or ()) * whole)
        assert all(count == 0 or count >= LEAST_ROWS for count in rows)


class TestDensity:
    def test_counts_and_shares(self):
        real = pd.DataFrame({"a": [0, 0, 1, 1] * 25, "b": [0, 5, 0, 5] * 25})
        counted = density(real, pd.DataFrame({"a": [1.0, 99.0, 1.0, None], "b": [5.0, 5.0, 5.0, 5.0]}))
        assert counted.edges[0] == (-0.5, 0.5, 1.5)
        assert sorted(counted.real.shares)[-4:] == [0.25] * 4
        assert max(counted.synthetic.shares) == sum(counted.synthetic.shares) == 2 / 3  # 99 lies beyond the grid
        assert (counted.real.nulls, counted.synthetic.nulls) == (0, 0.25)

    def test_small_cells_are_blank_on_both_sides(self):
        real = pd.DataFrame({"a": [0] * 100 + [9] * 91 + [0] * 9, "b": [0] * 100 + [9] * 91 + [9] * 9})
        synthetic = pd.DataFrame({"a": [0] * 96 + [9] * 4, "b": [0] * 96 + [9] * 4})
        counted = density(real, synthetic)
        assert [share for share in counted.real.shares if share] == [0.5, 0.455]
        assert [share for share in counted.synthetic.shares if share] == [0.96]  # 4 % is under 10 of 200 rows

    @settings(deadline=None)
    @given(st.integers(100, 400), st.integers(0, 10))
    def test_no_cell_is_about_a_few_real_rows(self, rows, seed):
        random = np.random.default_rng(seed)
        real = pd.DataFrame({"a": random.lognormal(size=rows), "b": random.integers(0, 9, rows)})
        counts = np.rint(np.array(density(real, real).real.shares) * rows)
        assert all(count == 0 or count >= LEAST_ROWS for count in counts)

    def test_strongest_pairs(self):
        random = np.random.default_rng(0)
        noise, base, half = random.normal(size=500), random.normal(size=500), random.normal(size=500)
        real = pd.DataFrame({"noise": noise, "cubed": base**3, "base": base, "half": base + half})
        assert strongest_pairs(real, list(real)) == [("cubed", "base"), ("cubed", "half"), ("base", "half")]

    def test_columns_that_pair_with_none(self):
        real = pd.DataFrame({"a": np.arange(200.0), "constant": 1, "null": np.nan, "few": [1.0, 2.0] + [np.nan] * 198})
        assert strongest_pairs(real, list(real)) == []
        assert strongest_pairs(real, []) == []


class TestCharts:
    def test_specifications_are_valid_and_hold_aggregates_only(self):
        values = pd.Series(np.random.default_rng(0).normal(size=1000))
        pair = pd.DataFrame({"a": values, "b": -values})
        made = [column(histogram(values, values, NUMERICAL))]
        made += [column(groups(values.round().astype(str), pd.Series(["z"])))]
        made += [Figure("pair", "t", ("a", "b"), density(pair, pair))]
        assert all(len(json.dumps(specification(chart(figure, checked=True)))) < 40_000 for figure in made)

    @pytest.mark.parametrize(
        ("real", "told"),
        [
            ([1.5] * 95 + [None] * 5, "100 rows, hardly any null"),
            ([1.5] * 5 + [None] * 95, "100 rows, hardly any with a value"),
            ([None] * 50, "50 rows, all null"),
            ([], "0 rows"),
            ([1.5, None] * 50, "100 rows, 50.0% null"),
            ([1.5] * 29_990 + [None] * 10, "30,000 rows, <0.1% null"),
        ],
    )
    def test_the_caption_tells_rows_and_nulls_but_no_small_number(self, real, told):
        counted = histogram(pd.Series(real, dtype="float64"), NOTHING, NUMERICAL)
        assert f"real: {told} ·" in caption(column(counted))[1][0]

    def test_labels_differ_and_are_short(self):
        names = ["null", "all others", " ", "x" * 70 + "1", "x" * 70 + "2", "a\x01", "a\x02", "other"]
        counted = groups(pd.Series(names * 10 + ["rare"] * 10 + [None] * 10), pd.Series(["?"]))
        labels = specification(chart(column(counted)))["layer"][0]["encoding"]["y"]["scale"]["domain"]
        assert len(set(labels)) == len(labels) == 10 + 1
        assert {'"null"', '"all others"', '" "', "other", "a\ufffd", "a\ufffd (2)", "x" * 59 + "…"} < set(labels)
        assert labels[-2:] == ["all others", "null"]

    @pytest.mark.parametrize("name", HOSTILE)
    def test_names_are_text_and_nothing_else(self, name):
        values = pd.Series(range(200))
        counted = density(*[pd.DataFrame({name: values, "b": values})] * 2)
        made = specification(chart(Figure("pair", name, (name, name), counted)))
        channels = [channel for panel in made["concat"] for channel in panel["encoding"].values()]
        assert {c["field"] for c in channels if isinstance(c, dict)} == {"x", "x2", "y", "y2", "share"}
        assert len(made["concat"][0]["encoding"]["x"]["title"]) <= 60


class TestImages:
    def test_a_png_of_twice_the_size(self):
        image = drawn(alt.Chart(alt.InlineData(values=[]), width=300, height=100).mark_bar())
        assert image.startswith(b"\x89PNG\r\n\x1a\n")
        assert int.from_bytes(image[16:20]) >= 600

    @pytest.mark.parametrize("text", ["\x00", "\x08", "\ufffe", "\ud800", "\u202e", "<&\"'>", "\n\t"])
    def test_no_character_brings_the_process_down(self, text):
        rows = alt.InlineData(values=[{"a": text}])
        assert drawn(alt.Chart(rows, title=alt.Title(text, subtitle=[text])).mark_text().encode(text="a:N"))

    def test_nothing_is_fetched(self):
        with pytest.raises(ValueError, match="not allowed"):
            drawn(alt.Chart("https://example.com/rows.json").mark_bar())


def everything(rows, seed):
    """A table with a column of each kind, some of them under hostile names."""
    random = np.random.default_rng(seed)
    numbers = pd.Series(random.normal(size=rows))
    columns = {
        "number": (NUMERICAL, numbers),
        "Number": (NUMERICAL, numbers.round().astype("Int64").mask(numbers > 1)),
        "empty": (NUMERICAL, numbers * np.nan),
        "flag": (BOOLEAN, (numbers > 0).astype("boolean").mask(numbers > 1)),
        "day": (DATETIME, dates(random.integers(0, 999, rows)).dt.tz_localize("Asia/Tokyo")),
        **{name: (CATEGORICAL, pd.Series(random.choice(HOSTILE, rows))) for name in HOSTILE},
        "key": (ColumnKind.ID, pd.Series(range(rows))),
        "email": (ColumnKind.PII, pd.Series(["a@b.c"] * rows)),
    }
    return dataset("../t", **columns)


@pytest.fixture(scope="module")
def plots(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plots")
    return plotted(everything(400, 0), everything(300, 1), folder)


class TestWritePlots:
    def test_one_file_for_each_modelled_column_and_pair(self, plots):
        names = [path.name for path in plots]
        assert len(names) == 5 + len(HOSTILE) + 2
        assert "_._t.pairs.png" in names
        assert {"_._t.number.png", "_._t.Number-2.png", "_._t.day.png", "_._t.number~Number.png"} < set(names)
        assert not any("key" in name or "email" in name for name in names)

    def test_files_lie_in_the_folder_under_safe_and_different_names(self, plots):
        folder = plots[0].parent
        assert sorted(plots) == sorted(folder.iterdir())
        assert all(path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n") for path in plots)
        assert len({path.name.casefold() for path in plots}) == len(plots)
        assert all(len(path.name) < 200 and not set(path.name).difference(SAFE) for path in plots)

    @pytest.mark.parametrize(("real", "synthetic"), [(150, 0), (5, 50), (0, 0)])
    def test_small_and_empty_tables(self, real, synthetic, tmp_path):
        plots = plotted(guarded(real), guarded(synthetic), tmp_path)
        assert [path.stat().st_size > 0 for path in plots] == [True] * 8

    def test_the_same_data_give_the_same_bytes_and_stay_as_they_are(self, tmp_path):
        data, before = guarded(120).select(["purchases"]), guarded(120).select(["purchases"])
        images = [[path.read_bytes() for path in plotted(data, data, tmp_path)] for _ in "12"]
        assert images[0] == images[1]
        pd.testing.assert_frame_equal(data["purchases"], before["purchases"])

    def test_progress_and_deadline(self, tmp_path):
        told = []
        data = guarded(20).select(["purchases"])
        plotted(data, data, tmp_path, context=Context(report=lambda part, text: told.append((part, text))))
        assert told == [(0, "plot 1 of 2"), (0.5, "plot 2 of 2")]
        with pytest.raises(ResourceError, match="time allowed"):
            plotted(data, data, tmp_path, context=Context(deadline=time.monotonic() - 1))

    def test_the_four_plots_of_the_origin(self, tmp_path):
        customers = bank(300)["customers"]
        columns = ("income", "credit_score", "account_balance")
        real = dataset("customers", **{name: (NUMERICAL, customers[name]) for name in columns})
        names = {path.name for path in plotted(real, real, tmp_path)}
        assert {f"customers.{name}.png" for name in (*columns, "income~credit_score")} < names


def test_importing_the_report_stays_light():
    code = "import sys, synthkit.report; print(*({'altair', 'vl_convert'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
