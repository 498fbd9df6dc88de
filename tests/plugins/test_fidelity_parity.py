"""``fidelity`` equals SDMetrics where it says so."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from synthkit import Context, Score

pytest.importorskip("sdmetrics", reason="needs the extra sdv")

from synthkit_fidelity.cells import read
from synthkit_fidelity.evaluator import Fidelity
from synthkit_fidelity.observe import codebook, margins
from synthkit_sdmetrics.evaluator import SDMetrics

pytestmark = pytest.mark.sdv

NAMES = {
    "sdmetrics.quality.column_shapes": "fidelity.shapes",
    "sdmetrics.quality.column_pair_trends": "fidelity.pairs",
    "sdmetrics.quality.cardinality": "fidelity.cardinality",
    "sdmetrics.quality.intertable_trends": "fidelity.intertable",
}
NUMBERS = {"income", "age", "joined", "amount", "day", "price", "weight"}


@pytest.fixture(scope="module")
def pair(shop):
    return shop(0), shop(1)


def scores(evaluator, real, synthetic):
    results = evaluator.evaluate(real, synthetic, holdout=None, seed=0, context=Context())
    return {(r.metric, r.table, r.columns): r.value for r in results if isinstance(r, Score)}


def mixed(columns):
    return len({name.split(".")[-1] in NUMBERS for name in columns[:2]}) == 2


def test_figures_equal_the_strict_report(pair):
    ours, theirs = scores(Fidelity(), *pair), scores(SDMetrics(), *pair)
    expected = {(NAMES[m], t, c): value for (m, t, c), value in theirs.items() if m in NAMES and c and not mixed(c)}
    compared = {key: ours[key] for key in expected}
    assert {metric for metric, _, _ in compared} == set(NAMES.values())
    assert len(compared) == 33
    assert compared == pytest.approx(expected, abs=1e-9)


def test_averages_equal_the_strict_report(pair):
    ours, theirs = scores(Fidelity(), *pair), scores(SDMetrics(), *pair)
    for name in ("column_shapes", "cardinality"):
        metric = f"sdmetrics.quality.{name}"
        assert ours[NAMES[metric], None, ()] == pytest.approx(theirs[metric, None, ()], abs=1e-9)


def test_numbers_beside_categories_equal_contingency_similarity_of_our_cells(pair):
    from sdmetrics.column_pairs import ContingencySimilarity

    real, synthetic = pair
    book, ours = codebook(real.schema, margins(real)), scores(Fidelity(), real, synthetic)

    def coded(data, name):
        cells, values = book["persons", name], data["persons"][name]
        return cells.of_numbers(read(values, cells.column)) if name in NUMBERS else cells.of_categories(values)

    names = [column.name for column in real.schema.modelled("persons")]
    for columns in filter(mixed, combinations(names, 2)):
        frames = (pd.DataFrame({name: coded(data, name) for name in columns}) for data in pair)
        expected = ContingencySimilarity.compute(*frames)
        assert ours["fidelity.pairs", "persons", columns] == pytest.approx(expected, abs=1e-9)


def test_coverage_equals_category_coverage(pair):
    from sdmetrics.single_column import CategoryCoverage

    real, synthetic = pair
    fewer = synthetic["visits"].assign(channel=synthetic["visits"]["channel"].replace("web", "app"))
    broken = replace(synthetic, tables={**synthetic.tables, "visits": fewer})
    expected = CategoryCoverage.compute(real["visits"]["channel"], fewer["channel"])
    assert expected < 1
    assert scores(Fidelity(), real, broken)["fidelity.coverage", "visits", ("channel",)] == pytest.approx(expected)


def test_a_category_of_the_synthetic_data_alone_differs_by_a_millionth_of_a_row(pair):
    real, synthetic = pair
    random = np.random.default_rng(0).random(len(synthetic["visits"])) < 0.5
    more = synthetic["visits"].assign(channel=synthetic["visits"]["channel"].mask(random, "new"))
    broken = replace(synthetic, tables={**synthetic.tables, "visits": more})
    ours = scores(Fidelity(), real, broken)["fidelity.shapes", "visits", ("channel",)]
    theirs = scores(SDMetrics(), real, broken)["sdmetrics.quality.column_shapes", "visits", ("channel",)]
    assert ours == pytest.approx(theirs, abs=1.1e-6 / len(real["visits"]))
