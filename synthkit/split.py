"""Training and holdout by whole subjects, and seeded draws of subjects, each with all that they own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthkit.dataset import Dataset
from synthkit.errors import DataError, UsageError
from synthkit.row_numbers import Flags, Integers, parent_rows, row_codes
from synthkit.schema import ForeignKey, Schema
from synthkit.storage import dtype_of

_NOBODY = -1  # the side of a row whose owner key is null


def split(data: Dataset, holdout: float, seed: int) -> tuple[Dataset, Dataset, list[str]]:
    """Part the data by whole subjects; return the training part, the holdout and notes without values.

    Subjects are the rows of ``data.subject``; the rows that lead to them by owner keys go with them.
    Tables that lead to no subject are shared and stand in both parts. Without a subject in the schema
    each row of the largest table is one, and any key that leads to it counts as owner. Rows of an owned
    table whose owner key is null belong to nobody: they go to the training part only.

    Any other foreign key that would cross the split becomes null where the schema allows it, or leads to its own
    row where rows of a table with nothing above them do so; else the row is left out of that part, with what refers
    to it. The notes count all three.

    Args:
        data: real data without integrity violations; not changed.
        holdout: the share of subjects to hold out, in (0, 1); at least one subject stays on each side.
        seed: the same seed gives the same subjects, whatever the order of the rows of other tables.

    Raises:
        UsageError: ``holdout`` is out of range.
        DataError: fewer than two subjects, or no subject is left in a part.
    """
    if not 0 < holdout < 1:
        raise UsageError("the holdout must be a share between 0 and 1", "choose for example 0.2")
    whose = held_by(data)
    subjects = subject_count(data)
    if subjects < 2:
        raise DataError(f"{subjects} subjects cannot be split", "at least 2 are needed", data.subject)
    count = min(max(round(subjects * holdout), 1), subjects - 1)
    sides = _sides(data, np.append(_chosen(subjects, count, seed).astype("int64"), _NOBODY)[whose])
    training = part(data, {name: side != 1 for name, side in sides.items()}, "training part")
    held_out = part(data, {name: side == 1 for name, side in sides.items()}, "holdout")
    return training.data, held_out.data, [*_ownerless(sides), *training.notes, *held_out.notes]


def draw(data: Dataset, subjects: int, seed: int) -> Dataset:
    """Draw that many subjects with all that they own, as ``split`` does; shared tables stay whole.

    Rows that belong to nobody are left out, as they are of a holdout. ``data`` is not changed.

    Raises:
        UsageError: there are not so many subjects, or none was asked for.
        DataError: no subject is left, because each refers to one that was not drawn.
    """
    there = len(data[data.subject])
    if not 1 <= subjects <= there:
        raise UsageError(f"{subjects} of {there} subjects cannot be drawn", "ask for 1 to all of them", data.subject)
    return of_subjects(data, _chosen(there, subjects, seed), "draw")


def of_subjects(data: Dataset, chosen: Flags, name: str) -> Dataset:
    """The chosen rows of the subject table with all that they own; shared tables stay whole. ``data`` is not changed.

    Raises:
        DataError: no subject is left in what errors call by that name.
    """
    return part(data, {table: side == 1 for table, side in _sides(data, chosen).items()}, name).data


@dataclass(frozen=True)
class Part:
    """Some rows of each table, and notes without values about what went with the others."""

    data: Dataset
    notes: list[str]


def _chosen(subjects: int, count: int, seed: int) -> Flags:
    random = np.random.default_rng(np.random.SeedSequence(seed))
    chosen = np.zeros(subjects, dtype=bool)
    chosen[random.permutation(subjects)[:count]] = True
    return chosen


def subjects_of(data: Dataset) -> dict[str, Integers]:
    """For each table with owners, parents first, the number of each row's subject; -1 for nobody's rows."""
    return _sides(data, held_by(data))


def held_by(data: Dataset, table: str | None = None) -> Integers:
    """Whose each row of a table is, by default of the subject table: numbers from 0, -1 for nobody's.

    Rows that agree in the ``subject_key`` of the table are one subject's; without one, each row is a subject.
    """
    name = table or data.subject
    columns = list(data.schema[name].subject_key)
    if not columns:
        return np.arange(len(data[name]))
    codes = row_codes(data[name].loc[:, columns])[0]
    return pd.factorize(np.where(codes < 0, np.nan, codes))[0].astype("int64")  # its code for NaN is -1, nobody's


def subject_count(data: Dataset) -> int:
    """How many subjects there are."""
    return int(held_by(data).max(initial=-1)) + 1


def _sides(data: Dataset, chosen: Flags | Integers) -> dict[str, Integers]:
    """For each table with owners, parents first, the side of each row: 1 chosen, 0 not, or nobody's."""
    sides = {data.subject: chosen.astype("int64")}
    for table, key in _owners(data.schema, data.subject).items():
        rows = parent_rows(data, key)
        sides[table] = np.where(rows >= 0, np.append(sides[key.parent], _NOBODY)[rows], _NOBODY)
    return sides


def _owners(schema: Schema, subject: str) -> dict[str, ForeignKey]:
    """The key that leads each owned table towards its subject, parents first."""
    owners: dict[str, ForeignKey] = {}
    keys = [key for key in schema.foreign_keys if key.owner or schema.subject is None]
    while new := [k for k in keys if k.parent in (subject, *owners) and k.table not in (subject, *owners)]:
        first = min(new, key=lambda k: not k.owner)
        owners[first.table] = first
    return owners


def part(data: Dataset, sides: Mapping[str, Flags], name: str) -> Part:
    """The marked rows, with keys to other rows cut as ``split`` does; tables without marks stay whole.

    Args:
        data: not changed.
        sides: for some tables, the rows to keep.
        name: what notes and errors call the part.

    Raises:
        DataError: no subject is left.
    """
    kept = {table: sides.get(table, np.ones(rows, dtype=bool)) for table, rows in data.rows.items()}
    asked = {table: int(rows.sum()) for table, rows in kept.items()}
    cut = _cut(data, kept)
    if not kept[data.subject].any():
        raise DataError(f"no subject is left in the {name}", "let the keys between subjects be null", data.subject)
    tables = {table: _rows(data, table, kept[table], cut) for table in data.schema.table_names}
    return Part(Dataset(data.schema, tables), [*_lost(kept, asked, name), *_nulled(data.schema, kept, cut, name)])


def _cut(data: Dataset, kept: dict[str, Flags]) -> dict[ForeignKey, Flags]:
    """The rows whose key must become null, per key; takes rows that cannot do without out of ``kept``."""
    links = {key: parent_rows(data, key) for key in data.schema.foreign_keys}
    dispensable = [key for key in links if _nullable(data.schema, key) or _rooted(data.schema, key, links[key])]
    changed = True
    while changed:  # a row that goes may be another's parent
        changed = False
        for key in (key for key in links if key not in dispensable):
            lost = kept[key.table] & _points_away(links[key], kept[key.parent])
            kept[key.table] = kept[key.table] & ~lost
            changed = changed or bool(lost.any())
    return {key: kept[key.table] & _points_away(links[key], kept[key.parent]) for key in dispensable}


def _points_away(rows: Integers, kept: Flags) -> Flags:
    return np.asarray((rows >= 0) & ~np.append(kept, True)[rows], dtype=bool)  # no parent: the appended one


def _nullable(schema: Schema, key: ForeignKey) -> tuple[str, ...]:
    """The columns of a foreign key that can be null without harm to its row's own key or owner."""
    if key.owner:
        return ()
    owner = schema.owner_of(key.table)
    bound = {*schema[key.table].primary_key, *(owner.columns if owner else ())}
    return tuple(c for c in key.columns if schema[key.table].column(c).nullable and c not in bound)


def _rooted(schema: Schema, key: ForeignKey, rows: Integers) -> bool:
    """Whether a key within a table leads to the row itself where nothing is above it, and to no circle of rows."""
    free = not key.owner and not set(key.columns) & set(schema[key.table].primary_key)
    if not free or key.table != key.parent or (rows < 0).any():
        return False
    above = rows
    for _ in range(len(rows).bit_length()):  # each time twice as far up
        above = above[above]
    return bool((rows[above] == above).all())


def _rows(data: Dataset, table: str, kept: Flags, cut: Mapping[ForeignKey, Flags]) -> pd.DataFrame:
    frame = data[table]
    for key in (key for key in cut if key.table == table and cut[key].any()):
        if not _nullable(data.schema, key):
            own = {n: frame[n].mask(cut[key], frame[o]) for n, o in zip(key.columns, key.parent_columns, strict=True)}
            frame = frame.assign(**own)
            continue
        columns = [data.schema[table].column(name) for name in _nullable(data.schema, key)]
        dtypes = {c.name: dtype_of(c.storage, nullable=True) for c in columns}
        frame = frame.assign(**{name: frame[name].astype(dtype).mask(cut[key]) for name, dtype in dtypes.items()})
    return frame[kept].reset_index(drop=True)


def _ownerless(sides: Mapping[str, Integers]) -> list[str]:
    counts = {table: int((side == _NOBODY).sum()) for table, side in sides.items()}
    return [f"{t}: {n:,} rows belong to nobody and went to the training part" for t, n in counts.items() if n]


def _lost(kept: Mapping[str, Flags], asked: Mapping[str, int], name: str) -> list[str]:
    counts = {table: asked[table] - int(kept[table].sum()) for table in kept}
    why = "because they refer to the other part"
    return [f"{table}: {n:,} rows were left out of the {name} {why}" for table, n in counts.items() if n]


def _nulled(schema: Schema, kept: Mapping[str, Flags], cut: Mapping[ForeignKey, Flags], name: str) -> list[str]:
    counts = {key: int((cut[key] & kept[key.table]).sum()) for key in cut}
    return [
        f"{key.table}.{'+'.join(key.columns)}: {n:,} keys to the other part {became} in the {name}"
        for key, n in counts.items()
        for became in ("became null" if _nullable(schema, key) else "lead to their own row",)
        if n
    ]
