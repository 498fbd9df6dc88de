"""For tests: promises that every plugin keeps, gates to assert, tiny data sets and strategies to try plugins on.

``schemas`` and ``datasets`` need hypothesis, ``parametrize_with_checks`` needs pytest; the rest needs neither.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from synthkit.testing.conformance import (
    check_evaluator,
    check_format,
    check_synthesizer,
    outcomes,
    parametrize_with_checks,
)
from synthkit.testing.evaluators import EVALUATOR_CHECKS
from synthkit.testing.formats import FORMAT_CHECKS
from synthkit.testing.gates import assert_gates
from synthkit.testing.synthesizers import SYNTHESIZER_CHECKS
from synthkit.testing.tables import guarded, linked

if TYPE_CHECKING:
    from synthkit.testing.strategies import datasets, schemas

__all__ = [
    "EVALUATOR_CHECKS",
    "FORMAT_CHECKS",
    "SYNTHESIZER_CHECKS",
    "assert_gates",
    "check_evaluator",
    "check_format",
    "check_synthesizer",
    "datasets",
    "guarded",
    "linked",
    "outcomes",
    "parametrize_with_checks",
    "schemas",
]


def __getattr__(name: str) -> Any:
    if name in ("datasets", "schemas"):
        return getattr(import_module("synthkit.testing.strategies"), name)
    raise AttributeError(f"module 'synthkit.testing' has no attribute {name!r}")
