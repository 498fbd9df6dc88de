"""What a CI server reads: JUnit XML, and annotations and a summary where GitHub runs the command."""

from __future__ import annotations

import html
import os
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import click

from synthkit.cli import printable

if TYPE_CHECKING:
    from synthkit.gates import Verdict
    from synthkit.run import Run


def publish(run: Run, junit: Path | None) -> None:
    """Write the verdicts to the JUnit file, if one is named, and to GitHub, if it runs us."""
    if junit is not None:
        junit.parent.mkdir(parents=True, exist_ok=True)
        ET.ElementTree(_suite(run)).write(junit, "utf-8", xml_declaration=True)
    for verdict in run.verdicts:
        if verdict.fails or verdict.warns:
            annotate("error" if verdict.fails else "warning", f"gate of {_title(run)}", printable(verdict.line))
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary and run.judged:
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(_markdown(run))


def annotate(level: str, title: str, line: str) -> None:
    """Have GitHub show a line beside the commit; it reads stderr too, so that stdout stays the product's."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        title = _escaped(title).replace(":", "%3A").replace(",", "%2C")
        click.echo(f"::{level} title={title}::{_escaped(line)}", err=True)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _title(run: Run) -> str:
    return printable(f"{run.command} {run.plugin or run.source.get('name', '')}".strip())


def _suite(run: Run) -> ET.Element:
    """One test case for each verdict; figures are its properties."""
    counts = {
        "tests": len(run.verdicts),
        "failures": sum(verdict.fails for verdict in run.verdicts),
        "errors": 0,
        "skipped": sum(verdict.status == "not applicable" for verdict in run.verdicts),
    }
    root = ET.Element("testsuites")
    about = {"name": f"synthkit {_title(run)}", "time": f"{sum(run.timings.values()):.3f}"}
    suite = ET.SubElement(root, "testsuite", about | {name: str(count) for name, count in counts.items()})
    for verdict in run.verdicts:
        _add_case(suite, verdict, f"synthkit.{_title(run).replace(' ', '.')}")
    return root


def _add_case(suite: ET.Element, verdict: Verdict, classname: str) -> None:
    case = ET.SubElement(suite, "testcase", classname=classname, name=printable(verdict.gate), time="0")
    line = printable(verdict.line)
    properties = ET.SubElement(case, "properties")
    for name, figure in verdict.figures.items():
        ET.SubElement(properties, "property", name=name, value=repr(figure))
    if verdict.fails:
        ET.SubElement(case, "failure", message=line)
    elif verdict.warns:
        ET.SubElement(case, "system-out").text = f"warning: {line}"
    elif verdict.status == "not applicable":
        ET.SubElement(case, "skipped", message=line)


def _markdown(run: Run) -> str:
    from synthkit.cli.output import spread_cell, spread_header
    from synthkit.report.words import figure, limit

    lines = [f"### synthkit {_cell(_title(run))}: {run.verdict}", ""]
    names = ["value", *spread_header(run), "matched", "ceiling", "limit"]
    lines += [f"| gate | {' | '.join(names)} | verdict |", f"|---|{'--:|' * len(names)}---|"]
    scores = {score.id: score for score in run.scores}
    for verdict in run.verdicts:
        value, *others = map(figure, (verdict.value, verdict.matched, verdict.ceiling))
        figures = [value, *spread_cell(run, scores.get(verdict.gate)), *others]
        mark = verdict.status + (" (warning)" if verdict.warns else "")
        told = f"{mark}: {verdict.reason}" if verdict.reason else mark
        cells = [verdict.gate, *figures, limit(verdict), f"**{told}**" if verdict.fails else told]
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    return "\n".join([*lines, "", ""])


def _cell(text: str) -> str:
    """Text that is neither markup nor the end of a cell."""
    return html.escape(printable(text), quote=False).replace("|", "&#124;").replace("`", "&#96;").replace("_", "&#95;")
