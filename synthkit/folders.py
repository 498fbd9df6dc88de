"""Folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synthkit.errors import UsageError


def refuse_existing(target: Path, *, overwrite: bool) -> None:
    """Stop before any work is done when the target is already there.

    Raises:
        UsageError: it exists and ``overwrite`` is not set, or it is not a folder.
    """
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is not a folder", "choose another --out")
    if target.exists() and not overwrite:
        raise UsageError(f"{target} exists already", "choose another --out or add --overwrite")


@contextmanager
def appearing(target: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a private folder to write into; it becomes ``target`` by one rename when the block ends well.

    When the block fails or is interrupted, nothing stays behind, and an old target stays as it was.

    Raises:
        UsageError: the target exists and ``overwrite`` is not set.
    """
    refuse_existing(target, overwrite=overwrite)
    made = _make_parents(target.parent)
    stage = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))  # mode 0700
    try:
        yield stage
        stage.chmod(0o777 & ~_umask())
        _replace(stage, target)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        for folder in reversed(made):
            _remove_if_empty(folder)
        raise


def _make_parents(folder: Path) -> list[Path]:
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()][::-1]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _remove_if_empty(folder: Path) -> None:
    if folder.exists() and not any(folder.iterdir()):
        folder.rmdir()


def _replace(stage: Path, target: Path) -> None:
    """Put the stage in the target's place; an old target is moved aside first and removed last."""
    if not target.exists():
        stage.rename(target)
        return
    old = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.old."))
    target.rename(old)
    try:
        stage.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def refuse_existing_file(target: Path, *, overwrite: bool) -> None:
    """Stop before any work is done when the file is already there.

    Raises:
        UsageError: it exists and ``overwrite`` is not set.
    """
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
