"""How a sample is made to keep every rule: a bounded number of redraws, then the smallest repair."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from synthkit.dataset import Dataset
from synthkit.errors import IntegrityError
from synthkit.rules.combinations import mend_inclusion, mend_repetition
from synthkit.rules.donors import mend_ties
from synthkit.rules.draft import Draft, pinned
from synthkit.rules.flags import mend_formula, mend_null, mend_only_if
from synthkit.rules.running import mend_running
from synthkit.rules.windows import cut_circles, mend_windows
from synthkit.schema import (
    ConditionalNull,
    Formula,
    Inclusion,
    Inequality,
    OnlyIf,
    Range,
    Rule,
    Running,
    Schema,
    UniqueCombination,
    in_words,
)
from synthkit.schema.formula import terms

_PASSES = 8  # a repair may break another rule, as a move does those of its new parent


def kept(sample: Dataset, *, seed: int) -> tuple[Dataset, list[str]]:
    """The sample with every rule of its schema kept, and notes that count what was changed, without values.

    Row counts, keys, dtypes and the steps of numbers and dates stay (a nullable column may get its first null), and
    so do the rows that keep every rule, unless a repetition has to go. Parents come before children, and no parent
    is changed for a child's sake. ``sample`` is not changed; the same seed gives the same result.

    A number or date beyond its limit is drawn again, as far from the limit as those of other rows of the sample;
    what still breaks a rule after some tries is set to the nearest value that does not.

    Raises:
        IntegrityError: a rule cannot be kept.

    Example:
        >>> from synthkit.testing import guarded
        >>> kept(guarded(), seed=0)[1]
        []
    """
    schema = sample.schema
    draft = Draft(sample, np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(len(schema.tables),))))
    for turn in range(_PASSES):
        draft.last_resort = turn > 0
        if next(_broken(draft), None) is None:
            return draft.data, draft.notes()
        for table in _order(schema):
            _mend(draft, table)
            if turn >= _PASSES // 2:
                cut_circles(draft, table)
    for table, rule, count in _broken(draft):
        problem = f"{count:,} rows break the rule {in_words(rule)} and cannot be made to keep it"
        raise IntegrityError(problem, "correct the rule in the schema, or take it out", _where(table, rule))
    return draft.data, draft.notes()


def _mend(draft: Draft, table: str) -> None:
    """What is tied together first, then keys, what has but one right value, numbers and times, what must differ."""
    mend_ties(draft, table)
    steps = sorted(_rules(draft.schema, table), key=partial(_turn, draft.schema, table))
    windows = True
    for rule in steps:
        if isinstance(rule, Inequality | Range):
            if windows:
                mend_windows(draft, table)
            windows = False
        elif len(draft.breaking(table, rule)):
            _mend_one(draft, table, rule)


def _mend_one(draft: Draft, table: str, rule: Rule) -> None:
    if isinstance(rule, Inclusion):
        mend_inclusion(draft, table, rule)
    elif isinstance(rule, UniqueCombination):
        mend_repetition(draft, table, rule)
    elif isinstance(rule, OnlyIf):
        mend_only_if(draft, table, rule)
    elif isinstance(rule, ConditionalNull):
        mend_null(draft, table, rule)
    elif isinstance(rule, Formula):
        mend_formula(draft, table, rule)
    elif isinstance(rule, Running):
        mend_running(draft, table, rule)


def _turn(schema: Schema, table: str, rule: Rule) -> tuple[int, int]:
    """The place of a rule among those of its table."""
    if isinstance(rule, UniqueCombination):
        return (1 if set(rule.columns) & schema.key_columns(table) else 6), 0
    if isinstance(rule, Formula):
        return 4, _depth(schema, table, rule)
    return {"inclusion": 0, "only_if": 2, "conditional_null": 3, "running": 7}.get(rule.kind, 5), 0


def _depth(schema: Schema, table: str, rule: Formula) -> int:
    """How many formulas a formula waits for."""
    inputs = set(terms(rule.expression))
    waiting = (r for r in schema[table].rules if isinstance(r, Formula) and r.column in inputs)
    return max((1 + _depth(schema, table, other) for other in waiting), default=0)


def _rules(schema: Schema, table: str) -> tuple[Rule, ...]:
    """The rules of a table; that a primary key of several columns is unique is one of them."""
    key = schema[table].primary_key
    unique = (UniqueCombination(key),) if len(key) > 1 and not set(key) <= pinned(schema, table) else ()
    return (*schema[table].rules, *unique)


def _broken(draft: Draft) -> Iterator[tuple[str, Rule, int]]:
    for table in _order(draft.schema):
        for rule in _rules(draft.schema, table):
            rows = draft.breaking(table, rule)
            if len(rows):
                yield table, rule, len(rows)


def _order(schema: Schema) -> list[str]:
    """Parents before children, and tables after those that their combinations come from."""
    order = list(schema.order())
    for table in schema.order():
        sources = [r.parent for r in schema[table].rules if isinstance(r, Inclusion)]
        last = max((order.index(name) for name in sources), default=0)
        if last > order.index(table):
            order.insert(last, order.pop(order.index(table)))
    return order


def _where(table: str, rule: Rule) -> str:
    return f"{table}.{'+'.join(rule.references)}"
