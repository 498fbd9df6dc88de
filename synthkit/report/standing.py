"""Where the synthetic data are wrong: columns and tables, the worst first."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from synthkit.scores import Failure, Score

_WORST = float("inf")


def loss(result: Score | Failure) -> float:
    """How far a figure is from what it could be: of its ceiling at equal size, else of its best value.

    Infinite where it could not be computed.

    Example:
        >>> loss(Score("a.b", 0.75)), loss(Score("a.b", 0.9, ceiling=0.75, matched=0.5))
        (0.25, 0.25)
    """
    if isinstance(result, Failure):
        return _WORST
    if result.ceiling is not None and result.matched is not None:
        return result.ceiling - result.matched
    return (result.bounds[1] or 0.0) - result.value


def by_column(results: Iterable[Score | Failure]) -> dict[str, dict[str, list[Score | Failure]]]:
    """What is known of each column alone where more is better, by table and column, the worst first of both.

    Example:
        >>> found = [Score("a.b", value, "t", (name,)) for name, value in (("x", 0.9), ("y", 0.5), ("z", 0.7))]
        >>> list(by_column(found)["t"])
        ['y', 'z', 'x']
    """
    tables: dict[str, dict[str, list[Score | Failure]]] = {}
    for result in results:
        if result.table is not None and len(result.columns) == 1 and _about_likeness(result):
            tables.setdefault(result.table, {}).setdefault(result.columns[0], []).append(result)
    return {table: _sorted(columns) for table, columns in tables.items()}


def worst_columns(results: Iterable[Score | Failure], shown: Container[tuple[str, str]]) -> list[Score | Failure]:
    """The worst figure of each of the ``shown`` columns (table and column), the worst first."""
    tables = by_column(results).items()
    first = [known[0] for table, columns in tables for name, known in columns.items() if (table, name) in shown]
    return sorted(first, key=lambda result: -loss(result))


def _about_likeness(result: Score | Failure) -> bool:
    if isinstance(result, Failure):
        return result.applicable
    return result.goal == "max" and result.bounds == (0.0, 1.0)


def _sorted(columns: Mapping[str, list[Score | Failure]]) -> dict[str, list[Score | Failure]]:
    ordered = {name: sorted(results, key=lambda result: -loss(result)) for name, results in columns.items()}
    return dict(sorted(ordered.items(), key=lambda item: -loss(item[1][0])))
