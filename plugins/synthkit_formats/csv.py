"""CSV files: text in, the same text out."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from pathlib import Path
from typing import ClassVar, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from synthkit import DataError, Format, ResourceError

LONGEST_ROW = 2**24  # bytes
MOST_UNZIPPED = 2**34  # bytes
MOST_RATIO = 200  # of text to its gzip; tables of real data stay far below
SMALL = 2**26  # bytes that may be unzipped whatever the ratio
_BATCH = 2**25  # bytes that are written at once, roughly

_NEWLINE = re.compile(rb"\r\n|\r|\n")
_HEADER = re.compile(rb'[\r\n]*+((?:"[^"]*"|[^"\r\n])*+)(\r\n|\r|\n|\Z)?')
_SPECIAL = '^$|[",\r\n\\x00]'  # what is only safe in quotes; the empty text, because without quotes it is null


class Csv(Format):
    r"""CSV as spreadsheets and databases write it: UTF-8, a header, quotes where they are needed.

    Read are commas, or semicolons or tabs where the header has no comma; also gzipped. An empty cell is
    null, an empty cell in quotes is the empty text; NA, NULL and nan are text like any other. Blank
    lines are no rows; in a table of one column they are nulls, but for a last one. Written are commas
    and ``\n``, and what is written reads back as it was.
    """

    name: ClassVar[str] = "csv"
    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".csv.gz")
    typed: ClassVar[bool] = False

    def read(self, path: Path) -> pa.Table:
        content = _decodable(_content(path))
        header = _header(content)
        _refuse_loose_quotes(content, header.delimiter)
        stop = _end(content, header)
        if header.end == stop:
            return pa.table({name: pa.array([], pa.string()) for name in header.names})
        try:
            return _rows(memoryview(content)[header.end - 1 : stop], header)
        except pa.ArrowInvalid:
            raise _reason(content, header) from None

    def write(self, table: pa.Table, path: Path) -> None:
        with path.open("wb") as file:
            file.write((",".join(map(_name, table.column_names)) + "\n").encode())
            size = max(1, table.num_rows * _BATCH // max(table.nbytes, 1))
            for batch in table.to_batches(max_chunksize=min(size, 2**16)):
                file.write(_lines(batch))
                file.write(b"\n")
            if table.num_columns == 1 and table.num_rows and not table.column(0)[-1].is_valid:
                file.write(b"\n")  # else the last null would be the blank line that is no row


class _Header(NamedTuple):
    names: list[str]
    delimiter: str
    end: int  # where the first row begins


def _content(path: Path) -> bytes:
    try:
        return _unzipped(path) if path.name.lower().endswith(".gz") else path.read_bytes()
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise DataError("the gzip file is damaged or only a part of it", "zip it again") from None
    except OSError:
        raise DataError("the file cannot be opened", "check that it is a file that you may read") from None


def _unzipped(path: Path) -> bytes:
    packed, chunks, size = path.stat().st_size, [], 0
    with gzip.open(path) as file:
        while chunk := file.read(2**20):
            chunks.append(chunk)
            size += len(chunk)
            if size > MOST_UNZIPPED or (size > SMALL and size > MOST_RATIO * packed):
                raise ResourceError(f"the gzip file holds more than {size} bytes", "unzip it, if you trust it")
    return b"".join(chunks)


def _decodable(content: bytes) -> bytes:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError("the file is UTF-16, see its mark at byte offset 0", "save it as UTF-8")
    place = content.find(b"\0")
    if place >= 0:
        raise DataError(f"there is a NUL character at byte offset {place}", "remove it, or save UTF-16 as UTF-8")
    try:
        content.decode()
    except UnicodeDecodeError as error:
        raise DataError(f"the file is not UTF-8, see byte offset {error.start}", "save it as UTF-8") from None
    content = content.removeprefix(b"\xef\xbb\xbf")
    # Without a newline at its end, Arrow reads a last empty cell as empty text.
    return content if content.endswith((b"\n", b"\r")) else content + b"\n"


def _header(content: bytes) -> _Header:
    match = _HEADER.match(content)
    if match is None or (match.end() == len(content) and not match[1]):
        raise DataError("the file is empty", "it needs a line with the names of its columns")
    bare = re.sub(rb'"[^"]*"', b"", match[1]).decode()
    delimiter = next((mark for mark in ",;\t" if mark in bare), ",")
    try:
        names = next(csv.reader([match[1].decode()], delimiter=delimiter, strict=True))
    except csv.Error:
        names = []
    if not names or match[2] is None:
        raise DataError("the quotes of the header do not match", "correct the first line")
    return _Header(_checked(names), delimiter, match.end())


def _checked(names: list[str]) -> list[str]:
    if not any(letter.isalpha() for name in names for letter in name):
        raise DataError("the first line has no letters, so it is no header", "add a line with the names of the columns")
    several = sorted({name for name in names if names.count(name) > 1})
    if several:
        listed = ", ".join(name or "the empty name" for name in several)
        raise DataError(f"{len(several)} column names occur more than once: {listed}", "rename the columns")
    return names


def _quoted(delimiter: str) -> re.Pattern[bytes]:
    return re.compile(rf'"(?<![^{delimiter}\r\n]")(?:[^"]++|"")*+"(?![^{delimiter}\r\n])'.encode())


def _refuse_loose_quotes(content: bytes, delimiter: str) -> None:
    """Refuse a cell that begins with a quote and does not end with one: Arrow would swallow the rows after it."""
    whole, opening = _quoted(delimiter), rf'"(?<![^{delimiter}\r\n]")'.encode()
    if not re.search(opening, whole.sub(b"", content)):
        return
    cells = re.finditer(b"(?P<whole>" + whole.pattern + b")|" + opening, content)
    place = next(cell.start() for cell in cells if cell["whole"] is None)
    line = len(_NEWLINE.findall(content, 0, place)) + 1
    raise DataError(f"the cell in quotes that begins in line {line} does not end with a quote", "correct the line")


def _end(content: bytes, header: _Header) -> int:
    """Where the last row ends: blank lines at the end are no rows; in a table of one column, the last one is not."""
    filled = max(header.end, len(content.rstrip(b"\r\n")))
    if len(header.names) > 1:
        return len(content) if filled > header.end else filled
    newlines = _NEWLINE.findall(content, filled)
    blank = newlines[1:] if filled > header.end else newlines
    return len(content) - len(blank[-1]) if blank else len(content)


def _rows(body: memoryview, header: _Header) -> pa.Table:
    """The rows after the newline that the body begins with: without it, Arrow drops a byte order mark in a cell."""
    from pyarrow import csv as arrow

    names = header.names
    return arrow.read_csv(
        pa.BufferReader(pa.py_buffer(body)),
        arrow.ReadOptions(column_names=names, skip_rows=1, block_size=LONGEST_ROW),
        arrow.ParseOptions(delimiter=header.delimiter, newlines_in_values=True, ignore_empty_lines=len(names) > 1),
        arrow.ConvertOptions(
            check_utf8=False,  # done before, with the place of the fault
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _reason(content: bytes, header: _Header) -> DataError:
    """Why Arrow could not read the rows; its own words would show cells."""
    number = 1
    # Newlines within quotes become NUL, which occurs nowhere else, so that lines can be told and counted.
    bare = _quoted(header.delimiter).sub(lambda cell: b"x" + b"\0" * len(_NEWLINE.findall(cell[0])), content)
    for line in _NEWLINE.split(bare):
        cells = line.count(header.delimiter.encode()) + 1
        if line and cells != len(header.names):
            problem = f"line {number} has {cells} cells, the header has {len(header.names)}"
            return DataError(problem, "correct the line, or put cells that hold the delimiter in quotes")
        number += 1 + line.count(b"\0")
    return DataError(f"a row is longer than {LONGEST_ROW} bytes", "shorten it, or use Parquet")


def _name(name: str) -> str:
    # A byte order mark would be lost, and a semicolon or tab taken for the delimiter.
    return '"' + name.replace('"', '""') + '"' if re.search('^$|[",;\t\r\n\ufeff]', name) else name


def _lines(batch: pa.RecordBatch) -> pa.Buffer:
    cells = [_cells(column, name) for name, column in zip(batch.schema.names, batch.columns, strict=True)]
    rows = pc.binary_join_element_wise(*cells, ",")
    return pc.binary_join(pa.ListArray.from_arrays([0, len(rows)], rows), "\n")[0].as_buffer()


def _cells(column: pa.Array, name: str) -> pa.Array:
    special = pc.match_substring_regex(column, _SPECIAL)
    if pc.any(special).as_py():
        unwritable = pc.sum(pc.match_substring(column, "\0")).as_py()
        if unwritable:
            raise DataError(f"{unwritable} cells hold a NUL character", "remove it, or write Parquet", name)
        escaped = pc.replace_substring(column, '"', '""')
        column = pc.if_else(special, pc.binary_join_element_wise('"', escaped, '"', ""), column)
    return pc.fill_null(column, "")
