"""Saved models: a folder whose every file is listed in a signed manifest, verified before anything is read."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthkit.errors import DataError, SecurityError, UsageError
from synthkit.guard import Guard
from synthkit.plugins import Registry
from synthkit.references import read_references, write_references
from synthkit.schema import Schema
from synthkit.signing import signature
from synthkit.synthesizer import Synthesizer

VERSION = 1
MANIFEST = "manifest.json"
SIGNATURE = "manifest.hmac"
LIMIT = 1 << 20  # bytes of a manifest; ours are a few thousand


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


def save(model: Model, folder: Path) -> None:
    """Write the model into an existing, empty folder and sign it."""
    plugin = folder / "plugin"
    plugin.mkdir()
    model.synthesizer.save(plugin)
    _write_json(folder / "guard.json", model.guard.to_dict())
    (folder / "schema.toml").write_text(model.guard.schema.to_toml(), "utf-8")
    write_references(folder, model.guard.schema, model.guard.fold.references)
    manifest = {
        "version": VERSION,
        "plugin": model.synthesizer.name,
        "options": model.options,
        "seed": model.seed,
        "rows": model.rows,
        "sizes": model.sizes,
        "files": _hashes(folder),
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
    manifest = _verified(folder, trust=trust)
    if manifest["version"] != VERSION:
        raise DataError(f"the model in {folder} was written by another version of synthkit", "fit it again")
    plugin = registry.find("synthesizer", manifest["plugin"]).cls
    schema = Schema.from_toml((folder / "schema.toml").read_text("utf-8"))
    guard = Guard.from_dict(json.loads((folder / "guard.json").read_text("utf-8")), read_references(folder, schema))
    synthesizer = plugin.load(folder / "plugin")
    return Model(synthesizer, guard, *(manifest[name] for name in ("options", "seed", "rows", "sizes")))


def _verified(folder: Path, *, trust: bool) -> dict[str, Any]:
    if not (folder / MANIFEST).is_file():
        raise UsageError(f"there is no saved model at {folder}", "give a folder that `synthkit fit` wrote")
    if (folder / MANIFEST).stat().st_size > LIMIT:
        raise SecurityError(f"the manifest of {folder} is larger than {LIMIT} bytes", "fit the model again")
    content = (folder / MANIFEST).read_bytes()
    stored = folder / SIGNATURE
    signed = stored.is_file() and hmac.compare_digest(stored.read_bytes(), signature(content).encode())
    if not (signed or trust):
        raise SecurityError(
            f"the model in {folder} is not signed by this user, or was altered",
            "fit it here, set SYNTHKIT_SIGNING_KEY to the key it was signed with, or add --unsafe-load",
        )
    manifest: dict[str, Any] = json.loads(content)
    if any(path.is_symlink() for path in folder.rglob("*")) or _hashes(folder) != manifest["files"]:
        raise SecurityError(f"files of the model in {folder} were altered, added or removed", "fit it again")
    return manifest


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in files}
    own = (MANIFEST, SIGNATURE)
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in names.items() if name not in own}


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", "utf-8")
