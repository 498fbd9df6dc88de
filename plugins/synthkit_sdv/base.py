"""What all synthesizers of SDV share: where they come from, and how they are saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self

import pydantic

from synthkit import PluginError, Synthesizer
from synthkit_sdv import saving
from synthkit_sdv.tables import Tables


class SDVSynthesizer(Synthesizer):
    """A synthesizer that holds a model of SDV and how its tables were told."""

    requires: ClassVar[tuple[str, ...]] = ("sdv>=2,<3",)
    extra: ClassVar[str | None] = "sdv"

    def __init__(self, options: pydantic.BaseModel) -> None:
        super().__init__(options)
        self._model: Any = None
        self._tables: Tables | None = None

    def save(self, folder: Path) -> None:
        tables = self._fitted()
        saving.save(folder, self._model, {"options": self.options.model_dump(mode="json"), "tables": tables.to_dict()})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model that ``save`` wrote; a pickle runs code, so the folder must be a trusted one.

        Raises:
            PluginError: written under another version of SDV, or not readable.
        """
        model, facts = saving.load(folder)
        loaded = cls(cls.Options(**facts["options"]))
        loaded._model, loaded._tables = model, Tables.from_dict(facts["tables"])
        return loaded

    def _fitted(self) -> Tables:
        if self._tables is None:
            raise PluginError(f"{self.name} has learned nothing yet", "call fit first")
        return self._tables
