"""Evaluation: what the core counts, what evaluators measure, and ceilings at equal size."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pytest

from synthkit.context import Context
from synthkit.dataset import Dataset
from synthkit.errors import DataError
from synthkit.evaluation import DRAWS, Evaluation, reused_keys
from synthkit.evaluator import Evaluator
from synthkit.schema import Column, ColumnKind, ForeignKey, Schema, Table
from synthkit.scores import Failure, Score
from synthkit.testing import guarded


def fresh(subjects: int, seed: int, first: int = 0) -> Dataset:
    """Customers with purchases whose keys begin at a number."""
    data = guarded(subjects, seed)
    keys = {"customers": ["customer_id"], "purchases": ["purchase_id", "customer_id"]}
    shifted = {t: data[t].assign(**{k: data[t][k] + first for k in names}) for t, names in keys.items()}
    return Dataset(data.schema, shifted)


REAL, HOLDOUT, SYNTHETIC = fresh(40, 0), fresh(10, 1, 1000), fresh(60, 2, 2000)


@dataclass
class Recorder(Evaluator):
    """Scores the number of subjects and remembers its calls."""

    calls: list[dict] = field(default_factory=list)
    name = "recorder"

    def evaluate(self, real, synthetic, *, holdout, seed, context):
        self.calls.append({"real": real, "synthetic": synthetic, "holdout": holdout, "seed": seed})
        context.progress(1, 2, "half")
        size = len(synthetic["customers"])
        yield Score("recorder.size", size, bounds=(0.0, None))
        yield Score("recorder.income", float(synthetic["customers"]["income"].mean()), "customers", bounds=(0.0, None))
        yield Failure("recorder.age", "there is no such column", "customers")


class Sometimes(Evaluator):
    """Gives what it was told to give for data of a size, and a score for all others."""

    name = "sometimes"

    def __init__(self, size, given):
        self.size, self.given = size, given

    def evaluate(self, real, synthetic, *, holdout, seed, context):
        if len(synthetic["customers"]) != self.size:
            return [Score("sometimes.score", 0.5)]
        if isinstance(self.given, BaseException):
            raise self.given
        return self.given


def evaluation(*evaluators: Evaluator, holdout: Dataset | None = HOLDOUT, seed: int = 3) -> Evaluation:
    return Evaluation(evaluators, REAL, holdout, (REAL, HOLDOUT), seed)


def by_id(results):
    return {result.id: result for result in results}


# --- what the core counts -------------------------------------------------------------------------


def test_the_core_counts_without_any_evaluator():
    assert evaluation().results(SYNTHETIC, Context()) == (
        Score("integrity.violations", 0, bounds=(0.0, None), goal="min"),
        Score("keys.reused", 0, bounds=(0.0, None), goal="min"),
    )


def test_every_violation_is_counted():
    purchases = SYNTHETIC["purchases"].copy()
    purchases.loc[0, "customer_id"] = -1
    purchases.loc[[1, 2], "purchase_id"] = purchases.loc[0, "purchase_id"]
    torn = Dataset(SYNTHETIC.schema, {**SYNTHETIC.tables, "purchases": purchases})
    assert by_id(evaluation().results(torn, Context()))["integrity.violations"].value == 3


@pytest.mark.parametrize(("holdout", "reused"), [(HOLDOUT, 3), (None, 2)])
def test_keys_of_the_training_part_and_of_the_holdout_must_not_come_back(holdout, reused):
    customers = SYNTHETIC["customers"].copy()
    customers.loc[[0, 1, 2], "customer_id"] = [5, 7, 1003]
    leaking = Dataset(SYNTHETIC.schema, {**SYNTHETIC.tables, "customers": customers})
    assert by_id(evaluation(holdout=holdout).results(leaking, Context()))["keys.reused"].value == reused


def one_table(name: str, *columns: str, key: tuple[str, ...], **more) -> Table:
    return Table(name, tuple(Column(c, ColumnKind.ID) for c in columns), key, **more)


def test_keys_are_reused_where_a_table_has_one_of_its_own():
    tables = (
        one_table("people", "id", key=("id",)),
        one_table("details", "id", key=("id",)),  # one for each of the people
        one_table("visits", "person", "day", key=("person", "day")),
        one_table("products", "id", key=("id",), reference=True),  # copied as they are
        one_table("notes", "text", key=()),
    )
    keys = (
        ForeignKey("details", ("id",), "people", ("id",), owner=True),
        ForeignKey("visits", ("person",), "people", ("id",), owner=True),
    )
    schema = Schema(tables, keys, "people")
    frames = {t.name: pd.DataFrame({c: ["x", "y"] for c in t.column_names}) for t in tables}
    data = Dataset(schema, frames)
    assert reused_keys([data], data) == 2
    assert reused_keys([data, data], data) == 2
    assert reused_keys([], data) == 0


# --- what evaluators measure ----------------------------------------------------------------------


def test_an_evaluator_sees_the_data_then_the_halves_then_draws_of_the_size_of_the_second():
    recorder = Recorder()
    evaluation(recorder).results(SYNTHETIC, Context())
    assert len(recorder.calls) == DRAWS + 2
    first, ceiling, *draws = recorder.calls
    assert (first["real"], first["synthetic"]) == (REAL, SYNTHETIC)
    assert (ceiling["real"], ceiling["synthetic"]) == (REAL, HOLDOUT)
    assert [len(call["synthetic"]["customers"]) for call in draws] == [10] * DRAWS
    assert all(call["real"] is REAL for call in draws)
    assert all(call["holdout"] is HOLDOUT and call["seed"] == 3 for call in recorder.calls)


def test_draws_differ_and_bring_all_that_a_subject_owns():
    recorder = Recorder()
    evaluation(recorder).results(SYNTHETIC, Context())
    draws = [call["synthetic"] for call in recorder.calls[2:]]
    assert len({tuple(draw["customers"]["customer_id"]) for draw in draws}) == DRAWS
    counts = SYNTHETIC["purchases"]["customer_id"].value_counts()
    for draw in draws:
        expected = counts.reindex(draw["customers"]["customer_id"], fill_value=0)
        assert len(draw["purchases"]) == expected.sum()


def test_scores_get_their_ceiling_and_the_mean_of_the_draws_beside_them():
    recorder = Recorder()
    found = by_id(evaluation(recorder).results(SYNTHETIC, Context()))
    size = found["recorder.size"]
    assert (size.value, size.ceiling, size.matched) == (60, 10, 10)
    income = found["recorder.income.customers"]
    assert income.value == SYNTHETIC["customers"]["income"].mean()
    assert income.ceiling == HOLDOUT["customers"]["income"].mean()
    means = [call["synthetic"]["customers"]["income"].mean() for call in recorder.calls[2:]]
    assert income.matched == pytest.approx(np.mean(means))


def test_a_failure_stays_one_and_gets_no_ceiling():
    found = by_id(evaluation(Recorder()).results(SYNTHETIC, Context()))
    assert found["recorder.age.customers"] == Failure("recorder.age", "there is no such column", "customers")


def test_what_the_core_counts_comes_first_and_evaluators_in_their_order():
    results = evaluation(Sometimes(None, []), Recorder()).results(SYNTHETIC, Context())
    assert [result.id for result in results] == [
        "integrity.violations",
        "keys.reused",
        "sometimes.score",
        "recorder.size",
        "recorder.income.customers",
        "recorder.age.customers",
    ]


def test_a_sample_smaller_than_the_second_half_is_drawn_whole():
    small, recorder = fresh(4, 5, 3000), Recorder()
    found = by_id(evaluation(recorder).results(small, Context()))
    assert [len(call["synthetic"]["customers"]) for call in recorder.calls] == [4, 10, *[4] * DRAWS]
    assert found["recorder.size"].matched == 4


def test_without_a_holdout_the_halves_still_give_a_ceiling():
    recorder = Recorder()
    found = by_id(evaluation(recorder, holdout=None).results(SYNTHETIC, Context()))
    assert found["recorder.size"].ceiling == 10
    assert {call["holdout"] for call in recorder.calls} == {None}


def test_the_same_seed_gives_the_same_and_another_one_other_draws():
    first, again, other = (evaluation(Recorder(), seed=seed).results(SYNTHETIC, Context()) for seed in (3, 3, 4))
    assert first == again
    income = "recorder.income.customers"
    assert by_id(first)[income].matched != by_id(other)[income].matched
    assert replace(by_id(first)[income], matched=None) == replace(by_id(other)[income], matched=None)


def test_nothing_given_is_changed_and_global_state_neither():
    before = {name: frame.copy() for name, frame in SYNTHETIC.tables.items()}
    state = np.random.get_state()[1].tolist()  # noqa: NPY002 - the global state is what must stay
    evaluation(Recorder()).results(SYNTHETIC, Context())
    assert np.random.get_state()[1].tolist() == state  # noqa: NPY002
    for name, frame in before.items():
        pd.testing.assert_frame_equal(SYNTHETIC[name], frame)


# --- what goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (ValueError("SECRET"), "ValueError"),
        (None, "TypeError"),
        ([0.5], "TypeError"),
        ([Score("sometimes.score", 0.5), ("sometimes.other", 0.5)], "TypeError"),
    ],
    ids=["raises", "nothing", "a number", "a pair"],
)
def test_an_evaluator_that_fails_is_a_failure_without_its_text_and_others_go_on(given, problem):
    found = by_id(evaluation(Sometimes(60, given), Recorder()).results(SYNTHETIC, Context()))
    assert found["sometimes"] == Failure("sometimes", f"the evaluator failed ({problem})")
    assert "sometimes.score" not in found
    assert found["recorder.size"].value == 60


@pytest.mark.parametrize("error", [DataError("3 rows are null", "fill them"), MemoryError(), KeyboardInterrupt()])
def test_our_own_errors_and_interruptions_stop_the_evaluation(error):
    with pytest.raises(type(error)):
        evaluation(Sometimes(60, error)).results(SYNTHETIC, Context())


@pytest.mark.parametrize("given", [ValueError("SECRET"), [], [Failure("sometimes.score", "too few rows")]])
def test_a_score_that_is_missing_for_the_holdout_or_a_draw_has_no_ceiling(given):
    found = by_id(evaluation(Sometimes(10, given)).results(SYNTHETIC, Context()))
    assert found["sometimes.score"] == Score("sometimes.score", 0.5)
    assert list(found) == ["integrity.violations", "keys.reused", "sometimes.score"]


def test_a_score_that_one_draw_lacks_is_not_averaged_over_the_others():
    class Once(Recorder):
        def evaluate(self, real, synthetic, **more):
            results = list(super().evaluate(real, synthetic, **more))
            return results[1:] if len(self.calls) == DRAWS + 2 else results

    found = by_id(evaluation(Once()).results(SYNTHETIC, Context()))
    assert (found["recorder.size"].ceiling, found["recorder.size"].matched) == (None, None)
    assert found["recorder.income.customers"].matched is not None


# --- progress -------------------------------------------------------------------------------------


def test_progress_grows_from_zero_towards_one_over_all_evaluators_and_notes_are_kept():
    class Noting(Recorder):
        def evaluate(self, *data, context, **more):
            context.note("a column was constant")
            return super().evaluate(*data, context=context, **more)

    seen: list[tuple[float, str]] = []
    context = Context(report=lambda fraction, text: seen.append((fraction, text)))
    evaluation(Noting(), Recorder()).results(SYNTHETIC, context)
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert fractions[-1] == pytest.approx(1 - 0.5 / (2 * (DRAWS + 2)))  # half of the last call
    assert {text for _, text in seen} == {"recorder: synthetic", "recorder: ceiling", "recorder: draw"}
    assert context.notes == ["a column was constant"]
