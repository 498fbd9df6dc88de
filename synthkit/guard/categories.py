"""Categories in front of a model: ``rare`` for those of too few subjects, and what it becomes afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import pandas as pd

from synthkit.guard.borrowed import lenders
from synthkit.guard.values import TEXT, Values, is_number, is_text, is_time, taken
from synthkit.row_numbers import Flags, Integers
from synthkit.schema import Column

RareAs = Literal["draw", "star"]

RARE = "rare"  # what a model sees in place of a rare category


def labelled(codes: Integers, distinct: Any, common: Flags) -> tuple[pd.Series[Any], int]:
    """Categories with ``rare`` for those that are not common, and their number; a real ``rare`` is escaped."""
    names = escaped(pd.Series(distinct, dtype=TEXT)).where(common, RARE)
    return taken(names, codes), int((~np.append(common, True)[codes]).sum())


def restored_categories(
    sampled: pd.Series[Any],
    column: Column,
    rule: Values,
    random: np.random.Generator,
    *,
    star: bool,
    contexts: Iterable[Integers] = (),
) -> tuple[pd.Series[Any], int]:
    """Sampled categories under their own names, and how many could not get one.

    Each ``rare`` becomes one of the categories that the schema lists and the model was not shown, all alike; else
    ``*`` in a text column, if ``star`` says so; else that of a row which shares what matters most of ``contexts``
    (``lenders``), or of any row. Where there is none, it becomes null or, in a column that may not be null, ``*`` or
    the 0 of its type.
    """
    codes, distinct = pd.factorize(sampled.astype(TEXT))
    names = pd.Series(distinct, dtype=TEXT)
    rare = np.append((names == RARE).to_numpy(dtype=bool), False)[codes]
    common = ~rare & (codes >= 0)
    own = taken(names.str.replace(rf"^\\(\\*{RARE})$", r"\1", regex=True), codes.astype("int64"))
    if rule.unshown:
        drawn = pd.Series(random.choice(np.array(rule.unshown, dtype=object), len(own)), dtype=TEXT)
        return own.mask(rare, drawn), 0
    if star and is_text(column) and not column.values:
        return own.mask(rare, "*"), 0
    if common.any() and rare.any():
        lent = lenders(codes.astype("int64"), common, contexts, random)
        return taken(own, np.where(rare, lent, np.arange(len(rare)))), 0
    return own.mask(rare, None if column.nullable else nothing(column)), int(rare.sum())


def escaped(names: pd.Series[Any]) -> pd.Series[Any]:
    r"""Categories as a model sees them: one that is really called ``rare`` gets a backslash.

    Example:
        >>> escaped(pd.Series(["rare", "common"])).tolist()
        ['\\rare', 'common']
    """
    return names.astype(TEXT).str.replace(rf"^(\\*{RARE})$", r"\\\1", regex=True)


def nothing(column: Column) -> str:
    """What stands for no value in a column that may not be null."""
    if is_text(column):
        return "*"
    if is_time(column):
        return "1970-01-01"
    return "0" if is_number(column) else "False"
