"""The synthesizer ``walk``."""

import json

import numpy as np
import pandas as pd

from synthkit import Dataset, PluginError, Schema, Synthesizer


class Walk(Synthesizer):
    """Draws each cell of one table on its own, from the values that its column had. Put your model in its place."""

    name = "walk"
    plugin_api = 1
    _seen = None

    @classmethod
    def refusals(cls, schema):
        if schema.foreign_keys:
            yield "it knows no foreign keys; choose one table with --table"

    def fit(self, training, *, seed, context):
        context.progress(0, 1, "looking at the columns")  # where a run that was cancelled ends
        self._seen = training
        return self

    def sample(self, rows, *, seed, context, given=None):
        context.progress(0, 1, "drawing")
        random = np.random.default_rng(seed)  # the only source of chance
        [table] = self._fitted.schema.tables
        seen = self._fitted[table.name]
        drawn = {name: seen[name].take(random.integers(0, len(seen), rows)).reset_index(drop=True) for name in seen}
        drawn |= {name: np.arange(rows) for name in table.primary_key}  # keys are row numbers
        return Dataset(self._fitted.schema, {table.name: pd.DataFrame(drawn)})

    def save(self, folder):
        [name] = self._fitted.schema.table_names
        self._fitted[name].to_parquet(folder / "seen.parquet")
        (folder / "schema.json").write_text(json.dumps(self._fitted.schema.to_dict()), "utf-8")

    @classmethod
    def load(cls, folder):
        model, schema = cls(cls.Options()), Schema.from_dict(json.loads((folder / "schema.json").read_text("utf-8")))
        model._seen = Dataset(schema, {schema.table_names[0]: pd.read_parquet(folder / "seen.parquet")})
        return model

    @property
    def _fitted(self):
        if self._seen is None:
            raise PluginError(f"{self.name} has learned nothing yet", "call fit first")
        return self._seen
