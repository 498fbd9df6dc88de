"""What happened: the record of a run, as JSON, without a single value of the data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from synthkit.errors import DataError, UsageError
from synthkit.gates import Verdict
from synthkit.scores import Failure, Score

VERSION = 1


@dataclass(frozen=True)
class Run:
    """The record of one run.

    Attributes:
        command: the verb: ``run``, ``sample``, ``evaluate``.
        plugin: the synthesizer's name, or None in ``evaluate``.
        licence: of the plugin and of what it requires.
        options: of the plugin, all of them.
        seed: the one seed.
        rows: rows of each synthetic table.
        source: what was read: name, and rows of each real table; no values.
        versions: of Python, synthkit and what the plugin requires.
        timings: seconds of each step.
        peak_memory_mb: of the process, in MiB.
        results: every score and failure.
        verdicts: one for each gate; empty where nothing was to be judged.
        judged: whether gates were asked for.
        notes: sentences about what was decided on the way.
        guard: how many subjects shared what the model saw (``k``), the ``locale`` of the fakes, and what became of
            ``rare`` categories; empty in ``evaluate``.
        repeats: how often it was fitted, sampled and scored, each time with another seed.
        folder: where it lies, if it was written.
    """

    command: str
    seed: int
    plugin: str | None = None
    licence: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    peak_memory_mb: float = 0.0
    results: tuple[Score | Failure, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    judged: bool = True
    notes: tuple[str, ...] = ()
    guard: Mapping[str, Any] = field(default_factory=dict)
    repeats: int = 1
    folder: Path | None = None

    @property
    def scores(self) -> tuple[Score, ...]:
        """The figures that could be computed."""
        return tuple(result for result in self.results if isinstance(result, Score))

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The figures that could not."""
        return tuple(result for result in self.results if isinstance(result, Failure))

    @property
    def passed(self) -> bool:
        """Whether no gate failed."""
        return not any(verdict.fails for verdict in self.verdicts)

    @property
    def verdict(self) -> str:
        """``passed``, ``failed`` or ``not judged``."""
        if not self.judged:
            return "not judged"
        return "passed" if self.passed else "failed"

    @property
    def exit_code(self) -> int:
        """0 when passed or not judged, 1 when a gate failed."""
        return 0 if self.passed else 1

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``run.json`` holds it."""
        plain = {"version": VERSION, **{k: v for k, v in asdict(self).items() if k not in ("results", "folder")}}
        return {**plain, **results_dict(self.results), "verdict": self.verdict}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Run:
        """The run that ``to_dict`` gave; its folder is not part of it.

        Raises:
            UsageError: not the record of a run, or of another version.
        """
        plain = dict(data) if isinstance(data, Mapping) else {}
        if plain.pop("version", None) != VERSION:
            raise UsageError("this is no record of a run, or one of another version", "run it again")
        try:
            results = tuple(_result(item) for item in (*plain.pop("scores"), *plain.pop("failures")))
            verdicts = tuple(Verdict(**item) for item in plain.pop("verdicts"))
            plain.pop("verdict")
            run = cls(**{**plain, "notes": tuple(plain["notes"])})
            return replace(run, results=results, verdicts=verdicts)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise UsageError("the record of this run is damaged", "run it again") from None


def read_run(folder: Path) -> Run:
    """The record of a finished run, from its folder.

    Raises:
        UsageError: there is no finished run, or one of another version.
        DataError: the record is no JSON.
    """
    record = folder / "run.json"
    if not record.is_file():
        raise UsageError(f"there is no finished run at {folder}", "give a folder that `synthkit run` wrote")
    try:
        return replace(Run.from_dict(json.loads(record.read_text("utf-8"))), folder=folder)
    except json.JSONDecodeError:
        raise DataError(f"{record} is damaged", "run it again") from None


def results_dict(results: tuple[Score | Failure, ...]) -> dict[str, list[dict[str, Any]]]:
    """Scores and failures as plain data, each with its id, as ``scores.json`` holds them.

    Only where a run was repeated, its scores have the value of each repeat and their spread.
    """
    lists: dict[str, list[dict[str, Any]]] = {"scores": [], "failures": []}
    for result in results:
        plain = {"id": result.id, **asdict(result)}
        if isinstance(result, Failure):
            lists["failures"].append(plain)
        elif result.repeats:
            lists["scores"].append({**plain, "spread": result.spread})
        else:
            lists["scores"].append({k: v for k, v in plain.items() if k != "repeats"})
    return lists


def _result(item: Mapping[str, Any]) -> Score | Failure:
    plain = {k: v for k, v in item.items() if k not in ("id", "spread")} | {"columns": tuple(item["columns"])}
    if "reason" in plain:
        return Failure(**plain)
    return Score(**{**plain, "bounds": tuple(plain["bounds"]), "repeats": tuple(plain.get("repeats", ()))})
