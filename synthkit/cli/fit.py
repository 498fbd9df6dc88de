"""``synthkit fit``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from synthkit.cli.options import FITTING, SHOWING, grouped, plan_from


@click.command("fit")
@grouped(*FITTING, *SHOWING)
def command(*, quiet: bool, debug: bool, config: Path | None, **given: Any) -> None:
    """Fit a synthesizer and save the model as the folder --out."""
    del debug  # the outermost level reads it
    from synthkit.cli.output import watching
    from synthkit.engine import fit
    from synthkit.plugins import discover

    plan = plan_from(config, **given)
    with watching(quiet=quiet) as observer:
        folder = fit(plan, discover(), observer)
    click.echo(folder)
