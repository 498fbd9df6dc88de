"""What each real row would have been told, had it been drawn: the same histories, with real values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from synthkit_cart.history import History, Layout
from synthkit_cart.rows import Rows, sequence
from synthkit_cart.steps import Name, Values
from synthkit_cart.tokens import Codec, Feature, Flags, Floats, Integers
from synthkit_cart.way import SINCE, Units, openings, since, today


@dataclass
class Asked:
    """Whether values of earlier rows come again: for some rows, once for each value.

    Attributes:
        rows: which rows.
        shares: of the earlier values among the rows before.
        places: how many rows ago they came last.
        values: the earlier values.
        again: whether they come again.
    """

    rows: list[Integers] = field(default_factory=list)
    shares: list[Feature] = field(default_factory=list)
    places: list[Feature] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    again: list[Flags] = field(default_factory=list)

    def ask(self, history: History, name: Name, here: Integers, real: Any) -> None:
        """Ask for the next row of each unit, until a value comes again."""
        waiting = np.ones(len(here), dtype=bool)
        for earlier in history.earlier(name):
            asked = waiting & earlier.found
            hit = _same(earlier.values, real)
            self.rows.append(here[asked])
            self.shares.append(earlier.feature().take(asked))
            self.places.append(earlier.place().take(asked))
            self.values.append(earlier.values[asked])
            self.again.append(hit[asked])
            waiting &= ~hit

    @property
    def hits(self) -> Flags:
        """For everything that was asked, whether it came again."""
        return np.concatenate(self.again) if self.again else np.zeros(0, dtype=bool)


@dataclass
class Past:
    """What real rows were told, in the order of the rows.

    Attributes:
        known: what their histories knew before each row.
        order: sorts rows by owner, and those of an owner as they follow one another.
        later: which rows follow another one.
        middle: which are neither first nor last of their unit.
        parts: how much of the remaining time of its unit passes before each row.
        again: which have the very time of the row before.
        asked: for each column in which rows of an owner are alike, which earlier values came again.
    """

    known: dict[Name, Feature]
    order: Integers
    later: Flags
    middle: Flags
    parts: Floats
    again: Flags
    asked: dict[Name, Asked]


def past(rows: Rows, layout: Layout, daytime: Codec | None, random: np.random.Generator) -> Past:
    """Go through all units with their real rows; ``daytime`` is the codec of the time of day, where there is one."""
    at, times = rows.at_rows, rows.values[layout.time] if layout.time is not None else np.zeros(rows.size)
    order = sequence(rows, layout.time)
    units = Units.of(np.bincount(at[at >= 0], minlength=rows.owners), int((at < 0).sum()), layout)
    shares = layout.clock.share(times) if layout.clock is not None else np.zeros(rows.size)
    ends = {("first",): order[units.starts], ("last",): order[units.starts + units.sizes - 1]}
    given: Values = {name: shares[row] for name, row in ends.items()} | openings(layout, units, rows.owner)
    real = {name: values[order] for name, values in rows.values.items() if name in layout.codecs}
    history = History(layout, units.sizes, units.starts, given, random, real)
    flags = [np.zeros(rows.size, dtype=bool) for _ in range(3)]
    found = Past(
        {}, order, flags[0], flags[1], np.zeros(rows.size), flags[2], {name: Asked() for name in layout.echoes}
    )
    while going := history.going:
        here = order[units.starts[:going] + history.done]
        found.later[here], found.middle[here] = history.done > 0, history.middle()
        for name, asked in found.asked.items():
            asked.ask(history, name, here, rows.values[name][here])
        told = history.known()
        if layout.clock is not None:
            found.parts[here] = _parts(history, shares[here])
            found.again[here] = history.last_time() == times[here]
            told[SINCE] = since(history, times[here])
        if daytime is not None:
            told["today",] = today(history, times[here], daytime)
        for name, feature in told.items():
            _keep(found.known, name, feature, here, rows.size)
        history.advance({name: values[here] for name, values in rows.values.items() if name in layout.codecs})
    return found


def _parts(history: History, shares: Floats) -> Floats:
    start, end = history.before(), history.given["last",][: history.going]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(end > start, (shares - start) / (end - start), 0.0)


def _keep(known: dict[Name, Feature], name: Name, feature: Feature, rows: Integers, size: int) -> None:
    if name not in known:
        empty = np.zeros(size, dtype="uint8" if feature.size <= 256 else "int32")
        known[name] = Feature(empty, feature.size, feature.ordered)
    known[name].codes[rows] = feature.codes


def _same(values: Any, real: Any) -> Flags:
    """Whether values are equal; null is equal to null."""
    both = np.isnan(values) & np.isnan(real) if values.dtype.kind == "f" else False
    return np.asarray((values == real) | both)
