"""Saved models: whatever is altered, added, removed or linked is refused, before any of it is interpreted."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import stat
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import synthkit.model
from synthkit import Column, ColumnKind, Context, Dataset, Schema, Synthesizer, Table
from synthkit.errors import DataError, SecurityError, SynthkitError, UsageError
from synthkit.guard import Guard
from synthkit.model import GUARD, LIMIT, MANIFEST, MOST_FILES, SCHEMA, SIGNATURE, Model, load, save
from synthkit.plugins import Plugin, Registry, discover
from synthkit.signing import signature


class Tiny(Synthesizer):
    """Draws the same number again and again, and keeps it in a file of a few bytes."""

    name = "tiny"
    loaded = 0

    def fit(self, training: Dataset, *, seed: int, context: Context) -> Tiny:
        return self

    def sample(self, rows: int, *, seed: int, context: Context, given: Dataset | None = None) -> Dataset:
        raise NotImplementedError

    def save(self, folder: Path) -> None:
        (folder / "inner").mkdir()
        (folder / "inner" / "model.bin").write_bytes(b"seven bytes"[:7])

    @classmethod
    def load(cls, folder: Path) -> Tiny:
        cls.loaded += 1
        assert (folder / "inner" / "model.bin").read_bytes() == b"seven b"
        assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
        return cls(cls.Options())


@pytest.fixture
def registry() -> Registry:
    found = discover()
    mine = Plugin("tiny", "synthesizer", "tests", "1", "MIT", offered=Tiny)
    return Registry((*found.plugins, mine), found.manager)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A small saved model."""
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", "a long key for tests")
    monkeypatch.setattr(Tiny, "loaded", 0)
    column = Column("n", ColumnKind.NUMERICAL, storage="double")
    schema = Schema((Table("t", (column,)),), subject="t")
    data = Dataset(schema, {"t": pd.DataFrame({"n": np.arange(40.0)})})
    fitted = Model(Tiny(Tiny.Options()), Guard.learn(data), {"depth": [1, {"a": None}]}, 7, 40, {})
    model = tmp_path / "model"
    model.mkdir()
    save(fitted, model)
    return model


def refused(folder: Path, registry: Registry, error: type[SynthkitError] = SecurityError, **options: bool) -> str:
    with pytest.raises(error) as caught:
        load(folder, registry, **options)
    assert Tiny.loaded == 0
    return str(caught.value)


def alter(folder: Path, sign: bool = True, **changes: object) -> None:
    """Another manifest, signed with the right key: what is left to refuse is its structure."""
    plain = json.loads((folder / MANIFEST).read_text("utf-8"))
    for name, value in changes.items():
        plain[name] = value
    (folder / MANIFEST).write_text(json.dumps(plain), "utf-8")
    if sign:
        (folder / SIGNATURE).write_text(signature((folder / MANIFEST).read_bytes()), "utf-8")


def listed(folder: Path) -> dict[str, dict[str, object]]:
    files: dict[str, dict[str, object]] = json.loads((folder / MANIFEST).read_text("utf-8"))["files"]
    return files


def test_a_model_comes_back_and_its_manifest_says_what_it_is(folder, registry):
    model = load(folder, registry)
    assert (model.options, model.seed, model.rows) == ({"depth": [1, {"a": None}]}, 7, 40)
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    assert set(manifest["files"]) == {GUARD, SCHEMA, "plugin/inner/model.bin"}
    for name, about in manifest["files"].items():
        content = (folder / name).read_bytes()
        assert about == {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    assert manifest["k"] == model.guard.k == 4
    assert {"synthkit", "pandas", "python"} <= set(manifest["versions"])


@pytest.mark.parametrize("change", [1, 0xFF], ids=["one bit", "all bits"])
def test_every_single_byte_that_changes_is_refused(folder, registry, change):
    tried = 0
    for path in [path for path in sorted(folder.rglob("*")) if path.is_file()]:
        original = path.read_bytes()
        for place in range(len(original)):
            changed = bytearray(original)
            changed[place] ^= change
            path.write_bytes(changed)
            refused(folder, registry)
            tried += 1
        path.write_bytes(original)
    assert tried > 1_000
    load(folder, registry)


@pytest.mark.parametrize("name", [MANIFEST, SIGNATURE, GUARD, SCHEMA, "plugin/inner/model.bin"])
def test_other_lengths_and_missing_files_are_refused(folder, registry, name):
    original = (folder / name).read_bytes()
    for content in (b"", original[:-1], original[1:], original + b"\n", original + original):
        (folder / name).write_bytes(content)
        refused(folder, registry)
    (folder / name).unlink()
    refused(folder, registry, UsageError if name == MANIFEST else SecurityError)


@pytest.mark.parametrize("trust", [False, True])
@pytest.mark.parametrize("name", ["more.json", "plugin/more.bin", "plugin/inner/.hidden", "data/a.csv"])
def test_files_that_nobody_listed_are_refused(folder, registry, name, trust):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"")
    refused(folder, registry, trust=trust)


def replace_with_link(path: Path) -> None:
    path.rename(path.parent.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent.parent / "elsewhere")


def replace_with_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replace_with_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("trust", [False, True])
@pytest.mark.parametrize("name", [MANIFEST, SIGNATURE, GUARD, "plugin/inner/model.bin", "plugin/inner"])
@pytest.mark.parametrize("replace", [replace_with_link, replace_with_folder, replace_with_pipe])
def test_links_folders_and_pipes_are_no_files_of_a_model(folder, registry, name, replace, trust):
    path = folder / name
    if path.is_dir() and replace is not replace_with_link:
        pytest.skip("it is a folder")
    replace(path)
    no_model = name == MANIFEST and replace is not replace_with_link
    refused(folder, registry, UsageError if no_model else SecurityError, trust=trust)


@pytest.mark.parametrize("trust", [False, True])
def test_an_empty_folder_is_refused(folder, registry, trust):
    (folder / "plugin" / "empty").mkdir()
    refused(folder, registry, trust=trust)


def entry(**changes: object) -> dict[str, object]:
    return {"sha256": "0" * 64, "size": 1} | changes


BAD_FILES = {
    "parent": {"plugin/../../secret": entry()},
    "absolute": {"/etc/passwd": entry()},
    "backslash": {"plugin\\..\\x": entry()},
    "dot": {"plugin/./x": entry()},
    "twice": {"plugin//x": entry()},
    "null byte": {"plugin/\0": entry()},
    "no name": {"": entry()},
    "long name": {"x" * 501: entry()},
    "no digest": {"plugin/x": {"size": 1}},
    "short digest": {"plugin/x": entry(sha256="00")},
    "upper case": {"plugin/x": entry(sha256="A" * 64)},
    "negative": {"plugin/x": entry(size=-1)},
    "text for a size": {"plugin/x": entry(size="1")},
    "beyond 64 bits": {"plugin/x": entry(size=2**70)},
    "unknown key": {"plugin/x": entry(link="/etc")},
    "large guard": {GUARD: entry(size=2**40)},
    "large schema": {SCHEMA: entry(size=2**40)},
    "too many": {f"plugin/{i}": entry() for i in range(MOST_FILES)},
}


@pytest.mark.parametrize("trust", [False, True])
@pytest.mark.parametrize("case", BAD_FILES)
def test_a_signed_list_of_files_is_still_checked(folder, registry, case, trust):
    alter(folder, files=listed(folder) | BAD_FILES[case])
    assert "manifest" in refused(folder, registry, trust=trust)


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": "7"},
        {"seed": 7.0},
        {"seed": True},
        {"extra": 1},
        {"options": []},
        {"versions": {"a": 1}},
        {"files": {}},
        {"plugin": ""},
        {"plugin": ["tiny"]},
        {"options": {str(i): i for i in range(1001)}},
        {"options": {"deep": json.loads("[" * 40 + "]" * 40)}},
        {"version": None},
    ],
    ids=str,
)
def test_a_manifest_of_another_form_is_refused(folder, registry, changes):
    alter(folder, **changes)
    assert "not one that synthkit writes" in refused(folder, registry)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"version": 1}', b'{"version": NaN}']
)
def test_what_is_no_manifest_is_refused(folder, registry, content):
    (folder / MANIFEST).write_bytes(content)
    (folder / SIGNATURE).write_text(signature(content), "utf-8")
    assert refused(folder, registry, DataError if b"NaN" in content else SecurityError)


def test_another_version_says_so(folder, registry):
    alter(folder, version=2)
    assert "written by another version" in refused(folder, registry, DataError)


def test_a_manifest_is_not_read_beyond_its_limit(folder, registry):
    (folder / MANIFEST).write_bytes(b" " * (LIMIT + 1))
    assert "larger than 1048576 bytes" in refused(folder, registry)


@pytest.mark.parametrize("trust", [False, True])
def test_a_file_larger_than_its_size_is_not_read(folder, registry, trust):
    """The size on disk decides before a byte is read: this file would take a tebibyte."""
    with (folder / "plugin" / "inner" / "model.bin").open("r+b") as file:
        file.truncate(1 << 40)
    refused(folder, registry, trust=trust)
    files = listed(folder)
    files["plugin/inner/model.bin"]["size"] = 1 << 50
    alter(folder, files=files)
    refused(folder, registry, trust=trust)


def test_what_was_verified_is_what_is_read(folder, registry, monkeypatch):
    """Somebody swaps the file between the check and the reading."""
    find = Registry.find

    def swapped(self, kind, name):
        (folder / "plugin" / "inner" / "model.bin").write_bytes(b"changed")
        return find(self, kind, name)

    monkeypatch.setattr(Registry, "find", swapped)
    load(folder, registry)
    assert Tiny.loaded == 1


def test_the_private_copy_goes_away(folder, registry, monkeypatch, tmp_path):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    load(folder, registry)
    (folder / SCHEMA).write_bytes(b"x" * listed(folder)[SCHEMA]["size"])
    with pytest.raises(SecurityError):
        load(folder, registry)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_file_that_may_not_be_read_is_no_attack(folder, registry, monkeypatch):
    def denied(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(synthkit.model.os, "open", denied)
    with pytest.raises(PermissionError):
        load(folder, registry)


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return (Path.touch, (self.target,))


class Naive(Tiny):
    """Unpickles whatever it finds."""

    name = "naive"

    @classmethod
    def load(cls, folder: Path) -> Tiny:
        pickle.loads((folder / "inner" / "model.bin").read_bytes())
        return cls(cls.Options())


@pytest.mark.parametrize("signed", ["not", "by another key", "by hand"])
def test_a_payload_is_never_loaded(folder, monkeypatch, tmp_path, signed):
    """Even where everything fits but the key, and the plugin would unpickle anything."""
    target = tmp_path / "owned"
    content = pickle.dumps(Bomb(target))
    (folder / "plugin" / "inner" / "model.bin").write_bytes(content)
    about = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    alter(folder, sign=False, plugin="naive", files=listed(folder) | {"plugin/inner/model.bin": about})
    if signed == "not":
        (folder / SIGNATURE).unlink()
    elif signed == "by another key":
        monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", "another long key for tests")
        (folder / SIGNATURE).write_text(signature((folder / MANIFEST).read_bytes()), "utf-8")
        monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", "a long key for tests")
    registry = Registry((Plugin("naive", "synthesizer", "tests", "1", "MIT", offered=Naive),), discover().manager)
    with pytest.raises(SecurityError):
        load(folder, registry)
    assert not target.exists()
    load(folder, registry, trust=True)  # the payload works: what kept it from running is the signature
    assert target.exists()
