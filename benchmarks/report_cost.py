"""What a report costs: seconds to count, draw and write it, and the size and opening time of its page.

For the bundled example, for tables in folders that are named, and for a generated table of 300 columns by a million
rows; seconds are those of the processor, so that other work on the machine does not count::

    python benchmarks/report_cost.py [--rows 1000000] [FOLDER …]

Real data are a half of the tables, the other half stands for the synthetic ones. Opening times need Playwright and
Chromium, and are left out without them.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from synthkit import Column, ColumnKind, Context, Dataset, Schema, Score, Table
from synthkit.bank import bank
from synthkit.inference import infer
from synthkit.material import with_subject
from synthkit.plugins import discover
from synthkit.report import Report, Sides, by_column, figures, write_plots, write_report
from synthkit.run import Run
from synthkit.source import from_frames, read_dataset, read_tables
from synthkit.split import split

_COLUMNS = 300


def main() -> None:
    """Print one line per data set."""
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("folders", type=Path, nargs="*")
    given = options.parse_args()
    print(f"{'data':<24}{'count':>8}{'draw':>8}{'write':>8}{'in all':>8}{'figures':>9}{'page':>10}{'opens':>8}")
    print(_costs("bank, 10,000 customers", _read(from_frames(bank(10_000)))))
    for folder in given.folders:
        print(_costs(folder.name, _read(read_tables(folder, discover().usable("format"))[0])))
    print(_costs(f"{_COLUMNS} × {given.rows:,}", _wide(given.rows)))


def _read(tables: dict[str, object]) -> Dataset:
    schema, _ = infer(tables)
    return with_subject(read_dataset(tables, schema))


def _wide(rows: int) -> Dataset:
    """As many columns as fit a person's patience: six in ten are numbers, three categories, one a date."""
    random = np.random.default_rng(0)
    hidden = random.normal(size=rows)
    columns, frame = [], dict[str, object]()
    for place in range(_COLUMNS):
        name, kind = (
            f"column_{place:03}",
            (*[ColumnKind.NUMERICAL] * 6, *[ColumnKind.CATEGORICAL] * 3, ColumnKind.DATETIME),
        )
        if kind[place % 10] is ColumnKind.NUMERICAL:
            frame[name] = hidden * (place % 7) + random.normal(size=rows)
        elif kind[place % 10] is ColumnKind.CATEGORICAL:
            frame[name] = np.array([f"kind {i}" for i in range(20)])[random.geometric(0.3, rows).clip(1, 20) - 1]
        else:
            frame[name] = np.datetime64("2020-01-01", "us") + random.integers(0, 999, rows).astype("timedelta64[D]")
        columns.append(Column(name, kind[place % 10]))
    return Dataset(Schema((Table("wide", tuple(columns)),), subject="wide"), {"wide": pd.DataFrame(frame)})


def _costs(name: str, data: Dataset) -> str:
    real, synthetic, _ = split(data, 0.5, 0)
    training, holdout, _ = split(real, 0.2, 0)
    random = np.random.default_rng(0)
    scores = [
        Score("fidelity.shapes", random.random(), table, (column.name,))
        for table in data.schema.table_names
        for column in data.schema.modelled(table)
    ]
    with tempfile.TemporaryDirectory() as place:
        folder, clock = Path(place), [time.process_time()]
        sides = Sides(training, synthetic, holdout, 10, by_column(scores))
        counted = tuple(figures(sides, Context()))
        clock.append(time.process_time())
        write_plots(counted, folder, context=Context())
        clock.append(time.process_time())
        run = Run("run", 0, "benchmark", rows=synthetic.rows, results=tuple(scores), judged=False)
        write_report(folder, Report(run, data.schema, counted, {"training": training.rows, "holdout": holdout.rows}))
        clock.append(time.process_time())
        size, opens = (folder / "report.html").stat().st_size, _opening(folder / "report.html")
    spent = [later - earlier for earlier, later in pairwise(clock)] + [clock[-1] - clock[0]]
    return (
        f"{name:<24}" + "".join(f"{s:>7.1f}s" for s in spent) + f"{len(counted):>9}{size / 2**20:>6.2f} MiB{opens:>8}"
    )


def _opening(page: Path) -> str:
    """Seconds until the page is loaded and what is to be seen of it is drawn."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - the opening time needs it, the rest does not
    except ImportError:
        return "–"
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        began = time.perf_counter()
        tab.goto(page.as_uri())
        tab.wait_for_function("document.querySelectorAll('[data-drawn=soon]').length === 0")
        seconds = time.perf_counter() - began
        browser.close()
    return f"{seconds:.2f}s"


if __name__ == "__main__":
    main()
