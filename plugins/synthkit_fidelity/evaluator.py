"""The evaluator: counts both sides, then compares."""

from __future__ import annotations

from collections.abc import Iterable

from synthkit import Context, Dataset, Evaluator, Failure, Score
from synthkit_fidelity.comparison import Comparison
from synthkit_fidelity.observe import codebook, joints, margins, paths, scored


class Fidelity(Evaluator):
    """TODO."""

    name = "fidelity"

    def evaluate(
        self,
        real: Dataset,
        synthetic: Dataset,
        *,
        holdout: Dataset | None,  # noqa: ARG002 - the contract hands it to every evaluator
        seed: int,
        context: Context,
    ) -> Iterable[Score | Failure]:
        step = _Steps(context, real)
        alone = [margins(data, step) for data in (real, synthetic)]
        book = codebook(real.schema, alone[0])
        both = [
            state.beside(joints(data, book, seed=seed, step=step))
            for state, data in zip(alone, (real, synthetic), strict=True)
        ]
        return [figure.result for figure in Comparison(real.schema, book, *both).figures()]


class _Steps:
    """Turns each table and relation that is counted into progress."""

    def __init__(self, context: Context, real: Dataset) -> None:
        self._context, self._done = context, 0
        self._total = 2 * (2 * len(scored(real.schema)) + len(paths(real.schema)))

    def __call__(self, name: str) -> None:
        self._context.progress(self._done, self._total, name)
        self._done += 1
