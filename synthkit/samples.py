"""Samples of a fitted model: drawn, restored and verified; of all subjects, or of those that were asked for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synthkit import integrity
from synthkit.dataset import Dataset
from synthkit.errors import DataError, IntegrityError, PluginError, SynthkitError, UsageError
from synthkit.given import Balance, Given
from synthkit.given_rows import kept_rows, open_rows
from synthkit.guard.asked import conditions
from synthkit.guard.categories import RARE
from synthkit.guard.kept import NOTHING, Kept
from synthkit.model import Model
from synthkit.plan import Plan
from synthkit.row_numbers import Integers
from synthkit.schema import ColumnKind, Schema
from synthkit.split import of_subjects
from synthkit.steps import Steps
from synthkit.synthesizer import Synthesizer
from synthkit.where import Where, compared

_TRIES = 4
_MOST = 20  # times as many subjects as asked for may be drawn, to choose from


@dataclass(frozen=True)
class Request:
    """Which subjects are wanted.

    Attributes:
        rows: how many.
        where: conditions that all of them meet.
        balance: how often a column has each of its values.
        given: their rows, or some cells of these.
    """

    rows: int
    where: Where | None = None
    balance: Balance | None = None
    given: Kept | None = None

    @classmethod
    def read(cls, plan: Plan, rows: int, schema: Schema, frame: pd.DataFrame | None = None) -> Request:
        """What a plan asks for, and of which rows, if it names some.

        Raises:
            UsageError: the schema has no such columns, or they no such values; or too much is asked at once.
        """
        if frame is not None:
            if plan.where is not None or plan.balance is not None or plan.rows not in (None, len(frame)):
                raise UsageError(f"{len(frame):,} rows are given as they are", "leave out rows, where and balance")
            return cls(len(frame), given=kept_rows(frame, schema))
        where = None if plan.where is None else Where.read(plan.where, schema)
        balance = None if plan.balance is None else read_balance(plan.balance, schema)
        return cls(rows, where, balance)

    def notes(self) -> Iterator[str]:
        """For the record: which columns it is about, but none of the values."""
        if self.where is not None:
            columns = ", ".join(column.name for column in self.where.columns)
            yield f"{self.where.table}: only such as were asked for, by a condition on {columns}"
        if self.balance is not None:
            yield f"the sample is balanced by {self.balance.column}"
        if self.given is not None:
            what = f"{self.rows:,} rows with {len(self.given.known)} columns are as they were given"
            yield f"{self.given.table}: {what}, and as personal; only the rest is synthetic"

    @property
    def plain(self) -> bool:
        """Whether any subjects will do."""
        return self.where is None and self.balance is None and self.given is None


@dataclass
class Sampling:
    """One sample of a model.

    Attributes:
        fitted: the model.
        seeds: of the steps ``sample`` and ``restore``.
        real: all real data at hand, of which no key and no fake may come out.
        given: what the model is given of the subjects.
        kept: the cells that come out as they were given.
    """

    fitted: Model
    seeds: Mapping[str, int]
    steps: Steps
    real: Dataset | None
    given: Given | None = None
    kept: Kept = NOTHING

    def of(self, request: Request) -> Dataset:
        """The subjects that are wanted, with all that they own; every key, count, rule and condition holds.

        Where the conditions are not met by all, since a rule was kept or the model cannot be told all of them, more
        subjects are drawn and chosen from: a bounded number.

        Raises:
            PluginError: the plugin takes no conditions, or failed.
            IntegrityError: a key, a count or a rule is broken.
            DataError: too few subjects meet the conditions.
        """
        if request.plain:
            return self._drawn(request.rows)
        self.steps.notes.extend(request.notes())
        if request.given is not None:
            return self._around(request.given, request.rows)
        self.given = self._told(request)
        size, told = request.rows, len(self.fitted.guard.notes)
        for _ in range(_TRIES):
            del self.fitted.guard.notes[told:]
            drawn = self._drawn(size)
            met = np.ones(size, dtype=bool) if request.where is None else request.where.met(drawn)
            if met.sum() >= request.rows:
                return self._chosen(drawn, np.flatnonzero(met)[: request.rows], request)
            most, share = _MOST * request.rows, max(int(met.sum()), 1) / size
            if size == most:
                break
            size = min(math.ceil(request.rows / share * 1.1) + 10, most)
        problem = f"only {met.sum():,} of {size:,} subjects drawn met the condition"
        raise DataError(problem, "loosen it, or ask for fewer rows", self.fitted.guard.schema.subject or "")

    def filled(self, rows: pd.DataFrame) -> Dataset:
        """Rows of the subject table, with draws in their empty cells.

        Cells of keys, of what no model sees and of fixed combinations stay empty, and so do those in which no draw
        of a few tries kept every rule without changing what was given. Notes count both.

        Raises:
            UsageError: a column is missing, or the plugin takes nothing that is given.
            IntegrityError: a cell that may not be empty is, or a rule is broken.
        """
        schema = self.fitted.guard.schema
        name = str(schema.subject)
        missing = [column for column in schema[name].column_names if column not in rows]
        if missing:
            raise UsageError(f"the columns {', '.join(missing)} are missing", "give all columns", name)
        open_ = open_rows(rows, schema)
        told = len(self.steps.notes)
        made = rows.assign(**self._draws(open_))
        self.steps.notes[told:] = _filled_notes(open_, made)  # what was drawn besides comes out nowhere
        data = Dataset(schema.select([name]), {name: made})
        for broken in integrity.violations(data):
            raise IntegrityError(f"the filled rows are broken: {broken}", "nothing was written; correct them first")
        return data

    def _draws(self, kept: Kept) -> dict[str, pd.Series[Any]]:
        """The columns with draws in their open cells: of the first try in which no rule changed a given one."""
        self._keep(kept)
        found, waiting = {name: kept.cells[name] for name in kept.known}, np.ones(len(kept.cells), dtype=bool)
        for attempt in range(_TRIES):
            drawn = self._drawn(len(waiting), attempt)
            fine = waiting & ~np.logical_or.reduce([~waiting, *kept.changed(drawn).values()])
            for column in (column for column in drawn.schema[kept.table].columns if column.name in found):
                taken = {column.name: fine & ~kept.known[column.name]}
                found[column.name] = Kept(kept.table, drawn[kept.table], taken).put(column, found[column.name])
            waiting &= ~fine
            if not waiting.any():
                break
        return found

    def _around(self, kept: Kept, rows: int) -> Dataset:
        """Subjects with given cells, with all that they own."""
        self._keep(kept)
        for attempt in range(_TRIES):
            drawn = self._drawn(rows, attempt)
            changed = kept.changed(drawn)
            if not changed:
                return drawn
        name, count = next(iter(changed)), sum(int(rows.sum()) for rows in changed.values())
        problem = f"{count:,} given cells would have to change to keep the rules of the schema"
        raise DataError(problem, "give rows that keep them, or fewer columns", f"{kept.table}.{name}")

    def _keep(self, kept: Kept) -> None:
        guard = self.fitted.guard
        refuse_unconditional(self.fitted.synthesizer)
        self.given, self.kept = kept.shown(guard.fold, guard.rules[kept.table], guard.guarded_schema), kept

    def _told(self, request: Request) -> Given:
        """What the model is given."""
        guard = self.fitted.guard
        refuse_unconditional(self.fitted.synthesizer)
        rules = guard.rules[str(guard.schema.subject)]
        known = () if request.where is None else conditions(request.where, rules)
        return Given(known, request.balance)

    def _chosen(self, drawn: Dataset, rows: Integers, request: Request) -> Dataset:
        """Some of the subjects drawn, with all that they own."""
        if len(rows) == len(drawn[drawn.subject]):
            return drawn
        with self.steps("verify") as context:
            chosen = np.zeros(len(drawn[drawn.subject]), dtype=bool)
            chosen[rows] = True
            context.note(f"{drawn.subject}: {len(chosen):,} were drawn to find {len(rows):,} that meet the condition")
            found = of_subjects(drawn, chosen, "sample")
            self._verify(found, {**self.fitted.sizes, drawn.subject: request.rows})
        return found

    def _drawn(self, rows: int, attempt: int = 0) -> Dataset:
        guard, name = self.fitted.guard, self.fitted.synthesizer.name
        wanted = {**self.fitted.sizes, str(guard.schema.subject): rows}
        guard.check_capacity(wanted)
        with self.steps("sample") as context, failures_of(name, "sample"):
            how = {} if self.given is None else {"given": self.given}
            drawn = self.fitted.synthesizer.sample(rows, seed=self.seeds["sample"] + attempt, context=context, **how)
        with self.steps("restore") as context:
            synthetic = guard.restore(drawn, seed=self.seeds["restore"], real=self.real, given=self.kept)
            for note in guard.notes:
                context.note(note)
        with self.steps("verify"):
            self._verify(synthetic, wanted)
        return synthetic

    def _verify(self, synthetic: Dataset, wanted: Mapping[str, int]) -> None:
        broken = integrity.sample_violations(synthetic, self.fitted.guard.schema, wanted, real=self.real)
        if broken:
            name = self.fitted.synthesizer.name
            raise IntegrityError(f"the sample of {name} is broken: {broken[0]}", "nothing was written; tell its author")


def _filled_notes(kept: Kept, made: pd.DataFrame) -> Iterator[str]:
    """How many cells were filled, and how many of those that were open could not be."""
    yield f"{kept.table}: rows are as they were given but for filled cells, and as personal"
    for name, known in kept.known.items():
        left = int(made[name].isna().to_numpy()[~known].sum())
        if not known.all():
            yield f"{kept.table}.{name}: {int((~known).sum()) - left:,} empty cells were filled"
        if left:
            yield f"{kept.table}.{name}: {left:,} cells stay empty, as a rule asks for it or no draw kept all rules"


def refuse_unjudged(plan: Plan, synthesizer: Synthesizer) -> None:
    """Refuse what cannot be judged against the real data, and a plugin that draws no such subjects.

    Raises:
        UsageError: naming the option, or the plugin.
    """
    if plan.given is not None:
        raise UsageError(
            "given rows are no sample to be judged", "fit a model, and use `synthkit sample MODEL --given`"
        )
    if plan.balance is not None:
        problem = "a balanced sample is unlike the real data, so it is not judged"
        raise UsageError(problem, "fit a model, and use `synthkit sample MODEL --balance`")
    if plan.where is not None:
        refuse_unconditional(synthesizer)


def refuse_unconditional(synthesizer: Synthesizer) -> None:
    """Refuse a synthesizer that would not heed what it is given.

    Raises:
        UsageError: naming it.
    """
    if not synthesizer.conditional:
        problem = f"{synthesizer.name} cannot draw subjects of which something is given"
        raise UsageError(problem, "leave that out, or choose a plugin that is conditional, such as cart")


def read_balance(text: str, schema: Schema) -> Balance:
    """The balance that a user wrote: ``column``, or ``column=0.5`` for the share in which it is true.

    Raises:
        UsageError: no such column, none that has categories or truth values, or no such share.
    """
    name, equals, share = text.partition("=")
    table = str(schema.subject)
    column = compared(schema, table, name.strip())
    if column.kind not in (ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN):
        raise UsageError("only categories and truth values can be balanced", "choose another", f"{table}.{column.name}")
    if not equals:
        return Balance(column.name, besides=(RARE,))
    if column.kind != ColumnKind.BOOLEAN:
        raise UsageError("a share is asked of what is true or false", f"write {column.name}", f"{table}.{column.name}")
    try:
        part = float(share)
    except ValueError:
        part = -1.0
    if not 0 <= part <= 1:
        raise UsageError(f"{share.strip()!r} is no share", "write a number from 0 to 1", f"{table}.{column.name}")
    return Balance(column.name, part)


def meeting(real: Dataset, where: Where | None, k: int) -> Dataset:
    """The real subjects that meet conditions, with all that they own, to compare a sample with.

    Raises:
        DataError: there are fewer than ``k``.
    """
    if where is None:
        return real
    met = where.met(real)
    if met.sum() < k:
        problem = f"fewer than {k} real subjects in one part of the data meet the condition, too few to compare with"
        raise DataError(problem, "loosen it, or fit a model and use `synthkit sample MODEL --where`", where.table)
    return of_subjects(real, met, "real data")


@contextmanager
def failures_of(plugin: str, verb: str) -> Iterator[None]:
    """Whatever a stranger's code raises becomes one line of ours; its text may hold values, so it is left out."""
    try:
        yield
    except (SynthkitError, OSError, MemoryError):
        raise
    except Exception as error:
        raise PluginError(f"{plugin} failed in {verb} ({type(error).__name__})", "--debug shows where") from error
