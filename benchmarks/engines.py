"""Which engines there are, and their first steps, which are not measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from synthkit.context import Context
from synthkit.errors import UsageError
from synthkit.plugins import Plugin, Registry
from synthkit.testing import guarded

_WARM = 100


def chosen(registry: Registry, names: Iterable[str]) -> tuple[list[Plugin], dict[str, str]]:
    """The engines of those names, or all of them, and why others of them cannot be used.

    Raises:
        UsageError: there is none of that name.
    """
    known = registry.names("synthesizer")
    wanted = list(dict.fromkeys(names)) or known
    for name in wanted:
        if name not in known:
            raise UsageError(f"there is no engine {name!r}", f"choose from {', '.join(known)}")
    found = {p.name: p for p in registry.plugins if p.kind == "synthesizer" and p.name in wanted}
    usable = [found[name] for name in wanted if found[name].problem is None]
    return usable, {name: str(found[name].problem) for name in wanted if found[name].problem is not None}


def warmed(cls: type[Any], options: Mapping[str, Any]) -> None:
    """Let an engine work on a tiny table, so that importing its libraries is not measured."""
    tiny = guarded(_WARM).select(["customers"])
    model = cls(cls.Options(**options)).fit(tiny, seed=0, context=Context())
    model.sample(_WARM, seed=0, context=Context())
