"""What training needs of a network: steps, its state, and a part that draws rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch

from synthkit_sdv.spans import Spans, Tensor

AT_ONCE = 500  # rows
_AVERAGED = 0.998  # of what was, at each step


class Source(ABC):
    """The part of a network that makes rows.

    Attributes:
        net: a module of ctgan.
        spans: how rows are laid out.
    """

    net: Any
    spans: Spans

    @abstractmethod
    def made(self, count: int) -> tuple[Tensor, Tensor]:
        """Codes and places of so many rows, of rows × columns each."""

    def draw(self, rows: int) -> tuple[Tensor, Tensor]:
        """As ``made``, on the CPU and for any number of rows; always as many at once, whatever is asked for."""
        with torch.no_grad():
            parts = [self.made(AT_ONCE) for _ in range(-(-rows // AT_ONCE))]
        codes, places = (torch.cat(part)[:rows].cpu() for part in zip(*parts, strict=True))
        return codes, places

    def weights(self) -> dict[str, Tensor]:
        """All that ``load`` needs; a copy."""
        return {name: value.detach().clone() for name, value in self.net.state_dict().items()}

    def load(self, weights: dict[str, Tensor]) -> None:
        """Become the source whose weights these are."""
        self.net.load_state_dict(weights)

    def follow(self, other: Source, step: int) -> None:
        """Come nearer to another source: the mean of its weights over some steps is steadier than the last of them."""
        share = 1 - min(_AVERAGED, (1 + step) / (10 + step))
        with torch.no_grad():
            for own, theirs in zip(self.net.parameters(), other.net.parameters(), strict=True):
                own.lerp_(theirs, share)


class Learner(ABC):
    """A network in training.

    Attributes:
        source: draws rows by what was learned so far.
        parts: modules and optimisers by name, with ``state_dict`` and ``load_state_dict``.
    """

    source: Source
    parts: dict[str, Any]

    @abstractmethod
    def step(self, number: int) -> float:
        """Learn from one batch, the first being number 1, and give the sum of the losses."""

    def state(self) -> dict[str, Any]:
        """All that ``restore`` needs but the state of random generators; not a copy."""
        return {name: part.state_dict() for name, part in self.parts.items()}

    def restore(self, state: dict[str, Any]) -> None:
        """Become as the learner was whose state this is."""
        for name, part in self.parts.items():
            part.load_state_dict(state[name])
