"""Real strings are found in whatever holds them, and never shown."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from synthkit import contents, matching, scan
from synthkit.cli import run
from synthkit.dataset import Dataset
from synthkit.errors import DataError, ResourceError, SecurityError
from synthkit.matching import Matcher
from synthkit.scan import Hit, RealStrings, refuse_leaks, search
from synthkit.schema import Column, ColumnKind, Schema, Table

pytestmark = pytest.mark.slow  # whole runs, or processes of their own

NAMES = ["Zoë Kühn-Müller", "Bartholomew Quux", 'Ann "Ace" Lee', "Łucja Żak"]
IDS = ["C10001", "C10002", "C10003", "C10004"]


def column(name: str, kind: str, **more) -> Column:
    return Column(name, ColumnKind(kind), **more)


@pytest.fixture
def real() -> Dataset:
    people = Table(
        "people",
        (
            column("person_id", "id", unique=True),
            column("full_name", "pii", pii="name"),
            column("remark", "text"),
            column("city", "pii", pii="city"),
            column("age", "numerical", storage="int64"),
            column("account", "id"),
        ),
        ("person_id",),
    )
    frame = pd.DataFrame(
        {
            "person_id": IDS,
            "full_name": NAMES,
            "remark": ["likes tea\nand cake", "full_name", "short", "builtins"],
            "city": ["Springfield", "Shelbyville", "Springfield", "Rome"],
            "age": [31, 32, 33, 34],
            "account": ["123456", "0012345678", "2024-01-15", "C10001"],
        }
    )
    return Dataset(Schema((people,), subject="people"), {"people": frame})


@pytest.fixture
def strings(real) -> RealStrings:
    return RealStrings(real)


def found(folder, strings) -> dict[tuple[str, str], int]:
    return {(hit.file, hit.column): hit.count for hit in search(folder, strings)}


def packed(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def npz(**arrays) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def table(**columns) -> bytes:
    stream = io.BytesIO()
    parquet.write_table(pa.table(columns), stream)
    return stream.getvalue()


HOLDERS = {
    "utf-8": lambda text: f"seen {text}, twice".encode(),
    "utf-16": lambda text: f"seen {text}, twice".encode("utf-16"),
    "utf-16-le": lambda text: b"\xff\x01" + f"seen {text}, twice".encode("utf-16-le"),
    "utf-16-be": lambda text: b"\xff" + f"seen {text}, twice".encode("utf-16-be"),
    "json": lambda text: json.dumps({"a": [text]}).encode(),
    "json in utf-16": lambda text: json.dumps([text]).encode("utf-16"),
    "json with slashes": lambda text: json.dumps(f"/{text}/").replace("/", r"\/").encode(),
    "gzip": lambda text: gzip.compress(f"[{text}]".encode()),
    "zip": lambda text: packed("log.txt", f"[{text}]".encode()),
    "gzip in zip": lambda text: packed("log.gz", gzip.compress(text.encode())),
    "pickle": lambda text: pickle.dumps({"a": [text, 1]}, protocol=4),
    "old pickle": lambda text: pickle.dumps({"a": [text, 1]}, protocol=2),
    "pickled frame": lambda text: pickle.dumps(pd.DataFrame({"a": ["..", text, ".."]})),
    "pickle in zip": lambda text: packed("data.pkl", pickle.dumps([text])),
    "npz": lambda text: npz(names=np.array([text, "other"])),
    "npz of numbers": lambda text: npz(a=np.ones(9), b=np.frombuffer(f"<{text}>".encode(), "u1")),
    "npz of objects": lambda text: npz(names=np.array([text, "other"], dtype=object)),
    "pickled array": lambda text: pickle.dumps(np.array(["first", text, "a longer text than all of the others"])),
    "parquet": lambda text: table(a=[text, "other"]),
    "dictionary": lambda text: table(a=pa.array([text, "other"]).dictionary_encode()),
    "nested": lambda text: table(a=[[text], ["other"]]),
    "binary": lambda text: table(a=[text.encode(), b"other"]),
    "truncated gzip": lambda text: gzip.compress(b"x")[:10] + text.encode(),
}


@pytest.mark.parametrize("name", NAMES[:3])
@pytest.mark.parametrize("holder", HOLDERS)
def test_a_name_is_found_once_in_every_container_and_encoding(tmp_path, strings, holder, name):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file.bin").write_bytes(HOLDERS[holder](name))
    assert found(tmp_path, strings) == {("deep/file.bin", "people.full_name"): 1}


@pytest.mark.parametrize("holder", HOLDERS)
def test_no_container_raises_a_false_alarm(tmp_path, strings, holder):
    (tmp_path / "file.bin").write_bytes(HOLDERS[holder]("Nobody Whatever"))
    assert search(tmp_path, strings) == ()


@pytest.mark.parametrize("length", [20, 48, 65, 97, 122])
def test_the_length_before_a_pickled_text_is_no_letter_of_it(length):
    text = "x" * length
    assert Matcher([text]).count(pickle.dumps([text, "y"], protocol=4)) == {text: 1}


def test_in_binary_files_strings_that_touch_count():
    matcher = Matcher(["Ann Lee", "Zoe Kuhn", "C10001"])
    assert matcher.count(b"\0\1BobAnn LeeZoe KuhnC10001Jane C100015") == {"Ann Lee": 1, "Zoe Kuhn": 1, "C10001": 1}
    assert not matcher.count(b"BobAnn LeeZoe KuhnJane")
    frame = pd.DataFrame({"a": pd.array(["Bobby", "Ann Lee", "Zoe Kuhn"], dtype="string[pyarrow]")})
    assert matcher.count(pickle.dumps(frame)) == {"Ann Lee": 1, "Zoe Kuhn": 1}


def test_words_count_only_where_they_stand_alone(tmp_path, strings):
    (tmp_path / "log.txt").write_text(
        "C10001 xC10001 C100015 C10001_ éC10001 C10001é (C10001) “C10001” C10001.", "utf-8"
    )
    assert found(tmp_path, strings) == {("log.txt", "people.person_id"): 4}


def test_digits_alone_count_from_ten_on_and_not_as_decimals(tmp_path, strings):
    (tmp_path / "log.txt").write_text("123456 2024-01-15 0012345678 0.0012345678 0012345678.5")
    assert found(tmp_path, strings) == {("log.txt", "people.account"): 1}
    (tmp_path / "log.txt").unlink()
    (tmp_path / "some.csv").write_text("when,what\n2024-01-15,123456\n2024-01-15,0\n")
    assert found(tmp_path, strings) == {("some.csv", "people.account"): 3}


@pytest.mark.parametrize(
    ("name", "kept"),
    [("some.csv", bytes), ("some.csv.gz", gzip.compress), ("some.zip", lambda text: packed("some.csv", text))],
)
def test_in_tables_whole_cells_count(tmp_path, strings, name, kept):
    rows = "who,note\nBartholomew Quux,x\nBartholomew Quux Jr,likes Bartholomew Quux\nC10002,Bartholomew Quux\n"
    (tmp_path / name).write_bytes(kept(rows.encode()))
    assert found(tmp_path, strings) == {(name, "people.full_name"): 2, (name, "people.person_id"): 1}


@pytest.mark.parametrize("mark", [";", "\t"])
def test_tables_may_have_other_delimiters_and_texts_of_several_lines(tmp_path, strings, mark):
    rows = f'who{mark}note\r\nC10001{mark}"likes tea\nand cake"\r\nC10001{mark}"Dear\nC10002,"\r\n'
    (tmp_path / "some.tsv").write_bytes(rows.encode())
    assert found(tmp_path, strings) == {
        ("some.tsv", "people.person_id"): 3,
        ("some.tsv", "people.remark"): 2,  # as a cell, and as the text of a cell with line breaks
    }


def test_a_table_that_cannot_be_read_is_searched_as_text(tmp_path, strings):
    (tmp_path / "some.csv").write_text("a,b\n1,2,3,likes C10001 very much\n")
    (tmp_path / "wide.csv").write_bytes("a,b\nC10001,1\n".encode("utf-16"))
    (tmp_path / "empty.csv").write_bytes(b"")
    assert found(tmp_path, strings) == {(name, "people.person_id"): 1 for name in ("some.csv", "wide.csv")}


def test_a_column_that_the_guard_makes_is_held_against_its_own_real_values(tmp_path, strings):
    """A fresh name is no real name, but may be a real town by chance."""
    (tmp_path / "people_cart_9.csv").write_text(
        "person_id,full_name,remark,city,age,account\n"
        "Springfield,Springfield,,Springfield,123456,C10002\n"
        "C10002,C10001,C10001,C10003,0012345678,C10001\n"
    )
    assert found(tmp_path, strings) == {
        ("people_cart_9.csv", "people.account"): 1,
        ("people_cart_9.csv", "people.city"): 1,
        ("people_cart_9.csv", "people.person_id"): 2,
    }


def test_what_is_no_secret_is_left_out(strings):
    assert strings.columns == ("people.person_id", "people.full_name", "people.remark", "people.city", "people.account")
    assert len(strings) == 4 + 4 + 1 + 2 + 3  # without short ones, names of the schema and words of Python


def test_what_a_model_may_see_or_a_reference_table_holds_is_no_secret():
    shown = Table("shown", (column("area", "categorical"), column("home", "pii", pii="city"), column("product", "id")))
    products = Table("products", (column("product", "id"),), ("product",), reference=True)
    areas = ["Greater Springfield Area"] * 10 + ["Shelbyville"] * 9
    homes = ["Springfield", "Shelbyville", *["Greater Springfield Area"] * 17]
    frames = {
        "shown": pd.DataFrame({"area": areas, "home": homes, "product": ["P00001"] * 18 + ["P00002"]}),
        "products": pd.DataFrame({"product": ["P00001"]}),
    }
    strings = RealStrings(Dataset(Schema((shown, products), subject="shown"), frames))
    assert strings.in_part(b"Springfield Shelbyville P00001 P00002") == {"shown.home": 1, "shown.product": 1}


def test_a_name_of_a_file_is_searched_and_masked(tmp_path, strings):
    (tmp_path / "of Bartholomew Quux.txt").write_text("nothing")
    (tmp_path / "plain.zip").write_bytes(packed("of Bartholomew Quux.txt", b"nothing"))
    assert search(tmp_path, strings) == (
        Hit("of *.txt", "people.full_name", 1),
        Hit("plain.zip", "people.full_name", 1),
    )


def test_blocks_count_each_place_once(monkeypatch):
    monkeypatch.setattr(matching, "_BLOCK", 64)
    monkeypatch.setattr(matching, "_OVERLAP", 60)
    matcher = Matcher(["Zoë Kühn-Müller", "C10001"])
    for shift in range(70):
        text = "." * shift + "Zoë Kühn-Müller C10001 xC10001" + "." * 90 + "C10001"
        for encoding in ("utf-8", "utf-16-be"):
            assert matcher.count(text.encode(encoding)) == {"Zoë Kühn-Müller": 1, "C10001": 2}, (shift, encoding)


def test_long_texts_are_known_by_their_beginning():
    long = " ".join(map(str, range(200))) + " words"
    assert Matcher([long]).count(b"a note: " + long.encode()) == {long: 1}


def test_without_strings_nothing_is_found():
    assert not Matcher([]).count(b"anything")
    assert Matcher([]).masked("any name") == "any name"


def test_what_unpacks_to_too_much_is_refused(tmp_path, strings, monkeypatch):
    monkeypatch.setattr(contents, "SMALL", 2**16)
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(2**22)))
    with pytest.raises(ResourceError, match=r"bomb\.gz: it holds more than"):
        search(tmp_path, strings)


def test_nests_and_claims_without_end_are_refused(tmp_path, strings, monkeypatch):
    nest = b"text"
    for _ in range(6):
        nest = gzip.compress(nest)
    (tmp_path / "nest.gz").write_bytes(nest)
    with pytest.raises(ResourceError, match="nested"):
        search(tmp_path, strings)
    (tmp_path / "nest.gz").unlink()
    monkeypatch.setattr(contents, "MOST_CELLS", 1)
    (tmp_path / "some.parquet").write_bytes(table(a=[1, 2]))
    with pytest.raises(ResourceError, match="claims"):
        search(tmp_path, strings)


def test_an_archive_with_a_password_cannot_pass(tmp_path, strings):
    content = bytearray(packed("a.txt", b"text"))
    content[6] |= 1  # the flag, in both headers
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(content)
    with pytest.raises(DataError, match="password"):
        search(tmp_path, strings)


def test_leaks_are_refused_with_file_column_and_count(tmp_path, strings):
    (tmp_path / "log.txt").write_text("nobody")
    refuse_leaks(tmp_path, strings)
    (tmp_path / "log.txt").write_text("C10001 and C10002")
    with pytest.raises(SecurityError, match=r"log\.txt holds 2 values of people\.person_id") as caught:
        refuse_leaks(tmp_path, strings)
    assert "C1000" not in str(caught.value)
    for place in range(5):
        (tmp_path / f"log{place}.txt").write_text("C10001")
    with pytest.raises(SecurityError, match="and 3 more"):
        refuse_leaks(tmp_path, strings)
    refuse_leaks(tmp_path, strings, [])


@pytest.fixture
def bank(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", "a long key for tests")
    assert run(["example", "bank", "real", "--customers", "300"]) == 0
    return pd.read_csv(tmp_path / "real" / "customers.csv")


def test_scan_finds_and_tells_file_column_and_count(tmp_path, bank, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "log.txt").write_text(f"{bank['email'][0]} {bank['email'][7]} {bank['customer_id'][3]}")
    assert run(["scan", "out", "--against", "real"]) == 1
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [
        "log.txt holds 1 values of customers.customer_id",
        "log.txt holds 2 values of customers.email",
    ]
    assert "searched for" in shown.err
    assert run(["scan", "out/log.txt", "--against", "real", "--json"]) == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out)["hits"] == [
        {"file": "log.txt", "column": "customers.customer_id", "count": 1, "rare": False},
        {"file": "log.txt", "column": "customers.email", "count": 2, "rare": False},
    ]
    assert not any(value in shown.out + shown.err for value in (*bank["email"], *bank["customer_id"]))
    (tmp_path / "out" / "log.txt").write_text("nobody@example.com")
    assert run(["scan", "out", "--against", "real", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_scan_takes_a_schema(tmp_path, bank, capsys):
    assert run(["schema", "infer", "real"]) == 0
    schema = capsys.readouterr().out.replace('full_name = {kind = "pii", pii = "name"}', 'full_name = {kind = "text"}')
    (tmp_path / "schema.toml").write_text(schema)
    (tmp_path / "log.txt").write_text(bank["full_name"][0])
    assert run(["scan", "log.txt", "--against", "real", "--schema", "schema.toml"]) == 1


def test_scan_without_data_is_exit_3(tmp_path, bank, capsys):
    assert run(["scan", "real", "--against", "nowhere"]) == 3
    assert run(["scan", "nowhere", "--against", "real"]) == 3
    assert "there is no folder or file nowhere" in capsys.readouterr().err
    (tmp_path / "void" / "deeper").mkdir(parents=True)
    assert run(["scan", "void", "--against", "real"]) == 3
    assert "there is no file in void, so nothing was searched" in capsys.readouterr().err


RESAMPLE = ["--plugin", "resample", "--data", "real", "--out", "out"]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_run_that_leaks_nothing_passes_the_same_search(bank, form):
    assert run(["run", *RESAMPLE, "--evaluators", "means", "--no-gates", "--format", form]) == 0
    assert run(["scan", "out", "--against", "real"]) == 0


@pytest.mark.parametrize("verb", ["run", "fit"])
def test_a_plugin_that_leaks_is_refused_and_nothing_is_kept(tmp_path, bank, monkeypatch, capsys, verb):
    import synthkit_stranger

    def save(self, folder):
        (folder / "notes.pkl").write_bytes(pickle.dumps({"seen": bank["email"].tolist()[:3]}))

    capsys.readouterr()
    monkeypatch.setattr(synthkit_stranger.Resample, "save", save)
    more = ["--evaluators", "means", "--no-gates"] if verb == "run" else []
    assert run([verb, *RESAMPLE, *more]) == 4
    shown = capsys.readouterr()
    assert "plugin/notes.pkl holds 3 values of customers.email" in shown.err
    assert not any(value in shown.out + shown.err for value in bank["email"])
    assert [path.name for path in tmp_path.iterdir()] == ["real"]


def test_the_record_is_searched_too(tmp_path, bank, monkeypatch):
    import synthkit_stranger

    def fit(self, training, *, seed, context):
        context.note(f"met {bank['email'][0]}")
        self.training = training
        return self

    monkeypatch.setattr(synthkit_stranger.Resample, "fit", fit)
    assert run(["run", *RESAMPLE, "--evaluators", "means", "--no-gates"]) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["real"]


def test_common_values_are_ten(real):
    assert scan.COMMON == 10  # the k of the guard: what ten hold, a model may be shown


def test_a_search_for_nothing_is_no_pass(tmp_path, capsys):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "t.csv").write_text("a,b\n1,2.5\n2,3.5\n3,4.5\n", "utf-8")
    assert run(["scan", str(tmp_path), "--against", str(tmp_path / "real")]) == 3
    assert "no column of the real data identifies anybody" in capsys.readouterr().err
