"""What the kits share: how a broken promise is told, and global random generators that are watched."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, NoReturn, TypeAlias

import numpy as np

Checked: TypeAlias = type[Any]  # a Synthesizer, an Evaluator or a Format
Check: TypeAlias = Callable[[Any], None]

_SEED = 20_261_123


def require(kept: bool, plugin: Checked, name: str, complaint: str) -> None:
    """Raise one line that names the plugin, what is wrong and why, unless the promise is kept.

    Raises:
        AssertionError: it is not.
    """
    __tracebackhide__ = True  # pytest shows the check that asked
    if not kept:
        fail(plugin, name, complaint)


def fail(plugin: Checked, name: str, complaint: str) -> NoReturn:
    """Raise one line that names the plugin, what is wrong and why.

    Raises:
        AssertionError: always.
    """
    __tracebackhide__ = True
    raise AssertionError(f"{plugin.name}: {name} {complaint}")


@contextmanager
def global_seed(seed: int = _SEED) -> Iterator[None]:
    """Seed the global generators of numpy, Python and, where it is loaded, torch; leave them as they were."""
    numpy, python, torch = np.random.get_state(), random.getstate(), sys.modules.get("torch")  # noqa: NPY002
    other = torch.get_rng_state() if torch else None
    np.random.seed(seed)  # noqa: NPY002 - the state that nobody should read
    random.seed(seed)
    if torch:
        torch.manual_seed(seed)
    try:
        yield
    finally:
        np.random.set_state(numpy)  # noqa: NPY002
        random.setstate(python)
        if torch:
            torch.set_rng_state(other)


def global_state() -> tuple[Any, ...]:
    """What the global generators would draw next."""
    name, keys, *rest = np.random.get_state(legacy=True)  # noqa: NPY002 - the state that must not change
    torch = sys.modules.get("torch")
    drawn = torch.get_rng_state().numpy().tobytes() if torch else b""
    return name, np.asarray(keys).tobytes(), rest, random.getstate(), drawn


class Watch:
    """How much work lies between two reports, in seconds of this thread, so that a busy machine changes nothing."""

    def __init__(self) -> None:
        self._times = [time.thread_time()]

    def __call__(self, fraction: float, text: str) -> None:
        del fraction, text  # how far it is does not matter
        self._times.append(time.thread_time())

    def longest(self) -> float:
        """The longest time between two reports, up to now."""
        times = [*self._times, time.thread_time()]
        return max(after - before for before, after in pairwise(times))
