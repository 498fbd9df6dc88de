"""What trees learn about a column, and how well that holds for rows they have not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthkit_utility.areas import area
from synthkit_utility.rows import TREES, Flags, Integers, Numbers, without_gaps


@dataclass(frozen=True)
class Target:
    """A column to predict, and the places of the features to predict it from."""

    name: str
    place: int
    classes: bool
    features: Integers

    def known(self, matrix: Numbers) -> Numbers:
        """The rows in which the target is not null."""
        return matrix[~np.isnan(matrix[:, self.place])]


class Ranks:
    """Numbers as their place among those of the training part, from 0 to 1, so that no outlier rules a skill."""

    def __init__(self, values: Numbers) -> None:
        self._sorted = np.sort(values)

    def __call__(self, values: Numbers) -> Numbers:
        """The places; ties in the middle."""
        ends = [np.searchsorted(self._sorted, values, side) for side in ("left", "right")]
        return np.asarray((ends[0] + ends[1]) / (2.0 * len(self._sorted)))


def predictions(target: Target, training: Numbers, rows: Numbers, ranks: Ranks | None, categorical: Flags) -> Numbers:
    """What trees trained on some rows say of others: the chance of each class found in those, or the rank.

    Shape: (rows, classes) or (rows, 1).
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    options = {**TREES, "categorical_features": categorical[target.features]}
    known = target.known(training)
    truth, learned = known[:, target.place], known[:, target.features]
    given, of = without_gaps(learned, learned), without_gaps(rows[:, target.features], learned)
    if ranks is not None:
        model = HistGradientBoostingRegressor(**options).fit(given, ranks(truth))
        return np.asarray(model.predict(of))[:, None]
    classes = np.unique(target.known(rows)[:, target.place])
    if len(np.unique(truth)) < 2:
        return np.zeros((len(rows), len(classes)))
    model = HistGradientBoostingClassifier(**options).fit(given, truth)
    chances = np.column_stack([model.predict_proba(of), np.zeros(len(of))])
    return chances[:, [_place(model.classes_, each) for each in classes]]


def skills(truth: Numbers, predicted: Numbers, ranks: Ranks | None, weights: Sequence[Numbers]) -> Numbers:
    """The skill over the trivial predictor, 0 for none and 1 for perfect, once for each weighting of the rows.

    Of numbers R2 of their ranks; of classes 2 AUC - 1, the mean over the classes, each against all others.
    """
    known = ~np.isnan(truth)
    held = [each[known] for each in weights]
    if ranks is not None:
        right, said = ranks(truth[known]), predicted[known, 0]
        return np.array([_explained(right, said, each) for each in held])
    sides = [truth[known] == value for value in np.unique(truth[known])]
    areas = [[area(predicted[known, i], side, each) for i, side in enumerate(sides)] for each in held]
    return np.asarray(2 * np.mean(areas, axis=1) - 1)


def _place(classes: Numbers, value: float) -> int:
    """The column of a class among the chances; the last one, of zeros, where nobody has seen it."""
    found = np.flatnonzero(classes == value)
    return int(found[0]) if len(found) else -1


def _explained(truth: Numbers, said: Numbers, weights: Numbers) -> float:
    mean = np.average(truth, weights=weights)
    spread = (weights * (truth - mean) ** 2).sum()
    return float(1 - (weights * (truth - said) ** 2).sum() / spread) if spread else 0.0
