"""``synthkit sample``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from synthkit.cli.options import (
    CONFIG,
    CSV_SAFE,
    FORMAT,
    JSON,
    OUT,
    OVERWRITE,
    ROWS,
    SEED,
    SHOWING,
    UNSAFE_LOAD,
    WHERE,
    grouped,
    plan_from,
)


@click.command("sample")
@click.argument("model", type=click.Path(path_type=Path))
@grouped(ROWS, WHERE, SEED, OUT, FORMAT, CSV_SAFE, OVERWRITE, CONFIG)
@click.option("--balance", type=str, metavar="COLUMN[=SHARE]", help="Its values alike, or true in such a share.")
@click.option("--given", type=click.Path(path_type=Path), metavar="FILE", help="Rows of the subjects, or some columns.")
@grouped(UNSAFE_LOAD, JSON, *SHOWING)
def command(
    *, model: Path, unsafe_load: bool, as_json: bool, quiet: bool, debug: bool, config: Path | None, **options: Any
) -> int:
    """Draw tables from the saved MODEL; they are verified, but not judged."""
    del debug  # the outermost level reads it
    from synthkit.cli.output import show, watching
    from synthkit.engine import sample
    from synthkit.plugins import discover

    plan = plan_from(config, **options)
    with watching(quiet=quiet or as_json) as observer:
        run = sample(model, plan, discover(), observer, trust=unsafe_load)
    return show(run, as_json=as_json, quiet=quiet)
