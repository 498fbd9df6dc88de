"""What each real row would have been told, had it been drawn: the same histories, with real values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthkit_cart.clock import within_day
from synthkit_cart.history import History, Layout
from synthkit_cart.rows import NONE, Rows, taken
from synthkit_cart.steps import Name, Values, learned, some
from synthkit_cart.tokens import Codec, Feature, Flags, Floats, Integers, Labels, Numbers, grid
from synthkit_cart.trees import Growth
from synthkit_cart.way import Link, Units, Way, calendar, today, via


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


def learn_way(rows: Rows, layout: Layout | None, given: Values, keys: Sequence[Key], growth: Growth) -> Way:
    """Learn how the rows of a table are drawn; ``given`` is what the brood of each row's owner has been given."""
    known: dict[Name, Feature] = {}
    part = again = daytime = None
    if layout is not None and rows.owner is not None and rows.at is not None:
        known = {name: rows.feature(name) for name in rows.names() if name[0] == "up"}
        past = _past(rows, layout, given)
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
        if name != time:
            items.append(learned(name, codec, rows.values[name], known, rows.subjects, growth))
            known[name] = rows.feature(name)
    return Way(tuple(items), layout, part, again, daytime)


@dataclass
class _Past:
    known: dict[Name, Feature]
    parts: Floats
    middle: Flags
    again: Flags
    today: Feature | None
    daytime: Codec | None


def _past(rows: Rows, layout: Layout, given: Values) -> _Past:
    """Go through all units with their real rows, and keep what each row is told before it is drawn."""
    at, size = rows.at, rows.size
    times = rows.values[layout.time] if layout.time is not None else np.zeros(size)
    order = np.lexsort((np.arange(size), times, at))
    counts = np.bincount(at[at >= 0], minlength=rows.owner.size)
    units = Units.of(counts, int((at < 0).sum()))
    first, last = order[units.starts], order[units.starts + units.sizes - 1]
    own = {name: values[first] for name, values in given.items()}
    daytime = None
    if layout.clock is not None:
        shares = layout.clock.share(times)
        own |= {("first",): shares[first], ("last",): shares[last]}
        clock = within_day(times)
        if clock.any():
            daytime = Numbers.learn(clock, rows.subjects, step=grid(clock, 0), least=5)
    history = History(layout, units.sizes, own)
    past = _Past({}, np.zeros(size), np.zeros(size, dtype=bool), np.zeros(size, dtype=bool), None, daytime)
    while going := history.going:
        here = order[units.starts[:going] + history.done]
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
