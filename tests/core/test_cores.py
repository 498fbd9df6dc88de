"""Evaluators work on one core, so that their figures do not depend on how many there are."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from threadpoolctl import threadpool_info

from synthkit import Context, Evaluator, Score, one_core
from synthkit.evaluation import Evaluation
from synthkit.testing import linked

pytestmark = pytest.mark.slow  # whole runs, or processes of their own

LOADED_INSIDE = """
from threadpoolctl import threadpool_info
from synthkit import one_core
with one_core():
    import sklearn.ensemble
    print({pool["num_threads"] for pool in threadpool_info()})
"""


class Counting(Evaluator):
    """Its score is the greatest number of threads of a native library."""

    name = "counting"
    ceilings = False

    def evaluate(self, real, synthetic, *, holdout, seed, context):
        yield Score("counting.threads", max(pool["num_threads"] for pool in threadpool_info()), bounds=(1.0, None))


def test_a_library_that_nobody_loaded_before_is_held_too():
    environment = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "2")
    shown = subprocess.run(
        [sys.executable, "-c", LOADED_INSIDE], env=environment, capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "{1}"


def test_an_evaluator_is_held_to_one_core():
    data = linked(60, 0)
    evaluation = Evaluation([Counting()], data, None, (data, data), 0)
    assert evaluation.results(data, Context())[-1].value == 1.0


def test_an_error_gives_the_threads_back():
    before = [pool["num_threads"] for pool in threadpool_info()]
    with pytest.raises(ZeroDivisionError), one_core():
        1 / 0  # noqa: B018
    assert [pool["num_threads"] for pool in threadpool_info()][: len(before)] == before
