"""Engines side by side: each learns from the same training part, and is scored by every evaluator."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.apart import Clock, Cost, Lost, apart
from benchmarks.engines import warmed
from benchmarks.figures import is_told
from synthkit import material
from synthkit.context import Context
from synthkit.engine import execute
from synthkit.errors import UsageError
from synthkit.plan import Plan
from synthkit.plugins import Plugin, Registry, discover
from synthkit.run import Run, results_dict

BANK = "bank"


@dataclass(frozen=True)
class Entry:
    """What became of one engine on one data set.

    Attributes:
        data: the data set, as it was asked for.
        engine: the name of the plugin.
        run: its record, or None where it was lost.
        cost: of fit and sample, or None.
        lost: why there are no figures, or None.
    """

    data: str
    engine: str
    run: Run | None = None
    cost: Cost | None = None
    lost: str | None = None

    @property
    def rows_per_second(self) -> float | None:
        """Rows of all tables drawn in a second of processor time."""
        return sum(self.run.rows.values()) / max(self.cost.sample, 1e-3) if self.run and self.cost else None

    def to_dict(self) -> dict[str, Any]:
        """Plain data: the figures that are compared, what they cost, and how the run came about."""
        if self.run is None or self.cost is None:
            return {"data": self.data, "engine": self.engine, "lost": self.lost}
        told = results_dict(tuple(result for result in self.run.results if is_told(result)))
        record = {k: v for k, v in self.run.to_dict().items() if k in ("seed", "repeats", "rows", "source", "options")}
        about = {"data": self.data, "engine": self.engine, **record, "versions": dict(self.run.versions)}
        return {**about, "cost": asdict(self.cost), "rows_per_second": self.rows_per_second, **told}


def plan_of(name: str, folder: Path | None) -> Plan:
    """The plan for a data set: ``bank``, or a folder within ``folder``; ``name:table,table`` takes some tables only.

    A folder with ``trn.csv`` and ``hol.csv`` is learned from the first, and the second is its holdout.

    Raises:
        UsageError: it is not there.
    """
    base, _, tables = name.partition(":")
    chosen: dict[str, Any] = {"tables": tuple(tables.split(",")) if tables else ()}
    if base == BANK:
        return Plan(**chosen)
    if folder is None or not (folder / base).is_dir():
        remedy = "give --data FOLDER, or set SYNTHKIT_DATA"
        raise UsageError(f"there is no data set {base!r}", f"{remedy}, where it is a folder of tables")
    training, holdout = folder / base / "trn.csv", folder / base / "hol.csv"
    halves = {"data": training, "holdout": holdout} if training.is_file() and holdout.is_file() else {}
    return Plan(**{"data": folder / base, **halves, **chosen})


def compete(plan: Plan, clock: Clock) -> tuple[Run, Cost]:
    """One whole run, in a folder that does not stay."""
    registry = discover()
    warmed(registry.find("synthesizer", str(plan.plugin)).cls, plan.options)
    with tempfile.TemporaryDirectory() as folder:
        run = execute(plan.model_copy(update={"out": Path(folder) / "run"}), registry, clock)
    return run, clock.cost


def entries(data: str, plan: Plan, engines: Iterable[Plugin], registry: Registry, limit: float) -> Iterator[Entry]:
    """One engine after another, each in a process of its own; those of one table only where there is only one."""
    tables = material.read(plan, registry, Context()).schema
    several = [table.name for table in tables.tables if not table.reference]
    for engine in engines:
        if len(several) > 1 and not engine.cls.multi_table:
            yield Entry(data, engine.name, lost=f"takes one table; ask for {data.partition(':')[0]}:{several[0]}")
            continue
        asked = plan.model_copy(update={"plugin": engine.name, "evaluators": ("all",), "no_gates": True})
        ended = apart(compete, asked, limit)
        if isinstance(ended, Lost):
            yield Entry(data, engine.name, lost=ended.reason)
        else:
            yield Entry(data, engine.name, *ended)
