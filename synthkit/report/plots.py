"""The pictures of a run folder: which are drawn as files, and what these are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Literal

from synthkit.context import Context
from synthkit.report.figures import Figure

Form = Literal["png", "svg"]

MOST_FILES = 40  # a file takes a tenth of a second; the page draws all others, too
_LONGEST = 60


def write_plots(figures: Sequence[Figure], folder: Path, *, context: Context, form: Form = "png") -> list[Path]:
    """Draw figures as files: ``MOST_FILES`` of them at most, of each table and topic the first ones.

    The files are called ``<table>.<column>.png``, ``<table>.<a>~<b>.png`` and ``<table>.<topic>.<columns>.png`` and lie
    within ``folder``, which exists; characters that are not safe in a file name become ``_``.

    Raises:
        ResourceError: the deadline of ``context`` has passed.
    """
    from synthkit.report.charts import chart  # noqa: PLC0415 - heavy: brings Altair and the converter
    from synthkit.report.images import drawn  # noqa: PLC0415

    chosen = _chosen(figures)
    paths = [folder / f"{name}.{form}" for name in _file_names(chosen)]
    for done, (path, figure) in enumerate(zip(paths, chosen, strict=True)):
        context.progress(done, len(chosen), f"plot {done + 1} of {len(chosen)}")
        path.write_bytes(drawn(chart(figure), form))
    if len(chosen) < len(figures):
        context.note(
            f"plots/ holds {len(chosen)} of {len(figures)} pictures, the worst columns first; report.html has all"
        )
    return paths


def _chosen(figures: Sequence[Figure]) -> list[Figure]:
    """The figures to draw, in their order."""
    seen: Counter[tuple[str, str]] = Counter()
    ranks = []
    for figure in figures:
        ranks.append(seen[figure.table, figure.topic])
        seen[figure.table, figure.topic] += 1
    best = sorted(range(len(figures)), key=ranks.__getitem__)[:MOST_FILES]
    return [figures[place] for place in sorted(best)]


def _file_names(figures: Iterable[Figure]) -> list[str]:
    """A safe name each, none of them equal to another one even where case does not count."""
    names: list[str] = []
    taken: set[str] = set()
    for figure in figures:
        marks = chain([""], (f"-{number}" for number in count(2)))
        name = next(name for mark in marks if (name := f"{_stem(figure)}{mark}").casefold() not in taken)
        taken.add(name.casefold())
        names.append(name)
    return names


def _stem(figure: Figure) -> str:
    columns = "~".join(map(_safe, figure.columns))
    parts = {"column": (columns,), "pair": (columns,), "pairs": ("pairs",)}
    return ".".join([_safe(figure.table), *parts.get(figure.topic, (figure.topic, columns))])


def _safe(name: str) -> str:
    """Only harmless characters, the first of them no dot, dash or space: neither hidden nor an option."""
    return re.sub(r"[^A-Za-z0-9._ -]|^[. -]|^$", "_", name)[:_LONGEST]
