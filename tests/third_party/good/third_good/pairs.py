"""The evaluator ``pairs``."""

from itertools import combinations

import numpy as np

from synthkit import Evaluator, Failure, Score, features


class Pairs(Evaluator):
    """How alike pairs of columns are: the overlap of their distributions, in fifths and categories of the real data."""

    name = "pairs"
    plugin_api = 1

    def evaluate(self, real, synthetic, *, holdout, seed, context):
        for place, table in enumerate(real.schema.table_names):
            context.progress(place, len(real.schema.tables), table)  # where a run that was cancelled ends
            if not (len(real[table]) and len(synthetic[table])):
                yield Failure(f"{self.name}.pairs", "there are no rows", table)
                continue
            try:
                both = features(table, real, synthetic)
            except (TypeError, ValueError):  # never a better score, and never left out in silence
                yield Failure(f"{self.name}.pairs", "a column cannot be read", table)
                continue
            for names in combinations(sorted(column.name for column in real.schema.modelled(table)), 2):
                yield Score(f"{self.name}.pairs", self._closeness(*both, names), table, names)

    def _closeness(self, real, synthetic, names):
        rows = [_cells(frame, real, names) for frame in (real, synthetic)]
        _, cells = np.unique(np.concatenate(rows), axis=0, return_inverse=True)
        both = np.split(cells.ravel(), [len(real)])
        shares = [np.bincount(each, minlength=cells.max() + 1) / len(each) for each in both]
        return float(min(np.minimum(*shares).sum(), 1))


def _cells(frame, real, names):
    """For each row, where it is in the grid of these columns."""
    return np.column_stack([_codes(frame[name], real[name]) for name in names])


def _codes(values, real):
    """A small number for each value, and -1 for null."""
    if values.dtype == "category":
        return values.cat.codes.to_numpy("int64")
    known = real.dropna()
    edges = np.quantile(known, [0.2, 0.4, 0.6, 0.8]) if len(known) else []
    return np.where(values.isna(), -1, np.searchsorted(edges, values))
