"""Reports to look at, with everything in them that a report can have."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthkit import Column, ColumnKind, Context, Dataset, ForeignKey, Schema, Section, Table
from synthkit.gates import Gate, Verdict, judge
from synthkit.report import Report, Sides, by_column, figures
from synthkit.run import Run
from synthkit.scores import Failure, Score
from synthkit.testing import linked

HOSTILE = "<script>alert(1)</script>"
QUOTES = "\"'`</title><img src=x onerror=alert(2)> & {{ 7*7 }} | *b* [x](javascript:alert(3))"
LONG = "a_rather_long_name_of_a_column_" * 6


def report(*, passed: bool = False) -> Report:
    """A run on linked tables, with a score of each kind, a gate that failed, a failure and a section."""
    real, synthetic, holdout = (linked(subjects, seed) for seed, subjects in enumerate((600, 900, 200)))
    results = [*_scores(), *_about_people()]
    run = Run(
        "run", 0, "cart", "MIT", {"privacy": "balanced"}, synthetic.rows, {"name": "club"}, {"python": "3.11"},
        {"fit": 2.0, "sample": 1.0}, 512.0, tuple(results), _verdicts(results, passed), True, ("a note",), {"k": 10},
    )  # fmt: skip
    counted = tuple(figures(Sides(real, synthetic, holdout, 10, by_column(results)), Context()))
    chart = {"mark": "bar", "data": {"values": [{"a": 1}]}, "encoding": {"x": {"field": "a", "type": "quantitative"}}}
    section = Section("Costs", "Little.\n\nNot much.", ("hours", "euro"), ((1, 2.5),), chart)
    return Report(run, real.schema, counted, {"training": real.rows, "holdout": holdout.rows}, (section,))


def hostile_report() -> Report:
    """Names and values that try everything: of tables, columns, categories, notes, options and sections."""
    schema = Schema(
        (
            Table(
                HOSTILE,
                (Column("key", ColumnKind.ID), _category(HOSTILE), _category(QUOTES), _category(LONG)),
                ("key",),
            ),
            Table(QUOTES, (Column("parent", ColumnKind.ID), Column(HOSTILE, ColumnKind.NUMERICAL, "double"))),
        ),
        (ForeignKey(QUOTES, ("parent",), HOSTILE, ("key",), owner=True),),
        HOSTILE,
    )
    data = Dataset(schema, _hostile_rows())
    results = (Score("fidelity.shapes", 0.5, HOSTILE, (QUOTES,)), Failure("x.y", QUOTES, QUOTES, (HOSTILE,)))
    run = Run(
        "run", 0, QUOTES, HOSTILE, {HOSTILE: QUOTES}, data.rows, {"name": QUOTES}, {}, {QUOTES: 1.0}, 1.0, results,
        judge({"x.y": Gate(min=0.5)}, results), True, (HOSTILE, QUOTES), {"k": 10},
    )  # fmt: skip
    sections = (Section(HOSTILE, QUOTES, (QUOTES,), ((HOSTILE,),)),)
    return Report(run, schema, tuple(figures(Sides(data, data, data), Context())), {}, sections)


def wide_report(columns: int = 300, rows: int = 400) -> Report:
    """One table of many columns."""
    random = np.random.default_rng(0)
    named = tuple(Column(f"column_{place:03}", ColumnKind.NUMERICAL, "double") for place in range(columns))
    frame = pd.DataFrame({column.name: random.normal(size=rows) for column in named})
    data = Dataset(Schema((Table("wide", named),)), {"wide": frame})
    results = tuple(Score("fidelity.shapes", random.random(), "wide", (column.name,)) for column in named)
    run = Run("run", 0, "cart", rows=data.rows, results=results, judged=False)
    return Report(run, data.schema, tuple(figures(Sides(data, data, None, 10, by_column(results)), Context())))


def _category(name: str) -> Column:
    return Column(name, ColumnKind.CATEGORICAL)


def _hostile_rows() -> dict[str, pd.DataFrame]:
    random = np.random.default_rng(0)
    values = random.choice([HOSTILE, QUOTES, LONG, "null", "</script>"], (3, 300))
    keys = [f"k{i}" for i in range(300)]
    parents = pd.DataFrame({"key": keys, HOSTILE: values[0], QUOTES: values[1], LONG: values[2]})
    return {HOSTILE: parents, QUOTES: pd.DataFrame({"parent": keys * 2, HOSTILE: random.normal(size=600)})}


def _scores() -> list[Score | Failure]:
    beside = {"ceiling": 0.97, "matched": 0.9}
    shapes = [
        Score("fidelity.shapes", 0.9 - place / 100, table, (column,), ceiling=0.97, matched=0.89 - place / 100)
        for place, (table, column) in enumerate(
            [("members", "plan"), ("members", "age"), ("members", "active"), ("visits", "cost"), ("visits", "day")]
        )
    ]
    return [
        Score("integrity.violations", 0.0, bounds=(0.0, None), goal="min"),
        Score("fidelity.shapes", 0.88, **beside, error=0.01, repeats=(0.87, 0.89)),
        Score("fidelity.pairs", 0.8, "members", ("plan", "age")),
        Score("fidelity.pairs", 0.85, "members"),
        Score("means.closeness", 0.7),
        Failure("fidelity.order", "no dates in order", applicable=False),
        Failure("fidelity.triples", "a column cannot be read", "visits"),
        *shapes,
    ]


def _about_people() -> list[Score | Failure]:
    risk = {"goal": "min", "error": 0.02}
    return [
        Score("detection.rows", 0.8, "members", **risk),
        Score("detection.rows.importance", 0.2, "members", ("plan",), bounds=(-1.0, 1.0), **risk),
        Score("detection.rows.importance", 0.1, "members", ("visits.cost",), bounds=(-1.0, 1.0), **risk),
        Score("detection.rows", 0.5, "visits", **risk),
        Score("utility.ratio", 0.9, "members", ("active",), bounds=(0.0, 1.2), error=0.05),
        Score("utility.ratio", 0.9, bounds=(0.0, 1.2), error=0.05),
        Score("privacy.membership", 0.53, **risk),
        Score("privacy.membership.ball", 0.53, **risk),
        Score("privacy.membership.density", 0.49, **risk),
        Score("privacy.copies.rows", 0.0, bounds=(0.0, None), goal="min"),
    ]


def _verdicts(results: list[Score | Failure], passed: bool) -> tuple[Verdict, ...]:
    gates = {
        "integrity.violations": Gate(max=0),
        "fidelity.shapes": Gate(min=0.5 if passed else 0.95, min_of_ceiling=0.5),
        "privacy.membership": Gate(max=0.52, confidence=0.95),
        "means.closeness": Gate(min=0.9, severity="warn"),
    }
    return judge(gates if passed else gates | {"fidelity.nowhere": Gate(min=0.1)}, results)
