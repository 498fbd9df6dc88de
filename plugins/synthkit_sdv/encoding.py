"""A table as codes and places, and back; and how a network's numbers are laid out for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from synthkit_sdv.codes import Categories, Codes, Numbers, Places


@dataclass(frozen=True)
class Layout:
    """The numbers that a network makes of a row: a place for each column, then one for each code of each column.

    Attributes:
        widths: how many codes each column has.
        ranged: how many of them, the first ones, have places.
    """

    widths: tuple[int, ...]
    ranged: tuple[int, ...]

    @property
    def columns(self) -> int:
        """How many columns there are, which is the number of places."""
        return len(self.widths)

    @property
    def codes(self) -> int:
        """How many codes all columns have."""
        return sum(self.widths)

    @property
    def total(self) -> int:
        """How many numbers a row is."""
        return self.columns + self.codes

    @property
    def owners(self) -> list[int]:
        """The column of each code."""
        return [column for column, width in enumerate(self.widths) for _ in range(width)]

    @property
    def offsets(self) -> list[int]:
        """The number of the first code of each column among those of all."""
        return [sum(self.widths[:column]) for column in range(self.columns)]

    @property
    def placed(self) -> list[bool]:
        """Whether each code has places."""
        each = zip(self.widths, self.ranged, strict=True)
        return [code < ranged for width, ranged in each for code in range(width)]


@dataclass(frozen=True)
class Encoding:
    """How each column of a table is coded.

    Attributes:
        columns: by name, in order.

    Example:
        >>> table = pd.DataFrame({"size": [1.5, 2.0, 9.5] * 20, "kind": ["a", "b", "b"] * 20})
        >>> encoding = Encoding.of(table)
        >>> codes, places = encoding.coded(table)
        >>> encoding.cells(codes, places, np.random.default_rng(0)).equals(table)
        True
    """

    columns: Mapping[str, Categories | Numbers]

    @classmethod
    def of(cls, table: pd.DataFrame) -> Self:
        """Learn a table whose columns are ``float64``, or Python objects for categories, NaN for null."""
        return cls({str(name): _column(cells) for name, cells in table.items()})

    @property
    def layout(self) -> Layout:
        """What a network makes of a row."""
        own = tuple(self.columns.values())
        return Layout(tuple(column.width for column in own), tuple(column.ranged for column in own))

    def coded(self, table: pd.DataFrame) -> tuple[Codes, Places]:
        """The codes and the places, each of rows × columns."""
        both = [column.coded(table[name]) for name, column in self.columns.items()]
        return np.stack([codes for codes, _ in both], axis=1), np.stack([places for _, places in both], axis=1)

    def cells(self, codes: Codes, places: Places, random: np.random.Generator) -> pd.DataFrame:
        """The table that codes and places stand for."""
        parts = zip(self.columns.items(), codes.T, places.T, strict=True)
        return pd.DataFrame({name: column.cells(own, where, random) for (name, column), own, where in parts})

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``from_dict`` takes it."""
        return {name: column.to_dict() for name, column in self.columns.items()}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The encoding that ``to_dict`` told."""
        kinds = {name: Categories if "values" in column else Numbers for name, column in plain.items()}
        return cls({name: kinds[name].from_dict(column) for name, column in plain.items()})


def _column(cells: pd.Series) -> Categories | Numbers:
    return Numbers.of(cells) if pd.api.types.is_float_dtype(cells) else Categories.of(cells)
