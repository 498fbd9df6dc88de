"""What each real row would have been told, had it been drawn: the same histories, with real values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from synthkit_cart.clock import within_day
from synthkit_cart.history import History, Layout
from synthkit_cart.rows import NONE, Rows, taken
from synthkit_cart.steps import Name, Step, Values, learned, some
from synthkit_cart.tokens import Categories, Codec, Feature, Flags, Floats, Integers, Labels, Numbers, grid
from synthkit_cart.trees import Growth
from synthkit_cart.way import SHARE, VALUE, Link, Repeat, Units, Way, calendar, today, via


@dataclass(frozen=True)
class Key:
    """A key to another table, as real rows have it.

    Attributes:
        name: of the key.
        rows: the row that each row points at, ``NONE`` for none.
        parents: all rows that it can point at.
        labels: of these, from 1 on.
        within: whether a row and the one that it points at belong to one subject.
    """

    name: str
    rows: Integers
    parents: Rows
    labels: Integers
    within: bool


def learn_way(rows: Rows, layout: Layout | None, keys: Sequence[Key], growth: Growth, seed: int) -> Way:
    """Learn how the rows of a table are drawn."""
    known: dict[Name, Feature] = {}
    part = again = daytime = None
    if layout is not None and rows.owner is not None and rows.at is not None:
        known = {name: rows.feature(name) for name in rows.names() if name[0] == "up"}
        past = _past(rows, layout, np.random.default_rng(np.random.SeedSequence(seed)))
        known |= past.known
        if layout.clock is not None and layout.time is not None:
            times = rows.values[layout.time]
            if past.middle.any():
                codec = Numbers.learn(past.parts[past.middle], rows.subjects[past.middle], step=0.0, least=growth.leaf // 4 or 1)
                part = learned(
                    ("part",), codec, past.parts[past.middle], some(known, past.middle), rows.subjects[past.middle], growth
                )
            clock = within_day(times)
            if clock.any():
                codec = past.daytime
                known["today",] = past.today
                again = learned(("again",), Labels(3), 1 + past.again.astype("int64"), known, rows.subjects, growth)
                daytime = learned(("daytime",), codec, clock, known, rows.subjects, growth)
            known |= calendar(times)
            known[layout.time] = rows.feature(layout.time)
    items: list = []
    time = layout.time if layout is not None else None
    for key in keys:
        tokens = np.where(key.rows < 0, 0, key.labels[key.rows]) if len(key.labels) else np.zeros(rows.size, dtype="int64")
        step = learned(("label", key.name), Labels(int(key.labels.max(initial=0)) + 1), tokens, known, rows.subjects, growth)
        items.append(Link(key.name, step, key.within))
        known |= via(key.parents, key.name, key.rows)
    for name, codec in rows.codecs.items():
        if name != time and layout is not None and name in layout.echoes:
            items.append(_repeating(name, rows, past.asked[name], known, growth))
        elif name != time:
            items.append(learned(name, codec, rows.values[name], known, rows.subjects, growth))
        if name != time:
            known[name] = rows.feature(name)
    return Way(tuple(items), layout, part, again, daytime)


def _repeating(name: Name, rows: Rows, asked: _Asked, known: dict[Name, Feature], growth: Growth) -> Repeat | Step:
    values, codec = rows.values[name], rows.codecs[name]
    at, hit = np.concatenate(asked.rows), np.concatenate(asked.again)
    if isinstance(codec, Numbers) and hit.sum() < 2 * growth.leaf:
        return learned(name, codec, values, known, rows.subjects, growth)
    if not hit.any() and isinstance(codec, Categories):
        return Repeat(None, learned(name, codec, values, known, rows.subjects, growth))
    told = {own: feature.take(at) for own, feature in known.items()}
    told[SHARE] = _stacked(asked.shares)
    told[VALUE] = codec.feature(np.concatenate(asked.values))
    again = learned(("again", *name), Labels(3), 1 + hit, told, rows.subjects[at], growth)
    new = np.ones(rows.size, dtype=bool)
    new[at[hit]] = False
    other = learned(name, codec, values[new], some(known, new), rows.subjects[new], growth)
    return Repeat(again, other)


def _stacked(features: Sequence[Feature]) -> Feature:
    return Feature(np.concatenate([f.codes for f in features]), features[0].size, features[0].ordered)


@dataclass
class _Asked:
    """Whether values of earlier rows come again: for some rows, once for each value."""

    rows: list[Integers] = field(default_factory=list)
    shares: list[Feature] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    again: list[Flags] = field(default_factory=list)

    def ask(self, history: History, name: Name, here: Integers, real: Any) -> None:
        """Ask for the next row of each unit, until a value comes again."""
        open_ = np.ones(len(here), dtype=bool)
        for earlier in history.earlier(name):
            asked = open_ & earlier.found
            hit = (earlier.values == real) | ((real != real) & (earlier.values != earlier.values))
            self.rows.append(here[asked])
            self.shares.append(earlier.feature().take(asked))
            self.values.append(earlier.values[asked])
            self.again.append(hit[asked])
            open_ &= ~hit


@dataclass
class _Past:
    known: dict[Name, Feature]
    asked: dict[Name, _Asked]
    parts: Floats
    middle: Flags
    again: Flags
    today: Feature | None
    daytime: Codec | None


def _past(rows: Rows, layout: Layout, random: np.random.Generator) -> _Past:
    """Go through all units with their real rows, and keep what each row is told before it is drawn."""
    at, size = rows.at, rows.size
    times = rows.values[layout.time] if layout.time is not None else np.zeros(size)
    order = np.lexsort((np.arange(size), times, at))
    counts = np.bincount(at[at >= 0], minlength=rows.owner.size)
    units = Units.of(counts, int((at < 0).sum()))
    first, last = order[units.starts], order[units.starts + units.sizes - 1]
    own: Values = {}
    daytime = None
    if layout.clock is not None:
        shares = layout.clock.share(times)
        own = {("first",): shares[first], ("last",): shares[last]}
        clock = within_day(times)
        if clock.any():
            daytime = Numbers.learn(clock, rows.subjects, step=grid(clock, 0), least=5)
    real = {name: values[order] for name, values in rows.values.items() if name in layout.codecs}
    history = History(layout, units.sizes, units.starts, own, random, real)
    asked = {name: _Asked() for name in layout.echoes}
    past = _Past({}, asked, np.zeros(size), np.zeros(size, dtype=bool), np.zeros(size, dtype=bool), None, daytime)
    while going := history.going:
        here = order[units.starts[:going] + history.done]
        for name, asked in past.asked.items():
            asked.ask(history, name, here, rows.values[name][here])
        for name, feature in history.known().items():
            _keep(past.known, name, feature, here, size)
        if layout.clock is not None:
            start, end = history.before(), own["last",][:going]
            with np.errstate(invalid="ignore", divide="ignore"):
                past.parts[here] = np.where(end > start, (shares[here] - start) / (end - start), 0.0)
            past.middle[here] = history.middle()
            past.again[here] = history.last_time() == times[here]
            if daytime is not None:
                kept: dict[Name, Feature] = {} if past.today is None else {("today",): past.today}
                _keep(kept, ("today",), today(history, times[here], daytime), here, size)
                past.today = kept["today",]
        history.advance({name: values[here] for name, values in rows.values.items() if name in layout.codecs})
    return past


def _keep(known: dict[Name, Feature], name: Name, feature: Feature, rows: Integers, size: int) -> None:
    if name not in known:
        known[name] = Feature(np.zeros(size, dtype="uint8" if feature.size <= 256 else "int32"), feature.size, feature.ordered)
    known[name].codes[rows] = feature.codes


__all__ = ["NONE", "Key", "learn_way", "taken"]
