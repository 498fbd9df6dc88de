"""What the tables are: columns, keys, rules and the subject to protect; frozen, and never a real value."""

from synthkit.schema.rules import (
    ConditionalNull,
    FixedCombinations,
    Formula,
    Inclusion,
    Inequality,
    OnlyIf,
    Range,
    Rule,
    Running,
    UniqueCombination,
    in_words,
)
from synthkit.schema.schema import Schema
from synthkit.schema.tables import Column, ColumnKind, ForeignKey, Table

__all__ = [
    "Column",
    "ColumnKind",
    "ConditionalNull",
    "FixedCombinations",
    "ForeignKey",
    "Formula",
    "Inclusion",
    "Inequality",
    "OnlyIf",
    "Range",
    "Rule",
    "Running",
    "Schema",
    "Table",
    "UniqueCombination",
    "in_words",
]
