"""Every installed synthesizer keeps every promise, and a wrong copy is caught by the check of its promise alone."""

from __future__ import annotations

from typing import ClassVar

import pytest

from synthkit import Context, UsageError
from synthkit.plugins import discover
from synthkit.testing import SYNTHESIZER_CHECKS, check_synthesizer, parametrize_with_checks, promises, synthesizers
from tests.plugins import wrong_synthesizers as wrong

NAMES = {check.__name__ for check in SYNTHESIZER_CHECKS}
WRONG = [
    (wrong.Eager, "check_constructor_does_nothing", "sets generator: that belongs into fit"),
    (wrong.Replacing, "check_constructor_does_nothing", "does not keep the options that it is given"),
    (wrong.Demanding, "check_constructor_does_nothing", "Options() raised ValidationError"),
    (wrong.Lax, "check_options_refuse_unknown_keys", "Options accept unknown keys"),
    (wrong.Silent, "check_fit_returns_itself", "fit returns NoneType, not itself"),
    (wrong.Untidy, "check_input_is_not_changed", "customers was changed in the training part"),
    (wrong.Hasty, "check_sample_before_fit_is_refused", "sample before fit raises AttributeError, not PluginError"),
    (wrong.Empty, "check_sample_before_fit_is_refused", "sample before fit is not refused"),
    (wrong.Renaming, "check_sample_has_the_schema", "has another schema than the training part"),
    (wrong.Indexed, "check_sample_has_the_schema", "customers has an index that is not 0, 1, 2 and so on"),
    (wrong.Untyped, "check_sample_has_the_schema", "purchases.amount has the dtype"),
    (wrong.Few, "check_counts_are_exact", "customers has 50 rows, 90 were asked for"),
    (wrong.Growing, "check_counts_are_exact", "branches has 10 rows, 5 were asked for"),
    (wrong.Counting, "check_keys_are_valid", "customers.customer_id is not the row number"),
    (wrong.Dangling, "check_keys_are_valid", "purchases.customer_id leads to no row"),
    (wrong.Orphaning, "check_keys_are_valid", "purchases.customer_id is null, and may not be"),
    (wrong.Gapped, "check_nulls_are_within_bounds", "purchases.amount has 1 nulls, the training part none"),
    (wrong.Spelling, "check_categories_are_within_bounds", "cells with categories that it was not shown"),
    (wrong.Infinite, "check_numbers_are_finite", "purchases.amount has 1 infinite numbers"),
    (wrong.Restless, "check_same_seeds_same_sample", "amount differs for the same seeds (of another fit)"),
    (wrong.Advancing, "check_same_seeds_same_sample", "amount differs for the same seeds (drawn again)"),
    (wrong.Shifting, "check_same_seeds_same_sample", "differs for the same seeds (drawn again)"),
    (wrong.Signed, "check_other_seed_other_sample", "sample (the usual data) raised ValueError"),
    (wrong.Deaf, "check_other_seed_other_sample", "the sample is the same for another seed"),
    (wrong.Seeding, "check_global_random_state_is_left_alone", "a global random generator was left changed"),
    (wrong.Reading, "check_global_random_state_is_left_alone", "amount depends on a global random generator"),
    (wrong.Remembering, "check_second_fit_forgets_the_first", "amount depends on what was learned before the last fit"),
    (wrong.Losing, "check_saved_model_samples_the_same", "differs after save and load in a new process"),
    (wrong.Rooted, "check_saved_model_samples_the_same", "raised RuntimeError: FileNotFoundError"),
    (
        wrong.Bound,
        "check_saved_model_samples_the_same",
        "save, and load in a new process raised RuntimeError: KeyError",
    ),
    (wrong.Pairing, "check_one_row_is_learned", "fit (one subject) raised"),
    (wrong.Dropping, "check_one_category_is_learned", "has another category than the only one"),
    (wrong.Solid, "check_column_of_nulls_is_learned", "fit (columns of nulls) raised ValueError"),
    (wrong.Filling, "check_column_of_nulls_is_learned", "has values, and had nothing but nulls"),
    (wrong.Ascii, "check_unicode_is_learned", "has categories that differ from those it was shown"),
    (wrong.Aligning, "check_index_means_nothing", "purchases.amount depends on the index of the training part"),
    (wrong.Narrow, "check_many_columns_are_learned", "fit (200 columns) raised AssertionError: too many columns"),
    (wrong.Endless, "check_cancels_within_two_seconds", "fit goes on after its deadline"),
    (wrong.Deadline, "check_cancels_within_two_seconds", "sample goes on after its deadline"),
    (wrong.Modest, "check_declared_capabilities_are_true", "but refusals: it takes one table"),
    (wrong.Boasting, "check_given_is_heeded", "customers.segment has 16 cells that are not as given"),
    (wrong.Careless, "check_given_is_heeded", "customers.churned has the dtype object"),
    (wrong.Unlinking, "check_given_is_heeded", "purchases.customer_id leads to no row"),
    (wrong.Stingy, "check_given_is_heeded", "customers has 3 rows, 25 were asked for, with conditions"),
    (wrong.Blocks, "check_declared_capabilities_are_true", "branches differs between samples, but blockwise is true"),
]


@parametrize_with_checks(discover().usable("synthesizer"))
def test_installed_synthesizers_keep_every_promise(plugin, check):
    check(plugin)


def test_the_synthesizer_that_breaks_nothing_passes():
    check_synthesizer(wrong.Steady)
    synthesizers.check_given_is_heeded(wrong.Heeding)


@pytest.mark.parametrize(("synthesizer", "check", "words"), WRONG, ids=[cls.__name__ for cls, _, _ in WRONG])
def test_a_broken_promise_is_caught_by_its_check_alone(synthesizer, check, words):
    found = {}
    for each in SYNTHESIZER_CHECKS:
        try:
            each(synthesizer)
        except AssertionError as error:
            found[each.__name__] = str(error)
    assert list(found) == [check], found
    assert words in found[check]
    assert found[check].startswith("steady: ")
    assert "\n" not in found[check]


def test_each_check_has_a_synthesizer_that_fails_it_alone_and_a_promise():
    assert {check for _, check, _ in WRONG} == NAMES
    assert all(check.__doc__ for check in SYNTHESIZER_CHECKS)


def test_work_without_a_report_is_measured_in_seconds_of_work(monkeypatch):
    clock = iter([0.0, 0.5, 1.0, 3.5, 9.0])  # the watch starts, two reports, the end of fit; then sample
    monkeypatch.setattr(promises.time, "thread_time", lambda: next(clock))

    class Slow(wrong.Steady):
        def fit(self, training, *, seed, context):
            context.progress(1, 2)
            return super().fit(training, seed=seed, context=context)

    with pytest.raises(AssertionError, match=r"steady: fit reports no progress for 2\.5 seconds"):
        synthesizers.check_cancels_within_two_seconds(Slow)


def test_an_exception_is_declared_by_the_class_and_strict():
    check_synthesizer(wrong.Excused)
    with pytest.raises(
        AssertionError, match=r"^steady: check_other_seed_other_sample is passed and needs no exception"
    ):
        check_synthesizer(wrong.Needless)


def test_what_is_raised_and_what_is_no_sample_is_told_in_one_line():
    class Raising(wrong.Steady):
        def fit(self, training, *, seed, context):
            raise ValueError("first line\nsecond line")

    class Plain(wrong.Steady):
        def sample(self, rows, *, seed, context, given=None):
            return super().sample(rows, seed=seed, context=context).tables

    with pytest.raises(AssertionError, match=r"^steady: fit \(the usual data\) raised ValueError: first line$"):
        synthesizers.check_counts_are_exact(Raising)
    with pytest.raises(AssertionError, match="sample returns dict, not a Dataset"):
        synthesizers.check_counts_are_exact(Plain)
    with pytest.raises(AssertionError, match=r"fit \(the usual data\) raised ValueError"):
        synthesizers.check_cancels_within_two_seconds(Raising)


def test_options_of_the_trial_are_used():
    class Noisy(wrong.Demanding):
        seen: ClassVar = []

        def fit(self, training, *, seed, context):
            self.seen.append(self.options.depth)
            return super().fit(training, seed=seed, context=Context())

    synthesizers.check_fit_returns_itself(Noisy)
    assert Noisy.seen == [1]


def test_a_class_that_no_module_holds_cannot_be_loaded_elsewhere():
    class Local(wrong.Steady):
        pass

    with pytest.raises(AssertionError, match="save, and load in a new process raised RuntimeError: AttributeError"):
        synthesizers.check_saved_model_samples_the_same(Local)


def test_the_kit_for_another_kind_is_not_run_in_silence():
    with pytest.raises(UsageError, match="there are no checks for what is no plugin"):
        parametrize_with_checks([dict])
