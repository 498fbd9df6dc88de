"""The gates on trial, with the bundled example and the baselines that come with synthkit."""

from __future__ import annotations

import json

import pytest

from synthkit.bank import bank
from synthkit.cli import run
from synthkit.cli.output import show_self_test
from synthkit.context import Context
from synthkit.dataset import Dataset
from synthkit.evaluation import Evaluation
from synthkit.gates import Gate, Verdict, built_in_gates, judge
from synthkit.inference import infer
from synthkit.inference.rules import with_rules
from synthkit.plugins import discover
from synthkit.selftest import BASELINES, FRESH, Case, SelfTest, self_test
from synthkit.source import from_frames, read_dataset
from synthkit.split import split

pytestmark = pytest.mark.slow  # whole runs, or processes of their own

REGISTRY = discover()
REASONS = {
    "copy": {"privacy.copies.rows", "privacy.copies.sequences", "privacy.membership"},
    "jitter": {"privacy.membership"},
    "bootstrap_subjects": {"privacy.copies.rows", "privacy.copies.sequences", "privacy.membership"},
    "independent": {"fidelity.dependence.intra", "fidelity.dependence.hop1"},
    "shuffled_keys": {"fidelity.dependence.hop1"},
}


@pytest.fixture(scope="module")
def real():
    tables = from_frames(bank(1000))
    return with_rules(read_dataset(tables, infer(tables)[0]))


def _tested(real, *evaluators, gates=None, seed=0):
    chosen = [REGISTRY.find("evaluator", name).cls() for name in evaluators]
    judged = built_in_gates("default", evaluators, fresh_keys=False) | (gates or {})
    return self_test(real, chosen, judged, REGISTRY, seed=seed, context=Context())


def test_the_default_gates_pass_real_data_and_reject_each_baseline_for_its_reason(real):
    """Baselines are caught with certainty; real data are refused by chance in about one of 20 seeds at most."""
    tested = _tested(real, "fidelity", "privacy")
    assert tested.passed
    assert [case.name for case in tested.cases] == [FRESH, *BASELINES]
    caught = {case.name: set(case.caught_by) for case in tested.cases}
    assert all(reasons <= caught[name] for name, reasons in REASONS.items())
    assert {"integrity.violations", "keys.reused"} <= set(tested.idle)


def test_a_gate_that_asks_too_much_refuses_real_data(real):
    tested = _tested(real, "fidelity", gates={"fidelity.shapes": Gate(min=1.0)})
    assert tested.cases[0].caught_by == ("fidelity.shapes",)
    assert not tested.passed


@pytest.mark.parametrize("table", ["transactions", "campaign_events"])
def test_one_of_two_tables_with_shuffled_keys_is_no_escape(table):
    evaluator = REGISTRY.find("evaluator", "fidelity").cls()
    tables = from_frames(bank(2000))  # of 1000, events depend on their customers by little more than chance
    training, fresh, _ = split(read_dataset(tables, infer(tables)[0]), 0.4, 0)
    keys = fresh[table]["customer_id"].sample(frac=1, random_state=0, ignore_index=True)
    broken = Dataset(fresh.schema, {**fresh.tables, table: fresh[table].assign(customer_id=keys)})
    evaluation = Evaluation([evaluator], training, None, (training, fresh), 0, ceilings=False)
    gates = built_in_gates("default", ["fidelity"], fresh_keys=False)
    for synthetic, missed in ((fresh, set()), (broken, {"fidelity.dependence.least"})):
        verdicts = judge(gates, evaluation.results(synthetic, Context()))
        assert {verdict.gate for verdict in verdicts if verdict.fails} == missed


def test_gates_without_privacy_let_copies_pass(real):
    tested = _tested(real, "fidelity")
    assert {case.name for case in tested.cases if not case.as_it_should} == {"copy", "bootstrap_subjects", "jitter"}


def test_gates_relative_to_the_ceiling_get_one(real):
    tested = _tested(real, "fidelity", gates={"fidelity.pairs": Gate(min_of_ceiling=0.9)})
    assert not tested.cases[0].caught_by
    assert tested.cases[0].verdicts[-1].ceiling is not None


def test_plain_data_say_which_gate_caught_what():
    tested = SelfTest((Case(FRESH, ()), Case("copy", ())))
    assert tested.to_dict() == {
        "passed": False,
        "cases": [
            {"name": FRESH, "as_it_should": True, "caught_by": []},
            {"name": "copy", "as_it_should": False, "caught_by": []},
        ],
        "caught_nothing": [],
    }


def test_the_verb_tells_what_caught_what(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code = run(["gate", "--self-test", "--evaluators", "fidelity", "--tables", "customers,transactions", "--quiet"])
    shown = capsys.readouterr().out
    assert code == 1
    assert "not to be trusted" in shown
    assert "fidelity.dependence.hop1" in shown


def test_a_run_has_no_place_in_a_self_test(tmp_path, capsys):
    assert run(["gate", str(tmp_path), "--self-test"]) == 2
    assert "judges the gates, not a run" in capsys.readouterr().err


def test_the_verb_prints_json_where_asked(capsys):
    tested = SelfTest((Case(FRESH, ()), Case("copy", (Verdict("a.b", "failed"),))))
    assert show_self_test(tested, as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == tested.to_dict()
