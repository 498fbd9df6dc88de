"""Saved models: a folder whose every file is listed in a signed manifest, verified before anything is read."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

from pydantic import AfterValidator, BaseModel, Field, JsonValue, ValidationError

from synthkit.errors import DataError, SecurityError, UsageError
from synthkit.guard import Guard
from synthkit.plugins import Registry
from synthkit.record import versions
from synthkit.references import read_references, write_references
from synthkit.schema import Schema
from synthkit.signing import signature
from synthkit.synthesizer import Synthesizer

VERSION = 1
FOLDER = "model"  # within that of a run
MANIFEST = "manifest.json"
SIGNATURE = "manifest.hmac"
GUARD, SCHEMA, PLUGIN = "guard.json", "schema.toml", "plugin"
LIMIT = 1 << 20  # bytes of a manifest; ours are a few thousand
LIMITS = {GUARD: 1 << 26, SCHEMA: 1 << 24}  # bytes; they grow with columns, not with rows
MOST_FILES = 1_000
DEEPEST = 32  # brackets within brackets in a manifest
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Model:
    """A fitted synthesizer, the guard that restores what it draws, and how it came about.

    Attributes:
        synthesizer: the fitted plugin.
        guard: decides what leaves.
        options: of the plugin.
        seed: that it was fitted with.
        rows: subjects to draw when nobody says how many.
        sizes: rows of the tables that no subject owns, which every sample keeps.
    """

    synthesizer: Synthesizer
    guard: Guard
    options: dict[str, Any]
    seed: int
    rows: int
    sizes: dict[str, int]


def _is_inside(name: str) -> str:
    """A listed file's name is a plain path below the model's folder, written in one way only."""
    if "\\" in name or "\0" in name or any(part in ("", ".", "..") for part in name.split("/")):
        raise ValueError("a path that leaves the model")
    return name


class _Strict(BaseModel, extra="forbid", strict=True):
    """Unknown keys and other types are refused."""


class _File(_Strict):
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0, lt=2**63)]


_Name = Annotated[str, Field(min_length=1, max_length=500)]
_Count = Annotated[int, Field(ge=0, lt=2**63)]


class _Manifest(_Strict):
    version: Literal[1]
    plugin: _Name
    options: Annotated[dict[str, JsonValue], Field(max_length=1_000)]
    seed: Annotated[int, Field(ge=0)]
    k: _Count
    rows: _Count
    sizes: Annotated[dict[_Name, _Count], Field(max_length=10_000)]
    versions: Annotated[dict[_Name, _Name], Field(max_length=1_000)]
    files: Annotated[
        dict[Annotated[_Name, AfterValidator(_is_inside)], _File], Field(min_length=2, max_length=MOST_FILES)
    ]


def save(model: Model, folder: Path) -> None:
    """Write the model into an existing, empty folder and sign it."""
    plugin = folder / PLUGIN
    plugin.mkdir()
    model.synthesizer.save(plugin)
    _write_json(folder / GUARD, model.guard.to_dict())
    (folder / SCHEMA).write_text(model.guard.schema.to_toml(), "utf-8")
    write_references(folder, model.guard.schema, model.guard.fold.references)
    manifest = {
        "version": VERSION,
        "plugin": model.synthesizer.name,
        "options": model.options,
        "seed": model.seed,
        "k": model.guard.k,
        "rows": model.rows,
        "sizes": model.sizes,
        "versions": versions(model.synthesizer.requires),
        "files": {name: _described(folder / name) for name in _listed(folder)},
    }
    _write_json(folder / MANIFEST, manifest)
    (folder / SIGNATURE).write_text(signature((folder / MANIFEST).read_bytes()), "utf-8")


def load(folder: Path, registry: Registry, *, trust: bool = False) -> Model:
    """Read a saved model, after its signature and every file were verified.

    ``trust`` skips the signature, not the file list: for models signed elsewhere that the user vouches for.

    Raises:
        UsageError: there is no model at that path.
        SecurityError: unsigned, altered, or with files that the manifest does not list.
        DataError: written by another version.
        PluginError: its plugin is not usable here.
    """
    manifest = _manifest(folder, trust=trust)
    with _verified_copy(folder, manifest) as copy:
        plugin = registry.find("synthesizer", manifest.plugin).cls
        schema = Schema.from_toml((copy / SCHEMA).read_text("utf-8"))
        guard = Guard.from_dict(json.loads((copy / GUARD).read_text("utf-8")), read_references(copy, schema))
        synthesizer = plugin.load(copy / PLUGIN)
    return Model(synthesizer, guard, manifest.options, manifest.seed, manifest.rows, manifest.sizes)


def _manifest(folder: Path, *, trust: bool) -> _Manifest:
    """The manifest; not a byte of it is interpreted before its signature holds, or the user vouches for it."""
    if not (folder / MANIFEST).is_file():
        within = (folder / FOLDER / MANIFEST).is_file()
        remedy = f"that of the run is {folder / FOLDER}" if within else "give a folder that `synthkit fit` wrote"
        raise UsageError(f"there is no saved model at {folder}", remedy)
    content = _small(folder / MANIFEST, LIMIT)
    if not (trust or _signed(folder, content)):
        raise SecurityError(
            f"the model in {folder} is not signed by this user, or was altered",
            "fit it here, set SYNTHKIT_SIGNING_KEY to the key it was signed with, or add --unsafe-load",
        )
    try:
        plain = json.loads(content)
        if isinstance(plain, dict) and plain.get("version") not in (VERSION, None):
            raise DataError(f"the model in {folder} was written by another version of synthkit", "fit it again")
        manifest = _Manifest.model_validate_json(content) if _depth(content) <= DEEPEST else None
    except (ValueError, ValidationError, RecursionError):
        manifest = None
    if manifest is None:
        raise SecurityError(f"the manifest of {folder} is not one that synthkit writes", "fit it again")
    if not {GUARD, SCHEMA} <= manifest.files.keys() or any(_too_large(*item) for item in manifest.files.items()):
        raise SecurityError(f"the manifest of {folder} lists too little, or too large a file", "fit it again")
    return manifest


def _signed(folder: Path, content: bytes) -> bool:
    stored = folder / SIGNATURE
    expected = signature(content).encode()
    return os.path.lexists(stored) and hmac.compare_digest(_small(stored, len(expected)), expected)


def _too_large(name: str, file: _File) -> bool:
    return file.size > LIMITS.get(name, file.size)


def _depth(content: bytes) -> int:
    """The most brackets open at once; those within texts count too, so it is never too small."""
    deepest = depth = 0
    for byte in content:
        depth += (byte in b"[{") - (byte in b"]}")
        deepest = max(deepest, depth)
    return deepest


@contextmanager
def _verified_copy(folder: Path, manifest: _Manifest) -> Iterator[Path]:
    """Give a private copy of the listed files, verified; what was hashed is what is read, whoever writes meanwhile."""
    altered = SecurityError(f"files of the model in {folder} were altered, added or removed", "fit it again")
    if set(_listed(folder)) != manifest.files.keys():
        raise altered
    with tempfile.TemporaryDirectory(prefix="synthkit-") as private:  # mode 0700
        copy = Path(private)
        (copy / PLUGIN).mkdir()
        for name, file in manifest.files.items():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            with _opened(folder / name) as source, (copy / name).open("wb") as target:
                if os.fstat(source.fileno()).st_size != file.size:
                    raise altered
                digest = _copied(source, target, file.size)
            if not hmac.compare_digest(digest, file.sha256):
                raise altered
        yield copy


def _copied(source: BinaryIO, target: BinaryIO | None, size: int) -> str:
    """The SHA-256 of so many bytes, which are written to ``target`` too; never more are read."""
    digest = hashlib.sha256()
    while size > 0 and (chunk := source.read(min(_CHUNK, size))):
        size -= len(chunk)
        digest.update(chunk)
        if target is not None:
            target.write(chunk)
    return digest.hexdigest()


def _described(path: Path) -> dict[str, Any]:
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        return {"sha256": _copied(file, None, size), "size": size}


def _small(path: Path, limit: int) -> bytes:
    with _opened(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise SecurityError(f"{path} is larger than {limit} bytes", "fit the model again")
    return content


def _opened(path: Path) -> BinaryIO:
    """A regular file, opened for reading; a link is not followed and a pipe not waited for.

    Raises:
        SecurityError: it is something else, or is gone.
    """
    try:
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    except IsADirectoryError:
        raise _no_file(path) from None
    except OSError as error:
        if path.is_symlink() or not path.exists():
            raise _no_file(path) from None
        raise error from None
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise _no_file(path)
    return file


def _no_file(path: Path) -> SecurityError:
    return SecurityError(f"{path} is no file of a model", "copy the model again without links")


def _listed(folder: Path) -> list[str]:
    """The names of all files of a model but the manifest and its signature.

    Raises:
        SecurityError: a link, a device or a pipe, a folder without a file, or more files than a model has.
    """
    names: list[str] = []
    for place, folders, files in os.walk(folder):
        inner = Path(place)
        plain = all(path.is_file() for path in map(inner.joinpath, files))
        linked = any(path.is_symlink() for path in map(inner.joinpath, (*folders, *files)))
        empty = not (folders or files) and inner != folder / PLUGIN
        names += [(inner / name).relative_to(folder).as_posix() for name in files]
        if linked or empty or not plain or len(names) > MOST_FILES:
            raise SecurityError(f"the model in {folder} holds links, pipes or too many files", "fit it again")
    return sorted(set(names) - {MANIFEST, SIGNATURE})


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", "utf-8")
