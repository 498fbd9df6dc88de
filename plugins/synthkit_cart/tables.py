"""What is learned of each table, and the real rows that it is learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from synthkit import Dataset, ForeignKey, Formula, parent_rows
from synthkit_cart.broods import Brood, brood, habits, once
from synthkit_cart.carries import carries
from synthkit_cart.clock import Clock
from synthkit_cart.columns import codec_of, read
from synthkit_cart.computed import Arithmetic
from synthkit_cart.heads import Heads, heads
from synthkit_cart.history import Layout
from synthkit_cart.labels import FEW, labels
from synthkit_cart.learning import SELF, Key, earlier, is_time, learn_way
from synthkit_cart.links import liked
from synthkit_cart.roles import Roles, text_of
from synthkit_cart.rows import NONE, Rows
from synthkit_cart.steps import Name, Step, learned
from synthkit_cart.tokens import Codec, Floats, Integers, Labels, Numbers
from synthkit_cart.trees import Growth
from synthkit_cart.way import Way

_SHARED_LEAVES = 20  # that a tree of a table of nobody's rows may have, however few rows it has
_MANY = 10_000  # subjects, beyond which leaves grow with the square root of their number
_MOSTLY = 0.95


@dataclass(frozen=True)
class TableModel:
    """How the rows of one table are drawn.

    Attributes:
        size: how many rows there were.
        alone: how many of them, in a table drawn under another, had no owner.
        codecs: of its columns.
        way: how its rows are drawn.
        described: what each row is like for those that point at it, and how deep below others it lies.
        broods: the rows of other tables below each row.
        few: whether nobody's rows are so few that each is a kind of its own for those that point at it.
        heads: those of nobody's rows that many subjects point at.
    """

    size: int
    alone: int
    codecs: Mapping[Name, Codec]
    way: Way
    described: tuple[Step, ...]
    broods: tuple[Brood, ...]
    few: bool
    heads: Heads | None = None


class Lessons:
    """The real rows of all tables, from which one table after another is learned, owners first."""

    def __init__(self, training: Dataset, roles: Roles, least: int) -> None:
        self.training, self.roles, self.least = training, roles, least
        self.growth = {name: self._growth(name) for name in roles.order}
        self.layouts: dict[str, Layout] = {}
        self.rows: dict[str, Rows] = {}
        for name in roles.order:
            self.rows[name] = self._read(name)
        self.codecs = {name: dict(rows.codecs) for name, rows in self.rows.items()}
        self.heads = {name: self._heads(name) for name in roles.order}
        self.labels = {text_of(key): self._label(key) for keys in roles.links.values() for key in keys}

    def learn(self, name: str, seed: int) -> TableModel:
        """Learn a table whose owners have been learned."""
        rows = self.rows[name]
        keys = [self._key(key) for key in self.roles.links[name]]
        way = learn_way(rows, self.layouts.get(name), keys, self.growth[name], seed, self._formulas(name))
        few = self._few(name)
        described = [step for key in self.roles.pointing(name) if not few for step in self._pointed(key)]
        described += [self._deep(key) for key in self.roles.late if key.table == name]
        broods = tuple(self._brood(name, child) for child in self.roles.below(name))
        alone = int((rows.at_rows < 0).sum())
        return TableModel(
            rows.size, alone, self.codecs[name], way, tuple(described), broods, few, self._told(name, described)
        )

    def _growth(self, name: str) -> Growth:
        """Rows that are nobody's need not hide behind others of their table, which may be few."""
        if self._personal(name):
            return Growth(leaf_size(self.least, len(self.training[self.training.subject])))
        return Growth(int(np.clip(len(self.training[name]) // _SHARED_LEAVES, 2, self.least)))

    def _read(self, name: str) -> Rows:
        frame, key = self.training[name], self.roles.under[name]
        owner, at = (self.rows[key.parent], pointed(self.training, key)) if key else (None, None)
        subjects = np.arange(len(frame)) if owner is None or at is None else owner.subjects_of(at)
        columns, least = self.training.schema.modelled(name), self.growth[name].least
        codecs: dict[Name, Codec] = {("own", c.name): codec_of(frame[c.name], c, subjects, least) for c in columns}
        values = {own: read(frame[own[1]], codec) for own, codec in codecs.items()}
        rows = Rows(len(frame), values, codecs, subjects, owner, at)
        if self._few(name):
            rows.put({SELF: np.arange(rows.size) + 1}, {SELF: Labels(rows.size + 1)})
        return rows

    def _few(self, name: str) -> bool:
        """Whether a table of nobody's rows that others point at is so small that each row is a kind of its own."""
        shared = not self._personal(name) and self.roles.under[name] is None
        return shared and len(self.training[name]) <= FEW and bool(self.roles.pointing(name))

    def _heads(self, name: str) -> Integers:
        """Nobody's rows that enough subjects point at."""
        keys = [key for key in self.roles.pointing(name) if self._personal(key.table)]
        if self._personal(name) or self.roles.under[name] is not None:
            keys = []
        pairs = [(pointed(self.training, key), self.rows[key.table].subjects) for key in keys]
        degree = np.zeros(self.rows[name].size)
        for rows, _ in pairs:
            degree += np.bincount(rows[rows >= 0], minlength=len(degree))
        return heads(degree, pairs, self.least)

    def _personal(self, name: str) -> bool:
        """Whether the rows of a table belong to subjects."""
        return self.roles.root(name) == self.roles.root(self.training.subject)

    def _told(self, name: str, described: Sequence[Step]) -> Heads | None:
        """What stands in the heads of a table, and how they are described."""
        names = [*(own for own in self.codecs[name] if own[0] == "own"), *(step.name for step in described)]
        return Heads.of(self.rows[name], self.heads[name], names) if len(self.heads[name]) else None

    def _label(self, key: ForeignKey) -> tuple[Floats, Integers]:
        """How often each row is pointed at, and by what kind of row; tells the latter of which kind it points at."""
        rows, at = self.rows[key.table], pointed(self.training, key)
        degree = np.bincount(at[at >= 0], minlength=self.rows[key.parent].size).astype("float64")
        few, name = self._few(key.parent), ("label", text_of(key))
        found = (
            np.arange(len(degree)) + 1
            if few
            else labels(rows, at, self.rows[key.parent], degree, self.heads[key.parent])
        )
        rows.put({name: np.append(found, 0)[at]}, {name: Labels(int(found.max(initial=1)) + 1)})
        return degree, found

    def _pointed(self, key: ForeignKey) -> list[Step]:
        """Learn how often each row is pointed at by a key, and by what kind of row."""
        text, (degree, found) = text_of(key), self.labels[text_of(key)]
        rows = self.rows[key.parent]
        often = Numbers.learn(degree, rows.subjects, step=1.0, least=1)
        kinds = Labels(int(found.max(initial=1)) + 1)
        return [self._described(key.parent, name, codec, values) for name, codec, values in (
            (("degree", text), often, degree), (("label", text), kinds, found))]  # fmt: skip

    def _deep(self, key: ForeignKey) -> Step:
        """Learn how deep a row lies below others of its table; in a circle of tables, whether it points at a row."""
        at = pointed(self.training, key)
        depth = depths(at) if key.table == key.parent else (at >= 0).astype("float64")
        codec = Numbers.learn(depth, np.arange(len(depth)), step=1.0, least=1)
        return self._described(key.table, ("depth", text_of(key)), codec, depth)

    def _described(self, table: str, name: Name, codec: Codec, values: Floats | Integers) -> Step:
        rows = self.rows[table]
        known = {own: feature for own, feature in rows.known().items() if own[0] != "label" or own in self._said(table)}
        step = learned(name, codec, values, known, rows.subjects, self.growth[table])
        rows.put({name: values}, {name: codec})
        return step

    def _said(self, table: str) -> list[Name]:
        return [("label", text_of(key)) for key in self.roles.links[table]]

    def _key(self, key: ForeignKey) -> Key:
        at, parents, rows = pointed(self.training, key), self.rows[key.parent], self.rows[key.table]
        known = at >= 0
        together = self.roles.root(key.table) == self.roles.root(key.parent) and bool(known.any())
        within = together and bool((parents.subjects[at[known]] == rows.subjects[known]).mean() > _MOSTLY)
        through = next((text_of(k) for k in self.roles.siblings(key) if self._covers(k, key)), None)
        likes = np.empty(0) if through is None else self._liked(through, key)
        return Key(text_of(key), at, parents, within, through, likes, self._few(key.parent))

    def _formulas(self, name: str) -> dict[Name, Arithmetic]:
        """The columns of a table that a rule computes from others, as far as that holds in what a model sees."""
        schema, rows, layout = self.training.schema, self.rows[name], self.layouts.get(name)
        keys = {key: text_of(key) for key in (*self.roles.links[name], self.roles.under[name]) if key is not None}
        found: dict[Name, Arithmetic] = {}
        for rule in (rule for rule in schema[name].rules if isinstance(rule, Formula)):
            own: Name = ("own", rule.column)
            named = {reference: schema.lookup(name, reference) for reference in rule.references[1:]}
            if all(key is None or key in keys for key, _ in named.values()):
                terms = {r: ("via", keys[k], "own", c.name) if k else ("own", c.name) for r, (k, c) in named.items()}
                found[own] = Arithmetic(rule.expression, terms)
        time, runs = (layout.time, layout.carries) if layout is not None else (None, {})
        numbers = partial(self._number, name)
        return {
            own: each
            for own, each in found.items()
            if own != time and own not in runs and each.holds(numbers, rows.values[own], rows.codecs[own])
        }

    def _number(self, table: str, name: Name) -> Floats:
        """A number of each real row of a table, or of the row that it points at by a key."""
        if name[0] != "via":
            return np.asarray(self.rows[table].values[name])
        key = next(key for key in self.training.schema.parents_of(table) if text_of(key) == name[1])
        return np.asarray(np.append(self.rows[key.parent].values[name[2:]], np.nan)[pointed(self.training, key)])

    def _liked(self, through: str, key: ForeignKey) -> Floats:
        """How much each kind of row that a key leads to is liked, where the other table's rows offer some."""
        other = next(other for other in self.roles.siblings(key) if text_of(other) == through)
        found = np.append(self.labels[text_of(key)][1], 0)
        chosen, kinds = (found[pointed(self.training, each)] for each in (key, other))
        return liked(chosen, self.rows[key.table].at_rows, kinds, self.rows[other.table].at_rows)

    def _covers(self, other: ForeignKey, key: ForeignKey) -> bool:
        """Whether each row points at what a row of another table of the same owner points at."""
        own, others = self._pairs(key), self._pairs(other)
        return bool(len(own) and np.isin(own, others).mean() > _MOSTLY)

    def _pairs(self, key: ForeignKey) -> Integers:
        """A number for the owner of a row and the row that it points at, together."""
        at, row = self.rows[key.table].at_rows, pointed(self.training, key)
        return (at * (self.rows[key.parent].size + 1) + row)[(at >= 0) & (row >= 0)]

    def _brood(self, name: str, child: str) -> Brood:
        children, growth = self.rows[child], self.growth[child]
        time = next((own for own, codec in self.codecs[child].items() if self._orders(child, own, codec)), None)
        told = (children.subjects, growth.least)
        clock = Clock.learn(children.values[time], *told) if time is not None else None
        key, found = self.roles.under[child], (carries(children, time), once(children, time))
        layout = Layout(children.codecs, time=time, clock=clock, carries=found[0], once=found[1])
        single = key is not None and self.training.schema[child].primary_key == key.columns
        made = brood(child, self.rows[name], children, layout, self.growth[name], single=single)
        means, alike = habits(children, {n: c for n, c in children.codecs.items() if n != time}, growth)
        self.layouts[child] = replace(layout, habits=means, echoes=alike)
        return replace(made, layout=self.layouts[child])

    def _orders(self, child: str, name: Name, codec: Codec) -> bool:
        """Whether a time puts the rows of an owner in order: not one that follows from what a row points at."""
        values = self.rows[child].values[name]
        if not is_time(codec) or not len(values) or np.isnan(values).any():
            return False
        keys = [self._key(key) for key in self.roles.links[child]]
        return all(earlier(values, key.times()) is None for key in keys)


def leaf_size(least: int, subjects: int) -> int:
    """How many subjects stand behind a leaf: more where there are many, whom single ones lie closer to.

    Example:
        >>> leaf_size(25, 1_000), leaf_size(25, 40_000)
        (25, 50)
    """
    return round(least * float(np.sqrt(max(subjects / _MANY, 1.0))))


def pointed(data: Dataset, key: ForeignKey) -> Integers:
    """The row of the parent that each row points at, ``NONE`` for none."""
    return np.maximum(parent_rows(data, key), NONE)


def depths(at: Integers) -> Floats:
    """How many rows lie above each, where rows point at rows of the same table; 0 at the top and in circles.

    Example:
        >>> depths(np.array([-1, 0, 1, 3])).tolist()
        [0.0, 1.0, 2.0, 0.0]
    """
    top = (at < 0) | (at == np.arange(len(at)))
    found = np.where(top, 0.0, np.nan)
    for _ in range(len(at)):
        known = np.isnan(found) & ~np.isnan(found[at])
        if not known.any():
            break
        found[known] = found[at[known]] + 1
    return np.nan_to_num(found)
