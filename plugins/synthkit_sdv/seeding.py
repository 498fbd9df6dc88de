"""One seed for fitting and one for sampling, in a library that knows only global generators and a fixed seed."""

# ruff: noqa: NPY002, SLF001 - SDV, rdt and copulas know numpy's old generators only, and no public seed

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Within the block all global generators start from ``seed``, on one thread; afterwards all is as before.

    One thread, because sums over several depend on their number, and because the steps of these models are
    too small to share.
    """
    import joblib  # type: ignore[import-untyped]
    import torch
    from threadpoolctl import threadpool_limits

    before = random.getstate(), np.random.get_state(), torch.get_num_threads()
    number = int(np.random.SeedSequence(seed).generate_state(1)[0])
    try:
        # ctgan would start a process per core to transform its columns
        with (
            threadpool_limits(1),
            joblib.parallel_config(backend="sequential"),
            torch.random.fork_rng(range(torch.cuda.device_count())),
        ):
            random.seed(number)
            np.random.seed(number)
            torch.manual_seed(number)
            torch.set_num_threads(1)
            yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        torch.set_num_threads(before[2])


def restart(table: Any, seed: np.random.SeedSequence) -> None:
    """Let a fitted single-table synthesizer of SDV draw anew from ``seed``, whatever it drew before.

    Without this it starts from 73251 in every process.
    """
    table.reset_sampling()
    transformers = table._data_processor._hyper_transformer.field_transformers
    own, *others = seed.spawn(1 + len(transformers))
    if table._model is not None:
        table._set_random_state(int(own.generate_state(1)[0]))
    for column, other in zip(sorted(transformers), others, strict=True):
        if transformers[column] is not None:  # it decides where nulls go
            state = np.random.RandomState(other.generate_state(1)[0])
            transformers[column].set_random_state(state, "reverse_transform")
