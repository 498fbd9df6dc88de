"""Fitted models as JSON and plain arrays: no pickle, and nothing but the classes below comes back."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from synthkit import DataError
from synthkit_cart.broods import Brood
from synthkit_cart.clock import Clock
from synthkit_cart.computed import Arithmetic, Carried, Computed
from synthkit_cart.conditional import Conditional
from synthkit_cart.heads import Heads
from synthkit_cart.history import Carry, Habit, Layout
from synthkit_cart.items import After, Level, Plain, Repeat, Urn
from synthkit_cart.pointing import Link
from synthkit_cart.stairs import Stairs
from synthkit_cart.steps import Step
from synthkit_cart.tables import TableModel
from synthkit_cart.tokens import Categories, Labels, Numbers
from synthkit_cart.trees import Tree
from synthkit_cart.way import Times, Way

_JSON, _ARRAYS = "model.json", "arrays.npz"
_CLASSES: dict[str, Any] = {
    made.__name__: made
    for made in (
        *(
            After,
            Arithmetic,
            Brood,
            Carried,
            Carry,
            Categories,
            Clock,
            Computed,
            Conditional,
            Habit,
            Heads,
            Labels,
            Layout,
            Level,
            Link,
            Numbers,
            Plain,
            Repeat,
        ),
        *(Stairs, Step, TableModel, Times, Tree, Urn, Way),
    )
}


def save(folder: Path, state: dict[str, Any]) -> None:
    """Write dataclasses, tuples, mappings, arrays and plain values into ``model.json`` and ``arrays.npz``."""
    arrays: dict[str, Any] = {}
    (folder / _JSON).write_text(json.dumps(_plain(state, arrays), ensure_ascii=False), "utf-8")
    np.savez_compressed(folder / _ARRAYS, **arrays)


def load(folder: Path) -> dict[str, Any]:
    """Read the mapping that ``save`` wrote.

    Raises:
        DataError: the files do not hold a model of this engine.
    """
    try:
        with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
            found = _made(
                json.loads((folder / _JSON).read_text("utf-8")), {name: arrays[name] for name in arrays.files}
            )
        return dict(found)
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        raise DataError("the saved model cannot be read", "fit again") from None


def _plain(value: Any, arrays: dict[str, Any]) -> Any:
    """What JSON can say; arrays go aside, those of objects as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            "class": type(value).__name__,
            **{f.name: _plain(getattr(value, f.name), arrays) for f in fields(value)},
        }
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        return {"objects": [item.item() if isinstance(item, np.generic) else item for item in value.tolist()]}
    if isinstance(value, np.ndarray):
        arrays[f"a{len(arrays)}"] = value
        return {"array": f"a{len(arrays) - 1}"}
    if isinstance(value, dict):
        return {"mapping": [[_plain(key, arrays), _plain(own, arrays)] for key, own in value.items()]}
    if isinstance(value, tuple | list):
        return {"tuple": [_plain(item, arrays) for item in value]}
    return value.item() if isinstance(value, np.generic) else value


def _made(plain: Any, arrays: dict[str, Any]) -> Any:
    if not isinstance(plain, dict):
        return plain
    if "class" in plain:
        made = _CLASSES[plain["class"]]
        return made(**{name: _made(value, arrays) for name, value in plain.items() if name != "class"})
    if "array" in plain:
        return arrays[plain["array"]]
    if "objects" in plain:
        return np.array([*plain["objects"], None], dtype=object)[:-1]
    if "mapping" in plain:
        return {_made(key, arrays): _made(value, arrays) for key, value in plain["mapping"]}
    return tuple(_made(item, arrays) for item in plain["tuple"])
