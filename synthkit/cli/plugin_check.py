"""``synthkit plugins check``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from synthkit.cli.options import DEBUG, JSON, grouped

if TYPE_CHECKING:
    from synthkit.plugins import Plugin, Registry
    from synthkit.testing.conformance import Outcome

_CAPABILITIES = {
    "synthesizer": ("multi_table", "conditional", "blockwise", "requires"),
    "evaluator": ("default", "needs_holdout", "ceilings", "measures_risk", "requires"),
    "format": ("suffixes", "typed"),
}


@click.command("check")
@click.argument("name")
@grouped(JSON, DEBUG)
@click.option("--markdown", is_flag=True, help="Print a table for a README.")
def command(*, name: str, as_json: bool, markdown: bool, debug: bool) -> int:
    """Hold an installed plugin to every promise of synthkit.testing, and show what it can do."""
    del debug  # the outermost level reads it
    from synthkit.cli.output import print_json
    from synthkit.plugins import discover
    from synthkit.testing.conformance import outcomes

    told = [(plugin, list(outcomes(plugin.cls))) for plugin in _named(discover(), name)]
    if as_json:
        print_json([_record(plugin, found) for plugin, found in told])
    for plugin, found in () if as_json else told:
        click.echo("\n".join((_markdown if markdown else _plain)(plugin, found)))
    return 0 if all(outcome.fine for _, found in told for outcome in found) else 1


def _named(registry: Registry, name: str) -> list[Plugin]:
    """The plugins of that name, of any kind; where there is none, the error says which synthesizers there are."""
    from synthkit.plugins import KINDS

    kinds = [kind for kind in KINDS if name in registry.names(kind)] or ["synthesizer"]
    return [registry.find(kind, name) for kind in kinds]


def _record(plugin: Plugin, found: Iterable[Outcome]) -> dict[str, Any]:
    own = {name: getattr(plugin, name) for name in ("name", "kind", "distribution", "version", "licence")}
    promises = [asdict(outcome) for outcome in found]
    return {**own, "capabilities": _capabilities(plugin), "promises": promises}


def _capabilities(plugin: Plugin) -> dict[str, Any]:
    return {name: getattr(plugin.cls, name) for name in _CAPABILITIES[plugin.kind]}


def _plain(plugin: Plugin, found: list[Outcome]) -> Iterator[str]:
    yield f"{plugin.name}, {plugin.kind} of {plugin.distribution} {plugin.version} ({plugin.licence})"
    yield from (f"  {name:<14} {_shown(value)}" for name, value in _capabilities(plugin).items())
    for outcome in found:
        yield f"{outcome.state:<9} {outcome.promise}"
        yield from [f"          {outcome.words} [{outcome.check}]"] if outcome.words else []
    yield f"{sum(o.state == 'kept' for o in found)} of {len(found)} promises kept"


def _markdown(plugin: Plugin, found: list[Outcome]) -> Iterator[str]:
    yield from (f"### `{plugin.name}` ({plugin.kind})", "", f"| {plugin.licence} | |", "|---|---|")
    yield from (f"| `{name}` | {_shown(value)} |" for name, value in _capabilities(plugin).items())
    for outcome in found:
        reason = f": {outcome.words}" if outcome.words else ""
        yield f"| {outcome.promise} | {outcome.state}{reason} |".replace("\n", " ")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) or "nothing"
