"""SDMetrics' own metrics, each on one column, pair, relation or table of real and of synthetic data.

Each takes real, then synthetic, gives a figure in [0, 1] and may raise or give NaN: ``attempt`` deals
with that. One that cannot compare the real data with themselves gives no figure for any synthetic data,
so that the real data alone decide whether a figure is defined. SDMetrics is imported when a measure is
taken, so that the plugin can be listed without it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pandas as pd

from synthkit_sdmetrics.values import Numbers, Values

Sample = tuple[Values, ...]
_T = TypeVar("_T")

_UNSEEN = 1e-6  # the count that SDMetrics gives a category that the real data do not have


def attempt(measure: Callable[[_T, _T], float], real: _T, synthetic: _T) -> float | None:
    """The figure, or None where there is none."""
    from sdmetrics.errors import ConstantInputError, IncomputableMetricError

    try:
        value = float(measure(real, synthetic))
    except (ArithmeticError, LookupError, TypeError, ValueError, ConstantInputError, IncomputableMetricError):
        return None
    return value if np.isfinite(value) else None


def shape(real: Sample, synthetic: Sample) -> float:
    """KSComplement of numbers and dates, TVComplement of categories."""
    from sdmetrics.single_column import KSComplement

    (first,), (second,) = real, synthetic
    if first.continuous:
        return float(KSComplement.compute(first.series, second.series))
    _require_known((first, second))
    return _tv_complement(first.numbers, second.numbers)


def _tv_complement(real: Numbers, synthetic: Numbers) -> float:
    """SDMetrics' TVComplement in linear time.

    SDMetrics 0.32 adds up all counts anew for each category, which takes minutes for the tens of
    thousands of categories that a product has. A test holds the two together.
    """
    known = [x[~np.isnan(x)].astype(np.intp) for x in (real, synthetic)]
    size = max(int(codes.max()) for codes in known) + 1
    p, q = (np.bincount(codes, minlength=size).astype(np.float64) for codes in known)
    p[(p == 0) & (q > 0)] = _UNSEEN
    return float(1 - np.abs(p / p.sum() - q / q.sum()).sum() / 2)


def pair(real: Sample, synthetic: Sample) -> float:
    """CorrelationSimilarity (Pearson) of two continuous columns, else ContingencySimilarity."""
    from sdmetrics.column_pairs import ContingencySimilarity, CorrelationSimilarity

    if not all(len(values.numbers) for values in (*real, *synthetic)):
        raise ValueError("no rows")  # ContingencySimilarity would give 0.5
    if all(values.continuous for values in real):
        frames = (pd.DataFrame({"a": a.numbers, "b": b.numbers}) for a, b in (real, synthetic))
        return float(CorrelationSimilarity.compute(*frames))
    frames = (pd.DataFrame({"a": a.cells, "b": b.cells}) for a, b in (real, synthetic))
    return float(ContingencySimilarity.compute(*frames))


def cardinality(real: Sample, synthetic: Sample) -> float:
    """CardinalityShapeSimilarity: KS complement of the numbers of children per parent."""
    from sdmetrics.multi_table import CardinalityShapeSimilarity

    relation = {
        "parent_table_name": "parent",
        "child_table_name": "child",
        "parent_primary_key": "key",
        "child_foreign_key": "key",
    }
    tables = (
        {"parent": parent.series.to_frame("key"), "child": child.series.to_frame("key")}
        for parent, child in (real, synthetic)
    )
    return float(CardinalityShapeSimilarity.compute(*tables, {"relationships": [relation]}))


def link(real: Sample, synthetic: Sample) -> float:
    """Mean of ReferentialIntegrity and CardinalityBoundaryAdherence."""
    from sdmetrics.column_pairs import CardinalityBoundaryAdherence, ReferentialIntegrity

    _require_known(real)
    columns = [
        tuple(values.series.rename(name) for values, name in zip(s, "ab", strict=True)) for s in (real, synthetic)
    ]
    return float(ReferentialIntegrity.compute(*columns) + CardinalityBoundaryAdherence.compute(*columns)) / 2


def validity(real: Sample, synthetic: Sample) -> float:
    """BoundaryAdherence of numbers and dates, CategoryAdherence of categories."""
    from sdmetrics.single_column import BoundaryAdherence, CategoryAdherence

    _require_known(real)
    (first,), (second,) = real, synthetic
    metric = BoundaryAdherence if first.continuous else CategoryAdherence
    return float(metric.compute(first.series, second.series))


def uniqueness(real: pd.DataFrame, synthetic: pd.DataFrame) -> float:
    """KeyUniqueness of a primary key of one or several columns."""
    from sdmetrics.single_column import KeyUniqueness

    if real.empty:
        raise ValueError("no rows")
    return float(KeyUniqueness.compute(real, synthetic))


def structure(real: pd.DataFrame, synthetic: pd.DataFrame) -> float:
    """TableStructure: the share of columns with the same name and type.

    Whether an integer type can hold nulls is left aside: it follows from the rows, not from the structure.
    """
    from sdmetrics.single_table import TableStructure

    return float(TableStructure.compute(_bare(real), _bare(synthetic)))


def _bare(frame: pd.DataFrame) -> pd.DataFrame:
    masked = {c: d.numpy_dtype for c, d in frame.dtypes.items() if hasattr(d, "numpy_dtype")}
    return frame.head(0).astype(masked)


def _require_known(sample: Sample) -> None:
    if any(np.isnan(values.numbers).all() for values in sample):
        raise ValueError("no values")
