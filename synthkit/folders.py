"""Folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synthkit.errors import UsageError

_OURS = ("run.json", "manifest.json", "campaign_events.csv")  # a run, a model, the bundled example


def refuse_existing(target: Path, *, overwrite: bool) -> None:
    """Stop before any work is done when the target is already there, or cannot be.

    Only a folder that synthkit wrote, or an empty one, is ever overwritten.

    Raises:
        UsageError: it exists and ``overwrite`` is not set, a file is in its way, or it holds other things.
    """
    for place in (target, *target.parents):
        if os.path.lexists(place) and not place.is_dir():
            raise UsageError(f"{place} is not a folder", "choose another --out")
    if target.exists() and not overwrite:
        raise UsageError(f"{target} exists already", "choose another --out or add --overwrite")
    if target.exists() and any(target.iterdir()) and not any((target / name).is_file() for name in _OURS):
        raise UsageError(f"{target} holds what synthkit did not write", "choose another --out")


@contextmanager
def appearing(target: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a private folder to write into; it becomes ``target`` by one rename when the block ends well.

    When the block fails or is interrupted, nothing stays behind, and an old target stays as it was.

    Raises:
        UsageError: the target exists, before or after the block, and ``overwrite`` is not set.
    """
    refuse_existing(target, overwrite=overwrite)
    missing = [parent for parent in target.parents if not parent.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = tempfile.TemporaryDirectory(  # mode 0700
            dir=target.parent, prefix=f".{target.name}.", ignore_cleanup_errors=True
        )
        with beside as private:
            stage = Path(private, "new")
            stage.mkdir()
            yield stage
            _sync(stage)
            refuse_existing(target, overwrite=overwrite)  # somebody else may have been faster
            _replace(stage, target, Path(private, "old"))
            _sync_one(target.parent)
    except BaseException:
        for folder in missing:
            _remove_if_empty(folder)
        raise


def _remove_if_empty(folder: Path) -> None:
    if folder.exists() and not any(folder.iterdir()):
        folder.rmdir()


def _replace(stage: Path, target: Path, old: Path) -> None:
    """Put the stage in the target's place; an old target is moved aside first and removed last."""
    if not target.exists():
        stage.rename(target)
        return
    try:
        target.rename(old)
        stage.rename(target)
    except BaseException:
        if not target.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)  # now, so that what an interruption leaves is removed after it


def _sync(folder: Path) -> None:
    """Bring all of it to disk, so that after a power cut there is the old or the new, and no empty files."""
    for path in (*folder.rglob("*"), folder):
        _sync_one(path)


def _sync_one(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def refuse_existing_file(target: Path, *, overwrite: bool) -> None:
    """Stop before any work is done when the file is already there, or cannot be.

    Raises:
        UsageError: it exists and ``overwrite`` is not set, or a folder is in its way.
    """
    if target.is_dir():
        raise UsageError(f"{target} is a folder", "choose another file")
    if target.exists() and not overwrite:
        raise UsageError(f"{target} exists already", "add --overwrite")


def write_file(target: Path, text: str, *, overwrite: bool = False) -> None:
    """Write a text file that appears whole or not at all.

    Raises:
        UsageError: it exists and ``overwrite`` is not set.
    """
    refuse_existing_file(target, overwrite=overwrite)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    stage = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        stage.chmod(0o666 & ~_umask())
        stage.replace(target)
    finally:
        stage.unlink(missing_ok=True)
