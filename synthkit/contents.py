"""What is inside a file of any kind: columns of cells, or bytes; archives are opened, within limits."""

from __future__ import annotations

import csv
import gzip
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import PurePosixPath
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow
from pyarrow import parquet

from synthkit.errors import DataError, ResourceError
from synthkit.matching import Content

MOST_UNPACKED = 2**31  # bytes of one archive, with all archives within
MOST_RATIO = 200  # of contents to their archive; real ones stay far below
SMALL = 2**26  # bytes that may be unpacked whatever the ratio
DEEPEST = 4  # archives within archives
MOST_CELLS = 10**9  # a few bytes of Parquet can claim any number of them
_CHUNK = 2**20


@dataclass(frozen=True)
class Cells:
    """A column of text: its name, and the file that it is in, without endings."""

    file: str
    column: str
    values: pa.ChunkedArray


@dataclass
class _Opened:
    """One file on disk, and how much came out of it so far."""

    packed: int
    depth: int = 0
    unpacked: int = field(default=0)

    def read(self, stream: IO[bytes] | gzip.GzipFile) -> bytes:
        chunks = []
        while chunk := stream.read(_CHUNK):
            chunks.append(chunk)
            self.unpacked += len(chunk)
            if self.unpacked > MOST_UNPACKED or (self.unpacked > SMALL and self.unpacked > MOST_RATIO * self.packed):
                raise ResourceError(f"it holds more than {self.unpacked} bytes", "unpack it, if you trust it")
        return b"".join(chunks)


def parts(name: str, content: Content) -> Iterator[Cells | Content]:
    """Yield the columns of tables, and all else as bytes; what cannot be read as what it claims to be is bytes too.

    Opened are gzip, zip (so npz), npy, Parquet and CSV. Names of the members of an archive are bytes to search.

    Raises:
        DataError: an archive that needs a password or an unknown method.
        ResourceError: more comes out than anyone would pack, or archives are nested without end.
    """
    yield from _parts(name, content, _Opened(len(content)))


def _parts(name: str, content: Content, opened: _Opened) -> Iterator[Cells | Content]:
    reader = next((read for magic, read in _READERS.items() if content[: len(magic)] == magic), None)
    if reader is None and name.lower().endswith((".csv", ".tsv")):
        reader = _csv
    if reader is not None:
        if opened.depth > DEEPEST:
            raise ResourceError(f"archives are nested more than {DEEPEST} deep", "unpack them")
        try:
            yield from reader(name, content[:], opened)
        except (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile, pa.ArrowException):
            yield content
        return
    yield content


def _gzip(name: str, content: bytes, opened: _Opened) -> Iterator[Cells | Content]:
    with gzip.open(BytesIO(content)) as stream:
        inner = opened.read(stream)
    yield from _deeper(name.removesuffix(".gz"), inner, opened)


def _zip(name: str, content: bytes, opened: _Opened) -> Iterator[Cells | Content]:
    del name
    with zipfile.ZipFile(BytesIO(content)) as archive:
        yield "\n".join(archive.namelist()).encode(errors="replace") + archive.comment
        for member in archive.infolist():
            try:
                with archive.open(member) as stream:
                    inner = opened.read(stream)
            except (RuntimeError, NotImplementedError):
                raise DataError("the archive needs a password or an unknown method", "unpack it") from None
            yield from _deeper(member.filename, inner, opened)


def _deeper(name: str, content: bytes, opened: _Opened) -> Iterator[Cells | Content]:
    opened.depth += 1
    yield from _parts(name, content, opened)
    opened.depth -= 1


def _npy(name: str, content: bytes, _: _Opened) -> Iterator[Cells | Content]:
    array: Any = np.load(BytesIO(content), allow_pickle=False)
    if array.dtype.kind == "f":
        return
    if array.dtype.kind != "U":
        raise ValueError  # the bytes say it all
    yield Cells(_stem(name), "", pa.chunked_array([pa.array(array.ravel().tolist(), pa.large_string())]))


def _parquet(name: str, content: bytes, _: _Opened) -> Iterator[Cells | Content]:
    with parquet.ParquetFile(pa.BufferReader(pa.py_buffer(content))) as file:
        if file.metadata.num_rows * max(file.metadata.num_columns, 1) > MOST_CELLS:
            raise ResourceError(f"it claims more than {MOST_CELLS} cells", "split the table")
        yield b"\n".join(part for pair in (file.metadata.metadata or {}).items() for part in pair)
        table = file.read()
    yield from _columns(name, table)


def _csv(name: str, content: bytes, _: _Opened) -> Iterator[Cells | Content]:
    line = content[: max(content.find(b"\n"), 0)].decode("utf-8-sig")
    delimiter = next((mark for mark in ",;\t" if mark in line), ",")
    names = next(csv.reader([line.rstrip("\r")], delimiter=delimiter), [])
    table = arrow.read_csv(
        pa.BufferReader(pa.py_buffer(content)),
        arrow.ReadOptions(block_size=2**24),
        arrow.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        arrow.ConvertOptions(column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False),
    )
    yield from _columns(name, table)


def _columns(name: str, table: pa.Table) -> Iterator[Cells | Content]:
    yield "\n".join(table.column_names).encode()
    for place, column in enumerate(table.column_names):
        values = table.column(place)
        if pa.types.is_dictionary(values.type):
            values = values.cast(values.type.value_type)
        if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            yield Cells(_stem(name), column, values.cast(pa.large_string()))
            yield from _with_line_breaks(values)
        elif (
            pa.types.is_nested(values.type) or pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type)
        ):
            yield json.dumps(values.to_pylist(), default=_readable, ensure_ascii=False).encode(errors="replace")


def _with_line_breaks(values: pa.ChunkedArray) -> Iterator[bytes]:
    """Cells that may be rows which a loose quote swallowed, or whole texts."""
    broken = values.filter(pc.match_substring(values, "\n"))
    if len(broken):
        yield "\n\n".join(broken.drop_null().to_pylist()).encode()


def _readable(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _stem(name: str) -> str:
    return PurePosixPath(name).name.split(".")[0]


_READERS: dict[bytes, Callable[[str, bytes, _Opened], Iterator[Cells | Content]]] = {
    b"\x1f\x8b": _gzip,
    b"PK\x03\x04": _zip,
    b"\x93NUMPY": _npy,
    b"PAR1": _parquet,
}
