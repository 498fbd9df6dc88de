"""SDMetrics' quality and diagnostic report, strictly: what cannot be computed is a failure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from synthkit import hookimpl

if TYPE_CHECKING:
    from synthkit import Evaluator


@hookimpl
def synthkit_register_evaluators() -> Iterable[type[Evaluator]]:
    """Offer the evaluator; nothing heavy is loaded before it is asked for."""
    from synthkit_sdmetrics.evaluator import SDMetrics

    return (SDMetrics,)
