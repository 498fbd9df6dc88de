"""``synthkit impute``."""

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
    SEED,
    SHOWING,
    UNSAFE_LOAD,
    grouped,
    plan_from,
)


@click.command("impute")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("real", metavar="DATA", type=click.Path(path_type=Path))
@grouped(SEED, OUT, FORMAT, CSV_SAFE, OVERWRITE, CONFIG, UNSAFE_LOAD, JSON, *SHOWING)
def command(*, model: Path, real: Path, as_json: bool, quiet: bool, config: Path | None, **options: Any) -> int:
    """Fill the empty cells of the subjects in DATA, a file or a folder, with draws from the saved MODEL.

    A draw is as the model has it for what else is known of the row. All other cells stay as they are.
    """
    del options["debug"]  # the outermost level reads it
    from synthkit.cli.output import show, watching
    from synthkit.engine import impute
    from synthkit.plugins import discover

    trust = options.pop("unsafe_load")
    plan = plan_from(config, **options)
    with watching(quiet=quiet or as_json) as observer:
        run = impute(model, real, plan, discover(), observer, trust=trust)
    return show(run, as_json=as_json, quiet=quiet)
