"""Exact copies of rows, and of all that a subject did, which are alone of their kind in the real data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Codes = npt.NDArray[np.int64]

INFORMATIVE = 4  # columns that a row needs so that an equal one says something
SEQUENCE = 3  # rows that a subject needs, for the same reason


@dataclass(frozen=True)
class Copies:
    """How many real items that are alone of their kind occur among the synthetic ones, and how many may by chance.

    Attributes:
        training: those of the training part.
        holdout: those of the holdout.
        ratio: training items per holdout item.
    """

    training: int
    holdout: int
    ratio: float

    @property
    def excess(self) -> float:
        """The copies beyond what chance explains: three standard errors over the holdout's number.

        An honest model meets training items as often as holdout items, in proportion to their numbers. Both
        counts are Poisson, and their roots have a spread of one half, however rare copies are (Anscombe, 1948).
        """
        root = math.sqrt(self.ratio * (self.holdout + 3 / 8)) + 3 / 2 * math.sqrt(1 + self.ratio)
        return max(0.0, self.training - (root**2 - 3 / 8))


def row_codes(frames: Sequence[pd.DataFrame]) -> list[Codes]:
    """Number the distinct rows of frames with the same columns, alike in all frames; null equals null."""
    sizes = np.cumsum([len(frame) for frame in frames])[:-1]
    codes = np.zeros(sum(len(frame) for frame in frames), dtype="int64")
    for name in frames[0].columns:
        values: pd.Series[Any] = pd.concat([frame[name] for frame in frames], ignore_index=True)
        part, distinct = pd.factorize(values, use_na_sentinel=True)
        codes = pd.factorize(codes * (len(distinct) + 1) + part + 1)[0].astype("int64")
    return np.split(codes, sizes)


def copies(training: Codes, holdout: Codes, synthetic: Codes) -> Copies:
    """Count real items that no other real one equals and a synthetic one does, each once.

    A synthetic item that a model repeats says no more than one: only different ones meet real ones independently.
    """
    alone = np.bincount(np.concatenate([training, holdout]), minlength=int(synthetic.max(initial=0)) + 1) == 1
    met = [int(np.isin(part[alone[part]], synthetic).sum()) for part in (training, holdout)]
    return Copies(met[0], met[1], len(training) / max(len(holdout), 1))


def sequence_codes(rows: Sequence[Codes], owners: Sequence[Codes]) -> list[Codes]:
    """Number what each owner with enough rows has, whatever the order of the rows, alike in all parts.

    ``rows`` are row codes, ``owners`` the number of each row's owner, -1 for none. Owners with fewer than three
    rows are left out.
    """
    sums = [_sums(codes, own) for codes, own in zip(rows, owners, strict=True)]
    frames = [pd.DataFrame({"sum": total, "rows": count}) for total, count in sums]
    return row_codes(frames)


def _sums(codes: Codes, owners: Codes) -> tuple[npt.NDArray[np.uint64], Codes]:
    """Of each owner with enough rows, the sum of mixed row codes, and the number of rows."""
    owned = owners >= 0
    counts = np.bincount(owners[owned])
    totals = np.zeros(len(counts), dtype="uint64")
    np.add.at(totals, owners[owned], _mixed(codes[owned]))
    enough = counts >= SEQUENCE
    return totals[enough], counts[enough]


def _mixed(codes: Codes) -> npt.NDArray[np.uint64]:
    """Codes spread over 64 bits, so that sums of different ones differ (SplitMix64; Steele et al., 2014)."""
    mixed = codes.astype("uint64") + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))
