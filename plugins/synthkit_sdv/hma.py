"""The plugin ``hma``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Literal, Self

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
from synthkit_sdv.versions import untested

_Way = Literal["vectorised", "sdv"]


class HMAOptions(BaseModel, extra="forbid", frozen=True):
    """The options of ``hma``."""

    distribution: Distribution = Field(
        "beta", description="the shape that the columns of tables without parents are fitted with; others get norm"
    )
    fitter: _Way = Field(
        "vectorised", description="sdv makes a model of every parent's children to learn the same parameters: slow"
    )
    sampler: _Way = Field(
        "vectorised", description="sdv makes a model of every parent's children to draw from the same model: slow"
    )


class HMA(SDVSynthesizer):
    """SDV's HMASynthesizer: every parent row is extended by the parameters of its children's Gaussian copula.

    At most five tables, in chains of two. SDV makes a model object for every parent to learn and to draw its
    children; here the same parameters and draws come from arrays, and both take time in proportion to the rows:
    some 0.3 ms for each subject of the bundled example with its children. A child with several parents is drawn by
    its owner key, or the first; each further one is chosen by likelihood among all parents, or among some of them
    drawn at random where rows times parents exceed 50 million. What cannot be done so, or with another release of
    SDV than it was held against, is left to SDV's own code, at 5 to 20 ms for each parent, and noted.

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
            with repaired(tables, len(links), context, vectorised=_vectorised(self.options.fitter, context)):
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
            vectorised = _vectorised(self.options.sampler, context)
            drawn = Hierarchy(self._model, tables, context, vectorised).draw(_sizes(tables, rows))
        return Dataset(tables.schema, drawn)

    def _made(self, metadata: Any) -> Any:
        from sdv.multi_table import HMASynthesizer

        model = HMASynthesizer(metadata, verbose=False)
        children = {relationship["child_table_name"] for relationship in metadata.relationships}
        for name in metadata.tables:
            if name not in children:  # SDV fits these with norm whatever one says
                model.set_table_parameters(name, {"default_distribution": self.options.distribution})
        return model


def _vectorised(way: _Way, context: Context) -> bool:
    """Whether our own code does it; a note where it was asked to and cannot."""
    if way == "vectorised" and (problem := untested()):
        context.note(problem)
        return False
    return way == "vectorised"


def _sizes(tables: Tables, rows: int) -> dict[str, int]:
    """The rows of each table: what subjects own grows with them, the rest keeps its size."""
    owned = tables.schema.owned_by(tables.subject)
    factor = {name: rows if name in owned else tables.rows[tables.subject] for name in tables.rows}
    return {name: round(count * factor[name] / tables.rows[tables.subject]) for name, count in tables.rows.items()}
