"""The contract of an evaluator: it compares real and synthetic tables."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import ClassVar

from synthkit.context import Context
from synthkit.dataset import Dataset
from synthkit.scores import Failure, Score


class Evaluator(ABC):
    """Compares a synthetic ``Dataset`` with a real one of the same schema.

    Attributes:
        name: how users ask for it, and the first part of the names of its metrics.
        default: whether it runs when nobody chose evaluators and no gate names it.
        needs_holdout: whether it cannot work without one.
        ceilings: whether the holdout's own scores, in place of synthetic data, say how good a score can be.
        measures_risk: whether its scores are risks of those who were learned from, so that a copy of the real data
            is the worst, not the best.
        requires: distributions that must be installed, as ``"sdv>=2,<3"``.
        extra: the extra of its own distribution that brings them, for the hint to the user.
        plugin_api: the ``synthkit.PLUGIN_API`` that it was made for.
        exceptions: promises of ``synthkit.testing`` that it cannot keep: the name of the check, and the reason why.
    """

    name: ClassVar[str]
    default: ClassVar[bool] = True
    needs_holdout: ClassVar[bool] = False
    ceilings: ClassVar[bool] = True
    measures_risk: ClassVar[bool] = False
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str | None] = None
    plugin_api: ClassVar[int] = 1
    exceptions: ClassVar[Mapping[str, str]] = MappingProxyType({})

    @abstractmethod
    def evaluate(
        self, real: Dataset, synthetic: Dataset, *, holdout: Dataset | None, seed: int, context: Context
    ) -> Iterable[Score | Failure]:
        """Give every score, and a Failure for each that cannot be computed.

        In a run, ``real`` is the training part. Nothing given is changed. An average over figures of
        which one is missing is a Failure too. The same arguments give the same scores.
        """
