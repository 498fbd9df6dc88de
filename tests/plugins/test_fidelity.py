"""The evaluator ``fidelity``: what it promises of every data set, and what each metric sees."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

import synthkit_fidelity
from synthkit import Column, ColumnKind, Context, Dataset, Failure, ForeignKey, ResourceError, Schema, Score, Table
from synthkit_fidelity.evaluator import Fidelity

KIND = ColumnKind
OVERALL = {
    "fidelity.shapes",
    "fidelity.nulls",
    "fidelity.null_patterns",
    "fidelity.coverage",
    "fidelity.pairs",
    "fidelity.triples",
    "fidelity.cardinality",
    "fidelity.intertable",
    "fidelity.hop2",
    "fidelity.order",
    "fidelity.dependence.intra",
    "fidelity.dependence.hop1",
    "fidelity.dependence.least",
}
SIZES = [200] * 60 + [2000] * 60


@pytest.fixture(scope="module")
def real(shop):
    return shop(0)


@pytest.fixture(scope="module")
def synthetic(shop):
    return shop(1)


@pytest.fixture(scope="module")
def before(real, synthetic):
    return values(real, synthetic)


def evaluate(real, synthetic, context=None, seed=0):
    return list(Fidelity().evaluate(real, synthetic, holdout=None, seed=seed, context=context or Context()))


def by_id(real, synthetic):
    results = evaluate(real, synthetic)
    ids = [result.id for result in results]
    assert len(ids) == len(set(ids))
    return dict(zip(ids, results, strict=True))


def values(real, synthetic):
    return {i: result.value for i, result in by_id(real, synthetic).items() if isinstance(result, Score)}


def failures(real, synthetic):
    return {i: result.reason for i, result in by_id(real, synthetic).items() if isinstance(result, Failure)}


def changed(data, name, **columns):
    return replace(data, tables={**data.tables, name: data[name].assign(**columns)})


def one_table(*columns, **values):
    """A table ``t`` of numbers, or of the kinds given as pairs of a name and a kind."""
    kinds = dict(columns)
    schema = Schema((Table("t", tuple(Column(name, kinds.get(name, KIND.NUMERICAL)) for name in values)),))
    return Dataset(schema, {"t": pd.DataFrame(values)})


# What holds for every evaluator


def test_identical_data_are_best_everywhere(real):
    found = evaluate(real, real)
    assert {result.value for result in found if isinstance(result, Score)} == {1.0}
    assert not [result for result in found if isinstance(result, Failure)]
    assert {result.metric for result in found} == OVERALL == {result.id for result in found} & OVERALL


def test_two_evaluations_are_equal_and_nothing_is_changed(real, synthetic):
    before = [frame.copy(deep=True) for data in (real, synthetic) for frame in data.tables.values()]
    assert evaluate(real, synthetic, seed=3) == evaluate(real, synthetic, seed=3)
    for frame, copy in zip([f for data in (real, synthetic) for f in data.tables.values()], before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


def test_order_of_rows_is_irrelevant(real, synthetic, before):
    def mixed(data):
        frames = {n: f.sample(frac=1, random_state=4, ignore_index=True) for n, f in data.tables.items()}
        return replace(data, tables=frames)

    assert values(mixed(real), mixed(synthetic)) == pytest.approx(before, abs=1e-11)


def test_order_of_columns_is_irrelevant(real, synthetic):
    def mirrored(data):
        tables = tuple(replace(t, columns=t.columns[::-1]) for t in data.schema.tables)
        frames = {n: f[f.columns[::-1]] for n, f in data.tables.items()}
        return Dataset(replace(data.schema, tables=tables), frames)

    def named(results):
        return {(r.metric, r.table, frozenset(r.columns)): r.value for r in results}

    first, second = evaluate(real, synthetic), evaluate(mirrored(real), mirrored(synthetic))
    assert named(second) == pytest.approx(named(first), abs=1e-11)


DAMAGES = {
    "null": lambda frame, column: frame[column].where([False] * len(frame)),
    "constant": lambda frame, column: frame[column].mode()[0],
    "text": lambda frame, column: "secret",
    "infinite": lambda frame, column: np.inf,
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("place", ["persons.income", "persons.joined", "persons.segment", "visits.day", "items.price"])
def test_a_damaged_column_raises_no_other_score_and_removes_none(real, synthetic, before, place, damage):
    table, column = place.split(".")
    broken = changed(synthetic, table, **{column: DAMAGES[damage](synthetic[table], column)})
    after = by_id(real, broken)
    assert list(after) == list(before)
    own = (f"fidelity.shapes.{place}", f"fidelity.nulls.{place}")
    better = {i: r.value - before[i] for i, r in after.items() if isinstance(r, Score) and r.value > before[i] + 1e-12}
    assert {i for i, rise in better.items() if i not in own and not about_nulls(i)} == set()
    assert "secret" not in "".join(r.reason for r in after.values() if isinstance(r, Failure))


def about_nulls(name):
    """A constant in place of some nulls may well make the share of nulls more alike."""
    return name.startswith(("fidelity.nulls", "fidelity.null_patterns"))


@pytest.mark.parametrize(("damage", "reason"), [("null", "has no usable value"), ("text", "is not stored as numbers")])
def test_an_unreadable_column_fails_all_that_needs_it(real, synthetic, before, damage, reason):
    broken = changed(synthetic, "persons", income=DAMAGES[damage](synthetic["persons"], "income"))
    found = by_id(real, broken)
    missing = f"the synthetic data do not allow it: income {reason}"
    about = [r for r in found.values() if any(name.split(".")[-1] == "income" for name in r.columns)]
    assert len(about) == 17
    assert {r.reason for r in about if isinstance(r, Failure)} == {missing}
    assert not [r for r in about if isinstance(r, Score)]
    assert found["fidelity.null_patterns.persons"].reason == missing
    assert found["fidelity.shapes.persons"].reason == "1 of 5 figures could not be computed"
    assert found["fidelity.dependence.intra.persons"].reason == missing
    assert found["fidelity.dependence.intra"].reason == "1 of 3 figures could not be computed"
    elsewhere = [i for i, r in found.items() if r.table == "items" and r.columns and "income" not in i]
    assert {i: found[i].value for i in elsewhere} == {i: before[i] for i in elsewhere}


def test_what_the_real_data_leave_undefined_spoils_no_average(real, synthetic):
    odd = changed(real, "persons", income=7.0, age=pd.array([None] * 120, dtype="Int64"))
    found, missing = values(odd, synthetic), failures(odd, synthetic)
    assert missing.pop("fidelity.dependence.least").startswith("these tables have no table or foreign key with more")
    assert all(reason.startswith("the real data do not define it") for reason in missing.values())
    assert {"fidelity.shapes.persons.age", "fidelity.pairs.persons.income,joined"} <= set(missing)
    pairs = [v for i, v in found.items() if i.startswith("fidelity.pairs.persons.")]
    assert found["fidelity.pairs.persons"] == pytest.approx(np.mean(pairs), abs=1e-9)
    assert set(values(odd, odd)) == set(found)
    assert set(values(odd, odd).values()) == {1.0}


def test_an_average_over_nothing_fails():
    data = one_table(a=[1.0, 1.0], b=[2.0, 3.0])
    found = by_id(data, data)
    assert found["fidelity.pairs"].reason == "the real data define none of its figures"


def test_empty_tables_fail(real):
    empty = replace(real, tables={name: frame.head(0) for name, frame in real.tables.items()})
    assert not values(real, empty)
    assert "amount has no rows" in failures(real, empty)["fidelity.shapes.visits.amount"]
    assert not values(empty, real)
    assert not by_id(empty, real)["fidelity.dependence.intra"].applicable


def test_progress_reaches_the_end_and_a_deadline_stops_it(real, synthetic):
    done = []
    evaluate(real, synthetic, Context(report=lambda part, text: done.append(part)))
    assert done == sorted(done)
    assert len(set(done)) == len(done) == 2 * (4 + 4 + 3 + 1)
    with pytest.raises(ResourceError):
        evaluate(real, synthetic, Context(deadline=time.monotonic() - 1))


# What each metric is


def test_shapes_leave_nulls_to_nulls():
    real = one_table(("c", KIND.CATEGORICAL), a=[1.0, 2.0, 3.0, 4.0], c=["x", "x", "y", None])
    other = one_table(("c", KIND.CATEGORICAL), a=[np.nan, np.nan, 3.0, 4.0], c=["x", "y", "y", "z"])
    found = values(real, other)
    assert found["fidelity.shapes.t.a"] == pytest.approx(0.5)
    assert found["fidelity.shapes.t.c"] == pytest.approx(1 - (2 / 3 - 1 / 4 + 1 / 2 - 1 / 3 + 1 / 4) / 2)
    assert [found[f"fidelity.nulls.t.{c}"] for c in "ac"] == [0.5, 0.75]
    assert found["fidelity.null_patterns.t"] == pytest.approx(1 - (0.25 + 0.25 + 0.5) / 2)
    assert found["fidelity.coverage.t.c"] == 1.0


def test_coverage_counts_categories():
    real = one_table(("c", KIND.CATEGORICAL), c=["x"] * 97 + ["y", "z", "w"])
    assert values(real, one_table(("c", KIND.CATEGORICAL), c=["x", "x", "v"]))["fidelity.coverage.t.c"] == 0.25


def test_contingency_is_counted_in_quantile_bins_of_the_real_data():
    a = np.repeat([0.0, 1.0, 10.0, 100.0, 1000.0], 10)
    real = one_table(("c", KIND.CATEGORICAL), a=a, c=np.where(a > 10, "high", "low"))
    shifted = one_table(("c", KIND.CATEGORICAL), a=a + 0.5, c=np.where(a > 10, "high", "low"))
    assert values(real, real)["fidelity.pairs.t.a,c"] == 1.0
    assert values(real, shifted)["fidelity.pairs.t.a,c"] == pytest.approx(0.6)
    apart = one_table(("c", KIND.CATEGORICAL), a=a, c=np.tile(["low", "low", "low", "high", "high"], 10))
    assert values(real, apart)["fidelity.pairs.t.a,c"] == pytest.approx(0.52)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_value_that_many_rows_share_keeps_a_bin_of_its_own(share):
    spike = np.r_[np.zeros(int(1000 * share)), np.linspace(1, 2, round(1000 * (1 - share)))]
    data = one_table(a=spike, b=np.where(spike > 0, 5.0, np.nan))
    broken = one_table(a=spike, b=np.random.default_rng(0).permutation(np.where(spike > 0, 5.0, np.nan)))
    assert values(data, data)["fidelity.dependence.intra"] == 1.0
    assert values(data, broken)["fidelity.dependence.intra"] < 0.1


def test_dependence_tells_broken_from_weak(real, shop):
    big, fresh = shop(0, 3000), shop(1, 3000)
    keys = np.random.default_rng(0).permutation(len(big["visits"]))
    shuffled = changed(big, "visits", person_id=big["visits"]["person_id"].to_numpy()[keys])
    found = [values(big, other) for other in (fresh, shuffled)]
    assert [round(v["fidelity.dependence.intra"], 1) for v in found] == [1.0, 1.0]
    assert found[0]["fidelity.dependence.hop1"] > 0.9
    assert found[1]["fidelity.dependence.hop1.visits.person_id"] < 0.1
    assert found[1]["fidelity.intertable.visits"] > 0.8  # which is why a mean of similarities is no gate


def test_one_key_that_is_broken_does_not_hide_behind_others(shop):
    big = shop(0, 3000)
    keys = np.random.default_rng(0).permutation(len(big["items"]))
    found = values(big, changed(big, "items", product_id=big["items"]["product_id"].to_numpy()[keys]))
    assert found["fidelity.dependence.hop1"] > 0.4
    assert found["fidelity.dependence.least"] == found["fidelity.dependence.hop1.items.product_id"] < 0.1


def test_one_table_that_cannot_be_read_leaves_no_least(shop):
    big = shop(0, 3000)
    found = by_id(big, changed(big, "persons", income=np.nan))
    assert found["fidelity.dependence.least"].reason == "2 of 5 figures could not be computed"
    assert found["fidelity.dependence.least"].applicable


def test_without_dependence_there_is_no_score_of_it():
    grid = np.repeat(np.arange(10.0), 10), np.tile(np.arange(10.0), 10)
    data = one_table(a=grid[0], b=grid[1])
    found = by_id(data, data)
    assert [found[f"fidelity.dependence.{which}"].applicable for which in ("intra", "hop1", "least")] == [False] * 3


def test_the_error_of_dependence_is_what_chance_alone_keeps():
    random = np.random.default_rng(0)
    a = random.standard_normal(400)
    real = one_table(a=a, b=a + random.standard_normal(400), c=a - random.standard_normal(400))
    results = [by_id(real, one_table(**dict(zip("abc", random.standard_normal((3, n)), strict=True)))) for n in SIZES]
    found = [result["fidelity.dependence.intra"] for result in results]
    few, many = found[: len(found) // 2], found[len(found) // 2 :]
    for some in (few, many):
        assert np.mean([score.value for score in some]) == pytest.approx(np.mean([s.error for s in some]), rel=0.15)
    assert few[0].error > 2 * many[0].error


def test_order_in_time_sees_what_shapes_cannot(real):
    when = real["visits"]["day"].sample(frac=1, random_state=1, ignore_index=True)
    found = values(real, changed(real, "visits", day=when))
    assert found["fidelity.shapes.visits.day"] == 1.0
    assert found["fidelity.order.visits.amount,day"] < 1.0
    assert found["fidelity.order.visits.day"] < 1.0


def test_hop2_sees_grandparents(real):
    owners = real["visits"]["person_id"].sample(frac=1, random_state=1, ignore_index=True)
    found = values(real, changed(real, "visits", person_id=owners))
    assert found['fidelity.intertable.items.price,"visits.amount"'] == 1.0
    assert found['fidelity.hop2.items.price,"persons.income"'] < 0.8


def test_triples_are_bounded_and_chosen_by_the_seed():
    random = np.random.default_rng(0)
    data = one_table(**{f"n{i:02}": random.normal(size=50) for i in range(12)})
    chosen = [{r.columns for r in evaluate(data, data, seed=s) if r.metric == "fidelity.triples"} for s in (1, 1, 2)]
    assert len(chosen[0]) == 50 + 1  # and the averages, which have no columns
    assert math.comb(12, 3) > 50
    assert chosen[0] == chosen[1] != chosen[2]


def test_triples_see_what_pairs_cannot():
    bits = np.random.default_rng(0).integers(0, 2, (2, 4000)) == 1
    kinds = [(name, KIND.BOOLEAN) for name in "abc"]
    real = one_table(*kinds, a=bits[0], b=bits[1], c=bits[0] ^ bits[1])
    other = one_table(*kinds, a=bits[0], b=bits[1], c=np.roll(bits[0] ^ bits[1], 7))
    found = values(real, other)
    assert min(v for i, v in found.items() if i.startswith("fidelity.pairs")) > 0.95
    assert found["fidelity.triples.t.a,b,c"] == pytest.approx(0.5, abs=0.05)


def test_rare_categories_share_a_cell_of_a_triple():
    names = [f"c{i}" for i in range(60)]
    kinds = [(name, KIND.CATEGORICAL) for name in "abc"]
    columns = {name: np.random.default_rng(i).choice(names, 3000) for i, name in enumerate("abc")}
    assert (
        values(one_table(*kinds, **columns), one_table(*kinds, **{**columns, "c": columns["c"][::-1]}))[
            "fidelity.triples.t.a,b,c"
        ]
        > 0.9
    )  # of 216,000 cells of categories, hardly one would be met twice


# Relations of any form


def test_two_keys_to_one_parent_composite_keys_and_a_table_of_its_own():
    tables = (
        Table("a", (Column("k", KIND.ID), Column("l", KIND.ID), Column("v.w", KIND.NUMERICAL)), ("k", "l")),
        Table("b", (*(Column(c, KIND.ID) for c in ("id", "k", "l", "up", "by")), Column("w", KIND.NUMERICAL)), ("id",)),
    )
    keys = (
        ForeignKey("b", ("k", "l"), "a", ("k", "l")),
        *(ForeignKey("b", (name,), "b", ("id",)) for name in ("up", "by")),
    )
    frames = {
        "a": pd.DataFrame({"k": [1, 1, 2], "l": [1, 2, 1], "v.w": [1.0, 2.0, 4.0]}),
        "b": pd.DataFrame(
            {"id": range(4), "k": 1, "l": [1, 2, 1, 2], "up": [0, 0, 1, 2], "by": [3, 2, 2, 1], "w": [3.0, 1, 2, 9]}
        ),
    }
    data = Dataset(Schema(tables, keys), frames)
    found = {(r.metric, r.columns) for r in evaluate(data, data) if isinstance(r, Score)}
    assert {
        ("fidelity.cardinality", ("k", "l")),
        ("fidelity.intertable", ("w", 'a."v.w"')),
        ("fidelity.intertable", ("w", "b.w", "up")),
        ("fidelity.intertable", ("w", "b.w", "by")),
        ("fidelity.hop2", ("w", "b.w", "up", "by")),
    } <= found


def test_reference_tables_count_as_parents_only(real):
    tables = tuple(replace(t, reference=t.name == "products") for t in real.schema.tables)
    data = Dataset(replace(real.schema, tables=tables), real.tables)
    found = by_id(data, data)
    assert 'fidelity.intertable.items.price,"products.weight"' in found
    assert "fidelity.dependence.hop1.items.product_id" in found
    assert not [i for i, r in found.items() if r.table == "products"]


def test_a_parent_without_numbers():
    tables = (
        Table("a", (Column("k", KIND.ID), Column("c", KIND.CATEGORICAL)), ("k",)),
        Table("b", (Column("k", KIND.ID), Column("w", KIND.NUMERICAL))),
    )
    frames = {"a": pd.DataFrame({"k": [1, 2], "c": ["x", "y"]}), "b": pd.DataFrame({"k": [1, 2, 2], "w": [1.0, 2, 3]})}
    data = Dataset(Schema(tables, (ForeignKey("b", ("k",), "a", ("k",)),)), frames)
    assert values(data, data)["fidelity.intertable"] == 1.0


def test_orphans_make_relations_fail(real, synthetic):
    found = by_id(real, changed(synthetic, "visits", person_id="nobody"))
    assert isinstance(found["fidelity.intertable.visits"], Failure)
    assert found["fidelity.dependence.hop1.visits.person_id"].reason.endswith("there are too few rows")
    assert found["fidelity.cardinality.visits.person_id"].value < 0.1


def test_extreme_numbers_stay_finite():
    tiny, huge = np.array([5e-324, 2e-308, 1e-300, 0.0]), np.array([1e308, -1e308, 3e307, 1.0])
    data = one_table(a=tiny, b=huge)
    assert set(values(data, data).values()) == {1.0}
    far = one_table(a=huge, b=huge[::-1])
    assert all(0 <= r.value <= 1 for r in evaluate(data, far) if isinstance(r, Score))


wild = st.lists(st.floats() | st.sampled_from([0.0, 1.0, 1e300]), min_size=6, max_size=6)


@bounded(max_examples=60, deadline=None)
@given(columns=st.tuples(wild, wild, wild, wild))
def test_whatever_the_numbers_are_there_is_a_figure_in_bounds_or_a_reason(columns):
    a, b, c, d = map(np.array, columns)
    real, synthetic = one_table(a=a, b=b), one_table(a=c, b=d)
    assert {(r.metric, r.columns) for r in evaluate(real, synthetic)} >= {("fidelity.pairs", ("a", "b"))}
    assert set(values(real, real).values()) <= {1.0}


# Surroundings


def test_every_pair_is_named_in_the_order_of_the_schema(real):
    names = [c.name for c in real.schema.modelled("persons")]
    found = [r.columns for r in evaluate(real, real) if (r.metric, r.table) == ("fidelity.pairs", "persons")]
    assert found == [*combinations(names, 2), ()]


def test_the_plugin_offers_the_evaluator_and_is_listed_without_loading_it():
    assert list(synthkit_fidelity.synthkit_register_evaluators()) == [Fidelity]
    assert (Fidelity.name, Fidelity.requires) == ("fidelity", ())
    code = "import sys, synthkit_fidelity; sys.exit('numpy' in sys.modules)"
    paths = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    assert subprocess.run([sys.executable, "-c", code], env=paths, check=False).returncode == 0


def test_what_does_not_apply_to_one_column_says_so():
    found = by_id(one_table(a=np.arange(100.0)), one_table(a=np.arange(100.0)))
    idle = {name.removeprefix("fidelity.") for name, result in found.items() if isinstance(result, Failure)}
    assert {"pairs", "triples", "coverage", "cardinality", "intertable", "hop2", "order", "dependence.hop1"} <= idle
    assert not any(result.applicable for result in found.values() if isinstance(result, Failure))
