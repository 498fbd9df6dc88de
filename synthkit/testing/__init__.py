"""For tests: gates to assert, promises that every evaluator keeps, and tiny data sets to try plugins on."""

from __future__ import annotations

from synthkit.testing.conformance import check_evaluator, parametrize_with_checks
from synthkit.testing.datasets import guarded, linked
from synthkit.testing.evaluators import EVALUATOR_CHECKS
from synthkit.testing.gates import assert_gates

__all__ = ["EVALUATOR_CHECKS", "assert_gates", "check_evaluator", "guarded", "linked", "parametrize_with_checks"]
