"""Whether rows of one owner are alike whatever their order, and how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from synthkit_cart.items import Level, Urn
from synthkit_cart.steps import Name, Step
from synthkit_cart.tokens import Feature, Floats, Integers, Numbers

_DOUBT = 4.0  # standard errors
_LITTLE = 0.03  # of a correlation or a share of pairs that agree, which is not worth another model
_OFTEN = 0.05  # of the pairs of rows of one owner, that agree in a number beyond chance
_NEVER = 1e9
_FEW = 50


def exchangeable(
    base: Step, values: Any, known: Mapping[Name, Feature], at: Integers, order: Integers
) -> Urn | Level | None:
    """A column that does not depend on the order of its owner's rows; None where it does.

    Rows next to each other must agree no more and no less than any two rows of an owner. ``base`` is learned from
    what is ``known`` without the rows before, ``at`` says which row owns each, and ``order`` sorts rows by owner, and
    those of an owner as they follow one another.
    """
    pairs, own = _pairs(at[order]), values[order]
    if len(pairs.later) < _FEW:
        return Urn(base, _NEVER)
    if not isinstance(base.codec, Numbers) or _agreement(own, pairs) > _OFTEN:
        return _urn(base, own, pairs)
    places = base.conditional.places(known, base.codec.tokens(values))[order]
    return _level(base, ndtri(np.clip(places, 1e-4, 1 - 1e-4)), pairs)


@dataclass(frozen=True)
class _Pairs:
    """Rows that follow another one of their owner, the row before each, a random earlier one, and any row."""

    later: Integers
    before: Integers
    earlier: Integers
    any: Integers


def _pairs(at: Integers) -> _Pairs:
    random = np.random.default_rng(0)  # which pairs are looked at must not depend on the seed of the run
    place = np.arange(len(at))
    begin = np.maximum.accumulate(np.where(np.append(True, at[1:] != at[:-1])[: len(at)], place, 0))
    later = np.flatnonzero((place > begin) & (at >= 0))
    earlier = begin[later] + (random.random(len(later)) * (later - begin[later])).astype("int64")
    return _Pairs(later, later - 1, earlier, random.permutation(later))


def _agreement(own: Any, pairs: _Pairs) -> float:
    """How much more often rows of one owner have the very same value than any two rows."""
    return float((own[pairs.later] == own[pairs.earlier]).mean() - (own[pairs.later] == own[pairs.any]).mean())


def _urn(base: Step, own: Any, pairs: _Pairs) -> Urn | None:
    near, far = own[pairs.later] == own[pairs.before], own[pairs.later] == own[pairs.earlier]
    if _matters(near.astype("float64") - far):
        return None
    chance = float((own[pairs.later] == own[pairs.any]).mean())
    shared = _agreement(own, pairs) / max(1 - chance, 1e-9)
    return Urn(base, (1 - shared) / shared if shared > 0.005 else _NEVER)


def _level(base: Step, normal: Floats, pairs: _Pairs) -> Level | None:
    scale = max(float(normal.var()), 1e-9)
    near, far = (normal[pairs.later] * normal[other] / scale for other in (pairs.before, pairs.earlier))
    if _matters(near - far):
        return None
    return Level(base, float(np.clip(far.mean(), 0.0, 0.999)))


def _matters(difference: Floats) -> bool:
    error = float(difference.std()) / np.sqrt(len(difference))
    return bool(abs(float(difference.mean())) > max(_DOUBT * error, _LITTLE))
