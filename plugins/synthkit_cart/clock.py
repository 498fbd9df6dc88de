"""Time as the data live it: a day counts as much as happens on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthkit_cart.tokens import Floats, Integers

DAY = 86_400_000_000  # microseconds


@dataclass(frozen=True)
class Clock:
    """Days, and the share of all events before each.

    Measured so, even time has the rhythm of weeks, months and seasons that the events have.

    Attributes:
        days: since 1970, ascending.
        ends: the share of events up to the end of each day.
    """

    days: Floats
    ends: Floats

    @classmethod
    def learn(cls, times: Floats, subjects: Integers, least: int) -> Clock:
        """Learn from the times of events, in microseconds since 1970, without nulls, and whose each is.

        Days on which fewer than ``least`` subjects have events are taken together with the next ones, and what happens
        on them is shared out among all days from the first to the last, as weekdays have their shares.
        """
        own = np.floor(times / DAY).astype("int64")
        if not len(own):
            return cls(np.empty(0), np.empty(0))
        days = np.arange(own.min(), own.max() + 1)
        group = np.searchsorted(_begins(own, subjects, least), days, side="right") - 1
        weekdays = np.bincount(own % 7, minlength=7)[days % 7].astype("float64")
        events = np.bincount(group[own - days[0]])[group]
        mass = events * weekdays / np.bincount(group, weekdays)[group]
        return cls(days[mass > 0].astype("float64"), np.cumsum(mass[mass > 0]) / len(own))

    def share(self, times: Floats) -> Floats:
        """The share of events up to the middle of the day of each time; on a day without events, up to that day.

        So what is drawn close to the share of a day mostly lies on it, be there ten days or ten thousand.
        """
        days = np.floor(times / DAY)
        first, last = (np.searchsorted(self.days, days, side=side) for side in ("left", "right"))
        ends = np.append(0.0, self.ends)
        return np.asarray((ends[first] + ends[last]) / 2)

    def day(self, shares: Floats) -> Floats:
        """The time at which the day begins that such a share of events lies before or in."""
        place = np.searchsorted(self.ends, shares + 1e-12, side="right").clip(0, max(len(self.days) - 1, 0))
        return np.asarray(self.days[place] * DAY)


def within_day(times: Floats) -> Floats:
    """Microseconds since midnight."""
    return np.asarray(times - np.floor(times / DAY) * DAY)


def _begins(days: Integers, subjects: Integers, least: int) -> Integers:
    """The first days of groups of days, each with events of enough subjects; of one group where there are too few."""
    order = np.argsort(days, kind="stable")
    distinct, first = np.unique(days[order], return_index=True)
    begins, seen = [int(distinct[0])], set[int]()
    for day, some in zip(distinct.tolist(), np.split(subjects[order], first[1:]), strict=True):
        if len(seen) >= least:
            begins.append(day)
            seen = set()
        seen.update(some.tolist())
    return np.array(begins[:-1] if len(seen) < least and len(begins) > 1 else begins)
