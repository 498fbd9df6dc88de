"""What a figure is called and what must be known to read it; and names made fit to be shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count, pairwise

from synthkit.report.aggregates import Density, Groups, Histogram, Side
from synthkit.report.crowd import LEAST_ROWS
from synthkit.report.figures import Figure
from synthkit.report.pairs import Matrix

OTHERS, NULL = "all others", "null"
_LONGEST = 60
_FEW = f"fewer than {LEAST_ROWS} rows or too few subjects"
_HEADINGS = {
    "children": "rows of {table} for each parent",
    "means": "mean {column} of {table} for each parent",
    "gaps": "days between rows of {table}, by {column}",
    "pairs": "{table}: how columns depend on each other",
}


def caption(figure: Figure) -> tuple[str, list[str]]:
    """The heading of a figure, and notes: rows and nulls of each side, and what is not shown."""
    plain = f"{figure.table}.{figure.columns[0]}" if figure.topic == "column" else "{table}: {column}"
    form = _HEADINGS.get(figure.topic)
    heading = form.format(table=figure.table, column=figure.columns[0]) if form else plain
    if figure.topic == "pair":
        heading = f"{figure.table}: {' × '.join(figure.columns)}"
    notes = list(_notes(figure.counted))
    if figure.every > 1:
        notes.append(f"counted from one in {figure.every} real rows")
    return heading, notes


def legible(text: str) -> str:
    """The text without control characters and the like, which no XML may hold and no eye can see."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in text)


def short(text: str) -> str:
    """The text, or its beginning."""
    seen = legible(text[: _LONGEST + 1])
    return seen if len(text) <= _LONGEST else f"{seen[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def distinct(names: Iterable[str]) -> list[str]:
    """Short names that are still different; what looks like a name of ours, or like nothing, is quoted."""
    labels: list[str] = []
    for name in names:
        label = f'"{short(name)}"' if name.strip() in ("", OTHERS, NULL) else short(name)
        numbered = (f"{label} ({number})" for number in count(2))
        labels.append(label if label not in labels else next(label for label in numbered if label not in labels))
    return labels


def _notes(counted: Histogram | Groups | Density | Matrix) -> Iterator[str]:
    if isinstance(counted, Matrix):
        yield "Cramér's V: 0 is no dependence, 1 is one column deciding the other"
        return
    holdout = None if isinstance(counted, Density) else counted.holdout
    sides = (("real", counted.real), ("synthetic", counted.synthetic), ("holdout", holdout))
    yield " \N{MIDDLE DOT} ".join(_described(name, side) for name, side in sides if side is not None)
    if not any(side.shares for _, side in sides if side is not None):
        yield "nothing to show"
    elif isinstance(counted, Histogram):
        yield from _histogram_notes(counted)
    elif isinstance(counted, Groups):
        yield from _groups_notes(counted)
    else:
        yield f"blank: {_FEW}, or a synthetic share below that of {LEAST_ROWS} real rows"


def _described(name: str, side: Side) -> str:
    return f"{name}: {side.rows:,} rows{_nulls(side) if side.rows else ''}"


def _nulls(side: Side) -> str:
    if side.nulls is None:
        return ", hardly any null" if side.shares else ", hardly any with a value"
    if side.nulls in (0, 1):
        return ", all null" if side.nulls else ", no nulls"
    return f", {side.nulls:.1%} null" if side.nulls >= 0.0005 else ", <0.1% null"


def _histogram_notes(counted: Histogram) -> Iterator[str]:
    joined = any(high - low > 1.5 * counted.step for low, high in pairwise(counted.edges))
    yield "the outermost bars hold all beyond them" + f"; bars of {_FEW} are joined" * joined
    if counted.zeros:
        yield "exactly 0: real {:.1%}, synthetic {:.1%}".format(*counted.zeros)


def _groups_notes(counted: Groups) -> Iterator[str]:
    others = len(counted.names)
    shares = [side.shares for side in (counted.real, counted.synthetic, counted.holdout) if side is not None]
    if any(each[others] for each in shares if each):
        yield f"{OTHERS}: the rarer ones, and any of {_FEW}"
