"""The evaluator: SDMetrics' two reports, figure by figure."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np

from synthkit import Context, Dataset, Evaluator, Failure, Schema, Score
from synthkit_sdmetrics.figures import Figure, average, with_averages
from synthkit_sdmetrics.report import PROPERTIES, figures_of, number_of_figures, refusal


class SDMetrics(Evaluator):
    """SDMetrics' quality and diagnostic report, run strictly.

    Every figure is in [0, 1] and more is better. Per column, pair of columns, relation or table, then as
    the average of each table and of all tables::

        sdmetrics.quality.column_shapes            KS or total variation complement of each column
        sdmetrics.quality.column_pair_trends       correlation or contingency similarity of each pair
        sdmetrics.quality.cardinality              KS complement of the children per parent
        sdmetrics.quality.intertable_trends        as column_pair_trends, a child's column with a parent's
        sdmetrics.quality.overall                  mean of those above that exist
        sdmetrics.diagnostic.data_validity         ranges, categories and unique keys kept
        sdmetrics.diagnostic.data_structure        names and types of the columns
        sdmetrics.diagnostic.relationship_validity keys that exist, children per parent within the real range
        sdmetrics.diagnostic.overall               mean of those above that exist

    Where nothing is missing they equal ``sdmetrics.reports.QualityReport`` with both thresholds 0 and no
    subsample, and ``DiagnosticReport``, which the tests check to 1e-9. The metrics are called one by one,
    because these reports sample tables of more than 50,000 rows without a seed, whatever they are told
    (0.32), and cannot be stopped. A pair across tables is named ``(column, "parent.column")``, followed
    by the foreign key where the child has several to that parent. Keys, personal data and text are not
    scored.

    What cannot be computed is a Failure and so is every average that needs it, while SDMetrics would
    leave it out and often give a better score for worse data. **The one exception**: a figure that the
    real data alone leave undefined (no correlation with a constant column) says nothing about the
    synthetic data. It still is a Failure of its own, but averages do without it. The test of this is
    whether the real data can be compared with themselves, so nothing synthetic can bring it about.

    A foreign key of several columns or to its own table, which SDMetrics' reports cannot say, is such a
    Failure too and noted. A table whose key repeats cannot be joined: its relations fail.

    Nothing is sampled; ``seed`` only fixes numpy's global generator, should SDMetrics ever draw from it.
    """

    name = "sdmetrics"
    requires = ("sdmetrics>=0.32",)
    extra = "sdv"

    def evaluate(
        self,
        real: Dataset,
        synthetic: Dataset,
        *,
        holdout: Dataset | None,  # noqa: ARG002 - the contract hands it to every evaluator
        seed: int,
        context: Context,
    ) -> Iterable[Score | Failure]:
        _note_refusals(real.schema, context)
        with _seeded(seed), warnings.catch_warnings():
            # numpy and scipy warn about each figure that is undefined; a Failure says that better
            warnings.simplefilter("ignore", RuntimeWarning)
            figures = list(_watched(real, synthetic, context))
        return [figure.result for figure in _with_overall(figures)]


def _note_refusals(schema: Schema, context: Context) -> None:
    for key in schema.foreign_keys:
        if reason := refusal(key):
            context.note(f"sdmetrics leaves out {key.table}.{'+'.join(key.columns)}: {reason}")


def _watched(real: Dataset, synthetic: Dataset, context: Context) -> Iterator[Figure]:
    total = number_of_figures(real.schema)
    for done, figure in enumerate(figures_of(real, synthetic), start=1):
        context.progress(done, total, figure.metric)
        yield figure


def _with_overall(figures: list[Figure]) -> Iterator[Figure]:
    for report in ("sdmetrics.quality", "sdmetrics.diagnostic"):
        totals = []
        for name, noun in PROPERTIES.items():
            own = [figure for figure in figures if figure.metric == name]
            if own and name.startswith(report):
                *rest, total = with_averages(own, noun)
                yield from (*rest, total)
                totals.append(total)
        yield average(f"{report}.overall", totals, "properties")


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    before = np.random.get_state()  # noqa: NPY002 - SDMetrics knows no other generator
    np.random.seed(np.random.SeedSequence(seed).generate_state(4))  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002
