"""Columns of guarded tables as plain arrays, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from synthkit import Column, ColumnKind
from synthkit_cart.counted import Counted
from synthkit_cart.tokens import Categories, Codec, Floats, Integers, Numbers, grid

TEXT: Any = pd.Series(["text"]).dtype  # as pandas reads text


def read(values: pd.Series[Any], codec: Codec) -> Floats | Integers:
    """The values of a column as its codec takes them."""
    if isinstance(codec, Categories):
        return codec.read(values)
    return codec.times(numbers(values)) if isinstance(codec, Counted) else numbers(values)


def numbers(values: pd.Series[Any]) -> Floats:
    """Numbers, or microseconds since 1970; NaN for null."""
    if values.dtype.kind == "M":
        ticks = values.to_numpy("datetime64[us]").astype("int64").astype("float64")
        return np.where(values.isna(), np.nan, ticks)
    return np.asarray(values.to_numpy("float64", na_value=np.nan))


def codec_of(values: pd.Series[Any], column: Column, subjects: Integers, least: int) -> Codec:
    """Learn how a column becomes tokens."""
    if column.kind in (ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN):
        return Categories.learn(values)
    own = numbers(values)
    time = column.kind is ColumnKind.DATETIME
    step = grid(own[~np.isnan(own)], 0 if time else column.decimals)
    return Numbers.learn(own, subjects, step=step, least=least, time=time)


def written(values: Any, codec: Codec, column: Column) -> pd.Series[Any]:
    """Values of a codec as a guarded table stores them."""
    if isinstance(codec, Categories):
        named: pd.Series[Any] = pd.Series(codec.words, dtype=object)
        found = named.astype("boolean" if column.kind is ColumnKind.BOOLEAN else TEXT).take(values)
        found = found.reset_index(drop=True)
        return found.astype(bool) if column.kind is ColumnKind.BOOLEAN and not found.isna().any() else found
    if column.kind is ColumnKind.DATETIME:
        known = ~np.isnan(values)
        ticks = np.where(known, values, 0).round().astype("int64").astype("datetime64[us]")
        return pd.Series(np.where(known, ticks, np.datetime64("NaT", "us")))
    found = pd.Series(codec.numbers(values) if isinstance(codec, Counted) else values)
    if column.storage.startswith(("int", "uint")):
        return found.round().astype("Int64" if found.isna().any() else "int64")
    return found
