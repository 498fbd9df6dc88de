"""How often the default gates refuse real data, and how often they let a baseline or a few copies pass.

Run with the seeds to try and, optionally, a folder of tables: ``python benchmarks/self_test.py 20 [PATH [TABLES]]``.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

import pandas as pd

from synthkit.context import Context
from synthkit.dataset import Dataset
from synthkit.evaluation import Evaluation
from synthkit.gates import default_gates, judge
from synthkit.material import read
from synthkit.plan import Plan
from synthkit.plugins import discover
from synthkit.selftest import self_test
from synthkit.split import draw, split

COPIES = 0.02


def mixed(real: Dataset, training: Dataset, seed: int) -> Dataset:
    """Other real subjects with two in a hundred replaced by training subjects; only the subject table counts."""
    name = real.subject
    few = draw(training, max(1, round(COPIES * len(real[name]))), seed)
    rows = pd.concat([real[name].iloc[len(few[name]) :], few[name]], ignore_index=True)
    return Dataset(real.schema, {**real.tables, name: rows})


def main(seeds: int, path: Path | None, tables: tuple[str, ...]) -> None:
    """Print how many of the seeds ended as they should, per case, and the seconds of one evaluation."""
    registry = discover()
    real = read(Plan(data=path, tables=tables), registry, Context())
    evaluators = [registry.find("evaluator", name).cls() for name in ("fidelity", "privacy")]
    right: Counter[str] = Counter()
    seconds = 0.0
    for seed in range(seeds):
        for case in self_test(real, evaluators, {}, registry, seed=seed, context=Context()).cases:
            right[case.name] += case.as_it_should
        rest, fresh, _ = split(real, 0.4, seed)
        training, holdout, _ = split(rest, 0.25, seed)
        began = time.perf_counter()
        evaluation = Evaluation(evaluators, training, holdout, (training, holdout), seed, ceilings=False)
        gates = default_gates(("privacy",), fresh_keys=False)
        verdicts = judge(gates, evaluation.results(mixed(fresh, training, seed), Context()))
        seconds += time.perf_counter() - began
        right["2 % copies"] += any(v.fails for v in verdicts if v.gate.startswith("privacy.copies"))
    for name, count in right.items():
        print(f"{name:<20}{count:4d} of {seeds}")
    print(f"{'one evaluation':<20}{seconds / seeds:6.1f} s")


if __name__ == "__main__":
    main(
        int(sys.argv[1]),
        Path(sys.argv[2]) if len(sys.argv) > 2 else None,
        tuple(sys.argv[3].split(",")) if len(sys.argv) > 3 else (),
    )
