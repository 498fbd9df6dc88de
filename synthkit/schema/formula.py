"""Arithmetic over columns: read without ever being executed as code.

Times take part as ``start + days(nights)`` and ``(end - start) / hours(1)``: they are microseconds, and so is what
``days``, ``hours``, ``minutes`` and ``seconds`` make of a number.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from synthkit.errors import UsageError

_LONGEST = 1000  # characters; a formula of a table is a line
_OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
UNITS = {"days": 86_400_000_000, "hours": 3_600_000_000, "minutes": 60_000_000, "seconds": 1_000_000}
_SUMS = {  # what two parts are together: numbers, times, or spans between times
    ("number", "number"): "number",
    ("span", "span"): "span",
    ("time", "span"): "time",
}
_OTHERS = {
    (ast.Add, "span", "time"): "time",
    (ast.Sub, "time", "time"): "span",
    (ast.Mult, "number", "number"): "number",
    (ast.Mult, "number", "span"): "span",
    (ast.Mult, "span", "number"): "span",
    (ast.Div, "number", "number"): "number",
    (ast.Div, "span", "number"): "span",
    (ast.Div, "span", "span"): "number",
}


def terms(expression: str) -> tuple[str, ...]:
    """The columns that an expression names, each once, in order.

    Raises:
        UsageError: the expression is none.

    Example:
        >>> terms("quantity * products.price - `Net Discount` / 100")
        ('quantity', 'products.price', 'Net Discount')
    """
    tree, names = _parsed(expression)
    return tuple(dict.fromkeys(_term(node, names) for node in _leaves(tree) if not isinstance(node, ast.Constant)))


def evaluated(expression: str, values: Mapping[str, Any]) -> Any:
    """The expression with a value, or a column of values, for each of its terms.

    Example:
        >>> evaluated("2 * (a - b)", {"a": 5, "b": 1})
        8
    """
    tree, names = _parsed(expression)
    return _value(tree, names, values)


def renamed(expression: str, new: Mapping[str, str]) -> str:
    """The expression with other names for some of its terms.

    Example:
        >>> renamed("quantity * products.price", {"products.price": "product_id.price"})
        'quantity * `product_id.price`'
    """
    tree, names = _parsed(expression)
    return ast.unparse(_renamed(tree, names, new))


def _renamed(node: ast.expr, names: Mapping[str, str], new: Mapping[str, str]) -> ast.expr:
    if isinstance(node, ast.BinOp):
        return ast.BinOp(_renamed(node.left, names, new), node.op, _renamed(node.right, names, new))
    if isinstance(node, ast.UnaryOp):
        return ast.UnaryOp(node.op, _renamed(node.operand, names, new))
    if isinstance(node, ast.Call):
        return ast.Call(node.func, [_renamed(node.args[0], names, new)], [])
    if isinstance(node, ast.Constant):
        return node
    parts = (f"`{names[part]}`" if part in names else part for part in ast.unparse(node).split("."))
    term = _term(node, names)
    return ast.Name(f"`{new[term]}`" if term in new else ".".join(parts))


def measure(expression: str, times: Collection[str]) -> str | None:
    """What an expression gives, a ``number``, a ``time`` or a ``span``; None where it adds what does not go together.

    ``times`` are the terms that are times; all others are numbers.

    Example:
        >>> measure("(end - start) / days(1)", {"end", "start"}), measure("start + nights", {"start"})
        ('number', None)
    """
    tree, names = _parsed(expression)
    return _measure(tree, names, times)


def _parsed(expression: str) -> tuple[ast.expr, dict[str, str]]:
    names: dict[str, str] = {}

    def placeholder(quoted: re.Match[str]) -> str:
        return names.setdefault(quoted[1], f"_quoted_{len(names)}")

    try:
        text = re.sub("`([^`]+)`", placeholder, expression[:_LONGEST])
        tree = ast.parse(text.strip(), mode="eval").body
        list(_leaves(tree))
    except (SyntaxError, ValueError, RecursionError):
        problem = (
            "an expression may hold names, numbers, + - * /, parentheses and days(), hours(), minutes(), seconds()"
        )
        raise UsageError(problem, "put names that are no plain words in backticks") from None
    return tree, {placed: name for name, placed in names.items()}


def _leaves(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        return [*_leaves(node.left), *_leaves(node.right)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _leaves(node.operand)
    if _unit(node):
        return _leaves(node.args[0])  # type: ignore[attr-defined]  # of a call
    number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
    name = isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name))
    if number or name:
        return [node]
    raise ValueError("not arithmetic")


def _unit(node: ast.expr) -> int:
    """How many microseconds a call such as ``days(1)`` makes of its argument; 0 for anything else."""
    named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1 and not node.keywords
    return UNITS.get(node.func.id, 0) if named else 0  # type: ignore[attr-defined]  # of a call


def _measure(node: ast.expr, names: Mapping[str, str], times: Collection[str]) -> str | None:
    if isinstance(node, ast.BinOp):
        left, right = (_measure(part, names, times) for part in (node.left, node.right))
        both = _SUMS.get((str(left), str(right))) if isinstance(node.op, ast.Add | ast.Sub) else None
        return both or _OTHERS.get((type(node.op), str(left), str(right)))
    if isinstance(node, ast.UnaryOp):
        own = _measure(node.operand, names, times)
        return None if own == "time" else own
    if isinstance(node, ast.Call):
        return "span" if _measure(node.args[0], names, times) == "number" else None
    return "number" if isinstance(node, ast.Constant) or _term(node, names) not in times else "time"


def _term(node: ast.expr, names: Mapping[str, str]) -> str:
    parts = ast.unparse(node).split(".")
    return ".".join(names.get(part, part) for part in parts)


def _value(node: ast.expr, names: Mapping[str, str], values: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.BinOp):
        left, right = (_value(part, names, values) for part in (node.left, node.right))
        return _OPERATIONS[type(node.op)](left, right)
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand, names, values)
    if isinstance(node, ast.Call):
        return _unit(node) * _value(node.args[0], names, values)
    return node.value if isinstance(node, ast.Constant) else values[_term(node, names)]
