"""``synthkit plugins``."""

from __future__ import annotations

from dataclasses import fields

import click

from synthkit.cli import plugin_check, plugin_new
from synthkit.cli.options import DEBUG, JSON, grouped

_NAMED = 28  # characters of a distribution's name that are kept together


@click.group("plugins", invoke_without_command=True)
@grouped(JSON, DEBUG)
@click.pass_context
def command(ctx: click.Context, *, as_json: bool, debug: bool) -> None:
    """List what is installed: synthesizers, evaluators and formats, and what is broken and why."""
    del debug  # the outermost level reads it
    if ctx.invoked_subcommand is None:
        _list(as_json=as_json)


@command.command("list")
@grouped(JSON)
def listing(*, as_json: bool) -> None:
    """List what is installed (the default)."""
    _list(as_json=as_json)


command.add_command(plugin_check.command)
command.add_command(plugin_new.command)


def _list(*, as_json: bool) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from synthkit.cli.output import print_json
    from synthkit.plugins import discover

    plugins = discover().plugins
    if as_json:
        names = [f.name for f in fields(plugins[0]) if f.name != "offered"]
        print_json([{name: getattr(plugin, name) for name in names} for plugin in plugins])
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Name", "Kind", "Distribution", "Licence", "State"):
        table.add_column(name, overflow="fold")
    table.columns[2].min_width = min(_NAMED, max(len(plugin.distribution) for plugin in plugins))  # broken at no letter
    for plugin in plugins:
        state = (
            "[green]ready[/]" if plugin.problem is None else "[yellow]missing[/]" if plugin.needs else "[red]broken[/]"
        )
        source = f"{plugin.distribution} {plugin.version}"
        table.add_row(escape(plugin.name), plugin.kind, escape(source), escape(plugin.licence), state)
    Console().print(table)
    for command_line in dict.fromkeys(plugin.needs for plugin in plugins if plugin.needs):
        which = ", ".join(plugin.name for plugin in plugins if plugin.needs == command_line)
        click.echo(f"\n{which}: {command_line}")
    for plugin in plugins:
        if plugin.offered is None:
            click.echo(f"\n{plugin.name} of {plugin.distribution}: {plugin.problem}", err=True)
