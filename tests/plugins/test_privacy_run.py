"""Privacy as users meet it: a run that copies fails, and what cannot be judged is said, not passed in silence."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from synthkit.cli import run


@pytest.fixture
def people(tmp_path, monkeypatch):
    """150 people in one table of five columns to learn."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", "a long key for tests")
    monkeypatch.setenv("COLUMNS", "80")
    return written(tmp_path / "people", 150, 0)


def written(folder, count, first, *, columns=5):
    random = np.random.default_rng(first)
    frame = pd.DataFrame({"person_id": [f"P{first + i:06}" for i in range(count)]})
    for place in range(columns):
        frame[f"amount_{place}"] = random.gamma(2, 100, count).round(2)
    folder.mkdir()
    frame.to_csv(folder / "people.csv", index=False)
    return folder


def test_a_copy_fails_for_its_copies_and_what_has_no_meaning_does_not(people, capsys):
    assert run(["run", "--plugin", "copy", "--data", str(people), "--evaluators", "privacy", "--out", "out"]) == 1
    verdicts = {
        v["gate"]: v["status"] for v in json.loads((people.parent / "out" / "run.json").read_text())["verdicts"]
    }
    assert verdicts["privacy.copies.rows"] == "failed"
    assert verdicts["privacy.membership"] == "failed"
    assert verdicts["privacy.copies.sequences"] == "not applicable"
    shown = capsys.readouterr().out
    assert "\nprivacy.copies.sequences: not applicable, no table belongs to the subjects\n" in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert "could not be computed" not in shown


def test_without_a_holdout_nothing_passes_for_private(people, capsys):
    made = written(people.parent / "made", 150, 1000)
    judged = ["evaluate", str(people), str(made), "--evaluators", "privacy"]
    assert run(judged) == 3
    assert "no evaluator gave a score; add --holdout, or choose other --evaluators" in capsys.readouterr().err
    held = written(people.parent / "held", 60, 2000)
    assert run([*judged, "--holdout", str(held)]) == 0


def test_where_no_figure_applies_nothing_was_evaluated(people, capsys):
    small = written(people.parent / "small", 30, 0, columns=2)
    arguments = ["run", "--plugin", "copy", "--data", str(small), "--evaluators", "privacy", "--allow-small"]
    assert run(arguments) == 3
    assert "no evaluator gave a score; choose --evaluators, or add --no-gates" in capsys.readouterr().err
    assert run([*arguments, "--no-gates", "--out", "out"]) == 0
