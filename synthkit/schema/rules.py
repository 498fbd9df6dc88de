"""What holds for the rows of a table: rules that real data keep and every sample must keep.

A rule names columns of its table by their names, and a column of a parent as ``parent.column``, as in
``customers.join_date``; where several keys lead to the same parent, the key's own column stands in place of the
parent's name: ``origin.opened``. A row in which a named column is null keeps the rule, unless the rule is about
nulls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from synthkit.schema.formula import evaluated, terms

_EXACT = ConfigDict(extra="forbid")


def _written(limit: object) -> object:
    return limit.isoformat() if isinstance(limit, date) else limit


Limit = Annotated[int | float | str | None, BeforeValidator(_written)]


@dataclass(frozen=True, slots=True)
class Inequality:
    """``low <= high``, or ``low < high`` where it is ``strict``; both numbers, or both dates or times."""

    __pydantic_config__ = _EXACT

    low: str
    high: str
    strict: bool = False
    kind: Literal["inequality"] = field(default="inequality", kw_only=True)

    @property
    def references(self) -> tuple[str, ...]:
        """The columns that the rule names."""
        return (self.low, self.high)


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers, or dates written in ISO 8601, from ``low`` to ``high``, both included; None is no limit."""

    __pydantic_config__ = _EXACT

    column: str
    low: Limit = None
    high: Limit = None
    kind: Literal["range"] = field(default="range", kw_only=True)

    @property
    def references(self) -> tuple[str, ...]:
        """The columns that the rule names."""
        return (self.column,)


@dataclass(frozen=True, slots=True)
class OnlyIf:
    """``column`` is true only where ``given`` is; both boolean."""

    __pydantic_config__ = _EXACT

    column: str
    given: str
    kind: Literal["only_if"] = field(default="only_if", kw_only=True)

    @property
    def references(self) -> tuple[str, ...]:
        """The columns that the rule names."""
        return (self.column, self.given)


@dataclass(frozen=True, slots=True)
class ConditionalNull:
    """``column`` is null where ``given`` is one of ``values``, and only there if ``exact``.

    Without ``values``: where ``given`` is null.
    """

    __pydantic_config__ = _EXACT

    column: str
    given: str
    values: tuple[str | int | float | bool, ...] = ()
    exact: bool = True
    kind: Literal["conditional_null"] = field(default="conditional_null", kw_only=True)

    @property
    def references(self) -> tuple[str, ...]:
        """The columns that the rule names."""
        return (self.column, self.given)


@dataclass(frozen=True, slots=True)
class FixedCombinations:
    """The columns, of the table itself, hold no other combinations than those of the real data."""

    __pydantic_config__ = _EXACT

    columns: tuple[str, ...]
    kind: Literal["fixed_combinations"] = field(default="fixed_combinations", kw_only=True)

    @property
    def references(self) -> tuple[str, ...]:
        """The columns that the rule names."""
        return self.columns


@dataclass(frozen=True, slots=True)
class Formula:
    """``column`` equals an expression of other columns, as ``quantity * products.price``, rounded as it is stored.

    The expression may hold names, numbers, ``+ - * /`` and parentheses; a name that is no plain word stands in
    backticks. Times take part as in ``arrival + days(nights)`` and ``(departure - arrival) / hours(1)``.
    """

    __pydantic_config__ = _EXACT

    column: str
    expression: str
    kind: Literal["formula"] = field(default="formula", kw_only=True)

    @property
    def references(self) -> tuple[str, ...]:
        """The columns that the rule names."""
        return (self.column, *terms(self.expression))

    def computed(self, values: Mapping[str, Any]) -> Any:
        """The expression with a number, or a column of numbers, for each of its terms; times are microseconds.

        Example:
            >>> Formula("total", "quantity * products.price").computed({"quantity": 2, "products.price": 4})
            8
        """
        return evaluated(self.expression, values)


@dataclass(frozen=True, slots=True)
class Running:
    """``column`` is what it was in the row before plus ``change``, as a balance is, among the rows of one ``per``.

    Rows follow one another by ``by``, a time or a number, and where that is equal or not named as they stand in the
    table. ``change`` is an expression as that of a formula; where ``sign`` is one of ``minus`` it is subtracted.
    ``opening`` is an expression for what comes before the first row; without one the first row may hold anything. A
    row with a null in ``column`` or ``change`` keeps the rule, and so does the one that follows a null; a row with
    a null in ``per`` or ``by`` has no place among the others.
    """

    __pydantic_config__ = _EXACT

    column: str
    change: str
    per: str
    by: str = ""
    sign: str = ""
    minus: tuple[str | int | float | bool, ...] = ()
    opening: str = ""
    kind: Literal["running"] = field(default="running", kw_only=True)

    @property
    def references(self) -> tuple[str, ...]:
        """The columns that the rule names."""
        opening = terms(self.opening) if self.opening else ()
        named = (name for name in (self.sign, self.by, self.per) if name)
        return tuple(dict.fromkeys((self.column, *terms(self.change), *named, *opening)))


@dataclass(frozen=True, slots=True)
class UniqueCombination:
    """No two rows hold the same combination of the columns, which are of the table itself."""

    __pydantic_config__ = _EXACT

    columns: tuple[str, ...]
    kind: Literal["unique_combination"] = field(default="unique_combination", kw_only=True)

    @property
    def references(self) -> tuple[str, ...]:
        """The columns that the rule names."""
        return self.columns


@dataclass(frozen=True, slots=True)
class Inclusion:
    """The combination of the columns occurs among the rows of another table, in ``parent_columns``."""

    __pydantic_config__ = _EXACT

    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    kind: Literal["inclusion"] = field(default="inclusion", kw_only=True)

    @property
    def references(self) -> tuple[str, ...]:
        """The columns that the rule names."""
        return self.columns


Rule = Annotated[
    Inequality
    | Range
    | OnlyIf
    | ConditionalNull
    | FixedCombinations
    | Formula
    | Running
    | UniqueCombination
    | Inclusion,
    Field(discriminator="kind"),
]


def in_words(rule: Rule) -> str:
    """A rule as a person would say it, without a value."""
    if isinstance(rule, Inequality):
        return f"{rule.low} {'<' if rule.strict else '<='} {rule.high}"
    if isinstance(rule, Range):
        return f"the range of {rule.column}"
    if isinstance(rule, OnlyIf):
        return f"{rule.column} only if {rule.given}"
    if isinstance(rule, Formula | Running):
        return f"{rule.column} = {_sum(rule)}"
    if isinstance(rule, Inclusion):
        return f"{' + '.join(rule.columns)} in {rule.parent}"
    return f"{rule.kind.replace('_', ' ')} of {' and '.join(rule.references)}"


def _sum(rule: Formula | Running) -> str:
    if isinstance(rule, Formula):
        return rule.expression
    signed = f"+ or - {rule.change} by {rule.sign}" if rule.sign else f"+ {rule.change}"
    return f"{rule.column} before {signed}, per {rule.per}"
