"""How the cost of an engine grows with rows, columns and tables."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import made
from benchmarks.apart import Clock, Cost, Lost, apart
from benchmarks.engines import warmed
from synthkit.dataset import Dataset
from synthkit.errors import PluginError
from synthkit.plugins import Plugin, discover
from synthkit.steps import Steps


@dataclass(frozen=True)
class Dimension:
    """What grows.

    Attributes:
        unit: what a size counts, for the axis of the chart.
        sizes: those that are tried, ascending.
        data: the guarded data of a size; as many subjects are drawn as there are.
    """

    unit: str
    sizes: tuple[int, ...]
    data: Callable[[int], Dataset]


_ROWS = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
_CUSTOMERS = (200, 600, 2_000, 6_000, 20_000, 60_000, 200_000)
DIMENSIONS = {
    "rows": Dimension("rows of one table of 20 columns", _ROWS, made.table),
    "customers": Dimension("customers of the bank, with 7.5 rows each", _CUSTOMERS, made.guarded_bank),
    "columns": Dimension("columns of 10,000 rows", (10, 20, 40, 80, 160, 320), lambda n: made.table(10_000, n)),
    "tables": Dimension("tables of 2,000 rows", (2, 4, 8, 16, 32), made.linked),
}


@dataclass(frozen=True)
class Trial:
    """One engine at one size.

    Attributes:
        cost: of fit and sample.
        rows: drawn, of all tables.
        data: MiB of the training part and the sample, together.
        model: MiB of the saved model.
        load: seconds on the clock to load it.
    """

    cost: Cost
    rows: int
    data: float
    model: float
    load: float

    @property
    def memory(self) -> float:
        """The memory that the engine took beyond what was there before, by the size of the data."""
        return (self.cost.peak - self.cost.held) / self.data


@dataclass(frozen=True)
class Curve:
    """One engine along one dimension.

    Attributes:
        dimension: its name.
        engine: the name of the plugin.
        trials: by size, ascending.
        lost: why a size has no trial; greater ones were not tried.
    """

    dimension: str
    engine: str
    trials: dict[int, Trial]
    lost: str | None = None

    @property
    def exponent(self) -> float | None:
        """Of seconds of processor time over size, over all sizes."""
        return self._exponent(0)

    @property
    def last(self) -> float | None:
        """The same between the two greatest sizes: a fixed cost, which flattens the curve, weighs least there."""
        return self._exponent(-2)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        trials = [{"size": n, **asdict(t), "memory": t.memory} for n, t in self.trials.items()]
        about = {"dimension": self.dimension, "engine": self.engine}
        return {**about, "exponent": self.exponent, "last": self.last, "lost": self.lost, "trials": trials}

    def _exponent(self, first: int) -> float | None:
        seconds = [trial.cost.both for trial in self.trials.values()]
        return exponent(list(self.trials)[first:], seconds[first:]) if len(seconds) > 1 else None


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """The power of the size that the seconds grow with: the slope of least squares of one logarithm on the other.

    Example:
        >>> round(exponent([1, 10, 100], [0.5, 5.0, 50.0]), 6)
        1.0
    """
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def curve(name: str, engine: Plugin, limit: float, most: int | None = None) -> Curve:
    """Try one size after the other, each in a process of its own, until the engine is lost."""
    trials: dict[int, Trial] = {}
    for size in (n for n in DIMENSIONS[name].sizes if most is None or n <= most):
        ended = apart(trial, (name, engine.name, size), limit)
        if isinstance(ended, Lost):
            return Curve(name, engine.name, trials, f"{ended.reason} at {size:,}")
        trials[size] = ended
    return Curve(name, engine.name, trials)


def trial(task: tuple[str, str, int], clock: Clock) -> Trial:
    """Fit, draw as many subjects as there are, save and load.

    Raises:
        PluginError: the engine does not take such tables.
    """
    dimension, engine, size = task
    cls = discover().find("synthesizer", engine).cls
    data = DIMENSIONS[dimension].data(size)
    if len(data.schema.tables) > 1 and not cls.multi_table:
        raise PluginError(f"{engine} takes one table")
    model = cls(cls.Options())
    for refusal in model.refusals(data.schema):
        raise PluginError(f"{engine} cannot learn these tables: {refusal}")
    warmed(cls, {})
    steps = Steps(clock)
    with steps("fit") as context:
        model.fit(data, seed=0, context=context)
    with steps("sample") as context:
        drawn = model.sample(len(data[data.subject]), seed=1, context=context)
    cost = clock.cost
    return Trial(cost, sum(drawn.rows.values()), _mebibytes(data) + _mebibytes(drawn), *_saved(model))


def _saved(model: Any) -> tuple[float, float]:
    """MiB of the saved model, and the seconds of loading it."""
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder))
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
        began = time.perf_counter()
        type(model).load(Path(folder))
        return size / 2**20, time.perf_counter() - began


def _mebibytes(data: Dataset) -> float:
    return sum(float(frame.memory_usage(deep=True).sum()) for frame in data.tables.values()) / 2**20


def markdown(curves: Sequence[Curve]) -> str:
    """A table for each dimension: sizes as rows, seconds of each engine as columns, then exponents."""
    parts: list[str] = []
    for name in dict.fromkeys(curve.dimension for curve in curves):
        own = [curve for curve in curves if curve.dimension == name]
        parts += [f"## {DIMENSIONS[name].unit}\n", _table(own), *(f"- `{c.engine}`: {c.lost}" for c in own if c.lost)]
    return "\n".join(parts)


def _table(curves: Sequence[Curve]) -> str:
    head = ["CPU s (rows per CPU s of sample; memory as multiple of the data)", *(f"`{c.engine}`" for c in curves)]
    sizes = dict.fromkeys(n for c in curves for n in c.trials)
    lines = [head, ["---"] * len(head)]
    lines += [[f"{size:,}", *(_cell(c.trials.get(size)) for c in curves)] for size in sorted(sizes)]
    lines += [["exponent", *(_power(c.exponent) for c in curves)], ["at the end", *(_power(c.last) for c in curves)]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _cell(found: Trial | None) -> str:
    if found is None:
        return ""
    pace = found.rows / max(found.cost.sample, 1e-3)
    return f"{found.cost.both:.2f} ({pace:,.0f}; {found.memory:.1f})"


def _power(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def curves(names: Sequence[str], engines: Sequence[Plugin], limit: float, most: int | None) -> Iterator[Curve]:
    """Every engine along every dimension."""
    for name in names:
        for engine in engines:
            yield curve(name, engine, limit, most)
