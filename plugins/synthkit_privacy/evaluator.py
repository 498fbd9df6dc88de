"""Copies, distances and membership, against the holdout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from synthkit import Context, Dataset, Evaluator, Failure, Score, features, subjects_of
from synthkit_privacy.attacks import Estimate, closer_share, memberships, strongest
from synthkit_privacy.copies import INFORMATIVE, Copies, copies, row_codes, sequence_codes
from synthkit_privacy.records import Points, points

_MOST = 5_000  # subjects of each part that attacks look at
_LEAST = 50  # subjects that a holdout needs before chance says anything


class Privacy(Evaluator):
    """What the synthetic data tell about training subjects beyond what they tell about holdout subjects."""

    name = "privacy"
    needs_holdout: ClassVar[bool] = True
    ceilings: ClassVar[bool] = False  # the holdout is the measure itself

    def evaluate(
        self, real: Dataset, synthetic: Dataset, *, holdout: Dataset | None, seed: int, context: Context
    ) -> Iterator[Score | Failure]:
        if holdout is None:
            yield Failure(self.name, "there is no holdout to compare with")
            return
        context.progress(0, 2, "copies")
        parts = (real, holdout, synthetic)
        yield from _row_copies(parts)
        yield from _sequence_copies(parts)
        context.progress(1, 2, "attacks")
        yield from _attacks(parts, seed)


def _row_copies(parts: tuple[Dataset, ...]) -> Iterator[Score]:
    found = {}
    for table in parts[0].schema.tables:
        columns = _informative(parts[0], table.name)
        if len(columns) >= INFORMATIVE and not table.reference:
            codes = row_codes([part[table.name][columns] for part in parts])
            found[table.name] = copies(codes[0], codes[1], codes[2])
    yield from _copy_scores("privacy.copies.rows", found)


def _sequence_copies(parts: tuple[Dataset, ...]) -> Iterator[Score]:
    found, subjects = {}, [subjects_of(part) for part in parts]
    for name in subjects[0]:
        columns = _informative(parts[0], name)
        if name != parts[0].subject and columns:
            rows = row_codes([part[name][columns] for part in parts])
            codes = sequence_codes(rows, [each[name] for each in subjects])
            found[name] = copies(codes[0], codes[1], codes[2])
    yield from _copy_scores("privacy.copies.sequences", found)


def _informative(real: Dataset, table: str) -> list[str]:
    """The modelled columns that hold more than one value."""
    return [c.name for c in real.schema.modelled(table) if real[table][c.name].nunique(dropna=False) > 1]


def _copy_scores(metric: str, found: dict[str, Copies]) -> Iterator[Score]:
    for table, count in found.items():
        yield Score(metric, count.excess, table, bounds=(0.0, None), goal="min")
    if found:
        yield Score(metric, sum(count.excess for count in found.values()), bounds=(0.0, None), goal="min")


def _attacks(parts: tuple[Dataset, ...], seed: int) -> Iterator[Score | Failure]:
    random = np.random.default_rng(np.random.SeedSequence(seed))
    if min(len(part[part.subject]) for part in parts) < _LEAST:
        for metric in ("privacy.distance", "privacy.membership"):
            yield Failure(metric, f"fewer than {_LEAST} subjects in a part say nothing")
        return
    training, holdout, synthetic = (_drawn(each, random) for each in points(features(parts[0].subject, *parts)))
    yield _score("privacy.distance", closer_share(training, holdout, synthetic, random))
    attacks = memberships(training, holdout, synthetic, random)
    for name, attack in attacks.items():
        yield _score(f"privacy.membership.{name}", attack)
    yield _score("privacy.membership", strongest(attacks))


def _drawn(part: Points, random: np.random.Generator) -> Points:
    return part[random.permutation(len(part))[:_MOST]]


def _score(metric: str, estimate: Estimate) -> Score:
    return Score(metric, estimate.value, goal="min", error=estimate.error)
