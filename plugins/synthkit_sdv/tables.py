"""A guarded dataset in SDV's terms, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.extensions import ExtensionDtype

from synthkit import ColumnKind, Dataset, ForeignKey, Schema

_Dtype = np.dtype[Any] | ExtensionDtype

KEY = "row"
_SDTYPES = {ColumnKind.CATEGORICAL: "categorical", ColumnKind.BOOLEAN: "boolean"}
_GRAINS = {"D": 86_400_000_000, "h": 3_600_000_000, "min": 60_000_000, "s": 1_000_000, "ms": 1_000, "us": 1}


@dataclass(frozen=True)
class Tables:
    """How the tables of one training part are told to SDV, and how its answers are read.

    SDV gets tables ``t0``, ``t1`` ... with columns ``c000``, ``c001`` ...: it builds names of its own by
    joining these with ``__``, and loses its way where a name holds that or is a number. Tables that others
    point at have a row number ``row``; foreign keys hold it; every modelled column is one of:

    - ``numerical``, a number as ``float64``, so integers beyond 2**53 lose their last digits;
    - ``numerical``, a datetime as the count of its grain (days, if all are midnights) since 1970, because
      SDV's own datetimes end in the year 2262;
    - ``categorical`` and ``boolean``: Python objects, NaN for null.

    Attributes:
        schema: of the training part.
        subject: the table whose rows are counted when sampling.
        rows: of each table in the training part.
        dtypes: of each column of each table, in the order of the schema.
        grains: of each datetime column of each table, the coarsest unit that tells all its values.
    """

    schema: Schema
    subject: str
    rows: Mapping[str, int]
    dtypes: Mapping[str, tuple[str, ...]]
    grains: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, training: Dataset) -> Self:
        """Learn the shape of a training part; no value is kept."""
        dtypes, grains = {}, {}
        for name in training.schema.table_names:
            times = [c.name for c in training.schema.modelled(name) if c.kind is ColumnKind.DATETIME]
            dtypes[name] = tuple(str(dtype) for dtype in training[name].dtypes)
            grains[name] = {column: _grain(training[name][column]) for column in times}
        return cls(training.schema, training.subject, training.rows, dtypes, grains)

    def table(self, name: str) -> str:
        """What SDV calls a table."""
        return f"t{self.schema.table_names.index(name)}"

    def column(self, table: str, name: str) -> str:
        """What SDV calls a column."""
        return f"c{self.schema[table].column_names.index(name):03d}"

    def modelled(self, table: str) -> dict[str, str]:
        """The columns that SDV learns: our name, then SDV's."""
        return {column.name: self.column(table, column.name) for column in self.schema.modelled(table)}

    def metadata(self, links: tuple[ForeignKey, ...] = ()) -> Any:
        """SDV's ``Metadata`` for these foreign keys; nothing is detected, and nothing in it is a value."""
        from sdv.metadata import Metadata

        relationships = [
            {
                "parent_table_name": self.table(link.parent),
                "child_table_name": self.table(link.table),
                "parent_primary_key": KEY,
                "child_foreign_key": self.column(link.table, link.columns[0]),
            }
            for link in links
        ]
        tables = {self.table(name): self._table_metadata(name, links) for name in self._told(links)}
        return Metadata.load_from_dict(
            {"tables": tables, "relationships": relationships, "METADATA_SPEC_VERSION": "V2"}
        )

    def to_sdv(self, training: Dataset, links: tuple[ForeignKey, ...] = ()) -> dict[str, pd.DataFrame]:
        """The frames that SDV learns from, whatever their index was; ``training`` is not changed."""
        frames = {name: training[name].reset_index(drop=True) for name in self._told(links)}
        return {self.table(name): self._table_to_sdv(frame, name, links) for name, frame in frames.items()}

    def from_sdv(self, name: str, rows: int, drawn: pd.DataFrame, keys: Mapping[str, Any]) -> pd.DataFrame:
        """A table with the training part's dtypes, from SDV's columns and the row numbers of the parents."""
        columns = {}
        for ours, text in zip(self.schema[name].column_names, self.dtypes[name], strict=True):
            dtype = pd.api.types.pandas_dtype(text)
            if ours in keys:
                columns[ours] = pd.Series(keys[ours]).astype(dtype)
            elif ours in self.schema[name].primary_key:
                columns[ours] = pd.Series(np.arange(rows)).astype(dtype)
            elif (theirs := self.column(name, ours)) in drawn:
                columns[ours] = _from_sdv(drawn[theirs], dtype, self.grains[name].get(ours))
            else:  # a table without rows, or a key without values: nothing was told
                columns[ours] = pd.Series([None] * rows, dtype=dtype)
        return pd.DataFrame(columns)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``from_dict`` takes it."""
        return {
            "schema": self.schema.to_dict(),
            "subject": self.subject,
            "rows": dict(self.rows),
            "dtypes": {name: list(dtypes) for name, dtypes in self.dtypes.items()},
            "grains": {name: dict(grains) for name, grains in self.grains.items()},
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The shape that ``to_dict`` told."""
        dtypes = {name: tuple(dtypes) for name, dtypes in plain["dtypes"].items()}
        return cls(Schema.from_dict(plain["schema"]), plain["subject"], plain["rows"], dtypes, plain["grains"])

    def _told(self, links: tuple[ForeignKey, ...]) -> list[str]:
        """The tables that hold something to learn: columns, or how many rows belong together."""
        linked = [name for link in links for name in (link.table, link.parent)]
        return [n for n in self.schema.table_names if self.rows[n] and (self.modelled(n) or n in linked)]

    def _table_metadata(self, name: str, links: tuple[ForeignKey, ...]) -> dict[str, Any]:
        sdtypes = {
            self.column(name, column.name): _SDTYPES.get(column.kind, "numerical")
            for column in self.schema.modelled(name)
        }
        sdtypes |= {self.column(name, link.columns[0]): "id" for link in links if link.table == name}
        if any(link.parent == name for link in links):
            sdtypes[KEY] = "id"
        columns = {column: {"sdtype": sdtype} for column, sdtype in sdtypes.items()}
        return {"columns": columns, "primary_key": KEY} if KEY in columns else {"columns": columns}

    def _table_to_sdv(self, frame: pd.DataFrame, name: str, links: tuple[ForeignKey, ...]) -> pd.DataFrame:
        columns = {
            theirs: _to_sdv(frame[ours], self.schema[name].column(ours).kind, self.grains[name].get(ours))
            for ours, theirs in self.modelled(name).items()
        }
        for link in links:
            if link.table == name:
                values = frame[link.columns[0]]
                columns[self.column(name, link.columns[0])] = values.astype(
                    "float64" if values.isna().any() else "int64"
                )
        if any(link.parent == name for link in links):
            columns[KEY] = pd.Series(np.arange(len(frame)))
        return pd.DataFrame(columns)


def _grain(times: pd.Series) -> str:
    since_1970 = times.dropna().to_numpy("datetime64[us]").astype("int64")
    return next(unit for unit, size in _GRAINS.items() if not (since_1970 % size).any())


def _to_sdv(values: pd.Series, kind: ColumnKind, grain: str | None) -> pd.Series:
    if kind in _SDTYPES:
        return pd.Series(np.where(values.isna(), np.nan, values.astype(object)), dtype=object)
    if grain is None:
        return values.astype("float64")
    counts = values.to_numpy("datetime64[us]").astype("int64") / _GRAINS[grain]
    return pd.Series(np.where(values.isna(), np.nan, counts))


def _from_sdv(values: pd.Series, dtype: _Dtype, grain: str | None) -> pd.Series:
    if grain is not None:
        return _datetimes(values.to_numpy("float64"), grain).astype(dtype)
    if pd.api.types.is_integer_dtype(dtype):
        return _integers(values.to_numpy("float64"), dtype)
    return values.astype(dtype)


def _datetimes(counts: npt.NDArray[np.float64], grain: str) -> pd.Series:
    null = np.isnan(counts)
    since_1970 = np.rint(np.where(null, 0, counts)).astype("int64") * _GRAINS[grain]
    return pd.Series(since_1970.astype("datetime64[us]")).mask(null)


def _integers(numbers: npt.NDArray[np.float64], dtype: _Dtype) -> pd.Series:
    """Whole numbers that the dtype can hold; of 64 bits, the greatest ``float64`` that is not too large."""
    plain = np.dtype(str(dtype).lower())
    limits = np.iinfo(plain)
    greatest = np.nextafter(limits.max, 0.0) if int(np.float64(limits.max)) > limits.max else limits.max
    whole = np.rint(np.clip(numbers, limits.min, greatest))
    null = np.isnan(whole)
    exact = pd.Series(np.where(null, 0, whole).astype(plain)).astype(dtype)
    return exact.mask(null) if null.any() else exact
