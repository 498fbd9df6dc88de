"""Tables are read from folders, files and frames, or refused with the name of the table."""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthkit.dataset import Dataset
from synthkit.errors import DataError, SecurityError, UsageError
from synthkit.schema import Column, ColumnKind, Schema, Table
from synthkit.source import from_frames, read_dataset, read_tables, write_table
from synthkit.storage import detect
from synthkit_formats.csv import Csv
from synthkit_formats.parquet import Parquet

FORMATS = [Csv, Parquet]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "people.csv").write_text("id,name\n1,Ann\n2,\n")
    Parquet().write(pa.table({"id": [1], "person": [2], "note": ["007"]}), tmp_path / "visits.parquet")
    (tmp_path / "SOURCE.txt").write_text("from nowhere")
    return tmp_path


def schema_of(tables):
    """Every column as it is stored; what it means does not matter here."""
    return Schema(
        tuple(
            Table(name, tuple(_column(n, table.column(n)) for n in table.column_names))
            for name, table in tables.items()
        )
    )


def _column(name, values):
    found = detect(values)
    return Column(name, ColumnKind.TEXT, found.storage, True, False, found.format, found.decimals, found.missing)


def test_a_folder_has_one_file_per_table(folder):
    (folder / "archive").mkdir()
    (folder / ".hidden.csv").write_text("a\n")
    tables, notes = read_tables(folder, FORMATS)
    assert list(tables) == ["people", "visits"]
    assert tables["people"].to_pydict() == {"id": ["1", "2"], "name": ["Ann", None]}
    assert notes == ["not a table, so left out: .hidden.csv, SOURCE.txt, archive"]


def test_a_note_names_five_files_at_most(folder):
    for number in range(9):
        (folder / f"note_{number}.md").touch()
    _, notes = read_tables(folder, FORMATS)
    assert notes == ["not a table, so left out: SOURCE.txt, note_0.md, note_1.md, note_2.md, note_3.md and 5 more"]


def test_only_the_tables_asked_for_are_read(folder):
    (folder / "broken.csv").touch()
    tables, _ = read_tables(folder, FORMATS, ["visits", "people"])
    assert list(tables) == ["visits", "people"]
    with pytest.raises(UsageError, match=r"there is no table 'other' in .*; choose from broken, people, visits"):
        read_tables(folder, FORMATS, ["other"])


def test_one_file_is_one_table(folder):
    tables, notes = read_tables(folder / "people.csv", FORMATS)
    assert list(tables) == ["people"]
    assert notes == []


def test_endings_may_be_in_capitals(folder):
    (folder / "people.csv").rename(folder / "people.CSV")
    assert list(read_tables(folder, FORMATS)[0]) == ["people", "visits"]


def test_text_of_a_typed_file_stays_text_and_dictionaries_become_plain(folder):
    table = pa.table(
        {"a": pa.array(["1", None]).dictionary_encode(), "b": pa.array([1, 2]).dictionary_encode(), "c": pa.nulls(2)}
    )
    Parquet().write(table, folder / "visits.parquet")
    tables, _ = read_tables(folder, FORMATS)
    assert tables["visits"].schema.types == [pa.large_string(), pa.int64(), pa.large_string()]
    assert [detect(column).storage for column in tables["visits"].columns] == ["string", "int64", "string"]
    assert detect(tables["people"].column("id")).storage == "int64"


def test_nothing_there(tmp_path):
    with pytest.raises(DataError, match=r"there is no folder or file .*nowhere; check the path"):
        read_tables(tmp_path / "nowhere", FORMATS)
    (tmp_path / "SOURCE.txt").touch()
    with pytest.raises(DataError, match=r"there is no table in .*; files must end in one of .csv, .csv.gz, .parquet"):
        read_tables(tmp_path, FORMATS)
    with pytest.raises(DataError, match=r"there is no table in .*SOURCE.txt"):
        read_tables(tmp_path / "SOURCE.txt", FORMATS)


def test_a_folder_that_cannot_be_read(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(type(tmp_path), "iterdir", refuse)
    with pytest.raises(DataError, match=r"the folder .* cannot be read; check its permissions"):
        read_tables(tmp_path, FORMATS)


def test_two_files_for_one_table(folder):
    (folder / "people.csv.gz").touch()
    with pytest.raises(DataError, match=r"^people: people.csv and people.csv.gz are the same table; remove one$"):
        read_tables(folder, FORMATS)


@pytest.mark.parametrize("name", ["People", "peo ple", "PEOPLE "])
def test_tables_must_differ_in_more_than_case_and_spaces(folder, name):
    (folder / f"{name.strip()}.csv").write_text("a\n")
    with pytest.raises(DataError, match="tables with the same name but for case and spaces: "):
        read_tables(folder, FORMATS)


def test_tables_must_differ_in_more_than_their_code_points():
    with pytest.raises(DataError, match="tables with the same name"):
        from_frames({"caf\u00e9": pd.DataFrame({"a": [1]}), "cafe\u0301": pd.DataFrame({"a": [1]})})


UNSAFE = [
    "",
    " ",
    "..",
    "../x",
    "/etc/x",
    "C:\\x",
    "a\\b",
    "a\nb",
    "a\x1b[0m",
    "a\u202eb",
    "CON",
    "nul.x",
    "com1",
    "x" * 101,
    "a.",
    " a",
    "a*",
    "CON .txt",
    "conin$",
    "COM\u00b9",  # one of the devices, says Windows
    "\uff43\uff4f\uff4e",  # CON in full width
    "a\uff0fb",  # a slash in full width
    "\uff3cx",
    "a\uff1ab",
    "a\u2215b",
    "a\u2044b",
    "\u2025",  # two dots in one character
    "\u2024\u2024",
    "\ufe52x",
    "x\uff0e",
    "x\u00a0",
    "\u3000x",
    "a\u200bb",
    "a\u2028b",
    "\U000e0041",
    "-rf",
    "\uff0drf",
    "\u00e9" * 51,
]
SAFE = ["a b", "caf\u00e9", "\u9867\u5ba2", "a.b", "console", "com", "x-1", "~x", "$a", "a'b", "x" * 100]


@pytest.mark.parametrize("name", UNSAFE)
def test_unsafe_names_are_refused(name):
    with pytest.raises(SecurityError, match=r"is (not safe|too long) as the name of a table; rename it") as caught:
        from_frames({name: pd.DataFrame({"a": [1]})})
    assert str(caught.value).isprintable()


def test_safe_names_are_taken():
    assert list(from_frames({name: pd.DataFrame({"a": [1]}) for name in SAFE})) == SAFE


def test_unsafe_file_names_are_refused(folder):
    (folder / os.fsdecode(b"caf\xe9.csv")).touch()
    with pytest.raises(SecurityError, match=r"'caf\\udce9' is not safe as the name of a table"):
        read_tables(folder, FORMATS)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"a,a\n", "1 column names occur more than once: a"),
        (b"a,A\n1,2\n", "columns with the same name but for case and spaces: 'a' and 'A'"),
        (b"total charges,TotalCharges\n1,2\n", "columns with the same name but for case and spaces"),
        (b",a\n0,1\n", "1 columns have no name; name them, or leave out an index that pandas wrote"),
        (b" ,a\n0,1\n", "1 columns have no name"),
        (b"a,\n0,1\n", "1 columns have no name"),
    ],
)
def test_a_faulty_file_is_named(tmp_path, content, problem):
    (tmp_path / "people.csv").write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_tables(tmp_path, FORMATS)
    assert str(caught.value).startswith(f"people: {problem}")
    assert caught.value.where == "people"


def test_a_type_that_no_table_can_hold_is_named(folder):
    Parquet().write(pa.table({"id": [1], "tags": [[1]]}), folder / "visits.parquet")
    with pytest.raises(DataError, match=r"^visits.tags: values of type list<.*> cannot be held"):
        read_tables(folder, FORMATS)


def test_a_table_needs_columns(folder):
    Parquet().write(pa.table({}), folder / "visits.parquet")
    with pytest.raises(DataError, match=r"^visits: there are no columns"):
        read_tables(folder, FORMATS)


def test_oddities_are_noted(tmp_path):
    (tmp_path / "people.csv").write_text("Unnamed: 0,a,\n0,1,\n1,2,\n")
    tables, notes = read_tables(tmp_path, FORMATS)
    assert tables["people"].column_names == ["Unnamed: 0", "a"]
    assert notes == [
        "people: an empty last column without a name was left out; rows seem to end in a delimiter",
        "people: the column 'Unnamed: 0' looks like an index that pandas wrote",
    ]


def test_a_dataset_has_canonical_frames(folder):
    tables, _ = read_tables(folder, FORMATS)
    dataset = read_dataset(tables, schema_of(tables))
    assert isinstance(dataset, Dataset)
    assert dataset["people"]["id"].tolist() == [1, 2]
    assert dataset["visits"]["note"].tolist() == ["007"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda tables: {"people": tables["people"]}, "other tables than in the schema: missing visits; "),
        (lambda tables: tables | {"x": tables["people"]}, "other tables than in the schema: not in the schema x; "),
        (
            lambda tables: tables | {"people": tables["people"].rename_columns(["id", "nom"])},
            "people: other columns than in the schema: missing name; not in the schema nom; ",
        ),
        (
            lambda tables: tables | {"people": tables["people"].select(["name", "id"])},
            "people: 2 columns are in another order than in the schema: name, id; ",
        ),
    ],
)
def test_data_and_schema_must_agree(folder, change, problem):
    tables, _ = read_tables(folder, FORMATS)
    with pytest.raises(DataError) as caught:
        read_dataset(change(tables), schema_of(tables))
    assert str(caught.value).startswith(problem)


def test_the_order_of_tables_does_not_matter(folder):
    tables, _ = read_tables(folder, FORMATS)
    assert read_dataset(dict(reversed(tables.items())), schema_of(tables)).rows == {"people": 2, "visits": 1}


def test_cells_that_contradict_the_schema_are_named(folder):
    tables, _ = read_tables(folder, FORMATS)
    schema = schema_of(tables)
    (folder / "people.csv").write_text("id,name\n1,Ann\nsecret,Ben\n")
    with pytest.raises(DataError, match=r"^people.id: 1 cells are not whole numbers \(int64\); correct them"):
        read_dataset(read_tables(folder, FORMATS)[0], schema)


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_written_is_read_again(folder, form):
    tables, _ = read_tables(folder, FORMATS)
    schema = schema_of(tables)
    dataset = read_dataset(tables, schema)
    (folder / "new").mkdir()
    for table in schema.tables:
        write_table(dataset[table.name], table, form(), folder / "new" / f"{table.name}{form.suffixes[0]}")
    again = read_dataset(read_tables(folder / "new", FORMATS)[0], schema)
    for name in schema.table_names:
        pd.testing.assert_frame_equal(again[name], dataset[name])


def test_what_cannot_be_written_is_named(tmp_path):
    table = Table("people", (Column("age", ColumnKind.NUMERICAL, "int64"),))
    with pytest.raises(DataError, match=r"^people.age: the values are .*, not int64; convert them"):
        write_table(pd.DataFrame({"age": ["secret"]}), table, Csv(), tmp_path / "people.csv")


def test_frames_keep_their_types():
    frame = pd.DataFrame(
        {
            "category": pd.Categorical(["x", None]),
            "nullable": pd.array([1, None], dtype="Int64"),
            "text": ["007", None],
            "day": [date(9999, 12, 31), None],
            "money": [Decimal("1.50"), None],
            "span": [timedelta(seconds=1.5), None],
            "month": pd.PeriodIndex(["2024-02", None], freq="M"),
            "hour": pd.PeriodIndex(["2024-02-29 13:00", None], freq="h"),
            "zoned": pd.to_datetime(["2024-02-29 13:00+02:00", None]),
            "number": np.array([1, 2.5], dtype=object),
            7: [True, None],
        },
        index=["same", "same"],
    )
    table = from_frames({"all": frame})["all"]
    found = {name: detect(table.column(name)).storage for name in table.column_names}
    assert {name: storage for name, storage in found.items() if name not in ("span", "zoned")} == {
        "category": "string",
        "nullable": "int64",
        "text": "string",
        "day": "date32[day]",
        "money": "decimal128(3, 2)",
        "month": "date32[day]",
        "hour": "timestamp[us]",
        "number": "double",
        "7": "bool",
    }
    assert found["span"].startswith("duration")
    assert found["zoned"].endswith("tz=+02:00]")
    assert table.column("month").to_pylist() == [date(2024, 2, 1), None]
    assert table.column("hour").to_pylist() == [datetime.fromisoformat("2024-02-29T13:00"), None]
    assert frame.columns[-1] == 7


def test_numbers_beside_text_become_text():
    frame = pd.DataFrame({"a": pd.Series(["x", 1, 2.5, None], dtype=object)})
    with pytest.warns(UserWarning, match="^a: the numbers beside text are taken as text"):
        tables = from_frames({"mixed": frame})
    assert tables["mixed"].column("a").to_pylist() == ["x", "1", "2.5", None]
    assert frame["a"].tolist()[1] == 1


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (pd.Series(["a", "\ud800"], dtype=object), "half of a surrogate pair"),
        ([1j], "no type in common"),
        (pd.Series([1, [1]], dtype=object), "no type in common"),
        (pd.Series([2**70], dtype=object), "no type in common"),
        (pd.Series(["x", date(2024, 1, 1)], dtype=object), "no type in common"),
        (pd.Series([1, True], dtype=object), "no type in common"),
        (pd.Series([date(2024, 1, 1), datetime.fromisoformat("2024-01-01T10:00")], dtype=object), "a time of day"),
        ([[1]], "cannot be held"),
        ([{"a": 1}], "cannot be held"),
        ([b"secret"], "cannot be held"),
        (pd.Series(["secret", b"x"], dtype=object), "cannot be held"),
        (pd.interval_range(0, 1), "cannot be held"),
    ],
    ids=str,
)
def test_values_that_no_table_can_hold_are_refused(values, problem):
    with pytest.raises(DataError, match=rf"^table.column: .*{problem}") as caught:
        from_frames({"table": pd.DataFrame({"column": values})})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("frame", "problem"),
    [
        (pd.DataFrame({"a": [1]})[["a", "a"]], "same name but for case and spaces: 'a' and 'a'"),
        (pd.DataFrame({1: [1], "1": [2]}), "same name but for case and spaces: '1' and '1'"),
        (pd.DataFrame({"": [1]}), "1 columns have no name"),
        (pd.DataFrame(index=[1, 2]), "there are no columns"),
    ],
)
def test_columns_of_frames_need_different_names(frame, problem):
    with pytest.raises(DataError, match=f"^table: .*{problem}"):
        from_frames({"table": frame})


def test_real_data_is_read_and_written_as_it_was(shared_data, tmp_path):
    tables, notes = read_tables(shared_data / "completejourney", FORMATS)
    assert notes == ["not a table, so left out: SOURCE.txt"]
    schema = schema_of(tables)
    dataset = read_dataset(tables, schema)
    assert dataset.rows["households"] == 2379
    write_table(dataset["campaigns"], schema["campaigns"], Csv(), tmp_path / "campaigns.csv")
    original = (shared_data / "completejourney" / "campaigns.csv").read_bytes()
    assert (tmp_path / "campaigns.csv").read_bytes() == original
