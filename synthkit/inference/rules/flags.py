"""What is true, or null, only where something else is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from synthkit.inference.rules.chance import SHARE, implied, surprising
from synthkit.inference.rules.view import View
from synthkit.row_numbers import Flags
from synthkit.schema import ColumnKind
from synthkit.schema.rules import ConditionalNull, OnlyIf

_MOST = 200  # columns
_KINDS = (ColumnKind.NUMERICAL, ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN, ColumnKind.DATETIME)
_EVERY = 100_000  # columns, where each costs one look


def only_if(view: View) -> Iterator[OnlyIf]:
    """Booleans that are true only where another is; not what follows from two others."""
    names = [c.name for c in view.columns(ColumnKind.BOOLEAN, most=_MOST) if not view.missing(c.name).any()]
    true = [view.true(name) for name in names]
    for i, j in _unstated(_implications(view, true, true)):
        yield OnlyIf(names[i], names[j])


def conditional_null(view: View) -> Iterator[ConditionalNull]:
    """Columns that are null together, or where a boolean is false or true, or wherever another column is null.

    Of columns that are null in the same rows, each is tied to the first, and only that one to other things.
    """
    groups = _null_groups(view)
    for first, *others in groups:
        yield from (ConditionalNull(name, first) for name in others)
    tied = {rule.column: rule for rule in _by_booleans(view, [group[0] for group in groups])}
    yield from tied.values()
    free = [group[0] for group in groups if group[0] not in tied or not tied[group[0]].exact]
    missing = [view.missing(name) for name in free]
    for i, j in _unstated(_implications(view, missing, missing)):
        yield ConditionalNull(free[j], free[i], exact=False)


def _null_groups(view: View) -> list[list[str]]:
    """Columns with nulls in exactly the same rows; a column whose nulls are too few or too many is no evidence."""
    groups: dict[bytes, list[str]] = {}
    for column in view.columns(*_KINDS, most=_EVERY):
        if column.nullable and not view.missing(column.name).all():
            groups.setdefault(np.packbits(view.missing(column.name)).tobytes(), []).append(column.name)
    found = list(groups.values())
    candidates = sum(map(len, found)) ** 2
    split = (part for group in found for part in ([group] if _telling(view, group, candidates) else _alone(group)))
    return list(split)[:_MOST]


def _alone(group: list[str]) -> list[list[str]]:
    return [[name] for name in group]


def _telling(view: View, group: Sequence[str], candidates: int) -> bool:
    nulls = view.missing(group[0])[view.units]
    return surprising(implied(nulls, nulls)[0], candidates)


def _by_booleans(view: View, names: Sequence[str]) -> Iterator[ConditionalNull]:
    """For each column the boolean that says where it is null, exactly if one does, or else in most rows."""
    booleans = [c for c in view.columns(ColumnKind.BOOLEAN, most=_MOST) if not view.missing(c.name).any()]
    candidates = 4 * len(names) * len(booleans)
    for name in names:
        rules = [
            ConditionalNull(name, boolean.name, (value,), exact=exact)
            for boolean in booleans
            for value in (False, True)
            for exact in (True, False)
            if _says(view, name, view.true(boolean.name) == value, exact=exact, candidates=candidates)
        ]
        yield from sorted(rules, key=lambda rule: (not rule.exact, -_rows(view, rule)))[:1]


def _rows(view: View, rule: ConditionalNull) -> int:
    return int((view.true(rule.given) == rule.values[0]).sum())


def _says(view: View, name: str, given: Flags, *, exact: bool, candidates: int) -> bool:
    missing = view.missing(name)
    holds = bool((given == missing).all()) if exact else not (given & ~missing).any()
    return holds and _evident(given[view.units], missing[view.units], candidates, least=0.0 if exact else SHARE)


def _implications(view: View, premises: Sequence[Flags], conclusions: Sequence[Flags]) -> set[tuple[int, int]]:
    """Which flags come never without which others, and would by chance; flags that are equal imply each other."""
    first = np.array([p[view.sample] for p in premises], dtype=np.float32).reshape(len(premises), len(view.sample))
    without = first @ (1 - first.T)
    pairs = ((int(i), int(j)) for i, j in np.argwhere(without == 0) if i != j)
    return {
        (i, j)
        for i, j in pairs
        if not (premises[i] & ~conclusions[j]).any()
        and _evident(premises[i][view.units], conclusions[j][view.units], len(premises) ** 2, least=SHARE)
    }


def _evident(premise: Flags, conclusion: Flags, candidates: int, *, least: float) -> bool:
    log_chance, share = implied(premise, conclusion)
    return share >= least and surprising(log_chance, candidates)


def _unstated(pairs: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """The pairs that do not follow from two others."""

    def follows(low: int, high: int) -> bool:
        between = (b for a, b in pairs if a == low and (b, high) in pairs)
        return any((b, low) not in pairs and (high, b) not in pairs for b in between)

    return sorted(pair for pair in pairs if not follows(*pair))
