"""``synthkit gate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synthkit.cli.options import (
    CONFIG,
    DATA,
    EVALUATORS,
    GATE,
    GATE_SET,
    JSON,
    JUNIT,
    SCHEMA,
    SEED,
    SHOWING,
    TABLES,
    grouped,
    plan_from,
)
from synthkit.errors import UsageError

if TYPE_CHECKING:
    from synthkit.plan import Plan


@click.command("gate")
@click.argument("run", type=click.Path(path_type=Path), required=False)
@click.option("--self-test", "on_trial", is_flag=True, help="Judge no run, but the gates: with --data and baselines.")
@grouped(GATE_SET, GATE, DATA, SCHEMA, TABLES, EVALUATORS, SEED, CONFIG, JUNIT, JSON, *SHOWING)
def command(  # noqa: PLR0913 - one for each option
    *,
    run: Path | None,
    on_trial: bool,
    as_json: bool,
    quiet: bool,
    debug: bool,
    config: Path | None,
    junit: Path | None,
    **given: Any,
) -> int:
    """Judge the finished RUN again with the gates of now; by default the newest under runs/.

    With --self-test: real data that nobody learned from must pass the gates, and every baseline (copies, copies with
    noise, independent columns, shuffled keys) must be rejected, before the gates are worth anything.
    """
    del debug  # the outermost level reads it
    plan = plan_from(config, **given)
    if on_trial:
        return _try_gates(run, plan, as_json=as_json, quiet=quiet)
    from synthkit.cli.output import show
    from synthkit.engine import rejudge

    return show(rejudge(run or _newest(), plan), as_json=as_json, quiet=quiet, junit=junit)


def _try_gates(run: Path | None, plan: Plan, *, as_json: bool, quiet: bool) -> int:
    from synthkit.cli.output import show_self_test, watching
    from synthkit.engine import self_test
    from synthkit.plugins import discover

    if run is not None:
        raise UsageError("a self-test judges the gates, not a run", "leave RUN out, or --self-test")
    with watching(quiet=quiet) as observer:
        tested = self_test(plan, discover(), observer)
    return show_self_test(tested, as_json=as_json)


def _newest() -> Path:
    records = sorted(Path("runs").glob("*/run.json"), key=lambda record: record.stat().st_mtime)
    if not records:
        raise UsageError("there is no finished run under runs/", "name one, or start with `synthkit run`")
    return records[-1].parent
