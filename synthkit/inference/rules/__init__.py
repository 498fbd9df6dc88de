"""Rules that hold in every row of the data and would not by chance, to be proposed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from synthkit.dataset import Dataset
from synthkit.inference.rules.combinations import fixed_combinations
from synthkit.inference.rules.flags import conditional_null, only_if
from synthkit.inference.rules.formulas import formulas
from synthkit.inference.rules.keys import inclusions, unique_combinations
from synthkit.inference.rules.order import Edges, against_parents, reduced, within_table
from synthkit.inference.rules.running import running
from synthkit.inference.rules.spans import spans
from synthkit.inference.rules.view import View, views
from synthkit.row_numbers import Flags
from synthkit.schema.rules import Formula, Rule, Running

__all__ = ["proposed", "with_rules"]


def proposed(data: Dataset, k: int = 10) -> dict[str, tuple[Rule, ...]]:
    """The rules of each table that no row breaks and that say something; tables without any are left out.

    A rule is proposed if at least 5 % of the rows it is about would break it by chance, were its columns
    independent, and if that none does is practically impossible then: for each kind of rule and each table
    the chance that any is proposed of independent columns is below 1e-9, whatever their number (bounds on the
    exact permutation tests, times the number of candidates). One row of each subject is evidence, so that
    what one subject repeats counts once. No rule holds a value of the data but true and false, and categories
    that twenty subjects have, or ``k`` if those are more. ``data`` is not changed.

    Example:
        >>> from synthkit.testing.tables import guarded
        >>> proposed(guarded(subjects=500))
        {}
    """
    seen = views(data)
    edges: dict[str, Edges] = {}
    found = {name: tuple(_of_table(view, seen, edges, k)) for name, view in seen.items()}
    return {name: found[name] for name in data.schema.table_names if found[name]}


def with_rules(data: Dataset, k: int = 10) -> Dataset:
    """The same data with the proposed rules in its schema."""
    rules = proposed(data, k)
    tables = tuple(replace(table, rules=rules.get(table.name, ())) for table in data.schema.tables)
    return Dataset(replace(data.schema, tables=tables), data.tables)


def _of_table(view: View, seen: Mapping[str, View], edges: dict[str, Edges], k: int) -> Iterator[Rule]:
    across = against_parents(view, seen)
    bounded = {low for low, _ in across}  # a time that a parent's bounds from above cannot follow from others
    given = [*formulas(view, seen), *(rule for rule in spans(view) if rule.column not in bounded)]
    runs = running(view, seen, [rule.column for rule in given], k)
    calculated: list[Formula | Running] = [*given, *runs]
    edges[view.table.name] = within_table(view, _tied(calculated))
    yield from _inequalities(view, seen, edges, across)
    implications = list(only_if(view))
    yield from implications
    yield from conditional_null(view)
    stated = [set(rule.references) for rule in implications]
    yield from (rule for rule in fixed_combinations(view) if set(rule.columns) not in stated)
    yield from calculated
    yield from unique_combinations(view)
    yield from inclusions(view, list(seen.values()))


def _tied(calculated: Iterable[Formula | Running]) -> list[frozenset[str]]:
    """The columns that formulas and what runs on tie together, also over other columns."""
    groups: list[frozenset[str]] = []
    for rule in calculated:
        own = frozenset(rule.references)
        touched = [group for group in groups if group & own]
        groups = [*(group for group in groups if not group & own), own.union(*touched)]
    return groups


def _inequalities(view: View, seen: Mapping[str, View], edges: Mapping[str, Edges], across: Edges) -> Iterator[Rule]:
    known = {
        (f"{called}.{low}", f"{called}.{high}"): strict
        for called, key, _ in view.parents()
        for (low, high), strict in edges.get(key.parent, {}).items()
    }

    def missing(reference: str) -> Flags:
        for called, key, rows in view.parents():
            name = reference.removeprefix(f"{called}.")
            if name != reference:
                return (rows < 0) | seen[key.parent].missing(name)[rows]
        return view.missing(reference)

    return iter(reduced(edges[view.table.name] | across, known, missing))
