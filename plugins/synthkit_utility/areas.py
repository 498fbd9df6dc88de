"""The area under a ROC curve: the chance that a positive row scores higher than a negative one, a tie counting half."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthkit_utility.rows import Flags, Integers, Numbers


def area(scores: Numbers, positive: Flags, weights: Numbers | None = None) -> float:
    """The area, each row counted ``weights`` times; 0.5 where one of the two sides is empty."""
    places = np.unique(scores, return_inverse=True)[1]
    weights = np.ones(len(scores)) if weights is None else weights
    high, low = (np.bincount(places, weights * side) for side in (positive, ~positive))
    pairs = high.sum() * low.sum()
    return float((high * (low.cumsum() - low / 2)).sum() / pairs) if pairs else 0.5


def placements(scores: Numbers, positive: Flags) -> Numbers:
    """For each row, the share of the other side that it beats, as its side should; both means are the area."""
    found = np.empty(len(scores))
    ranks = _ranks(scores)
    for side, sign in ((positive, 1), (~positive, -1)):
        share = (ranks[side] - _ranks(scores[side])) / (~side).sum()
        found[side] = share if sign > 0 else 1 - share
    return found


def area_error(influences: Numbers, groups: Integers, folds: int) -> float:
    """The standard error of a cross-validated area, from each row's influence on it.

    DeLong et al. (1988), with the rows of a group taken together (Obuchowski, 1997); widened for what folds have
    in common, as each row also trains the models of the others (Nadeau and Bengio, 2003).
    """
    sums = np.bincount(groups, influences)
    shared = 1 + folds / (folds - 1)
    return float(np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1) * shared))


def _ranks(values: Numbers) -> Numbers:
    return np.asarray(pd.Series(values).rank(), dtype="float64")
