"""Gates: what a score must reach, and the verdict on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Self

import pydantic

from synthkit.scores import Failure, Score

Severity = Literal["error", "warn"]
Status = Literal["passed", "failed", "missing", "not applicable"]


class Gate(pydantic.BaseModel, extra="forbid", frozen=True):
    """The least and the greatest value that a score may have; one of them at least.

    ``severity = "warn"`` reports a failure without failing the run.

    Example:
        >>> Gate(min=0.8).severity
        'error'
    """

    min: pydantic.FiniteFloat | None = None
    max: pydantic.FiniteFloat | None = None
    severity: Severity = "error"

    @pydantic.model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("a gate needs min or max")
        return self

    def admits(self, value: float) -> bool:
        """Whether a value lies within the limits."""
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)


# Floors that tell broken from weak; the keys are the ids of scores.
DEFAULT_GATES: dict[str, Gate] = {
    "integrity.violations": Gate(max=0),
    "keys.reused": Gate(max=0),
    "sdmetrics.quality.overall": Gate(min=0.80),
}
CORE_METRICS = ("integrity", "keys")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one gate.

    Attributes:
        gate: the id of the score it judges.
        status: ``missing`` where the score could not be computed or nobody computed it: that fails.
        value, matched, ceiling: of the score, or None.
        min, max, severity: of the gate.
        reason: why the score is missing or the gate does not apply.
    """

    gate: str
    status: Status
    value: float | None = None
    matched: float | None = None
    ceiling: float | None = None
    min: float | None = None
    max: float | None = None
    severity: Severity = "error"
    reason: str | None = None

    @property
    def fails(self) -> bool:
        """Whether the run fails because of it."""
        return self.severity == "error" and self.status in ("failed", "missing")


def default_gates(evaluators: Iterable[str], *, fresh_keys: bool = True) -> dict[str, Gate]:
    """The built-in gates on what the core counts and on what these evaluators measure.

    Tables from elsewhere need not have fresh keys (``fresh_keys=False``): numbers from 1 on repeat by
    nature, so that a repeated key is only a warning there.
    """
    measured = {*CORE_METRICS, *evaluators}
    gates = {name: gate for name, gate in DEFAULT_GATES.items() if name.partition(".")[0] in measured}
    return gates if fresh_keys else gates | {"keys.reused": Gate(max=0, severity="warn")}


def judge(gates: Mapping[str, Gate], results: Iterable[Score | Failure]) -> tuple[Verdict, ...]:
    """Hold each gate against the score of its id; a score that is not there, or there twice, fails its gate.

    Example:
        >>> judge({"a.b": Gate(min=0.8)}, [Score("a.b", 0.7)])[0].status
        'failed'
        >>> judge({"a.c": Gate(min=0.8)}, [Score("a.b", 0.7)])[0].status
        'missing'
    """
    by_id: dict[str, Score | Failure] = {}
    for result in results:
        twice = Failure(result.metric, "two scores have this name", result.table, result.columns)
        by_id[result.id] = twice if result.id in by_id else result
    return tuple(_verdict(name, gate, by_id.get(name) or _whole_failure(by_id, name)) for name, gate in gates.items())


def _whole_failure(by_id: Mapping[str, Score | Failure], name: str) -> Failure | None:
    """An evaluator that failed as a whole is a Failure of its own name."""
    found = by_id.get(name.partition(".")[0])
    return found if isinstance(found, Failure) else None


def _verdict(name: str, gate: Gate, result: Score | Failure | None) -> Verdict:
    limits = (gate.min, gate.max, gate.severity)
    if isinstance(result, Score):
        status: Status = "passed" if gate.admits(result.value) else "failed"
        return Verdict(name, status, result.value, result.matched, result.ceiling, *limits)
    reason = result.reason if result else "no evaluator gave this score"
    return Verdict(name, "missing", None, None, None, *limits, reason)
