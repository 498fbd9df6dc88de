"""Files give back what was put in, or say in one line why they cannot be read."""

from __future__ import annotations

import gzip
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import synthkit_formats
from synthkit import DataError, ResourceError
from synthkit_formats import csv as csv_module
from synthkit_formats import parquet as parquet_module
from synthkit_formats.csv import Csv
from synthkit_formats.parquet import Parquet

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
TRICKY = st.sampled_from(
    ["", '"', '""', ",", "\n", "\r", "\r\n", " ", "NA", "null", 'a"b', '"a,\n', ";", "\t", "\ufeff"]
)
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=3).map(lambda n: f"{n}a")


@st.composite
def tables(draw):
    names = draw(st.lists(NAMES | TRICKY.map(lambda n: f"{n}b"), min_size=1, max_size=3, unique=True))
    rows = draw(st.integers(0, 4))
    cells = st.lists(CELLS | TRICKY | st.none(), min_size=rows, max_size=rows)
    return pa.table({name: pa.array(draw(cells), pa.string()) for name in names})


def from_bytes(tmp_path, content, name="table.csv"):
    path = tmp_path / name
    path.write_bytes(content)
    return Csv().read(path)


def test_the_plugin_offers_both():
    assert list(synthkit_formats.synthkit_register_formats()) == [Csv, Parquet]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables())
def test_csv_gives_back_text_byte_by_byte(tmp_path, table):
    Csv().write(table, tmp_path / "table.csv")
    assert Csv().read(tmp_path / "table.csv").equals(table)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(tables())
def test_parquet_gives_back_text(tmp_path, table):
    Parquet().write(table, tmp_path / "table.parquet")
    assert Parquet().read(tmp_path / "table.parquet").equals(table)


@pytest.mark.parametrize(
    ("values", "written"),
    [
        (["x", None, ""], b'a\nx\n\n""\n'),
        (["x", None], b"a\nx\n\n\n"),
        ([None], b"a\n\n\n"),
        ([None, None], b"a\n\n\n\n"),
        ([], b"a\n"),
    ],
)
def test_nulls_in_the_only_column(tmp_path, values, written):
    table = pa.table({"a": pa.array(values, pa.string())})
    Csv().write(table, tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_bytes() == written
    assert Csv().read(tmp_path / "table.csv").equals(table)


def test_csv_is_written_with_as_few_quotes_as_possible(tmp_path):
    table = pa.table({"a": ["x", "y,z", 'say "hi"', None, "", "two\nlines"], "b;c": ["é", " ", "'", None, "x;y", "\t"]})
    Csv().write(table, tmp_path / "table.csv")
    expected = 'a,"b;c"\nx,é\n"y,z", \n"say ""hi""",\'\n,\n"",x;y\n"two\nlines",\t\n'
    assert (tmp_path / "table.csv").read_bytes().decode() == expected


def test_csv_is_written_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_module, "_BATCH", 1000)
    table = pa.table({"a": [f"cell {i}" for i in range(1000)], "b": ["x", None] * 500})
    Csv().write(table, tmp_path / "table.csv")
    assert Csv().read(tmp_path / "table.csv").equals(table)


def test_csv_cannot_hold_nul(tmp_path):
    table = pa.table({"a": ["x", "secret\0", None]})
    with pytest.raises(DataError, match=r"^a: 1 cells hold a NUL character; remove it, or write Parquet$"):
        Csv().write(table, tmp_path / "table.csv")


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        (b"a,b\n1,2\n", {"a": ["1"], "b": ["2"]}),
        (b"a,b\r\n1,2\r\n", {"a": ["1"], "b": ["2"]}),
        (b"a,b\r1,2\r", {"a": ["1"], "b": ["2"]}),
        (b"a,b\n1,2", {"a": ["1"], "b": ["2"]}),
        (b"a,b\n1,", {"a": ["1"], "b": [None]}),
        (b"a,b\n1,2\n\n3,4\n\n\n", {"a": ["1", "3"], "b": ["2", "4"]}),
        (b"\n\r\na,b\n1,2\n", {"a": ["1"], "b": ["2"]}),
        (b"a,b\n", {"a": [], "b": []}),
        (b"a,b", {"a": [], "b": []}),
        (b"a,b\n\n\n", {"a": [], "b": []}),
        (b"a\n\n", {"a": []}),
        (b"a\n1\n\n", {"a": ["1"]}),
        (b"a\r\n1\r\n\r\n2\r\n\r\n", {"a": ["1", None, "2"]}),
        (b"\xef\xbb\xbfa,b\n1,2\n", {"a": ["1"], "b": ["2"]}),
        (b'\xef\xbb\xbf"a",b\n1,2\n', {"a": ["1"], "b": ["2"]}),
        (b"a;b\n1,5;2\n", {"a": ["1,5"], "b": ["2"]}),
        (b"a\tb\n1\t2;3\n", {"a": ["1"], "b": ["2;3"]}),
        (b"a;b,c\n1,2\n", {"a;b": ["1"], "c": ["2"]}),
        (b'"a;b"\n1;2\n', {"a;b": ["1;2"]}),
        (b'"a\nb","c""d"\n1,2\n', {"a\nb": ["1"], 'c"d': ["2"]}),
        (b'a,b\n"1\r\n2","x,""y"""\n', {"a": ["1\r\n2"], "b": ['x,"y"']}),
        (b'a,b\n5" pipe, "x\n', {"a": ['5" pipe'], "b": [' "x']}),
        (b'a,b\n"",\n,""\n', {"a": ["", None], "b": [None, ""]}),
        (b"a,b\nNA,NULL\nnan,None\n", {"a": ["NA", "nan"], "b": ["NULL", "None"]}),
        (b"a,b\n 1 ,0311\n", {"a": [" 1 "], "b": ["0311"]}),
        ("a,b\n\u202e,👩\u200d👧\n".encode(), {"a": ["\u202e"], "b": ["👩\u200d👧"]}),
        (b"a,\n1,\n", {"a": ["1"], "": [None]}),
        ("größe\n1\n".encode(), {"größe": ["1"]}),
    ],
)
def test_csv_is_read_as_text(tmp_path, content, columns):
    table = from_bytes(tmp_path, content)
    assert table.to_pydict() == columns
    assert set(table.schema.types) == {pa.string()}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"\n\r\n", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        ("a,b\n1,2\n".encode("utf-16"), "the file is UTF-16, see its mark at byte offset 0"),
        ("a,b\n1,2\n".encode("utf-16-le"), "there is a NUL character at byte offset 1"),
        (b"a,b\nsecret\0,1\n", "there is a NUL character at byte offset 10"),
        ("a,b\nsecret,é\n".encode("latin-1"), "the file is not UTF-8, see byte offset 11"),
        (b"\xef\xbb\xbfa,b\n\xff,1\n", "the file is not UTF-8, see byte offset 7"),
        (b"1,2\n3,4\n", "the first line has no letters, so it is no header"),
        (b",\n1,2\n", "the first line has no letters, so it is no header"),
        (b"a,b,a,c,b,a\n", "2 column names occur more than once: a, b"),
        (b"a,,\n1,2,3\n", "1 column names occur more than once: the empty name"),
        (b'a"b,c\n1,2\n', "the quotes of the header do not match"),
        (b'"a,b\n1,2\n', "the quotes of the header do not match"),
        (b'"a"x,b\n1,2\n', "the quotes of the header do not match"),
        (b'"', "the quotes of the header do not match"),
        (b"a,b\n1,2\nsecret\n", "line 3 has 1 cells, the header has 2"),
        (b"a,b\n1,2,secret\n", "line 2 has 3 cells, the header has 2"),
        (b"a\nsecret,x\n", "line 2 has 2 cells, the header has 1"),
        (b"\na,b\r\n\r\n1,2\r1,2\nsecret\n", "line 6 has 1 cells, the header has 2"),
        (b'a,b\n"x\n,\r\ny",2\n"secret"\n', "line 5 has 1 cells, the header has 2"),
        (b'a,b\n1,"secret\n2,3\n', "the cell in quotes that begins in line 2 does not end with a quote"),
        (b'a,b\n"x\ny",1\n1,"secret\n2,"3"\n', "the cell in quotes that begins in line 4 does not end with a quote"),
        (b'a,b\n"secret"x,1\n', "the cell in quotes that begins in line 2 does not end with a quote"),
    ],
)
def test_a_faulty_csv_is_refused_in_one_line(tmp_path, content, problem):
    with pytest.raises(DataError) as caught:
        from_bytes(tmp_path, content)
    assert str(caught.value).startswith(f"{problem}; ")
    assert "secret" not in str(caught.value)
    assert caught.value.where == ""
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_long_cell_is_read_and_a_row_beyond_the_limit_is_refused(tmp_path, monkeypatch):
    content = b"a,b\n1,2\n" + b"x" * 2**20 + b",2\n"
    assert from_bytes(tmp_path, content).column("a")[1].as_py() == "x" * 2**20
    monkeypatch.setattr(csv_module, "LONGEST_ROW", 2**16)
    with pytest.raises(DataError, match="a row is longer than 65536 bytes; shorten it"):
        from_bytes(tmp_path, content * 1)


def test_many_columns(tmp_path):
    names = [f"column_{i}" for i in range(2000)]
    table = from_bytes(tmp_path, (",".join(names) + "\n" + ",".join("1" * 2000) + "\n").encode())
    assert table.column_names == names


def test_gzip_is_read(tmp_path):
    content = b"a,b\n" + os.urandom(200_000).hex().encode() + b",2\n"
    table = from_bytes(tmp_path, gzip.compress(content), "table.CSV.GZ")
    assert table.num_rows == 1


@pytest.mark.parametrize(
    "damage",
    [lambda whole: whole[:-4], lambda whole: whole[: len(whole) // 2], lambda _: b"a,b\n1,2\n", lambda _: b""],
    ids=["no end", "half", "not gzip", "empty"],
)
def test_a_damaged_gzip_is_refused(tmp_path, damage):
    whole = gzip.compress(b"a,b\n" + os.urandom(2000).hex().encode() + b",2\n")
    with pytest.raises(DataError, match=r"gzip file is damaged|the file is empty"):
        from_bytes(tmp_path, damage(whole), "table.csv.gz")


def test_corrupted_gzip_is_refused(tmp_path):
    whole = bytearray(gzip.compress(b"a,b\n" + os.urandom(2000).hex().encode() + b",2\n"))
    whole[30:60] = bytes(30)
    with pytest.raises(DataError, match="gzip file is damaged"):
        from_bytes(tmp_path, bytes(whole), "table.csv.gz")


@pytest.mark.parametrize("limit", ["MOST_UNZIPPED", "MOST_RATIO"])
def test_a_gzip_bomb_is_refused(tmp_path, monkeypatch, limit):
    monkeypatch.setattr(csv_module, "SMALL", 2**20)
    monkeypatch.setattr(csv_module, "MOST_UNZIPPED", 2**40)
    monkeypatch.setattr(csv_module, limit, 100)
    bomb = gzip.compress(b"a,b\n" + b"0,0\n" * 2**20)
    with pytest.raises(ResourceError, match="the gzip file holds more than"):
        from_bytes(tmp_path, bomb, "table.csv.gz")


@pytest.mark.parametrize("form", [Csv, Parquet])
def test_what_cannot_be_opened_is_refused(tmp_path, form):
    for path in (tmp_path, tmp_path / "nothing", tmp_path / "nothing.csv.gz"):
        with pytest.raises(DataError):
            form().read(path)


TYPED = pa.table(
    {"a": pa.array([1, None], pa.int32()), "b": [True, False], "c": pa.array(["x", None]).dictionary_encode()}
)


def test_parquet_keeps_types(tmp_path):
    Parquet().write(TYPED, tmp_path / "table.parquet")
    assert Parquet().read(tmp_path / "table.parquet").equals(TYPED)


def test_parquet_of_pandas_loses_its_unnamed_index_only(tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1, 2]}, index=[7, 7])
    frame.to_parquet(tmp_path / "plain.parquet")
    frame.rename_axis("key").to_parquet(tmp_path / "named.parquet")
    plain = Parquet().read(tmp_path / "plain.parquet")
    assert plain.column_names == ["a"]
    assert plain.schema.metadata is None
    assert Parquet().read(tmp_path / "named.parquet").column_names == ["a", "key"]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"a,b\n1,2\n", b"half", b"flipped"])
def test_damaged_parquet_is_refused(tmp_path, content):
    path = tmp_path / "table.parquet"
    Parquet().write(TYPED, path)
    whole = path.read_bytes()
    broken = {b"half": whole[: len(whole) // 2], b"flipped": whole[:4] + bytes(40) + whole[44:]}
    path.write_bytes(broken.get(content, content))
    with pytest.raises(DataError, match="not readable as Parquet") as caught:
        Parquet().read(path)
    assert caught.value.__suppress_context__


def test_text_in_parquet_must_be_unicode(tmp_path):
    broken = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")])
    pq.write_table(pa.table({"a": broken}), tmp_path / "table.parquet")
    with pytest.raises(DataError, match="not readable as Parquet"):
        Parquet().read(tmp_path / "table.parquet")


def test_parquet_that_claims_too_many_rows_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_module, "MOST_ROWS", 1)
    Parquet().write(TYPED, tmp_path / "table.parquet")
    with pytest.raises(ResourceError, match="the file claims 2 rows, more than 1; split the table"):
        Parquet().read(tmp_path / "table.parquet")
