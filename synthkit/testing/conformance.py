"""All checks of a plugin at once, in a test of its author."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from synthkit.errors import UsageError
from synthkit.testing.evaluators import EVALUATOR_CHECKS, Check, Checked

if TYPE_CHECKING:
    import pytest


def check_evaluator(evaluator: Checked, exceptions: Mapping[str, str] | None = None) -> None:
    """Run all of ``EVALUATOR_CHECKS``, and raise with one line for each that is not passed.

    Args:
        evaluator: the class.
        exceptions: by name of the check, the reason why this evaluator cannot keep that promise. A check that is
            excepted and passed all the same counts as not passed.

    Raises:
        AssertionError: a promise is not kept, or an exception is not needed.
        UsageError: an exception names no check, or gives no reason.
    """
    __tracebackhide__ = True  # pytest shows the test
    excepted = _excepted(exceptions or {})
    lines = []
    for check in EVALUATOR_CHECKS:
        name, complaint = check.__name__, _complaint(check, evaluator)
        if name in excepted and not complaint:
            lines.append(f"{evaluator.name}: {name} is passed and needs no exception ({excepted[name]})")
        elif name not in excepted and complaint:
            lines.append(f"{complaint} [{name}]")
    if lines:
        raise AssertionError("\n".join(lines))


def parametrize_with_checks(
    evaluators: Iterable[Checked], exceptions: Mapping[Checked, Mapping[str, str]] | None = None
) -> pytest.MarkDecorator:
    """Make of a test with the arguments ``evaluator`` and ``check`` one for each evaluator and check.

    ``exceptions`` gives those of some evaluators, as in ``check_evaluator``: their tests must fail, or they fail.

    Raises:
        UsageError: an exception names no check, or gives no reason.

    Example:
        >>> from synthkit.testing import parametrize_with_checks
        >>> @parametrize_with_checks([])  # your evaluators
        ... def test_evaluator(evaluator, check):
        ...     check(evaluator)
    """
    import pytest  # noqa: PLC0415 - whoever wants nothing but data or gates needs no pytest

    cases = []
    for evaluator in evaluators:
        excepted = _excepted((exceptions or {}).get(evaluator, {}))
        for name, check in ((check.__name__, check) for check in EVALUATOR_CHECKS):
            failing = pytest.mark.xfail(reason=excepted.get(name, ""), raises=AssertionError, strict=True)
            marks = [failing] if name in excepted else []
            cases.append(pytest.param(evaluator, check, id=f"{evaluator.name}-{name}", marks=marks))
    return pytest.mark.parametrize(("evaluator", "check"), cases)


def _excepted(exceptions: Mapping[str, str]) -> Mapping[str, str]:
    names = [check.__name__ for check in EVALUATOR_CHECKS]
    for name, reason in exceptions.items():
        if name not in names:
            raise UsageError(f"there is no check {name}", f"choose from {', '.join(names)}")
        if not reason:
            raise UsageError(f"the exception from {name} has no reason", "say why the promise cannot be kept")
    return exceptions


def _complaint(check: Check, evaluator: Checked) -> str:
    try:
        check(evaluator)
    except AssertionError as error:
        return str(error)
    return ""
