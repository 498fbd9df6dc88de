"""Baselines whose columns look right one by one: what a fidelity gate must reject."""

from __future__ import annotations

import numpy as np

from synthkit import Dataset
from synthkit_baselines.base import Baseline


class Independent(Baseline):
    """Every column drawn apart from the others; parents keep their numbers of children."""

    name = "independent"

    def _spoiled(self, drawn: Dataset, random: np.random.Generator) -> Dataset:
        tables = {}
        for name in drawn.schema.table_names:
            frame = drawn[name]
            columns = [column.name for column in drawn.schema.modelled(name)]
            tables[name] = frame.assign(
                **{c: frame[c].take(random.permutation(len(frame))).reset_index(drop=True) for c in columns}
            )
        return Dataset(drawn.schema, tables)


class ShuffledKeys(Baseline):
    """Every row right, and given to a parent at random."""

    name = "shuffled_keys"

    def _spoiled(self, drawn: Dataset, random: np.random.Generator) -> Dataset:
        tables = dict(drawn.tables)
        for key in drawn.schema.foreign_keys:
            (name,), table = key.columns, drawn.schema[key.table]
            if table.primary_key != (name,):
                frame = tables[key.table]
                shuffled = frame[name].take(random.permutation(len(frame))).reset_index(drop=True)
                tables[key.table] = frame.assign(**{name: shuffled})
        return Dataset(drawn.schema, tables)
