"""The files of a report in a run folder."""

from __future__ import annotations

import json
from pathlib import Path

from synthkit.report.report import Report

NAMES = ("report.html", "report.md", "report.json")


def write_report(folder: Path, report: Report) -> None:
    """Write ``report.html``, ``report.md`` and ``report.json`` into a folder that exists."""
    from synthkit.report.view import report_html, report_markdown  # noqa: PLC0415 - heavy: brings Altair

    texts = (report_html(report), report_markdown(report), _json(report))
    for name, text in zip(NAMES, texts, strict=True):
        (folder / name).write_text(text, "utf-8")


def _json(report: Report) -> str:
    return json.dumps(report.to_dict(), allow_nan=False) + "\n"
