"""The training loop: step by step, with an eye on the time and on what the network draws."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import torch

from synthkit import Context, PluginError
from synthkit_sdv.checkpoint import Checkpoint
from synthkit_sdv.learner import Learner
from synthkit_sdv.probe import Probe

_PROBES = 20  # of a training, or more: one in 200 steps at least
_SELDOM = 200
_PATIENCE = 8  # probes without a gain
_GAIN = 0.0005


@dataclass
class Course:
    """How a training went so far.

    Attributes:
        step: the last one that was made and probed.
        best: the step whose weights draw best; 0 before the first probe.
        fidelity: of what those draw.
        weights: those.
        idle: probes since the last gain.
        ended: whether there is nothing left to do.
    """

    step: int = 0
    best: int = 0
    fidelity: float = -math.inf
    weights: dict[str, Any] = field(default_factory=dict)
    idle: int = 0
    ended: bool = False

    def probed(self, step: int, fidelity: float, learner: Learner) -> None:
        """Keep the weights if they draw better than any before."""
        self.step, self.idle = step, self.idle + 1
        if fidelity > self.fidelity:
            self.idle = 0 if fidelity > self.fidelity + _GAIN else self.idle
            self.best, self.fidelity, self.weights = step, fidelity, learner.source.weights()


class Training:
    """A learner on its way to so many steps.

    It ends sooner when the time is over, or when eight probes have shown no gain. With a checkpoint, a training that
    was killed goes on where the last one was written, with the same draws, so that nothing tells its weights from
    those of one that was never interrupted (on the same machine with the same versions).

    Attributes:
        name: of the plugin, for messages.
        course: how it went.
    """

    def __init__(self, name: str, learner: Learner, probe: Probe, steps: int, checkpoint: Checkpoint | None) -> None:
        self.name = name
        self.course = Course()
        self._learner, self._probe, self._steps = learner, probe, steps
        self._every = min(max(steps // _PROBES, 1), _SELDOM)
        self._checkpoint = checkpoint

    def run(self, context: Context) -> None:
        """Train; afterwards ``course`` has the best weights.

        The deadline ends it well once there is one step, so nothing here raises ResourceError.

        Raises:
            PluginError: a loss is no number any more.
        """
        self._resumed(context)
        began, first = time.monotonic(), self.course.step
        for step in self._left(context):
            loss = self._learner.step(step)
            if not math.isfinite(loss):
                problem = f"the losses of {self.name} are no numbers any more, at step {step:,} of {self._steps:,}"
                raise PluginError(problem, "choose lower learning rates, or a larger batch_size")
            done = step - first
            left = _told((time.monotonic() - began) / done * (self._steps - step))
            context.report(step / self._steps, f"step {step:,} of {self._steps:,}, {left} left")
            if step % self._every == 0 or step == self._steps or _late(context):
                self._probed(step)
        self._note(context)

    def _left(self, context: Context) -> Iterator[int]:
        """The steps to make, until one of three ends."""
        for step in range(self.course.step + 1, self._steps + 1):
            if self.course.ended or (_late(context) and self.course.best):
                return
            yield step

    def _probed(self, step: int) -> None:
        course = self.course
        course.probed(step, self._probe.fidelity(), self._learner)
        course.ended = step == self._steps or course.idle >= _PATIENCE
        if self._checkpoint is not None:
            self._checkpoint.write(self._state, now=course.ended)

    def _state(self) -> dict[str, Any]:
        gpu = torch.cuda.get_rng_state() if torch.cuda.is_available() else None
        random = {"cpu": torch.get_rng_state(), "cuda": gpu}
        return {"course": asdict(self.course), "random": random, "learner": self._learner.state()}

    def _resumed(self, context: Context) -> None:
        if self._checkpoint is None:
            return
        try:
            state = self._checkpoint.read()
        except ValueError as error:
            context.note(f"{self.name} could not go on from its checkpoint, since {error}; it began anew")
            return
        if state is not None:
            self._learner.restore(state["learner"])
            self.course = Course(**state["course"])
            torch.set_rng_state(state["random"]["cpu"].cpu())
            if state["random"]["cuda"] is not None:
                torch.cuda.set_rng_state(state["random"]["cuda"].cpu())
            context.note(f"{self.name} went on from step {self.course.step:,} of a training that was interrupted")

    def _note(self, context: Context) -> None:
        course = self.course
        why = "" if course.step == self._steps else "; no gain after that" if course.ended else "; then time was over"
        context.note(f"{self.name} made {course.step:,} of {self._steps:,} steps, the best was {course.best:,}{why}")


def _late(context: Context) -> bool:
    return context.deadline is not None and time.monotonic() > context.deadline


def _told(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
