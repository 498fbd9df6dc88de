"""The plugin ``hma``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import BaseModel, Field

from synthkit import Context, Dataset, Given, Schema
from synthkit_sdv import limits
from synthkit_sdv.base import SDVSynthesizer
from synthkit_sdv.gaussian_copula import Distribution
from synthkit_sdv.hierarchy import Hierarchy
from synthkit_sdv.quiet import quiet
from synthkit_sdv.repairs import repaired, round_ends
from synthkit_sdv.seeding import restart, seeded
from synthkit_sdv.tables import Tables


class HMAOptions(BaseModel, extra="forbid", frozen=True):
    """The options of ``hma``."""

    distribution: Distribution = Field(
        "beta", description="the shape that the columns of tables without parents are fitted with; others get norm"
    )


class HMA(SDVSynthesizer):
    """SDV's HMASynthesizer: every parent row is extended by the parameters of its children's Gaussian copula.

    At most five tables, in chains of two. Learning and drawing take time in proportion to the parents, some
    5 to 20 ms for each and each kind of children. A child with several parents is drawn by its owner key, or the
    first; the further keys are weighed against every parent.

    Patki, Wedge and Veeramachaneni, The Synthetic Data Vault (2016).
    """

    name = "hma"
    multi_table = True
    blockwise: ClassVar[bool] = False  # the tables that no subject owns would come with every block
    Options = HMAOptions
    options: HMAOptions

    @classmethod
    def refusals(cls, schema: Schema) -> Iterable[str]:
        return limits.refusals(schema)

    def fit(self, training: Dataset, *, seed: int, context: Context) -> Self:
        tables = Tables.of(training)
        links = tuple(key for key in training.schema.foreign_keys if training[key.table][key.columns[0]].notna().any())
        with quiet("learning the tables"), seeded(seed):
            model = self._made(tables.metadata(links))
            with repaired(tables, len(links), context):
                model.fit(tables.to_sdv(training, links))
        round_ends(model)
        self._model, self._tables = model, tables
        return self

    def sample(self, rows: int, *, seed: int, context: Context, given: Given | None = None) -> Dataset:
        del given  # not conditional
        tables = self._fitted()
        with quiet("drawing the tables"), seeded(seed):
            singles = self._model._table_synthesizers  # noqa: SLF001 - SDV offers no public way
            for single, own in zip(singles.values(), np.random.SeedSequence(seed).spawn(len(singles)), strict=True):
                restart(single, own)
            drawn = Hierarchy(self._model, tables, context).draw(_sizes(tables, rows))
        return Dataset(tables.schema, drawn)

    def _made(self, metadata: Any) -> Any:
        from sdv.multi_table import HMASynthesizer

        model = HMASynthesizer(metadata, verbose=False)
        children = {relationship["child_table_name"] for relationship in metadata.relationships}
        for name in metadata.tables:
            if name not in children:  # SDV fits these with norm whatever one says
                model.set_table_parameters(name, {"default_distribution": self.options.distribution})
        return model


def _sizes(tables: Tables, rows: int) -> dict[str, int]:
    """The rows of each table: what subjects own grows with them, the rest keeps its size."""
    owned = tables.schema.owned_by(tables.subject)
    factor = {name: rows if name in owned else tables.rows[tables.subject] for name in tables.rows}
    return {name: round(count * factor[name] / tables.rows[tables.subject]) for name, count in tables.rows.items()}
