"""Engines side by side, run small as a user runs them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import figures
from benchmarks.__main__ import main
from benchmarks.charts import quality_chart
from benchmarks.compare import Entry, plan_of
from benchmarks.engines import chosen
from synthkit.bank import bank
from synthkit.errors import UsageError
from synthkit.plugins import discover
from synthkit.run import Run
from synthkit.scores import Failure, Score


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data folder: a bank of 260 customers, and its customers in two halves."""
    root = tmp_path_factory.mktemp("sets")
    for name in ("small", "halves"):
        (root / name).mkdir()
    tables = bank(260)
    for name, frame in tables.items():
        frame.to_csv(root / "small" / f"{name}.csv", index=False)
    people = tables["customers"].drop(columns=["full_name", "email", "phone"])
    people[:150].to_csv(root / "halves" / "trn.csv", index=False)
    people[150:].to_csv(root / "halves" / "hol.csv", index=False)
    return root


@pytest.fixture(scope="module")
def compared(folder, tmp_path_factory):
    """What a comparison of two engines on tables that join has written."""
    out = tmp_path_factory.mktemp("out") / "compared"
    asked = ["compare", "small", "--data", str(folder), "--engines", "cart", "independent"]
    assert main([*asked, "--rows", "200", "--out", str(out)]) == 0
    return out


@pytest.mark.slow
class TestCompared:
    def test_every_engine_has_figures_of_one_split(self, compared):
        found = {entry["engine"]: entry for entry in json.loads((compared / "compare.json").read_text())}
        assert set(found) == {"cart", "independent"}
        scores = {name: {s["id"]: s for s in entry["scores"]} for name, entry in found.items()}
        assert scores["cart"]["integrity.violations"]["value"] == 0
        assert scores["cart"]["fidelity.pairs"]["value"] > scores["independent"]["fidelity.pairs"]["value"]
        ceilings = {own["fidelity.pairs"]["ceiling"] for own in scores.values()}
        assert len(ceilings) == 1
        assert {"detection.rows.customers", "detection.aggregates", "privacy.membership"} <= set(scores["cart"])
        assert found["cart"]["rows"]["customers"] == 200
        assert found["cart"]["cost"]["peak"] > found["cart"]["cost"]["held"] > 0
        assert found["cart"]["rows_per_second"] > 0

    def test_the_table_has_a_column_for_each_engine(self, compared):
        lines = (compared / "compare.md").read_text().splitlines()
        assert lines[0] == "## small"
        assert "|  | ceiling | `cart` | `independent` |" in lines
        told = {line.split("|")[1].strip(): line.count("|") for line in lines if line.startswith("| ")}
        assert set(told.values()) == {5}
        assert {"shapes", "dependence kept over a key", "membership", "fit, CPU s", "peak memory, MiB"} <= set(told)

    def test_the_chart_is_there_twice(self, compared):
        assert (compared / "quality_small.png").read_bytes().startswith(b"\x89PNG")
        svg = (compared / "quality_small.svg").read_text()
        assert svg.startswith("<svg")
        assert "independent" in svg


@pytest.mark.slow
def test_an_engine_over_its_limit_is_listed(folder, tmp_path):
    asked = ["compare", "halves", "--data", str(folder), "--engines", "cart", "--limit", "0.0001"]
    assert main([*asked, "--out", str(tmp_path)]) == 0
    assert json.loads((tmp_path / "compare.json").read_text()) == [
        {"data": "halves", "engine": "cart", "lost": "over 0 s"}
    ]
    assert "- `cart`: over 0 s" in (tmp_path / "compare.md").read_text()
    assert not list(tmp_path.glob("*.png"))


def test_engines_of_one_table_and_missing_ones_are_listed(tmp_path):
    registry = discover()
    single = [p.name for p in registry.plugins if p.kind == "synthesizer" and p.offered and not p.offered.multi_table]
    assert main(["compare", "bank", "--engines", *single, "--out", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "compare.json").read_text())
    installed = {p.name for p in registry.plugins if p.name in single and p.problem is None}
    assert {entry["engine"] for entry in found} == set(single)
    for entry in found:
        assert entry["lost"].startswith(
            "takes one table; ask for bank:" if entry["engine"] in installed else "skipped: "
        )


@pytest.mark.parametrize("asked", [["nowhere"], ["bank", "--engines", "cartt"]])
def test_what_is_not_there_is_an_error(asked, tmp_path, capsys):
    assert main(["compare", *asked, "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.startswith("error: there is no ")


class TestPlans:
    def test_the_example_needs_no_folder(self):
        assert plan_of("bank", None).data is None
        assert plan_of("bank:customers", None).tables == ("customers",)

    def test_two_halves_are_data_and_holdout(self, folder):
        plan = plan_of("halves", folder)
        assert plan.data == folder / "halves" / "trn.csv"
        assert plan.holdout == folder / "halves" / "hol.csv"

    def test_other_folders_are_taken_whole(self, folder):
        assert plan_of("small", folder).data == folder / "small"
        assert plan_of("small:customers,transactions", folder).tables == ("customers", "transactions")

    @pytest.mark.parametrize("root", [None, Path("nowhere")])
    def test_a_missing_one_is_an_error(self, root):
        with pytest.raises(UsageError, match="no data set 'x'"):
            plan_of("x", root)


def test_an_engine_that_is_not_there_is_an_error_with_the_names_of_others():
    with pytest.raises(UsageError, match="cart"):
        chosen(discover(), ["no_such"])


def test_all_engines_are_chosen_where_none_is_named():
    usable, missing = chosen(discover(), [])
    assert {"cart", "independent", "copy"} <= {plugin.name for plugin in usable}
    assert {plugin.name for plugin in usable} | set(missing) == set(discover().names("synthesizer"))


class TestTable:
    def entry(self, *results):
        run = Run("run", 0, "cart", rows={"t": 10}, results=results)
        return Entry("bank", "cart", run, None)

    def test_a_figure_that_could_not_be_computed_is_named(self):
        told = figures.markdown(
            [
                self.entry(Failure("utility.ratio", "there is no target")),
                replace(self.entry(Score("utility.ratio", 0.5)), engine="other"),
            ]
        )
        assert "| utility |  | not measured | 0.500 |" in told
        assert "- `cart`, utility.ratio: there is no target" in told

    def test_what_does_not_apply_is_not_named(self):
        told = figures.markdown([self.entry(Failure("privacy.copies.rows", "two columns", applicable=False))])
        assert "two columns" not in told

    def test_a_matched_figure_and_a_spread_stand_beside_the_value(self):
        score = Score("fidelity.pairs", 0.9, ceiling=0.95, matched=0.85, repeats=(0.8, 1.0))
        assert "| pairs | 0.950 | 0.900 ± 0.141 (0.850) |" in figures.markdown([self.entry(score)])

    def test_scores_of_columns_are_left_out(self):
        assert not figures.is_told(Score("detection.rows", 0.5, "t", ("a",)))
        assert figures.is_told(Score("detection.rows", 0.5, "t"))
        assert not figures.is_told(Score("fidelity.shapes", 0.5, "t"))

    def test_without_figures_there_is_no_chart(self):
        assert quality_chart("bank", [Entry("bank", "cart", lost="over 1 s")]) is None
