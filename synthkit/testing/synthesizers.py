"""What every synthesizer promises, each promise a check.

A check takes the class of a synthesizer and raises ``AssertionError`` with one line that names the synthesizer, what is
wrong and on which data. It is tried with the options that its attribute ``trial`` names, on guarded tables of 40
customers, the same in every run; where it takes several tables, on three of them.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pydantic

from synthkit.context import Context
from synthkit.dataset import Dataset
from synthkit.errors import PluginError, ResourceError
from synthkit.given import Condition, Given
from synthkit.schema import ColumnKind
from synthkit.synthesizer import Synthesizer
from synthkit.testing import drawn, trials
from synthkit.testing.comparison import difference, fingerprints
from synthkit.testing.promises import Watch, fail, global_seed, global_state, require
from synthkit.testing.reload import sampled_elsewhere

Checked: TypeAlias = type[Synthesizer]
Check: TypeAlias = Callable[[Checked], None]
Work: TypeAlias = Callable[[Context], object]

_ROWS = 25  # subjects of a sample
_LARGE = 4_000_000_000  # the seed of a run is split into seeds below 2**32
_LONGEST = 2.0  # seconds without a word


def check_constructor_does_nothing(synthesizer: Checked) -> None:
    """Every option has a default, and the constructor keeps the options and does nothing else."""
    with _told(synthesizer, "Options()"):
        options = synthesizer.Options()
    made = synthesizer(options)
    require(made.options is options, synthesizer, "the constructor", "does not keep the options that it is given")
    for name, value in vars(made).items():
        nothing = value is None or value is False or (isinstance(value, Sized) and not len(value))
        require(name == "options" or nothing, synthesizer, f"the constructor sets {name}:", "that belongs into fit")


def check_options_refuse_unknown_keys(synthesizer: Checked) -> None:
    """An option that it does not have is refused, not passed over."""
    try:
        synthesizer.Options(**{"there is no such option": 1})
    except pydantic.ValidationError:
        return
    fail(synthesizer, "Options", 'accept unknown keys: derive them with extra="forbid"')


def check_fit_returns_itself(synthesizer: Checked) -> None:
    """The method fit returns the synthesizer itself, so that calls can be chained."""
    made = _made(synthesizer)
    with _told(synthesizer, "fit"):
        returned: Any = made.fit(_usual(synthesizer), seed=0, context=Context())
    require(returned is made, synthesizer, "fit", f"returns {type(returned).__name__}, not itself")


def check_input_is_not_changed(synthesizer: Checked) -> None:
    """Neither fit nor sample changes anything in the training part."""
    training = _usual(synthesizer)
    before = trials.copied(training)
    _sampled(_fitted(synthesizer, training))
    for table in before.tables:
        require(training[table].equals(before[table]), synthesizer, table, "was changed in the training part")


def check_sample_before_fit_is_refused(synthesizer: Checked) -> None:
    """Before it has learned anything, sample and save raise a PluginError."""
    for verb in ("sample", "save"):
        made = _made(synthesizer)
        try:
            with tempfile.TemporaryDirectory() as folder:
                made.sample(1, seed=0, context=Context()) if verb == "sample" else made.save(Path(folder))
        except PluginError:
            continue
        except Exception as error:
            complaint = f"before fit raises {type(error).__name__}, not PluginError"
            raise AssertionError(f"{synthesizer.name}: {verb} {complaint}") from error
        fail(synthesizer, verb, "before fit is not refused")


def check_sample_has_the_schema(synthesizer: Checked) -> None:
    """A sample has the schema of the training part, a fresh index, and in each column a dtype of its kind."""
    drawn.require_schema(synthesizer, _known(synthesizer), _usual(synthesizer))


def check_counts_are_exact(synthesizer: Checked) -> None:
    """A sample has as many subjects as were asked for, and tables that no subject owns keep their size."""
    training = _usual(synthesizer)
    model, owned = _fitted(synthesizer, training), training.schema.owned_by(training.subject)
    kept = {name: len(training[name]) for name in training.tables if name not in owned}
    for rows in (1, 7, 90):
        sample = _sampled(model, rows)
        for name, wanted in {training.subject: rows, **kept}.items():
            found = len(sample[name])
            require(found == wanted, synthesizer, name, f"has {found} rows, {wanted} were asked for")


def check_keys_are_valid(synthesizer: Checked) -> None:
    """Primary keys are the row numbers; foreign keys are row numbers of the parent, null only where that may be."""
    drawn.require_keys(synthesizer, _known(synthesizer))


def check_nulls_are_within_bounds(synthesizer: Checked) -> None:
    """A column without nulls in the training part has none in a sample."""
    drawn.require_no_new_nulls(synthesizer, _known(synthesizer), _usual(synthesizer))


def check_categories_are_within_bounds(synthesizer: Checked) -> None:
    """Every category of a sample is one of the training part."""
    drawn.require_known_categories(synthesizer, _known(synthesizer), _usual(synthesizer))


def check_numbers_are_finite(synthesizer: Checked) -> None:
    """No number of a sample is infinite."""
    for where, values, _ in drawn.compared(_known(synthesizer), _usual(synthesizer), ColumnKind.NUMERICAL):
        infinite = int(np.isinf(values.dropna().to_numpy("float64")).sum())
        require(not infinite, synthesizer, where, f"has {infinite} infinite numbers")


def check_same_seeds_same_sample(synthesizer: Checked) -> None:
    """The same data and seeds give the same sample to the last digit, whatever was drawn in between."""
    first, second = (_fitted(synthesizer, _usual(synthesizer)) for _ in range(2))
    before = fingerprints(_sampled(first))
    _sampled(first, 90, seed=2)
    for model, what in ((first, "drawn again"), (second, "of another fit")):
        after = fingerprints(_sampled(model))
        different = [name for name in before if before[name] != after.get(name)]
        require(not different, synthesizer, ", ".join(different[:1]), f"differs for the same seeds ({what})")


def check_other_seed_other_sample(synthesizer: Checked) -> None:
    """Another seed gives other rows, and any whole number below 2**32 is one."""
    model = _fitted(synthesizer, _usual(synthesizer), seed=_LARGE)
    first, second = (_sampled(model, seed=seed) for seed in (1, _LARGE))
    require(bool(difference(first, second)), synthesizer, "the sample", "is the same for another seed")


def check_global_random_state_is_left_alone(synthesizer: Checked) -> None:
    """The global generators of numpy, Python and torch are neither read nor left changed."""
    _known(synthesizer)  # imports what it needs: libraries may draw when they are loaded
    with global_seed():
        before = global_state()
        sample = _sampled(_fitted(synthesizer, _usual(synthesizer)))
        require(before == global_state(), synthesizer, "a global random generator", "was left changed")
    different = difference(sample, _known(synthesizer))
    require(not different, synthesizer, different, "depends on a global random generator")


def check_second_fit_forgets_the_first(synthesizer: Checked) -> None:
    """A synthesizer that is fitted again is as one that never saw the first data."""
    other = trials.usual(synthesizer.multi_table, subjects=30, seed=1)
    model = _fitted(synthesizer, other)
    with _told(synthesizer, "a second fit"):
        model.fit(_usual(synthesizer), seed=0, context=Context())
    different = difference(_sampled(model), _known(synthesizer))
    require(not different, synthesizer, different, "depends on what was learned before the last fit")


def check_saved_model_samples_the_same(synthesizer: Checked) -> None:
    """A model that was saved, and loaded in a new process from another folder, draws the same, to the last digit."""
    model = _fitted(synthesizer, _usual(synthesizer))
    with tempfile.TemporaryDirectory() as place, _told(synthesizer, "save, and load in a new process"):
        (folder := Path(place) / "saved").mkdir()
        model.save(folder)
        moved = folder.rename(Path(place) / "moved")
        after = sampled_elsewhere(synthesizer, moved, rows=_ROWS, seed=1)
    before = fingerprints(_sampled(model))
    different = [name for name in before if before[name] != after.get(name)]
    require(not different, synthesizer, ", ".join(different[:1]), "differs after save and load in a new process")


def check_one_row_is_learned(synthesizer: Checked) -> None:
    """A single subject can be learned from."""
    training = trials.usual(synthesizer.multi_table, subjects=1)
    _sampled(_fitted(synthesizer, training, "one subject"), what="one subject")


def check_one_category_is_learned(synthesizer: Checked) -> None:
    """A column with the same category in every row comes back so."""
    what = "one category"
    training = trials.of_one_category(_usual(synthesizer))
    sample = _sampled(_fitted(synthesizer, training, what), what=what)
    for where, values, seen in drawn.compared(sample, training, ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN):
        require(bool(values.isin(seen).all()), synthesizer, where, "has another category than the only one")


def check_column_of_nulls_is_learned(synthesizer: Checked) -> None:
    """Columns of any kind may have nulls in some rows or in all; one of nothing but nulls comes back so."""
    what = "columns of nulls"
    training = trials.with_null_columns(_usual(synthesizer))
    sample = _sampled(_fitted(synthesizer, training, what), what=what)
    for where, values, seen in drawn.compared(sample, training):
        require(
            bool(seen.notna().any() or values.isna().all()), synthesizer, where, "has values, and had nothing but nulls"
        )


def check_unicode_is_learned(synthesizer: Checked) -> None:
    """Names and categories may hold any characters, and categories come back as they were, the empty text too."""
    what = "odd names and categories"
    training = trials.in_unicode(_usual(synthesizer))
    sample = _sampled(_fitted(synthesizer, training, what), what=what)
    for where, values, seen in drawn.compared(sample, training, ColumnKind.CATEGORICAL):
        require(bool(values.isin(seen).all()), synthesizer, where, "has categories that differ from those it was shown")


def check_index_means_nothing(synthesizer: Checked) -> None:
    """Frames with another index than the row number are learned as the same frames without it."""
    what = "another index"
    training = trials.with_another_index(_usual(synthesizer))
    different = difference(_sampled(_fitted(synthesizer, training, what), what=what), _known(synthesizer))
    require(not different, synthesizer, different, "depends on the index of the training part")


def check_many_columns_are_learned(synthesizer: Checked) -> None:
    """A table of 200 columns can be learned."""
    what = f"{trials.WIDE} columns"
    _sampled(_fitted(synthesizer, trials.with_many_columns(_usual(synthesizer)), what), what=what)


def check_cancels_within_two_seconds(synthesizer: Checked) -> None:
    """Both fit and sample report progress every two seconds of work or sooner, and a deadline that passed ends them."""
    model = _fitted(synthesizer, _usual(synthesizer))
    work: dict[str, Work] = {
        "fit": lambda context: _fitted(synthesizer, _usual(synthesizer), context=context),
        "sample": lambda context: _sampled(model, context=context),
    }
    for verb, run in work.items():
        watch = Watch()
        run(Context(report=watch))
        longest = watch.longest()
        require(longest < _LONGEST, synthesizer, verb, f"reports no progress for {longest:.1f} seconds")
        _require_stopped(synthesizer, verb, run)


def check_declared_capabilities_are_true(synthesizer: Checked) -> None:
    """It takes several tables if multi_table says so; if blockwise, tables that no subject owns are always the same."""
    training = _usual(synthesizer)
    for refusal in synthesizer.refusals(training.schema):
        fail(synthesizer, f"multi_table is {synthesizer.multi_table}, but refusals:", refusal)
    if synthesizer.blockwise:
        first, second = _known(synthesizer), _sampled(_fitted(synthesizer, training), 3, seed=2)
        owned = training.schema.owned_by(training.subject)
        for name in (name for name in training.tables if name not in owned):
            same = first[name].equals(second[name])
            require(same, synthesizer, name, "differs between samples, but blockwise is true")


def check_given_is_heeded(synthesizer: Checked) -> None:
    """If it is conditional, all subjects that it draws are as given, and as many; all else is as in any sample."""
    if not synthesizer.conditional:
        return  # it is never given anything
    subject = "customers"
    given = Given((Condition("segment", values=("gold",)), Condition("income", ranges=((2_500.0, 4_000.0),))))
    training = _usual(synthesizer)
    sample = _sampled(_fitted(synthesizer, training), given=given)
    gold = int((sample[subject]["segment"] != "gold").sum())
    require(not gold, synthesizer, f"{subject}.segment", f"has {gold} cells that are not as given")
    outside = int((~sample[subject]["income"].between(2_500, 4_000)).sum())
    require(not outside, synthesizer, f"{subject}.income", f"has {outside} cells that are not as given")
    found = len(sample[subject])
    require(found == _ROWS, synthesizer, subject, f"has {found} rows, {_ROWS} were asked for, with conditions")
    drawn.require_all(synthesizer, sample, training)


SYNTHESIZER_CHECKS: tuple[Check, ...] = (
    check_constructor_does_nothing,
    check_options_refuse_unknown_keys,
    check_fit_returns_itself,
    check_input_is_not_changed,
    check_sample_before_fit_is_refused,
    check_sample_has_the_schema,
    check_counts_are_exact,
    check_keys_are_valid,
    check_nulls_are_within_bounds,
    check_categories_are_within_bounds,
    check_numbers_are_finite,
    check_same_seeds_same_sample,
    check_other_seed_other_sample,
    check_global_random_state_is_left_alone,
    check_second_fit_forgets_the_first,
    check_saved_model_samples_the_same,
    check_one_row_is_learned,
    check_one_category_is_learned,
    check_column_of_nulls_is_learned,
    check_unicode_is_learned,
    check_index_means_nothing,
    check_many_columns_are_learned,
    check_cancels_within_two_seconds,
    check_declared_capabilities_are_true,
    check_given_is_heeded,
)


def _made(synthesizer: Checked) -> Synthesizer:
    return synthesizer(synthesizer.Options(**synthesizer.trial))


def _usual(synthesizer: Checked) -> Dataset:
    return trials.usual(synthesizer.multi_table)


def _fitted(
    synthesizer: Checked,
    training: Dataset,
    what: str = "the usual data",
    context: Context | None = None,
    seed: int = 0,
) -> Synthesizer:
    made = _made(synthesizer)
    with _told(synthesizer, f"fit ({what})"):
        made.fit(training, seed=seed, context=context or Context())  # whether it returns itself, another check asks
    return made


def _sampled(
    model: Synthesizer, rows: int = _ROWS, seed: int = 1, what: str = "the usual data", **more: Any
) -> Dataset:
    with _told(type(model), f"sample ({what})"):
        sample: Any = model.sample(rows, seed=seed, **{"context": Context(), **more})
    require(isinstance(sample, Dataset), type(model), "sample", f"returns {type(sample).__name__}, not a Dataset")
    return sample  # type: ignore[no-any-return]


@cache  # most checks look at it, in any order, and learning takes time
def _known(synthesizer: Checked) -> Dataset:
    """The first sample of the usual data."""
    return _sampled(_fitted(synthesizer, _usual(synthesizer)))


@contextmanager
def _told(synthesizer: Checked, what: str) -> Iterator[None]:
    """Whatever is raised within the block is the cause of an AssertionError of one line."""
    try:
        yield
    except Exception as error:
        words = (str(error).splitlines() or [""])[0]
        raise AssertionError(f"{synthesizer.name}: {what} raised {type(error).__name__}: {words}") from error


def _require_stopped(synthesizer: Checked, verb: str, run: Work) -> None:
    try:
        run(Context(deadline=time.monotonic() - 1))
    except AssertionError as error:
        if isinstance(error.__cause__, ResourceError):
            return
        raise
    fail(synthesizer, verb, "goes on after its deadline: report progress, and let the error pass")
