"""What the rows below a row are like, and how rows follow each other in time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from synthkit.dataset import Dataset
from synthkit.report.numbers import numbers
from synthkit.row_numbers import parent_rows
from synthkit.schema import ForeignKey, Schema

_DAY = 86400.0


def owning_key(schema: Schema, table: str, subject: str) -> ForeignKey | None:
    """The key that leads a table towards the subject, where its parent belongs to the subject.

    Figures per parent mean the same on both sides only then: a shared parent has the more rows, the more are made.
    """
    key = schema.owner_of(table)
    return key if key is not None and key.parent in schema.owned_by(subject) else None


def child_counts(data: Dataset, key: ForeignKey) -> pd.Series[Any]:
    """How many rows each parent has, 0 included; one number per row of the parent's table.

    Example:
        >>> from synthkit.testing import guarded
        >>> data = guarded(subjects=30)
        >>> int(child_counts(data, data.schema.foreign_keys[0]).sum()) == len(data["purchases"])
        True
    """
    rows = parent_rows(data, key)
    return pd.Series(np.bincount(rows[rows >= 0], minlength=len(data[key.parent])))


def child_means(data: Dataset, key: ForeignKey, column: str) -> pd.Series[Any]:
    """The mean of a numeric column over the rows of each parent; NaN for a parent without any value."""
    rows, values = parent_rows(data, key), numbers(data[key.table][column])
    there = (rows >= 0) & ~np.isnan(values)
    known, parents = rows[there], len(data[key.parent])
    count = np.bincount(known, minlength=parents).astype("float64")
    count[count == 0] = np.nan
    return pd.Series(np.bincount(known, weights=values[there], minlength=parents) / count)


def gaps(data: Dataset, key: ForeignKey, column: str) -> pd.Series[Any]:
    """Days from each row to the one before it of the same parent; NaN for the first one, or without a date."""
    rows, times = parent_rows(data, key), numbers(data[key.table][column])
    there = np.flatnonzero((rows >= 0) & ~np.isnan(times))
    order = there[np.lexsort((times[there], rows[there]))]
    found = np.full(len(rows), np.nan)
    same = rows[order[1:]] == rows[order[:-1]]
    found[order[1:][same]] = np.diff(times[order])[same] / _DAY
    return pd.Series(found)
