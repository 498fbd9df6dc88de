"""``python -m benchmarks compare`` and ``python -m benchmarks growth``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import charts, figures, growth
from benchmarks.compare import BANK, Entry, entries, plan_of
from benchmarks.engines import chosen
from synthkit.errors import SynthkitError
from synthkit.plugins import discover
from synthkit.record import write_json

_EPILOG = """\
A data set is `bank`, the bundled example, or a folder within --data; `bank:customers` is one of its tables alone, where
engines of one table can be compared, too. Every engine works in a process of its own, on the same split. A figure in
brackets is that of draws as large as the holdout, to hold beside the ceiling: what real data that nobody learned from
reach. Importing libraries, reading and scoring are not counted as fit or sample.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, or measure growth, as the command line says; 2 where it cannot be done."""
    asked = _parser().parse_args(arguments)
    try:
        asked.out.mkdir(parents=True, exist_ok=True)
        asked.run(asked)
    except SynthkitError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"\nwritten to {asked.out}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    compare = verbs.add_parser(
        "compare", help="engines side by side", description="Engines side by side.", epilog=_EPILOG
    )
    compare.add_argument("data", nargs="*", default=[BANK], help=f"data sets; {BANK} if none is named")
    compare.add_argument(
        "--data",
        dest="folder",
        type=Path,
        default=os.environ.get("SYNTHKIT_DATA"),
        help="folder of data sets; SYNTHKIT_DATA if not given",
    )
    compare.add_argument("--rows", type=int, help="subjects to draw")
    compare.add_argument("--repeats", type=int, default=1, help="seeds to fit and draw with, on the same split")
    compare.set_defaults(run=_compare)
    grow = verbs.add_parser("growth", help="cost by size", description="How cost grows, with its exponent.")
    grow.add_argument("dimensions", nargs="*", default=list(growth.DIMENSIONS), help=", ".join(growth.DIMENSIONS))
    grow.add_argument("--rows", type=int, help="the greatest size to try")
    grow.set_defaults(run=_grow)
    for verb in (compare, grow):
        verb.add_argument("--engines", nargs="+", default=[], help="all if none is named")
        verb.add_argument("--limit", type=float, default=1800, help="seconds for fit and sample of an engine (1800)")
        verb.add_argument("--out", type=Path, default=Path("runs", f"benchmark-{time.strftime('%Y%m%d-%H%M%S')}"))
    return parser  # fmt: skip


def _compare(asked: argparse.Namespace) -> None:
    """Write after every engine what there is so far."""
    registry = discover()
    engines, missing = chosen(registry, asked.engines)
    update = {"rows": asked.rows, "repeats": asked.repeats}
    plans = {data: plan_of(data, asked.folder and Path(asked.folder)).model_copy(update=update) for data in asked.data}
    found: list[Entry] = []
    for data, plan in plans.items():
        found += [Entry(data, name, lost=f"skipped: {problem}") for name, problem in missing.items()]
        for entry in entries(data, plan, engines, registry, asked.limit):
            found.append(entry)
            _say(entry)
            write_json(asked.out / "compare.json", [own.to_dict() for own in found])
            (asked.out / "compare.md").write_text(figures.markdown(found) + "\n", "utf-8")
        chart = charts.quality_chart(data, [own for own in found if own.data == data])
        if chart is not None:
            charts.write(asked.out, f"quality_{data.replace(':', '_').replace(',', '_')}", chart)
    print(figures.markdown(found))


def _say(entry: Entry) -> None:
    told = entry.lost or f"fit and sample in {entry.cost.both if entry.cost else 0:.2f} CPU s"
    print(f"{entry.data}: {entry.engine}: {told}", file=sys.stderr, flush=True)


def _grow(asked: argparse.Namespace) -> None:
    engines, missing = chosen(discover(), asked.engines)
    for name, problem in missing.items():
        print(f"{name}: skipped: {problem}", file=sys.stderr)
    found: list[growth.Curve] = []
    for curve in growth.curves(asked.dimensions, engines, asked.limit, asked.rows):
        found.append(curve)
        print(f"{curve.dimension}: {curve.engine}: exponent {curve.exponent}", file=sys.stderr, flush=True)
        write_json(asked.out / "growth.json", [own.to_dict() for own in found])
        (asked.out / "growth.md").write_text(growth.markdown(found) + "\n", "utf-8")
    for name in dict.fromkeys(curve.dimension for curve in found):
        chart = charts.growth_chart(name, [own for own in found if own.dimension == name])
        if chart is not None:
            charts.write(asked.out, f"growth_{name}", chart)
    print(growth.markdown(found))


if __name__ == "__main__":
    sys.exit(main())
