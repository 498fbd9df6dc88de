"""Folders and files appear whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthkit.errors import UsageError
from synthkit.folders import appearing, refuse_existing, refuse_existing_file, write_file

FAILURES = [ValueError, KeyboardInterrupt, SystemExit, MemoryError]


def everything(folder: Path) -> dict[str, str | None]:
    """All that lies in a folder, hidden or not, with the text of files."""
    paths = sorted(folder.rglob("*"))
    return {p.relative_to(folder).as_posix(): p.read_text("utf-8") if p.is_file() else None for p in paths}


OLD = {"data": None, "data/a.csv": "old", "run.json": "{}"}


def write_folder(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def stumble(target: Path, failure: type[BaseException], meanwhile=lambda: None, *, overwrite: bool = False) -> None:
    """Write half of a folder, and fail."""
    with appearing(target, overwrite=overwrite) as stage:
        (stage / "half.csv").write_text("half", "utf-8")
        meanwhile()
        raise failure


@pytest.fixture
def umask():
    """Set the mask of the process for one test."""
    before = os.umask(0)
    os.umask(before)
    yield os.umask
    os.umask(before)


@pytest.fixture
def old(tmp_path):
    """A finished folder of an earlier run."""
    folder = tmp_path / "run"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "a.csv").write_text("old", "utf-8")
    (folder / "run.json").write_text("{}", "utf-8")  # the mark of what synthkit wrote
    return folder


def test_a_folder_appears_with_all_it_holds_when_the_block_ends(tmp_path):
    with appearing(tmp_path / "run") as stage:
        (stage / "data").mkdir()
        (stage / "data" / "a.csv").write_text("new", "utf-8")
        assert not (tmp_path / "run").exists()
        assert stage.parent.parent == tmp_path  # on the same disk, so that one rename will do
    assert everything(tmp_path) == {"run": None, "run/data": None, "run/data/a.csv": "new"}


@pytest.mark.parametrize("failure", FAILURES)
def test_nothing_stays_behind_when_the_block_fails(tmp_path, failure):
    with pytest.raises(failure):
        stumble(tmp_path / "run", failure)
    assert everything(tmp_path) == {}


@pytest.mark.parametrize("failure", FAILURES)
def test_parents_that_were_made_for_it_go_with_it(tmp_path, failure):
    (tmp_path / "there").mkdir()
    with pytest.raises(failure):
        stumble(tmp_path / "there" / "runs" / "today" / "one", failure)
    assert everything(tmp_path) == {"there": None}


def test_parents_that_somebody_else_uses_by_now_stay(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        stumble(tmp_path / "runs" / "today" / "one", KeyboardInterrupt, (tmp_path / "runs" / "other").mkdir)
    assert everything(tmp_path) == {"runs": None, "runs/other": None}


def test_parents_are_made_and_stay_when_all_goes_well(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with appearing(Path("runs/today/one")):
        pass
    assert everything(tmp_path) == {"runs": None, "runs/today": None, "runs/today/one": None}


def test_nobody_else_can_look_into_a_folder_that_is_not_finished(tmp_path, umask):
    umask(0o000)
    with appearing(tmp_path / "run") as stage:
        assert mode(stage.parent) == 0o700


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077, 0o002])
def test_the_mode_of_the_finished_folder_follows_the_umask(tmp_path, umask, mask):
    umask(mask)
    with appearing(tmp_path / "run") as stage:
        (stage / "data").mkdir()
    write_file(tmp_path / "run" / "a.toml", "text")
    assert mode(tmp_path / "run") == mode(tmp_path / "run" / "data") == 0o777 & ~mask
    assert mode(tmp_path / "run" / "a.toml") == 0o666 & ~mask
    assert umask(mask) == mask


# --- what is already there ------------------------------------------------------------------------


def test_an_existing_folder_is_refused_and_left_alone(tmp_path, old):
    before = everything(tmp_path)
    with pytest.raises(UsageError) as caught, appearing(old):
        pytest.fail("the block must not begin")
    assert str(caught.value) == f"{old} exists already; choose another --out or add --overwrite"
    assert everything(tmp_path) == before


def test_overwriting_replaces_the_old_folder_with_all_it_held(tmp_path, old):
    with appearing(old, overwrite=True) as stage:
        assert everything(old) == OLD
        (stage / "b.csv").write_text("new", "utf-8")
    assert everything(tmp_path) == {"run": None, "run/b.csv": "new"}


@pytest.mark.parametrize("failure", FAILURES)
def test_the_old_folder_stays_when_overwriting_fails(tmp_path, old, failure):
    before = everything(tmp_path)
    with pytest.raises(failure):
        stumble(old, failure, overwrite=True)
    assert everything(tmp_path) == before


def test_the_old_folder_comes_back_when_the_new_one_cannot_take_its_place(tmp_path, old):
    before = everything(tmp_path)
    with pytest.raises(FileNotFoundError), appearing(old, overwrite=True) as stage:
        stage.rmdir()  # somebody cleaned up: the last rename finds nothing
    assert everything(tmp_path) == before


@pytest.mark.parametrize("moment", [(1, "before"), (1, "after"), (2, "before")])
@pytest.mark.parametrize("failure", FAILURES)
def test_an_interruption_of_either_rename_leaves_the_old_folder(tmp_path, old, monkeypatch, failure, moment):
    before = everything(tmp_path)
    monkeypatch.setattr(Path, "rename", _interrupted(failure, *moment))
    with pytest.raises(failure), appearing(old, overwrite=True):
        pass
    assert everything(tmp_path) == before


@pytest.mark.parametrize("failure", FAILURES)
def test_an_interruption_after_the_last_rename_leaves_the_new_folder(tmp_path, old, monkeypatch, failure):
    monkeypatch.setattr(Path, "rename", _interrupted(failure, 2, "after"))
    with pytest.raises(failure), appearing(old, overwrite=True):
        pass
    assert everything(tmp_path) == {"run": None}


def _interrupted(failure, call, when):
    """A rename that is interrupted just before or after its work, in one of its calls."""
    rename, calls = Path.rename, []

    def interrupted(self, target):
        calls.append(target)
        if (len(calls), "before") == (call, when):
            raise failure
        moved = rename(self, target)
        if (len(calls), "after") == (call, when):
            raise failure
        return moved

    return interrupted


def test_overwriting_what_is_not_there_is_no_error(tmp_path):
    with appearing(tmp_path / "run", overwrite=True):
        pass
    assert everything(tmp_path) == {"run": None}


def test_a_folder_that_somebody_made_meanwhile_is_not_replaced(tmp_path):
    with pytest.raises(UsageError, match="exists already"), appearing(tmp_path / "run"):
        write_folder(tmp_path / "run", {"theirs.csv": "theirs"})
    assert everything(tmp_path) == {"run": None, "run/theirs.csv": "theirs"}


def test_a_link_is_replaced_and_what_it_points_at_stays(tmp_path, old):
    link = tmp_path / "latest"
    link.symlink_to(old, target_is_directory=True)
    with appearing(link, overwrite=True) as stage:
        (stage / "b.csv").write_text("new", "utf-8")
    assert not link.is_symlink()
    assert everything(link) == {"b.csv": "new"}
    assert everything(old) == OLD


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", ["file", "file/run", "file/runs/one", "nowhere", "nowhere/run"])
def test_a_file_in_the_way_is_refused_before_any_work(tmp_path, name, overwrite):
    (tmp_path / "file").write_text("mine", "utf-8")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    with pytest.raises(UsageError) as caught:
        refuse_existing(tmp_path / name, overwrite=overwrite)
    way = tmp_path / name.split("/")[0]
    assert str(caught.value) == f"{way} is not a folder; choose another --out"
    assert (tmp_path / "file").read_text("utf-8") == "mine"


def test_a_place_that_cannot_be_written_leaves_nothing(tmp_path):
    long = "x" * 250  # with our prefix it is longer than any file system allows
    with pytest.raises(OSError, match="too long"), appearing(tmp_path / "runs" / long):
        pytest.fail("the block must not begin")
    assert everything(tmp_path) == {}


def test_a_folder_that_synthkit_did_not_write_is_never_overwritten(tmp_path):
    write_folder(tmp_path / "thesis", {"chapter.txt": "years of work"})
    with pytest.raises(UsageError, match="holds what synthkit did not write"):
        refuse_existing(tmp_path / "thesis", overwrite=True)
    (tmp_path / "empty").mkdir()
    refuse_existing(tmp_path / "empty", overwrite=True)


@settings(deadline=None, max_examples=50)
@given(
    there=st.none()
    | st.dictionaries(st.sampled_from("abc"), st.text("xy", max_size=3), max_size=3).map(
        lambda d: {**d, "run.json": ""}
    ),
    new=st.dictionaries(st.sampled_from("abc"), st.text("xy", max_size=3), max_size=3),
    overwrite=st.booleans(),
    failure=st.none() | st.sampled_from(FAILURES),
)
def test_afterwards_there_is_the_old_or_the_new_and_nothing_else(tmp_path_factory, there, new, overwrite, failure):
    folder = tmp_path_factory.mktemp("whole")
    if there is not None:
        write_folder(folder / "run", there)
    with suppress(UsageError, *FAILURES), appearing(folder / "run", overwrite=overwrite) as stage:
        write_folder(stage, new)
        if failure:
            raise failure
    expected = there if failure or (there is not None and not overwrite) else new
    files = {} if expected is None else {"run": None, **{f"run/{name}": text for name, text in expected.items()}}
    assert everything(folder) == files


# --- single files ---------------------------------------------------------------------------------


def test_a_file_appears_and_replaces_only_when_asked(tmp_path):
    target = tmp_path / "schema.toml"
    write_file(target, "näme = 1\n")
    assert everything(tmp_path) == {"schema.toml": "näme = 1\n"}
    with pytest.raises(UsageError) as caught:
        write_file(target, "other")
    assert str(caught.value) == f"{target} exists already; add --overwrite"
    write_file(target, "other", overwrite=True)
    assert everything(tmp_path) == {"schema.toml": "other"}


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_nothing_else(tmp_path):
    write_file(tmp_path / "schema.toml", "old")
    with pytest.raises(UnicodeEncodeError):
        write_file(tmp_path / "schema.toml", "half \ud800", overwrite=True)
    assert everything(tmp_path) == {"schema.toml": "old"}


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path, overwrite):
    for attempt in (refuse_existing_file, lambda target, overwrite: write_file(target, "", overwrite=overwrite)):
        with pytest.raises(UsageError) as caught:
            attempt(tmp_path, overwrite=overwrite)
        assert str(caught.value) == f"{tmp_path} is a folder; choose another file"
