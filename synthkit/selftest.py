"""The gates on trial: they must pass real data that no model saw, and reject every baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from synthkit.context import Context
from synthkit.dataset import Dataset
from synthkit.evaluation import Evaluation
from synthkit.evaluator import Evaluator
from synthkit.gates import Gate, Verdict, judge
from synthkit.guard import Guard
from synthkit.plugins import Registry
from synthkit.split import split

BASELINES = ("copy", "jitter", "bootstrap_subjects", "independent", "shuffled_keys")
FRESH = "fresh real data"
_PART = 0.2  # of the subjects for the holdout, and again for the fresh real data


@dataclass(frozen=True)
class Case:
    """What the gates said about one data set.

    Attributes:
        name: ``fresh real data``, or the baseline.
        verdicts: one for each gate.
    """

    name: str
    verdicts: tuple[Verdict, ...]

    @property
    def caught_by(self) -> tuple[str, ...]:
        """The gates that failed it."""
        return tuple(verdict.gate for verdict in self.verdicts if verdict.fails)

    @property
    def as_it_should(self) -> bool:
        """Whether real data passed, or a baseline was rejected."""
        return bool(self.caught_by) != (self.name == FRESH)


@dataclass(frozen=True)
class SelfTest:
    """Whether the gates can be trusted on these data."""

    cases: tuple[Case, ...]

    @property
    def passed(self) -> bool:
        """Whether fresh real data passed and every baseline was rejected."""
        return all(case.as_it_should for case in self.cases)

    @property
    def idle(self) -> tuple[str, ...]:
        """The gates that caught no baseline; they may still guard against what no baseline does."""
        caught = {gate for case in self.cases for gate in case.caught_by}
        return tuple(verdict.gate for verdict in self.cases[0].verdicts if verdict.gate not in caught)

    def to_dict(self) -> dict[str, Any]:
        """Plain data: for each case what caught it, and the gates that caught nothing."""
        cases = [{"name": c.name, "as_it_should": c.as_it_should, "caught_by": list(c.caught_by)} for c in self.cases]
        return {"passed": self.passed, "cases": cases, "caught_nothing": list(self.idle)}


def self_test(
    real: Dataset,
    evaluators: Sequence[Evaluator],
    gates: Mapping[str, Gate],
    registry: Registry,
    *,
    seed: int,
    context: Context,
) -> SelfTest:
    """Judge a fifth of the real data as if it were synthetic, and every baseline learned from three fifths.

    The last fifth is the holdout. Subjects are drawn by ``seed``; ``gates`` are those to trust. The
    rules of the schema are left aside: a repair would lend a baseline what it lacks.
    """
    real = _without_rules(real)
    seeds = np.random.SeedSequence(seed).generate_state(3).tolist()
    rest, fresh, _ = split(real, _PART, seeds[0])
    training, holdout, _ = split(rest, _PART / (1 - _PART), seeds[1])
    relative = any(gate.min_of_ceiling is not None for gate in gates.values())
    evaluation = Evaluation(evaluators, training, holdout, (training, holdout), seeds[2], ceilings=relative)
    guard = Guard.learn(training, real=real)
    protected = guard.protect(training)
    cases = []
    for place, name in enumerate((FRESH, *BASELINES)):
        context.progress(place, len(BASELINES) + 1, name)
        synthetic = fresh if name == FRESH else _baseline(name, guard, protected, registry, seed)
        cases.append(Case(name, judge(gates, evaluation.results(synthetic, Context()))))
    return SelfTest(tuple(cases))


def _without_rules(real: Dataset) -> Dataset:
    tables = tuple(replace(table, rules=()) for table in real.schema.tables)
    return Dataset(replace(real.schema, tables=tables), real.tables)


def _baseline(name: str, guard: Guard, protected: Dataset, registry: Registry, seed: int) -> Dataset:
    plugin = registry.find("synthesizer", name).cls
    model = plugin(plugin.Options()).fit(protected, seed=seed, context=Context())
    drawn = model.sample(len(protected[protected.subject]), seed=seed, context=Context())
    return guard.restore(drawn, seed=seed)
