"""Invented tables of any size, guarded: row numbers for keys, and columns that depend on one another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from synthkit import Column, ColumnKind, Dataset, ForeignKey, Schema, Table
from synthkit.bank import bank
from synthkit.guard import Guard
from synthkit.inference import infer
from synthkit.source import from_frames, read_dataset

_PATTERN = "ncndcnbcnncndcnbcncn"  # kinds of twenty columns: 9 numbers, 7 categories, 2 dates, 2 booleans
_OWN = 5  # columns of each of several tables


def table(rows: int, columns: int = 20, seed: int = 0) -> Dataset:
    """One table; half of the numbers have two decimals, every other one has 5 % nulls, categories have 4 to 256 values.

    Example:
        >>> table(10, 4)["t"].shape
        (10, 5)
    """
    random = np.random.default_rng(seed)
    listed, frame = _columns(random.standard_normal(rows), columns, random)
    key = Column("row", ColumnKind.ID, "int64", unique=True)
    own = Table("t", (key, *listed), ("row",))
    return Dataset(Schema((own,), (), "t"), {"t": frame})


def linked(tables: int, rows: int = 2_000, seed: int = 0) -> Dataset:
    """A tree of tables of equal size: two below each, whose rows belong to random rows of the one above."""
    random = np.random.default_rng(seed)
    listed: list[Table] = []
    keys: list[ForeignKey] = []
    frames: dict[str, pd.DataFrame] = {}
    hidden = [random.standard_normal(rows)]
    for place in range(tables):
        name, above = f"t{place}", (place - 1) // 2
        columns = [Column("row", ColumnKind.ID, "int64", unique=True)]
        owner = np.sort(random.integers(0, rows, rows))
        if place:
            hidden.append(hidden[above][owner] + random.standard_normal(rows))
            columns.append(Column("above", ColumnKind.ID, "int64"))
            keys.append(ForeignKey(name, ("above",), f"t{above}", ("row",), owner=True))
        own, frame = _columns(hidden[place], _OWN, random)
        if place:
            frame.insert(1, "above", owner)
        listed.append(Table(name, (*columns, *own), ("row",)))
        frames[name] = frame
    return Dataset(Schema(tuple(listed), tuple(keys), "t0"), frames)


def guarded_bank(customers: int) -> Dataset:
    """The bundled example, as a model sees it."""
    tables = from_frames(bank(customers))
    real = read_dataset(tables, infer(tables)[0])
    return Guard.learn(real, real=real).protect(real)


def _columns(
    hidden: npt.NDArray[np.float64], count: int, random: np.random.Generator
) -> tuple[list[Column], pd.DataFrame]:
    """Columns that follow a hidden one, and a row number before them."""
    rows = len(hidden)
    listed: list[Column] = []
    frame: dict[str, object] = {"row": np.arange(rows)}
    for place in range(count):
        kind, name = _PATTERN[place % len(_PATTERN)], f"c{place}"
        if kind == "n":
            values = np.exp(0.3 * hidden + random.standard_normal(rows)).round(2 if place % 4 else 12)
            frame[name] = np.where(random.random(rows) < 0.05 * (place % 4 == 2), np.nan, values)
            listed.append(Column(name, ColumnKind.NUMERICAL, "double", nullable=True))
        elif kind == "d":
            days = (1000 + 200 * (hidden + random.standard_normal(rows))).astype("timedelta64[D]")
            frame[name] = np.datetime64("2020-01-01", "us") + days
            listed.append(Column(name, ColumnKind.DATETIME, "timestamp[us]"))
        elif kind == "c":
            levels = np.array([f"level {n}" for n in range(2 ** (place % 7 + 2))])
            places = (len(levels) * random.random(rows) ** np.exp(0.2 * hidden)).astype(int)
            frame[name] = pd.Series(levels[places.clip(max=len(levels) - 1)], dtype=str)
            listed.append(Column(name, ColumnKind.CATEGORICAL))
        else:
            frame[name] = random.random(rows) < 0.3 + 0.1 * np.sign(hidden)
            listed.append(Column(name, ColumnKind.BOOLEAN, "bool"))
    return listed, pd.DataFrame(frame)
