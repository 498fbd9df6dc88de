"""Engines side by side on the same data, and how their cost grows: ``python -m benchmarks --help``.

No part of the wheel. The other scripts here each answer one question: ``python -m benchmarks.guard_cost --help``.
"""
