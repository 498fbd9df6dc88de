"""Growth of cost: the exponent on known functions, and small curves of real engines."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import growth, made
from benchmarks.__main__ import main
from benchmarks.apart import Cost
from benchmarks.charts import growth_chart
from benchmarks.growth import Curve, Trial, exponent
from synthkit.integrity import violations


@settings(deadline=None)
@given(st.floats(-1, 3), st.floats(1e-6, 1e3))
def test_the_exponent_of_a_power_is_found(power, factor):
    sizes = [1_000, 10_000, 30_000, 1_000_000]
    assert exponent(sizes, [factor * n**power for n in sizes]) == pytest.approx(power, abs=1e-6)


def trial(seconds):
    return Trial(Cost(seconds, 0.0, seconds, 0.0, 100.0, 130.0), 10, 10.0, 0.1, 0.01)


def test_a_fixed_cost_flattens_the_curve_but_hardly_its_end():
    curve = Curve("rows", "x", {n: trial(5 + 1e-10 * n**2) for n in (10**3, 10**4, 10**5, 10**6, 10**7)})
    assert curve.exponent < 1
    assert curve.last == pytest.approx(2, abs=0.05)
    assert Curve("rows", "x", {1000: trial(1.0)}).exponent is None


def test_memory_is_counted_in_the_size_of_the_data():
    assert trial(1.0).memory == 3.0


@pytest.mark.slow
def test_curves_are_measured_written_and_drawn(tmp_path, monkeypatch):
    smaller = growth.Dimension("rows of one table of 20 columns", (300, 600, 900), made.table)
    monkeypatch.setitem(growth.DIMENSIONS, "rows", smaller)  # where they are measured, only `data` counts
    asked = ["growth", "rows", "--engines", "cart", "independent", "--rows", "600"]
    assert main([*asked, "--out", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "growth.json").read_text())
    assert [(own["engine"], own["lost"]) for own in found] == [("cart", None), ("independent", None)]
    for own in found:
        assert [t["size"] for t in own["trials"]] == [300, 600]
        assert own["trials"][0]["rows"] == 300
        assert all(t["model"] > 0 and t["load"] > 0 for t in own["trials"])
        seconds = [t["cost"]["fit"] + t["cost"]["sample"] for t in own["trials"]]
        assert own["exponent"] == pytest.approx(np.log(seconds[1] / seconds[0]) / np.log(2))
    lines = (tmp_path / "growth.md").read_text().splitlines()
    assert lines[0] == "## rows of one table of 20 columns"
    assert [line.split("|")[1].strip() for line in lines[4:8]] == ["300", "600", "exponent", "at the end"]
    assert (tmp_path / "growth_rows.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "growth_rows.svg").read_text().startswith("<svg")


@pytest.mark.slow
def test_a_lost_engine_is_not_asked_for_greater_sizes(tmp_path, capsys):
    asked = ["growth", "columns", "--engines", "cart", "--limit", "0.0001", "--rows", "20", "--out", str(tmp_path)]
    assert main(asked) == 0
    [own] = json.loads((tmp_path / "growth.json").read_text())
    assert (own["lost"], own["trials"]) == ("over 0 s at 10", [])
    assert "- `cart`: over 0 s at 10" in capsys.readouterr().out
    assert not list(tmp_path.glob("*.png"))


def test_a_chart_names_each_engine_with_its_exponent():
    chart = growth_chart("rows", [Curve("rows", "x", {10: trial(1.0), 100: trial(10.0)})])
    assert chart is not None
    assert "x 1.00" in chart.to_json()


class TestMade:
    def test_tables_are_sound_and_repeatable(self):
        for data in (made.table(500, 25), made.linked(6, 300), made.guarded_bank(200)):
            assert not list(violations(data))
        first, again = made.table(100), made.table(100)
        assert first["t"].equals(again["t"])
        assert made.table(50, 30)["t"].shape == (50, 31)

    def test_columns_depend_on_one_another(self):
        frame = made.table(20_000)["t"]
        assert abs(np.log(frame["c0"]).corr(np.log(frame["c2"]))) > 0.05

    def test_all_tables_belong_to_the_first(self):
        data = made.linked(7, 100)
        assert {f"t{n}" for n in range(1, 7)} <= set(data.schema.owned_by("t0"))
