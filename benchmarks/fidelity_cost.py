"""What ``fidelity`` costs beside SDMetrics' strict report: ``python benchmarks/fidelity_cost.py [--rows N]``.

One table of 20 columns (9 numbers, 2 dates, 7 categories, 2 booleans, some null), real and synthetic of equal
size. Each evaluator runs in a process of its own, one after the other; memory is the peak above the tables
themselves. Needs the extra sdv and Linux.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from pathlib import Path

import numpy as np
import pandas as pd

from synthkit import Column, ColumnKind, Context, Dataset, Evaluator, Schema, Score, Table

NUMBERS, DATES, CATEGORIES, BOOLEANS = 9, 2, 7, 2


def tables(rows: int, seed: int) -> Dataset:
    """A table whose columns depend on one another by a hidden factor."""
    random, columns, frame = np.random.default_rng(seed), list[Column](), dict[str, object]()
    hidden = random.standard_normal(rows)
    for i in range(NUMBERS):
        values = np.exp(0.3 * hidden + random.standard_normal(rows)).round(2 if i % 3 else 12)
        frame[f"number{i}"] = np.where(random.random(rows) < 0.05 * (i % 2), np.nan, values)
        columns.append(Column(f"number{i}", ColumnKind.NUMERICAL, "double", nullable=True))
    for i in range(DATES):
        days = (1000 + 200 * (hidden + random.standard_normal(rows))).astype("timedelta64[D]")
        frame[f"date{i}"] = np.datetime64("2020-01-01", "us") + days
        columns.append(Column(f"date{i}", ColumnKind.DATETIME, "timestamp[us]"))
    for i in range(CATEGORIES):
        levels = np.array([f"level {n}" for n in range(2 ** (i + 2))])
        places = (len(levels) * random.random(rows) ** np.exp(0.2 * hidden)).astype(int)
        frame[f"category{i}"] = pd.Series(levels[places.clip(max=len(levels) - 1)], dtype=str)
        columns.append(Column(f"category{i}", ColumnKind.CATEGORICAL))
    for i in range(BOOLEANS):
        frame[f"flag{i}"] = random.random(rows) < 0.3 + 0.1 * np.sign(hidden)
        columns.append(Column(f"flag{i}", ColumnKind.BOOLEAN, "bool"))
    return Dataset(Schema((Table("t", tuple(columns)),)), {"t": pd.DataFrame(frame)})


def _made(name: str) -> Evaluator:
    """The evaluator of that name; no other is loaded, and importing is not evaluating."""
    if name == "fidelity":
        from synthkit_fidelity.evaluator import Fidelity  # noqa: PLC0415

        return Fidelity()
    import sdmetrics.reports  # noqa: F401, PLC0415

    from synthkit_sdmetrics.evaluator import SDMetrics  # noqa: PLC0415

    return SDMetrics()


def cost(name: str, rows: int, answers: multiprocessing.Queue[tuple[float, float, int]]) -> None:
    """Evaluate once; hand over seconds, MiB above the data and the number of scores."""
    evaluator = _made(name)
    real, synthetic = (tables(rows, seed) for seed in (0, 1))
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before, started = _mebibytes("VmRSS"), time.perf_counter()
    results = list(evaluator.evaluate(real, synthetic, holdout=None, seed=0, context=Context()))
    seconds = time.perf_counter() - started
    answers.put((seconds, _mebibytes("VmHWM") - before, sum(isinstance(result, Score) for result in results)))


def _mebibytes(field: str) -> float:
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def main() -> None:
    """Print seconds and memory of both, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    processes, found = multiprocessing.get_context("spawn"), {}
    for name in ("fidelity", "sdmetrics"):
        answers = processes.Queue()
        process = processes.Process(target=cost, args=(name, rows, answers))
        process.start()
        found[name] = answers.get()
        process.join()
        seconds, memory, scores = found[name]
        print(
            f"{name:10} {rows:,} rows: {seconds:7.1f} s, {memory:6.0f} MiB above the data, {scores} scores", flush=True
        )
    ratios = [ours / theirs for ours, theirs in zip(found["fidelity"], found["sdmetrics"], strict=True)]
    print(f"ratio      {ratios[0]:.3f} of the time, {ratios[1]:.2f} of the memory")


if __name__ == "__main__":
    main()
