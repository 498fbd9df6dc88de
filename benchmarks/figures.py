"""Which figures are compared, and their table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from synthkit.scores import Failure, Score

if TYPE_CHECKING:
    from benchmarks.compare import Entry

FIGURES = {  # by metric, as it is called in the table
    "sdmetrics.quality.overall": "strict quality",
    "fidelity.shapes": "shapes",
    "fidelity.pairs": "pairs",
    "fidelity.cardinality": "cardinality",
    "fidelity.intertable": "pairs over a key",
    "fidelity.order": "order",
    "fidelity.dependence.intra": "dependence kept in rows",
    "fidelity.dependence.hop1": "dependence kept over a key",
    "detection.rows": "told apart by rows",
    "detection.aggregates": "told apart by aggregates",
    "utility.ratio": "utility",
    "privacy.copies.rows": "copies of rows",
    "privacy.copies.sequences": "copies of sequences",
    "privacy.distance": "distance share",
    "privacy.membership": "membership",
    "privacy.inference": "inference",
    "integrity.violations": "violations",
}
BY_TABLE = ("detection.rows",)  # metrics that have no figure for all tables together


def is_told(result: Score | Failure) -> bool:
    """Whether a score, or the reason why there is none, is compared."""
    if result.metric in BY_TABLE:
        return not result.columns
    return (result.metric in FIGURES and result.table is None) or isinstance(result, Failure)


def markdown(entries: Sequence[Entry]) -> str:
    """A table for each data set: figures as rows, engines as columns, then who is not there and why."""
    parts: list[str] = []
    for data in dict.fromkeys(entry.data for entry in entries):
        own = [entry for entry in entries if entry.data == data]
        shown = [entry for entry in own if entry.run is not None]
        parts += [f"## {data}\n", *([_table(shown)] if shown else []), *_remarks(own)]
    return "\n".join(parts)


def _table(entries: Sequence[Entry]) -> str:
    head = ["", "ceiling", *(f"`{entry.engine}`" for entry in entries)]
    lines = [head, ["---"] * len(head), *_scores(entries), *_costs(entries)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _scores(entries: Sequence[Entry]) -> Iterator[list[str]]:
    scores = [{s.id: s for s in entry.run.scores if is_told(s)} for entry in entries if entry.run]
    for metric, label in FIGURES.items():
        found = dict.fromkeys(s.id for own in scores for s in own.values() if s.metric == metric)
        for name in found:
            place = name.removeprefix(metric).lstrip(".")
            ceilings = [own[name].ceiling for own in scores if name in own]
            ceiling = next((c for c in ceilings if c is not None), None)
            yield [f"{label} {place}".strip(), _figure(ceiling), *(_cell(own.get(name)) for own in scores)]


def _cell(score: Score | None) -> str:
    """The value; the mean of draws as large as the holdout in brackets, to hold beside the ceiling."""
    if score is None:
        return "not measured"
    spread = f" ± {score.spread:.3f}" if score.spread is not None else ""
    return f"{_figure(score.value)}{spread}" + (f" ({_figure(score.matched)})" if score.matched is not None else "")


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if value.is_integer() and value != 1 else f"{value:.3f}"


def _costs(entries: Sequence[Entry]) -> Iterator[list[str]]:
    for label, told in _COSTS.items():
        yield [label, "", *(told(entry) for entry in entries)]


_COSTS: Mapping[str, Callable[[Entry], str]] = {
    "fit, CPU s": lambda e: _seconds(e.cost.fit if e.cost else None),
    "sample, CPU s": lambda e: _seconds(e.cost.sample if e.cost else None),
    "fit + sample, s": lambda e: _seconds(e.cost.fit_wall + e.cost.sample_wall if e.cost else None),
    "rows per CPU s": lambda e: f"{e.rows_per_second or 0:,.0f}",
    "peak memory, MiB": lambda e: f"{e.cost.peak if e.cost else 0:,.0f}",
}


def _seconds(value: float | None) -> str:
    return f"{value or 0:.2f}" if (value or 0) < 10 else f"{value:,.0f}"


def _remarks(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        if entry.lost is not None:
            yield f"- `{entry.engine}`: {entry.lost}"
        elif entry.run is not None:
            for failure in (f for f in entry.run.failures if f.applicable):
                yield f"- `{entry.engine}`, {failure.id}: {failure.reason}"
