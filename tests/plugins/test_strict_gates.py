"""The strict gates: what our engine passes and a baseline does not, on the bundled example."""

from __future__ import annotations

import pytest

from synthkit.cli import run
from synthkit.engine import execute
from synthkit.gates import STRICT_GATES
from synthkit.plan import Plan
from synthkit.plugins import discover
from synthkit.run import read_run

REGISTRY = discover()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", "a long key for tests")
    return tmp_path


def test_cart_passes_the_strict_gates_which_bring_their_evaluators(folder):
    """By chance, the gates with a confidence fail one run in twenty at the most; this seed is not that run."""
    made = execute(Plan(gate_set="strict", rows=2000, out=folder / "out"), REGISTRY)
    assert made.passed, [verdict.line for verdict in made.verdicts if verdict.fails]
    assert {verdict.gate for verdict in made.verdicts} == set(STRICT_GATES)
    assert {verdict.status for verdict in made.verdicts} == {"passed"}


def test_columns_drawn_apart_fail_them_in_every_way_that_linked_tables_can(folder, capsys):
    asked = ["run", "--plugin", "independent", "--rows", "400", "--gates", "strict", "--out", "out", "--quiet"]
    assert run([*asked, "--evaluators", "fidelity,detection"]) == 1
    failed = {verdict.gate for verdict in read_run(folder / "out").verdicts if verdict.status == "failed"}
    assert failed >= {"fidelity.pairs", "fidelity.dependence.intra", "fidelity.dependence.hop1", "detection.aggregates"}
    shown = capsys.readouterr().out
    assert "utility.ratio" in shown  # nobody measured it, and it was asked for: missing fails
    assert "missing" in shown


def test_a_finished_run_lacks_what_only_the_strict_gates_ask_for(folder, capsys):
    asked = ["run", "--rows", "500", "--evaluators", "fidelity", "--out", "out", "--quiet", "--no-gates"]
    assert run(asked) == 0
    assert run(["gate", "out"]) == 0
    assert run(["gate", "out", "--gates", "strict"]) == 1
    assert run(["gate", "out", "--gates", "strickt"]) == 2
    assert "'strict'" in capsys.readouterr().err
