"""How often the default gates refuse real data, and how often they let a baseline or a few copies pass.

Run with the seeds to try and, optionally, a folder of tables: ``python benchmarks/self_test.py 20 [PATH [TABLES]]``.
Two copies in a hundred are mixed into 10,000 rows of the bundled example, whatever the folder. At the end, the least
and the greatest value of each score, which tell how far from chance a verdict was.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

import pandas as pd

from synthkit import source
from synthkit.bank import bank
from synthkit.context import Context
from synthkit.dataset import Dataset
from synthkit.evaluation import Evaluation
from synthkit.gates import Verdict, built_in_gates, judge
from synthkit.inference import infer
from synthkit.material import read
from synthkit.plan import Plan
from synthkit.plugins import Registry, discover
from synthkit.selftest import Case, self_test
from synthkit.split import draw, split

COPIES = 0.02
CUSTOMERS = 25_000


def mixed(real: Dataset, training: Dataset, seed: int) -> Dataset:
    """Other real subjects with two in a hundred replaced by training subjects."""
    name = real.subject
    few = draw(training, max(1, round(COPIES * len(real[name]))), seed)
    rows = pd.concat([real[name].iloc[len(few[name]) :], few[name]], ignore_index=True)
    return Dataset(real.schema, {**real.tables, name: rows})


def few_copies(real: Dataset, registry: Registry, seed: int) -> Case:
    """What the gates on copies say about 10,000 rows, two in a hundred of which are training rows."""
    rest, fresh, _ = split(real, 0.4, seed)
    training, holdout, _ = split(rest, 0.25, seed)
    evaluator = registry.find("evaluator", "privacy").cls()
    evaluation = Evaluation([evaluator], training, holdout, (training, holdout), seed, ceilings=False)
    gates = built_in_gates("default", ("privacy",), fresh_keys=False)
    verdicts = judge(gates, evaluation.results(mixed(fresh, training, seed), Context()))
    return Case("2 % copies", tuple(each for each in verdicts if each.gate.startswith("privacy.copies")))


def many_customers() -> Dataset:
    """The customers of a bundled example of 25,000, of which 10,000 stand for synthetic ones."""
    tables = source.from_frames({"customers": bank(CUSTOMERS)["customers"]})
    return source.read_dataset(tables, infer(tables)[0])


def main(seeds: int, path: Path | None, tables: tuple[str, ...]) -> None:
    """Print after each seed how many ended as they should, per case, and the seconds of one trial."""
    registry = discover()
    real, many = read(Plan(data=path, tables=tables), registry, Context()), many_customers()
    evaluators = [registry.find("evaluator", name).cls() for name in ("fidelity", "privacy")]
    gates = built_in_gates("default", ("fidelity", "privacy"), fresh_keys=False)
    right: Counter[str] = Counter()
    values: dict[tuple[str, str], list[float]] = {}
    clocks = time.perf_counter(), time.process_time()
    for seed in range(seeds):
        tested = self_test(real, evaluators, gates, registry, seed=seed, context=Context()).cases
        cases = (*tested, few_copies(many, registry, seed))
        for case in cases:
            right[case.name] += case.as_it_should
            if not case.as_it_should:
                print(f"seed {seed}: {case.name}: {', '.join(case.caught_by) or 'passed'}")
            for verdict in case.verdicts:
                values.setdefault((case.name, verdict.gate), []).extend(_value(verdict))
        told = ", ".join(f"{name} {count}" for name, count in right.items())
        evaluations = (seed + 1) * len(cases)
        wall, busy = (
            (now - then) / evaluations
            for now, then in zip((time.perf_counter(), time.process_time()), clocks, strict=True)
        )
        print(f"of {seed + 1}: {told}; {wall:.1f} s for each evaluation, {busy:.1f} s of the processor", flush=True)
    for (case_name, gate), found in values.items():
        if found:
            print(f"{case_name:20} {gate:30} {min(found):8.3f} to {max(found):8.3f}")


def _value(verdict: Verdict) -> list[float]:
    return [] if verdict.value is None else [verdict.value]


if __name__ == "__main__":
    main(
        int(sys.argv[1]),
        Path(sys.argv[2]) if len(sys.argv) > 2 else None,
        tuple(sys.argv[3].split(",")) if len(sys.argv) > 3 else (),
    )
