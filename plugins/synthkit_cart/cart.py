"""Linked tables by classification and regression trees, one column after another."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
import pydantic

from synthkit import Context, DataError, Dataset, ForeignKey, Given, PluginError, Schema, Synthesizer, UsageError
from synthkit_cart import columns, state
from synthkit_cart.drawing import Drawing
from synthkit_cart.given import Asked, Subjects
from synthkit_cart.roles import Roles, roles, text_of
from synthkit_cart.rows import NONE, Rows
from synthkit_cart.tables import Lessons, TableModel
from synthkit_cart.tokens import Integers

_LEAVES = {"fast": 10, "balanced": 25, "strict": 50}


class CartOptions(pydantic.BaseModel, extra="forbid", frozen=True):
    """How close the trees may come to single subjects."""

    privacy: Literal["fast", "balanced", "strict"] = pydantic.Field(
        default="balanced",
        description="subjects behind every leaf of a tree, at least: 10, 25 or 50, more where there are over 10,000",
    )


class Cart(Synthesizer):
    """Draws columns one after another from trees on those before (Reiter 2005), and rows under their owners.

    Each row has its number of rows below it, drawn from a tree like a column. The rows of an owner come in their order
    in time. Columns whose order does not matter are alike within an owner as an urn or a shared normal variable makes
    them; others are drawn given the rows before. A key to another table leads to a kind of row first, then to a row.
    """

    name: ClassVar[str] = "cart"
    default: ClassVar[bool] = True
    blockwise: ClassVar[bool] = False  # the tables that no subject owns would come with every block
    multi_table: ClassVar[bool] = True
    conditional: ClassVar[bool] = True
    Options = CartOptions
    options: CartOptions
    schema: Schema
    subject: str
    models: dict[str, TableModel]

    def fit(self, training: Dataset, *, seed: int, context: Context) -> Self:
        self.schema, self.subject, self.models = training.schema, training.subject, {}
        lessons = Lessons(training, self._roles, _LEAVES[self.options.privacy])
        for place, name in enumerate(self._roles.order):
            context.progress(place, len(self._roles.order), name)
            self.models[name] = lessons.learn(name, seed)
        return self

    def sample(self, rows: int, *, seed: int, context: Context, given: Given | None = None) -> Dataset:
        self._refuse_unfitted()
        sizes = {name: model.size for name, model in self.models.items()} | {self.subject: rows}
        ratio = rows / max(self.models[self.subject].size, 1)
        random = np.random.default_rng(np.random.SeedSequence(seed))
        drawing = Drawing(self._roles, self.models, sizes, self.subject, random)
        drawing.asked = self._asked(given, context)
        links = self._roles.links.items()
        drawing.needs = {name: [key.parent for key in keys if not self._nullable(key)] for name, keys in links}
        for place, name in enumerate(self._roles.order):
            context.progress(place, len(self._roles.order), name)
            drawing.draw(name, ratio)
        drawing.late({text_of(key): self._nullable(key) for key in self._roles.late})
        return Dataset(self.schema, {name: self._frame(name, drawing.rows[name]) for name in self.schema.table_names})

    def save(self, folder: Path) -> None:
        self._refuse_unfitted()
        state.save(folder, {"schema": self.schema.to_dict(), "subject": self.subject, "models": self.models})

    @classmethod
    def load(cls, folder: Path) -> Self:
        found = state.load(folder)
        if set(found) != {"schema", "subject", "models"}:
            raise DataError("the saved model is not one of this engine", "fit again")
        model = cls(cls.Options())
        model.schema, model.subject = Schema.from_dict(found["schema"]), found["subject"]
        model.models = found["models"]
        return model

    def _refuse_unfitted(self) -> None:
        if not hasattr(self, "models"):
            raise PluginError(f"{self.name} has learned nothing yet", "call fit first")

    @property
    def _roles(self) -> Roles:
        return roles(self.schema)

    def _asked(self, given: Given | None, context: Context) -> Subjects | None:
        if given is None:
            return None
        if self._roles.under[self.subject] is not None:
            raise UsageError("nothing can be given of subjects that other rows own", "draw all", self.subject)
        return Asked(self.subject, self.models[self.subject], given, context)

    def _nullable(self, key: ForeignKey) -> bool:
        return self.schema[key.table].column(key.columns[0]).nullable

    def _frame(self, name: str, rows: Rows) -> pd.DataFrame:
        table, under = self.schema[name], self._roles.under[name]
        made: dict[str, Any] = {column: pd.Series(np.arange(rows.size)) for column in table.primary_key}
        for key in self.schema.parents_of(name):
            made[key.columns[0]] = _keys(rows.at_rows if key == under else rows.values["row", text_of(key)])
        for column in self.schema.modelled(name):
            own = ("own", column.name)
            made[column.name] = columns.written(rows.values[own], rows.codecs[own], column)
        return pd.DataFrame({column: made[column] for column in table.column_names})


def _keys(rows: Integers) -> pd.Series[Any]:
    found: pd.Series[Any] = pd.Series(rows)
    return found.astype("Int64").mask(rows == NONE) if (rows == NONE).any() else found
