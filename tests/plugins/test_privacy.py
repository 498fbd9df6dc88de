"""Privacy: the controls that the evaluator must pass and fail, and what it does where nothing can be measured.

The data are seeded, so that no test fails by chance; where a figure is random, its false-alarm rate says how far it
is from failing under another seed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synthkit import Context, Dataset, Failure, Schema, Score
from synthkit.gates import DEFAULT_GATES, judge
from synthkit.testing import guarded
from synthkit_baselines.copies import BootstrapSubjects, Copy, Jitter
from synthkit_privacy.evaluator import Privacy

GATES = {name: gate for name, gate in DEFAULT_GATES.items() if name.startswith("privacy.")}
TRAINING, HOLDOUT, FRESH = guarded(600, 0), guarded(300, 1), guarded(600, 2)
ATTACKS = (
    "privacy.distance",
    "privacy.distance.sparse",
    "privacy.membership",
    "privacy.inference",
    "privacy.linkability",
    "privacy.singling_out",
)


def evaluated(synthetic, *, training=TRAINING, holdout=HOLDOUT, seed=0):
    results = Privacy().evaluate(training, synthetic, holdout=holdout, seed=seed, context=Context())
    return {result.id: result for result in results}


def failed(found):
    return {verdict.gate for verdict in judge(GATES, found.values()) if verdict.fails}


def drawn(cls, rows=600, **options):
    return cls(cls.Options(**options)).fit(TRAINING, seed=0, context=Context()).sample(rows, seed=1, context=Context())


def changed(data, table, **columns):
    return Dataset(data.schema, {**data.tables, table: data[table].assign(**columns)})


@pytest.fixture(scope="module")
def fresh():
    return evaluated(FRESH)


# --- controls -------------------------------------------------------------------------------------


def test_fresh_real_data_pass_and_every_risk_is_small(fresh):
    assert failed(fresh) == set()
    assert all(isinstance(result, Score) for result in fresh.values())
    for name in ("linkability", "singling_out"):
        score = fresh[f"privacy.{name}"]
        assert score.value < 4 * score.error  # 1 in 30,000
    assert abs(fresh["privacy.distance"].value - 0.5) < 4 * fresh["privacy.distance"].error


def test_the_holdout_itself_passes():
    assert failed(evaluated(HOLDOUT)) == set()


def test_fresh_real_data_pass_whatever_the_seed():
    """An area of 0.55 is beyond the bound with a chance under 1 in 10,000 in each: false alarms 1 in 2,000."""
    for seed in range(10, 15):
        parts = [guarded(size, 100 * seed + i) for i, size in enumerate((240, 60, 240))]
        assert failed(evaluated(parts[2], training=parts[0], holdout=parts[1], seed=seed)) == set()


@pytest.mark.parametrize(
    ("cls", "options", "gates"),
    [
        (Copy, {}, set(GATES)),
        (BootstrapSubjects, {}, set(GATES)),
        (Jitter, {"scale": 1e-6}, {"privacy.membership"}),
        (Jitter, {"scale": 0.01}, {"privacy.membership"}),
    ],
    ids=["copy", "bootstrap", "tiny jitter", "jitter"],
)
def test_copies_fail(cls, options, gates):
    found = evaluated(drawn(cls, **options))
    assert failed(found) >= gates
    assert found["privacy.distance"].value > 0.55
    assert found["privacy.distance.sparse"].value > 0.5
    for name in ("inference", "linkability"):
        assert found[f"privacy.{name}"].value > 0.3
    if cls is not Jitter:  # a description of a moved number need not fit the true one
        assert found["privacy.singling_out"].value > 0.5


def test_copies_of_two_percent_are_found():
    """Of 3,000 rows 60 are copies; up to 20 would be let pass, as chance may explain them."""
    training, holdout, other = guarded(3000, 3), guarded(750, 4), guarded(3000, 5)
    mixed = {c: other["customers"][c].where(other["customers"].index >= 60, training["customers"][c])
             for c in ("segment", "income", "joined", "churned")}  # fmt: skip
    found = evaluated(changed(other, "customers", **mixed), training=training, holdout=holdout)
    assert failed(found) == {"privacy.copies.rows"}
    assert 30 < found["privacy.copies.rows.customers"].value < 60


def test_what_a_subject_did_is_found_under_another_profile():
    amounts = changed(drawn(Copy), "customers", income=FRESH["customers"]["income"])
    found = evaluated(amounts)
    assert found["privacy.copies.rows"].value == 0
    assert failed(found) >= {"privacy.copies.sequences"}


# --- conformance ----------------------------------------------------------------------------------


def test_two_evaluations_are_equal_and_change_nothing(fresh):
    before = {name: frame.copy() for name, frame in FRESH.tables.items()}
    assert evaluated(FRESH) == fresh
    for name, frame in before.items():
        pd.testing.assert_frame_equal(FRESH[name], frame)


def test_another_seed_gives_other_draws(fresh):
    assert evaluated(FRESH, seed=1)["privacy.distance"].value != fresh["privacy.distance"].value


def test_the_order_of_rows_and_columns_changes_nothing(fresh):
    parts = [_mixed(part, seed) for seed, part in enumerate((TRAINING, HOLDOUT, FRESH))]
    again = evaluated(parts[2], training=parts[0], holdout=parts[1])
    assert again.keys() == fresh.keys()
    assert again == fresh


def _mixed(data, seed):
    tables = tuple(replace(table, columns=table.columns[::-1]) for table in data.schema.tables)
    frames = {n: f.iloc[:, ::-1].sample(frac=1, random_state=seed).reset_index(drop=True)
              for n, f in data.tables.items()}  # fmt: skip
    return Dataset(replace(data.schema, tables=tables), frames)


@pytest.mark.parametrize(
    "income",
    [pd.Series(np.full(600, np.nan)), pd.Series(["much"] * 600), pd.Series(pd.Timestamp("2024-01-01"), range(600))],
    ids=["null", "text", "time"],
)
def test_a_column_that_cannot_be_read_hides_no_copy(income):
    found = evaluated(changed(drawn(Copy), "customers", income=income))
    reason = "customers.income holds no value of its kind in the synthetic data"
    for metric in ("privacy.copies.rows", "privacy.copies.rows.customers", *ATTACKS):
        assert isinstance(found[metric], Failure)
        assert (found[metric].reason, found[metric].applicable) == (reason, True)
    assert found["privacy.copies.sequences"].value > 0
    assert failed(found) == set(GATES)


def test_without_a_holdout_there_is_nothing_to_hold_against():
    assert evaluated(FRESH, holdout=None) == {"privacy": Failure("privacy", "there is no holdout to compare with")}


def test_ten_subjects_say_nothing_but_their_copies_count():
    small = drawn(Copy, rows=10)
    found = evaluated(small)
    for metric in ATTACKS:
        assert isinstance(found[metric], Failure)
        assert not found[metric].applicable
    assert "the least is 10" in found["privacy.membership"].reason
    assert failed(evaluated(drawn(Copy, rows=19))) == {"privacy.copies.rows"}


def test_a_subject_without_children_or_with_few_columns_has_fewer_figures():
    alone = [part.select(["customers"]) for part in (TRAINING, HOLDOUT, FRESH)]
    found = evaluated(alone[2], training=alone[0], holdout=alone[1])
    assert found["privacy.copies.sequences"] == Failure(
        "privacy.copies.sequences", "no table belongs to the subjects", applicable=False
    )
    assert isinstance(found["privacy.copies.rows"], Score)
    narrow = [_only(part, "segment", "income") for part in alone]
    found = evaluated(narrow[2], training=narrow[0], holdout=narrow[1])
    reason = "no table has 4 columns to compare rows by"
    assert found["privacy.copies.rows"] == Failure("privacy.copies.rows", reason, applicable=False)
    assert isinstance(found["privacy.membership"], Score)


def test_who_describes_nobody_where_real_people_could_be_described_has_failed():
    customers = [part.select(["customers"]) for part in (TRAINING, HOLDOUT)]
    (table,) = customers[0].schema.tables
    same = customers[0][table.name].head(1000).iloc[[0, 1] * 500].reset_index(drop=True)
    same[table.primary_key[0]] = np.arange(1000)
    found = evaluated(Dataset(customers[0].schema, {table.name: same}), training=customers[0], holdout=customers[1])
    assert found["privacy.singling_out"].applicable


def test_one_column_cannot_be_guessed_from_others_and_none_says_nothing():
    one = [_only(part.select(["customers"]), "segment") for part in (TRAINING, HOLDOUT, FRESH)]
    found = evaluated(one[2], training=one[0], holdout=one[1])
    assert found["privacy.inference"].reason == "the subjects have no column to guess from others"
    silence = Failure("privacy.singling_out", "no description fits one synthetic subject alone", applicable=False)
    assert found["privacy.singling_out"] == silence
    none = [_only(part.select(["customers"])) for part in (TRAINING, HOLDOUT, FRESH)]
    found = evaluated(none[2], training=none[0], holdout=none[1])
    assert found["privacy.membership"].reason == "no column of the subjects holds more than one value"


def _only(data, *names):
    (table,) = data.schema.tables
    columns = tuple(c for c in table.columns if c.name in ("customer_id", *names))
    schema = Schema((replace(table, columns=columns),), (), data.subject)
    return Dataset(schema, {table.name: data[table.name][[c.name for c in columns]]})


def test_a_table_that_no_subject_owns_stands_in_all_parts_and_is_no_copy():
    schema = replace(TRAINING.schema, subject="purchases", foreign_keys=())
    parts = [Dataset(schema, part.tables) for part in (TRAINING, HOLDOUT, FRESH)]
    found = evaluated(parts[2], training=parts[0], holdout=parts[1])
    assert "privacy.copies.rows.customers" not in found
