"""synthkit: linked synthetic tables behind gates on quality, privacy and referential integrity.

What plugin authors and scripts use is importable from here; each name is loaded when it is first used,
so that the command line starts without pandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synthkit.context import Context
    from synthkit.cores import one_core
    from synthkit.dataset import Dataset
    from synthkit.errors import (
        DataError,
        IntegrityError,
        NothingEvaluatedError,
        PluginError,
        ResourceError,
        SecurityError,
        SynthkitError,
        UsageError,
    )
    from synthkit.evaluator import Evaluator
    from synthkit.flat import features
    from synthkit.format import Format
    from synthkit.given import Balance, Condition, Given, refuse_unknown
    from synthkit.hookspecs import hookimpl
    from synthkit.plugins import PLUGIN_API
    from synthkit.row_numbers import parent_rows
    from synthkit.schema import Column, ColumnKind, ForeignKey, Formula, Schema, Table
    from synthkit.scores import Failure, Score
    from synthkit.section import Section
    from synthkit.split import subjects_of
    from synthkit.synthesizer import NoOptions, Synthesizer

_MODULES = {
    "context": ("Context",),
    "cores": ("one_core",),
    "dataset": ("Dataset",),
    "errors": (
        "DataError",
        "IntegrityError",
        "NothingEvaluatedError",
        "PluginError",
        "ResourceError",
        "SecurityError",
        "SynthkitError",
        "UsageError",
    ),
    "evaluator": ("Evaluator",),
    "flat": ("features",),
    "format": ("Format",),
    "given": ("Balance", "Condition", "Given", "refuse_unknown"),
    "hookspecs": ("hookimpl",),
    "plugins": ("PLUGIN_API",),
    "row_numbers": ("parent_rows",),
    "schema": ("Column", "ColumnKind", "ForeignKey", "Formula", "Schema", "Table"),
    "scores": ("Failure", "Score"),
    "section": ("Section",),
    "split": ("subjects_of",),
    "synthesizer": ("NoOptions", "Synthesizer"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "PLUGIN_API",
    "Balance",
    "Column",
    "ColumnKind",
    "Condition",
    "Context",
    "DataError",
    "Dataset",
    "Evaluator",
    "Failure",
    "ForeignKey",
    "Format",
    "Formula",
    "Given",
    "IntegrityError",
    "NoOptions",
    "NothingEvaluatedError",
    "PluginError",
    "ResourceError",
    "Schema",
    "Score",
    "Section",
    "SecurityError",
    "Synthesizer",
    "SynthkitError",
    "Table",
    "UsageError",
    "features",
    "hookimpl",
    "one_core",
    "parent_rows",
    "refuse_unknown",
    "subjects_of",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"synthkit.{_HOME[name]}"), name)
    raise AttributeError(f"module 'synthkit' has no attribute {name!r}")
