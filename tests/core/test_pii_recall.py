"""How many of the labelled columns are found out for what they are: figures, and the least they may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pytest

from synthkit.inference import infer
from synthkit.schema import Column, ColumnKind
from tests.core.labelled_columns import PERSONAL, SHARED, TEXT, THING, Labelled, everything


@dataclass(frozen=True)
class Judged:
    """A labelled column and what inference says of it."""

    labelled: Labelled
    column: Column
    held_out: bool

    @property
    def protected(self) -> bool:
        """Whether no model sees it."""
        return not self.column.kind.modelled

    @property
    def known(self) -> bool:
        """Whether it is made afresh as what it is: by a right recipe, or as an identifier where it is a number."""
        numbers = not self.labelled.expected or self.labelled.typed != "string" or self.column.storage != "string"
        return self.column.pii in self.labelled.expected or (numbers and self.column.kind is ColumnKind.ID)

    @property
    def alarm(self) -> bool:
        """Whether what is nobody's was taken for personal, or kept from the model without need."""
        personal = self.column.kind is ColumnKind.PII
        return personal or (self.labelled.truth == SHARED and self.protected)


def judge(number: int, labelled: Labelled) -> Judged:
    cells = labelled.column(seed=number)
    key = pa.array([f"R{i:06}" for i in range(len(cells))])
    schema, _ = infer({labelled.table: pa.table({"record_id": key, labelled.header: cells})})
    return Judged(labelled, schema[labelled.table].column(labelled.header), number % 4 == 3)


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    """Every labelled column."""
    return [judge(number, labelled) for number, labelled in enumerate(everything())]
