"""Repeats: several seeds are judged, their mean where more is better and their worst where less is, and one is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import pandas as pd
import pytest

from synthkit import Evaluator, Failure, Score
from synthkit.cli import run
from synthkit.engine import execute, rejudge
from synthkit.errors import IntegrityError
from synthkit.gates import Gate, judge
from synthkit.plan import Plan
from synthkit.plugins import Registry, discover
from synthkit.repeats import combined
from synthkit.run import Run, read_run

pytestmark = pytest.mark.slow  # whole runs, or processes of their own

INCOME = "means.closeness.customers.income"
SURE = {"confidence": 0.95}


def told(*results) -> tuple[Score | Failure, ...]:
    """The result of repeats that gave one result each."""
    return combined([[result] for result in results])


def status(gate: Gate, *results) -> str:
    return judge({results[0].id: gate}, told(*results))[0].status


def maxima(*values, **more) -> list[Score]:
    return [Score("a.b", value, **more) for value in values]


def minima(*values, **more) -> list[Score]:
    return [Score("a.b", value, bounds=(0.0, None), goal="min", **more) for value in values]


# --- where more is better -------------------------------------------------------------------------


def test_one_repeat_is_left_as_it_is():
    results = (Score("a.b", 0.8), Score("a.c", 1.0, goal="min"), Failure("a.d", "no rows"))
    assert combined([results]) == results


def test_the_mean_is_judged_with_the_spread_between_seeds():
    (score,) = told(*maxima(0.7, 0.8, 0.9))
    assert score.value == pytest.approx(0.8)
    assert score.repeats == (0.7, 0.8, 0.9)
    assert score.spread == pytest.approx(0.1)
    assert score.error == pytest.approx(2.919986 / 1.644854 * 0.1 / 3**0.5, rel=1e-5)  # Student, two degrees of freedom
    assert status(Gate(min=0.79), *maxima(0.7, 0.8, 0.9)) == "passed"
    assert status(Gate(min=0.81), *maxima(0.9, 0.8, 0.7)) == "failed"


def test_a_wider_spread_lowers_the_bound():
    gate = Gate(min=0.8, **SURE)
    assert status(gate, *maxima(0.84, 0.85, 0.86)) == "passed"
    assert status(gate, *maxima(0.75, 0.85, 0.95)) == "failed"
    assert status(gate, Score("a.b", 0.85), Score("a.b", 0.85)) == "passed"


def test_the_error_of_the_evaluator_is_not_averaged_away():
    same = maxima(0.8, 0.8, 0.8, 0.8, error=0.03)
    assert told(*same)[0].error == pytest.approx(0.03)
    assert told(*maxima(0.8, 0.8), error := Score("a.b", 0.8, error=0.03))[0].error == error.error
    spread = told(*maxima(0.7, 0.8, 0.9))[0].error
    assert told(*maxima(0.7, 0.8, 0.9, error=0.03))[0].error == pytest.approx(np.hypot(spread, 0.03))


@pytest.mark.parametrize("count", [2, 5])
def test_what_lies_at_the_limit_passes_for_sure_as_seldom_as_promised(count):
    """2,000 sets whose true mean is the limit: 5 % may pass; outside 3 to 7 % would be chance once in 15,000 tests."""
    draws = np.random.default_rng(count).normal(0.5, 0.02, (2000, count))
    passed = [status(Gate(min=0.5, **SURE), *maxima(*row)) == "passed" for row in draws.tolist()]
    assert 0.03 < np.mean(passed) < 0.07


def test_matched_is_the_mean_and_the_ceiling_that_of_the_first():
    (score,) = told(*(Score("a.b", 0.8, matched=matched, ceiling=0.9) for matched in (0.5, 0.7)))
    assert (score.matched, score.ceiling) == (pytest.approx(0.6), 0.9)
    assert told(Score("a.b", 0.8, matched=0.5, ceiling=0.9), Score("a.b", 0.8))[0].matched is None


# --- where less is better -------------------------------------------------------------------------


def test_the_worst_counts_and_harmless_repeats_excuse_nothing():
    (score,) = told(*minima(0, 0, 3, 0))
    assert (score.value, score.error, score.repeats) == (3, None, (0, 0, 3, 0))
    assert status(Gate(max=0), *minima(0, 0, 1)) == "failed"
    assert status(Gate(max=0), *minima(0, 0, 0)) == "passed"
    assert told(*minima(1, 2, matched=0.5))[0].matched == 0.5


def test_a_risk_is_judged_by_its_worst_repeat_with_the_least_error():
    (risk,) = told(*(Score("a.b", value, goal="min", error=error) for value, error in ((0.5, 0.01), (0.6, 0.02))))
    assert risk.value == 0.6
    assert risk.error == pytest.approx(0.01 * 1.959964 / 1.644854, rel=1e-5)  # 97.5 % for one of two, 95 % for both
    assert told(*minima(0.5, error=0.1), *minima(0.6))[0].error is None
    leaks = minima(0.5, 0.5, 0.5, 0.5, 0.7, error=0.02)
    assert status(Gate(max=0.55, **SURE), *leaks) == "failed"
    assert status(Gate(max=0.55, **SURE), *minima(0.5, 0.56, error=0.02)) == "passed"
    assert status(Gate(max=0.55, **SURE), *minima(0.5, 0.56)) == "missing"


def test_noise_alone_fails_a_risk_as_seldom_as_with_one_seed():
    """2,000 honest sets of 5: 5 % may fail; outside 3 to 7 % would be chance once in 15,000 tests."""
    draws = np.random.default_rng(3).normal(0.5, 0.02, (2000, 5))
    failed = [status(Gate(max=0.5, **SURE), *minima(*row, error=0.02)) == "failed" for row in draws.tolist()]
    assert 0.03 < np.mean(failed) < 0.07


def test_a_figure_with_two_limits_is_held_against_both_ends():
    gate = Gate(min=0.35, max=0.6, **SURE)
    assert status(gate, *minima(0.5, 0.52, error=0.01)) == "passed"
    assert status(gate, *minima(0.5, 0.9, error=0.01)) == "failed"
    verdict = judge({"a.b": gate}, told(*minima(0.2, 0.52, error=0.01)))[0]
    assert verdict.line == "a.b 0.2 < 0.35"
    assert judge({"a.b": Gate(min=0.1)}, told(*minima(0.2, 0.52)))[0].value == 0.52


# --- what failed ----------------------------------------------------------------------------------

GONE = Failure("a.b", "the data leave nothing", applicable=False)


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        ((Score("a.b", 0.9), Failure("a.b", "no rows"), Failure("a.b", "no")), "in 2 of 3 repeats: no rows"),
        ((Failure("a.b", "no rows"), Failure("a.b", "no rows")), "in 2 of 2 repeats: no rows"),
        ((GONE, Failure("a.b", "no rows")), "in 2 of 2 repeats: no rows"),
        ((Score("a.b", 0.9), GONE), "in 1 of 2 repeats: the data leave nothing"),
    ],
)
def test_what_fails_in_one_repeat_fails(results, reason):
    (verdict,) = judge({"a.b": Gate(min=0.1)}, told(*results))
    assert (verdict.status, verdict.reason) == ("missing", reason)
    assert verdict.fails


def test_what_no_repeat_can_measure_does_not_apply():
    assert told(GONE, GONE, GONE) == (GONE,)


def test_an_evaluator_that_fails_in_one_repeat_fails_with_all_its_scores():
    score, other = Score("a.b", 0.9, "t", ("c",)), Score("b.c", 0.5)
    results = combined([[score, other], [Failure("a", "the evaluator failed"), other]])
    assert [(result.id, getattr(result, "reason", None)) for result in results] == [
        ("a.b.t.c", "in 1 of 2 repeats: nobody gave this score"),
        ("b.c", None),
        ("a", "in 1 of 2 repeats: the evaluator failed"),
    ]


def test_two_scores_of_one_name_stay_two():
    results = combined([[Score("a.b", 0.9), Score("a.b", 0.1)]] * 2)
    assert [score.value for score in results] == [0.9, 0.1]
    assert judge({"a.b": Gate(min=0.1)}, results)[0].reason == "two scores have this name"


# --- whole runs -----------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with 120 shoppers and their orders."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", "a long key for tests")
    (tmp_path / "shop").mkdir()
    incomes = np.random.default_rng(0).normal(3000, 500, 120).round(2)
    names = [f"C{1000 + i}" for i in range(120)]
    pd.DataFrame({"customer_id": names, "income": incomes}).to_csv("shop/customers.csv", index=False)
    orders = pd.DataFrame({"order_id": range(1, 241), "customer_id": np.repeat(names, 2)})
    orders.to_csv("shop/orders.csv", index=False)
    return tmp_path


ARGUMENTS = ["run", "--plugin", "resample", "--data", "shop", "--evaluators", "means", "--gate", f"{INCOME}=0.5"]


def made(*more: str, out: str = "out") -> int:
    return run([*ARGUMENTS, "--out", out, *more])


def content(folder: Path, *parts: str) -> dict[str, bytes]:
    files = [path for part in parts for path in sorted((folder / part).rglob("*")) if path.is_file()]
    files += [folder / part for part in parts if (folder / part).is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_first_repeat_is_the_plain_run(folder):
    assert [made(out="plain"), made("--repeats", "1", out="once"), made("--repeats", "3", out="thrice")] == [0, 0, 0]
    written = {
        out: content(folder / out, "data", "plots", "model", "schema.toml") for out in ("plain", "once", "thrice")
    }
    assert len(written["plain"]) > 6
    assert written["plain"] == written["once"] == written["thrice"]
    assert content(folder / "plain", "scores.json") == content(folder / "once", "scores.json")
    assert "repeats" not in (folder / "plain" / "scores.json").read_text()
    plain, thrice = (_score(read_run(folder / out)) for out in ("plain", "thrice"))
    assert thrice.repeats[0] == plain.value
    assert len(set(thrice.repeats)) == 3


def _score(run: Run, name: str = INCOME) -> Score:
    (score,) = (score for score in run.scores if score.id == name)
    return score


def test_the_record_has_the_value_of_each_repeat_and_their_spread(folder, capsys):
    assert made("--repeats", "3", "--json") == 0
    shown, written = json.loads(capsys.readouterr().out), json.loads((folder / "out" / "scores.json").read_text())
    assert shown["scores"] == written["scores"]
    assert shown["repeats"] == json.loads((folder / "out" / "run.json").read_text())["repeats"] == 3
    (score,) = (score for score in written["scores"] if score["id"] == INCOME)
    assert score["value"] == mean(score["repeats"])
    assert score["spread"] == stdev(score["repeats"])
    assert _score(read_run(folder / "out")).repeats == tuple(score["repeats"])


def test_people_read_mean_and_spread_within_80_columns(folder, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    assert made("--repeats", "3") == 0
    shown, score = capsys.readouterr().out, _score(read_run(folder / "out"))
    assert max(map(len, shown.splitlines())) <= 80
    (row,) = (line.split() for line in shown.splitlines() if line.startswith("means."))
    assert row[1:3] == [f"{score.value:.3f}", f"{score.spread:.3f}"]
    (violations,) = (line.split() for line in shown.splitlines() if line.startswith("integrity.violations"))
    assert violations[1:3] == ["0", "worst"]
    assert "seeds   3: mean and standard deviation" in shown
    header, rule, *rows = (folder / "summary.md").read_text().splitlines()[2:6]
    assert header == "| gate | value | ± | matched | ceiling | limit | verdict |"
    assert {line.count("|") for line in (header, rule, *rows)} == {8}
    assert made("--repeats", "2", "--no-gates", "--overwrite") == 0
    assert "±" in capsys.readouterr().out
    assert made("--overwrite") == 0
    assert "±" not in capsys.readouterr().out


def test_a_score_that_nobody_gave_has_no_spread(folder, capsys):
    assert made("--repeats", "2", "--gate", "means.nothing=0.1") == 1
    (row,) = (line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("means.nothing "))
    assert row[1:3] == ["–", "–"]


def test_a_finished_run_is_judged_again_by_its_mean_and_its_spread(folder):
    assert made("--repeats", "4") == 0
    score = _score(read_run(folder / "out"))
    between = score.value - score.error * 0.5
    assert run(["gate", "out", "--gate", f"{INCOME}={between}"]) == 0
    assert run(["gate", "out", "--gate", f"{INCOME}={score.value + 1e-6}"]) == 1
    sure = Plan(gates={INCOME: Gate(min=between, **SURE)})
    assert not rejudge(folder / "out", sure).passed


def test_only_a_run_is_repeated_and_at_least_once(folder, capsys):
    assert made("--repeats", "0") == 2
    assert "repeats: input should be greater than 0" in capsys.readouterr().err
    assert run(["fit", "--data", "shop", "--out", "model", "--repeats", "2"]) == 2
    assert "--repeats" in capsys.readouterr().err


def test_a_gate_file_of_pytest_may_ask_for_repeats(folder):
    (folder / "shop.synthkit.toml").write_text(
        'plugin = "resample"\ndata = "shop"\nevaluators = ["means"]\nrepeats = 2\n'
        f"[gates.{json.dumps(INCOME)}]\nmin = 0.2\nconfidence = 0.95\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "synthkit.pytest_plugin", "-p", "no:cacheprovider", "--basetemp=t"]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=alone, check=False)
    assert "3 passed" in done.stdout, done.stdout
    (record,) = folder.glob("t/synthkit-runs/*/run.json")
    assert read_run(record.parent).repeats == 2


# --- what differs between repeats, and what does not ----------------------------------------------


class Moody:
    """Before a synthesizer: remembers the seeds; from the second fit on, it may break something."""

    seen: list[tuple[str, int]]
    trouble: BaseException | None = None

    def fit(self, training, *, seed, context):
        self.seen.append(("fit", seed))
        if self.trouble and self._again:
            raise self.trouble
        return super().fit(training, seed=seed, context=context)

    def sample(self, rows, *, seed, context, given=None):
        self.seen.append(("sample", seed))
        made = super().sample(rows, seed=seed, context=context)
        if self.options.stumble == "later-orphan" and self._again:
            made["orders"].loc[0, "customer_id"] = rows + 7
        return made

    @property
    def _again(self) -> bool:
        return len({seed for verb, seed in self.seen if verb == "fit"}) > 1


class Weather(Evaluator):
    """Gives whatever comes next."""

    name = "weather"
    ceilings = False
    seen: list[tuple[object, object, int]]
    forecast: list[list[Score | Failure]]

    def evaluate(self, real, synthetic, *, holdout, seed, context):
        context.note(f"forecast {len(self.seen)}")
        self.seen.append((real, holdout, seed))
        return self.forecast[len(self.seen) - 1]


@pytest.fixture
def guests(folder):
    """A registry with a synthesizer and an evaluator of the day."""
    found = discover()
    resample = found.find("synthesizer", "resample")
    moody = type("Guest", (Moody, resample.cls), {"name": "moody", "seen": []})
    weather = type("Guest", (Weather,), {"seen": [], "forecast": []})
    offers = (("synthesizer", moody), ("evaluator", weather))
    added = [replace(resample, name=cls.name, kind=kind, offered=cls) for kind, cls in offers]
    return Registry((*found.plugins, *added), found.manager), moody, weather


def plan(**more) -> Plan:
    return Plan(plugin="moody", data="shop", evaluators=("weather",), out="out", seed=5, **{"repeats": 3, **more})


def test_only_the_luck_of_the_synthesizer_differs(guests):
    registry, moody, weather = guests
    weather.forecast = [[score] for score in maxima(0.7, 0.8, 0.9)]
    found = execute(plan(gates={"a.b": Gate(min=0.79)}), registry)
    assert found.passed
    assert len({seed for verb, seed in moody.seen if verb == "fit"}) == 3
    assert len({seed for verb, seed in moody.seen if verb == "sample"}) == 3
    (real, holdout, seed), *others = weather.seen
    assert all(each == (real, holdout, seed) for each in others)
    assert [note for note in found.notes if "forecast" in note] == ["forecast 0"]  # of what is written
    assert "fit" in found.timings
    assert _score(found, "a.b").repeats == (0.7, 0.8, 0.9)


def test_one_failure_among_repeats_fails_the_run(guests):
    registry, _, weather = guests
    weather.forecast = [maxima(0.9), [Failure("a.b", "it rained")], maxima(0.9)]
    found = execute(plan(gates={"a.b": Gate(min=0.1)}), registry)
    assert [v.line for v in found.verdicts if v.fails] == ["a.b missing: in 1 of 3 repeats: it rained"]


def test_one_violation_among_repeats_fails_the_run(guests):
    registry, _, weather = guests
    weather.forecast = [minima(0), minima(0), minima(2)]
    found = execute(plan(gates={"a.b": Gate(max=0)}), registry)
    assert [v.line for v in found.verdicts if v.fails] == ["a.b 2 > 0"]


def test_a_later_repeat_that_is_broken_or_interrupted_leaves_nothing(guests, folder):
    registry, moody, weather = guests
    weather.forecast = [maxima(0.9)] * 4
    with pytest.raises(IntegrityError):
        execute(plan(options={"stumble": "later-orphan"}), registry)
    moody.seen.clear()
    moody.trouble = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        execute(plan(), registry)
    assert len(weather.seen) == 2
    assert [path.name for path in folder.iterdir()] == ["shop"]


def test_the_steps_say_which_repeat_they_belong_to(guests):
    from synthkit.steps import Observer

    class Witness(Observer):
        steps: list[str] = []  # noqa: RUF012 - one witness

        def finished(self, step, seconds):
            self.steps.append(step)

    registry, _, weather = guests
    weather.forecast = [maxima(0.9)] * 2
    execute(plan(repeats=2), registry, Witness())
    own = ("guard", "fit", "sample", "restore", "verify", "evaluate")
    repeated = [f"{step} {number}/2" for number in (1, 2) for step in own]
    assert Witness.steps == ["read", "split", *repeated, "judge", "report", "write", "report"]
