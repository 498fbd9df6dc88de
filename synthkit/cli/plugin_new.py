"""``synthkit plugins new``."""

from __future__ import annotations

from pathlib import Path

import click

from synthkit.cli.options import DEBUG, grouped


@click.command("new", short_help="Write a project for a plugin of your own.")
@click.argument("kind", metavar="synthesizer|evaluator|format")
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write. Default: synthkit-NAME.")
@grouped(DEBUG)
def command(*, kind: str, name: str, out: Path | None, debug: bool) -> None:
    """Write a project for a plugin of your own, ready to install, use and test."""
    del debug  # the outermost level reads it
    from synthkit.plugins import discover
    from synthkit.projects import write_project

    folder = out or Path(f"synthkit-{name.replace('_', '-')}")
    write_project(kind, name, folder, discover())
    click.echo(folder)
