"""What the rows below a row are like as a whole: one of a few classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from synthkit_cart.rows import Rows
from synthkit_cart.steps import Name
from synthkit_cart.tokens import Codec, Flags, Floats, Integers
from synthkit_cart.trees import classed

_CLASSES = (2, 4, 8, 16, 32)
_TRUST = (1.0, 0.3, 0.1)  # in each cell: columns of a row depend on each other, and a row follows from the one before
_OWNERS = 3_000  # that classes are learned from
_SEVERAL = 8  # rows of an owner, half of which may foretell the other half; of fewer an urn says as much
_ROUNDS = 25
_PRIOR = 5.0  # owners of the overall distribution in each class
_DOUBT = 3.0  # standard errors
_BLOCK = 20_000  # owners at once


def profiles(rows: Rows, codecs: Mapping[Name, Codec], least: int) -> Integers:
    """A class from 1 on for each owner of rows, 0 for those with one or none, and for all where classes tell nothing.

    Latent classes (Lazarsfeld and Henry 1968) over the columns of an owner's rows, as many as foretell one half of
    these best from the other half. Each owner's is drawn from what its rows leave open: so owners whose rows are
    drawn by class differ as much as real ones. A class has ``least`` owners.
    """
    random = np.random.default_rng(0)  # which rows make a half must not depend on the seed of the run
    sizes = np.bincount(rows.at_rows[rows.at_rows >= 0], minlength=rows.owners)
    if not codecs or 2 * sizes[sizes >= _SEVERAL].sum() < sizes.sum():
        return np.zeros(rows.owners, dtype="int64")
    cells = Cells.of(rows, codecs)
    several = random.permutation(np.flatnonzero(sizes >= _SEVERAL))
    some, half = several[:_OWNERS], random.random(rows.size) < 0.5
    first, second = cells.counts(some, half), cells.counts(some, ~half)
    best, known = None, _foretold(Classes.learn(first, cells, 1, 1.0, random), first, second)
    for number in (n for n in _CLASSES if n * 2 * least <= len(several)):
        for trust in _TRUST:
            told = _foretold(Classes.learn(first, cells, number, trust, random), first, second)
            if (told - known).mean() > _DOUBT * (told - known).std() / np.sqrt(len(told)):
                best, known = (number, trust), told
    if best is None:
        return np.zeros(rows.owners, dtype="int64")
    classes = Classes.learn(first + second, cells, *best, random)
    shares = np.concatenate([classes.shares(cells.counts(block)) for block in _blocks(rows.owners)])
    return np.where(sizes > 1, _drawn(shares, sizes > 1, least, random) + 1, 0)


@dataclass(frozen=True)
class Cells:
    """The columns of rows as cells: one for each class of values of each column.

    Attributes:
        at: whose each row is, ``NONE`` for nobody's.
        codes: the cell of each row, a column for each column.
        column: the column of each cell.
    """

    at: Integers
    codes: Integers
    column: Integers

    @classmethod
    def of(cls, rows: Rows, codecs: Mapping[Name, Codec]) -> Cells:
        """The cells of some columns."""
        codes, sizes = [], [0]
        for name, codec in codecs.items():
            tokens, groups = (
                codec.tokens(rows.values[name]),
                None if codec.ordered else np.zeros(codec.size, dtype="int64"),
            )
            kinds, number = classed(tokens, np.zeros(rows.size, dtype="int64"), groups)
            codes.append(kinds + sum(sizes))
            sizes.append(number)
        return cls(rows.at_rows, np.stack(codes, 1), np.repeat(np.arange(len(codes)), sizes[1:]))

    def counts(self, owners: Integers, part: Flags | None = None) -> Floats:
        """How many rows of each of some owners lie in each cell; only those of a part of the rows, if one is given."""
        place = np.full(int(max(self.at.max(initial=0), owners.max(initial=0))) + 2, -1)
        place[owners] = np.arange(len(owners))
        own = place[self.at]
        rows = (own >= 0) & (self.at >= 0) & (True if part is None else part)
        cells = own[rows, None] * len(self.column) + self.codes[rows]
        return (
            np.bincount(cells.ravel(), minlength=len(owners) * len(self.column))
            .reshape(len(owners), -1)
            .astype("float64")
        )


@dataclass(frozen=True)
class Classes:
    """Latent classes.

    Attributes:
        weights: the logarithm of each class's share.
        chances: the logarithm of how often a row of each class lies in each cell.
        trust: what a cell of a row tells, of what it would if all cells were independent.
    """

    weights: Floats
    chances: Floats
    trust: float

    @classmethod
    def learn(cls, counts: Floats, cells: Cells, number: int, trust: float, random: np.random.Generator) -> Classes:
        """Learn from what each owner's rows are like."""
        shares = random.dirichlet(np.full(number, 0.3), len(counts)) if number > 1 else np.ones((len(counts), 1))
        sums = np.bincount(cells.column, counts.sum(0))[cells.column]
        overall = counts.sum(0) / np.maximum(sums, 1)
        rows = counts.sum() / max(len(counts) * (cells.column.max(initial=0) + 1), 1)
        for _ in range(_ROUNDS):
            held = shares.T @ counts + _PRIOR * rows * overall
            totals = np.stack([np.bincount(cells.column, own)[cells.column] for own in held])
            chances = np.log(np.maximum(held / np.maximum(totals, 1e-12), 1e-12))
            found = cls(np.log(shares.mean(0) + 1e-12), chances, trust)
            shares = found.shares(counts)
        return found

    def shares(self, counts: Floats) -> Floats:
        """How likely each owner is of each class."""
        logs = self.weights + self.trust * (counts @ self.chances.T)
        odds = np.exp(logs - logs.max(1, keepdims=True))
        return np.asarray(odds / odds.sum(1, keepdims=True))


def _foretold(classes: Classes, first: Floats, second: Floats) -> Floats:
    """How well the second half of each owner's rows is foretold by the first: the mean log-likelihood of a cell."""
    chances = np.log(classes.shares(first) @ np.exp(classes.chances))
    return np.asarray((second * chances).sum(1) / np.maximum(second.sum(1), 1))


def _blocks(owners: int) -> list[Integers]:
    return np.array_split(np.arange(owners), max(-(-owners // _BLOCK), 1))


def _drawn(shares: Floats, real: Flags, least: int, random: np.random.Generator) -> Integers:
    """A class for each owner, from those that enough of the real ones have."""
    place = random.random((len(shares), 1))
    for _ in range(shares.shape[1]):
        found = (np.cumsum(shares, axis=1) / shares.sum(1, keepdims=True) < place).sum(1).clip(max=shares.shape[1] - 1)
        counts = np.bincount(found[real], minlength=shares.shape[1])
        small = (counts < least) & (shares.sum(0) > 0)
        if not small.any() or small.sum() == (shares.sum(0) > 0).sum():
            break
        shares = np.where(np.arange(len(counts)) == np.where(small, counts, np.inf).argmin(), 0.0, shares) + 1e-12
    return np.asarray(found)
