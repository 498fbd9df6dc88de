"""Steps and their context: each is timed, shown and left again, whatever happens in it."""

from __future__ import annotations

import time

import pytest

from synthkit.context import Context
from synthkit.errors import ResourceError
from synthkit.steps import Observer, Steps


class Witness(Observer):
    """Keeps all that it was told."""

    def __init__(self):
        self.seen = []

    def started(self, step):
        self.seen.append(("started", step))

    def advanced(self, step, fraction, text):
        self.seen.append((step, fraction, text))

    def finished(self, step, seconds):
        assert seconds >= 0
        self.seen.append(("finished", step))


def test_an_observer_sees_a_step_begin_get_on_and_end():
    witness = Witness()
    with Steps(witness)("fit") as context:
        context.progress(1, 2, "half")
    assert witness.seen == [("started", "fit"), ("fit", 0.5, "half"), ("finished", "fit")]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_step_that_fails_is_left_and_timed_too(error):
    witness = Witness()
    steps = Steps(witness)
    with pytest.raises(error), steps("fit"):
        raise error
    assert witness.seen == [("started", "fit"), ("finished", "fit")]
    assert list(steps.timings) == ["fit"]


def test_steps_are_timed_in_their_order_and_added_up():
    steps = Steps(timings={"read": 5.0})
    for name in ("fit", "read"):
        with steps(name):
            began = time.perf_counter()
            while time.perf_counter() - began < 0.002:
                pass
    assert list(steps.timings) == ["read", "fit"]
    assert 5 < steps.timings["read"] < 10
    assert 0 < steps.timings["fit"] < 5


def test_the_notes_of_all_steps_are_kept_once():
    steps = Steps()
    for name in ("read", "fit"):
        with steps(name) as context:
            context.note("a column was constant")
            context.note(f"noted in {name}")
    assert steps.notes == ["a column was constant", "noted in read", "noted in fit"]


def test_an_observer_that_shows_nothing_is_the_default(capsys):
    with Steps()("fit") as context:
        context.progress(1, 2)
    assert capsys.readouterr() == ("", "")


def test_progress_is_reported_as_a_part_of_one():
    seen = []
    context = Context(report=lambda fraction, text: seen.append((fraction, text)))
    context.progress(1, 4, "fitting")
    context.progress(5, 4)
    context.progress(0, 0, "nothing to do")
    assert seen == [(0.25, "fitting"), (1.0, ""), (1.0, "nothing to do")]


def test_without_anybody_looking_progress_is_silent(capsys):
    Context().progress(1, 2, "fitting")
    assert capsys.readouterr() == ("", "")


def test_progress_stops_the_work_when_the_time_is_over():
    with pytest.raises(ResourceError, match="the time allowed has passed") as caught:
        Context(deadline=0.0).progress(1, 4)
    assert caught.value.exit_code == 5
    Context(deadline=float("inf")).progress(1, 4)


def test_a_note_is_kept_once():
    context = Context()
    for text in ("a column was constant", "a table was empty", "a column was constant"):
        context.note(text)
    assert context.notes == ["a column was constant", "a table was empty"]
