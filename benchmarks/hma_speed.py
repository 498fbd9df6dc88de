"""HMA as arrays beside SDV's own code: ``python -m benchmarks.hma_speed --help``.

Each section answers one question, in processes of their own, on data as a model sees them:

- ``cost``: processor seconds of fit and of sample and the peak memory of SDV's ``HMASynthesizer`` used as its authors
  mean it, of ours with ``fitter=sdv sampler=sdv``, and of ours as it is;
- ``same``: whether both samplers draw alike from one fitted model (``benchmarks/hma_same.py``);
- ``quality``: SDMetrics' strict quality of whole runs with five seeds, by ours and with SDV's own code;
- ``growth``: the cost of 1,000 to 100,000 customers of the bundled example, and its exponent;
- ``run``: one whole ``synthkit run --plugin hma --rows 10000``.

SDV's own sampler draws a tenth as many subjects and --sdv-full all of them: it takes minutes.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import growth
from benchmarks.apart import Clock, Cost, Lost, apart
from benchmarks.compare import plan_of
from benchmarks.engines import warmed
from benchmarks.hma_same import differences
from synthkit import material
from synthkit.context import Context
from synthkit.dataset import Dataset
from synthkit.engine import execute
from synthkit.guard import Guard
from synthkit.plugins import discover
from synthkit.steps import Steps

BANK, ROWS, SEEDS, LIMIT = "bank", 10_000, 5, 7_200.0
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
SLOW = {"fitter": "sdv", "sampler": "sdv"}
QUALITY = "sdmetrics.quality.overall"


def seen(data: str, folder: Path | None) -> Dataset:
    """All rows of a data set, as a model sees them."""
    real = material.read(plan_of(data, folder), discover(), Context())
    return Guard.learn(real, real=real).protect(real)


def ours(task: tuple[str, Path | None, dict[str, str], int], clock: Clock) -> Cost:
    """Fit and sample with our plugin and these options."""
    from synthkit_sdv.hma import HMA  # noqa: PLC0415 - needs the extra

    data, folder, options, rows = task
    training = seen(data, folder)
    warmed(HMA, options)
    steps = Steps(clock)
    with steps("fit") as context:
        model = HMA(HMA.Options.model_validate(options)).fit(training, seed=0, context=context)
    with steps("sample") as context:
        model.sample(rows, seed=1, context=context)
    return clock.cost


def theirs(task: tuple[str, Path | None, dict[str, str], int], clock: Clock) -> Cost:
    """Fit and sample with nothing but SDV."""
    from sdv.multi_table import HMASynthesizer  # noqa: PLC0415 - needs the extra

    from synthkit_sdv.hma import HMA  # noqa: PLC0415
    from synthkit_sdv.tables import Tables  # noqa: PLC0415

    data, folder, _, rows = task
    training = seen(data, folder)
    warmed(HMA, {})
    tables, links = Tables.of(training), training.schema.foreign_keys
    frames = tables.to_sdv(training, links)
    steps = Steps(clock)
    with steps("fit"):
        model = HMASynthesizer(tables.metadata(links), verbose=False)
        model.fit(frames)
    with steps("sample"):
        model.sample(num_rows=rows, main_table_name=tables.table(training.subject))
    return clock.cost


def cost(asked: argparse.Namespace) -> None:
    """Three ways side by side, and ratios to ours."""
    few = asked.rows if asked.sdv_full else asked.rows // 10
    ways: dict[str, tuple[Callable[..., Cost], dict[str, str], int]] = {
        "ours": (ours, {}, asked.rows),
        "ours, with SDV's code": (ours, SLOW, asked.rows),
        "SDV's HMASynthesizer": (theirs, {}, few),
    }
    found: dict[str, tuple[Cost, int]] = {}
    _line(asked.data, "rows", "fit, CPU s", "sample, CPU s", "peak, MiB", "fit ratio", "sample ratio", "memory ratio")
    for name, (work, options, rows) in ways.items():
        ended = apart(work, (asked.data, asked.folder, options, rows), LIMIT)
        if isinstance(ended, Lost):
            print(f"{name}: {ended.reason}", flush=True)
            continue
        found[name] = ended, rows
        first, all_rows = found["ours"]
        ratios = ended.fit / first.fit, ended.sample / rows / (first.sample / all_rows), ended.peak / first.peak
        parts = (f"{ended.fit:.2f}", f"{ended.sample:.2f}", f"{ended.peak:.0f}", *(f"{ratio:.1f}" for ratio in ratios))
        _line(name, f"{rows:,}", *parts)
    if not asked.sdv_full:
        print(
            "The ratio for SDV's own sampler is per row drawn: its cost grows faster than its rows, so it is too low."
        )


def same(asked: argparse.Namespace) -> None:
    """Every test that finds a difference between both samplers, and how many were made."""
    ended = apart(_same, (asked.data, asked.folder, asked.rows // 5), LIMIT)
    print("\n".join([ended.reason] if isinstance(ended, Lost) else ended), flush=True)


def _same(task: tuple[str, Path | None, int], clock: Clock) -> list[str]:
    del clock
    data, folder, rows = task
    return differences(seen(data, folder), rows, SEEDS)


def quality(asked: argparse.Namespace) -> None:
    """The mean over the seeds, on one split, and their spread."""
    means = {}
    for name, options in {"ours": {}, "ours, with SDV's code": SLOW}.items():
        ended = apart(_quality, (asked.data, asked.folder, options, asked.rows), LIMIT)
        if isinstance(ended, Lost):
            print(f"{name}: {ended.reason}", flush=True)
            continue
        means[name] = ended
        print(f"{asked.data}: strict quality {ended[0]:.4f} ± {ended[1]:.4f} over {SEEDS} seeds: {name}", flush=True)
    if len(means) == 2:
        (fast, _), (slow, spread) = means.values()
        print(f"difference {fast - slow:+.4f}, in spreads of SDV's {(fast - slow) / spread:+.1f}", flush=True)


def _quality(task: tuple[str, Path | None, dict[str, str], int], clock: Clock) -> tuple[float, float]:
    data, folder, options, rows = task
    asked = {"plugin": "hma", "options": options, "evaluators": ("sdmetrics",), "rows": rows, "repeats": SEEDS}
    with tempfile.TemporaryDirectory() as out:
        plan = plan_of(data, folder).model_copy(update={**asked, "no_gates": True, "out": Path(out) / "run"})
        run = execute(plan, discover(), clock)
    score = next(score for score in run.scores if score.id == QUALITY)
    return score.value, score.spread or 0.0


def grown(asked: argparse.Namespace) -> None:
    """Seconds by size, and the exponent of all of them and of the last two."""
    del asked
    seconds = []
    _line("customers", "fit, CPU s", "sample, CPU s", "on the clock, s", "peak, MiB")
    for size in SIZES:
        ended = apart(growth.trial, ("customers", "hma", size), LIMIT)
        if isinstance(ended, Lost):
            print(f"{size:,}: {ended.reason}", flush=True)
            return
        spent: Cost = ended.cost
        seconds.append(spent.both)
        clock = spent.fit_wall + spent.sample_wall
        _line(f"{size:,}", f"{spent.fit:.2f}", f"{spent.sample:.2f}", f"{clock:.1f}", f"{spent.peak:.0f}")
    exponents = growth.exponent(SIZES, seconds), growth.exponent(SIZES[-2:], seconds[-2:])
    print(f"exponent {exponents[0]:.2f}, at the end {exponents[1]:.2f}", flush=True)


def whole_run(asked: argparse.Namespace) -> None:
    """Seconds of the whole command, from the shell and back."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "synthkit", "run", "--plugin", "hma", "--rows", str(asked.rows)]
        if asked.data != BANK and asked.folder:
            plan = plan_of(asked.data, asked.folder)
            command += ["--data", str(plan.data), *(["--tables", ",".join(plan.tables)] if plan.tables else [])]
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run([*command, "--out", f"{out}/run"], capture_output=True, text=True, check=False)
        clock, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{asked.data}: the whole run: {clock:.1f} s on the clock, {busy:.1f} CPU s, exit code {done.returncode}")


def _line(*cells: Any) -> None:
    print(f"| {' | '.join(str(cell) for cell in cells)} |", flush=True)


SECTIONS: dict[str, Callable[[argparse.Namespace], None]] = {
    "cost": cost, "same": same, "quality": quality, "growth": grown, "run": whole_run,
}  # fmt: skip


def main() -> None:
    """Print the sections that were asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.hma_speed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sections", nargs="*", default=list(SECTIONS), help=f"of {', '.join(SECTIONS)}; all if none")
    parser.add_argument("--data", default=BANK, help="bank, or a folder within --folder, as NAME:TABLE,TABLE")
    parser.add_argument("--folder", type=Path, default=os.environ.get("SYNTHKIT_DATA"), help="of data sets")
    parser.add_argument("--rows", type=int, default=ROWS, help="subjects to draw")
    parser.add_argument("--sdv-full", action="store_true", help="SDV's own sampler draws as many as the others")
    asked = parser.parse_args()
    for section in asked.sections:
        print(f"\n## {section}\n", flush=True)
        SECTIONS[section](asked)


if __name__ == "__main__":
    main()
