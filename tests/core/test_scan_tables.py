"""In tables, scan also knows rare categories, personal integers and escaped cells."""

from __future__ import annotations

import io
import json
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synthkit.cli import run
from synthkit.dataset import Dataset
from synthkit.matching import Matcher
from synthkit.scan import Hit, RealStrings, search
from synthkit.schema import Column, ColumnKind, ForeignKey, Schema, Table

pytestmark = pytest.mark.slow  # whole runs, or processes of their own

SUBJECTS = 100


def column(name: str, kind: str, **more) -> Column:
    return Column(name, ColumnKind(kind), **more)


@pytest.fixture
def real() -> Dataset:
    """100 people with two visits each; nine live in Ayton, ten in Beford, and one makes 20 visits to the vault."""
    people = Table(
        "people",
        (
            column("person", "id", storage="int64", unique=True),
            column("phone", "pii", pii="phone", storage="int64", nullable=True),
            column("mail", "pii", pii="phone"),
            column("town", "categorical", nullable=True),
            column("tariff", "categorical", values=("old one", "usual")),
        ),
        ("person",),
    )
    visits = Table("visits", (column("person", "id", storage="int64"), column("room", "categorical")))
    shops = Table("shops", (column("shop", "id", storage="int64"), column("town", "categorical")), reference=True)
    numbers = np.arange(SUBJECTS)
    towns = ["Ayton"] * 9 + ["Beford"] * 10 + [None] + ["Ceville"] * 80
    phones = pd.array([None, *(4_930_000_000 + numbers[1:] * 7919)], dtype="Int64")
    frames = {
        "people": pd.DataFrame(
            {
                "person": numbers,
                "phone": phones,
                "mail": [f"+49 30 {100_000 + number}" for number in numbers],
                "town": towns,
                "tariff": ["old one"] * 2 + ["usual"] * 98,
            }
        ),
        "visits": pd.DataFrame(
            {
                "person": [*np.repeat(numbers, 2), *[7] * 20],
                "room": ["hall", "yard"] * SUBJECTS + ["vault"] * 20,
            }
        ),
        "shops": pd.DataFrame({"shop": [1], "town": ["Deham"]}),
    }
    key = ForeignKey("visits", ("person",), "people", ("person",), owner=True)
    return Dataset(Schema((people, visits, shops), (key,), "people"), frames)


@pytest.fixture
def strings(real) -> RealStrings:
    return RealStrings(real)


def written(folder, name: str, **columns) -> None:
    pd.DataFrame(columns).to_csv(folder / name, index=False)


def test_categories_that_few_subjects_have_are_hits_of_their_own(tmp_path, strings):
    written(tmp_path, "people_x_3.csv", town=["Ayton", "Beford", "Ayton", None], tariff=["old one", "", "usual", "?"])
    written(tmp_path, "visits_x_3.csv", room=["hall", "vault", "yard"])
    hits = search(tmp_path, strings)
    assert hits == (
        Hit("people_x_3.csv", "people.town", 2, rare=True),
        Hit("visits_x_3.csv", "visits.room", 1, rare=True),  # twenty rows, but one subject
    )
    assert str(hits[0]) == "people_x_3.csv holds 2 values of people.town that few real subjects have"


def test_rare_categories_count_in_their_own_column_of_a_table_only(tmp_path, strings):
    written(tmp_path, "people_x_3.csv", tariff=["Ayton", "vault"])
    written(tmp_path, "shops.csv", shop=[1], town=["Deham"])
    written(tmp_path, "other.csv", town=["Ayton"])
    (tmp_path / "log.txt").write_text("Ayton, vault")
    assert search(tmp_path, strings) == ()


def test_parquet_is_a_table_too(tmp_path, strings):
    pd.DataFrame({"town": pd.Categorical(["Ayton", "Ceville"])}).to_parquet(tmp_path / "people.parquet")
    assert search(tmp_path, strings) == (Hit("people.parquet", "people.town", 1, rare=True),)


def test_with_few_subjects_or_a_k_of_one_no_category_is_rare(real):
    assert "people.town" in RealStrings(real).columns
    assert "people.town" not in RealStrings(real, k=9).columns
    assert {"people.town", "visits.room"}.isdisjoint(RealStrings(real, k=1).columns)


def test_nobody_is_told_of_values_that_the_schema_lists(real):
    assert "people.tariff" not in RealStrings(real).columns
    tables = tuple(replace(t, columns=tuple(replace(c, values=()) for c in t.columns)) for t in real.schema.tables)
    bare = Dataset(replace(real.schema, tables=tables), real.tables)
    assert "people.tariff" in RealStrings(bare).columns


def test_personal_integers_count_in_their_own_column(tmp_path, real, strings):
    phone = int(real["people"]["phone"][3])
    written(tmp_path, "people_x_3.csv", person=[phone, 1], phone=[phone, 4_930_000_001])
    written(tmp_path, "visits_x_3.csv", person=[phone], room=["hall"])
    (tmp_path / "log.txt").write_text(str(phone))
    assert search(tmp_path, strings) == (Hit("people_x_3.csv", "people.phone", 1),)


def test_cells_are_known_behind_the_apostrophe_that_escapes_them(tmp_path, strings):
    written(tmp_path, "people_x_3.csv", mail=["'+49 30 100001", "+49 30 100002", "'+49 30 999999", "'"])
    written(tmp_path, "other.csv", any=["'+49 30 100001"])
    assert search(tmp_path, strings) == (Hit("other.csv", "people.mail", 1), Hit("people_x_3.csv", "people.mail", 2))


def test_the_real_tables_themselves_are_full_of_hits(tmp_path, real, strings):
    for name in real.schema.table_names:
        written(tmp_path, f"{name}.csv", **real[name])
    found = {(hit.column, hit.rare): hit.count for hit in search(tmp_path, strings)}
    assert found == {
        ("people.phone", False): 99,
        ("people.mail", False): 100,
        ("people.town", True): 9,
        ("visits.room", True): 20,
    }


def test_a_run_shows_no_rare_category_and_scan_finds_a_planted_one(tmp_path, monkeypatch, real, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", "a long key for tests")
    (tmp_path / "real").mkdir()
    for name in ("people", "visits"):
        written(tmp_path / "real", f"{name}.csv", **real[name].drop(columns="phone", errors="ignore"))
    made = ["run", "--plugin", "resample", "--data", "real", "--evaluators", "means", "--no-gates", "--out", "out"]
    assert run(made) == 0
    assert run(["scan", "out", "--against", "real"]) == 0
    file = next((tmp_path / "out" / "data").glob("people_*.csv"))
    file.write_text(file.read_text().replace("Ceville", "Ayton", 2))
    capsys.readouterr()
    assert run(["scan", "out", "--against", "real", "--json"]) == 1
    hits = json.loads(capsys.readouterr().out)["hits"]
    assert hits == [{"file": f"data/{file.name}", "column": "people.town", "count": 2, "rare": True}]


def test_strings_are_counted_once_across_blocks_of_a_large_pickle():
    names = [f"Person Number {number:05d}" for number in range(2000)]
    noise = np.random.default_rng(0).integers(0, 256, 3 * 2**20, dtype="uint8").tobytes()
    content = pickle.dumps({"noise": noise, "names": names[::2], "wide": names[1].encode("utf-16-le")}, protocol=4)
    assert Matcher(names).count(io.BytesIO(content).getvalue()) == dict.fromkeys([names[1], *names[::2]], 1)


@pytest.mark.parametrize(("guests", "secret"), [(9, True), (10, False)])
def test_a_category_of_one_row_that_ten_subjects_point_at_is_no_secret(guests, secret):
    """The guard shows it, so it may come out, also where a text column happens to hold the same words."""
    people = Table(
        "people",
        (column("person", "id", storage="int64", unique=True), column("room", "id", storage="int64", nullable=True)),
        ("person",),
    )
    rooms = Table(
        "rooms",
        (column("room", "id", storage="int64", unique=True), column("kind", "categorical"), column("note", "text")),
        ("room",),
    )
    frames = {
        "people": pd.DataFrame(
            {"person": range(SUBJECTS), "room": pd.array([0] * guests + [1] * (SUBJECTS - guests), dtype="Int64")}
        ),
        "rooms": pd.DataFrame({"room": [0, 1], "kind": ["ballroom", "cellar hall"], "note": ["nothing", "ballroom"]}),
    }
    key = ForeignKey("people", ("room",), "rooms", ("room",))
    strings = RealStrings(Dataset(Schema((rooms, people), (key,), "people"), frames))
    assert bool(strings.in_part(b"a ballroom")) == secret
