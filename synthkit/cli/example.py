"""``synthkit example``."""

from __future__ import annotations

from pathlib import Path

import click

from synthkit.cli.options import DEBUG, grouped


@click.group("example")
def command() -> None:
    """Write bundled example data."""


@command.command("bank", short_help="Customers of an invented bank, and what they do.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--customers", type=click.IntRange(min=1), default=2000, show_default=True, help="Customers to make.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Other seeds, other people and ids."
)
@click.option("--overwrite", is_flag=True, help="Replace an existing DIR.")
@grouped(DEBUG)
def bank(*, folder: Path, customers: int, seed: int, overwrite: bool, debug: bool) -> None:
    """Write customers, transactions and campaign events of an invented bank as CSV files into DIR."""
    del debug  # the outermost level reads it
    from synthkit.material import write_bank
    from synthkit.plugins import discover

    write_bank(folder, discover(), customers=customers, seed=seed, overwrite=overwrite)
    click.echo(folder)
