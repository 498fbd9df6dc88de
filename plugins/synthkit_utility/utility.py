"""Is the synthetic data as good to learn from as the real data?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synthkit import ColumnKind, Context, Dataset, Evaluator, Failure, Schema, Score, one_core
from synthkit_utility.learning import Ranks, Target, predictions, skills
from synthkit_utility.rows import LEAST, Flags, Numbers, Rows, drawn, rows_of

_METRIC = "utility.ratio"
_TARGETS = 5
_CLASSES = 5  # of a column that is a target
_MOST = 5_000  # rows that a model is trained on, and rows that it is tested on
_RESAMPLES = 100
_SURE = 3.0  # standard errors by which a real model must beat the trivial one
_BEST = 1.2  # times as good as a real model: beyond is noise


class Utility(Evaluator):
    """Train on synthetic, test on the real holdout, against train on real (Esteban et al., 2017).

    ``utility.ratio`` of each of up to five columns of the subject table, and their mean: the skill of a model
    trained on the synthetic data over that of one trained on as many rows (at most 5,000) of the training part, on
    the same holdout; 0 is no skill at all, 1 as good as real, and 1.2 the most. Gradient-boosted trees predict a
    column from the others of its table and from what the rows below are like. Skill is R2 of the ranks for numbers,
    and 2 AUC - 1 for booleans and for categories (at most five; the mean over them), so that the trivial predictor
    has none. The error is that of 100 resamples of the holdout.

    Targets are the columns that a model trained on real data predicts best, by more than three standard errors, so
    that one column in 700 that cannot be predicted is taken for one that can. Columns that a rule ties to
    the target are left out, because the core keeps rules whatever a model learned. Where no column can be
    predicted there is nothing to measure. A synthetic target with fewer than 50 values is a Failure, and then so
    is the mean. The order of rows and columns and the number of cores change nothing.
    """

    name = "utility"
    default: ClassVar[bool] = False  # it takes seconds, and no built-in gate asks for it
    needs_holdout: ClassVar[bool] = True
    ceilings: ClassVar[bool] = False  # the real model is the measure itself

    def evaluate(
        self, real: Dataset, synthetic: Dataset, *, holdout: Dataset | None, seed: int, context: Context
    ) -> list[Score | Failure]:
        if holdout is None:
            return [Failure(_METRIC, "there is no holdout to test on")]
        rows = rows_of(real.subject, real, synthetic, holdout)
        if rows is None:
            return [Failure(_METRIC, "a column of the subjects or of a table below cannot be read")]
        if min(len(matrix) for matrix in rows.matrices) < LEAST:
            return [Failure(_METRIC, f"fewer than {LEAST} subjects in a part say nothing")]
        with one_core():
            return list(_results(real, rows, seed, context))


@dataclass(frozen=True)
class _Trial:
    """Three parts, as rows of numbers, and weights of the holdout's rows: first none, then those of resamples."""

    training: Numbers
    synthetic: Numbers
    holdout: Numbers
    categorical: Flags
    weights: Numbers

    @classmethod
    def draw(cls, rows: Rows, seed: int) -> _Trial:
        random = np.random.default_rng(np.random.SeedSequence(seed))
        training, synthetic, holdout = rows.matrices
        size = min(len(training), len(synthetic), _MOST)
        learned, made, tested = (
            _part(training, size, random),
            _part(synthetic, size, random),
            _part(holdout, _MOST, random),
        )
        count = len(tested)
        resamples = random.multinomial(count, np.full(count, 1 / count), _RESAMPLES).astype("float64")
        return cls(learned, made, tested, rows.categorical, np.vstack([np.ones(count), resamples]))

    def skills(self, target: Target, part: Numbers) -> Numbers:
        """The skill of a model trained on a part: on the holdout, and on each resample of it."""
        ranks = None if target.classes else Ranks(target.known(self.training)[:, target.place])
        predicted = predictions(target, part, self.holdout, ranks, self.categorical)
        return skills(self.holdout[:, target.place], predicted, ranks, list(self.weights))


def _part(matrix: Numbers, size: int, random: np.random.Generator) -> Numbers:
    return matrix[drawn(matrix, np.arange(len(matrix)), size, random)]


def _results(real: Dataset, rows: Rows, seed: int, context: Context) -> Iterator[Score | Failure]:
    trial = _Trial.draw(rows, seed)
    suitable = _suitable(trial, list(_candidates(real, rows)), context)
    if not suitable:
        problem = f"no column of {real.subject} can be predicted from the others"
        context.note(f"utility: {problem}, so there is no score")
        yield Failure(_METRIC, problem, applicable=False)
        return
    ratios: list[Numbers] = []
    for done, (target, skill) in enumerate(suitable):
        context.progress(len(suitable) + done, 2 * len(suitable), target.name)
        if len(target.known(trial.synthetic)) < LEAST:
            yield Failure(_METRIC, f"fewer than {LEAST} values to learn from", real.subject, (target.name,))
        else:
            learned = trial.skills(target, trial.synthetic)
            ratios.append(np.clip(learned / np.maximum(skill, 1e-9), 0, _BEST))
            yield _score(ratios[-1], real.subject, (target.name,))
    if len(ratios) < len(suitable):
        yield Failure(_METRIC, f"{len(suitable) - len(ratios)} of {len(suitable)} columns failed")
    else:
        yield _score(np.mean(ratios, axis=0))


def _score(ratios: Numbers, table: str | None = None, columns: tuple[str, ...] = ()) -> Score:
    return Score(_METRIC, ratios[0], table, columns, bounds=(0.0, _BEST), error=float(ratios[1:].std(ddof=1)))


def _candidates(real: Dataset, rows: Rows) -> Iterator[Target]:
    table, own = real.subject, {column.name: column.kind for column in real.schema.modelled(real.subject)}
    sources = rows.sources(list(own))
    for name in sorted(own):
        place, values = int(sources[name][0]), rows.matrices[0][:, sources[name][0]]
        classes = own[name] in (ColumnKind.BOOLEAN, ColumnKind.CATEGORICAL)
        count = len(np.unique(values[~np.isnan(values)]))
        if own[name] is not ColumnKind.DATETIME and 1 < count <= (_CLASSES if classes else count):
            left_out = {name, *_tied(real.schema, table, name)}
            features = [places for source, places in sources.items() if source not in left_out]
            yield Target(name, place, classes, np.sort(np.concatenate([np.empty(0, dtype="int64"), *features])))


def _tied(schema: Schema, subject: str, target: str) -> set[str]:
    """The sources of features that a rule names together with the target."""
    found: set[str] = set()
    for table in schema.owned_by(subject):
        for rule in schema[table].rules:
            named = {_named(schema, table, reference, subject) for reference in rule.references}
            found |= named if target in named else set()
    return found


def _named(schema: Schema, table: str, reference: str, subject: str) -> str:
    key, column = schema.lookup(table, reference)
    home = key.parent if key else table
    return column.name if home == subject else f"{home}.{column.name}"


def _suitable(trial: _Trial, candidates: list[Target], context: Context) -> list[tuple[Target, Numbers]]:
    """The targets that a model trained on real data predicts best, with its skills, in the order of their names."""
    found = []
    for done, target in enumerate(candidates):
        context.progress(done, 2 * len(candidates), target.name)
        if min(len(target.known(part)) for part in (trial.training, trial.holdout)) >= LEAST and len(target.features):
            skill = trial.skills(target, trial.training)
            found.append((skill[0] / max(float(skill[1:].std(ddof=1)), 1e-9), target, skill))
    best = sorted((each for each in found if each[0] > _SURE), key=lambda each: -each[0])[:_TARGETS]
    return [(target, skill) for _, target, skill in sorted(best, key=lambda each: each[1].name)]
