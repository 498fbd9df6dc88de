"""``synthkit plugins check``."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from difflib import get_close_matches
from shutil import get_terminal_size
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


@click.command("check", short_help="Hold an installed plugin to every promise.")
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
    """The plugins of that name, of any kind; broken ones raise what is wrong with them."""
    from synthkit.errors import UsageError
    from synthkit.plugins import KINDS

    named = [registry.find(kind, name) for kind in KINDS if name in registry.names(kind)]
    if not named and name in registry.names("broken"):
        return [registry.find("broken", name)]
    if not named:
        near = get_close_matches(name, [plugin.name for plugin in registry.plugins], n=1)
        remedy = f"did you mean {near[0]!r}?" if near else "`synthkit plugins` lists them"
        raise UsageError(f"there is no plugin {name!r}", remedy)
    return named


def _record(plugin: Plugin, found: Iterable[Outcome]) -> dict[str, Any]:
    own = {name: getattr(plugin, name) for name in ("name", "kind", "distribution", "version", "licence")}
    promises = [asdict(outcome) for outcome in found]
    return {**own, "capabilities": _capabilities(plugin), "promises": promises}


def _capabilities(plugin: Plugin) -> dict[str, Any]:
    return {name: getattr(plugin.cls, name) for name in _CAPABILITIES[plugin.kind]}


def _plain(plugin: Plugin, found: list[Outcome]) -> Iterator[str]:
    yield f"{plugin.name}, {plugin.kind} of {plugin.distribution} {plugin.version} (licence: {plugin.licence})"
    yield from (f"  {name:<14} {_shown(value)}" for name, value in _capabilities(plugin).items())
    for outcome in found:
        yield _folded(f"{outcome.state:<9} {outcome.promise}")
        yield from [_folded(f"{'':<9} {outcome.words} [{outcome.check}]")] if outcome.words else []
    yield f"{sum(o.state == 'kept' for o in found)} of {len(found)} promises kept"


def _folded(line: str) -> str:
    """The line, within a terminal, and whole where somebody searches it."""
    if not sys.stdout.isatty():
        return line
    return textwrap.fill(line, get_terminal_size().columns, subsequent_indent=" " * 10)


def _markdown(plugin: Plugin, found: list[Outcome]) -> Iterator[str]:
    yield from (f"### `{plugin.name}` ({plugin.kind})", "", f"| licence | {_cell(plugin.licence)} |", "|---|---|")
    yield from (f"| `{name}` | {_shown(value)} |" for name, value in _capabilities(plugin).items())
    for outcome in found:
        reason = f": {outcome.words}" if outcome.words else ""
        yield f"| {_cell(outcome.promise)} | {_cell(outcome.state + reason)} |"


def _cell(text: str) -> str:
    """The text as one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) or "nothing"
