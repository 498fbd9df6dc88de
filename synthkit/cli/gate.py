"""``synthkit gate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from synthkit.cli.options import CONFIG, JSON, JUNIT, SHOWING, grouped, plan_from
from synthkit.errors import UsageError


@click.command("gate")
@click.argument("run", type=click.Path(path_type=Path), required=False)
@click.option("--gate", "gates", multiple=True, metavar="METRIC=MIN", help="One more gate, or another limit.")
@grouped(CONFIG, JUNIT, JSON, *SHOWING)
def command(
    *,
    run: Path | None,
    as_json: bool,
    quiet: bool,
    debug: bool,
    config: Path | None,
    junit: Path | None,
    **given: Any,
) -> int:
    """Judge the finished RUN again with the gates of now; by default the newest under runs/."""
    del debug  # the outermost level reads it
    from synthkit.cli.output import show
    from synthkit.engine import rejudge

    judged = rejudge(run or _newest(), plan_from(config, **given))
    return show(judged, as_json=as_json, quiet=quiet, junit=junit)


def _newest() -> Path:
    records = sorted(Path("runs").glob("*/run.json"), key=lambda record: record.stat().st_mtime)
    if not records:
        raise UsageError("there is no finished run under runs/", "name one, or start with `synthkit run`")
    return records[-1].parent
