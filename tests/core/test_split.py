"""Whole subjects go to one side, and nothing crosses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthkit.dataset import Dataset
from synthkit.errors import DataError, UsageError
from synthkit.integrity import violations
from synthkit.schema import Column, ColumnKind, ForeignKey, Schema, Table
from synthkit.split import draw, split
from synthkit.testing import guarded

ID, NUMBER = ColumnKind.ID, ColumnKind.NUMERICAL


def column(name, *, nullable=False, storage="int64"):
    return Column(name, ID, storage, nullable=nullable)


def key(table, name, parent, parent_name="id", *, owner=False):
    return ForeignKey(table, (name,), parent, (parent_name,), owner)


def shop(*, referrer=True, event=True):
    """Regions (shared), customers who refer to each other, orders, order lines, and audits without an owner."""
    schema = Schema(
        (
            Table("regions", (column("id"),), ("id",)),
            Table("customers", (column("id"), column("region"), column("referrer", nullable=referrer)), ("id",)),
            Table(
                "orders", (column("id"), column("customer", nullable=True), column("gift_of", nullable=event)), ("id",)
            ),
            Table("lines", (column("order"), Column("n", NUMBER, "int64"))),
            Table("audits", (column("order", nullable=True), column("region"))),
        ),
        (
            key("customers", "region", "regions"),
            key("customers", "referrer", "customers"),
            key("orders", "customer", "customers", owner=True),
            key("orders", "gift_of", "orders"),
            key("lines", "order", "orders", owner=True),
            key("audits", "order", "orders"),
            key("audits", "region", "regions"),
        ),
        subject="customers",
    )
    random = np.random.default_rng(0)
    orders = pd.Series(random.integers(0, 60, 200), dtype="Int64").mask(random.random(200) < 0.05)
    itself = np.arange(60)
    frames = {
        "regions": pd.DataFrame({"id": np.arange(5)}),
        "customers": pd.DataFrame(
            {"id": itself, "region": itself % 5, "referrer": random.permutation(60) if referrer else itself}
        ),
        "orders": pd.DataFrame({"id": np.arange(200), "customer": orders, "gift_of": random.permutation(200)}),
        "lines": pd.DataFrame({"order": random.integers(0, 200, 500), "n": np.arange(500)}),
        "audits": pd.DataFrame({"order": random.integers(0, 200, 50), "region": random.integers(0, 5, 50)}),
    }
    return Dataset(schema, frames)


def test_subjects_go_whole_to_one_side():
    data = guarded(subjects=50)
    training, holdout, notes = split(data, 0.2, seed=3)
    assert (len(training["customers"]), len(holdout["customers"]), notes) == (40, 10, [])
    assert not set(training["customers"]["customer_id"]) & set(holdout["customers"]["customer_id"])
    for part in (training, holdout):
        assert violations(part) == ()
        owned = data["purchases"][data["purchases"]["customer_id"].isin(part["customers"]["customer_id"])]
        pd.testing.assert_frame_equal(part["purchases"], owned.reset_index(drop=True))


def test_the_data_are_not_changed():
    data, same = shop(), shop()
    split(data, 0.5, seed=0)
    for name in data.schema.table_names:
        pd.testing.assert_frame_equal(data[name], same[name])


@pytest.mark.parametrize("seed", range(3))
def test_nothing_crosses(seed):
    data = shop()
    training, holdout, notes = split(data, 0.3, seed)
    assert violations(training) == violations(holdout) == ()
    assert len(holdout["customers"]) == 18
    assert len(training["regions"]) == len(holdout["regions"]) == 5
    assert len(training["audits"]) == len(holdout["audits"]) == 50
    assert len(training["orders"]) + len(holdout["orders"]) == 200
    assert len(training["lines"]) + len(holdout["lines"]) == 500
    assert training["customers"]["referrer"].isna().any()
    assert any(note.startswith("customers.referrer:") and "became null in the holdout" in note for note in notes)


def test_rows_of_nobody_go_to_the_training_part():
    data = shop()
    nobody = int(data["orders"]["customer"].isna().sum())
    training, holdout, notes = split(data, 0.5, seed=1)
    assert nobody > 0
    assert training["orders"]["customer"].isna().sum() == nobody
    assert not holdout["orders"]["customer"].isna().any()
    assert f"orders: {nobody} rows belong to nobody and went to the training part" in notes
    assert draw(data, 60, seed=0)["orders"]["customer"].notna().all()


def test_rows_that_cannot_do_without_the_other_part_are_left_out_with_what_they_own():
    training, holdout, notes = split(shop(event=False), 0.3, seed=0)
    assert violations(training) == violations(holdout) == ()
    left = 200 - len(training["orders"]) - len(holdout["orders"])
    assert left > 0
    counted = sum(int(n.split(": ")[1].split()[0]) for n in notes if n.startswith("orders:") and "left out" in n)
    assert counted == left
    assert any(note.startswith("lines:") and "left out of the training part" in note for note in notes)


def test_a_row_whose_superior_is_in_the_other_part_leads_to_itself_where_those_at_the_top_do():
    staff = Schema((Table("staff", (column("id"), column("boss")), ("id",)),), (key("staff", "boss", "staff"),))
    boss = np.append(np.arange(3), np.random.default_rng(0).integers(0, np.arange(3, 90)))
    data = Dataset(staff, {"staff": pd.DataFrame({"id": np.arange(90) + 100, "boss": boss + 100})})
    training, holdout, notes = split(data, 0.3, seed=0)
    assert len(training["staff"]) + len(holdout["staff"]) == 90
    assert violations(training) == violations(holdout) == ()
    moved = sum(
        int((part["staff"]["boss"] != boss[part["staff"]["id"] - 100] + 100).sum()) for part in (training, holdout)
    )
    assert moved > 0
    assert sum(int(note.split()[1]) for note in notes) == moved
    assert all("keys to the other part lead to their own row" in note for note in notes)


def test_notes_and_frames_do_not_depend_on_the_order_of_other_tables():
    data = shop()
    frames = {
        name: frame.sample(frac=1, random_state=1) if name != "customers" else frame
        for name, frame in data.tables.items()
    }
    shuffled = Dataset(data.schema, {name: frame.reset_index(drop=True) for name, frame in frames.items()})
    ours, theirs = split(data, 0.3, seed=5), split(shuffled, 0.3, seed=5)
    assert ours[2] == theirs[2]
    for mine, other in zip(ours[:2], theirs[:2], strict=True):
        for name in data.schema.table_names:
            both = (
                frame.sort_values(list(frame.columns)).reset_index(drop=True) for frame in (mine[name], other[name])
            )
            pd.testing.assert_frame_equal(*both)


def test_the_seed_decides():
    data = guarded(subjects=50)
    same = [split(data, 0.2, seed=1)[1]["customers"]["customer_id"].tolist() for _ in range(2)]
    assert same[0] == same[1] != split(data, 0.2, seed=2)[1]["customers"]["customer_id"].tolist()


def test_without_a_subject_the_rows_of_the_largest_table_are_subjects():
    data = shop()
    free = Schema(data.schema.tables, tuple(replace(k, owner=False) for k in data.schema.foreign_keys))
    training, holdout, _ = split(Dataset(free, data.tables), 0.2, seed=0)
    assert (len(training["lines"]), len(holdout["lines"])) == (400, 100)
    assert len(training["orders"]) == len(holdout["orders"]) == 200
    assert violations(training) == violations(holdout) == ()


def test_without_a_subject_children_of_the_largest_table_follow_it():
    data = guarded(subjects=30)
    few = data["purchases"].head(20)
    free = Schema(data.schema.tables, tuple(replace(k, owner=False) for k in data.schema.foreign_keys))
    training, holdout, _ = split(Dataset(free, {**data.tables, "purchases": few}), 0.5, seed=0)
    assert (len(training["customers"]), len(holdout["customers"])) == (15, 15)
    assert len(training["purchases"]) + len(holdout["purchases"]) == 20
    assert violations(training) == violations(holdout) == ()


def test_composite_keys_are_cut_only_where_they_may_be_null():
    tables = (
        Table("people", (column("id"),), ("id",)),
        Table(
            "visits",
            (column("person"), column("n"), column("with_person", nullable=True), column("with_n", nullable=True)),
            ("person", "n"),
        ),
        Table("notes", (column("person"), column("n", nullable=True))),
    )
    keys = (
        key("visits", "person", "people", owner=True),
        ForeignKey("visits", ("with_person", "with_n"), "visits", ("person", "n")),
        key("notes", "person", "people", owner=True),
        ForeignKey("notes", ("person", "n"), "visits", ("person", "n")),
    )
    person, n = np.repeat(np.arange(20), 2), np.tile([0, 1], 20)
    visits = pd.DataFrame({"person": person, "n": n, "with_person": np.roll(person, 2), "with_n": n})
    frames = {"people": pd.DataFrame({"id": np.arange(20)}), "visits": visits, "notes": visits.loc[:, ["person", "n"]]}
    training, holdout, notes = split(Dataset(Schema(tables, keys, "people"), frames), 0.5, seed=0)
    assert violations(training) == violations(holdout) == ()
    assert len(training["visits"]) == len(holdout["visits"]) == 20
    assert holdout["visits"]["with_n"].isna().equals(holdout["visits"]["with_person"].isna())
    assert holdout["notes"]["n"].notna().all()
    assert any(note.startswith("visits.with_person+with_n:") for note in notes)


@pytest.mark.parametrize("share", [0, 1, -0.2, 20])
def test_the_share_must_make_sense(share):
    with pytest.raises(UsageError, match="share between 0 and 1"):
        split(guarded(subjects=10), share, seed=0)


def test_one_subject_cannot_be_split():
    with pytest.raises(DataError, match="customers: 1 subjects cannot be split"):
        split(guarded(subjects=1), 0.5, seed=0)


@pytest.mark.parametrize("share", [0.001, 0.999])
def test_each_side_keeps_a_subject(share):
    training, holdout, _ = split(guarded(subjects=5), share, seed=0)
    assert sorted((len(training["customers"]), len(holdout["customers"]))) == [1, 4]


def test_subjects_that_all_need_each_other_cannot_be_split():
    data = shop(referrer=False)
    ring = data["customers"].assign(referrer=np.roll(np.arange(60), 1))
    with pytest.raises(DataError, match="no subject is left in the training part"):
        split(Dataset(data.schema, {**data.tables, "customers": ring}), 0.5, seed=0)


def test_draw_takes_so_many_subjects_with_all_they_own():
    data = shop()
    drawn = draw(data, 7, seed=0)
    assert (len(drawn["customers"]), len(drawn["regions"])) == (7, 5)
    assert violations(drawn) == ()
    owned = data["orders"]["customer"].isin(drawn["customers"]["id"])
    assert len(drawn["orders"]) == owned.sum()


@pytest.mark.parametrize("count", [0, 61])
def test_only_so_many_can_be_drawn(count):
    with pytest.raises(UsageError, match=f"{count} of 60 subjects"):
        draw(shop(), count, seed=0)


@settings(max_examples=10, deadline=None)
@given(st.floats(0.01, 0.99), st.integers(0, 2**32 - 1), st.booleans())
def test_parts_are_sound_and_disjoint_whatever_the_seed(share, seed, event):
    data = shop(event=event)
    training, holdout, _ = split(data, share, seed)
    assert violations(training) == violations(holdout) == ()
    assert not set(training["orders"]["id"]) & set(holdout["orders"]["id"])
    assert len(training["customers"]) + len(holdout["customers"]) == 60
