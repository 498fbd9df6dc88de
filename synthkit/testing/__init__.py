"""For tests of plugins and of synthkit itself: tiny data sets."""

from __future__ import annotations

from synthkit.testing.datasets import guarded

__all__ = ["guarded"]
