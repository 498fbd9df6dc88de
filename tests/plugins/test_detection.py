"""Detection: a classifier tells synthetic rows from real ones, or cannot, and says by what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from synthkit import Column, ColumnKind, Context, Dataset, Failure, Schema, Score, Table
from synthkit.bank import bank
from synthkit.guard import Guard
from synthkit.inference import infer
from synthkit.source import from_frames, read_dataset
from synthkit.testing import guarded
from synthkit_baselines.broken import Independent, ShuffledKeys
from synthkit_utility.areas import area, area_error, placements
from synthkit_utility.detection import Detection
from synthkit_utility.rows import rows_of

REAL, FRESH = guarded(100, 0), guarded(100, 1)
WHOLE = ("detection.aggregates", "detection.aggregates.customers")


def evaluated(real: Dataset, synthetic: Dataset, seed: int = 0, context: Context | None = None):
    results = Detection().evaluate(real, synthetic, holdout=None, seed=seed, context=context or Context())
    found = {result.id: result for result in results}
    assert len(found) == len(results)
    return found


def changed(data: Dataset, table: str, **columns) -> Dataset:
    return replace(data, tables={**data.tables, table: data[table].assign(**columns)})


def drawn(cls, training: Dataset, rows: int) -> Dataset:
    return cls(cls.Options()).fit(training, seed=0, context=Context()).sample(rows, seed=1, context=Context())


def test_a_fresh_sample_cannot_be_told_apart():
    """Four standard errors: one false alarm in 15,000 of each figure."""
    context = Context()
    found = evaluated(REAL, FRESH, context=context)
    for metric in (*WHOLE, "detection.rows.customers", "detection.rows.purchases"):
        assert abs(found[metric].value - 0.5) < 4 * found[metric].error < 0.3
    importances = [result for name, result in found.items() if ".importance." in name]
    assert importances
    assert all(abs(result.value) <= 4 * result.error for result in importances)
    assert context.notes == []


def test_the_subjects_with_what_is_below_them_stand_for_all():
    found = evaluated(REAL, FRESH)
    assert found[WHOLE[0]] == replace(found[WHOLE[1]], table=None)
    assert (found[WHOLE[0]].goal, found[WHOLE[0]].ceiling) == ("min", None)


@pytest.fixture(scope="module")
def banks() -> tuple[Dataset, Dataset]:
    """Two banks of different seeds as a synthesizer sees them."""
    found = []
    for seed in (0, 1):
        tables = from_frames(bank(300, seed))
        data = read_dataset(tables, infer(tables)[0])
        found.append(Guard.learn(data, real=data).protect(data))
    return found[0], found[1]


def test_a_fresh_bank_cannot_be_told_apart(banks):
    found = evaluated(*banks)
    assert abs(found["detection.aggregates"].value - 0.5) < 4 * found["detection.aggregates"].error


def test_independent_columns_are_told_apart(banks):
    found = evaluated(banks[0], drawn(Independent, banks[1], 300))
    assert found["detection.aggregates"].value > 0.8
    assert found["detection.rows.customers"].value > 0.8


def test_shuffled_keys_are_told_apart_by_what_is_below_only(banks):
    found = evaluated(banks[0], drawn(ShuffledKeys, banks[1], 300))
    assert found["detection.aggregates"].value > 0.8
    assert abs(found["detection.rows.transactions"].value - 0.5) < 0.12  # each row is right


def test_copies_come_out_below_a_half():
    copied = evaluated(REAL, REAL)
    for metric in (*WHOLE, "detection.rows.customers"):
        assert copied[metric].value < 0.4


def test_a_leaky_column_is_named_first_without_its_values():
    context = Context()
    amount = FRESH["purchases"]["amount"] + 1000
    found = evaluated(REAL, changed(FRESH, "purchases", amount=amount), context=context)
    for metric, column in (("detection.rows", "amount"), (WHOLE[0], "purchases.amount")):
        falls = {r.columns[0]: r.value for r in found.values() if r.metric == f"{metric}.importance"}
        assert max(falls, key=falls.__getitem__) == column
        assert falls[column] > 0.3
    assert found["detection.rows.purchases"].value == 1
    notes = {note.partition(":")[0]: note for note in context.notes}
    assert notes["detection.rows.purchases"].endswith("most of all amount")
    assert "most of all purchases.amount" in notes[WHOLE[1]]
    assert not any(value in note for note in context.notes for value in ("app", "web", "gold"))


def test_importances_are_of_columns_never_of_categories():
    names = {r.columns for r in evaluated(REAL, FRESH).values() if r.metric == "detection.aggregates.importance"}
    below = {"purchases.count", "purchases.amount", "purchases.channel"}
    assert {name for (name,) in names} == {"segment", "income", "joined", "churned", *below}


def test_seed_rows_and_keys():
    """The seed decides; the order of rows, and what keys are, change nothing."""
    once = evaluated(REAL, FRESH)
    assert evaluated(REAL, FRESH, seed=1) != once
    assert evaluated(REAL, rekeyed(shuffled(FRESH))) == once


def shuffled(data: Dataset) -> Dataset:
    return replace(
        data, tables={n: f.sample(frac=1, random_state=1, ignore_index=True) for n, f in data.tables.items()}
    )


def rekeyed(data: Dataset) -> Dataset:
    frames = {name: frame.assign(customer_id=frame["customer_id"] * 7 + 9) for name, frame in data.tables.items()}
    return replace(data, tables=frames)


def test_the_order_of_columns_and_tables_changes_nothing():
    def turned(data):
        tables = tuple(replace(t, columns=t.columns[::-1]) for t in data.schema.tables[::-1])
        return Dataset(
            replace(data.schema, tables=tables), {t.name: data[t.name][list(t.column_names)] for t in tables}
        )

    assert evaluated(turned(REAL), turned(FRESH)) == evaluated(REAL, FRESH)


def test_an_unreadable_column_is_a_failure_of_what_needs_it():
    found = evaluated(REAL, changed(FRESH, "customers", income="secret"))
    for metric in (*WHOLE, "detection.rows.customers"):
        assert isinstance(found[metric], Failure)
        assert "secret" not in found[metric].reason
    assert found["detection.rows.purchases"] == evaluated(REAL, FRESH)["detection.rows.purchases"]


def test_few_subjects_say_nothing():
    found = evaluated(REAL, guarded(30, 1))
    assert {type(result) for result in found.values()} == {Failure}
    assert evaluated(REAL, guarded(49, 1))[WHOLE[0]].reason == "fewer than 50 subjects on a side say nothing"


def test_infinite_and_missing_numbers_are_read():
    income = FRESH["customers"]["income"].where(FRESH["customers"].index > 75, np.inf)
    assert evaluated(REAL, changed(FRESH, "customers", income=income))["detection.rows.customers"].value > 0.8
    found = evaluated(REAL, changed(FRESH, "customers", income=np.nan))
    assert found["detection.rows.customers"].value > 0.9
    found = evaluated(*(changed(data, "customers", income=np.nan) for data in (REAL, FRESH)))
    assert found["detection.rows.customers"].value < 0.7


def one_table(categories: int, seed: int, reference: bool = False) -> Dataset:
    random = np.random.default_rng(seed)
    columns = (Column("id", ColumnKind.ID, "int64"), Column("kind", ColumnKind.CATEGORICAL))
    table = Table("things", columns, ("id",))
    lists = Table("lists", (Column("name", ColumnKind.CATEGORICAL),), reference=True)
    frame = pd.DataFrame({"id": np.arange(600), "kind": np.char.mod("k%d", random.integers(0, categories, 600))})
    return Dataset(Schema((table, lists)), {"things": frame, "lists": pd.DataFrame({"name": ["a"]})})


def test_one_table_with_very_many_categories():
    """Rows stand for all; reference tables are not looked at; rare categories share a code."""
    real, other = one_table(500, 0), one_table(500, 1)
    found = evaluated(real, other)
    assert set(found) == {"detection.rows.things", "detection.aggregates", "detection.rows.importance.things.kind"}
    assert found["detection.aggregates"].value == found["detection.rows.things"].value
    assert abs(found["detection.aggregates"].value - 0.5) < 0.2
    rows = rows_of("things", real, other)
    assert rows is not None
    assert max(matrix.max() for matrix in rows.matrices) == 254


def test_rows_that_belong_to_nobody_stand_for_themselves():
    def freed(data):
        keys = data["purchases"]["customer_id"].astype("Int64").mask(data["purchases"].index % 9 == 0)
        return changed(data, "purchases", customer_id=keys)

    found = evaluated(freed(REAL), freed(FRESH))
    assert abs(found["detection.rows.purchases"].value - 0.5) < 4 * found["detection.rows.purchases"].error


def test_areas_are_those_of_scikit_learn():
    random = np.random.default_rng(0)
    scores, side, weights = random.integers(0, 9, 200).astype("float64"), random.random(200) < 0.3, random.random(200)
    expected = roc_auc_score(side, scores)
    assert area(scores, side) == pytest.approx(expected)
    assert area(scores, side, weights) == pytest.approx(roc_auc_score(side, scores, sample_weight=weights))
    assert area(scores, np.ones(200, dtype=bool)) == 0.5
    placed = placements(scores, side)
    assert [placed[side].mean(), placed[~side].mean()] == pytest.approx([expected, expected])


def test_the_error_counts_subjects_not_rows():
    influences = np.random.default_rng(0).normal(size=500)
    alone = area_error(influences, np.arange(500), 5)
    thrice = area_error(np.tile(influences, 3) / 3, np.tile(np.arange(500), 3), 5)
    assert thrice == pytest.approx(alone)
    assert alone == pytest.approx(1.5 * np.sqrt(500), rel=0.1)


def test_every_figure_is_a_score():
    assert {type(result) for result in evaluated(REAL, FRESH).values()} == {Score}
