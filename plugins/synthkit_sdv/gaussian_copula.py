"""The plugin ``gaussian_copula``."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from synthkit import Context
from synthkit_sdv.single_table import SingleTableSynthesizer

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

    def model(self, metadata: Any, rows: int, context: Context) -> Any:
        from sdv.single_table import GaussianCopulaSynthesizer

        del rows, context
        chosen = self.options
        return GaussianCopulaSynthesizer(
            metadata,
            enforce_min_max_values=chosen.enforce_min_max_values,
            default_distribution=chosen.distribution,
        )
