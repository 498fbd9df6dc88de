"""Baselines: each draws whole subjects, and each is wrong in its own way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthkit import Column, ColumnKind, Context, Dataset, ForeignKey, Schema, Table
from synthkit.integrity import sample_violations
from synthkit_baselines.broken import Independent, ShuffledKeys
from synthkit_baselines.copies import BootstrapSubjects, Copy, Jitter

ALL = (BootstrapSubjects, Copy, Independent, Jitter, ShuffledKeys)


def _key(name, **more):
    return Column(name, ColumnKind.ID, "int64", unique=not more, **more)


def _world(subjects: int, seed: int) -> Dataset:
    """Banks with people, who have accounts, which have bookings to other accounts; all row numbers."""
    random = np.random.default_rng(seed)
    number, when = Column("amount", ColumnKind.NUMERICAL, "double"), Column("day", ColumnKind.DATETIME, "timestamp[us]")
    kind = Column("kind", ColumnKind.CATEGORICAL, "string")
    schema = Schema(
        (
            Table("banks", (_key("id"), kind), ("id",)),
            Table("people", (_key("id"), _key("bank", nullable=False), number, when), ("id",)),
            Table("accounts", (_key("id"), _key("person", nullable=False), kind, number), ("id",)),
            Table("bookings", (_key("account", nullable=False), _key("other", nullable=True), number, kind)),
        ),
        (
            ForeignKey("people", ("bank",), "banks", ("id",)),
            ForeignKey("accounts", ("person",), "people", ("id",), owner=True),
            ForeignKey("bookings", ("account",), "accounts", ("id",), owner=True),
            ForeignKey("bookings", ("other",), "accounts", ("id",)),
        ),
        subject="people",
    )
    accounts, bookings = 2 * subjects, 5 * subjects
    day = pd.Timestamp("2024-01-01").as_unit("us") + pd.to_timedelta(random.integers(0, 300, subjects), "D")
    people = {"id": np.arange(subjects), "bank": random.integers(0, 3, subjects)}
    amounts, owners = random.normal(size=subjects), np.arange(accounts) % subjects
    other = pd.Series(random.integers(0, accounts, bookings)).astype("Int64").mask(random.random(bookings) < 0.2)
    tables = {
        "banks": pd.DataFrame({"id": np.arange(3), "kind": ["a", "b", "c"]}),
        "people": pd.DataFrame({**people, "amount": amounts, "day": pd.Series(day).astype("datetime64[us]")}),
        "accounts": _frame(random, accounts, {"id": np.arange(accounts), "person": owners}),
        "bookings": _frame(random, bookings, {"account": random.integers(0, accounts, bookings), "other": other}),
    }
    return Dataset(schema, {n: f[list(schema[n].column_names)] for n, f in tables.items()})


def _frame(random, rows, columns):
    amount = random.normal(size=rows)
    return pd.DataFrame({**columns, "amount": amount, "kind": np.where(amount > 0, "up", "down")})


def _drawn(cls, world, rows, seed=1):
    model = cls(cls.Options()).fit(world, seed=0, context=Context())
    return model.sample(rows, seed=seed, context=Context())


@pytest.mark.parametrize("cls", ALL)
@settings(max_examples=25, deadline=None)
@given(subjects=st.integers(1, 30), rows=st.integers(1, 70), seed=st.integers(0, 99))
def test_samples_have_valid_keys_and_exact_counts(cls, subjects, rows, seed):
    world = _world(subjects, seed)
    sample = _drawn(cls, world, rows)
    assert sample_violations(sample, world.schema, {"people": rows, "banks": 3}) == ()


@pytest.mark.parametrize("cls", ALL)
def test_the_seed_decides_and_a_loaded_model_draws_the_same(cls, tmp_path):
    world = _world(40, 0)
    model = cls(cls.Options()).fit(world, seed=0, context=Context())
    model.save(tmp_path)
    one, two, other = (
        _drawn(cls, world, 60),
        cls.load(tmp_path).sample(60, seed=1, context=Context()),
        _drawn(cls, world, 60, 2),
    )
    for name in world.schema.table_names:
        pd.testing.assert_frame_equal(one[name], two[name], check_dtype=False)
    assert not one["people"].equals(other["people"])


def test_a_copy_takes_every_subject_once_with_all_that_is_its():
    world = _world(50, 0)
    sample = _drawn(Copy, world, 50)
    for name in world.schema.table_names:
        columns = [column.name for column in world.schema.modelled(name)]
        again = sample[name][columns].sort_values(columns, ignore_index=True)
        pd.testing.assert_frame_equal(again, world[name][columns].sort_values(columns, ignore_index=True))
    sums = [
        d["bookings"]
        .merge(d["accounts"], left_on="account", right_on="id")
        .groupby("person")["amount_x"]
        .sum()
        .sort_values()
        for d in (world, sample)
    ]
    np.testing.assert_allclose(*sums)


def test_a_bootstrap_takes_some_subjects_twice():
    sample = _drawn(BootstrapSubjects, _world(50, 0), 50)
    assert sample["people"]["amount"].duplicated().any()


def test_jitter_moves_every_number_a_little():
    world = _world(200, 0)
    sample = _drawn(Jitter, world, 200)
    real = np.sort(world["people"]["amount"])
    assert not np.isin(sample["people"]["amount"], real).any()
    assert np.abs(np.sort(sample["people"]["amount"]) - real).max() < 0.1


def test_independent_columns_have_the_right_values_and_no_relation():
    world = _world(500, 0)
    sample = _drawn(Independent, world, 500)["bookings"]
    assert abs((sample["amount"] > 0).corr(sample["kind"] == "up")) < 0.2  # 10 standard errors; 1 in the data
    np.testing.assert_allclose(np.sort(sample["amount"]), np.sort(world["bookings"]["amount"]))


def test_shuffled_keys_leave_rows_whole_and_parents_with_strangers():
    world = _world(500, 0)
    sample = _drawn(ShuffledKeys, world, 500)
    assert ((sample["bookings"]["amount"] > 0) == (sample["bookings"]["kind"] == "up")).all()
    counts = [d["bookings"]["account"].value_counts().sort_values().tolist() for d in (world, sample)]
    assert counts[0] == counts[1]
    copied = _drawn(Copy, world, 500)
    assert (sample["bookings"]["account"] != copied["bookings"]["account"]).mean() > 0.9
