"""What every evaluator promises, each promise a check.

A check takes the class of an evaluator and raises ``AssertionError`` with one line that names the evaluator, the score
and what is wrong with it. The data are those of ``linked``, and the same in every run. Where a promise compares two
scores, chance may move them by four of their standard errors, one false alarm in 30,000 comparisons; scores that
declare no error have no chance.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias

from synthkit.context import Context
from synthkit.dataset import Dataset
from synthkit.errors import ResourceError
from synthkit.evaluator import Evaluator
from synthkit.scores import Failure, Score
from synthkit.testing import variants
from synthkit.testing.promises import fail, global_seed, global_state, require
from synthkit.testing.tables import linked

Checked: TypeAlias = type[Evaluator]
Check: TypeAlias = Callable[[Checked], None]

_ROUNDING = 1e-9
_NOISE = 4.0  # standard errors
_READ = (("members", "age"), ("members", "joined"), ("visits", "cost"), ("visits", "day"))  # numbers and dates
_EMPTIED = (("members", "plan"), ("members", "age"), ("visits", "paid"), ("visits", "day"))  # one of each kind


def check_results_are_finite(evaluator: Checked) -> None:
    """Every result is a finite score or a Failure, whatever the data are: constant, empty, infinite or few."""
    for what, real, synthetic in variants.awkward(_real(), _fresh()):
        for name, score in _scores(_evaluated(evaluator, _Parts(synthetic, real), what)).items():
            finite = 0 <= (score.error or 0.0) < math.inf  # the value is, or there would be no score
            require(finite, evaluator, name, f"has an error that is not finite ({what})")


def check_scores_keep_their_bounds(evaluator: Checked) -> None:
    """A score lies within its bounds, and has the same bounds and goal whatever the synthetic data are."""
    first = _scores(_known(evaluator, "fresh data"))
    for what in ("a copy", "data far out"):
        for name, score in _scores(_known(evaluator, what)).items():
            same = name not in first or (score.bounds, score.goal) == (first[name].bounds, first[name].goal)
            require(same, evaluator, name, f"has other bounds or another goal for {what}")


def check_names_are_its_own(evaluator: Checked) -> None:
    """Every metric is the evaluator's name or begins with it and a dot, and no two results have the same id."""
    seen: set[str] = set()
    for result in _known(evaluator, "fresh data"):
        own = f"{result.metric}.".startswith(f"{evaluator.name}.")
        require(own, evaluator, result.id, "does not begin with the evaluator's name")
        require(result.id not in seen, evaluator, result.id, "is there twice")
        seen.add(result.id)


def check_needs_holdout_is_true(evaluator: Checked) -> None:
    """Without a holdout an evaluator that needs one gives a Failure and no score, and any other one gives scores."""
    results = _evaluated(evaluator, _Parts(holdout=None), "no holdout")
    scores = _scores(results)
    if evaluator.needs_holdout:
        require(bool(results), evaluator, "no result", "says that a holdout is needed")
        require(not scores, evaluator, ", ".join(scores), "needs no holdout, but needs_holdout is true")
    else:
        require(bool(scores), evaluator, "no score", "without a holdout, but needs_holdout is false")


def check_two_evaluations_are_equal(evaluator: Checked) -> None:
    """The same arguments give the same results in the same order, to the last digit."""
    first, second = _known(evaluator, "fresh data"), _evaluated(evaluator)
    different = next((a.id for a, b in zip(first, second, strict=False) if a != b), "the number of results")
    require(first == second, evaluator, different, "differs between two evaluations of the same data")


def check_order_changes_nothing(evaluator: Checked) -> None:
    """The order of rows and of columns changes no result, but for the order of the columns in its name."""
    real, synthetic, holdout = (
        variants.reordered(data, seed) for seed, data in enumerate((_real(), _fresh(), _holdout()))
    )
    after = _evaluated(evaluator, _Parts(synthetic, real, holdout), "another order")
    _require_as_known(evaluator, after, "depends on the order of rows or columns")


def check_input_is_not_changed(evaluator: Checked) -> None:
    """Nothing that it is given is changed."""
    parts, before = _Parts(), _Parts()
    _evaluated(evaluator, parts)
    for name in ("real", "synthetic", "holdout"):
        given, same = getattr(parts, name).tables, getattr(before, name).tables
        untouched = list(given) == list(same) and all(given[table].equals(same[table]) for table in same)
        require(untouched, evaluator, f"the {name} data", "were changed")


def check_global_random_state_is_left_alone(evaluator: Checked) -> None:
    """The global generators of numpy and Python are neither read nor left changed."""
    _known(evaluator, "fresh data")  # imports what it needs: libraries may draw when they are loaded
    with global_seed():
        before = global_state()
        results = _evaluated(evaluator)
        require(before == global_state(), evaluator, "a global random generator", "was left changed")
    _require_as_known(evaluator, results, "depends on a global random generator")


def check_deadline_stops_it(evaluator: Checked) -> None:
    """A deadline that has passed stops it, because it reports its progress."""
    try:
        _evaluated(evaluator, what="a deadline", context=Context(deadline=time.monotonic() - 1))
    except AssertionError as error:
        if isinstance(error.__cause__, ResourceError):
            return
        raise
    fail(evaluator, "a deadline", "does not stop it: report progress, and let the error pass")


def check_copy_is_best(evaluator: Checked) -> None:
    """No data score better than a copy of the real data, or worse than it where the scores measure a risk."""
    copy = _scores(_known(evaluator, "a copy"))
    for what in ("fresh data", "independent columns", "garbage"):
        for name, score in _scores(_known(evaluator, what)).items():
            pair = (copy.get(name, score), score) if evaluator.measures_risk else (score, copy.get(name, score))
            require(not _better(*pair), evaluator, name, f"puts {what} on the wrong side of a copy")


def check_good_data_rank_first(evaluator: Checked) -> None:
    """Some score ranks redrawn subjects before independent columns, and garbage no higher; most put garbage last.

    Where the scores measure a risk, some score ranks fresh data before redrawn subjects, and most do.
    """
    ladder = ("redrawn subjects", "independent columns", "garbage")
    if evaluator.measures_risk:
        ladder = ("fresh data", "redrawn subjects", "redrawn subjects")
    first, second, last = (_scores(_known(evaluator, what)) for what in ladder)
    shared = [name for name in first if name in second and name in last]
    ranked = any(_better(first[n], second[n]) and not _better(last[n], second[n]) for n in shared)
    require(ranked, evaluator, "no score", f"ranks {ladder[0]} before {ladder[1]}, and {ladder[2]} no higher")
    most = sum(_better(first[n], last[n]) for n in shared) > sum(_better(last[n], first[n]) for n in shared)
    require(most, evaluator, "most scores", f"do not rank {ladder[0]} before {ladder[2]}")


def check_unreadable_column_is_a_failure(evaluator: Checked) -> None:
    """Text among numbers or dates makes no score better; where it changes anything, there is a Failure that applies."""
    before = _known(evaluator, "fresh data")
    for table, column in _READ:
        what = f"{table}.{column} unreadable"
        after = _evaluated(evaluator, _Parts(variants.unreadable(_fresh(), table, column)), what)
        _require_none_better(evaluator, after, what)
        failed = any(isinstance(result, Failure) and result.applicable for result in after if result not in before)
        require(failed or after == before, evaluator, "no Failure", f"though scores changed with {what}")


def check_empty_column_helps_no_score(evaluator: Checked) -> None:
    """A column of nothing but nulls makes no score better."""
    for table, column in _EMPTIED:
        what = f"{table}.{column} empty"
        after = _evaluated(evaluator, _Parts(variants.emptied(_fresh(), table, column)), what)
        _require_none_better(evaluator, after, what)


def check_real_data_decide_what_applies(evaluator: Checked) -> None:
    """Synthetic data of as many subjects make no result "not applicable" that it is not for others: its gates pass."""
    idle = _not_applicable(_known(evaluator, "fresh data"))
    results = [(what, _known(evaluator, what)) for what in ("a copy", "independent columns", "garbage")]
    for table, column in _EMPTIED:
        what, parts = f"{table}.{column} empty", _Parts(variants.emptied(_fresh(), table, column))
        results.append((what, _evaluated(evaluator, parts, what)))
    for what, found in results:
        new = _not_applicable(found) - idle
        require(not new, evaluator, ", ".join(sorted(new)), f"is no longer applicable with {what}")


EVALUATOR_CHECKS: tuple[Check, ...] = (
    check_results_are_finite,
    check_scores_keep_their_bounds,
    check_names_are_its_own,
    check_needs_holdout_is_true,
    check_two_evaluations_are_equal,
    check_order_changes_nothing,
    check_input_is_not_changed,
    check_global_random_state_is_left_alone,
    check_deadline_stops_it,
    check_copy_is_best,
    check_good_data_rank_first,
    check_unreadable_column_is_a_failure,
    check_empty_column_helps_no_score,
    check_real_data_decide_what_applies,
)


def _real() -> Dataset:
    """The training part."""
    return _anew(_sample(160, 0))


def _holdout() -> Dataset:
    return _anew(_sample(100, 1))


def _fresh() -> Dataset:
    """Another sample of the same population: what a perfect model would draw."""
    return _anew(_sample(160, 2))


_sample = cache(linked)


def _anew(data: Dataset) -> Dataset:
    """The data in frames of their own, so that an evaluator that changes its input spoils no other check."""
    return Dataset(data.schema, {name: frame.copy() for name, frame in data.tables.items()})


_MADE: dict[str, Callable[[], Dataset]] = {
    "fresh data": _fresh,
    "a copy": _real,
    "redrawn subjects": lambda: variants.bootstrap(_real()),
    "independent columns": lambda: variants.independent(_real()),
    "garbage": lambda: variants.garbage(_real()),
    "data far out": lambda: variants.far_out(_fresh()),
}


@dataclass(frozen=True)
class _Parts:
    """What an evaluator is given."""

    synthetic: Dataset = field(default_factory=_fresh)
    real: Dataset = field(default_factory=_real)
    holdout: Dataset | None = field(default_factory=_holdout)


@cache  # several checks need them, in any order, and evaluating takes time
def _known(evaluator: Checked, what: str) -> list[Score | Failure]:
    """All results for data of that name."""
    return _evaluated(evaluator, _Parts(_MADE[what]()), what)


def _evaluated(
    evaluator: Checked, parts: _Parts | None = None, what: str = "fresh data", context: Context | None = None
) -> list[Score | Failure]:
    """All results, none of them anything else; whatever is raised on the way is the cause of an AssertionError."""
    parts, context = parts or _Parts(), context or Context()
    real, synthetic, holdout = parts.real, parts.synthetic, parts.holdout
    try:
        results = list(evaluator().evaluate(real, synthetic, holdout=holdout, seed=0, context=context))
    except Exception as error:
        raise AssertionError(f"{evaluator.name}: raised {type(error).__name__} ({what}): {error}") from error
    for result in results:
        require(isinstance(result, Score | Failure), evaluator, type(result).__name__, "is no Score and no Failure")
    return results


def _scores(results: Iterable[Score | Failure]) -> dict[str, Score]:
    return {result.id: result for result in results if isinstance(result, Score)}


def _not_applicable(results: Iterable[Score | Failure]) -> set[str]:
    return {result.id for result in results if isinstance(result, Failure) and not result.applicable}


def _better(score: Score, other: Score) -> bool:
    """Whether a score is better than another by more than chance and rounding explain."""
    noise = _NOISE * math.hypot(score.error or 0.0, other.error or 0.0) + _ROUNDING
    return (score.value - other.value) * (1 if score.goal == "max" else -1) > noise


def _require_none_better(evaluator: Checked, results: Iterable[Score | Failure], what: str) -> None:
    """No score is better than it is for fresh data."""
    before = _scores(_known(evaluator, "fresh data"))
    for name, score in _scores(results).items():
        require(name not in before or not _better(score, before[name]), evaluator, name, f"is better with {what}")


def _require_as_known(evaluator: Checked, results: Iterable[Score | Failure], complaint: str) -> None:
    """The results are those for fresh data, but for rounding and the order of the columns in names."""
    before, after = (_places(each) for each in (_known(evaluator, "fresh data"), results))
    for place, result in {**before, **after}.items():
        same = place in before and place in after and _alike(before[place], after[place])
        require(same, evaluator, result.id, complaint)


def _places(results: Iterable[Score | Failure]) -> dict[tuple[Any, ...], Score | Failure]:
    return {(result.metric, result.table, frozenset(result.columns)): result for result in results}


def _alike(first: Score | Failure, second: Score | Failure) -> bool:
    if isinstance(first, Score) and isinstance(second, Score):
        apart = abs(first.value - second.value), abs((first.error or 0.0) - (second.error or 0.0))
        return max(apart) <= _ROUNDING
    return type(first) is type(second)
