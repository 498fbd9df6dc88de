"""Every format that is installed keeps every promise, and one that breaks a promise is caught by its check alone."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from pyarrow import feather

from synthkit import DataError, Format
from synthkit.plugins import discover
from synthkit.testing import FORMAT_CHECKS, check_format, parametrize_with_checks

NAMES = {check.__name__ for check in FORMAT_CHECKS}


@parametrize_with_checks(discover().usable("format"))
def test_installed_formats_keep_every_promise(plugin, check):
    check(plugin)


class Feather(Format):
    """Typed, and keeps every promise."""

    name = "feather"
    suffixes = (".feather",)
    typed = True

    def read(self, path):
        try:
            return feather.read_table(path)
        except (OSError, pa.ArrowException):
            raise DataError("the file is not readable as Feather", "write it again") from None

    def write(self, table, path):
        feather.write_feather(table, path)


class Lists(Format):
    """Knows text only, and keeps every promise."""

    name = "lists"
    suffixes = (".json",)
    typed = False

    def read(self, path):
        try:
            columns = json.loads(path.read_bytes())
        except (OSError, ValueError):
            raise DataError("the file is not readable as JSON", "write it again") from None
        return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})

    def write(self, table, path):
        path.write_text(json.dumps({name: self.cells(table[name].to_pylist()) for name in self.names(table)}))

    def names(self, table):
        return table.column_names

    def cells(self, values):
        return values


class Nameless(Feather):
    name = ""


class Endless(Feather):
    suffixes = ()


class Dotless(Feather):
    suffixes = (".feather", "arrow")


class Trimming(Lists):
    def cells(self, values):
        return [None if value is None else value.strip() for value in values]


class Unix(Lists):
    def cells(self, values):
        return [None if value is None else value.replace("\r\n", "\n") for value in values]


class Emptying(Lists):
    def cells(self, values):
        return [value or "" for value in values]


class Sparing(Lists):
    def names(self, table):
        return table.column_names if table.num_rows else []


class Narrow(Feather):
    def write(self, table, path):
        super().write(table.select(table.column_names[:100]), path)


class Forgetful(Feather):
    def write(self, table, path):
        names = table.column_names
        coarse = [c.cast(pa.float32()) if pa.types.is_float64(c.type) else c for c in table.columns]
        super().write(pa.table(coarse, names), path)


class Guessing(Lists):
    def read(self, path):
        table = super().read(path)
        return (
            table.append_column("row", pa.array(range(table.num_rows)))
            if "like a number" in table.column_names
            else table
        )


class Counting(Lists):
    written = 0

    def write(self, table, path):
        super().write(table, path)
        Counting.written += 1
        path.write_text(path.read_text() + " " * Counting.written)


class Littering(Lists):
    def write(self, table, path):
        super().write(table, path)
        path.with_suffix(".lock").touch()


class Appending(Feather):
    def write(self, table, path):
        if not path.exists():
            super().write(table, path)


class Absent(Feather):
    def write(self, table, path):
        pass


class Crashing(Lists):
    def read(self, path):
        json.loads(path.read_bytes())
        return super().read(path)


class Telling(Lists):
    def read(self, path):
        try:
            return super().read(path)
        except DataError:
            text = path.read_bytes().decode("latin-1") if path.exists() else ""
            raise DataError(f"cannot be read: {text}", "write it again") from None


class Lenient(Lists):
    def read(self, path):
        try:
            return super().read(path)
        except DataError:
            return pa.table({})


WRONG = [
    (Nameless, "check_suffixes_are_endings", ": name is empty"),
    (Dotless, "check_suffixes_are_endings", "the suffix 'arrow' is no ending such as .csv"),
    (Endless, "check_suffixes_are_endings", "suffixes are none"),
    (Unix, "check_text_is_read_as_written", "the column odd is not what was written (text)"),
    (Trimming, "check_text_is_read_as_written", "the column odd is not what was written (text)"),
    (Emptying, "check_nulls_are_read_as_written", "the column a is not what was written (nulls in several columns)"),
    (Sparing, "check_no_rows_are_read_as_written", "the columns are others than those written (no rows)"),
    (Narrow, "check_many_columns_are_read_as_written", "the columns are others than those written (200 columns)"),
    (Forgetful, "check_typed_is_true", "the column real is not what was written (typed columns)"),
    (Counting, "check_same_table_same_file", "the file differs when the same table is written again"),
    (Littering, "check_nothing_else_is_written", "the folder holds table.json, table.lock, not table.json alone"),
    (Appending, "check_nothing_else_is_written", "the file is not the table that was written last"),
    (Crashing, "check_file_that_is_none_is_a_data_error", "the absent file raises FileNotFoundError, not DataError"),
    (Telling, "check_file_that_is_none_is_a_data_error", "the error for the damaged file shows cells"),
    (Lenient, "check_file_that_is_none_is_a_data_error", "the absent file is read as if it were a table"),
]


def complaints(form):
    found = {}
    for check in FORMAT_CHECKS:
        try:
            check(form)
        except AssertionError as error:
            found[check.__name__] = str(error)
    return found


@pytest.mark.parametrize("form", [Feather, Lists])
def test_the_format_that_breaks_nothing_passes(form):
    check_format(form)


@pytest.mark.parametrize(("form", "check", "words"), WRONG, ids=[cls.__name__ for cls, _, _ in WRONG])
def test_a_broken_promise_is_caught_by_its_check_alone(form, check, words):
    found = complaints(form)
    assert list(found) == [check], found
    assert words in found[check]
    assert "\n" not in found[check]


def test_each_check_has_a_format_that_fails_it_alone_and_a_promise():
    assert {check for _, check, _ in WRONG} == NAMES
    assert all(check.__doc__ for check in FORMAT_CHECKS)


def test_a_format_that_says_it_has_no_types_must_have_none():
    found = complaints(Guessing)
    assert found["check_typed_is_true"] == "lists: row is int64, but typed is false"


def test_what_makes_no_file_and_what_is_raised_is_told():
    assert complaints(Absent)["check_text_is_read_as_written"] == "feather: write makes no file"

    class Raising(Lists):
        def write(self, table, path):
            raise ValueError("one\ntwo")

    assert complaints(Raising)["check_text_is_read_as_written"] == "lists: write raised ValueError: one"
