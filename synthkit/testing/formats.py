"""What every format promises, each promise a check.

A check takes the class of a format and raises ``AssertionError`` with one line that names the format and what is wrong.
An untyped format is tried with text columns only, because it is never given others.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from synthkit.errors import DataError
from synthkit.format import Format
from synthkit.testing.promises import fail, require

Checked: TypeAlias = type[Format]
Check: TypeAlias = Callable[[Checked], None]

_CELL = "Unmistakable Cell"  # in a damaged file; no message may show it
_WIDE = 200  # columns
_TEXTS = {
    "name": ["Ann", "Größe ß", "名前 🙂", "e\u0301 \u202eabc", "x" * 5_000],
    "odd": [" padded ", "a,b;c\td", 'said "no"', "two\nlines, \r\nor three", "back\\slash"],
    "like a number": ["007", "1.50", "-0", "1e5", "nan"],
    "like nothing": ["NULL", "NA", "None", "#N/A", "null"],
    'a, "name" ü': ["=1+1", "'", '"', ",", "@"],
}


def check_suffixes_are_endings(form: Checked) -> None:
    """It has a name, and at least one ending of file names, each of which begins with a dot and is in lower case."""
    require(bool(form.name), form, "name", "is empty")
    require(bool(form.suffixes), form, "suffixes", "are none, so no file is ever read with it")
    for suffix in form.suffixes:
        fine = suffix.startswith(".") and len(suffix) > 1 and suffix == suffix.lower()
        require(fine, form, f"the suffix {suffix!r}", "is no ending such as .csv")


def check_text_is_read_as_written(form: Checked) -> None:
    """Text is read as it was written, character by character, whatever it looks like; so are names of columns."""
    _require_same(form, pa.table(_TEXTS), "text")


def check_nulls_are_read_as_written(form: Checked) -> None:
    """Null is read as null and the empty text as the empty text, also where nothing else is in a column or a row."""
    nulls = [None, "", None, "a"]
    for what, columns in (
        ("several columns", {"a": nulls, "b": nulls[::-1], "c": [None] * 4}),
        ("one column", {"a": nulls}),
    ):
        table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
        _require_same(form, table, f"nulls in {what}")


def check_no_rows_are_read_as_written(form: Checked) -> None:
    """A table without rows keeps its columns."""
    _require_same(form, pa.table({name: pa.array([], pa.string()) for name in _TEXTS}), "no rows")


def check_many_columns_are_read_as_written(form: Checked) -> None:
    """A table of 200 columns keeps them all, in their order."""
    _require_same(form, pa.table({f"c{place}": [str(place)] for place in range(_WIDE)}), f"{_WIDE} columns")


def check_typed_is_true(form: Checked) -> None:
    """A typed format gives back numbers, truth values, dates and times with their types; any other, only text."""
    if form.typed:
        _require_same(form, _typed(), "typed columns")
    else:
        for column in _read_back(form, pa.table(_TEXTS)).schema:
            require(pa.types.is_string(column.type), form, column.name, f"is {column.type}, but typed is false")


def check_same_table_same_file(form: Checked) -> None:
    """The same table gives the same file to the last byte."""
    with _folder() as folder:
        for name in ("first", "second"):
            _written(form, pa.table(_TEXTS), _path(form, folder, name))
        first, second = (_path(form, folder, name).read_bytes() for name in ("first", "second"))
    require(first == second, form, "the file", "differs when the same table is written again")


def check_nothing_else_is_written(form: Checked) -> None:
    """Writing makes the file that was asked for and no other, and takes the place of one that is there."""
    with _folder() as folder:
        path = _path(form, folder, "table")
        for table in (pa.table(_TEXTS), pa.table({"b": ["2"]})):
            _written(form, table, path)
        found = sorted(each.name for each in folder.iterdir())
        require(
            found == [path.name], form, "the folder", f"holds {', '.join(found) or 'nothing'}, not {path.name} alone"
        )
        require(_read(form, path).column_names == ["b"], form, "the file", "is not the table that was written last")


def check_file_that_is_none_is_a_data_error(form: Checked) -> None:
    """A file that is not there, or that is no file of this format, is a DataError that shows no cell."""
    with _folder() as folder:
        absent, damaged = (_path(form, folder, name) for name in ("absent", "damaged"))
        damaged.write_bytes(b"\0\xff\xfe\0" + _CELL.encode() + b"\0\x80\0")
        for path in (absent, damaged):
            try:
                form().read(path)
            except DataError as error:
                require(_CELL not in str(error), form, f"the error for the {path.stem} file", "shows cells")
                continue
            except Exception as error:
                complaint = f"raises {type(error).__name__}, not DataError"
                raise AssertionError(f"{form.name}: the {path.stem} file {complaint}") from error
            fail(form, f"the {path.stem} file", "is read as if it were a table")


FORMAT_CHECKS: tuple[Check, ...] = (
    check_suffixes_are_endings,
    check_text_is_read_as_written,
    check_nulls_are_read_as_written,
    check_no_rows_are_read_as_written,
    check_many_columns_are_read_as_written,
    check_typed_is_true,
    check_same_table_same_file,
    check_nothing_else_is_written,
    check_file_that_is_none_is_a_data_error,
)


def _typed() -> pa.Table:
    """One column of each type that tables are stored in, each with a null."""
    moment = datetime(2026, 2, 28, 23, 59, 59, 123_456, UTC)
    values = {
        "whole": pa.array([1, None, -(2**63)], pa.int64()),
        "small": pa.array([0, None, 255], pa.uint8()),
        "real": pa.array([0.1, None, -1e300], pa.float64()),
        "truth": pa.array([True, None, False]),
        "day": pa.array([date(1899, 12, 31), None, date(2026, 2, 28)], pa.date32()),
        "moment": pa.array([moment.replace(tzinfo=None), None, None], pa.timestamp("us")),
        "zoned": pa.array([moment, None, None], pa.timestamp("us", "Europe/Paris")),
        "price": pa.array([Decimal("1.10"), None, Decimal("-2.00")], pa.decimal128(12, 2)),
    }
    return pa.table(values)


def _require_same(form: Checked, table: pa.Table, what: str) -> None:
    """What is read is what was written: names, order, types and cells; all kinds of text are alike."""
    found = _read_back(form, table)
    require(found.column_names == table.column_names, form, "the columns", f"are others than those written ({what})")
    for name in table.column_names:
        wanted, got = table.column(name), found.column(name)
        alike = got.cast(wanted.type) if _is_text(got.type) and _is_text(wanted.type) else got
        require(alike.equals(wanted), form, f"the column {name}", f"is not what was written ({what})")


def _is_text(kind: pa.DataType) -> bool:
    return str(kind) in ("string", "large_string", "string_view", "null")


def _read_back(form: Checked, table: pa.Table) -> pa.Table:
    with _folder() as folder:
        path = _path(form, folder, "table")
        _written(form, table, path)
        return _read(form, path)


def _written(form: Checked, table: pa.Table, path: Path) -> None:
    with _told(form, "write"):
        form().write(table, path)
    require(path.is_file(), form, "write", "makes no file")


def _read(form: Checked, path: Path) -> pa.Table:
    with _told(form, "read"):
        return form().read(path)


def _path(form: Checked, folder: Path, name: str) -> Path:
    return folder / f"{name}{next(iter(form.suffixes), '')}"


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@contextmanager
def _told(form: Checked, verb: str) -> Iterator[None]:
    """Whatever is raised within the block is the cause of an AssertionError of one line."""
    try:
        yield
    except Exception as error:
        words = (str(error).splitlines() or [""])[0]
        raise AssertionError(f"{form.name}: {verb} raised {type(error).__name__}: {words}") from error
