"""What conditions leave of a column, and values of it drawn from no more than that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthkit import Condition, refuse_unknown
from synthkit_cart.items import Draw
from synthkit_cart.steps import Step
from synthkit_cart.tokens import NULL, Categories, Codec, Flags, Floats, Integers, Numbers, on_grid

Alternatives = tuple[tuple[float, float], ...]

_POINT = 1e-9  # of all values of a column: the width of a single one, where they lie on no grid


@dataclass(frozen=True)
class Allowed:
    """What a condition leaves of a column.

    Attributes:
        codec: of the column.
        parts: for each token, and each alternative, which part of what it stands for is left.
        ranges: the ends of each alternative; all values of a token where there are none.
    """

    codec: Codec
    parts: Floats
    ranges: Alternatives = ()

    @classmethod
    def of(cls, condition: Condition, codec: Codec, where: str) -> Allowed:
        """What a condition leaves of a column with such a codec.

        Raises:
            UsageError: a category that the codec does not know.
        """
        if isinstance(codec, Numbers):
            ranges = condition.ranges if condition.ranges is not None else ((-np.inf, np.inf),)
            parts = np.zeros((codec.size, max(len(ranges), 1)))
            for place, ends in enumerate(ranges):
                parts[1:, place] = _overlap(codec, *ends)
        else:
            ranges, parts = (), _labels(condition, codec, where)
        parts[NULL] = 0.0
        parts[NULL, 0] = float(condition.null)
        return cls(codec, parts, ranges)

    def met(self, values: Floats | Integers) -> Flags:
        """Which values are left."""
        if not isinstance(self.codec, Numbers):
            return np.asarray(self.parts[values, 0] > 0)
        found = np.isnan(values) & (self.parts[NULL, 0] > 0)
        for low, high in self.ranges:
            found |= (values >= low) & (values <= high)
        return np.asarray(found)

    def draw(self, tokens: Integers, random: np.random.Generator) -> Floats | Integers:
        """A value for each token, of those that are left."""
        codec = self.codec
        if not isinstance(codec, Numbers) or not self.ranges:
            return np.asarray(codec.draw(tokens, random))
        ends = np.cumsum(self.parts, axis=1)[tokens]
        which = (ends <= random.random((len(tokens), 1)) * ends[:, -1:]).sum(1).clip(max=len(self.ranges) - 1)
        limits = np.array(self.ranges)[which].T
        low, high = (np.append(np.nan, own)[tokens] for own in (codec.low, codec.high))
        low, high = np.maximum(low, limits[0]), np.minimum(high, limits[1])
        return on_grid(low + (high - low) * random.random(len(tokens)), low, high, codec.step)


def restricted(
    step: Step, allowed: Allowed, draw: Draw, random: np.random.Generator
) -> tuple[Floats | Integers, Floats]:
    """A value for each row of those that are left, and how likely it was that one of them came, up to a factor.

    Rows of which none is left have weight 0, and any value.
    """
    conditional = step.conditional
    leaves, ends = conditional.leaves(draw.known, draw.rows), conditional.ends
    of = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))
    left = np.diff(conditional.shares, prepend=0.0) * allowed.parts.sum(1)[conditional.tokens]
    totals, sums = np.bincount(of, left, len(ends)), np.append(0.0, np.cumsum(left))
    first = ends - np.bincount(of, minlength=len(ends))
    aim = sums[first[leaves]] + random.random(len(leaves)) * totals[leaves]
    place = np.searchsorted(sums[1:], aim, side="right")
    tokens = conditional.tokens[np.clip(place, first[leaves], ends[leaves] - 1)]
    return allowed.draw(tokens, random), totals[leaves] / max(totals.max(initial=0.0), 1e-300)


def _labels(condition: Condition, codec: Codec, where: str) -> Floats:
    """For each token whether its category is left."""
    known = [str(value) for value in codec.values] if isinstance(codec, Categories) else []
    refuse_unknown(where, (*(condition.values or ()), *condition.without), known)
    wanted = known if condition.values is None else map(str, condition.values)
    left = set(wanted) - set(map(str, condition.without))
    return np.array([0.0, *(float(name in left) for name in known)]).reshape(-1, 1)


def _overlap(codec: Numbers, least: float, most: float) -> Floats:
    """Which part of the values of each token, from the first one on, lies between two ends."""
    low, high = np.maximum(codec.low, least), np.minimum(codec.high, most)
    whole, part = codec.high - codec.low, high - low
    if codec.step:
        counts = [np.floor(b / codec.step + 1e-9) - np.ceil(a / codec.step - 1e-9) + 1 for a, b in (
            (codec.low, codec.high), (low, high))]  # fmt: skip
        whole, part = (np.where(counts[0] > 0, own, other) for own, other in zip(counts, (whole, part), strict=True))
    else:
        part = np.maximum(part, _POINT * (codec.high.max(initial=0.0) - codec.low.min(initial=0.0)))
    inside = np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), 1.0)
    return np.where(high >= low, np.clip(inside, 0.0, 1.0), 0.0)
