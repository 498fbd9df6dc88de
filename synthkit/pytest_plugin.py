"""The pytest plugin: the gates of ``*.synthkit.toml`` files as tests, and runs within tests of your own.

pytest loads this in every session of everybody who has synthkit installed: whatever is heavy is imported where it
is used.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from synthkit.plan import Plan
    from synthkit.run import Run

SUFFIX = ".synthkit.toml"


class GateWarning(UserWarning):
    """A gate with ``severity = "warn"`` was not passed."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer ``--synthkit-strict``."""
    told = "Fail, instead of skip, where an extra or an environment variable that a gate needs is missing."
    parser.getgroup("synthkit").addoption("--synthkit-strict", action="store_true", help=told)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect ``*.synthkit.toml``; a file ``synthkit.toml`` is the configuration of the command line."""
    if not file_path.name.endswith(SUFFIX):
        return None
    found: pytest.Collector = GateFile.from_parent(parent, path=file_path)
    return found


@pytest.fixture(scope="session")
def synthkit_run(request: pytest.FixtureRequest) -> Callable[..., Run]:
    """A function that runs a plan, given as keywords, and gives its ``Run``; the same plan runs once per session.

    The keywords are the keys of ``synthkit.toml``. A missing extra skips the test, and any other stop of the run
    fails it, with one line.

    Example:
        def test_gates(synthkit_run):
            run = synthkit_run(plugin="hma", data="my-tables", rows=1000)
            synthkit.testing.assert_gates(run)
    """

    def run(**settings: Any) -> Run:
        from synthkit.errors import SynthkitError
        from synthkit.plan import load

        try:
            plan = load(None, settings)
        except SynthkitError as error:
            pytest.fail(str(error), pytrace=False)
        return _run_once(plan, request.config)

    return run


class GateFile(pytest.File):
    """A plan for some plugins and seeds."""

    def collect(self) -> Iterator[pytest.Collector]:
        """One collector for each run of the file."""
        from synthkit.errors import SynthkitError, UnsetVariableError
        from synthkit.plan import load_gates

        try:
            plans = load_gates(self.path)
        except UnsetVariableError as error:
            _lacking(str(error), self.config)
        except SynthkitError as error:
            raise self.CollectError(str(error)) from None
        for name, plan in plans.items():
            yield PlannedRun.from_parent(self, name=name, plan=plan)


class PlannedRun(pytest.Collector):
    """One run that the gates of a file judge; nothing runs before the first of them is asked for."""

    def __init__(self, *, plan: Plan, **more: Any) -> None:
        super().__init__(**more)
        self.plan = plan

    def collect(self) -> Iterator[pytest.Item]:
        """One item for each gate of the file and each built-in one, whatever is installed here."""
        from synthkit.gates import DEFAULT_GATES, built_in_gates, evaluator_of

        measured = self.plan.evaluators or [evaluator_of(name) for name in DEFAULT_GATES]
        for gate in built_in_gates(self.plan.gate_set, measured) | self.plan.gates:
            yield GateItem.from_parent(self, name=gate, plan=self.plan)


class GateItem(pytest.Item):
    """One gate of one run."""

    def __init__(self, *, plan: Plan, **more: Any) -> None:
        super().__init__(**more)
        self.plan = plan

    def runtest(self) -> None:
        """Pass, warn, skip or fail as the gate's verdict says."""
        run = _run_once(self.plan, self.config)
        verdict = next((verdict for verdict in run.verdicts if verdict.gate == self.name), None)
        if self.plan.evaluators is None and (verdict is None or verdict.status == "missing"):
            self._refuse_missing_extra()
        if verdict is None:
            pytest.fail(f"{self.name} was not judged\nrun folder: {run.folder}", pytrace=False)
        self.user_properties += verdict.figures.items()
        self.user_properties.append(("folder", str(run.folder)))
        if verdict.status == "not applicable":
            pytest.skip(verdict.line)
        if verdict.fails:
            pytest.fail(f"{verdict.line}\nrun folder: {run.folder}", pytrace=False)
        if verdict.warns:
            self._warn(verdict.line)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The file, and the headline of a failure."""
        return self.path, 0, f"{self.plan.plugin}: {self.name}"

    def _refuse_missing_extra(self) -> None:
        """Skip, or fail, where the evaluator that should have measured lacks an extra."""
        from synthkit.errors import MissingExtraError, SynthkitError
        from synthkit.plugins import discover

        try:
            discover().find("evaluator", self.name.partition(".")[0])
        except MissingExtraError as error:
            _lacking(str(error), self.config)
        except SynthkitError:
            return  # the verdict says why

    def _warn(self, text: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always", GateWarning)  # who wants it to fail leaves the severity out
            self.warn(GateWarning(text))


_RUNS = pytest.StashKey[dict[Path, "Run | _Stop"]]()


class _Stop:
    """Why a run stopped: the line, and whether it was for want of an extra."""

    def __init__(self, line: str, *, lacking: bool) -> None:
        self.line, self.lacking = line, lacking


def _run_once(plan: Plan, config: pytest.Config) -> Run:
    """The run of a plan; the first to ask in a session makes it, in whichever process of pytest-xdist."""
    runs = config.stash.setdefault(_RUNS, {})
    folder = _folder(plan, config)
    if folder not in runs:
        with _alone(folder.with_name(f"{folder.name}.lock")):
            runs[folder] = _made(plan, folder)
    outcome = runs[folder]
    if not isinstance(outcome, _Stop):
        return outcome
    if outcome.lacking:
        _lacking(outcome.line, config)
    pytest.fail(outcome.line, pytrace=False)


def _folder(plan: Plan, config: pytest.Config) -> Path:
    """Where the run lies in the temporary folder that all processes of a session share, named by all it depends on."""
    from hashlib import sha256

    own: Path = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # noqa: SLF001 - as fixtures do
    shared = own.parent if hasattr(config, "workerinput") else own
    (shared / "synthkit-runs").mkdir(exist_ok=True)
    plugin = re.sub(r"\W", "_", str(plan.plugin))
    return shared / "synthkit-runs" / f"{plugin}-{plan.seed}-{sha256(plan.model_dump_json().encode()).hexdigest()[:12]}"


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a lock; it ends with the process, however that ends."""
    import fcntl

    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _made(plan: Plan, folder: Path) -> Run | _Stop:
    """What the folder records, after a run where there is none yet."""
    from synthkit.errors import MissingExtraError, in_words
    from synthkit.run import read_run

    stopped = folder.with_name(f"{folder.name}.stopped.json")
    if not (folder.exists() or stopped.exists()):
        try:
            _execute(plan, folder)
        except Exception as error:  # noqa: BLE001 - the last line of defence: a traceback may show values
            words = in_words(error)
            record = {"line": str(words), "lacking": isinstance(words, MissingExtraError)}
            stopped.write_text(json.dumps(record), "utf-8")
    return _Stop(**json.loads(stopped.read_text("utf-8"))) if stopped.exists() else read_run(folder)


def _execute(plan: Plan, folder: Path) -> None:
    from synthkit.engine import execute
    from synthkit.plugins import discover

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a filter such as `error` is for the tests, and would stop an engine
        execute(plan.model_copy(update={"out": folder}), discover())


def _lacking(text: str, config: pytest.Config) -> NoReturn:
    """Skip for want of something that is optional, or fail where that was asked for."""
    if config.getoption("synthkit_strict"):
        pytest.fail(text, pytrace=False)
    pytest.skip(text, allow_module_level=True)
