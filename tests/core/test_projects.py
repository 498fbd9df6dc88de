"""Projects that `synthkit plugins new` writes, and what `synthkit plugins check` says."""

from __future__ import annotations

import json
import tomllib

import pytest

from synthkit.cli import run
from tests.third_party.environments import Environment

pytestmark = pytest.mark.slow  # whole runs, or processes of their own

NAMES = {"synthesizer": "soft_noise", "evaluator": "pair_cells", "format": "arrow_file"}
USES = {
    "synthesizer": ("--plugin", "soft_noise", "--evaluators", "none"),
    "evaluator": ("--plugin", "copy", "--evaluators", "pair_cells"),
    "format": ("--plugin", "copy", "--evaluators", "none", "--format", "arrow_file"),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", NAMES)
def test_a_project_has_all_that_an_author_needs(folder, kind, capsys):
    name = NAMES[kind]
    assert run(["plugins", "new", kind, name]) == 0
    project = folder / f"synthkit-{name.replace('_', '-')}"
    assert capsys.readouterr().out == f"{project.name}\n"
    assert sorted(path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()) == [
        ".gitignore",
        "README.md",
        "pyproject.toml",
        f"synthkit_{name}/__init__.py",
        f"synthkit_{name}/{name}.py",
        f"tests/test_{name}.py",
        "tox.ini",
    ]
    points = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    assert points == {"synthkit": {name: f"synthkit_{name}"}}
    assert all("{" + "{" not in path.read_text("utf-8") for path in project.rglob("*") if path.is_file())


@pytest.mark.slow
@pytest.mark.parametrize("kind", NAMES)
def test_a_project_can_be_installed_tested_and_used_as_it_is(folder, kind, monkeypatch):
    pytest.importorskip("hatchling", reason="the project is built with hatchling")
    monkeypatch.setenv("SYNTHKIT_PLUGINS", f"synthkit-{NAMES[kind].replace('_', '-')}")
    environment = Environment(folder / "venv")
    assert run(["plugins", "new", kind, NAMES[kind], "--out", "project"]) == 0
    environment.install(folder / "project")
    done = environment.run("-m", "pytest", "-q", "-p", "no:randomly", cwd=folder / "project")
    assert " passed" in done.stdout
    assert "failed" not in done.stdout
    environment.run("-m", "synthkit", "run", *USES[kind], "--no-gates", "--rows", 300, "--out", "out", cwd=folder)
    record = json.loads((folder / "out" / "run.json").read_text("utf-8"))
    assert record["plugin"] == USES[kind][1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["converter", "mine"], "there is no kind of plugin 'converter'; choose from synthesizer, evaluator, format"),
        (["format", "My-Own"], "'My-Own' is no name for a plugin; choose lower-case letters, digits and underscores"),
        (["format", "csv"], "there is a format 'csv' already; choose another name"),
    ],
)
def test_what_is_no_new_plugin_is_refused(folder, arguments, words, capsys):
    assert run(["plugins", "new", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_there_is_kept(folder, capsys):
    (folder / "mine").mkdir()
    assert run(["plugins", "new", "format", "mine", "--out", "mine"]) == 2
    assert "mine exists already" in capsys.readouterr().err


# --- synthkit plugins check -----------------------------------------------------------------------


def test_check_shows_what_a_plugin_can_do_and_each_promise(capsys):
    assert run(["plugins", "check", "parquet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("parquet, format of synthkit ")
    assert lines[1].split() == ["suffixes", ".parquet"]
    assert lines[2].split() == ["typed", "yes"]
    assert all(line.startswith("kept ") for line in lines[3:-1])
    assert lines[-1] == f"{len(lines) - 4} of {len(lines) - 4} promises kept"


def test_check_tells_broken_and_excepted_promises_and_ends_with_1(capsys, monkeypatch):
    from synthkit_stranger import Nothing

    monkeypatch.setattr(Nothing, "exceptions", {"check_deadline_stops_it": "it does nothing | at all"})
    assert run(["plugins", "check", "nothing", "--json"]) == 1
    [told] = json.loads(capsys.readouterr().out)
    assert told["capabilities"]["needs_holdout"] is False
    states = {promise["check"]: (promise["state"], promise["words"]) for promise in told["promises"]}
    assert states["check_deadline_stops_it"] == ("excepted", "it does nothing | at all")
    assert states["check_needs_holdout_is_true"][0] == "broken"
    assert run(["plugins", "check", "nothing"]) == 1
    assert "nothing: no score without a holdout, but needs_holdout is false [check_needs_holdout_is_true]" in (
        capsys.readouterr().out
    )


def test_check_prints_a_table_for_a_readme(capsys):
    assert run(["plugins", "check", "csv", "--markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == ["### `csv` (format)", "", "| licence | MIT |", "|---|---|", "| `suffixes` | .csv, .csv.gz |"]
    assert all(line.startswith("| ") and line.endswith(" | kept |") for line in lines[6:])


def test_a_reason_cannot_break_that_table(capsys, monkeypatch):
    from synthkit_stranger import Nothing

    monkeypatch.setattr(Nothing, "exceptions", {"check_deadline_stops_it": "it does nothing |\nat all"})
    assert run(["plugins", "check", "nothing", "--markdown"]) == 1
    assert "| excepted: it does nothing \\| at all |" in capsys.readouterr().out


def test_check_keeps_within_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    assert run(["plugins", "check", "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 60
    assert any(line.startswith(" " * 10) for line in lines)


def test_check_knows_no_plugin_of_another_name(capsys):
    assert run(["plugins", "check", "parqet"]) == 2
    assert "there is no plugin 'parqet'; did you mean 'parquet'?" in capsys.readouterr().err
    assert run(["plugins", "check", "unheard of"]) == 2
    assert "there is no plugin 'unheard of'; `synthkit plugins` lists them" in capsys.readouterr().err
