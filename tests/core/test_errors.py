"""Errors: one line, an exit code, and safe to send between processes."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

from synthkit import errors
from synthkit.errors import DataError, SynthkitError, UsageError

CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, SynthkitError)]


def test_the_tree_drawn_in_the_docstring_is_the_tree():
    drawn = dict(re.findall(r"(\w+Error) +(\d)", inspect.getdoc(SynthkitError)))
    assert drawn == {c.__name__: str(c.exit_code) for c in CLASSES}


def test_the_codes_are_those_that_the_command_line_promises():
    codes = {c.__name__: c.exit_code for c in CLASSES}
    assert codes == {
        "SynthkitError": 3,
        "UsageError": 2,
        "UnsetVariableError": 2,
        "DataError": 3,
        "IntegrityError": 3,
        "PluginError": 3,
        "MissingExtraError": 3,
        "NothingEvaluatedError": 3,
        "SecurityError": 4,
        "ResourceError": 5,
    }


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("12 values are null",), "12 values are null"),
        (("12 values are null", "fill them"), "12 values are null; fill them"),
        (("12 values are null", "", "visits.day"), "visits.day: 12 values are null"),
        (("12 values are null", "fill them", "visits.day"), "visits.day: 12 values are null; fill them"),
    ],
)
def test_an_error_says_where_what_and_what_to_do(arguments, text):
    assert str(DataError(*arguments)) == text


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_survives_pickling(kind):
    copy = pickle.loads(pickle.dumps(kind("a problem", "a remedy", "a.place")))
    assert type(copy) is kind
    assert (copy.problem, copy.remedy, copy.where) == ("a problem", "a remedy", "a.place")
    assert str(copy) == "a.place: a problem; a remedy"


def test_every_error_can_be_caught_as_one():
    with pytest.raises(SynthkitError, match="no such option"):
        raise UsageError("no such option")
