"""How to make the same again."""

from __future__ import annotations

import json
import shlex
from typing import Any

from synthkit.run import Run

_KEPT = ("k", "locale", "rare")
_VERBS = {"sample": ("sample", "MODEL")}


def command(run: Run, subject: str | None) -> str:
    """The command line that makes a run again, given the same data; ``subject`` is the table of the subjects.

    Example:
        >>> run = Run("run", 7, "cart", rows={"customers": 100}, source={"name": "my data"}, guard={"k": 20})
        >>> command(run, "customers")
        "synthkit run --plugin cart --data 'my data' --rows 100 --seed 7 --k 20"
    """
    words = ["synthkit", *_VERBS.get(run.command, (run.command,))]
    words += ["--plugin", run.plugin] if run.plugin and run.command == "run" else []
    name = str(run.source.get("name", ""))
    words += ["--data", name] if name and not name.startswith("bank, ") else []
    words += ["--rows", str(run.rows[subject])] if subject is not None and subject in run.rows else []
    words += ["--seed", str(run.seed)]
    if run.command == "run":
        words += ["--repeats", str(run.repeats)] if run.repeats > 1 else []
        for key, value in run.options.items():
            words += ["-o", f"{key}={_as_toml(value)}"] if value is not None else []
        for key in _KEPT:
            words += [f"--{key}", str(run.guard[key])] if key in run.guard else []
    return shlex.join(words)


def _as_toml(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
