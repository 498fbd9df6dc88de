"""Who was in the training part: attacks that try to tell, and shares of what lies too close to it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from synthkit_privacy.estimates import Estimate, area
from synthkit_privacy.records import Integers, Records, Values, nearest

Scored = Callable[[Records], Values]

DRAWS = 5
_ATTACKED = 2_000  # subjects of each real part that are attacked
_LEARNED = 2_000  # synthetic subjects that the classifier learns from
_NEIGHBOURS = 5
_BALL = 20  # synthetic points that a ball can hold


def closer_shares(
    training: Records, holdout: Records, synthetic: Records, random: np.random.Generator
) -> tuple[Estimate, Estimate]:
    """The share of synthetic subjects that lie closer to the training part than to the holdout; a tie counts half.

    Of all of them, and of the tenth that lies loneliest: whose fifth nearest real subject is farthest. All parts
    are drawn down to the smallest, the mean of five draws; 0.5 says that the model knows the training part no
    better than the holdout. The errors are those of one draw, as the holdout is the same in all (the share:
    Platzer and Reutterer, 2021).
    """
    size = min(len(training), len(holdout), len(synthetic))
    lonely, shares = max(size // 10, 1), []
    for _ in range(DRAWS):
        drawn = [part.drawn(size, random).points for part in (training, holdout, synthetic)]
        known, unknown = (nearest(drawn[2], part, _NEIGHBOURS) for part in drawn[:2])
        closer = (known[:, 0] < unknown[:, 0]) + (known[:, 0] == unknown[:, 0]) / 2
        fifth = np.sort(np.hstack([known, unknown]), axis=1)[:, : known.shape[1]][:, -1]
        shares.append([closer.mean(), closer[np.argsort(-fifth, kind="stable")[:lonely]].mean()])
    found = np.mean(shares, axis=0)
    return Estimate(float(found[0]), 0.5 / math.sqrt(size)), Estimate(float(found[1]), 0.5 / math.sqrt(lonely))


def memberships(
    training: Records, holdout: Records, synthetic: Records, random: np.random.Generator
) -> dict[str, Estimate]:
    """How well each attack tells training subjects from others: the area under its ROC curve; 0.5 is chance.

    ``distance``: a member lies closer to its nearest synthetic point (Chen et al., 2020). ``ball``: more synthetic
    points lie within the median of these distances (Hilprecht et al., 2019). ``density``: synthetic points are
    denser around it than reference points are, by the distances to the fifth nearest (van Breugel et al., 2023,
    DOMIAS). ``classifier``: a classifier that learned synthetic against reference subjects takes it for synthetic
    (Houssiau et al., 2022). The reference is half of the holdout: each half serves for the other, and for half of
    the attacked members.
    """
    sides = [part.drawn(_ATTACKED, random) for part in (training, holdout)]
    halves = [random.permutation(len(part)) % 2 for part in sides]
    near = [nearest(part.points, synthetic.points, _BALL) for part in sides]
    radius = np.median(np.concatenate([each[:, 0] for each in near]))
    dense = _crossed(sides, halves, partial(_density, synthetic))
    learned = _crossed(sides, halves, partial(_likeness, synthetic.drawn(_LEARNED, random)))
    found = {
        "distance": _roc([-each[:, 0] for each in near]),
        "ball": _roc([(each <= radius).sum(axis=1).astype("float64") for each in near]),
        "density": _roc(dense),
        "classifier": _roc(learned),
    }
    return {name: area(len(sides[0]), len(sides[1]), value) for name, value in found.items()}


def _crossed(sides: list[Records], halves: list[Integers], attack: Callable[[Records], Scored]) -> list[Values]:
    """Score each half of both sides by an attack that has the other half of the holdout as reference."""
    scores = [np.empty(len(part)) for part in sides]
    for half in (0, 1):
        scored = attack(sides[1].take(halves[1] != half))
        for part, own, score in zip(sides, halves, scores, strict=True):
            score[own == half] = scored(part.take(own == half))
    return scores


def _density(synthetic: Records, reference: Records) -> Scored:
    def scored(part: Records) -> Values:
        far = [nearest(part.points, among.points, _NEIGHBOURS)[:, -1] for among in (reference, synthetic)]
        return np.asarray(np.log(far[0] + 1e-6) - np.log(far[1] + 1e-6))

    return scored


def _likeness(synthetic: Records, reference: Records) -> Scored:
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=15, early_stopping=False, random_state=0)
    made = np.repeat([True, False], [len(synthetic), len(reference)])
    model.fit(np.vstack([synthetic.values, reference.values]), made)
    return lambda part: np.asarray(model.decision_function(part.values))


def _roc(scores: list[Values]) -> float:
    """The chance that a member scores higher than another, a tie counting half (Mann and Whitney, 1947)."""
    members, others = map(len, scores)
    ranks = pd.Series(np.concatenate(scores)).rank().to_numpy()[:members]
    return float((ranks.sum() - members * (members + 1) / 2) / (members * others))
