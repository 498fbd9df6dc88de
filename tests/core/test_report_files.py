"""What a report says, in HTML, Markdown and JSON, and what it never says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from synthkit import Column, ColumnKind, Context, Dataset, ForeignKey, Schema, Section, SecurityError, Table
from synthkit.cli import run
from synthkit.gates import DEFAULT_GATES, STRICT_GATES, Gate, judge
from synthkit.guard.rare import links
from synthkit.report import Sides, figures, write_report
from synthkit.report.aggregates import groups, histogram
from synthkit.report.axes import time_ticks
from synthkit.report.captions import caption
from synthkit.report.crowd import Crowd
from synthkit.report.diagram import diagram
from synthkit.report.figures import MOST_ROWS
from synthkit.report.page import NIGHT
from synthkit.report.pairs import matrix
from synthkit.report.plots import MOST_FILES, write_plots
from synthkit.report.relations import child_counts, child_means, gaps, owning_key
from synthkit.report.reproduce import command
from synthkit.report.themes import PAPER
from synthkit.report.view import report_html, report_markdown
from synthkit.report.words import headline, margin, topic, words
from synthkit.run import Run
from synthkit.scan import RealStrings, refuse_leaks, search
from synthkit.scores import Failure, Score
from synthkit.testing import guarded, linked
from tests.core.report_pages import HOSTILE, QUOTES, hostile_report, report

pytestmark = pytest.mark.slow  # whole runs, or processes of their own

KIND = ColumnKind


def text_of(page: str) -> str:
    """What a page says, without markup, scripts and styles."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", without_scripts(page)))


def without_scripts(page: str) -> str:
    return re.sub(r"<(script|style|nav)\b.*?</\1>", " ", page, flags=re.DOTALL)


def household(rows_each: int = 40, owners: int = 30) -> Dataset:
    """Owners with many rows each, whose numbers are all their own."""
    schema = Schema(
        (
            Table("owners", (Column("id", KIND.ID, "int64"),), ("id",)),
            Table(
                "rows",
                (
                    Column("owner", KIND.ID, "int64"),
                    Column("own", KIND.NUMERICAL, "double"),
                    Column("what", KIND.CATEGORICAL),
                ),
            ),
        ),
        (ForeignKey("rows", ("owner",), "owners", ("id",), owner=True),),
        "owners",
    )
    owner = np.repeat(np.arange(owners), rows_each)
    what = np.where(owner < 3, "of three", "of many")
    rows = pd.DataFrame({"owner": owner, "own": owner * 10.0, "what": what})
    return Dataset(schema, {"owners": pd.DataFrame({"id": np.arange(owners)}), "rows": rows})


class TestCrowds:
    """Ten rows of one person are one person."""

    def test_bins_are_joined_until_enough_subjects_stand_behind_them(self):
        data = household()
        behind = Crowd.behind(links(data, 10)["rows"], len(data["rows"]))
        own = data["rows"]["own"]
        counted = histogram(own, own, KIND.NUMERICAL, behind=behind)
        edges = np.array(counted.edges)
        for low, high in zip(edges, [*edges[1:-1], np.inf], strict=False):
            held = data["rows"]["owner"][(own >= low) & (own < high)].nunique()
            assert held == 0 or held >= 10
        assert len(histogram(own, own, KIND.NUMERICAL).edges) > len(counted.edges)

    def test_a_category_of_few_subjects_is_not_named_whatever_its_rows(self):
        data = household()
        what = data["rows"]["what"]
        behind = Crowd.behind(links(data, 10)["rows"], len(what))
        assert groups(what, what).names == ("of many", "of three")
        assert "of three" not in groups(what, what, behind=behind).names

    def test_the_holdout_is_protected_as_the_real_data_are(self):
        real = pd.Series(["a"] * 60 + ["b"] * 40)
        held = pd.Series(["a"] * 80 + ["b"] * 3 + ["new"] * 17)
        side = groups(real, real, holdout=(held, Crowd())).holdout
        assert side.shares == (0.8, 0.0, 0.2, 0.0)
        numbers = pd.Series([0.0] * 50 + [1.0] * 50)
        side = histogram(numbers, numbers, KIND.NUMERICAL, holdout=(pd.Series([0.0] * 95 + [1.0] * 5), Crowd())).holdout
        assert side.shares == (0.5, 0.5)  # five alone are not told, so the two bins share their sum

    def test_a_holdout_of_few_rows_shows_nothing(self):
        numbers = pd.Series(np.arange(100.0))
        assert histogram(numbers, numbers, KIND.NUMERICAL, holdout=(numbers[:9], Crowd())).holdout.shares is None
        texts = pd.Series(["a"] * 100)
        assert groups(texts, texts, holdout=(texts[:9], Crowd())).holdout.shares is None

    def test_some_rows_of_a_crowd_are_those_of_their_subjects(self):
        data = household(rows_each=4, owners=20)
        whole = Crowd.behind(links(data, 10)["rows"], 80)
        part = whole.of(np.arange(80) < 30)
        assert part.scarce(np.ones(30, dtype=bool))  # eight owners
        assert not whole.scarce(np.ones(80, dtype=bool))


class TestRelations:
    def test_children_means_and_gaps(self):
        data = guarded(subjects=30)
        key = owning_key(data.schema, "purchases", "customers")
        counts, means = child_counts(data, key), child_means(data, key, "amount")
        by = data["purchases"].groupby("customer_id")["amount"]
        assert counts[counts > 0].tolist() == by.size().tolist()
        assert means.dropna().to_numpy() == pytest.approx(by.mean().to_numpy())
        assert means.isna().sum() == (counts == 0).sum()

    def test_gaps_are_days_between_the_rows_of_one_parent(self):
        data = linked(50)
        key = owning_key(data.schema, "visits", "members")
        found = gaps(data, key, "day")
        visits = data["visits"].assign(gap=found.to_numpy()).sort_values(["member_id", "day"])
        wanted = visits.dropna(subset=["day"]).groupby("member_id")["day"].diff().dt.total_seconds() / 86400
        assert visits["gap"].dropna().to_numpy() == pytest.approx(wanted.dropna().to_numpy())

    def test_a_key_that_leads_to_no_subject_has_no_figures(self):
        schema = replace(linked(5).schema, foreign_keys=(replace(linked(5).schema.foreign_keys[0], owner=False),))
        assert owning_key(schema, "visits", "members") is None

    def test_self_reference_and_siblings_have_a_place_in_the_diagram(self):
        tables = (Table("a", (Column("id", KIND.ID), Column("boss", KIND.ID)), ("id",)),)
        tables += tuple(Table(f"t{i}", (Column("a", KIND.ID),)) for i in range(6))
        keys = (
            ForeignKey("a", ("boss",), "a", ("id",)),
            *(ForeignKey(f"t{i}", ("a",), "a", ("id",)) for i in range(6)),
        )
        drawn = diagram(Schema(tables, keys, "a"))
        assert len({(box.x, box.y) for box in drawn.boxes}) == 7
        assert max(box.x + drawn.box[0] for box in drawn.boxes) <= drawn.width
        assert len(drawn.lines) == 7

    def test_a_reference_table_is_nobodys_and_called_so(self):
        schema = Schema((Table("products", (Column("id", KIND.ID),), ("id",), reference=True), Table("t", ())))
        assert [box.note for box in diagram(schema).boxes] == ["reference table", "0 columns"]
        assert not Crowd.behind(None, 20).scarce(np.ones(20, dtype=bool))


class TestFigures:
    def test_every_nth_row_of_a_long_table_is_counted(self):
        rows = MOST_ROWS + 1
        frame = pd.DataFrame({"x": np.arange(rows, dtype="float64")})
        data = Dataset(Schema((Table("long", (Column("x", KIND.NUMERICAL, "double"),)),)), {"long": frame})
        figure, *_ = figures(Sides(data, data, None, 10), Context())
        assert figure.every == 2
        assert caption(figure)[1][-1] == "counted from one in 2 real rows"
        assert 2 * figure.counted.real.rows == pytest.approx(rows, abs=50)

    def test_the_order_asked_for_comes_first(self):
        data = guarded(30)
        found = figures(Sides(data, data, first={"customers": ["churned", "income", "nowhere"]}), Context())
        columns = [f.columns[0] for f in found if f.topic == "column" and f.table == "customers"]
        assert columns == ["churned", "income", "segment", "joined"]

    def test_dependence_of_a_constant_and_of_too_few_rows_is_not_told(self):
        frame = pd.DataFrame({"a": [1.0, 2.0] * 60, "b": [3.0] * 120, "c": pd.Series([None, 1.0] * 60)})
        columns = [Column(name, KIND.NUMERICAL) for name in frame]
        found = matrix(frame, frame, columns)
        assert found.real[0] == (None, None, 1.0)
        assert matrix(frame[:99], frame, columns) is None
        assert matrix(frame, frame, columns[:1]) is None

    def test_more_pictures_than_files(self, tmp_path):
        names = [f"c{i}" for i in range(MOST_FILES + 5)]
        frame = pd.DataFrame({name: [0.0, 1.0] * 20 for name in names})
        columns = tuple(Column(name, KIND.NUMERICAL, "double") for name in names)
        data, context = Dataset(Schema((Table("t", columns),)), {"t": frame}), Context()
        found = list(figures(Sides(data, data), Context()))
        assert len(write_plots(found, tmp_path, context=context)) == MOST_FILES
        assert context.notes == [
            f"plots/ holds {MOST_FILES} of {len(found)} pictures, the worst columns first; report.html has all"
        ]

    def test_drawn_as_svg(self, tmp_path):
        data = guarded(20).select(["purchases"])
        (path, *_) = write_plots(list(figures(Sides(data, data), Context())), tmp_path, context=Context(), form="svg")
        assert path.suffix == ".svg"
        assert path.read_text("utf-8").startswith("<svg")

    @pytest.mark.parametrize("days", [1e-4, 0.01, 0.5, 3, 40, 400, 4_000, 400_000, 100_000_000])
    def test_ticks_of_times_are_few_and_within(self, days):
        low, high = 1.6e12, 1.6e12 + days * 86_400_000
        ticks, form = time_ticks(low, high)
        assert len(ticks) <= 7
        assert all(low <= tick <= high for tick in ticks)
        assert form.startswith("%")


class TestPage:
    def test_the_verdict_comes_first_and_says_what_failed_and_by_how_much(self):
        page = text_of(report_html(report()))
        assert page.index("✗ Failed") < page.index("2 of 5 gates do not hold") < page.index("What was run")
        assert "Single columns. Columns look different on their own" in page
        assert "Measured: 0.880 (at the size of the ceiling: 0.900); asked for: ≥ 0.95 ≥ 0.5 of ceiling" in page
        assert "−0.070" in page
        assert "It could not be judged: no evaluator gave this score" in page

    def test_every_part_is_there(self):
        page = text_of(report_html(report()))
        parts = [
            "Gates: what was asked for",
            "What was run",
            "Tables and keys",
            "Scores of all tables together",
            "Rows: training 600",
        ]
        parts += [
            "Columns together",
            "Rows of each parent, and in time",
            "Can synthetic rows be told",
            "Are models trained",
        ]
        parts += ["What do these data tell", "What could not be computed", "Costs", "How to make the same again"]
        places = [page.index(part) for part in parts]
        assert places == sorted(places)
        assert "0.491 to 0.569" in page  # the interval of membership
        assert "risk measured under these attacks" in page
        assert "anonymous" not in page.lower()
        assert "a column cannot be read" in page
        assert "no dates in order" in page
        assert "these data, at equal size: 0.900" in page

    def test_without_gates_or_real_data_there_is_little_to_say(self):
        made = report()
        bare = replace(
            made, run=Run("sample", 3, "cart", rows=made.run.rows, judged=False), figures=(), rows=None, sections=()
        )
        page = text_of(report_html(bare))
        assert "Not judged" in page
        assert "synthkit sample MODEL --rows 900 --seed 3" in page
        for part in ("Gates", "Can synthetic rows", "What do these data tell", "Scores of all"):
            assert part not in page
        assert "Not judged" in report_markdown(bare)

    def test_columns_are_sorted_worst_first(self):
        page = text_of(report_html(report()))
        listed = page[page.index("Columns, the worst first") :]
        assert listed.index("active") < listed.index("age") < listed.index("plan") < listed.index("joined")

    def test_markdown_is_short_and_complete(self):
        text = report_markdown(report())
        assert text.startswith("## ❌ Failed: synthetic data from cart")
        assert "| Single columns (fidelity.shapes) | 0.880 |" in text
        assert "| visits.day |" in text
        assert text.count("\n") < 60
        assert report_markdown(report(passed=True)).startswith("## ✅ Passed")

    def test_hostile_names_are_escaped_everywhere(self):
        page, text = report_html(hostile_report()), report_markdown(hostile_report())
        assert page.count("<script") == 3
        assert "<img" not in without_scripts(page)
        assert "{{ 7*7 }}" in page
        assert "<script" not in text
        assert "[x](javascript" not in text
        lines = [line for line in text.splitlines() if line.startswith("| x.y")]
        assert all(len(re.findall(r"(?<!\\)\|", line)) == 7 for line in lines)

    def test_json_holds_all_figures_and_its_version(self, tmp_path):
        made = report()
        write_report(tmp_path, made)
        content = json.loads((tmp_path / "report.json").read_text("utf-8"))
        assert content["version"] == 1
        assert content["verdict"] == "failed"
        assert len(content["scores"]) + len(content["failures"]) == len(made.run.results)
        assert {figure["shows"] for figure in content["figures"]} == {"histogram", "groups", "matrix"}
        assert content["sections"][0]["title"] == "Costs"
        assert content["run"]["plugin"] == "cart"
        assert Schema.from_dict(content["schema"]) == made.schema

    @pytest.mark.parametrize("night", [False, True])
    def test_colours_can_be_read_and_told_apart(self, night):
        colours = PAPER | {"ground": "#FFFFFF"} | ({**NIGHT, "ground": "#16191D"} if night else {})
        for name in ("ink", "soft"):
            assert contrast(colours[name], colours["ground"]) >= 4.5
        for name in ("real", "synthetic", "holdout"):
            assert contrast(colours[name], colours["ground"]) >= 2.9
        assert contrast(colours["real"], colours["synthetic"]) >= (1.1 if night else 2.5)


def contrast(first: str, second: str) -> float:
    """The contrast ratio of WCAG 2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


class TestWords:
    def test_strangers_measures_are_called_by_their_name(self):
        assert words("means.closeness").title == "means.closeness"
        assert words("privacy.membership.ball").title == "Who was learned from (ball)"
        assert topic("means.closeness") == "Evaluator means"

    def test_the_headline_counts_what_was_judged(self):
        results = [Score("a.b", 0.5), Score("c.d", 0.5), Failure("e.f", "nothing to measure", applicable=False)]
        gates = {"a.b": Gate(min=0.4), "c.d": Gate(min=0.6, severity="warn"), "e.f": Gate(min=0.1)}
        assert headline("passed", judge(gates, results)) == "All 2 gates hold, 1 of them with a warning."
        assert "1 of 1 gates does not hold" in headline("failed", judge({"a.b": Gate(min=0.6)}, results))

    def test_margins(self):
        scores = [Score("a.b", 0.5, ceiling=0.8, matched=0.4, error=0.1, goal="min")]
        for gate, told in (
            (Gate(min=0.4), "+0.100"),
            (Gate(max=0.4), "−0.100"),
            (Gate(max=0.45, confidence=0.95), "within chance"),
            (Gate(min=0.4, min_of_ceiling=0.75), "−0.200"),
            (Gate(min=0.4, confidence=0.95), "too unsure"),
        ):
            assert margin(judge({"a.b": gate}, scores)[0]) == told
        assert margin(judge({"x.y": Gate(min=0.4)}, scores)[0]) == ""
        without = [Score("a.b", 0.5)]
        assert margin(judge({"a.b": Gate(min_of_ceiling=0.9)}, without)[0]) == ""

    def test_the_command_makes_the_run_again(self):
        made = Run(
            "run", 1, "ctgan", options={"epochs": 3, "cuda": False, "name": "a b", "none": None}, rows={"t": 5},
            source={"name": "bank, the bundled example"}, guard={"k": 20}, repeats=3,
        )  # fmt: skip
        told = command(made, "t")
        assert told == (
            "synthkit run --plugin ctgan --rows 5 --seed 1 --repeats 3 -o epochs=3 -o cuda=false -o 'name=a b' --k 20"
        )
        assert command(replace(made, command="evaluate"), None) == "synthkit evaluate --seed 1"


class TestLeaks:
    """The search looks into reports, but words of ours are nobody's."""

    def data(self, names) -> Dataset:
        schema = Schema((Table("t", (Column("name", KIND.PII, pii="name"),)),))
        return Dataset(schema, {"t": pd.DataFrame({"name": names})})

    @pytest.mark.parametrize("name", ["report.html", "report.json"])
    def test_a_real_name_in_a_report_is_found(self, tmp_path, name):
        write_report(tmp_path, replace(report(), sections=(Section("About", "Zelda Quimby was here"),)))
        with pytest.raises(SecurityError, match=re.escape(f"{name} holds 1 values of t.name")):
            refuse_leaks(tmp_path, RealStrings(self.data(["Zelda Quimby"] * 3)), [tmp_path / name])

    def test_words_of_ours_are_no_leak_in_a_report_but_elsewhere(self, tmp_path):
        own = ["quantitative", "Lambert", "Nothing was judged"]
        write_report(tmp_path, report())
        strings = RealStrings(self.data(own * 2))
        assert search(tmp_path, strings) == ()
        (tmp_path / "other.txt").write_text("by quantitative Lambert")
        assert [hit.count for hit in search(tmp_path, strings)] == [2]


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", "a long key for tests")
    monkeypatch.chdir(tmp_path)
    data = linked(200)
    (tmp_path / "club").mkdir()
    for name in data.schema.table_names:
        data[name].to_csv(tmp_path / "club" / f"{name}.csv", index=False)
    return tmp_path


def test_a_run_and_a_sample_write_the_three_files(shop):
    assert run(["run", "--plugin", "cart", "--data", "club", "--out", "out", "--plots", "svg", "-q", "--no-gates"]) == 0
    assert run(["sample", "out/model", "--out", "more", "-q"]) == 0
    for folder, name in product(("out", "more"), ("report.html", "report.md", "report.json")):
        assert (shop / folder / name).stat().st_size > 300
    assert {path.suffix for path in (shop / "out" / "plots").iterdir()} == {".svg"}
    assert len(json.loads((shop / "out" / "report.json").read_text("utf-8"))["figures"]) >= 8
    assert QUOTES not in (shop / "out" / "report.html").read_text("utf-8")
    assert HOSTILE not in (shop / "out" / "report.html").read_text("utf-8")


def test_every_measure_that_a_built_in_gate_names_has_words():
    assert [
        name for name in STRICT_GATES | DEFAULT_GATES if words(name).title == name or "(" in words(name).title
    ] == []
