"""Every evaluator that is installed keeps every promise, and one that breaks a promise is caught by its check alone.

All data and seeds are fixed, so that no test fails by chance; the kit says how far apart two scores must be.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from synthkit import ColumnKind, Evaluator, Failure, Score, UsageError
from synthkit.plugins import discover
from synthkit.testing import EVALUATOR_CHECKS, check_evaluator, parametrize_with_checks

pytest_plugins = ["pytester"]

NAMES = {check.__name__ for check in EVALUATOR_CHECKS}


@parametrize_with_checks(discover().usable("evaluator"))
def test_installed_evaluators_keep_every_promise(plugin, check):
    check(plugin)


# --- an evaluator that keeps every promise, and what becomes of it when it breaks one ---------------


class Close(Evaluator):
    """How alike columns, and pairs of columns, are in cells that the real data decide."""

    name = "close"

    def evaluate(self, real, synthetic, *, holdout, seed, context):
        context.progress(0, 1)
        yield from self.also(real, synthetic)
        for table in real.schema.table_names:
            cells, found = {}, []
            for column in self.looked_at(real.schema.modelled(table), synthetic[table]):
                if (both := _cells(column.kind, real[table][column.name], synthetic[table][column.name])) is None:
                    found += self.unread(table, column.name)
                else:
                    cells[column.name] = both
            found += [_score("close.column", table, names, cells) for names in combinations(cells, 1)]
            yield from [*found, _mean(found, table)]
            yield from [_score("close.pair", table, names, cells) for names in combinations(cells, 2)]

    def also(self, real, synthetic):
        return []

    def looked_at(self, columns, frame):
        return columns

    def unread(self, table, column):
        return [Failure("close.column", "cannot be read", table, (column,))]


def _cells(kind, real, synthetic):
    """A small number for each value; none where the synthetic ones are of another kind."""
    both = pd.concat([real.astype(object), synthetic.astype(object)], ignore_index=True)
    if kind in (ColumnKind.NUMERICAL, ColumnKind.DATETIME):
        if real.dtype.kind not in (synthetic.dtype.kind, {"i": "f", "f": "i"}.get(synthetic.dtype.kind)):
            return None
        numbers = [_numbers(values) for values in (real, synthetic)]
        edges = np.nanquantile(numbers[0], [0.2, 0.4, 0.6, 0.8]) if real.notna().any() else []
        both = np.concatenate([np.where(np.isnan(n), -1, np.searchsorted(edges, n)) for n in numbers])
    return np.split(pd.factorize(both, use_na_sentinel=False)[0], [len(real)])


def _numbers(values):
    if values.dtype.kind == "M":
        return np.where(values.isna(), np.nan, values.to_numpy("datetime64[us]").astype("int64"))
    return values.to_numpy("float64", na_value=np.nan)


def _score(metric, table, names, cells):
    real, synthetic = (sum(cells[name][side] * 100**i for i, name in enumerate(names)) for side in (0, 1))
    if not (len(real) and len(synthetic)):
        return Failure(metric, "no rows", table, names)
    places = np.unique(np.concatenate([real, synthetic]), return_inverse=True)[1]
    apart = np.bincount(places, np.repeat([1 / len(real), -1 / len(synthetic)], [len(real), len(synthetic)]))
    return Score(metric, np.clip(1 - np.abs(apart).sum() / 2, 0, 1), table, names)


def _mean(found, table):
    if lost := [result for result in found if isinstance(result, Failure)]:
        return Failure("close", "not all known", table, applicable=any(result.applicable for result in lost))
    return Score("close", np.mean([score.value for score in found]), table) if found else Failure("close", "no column")


class Undefined(Close):
    """A mean over no rows."""

    def also(self, real, synthetic):
        yield Score("close.nulls", synthetic["visits"]["cost"].isna().mean(), goal="min")


class Unsure(Close):
    """An error over no rows."""

    def also(self, real, synthetic):
        yield Score("close.some", 0.5, error=0.1 if len(real["visits"]) else math.nan)


class Unbounded(Close):
    """No longer within its bounds where the data lie far apart."""

    def also(self, real, synthetic):
        yield Score("close.centre", 1 - self.distance(real, synthetic), error=1.0)

    def distance(self, real, synthetic):
        ages = [data["members"]["age"].dropna() for data in (real, synthetic)]
        usable = all(len(each) and each.dtype == "Int64" for each in ages) and ages[0].min() < ages[0].max()
        return abs(ages[0].mean() - ages[1].mean()) / (ages[0].max() - ages[0].min()) if usable else 0.0


class Stretched(Unbounded):
    """Bounds that give way."""

    def also(self, real, synthetic):
        far = self.distance(real, synthetic)
        yield Score("close.centre", far, bounds=(0.0, max(1.0, far)), goal="min", error=100.0)


class Elsewhere(Close):
    """A name that is not its own."""

    def also(self, real, synthetic):
        yield Score("closely.related", 0.5)


class Twice(Close):
    """Two results of one name."""

    def also(self, real, synthetic):
        yield from [Score("close.some", 0.5), Failure("close.some", "none")]


class Demanding(Close):
    """Asks for a holdout that it does not need."""

    needs_holdout = True


class Mute(Close):
    """Needs a holdout, and says nothing without one."""

    needs_holdout = True

    def evaluate(self, real, synthetic, *, holdout, **rest):
        return [] if holdout is None else super().evaluate(real, synthetic, holdout=holdout, **rest)


class Dependent(Close):
    """Needs a holdout and does not say so."""

    def evaluate(self, real, synthetic, *, holdout, **rest):
        if holdout is None:
            return [Failure("close", "no holdout")]
        return super().evaluate(real, synthetic, holdout=holdout, **rest)


class Restless(Close):
    """Noise without a seed, however little."""

    def also(self, real, synthetic):
        yield Score("close.some", 0.5 + 1e-12 * np.random.default_rng().random())


class Ordered(Close):
    """Looks at the first rows only."""

    def also(self, real, synthetic):
        yield Score("close.some", synthetic["members"]["plan"].iloc[:50].eq("basic").mean(), error=1.0)


class Placed(Close):
    """Looks at the first columns only."""

    def also(self, real, synthetic):
        yield Failure("close.some", "none", real.schema.table_names[0], real.schema["members"].column_names[:1])


class Untidy(Close):
    """Numbers the rows that it was given anew."""

    def also(self, real, synthetic):
        real["visits"].index += 1
        return []


class Seeding(Close):
    """Seeds the global generator."""

    def also(self, real, synthetic):
        np.random.seed(0)  # noqa: NPY002 - that is what is wrong
        return []


class Reading(Close):
    """Draws from the global generator, and puts it back."""

    def also(self, real, synthetic):
        before = np.random.get_state()  # noqa: NPY002 - that is what is wrong
        yield Score("close.some", np.random.random(), error=1.0)  # noqa: NPY002
        np.random.set_state(before)  # noqa: NPY002


class Endless(Close):
    """Reports no progress."""

    def evaluate(self, real, synthetic, *, context, **rest):
        context.progress = lambda *_: None
        return super().evaluate(real, synthetic, context=context, **rest)


class Novel(Close):
    """Praises what is new."""

    def also(self, real, synthetic):
        names = [data["members"]["name"] for data in (real, synthetic)]
        yield Score("close.novelty", (~names[1].isin(names[0])).mean())


class Blind(Close):
    """Sees nothing."""

    def evaluate(self, real, synthetic, *, holdout, seed, context):
        context.progress(0, 1)
        return [Score("close", 1.0)]


class Perverse(Close):
    """Has more scores that prefer unknown categories, to all but a copy."""

    def also(self, real, synthetic):
        sides = [data["members"].sort_values("member_id", ignore_index=True) for data in (real, synthetic)]
        known = sides[1]["plan"].isin(sides[0]["plan"]).mean() if len(sides[1]) else 0.0
        value = 1.0 if sides[0].equals(sides[1]) else 0.5 - known / 10
        yield from (Score(f"close.some.{i}", value if sides[1]["plan"].notna().any() else 0.0) for i in range(99))


class Dropping(Close):
    """Leaves out what it cannot read."""

    def unread(self, table, column):
        return []


class Excusing(Close):
    """Says that what it cannot read does not apply."""

    def unread(self, table, column):
        return [Failure("close.column", "cannot be read", table, (column,), applicable=False)]


class Forgetful(Close):
    """Leaves out what has no value."""

    def looked_at(self, columns, frame):
        return [column for column in columns if frame[column.name].notna().any()]


class Sparing(Close):
    """Says that nothing applies to what is empty."""

    def also(self, real, synthetic):
        known = synthetic["visits"]["paid"].notna().any()
        yield Score("close.some", 0.5) if known else Failure("close.some", "nothing is paid", applicable=False)


WRONG = [
    (Undefined, "check_results_are_finite", "close: raised ValueError (no synthetic row below a subject)"),
    (Unsure, "check_results_are_finite", "close.some has an error that is not finite (no real row below a subject)"),
    (Unbounded, "check_scores_keep_their_bounds", "raised ValueError (data far out)"),
    (Stretched, "check_scores_keep_their_bounds", "close.centre has other bounds or another goal for data far out"),
    (Elsewhere, "check_names_are_its_own", "closely.related does not begin with the evaluator's name"),
    (Twice, "check_names_are_its_own", "close.some is there twice"),
    (Demanding, "check_needs_holdout_is_true", "needs no holdout, but needs_holdout is true"),
    (Mute, "check_needs_holdout_is_true", "no result says that a holdout is needed"),
    (Dependent, "check_needs_holdout_is_true", "no score without a holdout, but needs_holdout is false"),
    (Restless, "check_two_evaluations_are_equal", "close.some differs between two evaluations of the same data"),
    (Ordered, "check_order_changes_nothing", "close.some depends on the order of rows or columns"),
    (Placed, "check_order_changes_nothing", "depends on the order of rows or columns"),
    (Untidy, "check_input_is_not_changed", "the real data were changed"),
    (Seeding, "check_global_random_state_is_left_alone", "a global random generator was left changed"),
    (Reading, "check_global_random_state_is_left_alone", "close.some depends on a global random generator"),
    (Endless, "check_deadline_stops_it", "a deadline does not stop it"),
    (Novel, "check_copy_is_best", "close.novelty puts fresh data on the wrong side of a copy"),
    (Blind, "check_good_data_rank_first", "no score ranks redrawn subjects before independent columns"),
    (Perverse, "check_good_data_rank_first", "most scores do not rank redrawn subjects before garbage"),
    (Dropping, "check_unreadable_column_is_a_failure", "close.members is better with members.age unreadable"),
    (Excusing, "check_unreadable_column_is_a_failure", "no Failure though scores changed with members.age unreadable"),
    (Forgetful, "check_empty_column_helps_no_score", "is better with"),
    (Sparing, "check_real_data_decide_what_applies", "close.some is no longer applicable with visits.paid empty"),
]


def complaints(evaluator):
    found = {}
    for check in EVALUATOR_CHECKS:
        try:
            check(evaluator)
        except AssertionError as error:
            found[check.__name__] = str(error)
    return found


def test_the_evaluator_that_breaks_nothing_passes():
    check_evaluator(Close)


@pytest.mark.parametrize(("evaluator", "check", "words"), WRONG, ids=[cls.__name__ for cls, _, _ in WRONG])
def test_a_broken_promise_is_caught_by_its_check_alone(evaluator, check, words):
    found = complaints(evaluator)
    assert list(found) == [check]
    assert words in found[check]
    assert found[check].startswith("close: ")
    assert "\n" not in found[check]


def test_each_check_has_an_evaluator_that_fails_it_alone_and_a_promise():
    assert {check for _, check, _ in WRONG} == NAMES
    assert all(check.__doc__ for check in EVALUATOR_CHECKS)


# --- exceptions, and evaluators that are none ------------------------------------------------------


def test_all_broken_promises_are_told_at_once():
    class Both(Novel, Seeding):
        def also(self, real, synthetic):
            return [*Novel.also(self, real, synthetic), *Seeding.also(self, real, synthetic)]

    with pytest.raises(AssertionError) as caught:
        check_evaluator(Both)
    assert str(caught.value).splitlines() == [
        "close: a global random generator was left changed [check_global_random_state_is_left_alone]",
        "close: close.novelty puts fresh data on the wrong side of a copy [check_copy_is_best]",
    ]


def test_an_exception_is_strict():
    class Excused(Blind):
        exceptions: ClassVar = {"check_good_data_rank_first": "it is blind"}

    class Needless(Close):
        exceptions: ClassVar = {"check_good_data_rank_first": "it is blind"}

    check_evaluator(Excused)
    with pytest.raises(AssertionError) as caught:
        check_evaluator(Needless)
    assert str(caught.value) == "close: check_good_data_rank_first is passed and needs no exception (it is blind)"


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"check_nothing": "why not"}, "close: there is no check check_nothing"),
        ({"check_copy_is_best": ""}, "close: the exception from check_copy_is_best has no reason"),
    ],
)
def test_an_exception_names_a_check_and_gives_a_reason(declared, words):
    class Excused(Close):
        exceptions = declared

    with pytest.raises(UsageError, match=words):
        check_evaluator(Excused)
    with pytest.raises(UsageError, match=words):
        parametrize_with_checks([Excused])


@pytest.mark.parametrize("other", [object, Close()])
def test_what_is_no_plugin_has_no_checks(other):
    with pytest.raises(UsageError, match="derived from one of Synthesizer, Evaluator, Format"):
        parametrize_with_checks([other])


def test_what_is_no_score_and_what_is_raised_is_told():
    class Plain(Close):
        def also(self, real, synthetic):
            return [0.5]

    assert set(complaints(Plain).values()) >= {"close: float is no Score and no Failure"}

    class Raising(Close):
        def evaluate(self, real, synthetic, **rest):
            raise KeyError("plan")

    found = complaints(Raising)
    assert set(found) == NAMES
    assert found["check_deadline_stops_it"] == "close: raised KeyError (a deadline): 'plan'"


def test_each_evaluator_and_check_is_a_test_and_an_exception_must_fail(pytester):
    pytester.makepyfile(
        """
        from synthkit import Context, Evaluator, Score
        from synthkit.testing import parametrize_with_checks

        class Blind(Evaluator):
            name = "blind"
            def evaluate(self, real, synthetic, *, holdout, seed, context):
                context.progress(0, 1)
                return [Score("blind", 1.0)]

        class Dull(Blind):
            exceptions = {"check_good_data_rank_first": "it is blind", "check_copy_is_best": "it is dull"}

        @parametrize_with_checks([Blind, Dull])
        def test_promises(plugin, check):
            check(plugin)
        """
    )
    result = pytester.runpytest("-p", "no:randomly", "-q")
    result.assert_outcomes(passed=2 * len(NAMES) - 3, xfailed=1, failed=2)
    result.stdout.fnmatch_lines(["*blind-check_good_data_rank_first*", "*XPASS(strict)* it is dull*"])
