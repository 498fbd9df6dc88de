"""Baselines that are too close to the real data: what a privacy gate must reject."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pydantic

from synthkit import ColumnKind, Dataset
from synthkit_baselines.base import Baseline
from synthkit_baselines.subjects import Integers


class Copy(Baseline):
    """Copies of training subjects, each once before any comes twice."""

    name = "copy"

    def _spoiled(self, drawn: Dataset, random: np.random.Generator) -> Dataset:
        del random  # a copy needs none
        return drawn


class BootstrapSubjects(Copy):
    """Copies of training subjects, drawn with replacement: perfect fidelity, no privacy."""

    name = "bootstrap_subjects"

    def _chosen(self, subjects: int, rows: int, random: np.random.Generator) -> Integers:
        return random.integers(0, subjects, rows)


class JitterOptions(pydantic.BaseModel, extra="forbid", frozen=True):
    """How far copies are moved."""

    scale: float = pydantic.Field(
        default=0.01, gt=0, allow_inf_nan=False, description="standard deviation of the noise, in those of the column"
    )


class Jitter(Copy):
    """Copies of training subjects with a little noise on numbers and dates."""

    name = "jitter"
    Options = JitterOptions
    options: JitterOptions

    def _spoiled(self, drawn: Dataset, random: np.random.Generator) -> Dataset:
        tables = {}
        for table in drawn.schema.tables:
            moved = {
                column.name: self._moved(drawn[table.name][column.name], random)
                for column in drawn.schema.modelled(table.name)
                if column.kind in (ColumnKind.NUMERICAL, ColumnKind.DATETIME)
            }
            tables[table.name] = drawn[table.name].assign(**moved)
        return Dataset(drawn.schema, tables)

    def _moved(self, values: pd.Series, random: np.random.Generator) -> pd.Series:
        time = values.dtype.kind == "M"
        numbers = values.astype("datetime64[us]").astype("int64").where(values.notna()) if time else values
        noise = pd.Series(random.standard_normal(len(values)), index=values.index) * self.options.scale
        moved = numbers.astype("float64") + noise * numbers.astype("float64").std(ddof=0)
        return pd.to_datetime(moved.round(), unit="us").astype(values.dtype) if time else moved
