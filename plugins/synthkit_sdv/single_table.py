"""What synthesizers of one table share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, Self

import pandas as pd

from synthkit import Context, Dataset, Given, Schema
from synthkit_sdv.base import SDVSynthesizer
from synthkit_sdv.quiet import quiet
from synthkit_sdv.seeding import seeded
from synthkit_sdv.tables import Tables

BLOCK = 20_000  # rows drawn between two signs of life


class SingleTableSynthesizer(SDVSynthesizer):
    """Learns one table; its rows are drawn independently of each other."""

    @classmethod
    def refusals(cls, schema: Schema) -> Iterable[str]:
        if len(schema.tables) > 1:
            yield f"it takes one table, these are {len(schema.tables)}; choose one with --table"
        for key in schema.foreign_keys:
            if key.table == key.parent:
                yield f"{key.table}.{'+'.join(key.columns)} points at its own table, which {cls.name} cannot learn"
        for table in schema.tables:
            if len(table.primary_key) > 1:
                yield f"the primary key of {table.name} has {len(table.primary_key)} columns; {cls.name} takes one"
            if not schema.modelled(table.name):
                yield f"{table.name} has no column to learn; check the kinds of its columns"

    def fit(self, training: Dataset, *, seed: int, context: Context) -> Self:
        tables = Tables.of(training)
        [name] = training.schema.table_names
        context.progress(0, 1, name)
        with quiet(f"learning {name}"), seeded(seed):
            self._model = self.learned(tables, training, seed, context)
        self._tables = tables
        return self

    def sample(self, rows: int, *, seed: int, context: Context, given: Given | None = None) -> Dataset:
        del given  # not conditional
        tables = self._fitted()
        blocks: list[pd.DataFrame] = []
        with quiet(f"drawing {tables.subject}"), seeded(seed):
            draw = self.drawing(seed)
            for first in range(0, rows, BLOCK):
                context.progress(first, rows, f"row {first} of {rows}")
                blocks.append(draw(min(BLOCK, rows - first)))
            drawn = pd.concat(blocks, ignore_index=True)
            return Dataset(tables.schema, {tables.subject: tables.from_sdv(tables.subject, rows, drawn, {})})

    @abstractmethod
    def learned(self, tables: Tables, training: Dataset, seed: int, context: Context) -> Any:
        """What is kept of a training part; all global generators start from the seed."""

    @abstractmethod
    def drawing(self, seed: int) -> Callable[[int], pd.DataFrame]:
        """What draws so many rows, block by block, with the columns of ``Tables``, anew from the seed."""
