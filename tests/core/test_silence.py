"""Messages, tracebacks and what an accident leaves behind tell nothing of the real data."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import synthkit.engine  # noqa: F401 - before a test replaces what it imports
from synthkit.bank import bank
from synthkit.cli import run
from synthkit.dataset import Dataset

pytestmark = pytest.mark.slow  # whole runs, or processes of their own

CANARIES = ("Zelquin Voxley", "zelquin@voxley.test", "987654.32", "zeppelinist", "asked twice about the vestry")


@pytest.fixture
def work(tmp_path, monkeypatch) -> Path:
    """A working folder, a folder for temporary files and real tables that hold the canaries, some in every row."""
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", "a long key for tests")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(tmp_path)
    for name in ("temporary", "real"):
        (tmp_path / name).mkdir()
    customers = bank(120, seed=1)["customers"]
    number = pd.Series(range(120)).astype(str)
    customers["full_name"] = CANARIES[0] + number.map(lambda text: " " + "".join(chr(97 + int(d)) for d in text))
    customers["email"] = number + CANARIES[1]
    customers.loc[0, "income"] = float(CANARIES[2])
    customers.loc[0, "occupation"] = CANARIES[3]
    customers["notes"] = CANARIES[4] + " " + number
    customers.to_csv(tmp_path / "real" / "customers.csv", index=False)
    return tmp_path


def refuse_canaries(text: str) -> None:
    for canary in CANARIES:
        assert canary not in text, canary


def left(work: Path) -> list[str]:
    return sorted(path.relative_to(work).as_posix() for path in work.rglob("*") if "real" not in path.parts)


RUN = ["run", "--plugin", "single", "--data", "real", "--evaluators", "means", "--out", "out", "--no-gates"]


def telling(*_: object, **__: object) -> None:
    """Fail as libraries do: with cells in the text, in a chain of two."""
    frame = pd.read_csv(Path("real") / "customers.csv")
    try:
        raise KeyError(frame.iloc[0].tolist())  # noqa: TRY301 - a chain is what the test needs
    except KeyError as error:
        raise ValueError(f"cannot convert {frame.to_dict('records')[:3]}") from error


def places() -> dict[str, object]:
    from synthkit_stranger import Means, Single

    return {"fit": Single, "sample": Single, "save": Single, "evaluate": Means}


@pytest.mark.parametrize("debug", [[], ["--debug"]], ids=["", "debug"])
@pytest.mark.parametrize("verb", ["fit", "sample", "save", "evaluate"])
def test_a_plugin_s_accident_tells_no_value(work, monkeypatch, capfd, verb, debug):
    monkeypatch.setattr(places()[verb], verb, telling)
    assert run([*RUN, *debug]) in (0, 3)  # an evaluator's accident is a failure in the record
    printed = capfd.readouterr()
    refuse_canaries(printed.out + printed.err)
    for path in work.rglob("*"):
        if path.is_file() and "real" not in path.parts:
            refuse_canaries(path.read_bytes().decode(errors="replace"))
    if verb != "evaluate":
        assert f"single failed in {verb} (ValueError)" in printed.err
        assert left(work) == ["temporary"]
    if debug and verb != "evaluate":
        assert "in telling" in printed.err
        assert "KeyError\n" in printed.err


@pytest.mark.parametrize(
    "place", ["synthkit.guard.Guard.restore", "synthkit.integrity.sample_violations", "synthkit.engine.write_plots"]
)
def test_an_accident_of_our_own_tells_no_value_either(work, monkeypatch, capfd, place):
    monkeypatch.setattr(place, telling)
    assert run([*RUN, "--debug"]) == 3
    refuse_canaries("".join(capfd.readouterr()))
    assert left(work) == ["temporary"]


def test_a_saved_model_that_cannot_be_read_tells_no_value(work, monkeypatch, capfd):
    from synthkit_stranger import Single

    assert run(["fit", "--plugin", "single", "--data", "real", "--out", "model"]) == 0
    monkeypatch.setattr(Single, "load", telling)
    capfd.readouterr()
    assert run(["sample", "model", "--out", "drawn", "--debug"]) == 3
    printed = "".join(capfd.readouterr())
    refuse_canaries(printed)
    assert "failed in load (ValueError)" in printed
    assert not (work / "drawn").exists()
    assert list((work / "temporary").iterdir()) == []


def test_our_own_words_are_in_a_traceback(work, monkeypatch, capfd):
    assert run([*RUN, "--debug", "--data", "nowhere"]) == 3
    assert "DataError: " in capfd.readouterr().err


def test_whatever_is_written_is_private_until_it_is_finished(work, monkeypatch):
    seen = []
    real = Dataset.__init__

    def looked(self, *given):
        real(self, *given)
        seen.extend(stat.S_IMODE(path.stat().st_mode) for path in work.glob(".out.*"))

    monkeypatch.setattr(Dataset, "__init__", looked)
    assert run([*RUN, "--debug"]) == 0
    assert seen
    assert set(seen) == {0o700}


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_no_value_anywhere(work, kind):
    command = [sys.executable, "-m", "synthkit", *RUN, "-o", "stumble=sample-wait", "--debug"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ.copy()
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(kind)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    refuse_canaries(out + err)
    assert left(work) == ["temporary"]
