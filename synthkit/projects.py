"""A plugin's project from a template: everything that an author needs to begin."""

from __future__ import annotations

import re
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from synthkit.errors import UsageError
from synthkit.folders import appearing
from synthkit.plugins import KINDS, PLUGIN_API, Registry

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_USES = {
    "synthesizer": "synthkit run --plugin {name}",
    "evaluator": "synthkit run --evaluators {name} --no-gates",
    "format": "synthkit run --format {name}",
}
_FILES = {  # of the project, and the template of each
    "pyproject.toml": "project/pyproject.toml",
    "README.md": "project/README.md",
    "tox.ini": "project/tox.ini",
    ".gitignore": "project/gitignore",
    "{package}/__init__.py": "project/hooks.py",
    "{package}/{name}.py": "{kind}/class.py",
    "tests/test_{name}.py": "project/test.py",
}


def write_project(kind: str, name: str, folder: Path, registry: Registry) -> None:
    """Write a ready project for a new plugin into a new folder: it can be installed, used and tested as it is.

    Raises:
        UsageError: no kind of plugin, no name for one, or a name that a plugin has already; the folder exists.
    """
    if kind not in KINDS:
        raise UsageError(f"there is no kind of plugin {kind!r}", f"choose from {', '.join(KINDS)}")
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a plugin", "choose lower-case letters, digits and underscores")
    if name in registry.names(kind):
        raise UsageError(f"there is a {kind} {name!r} already", "choose another name")
    words = _words(kind, name)
    with appearing(folder) as stage:
        for target, template in _FILES.items():
            path = stage / target.format(**words)
            path.parent.mkdir(exist_ok=True)
            path.write_text(_filled(template.format(**words), words), "utf-8")


def _words(kind: str, name: str) -> dict[str, str]:
    return {
        "kind": kind,
        "name": name,
        "cls": "".join(part.capitalize() for part in name.split("_")),
        "package": f"synthkit_{name}",
        "distribution": f"synthkit-{name.replace('_', '-')}",
        "version": version("synthkit"),
        "api": str(PLUGIN_API),
        "use": _USES[kind].format(name=name),
    }


def _filled(template: str, words: dict[str, str]) -> str:
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - the command line starts without it

    text = (files("synthkit") / "templates" / f"{template}.jinja").read_text("utf-8")
    strict = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701 - no HTML
    return strict.from_string(text).render(words)
