"""What ``fidelity`` counts in chunks merges to what it counts in all data at once."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from synthkit import Context, Dataset, Score
from synthkit.split import part, subjects_of
from synthkit_fidelity.comparison import Comparison
from synthkit_fidelity.evaluator import Fidelity
from synthkit_fidelity.observe import codebook, joints, margins
from synthkit_fidelity.states import Moments, State, Tally, merged

PEOPLE = 24


def chunks(data: Dataset, labels: list[int]) -> list[Dataset]:
    """The data by whole subjects, one chunk per label, in the order in which the labels come up."""
    subjects = subjects_of(data)
    found = []
    for label in dict.fromkeys(labels):
        chosen = np.flatnonzero(np.array(labels) == label)
        sides = {name: np.isin(rows, chosen) for name, rows in subjects.items()}
        found.append(part(data, sides, "chunk").data)
    return found


def streamed(real: list[Dataset], synthetic: list[Dataset], seed: int) -> dict[str, float | None]:
    """Every figure, from chunks that are never together."""
    schema = real[0].schema
    book = codebook(schema, merged(map(margins, real)))

    def counted(data: list[Dataset]) -> State:
        return merged(margins(chunk).beside(joints(chunk, book, seed=seed)) for chunk in data)

    figures = Comparison(schema, book, counted(real), counted(synthetic)).figures()
    return {figure.result.id: figure.value for figure in figures}


labelled = st.lists(st.integers(0, 2), min_size=PEOPLE, max_size=PEOPLE)


@bounded(max_examples=8, deadline=None)
@given(first=labelled, second=labelled)
def test_any_partition_of_the_subjects_gives_the_same_figures(shop, first, second):
    real, synthetic = shop(0, PEOPLE), shop(1, PEOPLE)
    found = streamed(chunks(real, first), chunks(synthetic, second), seed=0)
    whole = streamed([real], [synthetic], seed=0)
    assert list(found) == list(whole)
    assert found == pytest.approx(whole, abs=1e-12)


def test_the_evaluator_gives_these_figures(shop):
    real, synthetic = shop(0, PEOPLE), shop(1, PEOPLE)
    results = Fidelity().evaluate(real, synthetic, holdout=None, seed=7, context=Context())
    whole = streamed([real], [synthetic], seed=7)
    there = [r for r in results if isinstance(r, Score) or r.applicable]
    assert {r.id: r.value if isinstance(r, Score) else None for r in there} == pytest.approx(whole, abs=1e-12)


def test_what_no_subject_owns_is_counted_once(shop):
    real = shop(0, PEOPLE)
    state = reduce(State.merge, map(margins, chunks(real, [i % 3 for i in range(PEOPLE)])))
    assert state.parts["column", "products", "weight"].rows == len(real["products"])
    assert state.parts["column", "items", "price"].rows == len(real["items"])


def test_children_of_a_shared_parent_add_up(shop):
    real = shop(0, PEOPLE)
    book = codebook(real.schema, margins(real))
    states = [joints(chunk, book, seed=0) for chunk in chunks(real, [i % 3 for i in range(PEOPLE)])]
    key = next(key for key in real.schema.foreign_keys if key.parent == "products")
    counts = merged(states).parts["children", (key,)].counts
    assert counts.tolist() == real["items"]["product_id"].value_counts().reindex(range(12), fill_value=0).tolist()


def test_an_unreadable_chunk_makes_the_column_unreadable(shop):
    real = shop(0, PEOPLE)
    broken = replace(real, tables={**real.tables, "items": real["items"].assign(price="secret")})
    for pair in ((real, broken), (broken, real)):
        assert merged(map(margins, pair)).parts["column", "items", "price"].problem == "is not stored as numbers"


numbers = st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), min_size=2, max_size=40)


@given(first=numbers, second=numbers, cut=st.integers(0, 40))
def test_moments_merge_to_the_correlation_of_all_rows(first, second, cut):
    rows = min(len(first), len(second))
    columns = [np.array(values[:rows]) for values in (first, second)]
    parts = [Moments.of([c[:cut] for c in columns]), Moments.of([c[cut:] for c in columns])]
    found = parts[0].merge(parts[1]).correlation(0, 1)
    known = pd.DataFrame(dict(enumerate(columns))).dropna()
    if len(known) > 1 and (known.std() > 1e-6 * known.abs().max()).all():
        assert found == pytest.approx(np.corrcoef(known.to_numpy().T)[0, 1], abs=1e-8)
    elif len(known) < 2 or (known.max() == known.min()).any():
        assert found is None


@given(values=st.lists(st.integers(0, 9), max_size=30), cut=st.integers(0, 30))
def test_tallies_merge_exactly(values, cut):
    parts = [Tally.of(np.array(part, dtype=np.int64)) for part in (values[:cut], values[cut:])]
    for both in (parts[0].merge(parts[1]), parts[1].merge(parts[0])):
        assert dict(zip(both.values.tolist(), both.counts.tolist(), strict=True)) == {
            value: values.count(value) for value in sorted(values)
        }


def test_codes_are_counted_alike_whether_few_or_many_can_occur():
    codes = np.array([5, 5, 70_000, 3])
    few, many = Tally.of_codes(codes[:2], 6), Tally.of_codes(codes, 100_000)
    assert (few.values.tolist(), few.counts.tolist()) == ([5], [2])
    assert (many.values.tolist(), many.counts.tolist()) == ([3, 5, 70_000], [1, 2, 1])
