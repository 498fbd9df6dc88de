"""What ``detection`` and ``utility`` say of broken banks: ``python benchmarks/utility_figures.py [--customers N]``.

A bank of N customers, a fifth of them held out; each baseline learns from the rest and draws ``--rows`` customers;
``fresh`` is a bank of another seed, what a perfect model would give. Prints
seconds of processor time, too: all is done on one core.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

from synthkit import Context, Dataset, Score
from synthkit.bank import bank
from synthkit.guard import Guard
from synthkit.inference import infer
from synthkit.source import from_frames, read_dataset
from synthkit.split import split
from synthkit_baselines.broken import Independent, ShuffledKeys
from synthkit_baselines.copies import BootstrapSubjects, Copy, Jitter
from synthkit_utility.detection import Detection
from synthkit_utility.utility import Utility

BASELINES = {cls.name: cls for cls in (Independent, ShuffledKeys, Copy, Jitter, BootstrapSubjects)}


def dataset(customers: int, seed: int) -> Dataset:
    """The bank with the schema that inference finds."""
    tables = from_frames(bank(customers, seed))
    return read_dataset(tables, infer(tables)[0])


def others(names: list[str], real: Dataset, training: Dataset, rows: int) -> Iterator[tuple[str, Dataset]]:
    """Synthetic data sets by name."""
    if "fresh" in names:
        yield "fresh", dataset(rows, 1)
    guard = Guard.learn(training, real=real)
    protected = guard.protect(training)
    for name in (name for name in names if name != "fresh"):
        model = BASELINES[name](BASELINES[name].Options()).fit(protected, seed=0, context=Context())
        yield name, guard.restore(model.sample(rows, seed=1, context=Context()), seed=2, real=real)


def main() -> None:
    """Print every score but the importances, then the notes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--only", nargs="*", default=["fresh", *BASELINES])
    given = parser.parse_args()
    real = dataset(given.customers, 0)
    training, holdout, _ = split(real, 0.2, 0)
    for name, synthetic in others(given.only, real, training, given.rows):
        for evaluator in (Detection(), Utility()):
            context, started = Context(), time.process_time()
            results = evaluator.evaluate(training, synthetic, holdout=holdout, seed=0, context=context)
            print(f"{name}: {evaluator.name} took {time.process_time() - started:.1f} s of one core")
            for result in (r for r in results if "importance" not in r.metric):
                value = f"{result.value:.3f} ± {result.error or 0:.3f}" if isinstance(result, Score) else result.reason
                print(f"    {result.id:48} {value}")
            print(*(f"    {note}" for note in context.notes), sep="\n")


if __name__ == "__main__":
    main()
