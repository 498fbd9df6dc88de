"""The engine `cart`: every schema, exact counts, valid keys, the same bytes for a seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthkit import Context, DataError, Dataset
from synthkit.bank import bank
from synthkit.guard import Guard
from synthkit.inference import infer
from synthkit.integrity import violations
from synthkit.source import from_frames, read_dataset
from synthkit_cart.cart import Cart, CartOptions
from synthkit_cart.drawing import exactly
from tests.plugins import cart_data as data

SCHEMAS = {
    "one table": lambda: data.dataset(data.table("t", 200, list(data.KINDS))),
    "nulls": lambda: data.dataset(data.table("t", 200, list(data.KINDS), nulls=0.3)),
    "only nulls": lambda: data.dataset(data.table("t", 60, list(data.KINDS), nulls=1.0)),
    "one row": lambda: data.dataset(data.table("t", 1, list(data.KINDS))),
    "no column": lambda: data.dataset(data.table("t", 30, ())),
    "six levels": data.chain,
    "self-reference with null": lambda: data.employees(roots="null"),
    "self-reference to itself": lambda: data.employees(roots="self"),
    "diamond": data.diamond,
    "bridge": data.bridge,
    "circle": data.circle,
    "one to one": data.one_to_one,
    "purchases": data.purchases,
    "empty child": lambda: data.dataset(
        data.table("t", 60),
        data.table("c", 0, ("when", "kind"), {"t": np.empty(0, "int64")}),
        links=[("c", "t", "t", True)],
    ),
    "child without owner": lambda: data.dataset(
        data.table("t", 60),
        data.table("c", 200, ("when", "kind"), {"t": data.pointing(200, 60, nulls=0.3)}),
        links=[("c", "t", "t", True)],
    ),
    "two keys to one parent": lambda: data.dataset(
        data.table("flights", 400, keys={"origin": data.pointing(400, 20), "dest": data.pointing(400, 20, seed=5)}),
        data.table("airports", 20),
        links=[("flights", "origin", "airports", False), ("flights", "dest", "airports", False)],
    ),
    "key to many rows": lambda: data.dataset(
        data.table("sales", 600, keys={"product": data.pointing(600, 250)}),
        data.table("products", 250),
        links=[("sales", "product", "products", False)],
    ),
}


def learned(training: Dataset, **options: str) -> Cart:
    return Cart(CartOptions(**options)).fit(training, seed=0, context=Context())


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("rows", [0, 1, 37])
def test_every_schema_is_kept_with_exact_counts_and_valid_keys(name: str, rows: int) -> None:
    training = SCHEMAS[name]()
    sample = learned(training).sample(rows, seed=1, context=Context())
    assert len(sample[training.subject]) == rows
    broken = [v for v in violations(sample) if v.rule != "not_null" or rows]
    assert broken == []
    owned = training.schema.owned_by(training.subject)
    for own in training.schema.table_names:
        if own not in owned and training.schema.owner_of(own) is None:
            assert len(sample[own]) == len(training[own])


@pytest.mark.parametrize("name", SCHEMAS)
def test_columns_keep_their_kind_and_their_nulls(name: str) -> None:
    training = SCHEMAS[name]()
    sample = learned(training).sample(50, seed=1, context=Context())
    for own in training.schema.table_names:
        for column in training.schema.modelled(own):
            real, new = training[own][column.name], sample[own][column.name]
            assert real.notna().any() or new.isna().all()
            assert real.isna().any() or not new.isna().any()
            if len(real) and len(new) and real.notna().all():
                assert pd.api.types.infer_dtype(new) == pd.api.types.infer_dtype(real)


@pytest.mark.parametrize("name", ["nulls", "diamond", "self-reference with null", "two keys to one parent"])
def test_a_saved_model_samples_the_same_and_a_seed_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    model = learned(SCHEMAS[name]())
    model.save(tmp_path)
    loaded = Cart.load(tmp_path)
    first, second, other = (m.sample(60, seed=s, context=Context()) for m, s in ((model, 3), (loaded, 3), (loaded, 4)))
    for own in first.schema.table_names:
        pd.testing.assert_frame_equal(first[own], second[own])
    assert any(not first[own].equals(other[own]) for own in first.schema.table_names)
    assert {path.name for path in tmp_path.iterdir()} == {"model.json", "arrays.npz"}


@pytest.mark.parametrize(
    "text", ["{}", "[]", '{"mapping": []}', "no json", '{"class": "Popen"}', '{"mapping": [[1]]}', '{"array": "a9"}']
)
def test_files_that_are_no_model_are_refused(text: str, tmp_path: Path) -> None:
    learned(SCHEMAS["one table"]()).save(tmp_path)
    (tmp_path / "model.json").write_text(text, "utf-8")
    with pytest.raises(DataError, match="saved model"):
        Cart.load(tmp_path)


def test_fit_leaves_its_input_and_the_global_random_state_alone_and_forgets_the_last_fit() -> None:
    training, other = SCHEMAS["purchases"](), SCHEMAS["one table"]()
    before = {name: frame.copy() for name, frame in training.tables.items()}
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - the global state is what is looked at
    model = learned(other).fit(training, seed=0, context=Context())
    again = model.sample(40, seed=0, context=Context())
    fresh = learned(training).sample(40, seed=0, context=Context())
    for name, frame in before.items():
        pd.testing.assert_frame_equal(training[name], frame)
        pd.testing.assert_frame_equal(again[name], fresh[name])
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


def test_a_tree_of_rows_stays_one() -> None:
    sample = learned(data.employees(roots="null")).sample(500, seed=0, context=Context())["staff"]
    boss = sample["boss"].astype("float64").to_numpy()
    depth = np.zeros(len(boss))
    for _ in range(len(boss)):
        up = np.isnan(boss)
        boss = np.where(up, np.nan, boss[np.where(up, 0, boss).astype("int64")])
        depth += ~up
        if up.all():
            break
    assert np.isnan(boss).all()
    assert 1 < depth.max() < 40


def test_rows_of_one_subject_point_at_rows_of_the_same_subject() -> None:
    random = np.random.default_rng(0)
    owner, count = np.sort(random.integers(0, 80, 200)), 400
    account = random.integers(0, 200, count)
    same = [random.choice(np.flatnonzero(owner == owner[a])) for a in account]
    training = data.dataset(
        data.table("people", 80),
        data.table("accounts", 200, keys={"person": owner}),
        data.table("payments", count, keys={"account": account, "to": np.array(same)}),
        links=[
            ("accounts", "person", "people", True),
            ("payments", "account", "accounts", True),
            ("payments", "to", "accounts", False),
        ],
    )
    sample = learned(training).sample(100, seed=0, context=Context())
    person = sample["accounts"]["person"].to_numpy("int64")
    payments = sample["payments"]
    assert (person[payments["account"].to_numpy("int64")] == person[payments["to"].to_numpy("int64")]).all()


def test_an_owner_of_very_many_rows_takes_little_time() -> None:
    at = np.append(np.zeros(100_000, "int64"), np.arange(60))
    training = data.dataset(
        data.table("t", 60), data.table("c", len(at), ("when", "kind"), {"t": at}), links=[("c", "t", "t", True)]
    )
    sample = learned(training).sample(60, seed=0, context=Context())
    assert violations(sample) == ()


def test_rows_that_must_point_at_others_are_left_out_where_there_are_none() -> None:
    training = data.dataset(
        data.table("t", 60),
        data.table("visits", 20, keys={"t": data.pointing(20, 60)}),
        data.table("bills", 40, keys={"visit": data.pointing(40, 20)}),
        data.table("lines", 70, keys={"t": data.pointing(70, 60), "visit": data.pointing(70, 20)}),
        links=[
            ("visits", "t", "t", True),
            ("bills", "visit", "visits", False),
            ("lines", "t", "t", True),
            ("lines", "visit", "visits", False),
        ],
    )
    sizes = set()
    for seed in range(8):
        sample = learned(training).sample(1, seed=seed, context=Context())
        assert violations(sample) == ()
        sizes.add(len(sample["visits"]) > 0)
        assert len(sample["visits"]) or len(sample["bills"]) == len(sample["lines"]) == 0
    assert sizes == {True, False}


@given(counts=st.lists(st.integers(0, 4), min_size=1, max_size=20), total=st.integers(0, 60), single=st.booleans())
def test_counts_are_made_to_have_a_sum(counts: list[int], total: int, single: bool) -> None:
    own = np.minimum(counts, 1) if single else np.array(counts)
    found = exactly(own, total, np.random.default_rng(0), single=single)
    assert found.sum() == (min(total, len(own)) if single else total)
    assert len(found) == len(own)
    assert (found <= np.maximum(own, 1)).all() if single else ((found <= own) | (found.sum() > own.sum())).all()
    assert (found >= own).all() or found.sum() < own.sum()


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 40), min_size=1, max_size=5),
    parents=st.lists(st.integers(0, 4), min_size=5, max_size=5),
    kinds=st.lists(st.sampled_from(sorted(data.KINDS)), unique=True, max_size=3),
    nulls=st.sampled_from([0.0, 0.4]),
    rows=st.integers(0, 30),
)
def test_any_schema_is_kept(sizes: list[int], parents: list[int], kinds: list[str], nulls: float, rows: int) -> None:
    made, links = [data.table("t0", max(sizes[0], 1), kinds, nulls=nulls)], []
    for i in range(1, len(sizes)):
        first, second = parents[i] % i, (parents[i] + 1) % i
        size = sizes[i] if len(made[first][1]) and len(made[second][1]) else 0
        keys = {
            "a": data.pointing(size, max(len(made[first][1]), 1), seed=i, nulls=nulls),
            "b": data.pointing(size, max(len(made[second][1]), 1), seed=9 + i, nulls=nulls),
        }
        made.append(data.table(f"t{i}", size, kinds, keys, nulls=nulls))
        links += [(f"t{i}", "a", f"t{first}", True), (f"t{i}", "b", f"t{second}", False)]
    training = data.dataset(*made, links=links)
    sample = learned(training).sample(rows, seed=0, context=Context())
    assert len(sample["t0"]) == rows
    assert [broken for broken in violations(sample) if broken.rule == "foreign_key"] == []


@pytest.fixture(scope="module")
def bankers():
    tables = from_frames(bank(1_000))
    real = read_dataset(tables, infer(tables)[0])
    training = Guard.learn(real).protect(real)
    return Cart(CartOptions()).fit(training, seed=0, context=Context())


@pytest.mark.parametrize("rows", [0, 1, 2, 3])
def test_so_few_rows_are_drawn_that_none_has_what_models_ask_for(bankers, rows):
    """Owners of none or one row below them have no span, no profile, and no rows to follow."""
    for seed in range(25):
        assert len(bankers.sample(rows, seed=seed, context=Context())["customers"]) == rows
