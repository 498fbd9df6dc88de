"""All checks of a plugin at once, in a test of its author."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from synthkit.errors import UsageError
from synthkit.evaluator import Evaluator
from synthkit.format import Format
from synthkit.synthesizer import Synthesizer
from synthkit.testing.evaluators import EVALUATOR_CHECKS
from synthkit.testing.formats import FORMAT_CHECKS
from synthkit.testing.promises import Check, Checked
from synthkit.testing.synthesizers import SYNTHESIZER_CHECKS

if TYPE_CHECKING:
    import pytest

KITS: dict[type[Any], tuple[Check, ...]] = {
    Synthesizer: SYNTHESIZER_CHECKS,
    Evaluator: EVALUATOR_CHECKS,
    Format: FORMAT_CHECKS,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one promise.

    Attributes:
        check: the name of its check.
        promise: in words.
        state: ``needless`` is a promise that is kept, though the plugin declares an exception.
        words: what is wrong, or the reason of the exception; empty where the promise is kept.
    """

    check: str
    promise: str
    state: Literal["kept", "broken", "excepted", "needless"]
    words: str = ""

    @property
    def fine(self) -> bool:
        """Whether the plugin may be offered so: the promise is kept, or a declared exception is needed."""
        return self.state in ("kept", "excepted")


def check_synthesizer(synthesizer: type[Synthesizer]) -> None:
    """Run all of ``SYNTHESIZER_CHECKS``, and raise with one line for each that is not passed.

    Those that its attribute ``exceptions`` names must fail; it is made with the options in its attribute ``trial``.

    Raises:
        AssertionError: a promise is not kept, or an exception is not needed.
        UsageError: an exception names no check, or gives no reason.
    """
    __tracebackhide__ = True  # pytest shows the test
    _require_all(synthesizer)


def check_evaluator(evaluator: type[Evaluator]) -> None:
    """Run all of ``EVALUATOR_CHECKS``, and raise with one line for each that is not passed.

    Those that its attribute ``exceptions`` names must fail.

    Raises:
        AssertionError: a promise is not kept, or an exception is not needed.
        UsageError: an exception names no check, or gives no reason.
    """
    __tracebackhide__ = True
    _require_all(evaluator)


def check_format(form: type[Format]) -> None:
    """Run all of ``FORMAT_CHECKS``, and raise with one line for each that is not passed.

    Those that its attribute ``exceptions`` names must fail.

    Raises:
        AssertionError: a promise is not kept, or an exception is not needed.
        UsageError: an exception names no check, or gives no reason.
    """
    __tracebackhide__ = True
    _require_all(form)


def outcomes(plugin: Checked) -> Iterator[Outcome]:
    """Run the checks for a class one by one, and tell what became of each.

    Raises:
        UsageError: it is no class that synthkit has checks for, or an exception names no check or gives no reason.
    """
    excepted = _exceptions(plugin)
    for check in checks_of(plugin):
        complaint, reason = _complaint(check, plugin), excepted.get(check.__name__)
        promise = " ".join((check.__doc__ or "").split())
        if reason:
            state: Literal["excepted", "needless"] = "excepted" if complaint else "needless"
            yield Outcome(check.__name__, promise, state, reason)
        else:
            yield Outcome(check.__name__, promise, "broken" if complaint else "kept", complaint)


def parametrize_with_checks(plugins: Iterable[Checked]) -> pytest.MarkDecorator:
    """Make of a test with the arguments ``plugin`` and ``check`` one for each plugin and check.

    Those that a plugin's attribute ``exceptions`` names must fail, or their tests do.

    Raises:
        UsageError: a class that there are no checks for, or an exception names no check or gives no reason.

    Example:
        >>> from synthkit.testing import parametrize_with_checks
        >>> @parametrize_with_checks([])  # your classes
        ... def test_promises(plugin, check):
        ...     check(plugin)
    """
    import pytest  # noqa: PLC0415 - whoever wants nothing but data or gates needs no pytest

    cases = []
    for plugin in plugins:
        excepted = _exceptions(plugin)
        for name, check in ((check.__name__, check) for check in checks_of(plugin)):
            failing = pytest.mark.xfail(reason=excepted.get(name, ""), raises=AssertionError, strict=True)
            marks = [failing] if name in excepted else []
            cases.append(pytest.param(plugin, check, id=f"{plugin.name}-{name}", marks=marks))
    return pytest.mark.parametrize(("plugin", "check"), cases)


def checks_of(plugin: Any) -> tuple[Check, ...]:
    """The checks for a class.

    Raises:
        UsageError: it is derived from none of the contracts that synthkit has checks for.
    """
    for contract, checks in KITS.items():
        if isinstance(plugin, type) and issubclass(plugin, contract):
            return checks
    names = ", ".join(contract.__name__ for contract in KITS)
    raise UsageError("there are no checks for what is no plugin", f"give a class derived from one of {names}")


def _exceptions(plugin: Checked) -> dict[str, str]:
    names = [check.__name__ for check in checks_of(plugin)]
    for name, reason in plugin.exceptions.items():
        if name not in names:
            raise UsageError(f"{plugin.name}: there is no check {name}", f"choose from {', '.join(names)}")
        if not reason:
            raise UsageError(f"{plugin.name}: the exception from {name} has no reason", "say why it cannot be kept")
    return dict(plugin.exceptions)


def _require_all(plugin: Checked) -> None:
    __tracebackhide__ = True
    lines = [_line(plugin, outcome) for outcome in outcomes(plugin) if not outcome.fine]
    if lines:
        raise AssertionError("\n".join(lines))


def _line(plugin: Checked, outcome: Outcome) -> str:
    if outcome.state == "needless":
        return f"{plugin.name}: {outcome.check} is passed and needs no exception ({outcome.words})"
    return f"{outcome.words} [{outcome.check}]"


def _complaint(check: Check, plugin: Checked) -> str:
    try:
        check(plugin)
    except AssertionError as error:
        return str(error)
    return ""
