"""Copies, distances, membership and risks, against the holdout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

from synthkit import Context, Dataset, Evaluator, Failure, Score, features, one_core, subjects_of
from synthkit_privacy.copies import INFORMATIVE, Copies, copies, row_codes, sequence_codes
from synthkit_privacy.estimates import Estimate, strongest
from synthkit_privacy.membership import closer_shares, memberships
from synthkit_privacy.records import Records, records
from synthkit_privacy.risks import inference, linkability, singling_out

_LEAST = 20  # subjects that each part needs before chance says anything
_MOST = 50_000  # synthetic subjects that membership attacks look at
_ATTACKED = 2_000  # subjects of each real part whose risks are measured
_SEARCHED = 5_000  # synthetic subjects that these attacks search
_ATTACKS = (
    "privacy.distance",
    "privacy.distance.sparse",
    "privacy.membership",
    "privacy.inference",
    "privacy.linkability",
    "privacy.singling_out",
)

Parts = tuple[Dataset, Dataset, Dataset]
Columns = Mapping[str, list[str]]  # of each table that belongs to the subjects, those that hold more than one value
Faults = Mapping[str, str | None]  # why rows of a table cannot be compared
Results = Iterator[Score | Failure]


class Privacy(Evaluator):
    """What the synthetic data tell about training subjects beyond what they tell about holdout subjects."""

    name = "privacy"
    needs_holdout: ClassVar[bool] = True
    ceilings: ClassVar[bool] = False  # the holdout is the measure itself
    measures_risk: ClassVar[bool] = True

    def evaluate(
        self, real: Dataset, synthetic: Dataset, *, holdout: Dataset | None, seed: int, context: Context
    ) -> list[Score | Failure]:
        if holdout is None:
            return [Failure(self.name, "there is no holdout to compare with")]
        with one_core():
            return list(_results((real, holdout, synthetic), seed, context))


def _results(parts: Parts, seed: int, context: Context) -> Results:
    real, synthetic = parts[0], parts[2]
    columns = {table: _informative(real, table) for table in subjects_of(real)}
    faults = {table: _fault(real[table], synthetic[table], table, names) for table, names in columns.items()}
    context.progress(0, 4, "copies")
    yield from _row_copies(parts, columns, faults)
    yield from _sequence_copies(parts, columns, faults)
    context.progress(1, 4, "membership")
    fault = next((fault for fault in faults.values() if fault), None)
    reason = fault or _silence(parts, columns)
    if reason:
        yield from (Failure(metric, reason, applicable=fault is not None) for metric in _ATTACKS)
        return
    random = np.random.default_rng(np.random.SeedSequence(seed))
    training, others, made = records(features(real.subject, *parts))
    yield from _memberships(training, others, made.drawn(_MOST, random), random)
    context.progress(2, 4, "risks")
    attacked = (training.drawn(_ATTACKED, random), others.drawn(_ATTACKED, random), made.drawn(_SEARCHED, random))
    yield from _inferences(attacked, real.subject, columns[real.subject])
    context.progress(3, 4, "risks")
    yield _score("privacy.linkability", linkability(*attacked))
    risk = singling_out(training, others, made, random)
    yield _singled(risk, applicable=risk is not None or singling_out(training, others, others, random) is not None)


def _informative(real: Dataset, table: str) -> list[str]:
    """The modelled columns that hold more than one value."""
    names = [column.name for column in real.schema.modelled(table)]
    return [name for name in names if len(real[table][name].drop_duplicates()) > 1]


def _fault(real: pd.DataFrame, synthetic: pd.DataFrame, table: str, columns: list[str]) -> str | None:
    """Why rows of a table cannot be compared: a column that cannot be read must not hide a copy."""
    unreadable = [name for name in columns if len(synthetic) and not _readable(real[name], synthetic[name])]
    return f"{table}.{unreadable[0]} holds no value of its kind in the synthetic data" if unreadable else None


def _readable(real: pd.Series[Any], synthetic: pd.Series[Any]) -> bool:
    same = all(is_kind(real) == is_kind(synthetic) for is_kind in (is_numeric_dtype, is_datetime64_any_dtype))
    return same and bool(synthetic.notna().any() or not real.notna().any())


def _silence(parts: Parts, columns: Columns) -> str | None:
    """Why chance alone would speak."""
    least = min(len(part[part.subject]) for part in parts)
    if least < _LEAST:
        return f"needs {_LEAST} subjects in each of training part, holdout and synthetic data; the least is {least}"
    return None if any(columns.values()) else "no column of the subjects holds more than one value"


def _row_copies(parts: Parts, columns: Columns, faults: Faults) -> Results:
    found: dict[str, Copies | str] = {}
    for table, names in columns.items():
        if len(names) >= INFORMATIVE:
            codes = row_codes([part[table][names] for part in parts])
            found[table] = faults[table] or copies(codes[0], codes[1], codes[2])
    yield from _copy_results("privacy.copies.rows", found, f"no table has {INFORMATIVE} columns to compare rows by")


def _sequence_copies(parts: Parts, columns: Columns, faults: Faults) -> Results:
    found: dict[str, Copies | str] = {}
    subjects = [subjects_of(part) for part in parts]
    for table, names in columns.items():
        if table != parts[0].subject and names:
            rows = row_codes([part[table][names] for part in parts])
            codes = sequence_codes(rows, [each[table] for each in subjects])
            found[table] = faults[table] or copies(codes[0], codes[1], codes[2])
    yield from _copy_results("privacy.copies.sequences", found, "no table belongs to the subjects")


def _copy_results(metric: str, found: dict[str, Copies | str], nothing: str) -> Results:
    """The copies in each table and in all together; where one cannot be counted, all together cannot."""
    for table, count in found.items():
        yield Failure(metric, count, table) if isinstance(count, str) else _excess(metric, count.excess, table)
    faults = [count for count in found.values() if isinstance(count, str)]
    if faults or not found:
        yield Failure(metric, faults[0] if faults else nothing, applicable=bool(faults))
    else:
        yield _excess(metric, sum(count.excess for count in found.values() if isinstance(count, Copies)))


def _memberships(training: Records, holdout: Records, synthetic: Records, random: np.random.Generator) -> Results:
    everywhere, sparse = closer_shares(training, holdout, synthetic, random)
    yield _score("privacy.distance", everywhere)
    yield _score("privacy.distance.sparse", sparse)
    attacks = memberships(training, holdout, synthetic, random)
    for name, attack in attacks.items():
        yield _score(f"privacy.membership.{name}", attack)
    yield _score("privacy.membership", strongest(attacks.values()))


def _inferences(attacked: tuple[Records, Records, Records], table: str, secrets: list[str]) -> Results:
    """For each column of the subjects, and for the one that is given away most."""
    found = {name: inference(*attacked, name) for name in secrets if len(attacked[0].names) > 1}
    for name, risk in found.items():
        yield _score("privacy.inference", risk, table, (name,))
    if found:
        yield _score("privacy.inference", strongest(found.values()))
    else:
        yield Failure("privacy.inference", "the subjects have no column to guess from others", applicable=False)


def _singled(risk: Estimate | None, *, applicable: bool) -> Score | Failure:
    """The risk; where there is none, it does not apply if not even real people could be described so."""
    metric, silence = "privacy.singling_out", "no description fits one synthetic subject alone"
    return _score(metric, risk) if risk else Failure(metric, silence, applicable=applicable)


def _excess(metric: str, value: float, table: str | None = None) -> Score:
    return Score(metric, value, table, bounds=(0.0, None), goal="min")


def _score(metric: str, estimate: Estimate, table: str | None = None, columns: tuple[str, ...] = ()) -> Score:
    return Score(metric, estimate.value, table, columns, goal="min", error=estimate.error)
