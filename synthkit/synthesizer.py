"""The contract of a synthesizer: it learns from guarded tables and draws new ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Self

import pydantic

from synthkit.context import Context
from synthkit.dataset import Dataset
from synthkit.given import Given
from synthkit.schema import Schema


class NoOptions(pydantic.BaseModel, extra="forbid", frozen=True):
    """The options of a plugin that has none."""


class Synthesizer(ABC):
    """Learns a guarded ``Dataset`` and draws new rows of the same schema.

    What it is given, and must give back: every primary key is the row number 0..n-1 (``int64``), every
    foreign key is the row number of the parent row (``int64``, or ``Int64`` where null occurs), and
    every other column is numerical (``float64`` or an integer dtype), categorical (text), boolean
    (``bool`` or ``boolean``) or datetime (``datetime64[us]``, naive). A one-to-one key holds the
    parent's row number. Keys, personal data, formats and dtypes are the core's work.

    Attributes:
        name: how users ask for it; unique among all installed plugins.
        default: whether it is used when nobody asks for one.
        multi_table: whether it takes more than one table.
        conditional: whether ``sample`` heeds ``given``.
        blockwise: whether ``sample`` may be called once per block of subjects.
        requires: distributions that must be installed, as ``"sdv>=2,<3"``.
        extra: the extra of its own distribution that brings them, for the hint to the user.
        trial: options with which ``synthkit.testing`` tries it, where the default ones take long.
        plugin_api: the ``synthkit.PLUGIN_API`` that it was made for.
        exceptions: promises of ``synthkit.testing`` that it cannot keep: the name of the check, and the reason why.
    """

    name: ClassVar[str]
    default: ClassVar[bool] = False
    multi_table: ClassVar[bool] = False
    conditional: ClassVar[bool] = False
    blockwise: ClassVar[bool] = True
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str | None] = None
    trial: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    plugin_api: ClassVar[int] = 1
    exceptions: ClassVar[Mapping[str, str]] = MappingProxyType({})

    Options: ClassVar[type[pydantic.BaseModel]] = NoOptions

    def __init__(self, options: pydantic.BaseModel) -> None:
        self.options = options

    @classmethod
    def refusals(cls, schema: Schema) -> Iterable[str]:
        """Say why this guarded schema cannot be learned, before any work is done; nothing if it can."""
        del schema  # by default, any schema can
        return ()

    @abstractmethod
    def fit(self, training: Dataset, *, seed: int, context: Context) -> Self:
        """Learn the guarded training part, which is not changed; return self. A second call forgets the first."""

    @abstractmethod
    def sample(self, rows: int, *, seed: int, context: Context, given: Given | None = None) -> Dataset:
        """Draw ``rows`` new subjects with all that they own.

        ``rows`` counts rows of ``training.subject``. Tables that no subject owns keep the size that they
        had in training. The schema of the result is that of the training part.

        ``given`` is what is known of the subjects; only those that are ``conditional`` get it. They heed all of it,
        or say in an error why they cannot; what is not given is drawn as the model has it for such subjects.

        Raises:
            PluginError: nothing was learned yet.
        """

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the fitted model into an existing, empty folder.

        Raises:
            PluginError: nothing was learned yet.
        """

    @classmethod
    @abstractmethod
    def load(cls, folder: Path) -> Self:
        """Read a model that ``save`` wrote; it samples exactly as the one that was saved.

        The folder is a verified copy that is removed afterwards, so everything must be read now.
        """
