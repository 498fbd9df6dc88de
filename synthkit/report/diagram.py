"""The tables and their keys as a drawing: parents above, children below."""

from __future__ import annotations

from dataclasses import dataclass

from synthkit.schema import Schema

_WIDTH, _HEIGHT = 200, 58  # of a box
_ACROSS, _DOWN = 24, 56  # between boxes
_MOST = 4  # boxes beside each other


@dataclass(frozen=True, slots=True)
class Box:
    """One table: its place, and what stands in it."""

    table: str
    x: int
    y: int
    note: str


@dataclass(frozen=True, slots=True)
class Line:
    """One foreign key: a path of SVG from the parent to the child."""

    path: str
    owner: bool
    words: str


@dataclass(frozen=True, slots=True)
class Diagram:
    """All boxes and lines, and the size of the drawing."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    box: tuple[int, int] = (_WIDTH, _HEIGHT)


def diagram(schema: Schema) -> Diagram:
    """Place the tables in rows, each below the lowest of its parents.

    Example:
        >>> from synthkit.testing import guarded
        >>> drawn = diagram(guarded().schema)
        >>> [(box.table, box.y) for box in drawn.boxes], len(drawn.lines)
        ([('customers', 0), ('purchases', 114)], 1)
    """
    rows = _rows(schema)
    widest = max(len(row) for row in rows)
    width = widest * (_WIDTH + _ACROSS) - _ACROSS
    boxes = {}
    for number, row in enumerate(rows):
        left = (width - len(row) * (_WIDTH + _ACROSS) + _ACROSS) // 2
        for place, name in enumerate(row):
            x, y = left + place * (_WIDTH + _ACROSS), number * (_HEIGHT + _DOWN)
            boxes[name] = Box(name, x, y, _note(schema, name))
    lines = [
        Line(
            _path(boxes[key.parent], boxes[key.table]), key.owner, f"{key.table}.{'+'.join(key.columns)} → {key.parent}"
        )
        for key in schema.foreign_keys
    ]
    return Diagram(width, len(rows) * (_HEIGHT + _DOWN) - _DOWN, tuple(boxes.values()), tuple(lines))


def _rows(schema: Schema) -> list[list[str]]:
    depth: dict[str, int] = {}
    for name in schema.order():
        above = [depth[key.parent] for key in schema.parents_of(name) if key.parent in depth and key.parent != name]
        depth[name] = 1 + max(above, default=-1)
    levels = [[n for n in depth if depth[n] == level] for level in range(max(depth.values()) + 1)]
    return [level[i : i + _MOST] for level in levels for i in range(0, len(level), _MOST)]


def _note(schema: Schema, table: str) -> str:
    if schema[table].reference:
        return "reference table"
    return "subjects" if table == schema.subject else f"{len(schema[table].columns)} columns"


def _path(parent: Box, child: Box) -> str:
    if parent is child or parent.table == child.table:
        x, y = parent.x + _WIDTH, parent.y + _HEIGHT // 2
        return f"M{x} {y - 8} c22 -14 22 30 0 16"
    x1, x2 = parent.x + _WIDTH // 2, child.x + _WIDTH // 2
    y1, y2 = (parent.y + _HEIGHT, child.y) if child.y > parent.y else (parent.y, child.y + _HEIGHT)
    middle = (y1 + y2) // 2
    return f"M{x1} {y1} C{x1} {middle} {x2} {middle} {x2} {y2}"
