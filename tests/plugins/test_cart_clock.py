"""Time as the events have it: no day of a few subjects stands out."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from synthkit_cart.clock import DAY, Clock

EVENTS = st.lists(st.tuples(st.integers(-400, 400), st.integers(0, 12)), min_size=1, max_size=80)


@given(EVENTS, st.integers(1, 6))
def test_every_event_has_its_place_and_all_places_are_days_between_the_first_and_the_last(events, least):
    days, subjects = (np.array(part) for part in zip(*events, strict=True))
    clock = Clock.learn(days * float(DAY), subjects, least)
    shares = clock.share(days * float(DAY))
    assert ((shares >= 0) & (shares < 1)).all()
    back = clock.day(np.linspace(0, 1, 50)) / DAY
    assert back.min() >= days.min()
    assert back.max() <= days.max()
    assert np.isclose(clock.ends[-1], 1.0)


def test_days_of_few_come_with_their_neighbours_and_closed_weekdays_stay_closed():
    random = np.random.default_rng(0)
    days = random.integers(0, 700, 300)
    days = days[days % 7 < 5]
    clock = Clock.learn(days * float(DAY), np.arange(len(days)), 6)
    assert len(clock.days) > 1.5 * len(np.unique(days))
    assert (clock.days % 7 < 5).all()


def test_days_of_many_count_as_much_as_happens_on_them():
    days = np.repeat([0, 1, 5], [10, 30, 60])
    clock = Clock.learn(days * float(DAY), np.arange(100), 6)
    assert clock.days.tolist() == [0, 1, 5]
    assert clock.ends.tolist() == [0.1, 0.4, 1.0]


def test_without_events_there_is_no_day():
    assert not len(Clock.learn(np.empty(0), np.empty(0, dtype="int64"), 6).days)
