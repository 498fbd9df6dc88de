"""The record of a run: it survives JSON, and what is no record is refused in words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from synthkit.errors import UsageError
from synthkit.gates import Gate, Verdict, judge
from synthkit.run import Run, results_dict
from synthkit.scores import Failure, Score

RESULTS = (
    Score("integrity.violations", 0.0, bounds=(0.0, None), goal="min"),
    Score("means.closeness", np.float64(0.7), "customers", ("income",), ceiling=0.9, matched=0.8),
    Failure("means.closeness", "no spread to compare with", "customers", ("region",)),
)
GATES = {
    "means.closeness.customers.income": Gate(min=0.5),
    "means.closeness.customers.region": Gate(min=0.5, severity="warn"),
}
RUN = Run(
    command="run",
    seed=7,
    plugin="resample",
    licence="MIT",
    options={"epochs": 3, "layers": [1, 2]},
    rows={"customers": 150, "orders": 450},
    source={"name": "shop", "rows": {"customers": 150}},
    versions={"python": "3.11.7"},
    timings={"fit": 0.25},
    peak_memory_mb=120.5,
    results=RESULTS,
    verdicts=judge(GATES, RESULTS),
    notes=("a column was constant",),
    folder=Path("runs/one"),
)


def through_json(run: Run) -> Run:
    return Run.from_dict(json.loads(json.dumps(run.to_dict(), allow_nan=False)))


@pytest.mark.parametrize("run", [RUN, Run("evaluate", 0), replace(RUN, judged=False, verdicts=())])
def test_a_record_comes_back_from_json_without_its_folder(run):
    assert through_json(run) == replace(run, folder=None)


def test_scores_and_failures_are_told_apart():
    assert RUN.scores == RESULTS[:2]
    assert RUN.failures == RESULTS[2:]
    assert through_json(replace(RUN, results=RESULTS[::-1])).failures == RESULTS[2:]


def test_the_record_holds_what_others_read():
    plain = RUN.to_dict()
    assert plain["version"] == 1
    assert plain["verdict"] == "passed"
    assert [score["id"] for score in plain["scores"]] == ["integrity.violations", "means.closeness.customers.income"]
    assert plain["failures"][0]["reason"] == "no spread to compare with"
    assert [verdict["status"] for verdict in plain["verdicts"]] == ["passed", "missing"]
    assert {"timings", "peak_memory_mb", "plugin", "licence", "options", "seed", "versions", "source"} <= set(plain)
    assert not {"folder", "results"} & set(plain)


def test_the_scores_alone_are_the_same_lists():
    plain = RUN.to_dict()
    assert results_dict(RESULTS) == {"scores": plain["scores"], "failures": plain["failures"]}
    assert results_dict(()) == {"scores": [], "failures": []}


@pytest.mark.parametrize(
    ("verdicts", "judged", "verdict", "code"),
    [
        ((Verdict("a", "passed"),), True, "passed", 0),
        ((Verdict("a", "passed"), Verdict("b", "failed")), True, "failed", 1),
        ((Verdict("a", "missing"),), True, "failed", 1),
        ((Verdict("a", "failed", severity="warn"), Verdict("b", "not applicable")), True, "passed", 0),
        ((), False, "not judged", 0),
    ],
)
def test_the_verdicts_decide_the_exit_code(verdicts, judged, verdict, code):
    run = Run("run", 0, verdicts=verdicts, judged=judged)
    assert (run.verdict, run.exit_code) == (verdict, code)


# --- what is no record ----------------------------------------------------------------------------


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_a_record_of_another_version_is_refused(version):
    with pytest.raises(UsageError, match=r"or one of another version; run it again"):
        Run.from_dict({**RUN.to_dict(), "version": version})


@pytest.mark.parametrize("content", [{}, [], [1], "text", 3, None])
def test_what_is_no_record_at_all_is_refused(content):
    with pytest.raises(UsageError, match="this is no record of a run"):
        Run.from_dict(content)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("scores", None),
        ("scores", 3),
        ("scores", [3]),
        ("scores", [{"id": "a", "metric": "a", "columns": []}]),
        ("scores", [{"id": "a", "metric": "a", "columns": [], "value": 2.0, "bounds": [0, 1]}]),
        ("scores", [{"id": "a", "metric": "a", "columns": [], "value": "SECRET", "bounds": [0, 1]}]),
        ("failures", ["SECRET"]),
        ("verdicts", [3]),
        ("verdicts", [{"gate": "a"}]),
        ("verdicts", [{"gate": "a", "status": "passed", "more": "SECRET"}]),
        ("notes", 3),
        ("more", "SECRET"),
    ],
)
def test_a_damaged_record_is_refused_without_repeating_it(key, value):
    with pytest.raises(UsageError) as caught:
        Run.from_dict({**RUN.to_dict(), key: value})
    assert str(caught.value) == "the record of this run is damaged; run it again"
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("key", ["command", "seed", "scores", "failures", "verdicts", "verdict", "notes"])
def test_a_record_with_a_part_missing_is_damaged(key):
    plain = RUN.to_dict()
    del plain[key]
    with pytest.raises(UsageError, match="damaged"):
        Run.from_dict(plain)


def test_reading_a_record_does_not_change_it():
    plain = RUN.to_dict()
    Run.from_dict(plain)
    assert plain == RUN.to_dict()
