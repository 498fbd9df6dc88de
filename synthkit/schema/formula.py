"""Arithmetic over columns: read without ever being executed as code."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from synthkit.errors import UsageError

_LONGEST = 1000  # characters; a formula of a table is a line
_OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
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


def _parsed(expression: str) -> tuple[ast.expr, dict[str, str]]:
    names: dict[str, str] = {}

    def placeholder(quoted: re.Match[str]) -> str:
        return names.setdefault(quoted[1], f"_quoted_{len(names)}")

    try:
        text = re.sub("`([^`]+)`", placeholder, expression[:_LONGEST])
        tree = ast.parse(text.strip(), mode="eval").body
        list(_leaves(tree))
    except (SyntaxError, ValueError, RecursionError):
        problem = "an expression may hold names, numbers, + - * / and parentheses"
        raise UsageError(problem, "put names that are no plain words in backticks") from None
    return tree, {placed: name for name, placed in names.items()}


def _leaves(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        return [*_leaves(node.left), *_leaves(node.right)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _leaves(node.operand)
    number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
    name = isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name))
    if number or name:
        return [node]
    raise ValueError("not arithmetic")


def _term(node: ast.expr, names: Mapping[str, str]) -> str:
    parts = ast.unparse(node).split(".")
    return ".".join(names.get(part, part) for part in parts)


def _value(node: ast.expr, names: Mapping[str, str], values: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.BinOp):
        left, right = (_value(part, names, values) for part in (node.left, node.right))
        return _OPERATIONS[type(node.op)](left, right)
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand, names, values)
    return node.value if isinstance(node, ast.Constant) else values[_term(node, names)]
