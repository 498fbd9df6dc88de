"""Whether ``fidelity`` tells broken from weak on ``bank``: ``python benchmarks/fidelity_figures.py [--customers N]``.

Every overall score of four data sets against the bank of seed 0: another seed, what a perfect model would reach;
each column permuted on its own, keys included; the right tables with permuted owner keys; the right tables with
every row of a customer moved to one other customer, which keeps what children have in common.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
import pandas as pd

from synthkit import Context, Dataset, Score
from synthkit.bank import bank
from synthkit.inference import infer
from synthkit.source import from_frames, read_dataset
from synthkit_fidelity.evaluator import Fidelity


def dataset(customers: int, seed: int) -> Dataset:
    """The bank with the schema that inference finds."""
    tables = from_frames(bank(customers, seed))
    return read_dataset(tables, infer(tables)[0])


def permuted(column: pd.Series, random: np.random.Generator) -> pd.Series:
    """The same values in another order."""
    return column.iloc[random.permutation(len(column))].reset_index(drop=True)


def independent(data: Dataset, random: np.random.Generator) -> Dataset:
    """Each column on its own."""
    return replace(data, tables={t: frame.apply(permuted, random=random) for t, frame in data.tables.items()})


def shuffled_keys(data: Dataset, random: np.random.Generator) -> Dataset:
    """Each child with a random parent."""
    tables = dict(data.tables)
    for key in data.schema.foreign_keys:
        frame = tables[key.table]
        tables[key.table] = frame.assign(**{c: permuted(frame[c], random) for c in key.columns})
    return replace(data, tables=tables)


def swapped_parents(data: Dataset, random: np.random.Generator) -> Dataset:
    """All children of a parent together at a random parent."""
    frame = data[data.subject]
    (key,) = data.schema[data.subject].primary_key
    return replace(data, tables={**data.tables, data.subject: frame.assign(**{key: permuted(frame[key], random)})})


def main() -> None:
    """Print a table of scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=10_000)
    customers = parser.parse_args().customers
    real, random = dataset(customers, 0), np.random.default_rng(0)
    others = {
        "fresh": dataset(customers, 1),
        "independent": independent(real, random),
        "shuffled": shuffled_keys(real, random),
        "swapped": swapped_parents(real, random),
    }
    found, started = {}, time.perf_counter()
    for name, other in others.items():
        results = Fidelity().evaluate(real, other, holdout=None, seed=0, context=Context())
        found[name] = {r.id: r.value for r in results if isinstance(r, Score) and r.table is None}
    print(pd.DataFrame(found).round(3).to_string())
    print(f"{(time.perf_counter() - started) / len(others):.2f} s an evaluation of {customers:,} customers")


if __name__ == "__main__":
    main()
