"""Figures with their standard error."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

_SURE = 0.95
_Z = NormalDist().inv_cdf(0.5 + _SURE / 2)


@dataclass(frozen=True)
class Estimate:
    """A figure in [0, 1] with its standard error."""

    value: float
    error: float


def strongest(attacks: Iterable[Estimate]) -> Estimate:
    """The most successful attack; its error is widened so that a bound at 95 % holds for the best (Bonferroni)."""
    known = list(attacks)
    best = max(known, key=lambda attack: attack.value)
    wider = NormalDist().inv_cdf(1 - (1 - _SURE) / len(known)) / NormalDist().inv_cdf(_SURE)
    return Estimate(best.value, best.error * wider)


def rate(successes: int, attacks: int) -> Estimate:
    """The success rate as the middle of its 95 % interval, with half of the interval in standard errors (Wilson, 1927).

    Example:
        >>> rate(0, 100)
        Estimate(value=0.0184..., error=0.0094...)
    """
    total = attacks + _Z**2
    middle = (successes + _Z**2 / 2) / total
    spread = successes * (attacks - successes) / attacks + _Z**2 / 4
    return Estimate(middle, math.sqrt(spread) / total)


def residual(attack: Estimate, control: Estimate) -> Estimate:
    """What an attack finds out about training subjects beyond what it finds out about others, at least 0.

    ``(attack - control) / (1 - control)`` (Giomi et al., 2023), the errors of both propagated.
    """
    left = 1 - control.value
    error = math.hypot(attack.error / left, control.error * (1 - attack.value) / left**2)
    return Estimate(max(0.0, (attack.value - control.value) / left), error)


def area(members: int, others: int, value: float) -> Estimate:
    """An area under a ROC curve with its standard error (Hanley and McNeil, 1982)."""
    both_high, both_low = value / (2 - value), 2 * value**2 / (1 + value)
    spread = value * (1 - value) + (members - 1) * (both_high - value**2) + (others - 1) * (both_low - value**2)
    return Estimate(value, math.sqrt(max(spread, 0.0) / (members * others)))
