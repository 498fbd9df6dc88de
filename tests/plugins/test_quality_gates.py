"""The gate files that ``tox -e quality`` runs can fail: a raised threshold, and a plugin that is no good, stop it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

GATES = Path(__file__).parents[2] / "benchmarks" / "gates"
ALONE = ["-p", "synthkit.pytest_plugin", "-p", "no:cacheprovider"]  # beside PYTEST_DISABLE_PLUGIN_AUTOLOAD


def _changed(name: str, plugin: str, gate: str = "") -> str:
    """A gate file with one plugin, few rows and perhaps one more gate."""
    kept = [line for line in (GATES / name).read_text().splitlines() if not line.startswith(("plugins", "rows"))]
    return "\n".join([f'plugins = ["{plugin}"]', "rows = 400", *kept, gate, ""])


@pytest.fixture(scope="module")
def failures(tmp_path_factory):
    """The gates that failed, by file, of one session over changed copies of the bundled example's gate file."""
    folder = tmp_path_factory.mktemp("quality")
    raised = '[gates."fidelity.shapes"]\nmin = 0.9999'
    files = {
        "shuffled": _changed("bank.synthkit.toml", "shuffled_keys"),
        "kept": _changed("bank.synthkit.toml", "cart"),
    }
    for name, text in (files | {"raised": _changed("bank.synthkit.toml", "cart", raised)}).items():
        (folder / f"{name}.synthkit.toml").write_text(text)
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "SYNTHKIT_SIGNING_KEY": "a long key for tests"}
    command = [sys.executable, "-m", "pytest", *ALONE, "--junitxml", "junit.xml", "--basetemp", str(folder / "temp")]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout
    found: dict[str, list[str]] = {name: [] for name in ("shuffled", "kept", "raised")}
    for case in ET.parse(folder / "junit.xml").iter("testcase"):
        if list(case.iter("failure")):
            file, _, gate = f"{case.attrib['classname']}.{case.attrib['name']}".partition(".")
            found[file].append(gate)
    return found


def test_shuffled_keys_fail_the_gate_on_what_rows_have_to_do_with_their_parents(failures):
    assert "synthkit.toml.shuffled_keys.fidelity.dependence.hop1" in failures["shuffled"]


def test_a_threshold_above_the_score_fails_that_gate_alone(failures):
    assert failures["kept"] == []
    assert failures["raised"] == ["synthkit.toml.cart.fidelity.shapes"]
