"""The plugin ``gaussian_copula``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, cast

import numpy as np
import pandas as pd
from pydantic import BaseModel, Field

from synthkit import Context, Dataset
from synthkit_sdv.seeding import restart
from synthkit_sdv.single_table import SingleTableSynthesizer
from synthkit_sdv.tables import Tables

Distribution = Literal["beta", "truncnorm", "gamma", "norm", "uniform"]  # gaussian_kde would keep whole columns


class GaussianCopulaOptions(BaseModel, extra="forbid", frozen=True):
    """The options of ``gaussian_copula``."""

    distribution: Distribution = Field("beta", description="the shape that every column is fitted with")
    enforce_min_max_values: bool = Field(True, description="keep numbers within the least and the greatest that it saw")


class GaussianCopula(SingleTableSynthesizer):
    """SDV's GaussianCopulaSynthesizer: a distribution per column and their correlations; fast.

    Patki, Wedge and Veeramachaneni, The Synthetic Data Vault (2016).
    """

    name = "gaussian_copula"
    Options = GaussianCopulaOptions
    options: GaussianCopulaOptions

    def learned(self, tables: Tables, training: Dataset, seed: int, context: Context) -> Any:
        from sdv.single_table import GaussianCopulaSynthesizer

        del seed, context
        model = GaussianCopulaSynthesizer(
            tables.metadata(),
            enforce_min_max_values=self.options.enforce_min_max_values,
            default_distribution=self.options.distribution,
        )
        model.fit(tables.to_sdv(training))
        return model

    def drawing(self, seed: int) -> Callable[[int], pd.DataFrame]:
        restart(self._model, np.random.SeedSequence(seed))

        def draw(rows: int) -> pd.DataFrame:
            [drawn] = self._model.sample(rows).values()
            return cast("pd.DataFrame", drawn)

        return draw
