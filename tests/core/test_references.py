"""Reference tables from the files of real data to the files of a run, with the plugins of a stranger."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from synthkit.dataset import Dataset
from synthkit.engine import execute, fit, sample
from synthkit.errors import DataError, SecurityError, UsageError
from synthkit.inference import infer
from synthkit.plan import Plan
from synthkit.plugins import discover
from synthkit.references import FOLDER, read_references, write_references
from synthkit.schema import Column, ColumnKind, Schema, Table
from synthkit.source import from_frames, read_dataset, read_tables
from synthkit.split import split

pytestmark = pytest.mark.slow  # whole runs, or processes of their own


@pytest.fixture(autouse=True)
def _signing_key(monkeypatch):
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", "a long key for tests")


def reviewed(data: Path, target: Path, *references: str, subject: str | None = None) -> Path:
    """The inferred schema of a folder, with some tables marked as reference, as their owner would."""
    tables, _ = read_tables(data, discover().usable("format"))
    inferred = infer(tables)[0]
    if subject is not None:
        keys = tuple(replace(key, owner=False) for key in inferred.foreign_keys)
        inferred = replace(inferred, foreign_keys=keys, subject=subject)
    text = inferred.to_toml()
    for name in references:
        text = text.replace(f"[tables.{name}]\n", f"[tables.{name}]\nreference = true\n")
    target.write_text(text, "utf-8")
    return target


def the_file(folder: Path, table: str) -> Path:
    (found,) = (folder / "data").glob(f"{table}_*.csv")
    return found


SOUND = {"integrity.violations": 0, "keys.reused": 0}
QUIET = {"evaluators": ("none",), "no_gates": True}


def test_products_and_campaigns_come_out_as_they_are(shared_data, tmp_path):
    journey = shared_data / "completejourney"
    schema = reviewed(journey, tmp_path / "schema.toml", "products", "campaigns")
    out = tmp_path / "out"
    plan = Plan(plugin="resample", data=journey, schema=schema, rows=300, out=out, **QUIET)
    run = execute(plan, discover())
    assert {score.metric: score.value for score in run.results} == SOUND
    assert run.rows["households"] == 300
    for name in ("products", "campaigns"):
        assert the_file(out, name).read_bytes() == (journey / f"{name}.csv").read_bytes()
        assert not list((out / "plots").glob(f"{name}.*"))
    assert "reference = true" in (out / "schema.toml").read_text("utf-8")
    assert any("transactions.product_id: " in note and "rare categories" in note for note in run.notes)
    drawn, bought = (pd.read_csv(path) for path in (the_file(out, "transactions"), journey / "transactions.csv"))
    real = pd.read_csv(journey / "products.csv").set_index("product_id")["department"]
    shares = [real.loc[frame["product_id"]].value_counts(normalize=True) for frame in (drawn, bought)]
    assert (shares[0] - shares[1]).abs().max() < 0.05  # what is rare still comes from its own department


def test_airports_that_two_keys_lead_to_come_out_as_they_are(shared_data, tmp_path):
    flights = pd.read_csv(shared_data / "nycflights13" / "flights.csv", nrows=4000)
    data = tmp_path / "data"
    data.mkdir()
    flights.to_csv(data / "flights.csv", index=False)
    for name in ("airports", "airlines"):
        (data / f"{name}.csv").write_bytes((shared_data / "nycflights13" / f"{name}.csv").read_bytes())
    schema, out = reviewed(data, tmp_path / "schema.toml", "airports", "airlines", subject="flights"), tmp_path / "out"
    run = execute(Plan(plugin="single", data=data, schema=schema, rows=1000, out=out, **QUIET), discover())
    assert run.rows == {"flights": 1000, "airports": 103, "airlines": 16}
    for name in ("airports", "airlines"):
        assert the_file(out, name).read_bytes() == (data / f"{name}.csv").read_bytes()
    drawn = pd.read_csv(the_file(out, "flights"))
    assert set(drawn["origin"]) == {"EWR", "JFK", "LGA"}
    assert {score.metric: score.value for score in run.results} == SOUND


@pytest.fixture
def orders(tmp_path) -> Path:
    """150 customers, their orders of 30 articles, and the articles, which are three kinds."""
    folder = tmp_path / "orders"
    folder.mkdir()
    tables = {
        "customers": {"customer_id": range(100, 250), "size": [f"{n % 40}.5" for n in range(150)]},
        "orders": {
            "order_id": range(5000, 5600),
            "customer_id": [100 + n // 4 for n in range(600)],
            "article": [f"article-{n % 30:04}" if n % 3 else "article-0000" for n in range(600)],
        },
        "articles": {
            "article": [f"article-{n:04}" for n in range(30)],
            "kind": [("screw", "nail", "nut")[n % 3] for n in range(30)],
            "price": [f"{n / 4:.2f}" for n in range(30)],
        },
    }
    for name, columns in tables.items():
        pd.DataFrame(columns).to_csv(folder / f"{name}.csv", index=False)
    return folder


def test_a_saved_model_gives_them_back(orders, tmp_path):
    schema = reviewed(orders, tmp_path / "schema.toml", "articles")
    model, out = tmp_path / "model", tmp_path / "out"
    fit(Plan(plugin="resample", data=orders, schema=schema, out=model), discover())
    sample(model, Plan(rows=70, out=out), discover())
    assert the_file(out, "articles").read_bytes() == (orders / "articles.csv").read_bytes()
    stored = model / FOLDER / "articles.parquet"
    assert f"{FOLDER}/articles.parquet" in json.loads((model / "manifest.json").read_text("utf-8"))["files"]
    stored.write_bytes(stored.read_bytes()[:-1] + b"x")
    with pytest.raises(SecurityError, match="files of the model"):
        sample(model, Plan(rows=70, out=tmp_path / "again"), discover())


def test_a_reference_table_alone_cannot_be_learned(orders, tmp_path):
    schema = reviewed(orders, tmp_path / "schema.toml", "articles")
    plan = Plan(plugin="single", table="articles", data=orders, schema=schema, out=tmp_path / "out", **QUIET)
    with pytest.raises(UsageError, match="articles is a reference table, there is nothing to learn; choose another"):
        execute(plan, discover())


def test_one_table_takes_its_reference_tables_with_it(orders, tmp_path):
    schema, out = reviewed(orders, tmp_path / "schema.toml", "articles"), tmp_path / "out"
    execute(Plan(plugin="single", table="orders", data=orders, schema=schema, out=out, **QUIET), discover())
    assert sorted(path.name.split("_")[0] for path in (out / "data").iterdir()) == ["articles", "orders"]
    plugin = json.loads((out / "model" / "plugin" / "schema.json").read_text("utf-8"))
    assert list(plugin["tables"]) == ["orders"]
    assert {"article", "article.kind", "article.price"} <= set(plugin["tables"]["orders"]["columns"])


def test_a_holdout_of_its_own_does_not_double_them(orders, tmp_path):
    schema, out = reviewed(orders, tmp_path / "schema.toml", "articles"), tmp_path / "out"
    more = tmp_path / "more"
    more.mkdir()
    for path in orders.iterdir():
        frame = pd.read_csv(path, dtype=str)
        ids = [name for name in ("customer_id", "order_id") if name in frame]
        frame.assign(**{name: "1" + frame[name] for name in ids}).to_csv(more / path.name, index=False)
    execute(Plan(plugin="resample", data=orders, schema=schema, holdout=more, out=out, **QUIET), discover())
    assert the_file(out, "articles").read_bytes() == (orders / "articles.csv").read_bytes()


def test_reference_tables_stand_in_both_parts(orders, tmp_path):
    schema = Schema.from_toml(reviewed(orders, tmp_path / "schema.toml", "articles").read_text("utf-8"))
    data = read_dataset(read_tables(orders, discover().usable("format"), schema.table_names)[0], schema)
    training, holdout, _ = split(data, 0.3, seed=0)
    assert len(training["articles"]) == len(holdout["articles"]) == 30


KINDS = {
    "whole": ("uint8", [1, 255, None]),
    "flag": ("bool", [True, None, False]),
    "text": ("string", ["", "ä", None]),
    "number": ("double", [0.1, None, 1e300]),
    "narrow": ("float", [0.5, None, 3.0]),
    "money": ("decimal128(9, 2)", [1.25, None, 9999999.99]),
    "day": ("date32[day]", ["2020-02-29", None, "1969-12-31"]),
    "moment": ("timestamp[us, tz=Europe/Berlin]", ["2020-01-01T00:00:00Z", None, "2020-07-01T12:00:00.000001Z"]),
    "second": ("timestamp[s]", ["2020-01-01T00:00:00", None, "2020-07-01T12:00:01"]),
    "lasting": ("duration[ms]", [1.5, None, 0.001]),
}


def every_kind() -> Dataset:
    columns = tuple(Column(name, ColumnKind.TEXT, storage, nullable=True) for name, (storage, _) in KINDS.items())
    schema = Schema((Table("kinds", columns, reference=True), Table("others", (Column("a", ColumnKind.TEXT),))))
    cells = {
        name: pd.to_datetime(pd.Series(values), utc="Z" in str(values[0]), format="ISO8601")
        if storage[:4] in ("date", "time")
        else values
        for name, (storage, values) in KINDS.items()
    }
    cells["lasting"] = pd.to_timedelta(cells["lasting"], unit="s")
    return read_dataset(from_frames({"kinds": pd.DataFrame(cells), "others": pd.DataFrame({"a": ["x"]})}), schema)


def test_every_type_comes_back_from_its_file(tmp_path):
    data = every_kind()
    write_references(tmp_path, data.schema, {"kinds": data["kinds"]})
    back = read_references(tmp_path, data.schema)
    assert list(back) == ["kinds"]
    pd.testing.assert_frame_equal(back["kinds"], data["kinds"])


def test_without_its_file_or_columns_it_says_so(tmp_path):
    data = every_kind()
    with pytest.raises(DataError, match="kinds: the reference table cannot be read; fit again"):
        read_references(tmp_path, data.schema)
    write_references(tmp_path, data.schema, {"kinds": data["kinds"]})
    more = Table("kinds", (*data.schema["kinds"].columns, Column("b", ColumnKind.TEXT)), reference=True)
    with pytest.raises(DataError, match="kinds: the reference table cannot be read"):
        read_references(tmp_path, Schema((more, data.schema["others"])))
