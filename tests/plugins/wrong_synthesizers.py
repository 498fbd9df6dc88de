"""Copies of a synthesizer, each of which breaks one promise; a new process loads them from here."""

# ruff: noqa: RUF012 - nobody changes them

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pydantic

from synthkit import Dataset
from synthkit_baselines.copies import BootstrapSubjects


class Steady(BootstrapSubjects):
    """Keeps every promise."""

    name = "steady"


def changed(data, table, **columns):
    return Dataset(data.schema, {**data.tables, table: data[table].assign(**columns)})


class Changing(Steady):
    """Draws, and then changes what it drew."""

    def sample(self, rows, *, seed, context, given=None):
        return self.change(super().sample(rows, seed=seed, context=context))

    def change(self, sample):
        if "purchases" not in sample.tables:  # odd names
            return sample
        return changed(sample, "purchases", amount=self.amounts(sample["purchases"]["amount"]))

    def amounts(self, amounts):
        return amounts


class Learning(Steady):
    """Learns something else than it was given."""

    def fit(self, training, *, seed, context):
        super().fit(training, seed=seed, context=context)
        if "purchases" in training.tables:
            amounts = self.amounts(training["purchases"]["amount"])
            self._training = changed(training, "purchases", amount=amounts)
        return self

    def amounts(self, amounts):
        return amounts


class Eager(Steady):
    def __init__(self, options):
        super().__init__(options)
        self.generator = np.random.default_rng(0)


class Replacing(Steady):
    def __init__(self, options):
        super().__init__(self.Options())


class NeedsOptions(pydantic.BaseModel, extra="forbid"):
    depth: int


class Demanding(Steady):
    Options = NeedsOptions
    trial = {"depth": 1}

    @classmethod
    def load(cls, folder):
        loaded, model = Steady.load(folder), cls(cls.Options(depth=1))
        model._training = loaded.training
        return model


class LaxOptions(pydantic.BaseModel):
    pass


class Lax(Steady):
    Options = LaxOptions


class Silent(Steady):
    def fit(self, training, *, seed, context):
        super().fit(training, seed=seed, context=context)


class Untidy(Steady):
    def fit(self, training, *, seed, context):
        super().fit(Dataset(training.schema, dict(training.tables)), seed=seed, context=context)
        first = next(iter(training.tables.values()))
        first.index = first.index + 1
        return self


class Hasty(Steady):
    @property
    def training(self):
        return self._training.select(self._training.schema.table_names)  # None has no such method


class Empty(Steady):
    def sample(self, rows, *, seed, context, given=None):
        return super().sample(rows, seed=seed, context=context) if self._training else None


class Renaming(Changing):
    def change(self, sample):
        schema = sample.schema
        return Dataset(type(schema)(schema.tables, schema.foreign_keys, None), sample.tables)


class Indexed(Changing):
    def change(self, sample):
        return Dataset(sample.schema, {name: frame.set_axis(frame.index + 1) for name, frame in sample.tables.items()})


class Untyped(Changing):
    def amounts(self, amounts):
        return amounts.astype(str)


class Few(Steady):
    def sample(self, rows, **rest):
        return super().sample(min(rows, 50), **rest)


class Growing(Changing):
    def change(self, sample):
        if len(sample[sample.subject]) <= 50 or "branches" not in sample.tables:
            return sample
        more = pd.concat([sample["branches"]] * 2, ignore_index=True)
        return Dataset(sample.schema, {**sample.tables, "branches": more.assign(branch_id=range(len(more)))})


class Counting(Changing):
    def change(self, sample):
        key = sample.schema[sample.subject].primary_key[0]
        return changed(sample, sample.subject, **{key: sample[sample.subject][key] + 1})


class Dangling(Changing):
    def change(self, sample):
        if "purchases" not in sample.tables:
            return sample
        return changed(sample, "purchases", customer_id=sample["purchases"]["customer_id"] + 1000)


class Orphaning(Changing):
    def change(self, sample):
        if "purchases" not in sample.tables:
            return sample
        held = sample["purchases"]["customer_id"].astype("Int64")
        return changed(sample, "purchases", customer_id=held.mask(held.index == 0))


class Gapped(Changing):
    def amounts(self, amounts):
        return amounts.mask(amounts.index == 0)


class Spelling(Changing):
    def change(self, sample):
        subject = sample.subject
        gold = "segment" in sample[subject] and len(set(sample[subject]["segment"])) > 1
        return (
            changed(sample, subject, segment=sample[subject]["segment"].replace("gold", "golden")) if gold else sample
        )


class Infinite(Changing):
    def amounts(self, amounts):
        return amounts.mask(amounts.index == 0, np.inf)


class Restless(Learning):
    def amounts(self, amounts):
        return amounts * (1 + 1e-9 * np.random.default_rng().random())


class Advancing(Changing):
    def amounts(self, amounts):
        before, self.drawn = getattr(self, "drawn", 0), getattr(self, "drawn", 0) + 1
        return amounts * (1 + 1e-9 * before)


class Deaf(Steady):
    def sample(self, rows, *, seed, context, given=None):
        return super().sample(rows, seed=0, context=context)


class Excused(Deaf):
    exceptions = {"check_other_seed_other_sample": "it is deaf"}


class Needless(Steady):
    exceptions = {"check_other_seed_other_sample": "it is deaf"}


class Seeding(Steady):
    def fit(self, training, *, seed, context):
        np.random.seed(0)  # noqa: NPY002 - that is what is wrong
        return super().fit(training, seed=seed, context=context)


class Reading(Learning):
    def amounts(self, amounts):
        before = np.random.get_state()  # noqa: NPY002 - that is what is wrong
        read = amounts + np.random.random()  # noqa: NPY002
        np.random.set_state(before)  # noqa: NPY002
        return read


class Remembering(Learning):
    def amounts(self, amounts):
        self.first = getattr(self, "first", amounts.mean())
        return amounts + self.first


class Losing(Steady):
    def save(self, folder):
        super().save(folder)
        (folder / "schema.json").write_text(json.dumps(self.training.schema.to_dict()))
        place = self.training.schema.table_names.index(self.training.subject)
        self.training[self.training.subject].iloc[::-1].to_parquet(folder / f"{place}.parquet")


class Bound(Steady):
    """Keeps its model in this process."""

    models = {}

    def save(self, folder):
        self.models[folder] = self.training

    @classmethod
    def load(cls, folder):
        model = cls(cls.Options())
        model._training = cls.models[folder]
        return model


class Pairing(Steady):
    def fit(self, training, *, seed, context):
        if len(training[training.subject]) < 2:
            raise ValueError("at least two rows\nare needed")
        return super().fit(training, seed=seed, context=context)


class Dropping(Changing):
    """Takes a column with one category for nothing."""

    def change(self, sample):
        tables = {
            name: frame.assign(**{c: None for c in frame if frame[c].dtype.kind in "bO" and len(set(frame[c])) == 1})
            for name, frame in sample.tables.items()
        }
        return Dataset(sample.schema, tables)


class Filling(Changing):
    def change(self, sample):
        tables = {
            name: frame.assign(**{c: 0.0 for c in frame if frame[c].isna().all() and len(frame)})
            for name, frame in sample.tables.items()
        }
        return Dataset(sample.schema, tables)


class Ascii(Changing):
    def change(self, sample):
        tables = {}
        for name, frame in sample.tables.items():
            columns = [c.name for c in sample.schema.modelled(name) if c.kind == "categorical"]
            tables[name] = frame.assign(
                **{
                    c: [v.encode("ascii", "ignore").decode() if isinstance(v, str) and v else v for v in frame[c]]
                    for c in columns
                }
            )
        return Dataset(sample.schema, tables)


class Aligning(Learning):
    def amounts(self, amounts):
        return amounts + pd.Series(np.zeros(len(amounts)))


class Narrow(Steady):
    def fit(self, training, *, seed, context):
        assert all(len(frame.columns) < 100 for frame in training.tables.values()), "too many columns"
        return super().fit(training, seed=seed, context=context)


class Endless(Steady):
    def fit(self, training, *, seed, context):
        self._training = training
        return self


class Deadline(Steady):
    """Goes on when it is told to stop."""

    def sample(self, rows, *, seed, context, given=None):
        context.progress = lambda *_: None
        return super().sample(rows, seed=seed, context=context)


class Shifting(Steady):
    """Draws otherwise once it has drawn many."""

    def sample(self, rows, *, seed, context, given=None):
        before, self.many = getattr(self, "many", 0), max(getattr(self, "many", 0), rows // 60)
        return super().sample(rows, seed=seed + before, context=context)


class Signed(Steady):
    """Takes seeds of 31 bits only."""

    def sample(self, rows, *, seed, context, given=None):
        return super().sample(rows, seed=int(np.array([seed]).astype("uint32").view("int32")[0]), context=context)


class Rooted(Steady):
    """Looks for its model where that was saved."""

    def save(self, folder):
        super().save(folder)
        (folder / "where").write_text(str(folder))

    @classmethod
    def load(cls, folder):
        return super().load(Path((folder / "where").read_text()))


class Solid(Steady):
    """Takes columns with values in every row, or in none."""

    def fit(self, training, *, seed, context):
        for name in training.tables:
            for column in training.schema.modelled(name):
                values = training[name][column.name]
                if column.kind == "boolean" and values.notna().any():
                    values.to_numpy("bool")
        return super().fit(training, seed=seed, context=context)


class Heeding(Steady):
    """Heeds what is given, and nothing else."""

    conditional = True

    def sample(self, rows, *, seed, context, given=None):
        sample = super().sample(rows, seed=seed, context=context)
        if given is None:
            return sample
        return self.heed(changed(sample, "customers", segment="gold", income=3_000.0))

    def heed(self, sample):
        return sample


class Careless(Heeding):
    def heed(self, sample):
        return changed(sample, "customers", churned=None)


class Unlinking(Heeding):
    def heed(self, sample):
        return changed(sample, "purchases", customer_id=1_000)


class Stingy(Heeding):
    def sample(self, rows, *, seed, context, given=None):
        return super().sample(rows if given is None else 3, seed=seed, context=context, given=given)


class Modest(Steady):
    @classmethod
    def refusals(cls, schema):
        if len(schema.tables) > 1:
            yield "it takes one table"


class Boasting(Steady):
    """Says that it heeds what is given."""

    conditional = True


class Blocks(Changing):
    """Says that blocks can be put together, but draws what nobody owns anew."""

    blockwise = True

    def change(self, sample):
        if "branches" not in sample.tables:
            return sample
        return changed(sample, "branches", desks=sample["branches"]["desks"] + len(sample[sample.subject]))
