"""Trees and draws of ``cart`` against the plain way to say the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthkit_cart import conditional
from synthkit_cart.conditional import Target, learn
from synthkit_cart.tokens import Feature
from synthkit_cart.trees import Growth, Sample, classed, grow


def plain_gain(classes, left, *, ordered):
    """The decrease of impurity when rows go left or right, by definition."""
    parts = [np.eye(classes.max() + 1)[classes[rows]] for rows in (left, ~left, left | ~left)]
    if ordered:
        parts = [part.cumsum(1)[:, :-1] for part in parts]
    squares = [(part.sum(0) ** 2).sum() / len(part) for part in parts]
    return squares[0] + squares[1] - squares[2]


@settings(deadline=None)
@given(st.integers(0, 10_000), st.booleans(), st.integers(1, 400))
def test_a_stump_has_the_best_split_by_definition(seed, ordered, at_once):
    random = np.random.default_rng(seed)
    rows, leaf = 60, 5
    codes = random.integers(0, 6, (4, rows)).astype("uint8")
    tokens = random.integers(0, 5, rows) + codes[2]
    groups = None if ordered else np.zeros(tokens.max() + 1, dtype="int64")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("synthkit_cart.trees._AT_ONCE", at_once)
        tree = grow(Sample(codes, tokens, groups, np.arange(rows)), Growth(leaf, penalty=0.0, depth=1))
    classes, _ = classed(tokens, np.zeros(rows, dtype="int64"), groups)
    splits = [own <= threshold for own in codes for threshold in range(6)]
    gains = [plain_gain(classes, left, ordered=ordered) for left in splits if leaf <= left.sum() <= rows - leaf]
    chosen = plain_gain(classes, codes[tree.feature[0]] <= tree.threshold[0], ordered=ordered)
    assert tree.depth == 1
    assert chosen == pytest.approx(max(gains))


def test_nodes_too_small_for_two_leaves_are_not_split():
    codes = np.array([[0, 1] * 20], dtype="uint8")
    sample = Sample(codes, codes[0].astype("int64"), None, np.arange(40))
    assert grow(sample, Growth(20, penalty=0.0)).depth == 1
    assert grow(sample, Growth(21, penalty=0.0)).depth == 0


@settings(deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1, 7, 8_192]))
def test_rows_end_in_the_leaf_that_the_splits_lead_to(seed, block):
    random = np.random.default_rng(seed)
    codes = random.integers(0, 20, (3, 500))
    features = {name: Feature(own, 20, ordered=True) for name, own in zip("abc", codes, strict=True)}
    learned = learn(Target(codes[0] // 4 + codes[1] // 7, 10, True), features, np.arange(500), Growth(10))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("synthkit_cart.conditional._BLOCK", block)
        found = learned.leaves(features, 500)
    tree = learned.tree
    for row in range(0, 500, 50):
        node = 0
        while tree.left[node] != node:
            code = features[learned.names[tree.feature[node]]].codes[row]
            node = tree.left[node] + (code > tree.threshold[node])
        assert found[row] == learned.leaf[node]


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 300))
def test_many_draws_are_placed_as_few_are(seed, tokens):
    random = np.random.default_rng(seed)
    shares = []  # at times most of a leaf's lie within one step of the table
    for leaf in range(5):
        counts = np.ceil(1e6 * random.random(tokens) ** random.integers(1, 40))
        shares.append(leaf + np.cumsum(counts) / counts.sum())
    shares = np.concatenate(shares)
    aims = np.append(random.random(3_000) * 5, shares[shares < 5])
    assert (conditional._at_most(shares, aims) == np.searchsorted(shares, aims, side="right")).all()
