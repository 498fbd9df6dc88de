"""For tests: gates to assert, and tiny data sets for tests of plugins and of synthkit itself."""

from __future__ import annotations

from synthkit.testing.datasets import guarded
from synthkit.testing.gates import assert_gates

__all__ = ["assert_gates", "guarded"]
