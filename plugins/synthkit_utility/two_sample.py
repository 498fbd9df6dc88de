"""A classifier that tells two sides apart, tested on subjects that it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from synthkit_utility.areas import area_error, placements
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

    Each fall has its standard error, too: the areas with and without a source are those of the same rows, so that
    the influences of a row on both are subtracted (DeLong et al., 1988).
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
    whole, parts = _Area(folds), {name: _Area(folds) for name in sources}
    for fold in range(_FOLDS):
        test = folds == fold
        matrix = without_gaps(sample.matrix, sample.matrix[~test])
        model = HistGradientBoostingClassifier(**TREES, categorical_features=categorical)
        model.fit(matrix[~test], sample.synthetic[~test])
        rows, side = matrix[test], sample.synthetic[test]
        placed = placements(model.decision_function(rows), side)
        whole.add(test, side, placed)
        for name, places in sources.items():
            shuffled = rows.copy()
            shuffled[:, places] = rows[random.permutation(len(rows))][:, places]
            parts[name].add(test, side, placed - placements(model.decision_function(shuffled), side))
    importance = {name: part.estimate(sample.groups) for name, part in parts.items()}
    return Separation(*whole.estimate(sample.groups), importance)


class _Area:
    """An area, or the difference of two, from the placements of the rows of each fold."""

    def __init__(self, folds: Integers) -> None:
        self._means: list[float] = []
        self._influences = np.empty(len(folds))

    def add(self, test: Flags, side: Flags, placed: Numbers) -> None:
        self._means.append(float(placed[side].mean()))
        self._influences[test] = (placed - self._means[-1]) / np.where(side, side.sum(), (~side).sum()) / _FOLDS

    def estimate(self, groups: Integers) -> tuple[float, float]:
        """The mean over the folds and its standard error."""
        return float(np.mean(self._means)), area_error(self._influences, groups, _FOLDS)
