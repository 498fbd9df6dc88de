"""Rules that tie other columns to a fixed combination: no single value can be mended there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synthkit.dataset import Dataset
from synthkit.rules import broken_rules, kept
from synthkit.schema import Column, ColumnKind, ConditionalNull, FixedCombinations, OnlyIf, Schema, Table
from synthkit.storage import dtype_of

COLUMNS = (
    Column("size", ColumnKind.CATEGORICAL, "string", nullable=True),
    Column("kids", ColumnKind.CATEGORICAL, "string", nullable=True),
    Column("age", ColumnKind.CATEGORICAL, "string", nullable=True),
    Column("asked", ColumnKind.BOOLEAN, "bool"),
    Column("told", ColumnKind.BOOLEAN, "bool"),
)
RULES = (
    FixedCombinations(("size", "kids")),
    ConditionalNull("age", "size"),
    ConditionalNull("kids", "told", (False,), exact=False),
    OnlyIf("told", "asked"),
)


def _careless(rows: int, seed: int) -> Dataset:
    """Real combinations of size and kids; all else is drawn apart from them."""
    random = np.random.default_rng(seed)
    pairs = np.array([["one", "none"], ["two", "none"], ["two", "some"], [None, None]], dtype=object)
    frame = pd.DataFrame(pairs[random.integers(0, 4, rows)], columns=["size", "kids"])
    frame["age"] = random.choice(np.array(["young", "old", None], dtype=object), rows)
    frame["asked"], frame["told"] = random.random(rows) < 0.7, random.random(rows) < 0.5
    table = Table("homes", COLUMNS, rules=RULES)
    return Dataset(
        Schema((table,)),
        {"homes": frame.astype(dict.fromkeys(("size", "kids", "age"), dtype_of("string", nullable=True)))},
    )


@pytest.mark.parametrize("seed", range(5))
def test_tied_rules_are_kept_together(seed):
    sample = _careless(400, seed)
    assert sum(count for _, _, count in broken_rules(sample)) > 100
    mended, notes = kept(sample, seed=0)
    assert list(broken_rules(mended, real=sample)) == []
    assert any("fixed combinations of size and kids" in note for note in notes)
    assert kept(mended, seed=1)[1] == []


def test_rows_that_keep_them_and_combinations_stay_where_they_can():
    sample = _careless(400, 0)
    frame, mended = sample["homes"], kept(sample, seed=0)[0]["homes"]
    same = (frame[["size", "kids"]].fillna("-") == mended[["size", "kids"]].fillna("-")).all(axis=1)
    assert same.all()  # each combination has rows that keep all rules
