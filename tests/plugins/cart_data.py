"""Guarded tables of many shapes, for the engine `cart`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from synthkit import Column, ColumnKind, Dataset, ForeignKey, Schema, Table

KINDS = {
    "number": (ColumnKind.NUMERICAL, "double"),
    "whole": (ColumnKind.NUMERICAL, "int64"),
    "kind": (ColumnKind.CATEGORICAL, "string"),
    "flag": (ColumnKind.BOOLEAN, "bool"),
    "when": (ColumnKind.DATETIME, "timestamp[us]"),
}


def values(kind: str, rows: int, random: np.random.Generator) -> pd.Series:
    if kind == "number":
        return pd.Series(random.gamma(2, 10, rows).round(2))
    if kind == "whole":
        return pd.Series(random.integers(0, 30, rows))
    if kind == "kind":
        return pd.Series(random.choice(["a", "b", "c", "\u00e9"], rows).tolist(), dtype=pd.Series(["a"]).dtype)
    if kind == "flag":
        return pd.Series(random.random(rows) < 0.3)
    return pd.Series(np.datetime64("2024-01-01", "us") + random.integers(0, 5000, rows).astype("timedelta64[h]"))


def table(
    name: str,
    rows: int,
    kinds: Sequence[str] = ("number", "kind"),
    keys: dict[str, np.ndarray] | None = None,
    *,
    key: bool = True,
    seed: int = 0,
    nulls: float = 0.0,
) -> tuple[Table, pd.DataFrame]:
    """A table with a row number as its primary key, foreign keys (-1 for null) and columns of some kinds."""
    random = np.random.default_rng([seed, rows, len(name)])
    columns, frame = [], {}
    if key:
        columns.append(Column("id", ColumnKind.ID, "int64", unique=True))
        frame["id"] = pd.Series(np.arange(rows))
    for other, pointed in (keys or {}).items():
        null = bool((pointed < 0).any())
        columns.append(Column(other, ColumnKind.ID, "int64", nullable=null))
        held = pd.Series(pointed.astype("int64"))
        frame[other] = held.astype("Int64").mask(held < 0) if null else held
    for kind in kinds:
        own = values(kind, rows, random)
        columns.append(Column(kind, *KINDS[kind], nullable=bool(nulls)))
        missing = random.random(rows) < nulls
        frame[kind] = own.convert_dtypes().mask(missing) if nulls and kind in ("whole", "flag") else own.mask(missing)
    return Table(name, tuple(columns), ("id",) if key else ()), pd.DataFrame(frame, index=range(rows))


def dataset(
    *made: tuple[Table, pd.DataFrame], links: Sequence[tuple[str, str, str, bool]] = (), subject: str | None = None
) -> Dataset:
    """Tables with the keys between them: (table, column, parent, whether it is the owner)."""
    keys = tuple(ForeignKey(child, (column,), parent, ("id",), owner) for child, column, parent, owner in links)
    schema = Schema(tuple(own for own, _ in made), keys, subject or made[0][0].name)
    return Dataset(schema, {own.name: frame for own, frame in made})


def pointing(rows: int, parents: int, *, seed: int = 1, nulls: float = 0.0) -> np.ndarray:
    random = np.random.default_rng([seed, rows])
    return np.where(random.random(rows) < nulls, -1, random.integers(0, parents, rows))


def chain(levels: int = 6) -> Dataset:
    made = [table("t0", 60, ("number", "kind"))]
    for level in range(1, levels):
        kinds = ("when", "number") if level % 2 else ("kind",)
        made.append(table(f"t{level}", 80, kinds, {"up": pointing(80, len(made[-1][1]), seed=level)}))
    return dataset(*made, links=[(f"t{i}", "up", f"t{i - 1}", True) for i in range(1, levels)])


def employees(*, roots: str) -> Dataset:
    """A table that points at itself: roots hold null, or their own row."""
    top = np.array([-1 if roots == "null" else row for row in range(8)])
    below = np.random.default_rng(0).integers(0, np.arange(8, 120))
    return dataset(table("staff", 120, keys={"boss": np.append(top, below)}), links=[("staff", "boss", "staff", False)])


def diamond() -> Dataset:
    return dataset(
        table("people", 60),
        table("accounts", 90, keys={"person": pointing(90, 60)}),
        table("cards", 80, keys={"person": pointing(80, 60, seed=2)}),
        table("payments", 300, keys={"account": pointing(300, 90), "card": pointing(300, 80, nulls=0.2)}),
        links=[
            ("accounts", "person", "people", True),
            ("cards", "person", "people", True),
            ("payments", "account", "accounts", True),
            ("payments", "card", "cards", False),
        ],
    )


def bridge() -> Dataset:
    pairs = np.unique(np.stack([pointing(300, 60), pointing(300, 25, seed=9)]), axis=1)
    return dataset(
        table("students", 60),
        table("courses", 25),
        table("marks", pairs.shape[1], keys={"student": pairs[0], "course": pairs[1]}, key=False),
        links=[("marks", "student", "students", True), ("marks", "course", "courses", False)],
    )


def circle() -> Dataset:
    """Two tables that point at each other."""
    return dataset(
        table("teams", 40, keys={"lead": pointing(40, 80)}),
        table("members", 80, keys={"team": pointing(80, 40, nulls=0.3)}),
        links=[("teams", "lead", "members", False), ("members", "team", "teams", False)],
    )


def one_to_one() -> Dataset:
    own, frame = table("details", 40, keys={"id": np.random.default_rng(3).permutation(60)[:40]}, key=False)
    details = Table("details", own.columns, ("id",))
    return dataset(table("people", 60), (details, frame), links=[("details", "id", "people", True)])


def purchases(people: int = 300, seed: int = 0) -> Dataset:
    """People with taste: each prefers a kind and a level of its own, and rows follow one another in time."""
    random = np.random.default_rng(seed)
    counts = random.poisson(6, people)
    at = np.repeat(np.arange(people), counts)
    taste, level = random.integers(0, 4, people), random.normal(3, 0.6, people)
    kinds = np.where(random.random(len(at)) < 0.7, taste[at], random.integers(0, 4, len(at)))
    first = np.datetime64("2024-01-01", "us") + random.integers(0, 300, people).astype("timedelta64[D]")
    made, frame = table("purchases", len(at), ("when", "kind", "number"), {"person": at})
    frame["when"] = first[at] + random.integers(0, 60, len(at)).astype("timedelta64[D]")
    frame["kind"] = pd.Series(np.array(["a", "b", "c", "d"])[kinds].tolist(), dtype=frame["kind"].dtype)
    frame["number"] = np.exp(level[at] + random.normal(0, 0.4, len(at))).round(2)
    own, parents = table("people", people, ("number", "kind", "when"), seed=seed)
    parents["when"] = first
    parents["number"] = (np.exp(level) + random.normal(0, 2, people)).round(2)
    return dataset((own, parents), (made, frame), links=[("purchases", "person", "people", True)])
