"""What a fit may take, and where it keeps what it has reached until the run has ended well."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synthkit.context import Context
from synthkit.material import Material
from synthkit.plan import Plan
from synthkit.signing import signature
from synthkit.synthesizer import Synthesizer


def place(plan: Plan, made: Synthesizer, material: Material) -> Path:
    """The hidden folder beside the run's for the checkpoints of its fits; it need not exist.

    Its name is a hash, under this user's key, of all that decides what is learned, so that a run never meets the
    checkpoints of another one.
    """
    settings = plan.model_dump(mode="json", include={"seed", "k", "rare", "locale", "tables", "table", "holdout"})
    about = [made.name, made.options.model_dump(mode="json"), settings, material.source["fingerprint"]]
    digest = signature(json.dumps(about, sort_keys=True).encode())[:16]
    return (plan.out.parent if plan.out else Path("runs")) / f".{made.name}-{digest}.checkpoint"


def prepare(context: Context, plan: Plan, folder: Path) -> None:
    """Tell a fit its deadline, from now on, and its folder, which is emptied unless the plan says ``resume``."""
    if plan.max_minutes is not None:
        context.deadline = time.monotonic() + 60 * plan.max_minutes
    if not plan.resume:
        forget(folder)
    elif not folder.exists():
        context.note(f"--resume found no checkpoint of this run in {folder.parent.parent}, so it began anew")
    context.checkpoint = folder


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Let who interrupts a fit know where there is something to go on from."""
    try:
        yield
    except KeyboardInterrupt:
        if folder.exists():
            raise KeyboardInterrupt("the same command with --resume goes on where the fit was") from None
        raise


def forget(folder: Path) -> None:
    """Remove a folder of checkpoints, if there is one."""
    shutil.rmtree(folder, ignore_errors=True)
