"""Rare categories come back as those of rows like theirs."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from synthkit.guard.borrowed import lenders

SIZES = st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 5), st.booleans()), min_size=1, max_size=60)


@given(SIZES, st.integers(0, 9))
def test_common_rows_keep_theirs_and_rare_ones_get_a_common_one(rows, seed):
    codes, context, common = (np.array(part) for part in zip(*rows, strict=True))
    common = common.astype(bool)
    common[0] = True
    lent = lenders(codes, common, [context], np.random.default_rng(seed))
    assert (lent[common] == np.flatnonzero(common)).all()
    assert common[lent].all()


def test_the_context_that_tells_most_lends_and_one_without_common_rows_gets_one_category():
    """Places are each owner's own, colours are not: of 200 owners of ten rows, three in ten of which are rare."""
    random = np.random.default_rng(0)
    owner = np.repeat(np.arange(200), 10)
    colour, place = random.integers(0, 4, 2_000), owner % 7
    common = random.random(2_000) < 0.7
    common[owner == 3] = False
    lent = lenders(place, common, [colour, owner], np.random.default_rng(1))
    lost = owner == 3
    assert (place[lent] == place)[~lost].all()
    assert len(set(place[lent][lost])) == 1


def test_where_no_context_tells_anything_all_common_rows_lend_alike():
    """Each of four categories of 4,000 rare rows within 0.05 of its share: 7 standard errors."""
    random = np.random.default_rng(0)
    codes, context = random.integers(0, 4, 8_000), random.integers(0, 50, 8_000)
    common = np.arange(8_000) % 2 == 0
    lent = lenders(codes, common, [context], random)
    assert pd.Series(codes[lent][~common]).value_counts(normalize=True).sub(0.25).abs().max() < 0.05
