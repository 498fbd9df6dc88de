"""Sample from a saved model in a process that knows nothing else: what is told of it goes in as JSON, and out again."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import reduce
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from inspect import getfile
from pathlib import Path
from types import ModuleType
from typing import Any

from synthkit.context import Context
from synthkit.synthesizer import Synthesizer
from synthkit.testing.comparison import fingerprints

_PROGRAM = """
import json, sys
told = json.load(sys.stdin)
sys.path[:] = told["path"]
from synthkit.testing.reload import main
main(told)
"""


def sampled_elsewhere(cls: type[Synthesizer], folder: Path, *, rows: int, seed: int) -> dict[str, str]:
    """The fingerprints of what the saved model draws in a new process.

    Raises:
        RuntimeError: that process failed; the last line that it wrote says how.
    """
    where = {"path": sys.path, "module": cls.__module__, "file": getfile(cls), "name": cls.__qualname__}
    told = json.dumps({**where, "folder": str(folder), "rows": rows, "seed": seed})
    command = [sys.executable, "-c", _PROGRAM]
    done = subprocess.run(command, input=told, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["it ended without a word"])[-1])
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(told: dict[str, Any]) -> None:
    """Load the model that is told of, sample and print."""
    cls = reduce(getattr, told["name"].split("."), _module(told["module"], Path(told["file"])))
    model = cls.load(Path(told["folder"]))
    sys.stdout.write(json.dumps(fingerprints(model.sample(told["rows"], seed=told["seed"], context=Context()))) + "\n")


def _module(name: str, file: Path) -> ModuleType:
    """The module of that name; one that cannot be imported by name, such as a test, from its file."""
    try:
        return import_module(name)
    except ImportError:
        spec = spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise
        sys.modules[name] = module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
