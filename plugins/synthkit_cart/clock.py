"""Time as the data live it: a day counts as much as happens on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthkit_cart.tokens import Floats

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
    def learn(cls, times: Floats) -> Clock:
        """Learn from the times of events, in microseconds since 1970, without nulls."""
        days, counts = np.unique(np.floor(times / DAY), return_counts=True)
        return cls(days, np.cumsum(counts) / max(len(times), 1))

    def share(self, times: Floats) -> Floats:
        """The share of events before the day of each time."""
        place = np.searchsorted(self.days, np.floor(times / DAY))
        return np.asarray(np.append(0.0, self.ends)[place])

    def day(self, shares: Floats) -> Floats:
        """The time at which the day begins that such a share of events lies before or in."""
        place = np.searchsorted(self.ends, shares + 1e-12, side="right").clip(0, max(len(self.days) - 1, 0))
        return np.asarray(self.days[place] * DAY)


def within_day(times: Floats) -> Floats:
    """Microseconds since midnight."""
    return np.asarray(times - np.floor(times / DAY) * DAY)
