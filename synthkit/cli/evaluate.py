"""``synthkit evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from synthkit.cli.options import CONFIG, JSON, JUDGING, JUNIT, SCHEMA, SEED, SHOWING, grouped, plan_from


@click.command("evaluate")
@click.argument("real", type=click.Path(path_type=Path))
@click.argument("synthetic", type=click.Path(path_type=Path))
@click.option("--holdout", type=str, help="Folder of real data that the synthetic data were not made from.")
@grouped(SCHEMA, SEED, CONFIG, *JUDGING, JUNIT, JSON, *SHOWING)
def command(
    *,
    real: Path,
    synthetic: Path,
    as_json: bool,
    quiet: bool,
    debug: bool,
    config: Path | None,
    **given: Any,
) -> int:
    """Score and judge the SYNTHETIC folder against the REAL one, whoever made it.

    A synthetic file may be called like its table or begin with its name; a run folder will do too.
    """
    del debug  # the outermost level reads it
    from synthkit.cli.output import show, watching
    from synthkit.engine import evaluate
    from synthkit.plugins import discover

    junit: Path | None = given.pop("junit")
    plan = plan_from(config, **given)
    with watching(quiet=quiet or as_json) as observer:
        run = evaluate(real, synthetic, plan, discover(), observer)
    return show(run, as_json=as_json, quiet=quiet, junit=junit)
