"""What a CI server reads: JUnit XML, annotations and a summary, of hostile names, too."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from synthkit.cli import run as command
from synthkit.cli.ci import publish
from synthkit.gates import Verdict
from synthkit.run import Run

HOSTILE = "a.b.<script>|\x1b[31m\u202e`x`_y_%0A"
RUN = Run(
    "run",
    0,
    "hma",
    timings={"fit": 1.25, "sample": 2.0},
    verdicts=(
        Verdict("shapes.income", "failed", 0.71, 0.7, 0.98, min=0.85),
        Verdict("keys.reused", "failed", 3.0, max=0.0, severity="warn"),
        Verdict(HOSTILE, "missing", reason="no rows\nat all"),
        Verdict("privacy.x", "not applicable", reason="needs a holdout; add --holdout"),
        Verdict("integrity.violations", "passed", 0.0, max=0.0),
    ),
)


@pytest.fixture(autouse=True)
def _no_server(monkeypatch):
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


def test_junit_holds_a_case_for_each_gate_with_its_figures(tmp_path):
    publish(RUN, tmp_path / "new" / "gates.xml")
    (suite,) = ET.parse(tmp_path / "new" / "gates.xml").getroot()
    assert suite.attrib == {
        "name": "synthkit run hma", "time": "3.250", "tests": "5", "failures": "2", "errors": "0", "skipped": "1"
    }  # fmt: skip
    failed, warned, missing, skipped, passed = suite
    assert (failed.attrib["classname"], failed.attrib["name"]) == ("synthkit.run.hma", "shapes.income")
    assert failed.find("failure").attrib["message"] == "shapes.income 0.71 < 0.85 (matched 0.7, ceiling 0.98)"
    properties = {p.attrib["name"]: float(p.attrib["value"]) for p in failed.find("properties")}
    assert properties == {"value": 0.71, "matched": 0.7, "ceiling": 0.98, "min": 0.85}
    assert [child.tag for child in warned] == ["properties", "system-out"]
    assert missing.attrib["name"] == "a.b.<script>|\\x1b[31m\\u202e`x`_y_%0A"
    assert missing.find("failure").attrib["message"].endswith("missing: no rows\\nat all")
    assert skipped.find("skipped").attrib["message"].endswith("needs a holdout; add --holdout")
    assert [child.tag for child in passed] == ["properties"]


def test_nothing_is_written_where_nobody_asked(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    publish(RUN, None)
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr() == ("", "")


def test_github_is_told_each_failure_on_a_line_of_stderr(monkeypatch, capsys):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    publish(RUN, None)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        "::error title=gate of run hma::shapes.income 0.71 < 0.85 (matched 0.7, ceiling 0.98)",
        "::warning title=gate of run hma::keys.reused 3 > 0",
        "::error title=gate of run hma::a.b.<script>|\\x1b[31m\\u202e`x`_y_%250A missing: no rows\\nat all",
    ]


def test_a_title_cannot_end_itself(monkeypatch, capsys):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    publish(Run("evaluate", 0, source={"name": "a::b,c"}, verdicts=RUN.verdicts[:1]), None)
    assert capsys.readouterr().err.startswith("::error title=gate of evaluate a%3A%3Ab%2Cc::shapes")


def test_the_summary_is_a_table_after_what_was_there(tmp_path, monkeypatch):
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    publish(RUN, None)
    publish(Run("run", 0, judged=False), None)
    lines = summary.read_text("utf-8").splitlines()
    assert lines[:3] == ["before", "### synthkit run hma: failed", ""]
    assert lines[5] == "| shapes.income | 0.710 | 0.700 | 0.980 | \u2265 0.85 | **failed** |"
    assert lines[6] == "| keys.reused | 3 | \u2013 | \u2013 | \u2264 0 | failed (warning) |"
    assert lines[7].startswith("| a.b.&lt;script&gt;&#124;\\x1b[31m\\u202e&#96;x&#96;&#95;y&#95;%0A | \u2013 |")
    assert all(line.count("|") == 7 for line in lines[3:10])
    assert lines[10:] == [""]


def test_github_is_told_why_a_command_stopped(monkeypatch, capsys):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert command(["gate", "nowhere"]) == 2
    assert "::error title=synthkit stopped::there is no finished run at nowhere; give a" in capsys.readouterr().err
