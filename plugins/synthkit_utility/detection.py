"""Can a classifier tell synthetic rows from real ones, and by what?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np

from synthkit import Context, Dataset, Evaluator, Failure, Score, one_core, subjects_of
from synthkit_utility.rows import LEAST, Integers, Rows, rows_of
from synthkit_utility.two_sample import Sample, Separation, told_apart

_NAMED = 5  # columns that a note names


class Detection(Evaluator):
    """A classifier two-sample test of each table (Lopez-Paz and Oquab, 2017).

    Gradient-boosted trees learn to tell synthetic rows from real ones; each score is the area under the ROC curve
    on rows of subjects they have not seen, the mean of five folds. As many rows of each side, at most 10,000::

        detection.rows        rows by their own columns only, for each table that has any
        detection.aggregates  rows with what the rows below them are like, for each table that has tables below;
                              without a table: of the subjects, with whatever is below them
        ....importance        for each column behind a score: how much the area falls when it is shuffled

    0.5 says that they cannot be told apart, 1 that they always can. **Well below 0.5 is wrong, too**: rows were
    copied, so that the trees take each for its twin on the other side. A gate says both with ``min`` and ``max``.

    A row's parent is left out of its own columns: so ``rows`` says that a table is wrong by itself, and
    ``aggregates`` that rows went to the wrong parents. Keys, personal data, text and reference tables are not
    looked at. The errors are DeLong's (1988), those of importances, too, with the rows of a subject taken together
    (Obuchowski, 1997) and widened for what folds have in common (Nadeau and Bengio, 2003). A note names the columns
    that gave the synthetic rows away. Fewer than 50 subjects on a side, or a column that cannot be read, are a
    Failure. The order of rows, columns and tables and the number of cores change nothing.
    """

    name = "detection"
    default: ClassVar[bool] = False  # it takes seconds, and only the strict gates ask for it
    ceilings: ClassVar[bool] = False  # the ideal is known: 0.5

    def evaluate(
        self,
        real: Dataset,
        synthetic: Dataset,
        *,
        holdout: Dataset | None,  # noqa: ARG002 - the contract hands it to every evaluator
        seed: int,
        context: Context,
    ) -> list[Score | Failure]:
        with one_core():
            return list(_results((real, synthetic), seed, context))


def _results(sides: tuple[Dataset, Dataset], seed: int, context: Context) -> Iterator[Score | Failure]:
    subjects = [subjects_of(side) for side in sides]
    tables = [table.name for table in sides[0].schema.tables if not table.reference]
    for done, table in enumerate(tables):
        context.progress(done, len(tables), table)
        rows = rows_of(table, *sides)
        own = [column.name for column in sides[0].schema.modelled(table)]
        owners = [_owners(each.get(table), len(side[table])) for each, side in zip(subjects, sides, strict=True)]
        found: Score | Failure | None = None
        for metric, names in _measures(sides[0], table, own, rows).items():
            found, *rest = _scores(metric, table, own, rows and rows.only(names), owners, seed)
            yield from (found, *rest)
            _note(found, rest, context)
        if table == sides[0].subject and found is not None:
            yield replace(found, metric="detection.aggregates", table=None)


def _owners(subjects: Integers | None, rows: int) -> Integers:
    """The subject of each row; a row that is nobody's stands for itself."""
    alone = np.arange(rows)
    return alone if subjects is None else np.where(subjects < 0, subjects.max(initial=0) + 1 + alone, subjects)


def _measures(real: Dataset, table: str, own: list[str], rows: Rows | None) -> dict[str, Sequence[str]]:
    """What is measured of a table, and by which features; the most telling last."""
    found: dict[str, Sequence[str]] = {"detection.rows": own} if own else {}
    if len(real.schema.owned_by(table)) > 1:
        found["detection.aggregates"] = rows.names if rows else own
    return found


def _scores(
    metric: str, table: str, own: list[str], rows: Rows | None, owners: Sequence[Integers], seed: int
) -> list[Score | Failure]:
    if rows is None:
        return [Failure(metric, "a column of the table or of one below it cannot be read", table)]
    random = np.random.default_rng(np.random.SeedSequence(seed))
    sample = Sample.draw(rows.matrices, owners, random)
    if sample.subjects < LEAST:
        return [Failure(metric, f"fewer than {LEAST} subjects on a side say nothing", table)]
    found = told_apart(sample, rows.categorical, rows.sources(own), random)
    return [_score(metric, table, found), *_importances(metric, table, found.importance)]


def _score(metric: str, table: str, found: Separation) -> Score:
    return Score(metric, found.area, table, goal="min", error=found.error)


def _importances(metric: str, table: str, found: Mapping[str, tuple[float, float]]) -> Iterator[Score]:
    for column, (fall, error) in found.items():
        yield Score(f"{metric}.importance", fall, table, (column,), bounds=(-1.0, 1.0), goal="min", error=error)


def _note(found: Score | Failure, importances: Sequence[Score | Failure], context: Context) -> None:
    if not isinstance(found, Score) or found.value <= 0.5 + 2 * (found.error or 0.0):
        return
    telling = sorted((s for s in importances if isinstance(s, Score) and s.value > 0), key=lambda s: -s.value)
    if telling:
        names = ", ".join(column for score in telling[:_NAMED] for column in score.columns)
        context.note(f"{found.id}: what gives synthetic rows away is most of all {names}")
