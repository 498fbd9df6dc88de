"""One result from those of several repeats, which differ in nothing but the synthesizer's seed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import NormalDist, mean, stdev

from synthkit.scores import Failure, Score

_SURE = 0.95


def combined(repeats: Sequence[Sequence[Score | Failure]]) -> tuple[Score | Failure, ...]:
    """One result for each figure; those of a single repeat are left as they are.

    Where more is better (``goal="max"``), the value is the mean over the N repeats, and its standard error
    ``sqrt((f s)² / N + e²)``. ``s`` is the standard deviation of the repeats, ``f`` the quantile of Student's
    distribution with N - 1 degrees of freedom over the normal one, both at 95 % (3.8 for two repeats, 1.3 for
    five), so that a bound at 95 % holds although ``s`` is itself known from N values only (Student, 1908).
    ``e`` is the evaluator's own standard error, the root mean square over the repeats. It is added whole, as in
    JCGM 100 (2008, 5.1.2), and not over N: it says which real records were drawn, and those are the same in
    every repeat. What of it comes from the synthetic records is in ``s``, too: that part counts twice, which makes
    the error too large, by a factor of ``sqrt(N + 1)`` at most, rather than too small.

    Where less is better (``goal="min"``: violations, copies, risks), the worst repeat counts, the one of the
    greatest value (and for a gate's ``min`` the one of the least): luck alone decides which of them is written, and
    four harmless draws do not excuse a fifth that leaks. The standard error, if every repeat has one, is the least of
    them, widened so that a bound at 95 % holds for the worst of N (Bonferroni).

    What failed in one repeat is a Failure, and so is what is there in some of them only. ``matched`` is combined
    as the value is; ``ceiling``, which no repeat changes, is that of the first.

    Example:
        >>> made = [[Score("a.b", value), Score("a.c", value, goal="min")] for value in (0.7, 0.9)]
        >>> [score.value for score in combined(made)]
        [0.8, 0.9]
        >>> combined([[Score("a.b", 0.8)], [Failure("a.b", "no rows")]])[0].reason
        'in 1 of 2 repeats: no rows'
    """
    if len(repeats) == 1:
        return tuple(repeats[0])
    named = [_named(results) for results in repeats]
    names = dict.fromkeys(name for found in named for name in found)
    return tuple(_one([found[name] for found in named if name in found], len(repeats)) for name in names)


def _named(results: Sequence[Score | Failure]) -> dict[tuple[str, int], Score | Failure]:
    """By id and place among those of the same id: two scores of one name stay two, which no gate passes."""
    seen: Counter[str] = Counter()
    found = {}
    for result in results:
        found[result.id, seen[result.id]] = result
        seen[result.id] += 1
    return found


def _one(results: Sequence[Score | Failure], count: int) -> Score | Failure:
    scores = [result for result in results if isinstance(result, Score)]
    failures = [result for result in results if isinstance(result, Failure)]
    if len(scores) == count:
        return _worst(scores) if scores[0].goal == "min" else _mean(scores)
    if len(failures) == count and not any(failure.applicable for failure in failures):
        return failures[0]
    reasons = [failure.reason for failure in sorted(failures, key=lambda failure: not failure.applicable)]
    told = f"in {len(failures) or count - len(scores)} of {count} repeats: {[*reasons, 'nobody gave this score'][0]}"
    return Failure(results[0].metric, told, results[0].table, results[0].columns)


def _mean(scores: Sequence[Score]) -> Score:
    matched, errors = _known(score.matched for score in scores), _known(score.error for score in scores)
    values = tuple(score.value for score in scores)
    own = math.sqrt(mean(error**2 for error in errors)) if errors else 0.0
    return replace(
        scores[0],
        value=mean(values),
        error=math.hypot(stdev(values) * _few(len(values)) / math.sqrt(len(values)), own),
        matched=mean(matched) if len(matched) == len(scores) else None,
        repeats=values,
    )


def _worst(scores: Sequence[Score]) -> Score:
    matched, errors = _known(score.matched for score in scores), _known(score.error for score in scores)
    wider = NormalDist().inv_cdf(1 - (1 - _SURE) / len(scores)) / NormalDist().inv_cdf(_SURE)
    values = tuple(score.value for score in scores)
    return replace(
        scores[0],
        value=max(values),
        error=min(errors) * wider if len(errors) == len(scores) else None,
        matched=max(matched) if len(matched) == len(scores) else None,
        repeats=values,
    )


def _known(figures: Iterable[float | None]) -> list[float]:
    return [figure for figure in figures if figure is not None]


def _few(count: int) -> float:
    """How much wider a bound at 95 % must be where the spread is that of so few values."""
    from scipy.special import stdtrit  # noqa: PLC0415 - slow to load, and only runs with repeats need it

    return float(stdtrit(count - 1, _SURE)) / NormalDist().inv_cdf(_SURE)
