"""Kinds of rows that others point at, by what the rows are like that point at them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import eigh

from synthkit_cart.clusters import clusters
from synthkit_cart.rows import Rows
from synthkit_cart.tokens import Feature, Floats, Integers

_KINDS = 60
FEW = 2 * _KINDS  # of nobody's rows, of which each may be a kind of its own
_PARTS = 40  # columns and categories that are looked at
_TOP = 8  # categories of a column
_WEIGHT = 10  # of all rows, beside those that point at one
_ROWS = 100_000  # that are looked at for an order of labels
_RIDGE = 0.01  # of the variance
_AXES = 6  # of what rows are like, that a tree of their parents' columns foretells
_LEAF, _LEAVES = 20, 400  # rows of a leaf of that tree, at least, and its leaves, at most


def labels(rows: Rows, at: Integers, parents: Rows, degree: Floats, heads: Integers) -> Integers:
    """A label from 1 on for each of ``parents``; ``at`` says at which each row points, ``degree`` how many do.

    Clusters of how often a row is pointed at and the means of the columns of the rows that do, shrunken
    where there are few towards what the parent's own columns let expect; each of ``heads`` has a label of its own. They
    are in an order in which the rows of one owner differ little.
    """
    if not len(degree):
        return np.empty(0, dtype="int64")
    known, pull = at >= 0, degree / (degree + _WEIGHT)
    columns = [np.log1p(degree) / np.log1p(max(degree.max(), 1.0))]
    parts = [part[known] for part in _parts(rows)[:_PARTS]]
    kind = _kinds(parents, at[known], parts)
    for part in parts:
        sums = np.bincount(at[known], part, len(degree))
        expected = _means(kind, at[known], part)
        columns.append(expected + (sums / np.maximum(degree, 1) - expected) * pull)
    points = np.stack(columns, 1)
    found = clusters(points, min(_KINDS, max(len(degree) // 2, 1)))
    found[heads] = _KINDS + np.arange(len(heads))
    found = np.unique(found, return_inverse=True)[1]
    scores = np.bincount(found, points @ _axis(points[at[known]], rows.at_rows[known])) / np.bincount(found)
    return np.asarray(np.argsort(np.argsort(scores, kind="stable"))[found] + 1)


def _kinds(parents: Rows, at: Integers, parts: Sequence[Floats]) -> Integers:
    """The leaf of each parent in a regression tree that foretells the rows that point at it from its own columns."""
    from sklearn.tree import DecisionTreeRegressor

    names = [name for name in parents.codecs if name[0] == "own"]
    if not (names and parts and len(at)):
        return np.zeros(parents.size, dtype="int64")
    some = np.random.default_rng(0).permutation(len(at))[:_ROWS]
    at, values = at[some], np.stack([part[some] for part in parts], 1)
    values = values - values.mean(0)
    values = values @ eigh(values.T @ values)[1][:, -_AXES:]
    known = np.concatenate([_encoded(parents.feature(name), at, values) for name in names], 1)
    tree = DecisionTreeRegressor(min_samples_leaf=_LEAF, max_leaf_nodes=_LEAVES, random_state=0)
    return np.asarray(tree.fit(known[at], values).apply(known), dtype="int64")


def _encoded(feature: Feature, at: Integers, values: Floats) -> Floats:
    """A parent's code, or the means of what the rows with such a category are like, shrunken towards that of all."""
    if feature.ordered:
        return feature.codes[:, None].astype("float64")
    codes = feature.codes[at]
    sums = np.stack([np.bincount(codes, column, feature.size) for column in values.T], 1)
    return np.asarray((sums / (np.bincount(codes, minlength=feature.size) + _WEIGHT)[:, None])[feature.codes])


def _means(kind: Integers, at: Integers, part: Floats) -> Floats:
    """For each parent the mean of a part over the rows that point at its kind; over all where none does."""
    counts = np.bincount(kind[at], minlength=int(kind.max(initial=0)) + 1)
    overall = float(part.mean()) if len(part) else 0.0
    sums = np.bincount(kind[at], part, len(counts))
    return np.asarray(((sums + overall * 1e-9) / (counts + 1e-9))[kind])


def _axis(points: Floats, owners: Integers) -> Floats:
    """The direction in which rows of one owner are most alike, of what all differ in (Fisher 1936)."""
    few = owners < np.quantile(owners, min(_ROWS / max(len(owners), 1), 1.0)) if len(owners) > _ROWS else owners >= 0
    points, owners = points[few], np.unique(owners[few], return_inverse=True)[1]
    if len(points) < 2:
        return np.zeros(points.shape[1])
    apart = points - points.mean(0)
    sums = np.stack([np.bincount(owners, column) for column in apart.T], 1)
    total = apart.T @ apart
    return np.asarray(
        eigh(sums.T @ sums - total, total + np.eye(len(total)) * (_RIDGE * np.trace(total) + 1e-9))[1][:, -1]
    )


def _parts(rows: Rows) -> list[Floats]:
    """Columns as numbers: the places of values, and for the most frequent categories whether a row has them."""
    found: list[Floats] = []
    for name in (name for name in rows.codecs if name[0] == "own"):
        feature = rows.feature(name)
        found += [feature.codes * 2.0 / max(feature.size, 1)] if feature.ordered else _hits(feature)
    return found


def _hits(feature: Feature) -> list[Floats]:
    top = np.argsort(-np.bincount(feature.codes, minlength=feature.size), kind="stable")[:_TOP]
    return [(feature.codes == code).astype("float64") for code in top]
