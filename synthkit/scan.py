"""Searching files of any kind for real identifying strings."""

from __future__ import annotations

import builtins
import keyword
import mmap
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from synthkit.contents import Cells, parts
from synthkit.dataset import Dataset
from synthkit.errors import DataError, SecurityError
from synthkit.formulas import unescaped
from synthkit.guard.rare import K, Links, links, threshold
from synthkit.matching import Content, Matcher
from synthkit.report.page import own_words
from synthkit.report.write import NAMES as REPORTS
from synthkit.schema import Column, ColumnKind, Schema
from synthkit.split import subject_count
from synthkit.storage import dtype_of, within

SHORTEST = 6  # characters; shorter strings occur by chance
COMMON = 10  # rows with the same value of a modelled column, or subjects behind them: no secret, a model may see it
_IDENTIFYING = (ColumnKind.ID, ColumnKind.PII, ColumnKind.TEXT)
_MADE = (ColumnKind.ID, ColumnKind.PII)  # comes back from the guard, different from all real values of its column
_MEASURED = (ColumnKind.NUMERICAL, ColumnKind.DATETIME, ColumnKind.BOOLEAN)  # digits that mean no identifier
_TEXT = dtype_of("string", nullable=True)
_LISTED = 3  # hits that an error names


@dataclass(frozen=True, order=True)
class Hit:
    """Real strings in a file; never the strings.

    Attributes:
        file: path in the folder; a real string in it is shown as a star.
        column: the real column, ``table.column``; the first one, where several hold the string.
        count: occurrences.
        rare: whether they are categories that few real subjects hold, in the same column of a synthetic table.
    """

    file: str
    column: str
    count: int
    rare: bool = False

    def __str__(self) -> str:
        few = " that few real subjects have" if self.rare else ""
        return f"{self.file} holds {self.count:,} values of {self.column}{few}"


class RealStrings:
    """The distinct real strings of six characters or more that tell who somebody is.

    They are those of the columns of kind id, pii and text that are stored as text. Left out are integers,
    which repeat by nature, but for personal ones within their own column of a CSV file; names in the schema and
    in Python's own vocabulary, which every model and record is full of; what a reference table holds; and what
    ten rows of a modelled column hold, or those of ten subjects lead to, which a model may see.

    Known besides are the categories that fewer than ``k`` subjects have; they are looked for in their own
    column only. What the schema lists as ``values`` is no secret.
    """

    def __init__(self, real: Dataset, k: int = K) -> None:
        self.schema = real.schema
        self._owner: dict[str, str] = {}
        for table, column in _columns(real.schema, *_IDENTIFYING):
            for text in real[table][column.name].dropna().unique().tolist():
                if len(text) >= SHORTEST:
                    self._owner.setdefault(text, f"{table}.{column.name}")
        behind = links(real, threshold(subject_count(real), k))
        self._leave_out(_public(real, behind))
        self._own = {
            f"{table}.{column.name}": [t for t in real[table][column.name].dropna().unique() if t in self._owner]
            for table, column in _columns(real.schema, *_MADE)
        }
        self._integers, self._rare = _personal_integers(real), _rare_categories(real, behind)
        self._own |= self._integers

    @property
    def columns(self) -> tuple[str, ...]:
        """The real columns that hold these strings, ``table.column``."""
        more = (name for known in (self._integers, self._rare) for name, texts in known.items() if texts)
        return tuple(dict.fromkeys((*self._owner.values(), *more)))

    def __len__(self) -> int:
        return len(self._owner) + sum(map(len, (*self._integers.values(), *self._rare.values())))

    def _leave_out(self, public: set[str]) -> None:
        """Drop what is public, and what stands in a public name or category."""
        for text in public & self._owner.keys():
            del self._owner[text]
        names = "\n".join(sorted(public)).encode()
        while within_names := Matcher(self._owner).count(names):  # a shorter one may stand within a longer one
            for text in within_names:
                del self._owner[text]

    def in_part(self, part: Cells | Content, *, report: bool = False) -> Counter[str]:
        """How often values of each real column occur in a part of a file; in a ``report``, words of ours aside."""
        return self._in_cells(part) if isinstance(part, Cells) else self._in_text(part, report=report)

    def masked(self, name: str) -> str:
        """A file's name without real strings."""
        return self._matcher.masked(name)

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self._owner)

    @cached_property
    def _values(self) -> pa.Array:
        return pa.array(list(self._owner), pa.large_string())

    @cached_property
    def _in_any_report(self) -> set[str]:
        return set(self._matcher.count(own_words()))

    def _in_text(self, content: Content, *, report: bool) -> Counter[str]:
        found: Counter[str] = Counter()
        for text, count in self._matcher.count(content).items():
            if not (report and text in self._in_any_report):
                found[self._owner[text]] += count
        return found

    def _in_cells(self, cells: Cells) -> Counter[str]:
        """Whole cells; those that the guard makes are compared with the real ones of their column only.

        A fresh key or name is another than all real ones of its column, but may be that of another column by chance.
        """
        kind = self._kind(cells)
        if kind in _MEASURED:
            return Counter()
        if kind in _MADE:
            return self._in_own_column(cells, self._own)
        places = _places(cells.values, self._values).drop_null()
        held = pc.value_counts(places).to_pylist()
        found: Counter[str] = Counter()
        for each in held:
            found[self._owner[self._values[each["values"]].as_py()]] += each["counts"]
        return found

    def rare_in_part(self, part: Cells | Content) -> Counter[str]:
        """How many cells of the same column are a category that few real subjects hold."""
        return self._in_own_column(part, self._rare) if isinstance(part, Cells) else Counter()

    def _in_own_column(self, cells: Cells, known: Mapping[str, list[str]]) -> Counter[str]:
        own = next((name for name in self._names(cells) if name in self._kinds), "")
        places = _places(cells.values, pa.array(known.get(own, []), pa.large_string()))
        count = len(places) - places.null_count
        return Counter({own: count} if count else {})

    @cached_property
    def _kinds(self) -> dict[str, ColumnKind]:
        return {f"{t.name}.{c.name}": c.kind for t in self.schema.tables for c in t.columns}

    def _kind(self, cells: Cells) -> ColumnKind | None:
        return next((self._kinds[name] for name in self._names(cells) if name in self._kinds), None)

    def _names(self, cells: Cells) -> Iterator[str]:
        """The column of the schema that the cells may be: a file is called as its table, or begins with its name."""
        tables = [t for t in self.schema.table_names if cells.file == t or cells.file.startswith(f"{t}_")]
        yield from (f"{table}.{cells.column}" for table in sorted(tables, key=len, reverse=True))


def search(folder: Path, strings: RealStrings, files: Iterable[Path] | None = None) -> tuple[Hit, ...]:
    """Search every file under a folder, or some of them: contents, members of archives and names.

    In tables, whole cells count; elsewhere what is no part of a longer word. Numbers, dates and booleans of a
    table that the schema knows are not compared.

    Raises:
        DataError: there is no such folder, no file in it, or an archive cannot be opened.
        ResourceError: an archive holds more than anyone would pack.
    """
    if not folder.exists():
        raise DataError(f"there is no folder or file {folder}", "check the path")
    listed = files if files is not None else folder.rglob("*") if folder.is_dir() else [folder]
    found_files = sorted(path for path in listed if path.is_file())
    if not found_files and files is None:  # whoever names the files knows them
        raise DataError(f"there is no file in {folder}, so nothing was searched", "check the path")
    hits: list[Hit] = []
    for path in found_files:
        name = path.relative_to(folder).as_posix() if path != folder else path.name
        shown = strings.masked(name)
        with within(shown):
            found, rare = _in_file(path, strings)
            found += strings.in_part(name.encode(errors="replace"))
        hits += [Hit(shown, column, count) for column, count in sorted(found.items())]
        hits += [Hit(shown, column, count, rare=True) for column, count in sorted(rare.items())]
    return tuple(hits)


def refuse_leaks(folder: Path, strings: RealStrings, files: Iterable[Path] | None = None) -> None:
    """Stop when what was written holds real identifying strings.

    Raises:
        SecurityError: it does; file, column and count are named.
    """
    hits = search(folder, strings, files)
    if hits:
        more = f" and {len(hits) - _LISTED} more like it" if len(hits) > _LISTED else ""
        problem = "; ".join(map(str, hits[:_LISTED])) + more
        raise SecurityError(
            f"real values leaked: {problem}", "nothing was kept; check the schema, then tell its author"
        )


def _in_file(path: Path, strings: RealStrings) -> tuple[Counter[str], Counter[str]]:
    found: Counter[str] = Counter()
    rare: Counter[str] = Counter()
    if path.stat().st_size == 0:
        return found, rare
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for part in parts(path.name, content):
            found += strings.in_part(part, report=path.name in REPORTS)
            rare += strings.rare_in_part(part)
    return found, rare


def _places(cells: pa.ChunkedArray, known: pa.Array) -> pa.ChunkedArray:
    """Which of the known texts each cell is, null for none, also behind an apostrophe that ``--csv-safe`` wrote."""
    places = pc.index_in(cells, known)
    if pc.any(pc.starts_with(cells, "'")).as_py():
        places = pc.coalesce(places, pc.index_in(unescaped(cells), known))
    return places


def _personal_integers(real: Dataset) -> dict[str, list[str]]:
    """Phones and the like of six digits or more, as a text file holds them."""
    found = {}
    for table in real.schema.tables:
        for column in table.columns:
            if column.kind is ColumnKind.PII and column.storage.startswith(("int", "uint")) and not table.reference:
                texts = map(str, real[table.name][column.name].dropna().unique().tolist())
                found[f"{table.name}.{column.name}"] = [text for text in texts if len(text) >= SHORTEST]
    return found


def _rare_categories(real: Dataset, behind: Mapping[str, Links]) -> dict[str, list[str]]:
    """The categories of each column of text that fewer than k subjects have, counted as the guard does."""
    found = {}
    for table, column in _columns(real.schema, ColumnKind.CATEGORICAL):
        if column.name not in real.schema.key_columns(table):
            few = [
                text for text, holders in _held(real[table][column.name], behind[table]) if holders < behind[table].k
            ]
            found[f"{table}.{column.name}"] = [text for text in few if text not in column.values]
    return found


def _held(values: pd.Series[Any], behind: Links) -> list[tuple[str, int]]:
    """The distinct texts of a column, and how many subjects have each."""
    codes, distinct = pd.factorize(values)
    return list(zip(distinct.tolist(), behind.holders(codes.astype("int64"), len(distinct)).tolist(), strict=True))


def _columns(schema: Schema, *kinds: ColumnKind) -> Iterator[tuple[str, Column]]:
    """Columns of text of these kinds, parents first, and not of reference tables."""
    for table in map(schema.__getitem__, schema.order()):
        for column in table.columns:
            if column.kind in kinds and not table.reference and dtype_of(column.storage, nullable=True) == _TEXT:
                yield table.name, column


def _public(real: Dataset, behind: Mapping[str, Links]) -> set[str]:
    schema = real.schema
    public = {part for name in sys.modules for part in (name, *name.split("."))} | {*dir(builtins), *keyword.kwlist}
    names = _flat(schema.to_dict())
    public.update(names, *(re.findall(r"\w+", name) for name in names))
    for table, column in _columns(schema, ColumnKind.CATEGORICAL):
        values = real[table][column.name]
        counts = values.value_counts()
        public.update(counts.index[counts >= COMMON])
        public.update(text for text, holders in _held(values, behind[table]) if holders >= COMMON)
    for kept in schema.tables:
        if kept.reference:
            for name in kept.column_names:
                public.update(real[kept.name][name].dropna().astype(str))
    return public


def _flat(content: object) -> list[str]:
    if isinstance(content, dict):
        return [*content, *(text for value in content.values() for text in _flat(value))]
    if isinstance(content, list | tuple):
        return [text for value in content for text in _flat(value)]
    return [str(content)]
