"""Runs side by side: what is worse beyond noise, and what nobody can know."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from synthkit.cli import run
from synthkit.errors import UsageError
from synthkit.gates import Gate, judge
from synthkit.report.compared import comparison_html, comparison_markdown
from synthkit.report.comparison import compare
from synthkit.run import Run
from synthkit.scores import Failure, Score

pytestmark = pytest.mark.slow  # whole runs, or processes of their own


def made(plugin="x", *results, gates=None, **more):
    return Run("run", 0, plugin, results=results, verdicts=judge(gates or {}, results), **more)


def change(first, other):
    return compare([made("x", first), made("y", other)]).figures[first.id][1].change


class TestChanges:
    @pytest.mark.parametrize(
        ("before", "after", "goal", "told"),
        [
            (0.9, 0.8, "max", "worse"),
            (0.8, 0.9, "max", "better"),
            (0.9, 0.8, "min", "better"),
            (0.8, 0.9, "min", "worse"),
            (0.8, 0.81, "max", "alike"),
        ],
    )
    def test_beyond_noise_or_not(self, before, after, goal, told):
        scores = [Score("a.b", value, goal=goal, error=0.02) for value in (before, after)]
        assert change(*scores) == told

    def test_without_errors_the_noise_is_unknown_but_of_counts(self):
        assert change(Score("a.b", 0.9), Score("a.b", 0.8)) == "unknown"
        assert change(Score("a.b", 0.9), Score("a.b", 0.8, error=0.01)) == "unknown"
        assert change(Score("a.b", 0.9), Score("a.b", 0.9)) == "alike"
        counts = [Score("a.b", value, bounds=(0.0, None), goal="min") for value in (0.0, 1.0)]
        assert change(*counts) == "worse"
        assert change(*reversed(counts)) == "better"

    def test_errors_of_zero_are_no_noise(self):
        counts = [Score("a.b", value, bounds=(0.0, None), goal="min", error=0.0) for value in (0.0, 1.0)]
        assert change(*counts) == "worse"

    def test_of_many_figures_one_that_chance_explains_is_not_marked(self):
        before = [Score(f"a.b{i}", 0.5, error=0.01) for i in range(40)]
        after = [replace(score, value=0.47 if i == 0 else 0.5) for i, score in enumerate(before)]
        alone = compare([made("x", before[0]), made("y", after[0])])
        together = compare([made("x", *before), made("y", *after)])
        assert alone.figures["a.b0"][1].change == "worse"
        assert together.figures["a.b0"][1].change == "alike"
        assert together.regressions == ()

    def test_a_figure_of_one_run_only_has_no_change(self):
        found = compare([made("x", Score("a.b", 0.5)), made("y", Score("c.d", 0.5))])
        assert [cell.change for cells in found.figures.values() for cell in cells] == [None] * 4
        assert found.figures["a.b"][1].value is None


class TestRegressions:
    def test_a_gate_that_passed_and_fails_now(self):
        gates = {"a.b": Gate(min=0.85)}
        found = compare([made("x", Score("a.b", 0.9), gates=gates), made("y", Score("a.b", 0.8), gates=gates)])
        assert found.regressions == ("y: a.b 0.8 < 0.85, which x passed",)
        back = compare([made("y", Score("a.b", 0.8), gates=gates), made("x", Score("a.b", 0.9), gates=gates)])
        assert back.regressions == ()

    def test_a_figure_that_cannot_be_computed_any_more(self):
        found = compare([made("x", Score("a.b", 0.9)), made("y", Failure("a.b", "no rows"))])
        assert found.regressions == ("y: a.b could not be computed",)
        assert found.notes == ("could not be computed in some run: a.b",)

    def test_other_data_are_told(self):
        runs = [made("x", source={"fingerprint": "a"}), made("y", source={"fingerprint": "b"})]
        assert compare(runs).notes[0].startswith("not the same real data")

    def test_other_tables_are_told(self):
        assert compare([made("x", rows={"a": 1, "b": 1}), made("y", rows={"a": 1})]).notes == (
            "not all runs made the same tables: a figure is about those that its run made",
        )


def test_quality_is_the_part_of_the_ceiling_that_all_runs_reach():
    runs = [
        made("x", Score("a.b", 0.9, ceiling=0.8, matched=0.9), Score("a.c", 0.9, ceiling=0.8, matched=0.4)),
        made("y", Score("a.b", 0.9, ceiling=0.8, matched=0.6), Score("a.c", 0.9)),
    ]
    assert compare(runs).quality == [1.0, pytest.approx(0.75)]
    assert compare([made("x"), made("y")]).quality == [None, None]


def test_costs_are_those_of_one_seed():
    costs = compare([made(timings={"fit": 4.0, "sample": 2.0, "read": 1.0}, repeats=2)] * 2).costs
    assert costs[0] == (3.0, 7.0, 0.0)


def test_runs_of_one_plugin_are_called_by_their_folders(tmp_path):
    runs = [replace(made(), folder=tmp_path / name) for name in ("one", "two")]
    assert compare(runs).names == ("one", "two")
    assert compare([made(), made()]).names == ("x", "x (2)")


def test_page_and_markdown_escape_what_others_named():
    hostile = "<script>alert(1)</script>|"
    gates = {"a.b": Gate(min=0.85)}
    scores = [Score("a.b", value, ceiling=0.9, matched=0.8, error=0.01) for value in (0.9, 0.8)]
    found = compare([made("x", scores[0], gates=gates), made(hostile, scores[1], gates=gates)])
    page, text = comparison_html(found), comparison_markdown(found)
    assert page.count("<script") == 3
    assert "✗ Worse than x" in page
    assert "<script" not in text
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 4 for line in text.splitlines() if line.startswith("|"))
    assert "0.800 ± 0.010 ▼" in text
    alike = compare([made("x"), made("y")])
    assert "✓ Nothing is worse than x" in comparison_html(alike)
    assert "Quality against time" not in re.sub(r"<script.*?</script>", "", comparison_html(alike), flags=re.DOTALL)
    assert comparison_markdown(alike).startswith("## ✅ Nothing is worse than x")


@pytest.fixture
def folders(tmp_path):
    """Two finished runs, the second of them worse."""
    for name, value in (("good", 0.9), ("bad", 0.5)):
        (tmp_path / name).mkdir()
        found = made(name, Score("a.b", value, error=0.01), gates={"a.b": Gate(min=0.8)}, notes=())
        (tmp_path / name / "run.json").write_text(json.dumps(found.to_dict()), "utf-8")
    return [str(tmp_path / name) for name in ("good", "bad")]


class TestVerb:
    def test_the_table_and_the_exit_code(self, folders, capsys):
        assert run(["compare", *folders]) == 0
        shown = capsys.readouterr().out
        assert "0.500 ± 0.010 ▼" in shown
        assert "worse  bad: a.b 0.900 → 0.500" in shown
        assert run(["compare", *folders, "--fail-on-regression"]) == 1
        capsys.readouterr()
        assert run(["compare", *reversed(folders), "--fail-on-regression"]) == 0
        assert "nothing is worse than bad" in capsys.readouterr().out

    def test_json_and_files(self, folders, tmp_path, capsys):
        files = ["--html", str(tmp_path / "c.html"), "--markdown", str(tmp_path / "c.md")]
        assert run(["compare", *folders, "--json", *files]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["figures"]["a.b"][1]["change"] == "worse"
        assert [each["verdict"] for each in found["runs"]] == ["passed", "failed"]
        assert (tmp_path / "c.html").read_text("utf-8").startswith("<!doctype html>")
        assert "| a.b |" in (tmp_path / "c.md").read_text("utf-8")

    def test_a_figure_that_one_run_lacks_is_a_dash(self, folders, tmp_path, capsys):
        found = made("good", Score("a.b", 0.9, error=0.01), Score("c.d", 0.5))
        (tmp_path / "good" / "run.json").write_text(json.dumps(found.to_dict()), "utf-8")
        assert run(["compare", *folders, "--html", str(tmp_path / "c.html")]) == 0
        assert re.search(r"c\.d +0\.500 +–", capsys.readouterr().out)

    def test_of_many_runs_a_narrow_terminal_shows_no_errors(self, folders, capsys, monkeypatch):
        monkeypatch.setenv("COLUMNS", "80")
        assert run(["compare", *folders, *folders]) == 0
        shown = capsys.readouterr().out
        assert "±" not in shown
        assert "--markdown and --html have the errors" in shown.replace("\n", " ")
        assert "0.500 ▼" in shown

    def test_one_run_is_not_enough(self, folders, capsys):
        assert run(["compare", folders[0]]) == UsageError.exit_code
        assert "name two or more run folders" in capsys.readouterr().err
