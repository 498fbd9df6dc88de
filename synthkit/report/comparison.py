"""Two or more runs side by side: what got better or worse beyond noise, at what cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import hypot
from statistics import NormalDist, fmean
from typing import Any, Literal

from synthkit.report.captions import distinct
from synthkit.run import Run
from synthkit.scores import Score

Change = Literal["better", "worse", "alike", "unknown"]

SURE = 0.95
_FITTING = ("fit", "sample")


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of one run, against that of the first run.

    Attributes:
        value: of the score, or None where it is missing.
        error: its standard error, or None.
        change: ``better`` or ``worse`` where it differs beyond noise, ``alike`` where noise explains it, ``unknown``
            where nobody knows the noise, and None for the first run or where a side is missing.
    """

    value: float | None
    error: float | None = None
    change: Change | None = None


@dataclass(frozen=True)
class Comparison:
    """Several runs, figure by figure.

    Attributes:
        names: of the runs, short and distinct; the others are held against the first.
        runs: their records.
        figures: by the id of a score, a cell for each run.
        gates: by the id of a gate, what became of it in each run, None where the run has no such gate.
        regressions: sentences: what is worse than in the first run, beyond noise, or no longer passes its gate.
        notes: sentences: what to bear in mind.
    """

    names: tuple[str, ...]
    runs: tuple[Run, ...]
    figures: Mapping[str, tuple[Cell, ...]]
    gates: Mapping[str, tuple[str | None, ...]]
    regressions: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def costs(self) -> list[tuple[float, float, float]]:
        """Of each run: seconds of fit and sample, for one seed; seconds in all; MiB at most."""
        return [
            (
                sum(run.timings.get(step, 0.0) for step in _FITTING) / run.repeats,
                sum(run.timings.values()),
                run.peak_memory_mb,
            )
            for run in self.runs
        ]

    @property
    def quality(self) -> list[float | None]:
        """Of each run, the mean part of the ceiling that figures reach, at most 1 each; of those all runs have."""
        found = [
            {s.id: min(1.0, s.matched / s.ceiling) for s in run.scores if s.table is None and s.ceiling and s.matched}
            for run in self.runs
        ]
        shared = set.intersection(*(set(each) for each in found))
        return [fmean(each[name] for name in shared) if shared else None for each in found]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        costs = ("fit_and_sample_seconds", "seconds", "peak_memory_mb")
        about = zip(self.names, self.runs, self.costs, self.quality, strict=True)
        runs = [
            {"name": name, "plugin": run.plugin, "seed": run.seed, "verdict": run.verdict, "quality": quality}
            | dict(zip(costs, cost, strict=True))
            for name, run, cost, quality in about
        ]
        figures = {name: [asdict(cell) for cell in cells] for name, cells in self.figures.items()}
        gates = {name: list(states) for name, states in self.gates.items()}
        return {"runs": runs, "figures": figures, "gates": gates, "regressions": self.regressions, "notes": self.notes}


def compare(runs: Sequence[Run]) -> Comparison:
    """Hold runs against the first of them.

    Compared are the figures about all tables together. A difference is beyond noise where a normal test says so,
    from the standard errors of both scores, with Holm's (1979) correction over the figures of two runs: noise alone
    marks something as worse in one comparison in twenty. Counts (of broken keys, of copies) are exact. Where a score
    has no standard error its noise is unknown, unless the runs were made with ``--repeats``.

    Example:
        >>> runs = [
        ...     Run("run", 0, name, results=(Score("a.b", value, error=0.01),))
        ...     for name, value in (("x", 0.9), ("y", 0.8))
        ... ]
        >>> found = compare(runs)
        >>> found.figures["a.b"][1].change, found.regressions
        ('worse', ('y: a.b 0.900 → 0.800',))
    """
    names = tuple(distinct(_names(runs)))
    known = [{score.id: score for score in run.scores if score.table is None} for run in runs]
    order = list(dict.fromkeys(name for each in known for name in each))
    changes = [dict[str, Change]()] + [_changes(known[0], other) for other in known[1:]]
    figures = {
        name: tuple(_cell(each.get(name), change.get(name)) for each, change in zip(known, changes, strict=True))
        for name in order
    }
    states = [{verdict.gate: verdict.status for verdict in run.verdicts} for run in runs]
    gates = {name: tuple(each.get(name) for each in states) for name in dict.fromkeys(n for s in states for n in s)}
    worse = [line for i in range(1, len(runs)) for line in _worse(names[i], runs[0], runs[i], changes[i])]
    return Comparison(names, tuple(runs), figures, gates, tuple(worse), tuple(_notes(runs, changes)))


def _names(runs: Sequence[Run]) -> list[str]:
    """The plugins, or the folders where one plugin was run more than once."""
    plugins = [run.plugin or run.command for run in runs]
    if len(set(plugins)) == len(plugins):
        return plugins
    return [run.folder.name if run.folder else plugin for run, plugin in zip(runs, plugins, strict=True)]


def _cell(score: Score | None, change: Change | None) -> Cell:
    return Cell(None) if score is None else Cell(score.value, score.error, change)


def _changes(first: Mapping[str, Score], other: Mapping[str, Score]) -> dict[str, Change]:
    shared = [name for name in first if name in other]
    found: dict[str, Change] = dict.fromkeys(shared, "unknown")
    measured = {}
    for name in shared:
        before, after = first[name], other[name]
        gain = (after.value - before.value) * (1 if after.goal == "max" else -1)
        noise = hypot(before.error or 0.0, after.error or 0.0)
        if before.error is not None and after.error is not None and noise > 0:
            measured[name] = gain / noise
        elif after.bounds[1] is None or gain == 0:
            found[name] = "better" if gain > 0 else "worse" if gain < 0 else "alike"
    return found | _marked(measured)


def _marked(measured: Mapping[str, float]) -> dict[str, Change]:
    """What deviates by too many standard errors for chance, in either direction."""
    found: dict[str, Change] = dict.fromkeys(measured, "alike")
    for sign, change in ((1, "better"), (-1, "worse")):
        chances = {name: 1 - NormalDist().cdf(sign * deviation) for name, deviation in measured.items()}
        for place, (name, chance) in enumerate(sorted(chances.items(), key=lambda item: item[1])):
            if chance > (1 - SURE) / (len(chances) - place):
                break
            found[name] = "better" if change == "better" else "worse"
    return found


def _worse(name: str, first: Run, other: Run, changes: Mapping[str, Change]) -> Iterator[str]:
    values = [{score.id: score.value for score in run.scores} for run in (first, other)]
    for figure, change in changes.items():
        if change == "worse":
            yield f"{name}: {figure} {values[0][figure]:.3f} → {values[1][figure]:.3f}"
    passed = {verdict.gate for verdict in first.verdicts if verdict.status == "passed"}
    for verdict in other.verdicts:
        if verdict.fails and verdict.gate in passed:
            yield f"{name}: {verdict.line}, which {first.plugin or 'the first'} passed"
    failed = {failure.id for failure in other.failures if failure.applicable}
    for figure in (score.id for score in first.scores if score.table is None and score.id in failed):
        yield f"{name}: {figure} could not be computed"


def _notes(runs: Sequence[Run], changes: Sequence[Mapping[str, Change]]) -> Iterator[str]:
    prints = [run.source.get("fingerprint") for run in runs]
    if len(set(prints)) > 1:
        yield "not the same real data: figures of different data cannot be held against each other"
    if len({frozenset(run.rows) for run in runs}) > 1:
        yield "not all runs made the same tables: a figure is about those that its run made"
    missing = sorted({f.id for run in runs for f in run.failures if f.applicable})
    if missing:
        yield f"could not be computed in some run: {', '.join(missing[:5])}{' …' if len(missing) > 5 else ''}"
    unknown = sum(change == "unknown" for each in changes for change in each.values())
    if unknown:
        yield f"{unknown} differences cannot be told from noise (?): make the runs with --repeats to know"
