"""SDMetrics' quality and diagnostic report, strictly: what cannot be computed is a failure."""

from __future__ import annotations

from collections.abc import Iterable

from synthkit import Evaluator, hookimpl
from synthkit_sdmetrics.evaluator import SDMetrics


@hookimpl
def synthkit_register_evaluators() -> Iterable[type[Evaluator]]:
    """Offer the evaluator."""
    return (SDMetrics,)
