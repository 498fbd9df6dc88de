"""Figures that do not depend on the number of cores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from threadpoolctl import threadpool_limits


@contextmanager
def one_core() -> Iterator[None]:
    """Hold the threads of numpy's and scikit-learn's native libraries to one, and give them back at the end.

    Sums that threads share differ in their last digit with the number of threads. And steps as small as those of an
    evaluation only wait for each other: on a busy machine of two cores, threads made one cost four times as much.

    Example:
        >>> with one_core():
        ...     totals = [sum(range(n)) for n in range(3)]
        >>> totals
        [0, 0, 1]
    """
    import_module("sklearn.ensemble")  # threads of a library that is loaded later would not be held
    with threadpool_limits(1):
        yield
