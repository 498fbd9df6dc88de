"""What a report holds, as plain data: computed once, then shown as a page, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from synthkit.report.figures import Figure
from synthkit.run import Run, results_dict
from synthkit.schema import Schema
from synthkit.scores import Failure, Score
from synthkit.section import Section

VERSION = 1


@dataclass(frozen=True)
class Report:
    """One run and the pictures of its data.

    Attributes:
        run: its record.
        schema: of the tables that it made.
        figures: what there is to see; none where no real data were at hand.
        rows: how many rows each part (``training``, ``holdout``) of each table has.
        sections: what plugins add.
    """

    run: Run
    schema: Schema
    figures: tuple[Figure, ...] = ()
    rows: Mapping[str, Mapping[str, int]] | None = None
    sections: tuple[Section, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``report.json`` holds it."""
        run = self.run.to_dict()
        about = {k: v for k, v in run.items() if k not in ("version", "scores", "failures", "verdicts", "verdict")}
        return {
            "version": VERSION,
            "verdict": self.run.verdict,
            "gates": [asdict(verdict) for verdict in self.run.verdicts],
            "run": about,
            "rows": self.rows or {},
            "schema": self.schema.to_dict(),
            **results_dict(self.run.results),
            "figures": [{"shows": type(f.counted).__name__.lower(), **asdict(f)} for f in self.figures],
            "sections": [asdict(section) for section in self.sections],
        }

    def of(self, table: str, *topics: str) -> list[tuple[int, Figure]]:
        """The figures of a table on some topics, each with its number."""
        found = enumerate(self.figures)
        return [(number, figure) for number, figure in found if figure.table == table and figure.topic in topics]

    def whole(self) -> Iterator[Score]:
        """The scores about all tables together."""
        return (score for score in self.run.scores if score.table is None)

    def about(self, table: str) -> Iterator[Score | Failure]:
        """The results about a table as a whole."""
        return (result for result in self.run.results if result.table == table and not result.columns)
