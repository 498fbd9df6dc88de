"""Linked tables by classification and regression trees, one column after another."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
import pydantic

from synthkit import ColumnKind, Context, Dataset, ForeignKey, Schema, Synthesizer, parent_rows
from synthkit_cart import broods, columns
from synthkit_cart.broods import Brood
from synthkit_cart.clock import Clock
from synthkit_cart.history import Layout
from synthkit_cart.links import Candidates
from synthkit_cart.roles import Roles, roles, text_of
from synthkit_cart.rows import NONE, Rows
from synthkit_cart.steps import Name, Step, Values, draw_all, learned, needed
from synthkit_cart.told import Key, learn_way
from synthkit_cart.tokens import Codec, Floats, Integers, Labels, Numbers
from synthkit_cart.trees import Growth
from synthkit_cart.way import About, Link, Units, Way, World

_LEAVES = {"fast": 10, "balanced": 20, "strict": 50}


class CartOptions(pydantic.BaseModel, extra="forbid", frozen=True):
    """How close the trees may come to single subjects."""

    privacy: Literal["fast", "balanced", "strict"] = pydantic.Field(
        default="balanced", description="subjects behind every leaf of a tree: 10, 20 or 50"
    )


@dataclass
class TableModel:
    """How the rows of one table are drawn.

    Attributes:
        size: how many rows there were.
        alone: how many of them, in a table drawn under another, had no owner.
        codecs: of its columns.
        way: how its rows are drawn.
        described: steps for what rows are like that others point at.
        broods: the rows of other tables below each row.
    """

    size: int
    alone: int
    codecs: dict[Name, Codec]
    way: Way
    described: list[Step] = field(default_factory=list)
    broods: list[Brood] = field(default_factory=list)


class Cart(Synthesizer):
    """Draws columns one after another from trees on those before (Reiter 2005), and rows under their owners likewise.

    Rows of a subject come in their order in time, each given its owner, its place, the rows before it and what the
    rows of this owner are like as a whole, which is drawn before.
    """

    name: ClassVar[str] = "cart"
    multi_table: ClassVar[bool] = True
    Options = CartOptions
    options: CartOptions

    def fit(self, training: Dataset, *, seed: int, context: Context) -> Self:
        self.schema, self.roles = training.schema, roles(training.schema)
        self.subject = training.subject
        self.growth = Growth(_LEAVES[self.options.privacy])
        shared = [n for n in self.roles.order if self._root(n) != self.subject]
        self.leaves = {n: int(np.clip(len(training[n]) // 20, 2, self.growth.leaf)) if n in shared else self.growth.leaf for n in self.roles.order}
        self.tables: dict[str, TableModel] = {}
        real = self._real(training)
        self.subjects = real[self.subject].size
        self.pointed: dict[Name, tuple[Any, Codec]] = {}
        own = {name: dict(rows.codecs) for name, rows in real.items()}
        for key in (key for keys in self.roles.links.values() for key in keys):
            self._point(key, real, training)
        for place, name in enumerate(self.roles.order):
            context.progress(place, len(self.roles.order), name)
            self._learn(name, real, training, seed, own[name])
        return self

    def _real(self, training: Dataset) -> dict[str, Rows]:
        real: dict[str, Rows] = {}
        for name in self.roles.order:
            least = max(self.leaves[name] // 4, 1)
            frame, key = training[name], self.roles.under[name]
            owner = real[key.parent] if key else None
            at = _pointed(training, key) if key else None
            subjects = np.arange(len(frame))
            if owner is not None and at is not None:
                subjects = np.where(at < 0, owner.subjects.max(initial=-1) + 1 + np.arange(len(frame)), np.append(owner.subjects, 0)[at])
                subjects = np.unique(subjects, return_inverse=True)[1] if (at < 0).any() else subjects
            codecs: dict[Name, Codec] = {
                ("own", c.name): columns.codec_of(frame[c.name], c, subjects, least) for c in training.schema.modelled(name)
            }
            values = {own: columns.read(frame[own[1]], codec) for own, codec in codecs.items()}
            real[name] = Rows(len(frame), values, codecs, subjects, owner, at)
        return real

    def _learn(self, name: str, real: dict[str, Rows], training: Dataset, seed: int, own: dict[Name, Codec]) -> None:
        rows, key = real[name], self.roles.under[name]
        growth = Growth(self.leaves[name])
        layout, alone = None, 0
        if key is not None and rows.owner is not None and rows.at is not None:
            brood = next(b for b in self.tables[key.parent].broods if b.child == name)
            layout = brood.layout
            alone = int((rows.at < 0).sum())
        keys = [self._key(k, real, training) for k in self.roles.links[name]]
        way = learn_way(rows, layout, keys, growth, seed)
        model = self.tables[name] = TableModel(rows.size, alone, own, way)
        for pointing in self.roles.pointing(name):
            for own in (("degree", text_of(pointing)), ("label", text_of(pointing))):
                values, codec = self.pointed[own]
                model.described.append(learned(own, codec, values, rows.known(), rows.subjects, growth))
                rows.put({own: values}, {own: codec})
        for child in self.roles.below(name):
            children = real[child]
            time = next((n for n, c in children.codecs.items() if isinstance(c, Numbers) and c.time and not np.isnan(children.values[n]).any()), None)
            means, alike = broods.habits(children, {n: c for n, c in children.codecs.items() if n != time}, self.growth)
            clock = Clock.learn(children.values[time]) if time is not None and children.size else None
            layout = Layout(children.codecs, means, alike, time if clock else None, clock)
            single = training.schema[child].primary_key == self.roles.under[child].columns
            model.broods.append(broods.learn(child, rows, children, layout, self.growth, single=single))

    def _point(self, key: ForeignKey, real: dict[str, Rows], training: Dataset) -> None:
        """How often each row is pointed at by a key, and by what kind of row."""
        rows, text, at = real[key.parent], text_of(key), _pointed(training, key)
        degree = np.bincount(at[at >= 0], minlength=rows.size).astype("float64")
        labels = _labels(real[key.table], at, degree)
        self.pointed["degree", text] = degree, Numbers.learn(degree, rows.subjects, step=1.0, least=1)
        codec = Labels(int(labels.max(initial=1)) + 1)
        self.pointed["label", text] = labels, codec
        real[key.table].put({("label", text): np.append(labels, 0)[at]}, {("label", text): codec})

    def _key(self, key: ForeignKey, real: dict[str, Rows], training: Dataset) -> Key:
        at, parents = _pointed(training, key), real[key.parent]
        known = at >= 0
        same = parents.subjects[at[known]] == real[key.table].subjects[known] if self._owned(key) else np.zeros(1)
        within = bool(same.size and same.mean() > 0.95)
        through = next((text_of(k) for k in self._siblings(key) if self._covers(k, key, real, training)), None)
        return Key(text_of(key), at, parents, self.pointed["label", text_of(key)][0], within, through)

    def _siblings(self, key: ForeignKey) -> list[ForeignKey]:
        """Keys of tables drawn earlier under the same owner that lead to the same table."""
        under = self.roles.under[key.table]
        earlier = self.roles.order[: self.roles.order.index(key.table)]
        same = [t for t in earlier if under and (own := self.roles.under[t]) and own.parent == under.parent]
        return [k for t in same for k in self.roles.links[t] if k.parent == key.parent]

    def _covers(self, other: ForeignKey, key: ForeignKey, real: dict[str, Rows], training: Dataset) -> bool:
        """Whether each row of an owner points at what a row of another table of this owner points at."""
        pairs = []
        for one in (key, other):
            at, pointed = real[one.table].at, _pointed(training, one)
            pairs.append((at * (real[key.parent].size + 1) + pointed)[(at >= 0) & (pointed >= 0)])
        return bool(len(pairs[0]) and np.isin(pairs[0], pairs[1]).mean() > 0.95)

    def _owned(self, key: ForeignKey) -> bool:
        return self._root(key.table) == self._root(key.parent)

    def _root(self, table: str) -> str:
        key = self.roles.under[table]
        return table if key is None else self._root(key.parent)

    def sample(self, rows: int, *, seed: int, context: Context, given: Dataset | None = None) -> Dataset:
        random = np.random.default_rng(np.random.SeedSequence(seed))
        drawn: dict[str, Rows] = {}
        world = World({}, {}, {})
        frames: dict[str, dict[str, Any]] = {}
        for place, name in enumerate(self.roles.order):
            context.progress(place, len(self.roles.order), name)
            drawn[name] = self._drawn(name, rows, drawn, world, random)
            frames[name] = self._frame(name, drawn)
            self._described(name, drawn, world, random)
            for link in (i for t in self.tables.values() for i in t.way.items if isinstance(i, Link) and i.through):
                if ("row", link.through) in drawn[name].values:
                    rows_ = drawn[name]
                    world.rows[link.through] = rows_.values["row", link.through]
                    world.candidates[link.through, link.key] = Candidates.of(rows_.at, np.ones(rows_.size))
        self._late(drawn, frames, random)
        return self._dataset(drawn, frames)

    def _drawn(self, name: str, rows: int, drawn: dict[str, Rows], world: World, random: np.random.Generator) -> Rows:
        model, key = self.tables[name], self.roles.under[name]
        ratio = rows / max(self.subjects, 1)
        if key is None:
            size = rows if name == self.subject else model.size
            subjects = np.arange(size)
            values = model.way.independent(About(subjects, np.full(size, NONE)), world, random)
            return Rows(size, values, dict(model.codecs), subjects)
        owner = drawn[key.parent]
        counts = np.nan_to_num(owner.values["count", name]).astype("int64")
        units = Units.of(counts, round(model.alone * ratio))
        brood = next(b for b in self.tables[key.parent].broods if b.child == name)
        given = _pieces(brood.given(owner, units.owner), units, random)
        subjects = np.where(units.owner < 0, owner.subjects.max(initial=-1) + 1 + np.arange(len(units.owner)), np.append(owner.subjects, 0)[units.owner])
        values = model.way.sequences(units, given, owner, About(subjects, units.owner), world, random) if len(units.sizes) else {}
        at = units.owners()
        own = np.where(at < 0, owner.subjects.max(initial=-1) + 1 + np.arange(len(at)), np.append(owner.subjects, 0)[at])
        empty = {n: np.empty(0, dtype="float64" if c.ordered else "int64") for n, c in model.codecs.items()}
        return Rows(len(at), empty | values, dict(model.codecs), own, owner, at)

    def _described(self, name: str, drawn: dict[str, Rows], world: World, random: np.random.Generator) -> None:
        model, rows = self.tables[name], drawn[name]
        for step in model.described:
            values = step.draw(rows.known(needed([step])), rows.size, random)
            rows.put({step.name: values}, {step.name: step.codec})
        for brood in model.broods:
            brood.draw(rows, random)
        for keys in self.roles.links.values():
            for key in keys:
                if key.parent == name:
                    text = text_of(key)
                    link = next(i for i in self._link_items(key.table) if i == text)
                    world.parents[link] = rows
                    within = self._within(key)
                    labels = rows.subjects if within else rows.values["label", text]
                    world.candidates[text, ""] = Candidates.of(labels, rows.values["degree", text])

    def _link_items(self, table: str) -> list[str]:
        return [text_of(key) for key in self.roles.links[table]]

    def _within(self, key: ForeignKey) -> bool:
        return next(i.within for i in self.tables[key.table].way.items if isinstance(i, Link) and i.key == text_of(key))

    def _frame(self, name: str, drawn: dict[str, Rows]) -> dict[str, Any]:
        return {}

    def _late(self, drawn, frames, random) -> None:
        for key in self.roles.late:
            n, m = drawn[key.table].size, drawn[key.parent].size
            rows = random.integers(0, np.maximum(np.arange(n), 1)) if key.table == key.parent else random.integers(0, max(m,1), n)
            drawn[key.table].values["row", text_of(key)] = rows

    def _dataset(self, drawn: dict[str, Rows], frames) -> Dataset:
        tables = {}
        for name in self.schema.table_names:
            table, rows = self.schema[name], drawn[name]
            own: dict[str, Any] = {}
            under = self.roles.under[name]
            for key in self.schema.parents_of(name):
                at = rows.at if key == under else rows.values["row", text_of(key)]
                own[key.columns[0]] = _keys(at, table.column(key.columns[0]).nullable)
            for column in table.columns:
                if column.name in own:
                    continue
                if column.name in table.primary_key:
                    own[column.name] = np.arange(rows.size, dtype="int64")
                else:
                    codec = rows.codecs["own", column.name]
                    own[column.name] = columns.written(rows.values["own", column.name], codec, column)
            tables[name] = pd.DataFrame({c: own[c] for c in table.column_names})
        return Dataset(self.schema, tables)

    def save(self, folder: Path) -> None:
        raise NotImplementedError

    @classmethod
    def load(cls, folder: Path) -> Self:
        raise NotImplementedError


def _pointed(data: Dataset, key: ForeignKey) -> Integers:
    return np.maximum(parent_rows(data, key), NONE)


def _keys(rows: Integers, nullable: bool) -> pd.Series[Any]:
    found: pd.Series[Any] = pd.Series(rows)
    return found.astype("Int64").mask(rows < 0) if (rows < 0).any() else found


def _pieces(given: Values, units: Units, random: np.random.Generator) -> Values:
    """What units are given: a part of the time of their owner, or any time where they have none."""
    if ("first",) not in given:
        return given
    number, of = units.part
    alone = units.owner < 0
    first = np.where(alone, random.random(len(alone)), given["first",])
    span = np.where(alone, 0.0, given["last",] - given["first",])
    given["first",], given["last",] = first + span * number / of, first + span * (number + 1) / of
    return given


def _labels(rows: Rows, at: Integers, degree: Floats) -> Integers:
    """Kinds of rows that are pointed at, by what the rows are like that point at them; from 1 on."""
    from sklearn.cluster import KMeans

    known = at >= 0
    parts = []
    for name, codec in rows.codecs.items():
        feature = codec.feature(rows.values[name])
        if feature.ordered:
            parts.append(feature.codes[known] / max(feature.size, 1) * 2)
        else:
            top = np.argsort(-np.bincount(feature.codes, minlength=feature.size), kind="stable")[:8]
            parts += [(feature.codes[known] == t).astype("float64") for t in top]
    parts = parts[:40]
    pull = degree / (degree + 10)
    vectors = [np.log1p(degree) / np.log1p(max(degree.max(initial=1), 1))]
    for part in parts:
        sums = np.bincount(at[known], part, len(degree))
        overall = part.mean() if len(part) else 0
        vectors.append(np.where(degree > 0, sums / np.maximum(degree, 1) - overall, 0) * pull)
    points = np.stack(vectors, 1)
    distinct = len(np.unique(points.round(9), axis=0))
    count = min(50, max(1, distinct), max(1, len(degree) // 2 if len(degree) > 100 else len(degree)))
    if count <= 1:
        return np.ones(len(degree), dtype="int64")
    return KMeans(count, n_init=1, max_iter=20, random_state=0).fit_predict(points).astype("int64") + 1
