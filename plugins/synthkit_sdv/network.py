"""What SDV's two neural networks share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Annotated, Any, ClassVar

import pandas as pd
from pydantic import Field, PositiveInt

from synthkit import ColumnKind, Context, PluginError
from synthkit_sdv.quiet import Bars, replaced
from synthkit_sdv.single_table import SingleTableSynthesizer
from synthkit_sdv.tables import Tables

WIDE, TOO_WIDE = 1_000, 20_000  # inner columns: from the first on it gets slow, at the second memory ends
Layers = Annotated[tuple[PositiveInt, ...], Field(min_length=1)]
_PER_NUMBER = 11  # a value and up to ten modes


class NetworkSynthesizer(SingleTableSynthesizer):
    """A network of ctgan, which sees one inner column per category and several per number.

    Attributes:
        home: the module of ctgan that trains it, epoch by epoch.
    """

    home: ClassVar[str]
    exceptions: ClassVar[Mapping[str, str]] = {"check_one_row_is_learned": "SDV's networks need two rows at least"}

    def check(self, frame: pd.DataFrame, tables: Tables, context: Context) -> None:
        """Refuse categories that would need more memory than there is.

        Raises:
            PluginError: more than 20,000 inner columns, with the table columns that make most of them.
        """
        table = tables.subject
        widths = {
            column.name: _PER_NUMBER
            if column.kind in (ColumnKind.NUMERICAL, ColumnKind.DATETIME)
            else frame[column.name].nunique(dropna=False)
            for column in tables.schema.modelled(table)
        }
        total = sum(widths.values())
        largest = sorted(widths, key=lambda name: -widths[name])[:3]
        most = ", ".join(f"{name} {widths[name]:,}" for name in largest)
        if total > TOO_WIDE:
            problem = f"{self.name} would make {total:,} inner columns of it, most of them for {most}"
            raise PluginError(problem, "make those columns of kind text, or choose gaussian_copula", table)
        if total > WIDE:
            context.note(f"{self.name} made {total:,} inner columns of {table}, most of them for {most}: slow")

    @contextmanager
    def watched(self, context: Context) -> Iterator[None]:
        """Tell the context about each epoch within the block, and keep SDV from printing about the width."""
        from sdv.single_table import CTGANSynthesizer

        with (
            replaced(import_module(self.home), "tqdm", Bars(context, "epoch")),
            replaced(CTGANSynthesizer, "_print_warning", _not_printed),
        ):
            yield


def _not_printed(synthesizer: Any, table: pd.DataFrame) -> None:
    """``check`` says it, where it belongs."""
