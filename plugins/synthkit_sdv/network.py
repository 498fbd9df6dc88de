"""What the two neural networks share: how a table becomes codes, how they train, and how they are saved."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import numpy as np
import pandas as pd
from pydantic import Field, PositiveInt

from synthkit import Context, Dataset, PluginError
from synthkit_sdv import saving
from synthkit_sdv.codes import Categories, Codes, Places
from synthkit_sdv.encoding import Encoding
from synthkit_sdv.quiet import quiet
from synthkit_sdv.single_table import SingleTableSynthesizer
from synthkit_sdv.tables import Tables

if TYPE_CHECKING:
    from synthkit_sdv.checkpoint import Checkpoint
    from synthkit_sdv.learner import Learner, Source
    from synthkit_sdv.spans import Rows, Spans

WIDE, TOO_WIDE = 2_000, 20_000  # codes: from the first on it gets slow, at the second memory ends
WEIGHTS = "weights.pt"
VALIDATED, FEWEST = 2_000, 500  # rows held out to probe with, at most; of so many rows at least
Layers = Annotated[tuple[PositiveInt, ...], Field(min_length=1)]


@dataclass
class Learned:
    """What is kept of a training part: how its table is coded, and what draws codes."""

    encoding: Encoding
    source: Source


class NetworkSynthesizer(SingleTableSynthesizer):
    """A network of ctgan, trained by our own loop.

    Attributes:
        steps: how many it makes where no number of epochs is set.
    """

    steps: ClassVar[int]

    def learned(self, tables: Tables, training: Dataset, seed: int, context: Context) -> Learned:
        [table] = tables.to_sdv(training).values()
        encoding = Encoding.of(table)
        self._check(encoding, tables, context)
        source = self._trained(encoding, encoding.coded(table), seed, context)
        return Learned(encoding, source)

    def drawing(self, seed: int) -> Callable[[int], pd.DataFrame]:
        encoding, source = self._model.encoding, self._model.source
        random = np.random.default_rng(seed)

        def draw(rows: int) -> pd.DataFrame:
            codes, places = source.draw(rows)
            drawn: pd.DataFrame = encoding.cells(codes.numpy(), places.numpy(), random)
            return drawn

        return draw

    def save(self, folder: Path) -> None:
        """Write facts as JSON and weights as plain tensors; nothing in them can run code."""
        import torch

        tables = self._fitted()
        facts = {
            "options": self.options.model_dump(mode="json"),
            "tables": tables.to_dict(),
            "encoding": self._model.encoding.to_dict(),
        }
        (folder / saving.FACTS).write_text(json.dumps(facts, indent=1, allow_nan=False) + "\n", "utf-8")
        torch.save(self._model.source.weights(), folder / WEIGHTS)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model that ``save`` wrote.

        Raises:
            PluginError: it is not readable.
        """
        import torch

        from synthkit_sdv.spans import Spans

        with quiet("reading its model"):
            facts = json.loads((folder / saving.FACTS).read_text("utf-8"))
            loaded = cls(cls.Options(**facts["options"]))
            encoding = Encoding.from_dict(facts["encoding"])
            source = loaded.source(Spans(encoding.layout, "cpu"))
            source.load(torch.load(folder / WEIGHTS, map_location="cpu", weights_only=True))
            loaded._model, loaded._tables = Learned(encoding, source), Tables.from_dict(facts["tables"])
        return loaded

    @abstractmethod
    def batch(self, rows: int) -> int:
        """How many rows to learn from at each step, of so many."""

    @abstractmethod
    def learner(self, rows: Rows, batch: int) -> Learner:
        """The network before its first step."""

    @abstractmethod
    def source(self, spans: Spans) -> Source:
        """The part of it that draws, without its weights."""

    def _trained(self, encoding: Encoding, coded: tuple[Codes, Places], seed: int, context: Context) -> Source:
        """Train with some rows, probe with others, and give what draws best, on the CPU."""
        import torch

        from synthkit_sdv.probe import Probe
        from synthkit_sdv.spans import Rows, Spans
        from synthkit_sdv.training import Training

        device = "cuda" if self._options.enable_gpu and torch.cuda.is_available() else "cpu"
        codes, places = map(torch.tensor, coded)
        order = torch.randperm(len(codes))
        held = min(len(codes) // 10, VALIDATED) if len(codes) >= FEWEST else 0
        own = order[held:]
        rows = Rows(Spans(encoding.layout, device), codes[own].to(device), places[own].to(device))
        batch = self.batch(len(own))
        learner = self.learner(rows, batch)
        epochs = self._options.epochs
        steps = epochs * max(len(own) // batch, 1) if epochs else self.steps
        probe = Probe(learner.source, codes[order[: held or VALIDATED]], seed)
        checkpoint = self._checkpoint(coded, seed, device, context)
        training = Training(self.name, learner, probe, steps, checkpoint)
        training.run(context)
        used = torch.cuda.get_device_name() if device == "cuda" else "the CPU"
        told = f", {held:,} rows were held out to choose the best" if held else ""
        context.note(f"{self.name} learned from {len(own):,} rows on {used}, {batch} at a step{told}")
        source = self.source(Spans(encoding.layout, "cpu"))
        source.load({name: value.cpu() for name, value in training.course.weights.items()})
        return source

    def _checkpoint(self, coded: tuple[Codes, Places], seed: int, device: str, context: Context) -> Checkpoint | None:
        """Where this very training keeps what it has reached, if anywhere."""
        from synthkit_sdv.checkpoint import Checkpoint

        if context.checkpoint is None:
            return None
        about = [self.name, self.options.model_dump(mode="json"), seed, device, version("torch"), version("ctgan")]
        digest = hashlib.sha256(json.dumps(about).encode())
        for part in coded:
            digest.update(part.tobytes())
        return Checkpoint(context.checkpoint, digest.hexdigest(), device)

    @property
    def _options(self) -> Any:
        return self.options  # epochs and enable_gpu are options of both

    def _check(self, encoding: Encoding, tables: Tables, context: Context) -> None:
        """Say what is grouped or slow, and refuse what would need more memory than there is.

        Raises:
            PluginError: more than 20,000 codes, with the columns that make most of them.
        """
        columns = dict(zip(tables.modelled(tables.subject), encoding.columns.values(), strict=True))
        for name, column in columns.items():
            if isinstance(column, Categories) and column.counts:
                told = f"the {len(column.counts):,} rarest categories of {name} are one for it"
                context.note(f"{self.name}: {told}, and are drawn by their frequency")
        total = encoding.layout.codes
        largest = sorted(columns, key=lambda name: -columns[name].width)[:3]
        most = ", ".join(f"{name} {columns[name].width:,}" for name in largest)
        if total > TOO_WIDE:
            problem = f"{self.name} would make {total:,} codes of it, most of them for {most}"
            raise PluginError(problem, "make those columns of kind text, or choose gaussian_copula", tables.subject)
        if total > WIDE:
            context.note(f"{self.name} made {total:,} codes of {tables.subject}, most of them for {most}: slow")
