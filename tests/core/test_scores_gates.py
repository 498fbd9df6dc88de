"""Scores and gates: what could not be measured never passes, and no two figures share a name."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthkit.gates import DEFAULT_GATES, STRICT_GATES, Gate, Verdict, built_in_gates, judge
from synthkit.scores import Failure, Score, score_id

NAN, INF = float("nan"), float("inf")
NAMES = st.text(st.sampled_from('ab.,"'), max_size=4)


# --- scores ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "columns", "name"),
    [
        (None, (), "quality.shapes"),
        ("customers", (), "quality.shapes.customers"),
        ("customers", ("income",), "quality.shapes.customers.income"),
        ("customers", ("income", "age"), "quality.shapes.customers.income,age"),
        ("customers", ("income", "orders.amount"), 'quality.shapes.customers.income,"orders.amount"'),
        (None, ("a.x", "b.y"), 'quality.shapes."a.x","b.y"'),
        ("a.b", ("x,y", 'say "x"', ""), 'quality.shapes."a.b"."x,y","say ""x""",""'),
        ("", (), 'quality.shapes.""'),
    ],
)
def test_the_name_of_a_score_joins_metric_table_and_columns(table, columns, name):
    assert Score("quality.shapes", 0.5, table, columns).id == name
    assert Failure("quality.shapes", "no rows", table, columns).id == name


@settings(deadline=None)
@given(st.lists(st.tuples(NAMES, st.lists(NAMES, max_size=3).map(tuple)), unique=True, min_size=2, max_size=2))
def test_two_places_never_share_a_name(places):
    first, second = (score_id("metric", *place) for place in places)
    assert first != second


@pytest.mark.parametrize("value", [NAN, INF, -INF, -0.01, 1.01])
def test_a_score_that_is_no_figure_or_out_of_bounds_cannot_be_made(value):
    with pytest.raises(ValueError, match=r"quality\.shapes\.customers: a score must be finite and within its bounds"):
        Score("quality.shapes", value, "customers")


@pytest.mark.parametrize("value", [0.0, 7, 1e300])
def test_without_an_upper_bound_any_finite_value_will_do(value):
    assert Score("keys.reused", value, bounds=(0.0, None)).value == value


@pytest.mark.parametrize("value", [NAN, INF, -1.0])
def test_without_an_upper_bound_the_lower_one_holds(value):
    with pytest.raises(ValueError, match="within its bounds"):
        Score("keys.reused", value, bounds=(0.0, None))


@pytest.mark.parametrize("value", [np.float32(0.5), np.float64(0.5), np.int64(1), np.bool_(1), True])
def test_the_numbers_of_numpy_become_plain_ones(value):
    score = Score("quality.shapes", value)
    assert type(score.value) is float
    assert json.loads(json.dumps(score.value)) == value


# --- gates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gate", "value", "admitted"),
    [
        (Gate(min=0.8), 0.8, True),
        (Gate(min=0.8), 0.79, False),
        (Gate(max=0), 0, True),
        (Gate(max=0), 1, False),
        (Gate(min=0.4, max=0.6), 0.5, True),
        (Gate(min=0.4, max=0.6), 0.3, False),
        (Gate(min=0.4, max=0.6), 0.7, False),
    ],
)
def test_a_gate_admits_what_lies_within_its_limits(gate, value, admitted):
    assert (_status(gate, value) == "passed") is admitted


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        ({}, "a gate needs min, max or min_of_ceiling"),
        ({"severity": "warn"}, "a gate needs min, max or min_of_ceiling"),
        ({"min": "much"}, "valid number"),
        ({"min": NAN}, "finite number"),
        ({"max": INF}, "finite number"),
        ({"min": 0.5, "severity": "fatal"}, "'error' or 'warn'"),
        ({"mim": 0.5}, "Extra inputs"),
    ],
)
def test_a_gate_that_limits_nothing_or_cannot_be_understood_is_refused(limits, problem):
    with pytest.raises(pydantic.ValidationError, match=problem):
        Gate(**limits)


def test_a_gate_is_frozen():
    with pytest.raises(pydantic.ValidationError):
        Gate(min=0.5).min = 0.1


def verdict_of(gate: Gate, *results) -> Verdict:
    (verdict,) = judge({"a.b": gate}, results)
    return verdict


def test_a_verdict_repeats_the_score_and_the_limits():
    score = replace(Score("a.b", 0.7), ceiling=0.9, matched=0.6)
    found = {"value": 0.7, "ceiling": 0.9, "matched": 0.6}
    gate = Gate(min=0.8, max=0.95, severity="warn")
    assert verdict_of(gate, score) == Verdict("a.b", "failed", **found, min=0.8, max=0.95, severity="warn")
    assert verdict_of(Gate(min=0.5), score) == Verdict("a.b", "passed", **found, min=0.5)


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        ((), "no evaluator gave this score"),
        ((Score("a", 1.0), Score("a.b", 1.0, "c")), "no evaluator gave this score"),
        ((Failure("a.b", "a column was constant"),), "a column was constant"),
        ((Failure("a", "the evaluator failed"),), "the evaluator failed"),
        ((Score("a.b", 1.0), Score("a.b", 0.9)), "two scores have this name"),
        ((Failure("a.b", "a column was constant"), Score("a.b", 1.0)), "two scores have this name"),
        ((Score("a", 1.0, "b"), Score("a.b", 1.0)), "two scores have this name"),
    ],
    ids=["nothing", "others", "failure", "all failed", "twice", "failure and score", "alike"],
)
def test_what_was_not_measured_without_doubt_is_missing_and_fails(results, reason):
    verdict = verdict_of(Gate(min=0.0), *results)
    assert verdict == Verdict("a.b", "missing", min=0.0, reason=reason)
    assert verdict.fails


def test_a_figure_that_the_data_leave_no_room_for_has_no_gate():
    verdict = verdict_of(Gate(min=0.0), Failure("a.b", "there is one table", applicable=False))
    assert verdict == Verdict("a.b", "not applicable", min=0.0, reason="there is one table")
    assert not verdict.fails


@pytest.mark.parametrize(
    ("status", "severity", "fails"),
    [
        ("passed", "error", False),
        ("failed", "error", True),
        ("missing", "error", True),
        ("not applicable", "error", False),
        ("failed", "warn", False),
        ("missing", "warn", False),
    ],
)
def test_only_errors_fail_a_run(status, severity, fails):
    assert Verdict("a.b", status, severity=severity).fails is fails


def test_each_gate_gets_one_verdict_in_its_order():
    gates = {name: Gate(min=0.5) for name in ("c", "a", "b")}
    verdicts = judge(gates, [Score("a", 0.9), Score("b", 0.1)])
    assert [(v.gate, v.status) for v in verdicts] == [("c", "missing"), ("a", "passed"), ("b", "failed")]
    assert judge({}, [Score("a", 0.9)]) == ()


def test_the_built_in_gates_hold_for_what_the_core_counts_and_for_the_evaluators_used():
    assert list(built_in_gates("default", [])) == ["integrity.violations", "keys.reused"]
    assert "fidelity.shapes" in built_in_gates("default", ["fidelity"])
    assert built_in_gates("default", ["another"]) == built_in_gates("default", [])
    assert built_in_gates("default", ["fidelity"]).items() <= DEFAULT_GATES.items()


def test_strict_asks_all_that_default_asks_and_more_whatever_was_measured():
    strict = built_in_gates("strict", [])
    assert strict == STRICT_GATES
    assert set(strict) > set(DEFAULT_GATES)
    for name, gate in DEFAULT_GATES.items():
        assert gate.model_dump(exclude_none=True).items() <= strict[name].model_dump(exclude_none=True).items()
    assert {verdict.status for verdict in judge(strict, [])} == {"missing"}
    assert built_in_gates("strict", [], fresh_keys=False)["keys.reused"].severity == "warn"


@pytest.mark.parametrize("metric", ["integrity.violations", "keys.reused"])
def test_one_violation_is_too_many(metric):
    gate = built_in_gates("default", [])[metric]
    assert _status(gate, 0) == "passed"
    assert _status(gate, 1) == "failed"


def _status(gate, value, **more):
    return judge({"a.b": gate}, [Score("a.b", value, bounds=(0.0, None), **more)])[0].status


def test_a_part_of_the_ceiling_is_asked_of_a_draw_of_its_own_size():
    gate = Gate(min_of_ceiling=0.98)
    assert _status(gate, 0.1, matched=0.89, ceiling=0.9) == "passed"
    assert _status(gate, 0.9, matched=0.88, ceiling=0.9) == "failed"
    assert _status(gate, 0.9) == "missing"


def test_a_statistical_gate_asks_the_lower_bound():
    sure, unsure = {"error": 0.01}, {"error": 0.1}
    assert _status(Gate(min=0.5, confidence=0.95), 0.55, **sure) == "passed"
    assert _status(Gate(min=0.5, confidence=0.95), 0.55, **unsure) == "failed"
    assert _status(Gate(max=0.5, confidence=0.95), 0.55, **sure) == "failed"
    assert _status(Gate(max=0.5, confidence=0.95), 0.55, **unsure) == "passed"
    assert _status(Gate(max=0.5, confidence=0.95), 0.55, error=0.0) == "failed"
    assert _status(Gate(max=0.5, confidence=0.95), 0.55) == "missing"


def test_noise_alone_fails_a_set_of_statistical_gates_as_seldom_as_one():
    """2,000 honest sets of 20 gates at 0.95: 5 % may fail; 7 % or more would be chance once in 40,000 tests."""
    values = np.random.default_rng(1).normal(0.5, 0.02, (2000, 20))
    gates = {str(i): Gate(max=0.5, confidence=0.95) for i in range(20)}
    failed = [
        any(v.fails for v in judge(gates, [Score(str(i), x, error=0.02) for i, x in enumerate(row)])) for row in values
    ]
    assert 0.02 < np.mean(failed) < 0.07


def test_one_surely_bad_figure_among_honest_ones_fails_alone():
    gates = {name: Gate(max=0.5, confidence=0.95) for name in "abc"}
    verdicts = judge(gates, [Score("a", 0.51, error=0.02), Score("b", 0.7, error=0.02), Score("c", 0.5, error=0.02)])
    assert [verdict.status for verdict in verdicts] == ["passed", "failed", "passed"]


# --- what people read -----------------------------------------------------------------------------


LINES = {
    "m.x 0.71 < 0.85 (matched 0.7, ceiling 0.98)": (Gate(min=0.85), Score("m.x", 0.71, ceiling=0.98, matched=0.7)),
    "m.x 0.8499 < 0.85": (Gate(min=0.85), Score("m.x", 0.8499)),
    "m.x 3 > 0": (Gate(max=0), Score("m.x", 3, bounds=(0, None))),
    "m.x 0.50001 > 0.5": (Gate(max=0.5, min=0.1), Score("m.x", 0.50001)),
    "m.x 0.86 is not surely >= 0.85": (Gate(min=0.85, confidence=0.95), Score("m.x", 0.86, error=0.1)),
    "m.x 0.7 < 0.882, 0.9 of the ceiling (matched 0.7, ceiling 0.98)": (
        Gate(min=0.5, min_of_ceiling=0.9, confidence=0.9),
        Score("m.x", 0.71, ceiling=0.98, matched=0.7, error=0.001),
    ),
    "m.x missing: it has no ceiling here": (Gate(min_of_ceiling=0.9), Score("m.x", 0.71)),
    "m.x missing: no rows": (Gate(min=0.9), Failure("m.x", "no rows")),
    "m.x passed": (Gate(min=0.5), Score("m.x", 0.5)),
}


@pytest.mark.parametrize("line", LINES)
def test_a_verdict_is_told_on_one_line(line):
    gate, result = LINES[line]
    (verdict,) = judge({"m.x": gate}, [result])
    assert verdict.line == line


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_failure_never_reads_as_if_the_limit_were_kept(value, limit):
    (verdict,) = judge({"m.x": Gate(min=limit)}, [Score("m.x", value)])
    if verdict.status == "failed":
        told, _, bound = verdict.line.removeprefix("m.x ").partition(" < ")
        assert float(told) < limit
        assert float(bound) == pytest.approx(limit, rel=1e-5)
    assert verdict.figures == {"value": value, "min": limit}


def test_only_a_gate_that_did_not_pass_warns():
    passed, failed = (judge({"m.x": Gate(min=0.5, severity="warn")}, [Score("m.x", v)])[0] for v in (0.6, 0.4))
    assert (passed.warns, failed.warns, failed.fails) == (False, True, False)
