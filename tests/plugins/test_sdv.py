"""The synthesizers of SDV: what they give back, repeat, refuse and leave alone."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthkit import (
    Column,
    ColumnKind,
    Context,
    Dataset,
    ForeignKey,
    PluginError,
    ResourceError,
    Schema,
    Synthesizer,
    Table,
)
from synthkit.testing import guarded

pytest.importorskip("sdv")

import synthkit_sdv
from synthkit_sdv import hierarchy, network
from synthkit_sdv.ctgan import CTGAN
from synthkit_sdv.gaussian_copula import GaussianCopula
from synthkit_sdv.hierarchy import spread
from synthkit_sdv.hma import HMA
from synthkit_sdv.tables import Tables
from synthkit_sdv.tvae import TVAE

pytestmark = pytest.mark.sdv

QUICK = {"ctgan": {"epochs": 1}, "tvae": {"epochs": 1}, "hma": {}, "gaussian_copula": {}}
SINGLE = (CTGAN, TVAE, GaussianCopula)
ALL = (HMA, *SINGLE)
ROOT = Path(__file__).resolve().parents[2]


def made(cls: type[Synthesizer], **options) -> Synthesizer:
    return cls(cls.Options(**QUICK[cls.name] | options))


def training(cls: type[Synthesizer], subjects: int = 60) -> Dataset:
    return guarded(subjects) if cls.multi_table else guarded(subjects).select(["customers"])


def fitted(cls: type[Synthesizer], data: Dataset, context: Context | None = None, **options) -> Synthesizer:
    return made(cls, **options).fit(data, seed=1, context=context or Context())


def drawn(synthesizer: Synthesizer, rows: int, seed: int = 2) -> Dataset:
    return synthesizer.sample(rows, seed=seed, context=Context())


def digest(data: Dataset) -> str:
    texts = (data[name].to_csv(index=False) for name in data.schema.table_names)
    return hashlib.sha256("".join(texts).encode()).hexdigest()


@pytest.fixture(scope="module")
def models() -> dict[str, Synthesizer]:
    return {cls.name: fitted(cls, training(cls)) for cls in ALL}


@pytest.fixture(params=ALL, ids=lambda cls: cls.name)
def model(request, models) -> Synthesizer:
    return models[request.param.name]


# what every one of them promises


def test_nothing_heavy_is_imported_with_the_package():
    code = "import sys, synthkit_sdv; print({'sdv', 'torch', 'pandas', 'ctgan'} & set(sys.modules))"
    assert python(code) == "set()"


def test_nothing_of_sdv_is_imported_with_the_classes():
    code = "import sys, synthkit_sdv as s; s.synthkit_register_synthesizers(); print({'sdv', 'torch'} & set(sys.modules))"
    assert python(code) == "set()"


def test_the_hook_offers_all_four():
    assert set(synthkit_sdv.synthkit_register_synthesizers()) == set(ALL)


def test_a_sample_has_the_form_of_the_training_part(model):
    data = drawn(model, 45)
    real = training(type(model))
    assert data.schema == real.schema
    assert data.rows["customers"] == 45
    for name in data.tables:
        assert data[name].dtypes.equals(real[name].dtypes)
        assert data[name].index.equals(pd.RangeIndex(len(data[name])))
        assert data[name].iloc[:, 0].tolist() == list(range(len(data[name])))


def test_values_stay_within_what_was_seen(model):
    real, data = training(type(model))["customers"], drawn(model, 200)["customers"]
    assert set(data["segment"]) <= set(real["segment"])
    assert data["income"].between(real["income"].min(), real["income"].max()).sum() == data["income"].notna().sum()
    assert (data["joined"] == data["joined"].dt.normalize()).all()
    assert 0 < data["income"].isna().sum() < 60


def test_one_seed_gives_the_same_rows_and_another_gives_others(model):
    first = digest(drawn(model, 40))
    drawn(model, 7, seed=9)
    assert digest(drawn(model, 40)) == first
    assert digest(drawn(model, 40, seed=3)) != first


def test_other_seeds_put_nulls_elsewhere(model):
    places = {tuple(np.flatnonzero(drawn(model, 60, seed)["customers"]["income"].isna())) for seed in (1, 2, 3)}
    assert len(places) == 3


@pytest.mark.parametrize("cls", [CTGAN, TVAE], ids=lambda cls: cls.name)
def test_the_seed_of_fitting_counts(cls):
    first, second = (made(cls).fit(training(cls), seed=seed, context=Context()) for seed in (1, 2))
    assert digest(drawn(first, 40)) != digest(drawn(second, 40))


def test_seeds_of_any_size_are_taken(model):
    assert drawn(model, 5, seed=2**80).rows["customers"] == 5


def test_all_is_the_same_in_a_new_process(models, tmp_path):
    for name, one in models.items():
        (tmp_path / name).mkdir()
        one.save(tmp_path / name)
    code = "import sys; from test_sdv import again; again(sys.argv[1])"
    here = os.pathsep.join([str(Path(__file__).parent), str(ROOT), str(ROOT / "plugins")])
    done = python(code, str(tmp_path), PYTHONPATH=here, PYTHONHASHSEED="7")
    expected = {name: digest(drawn(one, 30)) for name, one in models.items()}
    assert json.loads(done) == {"saved": expected, "fitted": expected | {"family": digest(drawn(fitted(HMA, family()), 9))}}


def again(folder: str) -> None:
    """What the test above runs in another process, with other hash seeds."""
    saved = {cls.name: digest(drawn(cls.load(Path(folder, cls.name)), 30)) for cls in ALL}
    once_more = {cls.name: digest(drawn(fitted(cls, training(cls)), 30)) for cls in ALL}
    print(json.dumps({"saved": saved, "fitted": once_more | {"family": digest(drawn(fitted(HMA, family()), 9))}}))


def python(code: str, *arguments: str, **environment: str) -> str:
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "plugins")])}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        env=os.environ | paths | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def family() -> Dataset:
    """A parent with three kinds of children, so that their order could go wrong."""
    return with_children(20, {"a": 2, "b": 1, "c": 3})


def with_children(parents: int, children: dict[str, int]) -> Dataset:
    chance = np.random.default_rng(5)
    frames = {"p": pd.DataFrame({"id": np.arange(parents), "x": chance.normal(size=parents)})}
    for name, each in children.items():
        rows = parents * each
        frames[name] = pd.DataFrame({"p": np.repeat(np.arange(parents), each), "y": chance.normal(size=rows)})
    tables = (
        Table("p", (Column("id", ColumnKind.ID), Column("x", ColumnKind.NUMERICAL)), ("id",)),
        *(Table(name, (Column("p", ColumnKind.ID), Column("y", ColumnKind.NUMERICAL))) for name in children),
    )
    keys = tuple(ForeignKey(name, ("p",), "p", ("id",), owner=True) for name in children)
    return Dataset(Schema(tables, keys, "p"), frames)


# interruptions


class Stop:
    """A report that raises at its nth call."""

    def __init__(self, error: BaseException, call: int) -> None:
        self.error = error
        self.left = call

    def __call__(self, fraction: float, text: str) -> None:
        assert 0 <= fraction <= 1
        assert text
        self.left -= 1
        if self.left == 0:
            raise self.error


@pytest.mark.parametrize("cls", [HMA, CTGAN, TVAE], ids=lambda cls: cls.name)
@pytest.mark.parametrize("error", [KeyboardInterrupt(), ResourceError("the time allowed has passed")])
def test_fitting_can_be_interrupted(cls, error):
    options = {} if cls is HMA else {"epochs": 1000}
    with pytest.raises(type(error)) as caught:
        made(cls, **options).fit(training(cls), seed=1, context=Context(report=Stop(error, 3)))
    assert caught.value is error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ResourceError("the time allowed has passed")])
def test_drawing_can_be_interrupted(model, error, monkeypatch):
    monkeypatch.setattr("synthkit_sdv.single_table.BLOCK", 10)
    with pytest.raises(type(error)) as caught:
        model.sample(50, seed=1, context=Context(report=Stop(error, 3)))
    assert caught.value is error


def test_an_interrupted_fit_leaves_sdv_as_it_was():
    from ctgan.synthesizers import ctgan
    from sdv.metadata import Metadata
    from sdv.multi_table import HMASynthesizer, hma

    def watched():
        return ctgan.tqdm, hma.tqdm, HMASynthesizer._get_extension, Metadata._get_child_map

    before = watched()
    for cls in (HMA, CTGAN):
        with pytest.raises(KeyboardInterrupt):
            fitted(cls, training(cls), Context(report=Stop(KeyboardInterrupt(), 1)))
    assert watched() == before


def test_progress_counts_up(models):
    seen = []
    fitted(CTGAN, training(CTGAN), Context(report=lambda *said: seen.append(said)), epochs=3)
    assert seen == [(0.0, "epoch 1 of 3"), (1 / 3, "epoch 2 of 3"), (2 / 3, "epoch 3 of 3")]
    seen.clear()
    fitted(HMA, training(HMA), Context(report=lambda *said: seen.append(said)))
    assert [part for part, _ in seen] == sorted(part for part, _ in seen)
    assert seen[-1] == (0.75, "step 2 of 2")


def test_global_state_is_neither_read_nor_left_changed(model):
    import torch

    def states():
        return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist(), torch.get_num_threads()

    before = states()
    first = digest(drawn(fitted(type(model), training(type(model))), 20))
    assert states() == before
    np.random.seed(99)
    torch.manual_seed(99)
    assert digest(drawn(fitted(type(model), training(type(model))), 20)) == first


def test_the_training_part_is_not_changed(model):
    data, same = training(type(model)), training(type(model))
    fitted(type(model), data)
    for name in data.tables:
        pd.testing.assert_frame_equal(data[name], same[name])


# saving


def test_a_model_of_another_version_of_sdv_is_refused(models, tmp_path):
    models["ctgan"].save(tmp_path)
    facts = json.loads((tmp_path / "model.json").read_text("utf-8"))
    (tmp_path / "model.json").write_text(json.dumps(facts | {"sdv": "2.0.99"}), "utf-8")
    with pytest.raises(PluginError, match=r"fitted with SDV 2\.0\.99.*install sdv==2\.0\.99"):
        CTGAN.load(tmp_path)


def test_a_damaged_model_is_refused(models, tmp_path):
    models["ctgan"].save(tmp_path)
    (tmp_path / "model.pkl").write_bytes(b"\x80")
    with pytest.raises(PluginError, match="SDV failed reading its model"):
        CTGAN.load(tmp_path)


def test_options_are_saved(models, tmp_path):
    models["ctgan"].save(tmp_path)
    assert CTGAN.load(tmp_path).options == models["ctgan"].options


def test_no_model_holds_anything_as_long_as_a_table(model):
    import torch

    rows = set(training(type(model)).rows.values())
    for thing in everything(model):
        if isinstance(thing, np.ndarray | pd.DataFrame | pd.Series | torch.Tensor) and len(getattr(thing, "shape", ())):
            assert thing.shape[0] not in rows, thing
        elif isinstance(thing, list | tuple | dict):
            assert len(thing) not in rows


def everything(thing, seen=None):
    """The object, its attributes, its items, and so on."""
    seen = {} if seen is None else seen
    if id(thing) in seen or isinstance(thing, type) or callable(thing):
        return
    seen[id(thing)] = thing
    yield thing
    inner = [*thing.items()] if isinstance(thing, dict) else [*thing] if isinstance(thing, list | tuple | set) else []
    for item in [*inner, *getattr(thing, "__dict__", {}).values()]:
        yield from everything(item, seen)


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.name)
def test_who_has_learned_nothing_says_so(cls):
    with pytest.raises(PluginError, match=f"{cls.name} has learned nothing yet; call fit first"):
        drawn(made(cls), 5)
