"""Gates within tests."""

from __future__ import annotations

from synthkit.run import Run


def assert_gates(run: Run) -> None:
    """Raise where the run was not judged, or a gate failed, with one line for each.

    Raises:
        AssertionError: a gate failed, or none was judged.

    Example:
        >>> from synthkit.gates import Verdict
        >>> assert_gates(Run("run", 0, verdicts=(Verdict("a.b", "passed", 0.9, min=0.8),)))
        >>> assert_gates(Run("run", 0, verdicts=(Verdict("a.b", "failed", 0.7, min=0.8),)))
        Traceback (most recent call last):
        AssertionError: a.b 0.7 < 0.8
    """
    __tracebackhide__ = True  # pytest shows the test
    if not run.verdicts:
        raise AssertionError("no gate was judged")
    lines = [verdict.line for verdict in run.verdicts if verdict.fails]
    if lines:
        raise AssertionError("\n".join([*lines, *([f"run folder: {run.folder}"] if run.folder else [])]))
