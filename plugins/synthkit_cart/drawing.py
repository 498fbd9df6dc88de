"""Tables drawn one after another, owners first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from synthkit_cart.given import Subjects
from synthkit_cart.items import About, World
from synthkit_cart.learning import SELF
from synthkit_cart.links import Candidates
from synthkit_cart.pointing import KINDS, Link
from synthkit_cart.roles import Roles, text_of
from synthkit_cart.rows import NONE, Rows
from synthkit_cart.steps import Name, Values, needed
from synthkit_cart.tables import TableModel
from synthkit_cart.tokens import Codec, Flags, Integers, Labels
from synthkit_cart.way import Units


class Drawing:
    """New rows of all tables.

    Attributes:
        rows: of the tables drawn so far.
        needs: for each table those that its rows must point at.
        asked: what draws the subjects, where something is given of them.
    """

    def __init__(
        self,
        roles: Roles,
        models: Mapping[str, TableModel],
        sizes: Mapping[str, int],
        subject: str,
        random: np.random.Generator,
    ) -> None:
        self.roles, self.models, self.sizes, self.subject, self.random = roles, models, sizes, subject, random
        self.rows: dict[str, Rows] = {}
        self.world = World({}, {}, {}, {})
        self.asked: Subjects | None = None
        self.needs: Mapping[str, Sequence[str]] = {}

    def draw(self, name: str, ratio: float) -> None:
        """Draw a table whose owners are there, for so many times as many subjects as there were real ones."""
        key = self.roles.under[name]
        rows = self._roots(name) if key is None else self._below(name, self.rows[key.parent], ratio)
        self.rows[name] = rows
        for step in self.models[name].described:
            rows.put(
                {step.name: step.spread(rows.known(needed([step])), rows.size, self.random)}, {step.name: step.codec}
            )
        self._again(rows, self.models[name])
        for brood in self.models[name].broods:
            brood.draw(rows, self.random)
        self._offer(name)

    def late(self, nullable: Mapping[str, bool]) -> None:
        """Draw the keys to rows of the same table, or of later ones; ``nullable`` says which may be null."""
        for key in self.roles.late:
            rows, parents, text = self.rows[key.table], self.rows[key.parent], text_of(key)
            depth = np.nan_to_num(rows.values["depth", text]).astype("int64")
            above = depth if key.table == key.parent else np.zeros(parents.size, dtype="int64")
            found = Candidates.of(above, np.ones(parents.size)).pick(depth - 1, self.random, else_any=False)
            rows.values["row", text] = (
                found if nullable[text] else self._filled(found, key.table == key.parent, parents)
            )

    def _filled(self, found: Integers, same: bool, parents: Rows) -> Integers:
        """A row where there is none: itself in its own table, else any."""
        other = np.arange(len(found)) if same else self.random.integers(0, max(parents.size, 1), len(found))
        return np.where(found < 0, other, found)

    def _again(self, rows: Rows, model: TableModel) -> None:
        """Put the rows that come again in their places, or in any."""
        if model.heads is not None and rows.size:
            order = np.argsort(rows.values[SELF]) if model.few else self.random.permutation(rows.size)
            places = order[model.heads.at] if model.few else order[: len(model.heads.at)]
            model.heads.put(rows, places, self.random)

    def _possible(self, name: str) -> bool:
        """Whether there are rows in every table that each row of another one must point at."""
        return all(self.rows[parent].size for parent in self.needs.get(name, ()))

    def _roots(self, name: str) -> Rows:
        model, size = self.models[name], self.sizes[name]
        size = size if self._possible(name) or name == self.subject else 0
        rows = Rows(size, {}, {}, np.arange(size))
        if self.asked is not None and name == self.subject:
            rows.put(self.asked(size, self.world, self.random), self._codecs(model))
            return rows
        if model.few:
            rows.put({SELF: self.random.permutation(model.size)[:size] + 1}, {SELF: Labels(model.size + 1)})
        about = About(rows.subjects, np.full(size, NONE))
        rows.put(model.way.independent(rows.known(), about, self.world, self.random), self._codecs(model))
        return rows

    def _below(self, name: str, owner: Rows, ratio: float) -> Rows:
        model, key = self.models[name], self.roles.under[name]
        brood = next(b for b in self.models[key.parent].broods if b.child == name) if key else None
        if brood is None:
            raise TypeError(f"{name} is drawn under no table")
        counts = np.nan_to_num(owner.values["count", name]).astype("int64")
        shared = self.roles.root(name) != self.roles.root(self.subject)  # which keeps its size
        counts = exactly(counts, model.size - model.alone, self.random, single=brood.single) if shared else counts
        alone = model.alone if shared else round(model.alone * ratio)
        if not self._possible(name):
            counts, alone = np.zeros_like(counts), 0
        units = Units.of(counts, alone, model.way.layout)
        given = self._parted(brood.given(owner, units.owner), units)
        about = About(owner.subjects_of(units.owner), units.owner)
        if key is not None:
            self.world.parents[text_of(key)] = owner
        values = model.way.sequences(units, given, owner, about, self.world, self.random)
        at = units.owners()
        if not len(at):
            values = {n: np.empty(0, dtype="float64" if c.ordered else "int64") for n, c in model.codecs.items()}
            values |= {("row", text_of(k)): np.empty(0, dtype="int64") for k in self.roles.links[name]}
        return Rows(len(at), values, self._codecs(model), owner.subjects_of(at), owner, at)

    def _codecs(self, model: TableModel) -> dict[Name, Codec]:
        links = [item.label.step for item in model.way.items if isinstance(item, Link)]
        return {**model.codecs, **{step.name: step.codec for step in links}}

    def _parted(self, given: Values, units: Units) -> Values:
        """The time of each unit: a part of that of its owner, or any time where it has none."""
        if ("first",) not in given:
            return given
        number, of = units.part
        alone: Flags = units.owner < 0
        first = np.where(alone, self.random.random(len(alone)), given["first",])
        span = np.where(alone, 0.0, given["last",] - given["first",])
        return {("first",): first + span * number / of, ("last",): first + span * (number + 1) / of}

    def _offer(self, name: str) -> None:
        """Let the rows of a table be pointed at, and by those of tables that follow it under the same owner."""
        rows = self.rows[name]
        for key in self.roles.pointing(name):
            text, link = text_of(key), self._link(key.table, text_of(key))
            self.world.parents[text] = rows
            weights = np.ones(rows.size) if self.models[name].few else rows.values["degree", text]
            groups = rows.subjects if link.within else self._labels(rows, text)
            self.world.candidates[text, ""] = Candidates.of(groups, weights)
        for key in self.roles.links[name]:
            self.world.rows[text_of(key)] = rows.values["row", text_of(key)]
            for other in (o for t in self.roles.order for o in self.roles.links[t] if key in self.roles.siblings(o)):
                self._lead(rows, text_of(key), text_of(other), self.rows[key.parent])

    def _lead(self, rows: Rows, text: str, other: str, parents: Rows) -> None:
        """Let rows of a later table point at what rows of this one point at, of the same owner: of a kind, or any."""
        labels = np.append(self._labels(parents, other), 0)[rows.values["row", text]]
        for name, groups in ((other, rows.at_rows * KINDS + labels), (f"{other} of any kind", rows.at_rows)):
            self.world.candidates[text, name] = Candidates.of(groups, np.ones(rows.size))
        self.world.kinds[text, other] = labels

    def _labels(self, rows: Rows, text: str) -> Integers:
        return np.asarray(rows.values[SELF] if SELF in rows.values else rows.values["label", text])

    def _link(self, table: str, text: str) -> Link:
        items = self.models[table].way.items
        return next(item for item in items if isinstance(item, Link) and item.key == text)


def exactly(counts: Integers, total: int, random: np.random.Generator, *, single: bool = False) -> Integers:
    """Counts with a given sum: of some rows fewer than drawn, or more; ``single`` allows none more than one.

    Example:
        >>> int(exactly(np.array([0, 3, 2]), 4, np.random.default_rng(0)).sum())
        4
    """
    rows = np.repeat(np.arange(len(counts)), counts)
    free = np.flatnonzero(counts == 0) if single or not len(rows) else rows
    lacking = min(total - len(rows), len(free) if single else total) if len(free) else 0
    more = random.choice(free, lacking, replace=not single) if lacking > 0 else free[:0]
    rows = np.append(random.permutation(rows)[:total], more)
    return np.bincount(rows, minlength=len(counts))
