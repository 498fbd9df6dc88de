"""``synthkit run``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from synthkit.cli.options import (
    CSV_SAFE,
    FITTING,
    FORMAT,
    JSON,
    JUDGING,
    JUNIT,
    PLOTS,
    REPEATS,
    SHOWING,
    WHERE,
    grouped,
    plan_from,
)


@click.command("run")
@grouped(*FITTING, WHERE, REPEATS, FORMAT, CSV_SAFE, PLOTS, *JUDGING, JUNIT, JSON, *SHOWING)
def command(*, as_json: bool, quiet: bool, debug: bool, config: Path | None, junit: Path | None, **given: Any) -> int:
    """Make synthetic tables, check, score and judge them.

    Without --data the bundled example `bank` is used, so that

        synthkit run --plugin hma

    works as it stands. Settings may lie in synthkit.toml; the command line goes before it.
    """
    del debug  # the outermost level reads it
    from synthkit.cli.output import show, watching
    from synthkit.engine import execute
    from synthkit.plugins import discover

    plan = plan_from(config, **given)
    with watching(quiet=quiet or as_json) as observer:
        run = execute(plan, discover(), observer)
    return show(run, as_json=as_json, quiet=quiet, junit=junit)
