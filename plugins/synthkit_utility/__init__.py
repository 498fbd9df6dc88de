"""Evaluators that train models: can one tell synthetic rows from real ones, and are they as good to learn from?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from synthkit import hookimpl

if TYPE_CHECKING:
    from synthkit import Evaluator


@hookimpl
def synthkit_register_evaluators() -> Iterable[type[Evaluator]]:
    """Offer the evaluators; nothing heavy is loaded before they are asked for."""
    from synthkit_utility.detection import Detection
    from synthkit_utility.utility import Utility

    return (Detection, Utility)
