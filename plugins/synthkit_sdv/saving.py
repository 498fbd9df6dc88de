"""Fitted models of SDV as files."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from synthkit import PluginError
from synthkit_sdv.quiet import quiet

MODEL = "model.pkl"
FACTS = "model.json"


def scrub(model: Any) -> None:
    """Take out of a fitted network what plainly tells of training rows and is not needed to sample.

    ctgan keeps the row numbers of every category, from which the categories of each training row can be
    put together again, and the losses of every epoch.
    """
    network = model._model  # noqa: SLF001 - private names: _model, _data_sampler._rid_by_cat_cols, loss_values
    network.loss_values = None
    if hasattr(network, "_data_sampler"):
        network._data_sampler._rid_by_cat_cols = None  # noqa: SLF001


def save(folder: Path, model: Any, facts: dict[str, Any]) -> None:
    """Write the model by SDV's own means, and facts that need no pickle, into an existing folder."""
    with quiet("writing its model"):
        model.save(folder / MODEL)
    content = {"sdv": version("sdv"), **facts}
    (folder / FACTS).write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", "utf-8")


def load(folder: Path) -> tuple[Any, dict[str, Any]]:
    """The model and the facts that ``save`` wrote; reading a pickle runs code, so only for trusted folders.

    Raises:
        PluginError: written under another version of SDV, or not readable.
    """
    facts: dict[str, Any] = json.loads((folder / FACTS).read_text("utf-8"))
    if facts["sdv"] != version("sdv"):
        problem = f"this model was fitted with SDV {facts['sdv']}, and SDV {version('sdv')} is installed"
        raise PluginError(problem, f"fit it again, or install sdv=={facts['sdv']}")
    from sdv.utils import load_synthesizer

    with quiet("reading its model"):
        return load_synthesizer(folder / MODEL), facts
