"""Rows of nobody's tables that many subjects point at: each is a kind of its own, and comes again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from synthkit_cart.rows import Rows
from synthkit_cart.steps import Name
from synthkit_cart.tokens import Floats, Integers

_MOST = 400


@dataclass(frozen=True)
class Heads:
    """The tokens of rows that come again, in tables that are as long as the real ones.

    Attributes:
        at: which rows they were.
        tokens: by name, in the order of ``at``.
    """

    at: Integers
    tokens: Mapping[Name, Integers]

    @classmethod
    def of(cls, rows: Rows, at: Integers, names: Iterable[Name]) -> Heads:
        """What stands in some real rows."""
        return cls(at, {name: rows.codecs[name].tokens(rows.values[name][at]) for name in names})

    def put(self, rows: Rows, places: Integers, random: np.random.Generator) -> None:
        """Let drawn rows be the heads: numbers are drawn anew within what their token stands for."""
        for name, tokens in self.tokens.items():
            values = rows.values[name].copy()
            values[places] = rows.codecs[name].draw(tokens, random)
            rows.put({name: values}, {name: rows.codecs[name]})


def heads(degree: Floats, pairs: Iterable[tuple[Integers, Integers]], least: int) -> Integers:
    """The rows that at least so many subjects point at, those first that are pointed at most, at most 400.

    ``degree`` says how often each row is pointed at; ``pairs`` are, for each key, the rows that point and the subjects
    whose rows do.

    Example:
        >>> heads(np.array([3.0, 1.0, 2.0]), [(np.array([0, 0, 0, 1, 2, 2]), np.array([0, 1, 2, 0, 1, 2]))], 2).tolist()
        [0, 2]
    """
    rows, subjects = (np.concatenate(part) for part in zip((np.empty(0, "int64"),) * 2, *pairs, strict=True))
    known = rows >= 0
    width = int(subjects.max(initial=0)) + 1
    held = np.bincount(np.unique(rows[known] * width + subjects[known]) // width, minlength=len(degree))
    order = np.argsort(-degree, kind="stable")
    return order[held[order] >= least][:_MOST]
