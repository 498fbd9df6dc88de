"""The rules of a schema: which rows break them, and how a sample is made to keep them."""

from synthkit.rules.check import broken_rows, broken_rules
from synthkit.rules.keep import kept

__all__ = ["broken_rows", "broken_rules", "kept"]
