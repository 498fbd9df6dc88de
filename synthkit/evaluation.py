"""Every score of a synthetic data set: what the core counts, what evaluators measure, and their ceilings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

import numpy as np

from synthkit.context import Context
from synthkit.cores import one_core
from synthkit.dataset import Dataset
from synthkit.errors import SynthkitError
from synthkit.evaluator import Evaluator
from synthkit.integrity import violations
from synthkit.scores import Failure, Score
from synthkit.split import draw

DRAWS = 5


@dataclass(frozen=True)
class Evaluation:
    """What is compared, and with which evaluators.

    Attributes:
        real: the training part, or all real data where nobody trained here.
        holdout: real data that no model saw, or None.
        halves: two disjoint parts of the real data, for the ceilings: training and holdout where there
            is a holdout.
        seed: decides the draws and is handed to the evaluators.
        ceilings: whether to compute them: seven times the work.
    """

    evaluators: Sequence[Evaluator]
    real: Dataset
    holdout: Dataset | None
    halves: tuple[Dataset, Dataset]
    seed: int
    ceilings: bool = True

    def results(self, synthetic: Dataset, context: Context) -> tuple[Score | Failure, ...]:
        """Counts of the core first, then every evaluator's scores, with their ceilings where they have any."""
        found: list[Score | Failure] = list(_counts(self.real, self.holdout, synthetic))
        rounds = len(self.evaluators) * (DRAWS + 2)
        for i, evaluator in enumerate(self.evaluators):
            found += self._with_ceilings(evaluator, synthetic, _Rounds(context, i * (DRAWS + 2), rounds))
        return tuple(found)

    def _with_ceilings(self, evaluator: Evaluator, synthetic: Dataset, rounds: _Rounds) -> list[Score | Failure]:
        """Score everything; then compare like with like: as many subjects as the second half has.

        A small sample is never as close to the training part as a large one, so the ceiling stands
        beside the mean of several synthetic draws of its own size.
        """
        scores = self._measured(evaluator, self.real, synthetic, rounds.next(f"{evaluator.name}: synthetic"))
        if not (self.ceilings and evaluator.ceilings):
            return scores
        first, second = self.halves
        ceiling = self._values(evaluator, first, second, rounds.next(f"{evaluator.name}: ceiling"))
        size = min(len(second[second.subject]), len(synthetic[synthetic.subject]))
        seeds = np.random.SeedSequence(self.seed).generate_state(DRAWS).tolist()
        drawn = [
            self._values(evaluator, first, draw(synthetic, size, seed), rounds.next(f"{evaluator.name}: draw"))
            for seed in seeds
        ]
        matched = {name: fmean(values[name] for values in drawn) for name in ceiling if all(name in v for v in drawn)}
        return [_beside(score, ceiling.get(score.id), matched.get(score.id)) for score in scores]

    def _values(self, evaluator: Evaluator, real: Dataset, other: Dataset, context: Context) -> dict[str, float]:
        results = self._measured(evaluator, real, other, context)
        return {result.id: result.value for result in results if isinstance(result, Score)}

    def _measured(self, evaluator: Evaluator, real: Dataset, other: Dataset, context: Context) -> list[Score | Failure]:
        try:
            with one_core():
                results = evaluator.evaluate(real, other, holdout=self.holdout, seed=self.seed, context=context)
                return [_result(result) for result in results]
        except (SynthkitError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - a stranger's evaluator may raise anything; its gates fail
            return [Failure(evaluator.name, f"the evaluator failed ({type(error).__name__})")]


@dataclass
class _Rounds:
    """Turns the progress of one call of an evaluator into that of all calls."""

    context: Context
    done: int
    total: int

    def next(self, text: str) -> Context:
        begin, self.done = self.done, self.done + 1
        self.context.progress(begin, self.total, text)

        def report(fraction: float, _: str) -> None:
            self.context.report((begin + fraction) / self.total, text)

        return replace(self.context, report=report)


def _result(result: Any) -> Score | Failure:
    if isinstance(result, Score | Failure):
        return result
    raise TypeError("an evaluator gives scores and failures")


def _beside(result: Score | Failure, ceiling: float | None, matched: float | None) -> Score | Failure:
    if isinstance(result, Failure) or ceiling is None or matched is None:
        return result
    return replace(result, ceiling=ceiling, matched=matched)


def _counts(real: Dataset, holdout: Dataset | None, synthetic: Dataset) -> Iterable[Score]:
    broken = sum(violation.count for violation in violations(synthetic, real=real))
    yield Score("integrity.violations", float(broken), bounds=(0.0, None), goal="min")
    known = [part for part in (real, holdout) if part is not None]
    yield Score("keys.reused", float(reused_keys(known, synthetic)), bounds=(0.0, None), goal="min")


def reused_keys(real: Sequence[Dataset], synthetic: Dataset) -> int:
    """How many synthetic primary keys are real ones; foreign keys, parts and reference tables do not count."""
    count = 0
    for table in synthetic.schema.tables:
        foreign = {name for key in synthetic.schema.parents_of(table.name) for name in key.columns}
        own = table.primary_key[0] if len(table.primary_key) == 1 else None
        if own is None or own in foreign or table.reference:
            continue
        values = synthetic[table.name][own]
        met = [values.isin(part[table.name][own]).to_numpy() for part in real]
        count += int(np.logical_or.reduce(met).sum()) if met else 0
    return count
