"""Whether two samples are the same: to the last digit, or but for rounding."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd

from synthkit.dataset import Dataset

_ROUNDING = 1e-6  # relative


def fingerprints(data: Dataset) -> dict[str, str]:
    """A hash of the type and the cells of each ``table.column``, in order: equal only where every cell is.

    Example:
        >>> from synthkit.testing import guarded
        >>> fingerprints(guarded(3)) == fingerprints(guarded(3))
        True
    """
    return {
        f"{name}.{column}": _hash(f"{values.dtype} {values.tolist()}")
        for name in data.schema.table_names
        for column, values in data[name].items()
    }


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def difference(first: Dataset, second: Dataset) -> str:
    """The first ``table.column`` in which two samples differ by more than rounding; empty where none does."""
    for table in first.schema.table_names:
        for name in first[table].columns:
            if not _alike(first[table][name], second[table][name]):
                return f"{table}.{name}"
    return ""


def _alike(first: pd.Series[Any], second: pd.Series[Any]) -> bool:
    if first.dtype.kind == second.dtype.kind == "f" and len(first) == len(second):
        before, after = (values.to_numpy("float64", na_value=np.nan) for values in (first, second))
        return bool(np.isclose(before, after, rtol=_ROUNDING, atol=_ROUNDING, equal_nan=True).all())
    return first.equals(second)
