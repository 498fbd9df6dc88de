"""The keys of a row: which row of another table it points at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from synthkit_cart.computed import Carried, Computed
from synthkit_cart.items import After, Draw, Value
from synthkit_cart.rows import NONE, Rows, taken
from synthkit_cart.stairs import Stairs
from synthkit_cart.steps import Name, Step
from synthkit_cart.tokens import Feature, Floats, Integers

KINDS = 1_000  # more than there are labels of a key


@dataclass(frozen=True)
class Link:
    """A key to another table: which row a row points at.

    Attributes:
        key: the name of the key.
        label: what kind of row, or none.
        within: whether it belongs to the same subject.
        apart: whether no two rows of one owner point at the same row.
        through: the key of another table under the same owner, where a row only points at what that one points at.
        liked: then, how much each kind of row is, where the owner's rows of the other table offer some.
    """

    key: str
    label: Value
    within: bool = False
    apart: bool = False
    through: str | None = None
    liked: Floats = field(default_factory=lambda: np.empty(0))

    @property
    def name(self) -> Name:
        """What the row that is pointed at is called among values."""
        return ("row", self.key)

    @property
    def steps(self) -> Sequence[Step]:
        """What it draws from."""
        return self.label.steps

    def fill(self, draw: Draw) -> None:
        """Add the row that each row points at, ``NONE`` for none, and what is known of it."""
        labels = self.label.value(draw) if self.through is None else self.label.value(draw, self._offered)
        draw.put(self.label.step.name, self.label.step.codec, labels)
        wanted = draw.about.subjects if self.within else labels
        found = draw.world.candidates[self.key, ""].pick(wanted, draw.random, else_any=not self.within)
        if self.through is not None:
            other = self._through(draw, labels)
            found = np.where(other < 0, found, np.append(draw.world.rows[self.through], NONE)[other])
        draw.values[self.name] = np.where(labels > 0, found, NONE)
        draw.known |= via(draw.world.parents[self.key], self.key, draw.values[self.name], draw.used)

    def _offered(self, step: Step, draw: Draw) -> Integers:
        """A kind of row that the owner's rows of the other table point at, by how much each is liked."""
        labels: Integers = step.draw(draw.known, draw.rows, draw.random)
        among = draw.world.candidates[str(self.through), f"{self.key} of any kind"]
        row, other = among.all(draw.about.owners)
        kinds = draw.world.kinds[str(self.through), self.key][other]
        ends, own = np.cumsum(self.liked[kinds]), np.bincount(row, self.liked[kinds], draw.rows)
        before = np.cumsum(own) - own
        place = np.searchsorted(ends, before + draw.random.random(draw.rows) * own, side="right")
        chosen = np.append(kinds, 0)[np.minimum(place, len(kinds))]
        return np.where((labels > 0) & (own > 0), chosen, labels)

    def _through(self, draw: Draw, labels: Integers) -> Integers:
        """For each row one of the other table's, of the same owner: one that points at such a kind of row, or any."""
        owners, among = draw.about.owners, draw.world.candidates
        kind = among[str(self.through), self.key].pick(owners * KINDS + labels, draw.random, else_any=False)
        other = among[str(self.through), f"{self.key} of any kind"].pick(owners, draw.random, else_any=False)
        return np.where(kind < 0, other, kind)


Item = Value | After | Stairs | Carried | Computed | Link


def steps_of(items: Iterable[Item]) -> list[Step]:
    """What items draw from."""
    return [step for item in items for step in item.steps]


def via(parents: Rows, key: str, rows: Integers, wanted: Collection[Name] | None = None) -> dict[Name, Feature]:
    """What is known of the row that a key points at."""
    named = {("via", key, *name): name for name in parents.values if name[0] == "own"}
    return {n: taken(parents.feature(name), rows) for n, name in named.items() if wanted is None or n in wanted}
