"""What people see: progress on stderr, verdicts on stdout."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console, Group
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from synthkit.cli.ci import publish
from synthkit.cli.columns import worst
from synthkit.report.words import figure, limit
from synthkit.run import Run
from synthkit.scores import Score
from synthkit.steps import Observer

if TYPE_CHECKING:
    from synthkit.report.comparison import Comparison
    from synthkit.selftest import SelfTest

_NOTES = 8  # shown; the record holds all
_NAMED, _SPREAD = 32, 16  # characters that names of figures need, and a figure with its spread
_MARKS = {
    "passed": "[green]passed[/]",
    "failed": "[red]failed[/]",
    "missing": "[red]missing[/]",
    "not applicable": "[dim]n/a[/]",
}


class _Bar(Observer):
    """A spinner, the step, how far it is and for how long; for a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None, detail="")

    def started(self, step: str) -> None:
        self._progress.reset(self._task, description=step, total=None, detail="")

    def advanced(self, step: str, fraction: float, text: str) -> None:
        self._progress.update(self._task, description=step, total=1.0, completed=fraction, detail=escape(text))

    def finished(self, step: str, seconds: float) -> None:
        if seconds >= 0.5:
            self._progress.console.print(f"{step:<13}{seconds:6.1f} s", style="dim", highlight=False)


class _Lines(Observer):
    """One line per step that took a while; for a log."""

    def finished(self, step: str, seconds: float) -> None:
        if seconds >= 0.5:
            click.echo(f"{step:<13}{seconds:6.1f} s", err=True)


@contextmanager
def watching(*, quiet: bool) -> Iterator[Observer]:
    """An observer that shows the steps on stderr: as a bar in a terminal, as lines elsewhere, or not at all."""
    if quiet:
        yield Observer()
        return
    if not sys.stderr.isatty():
        yield _Lines()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<13}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("{task.fields[detail]}", style="dim"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _Bar(progress)


def show(run: Run, *, as_json: bool, quiet: bool, junit: Path | None = None) -> int:
    """Print the run for people, or as JSON, tell the CI server, and give the exit code."""
    if as_json:
        print_json(run.to_dict() | {"folder": str(run.folder) if run.folder else None})
    else:
        _print_run(run, quiet=quiet)
    publish(run, junit)
    return run.exit_code


def _print_run(run: Run, *, quiet: bool) -> None:
    if not quiet:
        for note in run.notes[:_NOTES]:
            click.echo(f"note: {note}", err=True)
        if len(run.notes) > _NOTES:
            click.echo(f"note: {len(run.notes) - _NOTES} more notes; --json and run.json have them all", err=True)
    with _reader_may_leave():
        console = Console()
        if run.judged:
            console.print(_verdicts(run))
        elif run.scores:  # a sample from a saved model has none
            console.print(_scores(run))
        if not quiet:
            fit_worst = worst(run)
            if fit_worst is not None:
                console.print("", fit_worst)
            _print_where(run, console)


def show_comparison(compared: Comparison) -> None:
    """Print runs side by side."""
    from synthkit.report.compared import KEY, cell_text

    with _reader_may_leave():
        console, table = Console(), _table("Figure", *map(escape, compared.names))
        table.columns[0].no_wrap = True
        spread = console.width >= _NAMED + _SPREAD * len(compared.names)
        for name, cells in compared.figures.items():
            table.add_row(escape(name), *(_marked(cell_text(cell, spread=spread)) for cell in cells))
        for name, states in compared.gates.items():
            table.add_row(f"gate {escape(name)}", *(_MARKS[state] if state else "–" for state in states))
        for place, (name, unit) in enumerate((("fit and sample", "s"), ("in all", "s"), ("memory", "MiB"))):
            table.add_row(name, *(f"{costs[place]:,.0f} {unit}" for costs in compared.costs))
        console.print(table)
        console.print(
            f"\n{KEY}{'' if spread else '; --markdown and --html have the errors'}", style="dim", highlight=False
        )
        for note in compared.notes:
            console.print(f"note: {escape(note)}", highlight=False)
        for line in compared.regressions:
            console.print(f"[red]worse[/]  {escape(line)}", highlight=False)
        if not compared.regressions:
            console.print(f"[green]nothing is worse than {escape(compared.names[0])}[/]", highlight=False)


def _marked(text: str) -> str:
    colour = {"▲": "green", "▼": "red"}.get(text[-1])
    return f"[{colour}]{text}[/]" if colour else text


def show_self_test(tested: SelfTest, *, as_json: bool) -> int:
    """Print what became of the gates on trial, and give the exit code."""
    if as_json:
        print_json(tested.to_dict())
        return 0 if tested.passed else 1
    with _reader_may_leave():
        console, table = Console(), _table("Data", "Caught by", "As it should")
        for case in tested.cases:
            mark = "[green]yes[/]" if case.as_it_should else "[red]no[/]"
            table.add_row(escape(case.name), escape("\n".join(case.caught_by)) or "–", mark)
        console.print(table)
        if tested.idle:
            console.print(f"\ncaught nothing: {escape(', '.join(tested.idle))}", style="dim", highlight=False)
        verdict = "[bold green]trusted[/]" if tested.passed else "[bold red]not to be trusted[/]"
        console.print(f"\n{verdict}  these gates on these data", highlight=False)
    return 0 if tested.passed else 1


def print_json(content: Any) -> None:
    """Print plain data as JSON on stdout."""
    with _reader_may_leave():
        click.echo(json.dumps(content, indent=2, default=str, allow_nan=False))


@contextmanager
def _reader_may_leave() -> Iterator[None]:
    """Let a reader such as ``head`` close the pipe; the verdict still decides the exit code."""
    try:
        yield
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # rich raises SystemExit for it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _verdicts(run: Run) -> Group:
    """One row per gate, and below them, at full width, why some could not be judged."""
    table = _table("Gate", "Value", *spread_header(run), "Matched", "Ceiling", "Limit", "Verdict")
    scores = {score.id: score for score in run.scores}
    for verdict in run.verdicts:
        mark = _MARKS[verdict.status] + (" (warning)" if verdict.warns else "")
        value, *others = map(figure, (verdict.value, verdict.matched, verdict.ceiling))
        spread = spread_cell(run, scores.get(verdict.gate))
        table.add_row(escape(verdict.gate), value, *spread, *others, limit(verdict), mark)
    reasons = [Text(f"{v.gate}: {v.status}, {v.reason}", style="dim") for v in run.verdicts if v.reason]
    return Group(table, *reasons)


def _scores(run: Run) -> Table:
    table = _table("Score", "Value", *spread_header(run), "Matched", "Ceiling")
    for score in run.scores:
        if score.table is None:
            value, *others = map(figure, (score.value, score.matched, score.ceiling))
            table.add_row(escape(score.id), value, *spread_cell(run, score), *others)
    return table


def spread_header(run: Run) -> list[str]:
    """One column more where a run was repeated."""
    return ["±"] if run.repeats > 1 else []


def spread_cell(run: Run, score: Score | None) -> list[str]:
    """The standard deviation of the repeats, or that the worst of them counts."""
    if run.repeats == 1:
        return []
    if score is None or score.spread is None:
        return ["–"]
    return ["worst" if score.goal == "min" else f"{score.spread:.3f}"]


def _table(*names: str) -> Table:
    narrow = "±" in names  # one column more within 80
    table = Table(box=None, pad_edge=False, header_style="bold", collapse_padding=narrow)
    for name in names:
        right = name in ("Value", "±", "Matched", "Ceiling", "Limit")
        table.add_column(name, justify="right" if right else "left", no_wrap=right, overflow="fold")
    return table


def _print_where(run: Run, console: Console) -> None:
    slow = sorted(run.timings.items(), key=lambda item: -item[1])
    spent = [f"{name} {seconds:.1f} s" for name, seconds in slow if seconds >= 0.05]
    times = ", ".join(text.replace(" ", "\xa0") for text in spent)
    failed = sum(failure.applicable for failure in run.failures)
    if failed:
        figures, them = ("1 figure", "it") if failed == 1 else (f"{failed} figures", "them")
        console.print(f"\n{figures} could not be computed; scores.json names {them}", style="yellow")
    style = {"passed": "bold green", "failed": "bold red"}.get(run.verdict, "bold")
    rows = ", ".join(f"{count:,} {name}" for name, count in run.rows.items())
    console.print(f"\n[{style}]{run.verdict}[/]  {escape(rows)}", highlight=False)
    line = f"time    {sum(run.timings.values()):.1f} s: {times}; memory\xa0{run.peak_memory_mb:,.0f}\xa0MiB"
    line = textwrap.fill(line, console.width, subsequent_indent=" " * 8)  # no figure without its unit
    console.print(line.replace("\xa0", " "), highlight=False, soft_wrap=True)
    if run.repeats > 1:
        console.print(f"seeds   {run.repeats}: mean and standard deviation (±), or the worst", highlight=False)
    if run.folder:
        console.print(f"folder  {escape(str(run.folder))}", highlight=False, soft_wrap=True)
        page = run.folder / "report.html"
        if page.is_file():
            shown = Text(f"report  {page}", no_wrap=True, overflow="ignore")
            shown.stylize(f"link {page.absolute().as_uri()}", len("report  "))
            console.print(shown, highlight=False, soft_wrap=True)
