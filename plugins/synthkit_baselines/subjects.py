"""Whole subjects drawn again, with everything that they own, over any number of tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from synthkit import Dataset, ForeignKey

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Rows:
    """The rows of a new table: which training row each is, and which new subject it belongs to."""

    source: Integers
    subject: Integers


def redrawn(training: Dataset, chosen: Integers, random: np.random.Generator) -> Dataset:
    """The chosen training subjects (row numbers, may repeat) as new subjects, each with all that it owns.

    Tables that no subject owns stay as they are. A key that is no owner leads to the new row of its parent within
    the same subject, else to any new row of that parent, else to a drawn row, or to none where it may be null.
    ``training`` is guarded data and is not changed.
    """
    rows = {training.subject: _Rows(chosen.astype("int64"), np.arange(len(chosen)))}
    for name in training.schema.owned_by(training.subject)[1:]:
        if owner := training.schema.owner_of(name):
            rows[name] = _children(training, owner, rows[owner.parent])
    tables = {name: _table(training, name, rows, random) for name in training.schema.table_names}
    return Dataset(training.schema, tables)


def _children(training: Dataset, owner: ForeignKey, parents: _Rows) -> _Rows:
    held = training[owner.table][owner.columns[0]].to_numpy("int64", na_value=-1)
    order = np.argsort(held, kind="stable")
    first, last = (np.searchsorted(held[order], parents.source, side=side) for side in ("left", "right"))
    counts = last - first
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return _Rows(order[np.repeat(first, counts) + within], np.repeat(parents.subject, counts))


def _table(training: Dataset, name: str, rows: Mapping[str, _Rows], random: np.random.Generator) -> pd.DataFrame:
    own = rows.get(name) or _Rows(np.arange(len(training[name])), np.full(len(training[name]), -1))
    frame = training[name].take(own.source).reset_index(drop=True)
    foreign = training.schema.parents_of(name)
    for key in (key for key in foreign if key.parent in rows):
        held = frame[key.columns[0]].to_numpy("int64", na_value=-1)
        frame[key.columns[0]] = _keys(_parents(held, own, rows[key.parent], random), frame[key.columns[0]])
    primary = training.schema[name].primary_key
    if primary and all(primary != key.columns for key in foreign):
        frame[primary[0]] = np.arange(len(frame), dtype="int64")
    return frame


def _keys(rows: Integers, like: pd.Series[Any]) -> pd.Series[Any]:
    """Row numbers of parents as a key column, in the dtype of another one; negative ones are null."""
    found = pd.Series(rows, index=like.index)
    return found.astype("Int64").mask(found < 0).astype(like.dtype) if like.dtype == "Int64" else found


def _parents(held: Integers, own: _Rows, parents: _Rows, random: np.random.Generator) -> Integers:
    """The new row of each row's parent; ``held`` are training rows, and -1 stays -1."""
    if not len(parents.source):
        return np.full(len(held), -1)
    width = int(max(parents.source.max(), held.max(initial=0))) + 1
    exact, inside = _place(own.subject * width + held, parents.subject * width + parents.source)
    other, anywhere = _place(held, parents.source)
    drawn = random.integers(0, len(parents.source), len(held))
    return np.where(held < 0, -1, np.where(inside, exact, np.where(anywhere, other, drawn)))


def _place(wanted: Integers, codes: Integers) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """Where a code first stands among others, and whether it is there."""
    order = np.argsort(codes, kind="stable")
    place = np.searchsorted(codes[order], wanted).clip(max=len(codes) - 1)
    return order[place], codes[order][place] == wanted
