"""How likely a value is, given what is known of its row."""

from __future__ import annotations

import numpy as np

from synthkit_cart.computed import Computed
from synthkit_cart.conditional import Conditional
from synthkit_cart.items import After, Draw, Plain
from synthkit_cart.pointing import Item
from synthkit_cart.stairs import Stairs
from synthkit_cart.steps import Step
from synthkit_cart.tokens import NULL, Floats, Integers, Numbers

_OVERALL = 1e-3  # the weight of all leaves beside that of a row: enough where no candidate's leaf has the value
_NEAR = 0.04  # of all tokens, on either side of one that stands for a bin
_NEVER = 1e-9


def likelihood(item: Item, values: Floats | Integers, draw: Draw) -> Floats:
    """How likely a column's values are where each stands, up to a factor that is the same for candidates of a row.

    A number in a bin counts with its neighbours, since a leaf has rows in few bins; and every leaf is mixed with a
    little of all others, since what it has not seen may still be.
    """
    if isinstance(item, After):
        between = np.asarray(values, dtype="float64") - draw.number(item.base)
        early = between < 0
        return np.where(early, _NEVER, _of(item.step, np.where(early, 0.0, between), draw))
    if isinstance(item, Stairs):
        follows = item.tokens[np.searchsorted(item.begins, draw.values[item.base], side="right")]
        return np.where(item.codec.tokens(values) == follows, 1.0, _NEVER)
    return _of(item.step, values, draw) if isinstance(item, Plain | Computed) else np.ones(draw.rows)


def _of(step: Step, values: Floats | Integers, draw: Draw) -> Floats:
    codec, leaves = step.codec, step.conditional.leaves(draw.known, draw.rows)
    tokens = codec.tokens(values)
    low = high = tokens
    if isinstance(codec, Numbers):
        smooth = np.append(False, codec.low < codec.high)[tokens]
        width = max(round(_NEAR * codec.size), 1)
        low = np.where(smooth, np.maximum(tokens - width, NULL + 1), tokens)
        high = np.where(smooth, np.minimum(tokens + width, codec.size - 1), tokens)
    own = _share(step.conditional, leaves, low, high, codec.size)
    return np.maximum((1 - _OVERALL) * own + _OVERALL * _overall(step.conditional, low, high, codec.size), _NEVER)


def _share(conditional: Conditional, leaves: Integers, low: Integers, high: Integers, size: int) -> Floats:
    """The share of tokens from one to another, both included, in the leaf of each row."""
    ends = np.append(0.0, conditional.shares)
    keys = np.repeat(np.arange(len(conditional.ends)), np.diff(conditional.ends, prepend=0)) * size
    keys = keys + conditional.tokens
    first = np.searchsorted(keys, leaves * size + low, side="left")
    last = np.searchsorted(keys, leaves * size + high, side="right")
    return np.asarray(ends[last] - ends[first])


def _overall(conditional: Conditional, low: Integers, high: Integers, size: int) -> Floats:
    """The same, as the mean of all leaves."""
    shares = np.diff(conditional.shares, prepend=0.0) / max(len(conditional.ends), 1)
    ends = np.append(0.0, np.cumsum(np.bincount(conditional.tokens, shares, size)))
    return np.asarray(ends[high + 1] - ends[low])
