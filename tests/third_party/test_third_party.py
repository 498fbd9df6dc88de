"""Distributions of strangers, each built as a wheel and installed beside synthkit, used as their users use them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.third_party.environments import Environment

pytest.importorskip("hatchling", reason="the wheels are built with hatchling")
pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
WRONG = {
    "broken": "cannot be loaded (ModuleNotFoundError: No module named 'a_module_that_does_not_exist')",
    "misspelt": "unknown hook 'synthkit_register_synthesisers'",
    "collides": "the synthesizer is offered twice, by third-collides and third-good",
}


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Environment:
    """An environment with a good distribution."""
    made = Environment(tmp_path_factory.mktemp("third") / "venv")
    made.install(HERE / "good")
    return made


def listed(environment, tmp_path):
    done = environment.run("-m", "synthkit", "plugins", "--json", cwd=tmp_path)
    return {(p["distribution"], p["name"]): p for p in json.loads(done.stdout)}


def test_a_good_one_is_found_with_its_licence(environment, tmp_path):
    plugins = listed(environment, tmp_path)
    for name, kind in (("walk", "synthesizer"), ("pairs", "evaluator"), ("ipc", "format")):
        plugin = plugins["third-good", name]
        assert (plugin["kind"], plugin["version"], plugin["licence"]) == (kind, "1.2.3", "Apache-2.0")


@pytest.mark.parametrize("name", ["walk", "pairs", "ipc"])
def test_a_good_one_keeps_every_promise(environment, tmp_path, name):
    done = environment.run("-m", "synthkit", "plugins", "check", name, "--json", cwd=tmp_path)
    [plugin] = json.loads(done.stdout)
    assert {promise["state"] for promise in plugin["promises"]} == {"kept"}


def test_a_good_one_is_used_by_the_same_commands(environment, tmp_path):
    chosen = ("--plugin", "walk", "--evaluators", "pairs", "--format", "ipc", "--no-gates")
    environment.run("-m", "synthkit", "run", *chosen, "--rows", 300, "--out", "out", cwd=tmp_path)
    assert list(tmp_path.glob("out/data/*.ipc"))
    assert "pairs.pairs" in (tmp_path / "out" / "scores.json").read_text()
    assert (tmp_path / "seen.txt").read_text().startswith("walk ")  # the hook that is called when a run has ended
    assert "A section of a stranger" in (tmp_path / "out" / "report.html").read_text("utf-8")
    assert environment.run("-m", "synthkit", "greet", cwd=tmp_path).stdout == "good day\n"


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_one_is_named_with_what_is_wrong_and_harms_nobody(tmp_path, name):
    environment = Environment(tmp_path / "venv")
    environment.install(HERE / "good")
    environment.install(HERE / name)
    plugins = listed(environment, tmp_path)
    problems = {place: p["problem"] for place, p in plugins.items() if p["distribution"] == f"third-{name}"}
    assert len(problems) == 1
    assert WRONG[name] in next(iter(problems.values()))
    assert plugins["third-good", "pairs"]["problem"] is None
    assert (plugins["third-good", "walk"]["problem"] is None) == (name != "collides")


def test_a_name_that_two_offer_stops_a_run_and_names_both(tmp_path):
    environment = Environment(tmp_path / "venv")
    environment.install(HERE / "good")
    environment.install(HERE / "collides")
    done = environment.run("-m", "synthkit", "run", "--plugin", "walk", cwd=tmp_path, code=3)
    assert (
        "walk: the synthesizer is offered twice, by third-collides and third-good; uninstall one of them" in done.stderr
    )
