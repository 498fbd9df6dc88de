"""What an attacker finds out about a training subject beyond what he finds out about anybody: three risks.

The risks are those of the Article 29 Working Party (Opinion 05/2014), each measured by an attack and the same attack
on the holdout as control (Giomi et al., 2023).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from synthkit_privacy.estimates import Estimate, rate, residual
from synthkit_privacy.records import Integers, Records, Values, closest

_NEAR = 0.025  # numbers are as good as equal when at most this part of the real ones lies between them
_TRIES = 3_000
_CONDITIONS = 6
_BLOCK = 1 << 21  # comparisons at once

Shorter = npt.NDArray[np.float32]


def inference(training: Records, holdout: Records, synthetic: Records, secret: str) -> Estimate:
    """How much better a feature is guessed for training subjects than for others, who are known but for it.

    The guess is the value of the nearest synthetic subject. It is right when it is the same category, or a number
    with at most 2.5 % of the real ones between it and the true one.
    """
    place = training.names.index(secret)
    return residual(*(_guessed(part, synthetic, place) for part in (training, holdout)))


def _guessed(part: Records, synthetic: Records, secret: int) -> Estimate:
    known = np.arange(len(part.names)) != secret
    rows = closest(part.seen(known), synthetic.seen(known))
    truth, guess = part.values[:, secret], synthetic.values[rows, secret]
    allowed = 0.0 if part.categorical[secret] else _NEAR
    right = (np.abs(truth - guess) <= allowed) | (np.isnan(truth) & np.isnan(guess))
    return rate(int(right.sum()), len(right))


def linkability(training: Records, holdout: Records, synthetic: Records) -> Estimate:
    """How much oftener two halves of what is known of a training subject lead to the same synthetic one.

    Every other feature, by name, is in the first half; each half leads to the nearest synthetic subject.
    """
    return residual(*(_linked(part, synthetic) for part in (training, holdout)))


def _linked(part: Records, synthetic: Records) -> Estimate:
    first = np.arange(len(part.names)) % 2 == 0
    found = [closest(part.seen(half), synthetic.seen(half)) for half in (first, ~first)]
    return rate(int((found[0] == found[1]).sum()), len(part))


def singling_out(
    training: Records, holdout: Records, synthetic: Records, random: np.random.Generator
) -> Estimate | None:
    """How much oftener a description of one synthetic subject alone fits one training subject alone than one other.

    A description is up to six conditions that a drawn synthetic subject meets: to have its category, or a number
    at least as far from the middle as its own. The holdout takes the place of as many training subjects: a
    description that fits any of the remaining ones is no attack. None where no description fits one alone.
    """
    size = min(len(training), len(holdout))
    order = random.permutation(len(training))
    target, rest, control = training.take(order[:size]), training.take(order[size:]), holdout.drawn(size, random)
    columns, low, high = _descriptions(synthetic, random)
    alone = _met(np.unique(_filled(synthetic.values), axis=0), columns, low, high) == 1
    alone &= _met(_filled(rest.values), columns, low, high) == 0
    attacks = columns[alone], low[alone], high[alone]
    if not alone.any():
        return None
    met = [_met(_filled(part.values), *attacks) == 1 for part in (target, control)]
    return residual(*(rate(int(each.sum()), len(each)) for each in met))


def _descriptions(synthetic: Records, random: np.random.Generator) -> tuple[Integers, Shorter, Shorter]:
    """Columns, least and greatest values; one row per description, one column per condition."""
    count = len(synthetic.names)
    columns = random.permuted(np.tile(np.arange(count), (_TRIES, 1)), axis=1)[:, :_CONDITIONS]
    values = _filled(synthetic.values[random.integers(0, len(synthetic), _TRIES)[:, None], columns])
    number = ~synthetic.categorical[columns] & (values >= 0)
    low = np.where(number & (values <= 0.5), np.float32(0), values)
    high = np.where(number & (values > 0.5), np.float32(1), values)
    return columns, low, high


def _filled(values: Values) -> Shorter:
    """Null as -1, which it already is among categories; in single precision, which compares faster."""
    return np.nan_to_num(values, nan=-1.0).astype("float32")


def _met(values: Shorter, columns: Integers, low: Shorter, high: Shorter) -> Integers:
    """How many of the subjects meet all conditions, for each description."""
    turned = np.ascontiguousarray(values.T)
    counts = np.zeros(len(columns), dtype="int64")
    step = max(_BLOCK // max(turned.shape[1], 1), 1)
    for start in range(0, len(columns), step):
        rows = slice(start, start + step)
        met = np.ones((len(columns[rows]), turned.shape[1]), dtype=bool)
        for place in range(columns.shape[1]):
            found = turned[columns[rows, place]]
            met &= (found >= low[rows, place, None]) & (found <= high[rows, place, None])
        counts[rows] = met.sum(axis=1)
    return counts
