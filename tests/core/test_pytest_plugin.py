"""Gate files as tests: each gate an item, each run once, failures on one line, nothing loaded before it is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from synthkit.run import Run
from synthkit.testing import assert_gates

pytestmark = pytest.mark.slow  # whole runs, or processes of their own

STRANGER = Path(__file__).parents[1] / "stranger"
ALONE = ["-p", "synthkit.pytest_plugin", "-p", "no:cacheprovider"]  # beside PYTEST_DISABLE_PLUGIN_AUTOLOAD
PLAN = 'data = "shop"\nrows = 60\nallow_small = true\nevaluators = ["means"]\n'
GATE = 'gates."means.closeness.customers.income".min = 0.1\n'
INSTALL = (
    'absent: needs a-package-that-does-not-exist>=2, which is not installed; pip install "synthkit-stranger[ghost]"'
)


def write_shop(folder: Path) -> None:
    """Sixty customers with one column to learn."""
    (folder / "shop").mkdir()
    incomes = np.random.default_rng(0).normal(3000, 500, 60).round(2)
    rows = [f"C{1000 + i},{income}" for i, income in enumerate(incomes)]
    (folder / "shop" / "customers.csv").write_text("\n".join(["customer_id,income", *rows, ""]))


# --- a session with two processes -----------------------------------------------------------------

INCOME = "means.closeness.customers.income"
BANK = f"""
plugins = ["resample", "absent"]
seeds = [0, 1]
{PLAN}
gates."{INCOME}".min = 0.999999
gates."keys.reused" = {{min = 3, severity = "warn"}}
gates."means.closeness.customers.age".min = 0.1
gates."raising.score".min = 0.1
[gates."means.closeness.customers"]
min_of_ceiling = 1.0
"""
STOPS = f'plugin = "resample"\noptions.stumble = "fit-error"\n{PLAN}{GATE}'
IN_PYTHON = """
import pytest
from synthkit.testing import assert_gates

PLAN = {"plugin": "resample", "data": "shop", "rows": 60, "allow_small": True, "evaluators": ["means"]}

@pytest.mark.parametrize("times", [1, 2])
def test_gates(synthkit_run, times):
    run = synthkit_run(**PLAN, gates={"means.closeness.customers.income": {"min": 0.999999}})
    assert run.rows == {"customers": 60}
    assert_gates(run)

def test_absent(synthkit_run):
    synthkit_run(plugin="absent")

def test_typo(synthkit_run):
    synthkit_run(plugni="resample")
"""
COUNTING = """
from pathlib import Path
from synthkit import engine

execute = engine.execute

def counted(plan, registry):
    with Path(__file__).with_name("runs.log").open("a") as log:
        log.write(f"{plan.plugin} {plan.seed} {plan.options} {len(plan.gates)}\\n")
    return execute(plan, registry)

engine.execute = counted
"""


class Session(NamedTuple):
    folder: Path
    code: int
    out: str
    cases: dict[str, ET.Element]

    def line(self, start: str) -> str:
        (found,) = {line for line in self.out.splitlines() if line.startswith(start)}
        return found

    def properties(self, name: str) -> dict[str, str]:
        return {p.attrib["name"]: p.attrib["value"] for p in self.cases[name].iter("property")}


@pytest.fixture(scope="module")
def session(tmp_path_factory) -> Session:
    """One session of all kinds of gates, by pytest-xdist with two processes, and warnings as errors."""
    folder = tmp_path_factory.mktemp("session")
    write_shop(folder)
    files = {"bank.synthkit.toml": BANK, "stops.synthkit.toml": STOPS}
    for name, text in (files | {"test_python.py": IN_PYTHON, "conftest.py": COUNTING}).items():
        (folder / name).write_text(text)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    path = os.pathsep.join([str(STRANGER), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": path, "CI": "true"}
    more = ["-p", "xdist", "-n", "2", "-v", "-ra", "--junitxml", "junit.xml", "--basetemp", str(folder / "temp")]
    command = [sys.executable, "-m", "pytest", *ALONE, *more]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    cases = ET.parse(folder / "junit.xml").iter("testcase")
    return Session(
        folder, done.returncode, done.stdout, {f"{c.attrib['classname']}::{c.attrib['name']}": c for c in cases}
    )


def test_each_gate_of_each_plugin_and_seed_is_an_item(session):
    names = ["integrity.violations", "keys.reused", INCOME, "means.closeness.customers.age"]
    names += ["raising.score", "means.closeness.customers"]
    runs = [f"bank.synthkit.toml.{plugin}-{seed}" for plugin in ("resample", "absent") for seed in (0, 1)]
    found = [name for name in session.cases if name.startswith("bank")]
    assert sorted(found) == sorted(f"{run}::{gate}" for run in runs for gate in names)
    assert f"bank.synthkit.toml::resample-0::{INCOME}" in session.out
    assert f"stops.synthkit.toml.resample::{INCOME}" in session.cases


def test_gates_that_hold_pass_and_others_fail_the_session(session):
    assert session.code == 1
    assert list(session.cases["bank.synthkit.toml.resample-1::integrity.violations"].iter("failure")) == []
    assert len(list(session.cases[f"bank.synthkit.toml.resample-1::{INCOME}"].iter("failure"))) == 1


def test_each_run_happens_once_though_two_processes_ask(session):
    assert "[gw0]" in session.out
    assert "[gw1]" in session.out
    lines = sorted((session.folder / "runs.log").read_text().splitlines())
    assert lines == [
        "absent 0 {} 0",
        "absent 0 {} 5",
        "absent 1 {} 5",
        "resample 0 {'stumble': 'fit-error'} 1",
        "resample 0 {} 1",  # the tests in Python, of which two ask for the same
        "resample 0 {} 5",
        "resample 1 {} 5",
    ]


def test_a_failure_is_one_line_with_the_folder_of_the_run_and_no_traceback(session):
    folder = session.folder / "temp" / "synthkit-runs"
    failure = next(session.cases[f"bank.synthkit.toml.resample-0::{INCOME}"].iter("failure"))
    line, where = failure.text.splitlines()
    assert line.startswith("means.closeness.customers.income 0.")
    assert " < 0.999999 (matched 0." in line
    assert Path(where.removeprefix("run folder: ")).parent == folder
    assert (Path(where.removeprefix("run folder: ")) / "run.json").is_file()
    assert "Traceback" not in session.out
    assert "_pytest/runner.py" not in session.out


def test_figures_are_properties_in_junit(session):
    found = session.properties(f"bank.synthkit.toml.resample-0::{INCOME}")
    assert found.keys() == {"value", "matched", "ceiling", "min", "folder"}
    assert 0 < float(found["value"]) < float(found["min"]) == 0.999999


def test_a_score_that_nobody_gave_fails(session):
    summary = "FAILED bank.synthkit.toml::resample-0::"
    assert "missing: no evaluator gave this score" in session.line(f"{summary}means.closeness.customers.age")
    assert "missing: no evaluator gave this score" in session.line(f"{summary}raising.score")


def test_a_gate_that_only_warns_passes_with_a_warning_even_where_warnings_are_errors(session):
    assert "GateWarning: keys.reused 0 < 3" in session.out
    assert list(session.cases["bank.synthkit.toml.resample-0::keys.reused"].iter("failure")) == []


def test_a_missing_extra_skips_with_the_command_that_installs_it(session):
    skips = [next(case.iter("skipped")) for name, case in session.cases.items() if "absent" in name]
    assert len(skips) == 13
    assert all(skip.attrib["message"] == INSTALL for skip in skips)


def test_a_run_that_stops_fails_each_of_its_gates_with_its_line(session):
    for gate in ("integrity.violations", "keys.reused", "means.closeness.customers.income"):
        failure = next(session.cases[f"stops.synthkit.toml.resample::{gate}"].iter("failure"))
        assert failure.text == "resample failed in fit (ValueError); --debug shows where"
    assert "SECRET-CELL-VALUE" not in session.out


def test_runs_within_tests_are_asserted(session):
    for times in (1, 2):
        assert f"AssertionError: {INCOME} 0." in session.line(f"FAILED test_python.py::test_gates[{times}]")
    assert session.line("FAILED test_python.py::test_typo").endswith("unknown key 'plugni'; did you mean 'plugin'?")


# --- what cannot be used --------------------------------------------------------------------------

UNUSABLE = {
    "key": (f'plugn = "resample"\n{GATE}', "key.synthkit.toml:1: unknown key 'plugn'; did you mean 'plugin'?"),
    "toml": ("plugin = ", "toml.synthkit.toml is not valid TOML: Invalid value (at end of document); correct it"),
    "none": ('plugin = "resample"', "none.synthkit.toml: no gate is named; add one, such as gates."),
    "both": (f'plugin = "a"\nplugins = []\n{GATE}', "both.synthkit.toml: plugin and plugins say the same; take one"),
    "who": (GATE, 'who.synthkit.toml: no plugin is named; add plugins = ["NAME"]'),
    "off": (
        f'plugin = "a"\nno_gates = true\n{GATE}',
        "off.synthkit.toml:2: no_gates has no place in a gate file; take",
    ),
    "out": (f'plugin = "a"\nout = "here"\n{GATE}', "out.synthkit.toml:2: out has no place in a gate file; the test"),
}
UNSET = f'plugin = "resample"\n{PLAN}{GATE}'.replace('"shop"', '"${NOT_SET_AT_ALL}/shop"')
NOT_SET = "unset.synthkit.toml:2: the environment variable NOT_SET_AT_ALL is not set; set it"
LACKING = """
import synthkit_stranger
from synthkit import gates

for evaluator, gate in ((synthkit_stranger.Nosy, "nosy.rows"), (synthkit_stranger.Nothing, "nothing.at_all")):
    evaluator.requires = ("a-package-that-does-not-exist",)
    gates.DEFAULT_GATES[gate] = gates.Gate(min=1)
"""


@pytest.fixture
def outcome(tmp_path, monkeypatch):
    """Write files and run pytest on them, in a process of its own: a second import of Arrow would fail in this one."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("CI", "true")
    write_shop(tmp_path)

    def run(files: dict[str, str], *arguments: str) -> tuple[int, list[str]]:
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        command = [sys.executable, "-m", "pytest", *ALONE, "-rsfE", *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stdout, done.stdout
        return done.returncode, done.stdout.splitlines()

    return run


def test_a_file_that_cannot_be_used_is_an_error_on_one_line(outcome):
    files = {f"{name}.synthkit.toml": text for name, (text, _) in UNUSABLE.items()} | {"unset.synthkit.toml": UNSET}
    code, lines = outcome(
        files | {"synthkit.toml": "left alone", "pyproject.toml": ""}, "--continue-on-collection-errors"
    )
    assert code == 1
    assert lines[-1].strip("= ").startswith(f"1 skipped, {len(UNUSABLE)} errors")
    for _, said in UNUSABLE.values():
        assert len([line for line in lines if line.startswith(said)]) == 1
    assert any(line.startswith("SKIPPED") and line.endswith(NOT_SET) for line in lines)


def test_strict_fails_where_an_extra_or_a_variable_is_missing(outcome):
    files = {"x.synthkit.toml": f'plugin = "absent"\n{PLAN}{GATE}', "unset.synthkit.toml": UNSET}
    code, lines = outcome(files, "--synthkit-strict", "--continue-on-collection-errors")
    assert code == 1
    assert lines[-1].strip("= ").startswith("3 failed, 1 error")
    assert lines.count(INSTALL) == 3
    assert NOT_SET in lines


def test_a_gate_whose_evaluator_lacks_an_extra_is_skipped_whether_named_or_built_in(outcome):
    named = 'gates."nosy.rows".min = 0.5\ngates."means.nothing".min = 0\ngates."nowhere.x".min = 0\n'
    plan = PLAN.replace('evaluators = ["means"]\n', "")
    typo = f'plugin = "resampel"\n{PLAN}{GATE}'
    files = {"x.synthkit.toml": f'plugin = "resample"\n{plan}{GATE}{named}', "typo.synthkit.toml": typo}
    code, lines = outcome(files | {"conftest.py": LACKING})
    assert code == 1
    skipped = [line for line in lines if line.startswith("SKIPPED")]
    for name in ("nosy", "nothing"):
        said = f"{name}: needs a-package-that-does-not-exist, which is not installed; pip install"
        assert any(said in line for line in skipped)
    for name in ("means.nothing", "nowhere.x"):
        assert f"{name} missing: no evaluator gave this score" in lines
    assert lines.count("there is no synthesizer 'resampel'; did you mean 'resample'?") == 3


def test_a_run_that_was_not_judged_is_no_success():
    with pytest.raises(AssertionError, match="no gate was judged"):
        assert_gates(Run("run", 0, judged=False))


# --- what it costs --------------------------------------------------------------------------------


def loaded(folder: Path, *arguments: str) -> set[str]:
    """The heavy modules that a session has loaded when it ends."""
    heavy = ("pandas", "numpy", "pydantic", "pyarrow", "sklearn", "rich", "synthkit.plan")
    probe = f"def pytest_unconfigure():\n    import sys\n    print([m for m in {heavy!r} if m in sys.modules])\n"
    (folder / "conftest.py").write_text(probe)
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", *ALONE, *arguments]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True)
    return set(eval(done.stdout.splitlines()[-1]))


def test_a_session_without_gate_files_loads_nothing(tmp_path):
    (tmp_path / "test_plain.py").write_text("def test_plain(): pass")
    assert loaded(tmp_path) == set()


def test_collecting_gates_loads_no_tables(tmp_path):
    (tmp_path / "x.synthkit.toml").write_text(f'plugin = "resample"\n{PLAN}{GATE}')
    assert loaded(tmp_path, "--collect-only") == {"pydantic", "synthkit.plan"}
