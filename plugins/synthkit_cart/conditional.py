"""One column given others: a tree whose leaves hold how often each token occurs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from synthkit_cart.tokens import Feature, Floats, Integers
from synthkit_cart.trees import CODES, Codes, Growth, Sample, Tree, classed, grow

_FEATURES = 32  # that a tree may split on
_LOOKED_AT = 5_000  # rows, to choose features by
_BLOCK = 8_192  # rows whose codes are quick to reach
_STEPS, _LOOKS = 64, 4


@dataclass(frozen=True)
class Target:
    """A column to explain: tokens below ``size``, in an order or not."""

    tokens: Integers
    size: int
    ordered: bool


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
        place = _placed(self.shares, self.leaves(features, len(uniform)) + uniform)
        return self.tokens[np.minimum(place, len(self.tokens) - 1)]

    def places(self, features: Mapping[Any, Feature], tokens: Integers) -> Floats:
        """The number between 0 and 1 that would have given each token, in the middle of those that would.

        A token that no leaf's row had lies between its neighbours.
        """
        leaves, size = self.leaves(features, len(tokens)), int(self.tokens.max(initial=0)) + 1
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


def _placed(shares: Floats, aims: Floats) -> Integers:
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
    classes, kinds = classed(target.tokens, np.zeros(len(target.tokens), dtype="int64"), ordered=target.ordered)
    names = _chosen(classes, kinds, features)
    orders = [None if features[n].ordered else _order(features[n], classes, kinds, target.ordered) for n in names]
    codes = np.empty((len(names), len(classes)), dtype="uint8")
    for place, (name, order) in enumerate(zip(names, orders, strict=True)):
        codes[place] = features[name].codes if order is None else order[features[name].codes]
    tree = grow(Sample(codes, target.tokens, target.ordered, subjects), growth)
    used = np.unique(tree.feature[tree.left != np.arange(len(tree.left))])
    number = np.zeros(len(names) + 1, dtype="int32")
    number[used] = np.arange(len(used))
    slim = Tree(number[tree.feature], tree.threshold, tree.left, tree.depth)
    leaves = _leaves(slim, slim.leaves(codes[used]), target)
    return Conditional(tuple(names[i] for i in used), tuple(orders[i] for i in used), slim, *leaves)


def _leaves(tree: Tree, leaves: Integers, target: Target) -> tuple[Integers, Integers, Integers, Floats]:
    """The number of each leaf's node, and the tokens of all leaves with their cumulated shares."""
    nodes = np.flatnonzero(tree.left == np.arange(len(tree.left)))
    number = np.zeros(len(tree.left), dtype="int64")
    number[nodes] = np.arange(len(nodes))
    pairs, counts = np.unique(number[leaves] * target.size + target.tokens, return_counts=True)
    of, tokens = pairs // target.size, pairs % target.size
    sizes = np.bincount(of, counts, len(nodes))
    before = np.concatenate([[0.0], np.cumsum(counts)[:-1]])
    starts = np.concatenate([[0.0], np.cumsum(sizes)[:-1]])
    ends = np.cumsum(np.bincount(of, minlength=len(nodes)))
    return number, ends, tokens, of + (before - starts[of] + counts) / sizes[of]


def _order(feature: Feature, classes: Integers, kinds: int, ordered: bool) -> Integers:
    """The place of each code among at most 64, by what its rows' classes are like.

    By their mean where classes are ordered, else on the first axis of a correspondence analysis (Benzécri 1973).
    """
    counts = np.bincount(feature.codes.astype("int64") * kinds + classes, minlength=feature.size * kinds).reshape(
        -1, kinds
    )
    sizes, overall = counts.sum(1), counts.sum(0) / max(len(classes), 1)
    profiles = (counts + overall * 5) / (sizes[:, None] + 5) - overall
    if ordered:
        score = profiles @ np.arange(kinds)
    else:
        scaled = profiles / np.sqrt(np.maximum(overall, 1e-12)) * np.sqrt(sizes)[:, None]
        axis = np.linalg.eigh(scaled.T @ scaled)[1][:, -1]
        score = profiles / np.sqrt(np.maximum(overall, 1e-12)) @ axis
    order = np.argsort(score, kind="stable")
    if feature.size <= CODES:
        return np.argsort(order, kind="stable").astype("int64")
    middle = np.cumsum(sizes[order]) - sizes[order] / 2
    place = np.empty(feature.size, dtype="int64")
    place[order] = (middle / max(len(classes), 1) * CODES).astype("int64").clip(0, CODES - 1)
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
