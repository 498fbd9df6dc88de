"""A classifier that tells two sides apart, tested on subjects that it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from synthkit_utility.areas import area, area_error, fold_error, placements
from synthkit_utility.rows import TREES, Flags, Integers, Numbers, drawn, without_gaps

_FOLDS = 5
_MOST = 10_000  # rows of a side


@dataclass(frozen=True)
class Sample:
    """As many rows of each side, one below the other.

    Attributes:
        matrix: the features.
        synthetic: the side of each row.
        groups: the number of each row's subject, from 0; no subject has rows on both sides.
        subjects: of the side that has fewer.
    """

    matrix: Numbers
    synthetic: Flags
    groups: Integers
    subjects: int

    @classmethod
    def draw(cls, sides: Sequence[Numbers], owners: Sequence[Integers], random: np.random.Generator) -> Self:
        """Rows drawn from the real side and from the synthetic side."""
        size = min(_MOST, *(len(side) for side in sides))
        places = [drawn(side, own, size, random) for side, own in zip(sides, owners, strict=True)]
        groups = [pd.factorize(own[place])[0] for own, place in zip(owners, places, strict=True)]
        counts = [int(group.max(initial=-1)) + 1 for group in groups]
        matrix = np.concatenate([side[place] for side, place in zip(sides, places, strict=True)])
        return cls(
            matrix, np.repeat([False, True], size), np.concatenate([groups[0], groups[1] + counts[0]]), min(counts)
        )

    def folds(self, random: np.random.Generator) -> Integers:
        """A fold for each row, the same for all rows of a subject; as many subjects of each side in each."""
        found = np.empty(len(self.groups), dtype="int64")
        for side in (self.synthetic, ~self.synthetic):
            groups = pd.factorize(self.groups[side])[0]
            found[side] = (random.permutation(int(groups.max()) + 1) % _FOLDS)[groups]
        return found


@dataclass(frozen=True)
class Separation:
    """The area under the ROC curve, its standard error, and how much it falls without each source of features.

    The importances are means over the folds, each with its standard error, widened for what folds have in common
    (Nadeau and Bengio, 2003).
    """

    area: float
    error: float
    importance: dict[str, tuple[float, float]]


def told_apart(
    sample: Sample, categorical: Flags, sources: Mapping[str, Integers], random: np.random.Generator
) -> Separation:
    """The mean over five folds; importance by permutation on the rows held out (Breiman, 2001)."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    folds = sample.folds(random)
    areas, influences = [], np.empty(len(folds))
    falls: dict[str, list[float]] = {name: [] for name in sources}
    for fold in range(_FOLDS):
        test = folds == fold
        matrix = without_gaps(sample.matrix, sample.matrix[~test])
        model = HistGradientBoostingClassifier(**TREES, categorical_features=categorical)
        model.fit(matrix[~test], sample.synthetic[~test])
        rows, side = matrix[test], sample.synthetic[test]
        placed = placements(model.decision_function(rows), side)
        areas.append(placed[side].mean())
        influences[test] = (placed - areas[-1]) / np.where(side, side.sum(), (~side).sum()) / _FOLDS
        for name, places in sources.items():
            shuffled = rows.copy()
            shuffled[:, places] = rows[random.permutation(len(rows))][:, places]
            falls[name].append(areas[-1] - area(model.decision_function(shuffled), side))
    importance = {name: (float(np.mean(fall)), fold_error(fall)) for name, fall in falls.items()}
    return Separation(float(np.mean(areas)), area_error(influences, sample.groups, _FOLDS), importance)
