"""What networks make of a row, as tensors: a span of codes for each column, and its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from synthkit_sdv.encoding import Layout

Tensor = Any  # torch has no types where SDV is not installed


@dataclass(frozen=True)
class Rows:
    """Training rows on a device.

    Attributes:
        spans: how they are laid out.
        codes: of rows × columns, the first code of a column being 0.
        places: of rows × columns, from -1 to 1; 0 where a code has none.
    """

    spans: Spans
    codes: Tensor
    places: Tensor

    def told(self, which: Tensor) -> Tensor:
        """Some of the rows as a network is shown them: their places, and a one for each of their codes."""
        return torch.cat([self.places[which], self.spans.ones(self.numbers(which))], dim=1)

    def numbers(self, which: Tensor) -> Tensor:
        """The codes of some of the rows, numbered through all columns."""
        return self.codes[which].long() + self.spans.offsets


class Spans:
    """A layout on a device: ``cpu`` or ``cuda``."""

    def __init__(self, layout: Layout, device: str) -> None:
        self.layout = layout
        self.device = device
        self.offsets = torch.tensor(layout.offsets, device=device)
        self.owners = torch.tensor(layout.owners, device=device)
        self._has_places = torch.tensor(layout.placed, device=device).float()
        self._placed = torch.zeros(layout.codes, layout.columns, device=device)
        self._placed[torch.arange(layout.codes, device=device), self.owners] = self._has_places

    def ones(self, numbers: Tensor) -> Tensor:
        """A one for each of the codes, numbered through all columns; 0 elsewhere."""
        return torch.zeros(len(numbers), self.layout.codes, device=self.device).scatter_(1, numbers, 1.0)

    def has_places(self, numbers: Tensor) -> Tensor:
        """1 for each of the codes, numbered through all columns, that has places, else 0."""
        return self._has_places[numbers]

    def apart(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """The places and the logits of the codes in what a network made."""
        return torch.tanh(raw[:, : self.layout.columns]), raw[:, self.layout.columns :]

    def each(self, logits: Tensor) -> tuple[Tensor, ...]:
        """The logits of each column."""
        return tuple(logits.split(self.layout.widths, dim=1))

    def softened(self, raw: Tensor, temperature: float) -> Tensor:
        """Rows that let a gradient pass, by the Gumbel softmax (Jang et al., 2017); places only where codes are."""
        places, logits = self.apart(raw)
        noisy = (logits - torch.empty_like(logits).exponential_().log()) / temperature
        soft = torch.cat([part.softmax(dim=1) for part in self.each(noisy)], dim=1)
        return torch.cat([places * (soft @ self._placed), soft], dim=1)

    def drawn(self, logits: Tensor) -> Tensor:
        """A code for each column, by the chances that the logits tell."""
        noisy = logits - torch.empty_like(logits).exponential_().log()
        return torch.stack([part.argmax(dim=1) for part in self.each(noisy)], dim=1)

    def surprise(self, logits: Tensor) -> Tensor:
        """For each code, minus the logarithm of its chance in its column."""
        totals = torch.stack([part.logsumexp(dim=1) for part in self.each(logits)], dim=1)
        return totals[:, self.owners] - logits
