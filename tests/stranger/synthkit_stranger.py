"""A plugin of somebody else, as installed: tests of the core run with it, through the public door.

A ``.dist-info`` folder beside this module, on ``sys.path``, is all that discovery needs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
from pydantic import BaseModel

from synthkit import Context, Dataset, Evaluator, Failure, Given, Schema, Score, Synthesizer, hookimpl


class Options(BaseModel, extra="forbid", frozen=True):
    """What a test may ask of the resampler."""

    stumble: str | None = None
    clip: bool = False  # numbers are drawn wide and cut off at the range that was seen, as many do


class Resample(Synthesizer):
    """Draws training subjects again, with all their rows: the best fidelity and no privacy at all."""

    name = "resample"
    multi_table = True
    Options = Options

    @classmethod
    def refusals(cls, schema: Schema) -> Iterable[str]:
        if len(schema.tables) > 5:
            yield "it takes 5 tables at most; choose some with --tables"

    def fit(self, training: Dataset, *, seed: int, context: Context) -> Resample:
        _stumble(self.options, "fit", context)
        self.training = training
        return self

    def sample(self, rows: int, *, seed: int, context: Context, given: Given | None = None) -> Dataset:
        _stumble(self.options, "sample", context)
        schema, subject = self.training.schema, self.training.subject
        chosen = np.random.default_rng(seed).integers(0, len(self.training[subject]), rows)
        tables = {subject: self._fresh(subject, self.training[subject].iloc[chosen])}
        for name in schema.owned_by(subject)[1:]:
            key = schema.owner_of(name)
            assert key is not None
            assert key.parent == subject, "deeper trees are not needed here"
            tables[name] = self._children(name, key.columns[0], chosen)
        shared = {name: self.training[name] for name in schema.table_names if name not in tables}
        if (self.options.stumble or "").startswith("orphan"):  # type: ignore[attr-defined]
            child = next(name for name in tables if name != subject)
            tables[child].loc[0, schema.parents_of(child)[0].columns[0]] = rows + 7
        if self.options.clip:  # type: ignore[attr-defined]
            tables = {name: self._clipped(name, frame, seed) for name, frame in tables.items()}
        return Dataset(schema, tables | shared)

    def _clipped(self, name: str, frame: pd.DataFrame, seed: int) -> pd.DataFrame:
        random, changed = np.random.default_rng(seed), {}
        for column in self.training.schema.modelled(name):
            if column.kind == "numerical":
                seen = self.training[name][column.name].astype("float64")
                wide = random.normal(seen.mean(), 3 * seen.std(), len(frame))
                changed[column.name] = np.clip(wide, seen.min(), seen.max())
        return frame.assign(**changed)

    def _children(self, name: str, key: str, chosen: np.ndarray) -> pd.DataFrame:
        frame = self.training[name]
        copies = pd.DataFrame({key: chosen, "_copy": np.arange(len(chosen))})
        joined = copies.merge(frame.dropna(subset=[key]).astype({key: "int64"}), on=key).sort_values("_copy")
        joined[key] = joined["_copy"].astype(frame[key].dtype)
        return self._fresh(name, joined[list(frame.columns)])

    def _fresh(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        frame = frame.reset_index(drop=True)
        own = self.training.schema[name].primary_key
        if len(own) == 1 and not any(own == key.columns for key in self.training.schema.parents_of(name)):
            frame[own[0]] = np.arange(len(frame), dtype="int64")
        return frame

    def save(self, folder: Path) -> None:
        (folder / "schema.json").write_text(json.dumps(self.training.schema.to_dict()))
        for name in self.training.schema.table_names:
            self.training[name].to_parquet(folder / f"{name}.parquet")

    @classmethod
    def load(cls, folder: Path) -> Resample:
        model = cls(Options())
        schema = Schema.from_dict(json.loads((folder / "schema.json").read_text()))
        tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in schema.table_names}
        model.training = Dataset(schema, tables)
        return model


class Single(Resample):
    """The same for one table."""

    name = "single"
    multi_table = False


class Absent(Resample):
    """Needs what nobody has."""

    name = "absent"
    requires = ("a-package-that-does-not-exist>=2",)
    extra = "ghost"


class Means(Evaluator):
    """How close the means of numbers are, relative to the spread of the real ones."""

    name = "means"

    def evaluate(
        self, real: Dataset, synthetic: Dataset, *, holdout: Dataset | None, seed: int, context: Context
    ) -> Iterable[Score | Failure]:
        for table in real.schema.tables:
            for column in real.schema.modelled(table.name):
                if column.kind == "numerical":
                    yield _mean_score(table.name, column.name, real[table.name], synthetic[table.name])


class Nosy(Evaluator):
    """Needs a holdout."""

    name = "nosy"
    needs_holdout = True

    def evaluate(
        self, real: Dataset, synthetic: Dataset, *, holdout: Dataset | None, seed: int, context: Context
    ) -> Iterable[Score | Failure]:
        assert holdout is not None
        yield Score("nosy.rows", 1.0)


class Nothing(Evaluator):
    """Gives no score at all."""

    name = "nothing"

    def evaluate(self, *_: Any, **__: Any) -> Iterable[Score | Failure]:
        return ()


class Raising(Evaluator):
    """Always fails."""

    name = "raising"

    def evaluate(self, *_: Any, **__: Any) -> Iterable[Score | Failure]:
        raise ValueError("SECRET-CELL-VALUE")


def _mean_score(table: str, column: str, real: pd.DataFrame, synthetic: pd.DataFrame) -> Score | Failure:
    values, others = (frame[column].dropna().astype("float64") for frame in (real, synthetic))
    spread = values.std()
    if not spread > 0 or others.empty:
        return Failure("means.closeness", "no spread to compare with", table, (column,))
    distance = abs(values.mean() - others.mean()) / spread
    return Score("means.closeness", float(np.exp(-distance)), table, (column,))


def _stumble(options: Any, verb: str, context: Context) -> None:
    """Fail in the way that the test asked for, as ``fit-error``, ``sample-interrupt`` and so on."""
    context.progress(0, 1, verb)
    if options.stumble == f"{verb}-error":
        raise ValueError("SECRET-CELL-VALUE")
    if options.stumble == f"{verb}-memory":
        raise MemoryError
    if options.stumble == f"{verb}-wait":
        import time

        print(f"waiting in {verb}", flush=True)
        for _ in range(600):
            time.sleep(0.1)


@click.command("hello")
def hello() -> None:
    """Say hello."""
    click.echo("hello")


@hookimpl
def synthkit_register_synthesizers() -> list[type[Synthesizer]]:
    return [Resample, Single, Absent]


@hookimpl
def synthkit_register_evaluators() -> list[type[Evaluator]]:
    return [Means, Nosy, Nothing, Raising]


@hookimpl
def synthkit_register_commands() -> list[click.Command]:
    return [hello]
