"""One classification and regression tree, grown level by level on binned features."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from synthkit_cart.tokens import Flags, Floats, Integers

Codes = npt.NDArray[np.uint8]  # features × rows
CODES = 128  # of a feature
ORDERED, UNORDERED = 8, 16  # classes of tokens that a split tells apart, the groups of rare ones being one
_CLEARLY = 10  # times better than others must splits be that tell null and zero apart before all else
_TRACE = 1e-6  # that sums of parts may lack
_AT_ONCE = 1 << 18  # numbers


@dataclass(frozen=True)
class Growth:
    """When a tree stops to grow.

    Attributes:
        leaf: the fewest subjects of a leaf.
        penalty: how many times better a split must be than one that means nothing.
        depth: the most splits above a leaf.
    """

    leaf: int
    penalty: float = 4.0
    depth: int = 16

    @property
    def least(self) -> int:
        """The fewest subjects that share a token."""
        return max(self.leaf // 4, 1)

    @property
    def few(self) -> int:
        """So many rows of a leaf must have a number for it to be told from those around."""
        return max(self.leaf // 8, 1)


@dataclass(frozen=True)
class Tree:
    """Splits of binned features: a row goes right where its code exceeds the threshold.

    Attributes:
        feature, threshold: of each node; 0 for a leaf.
        left: the first of the two nodes below each node, or the node itself where it is a leaf.
        depth: of the deepest leaf.
    """

    feature: npt.NDArray[np.int32]
    threshold: Codes
    left: npt.NDArray[np.int32]
    depth: int

    def leaves(self, codes: Codes) -> Integers:
        """The node at which each row ends."""
        flat, rows = codes.ravel(), np.arange(codes.shape[1])
        left, start = self.left.astype("int64"), self.feature.astype("int64") * len(rows)
        threshold = np.where(left == np.arange(len(left)), 255, self.threshold).astype("uint8")  # none exceeds it
        node = np.zeros(len(rows), dtype="int64")
        for _ in range(self.depth):
            right = flat.take(start.take(node) + rows) > threshold.take(node)
            node = left.take(node)
            node += right
        return node


@dataclass(frozen=True)
class Sample:
    """What a tree is grown on.

    Attributes:
        codes: binned features.
        tokens: to tell apart.
        groups: for each token that of its like, from 0 on; None where tokens are in an order.
        subjects: whose each row is, as numbers from 0 on.
        first: for each row whether it is null, zero or another number (0, 1, 2), where that is to be told first.
    """

    codes: Codes
    tokens: Integers
    groups: Integers | None
    subjects: Integers
    first: Integers | None = None

    def take(self, rows: Flags) -> Sample:
        """Some of the rows."""
        first = None if self.first is None else self.first[rows]
        codes = np.compress(rows, self.codes, axis=1)
        return Sample(codes, self.tokens[rows], self.groups, self.subjects[rows], first)


def grow(sample: Sample, growth: Growth) -> Tree:
    """Grow a tree that tells the classes of rows apart.

    The gain of a split is the decrease of the Gini impurity (Breiman et al. 1984), for ordered classes that of the
    squared cumulative shares, which is the ranked probability score (Epstein 1969). Null and zero are told apart from
    other numbers before these are from each other (two parts, Duan et al. 1983): a rare zero would else be out of
    reach below splits that matter to the rest. Every leaf has rows of ``growth.leaf`` subjects.
    """
    alone = len(np.unique(sample.subjects)) == len(sample.subjects)
    features, thresholds, lefts = [np.zeros(1, "int32")], [np.zeros(1, "uint8")], [np.zeros(1, "int32")]
    node, first, depth = np.zeros(len(sample.tokens), dtype="int64"), 0, 0
    while depth < growth.depth and len(node):
        feature, threshold = _splits(sample, node, len(lefts[-1]), growth, alone=alone)
        chosen = feature >= 0
        fresh = 2 * int(chosen.sum())
        if not fresh:
            break
        below = np.where(chosen, 2 * (np.cumsum(chosen) - 1), -1)
        first += len(lefts[-1])
        features[-1], thresholds[-1] = np.where(chosen, feature, 0).astype("int32"), threshold.astype("uint8")
        lefts[-1] = np.where(chosen, first + below, lefts[-1]).astype("int32")
        kept = chosen[node]
        sample, node = sample.take(kept), node[kept]
        node = below[node] + _right(sample, node, feature, threshold)
        features.append(np.zeros(fresh, "int32"))
        thresholds.append(np.zeros(fresh, "uint8"))
        lefts.append(np.arange(first, first + fresh, dtype="int32"))
        depth += 1
    return Tree(np.concatenate(features), np.concatenate(thresholds), np.concatenate(lefts), depth)


def _right(sample: Sample, node: Integers, feature: Integers, threshold: Integers) -> Flags:
    own = sample.codes.ravel()[feature[node] * len(node) + np.arange(len(node))]
    return np.asarray(own > threshold[node])


def _shared(sample: Sample, node: Integers, splits: tuple[Integers, Integers], least: int) -> Integers:
    """The features of splits (-1 for none) that leave rows of enough subjects on both sides."""
    feature, threshold = splits
    split = feature[node] >= 0
    part = sample.take(split)
    side = 2 * node[split] + _right(part, node[split], feature, threshold)
    width = int(sample.subjects.max(initial=0)) + 1
    pairs = np.sort(side * width + part.subjects)
    distinct = pairs[np.append(True, pairs[1:] != pairs[:-1])] // width if len(pairs) else pairs
    counts = np.bincount(distinct, minlength=2 * len(feature)).reshape(-1, 2)
    return np.where((counts >= least).all(1), feature, -1)


def _splits(sample: Sample, node: Integers, nodes: int, growth: Growth, *, alone: bool) -> tuple[Integers, Integers]:
    """For each node the feature (-1 for none) and the threshold of its split."""
    feature, threshold = np.full(nodes, -1), np.zeros(nodes, dtype="int64")
    clearly = replace(growth, penalty=_CLEARLY * growth.penalty)
    told = [(*classed(sample.tokens, node, sample.groups), sample.groups is None, growth)]
    if sample.first is not None:
        told.insert(0, (sample.first, 3, False, clearly))
    for classes, kinds, ordered, enough in told:
        found, at = _best_splits(sample, (node, nodes), (classes, kinds), enough, ordered=ordered)
        if not alone:
            found, at = _agreed(sample, (node, (found, at)), (classes, kinds), enough, ordered=ordered)
        feature, threshold = np.where(feature < 0, found, feature), np.where(feature < 0, at, threshold)
    return feature, threshold


def _agreed(
    sample: Sample,
    found: tuple[Integers, tuple[Integers, Integers]],
    told: tuple[Integers, int],
    growth: Growth,
    *,
    ordered: bool,
) -> tuple[Integers, Integers]:
    """The splits that leave rows of enough subjects on both sides, or others where the best does not.

    ``found`` are the node of each row and the best splits of all nodes. Each row of the others counts as the part that
    it is of its subject's rows of the node: so a side that counts enough has enough subjects.
    """
    node, (best, at) = found
    feature = _shared(sample, node, (best, at), growth.leaf)
    open_ = (best >= 0) & (feature < 0)
    rows = open_[node]
    if not rows.any():
        return feature, at
    some, own = sample.take(rows), node[rows]
    pairs = own * (int(sample.subjects.max(initial=0)) + 1) + some.subjects
    _, place, counts = np.unique(pairs, return_inverse=True, return_counts=True)
    parts = 1 / counts[place]
    others = _best_splits(some, (own, len(best)), (told[0][rows], told[1]), growth, ordered=ordered, parts=parts)
    return np.where(open_, others[0], feature), np.where(open_, others[1], at)


def _best_splits(
    sample: Sample,
    nodes: tuple[Integers, int],
    told: tuple[Integers, int],
    growth: Growth,
    *,
    ordered: bool,
    parts: Floats | None = None,
) -> tuple[Integers, Integers]:
    """The splits that tell classes apart best; ``nodes`` and ``told`` are the node and class of rows, and how many.

    A side is large enough by its rows, or by their ``parts`` where these are given.
    """
    (node, many), (classes, kinds) = nodes, told
    feature, threshold = np.full(many, -1), np.zeros(many, dtype="int64")
    large = np.flatnonzero(np.bincount(node, parts, many) >= 2 * growth.leaf - _TRACE)  # no other can be split
    number = np.full(many, -1)
    number[large] = np.arange(len(large))
    rows = number[node] >= 0
    codes = np.compress(rows, sample.codes, axis=1)
    cells = Cells(number[node[rows]], classes[rows], len(large), kinds, None if parts is None else parts[rows])
    best = np.zeros(len(large))
    for some in _batches(codes, cells):
        gains, at = _gains(cells.counts(codes[some]), growth, ordered=ordered, parts=cells.counted(codes[some]))
        chosen = gains.argmax(0)  # the first of equal ones
        gain, at = gains[chosen, cells.all], at[chosen, cells.all]
        better = gain > best
        best[better] = gain[better]
        feature[large[better]], threshold[large[better]] = some.start + chosen[better], at[better]
    return feature, threshold


@dataclass(frozen=True)
class Cells:
    """Rows by their node and class, both numbers from 0 on, and how much each counts where not all count as one."""

    node: Integers
    classes: Integers
    nodes: int
    kinds: int
    parts: Floats | None = None

    @property
    def all(self) -> Integers:
        """The numbers of all nodes."""
        return np.arange(self.nodes)

    def counts(self, codes: Codes) -> Floats:
        """How many rows there are, by code, class, feature and node."""
        width, features = int(codes.max(initial=0)) + 1, len(codes)
        plane = self.kinds * features * self.nodes
        key = codes * np.int64(plane)
        key += self.classes * (features * self.nodes) + self.node
        key += np.arange(features)[:, None] * self.nodes
        counts = np.bincount(key.ravel(), minlength=width * plane).astype("float64")
        return counts.reshape(width, self.kinds, features, self.nodes)

    def counted(self, codes: Codes) -> Floats | None:
        """How much the rows count up to each code, by feature and node; None where they count as one."""
        if self.parts is None:
            return None
        width, features = int(codes.max(initial=0)) + 1, len(codes)
        key = codes * np.int64(features * self.nodes) + self.node + np.arange(features)[:, None] * self.nodes
        counts = np.bincount(key.ravel(), np.tile(self.parts, features), width * features * self.nodes)
        return np.cumsum(counts.reshape(width, features, self.nodes), axis=0)


def _batches(codes: Codes, cells: Cells) -> Iterator[slice]:
    """As many features at a time as memory that is quick to reach holds."""
    each = max(cells.kinds * cells.nodes * CODES, codes.shape[1], 1)
    batch = max(_AT_ONCE // each, 1)
    for first in range(0, len(codes) if cells.nodes else 0, batch):
        yield slice(first, min(first + batch, len(codes)))


def classed(tokens: Integers, node: Integers, groups: Integers | None) -> tuple[Integers, int]:
    """The tokens of each node in a few classes, and how many classes there are.

    Ordered tokens: of even size, but that a frequent token has one of its own; else the most frequent ones of each
    node, and the groups of the others.
    """
    width = int(tokens.max(initial=0)) + 1
    pairs, inverse, counts = np.unique(node * width + tokens, return_inverse=True, return_counts=True)
    of = pairs // width
    sizes = np.bincount(of, counts)
    if groups is None:
        mass = np.minimum(counts, sizes[of] / ORDERED)
        ends, sums = np.cumsum(mass), np.bincount(of, mass)
        middle = ends - mass / 2 - (np.cumsum(sums) - sums)[of]
        kinds = np.minimum((middle / sums[of] * ORDERED).astype("int64"), ORDERED - 1)
        return kinds[inverse], ORDERED
    order = np.lexsort((-counts, of))
    first = np.concatenate([[0], np.cumsum(np.bincount(of))])
    place = np.empty(len(pairs), dtype="int64")
    place[order] = np.arange(len(pairs)) - first[of[order]]
    kinds = np.where(place < UNORDERED - 1, place, UNORDERED - 1 + groups[pairs % width])
    return kinds[inverse], int(kinds.max(initial=0)) + 1


def _gains(counts: Floats, growth: Growth, *, ordered: bool, parts: Floats | None = None) -> tuple[Floats, Integers]:
    """For each feature and node the gain beyond the penalty and its threshold, from counts as ``Cells`` gives them.

    ``parts`` are how much the rows up to each code count where not all count as one. The counts are cumulated in
    place. All sums of squares are of whole numbers, and so exact in any order.
    """
    left, kinds = counts, counts.shape[1]
    for code in range(1, len(left)):  # much faster than a cumulated sum of numpy's
        left[code] += left[code - 1]
    for kind in range(1, kinds if ordered else 0):
        left[:, kind] += left[:, kind - 1]
    sizes, left = (left[:, -1], left[:, :-1]) if ordered else (left.sum(1), left)
    total, whole = np.ascontiguousarray(np.moveaxis(left[-1], 0, -1)), sizes[-1]
    rest, all_square = whole - sizes, (total**2).sum(-1)
    square, product = np.einsum("ckfn,ckfn->cfn", left, left), np.einsum("ckfn,kfn->cfn", left, left[-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = square / sizes + (all_square - 2 * product + square) / rest - all_square / whole
        spread = (total - total**2 / whole[..., None]).sum(-1) / whole
    sides = (sizes, rest) if parts is None else (parts + _TRACE, parts[-1] - parts + _TRACE)
    kept[(sides[0] < growth.leaf) | (sides[1] < growth.leaf)] = 0
    threshold = kept.argmax(0)
    gain = np.take_along_axis(kept, threshold[None], 0)[0]
    return np.where(spread > 0, gain - growth.penalty * spread, 0.0), threshold
