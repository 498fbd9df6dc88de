"""The synthesizers of SDV: what they give back, repeat, refuse and leave alone."""

from __future__ import annotations

import hashlib
import inspect
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
    SecurityError,
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
    code = (
        "import sys, synthkit_sdv as s; s.synthkit_register_synthesizers(); print({'sdv', 'torch'} & set(sys.modules))"
    )
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
    code = "import sys; from test_sdv import again; print(again(sys.argv[1]))"
    here = os.pathsep.join([str(Path(__file__).parent), str(ROOT), str(ROOT / "plugins")])
    expected = [digest(drawn(one, 30)) for one in models.values()]
    expected += [digest(drawn(models["ctgan"], 30)), digest(drawn(fitted(HMA, family()), 9))]
    assert python(code, str(tmp_path), PYTHONPATH=here, PYTHONHASHSEED="7") == str(expected)


def again(folder: str) -> list[str]:
    """What the test above runs in another process, where Python's sets have another order."""
    saved = [digest(drawn(cls.load(Path(folder, cls.name)), 30)) for cls in ALL]
    return [*saved, digest(drawn(fitted(CTGAN, training(CTGAN)), 30)), digest(drawn(fitted(HMA, family()), 9))]


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
    return with_children(9, {"a": 2, "b": 1, "c": 3})


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
    monkeypatch.setattr(hierarchy, "PIECE", 10)
    with pytest.raises(type(error)) as caught:
        model.sample(50, seed=1, context=Context(report=Stop(error, 3)))
    assert caught.value is error


def test_an_interrupted_fit_leaves_sdv_as_it_was():
    from sdv.metadata import Metadata
    from sdv.multi_table import HMASynthesizer, hma

    def watched():
        return hma.tqdm, HMASynthesizer._get_extension, Metadata._get_child_map

    before = watched()
    with pytest.raises(KeyboardInterrupt):
        fitted(HMA, training(HMA), Context(report=Stop(KeyboardInterrupt(), 1)))
    assert watched() == before


def test_progress_counts_up(visited):
    seen = []
    fitted(CTGAN, training(CTGAN), Context(report=lambda *said: seen.append(said)), epochs=3)
    assert seen[0] == (0.0, "customers")
    assert [part for part, _ in seen[1:]] == [1 / 3, 2 / 3, 1.0]
    assert seen[1][1].startswith("step 1 of 3, ")
    assert seen[3][1] == "step 3 of 3, 0 s left"
    seen.clear()
    fitted(HMA, training(HMA), Context(report=lambda *said: seen.append(said)))
    assert [part for part, _ in seen] == sorted(part for part, _ in seen)
    assert seen[-1] == (0.75, "step 2 of 2")
    seen.clear()
    visited.sample(30, seed=1, context=Context(report=lambda *said: seen.append(said)))
    assert [part for part, _ in seen] == sorted(part for part, _ in seen)
    assert seen[0] == (0.0, "visits of 1 to 30 of 30 people")
    assert seen[-1][0] < 1


def test_global_state_is_neither_read_nor_left_changed(model):
    import torch

    def states():
        return (
            random.getstate(),
            np.random.get_state()[1].tolist(),  # noqa: NPY002
            torch.get_rng_state().tolist(),
            torch.get_num_threads(),
        )

    before = states()
    first = digest(drawn(fitted(type(model), training(type(model))), 20))
    assert states() == before
    np.random.seed(99)  # noqa: NPY002 - what must not matter
    torch.manual_seed(99)
    assert digest(drawn(fitted(type(model), training(type(model))), 20)) == first


def test_the_training_part_is_not_changed(model):
    data, same = training(type(model)), training(type(model))
    fitted(type(model), data)
    for name in data.tables:
        pd.testing.assert_frame_equal(data[name], same[name])


# saving


def test_a_model_of_another_version_of_sdv_is_refused(models, tmp_path):
    models["gaussian_copula"].save(tmp_path)
    facts = json.loads((tmp_path / "model.json").read_text("utf-8"))
    (tmp_path / "model.json").write_text(json.dumps(facts | {"sdv": "2.0.99"}), "utf-8")
    with pytest.raises(PluginError, match=r"fitted with SDV 2\.0\.99.*install sdv==2\.0\.99"):
        GaussianCopula.load(tmp_path)


def test_a_damaged_model_is_refused(models, tmp_path):
    for name, file in {"ctgan": "weights.pt", "gaussian_copula": "model.pkl"}.items():
        (tmp_path / name).mkdir()
        models[name].save(tmp_path / name)
        (tmp_path / name / file).write_bytes(b"\x80")
        with pytest.raises(PluginError, match="SDV failed reading its model"):
            type(models[name]).load(tmp_path / name)


def test_options_are_saved(models, tmp_path):
    models["ctgan"].save(tmp_path)
    assert CTGAN.load(tmp_path).options == models["ctgan"].options


@pytest.fixture
def loaded(model, tmp_path) -> Synthesizer:
    """Saved after it was used, and read back."""
    drawn(model, 5)
    model.save(tmp_path)
    return type(model).load(tmp_path)


def test_the_files_of_a_network_run_no_code(models, tmp_path):
    """Only JSON and plain tensors: a pickle among the weights is refused before anything in it is called."""
    import torch

    target = tmp_path / "owned"

    class Payload:
        def __reduce__(self):
            return os.system, (f"touch {target}",)

    models["ctgan"].save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.json", "weights.pt"]
    torch.save({"seq.0.fc.weight": Payload()}, tmp_path / "weights.pt")
    with pytest.raises(PluginError, match="SDV failed reading its model"):
        CTGAN.load(tmp_path)
    assert not target.exists()


def test_a_saved_model_holds_no_values_but_categories_and_the_ends_of_numbers(loaded):
    """What the guard lets a model see: categories that k subjects hold, and ends beyond which k subjects lay."""
    real = training(type(loaded))
    known, allowed = set(), set()
    for table in real.schema.tables:
        for column in real.schema.modelled(table.name):
            values = real[table.name][column.name].dropna()
            if column.kind == "categorical":
                allowed |= set(values)
            elif column.kind != "boolean":
                days = values.to_numpy("datetime64[D]").astype("float64") if column.kind == "datetime" else values
                values = np.asarray(days, dtype="float64")
                known |= set(values.tolist())
                allowed |= {values.min(), values.max()}
    held = {thing for thing in numbers_and_texts(loaded._model) if abs(thing) > 100 or thing % 1}
    assert len(known) > 50
    assert len(held) > 20
    assert held & known <= allowed


def numbers_and_texts(model) -> set[float]:
    """All numbers in a model, in arrays and tables too."""
    found: set[float] = set()
    for thing in everything(model):
        if isinstance(thing, float | int) and not isinstance(thing, bool):
            found.add(float(thing))
        elif isinstance(thing, pd.DataFrame | pd.Series | np.ndarray):
            for part in np.asarray(thing, dtype=object).ravel():
                found |= {float(part)} if isinstance(part, float | int) else set()
    return found


@pytest.mark.parametrize(
    "name",
    ["os.system", "builtins.eval", "builtins.getattr", "subprocess.Popen", "sdv.single_table.base.uuid.os.system",
     "sdv.single_table.base.pd", "pandas.read_pickle", "numpy.load", "torch.load", "torch.storage._load_from_bytes"],
)  # fmt: skip
@pytest.mark.parametrize("way", ["in the model", "among the weights"])
def test_a_pickle_with_a_payload_is_never_run(models, tmp_path, name, way):
    """In a protocol that allows names with dots, as attackers would write it; the signature is not asked."""
    target = tmp_path / "owned"
    module, _, last = name.rpartition(".") if "uuid" not in name else ("sdv.single_table.base", "", "uuid.os.system")
    command = f"touch {target}".encode()
    payload = b"\x80\x04\x8c%c%b\x8c%c%b\x93" % (len(module), module.encode(), len(last), last.encode())
    payload += b"\x8c%c%b\x85R." % (len(command), command)
    if way == "among the weights":
        inner = b"B" + len(payload).to_bytes(4, "little") + payload
        payload = b"\x80\x04\x8c\x0dtorch.storage\x8c\x10_load_from_bytes\x93" + inner + b"\x85R."
    models["gaussian_copula"].save(tmp_path)
    (tmp_path / "model.pkl").write_bytes(payload)
    with pytest.raises((SecurityError, PluginError)) as caught:
        GaussianCopula.load(tmp_path)
    assert not target.exists()
    if way == "in the model" and name != "torch.storage._load_from_bytes":
        assert f"asks for {module}.{last}, which no model" in str(caught.value)


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
    if id(thing) in seen or isinstance(thing, type) or inspect.isroutine(thing):
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


# tables of all shapes


def small(columns: dict[str, pd.Series], kinds: dict[str, ColumnKind]) -> Dataset:
    table = Table("t", tuple(Column(name, kinds[name]) for name in columns))
    return Dataset(Schema((table,)), {"t": pd.DataFrame(columns)})


def every_dtype(rows: int = 40) -> Dataset:
    whole = pd.Series(np.arange(rows))
    nulls = whole % 7 == 3
    moments = pd.Series(np.datetime64("2024-01-01T10:00", "us") + (whole.to_numpy() * 15).astype("timedelta64[m]"))
    columns = {
        "n__8": (whole - 5).astype("int8"),
        "loc": (whole * 3).astype("Int64").mask(nulls),
        "type": whole.astype("uint64") + np.uint64(2**63),
        "int64 max": (whole + (2**63 - 1 - rows)).astype("int64"),
        "2": (whole / 8).astype("float64"),
        "flag": (whole % 2 == 0).astype("boolean").mask(nulls),
        "word": whole.mod(3).map({0: "a", 1: "b", 2: "NaN"}).astype(object).where(~nulls, None),
        "moment": moments.mask(nulls),
        "end": pd.Series(np.where(whole % 2, np.datetime64("9999-12-31", "us"), np.datetime64("0001-01-01", "us"))),
        "one": pd.Series(["same"] * rows),
        "zero": whole * 0,
    }
    kinds = dict.fromkeys(columns, ColumnKind.NUMERICAL) | dict.fromkeys(("word", "one"), ColumnKind.CATEGORICAL)
    kinds |= {"flag": ColumnKind.BOOLEAN} | dict.fromkeys(("moment", "end"), ColumnKind.DATETIME)
    return small(columns, kinds)


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.name)
def test_every_dtype_and_every_name_comes_back(cls):
    real = every_dtype()
    data = drawn(fitted(cls, real), 70)["t"]
    assert data.dtypes.equals(real["t"].dtypes)
    for name in real["t"]:
        assert data[name].isna().any() == real["t"][name].isna().any(), name
    assert set(data["word"].dropna()) <= {"a", "b", "NaN"}
    assert set(data["one"]) == {"same"}
    assert set(data["zero"]) == {0}
    assert (data["moment"].dropna().dt.second == 0).all()
    assert data["end"].dt.year.between(1, 9999).all()


def test_huge_numbers_are_learned_without_a_warning():
    real = small({"x": pd.Series(np.linspace(1e200, 1e300, 30))}, {"x": ColumnKind.NUMERICAL})
    assert np.isfinite(drawn(fitted(HMA, real), 30)["t"]["x"]).all()


def test_tables_go_to_sdv_and_back_unchanged():
    real = every_dtype()
    tables = Tables.of(real)
    told = tables.to_sdv(real)["t0"]
    back = tables.from_sdv("t", 40, told, {})
    rough = ["type", "int64 max"]  # beyond 2**53
    assert back.dtypes.equals(real["t"].dtypes)
    for name in real["t"].columns.drop(rough):
        assert back[name].isna().equals(real["t"][name].isna())
        assert back[name].dropna().equals(real["t"][name].dropna())
    for name in rough:
        assert np.allclose(back[name].astype("float64"), real["t"][name].astype("float64"), rtol=1e-12)
    assert Tables.from_dict(json.loads(json.dumps(tables.to_dict()))) == tables


@pytest.mark.parametrize("kind", ["numerical", "categorical"])
@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.name)
def test_one_column_is_enough(cls, kind):
    values = {"numerical": pd.Series(np.arange(30.0)), "categorical": pd.Series(["a", "b", "c"] * 10)}[kind]
    data = drawn(fitted(cls, small({"x": values}, {"x": ColumnKind(kind)})), 20)
    assert len(data["t"]) == 20
    assert set(data["t"]["x"]) <= set(values) or kind == "numerical"


def test_children_stand_in_the_order_of_their_parents(models):
    owners = drawn(models["hma"], 50)["purchases"]["customer_id"]
    assert owners.is_monotonic_increasing
    assert owners.between(0, 49).all()


@pytest.mark.parametrize("rows", [1, 7, 60, 130])
def test_children_grow_with_their_parents(models, rows):
    real = training(HMA).rows
    assert drawn(models["hma"], rows).rows["purchases"] == round(real["purchases"] * rows / real["customers"])


def test_children_of_different_parents_are_drawn_independently():
    """SDV's own sample starts every family from the same seed, so that all first children are alike."""
    data = drawn(fitted(HMA, with_children(40, {"a": 1})), 40)
    assert data["a"]["y"].round(6).nunique() > 30


def visits() -> Dataset:
    """People (subjects) visit places; a place may be unknown; a second place comes after; a card is one to one."""
    chance = np.random.default_rng(3)
    places, people, visits = 5, 30, 60
    place = pd.Series(chance.integers(0, places, visits)).astype("Int64")
    frames = {
        "places": pd.DataFrame({"id": np.arange(places), "size": np.arange(places) * 1.5}),
        "people": pd.DataFrame({"id": np.arange(people), "age": chance.normal(40, 9, people)}),
        "visits": pd.DataFrame(
            {
                "first": place.mask(pd.Series(np.arange(visits)) % 4 == 0),
                "person": np.repeat(np.arange(people), 2),
                "then": chance.integers(0, places, visits),
                "cost": chance.normal(9, 2, visits).round(2),
            }
        ),
        "cards": pd.DataFrame({"person": np.arange(0, people, 2), "kind": ["x", "y", "z"] * 5}),
    }
    kinds = {"size": ColumnKind.NUMERICAL, "age": ColumnKind.NUMERICAL, "cost": ColumnKind.NUMERICAL}
    kinds |= {"kind": ColumnKind.CATEGORICAL}
    keys = {"places": ("id",), "people": ("id",), "cards": ("person",)}
    tables = tuple(
        Table(name, tuple(Column(c, kinds.get(c, ColumnKind.ID)) for c in frame), keys.get(name, ()))
        for name, frame in frames.items()
    )
    links = (
        ForeignKey("visits", ("first",), "places", ("id",)),
        ForeignKey("visits", ("then",), "places", ("id",)),
        ForeignKey("visits", ("person",), "people", ("id",), owner=True),
        ForeignKey("cards", ("person",), "people", ("id",), owner=True),
    )
    return Dataset(Schema(tables, links, "people"), frames)


@pytest.fixture(scope="module")
def visited() -> HMA:
    return fitted(HMA, visits())


def test_every_table_has_the_size_that_it_should_have(visited):
    assert drawn(visited, 90).rows == {"places": 5, "people": 90, "visits": 180, "cards": 45}


def test_every_key_points_at_a_row(visited):
    data = drawn(visited, 45)
    for key in data.schema.foreign_keys:
        values = data[key.table][key.columns[0]].dropna()
        assert values.isin(data[key.parent][key.parent_columns[0]]).all()
    assert data["cards"]["person"].is_unique


def test_null_keys_keep_their_share(visited):
    data = drawn(visited, 60)["visits"]
    assert data["first"].dtype == "Int64"
    assert data["first"].isna().mean() == 0.25
    assert data[["person", "then"]].dtypes.tolist() == ["int64", "int64"]


def test_the_subject_may_be_a_child():
    data = visits()
    schema = replace(
        data.schema, subject="visits", foreign_keys=tuple(replace(k, owner=False) for k in data.schema.foreign_keys)
    )
    sample = drawn(fitted(HMA, Dataset(schema, data.tables)), 33)
    assert sample.rows == {"places": 5, "people": 30, "visits": 33, "cards": 15}


def test_sdv_itself_weighs_further_parents():
    context = Context()
    data = fitted(HMA, visits(), sampler="sdv").sample(30, seed=1, context=context)["visits"]
    assert data["first"].isna().mean() == 0.25
    assert data["then"].between(0, 4).all()
    assert context.notes == []


def test_too_many_pairs_for_sdv_are_dealt_out_and_noted(monkeypatch):
    monkeypatch.setattr(hierarchy, "WEIGHED", 10)
    context = Context()
    data = fitted(HMA, visits(), sampler="sdv").sample(60, seed=1, context=context)["visits"]
    assert data["first"].isna().mean() == 0.25
    assert len(context.notes) == 2
    assert "hma dealt out the keys of visits.first" in context.notes[0]


def without_columns(data: Dataset, *dropped: str) -> Dataset:
    """Some tables keep their keys only."""
    tables = {
        name: data[name][sorted(data.schema.key_columns(name))] if name in dropped else data[name]
        for name in data.tables
    }
    described = tuple(
        replace(t, columns=tuple(Column(c, ColumnKind.ID) for c in tables[t.name])) if t.name in dropped else t
        for t in data.schema.tables
    )
    return Dataset(replace(data.schema, tables=described), tables)


@pytest.mark.parametrize("dropped", ["visits", "people", "places", "cards"])
def test_tables_may_have_keys_only(dropped):
    data = drawn(fitted(HMA, without_columns(visits(), dropped)), 60)
    assert data.rows == {"places": 5, "people": 60, "visits": 120, "cards": 30}
    assert data["visits"]["first"].isna().mean() == 0.25


def test_a_table_without_rows_stays_so():
    data = visits()
    empty = Dataset(data.schema, {**data.tables, "cards": data["cards"].iloc[:0]})
    sample = drawn(fitted(HMA, empty), 10)
    assert sample.rows["cards"] == 0
    assert sample["cards"].dtypes.equals(data["cards"].dtypes)


def test_a_key_that_is_always_null_stays_so():
    data = visits()
    frame = data["visits"].assign(first=pd.array([None] * 60, dtype="Int64"))
    sample = drawn(fitted(HMA, Dataset(data.schema, {**data.tables, "visits": frame})), 30)
    assert sample["visits"]["first"].isna().all()
    assert sample["visits"]["first"].dtype == "Int64"


def test_tables_without_relation_are_drawn_side_by_side():
    data = visits().select(["places", "people"])
    assert drawn(fitted(HMA, data), 12).rows == {"places": 5, "people": 12}


def test_children_that_sdv_cannot_fit_are_counted_and_kept(monkeypatch):
    from sdv.single_table import GaussianCopulaSynthesizer

    original = GaussianCopulaSynthesizer._get_parameters

    def failing(self):
        if self._num_rows == 3:
            raise ValueError("a cell value")
        return original(self)

    monkeypatch.setattr(GaussianCopulaSynthesizer, "_get_parameters", failing)
    context, real = Context(), training(HMA)
    threes = int((real["purchases"].groupby("customer_id").size() == 3).sum())
    sample = drawn(fitted(HMA, real, context, fitter="sdv"), 60)
    assert threes > 0
    assert len(context.notes) == 1
    assert f"SDV could not fit purchases for {threes} of" in context.notes[0]
    assert sample.rows["purchases"] == real.rows["purchases"]
    assert sample["purchases"]["customer_id"].notna().all()


# what is refused


def test_a_failure_of_sdv_is_told_without_its_text(monkeypatch):
    from sdv.single_table import GaussianCopulaSynthesizer

    def failing(self, data):
        raise ValueError("the cell 12345")

    monkeypatch.setattr(GaussianCopulaSynthesizer, "fit", failing)
    real = small({"x": pd.Series([1.0, 2.0])}, {"x": ColumnKind.NUMERICAL})
    with pytest.raises(PluginError, match=r"SDV failed learning t \(\w+\); leave out columns") as caught:
        fitted(GaussianCopula, real)
    assert "12345" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_too_many_categories_are_refused_with_a_plan(monkeypatch):
    monkeypatch.setattr(network, "TOO_WIDE", 40)
    real = small({"code": pd.Series(np.arange(50).astype(str))}, {"code": ColumnKind.CATEGORICAL})
    with pytest.raises(PluginError, match=r"^t: ctgan would make 50 codes of it, most of them for code 50; "):
        fitted(CTGAN, real)


def test_without_a_gpu_it_does_without():
    assert drawn(fitted(CTGAN, training(CTGAN), enable_gpu=True), 5).rows == {"customers": 5}


def test_many_categories_are_noted(monkeypatch):
    monkeypatch.setattr(network, "WIDE", 40)
    context = Context()
    fitted(TVAE, small({"code": pd.Series(np.arange(50).astype(str))}, {"code": ColumnKind.CATEGORICAL}), context)
    assert context.notes[0] == "tvae made 50 codes of t, most of them for code 50: slow"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"batch_size": 101}, r"must be even and divisible by pac \(1\); 101 is not, 102 is"),
        ({"batch_size": 100, "pac": 3}, r"must be even and divisible by pac \(3\); 100 is not, 102 is"),
        ({"epochs": 0}, "greater than 0"),
        ({"generator_dim": ()}, "at least 1"),
        ({"epoch": 1}, "Extra inputs are not permitted"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, said):
    with pytest.raises(pydantic.ValidationError, match=said):
        CTGAN.Options(**options)


@pytest.mark.parametrize(
    ("rows", "options", "size"),
    [(60, {}, 100), (24_000, {}, 200), (10**6, {}, 200), (1_600, {"pac": 7}, 112), (1_600, {"batch_size": 800}, 800)],
)
def test_the_batch_fits_the_rows(rows, options, size):
    assert CTGAN(CTGAN.Options(**options)).batch(rows) == size


def test_every_option_is_described_and_reaches_sdv():
    for cls in ALL:
        assert all(field.description for field in cls.Options.model_fields.values())
    copula = fitted(GaussianCopula, training(GaussianCopula), distribution="norm")._model
    assert copula.default_distribution == "norm"
    hma = fitted(HMA, training(HMA), distribution="gamma")._model
    assert hma.get_table_parameters("t0")["synthesizer_parameters"]["default_distribution"] == "gamma"
    assert hma.get_table_parameters("t1")["synthesizer_parameters"]["default_distribution"] == "norm"


def keyed(*names: str, keys: tuple[tuple[str, str], ...] = (), subject: str | None = None, columns: int = 1) -> Schema:
    """Tables with a key ``id``, some columns ``x0`` ... and a foreign key called like its parent."""
    tables = tuple(
        Table(
            name,
            (
                Column("id", ColumnKind.ID),
                *(Column(f"x{number}", ColumnKind.NUMERICAL) for number in range(columns)),
                *(Column(parent, ColumnKind.ID) for child, parent in keys if child == name),
            ),
            ("id",),
        )
        for name in names
    )
    return Schema(tables, tuple(ForeignKey(child, (p,), p, ("id",)) for child, p in keys), subject)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (
            keyed(*"abcdef", keys=(("b", "a"), ("c", "a"), ("c", "d"), ("e", "b")), subject="a"),
            [
                "it takes at most 5 tables, these are 6 (a, b, c, d, e, f); choose with --tables a,b,c",
                "a, b and e form a chain of three, it takes two; choose with --tables a,b,c",
            ],
        ),
        (
            keyed(*"abc", keys=(("b", "a"), ("c", "b"), ("c", "a"))),
            ["a, b and c form a chain of three, it takes two; choose with --tables a,b"],
        ),
        (
            keyed(*"abc", keys=(("b", "a"), ("c", "b")), subject="c"),
            ["a, b and c form a chain of three, it takes two; choose with --tables c,b"],
        ),
        (
            keyed(*"ab", keys=(("b", "a"), ("a", "b"))),
            ["the foreign keys of a, b form a cycle; choose with --tables a"],
        ),
        (
            keyed(*"ab", keys=(("b", "a"), ("b", "b"))),
            ["b.b points at its own table; take that foreign key out of the schema"],
        ),
        (
            keyed(*"ab", keys=(("b", "a"),), columns=65),
            ["a would get 2,211 columns for its children's; leave columns out of b in the schema"],
        ),
        (keyed("a", columns=0), ["no table has a column to learn; check the kinds of the columns in the schema"]),
    ],
)
def test_hma_refuses_before_any_work(schema, said):
    assert list(HMA.refusals(schema)) == said


def test_hma_refuses_keys_of_several_columns():
    parts = (Column("m", ColumnKind.CATEGORICAL), Column("n", ColumnKind.ID), Column("x", ColumnKind.NUMERICAL))
    tables = (Table("a", parts, ("m", "n")), Table("b", parts))
    schema = Schema(tables, (ForeignKey("b", ("m", "n"), "a", ("m", "n")),), "a")
    assert list(HMA.refusals(schema)) == [
        "the primary key of a has 2 columns, it takes one; choose with --tables a,b",
        "the foreign key b.m+n has 2 columns, it takes one; choose with --tables a,b",
    ]


def test_hma_takes_what_it_can_learn():
    five = keyed(*"abcde", keys=(("b", "a"), ("c", "a"), ("c", "d")))
    for schema in (guarded(3).schema, visits().schema, five, keyed("a")):
        assert not list(HMA.refusals(schema))


@pytest.mark.parametrize("cls", SINGLE, ids=lambda cls: cls.name)
def test_single_tables_refuse_what_they_cannot_learn(cls):
    name = cls.name
    assert next(iter(cls.refusals(guarded(3).schema))) == "it takes one table, these are 2; choose one with --table"
    own = keyed("a", keys=(("a", "a"),))
    assert list(cls.refusals(own)) == [f"a.a points at its own table, which {name} cannot learn"]
    pair = Schema((replace(keyed("a")["a"], primary_key=("id", "x0")),))
    assert list(cls.refusals(pair))[:1] == [f"the primary key of a has 2 columns; {name} takes one"]
    assert list(cls.refusals(keyed("a", columns=0))) == ["a has no column to learn; check the kinds of its columns"]
    assert not list(cls.refusals(keyed("a")))


# numbers of children


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(-50, 50), min_size=1, max_size=40),
    st.integers(0, 300),
    st.integers(0, 5),
    st.integers(0, 20),
)
def test_counts_add_up_within_the_limits_and_in_order(drawn, total, fewest, more):
    drawn, most = np.array(drawn), fewest + more
    counts = spread(drawn, total, fewest, most)
    assert counts.sum() == total
    assert counts.min() >= min(fewest, total // len(drawn))
    assert counts.max() <= max(most, -(-total // len(drawn)))
    assert (np.diff(counts[np.argsort(drawn, kind="stable")]) >= -1).all()  # equal ones may differ by one


def test_counts_that_fit_already_are_kept():
    assert spread(np.array([0.2, 5.1, 2.2, 3.3]), 10, 0, 5).tolist() == [0, 5, 2, 3]


# what the plugin relies on


def test_the_private_names_of_sdv_still_exist(models):
    """When this fails, SDV has changed: look at every use of the name before adapting it."""
    from sdv.metadata import Metadata
    from sdv.multi_table import HMASynthesizer, hma

    model = models["hma"]._model
    names = {
        HMASynthesizer: ["_get_extension", "_extract_parameters", "_find_parent_ids", "_synthesizer"],
        Metadata: ["_get_child_map", "_get_all_foreign_keys"],
        hma: ["tqdm"],
        model: ["_table_synthesizers", "_table_parameters", "_default_parameters", "_null_child_synthesizers"],
        model._table_synthesizers["t0"]: ["_model", "_set_random_state", "_set_parameters", "_data_processor"],
        model._table_synthesizers["t0"]._data_processor: ["_hyper_transformer", "reverse_transform"],
    }
    names |= {model.extended_columns["t1"]["__t1__c001__num_rows"]: ["_min_value", "_max_value"]}
    names |= {model._table_synthesizers["t1"]: ["_get_likelihood"]}
    assert not [f"{owner}.{name}" for owner, inner in names.items() for name in inner if not hasattr(owner, name)]
    link = "__t1__c001"
    assert set(model._min_child_rows) == set(model._max_child_rows) == {f"{link}__num_rows"}
    assert set(model._null_foreign_key_percentages) == {link}
    assert f"{link}__num_rows" in model._table_synthesizers["t0"]._model.columns
