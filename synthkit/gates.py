"""Gates: what a score must reach, and the verdict on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Annotated, Literal, Self

import pydantic

from synthkit.scores import Failure, Score

GateSet = Literal["default", "strict"]
Severity = Literal["error", "warn"]
Status = Literal["passed", "failed", "missing", "not applicable"]


class Gate(pydantic.BaseModel, extra="forbid", frozen=True):
    """What a score must reach: an absolute limit, or a part of its ceiling; one of them at least.

    Attributes:
        min, max: the least and the greatest value.
        min_of_ceiling: the part of the ceiling that a draw of the ceiling's own size must reach.
        confidence: for scores with a standard error: the lower bound of the value stands for the value. So a
            ``min`` is passed only by what surely reaches it, and a ``max`` failed only by what surely exceeds it:
            over all such gates together, noise alone fails one in ``1 - confidence`` of the runs (Holm, 1979).
        severity: ``warn`` reports a failure without failing the run.

    Example:
        >>> Gate(min=0.8).severity
        'error'
    """

    min: pydantic.FiniteFloat | None = None
    max: pydantic.FiniteFloat | None = None
    min_of_ceiling: Annotated[pydantic.FiniteFloat, pydantic.Field(gt=0, le=1)] | None = None
    confidence: Annotated[float, pydantic.Field(ge=0.5, lt=1)] | None = None
    severity: Severity = "error"

    @pydantic.model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.min is None and self.max is None and self.min_of_ceiling is None:
            raise ValueError("a gate needs min, max or min_of_ceiling")
        return self

    def admits(self, score: Score, *, by_chance: bool = False) -> bool:
        """Whether a score lies within the limits; ``by_chance``: noise may explain that it exceeds ``max``."""
        return self._reached(score) and (self.max is None or by_chance or score.value <= self.max)

    def lacks(self, score: Score) -> str | None:
        """What a score must have for this gate and has not."""
        if self.min_of_ceiling is not None and (score.ceiling is None or score.matched is None):
            return "it has no ceiling here"
        return "it has no standard error" if self.confidence is not None and score.error is None else None

    def _reached(self, score: Score) -> bool:
        part = (score.matched or 0.0) >= (self.min_of_ceiling or 0.0) * (score.ceiling or 0.0)
        return part and (self.min is None or score.value - _doubt(self.confidence, score.error) >= self.min)


# Floors that tell broken from weak; the keys are the ids of scores.
DEFAULT_GATES: dict[str, Gate] = {
    "integrity.violations": Gate(max=0),
    "keys.reused": Gate(max=0),
    "fidelity.shapes": Gate(min=0.80),
    "fidelity.dependence.intra": Gate(min=0.15, confidence=0.8),
    "fidelity.dependence.hop1": Gate(min=0.15, confidence=0.8),
    "fidelity.dependence.least": Gate(min=0.10, confidence=0.8),
    "privacy.copies.rows": Gate(max=0),
    "privacy.copies.sequences": Gate(max=0),
    "privacy.membership": Gate(max=0.55, confidence=0.95),
}
# As good as real data, and as safe; docs/decisions/0012 says where the limits come from.
STRICT_GATES: dict[str, Gate] = DEFAULT_GATES | {
    "fidelity.shapes": Gate(min=0.80, min_of_ceiling=0.97),
    "fidelity.pairs": Gate(min_of_ceiling=0.95),
    "fidelity.cardinality": Gate(min_of_ceiling=0.92),
    "fidelity.intertable": Gate(min_of_ceiling=0.95),
    "fidelity.dependence.intra": Gate(min=0.15, min_of_ceiling=0.8, confidence=0.8),
    "fidelity.dependence.hop1": Gate(min=0.15, min_of_ceiling=0.7, confidence=0.8),
    "detection.aggregates": Gate(min=0.35, max=0.60, confidence=0.95),
    "utility.ratio": Gate(min=0.8),
    "privacy.distance": Gate(max=0.52, confidence=0.95),
    "privacy.distance.sparse": Gate(max=0.52, confidence=0.95),
    "privacy.inference": Gate(max=0.05, confidence=0.95),
    "privacy.linkability": Gate(max=0.05, confidence=0.95),
    "privacy.singling_out": Gate(max=0.05, confidence=0.95),
}
CORE_METRICS = ("integrity", "keys")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one gate.

    Attributes:
        gate: the id of the score it judges.
        status: ``missing`` where the score could not be computed or nobody computed it: that fails;
            ``not applicable`` where the data leave nothing to measure, or the holdout that it needs is not given.
        value, matched, ceiling: of the score, or None.
        error: of the score, or None.
        min, max, min_of_ceiling, confidence, severity: of the gate.
        reason: why the score is missing or the gate does not apply.
    """

    gate: str
    status: Status
    value: float | None = None
    matched: float | None = None
    ceiling: float | None = None
    error: float | None = None
    min: float | None = None
    max: float | None = None
    min_of_ceiling: float | None = None
    confidence: float | None = None
    severity: Severity = "error"
    reason: str | None = None

    @property
    def fails(self) -> bool:
        """Whether the run fails because of it."""
        return self.severity == "error" and self.status in ("failed", "missing")

    @property
    def warns(self) -> bool:
        """Whether it would fail the run, were its severity not ``warn``."""
        return self.severity == "warn" and self.status in ("failed", "missing")

    @property
    def figures(self) -> dict[str, float]:
        """Of the score and of the gate, by name: whatever there is."""
        return {name: figure for name in _FIGURES if (figure := getattr(self, name)) is not None}

    @property
    def line(self) -> str:
        """What people read where it fails or warns, on one line.

        Example:
            >>> Verdict("shapes.income", "failed", 0.71, 0.7, 0.98, min=0.85).line
            'shapes.income 0.71 < 0.85 (matched 0.7, ceiling 0.98)'
        """
        if self.status != "failed":
            return f"{self.gate} {self.status}{f': {self.reason}' if self.reason else ''}"
        known = (("matched", self.matched), ("ceiling", self.ceiling))
        beside = ", ".join(f"{name} {value:.3g}" for name, value in known if value is not None)
        return f"{self.gate} {', '.join(_missed(self))}{f' ({beside})' if beside else ''}"


_FIGURES = ("value", "matched", "ceiling", "error", "min", "max", "min_of_ceiling", "confidence")


def built_in_gates(gate_set: GateSet, evaluators: Iterable[str], *, fresh_keys: bool = True) -> dict[str, Gate]:
    """The gates of a built-in set, by the ids of their scores.

    ``default`` judges what the core counts and what these evaluators measure; ``strict`` judges all that it names, so
    that a score which nobody measured fails. Tables from elsewhere need not have fresh keys (``fresh_keys=False``):
    numbers from 1 on repeat by nature, so that a repeated key is only a warning there.

    Example:
        >>> list(built_in_gates("default", []))
        ['integrity.violations', 'keys.reused']
        >>> "detection.aggregates" in built_in_gates("strict", [])
        True
    """
    measured = {*CORE_METRICS, *evaluators}
    default = {name: gate for name, gate in DEFAULT_GATES.items() if evaluator_of(name) in measured}
    gates = default if gate_set == "default" else STRICT_GATES
    return dict(gates) if fresh_keys else gates | {"keys.reused": Gate(max=0, severity="warn")}


def evaluator_of(score: str) -> str:
    """The name of the evaluator, or of the core's count, that gives the score of this id."""
    return score.partition(".")[0]


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
    found = {name: _worst(gate, by_id.get(name) or _whole_failure(by_id, name)) for name, gate in gates.items()}
    sure = _surely_above(gates, found)
    return tuple(_verdict(name, gate, found[name], by_chance=name not in sure) for name, gate in gates.items())


def _surely_above(gates: Mapping[str, Gate], found: Mapping[str, Score | Failure | None]) -> set[str]:
    """The gates whose greatest value is exceeded, by more than noise where they allow for it.

    Step by step from the least likely one, each against its share of the error that is left (Holm, 1979).
    """
    plain, chances = set(), []
    for name, gate in gates.items():
        score = found[name]
        if isinstance(score, Score) and gate.max is not None:
            if gate.confidence is None or not score.error:
                plain.add(name)
            else:
                chance = 1 - NormalDist(gate.max, score.error).cdf(score.value)
                chances.append((chance / (1 - gate.confidence), name))
    chances.sort()
    for place, (chance, name) in enumerate(chances):
        if chance * (len(chances) - place) > 1:
            break
        plain.add(name)
    return plain


def _worst(gate: Gate, result: Score | Failure | None) -> Score | Failure | None:
    """Of repeats whose worst counts (``repeats.combined``), the least instead of the greatest, if it misses ``min``."""
    if not isinstance(result, Score) or result.goal == "max" or not result.repeats or gate.min is None:
        return result
    least = min(result.repeats)
    return replace(result, value=least) if least - _doubt(gate.confidence, result.error) < gate.min else result


def _whole_failure(by_id: Mapping[str, Score | Failure], name: str) -> Failure | None:
    """An evaluator that failed as a whole is a Failure of its own name."""
    found = by_id.get(evaluator_of(name))
    return found if isinstance(found, Failure) else None


def _verdict(name: str, gate: Gate, result: Score | Failure | None, *, by_chance: bool) -> Verdict:
    limits = (gate.min, gate.max, gate.min_of_ceiling, gate.confidence, gate.severity)
    missing = Verdict(name, "missing", None, None, None, None, *limits)
    if isinstance(result, Failure):
        return replace(missing, status="missing" if result.applicable else "not applicable", reason=result.reason)
    if result is None:
        return replace(missing, reason="no evaluator gave this score")
    measured = replace(missing, value=result.value, matched=result.matched, ceiling=result.ceiling, error=result.error)
    lacking = gate.lacks(result)
    if lacking:
        return replace(measured, reason=lacking)
    return replace(measured, status="passed" if gate.admits(result, by_chance=by_chance) else "failed")


def _doubt(confidence: float | None, error: float | None) -> float:
    """How far below a value its lower bound lies."""
    return NormalDist().inv_cdf(confidence) * (error or 0.0) if confidence else 0.0


def _missed(verdict: Verdict) -> Iterator[str]:
    """Each limit that was not kept, beside the figure that did not keep it."""
    value, matched, ceiling = verdict.value or 0.0, verdict.matched or 0.0, verdict.ceiling or 0.0
    if verdict.max is not None and value > verdict.max:
        yield f"{_told(value, verdict.max)} > {verdict.max:g}"
    if verdict.min is not None and value < verdict.min:
        yield f"{_told(value, verdict.min)} < {verdict.min:g}"
    elif verdict.min is not None and value - _doubt(verdict.confidence, verdict.error) < verdict.min:
        yield f"{value:.3g} is not surely >= {verdict.min:g}"
    if verdict.min_of_ceiling is not None and matched < (least := verdict.min_of_ceiling * ceiling):
        yield f"{_told(matched, least)} < {least:.3g}, {verdict.min_of_ceiling:g} of the ceiling"


def _told(value: float, limit: float) -> str:
    """As few digits as show on which side of the limit the value lies."""
    texts = (f"{value:.{digits}g}" for digits in range(3, 18))
    return next(text for text in texts if (float(text) < limit) == (value < limit) and float(text) != limit)
