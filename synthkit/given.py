"""What a conditional synthesizer is given of the subjects that it draws: in guarded form, as it sees all data."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from synthkit.dataset import Dataset
from synthkit.errors import UsageError

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Condition:
    """What the cells of one column of the subject table may be.

    Attributes:
        column: its name.
        values: the categories or truth values that they may be; None for all but those of ``without``.
        without: the categories or truth values that they may not be.
        ranges: for numbers, or times as microseconds since 1970, the least and the greatest of each stretch in which
            they may lie, ascending; None where they may be any.
        null: whether they may be null.
    """

    column: str
    values: tuple[str | bool, ...] | None = None
    without: tuple[str | bool, ...] = ()
    ranges: tuple[tuple[float, float], ...] | None = None
    null: bool = False


@dataclass(frozen=True, slots=True)
class Balance:
    """In how many of the rows a column of the subject table has each of its values.

    Attributes:
        column: a column of categories or truth values.
        share: of the rows, those in which it is true; None where all values are to be as frequent as each other.
        besides: what a guard says instead of values, and what is therefore no value.
    """

    column: str
    share: float | None = None
    besides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Given:
    """What is known of the subjects to draw. Their rows are as many as asked for.

    Attributes:
        conditions: what holds for all of them, for each column once.
        balance: how often a column has each of its values.
        rows: one row of the subject table for each of them, with those of its guarded columns that something is
            given of; its other tables are not there.
        known: for columns of ``rows``, which cells are given, null among them; all where it has no such column. The
            others are drawn, and never null.
        otherwise: what to take for a given category that the model has not seen.
    """

    conditions: tuple[Condition, ...] = ()
    balance: Balance | None = None
    rows: Dataset | None = None
    known: Mapping[str, Flags] = field(default_factory=dict)
    otherwise: str = ""


def refuse_unknown(where: str, asked: Iterable[Any], known: Iterable[Any]) -> None:
    """Refuse values that a model does not know, by naming the nearest that it does.

    Whether real data have them, but too few subjects, is not said.

    Raises:
        UsageError: one of those asked for is not known.

    Example:
        >>> refuse_unknown("customers.segment", ["afluent"], ["affluent", "mass"])
        Traceback (most recent call last):
        ...
        synthkit.errors.UsageError: customers.segment: the model knows no value 'afluent'; did you mean 'affluent'?
    """
    names = {str(value) for value in known}
    for value in map(str, asked):
        if value not in names:
            near = difflib.get_close_matches(value, sorted(names), n=1)
            remedy = f"did you mean {near[0]!r}?" if near else "what few subjects have was not shown to it"
            raise UsageError(f"the model knows no value {value!r}", remedy, where)
