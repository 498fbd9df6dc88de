"""``synthkit compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from synthkit.cli.options import DEBUG, JSON, grouped
from synthkit.errors import UsageError

if TYPE_CHECKING:
    from synthkit.report.comparison import Comparison

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("compare")
@click.argument("runs", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--html", "page", type=_FILE, metavar="FILE", help="Also write a page.")
@click.option("--markdown", "text", type=_FILE, metavar="FILE", help="Also write Markdown, for a pull request.")
@click.option("--fail-on-regression", "strict", is_flag=True, help="Exit 1 where anything is worse than in the first.")
@grouped(JSON, DEBUG)
def command(
    *, runs: tuple[Path, ...], page: Path | None, text: Path | None, strict: bool, as_json: bool, debug: bool
) -> int:
    """Hold finished RUNS against the first of them: scores with their spread, gates, time and memory.

    Marked is what differs beyond noise, so far as the scores have standard errors; `run --repeats` gives them one.
    """
    del debug  # the outermost level reads it
    from synthkit.cli.output import print_json, show_comparison
    from synthkit.report.comparison import compare
    from synthkit.run import read_run

    if len(runs) < 2:
        raise UsageError("one run cannot be compared", "name two or more run folders")
    compared = compare([read_run(folder) for folder in runs])
    _write(compared, page, text)
    if as_json:
        print_json(compared.to_dict())
    else:
        show_comparison(compared)
    return 1 if strict and compared.regressions else 0


def _write(compared: Comparison, page: Path | None, text: Path | None) -> None:
    from synthkit.folders import write_file

    if page is not None or text is not None:
        from synthkit.report.compared import comparison_html, comparison_markdown

        for path, written in ((page, comparison_html), (text, comparison_markdown)):
            if path is not None:
                write_file(path, written(compared), overwrite=True)
