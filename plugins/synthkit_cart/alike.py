"""Whether rows of one owner are alike whatever their order, and how much."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from synthkit_cart.items import Level, Urn
from synthkit_cart.rows import Rows
from synthkit_cart.steps import Name, Step, learned, some
from synthkit_cart.tokens import Feature, Floats, Integers, Numbers
from synthkit_cart.trees import Growth

_DOUBT = 4.0  # standard errors
_LITTLE = 0.03  # of a correlation or a share of pairs that agree, which is not worth another model
_OFTEN = 0.05  # of the pairs of rows of one owner, that agree in a number beyond chance
_NEVER = 1e9
_FEW = 50
_RARELY = 0.005  # that rows of an owner agree, or the variance that they share: no more than chance may give
_SAME = 0.4  # of the pairs, or of the variance, beyond which rows of an owner are nearly the same


def exchangeable(
    base: Step, values: Any, known: Mapping[Name, Feature], rows: Rows, order: Integers, growth: Growth
) -> Urn | Level | None:
    """A column that does not depend on the order of its owner's rows; None where it does.

    Rows next to each other must agree no more and no less than any two rows of an owner. ``base`` is learned from
    what is ``known`` without the rows before, and ``order`` sorts rows by owner, and those of an owner as they follow
    one another.
    """
    pairs, own = _pairs(rows.at_rows[order]), values[order]
    if len(pairs.later) < _FEW:
        return Urn(base, _NEVER)
    again = not isinstance(base.codec, Numbers) or _agreement(own, pairs) > _OFTEN
    if again and _matters((own[pairs.later] == own[pairs.before]) * 1.0 - (own[pairs.later] == own[pairs.earlier])):
        return None
    places = _places(base, values, known, rows, growth)[order]
    normal = ndtri(np.clip(places, 1e-4, 1 - 1e-4))
    if not again:
        shared = _shared(normal, pairs)
        return None if shared is None else Level(base, shared)
    similar = _similar(normal, own, pairs)
    return Urn(base, _weight(_drawn(base, similar, known, order), own, pairs), similar)


def steady(tokens: Integers, *, ordered: bool, at: Integers, order: Integers) -> bool:
    """Whether rows next to each other are no more alike than any two of an owner, and those not nearly the same.

    The same question as that of ``exchangeable``, but of the tokens alone and whatever is known of their rows.
    """
    pairs, own = _pairs(at[order]), tokens[order]
    if len(pairs.later) < _FEW:
        return False
    if not ordered:
        near, far = own[pairs.later] == own[pairs.before], own[pairs.later] == own[pairs.earlier]
        return _agreement(own, pairs) < _SAME and not _matters(near.astype("float64") - far)
    normal = ndtri((rankdata(own) - 0.5) / len(own))
    normal = normal / max(float(normal.std()), 1e-9)
    near, far = (normal[pairs.later] * normal[other] for other in (pairs.before, pairs.earlier))
    return float(far.mean()) < _SAME and not _matters(near - far)


def _places(base: Step, values: Any, known: Mapping[Name, Feature], rows: Rows, growth: Growth) -> Floats:
    """Where each value lies in the distribution that a tree of other owners' rows gives: its own knows too much."""
    found, half = np.empty(rows.size), rows.at_rows % 2 == 1
    for side in (half, ~half):
        told, subjects = some(known, ~side), rows.subjects[~side]
        other = learned(base.name, base.codec, values[~side], told, subjects, growth).conditional
        found[side] = other.places(some(known, side), base.codec.tokens(values[side]))
    return found


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


def _weight(drawn: Callable[[Integers, Integers], tuple[Any, Any]], own: Any, pairs: _Pairs) -> float:
    """How many earlier rows count as much as a new value: by how often rows of an owner agree beyond new values."""
    new, other = drawn(pairs.later, pairs.earlier)
    chance, agree = float((new == other).mean()), float((own[pairs.later] == own[pairs.earlier]).mean())
    shared = (agree - chance) / max(1 - chance, 1e-9)
    return (1 - shared) / shared if shared > _RARELY else _NEVER


def _drawn(
    base: Step, shared: float, known: Mapping[Name, Feature], order: Integers
) -> Callable[[Integers, Integers], tuple[Any, Any]]:
    """Draws new values for two rows each of some owners, whose places share a part of their variance."""
    random = np.random.default_rng(0)

    def draw(first: Integers, second: Integers) -> tuple[Any, Any]:
        level, found = random.standard_normal(len(first)), []
        for rows in (order[first], order[second]):
            place = np.sqrt(shared) * level + np.sqrt(1 - shared) * random.standard_normal(len(rows))
            told = {name: known[name].take(rows) for name in base.conditional.names}
            found.append(base.codec.draw(base.conditional.draw(told, ndtr(place)), random))
        return found[0], found[1]

    return draw


def _similar(normal: Floats, own: Any, pairs: _Pairs) -> float:
    """The part of the variance of their places that rows of an owner share which do not agree, beyond any two such."""
    scale, found = max(float(normal.var()), 1e-9), []
    for other in (pairs.earlier, pairs.any):
        apart = own[pairs.later] != own[other]
        found.append(float((normal[pairs.later] * normal[other])[apart].mean()) / scale if apart.any() else 0.0)
    shared = found[0] - found[1]
    return float(np.clip(shared, 0.0, 0.999)) if shared > _RARELY else 0.0


def _shared(normal: Floats, pairs: _Pairs) -> float | None:
    scale = max(float(normal.var()), 1e-9)
    near, far = (normal[pairs.later] * normal[other] / scale for other in (pairs.before, pairs.earlier))
    if _matters(near - far):
        return None
    return float(np.clip(far.mean(), 0.0, 0.999))


def _matters(difference: Floats) -> bool:
    error = float(difference.std()) / np.sqrt(len(difference))
    return bool(abs(float(difference.mean())) > max(_DOUBT * error, _LITTLE))
