"""Work in a process of its own, so that its memory is its own, a crash is one engine's, and a limit can end it."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from synthkit.errors import SynthkitError
from synthkit.record import peak_memory_mb
from synthkit.steps import Observer

MEASURED = ("fit", "sample")  # the steps of an engine; only these count against its limit

_Task = TypeVar("_Task")
_STATUS, _FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Cost:
    """What an engine spent, the mean of its repeats.

    Attributes:
        fit, sample: seconds of processor time, of all cores together.
        fit_wall, sample_wall: seconds on the clock.
        held: MiB that its process held before the engine began: libraries and the real data.
        peak: the most MiB that the process held while the engine worked.
    """

    fit: float
    sample: float
    fit_wall: float
    sample_wall: float
    held: float
    peak: float

    @property
    def both(self) -> float:
        """Seconds of processor time for fit and sample."""
        return self.fit + self.sample


@dataclass(frozen=True)
class Lost:
    """Why an engine has no figures, such as ``over 600 s``."""

    reason: str


class Clock(Observer):
    """Measures the steps of an engine, and tells the process that waits when they begin and end."""

    def __init__(self, tell: Callable[[tuple[str, Any]], None]) -> None:
        self._tell = tell
        self._spent: dict[str, list[tuple[float, float]]] = {name: [] for name in MEASURED}
        self._held = self._peak = self._began = 0.0

    def started(self, step: str) -> None:
        name = step.split(maxsplit=1)[0]  # a repeat is shown behind the name
        if name in MEASURED:
            self._tell(("began", None))
            if name == "fit" and not self._held:
                _forget_peak()
                self._held = _mebibytes("VmRSS")
            self._began = time.process_time()

    def finished(self, step: str, seconds: float) -> None:
        name = step.split(maxsplit=1)[0]
        if name in MEASURED:
            self._spent[name].append((time.process_time() - self._began, seconds))
            self._peak = _mebibytes("VmHWM")
            self._tell(("ended", None))

    @property
    def cost(self) -> Cost:
        """Of the steps so far, each of which ended at least once."""
        means = {
            name: [sum(part) / len(part) for part in zip(*spent, strict=True)] for name, spent in self._spent.items()
        }
        (fit, fit_wall), (sample, sample_wall) = means["fit"], means["sample"]
        return Cost(fit, sample, fit_wall, sample_wall, self._held, self._peak)


def apart(work: Callable[[_Task, Clock], Any], task: _Task, limit: float) -> Any:
    """What ``work`` gives, or ``Lost`` where an error of ours, a crash or the limit stopped it.

    The limit is in seconds on the clock, of all steps that the clock measures together.
    """
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_answer, args=(work, task, theirs))
    process.start()
    theirs.close()
    try:
        return _awaited(ours, limit)
    except TimeoutError:
        return Lost(f"over {limit:,.0f} s")
    except EOFError:
        process.join()
        return Lost(f"its process ended with exit code {process.exitcode}")
    finally:
        process.kill()
        process.join()
        ours.close()


def _answer(work: Callable[[_Task, Clock], Any], task: _Task, pipe: Connection) -> None:
    try:
        pipe.send(("result", work(task, Clock(pipe.send))))
    except SynthkitError as error:
        pipe.send(("result", Lost(str(error))))


def _awaited(pipe: Connection, limit: float) -> Any:
    """The result, once it comes; raises TimeoutError when the measured steps take longer than the limit."""
    left, began, measured = limit, 0.0, False
    while True:
        if measured and not pipe.poll(max(left - (time.perf_counter() - began), 0.0)):
            raise TimeoutError
        message, result = pipe.recv()
        if message == "result":
            return result
        if measured:
            left -= time.perf_counter() - began
        measured, began = message == "began", time.perf_counter()


def _forget_peak() -> None:
    if _FORGET.exists():  # Linux
        _FORGET.write_text("5")


def _mebibytes(field: str) -> float:
    """A field of the process's status; elsewhere than on Linux the peak, which is never forgotten there.

    The peak that ``getrusage`` knows is no use on Linux: a process inherits that of the one that started it.
    """
    if not _STATUS.exists():
        return peak_memory_mb()
    lines = _STATUS.read_text("utf-8").splitlines()
    return round(next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field)), 1)
