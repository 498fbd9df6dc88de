"""What SDV gets wrong or keeps to itself while it fits an HMASynthesizer, put right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from synthkit import Context
from synthkit_sdv import moments
from synthkit_sdv.quiet import Bars, replaced
from synthkit_sdv.tables import Tables


@contextmanager
def repaired(tables: Tables, relations: int, context: Context, *, vectorised: bool) -> Iterator[None]:
    """Within the block, HMASynthesizer learns the children in one order, loses none and tells the context.

    - It goes through a Python set of table names, whose order differs between processes.
    - It passes over every parent whose children it cannot fit: those parents would count as childless and
      their children as orphans. Here the parent keeps its number of children, gets the average of the
      other parents' parameters, and a note says how many these are.
    - It makes and fits a model object for every parent. Where ``vectorised``, the same parameters come from
      moments of all families at once, unless there is something in them that only SDV can fit.
    """
    from sdv.metadata import Metadata
    from sdv.multi_table import HMASynthesizer, hma

    children = _in_order(Metadata._get_child_map)  # noqa: SLF001 - SDV offers no public way
    extension = _complete(HMASynthesizer._get_extension, tables, context)  # noqa: SLF001
    bars = Bars(context, "step", relations + 1)
    if vectorised:
        extension = _at_once(extension, tables, context, bars)
    with (
        replaced(hma, "tqdm", bars),
        replaced(Metadata, "_get_child_map", children),
        replaced(HMASynthesizer, "_get_extension", extension),
    ):
        yield


def round_ends(model: Any) -> None:
    """Round the ends of what a fitted HMASynthesizer knows about families, inwards, to a hundredth
    of their range or some more.

    The least mean of all parents' children may be the one value that an only child has, and the guard, which
    draws in the ends of columns, does not see means.
    """
    for column in (column for columns in model.extended_columns.values() for column in columns.values()):
        column._min_value, column._max_value = _inwards(column._min_value, column._max_value)  # noqa: SLF001
    for table in model._table_synthesizers.values():  # noqa: SLF001
        learned = table._model  # noqa: SLF001
        for name, shape in zip(learned.columns, learned.univariates, strict=True) if learned else ():
            if name.startswith("__"):
                _round_shape(shape)


def _round_shape(shape: Any) -> None:
    known = shape._params  # noqa: SLF001
    if {"a", "b", "loc", "scale"} == known.keys() and known["scale"] > 0:  # a truncated Gaussian
        ends = known["loc"] + known["scale"] * np.array([known["a"], known["b"]])
        shape.min, shape.max = _inwards(*ends)
        known["a"], known["b"] = (np.array([shape.min, shape.max]) - known["loc"]) / known["scale"]


def _inwards(low: float | None, high: float | None) -> tuple[float | None, float | None]:
    if low is None or high is None or not high - low > 0:
        return low, high
    step = 10.0 ** np.floor(np.log10(high - low) - 1)
    return float(np.ceil(low / step) * step), float(np.floor(high / step) * step)


def _in_order(original: Callable[[Any], dict[str, set[str]]]) -> Callable[[Any], dict[str, list[str]]]:
    def children(metadata: Any) -> dict[str, list[str]]:
        return defaultdict(list, {parent: sorted(names) for parent, names in original(metadata).items()})

    return children


def _complete(original: Callable[..., pd.DataFrame], tables: Tables, context: Context) -> Callable[..., pd.DataFrame]:
    names = {tables.table(name): name for name in tables.schema.table_names}

    def extension(model: Any, child: str, rows: pd.DataFrame, key: str, text: str) -> pd.DataFrame:
        found = original(model, child, rows, key, text)
        counts = rows[key].value_counts()
        lost = len(counts) - len(found)
        if lost:
            context.note(f"SDV could not fit {names[child]} for {lost} of {len(counts)} parents; they got the average")
            found = found.reindex(counts.index)
            found[f"__{child}__{key}__num_rows"] = counts
        return found

    return extension


def _at_once(
    slow: Callable[..., pd.DataFrame], tables: Tables, context: Context, bars: Bars
) -> Callable[..., pd.DataFrame]:
    names = {tables.table(name): name for name in tables.schema.table_names}

    def extension(model: Any, child: str, rows: pd.DataFrame, key: str, text: str) -> pd.DataFrame:
        if problem := moments.uncovered(model, child, rows, key):
            context.note(f"hma learned {names[child]} with SDV's own slow code: {problem}")
            return slow(model, child, rows, key, text)
        orphans = rows[rows[key].isna()]
        if orphans.empty:
            next(bars([key]))
        else:
            slow(model, child, orphans, key, text)  # SDV keeps a model of them, and tells the bars
        return moments.extension(model, child, rows, key)

    return extension
