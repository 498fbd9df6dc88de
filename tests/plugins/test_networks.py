"""ctgan and tvae: how columns are coded, and how training ends, chooses and goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthkit import Context, Dataset, PluginError, ResourceError
from synthkit.cli import run
from synthkit.testing import guarded

pytest.importorskip("sdv")

from synthkit_sdv import codes
from synthkit_sdv.codes import Categories, Numbers
from synthkit_sdv.ctgan import CTGAN
from synthkit_sdv.encoding import Encoding
from synthkit_sdv.tvae import TVAE

pytestmark = pytest.mark.sdv

TINY = {
    CTGAN: {"epochs": 40, "batch_size": 20, "generator_dim": (8,), "discriminator_dim": (8,)},
    TVAE: {"epochs": 40, "batch_size": 20, "compress_dims": (8,), "decompress_dims": (8,)},
}
RANDOM = np.random.default_rng(0)
ROOT = Path(__file__).resolve().parents[2]


def customers(rows: int = 60) -> Dataset:
    return guarded(rows).select(["customers"])


def fitted(cls, context: Context | None = None, seed: int = 1, **options):
    return cls(cls.Options(**TINY[cls] | options)).fit(customers(), seed=seed, context=context or Context())


def weights(model) -> dict[str, list]:
    return {name: value.tolist() for name, value in model._model.source.weights().items()}


# columns as codes

NUMBERS = st.lists(
    st.one_of(
        st.floats(-1e300, 1e300), st.integers(-5, 5).map(float), st.sampled_from([0.0, 1.25, 9e15]), st.just(np.nan)
    ),
    min_size=1,
    max_size=80,
)


@settings(max_examples=150, deadline=None)
@given(NUMBERS)
def test_numbers_come_back_within_their_ends_and_nulls_where_they_were(values):
    cells = pd.Series(values, dtype="float64")
    column = Numbers.of(cells)
    own, places = column.coded(cells)
    back = column.cells(own, places, RANDOM)
    assert back.isna().equals(cells.isna())
    assert ((own >= 0) & (own < column.width)).all()
    assert (np.abs(places) <= 1).all()
    assert np.isfinite(back.dropna()).all()
    if cells.notna().any():
        assert back.dropna().between(cells.min(), cells.max()).all()
    again = Numbers.from_dict(json.loads(json.dumps(column.to_dict(), allow_nan=False)))
    assert again == column


def test_frequent_values_come_back_exactly_and_the_tail_has_its_share():
    chance = np.random.default_rng(1)
    cells = pd.Series(np.where(chance.random(4_000) < 0.3, 0, chance.lognormal(0, 2, 4_000)))
    column = Numbers.of(cells)
    own, places = column.coded(cells)
    assert column.frequent == (0.0,)
    assert (column.cells(own, places, RANDOM) == 0).equals(cells == 0)
    parts = np.bincount(own[own < column.parts])
    assert parts.max() < 1.2 * parts.min()
    uniform = chance.uniform(-1, 1, 4_000).astype("float32")
    drawn = column.cells(own, uniform, RANDOM)
    for quantile in (0.4, 0.7, 0.95, 0.99):
        assert drawn.quantile(quantile) == pytest.approx(cells.quantile(quantile), rel=0.15)


def test_no_knot_but_the_ends_is_a_value_of_somebody():
    values = np.random.default_rng(2).integers(0, 400, 3_000).astype("float64")
    knots = Numbers.of(pd.Series(values)).knots
    assert len(knots) > 50
    assert not set(knots[1:-1]) & set(values)


def test_decimals_are_those_of_the_column():
    cells = pd.Series(np.random.default_rng(3).normal(size=300).round(2))
    column = Numbers.of(cells)
    own, _ = column.coded(cells)
    back = column.cells(own, np.full(300, 0.123, "float32"), RANDOM)
    assert back.equals(back.round(2))


def test_rare_categories_share_a_code_and_come_back_as_frequent_as_they_were(monkeypatch):
    monkeypatch.setattr(codes, "MOST", 3)
    cells = pd.Series(["a"] * 400 + ["b"] * 300 + ["c"] * 200 + ["d"] * 100 + [np.nan] * 10, dtype=object)
    column = Categories.of(cells)
    own, places = column.coded(cells)
    assert column.width == 3
    assert column.counts == (200, 100, 10)
    back = column.cells(own, places, np.random.default_rng(4))
    assert back[:700].equals(cells[:700])
    assert set(back[700:].dropna()) == {"c", "d"}
    assert 140 < (back == "c").sum() < 240
    assert Categories.from_dict(json.loads(json.dumps(column.to_dict()))) == column


def test_that_categories_are_grouped_is_noted(monkeypatch):
    monkeypatch.setattr(codes, "MOST", 2)
    context = Context()
    fitted(CTGAN, context, epochs=1)
    assert context.notes[0].startswith("ctgan: the 2 rarest categories of segment are one for it")


def test_a_table_is_coded_and_read_back():
    table = pd.DataFrame({"size": [1.5, 2.0, np.nan] * 20, "kind": pd.Series(["a", np.nan, True] * 20, dtype=object)})
    encoding = Encoding.of(table)
    back = encoding.cells(*encoding.coded(table), RANDOM)
    pd.testing.assert_frame_equal(back, table)
    assert encoding.layout.widths == (3, 3)
    assert encoding.layout.offsets == [0, 3]


# the end of a training


class Killed(BaseException):
    """Stands for a kill."""


def stopping(at: int) -> Context:
    def report(_: float, text: str) -> None:
        if text.startswith(f"step {at} "):
            raise Killed

    return Context(report=report)


@pytest.mark.parametrize("cls", TINY, ids=lambda cls: cls.name)
def test_killed_at_any_step_and_resumed_it_is_the_same_model(cls, tmp_path):
    whole = weights(fitted(cls))
    for number, at in enumerate(np.random.default_rng(7).integers(2, 120, 2).tolist()):
        folder = tmp_path / str(number)
        with pytest.raises(Killed):
            fitted(cls, replace(stopping(at), checkpoint=folder))
        context = Context(checkpoint=folder)
        assert weights(fitted(cls, context)) == whole, f"killed at step {at}"
        assert any("went on from step" in note for note in context.notes) == (at > 6)


def test_what_had_ended_is_not_trained_again(tmp_path):
    first = weights(fitted(TVAE, Context(checkpoint=tmp_path)))
    seen: list[str] = []
    again = fitted(TVAE, Context(checkpoint=tmp_path, report=lambda _, text: seen.append(text)))
    assert weights(again) == first
    assert seen == ["customers"]


@pytest.mark.parametrize("change", [{"seed": 2}, {"epochs": 41}])
def test_the_checkpoint_of_another_training_is_left_aside_and_said_so(change, tmp_path):
    fitted(TVAE, Context(checkpoint=tmp_path))
    context = Context(checkpoint=tmp_path)
    other = fitted(TVAE, context, **change)
    assert "could not go on from its checkpoint, since it is of other data" in context.notes[0]
    assert weights(other) == weights(fitted(TVAE, **change))


def test_a_damaged_checkpoint_is_left_aside_and_runs_no_code(tmp_path):
    import torch

    class Payload:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'owned'}",)

    for content in (b"\x80", b""):
        (tmp_path / "training.pt").write_bytes(content)
        context = Context(checkpoint=tmp_path)
        fitted(TVAE, context)
        assert "since it is damaged; it began anew" in context.notes[0]
    torch.save({"identity": Payload()}, tmp_path / "training.pt")
    fitted(TVAE, context := Context(checkpoint=tmp_path))
    assert "since it is damaged" in context.notes[0]
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("cls", TINY, ids=lambda cls: cls.name)
def test_when_time_is_over_the_best_so_far_is_taken(cls):
    context = Context(deadline=time.monotonic() + 2)
    model = fitted(cls, context, epochs=10**6)
    assert "then time was over" in context.notes[0]
    assert model.sample(30, seed=1, context=Context()).rows == {"customers": 30}


def test_when_there_was_no_time_at_all_it_says_so():
    with pytest.raises(ResourceError, match="the time allowed has passed"):
        fitted(CTGAN, Context(deadline=time.monotonic() - 1))


def test_it_ends_when_nothing_is_gained_any_more():
    context = Context()
    fitted(TVAE, context, epochs=4_000, learning_rate=1e-12)
    assert "; no gain after that" in context.notes[0]


@pytest.mark.parametrize("cls", TINY, ids=lambda cls: cls.name)
def test_losses_that_are_no_numbers_end_it_with_a_remedy(cls):
    rate = {"generator_lr": 1e30} if cls is CTGAN else {"learning_rate": 1e30}
    with pytest.raises(
        PluginError, match=r"the losses of \w+ are no numbers any more, at step .* lower learning rates"
    ):
        fitted(cls, **rate)


def test_the_device_and_the_rows_are_told():
    context = Context()
    model = CTGAN(CTGAN.Options(**TINY[CTGAN] | {"epochs": 1, "pac": 2}))
    model.fit(customers(600), seed=1, context=context)
    told = "ctgan learned from 540 rows on the CPU, 20 at a step, 60 rows were held out to choose the best"
    assert context.notes[-1] == told


def test_shares_are_those_of_the_real_rows_and_rare_categories_do_not_grow():
    """ctgan asks for categories by the logarithm of their frequency when it samples, too."""
    chance = np.random.default_rng(5)
    real = customers(400)
    frame = real["customers"].assign(segment=np.where(chance.random(400) < 0.05, "rare", "usual"))
    made = CTGAN(CTGAN.Options(epochs=30, batch_size=40, generator_dim=(32,), discriminator_dim=(32,)))
    model = made.fit(Dataset(real.schema, {"customers": frame}), seed=1, context=Context())
    drawn = model.sample(4_000, seed=1, context=Context())["customers"]
    assert (drawn["segment"] == "rare").mean() < 0.12


# a whole run


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", "a long key for tests")
    return tmp_path


OPTIONS = [
    *("--plugin", "ctgan", "--tables", "customers", "-o", "epochs=10", "-o", "batch_size=100"),
    *("-o", "generator_dim=[8]", "-o", "discriminator_dim=[8]"),
]
_KILLED = """
import os, sys
from synthkit_sdv.training import Training
probed = Training._probed
def dying(self, step):
    probed(self, step)
    if step >= 70:
        os.kill(os.getpid(), int(sys.argv[1]))
Training._probed = dying
from synthkit.cli import run
sys.exit(run(sys.argv[2:]))
"""


def stopped(kind: signal.Signals) -> subprocess.CompletedProcess[str]:
    """A fit that gets a signal after 70 steps; a shell in the background may have told its children to ignore it."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "plugins")])
    return subprocess.run(
        [sys.executable, "-c", _KILLED, str(int(kind)), "fit", *OPTIONS, "--out", "models/again"],
        env=os.environ | {"PYTHONPATH": paths}, check=False, capture_output=True, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def test_who_interrupts_a_fit_is_told_how_to_go_on(here):
    done = stopped(signal.SIGINT)
    assert done.returncode == 130
    told = "the same command with --resume goes on where the fit was"
    assert done.stderr.splitlines()[-1] == f"synthkit: interrupted; no run was written; {told}"
    assert [path.name[:7] for path in (here / "models").iterdir()] == [".ctgan-"]


def test_a_run_that_was_killed_goes_on_and_ends_as_if_it_had_not_been(here, capsys):
    assert run(["fit", *OPTIONS, "--out", "models/whole"]) == 0
    assert stopped(signal.SIGKILL).returncode == -9
    assert len([*here.glob("models/.ctgan-*.checkpoint/*/training.pt")]) == 1
    assert run(["fit", *OPTIONS, "--out", "models/again", "--resume"]) == 0
    first, second = (next((here / "models" / name).rglob("weights.pt")) for name in ("whole", "again"))
    assert first.read_bytes() == second.read_bytes()
    assert not [*here.glob("models/.ctgan-*")]


def test_there_may_be_nothing_to_resume_and_the_time_may_be_limited(here):
    limited = ["--max-minutes", "0.05", "--resume", "--evaluators", "none", "--no-gates", "-o", "epochs=1000000"]
    assert run(["run", *OPTIONS, *limited, "--rows", "50", "--out", "runs/a", "--quiet"]) == 0
    notes = json.loads((here / "runs/a/run.json").read_text("utf-8"))["notes"]
    assert "--resume found no checkpoint of this run in runs, so it began anew" in notes
    assert any("then time was over" in note for note in notes)
    assert any("on the CPU" in note for note in notes)
    assert [path.name for path in (here / "runs").iterdir()] == ["a"]


def test_a_plugin_that_learns_in_one_go_gives_up_when_time_is_over(here, capsys):
    limited = ["--max-minutes", "0.000001", "--evaluators", "none", "--no-gates"]
    assert run(["run", "--plugin", "cart", *limited, "--out", "runs/a"]) == 5
    assert "the time allowed has passed; allow more minutes" in capsys.readouterr().err
