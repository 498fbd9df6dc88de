"""The parts of the privacy evaluator against plain definitions."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from synthkit_privacy.copies import Copies, copies, row_codes, sequence_codes
from synthkit_privacy.estimates import Estimate, area, rate, residual, strongest
from synthkit_privacy.membership import _roc, closer_shares, memberships
from synthkit_privacy.records import closest, nearest, records

CELLS = st.tuples(st.sampled_from([0.0, -0.0, 1.5, np.nan]), st.sampled_from(["a", "b", None]))
ROWS = st.lists(CELLS, max_size=12)
CODES = st.lists(st.integers(0, 6), max_size=12).map(lambda codes: np.array(codes, dtype="int64"))


def frame(rows):
    return pd.DataFrame({"x": pd.Series([x for x, _ in rows], dtype="float64"), "y": pd.Series([y for _, y in rows])})


def plain(row):
    return (None if np.isnan(row[0]) else row[0] + 0.0, row[1])


@settings(max_examples=50, deadline=None)
@given(ROWS, ROWS)
def test_rows_have_one_code_exactly_when_they_are_equal(first, second):
    codes = np.concatenate(row_codes([frame(first), frame(second)]))
    rows = [plain(row) for row in (*first, *second)]
    for i, row in enumerate(rows):
        assert [code == codes[i] for code in codes] == [other == row for other in rows]


@settings(max_examples=50, deadline=None)
@given(CODES, CODES, CODES)
def test_copies_are_real_items_that_are_alone_and_have_a_synthetic_equal(training, holdout, synthetic):
    counts = Counter([*training, *holdout])
    met = [sum(counts[code] == 1 and code in synthetic for code in part) for part in (training, holdout)]
    found = copies(training, holdout, synthetic)
    assert [found.training, found.holdout] == met


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 2)), max_size=25))
def test_owners_have_one_code_exactly_when_they_have_the_same_rows(items):
    owners, rows = (np.array([item[i] for item in items], dtype="int64") for i in (0, 1))
    (codes,) = sequence_codes([rows], [owners])
    bags = [sorted(rows[owners == owner]) for owner in range(int(owners.max(initial=-1)) + 1)]
    long = [bag for bag in bags if len(bag) >= 3]
    assert len(codes) == len(long)
    for i, bag in enumerate(long):
        assert [code == codes[i] for code in codes] == [other == bag for other in long]


def test_a_repeated_row_is_one_copy():
    training, holdout = np.arange(8), np.arange(8, 10)
    assert copies(training, holdout, np.repeat(3, 500)).training == 1


def test_as_many_copies_of_the_holdout_explain_those_of_the_training_part():
    assert Copies(40, 10, 4.0).excess == 0
    assert Copies(20, 0, 4.0).excess == 0
    assert Copies(21, 0, 4.0).excess > 0


def test_chance_copies_are_let_pass():
    """Both counts Poisson, 2,000 times: the excess is above 0 in less than 1 of 200, at each expectation."""
    random = np.random.default_rng(0)
    for mean in (0.01, 0.1, 1, 10, 100):
        pairs = zip(random.poisson(4 * mean, 2000), random.poisson(mean, 2000), strict=True)
        assert sum(Copies(a, b, 4.0).excess > 0 for a, b in pairs) < 10


POINTS = st.integers(1, 12).flatmap(
    lambda size: st.lists(st.tuples(*[st.integers(0, 3)] * 2), min_size=size, max_size=size)
).map(lambda points: np.array(points, dtype="float64"))  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(POINTS, POINTS, st.integers(1, 15))
def test_nearest_are_the_smallest_distances(of, among, count):
    plainly = np.sort(np.sqrt(((of[:, None] - among[None]) ** 2).sum(axis=2)), axis=1)[:, :count]
    np.testing.assert_allclose(nearest(of, among, count), plainly, atol=1e-6)
    rows = closest(of, among)
    np.testing.assert_allclose(np.sqrt(((of - among[rows]) ** 2).sum(axis=1)), plainly[:, 0], atol=1e-6)


def test_many_points_are_compared_block_by_block(monkeypatch):
    random = np.random.default_rng(0)
    of, among = random.random((50, 3)), random.random((40, 3))
    whole = nearest(of, among, 2), closest(of, among)
    monkeypatch.setattr("synthkit_privacy.records._BLOCK", 100)
    np.testing.assert_array_equal(nearest(of, among, 2), whole[0])
    np.testing.assert_array_equal(closest(of, among), whole[1])


@pytest.mark.parametrize(("successes", "attacks"), [(0, 10), (3, 10), (10, 10), (57, 2000)])
def test_a_rate_lies_in_the_middle_of_its_wilson_interval(successes, attacks):
    low, high = binomtest(successes, attacks).proportion_ci(0.95, "wilson")
    found = rate(successes, attacks)
    assert found.value == pytest.approx((low + high) / 2)
    assert found.error * 1.959964 == pytest.approx((high - low) / 2)


def test_a_residual_risk_is_what_is_left_to_find_out():
    sure = Estimate(0.5, 0.0)
    assert residual(Estimate(0.75, 0.1), sure) == Estimate(0.5, 0.2)
    assert residual(Estimate(0.4, 0.0), sure).value == 0
    assert residual(Estimate(1.0, 0.0), Estimate(0.5, 0.1)).error == 0
    assert residual(Estimate(0.5, 0.0), Estimate(0.5, 0.1)).error == pytest.approx(0.2)


def test_the_error_of_an_area_is_that_of_its_spread():
    """Areas of 400 pairs of samples; their spread has a standard error of 4 %, so 15 % off is 1 in 5,000."""
    random = np.random.default_rng(0)
    areas = [_roc([random.normal(1, 1, 60), random.normal(0, 1, 40)]) for _ in range(400)]
    assert np.std(areas) == pytest.approx(area(60, 40, float(np.mean(areas))).error, rel=0.15)
    assert area(10, 10, 1.0).error == 0


def test_an_area_counts_ties_half():
    random = np.random.default_rng(0)
    scores = [random.integers(0, 5, size).astype("float64") for size in (30, 20)]
    assert _roc(scores) == pytest.approx(roc_auc_score([1] * 30 + [0] * 20, np.concatenate(scores)))


def test_the_best_of_four_attacks_has_a_wider_error():
    best = strongest([Estimate(0.5, 0.1), Estimate(0.6, 0.1), Estimate(0.4, 0.1), Estimate(0.55, 0.1)])
    assert best.value == 0.6
    assert best.error == pytest.approx(0.1 * 2.2414 / 1.6449, rel=1e-3)
    assert strongest([Estimate(0.5, 0.1)]) == Estimate(0.5, 0.1)


def people(random, size):
    kinds = pd.Categorical(random.choice(["a", "b", "c"], size), categories=["a", "b", "c"])
    return pd.DataFrame({"kind": kinds, **{name: random.normal(size=size) for name in "xyz"}})


def test_honest_data_exceed_the_bound_as_seldom_as_it_says():
    """25 fresh sets: the bound at 95 % of the best attack lies above 0.5 in at most 5 %; 7 or more are 1 in 5,000."""
    above, shares = 0, []
    for seed in range(25):
        random = np.random.default_rng(seed)
        parts = records([people(random, size) for size in (160, 80, 160)])
        best = strongest(memberships(*parts, random).values())
        above += best.value - 1.645 * best.error > 0.5
        shares.append(closer_shares(*parts, random))
    assert above < 7
    for each in zip(*shares, strict=True):  # all, and the loneliest tenth
        values, error = [share.value for share in each], each[0].error
        assert np.std(values) < 1.5 * error
        assert abs(np.mean(values) - 0.5) < 4 * error / np.sqrt(25)


def test_points_lie_on_one_scale_and_null_is_a_category():
    kinds = pd.Categorical(["a", "b", None], categories=["a", "b"])
    frames = [pd.DataFrame({"x": [1.0, 2.0, np.nan], "kind": kinds, "same": 1.0})] * 3
    parts = records(frames)
    assert parts[0].names == ("kind", "same", "x")
    apart = nearest(parts[0].points, parts[2].points, 3)
    assert (apart[:, 0] == 0).all()
    assert (apart[:, 1] >= 1).all()  # at least the category differs


def test_rare_categories_share_an_axis():
    names = [f"k{i:02}" for i in range(60)]
    kinds = pd.DataFrame({"kind": pd.Categorical(names * 2, categories=names)})
    (part, *_) = records([kinds] * 3)
    assert part.points.shape == (120, 31)
