"""What all baselines share: they keep the guarded training part and draw whole subjects from it."""

from __future__ import annotations

import json
from abc import abstractmethod
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import pandas as pd
import pydantic

from synthkit import Context, Dataset, Given, PluginError, Schema, Synthesizer
from synthkit_baselines.subjects import Integers, redrawn


class Baseline(Synthesizer):
    """Draws training subjects again, with all that they own, and then spoils the result in one way."""

    multi_table: ClassVar[bool] = True
    blockwise: ClassVar[bool] = False  # the tables that no subject owns would come with every block

    def __init__(self, options: pydantic.BaseModel) -> None:
        super().__init__(options)
        self._training: Dataset | None = None

    @property
    def training(self) -> Dataset:
        """What was learned, all of it.

        Raises:
            PluginError: nothing was.
        """
        if self._training is None:
            raise PluginError(f"{self.name} has learned nothing yet", "call fit first")
        return self._training

    def fit(self, training: Dataset, *, seed: int, context: Context) -> Self:
        del seed  # nothing is left to chance
        context.progress(0, 1)
        self._training = training
        return self

    def sample(self, rows: int, *, seed: int, context: Context, given: Given | None = None) -> Dataset:
        del given  # nothing can be given
        context.progress(0, 1)
        random = np.random.default_rng(np.random.SeedSequence(seed))
        chosen = self._chosen(len(self.training[self.training.subject]), rows, random)
        return self._spoiled(redrawn(self.training, chosen, random), random)

    def save(self, folder: Path) -> None:
        (folder / "schema.json").write_text(json.dumps(self.training.schema.to_dict()), "utf-8")
        for place, name in enumerate(self.training.schema.table_names):
            self.training[name].to_parquet(folder / f"{place}.parquet")

    @classmethod
    def load(cls, folder: Path) -> Self:
        schema = Schema.from_dict(json.loads((folder / "schema.json").read_text("utf-8")))
        tables = {name: pd.read_parquet(folder / f"{i}.parquet") for i, name in enumerate(schema.table_names)}
        model = cls(cls.Options())
        model._training = Dataset(schema, tables)
        return model

    def _chosen(self, subjects: int, rows: int, random: np.random.Generator) -> Integers:
        """Which training subject each new one is: none twice before all were taken."""
        rounds = [random.permutation(subjects) for _ in range(-(-rows // subjects))]
        return np.concatenate([np.empty(0, dtype="int64"), *rounds])[:rows]

    @abstractmethod
    def _spoiled(self, drawn: Dataset, random: np.random.Generator) -> Dataset:
        """The drawn subjects with what is wrong about this baseline."""
