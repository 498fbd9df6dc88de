"""How close synthetic tables are to real ones: shapes, trends, relations, dependence, order in time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from synthkit import hookimpl

if TYPE_CHECKING:
    from synthkit import Evaluator


@hookimpl
def synthkit_register_evaluators() -> Iterable[type[Evaluator]]:
    """Offer the evaluator; nothing heavy is loaded before it is asked for."""
    from synthkit_fidelity.evaluator import Fidelity

    return (Fidelity,)
