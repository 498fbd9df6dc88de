"""One column given others: a tree whose leaves hold how often each token occurs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from synthkit_cart.clusters import clusters
from synthkit_cart.tokens import NULL, Feature, Floats, Integers
from synthkit_cart.trees import CODES, UNORDERED, Codes, Growth, Sample, Tree, classed, grow

_FEATURES = 32  # that a tree may split on
_LOOKED_AT = 5_000  # rows, to choose features by
_BLOCK = 8_192  # rows whose codes are quick to reach
_STEPS, _LOOKS = 64, 4
_GROUPED_BY = 20_000  # rows, to tell which tokens are like each other
_GROUPS, _LIKE = 8, 8  # of tokens; and categories of a feature that are looked at for them
_AXES = 3  # of an unordered feature, to split by


@dataclass(frozen=True)
class Target:
    """A column to explain: tokens below ``size``, in an order or not; ``zero`` is that of the number, if it has one."""

    tokens: Integers
    size: int
    ordered: bool
    zero: int | None = None

    def first(self, least: int) -> Integers | None:
        """Whether each is null, zero or another number (0, 1, 2); None where all but a few are the same of these."""
        found = np.where(self.tokens == NULL, 0, np.where(self.tokens == self.zero, 1, 2))
        return found if self.ordered and (np.bincount(found, minlength=3) >= least).sum() > 1 else None


@dataclass(frozen=True)
class Conditional:
    """How often each token occurs, given some features.

    Attributes:
        names: of the features that the tree splits on.
        orders: for each of them, the place of each code; None where codes are in order.
        tree: its leaves are numbered by ``leaf``.
        leaf: for each node the number of the leaf.
        ends: where the tokens of each leaf end.
        tokens: of all leaves, one after the other.
        shares: cumulated over a leaf, and one higher with each leaf.
    """

    names: tuple[Any, ...]
    orders: tuple[Integers | None, ...]
    tree: Tree
    leaf: Integers
    ends: Integers
    tokens: Integers
    shares: Floats

    def leaves(self, features: Mapping[Any, Feature], rows: int) -> Integers:
        """The number of each row's leaf."""
        nodes = np.empty(rows, dtype="int64")
        for first in range(0, rows, _BLOCK):
            part = slice(first, min(first + _BLOCK, rows))
            nodes[part] = self.tree.leaves(self._codes(features, part))
        return self.leaf[nodes]

    def draw(self, features: Mapping[Any, Feature], uniform: Floats) -> Integers:
        """A token for each row, by a number between 0 and 1: the greater it is, the greater is an ordered token."""
        place = _at_most(self.shares, self.leaves(features, len(uniform)) + uniform)
        return self.tokens[np.minimum(place, len(self.tokens) - 1)]

    def places(self, features: Mapping[Any, Feature], tokens: Integers) -> Floats:
        """The number between 0 and 1 that would have given each token, in the middle of those that would.

        A token that no leaf's row had lies between its neighbours.
        """
        leaves = self.leaves(features, len(tokens))
        size = max(int(self.tokens.max(initial=0)), int(tokens.max(initial=0))) + 1
        of = np.repeat(np.arange(len(self.ends)), np.diff(self.ends, prepend=0))
        at = np.searchsorted(of * size + self.tokens, leaves * size + tokens)
        before = np.maximum(np.append(0.0, self.shares)[at], leaves)
        at = np.minimum(at, len(of) - 1)
        end = np.where((of[at] == leaves) & (self.tokens[at] == tokens), self.shares[at], before)
        return np.asarray((before + end) / 2 - leaves)

    def _codes(self, features: Mapping[Any, Feature], part: slice) -> Codes:
        codes = np.empty((len(self.names), part.stop - part.start), dtype="uint8")
        for place, (name, order) in enumerate(zip(self.names, self.orders, strict=True)):
            own = features[name].codes[part]
            codes[place] = own if order is None else order[own]
        return codes


def _at_most(shares: Floats, aims: Floats) -> Integers:
    """How many of the ascending shares are at most each aim, neither negative.

    Where there are many aims, a table says it of every 64th of one, and few steps lead on from there (Chen and Asau
    1974).
    """
    if len(aims) < _STEPS * shares[-1]:
        return np.searchsorted(shares, aims, side="right")
    table = np.searchsorted(shares, np.arange(int(shares[-1]) * _STEPS + 1) / _STEPS, side="right")
    place = table.take((aims * _STEPS).astype("int64"), mode="clip")
    ends, left = np.append(shares, np.inf), np.arange(len(aims))
    for _ in range(_LOOKS):
        left = left[ends.take(place[left]) <= aims[left]]
        place[left] += 1
    place[left] = np.searchsorted(shares, aims[left], side="right")
    return place


def learn(target: Target, features: Mapping[Any, Feature], subjects: Integers, growth: Growth) -> Conditional:
    """Grow a tree for a column; ``subjects`` (whose each row is) are numbers from 0 on."""
    groups = None if target.ordered else np.zeros(target.size, dtype="int64")
    classes, kinds = classed(target.tokens, np.zeros(len(target.tokens), dtype="int64"), groups)
    if groups is not None and target.size > UNORDERED:
        groups = _groups(target, _chosen(classes, kinds, features), features)
        classes, kinds = classed(target.tokens, np.zeros(len(target.tokens), dtype="int64"), groups)
    splits = [
        (name, order)
        for name in _chosen(classes, kinds, features)
        for order in _orders(features[name], classes, kinds, target.ordered)
    ]
    names, orders = [name for name, _ in splits], [order for _, order in splits]
    codes = np.empty((len(names), len(classes)), dtype="uint8")
    for place, (name, order) in enumerate(splits):
        codes[place] = features[name].codes if order is None else order[features[name].codes]
    tree = grow(Sample(codes, target.tokens, groups, subjects, target.first(growth.leaf)), growth)
    used = np.unique(tree.feature[tree.left != np.arange(len(tree.left))])
    number = np.zeros(len(names) + 1, dtype="int32")
    number[used] = np.arange(len(used))
    slim = Tree(number[tree.feature], tree.threshold, tree.left, tree.depth)
    leaves = _leaves(slim, slim.leaves(codes[used]), target, growth.few)
    return Conditional(tuple(names[i] for i in used), tuple(orders[i] for i in used), slim, *leaves)


def _leaves(tree: Tree, leaves: Integers, target: Target, least: int) -> tuple[Integers, Integers, Integers, Floats]:
    """The number of each leaf's node, and the tokens of all leaves with their cumulated shares."""
    nodes = np.flatnonzero(tree.left == np.arange(len(tree.left)))
    number = np.zeros(len(tree.left), dtype="int64")
    number[nodes] = np.arange(len(nodes))
    pairs, counts = np.unique(number[leaves] * target.size + target.tokens, return_counts=True)
    mass = counts.astype("float64")
    if target.ordered:
        pairs, mass = smoothed(pairs, mass, np.bincount(target.tokens, minlength=target.size), least)
    of, tokens = pairs // target.size, pairs % target.size
    return number, np.cumsum(np.bincount(of, minlength=len(nodes))), tokens, cumulated(mass, of)


def smoothed(pairs: Integers, mass: Floats, overall: Integers, least: int) -> tuple[Integers, Floats]:
    """What few rows of a leaf have is shared out among the tokens around, as frequent as these are overall.

    Null, and a token that ``least`` rows of a leaf have, stay as they are. The others are taken together from the
    lowest on, in blocks of about as many rows (statistically equivalent blocks, Tukey 1947). In such a block, tokens
    are as frequent as in the whole column. Else a leaf would hold single rows: what one in a thousand has would come
    out as one in fifty beside what else is true of somebody who was learned from.

    ``pairs`` are leaves and tokens as ``leaf * len(overall) + token``, ascending, of ``mass`` rows each, and
    ``overall`` is how often each token occurs.

    Example:
        >>> smoothed(np.array([2, 3, 6]), np.array([4.0, 1.0, 1.0]), np.array([0, 0, 9, 3, 2, 0, 1]), 2)
        (array([2, 3, 4, 6]), array([4.        , 1.        , 0.66666667, 0.33333333]))
    """
    size = len(overall)
    few = (mass < least) & (pairs % size != NULL)
    alone, rare, rows = pairs[~few], pairs[few], mass[few]
    block = _blocks(rare // size, rows, least)
    first = np.flatnonzero(np.append(True, block[1:] != block[:-1])[: len(block)])
    width = rare[np.append(first[1:], len(rare)) - 1] - rare[first] + 1 if len(rare) else first
    within = np.repeat(np.arange(len(first)), width)
    around = np.arange(len(within)) + np.repeat(rare[first] - np.cumsum(width) + width, width)
    weight = np.where(np.isin(around, alone), 0.0, overall[around % size])
    weight *= (np.bincount(block, rows) / np.bincount(within, weight))[within]
    found, shared = np.append(alone, around[weight > 0]), np.append(mass[~few], weight[weight > 0])
    order = np.argsort(found, kind="stable")
    return found[order], shared[order]


def _blocks(of: Integers, rows: Floats, least: int) -> Integers:
    """Numbers of blocks of about so many rows of one leaf, or of all where it has fewer; ``of`` is ascending."""
    begins = np.append(True, of[1:] != of[:-1])[: len(of)]
    leaf = np.cumsum(begins) - 1
    before = np.cumsum(rows) - rows
    before -= before[begins][leaf]
    place = np.minimum(before // least, np.maximum(np.bincount(leaf, rows)[leaf] // least, 1) - 1)
    return np.cumsum(begins | np.append(True, place[1:] != place[:-1])[: len(of)]) - 1


def cumulated(mass: Floats, of: Integers) -> Floats:
    """Shares cumulated over a leaf, and one higher with each leaf; ``of`` is the leaf of each mass, ascending."""
    sums = np.bincount(of, mass)
    before = np.append(0.0, np.cumsum(sums)[:-1])
    ends = of + (np.cumsum(mass) - before[of]) / sums[of]
    last = np.append(of[1:] != of[:-1], True)[: len(of)]
    return np.where(last, of + 1.0, np.minimum(ends, of + 1.0))


def _groups(target: Target, names: Sequence[Any], features: Mapping[Any, Feature]) -> Integers:
    """For each token one of a few groups, of tokens whose rows are like each other."""
    every = max(len(target.tokens) // _GROUPED_BY, 1)
    tokens = target.tokens[::every]
    sizes = np.bincount(tokens, minlength=target.size)
    points = np.concatenate([np.zeros((target.size, 1)), *(_like(features[n], every, tokens, sizes) for n in names)], 1)
    return clusters(points, _GROUPS, sizes.astype("float64") + 1e-9)


def _like(feature: Feature, every: int, tokens: Integers, sizes: Integers) -> Floats:
    """What the rows of each token are like in a feature: in standard deviations, or the shares of its categories."""
    codes = feature.codes[::every].astype("int64")
    if feature.ordered:
        values = ((codes - codes.mean()) / max(float(codes.std()), 1e-9))[:, None]
    else:
        top = np.argsort(-np.bincount(codes, minlength=feature.size), kind="stable")[:_LIKE]
        values = (codes[:, None] == top).astype("float64")
        values -= values.mean(0)
    sums = np.stack([np.bincount(tokens, column, len(sizes)) for column in values.T], 1)
    return np.asarray(sums / (sizes + 5)[:, None])


def _orders(feature: Feature, classes: Integers, kinds: int, ordered: bool) -> list[Integers | None]:
    """The orders of codes to split by: one place of each among at most 64, by what its rows' classes are like.

    By their mean where classes are ordered, else on the first axes of a correspondence analysis (Benzécri 1973). None
    where the codes are in order.
    """
    if feature.ordered:
        return [None]
    counts = np.bincount(feature.codes.astype("int64") * kinds + classes, minlength=feature.size * kinds).reshape(
        -1, kinds
    )
    sizes, overall = counts.sum(1), counts.sum(0) / max(len(classes), 1)
    profiles = (counts + overall * 5) / (sizes[:, None] + 5) - overall
    if ordered:
        scores = [profiles @ np.arange(kinds)]
    else:
        scaled = profiles / np.sqrt(np.maximum(overall, 1e-12)) * np.sqrt(sizes)[:, None]
        axes = np.linalg.eigh(scaled.T @ scaled)[1][:, ::-1]
        number = min(_AXES, kinds - 1, int((sizes > 0).sum()) - 1)
        scores = list((profiles / np.sqrt(np.maximum(overall, 1e-12)) @ axes[:, : max(number, 1)]).T)
    return [_placed(score, sizes) for score in scores]


def _placed(score: Floats, sizes: Integers) -> Integers:
    """The place of each code by its score: among as many as there are, or in 64 parts of even size."""
    order = np.argsort(score, kind="stable")
    if len(score) <= CODES:
        return np.argsort(order, kind="stable").astype("int64")
    middle = np.cumsum(sizes[order]) - sizes[order] / 2
    place = np.empty(len(score), dtype="int64")
    place[order] = (middle / max(sizes.sum(), 1) * CODES).astype("int64").clip(0, CODES - 1)
    return place


def _chosen(classes: Integers, kinds: int, features: Mapping[Any, Feature]) -> list[Any]:
    """The features that say most about the classes, by mutual information (Miller-Madow corrected, 1955)."""
    if len(features) <= _FEATURES:
        return list(features)
    every = max(len(classes) // _LOOKED_AT, 1)
    told = {name: _information(feature, classes, kinds, every) for name, feature in features.items()}
    return sorted(features, key=lambda name: -told[name])[:_FEATURES]


def _information(feature: Feature, classes: Integers, kinds: int, every: int) -> float:
    codes, own = feature.codes[::every].astype("int64"), classes[::every]
    table = np.bincount(codes * kinds + own, minlength=feature.size * kinds).reshape(-1, kinds)
    cells, rows, columns = (table[table > 0], table.sum(1), table.sum(0))
    total = max(len(own), 1)
    entropies = [_entropy(part[part > 0], total) for part in (rows, columns, cells)]
    excess = (len(cells) - (rows > 0).sum() - (columns > 0).sum() + 1) / (2 * total)
    return float(entropies[0] + entropies[1] - entropies[2] - excess)


def _entropy(counts: Integers, total: int) -> float:
    shares = counts / total
    return float(-(shares * np.log(shares)).sum())
