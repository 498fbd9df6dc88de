"""Where tables come from and where they go: files, folders and frames."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from numbers import Number
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from synthkit.dataset import Dataset
from synthkit.errors import DataError, SecurityError, UsageError
from synthkit.format import Format
from synthkit.schema import Schema, Table
from synthkit.storage import storage_of, to_arrow, to_frame, within

_LONGEST_NAME = 100  # bytes: plugin, rows and suffix follow it in the name of a file
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9]|lpt[0-9])\s*(\..*)?", re.IGNORECASE)  # on Windows
_SEPARATORS = re.compile(r'[/\\:*?"<>|\u2044\u2215]')  # and slashes that Windows may turn into one
_LISTED = 5  # files that a note names


def read_tables(
    path: Path, formats: Sequence[type[Format]], names: Sequence[str] | None = None
) -> tuple[dict[str, pa.Table], list[str]]:
    """Read a folder with one file per table, or one file; a table is called as its file without the ending.

    Columns of files that know no types are ``string``; text of the others is ``large_string``, and no
    column is a dictionary, as ``storage.detect`` takes them.

    Args:
        path: the folder, of which sub-folders and other files are left out, or the file.
        formats: what can be read.
        names: the tables to read, in this order; all, by name, where it is None.

    Returns:
        the tables, and notes for the run record about what was left out or looks odd.

    Raises:
        DataError: nothing there, unreadable, or columns without a name, with the same name or of a
            type that no table can hold.
        SecurityError: a file whose name is no safe name for a table.
        UsageError: a name that is no table.
    """
    files, notes = _files(path, formats)
    tables = {}
    for name in files if names is None else names:
        if name not in files:
            raise UsageError(f"there is no table {name!r} in {path}", f"choose from {', '.join(files)}")
        form, file = files[name]
        with within(name):
            table, odd = _tidied(form().read(file))
            tables[name] = _known(_checked(table)) if form.typed else _checked(table)
        notes += [f"{name}: {text}" for text in odd]
    return tables, notes


def from_frames(frames: Mapping[str, pd.DataFrame]) -> dict[str, pa.Table]:
    """Take tables from frames, as ``read_tables`` takes them from typed files; the index is ignored.

    Names of columns become text, periods dates or times. Numbers beside text in one column become
    text, with a warning. The frames are not changed.

    Raises:
        DataError: columns without a name, with the same name or of a type that no table can hold.
        SecurityError: a name that is not safe for a table.

    Example:
        >>> from_frames({"people": pd.DataFrame({"age": [41, 37]})})["people"].schema
        age: int64
    """
    check_names(frames)
    tables = {}
    for name, frame in frames.items():
        with within(name):
            tables[name] = _known(_checked(_table(frame)))
    return tables


def read_dataset(tables: Mapping[str, pa.Table], schema: Schema) -> Dataset:
    """Convert tables to the canonical frames of a schema.

    Raises:
        DataError: tables or columns are missing, left over or in another order; cells are no values of
            their column.
        UsageError: the schema names a storage or a format that does not exist.
    """
    _check_same(schema.table_names, tables, "tables")
    frames = {}
    for table in schema.tables:
        with within(table.name):
            _check_columns(table.column_names, tables[table.name].column_names)
            frames[table.name] = to_frame(tables[table.name], table.columns)
    return Dataset(schema, frames)


def write_table(frame: pd.DataFrame, table: Table, writer: Format, path: Path) -> None:
    """Write a canonical frame to a file, with the types or the texts that its columns are stored in.

    Raises:
        DataError: values that the storage or the format cannot hold.
    """
    with within(table.name):
        writer.write(to_arrow(frame, table.columns, typed=writer.typed), path)


def _files(path: Path, formats: Sequence[type[Format]]) -> tuple[dict[str, tuple[type[Format], Path]], list[str]]:
    if not path.exists():
        raise DataError(f"there is no folder or file {path}", "check the path")
    try:
        listed = sorted(path.iterdir()) if path.is_dir() else [path]
    except OSError:
        raise DataError(f"the folder {path} cannot be read", "check its permissions") from None
    files: dict[str, tuple[type[Format], Path]] = {}
    others = []
    for file in listed:
        name, form = _recognised(file, formats)
        if form is None:
            others.append(file.name)
        elif name in files:
            raise DataError(f"{files[name][1].name} and {file.name} are the same table", "remove one", name)
        else:
            files[name] = (form, file)
    if not files:
        known = ", ".join(suffix for form in formats for suffix in form.suffixes)
        raise DataError(f"there is no table in {path}", f"files must end in one of {known}")
    check_names(files)
    return files, _left_out(others)


def _recognised(file: Path, formats: Sequence[type[Format]]) -> tuple[str, type[Format] | None]:
    if file.is_file() and not file.name.startswith("."):
        for form in formats:
            for suffix in form.suffixes:
                if file.name.lower().endswith(suffix):
                    return file.name[: -len(suffix)], form
    return file.name, None


def _left_out(names: list[str]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return [f"not a table, so left out: {', '.join(names[:_LISTED])}{more}"]


def check_names(names: Iterable[str]) -> None:
    """Refuse names that could name anything but a file within a folder, on any system.

    Checked is also the compatible spelling (Unicode's NFKC), which some systems and archives turn a name into:
    a full-width slash is a slash there, and three dots in one character are three dots.

    Raises:
        SecurityError: a name with a separator or a control character, one of a device, too long, or one that
            begins or ends with dots or spaces.
        DataError: names that differ in case, spaces or code points only.
    """
    for name in names:
        if not all(map(_is_safe, (name, unicodedata.normalize("NFKC", name)))):
            raise SecurityError(f"{name[:40]!a} is not safe as the name of a table", "rename it")
        if len(name.encode()) > _LONGEST_NAME:
            raise SecurityError(f"{name[:40]!a}... is too long as the name of a table", "rename it")
    _check_different(names, "tables")


def _is_safe(name: str) -> bool:
    hidden = any(unicodedata.category(character).startswith(("C", "Zl", "Zp")) for character in name)
    edges = name[:1] in (".", "-", "") or name.endswith(".") or name != name.strip()
    return not (hidden or edges or _SEPARATORS.search(name) or _RESERVED.fullmatch(name))


def _check_different(names: Iterable[str], what: str) -> None:
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault("".join(unicodedata.normalize("NFC", name).casefold().split()), []).append(name)
    pairs = [" and ".join(map(repr, group)) for group in alike.values() if len(group) > 1]
    if pairs:
        raise DataError(f"{what} with the same name but for case and spaces: {', '.join(pairs)}", "rename them")


def _check_same(expected: Iterable[str], found: Iterable[str], what: str) -> None:
    missing, extra = [n for n in expected if n not in found], [n for n in found if n not in expected]
    parts = [f"missing {', '.join(missing)}"] * bool(missing) + [f"not in the schema {', '.join(extra)}"] * bool(extra)
    if parts:
        raise DataError(f"other {what} than in the schema: {'; '.join(parts)}", "correct the schema or the data")


def _check_columns(expected: Sequence[str], found: Sequence[str]) -> None:
    _check_same(expected, found, "columns")
    moved = [name for name, wanted in zip(found, expected, strict=True) if name != wanted]
    if moved:
        problem = f"{len(moved)} columns are in another order than in the schema: {', '.join(moved)}"
        raise DataError(problem, "correct the schema or the data")


def _tidied(table: pa.Table) -> tuple[pa.Table, list[str]]:
    notes = []
    last = table.num_columns - 1
    if last > 0 and not table.column_names[last] and table.column(last).null_count == table.num_rows:
        table = table.remove_column(last)
        notes.append("an empty last column without a name was left out; rows seem to end in a delimiter")
    if "Unnamed: 0" in table.column_names:
        notes.append("the column 'Unnamed: 0' looks like an index that pandas wrote")
    return table, notes


def _checked(table: pa.Table) -> pa.Table:
    if not table.num_columns:
        raise DataError("there are no columns", "a table needs one at least")
    unnamed = sum(not name.strip() for name in table.column_names)
    if unnamed:
        remedy = "name them, or leave out an index that pandas wrote (index=False)"
        raise DataError(f"{unnamed} columns have no name", remedy)
    _check_different(table.column_names, "columns")
    for field in table.schema:
        with within(field.name):
            storage_of(field.type)
    return table


def _known(table: pa.Table) -> pa.Table:
    """The same table without dictionaries, and its text as ``large_string``, which is not read as numbers or dates."""
    arrays = [_plain(column) for column in table.columns]
    return pa.Table.from_arrays(arrays, names=table.column_names)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.large_string()) if storage_of(column.type) == "string" else column


def _table(frame: pd.DataFrame) -> pa.Table:
    names = [str(name) for name in frame.columns]
    arrays = [_array(frame.iloc[:, place], name) for place, name in enumerate(names)]
    return pa.Table.from_arrays(arrays, names=names)


def _array(series: pd.Series[Any], name: str) -> pa.Array:
    try:
        if isinstance(series.dtype, pd.PeriodDtype):
            return _starts(series)
        return pa.array(_of_one_kind(series, name), from_pandas=True)
    except UnicodeEncodeError:
        problem, remedy = "some text holds half of a surrogate pair, which is no character", "repair the text"
    except (ValueError, TypeError, NotImplementedError, OverflowError):  # Arrow's own errors are kinds of these
        problem, remedy = "the values have no type in common that a table can hold", "convert them, or drop the column"
    raise DataError(problem, remedy, name)


def _starts(periods: pd.Series[Any]) -> pa.Array:
    """When each period begins: a date, where no period is shorter than a day."""
    times = pa.array(periods.dt.to_timestamp(), pa.timestamp("us"), from_pandas=True)
    days = times.cast(pa.date32())
    return days if days.cast(times.type).equals(times) else times


def _of_one_kind(series: pd.Series[Any], name: str) -> pd.Series[Any]:
    """Refuse or unify kinds of objects of which Arrow would lose something in silence."""
    kinds = set(map(type, series.dropna())) if series.dtype.kind == "O" else set()
    times = {kind for kind in kinds if issubclass(kind, datetime)}
    if times and any(issubclass(kind, date) for kind in kinds - times):
        raise DataError("some dates have a time of day and others have none", "convert them to one kind", name)
    texts = {kind for kind in kinds if issubclass(kind, str)}
    if not texts or texts == kinds or not all(issubclass(kind, Number) for kind in kinds - texts):
        return series
    warnings.warn(f"{name}: the numbers beside text are taken as text", stacklevel=5)
    return series.map(str, na_action="ignore")
