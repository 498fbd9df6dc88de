"""How much a synthetic data set tells about the people it was learned from, always held against the holdout."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from synthkit import hookimpl

if TYPE_CHECKING:
    from synthkit import Evaluator


@hookimpl
def synthkit_register_evaluators() -> Iterable[type[Evaluator]]:
    """Offer the evaluator; nothing heavy is loaded before it is asked for."""
    from synthkit_privacy.evaluator import Privacy

    return (Privacy,)
