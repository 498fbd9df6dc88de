"""Categories that no owner has twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synthkit_cart.conditional import Conditional, cumulated
from synthkit_cart.tokens import Floats, Integers

_ROUNDS = 30
_DOUBT = 1.0  # rows that have each token of a leaf, beside the real ones
_PAIRS = 1_000_000  # of a row and one before it, that are looked at
TELLING = 30  # pairs of rows of one owner that are the same by chance, below which nothing can be said
_SLIPS, _AT_MOST = 0.05, 0.2  # of rows, and of the pairs that chance would give, that hardly ever share a category


def before(at: Integers, order: Integers) -> tuple[Integers, Integers]:
    """Pairs of a row and one before it of the same owner; ``order`` sorts rows by owner, and as they follow.

    Example:
        >>> before(np.array([0, 1, 0, 0]), np.array([0, 2, 3, 1]))
        (array([2, 3, 3]), array([0, 0, 2]))
    """
    owners = at[order]
    begins = np.append(True, owners[1:] != owners[:-1])[: len(owners)]
    place = np.arange(len(owners)) - np.flatnonzero(begins)[np.cumsum(begins) - 1] if len(owners) else owners
    place = np.where(owners < 0, 0, place)
    place = np.where(np.cumsum(place) <= _PAIRS, place, 0)
    row = np.repeat(np.arange(len(owners)), place)
    back = np.arange(len(row)) - np.repeat(np.cumsum(place) - place, place)
    return order[row], order[row - np.repeat(place, place) + back]


def repeats(values: Integers, at: Integers, size: int) -> tuple[float, int]:
    """How many pairs of rows of one owner would be the same by chance, and how many rows repeat one of their owner.

    ``values`` are below ``size``, and 0 where nothing is known; ``at`` is who owns each row.

    Example:
        >>> repeats(np.array([1, 1, 2, 2]), np.array([0, 0, 1, 1]), 3)
        (1.0, 2)
    """
    known = (at >= 0) & (values > 0)
    counts = np.bincount(at[known])
    shares = np.bincount(values[known], minlength=size) / max(int(known.sum()), 1)
    expected = float((counts * (counts - 1) / 2).sum() * (shares**2).sum())
    return expected, int(known.sum()) - len(np.unique(at[known] * size + values[known]))


def never_twice(values: Integers, at: Integers, size: int) -> bool:
    """Whether hardly any owner has a category twice, where chance would make many have; see ``repeats``.

    A guard that draws rare categories anew, and a few slips in the data, may have made some.
    """
    expected, found = repeats(values, at, size)
    return expected >= TELLING and found <= min(_AT_MOST * expected, _SLIPS * int(((at >= 0) & (values > 0)).sum()))


def fair(conditional: Conditional, leaves: Integers, had: tuple[Integers, Integers]) -> Conditional:
    """Shares that give each token as often as real rows have it, once none is drawn that its owner has had.

    The leaves hold what real rows have, which could not have again what came before: were those tokens taken out of
    the leaves as they are, what is liked most would come too seldom later on. So each row is a choice among what is
    left of its leaf, by how much a token is liked there: a multinomial logit model (McFadden 1974), found step by step
    (Hunter 2004).

    ``leaves`` are those of the rows, and ``had`` are pairs of a row and a token that its owner has had.
    """
    size = int(max(conditional.tokens.max(initial=0), had[1].max(initial=0))) + 1
    of = np.repeat(np.arange(len(conditional.ends)), np.diff(conditional.ends, prepend=0))
    rows, entries = _found(of * size + conditional.tokens, leaves[had[0]] * size + had[1], had[0])
    liked = _apart(conditional.shares, of)
    real = liked * np.bincount(leaves, minlength=len(conditional.ends))[of] + _DOUBT
    for _ in range(_ROUNDS):
        left = np.bincount(of, liked)[leaves] - np.bincount(rows, liked[entries], len(leaves))
        each = np.where(left > 1e-9, 1 / np.maximum(left, 1e-9), 0.0)
        expected = liked * np.bincount(leaves, each, len(conditional.ends))[of]
        expected -= np.bincount(entries, liked[entries] * each[rows], len(liked))
        liked = liked * real / (expected + _DOUBT)
        liked /= np.bincount(of, liked)[of]
    return replace(conditional, shares=cumulated(liked, of))


def _found(known: Integers, asked: Integers, rows: Integers) -> tuple[Integers, Integers]:
    """Of what is asked for that which is known: its row and its place."""
    place = np.searchsorted(known, asked).clip(max=len(known) - 1)
    hit = known[place] == asked
    return rows[hit], place[hit]


def _apart(shares: Floats, of: Integers) -> Floats:
    """The share of each token in its leaf, of shares that are cumulated over it."""
    return np.where(np.append(True, of[1:] != of[:-1])[: len(of)], shares - of, np.diff(shares, prepend=0.0))
