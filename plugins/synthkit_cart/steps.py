"""Columns drawn one after another, each given those before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from synthkit_cart.conditional import Conditional, Target, learn
from synthkit_cart.tokens import Codec, Feature, Flags, Integers
from synthkit_cart.trees import Growth

Name = tuple[str, ...]
Values = dict[Name, Any]


@dataclass(frozen=True)
class Step:
    """One column and how it is drawn.

    Attributes:
        name: what its values are called.
        codec: how they are tokens.
        conditional: how often each token occurs, given what is known of a row.
    """

    name: Name
    codec: Codec
    conditional: Conditional

    def draw(self, known: Mapping[Name, Feature], rows: int, random: np.random.Generator) -> Any:
        """A value for each row."""
        return self.codec.draw(self.conditional.draw(known, random.random(rows)), random)

    def spread(self, known: Mapping[Name, Feature], rows: int, random: np.random.Generator) -> Any:
        """A value for each row, each as often as it should be rather than by chance (systematic, Madow 1944)."""
        even = (random.permutation(rows) + random.random(rows)) / max(rows, 1)
        return self.codec.draw(self.conditional.draw(known, even), random)


def learned(
    name: Name, codec: Codec, values: Any, known: Mapping[Name, Feature], subjects: Integers, growth: Growth
) -> Step:
    """Learn one column from its values and what is known of their rows."""
    target = Target(codec.tokens(values), codec.size, codec.ordered, codec.zero)
    return Step(name, codec, learn(target, known, subjects, growth))


def some(known: Mapping[Name, Feature], rows: Flags) -> dict[Name, Feature]:
    """What is known of some of the rows."""
    return {name: feature.take(rows) for name, feature in known.items()}


def needed(steps: Iterable[Step]) -> set[Name]:
    """What must be known to draw columns."""
    return {name for step in steps for name in step.conditional.names}


def draw_all(
    steps: Sequence[Step], known: MutableMapping[Name, Feature], rows: int, random: np.random.Generator
) -> Values:
    """Draw columns in their order; each becomes known to those after it."""
    used, drawn = needed(steps), {}
    for step in steps:
        drawn[step.name] = step.draw(known, rows, random)
        if step.name in used:
            known[step.name] = step.codec.feature(drawn[step.name])
    return drawn
