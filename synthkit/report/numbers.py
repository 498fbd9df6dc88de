"""Values of a column as floats, for bins and ranks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from synthkit.row_numbers import Floats

_HUGE = 1e150  # far beyond any axis, and squares of it are still finite


def numbers(values: pd.Series[Any]) -> Floats:
    """Numbers as floats, times as seconds since 1970 on their own clock, null as NaN."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_localize(None)
    if values.dtype.kind != "M":
        plain: Floats = values.to_numpy(dtype="float64", na_value=np.nan)
        return np.clip(plain, -_HUGE, _HUGE)
    times = values.to_numpy(dtype="datetime64[us]")
    return np.where(np.isnat(times), np.nan, times.astype("int64") / 1e6)
