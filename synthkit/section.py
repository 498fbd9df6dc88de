"""A part of the report that a plugin adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with some text, and a table and a chart where there are.

    Everything is shown as text: no markup in it takes effect. It must hold no real value that fewer than k subjects
    have; the run is refused where it holds a real identifying string.

    Attributes:
        title: the heading.
        text: paragraphs, separated by empty lines.
        header: the names of the table's columns.
        rows: the cells of the table, as many in each row as there are names.
        chart: a Vega-Lite specification with its data in it, such as ``altair.Chart.to_dict()`` gives.

    Raises:
        ValueError: a row has not as many cells as the header.

    Example:
        >>> Section("Costs", "What the run cost.", header=("hours", "euro"), rows=((2, 3.5),)).title
        'Costs'
    """

    title: str
    text: str = ""
    header: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    chart: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if any(len(row) != len(self.header) for row in self.rows):
            raise ValueError("each row of a section's table has as many cells as its header")
