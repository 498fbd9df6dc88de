"""What is written is what was verified, and text that a spreadsheet would execute is told and can be escaped."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthkit.bank import bank
from synthkit.cli import run
from synthkit.dataset import Dataset
from synthkit.errors import IntegrityError, SecurityError
from synthkit.formulas import escaped, formula_cells
from synthkit.inference import infer
from synthkit.record import verify_tables, write_tables
from synthkit.schema import Column, ColumnKind, Schema, Table
from synthkit.source import from_frames, read_dataset
from synthkit_formats.csv import Csv
from synthkit_formats.parquet import Parquet

pytestmark = pytest.mark.slow  # whole runs, or processes of their own

FORMULAS = ["=1+1", "+1 212", "-x", "@SUM(A1)", "\tx", "\r=x"]
HARMLESS = ["", "a=b", " =x", "'=x", "'", None, "x\n=1"]


def notes_of(*texts, **more) -> Dataset:
    table = Table("notes", (Column("text", ColumnKind.TEXT, nullable=True, **more),))
    frames = from_frames({"notes": pd.DataFrame({"text": pd.Series(texts, dtype=object)})})
    return read_dataset(frames, Schema((table,), subject="notes"))


def test_formulas_are_counted_and_an_apostrophe_escapes_them():
    data = notes_of(*FORMULAS, *HARMLESS)
    assert formula_cells(data) == {"notes.text": len(FORMULAS)}
    safe = escaped(data)
    assert safe["notes"]["text"].tolist()[: len(FORMULAS)] == [f"'{text}" for text in FORMULAS]
    assert safe["notes"]["text"][len(FORMULAS) :].equals(data["notes"]["text"][len(FORMULAS) :])
    assert safe["notes"]["text"].dtype == data["notes"]["text"].dtype
    assert formula_cells(safe) == {}
    assert data["notes"]["text"][0] == FORMULAS[0]


def test_numbers_and_null_tokens_are_no_formulas(tmp_path):
    columns = (Column("n", ColumnKind.NUMERICAL, "int64"), Column("t", ColumnKind.TEXT, nullable=True, missing="-"))
    schema = Schema((Table("t", columns),), subject="t")
    data = Dataset(schema, {"t": pd.DataFrame({"n": [-1, 2], "t": pd.Series(["x", None]).astype(str_dtype())})})
    assert formula_cells(data) == {}
    assert formula_cells(notes_of(None, None)) == formula_cells(notes_of("")) == {}
    write_tables(tmp_path / "data", escaped(data), "x", Csv())
    verify_tables(tmp_path / "data", data, "x", Csv())
    assert (tmp_path / "data" / "t_x.csv").read_bytes() == b"n,t\n-1,x\n2,-\n"


def str_dtype():
    return notes_of("x")["notes"]["text"].dtype


@settings(deadline=None, max_examples=50)  # it writes and reads files
@given(st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))))
def test_no_text_is_a_formula_once_escaped_and_all_of_it_is_read_back(tmp_path_factory, texts):
    safe = escaped(notes_of(*texts))
    assert formula_cells(safe) == {}
    for form in (Csv(), Parquet()):
        folder = tmp_path_factory.mktemp("written") / "data"
        write_tables(folder, safe, "x", form)
        verify_tables(folder, safe, "x", form)


STORAGES = {
    "float": [1.1, None, 3.25],
    "halffloat": [1.1, None, 3.0],
    "double": [0.1 + 0.2, None, 1e300],
    "decimal128(9, 2)": [1.005, None, -3.25],
    "int64": [2**62 + 1, -5, 7],
    "uint8": [255, 0, 1],
    "bool": [True, None, False],
    "timestamp[s]": pd.to_datetime(["2024-01-01 10:00:01.5", None, "2024-01-02"], format="ISO8601"),
    "timestamp[us, tz=Europe/Berlin]": pd.to_datetime(["2024-10-27 00:30", None, "2024-10-27 01:30"], utc=True),
    "date32[day]": np.array(["2024-01-01", "NaT", "9999-12-31"], dtype="datetime64[us]"),
}


@pytest.mark.parametrize("form", [Csv(), Parquet()])
@pytest.mark.parametrize("storage", STORAGES)
def test_every_storage_is_read_back_as_it_holds_the_values(tmp_path, storage, form):
    column = Column("a", ColumnKind.NUMERICAL, storage, nullable=True)
    values = pd.DataFrame({"a": STORAGES[storage]})
    if values["a"].dtype.kind in "biuO":
        values = values.convert_dtypes()
    if "tz" in storage:
        values["a"] = values["a"].dt.tz_convert("Europe/Berlin").astype("datetime64[us, Europe/Berlin]")
    elif storage == "timestamp[s]":
        values["a"] = values["a"].astype("datetime64[us]")
    data = Dataset(Schema((Table("t", (column,)),), subject="t"), {"t": values})
    write_tables(tmp_path / "data", data, "x", form)
    verify_tables(tmp_path / "data", data, "x", form)


@pytest.fixture(scope="module")
def example() -> Dataset:
    tables = from_frames(bank(50, 0))
    return read_dataset(tables, infer(tables)[0])


@pytest.mark.parametrize("form", [Csv(), Parquet()])
def test_the_example_is_read_back_whole(tmp_path, example, form):
    write_tables(tmp_path / "data", example, "x", form)
    verify_tables(tmp_path / "data", example, "x", form)


def changed(change):
    """A format that writes something else than it was given."""

    class Careless(Csv):
        def write(self, table, path):
            super().write(table, path)
            path.write_text(change(path.read_text("utf-8")), "utf-8")

    return Careless()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text.replace("SECRET", "secret"), "notes.text: 2 written values are not those"),
        (lambda text: text.replace("SECRET 1\n", '""\n'), "notes.text: 1 written values"),
        (lambda text: text.replace("SECRET 1\n", "\n"), "notes.text: 1 written values"),
        (lambda text: text.replace("SECRET 1\n", ""), "notes: the written file has 2 rows, not 3"),
        (lambda text: text.replace("text", "words"), "notes: the written file cannot be read back"),
        (lambda text: text + "a,b\n", "notes: the written file cannot be read back"),
        (lambda text: "", "notes: the written file cannot be read back"),
    ],
)
def test_a_file_that_says_something_else_is_refused_without_its_values(tmp_path, change, told):
    data, form = notes_of("SECRET 1", "SECRET 2", "x"), changed(change)
    write_tables(tmp_path / "data", data, "x", form)
    with pytest.raises(IntegrityError, match=told) as caught:
        verify_tables(tmp_path / "data", data, "x", form)
    assert "secret" not in str(caught.value).lower()


def test_a_format_that_drops_decimals_is_refused(tmp_path):
    column = Column("a", ColumnKind.NUMERICAL, "double", format=".1f")
    data = Dataset(Schema((Table("t", (column,)),), subject="t"), {"t": pd.DataFrame({"a": [1.25, 1.5]})})
    write_tables(tmp_path / "data", data, "x", Csv())
    with pytest.raises(IntegrityError, match=r"t\.a: 1 written values .*check format and decimals"):
        verify_tables(tmp_path / "data", data, "x", Csv())
    rounded = Schema((Table("t", (replace(column, decimals=1),)),), subject="t")
    verify_tables(tmp_path / "data", Dataset(rounded, data.tables), "x", Csv())


@pytest.mark.parametrize("name", ["../notes", "\uff0fnotes", "CON"])
def test_a_table_cannot_be_written_outside_its_folder(tmp_path, name):
    """Such a name cannot come from a file; it may come from the schema of a model that somebody else made."""
    column = Column("a", ColumnKind.NUMERICAL, "int64")
    data = Dataset(Schema((Table(name, (column,)),), subject=name), {name: pd.DataFrame({"a": [1]})})
    with pytest.raises(SecurityError, match="is not safe as the name of a table"):
        write_tables(tmp_path / "data", data, "x", Csv())
    assert list(tmp_path.iterdir()) == []


# --- runs -----------------------------------------------------------------------------------------

RUN = ["--plugin", "resample", "--data", "real", "--evaluators", "means", "--no-gates", "--rows", "120"]
NOTE = "people.segment: {} cells begin like a formula; {}"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", "a long key for tests")
    (tmp_path / "real").mkdir()
    people = pd.DataFrame(
        {
            "person_id": [f"P{1000 + n}" for n in range(150)],
            "segment": ["=HYPERLINK(1)", "plain", "@home"] * 50,
            "balance": np.arange(150) - 75,
        }
    )
    people.to_csv(tmp_path / "real" / "people.csv", index=False)
    return tmp_path


def notes(folder) -> list[str]:
    return [note for note in json.loads((folder / "run.json").read_text("utf-8"))["notes"] if "formula" in note]


def made(folder) -> pd.DataFrame:
    return pd.read_csv(folder / "data" / "people_resample_120.csv")


def test_a_run_reports_formulas_and_escapes_them_only_when_asked_to(folder):
    assert run(["run", *RUN, "--out", "plain"]) == 0
    assert run(["run", *RUN, "--out", "safe", "--csv-safe"]) == 0
    plain, safe = made(folder / "plain"), made(folder / "safe")
    count = int(plain["segment"].ne("plain").sum())
    read = "people.segment: 100 cells of the real data begin like a formula"
    told = "spreadsheets may execute them; --csv-safe escapes them"
    assert notes(folder / "plain") == [read, NOTE.format(count, told)]
    assert notes(folder / "safe") == [read, NOTE.format(count, "an apostrophe escapes them")]
    assert set(safe["segment"]) == {"'=HYPERLINK(1)", "plain", "'@home"}
    assert safe.drop(columns="segment").equals(plain.drop(columns="segment"))
    assert (safe["balance"] < 0).any()


def test_parquet_needs_no_escape(folder):
    assert run(["run", *RUN, "--out", "out", "--csv-safe", "--format", "parquet"]) == 0
    assert "=HYPERLINK(1)" in set(pd.read_parquet(folder / "out" / "data" / "people_resample_120.parquet")["segment"])
    assert len(notes(folder / "out")) == 1


def test_a_plan_may_say_it_and_sample_heeds_it(folder):
    (folder / "synthkit.toml").write_text("csv_safe = true\n")
    assert run(["fit", "--plugin", "resample", "--data", "real", "--out", "model"]) == 0
    assert run(["sample", "model", "--rows", "120", "--out", "out"]) == 0
    assert set(made(folder / "out")["segment"]) == {"'=HYPERLINK(1)", "plain", "'@home"}
    (folder / "synthkit.toml").unlink()
    assert run(["sample", "model", "--rows", "120", "--out", "safe", "--csv-safe"]) == 0
    assert made(folder / "safe").equals(made(folder / "out"))


@pytest.mark.parametrize("verb", ["run", "sample"])
def test_nothing_is_kept_of_a_run_that_wrote_something_else(folder, monkeypatch, capsys, verb):
    assert run(["fit", "--plugin", "resample", "--data", "real", "--out", "model"]) == 0
    write = Csv.write
    monkeypatch.setattr(Csv, "write", lambda self, table, path: write(self, table.slice(1), path))
    arguments = ["run", *RUN] if verb == "run" else ["sample", "model", "--rows", "120"]
    assert run([*arguments, "--out", "out"]) == 3
    assert "people: the written file has 119 rows, not 120; nothing was kept" in capsys.readouterr().err
    assert sorted(path.name for path in folder.iterdir()) == ["model", "real"]


SDV = {"tables": {"../people": {"columns": {"a": {"sdtype": "id"}}}}, "METADATA_SPEC_VERSION": "V1"}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("s.toml", "[tables.'../people']\ncolumns = { a = { kind = 'id' } }\n"),
        ("s.json", json.dumps(SDV)),
    ],
)
def test_a_table_that_only_a_schema_names_is_never_written(folder, file, text, capsys):
    (folder / file).write_text(text, "utf-8")
    assert run(["run", *RUN, "--schema", file, "--out", "deep/out"]) == 3
    assert "no file for the tables ../people of the schema" in capsys.readouterr().err
    assert sorted(path.name for path in folder.rglob("*")) == sorted(["real", "people.csv", file])
