"""ctgan beside SDV's CTGANSynthesizer with its defaults: strict quality, time and memory, as ratios.

``python -m benchmarks.ctgan_quality bank:customers --seeds 5``, or ``adult --data FOLDER --seeds 1``. Each engine and
seed is a whole run in a process of its own, on the same split, seen through the same guard, and on one core.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from benchmarks.apart import Clock, Cost, Lost, apart
from benchmarks.compare import plan_of
from synthkit import Context, Dataset
from synthkit.engine import execute
from synthkit.plan import Plan
from synthkit.plugins import Registry, discover
from synthkit_sdv.seeding import restart
from synthkit_sdv.single_table import SingleTableSynthesizer
from synthkit_sdv.tables import Tables

SHAPES, TRENDS = "sdmetrics.quality.column_shapes", "sdmetrics.quality.column_pair_trends"
OVERALL = "sdmetrics.quality.overall"
ENGINES = ("sdv_ctgan", "ctgan")
FIGURES = {OVERALL: "strict quality", SHAPES: "shapes", TRENDS: "trends"}


class Upstream(SingleTableSynthesizer):
    """SDV's CTGANSynthesizer as it comes: 300 epochs, 500 rows at a step, in packs of ten."""

    name = "sdv_ctgan"

    def learned(self, tables: Tables, training: Dataset, seed: int, context: Context) -> Any:
        from sdv.single_table import CTGANSynthesizer  # noqa: PLC0415 - only where it is asked for

        del seed, context
        model = CTGANSynthesizer(tables.metadata(), enable_gpu=False)
        model.fit(tables.to_sdv(training))
        return model

    def drawing(self, seed: int) -> Callable[[int], pd.DataFrame]:
        import numpy as np  # noqa: PLC0415

        restart(self._model, np.random.SeedSequence(seed))
        return lambda rows: next(iter(self._model.sample(rows).values()))


def registry() -> Registry:
    """All that is installed, and SDV's own."""
    installed = discover()
    own = next(plugin for plugin in installed.plugins if plugin.name == "ctgan")
    return replace(installed, plugins=(*installed.plugins, replace(own, name=Upstream.name, offered=Upstream)))


def one(plan: Plan, clock: Clock) -> tuple[dict[str, float], Cost, tuple[str, ...]]:
    """The figures of a whole run, in a folder that does not stay."""
    with tempfile.TemporaryDirectory() as folder:
        run = execute(plan.model_copy(update={"out": Path(folder) / "run"}), registry(), clock)
    scores = {score.metric: score.value for score in run.scores if score.table is None}
    return {name: scores[name] for name in FIGURES}, clock.cost, run.notes


def main() -> None:
    """Print each run as it ends, then the medians and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", default="bank:customers", nargs="?", help="data set; bank:customers if none is named")
    parser.add_argument("--data", type=Path, help="folder of data sets")
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    base = {"evaluators": ("sdmetrics",), "no_gates": True}
    found: dict[str, list[tuple[dict[str, float], Cost]]] = {name: [] for name in ENGINES}
    for seed in range(asked.seeds):
        for engine in ENGINES:
            update = {**base, "plugin": engine, "seed": seed}
            ended = apart(one, plan_of(asked.name, asked.data).model_copy(update=update), 7200)
            if isinstance(ended, Lost):
                raise SystemExit(f"{engine}: {ended.reason}")
            figures, cost, notes = ended
            found[engine].append((figures, cost))
            told = ", ".join(f"{label} {figures[name]:.4f}" for name, label in FIGURES.items())
            about = next((note for note in notes if "steps" in note), "")
            spent = (
                f"fit {cost.fit:.1f} CPU s ({cost.fit_wall:.1f} s), sample {cost.sample:.1f}, peak {cost.peak:.0f} MiB"
            )
            print(f"seed {seed} {engine}: {told}; {spent}; {about}", flush=True)
    _compare(*(found[name] for name in ENGINES))


def _compare(theirs: list[tuple[dict[str, float], Cost]], ours: list[tuple[dict[str, float], Cost]]) -> None:
    for name, label in FIGURES.items():
        first, second = (median(figures[name] for figures, _ in runs) for runs in (theirs, ours))
        print(f"median {label}: SDV {first:.4f}, ours {second:.4f}, {100 * (second - first):+.1f} points")
    for label, told in _COSTS.items():
        first, second = (median(told(cost) for _, cost in runs) for runs in (theirs, ours))
        print(f"median {label}: SDV {first:.1f}, ours {second:.1f}, ratio {second / first:.2f}")


_COSTS: dict[str, Callable[[Cost], float]] = {
    "fit, CPU s": lambda cost: cost.fit,
    "fit and sample, CPU s": lambda cost: cost.both,
    "peak memory, MiB": lambda cost: cost.peak,
}


if __name__ == "__main__":
    main()
