"""The evaluator: counts both sides, then compares."""

from __future__ import annotations

from collections.abc import Iterable

from synthkit import Context, Dataset, Evaluator, Failure, Score
from synthkit_fidelity.comparison import Comparison
from synthkit_fidelity.observe import codebook, joints, margins, paths, scored

_WHOLE = {
    "shapes": "column to compare",
    "pairs": "two columns in one table",
    "null_patterns": "two columns in one table",
    "coverage": "category",
    "triples": "three columns in one table",
    "cardinality": "foreign key",
    "intertable": "column beside a parent's",
    "hop2": "column beside a grandparent's",
    "order": "dated rows that follow one another",
    "dependence.intra": "columns that depend on each other",
    "dependence.hop1": "column that depends on a parent's",
    "dependence.least": "table or foreign key with more dependence than so few rows have by chance",
}


class Fidelity(Evaluator):
    """Compares columns, pairs, relations, dependence, nulls and order in time, without SDV.

    Every figure is in [0, 1] and more is better; identical data give 1.0 everywhere. There is one per
    column, pair, foreign key or table as named here, and, unless said otherwise, their mean per table
    (``fidelity.pairs.customers``) and over all (``fidelity.pairs``)::

        fidelity.shapes            each column: KS complement of numbers and dates, total variation (TV)
                                   complement of categories and booleans; nulls left out
        fidelity.nulls             each column: 1 - |difference of the shares of nulls|
        fidelity.null_patterns     each table: TV complement of the sets of columns that are null together
        fidelity.coverage          each categorical or boolean column: the share of the real categories,
                                   each counted once however rare, that occur
        fidelity.pairs             two columns of a table: 1 - |difference of Pearson's r| / 2 of numbers and
                                   dates, else the TV complement of the contingency table of their cells
        fidelity.triples           three columns of a table: TV complement of their coarse cells; all triples,
                                   or 50 of a table that the seed chooses
        fidelity.cardinality       each foreign key: KS complement of the numbers of children, 0 included
        fidelity.intertable        as pairs, of a child's column and a parent's
        fidelity.hop2              as pairs, of a child's column and a grandparent's
        fidelity.order             each date of a table that subjects own: KS complement of the gaps between
                                   consecutive rows of a subject; with each number: 1 - |difference of r| / 2,
                                   r the correlation of a value with the next one
        fidelity.dependence.intra  dependence kept within each table, and in all tables together
        fidelity.dependence.hop1   dependence kept along each foreign key, and along all together
        fidelity.dependence.least  of the table or foreign key that kept least

    **Cells.** Numbers and dates fall into five quantile bins of the real data (see ``Cells``), null has a
    cell of its own, categories that the real data lack share one. Coarse cells keep the four most
    frequent real categories and put the others together.

    **Dependence kept** is the sum of min(V of synthetic, V of real) over the sum of V of real, over the
    pairs with V of real > 0.05, V the bias-corrected Cramer's V (Bergsma, 2013) of the cells. The sums go
    over all pairs, so that the figure of all tables is no mean of means. Pairs that do not depend on each
    other carry no weight, which is why this tells broken from weak where the means above cannot. A table or
    key without any such pair has no score: there is nothing to keep, and 1.0 would claim it was kept. The error
    is what columns that have nothing to do with each other would keep on average, which is much where rows are
    few; tables and keys whose real columns have a tenth of their dependence by such chance cannot be ``least``.

    **Parity.** shapes, coverage, cardinality, and pairs and intertable of two numbers or two categories equal
    SDMetrics' strict figures, which the tests check to 1e-9. SDMetrics gives a category that only the synthetic
    data have a real share of a millionth of a row, and rounds numbers to 14 decimals; here neither is done.
    A pair of a number and a category differs: SDMetrics cuts each side into ten equal bins of its own range, so
    that one outlier moves every bin, a shifted or stretched column is no difference, and all of a skewed column
    falls into one bin. Given our cells, SDMetrics' ContingencySimilarity is equal again.

    What cannot be computed is a Failure, and so is every mean that needs it. The one exception, as for
    ``sdmetrics``: what the real data alone leave undefined is a Failure that means do without. A column that
    is all null or holds infinite values or another type makes every figure about it a Failure, its table's
    null patterns included. What does not apply gives no score: no foreign key, no grandparent, no dependence, no
    subject with two dates; for the figures that gates usually ask for, a Failure that is not applicable says so.

    Only modelled columns are compared: no keys, personal data or text, and reference tables, which are
    copied, only as parents. The order of rows and of columns changes nothing; ``seed`` only chooses triples.

    **Any size.** Everything follows from counts of chunks that merge (``observe.margins`` of the real chunks,
    ``observe.codebook``, then ``observe.joints`` of all chunks, and ``Comparison``), so that the real data are
    read twice and the synthetic data once. States grow with the numbers of distinct values, not of rows.
    """

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
        results = [figure.result for figure in Comparison(real.schema, book, *both).figures()]
        return [*results, *_not_applicable(results)]


def _not_applicable(results: Iterable[Score | Failure]) -> Iterable[Failure]:
    """The figures of all tables that these tables have no use for, so that a gate on them can say so."""
    there = {result.metric for result in results}
    for metric, what in _WHOLE.items():
        if f"fidelity.{metric}" not in there:
            yield Failure(f"fidelity.{metric}", f"these tables have no {what}", applicable=False)


class _Steps:
    """Turns each table and relation that is counted into progress."""

    def __init__(self, context: Context, real: Dataset) -> None:
        self._context, self._done = context, 0
        schema = real.schema
        self._total = 2 * (len(schema.tables) + len(scored(schema)) + len(paths(schema)))

    def __call__(self, name: str) -> None:
        self._context.progress(self._done, self._total, name)
        self._done += 1
