"""Whether rows of one owner are alike whatever their order, and how much."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri

from synthkit_cart.rows import Rows
from synthkit_cart.steps import Name, Step
from synthkit_cart.tokens import Feature, Floats, Integers, Numbers
from synthkit_cart.way import Level, Urn

_DOUBT = 4.0  # standard errors
_LITTLE = 0.03  # of a correlation or an agreement that is not worth another model
_NEVER = 1e9


def exchangeable(base: Step, values: Any, known: dict[Name, Feature], rows: Rows, order: Integers) -> Urn | Level | None:
    """A column that does not depend on the order of its owner's rows; None where it does.

    Rows next to each other must agree no more and no less than any two rows of an owner.
    ``order`` sorts rows by owner, and those of an owner as they follow one another.
    """
    at = rows.at[order]
    pairs = _Pairs.of(at)
    if len(pairs.first) < 50:
        return Urn(base, _NEVER)
    own = values[order]
    if isinstance(base.codec, Numbers):
        if _repeats(own, pairs) > 0.05:
            return _urn(base, own, pairs)
        places = base.conditional.places(known, base.codec.tokens(values))[order]
        normal = ndtri(np.clip(places, 1e-4, 1 - 1e-4))
        return _level(base, normal, pairs)
    return _urn(base, own, pairs)


class _Pairs:
    """Pairs of rows of one owner: next to each other, and at random."""

    def __init__(self, first: Integers, second: Integers, other: Integers) -> None:
        self.first, self.second, self.other = first, second, other

    @classmethod
    def of(cls, at: Integers) -> _Pairs:
        """All rows that follow another one, the row before each, and a random earlier one."""
        size = len(at)
        starts = np.flatnonzero(np.append(True, at[1:] != at[:-1])) if size else np.empty(0, dtype="int64")
        begin = np.repeat(starts, np.diff(np.append(starts, size)))
        later = np.flatnonzero((np.arange(size) > begin) & (at >= 0))
        random = np.random.default_rng(0)
        other = begin[later] + (random.random(len(later)) * (later - begin[later])).astype("int64")
        return cls(later, later - 1, other)


def _repeats(own: Any, pairs: _Pairs) -> float:
    """How much more often rows of one owner have the very same value than any two rows."""
    within = float((own[pairs.first] == own[pairs.other]).mean())
    return within - float((own[pairs.first] == np.roll(own[pairs.first], len(pairs.first) // 2)).mean())


def _urn(base: Step, own: Any, pairs: _Pairs) -> Urn | None:
    next_, some = own[pairs.first] == own[pairs.second], own[pairs.first] == own[pairs.other]
    difference = next_.astype("float64") - some
    if _matters(difference):
        return None
    chance = float((own[pairs.first] == np.random.default_rng(0).permutation(own[pairs.first])).mean())
    agree = float(some.mean())
    shared = (agree - chance) / max(1 - chance, 1e-9)
    return Urn(base, (1 - shared) / shared if shared > 0.005 else _NEVER)


def _level(base: Step, normal: Floats, pairs: _Pairs) -> Level | None:
    scale = max(float(normal.var()), 1e-9)
    near, far = (normal[pairs.first] * normal[p] / scale for p in (pairs.second, pairs.other))
    if _matters(near - far):
        return None
    return Level(base, float(np.clip(far.mean(), 0.0, 0.999)))


def _matters(difference: Floats) -> bool:
    error = float(difference.std()) / np.sqrt(len(difference))
    return abs(float(difference.mean())) > max(_DOUBT * error, _LITTLE)
