"""What the page says, in the order in which it says it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from synthkit.gates import CORE_METRICS, Verdict, evaluator_of
from synthkit.report import words
from synthkit.report.captions import caption
from synthkit.report.charts import chart, ranking
from synthkit.report.diagram import diagram
from synthkit.report.figures import Figure
from synthkit.report.images import specification
from synthkit.report.page import html, markdown
from synthkit.report.report import Report
from synthkit.report.reproduce import command
from synthkit.report.standing import by_column, loss, worst_columns
from synthkit.scores import Failure, Score

PAGE = 24  # figures of a table that are shown at once
_MOST_FEATURES = 15
_MOST_LISTED = 40  # of the worst figures about pairs and the like
_SURE = 1.96  # standard errors on each side of 95 %
_IMPORTANCE = ".importance"


@dataclass(frozen=True, slots=True)
class Card:
    """One chart in the page: its number, heading and notes."""

    chart: str
    heading: str
    notes: list[str]


@dataclass(frozen=True, slots=True)
class Line:
    """One figure and its words.

    Attributes:
        name: what it is about, where that is not all tables.
        words: what the measure means.
        result: the score or failure.
        low, high: within which the value lies with 95 %, where that is known.
        part: how much of a bar to fill, in [0, 1], where more is better and there is a greatest value.
    """

    name: str
    words: words.Words
    result: Score | Failure
    low: float | None = None
    high: float | None = None
    part: float | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: what is known of it, the worst first, and where its chart is."""

    name: str
    kind: str
    lines: list[Line]
    card: str | None


@dataclass(slots=True)
class Table:
    """What the page shows of one table."""

    name: str
    rows: dict[str, int]
    lines: list[Line]
    columns: list[Column]
    pages: list[list[Card]]
    pairs: list[Card]
    relation: list[Card]
    worst: list[Line]


@dataclass
class _Cards:
    """The charts of the page, numbered as they come."""

    charts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, drawn: Any, heading: str, notes: Iterable[str]) -> Card:
        name, notes = f"c{len(self.charts) + 1}", list(notes)
        plain = drawn if isinstance(drawn, dict) else specification(drawn)
        self.charts[name] = {**plain, "description": ". ".join([heading, *notes])}
        return Card(name, heading, notes)

    def of(self, figure: Figure) -> Card:
        heading, notes = caption(figure)
        return self.add(chart(figure), figure.columns[0] if figure.topic == "column" else heading, notes)


def report_html(report: Report) -> str:
    """The page of a report."""
    cards, run = _Cards(), report.run
    tables = [_table(report, name, cards) for name in report.schema.table_names]
    sections = [
        (section, cards.add(dict(section.chart), section.title, ()) if section.chart else None)
        for section in report.sections
    ]
    values = {
        "run": run,
        "headline": words.headline(run.verdict, run.verdicts),
        "gates": _gates(run.verdicts),
        "facts": list(_facts(report)),
        "timings": sorted(run.timings.items(), key=lambda item: -item[1]),
        "diagram": diagram(report.schema),
        "schema": report.schema,
        "topics": _topics(report),
        "tables": tables,
        "detection": _importances(report, cards),
        "attacks": _attacks(report, cards),
        "privacy": [_line(score) for score in report.whole() if evaluator_of(score.metric) == "privacy"],
        "utility": [_line(score) for score in run.scores if score.metric.startswith("utility.") and score.columns],
        "failures": sorted(run.failures, key=lambda failure: not failure.applicable),
        "command": command(run, report.schema.subject),
        "sections": sections,
        "page_size": PAGE,
    }
    return html("report.html.j2", cards.charts, **values)


def report_markdown(report: Report) -> str:
    """The report in short, for a pull request or the summary of a CI job."""
    run = report.run
    shown = {(figure.table, figure.columns[0]) for figure in report.figures if figure.topic == "column"}
    worst = worst_columns(run.results, shown)
    return markdown(
        "report.md.j2",
        run=run,
        headline=words.headline(run.verdict, run.verdicts),
        gates=_gates(run.verdicts),
        facts=list(_facts(report)),
        worst=[_line(result) for result in worst[:5]],
        failures=[failure for failure in run.failures if failure.applicable],
        command=command(run, report.schema.subject),
    )


def _gates(verdicts: Iterable[Verdict]) -> list[tuple[Verdict, words.Words]]:
    """Those that fail first, then warnings, then the others."""
    ordered = sorted(verdicts, key=lambda verdict: (not verdict.fails, not verdict.warns))
    return [(verdict, words.words(verdict.gate)) for verdict in ordered]


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    run = report.run
    yield "Synthesizer", f"{run.plugin}" if run.plugin else "none: the tables were made elsewhere"
    if run.licence:
        yield "Licence", run.licence
    if run.options:
        yield "Options", ", ".join(f"{name} = {value}" for name, value in run.options.items())
    if run.source:
        yield "Real data", str(run.source.get("name", ""))
    yield "Seed", f"{run.seed}" + (f", and {run.repeats - 1} more for the judgement" if run.repeats > 1 else "")
    if run.guard:
        yield "Protection", f"nothing that fewer than {run.guard['k']} subjects share was learned from"
    yield "Time", f"{sum(run.timings.values()):,.1f} seconds"
    yield "Memory", f"{run.peak_memory_mb:,.0f} MiB at most"


def _topics(report: Report) -> list[tuple[str, list[Line]]]:
    whole = [score for score in report.whole() if evaluator_of(score.metric) not in ("privacy", *CORE_METRICS)]
    grouped = groupby(sorted(whole, key=lambda score: words.topic(score.metric)), key=lambda s: words.topic(s.metric))
    return [(name, [_line(score) for score in scores]) for name, scores in grouped]


def _line(result: Score | Failure) -> Line:
    name = ".".join(part for part in (result.table, ", ".join(result.columns)) if part)
    if isinstance(result, Failure):
        return Line(name, words.words(result.metric), result)
    (least, most), low, high = result.bounds, None, None
    if result.error:
        low = max(least, result.value - _SURE * result.error)
        high = result.value + _SURE * result.error if most is None else min(most, result.value + _SURE * result.error)
    part = (result.value - least) / (most - least) if result.goal == "max" and most else None
    return Line(name, words.words(result.metric), result, low, high, part)


def _table(report: Report, name: str, cards: _Cards) -> Table:
    known = by_column(report.run.results).get(name, {})
    drawn = {figure.columns[0]: cards.of(figure) for _, figure in report.of(name, "column")}
    kinds = {column.name: str(column.kind) for column in report.schema[name].columns}
    names = dict.fromkeys([*drawn, *(column for column in known if column in kinds), *kinds])
    rows = {part: rows[name] for part, rows in (report.rows or {}).items() if name in rows}
    columns = [
        Column(name, kinds[name], [_line(r) for r in known.get(name, ())], drawn[name].chart if name in drawn else None)
        for name in names
    ]
    shown = list(drawn.values())
    return Table(
        name=name,
        rows=rows | ({"synthetic": report.run.rows[name]} if name in report.run.rows else {}),
        lines=[_line(result) for result in report.about(name) if not _risk(result)],
        columns=columns,
        pages=[shown[start : start + PAGE] for start in range(0, len(shown), PAGE)],
        pairs=[cards.of(figure) for _, figure in report.of(name, "pairs", "pair")],
        relation=[cards.of(figure) for _, figure in report.of(name, "children", "means", "gaps")],
        worst=_worst(report, name),
    )


def _risk(result: Score | Failure) -> bool:
    return evaluator_of(result.metric) in ("privacy", *CORE_METRICS)


def _worst(report: Report, table: str) -> list[Line]:
    """The worst figures about more than one column of a table."""
    several = [s for s in report.run.scores if s.table == table and len(s.columns) > 1 and s.goal == "max"]
    return [_line(score) for score in sorted(several, key=lambda score: -loss(score))[:_MOST_LISTED]]


def _importances(report: Report, cards: _Cards) -> list[tuple[Line, Card | None]]:
    """How well rows of each table are told apart, and by which features."""
    found = []
    for score in report.run.scores:
        if evaluator_of(score.metric) == "detection" and not score.columns and score.table:
            own = [
                (",".join(s.columns), s.value, s.error or 0.0)
                for s in report.run.scores
                if s.metric == score.metric + _IMPORTANCE and s.table == score.table
            ]
            own.sort(key=lambda row: -row[1])
            heading = f"{score.table}: what gave {words.words(score.metric).title.split()[0].lower()} away"
            note = "how much worse they are told apart without it"
            drawn = cards.add(ranking(own[:_MOST_FEATURES], "importance"), heading, [note]) if own else None
            found.append((_line(score), drawn))
    return found


def _attacks(report: Report, cards: _Cards) -> Card | None:
    """The attacks that tell who was learned from, against guessing."""
    form = "privacy.membership."
    own = [(s.metric.removeprefix(form), s.value, s.error or 0.0) for s in report.whole() if s.metric.startswith(form)]
    if not own:
        return None
    drawn = ranking(sorted(own, key=lambda row: -row[1]), "area under the ROC curve", origin=0.5)
    return cards.add(drawn, "Attacks: who was learned from?", ["0.5 is guessing; lines are intervals of 95 %"])
