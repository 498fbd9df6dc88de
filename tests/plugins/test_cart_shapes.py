"""The whole way with `cart`, from files to files: whatever the tables, keys are sound and counts exact."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from synthkit import Dataset, ForeignKey, Schema, Table
from synthkit.engine import fit, sample
from synthkit.integrity import violations
from synthkit.material import read_like
from synthkit.plan import Plan
from synthkit.plugins import discover
from synthkit.source import write_table
from tests.plugins import cart_data as data

REGISTRY = discover()
CSV = REGISTRY.find("format", "csv").cls()


@pytest.fixture(autouse=True, scope="module")
def _signing_key():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYNTHKIT_SIGNING_KEY", "a long key for tests")
        yield


def named(guarded: Dataset) -> Dataset:
    """The same tables with keys as people write them: a letter and a number, in no order."""
    schema, frames = guarded.schema, {name: frame.copy() for name, frame in guarded.tables.items()}
    keys = [(key.table, key.columns[0], key.parent) for key in schema.foreign_keys]
    foreign = {(table, column) for table, column, _ in keys}
    own = ((t.name, t.primary_key[0], t.name) for t in schema.tables if len(t.primary_key) == 1)
    keys += [key for key in own if key[:2] not in foreign]
    for table, column, parent in keys:
        rows = guarded[table][column]
        names = np.array([f"{parent[0].upper()}-{i:06d}" for i in _numbers(parent, len(guarded[parent]))] or [""])
        held = pd.Series(names.take(rows.fillna(0).astype("int64")), dtype=pd.Series(["a"]).dtype)
        frames[table][column] = held.mask(rows.isna().to_numpy())
    held = {(table, column) for table, column, _ in keys}
    tables = tuple(
        replace(t, columns=tuple(replace(c, storage="string") if (t.name, c.name) in held else c for c in t.columns))
        for t in schema.tables
    )
    return Dataset(replace(schema, tables=tables), frames)


def _numbers(table: str, rows: int) -> np.ndarray:
    return np.random.default_rng(len(table)).permutation(3 * rows)[:rows]


def through(real: Dataset, folder: Path, rows: int, *, seed: int = 0) -> Dataset:
    """What `synthkit fit` and `synthkit sample` make of files, read back."""
    (folder / "real").mkdir()
    for table in real.schema.tables:
        write_table(real[table.name], table, CSV, folder / "real" / f"{table.name}.csv")
    (folder / "schema.toml").write_text(real.schema.to_toml(), "utf-8")
    plan = Plan(data=folder / "real", schema=folder / "schema.toml", allow_small=True, k=2, seed=seed, holdout=0.1)
    model = fit(plan.model_copy(update={"out": folder / "model"}), REGISTRY)
    run = sample(model, plan.model_copy(update={"rows": rows, "out": folder / "made"}), REGISTRY)
    made = read_like(folder / "made", real.schema, REGISTRY, None)
    assert made.rows == run.rows
    return made


def assert_sound(made: Dataset, real: Dataset, rows: int) -> None:
    """No promise is broken, no key is real, and tables whose size is known have it."""
    assert violations(made, real=real) == ()
    related = {real.subject}
    for _ in real.schema.tables:  # which leave out rows that refer to the other part of the data
        related |= {key.table for key in real.schema.foreign_keys if key.parent in related}
    assert len(made[real.subject]) == rows
    for table in real.schema.tables:
        if table.name not in related:
            assert len(made[table.name]) == len(real[table.name])
        if len(table.primary_key) == 1 and not real.schema.parents_of(table.name):
            (key,) = table.primary_key
            assert not set(made[table.name][key]) & set(real[table.name][key])


def composite() -> Dataset:
    """Orders with numbered lines, and returns that point at a line by both parts of its key."""
    random = np.random.default_rng(0)
    counts = random.integers(1, 6, 120)
    at, number = np.repeat(np.arange(120), counts), np.concatenate([np.arange(1, count + 1) for count in counts])
    lines, rows = data.table("lines", len(at), ("number", "kind"), {"order": at}, key=False)
    columns = (lines.columns[0], replace(data.table("l", 1, ("whole",), key=False)[0].columns[0], name="line"))
    rows.insert(1, "line", number)
    lines = Table("lines", (*columns, *lines.columns[1:]), ("order", "line"))
    chosen = np.sort(random.choice(len(at), 80, replace=False))
    back, held = data.table("returns", 80, ("kind",), {"order": at[chosen]})
    held.insert(2, "line", number[chosen])
    back = Table("returns", (*back.columns[:2], columns[1], *back.columns[2:]), ("id",))
    schema = Schema(
        (data.table("orders", 120)[0], lines, back),
        (
            ForeignKey("lines", ("order",), "orders", ("id",), owner=True),
            ForeignKey("returns", ("order", "line"), "lines", ("order", "line"), owner=True),
        ),
        "orders",
    )
    return Dataset(schema, {"orders": data.table("orders", 120)[1], "lines": rows, "returns": held})


def wide(columns: int = 210) -> Dataset:
    """One table with very many columns of all kinds, some of them all null or all the same."""
    parts = [data.table("t", 150, list(data.KINDS), seed=i, nulls=i % 3 * 0.5) for i in range(columns // 5)]
    named_columns = [replace(c, name=f"{c.name}{i}") for i, (t, _) in enumerate(parts) for c in t.columns[1:]]
    parts[0][1]["kind"] = pd.Series(["same"] * 150, dtype=parts[0][1]["kind"].dtype)
    own = [f.iloc[:, 1:].add_suffix(str(i)) for i, (_, f) in enumerate(parts)]
    frame = pd.concat([parts[0][1][["id"]], *own], axis=1)
    return data.dataset((Table("t", (parts[0][0].columns[0], *named_columns), ("id",)), frame))


def categories() -> Dataset:
    """Thousands of categories, some of them frequent, that a number depends on."""
    random = np.random.default_rng(0)
    own, frame = data.table("t", 6_000, ("kind", "number"))
    codes = np.minimum(random.zipf(1.4, 6_000), 4_000) * 7 % 4_001
    frame["kind"] = pd.Series([f"k{code}" for code in codes], dtype=frame["kind"].dtype)
    frame["number"] = (codes % 50 + random.random(6_000)).round(2)
    return data.dataset((own, frame))


def _details(parent: str, parents: int, rows: int) -> tuple[Table, pd.DataFrame]:
    """A table with one row at most for each row of another one."""
    chosen = np.random.default_rng(len(parent)).permutation(parents)[:rows]
    own, frame = data.table("details", rows, ("number",), {"id": chosen}, key=False)
    return Table("details", own.columns, ("id",)), frame


def busy(rows: int = 100_000) -> Dataset:
    """A parent with very many children; others have one, and most have none."""
    at = np.append(np.zeros(rows, "int64"), np.arange(1, 60))
    return data.dataset(
        data.table("t", 150),
        data.table("c", len(at), ("when", "kind", "number"), {"t": at}),
        links=[("c", "t", "t", True)],
    )


SHAPES = {
    "six levels": data.chain,
    "self-reference": lambda: data.employees(roots="null"),
    "self-reference to itself": lambda: data.employees(roots="self"),
    "diamond": data.diamond,
    "bridge": data.bridge,
    "circle": data.circle,
    "one to one": data.one_to_one,
    "composite key": composite,
    "wide": wide,
    "thousands of categories": categories,
    "one parent with 100,000 children": busy,
    "null keys": lambda: data.dataset(
        data.table("t", 60, nulls=0.2),
        data.table("c", 300, ("when", "kind"), {"t": data.pointing(300, 60, nulls=0.4)}, nulls=0.2),
        links=[("c", "t", "t", True)],
    ),
    "empty child": lambda: data.dataset(
        data.table("t", 60),
        data.table("c", 0, ("when", "kind"), {"t": np.empty(0, "int64")}),
        links=[("c", "t", "t", True)],
    ),
    "parents without children": lambda: data.dataset(
        data.table("t", 300),
        data.table("c", 90, ("number",), {"t": data.pointing(90, 12)}),
        links=[("c", "t", "t", True)],
    ),
    "a table of one row": lambda: data.dataset(
        data.table("t", 60, keys={"bank": np.zeros(60, "int64")}),
        data.table("bank", 1, list(data.KINDS)),
        links=[("t", "bank", "bank", False)],
    ),
    "children of a shared table": lambda: data.dataset(
        data.table("t", 60, keys={"shop": data.pointing(60, 30)}),
        data.table("shop", 30),
        data.table("hours", 200, ("when", "kind"), {"shop": data.pointing(200, 30, nulls=0.2)}),
        _details("shop", 30, 20),
        links=[
            ("t", "shop", "shop", False),
            ("hours", "shop", "shop", True),
            ("details", "id", "shop", True),
        ],
    ),
    "only keys": lambda: data.dataset(
        data.table("t", 60, ()), data.table("c", 90, (), {"t": data.pointing(90, 60)}), links=[("c", "t", "t", True)]
    ),
    "only nulls": lambda: data.dataset(data.table("t", 60, list(data.KINDS), nulls=1.0)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_comes_out_whole(name: str, tmp_path: Path) -> None:
    real = SHAPES[name]()
    real = real if name == "composite key" else named(real)
    assert_sound(through(real, tmp_path, 75), real, 75)


def test_a_tree_of_rows_has_no_circle_and_each_root_points_where_roots_do(tmp_path: Path) -> None:
    for roots in ("null", "self"):
        (tmp_path / roots).mkdir()
        staff = through(named(data.employees(roots=roots)), tmp_path / roots, 300)["staff"]
        above = dict(zip(staff["id"], staff["boss"], strict=True))
        for start in staff["id"]:
            row, seen = start, set()
            while not pd.isna(row) and row not in seen:
                seen.add(row)
                row = above[row]
            assert pd.isna(row) if roots == "null" else above[row] == row
        assert staff["boss"].isna().any() == (roots == "null")


@settings(max_examples=12, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    sizes=st.lists(st.integers(0, 60), min_size=1, max_size=5),
    parents=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=5, max_size=5),
    kinds=st.lists(st.sampled_from(sorted(data.KINDS)), unique=True, max_size=3),
    nulls=st.sampled_from([0.0, 0.4, 1.0]),
    owned=st.lists(st.booleans(), min_size=5, max_size=5),
    rows=st.integers(1, 40),
)
def test_any_schema_comes_out_whole(
    sizes: list[int], parents: list[tuple[int, int]], kinds: list[str], nulls: float, owned: list[bool], rows: int
) -> None:
    """Up to five tables, each with two keys to earlier ones or to itself, owned by the first of them or by nobody."""
    made, links = [data.table("t0", max(sizes[0], 20), kinds, nulls=nulls)], []
    for i in range(1, len(sizes)):
        first, second = parents[i][0] % i, parents[i][1] % (i + 1)
        size = sizes[i] if len(made[first][1]) and (second == i or len(made[second][1])) else 0
        keys = {"a": data.pointing(size, max(len(made[first][1]), 1), seed=i, nulls=nulls)}
        if second == i:
            keys["b"] = np.where(np.arange(size) % 3 == 0, -1, np.arange(size) // 2)
        else:
            keys["b"] = data.pointing(size, max(len(made[second][1]), 1), seed=9 + i)
        made.append(data.table(f"t{i}", size, kinds, keys, nulls=nulls))
        links += [(f"t{i}", "a", f"t{first}", owned[i]), (f"t{i}", "b", f"t{second}", False)]
    real = named(data.dataset(*made, links=links))
    with TemporaryDirectory() as folder:
        assert_sound(through(real, Path(folder), rows), real, rows)
