"""The worst columns in the terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from synthkit.cli.columns import worst
from synthkit.cli.output import show
from synthkit.report import write_report
from synthkit.scores import Failure
from tests.core.report_pages import hostile_report, report


@pytest.fixture
def folder(tmp_path):
    write_report(tmp_path, report())
    return tmp_path


def shown(table) -> str:
    console = Console(width=120, force_terminal=False)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def test_the_five_worst_columns_have_a_tiny_histogram_each(folder):
    lines = shown(worst(replace(report().run, folder=folder))).splitlines()
    assert [line.split()[0] for line in lines[1:]] == [
        "visits.day",
        "visits.cost",
        "members.active",
        "members.age",
        "members.plan",
    ]
    assert all(set(line) & set("▁▂▃▄▅▆▇█") for line in lines[1:])


def test_a_figure_that_failed_is_the_worst(folder):
    run = report().run
    failed = replace(run, results=(*run.results, Failure("fidelity.shapes", "unreadable", "members", ("joined",))))
    assert shown(worst(replace(failed, folder=folder))).splitlines()[1].split()[:4] == [
        "members.joined",
        "Single",
        "columns",
        "failed",
    ]


def test_hostile_names_are_no_markup(tmp_path):
    made = hostile_report()
    write_report(tmp_path, made)
    assert "<script>alert(1)</script>" in shown(worst(replace(made.run, folder=tmp_path)))


def test_without_a_report_there_is_nothing_to_show(tmp_path):
    assert worst(report().run) is None
    assert worst(replace(report().run, folder=tmp_path)) is None


def test_the_path_of_the_report_is_told(folder, capsys):
    assert show(replace(report().run, folder=folder), as_json=False, quiet=False) == 1
    told = capsys.readouterr().out
    assert f"report  {folder / 'report.html'}" in told
    assert "Worst columns" in told
    assert show(replace(report().run, folder=folder), as_json=False, quiet=True) == 1
    assert "Worst columns" not in capsys.readouterr().out
