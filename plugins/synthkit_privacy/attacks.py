"""Attacks that try to tell training subjects from others, and shares of what lies too close."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pandas as pd

from synthkit_privacy.records import Points, nearest

DRAWS = 5
_NEIGHBOURS = 5
_SURE = 0.95

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A figure in [0, 1] with its standard error."""

    value: float
    error: float


def closer_share(training: Points, holdout: Points, synthetic: Points, random: np.random.Generator) -> Estimate:
    """The share of synthetic points that lie closer to the training part than to the holdout; a tie counts half.

    Training part and synthetic data are drawn down to the holdout's size, the mean of five draws; 0.5 says that
    the model knows the training part no better than the holdout. The error is that of one draw, as the holdout
    is the same in all (the share: Platzer and Reutterer, 2021).
    """
    size = min(len(training), len(holdout), len(synthetic))
    shares = []
    for _ in range(DRAWS):
        drawn = [part[random.permutation(len(part))[:size]] for part in (training, holdout, synthetic)]
        known, unknown = (nearest(drawn[2], part)[:, 0] for part in drawn[:2])
        shares.append(np.mean(known < unknown) + np.mean(known == unknown) / 2)
    return Estimate(float(np.mean(shares)), 0.5 / math.sqrt(size))


def memberships(
    training: Points, holdout: Points, synthetic: Points, random: np.random.Generator
) -> dict[str, Estimate]:
    """How well each attack tells training subjects from others: the area under its ROC curve; 0.5 is chance.

    ``distance``: a member lies closer to its nearest synthetic point (Chen et al., 2020). ``ball``: more synthetic
    points lie within the median of these distances (Hilprecht et al., 2019). ``density``: synthetic points are
    denser around it than reference points are, by the distances to the fifth nearest (van Breugel et al., 2023,
    DOMIAS). The reference is half of the holdout: each half serves for the other, and for half of the members.
    """
    found = {
        "distance": _roc(*(-nearest(part, synthetic)[:, 0] for part in (training, holdout))),
        "ball": _roc(*_balls(training, holdout, synthetic)),
        "density": _roc(*_densities(training, holdout, synthetic, random)),
    }
    return {name: Estimate(area, _area_error(area, len(training), len(holdout))) for name, area in found.items()}


def strongest(attacks: Mapping[str, Estimate]) -> Estimate:
    """The most successful attack; its error is widened so that a bound at 95 % holds for the best (Bonferroni)."""
    best = max(attacks.values(), key=lambda attack: attack.value)
    wider = NormalDist().inv_cdf(1 - (1 - _SURE) / len(attacks)) / NormalDist().inv_cdf(_SURE)
    return Estimate(best.value, best.error * wider)


def _balls(training: Points, holdout: Points, synthetic: Points) -> Iterator[Values]:
    count = min(len(synthetic), 50)
    near = [nearest(part, synthetic, count) for part in (training, holdout)]
    radius = np.median(np.concatenate([each[:, 0] for each in near]))
    return (np.asarray((each <= radius).sum(axis=1), dtype="float64") for each in near)


def _densities(
    training: Points, holdout: Points, synthetic: Points, random: np.random.Generator
) -> tuple[Values, Values]:
    sides = [random.permutation(len(part)) % 2 for part in (training, holdout)]
    scores = [np.empty(len(part)) for part in (training, holdout)]
    for half in (0, 1):
        reference = holdout[sides[1] != half]
        for part, side, score in zip((training, holdout), sides, scores, strict=True):
            score[side == half] = _density(part[side == half], synthetic, reference)
    return scores[0], scores[1]


def _density(of: Points, synthetic: Points, reference: Points) -> Values:
    far = [np.log(nearest(of, among, _NEIGHBOURS)[:, -1] + 1e-6) for among in (reference, synthetic)]
    return np.asarray(far[0] - far[1])


def _roc(members: Values, others: Values) -> float:
    """The chance that a member scores higher than another, a tie counting half (Mann and Whitney, 1947)."""
    ranks = pd.Series(np.concatenate([members, others])).rank().to_numpy()[: len(members)]
    above = ranks.sum() - len(members) * (len(members) + 1) / 2
    return float(above / (len(members) * len(others)))


def _area_error(area: float, members: int, others: int) -> float:
    """The standard error of an area under a ROC curve (Hanley and McNeil, 1982)."""
    both_high, both_low = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (members - 1) * (both_high - area**2) + (others - 1) * (both_low - area**2)
    return math.sqrt(max(spread, 0.0) / (members * others))
