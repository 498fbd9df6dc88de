"""What every sample must be, whatever was asked for: of the schema, with valid keys, within what was seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from synthkit.dataset import Dataset
from synthkit.schema import Column, ColumnKind
from synthkit.testing.promises import Checked, require

_DTYPES = {ColumnKind.NUMERICAL: "fiu", ColumnKind.BOOLEAN: "b", ColumnKind.DATETIME: "M"}


def require_all(plugin: Checked, sample: Dataset, training: Dataset) -> None:
    """All of the below.

    Raises:
        AssertionError: the first that does not hold.
    """
    require_schema(plugin, sample, training)
    require_keys(plugin, sample)
    require_no_new_nulls(plugin, sample, training)
    require_known_categories(plugin, sample, training)


def require_schema(plugin: Checked, sample: Dataset, training: Dataset) -> None:
    """The sample has the schema of the training part, a fresh index, and in each column a dtype of its kind.

    Raises:
        AssertionError: it has not.
    """
    require(sample.schema == training.schema, plugin, "the sample", "has another schema than the training part")
    for table in training.schema.tables:
        fresh = sample[table.name].index.equals(pd.RangeIndex(len(sample[table.name])))
        require(fresh, plugin, table.name, "has an index that is not 0, 1, 2 and so on")
        for column in table.columns:
            found = sample[table.name][column.name].dtype
            require(_fits(found, column), plugin, f"{table.name}.{column.name}", f"has the dtype {found}")


def require_keys(plugin: Checked, sample: Dataset) -> None:
    """Primary keys are the row numbers; foreign keys are row numbers of the parent, null only where that may be.

    Raises:
        AssertionError: one is not.
    """
    for table in sample.schema.tables:
        for name in table.primary_key:
            numbered = sample[table.name][name].tolist() == list(range(len(sample[table.name])))
            require(numbered, plugin, f"{table.name}.{name}", "is not the row number")
    for key in sample.schema.foreign_keys:
        (name,) = key.columns
        held, where = sample[key.table][name], f"{key.table}.{name}"
        may_be = sample.schema[key.table].column(name).nullable
        require(may_be or bool(held.notna().all()), plugin, where, "is null, and may not be")
        led = bool(held.dropna().isin(range(len(sample[key.parent]))).all())
        require(led, plugin, where, "leads to no row")


def require_no_new_nulls(plugin: Checked, sample: Dataset, training: Dataset) -> None:
    """A column without nulls in the training part has none.

    Raises:
        AssertionError: one has.
    """
    for where, values, seen in compared(sample, training):
        nulls = int(values.isna().sum())
        require(not nulls or bool(seen.isna().any()), plugin, where, f"has {nulls} nulls, the training part none")


def require_known_categories(plugin: Checked, sample: Dataset, training: Dataset) -> None:
    """Every category is one of the training part.

    Raises:
        AssertionError: one is not.
    """
    for where, values, seen in compared(sample, training, ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN):
        unknown = int((~values.dropna().isin(seen.dropna())).sum())
        require(not unknown, plugin, where, f"has {unknown} cells with categories that it was not shown")


def compared(
    sample: Dataset, training: Dataset, *kinds: ColumnKind
) -> Iterator[tuple[str, pd.Series[Any], pd.Series[Any]]]:
    """Each learned column of some kinds, or of all: its name, what was drawn and what was learned."""
    for table in training.schema.table_names:
        for column in training.schema.modelled(table):
            if not kinds or column.kind in kinds:
                yield f"{table}.{column.name}", sample[table][column.name], training[table][column.name]


def _fits(dtype: Any, column: Column) -> bool:
    """Whether a column of that kind may have that dtype; for text, its cells say more than its dtype."""
    if column.kind is ColumnKind.ID:
        return str(dtype) in ("int64", "Int64")
    return column.kind not in _DTYPES or dtype.kind in _DTYPES[column.kind]
