"""What each real row would have been told, had it been drawn: the same histories, with real values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from synthkit_cart.broods import APART
from synthkit_cart.alike import exchangeable
from synthkit_cart.clock import within_day
from synthkit_cart.history import History, Layout
from synthkit_cart.rows import NONE, Rows, taken
from synthkit_cart.steps import Name, Step, Values, learned, some
from synthkit_cart.tokens import Categories, Codec, Feature, Flags, Floats, Integers, Labels, Numbers, grid
from synthkit_cart.trees import Growth
from synthkit_cart.way import SHARE, VALUE, After, Following, Link, Repeat, Units, Way, calendar, today, via


@dataclass(frozen=True)
class Key:
    """A key to another table, as real rows have it.

    Attributes:
        name: of the key.
        rows: the row that each row points at, ``NONE`` for none.
        parents: all rows that it can point at.
        labels: of these, from 1 on.
        within: whether a row and the one that it points at belong to one subject.
        through: the key of another table under the same owner that points at the same rows, if there is one.
    """

    name: str
    rows: Integers
    parents: Rows
    labels: Integers
    within: bool
    through: str | None = None


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
    lone = {name: feature for name, feature in known.items() if name[0] == "up"}  # without the rows before
    lone |= calendar(rows.values[time]) | {time: rows.feature(time)} if time is not None else {}
    for key in keys:
        own = ("label", key.name)
        if layout is not None:
            step = _repeating(own, rows, past.order, past.later, past.asked.get(own), (known, lone), growth)
        else:
            step = learned(own, rows.codecs[own], rows.values[own], known, rows.subjects, growth)
        items.append(Link(key.name, step, key.within, _apart(rows, key.rows), key.through))
        told = via(key.parents, key.name, key.rows) | {own: rows.feature(own)}
        known |= told
        lone |= told
    echoes = layout.echoes if layout is not None else {}
    bases = {("via", key.name, *own): (key, own) for key in keys for own in key.parents.codecs if own[0] == "own"}
    times = {name: np.append(key.parents.values[own], np.nan)[key.rows] for name, (key, own) in bases.items() if _is_time(key.parents.codecs[own])}
    if time is not None:
        times[time] = rows.values[time]
    names = sorted((name for name in rows.codecs if name[0] == "own"), key=lambda name: echoes.get(name, 0) < APART)
    for name in names:
        codec, values = rows.codecs[name], rows.values[name]
        if name == time:
            continue
        if _is_time(codec) and (base := _earlier(values, times)) is not None:
            gaps = values - times[base]
            between = Numbers.learn(gaps, rows.subjects, step=grid(gaps[~np.isnan(gaps)], 0), least=max(growth.leaf // 4, 1))
            items.append(After(name, codec, base, learned(("gap", *name), between, gaps, known, rows.subjects, growth)))
        elif layout is not None:
            items.append(_repeating(name, rows, past.order, past.later, past.asked.get(name), (known, lone), growth))
        else:
            items.append(learned(name, codec, values, known, rows.subjects, growth))
        if _is_time(codec):
            times[name] = values
        known[name] = lone[name] = rows.feature(name)
    return Way(tuple(items), layout, part, again, daytime)


def _is_time(codec: Codec) -> bool:
    return isinstance(codec, Numbers) and codec.time


def _earlier(values: Floats, times: Mapping[Name, Floats]) -> Name | None:
    """The time that others never precede and are close to: with the least spread of what lies between."""
    best, found = np.nanstd(values) / 2 if np.isfinite(values).any() else 0.0, None
    for name, base in times.items():
        gaps = values - base
        known = ~np.isnan(gaps)
        if (known == ~np.isnan(values)).all() and known.any() and gaps[known].min() >= 0 and gaps[known].std() < best:
            best, found = gaps[known].std(), name
    return found


def _apart(rows: Rows, pointed: Integers) -> bool:
    """Whether no two rows of one owner point at the same row."""
    if rows.at is None:
        return False
    known = (rows.at >= 0) & (pointed >= 0)
    pairs = np.unique(np.stack([rows.at[known], pointed[known]]), axis=1)
    several = np.bincount(rows.at[known], minlength=1)
    return bool(pairs.shape[1] == known.sum() and (several > 1).sum() >= 20)


def _repeating(
    name: Name,
    rows: Rows,
    order: Integers,
    later: Flags,
    asked: _Asked | None,
    told_: tuple[dict[Name, Feature], dict[Name, Feature]],
    growth: Growth,
) -> Following:
    known, lone = told_
    values, codec, subjects = rows.values[name], rows.codecs[name], rows.subjects
    first = learned(name, codec, values, lone, subjects, growth)
    if not later.any():
        return Repeat(first, first)
    at = np.concatenate(asked.rows) if asked is not None and asked.rows else np.empty(0, dtype="int64")
    hit = np.concatenate(asked.again) if asked is not None and asked.again else np.empty(0, dtype=bool)
    if not (len(hit) and not hit.any() and not isinstance(codec, Numbers)):
        steady = exchangeable(first, values, lone, rows, order)
        if steady is not None:
            return steady
    often = hit.sum() >= 2 * growth.leaf or (len(hit) > 0 and not isinstance(codec, Numbers))
    apart = bool(len(hit) and not hit.any() and not isinstance(codec, Numbers))
    again = None
    new = later.copy()
    if asked is not None and often and not apart:
        told = {own: feature.take(at) for own, feature in known.items()}
        told[SHARE] = _stacked(asked.shares)
        told[VALUE] = codec.feature(np.concatenate(asked.values))
        again = learned(("again", *name), Labels(3), 1 + hit, told, subjects[at], growth)
        new[at[hit]] = False
    if not new.any():
        return Repeat(first, first, again)
    other = learned(name, codec, values[new], some(known, new), subjects[new], growth)
    return Repeat(first, other, again, apart)


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
    order: Integers
    later: Flags
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
    past = _Past({}, order, np.zeros(size, dtype=bool), asked, np.zeros(size), np.zeros(size, dtype=bool), np.zeros(size, dtype=bool), None, daytime)
    while going := history.going:
        here = order[units.starts[:going] + history.done]
        past.later[here] = history.done > 0
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
