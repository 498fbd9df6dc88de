"""Fitted models of SDV as files."""

# ruff: noqa: SLF001 - SDV offers no public way; a test fails when one of these names is gone

from __future__ import annotations

import json
import pickle
from importlib.metadata import version
from pathlib import Path
from typing import Any

from synthkit import PluginError
from synthkit_sdv.quiet import quiet
from synthkit_sdv.unpickling import read_pickle

MODEL = "model.pkl"
FACTS = "model.json"


def scrub(model: Any) -> None:
    """Take out of a fitted model what tells of training rows, or runs code when read, and is not needed to sample.

    ctgan keeps the row numbers of every category, from which the categories of each training row can be
    put together again, and the losses of every epoch. SDV keeps a Faker for keys and personal data, which it
    never gets here; pickling one needs ``getattr``, with which a pickle can reach everything. The next sample
    makes a new one.
    """
    singles = [*getattr(model, "_table_synthesizers", {"": model}).values()]
    singles += getattr(model, "_null_child_synthesizers", {}).values()  # one for each key that may be null
    for single in singles:
        processor, network = single._data_processor, single._model
        processor._transformers_by_sdtype = {}
        for transformer in processor._hyper_transformer.field_transformers.values():
            if hasattr(transformer, "faker"):
                transformer.faker = None
        if hasattr(network, "loss_values"):
            network.loss_values = None
        if hasattr(network, "_data_sampler"):
            network._data_sampler._rid_by_cat_cols = None


def save(folder: Path, model: Any, facts: dict[str, Any]) -> None:
    """Scrub the model and write it, and facts that need no pickle, into an existing folder; it can be read back.

    Plain pickle, not SDV's own ``save``: cloudpickle would take in functions by value, and none is needed.
    """
    with quiet("writing its model"):
        scrub(model)
        with (folder / MODEL).open("wb") as file:
            pickle.dump(model, file, protocol=4)
        read_pickle(folder / MODEL)
    content = {"sdv": version("sdv"), **facts}
    (folder / FACTS).write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", "utf-8")


def load(folder: Path) -> tuple[Any, dict[str, Any]]:
    """The model and the facts that ``save`` wrote.

    Raises:
        PluginError: written under another version of SDV, or not readable.
        SecurityError: the pickle names what no model is made of.
    """
    facts: dict[str, Any] = json.loads((folder / FACTS).read_text("utf-8"))
    if facts["sdv"] != version("sdv"):
        problem = f"this model was fitted with SDV {facts['sdv']}, and SDV {version('sdv')} is installed"
        raise PluginError(problem, f"fit it again, or install sdv=={facts['sdv']}")
    with quiet("reading its model"):
        return read_pickle(folder / MODEL), facts
