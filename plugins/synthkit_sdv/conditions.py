"""Training by sampling: a condition is one code of one column, and real rows are drawn that have it."""

from __future__ import annotations

import torch

from synthkit_sdv.spans import Rows, Tensor


class Conditions:
    """Which codes are asked for in training, and which rows have them.

    As in Xu et al. (2019, 4.3), each column is as likely as any other, and a code in it by the logarithm of how many
    rows have it, so that rare ones are seen often enough to be learned. Other than there, the parts of the range of a
    number are codes like any category (as in CTAB-GAN, Zhao et al., 2021).

    Attributes:
        shares: of all conditions that are met by a random row and column; what to draw by when sampling.
    """

    def __init__(self, rows: Rows, *, log_frequency: bool) -> None:
        spans, device = rows.spans, rows.spans.device
        codes = rows.codes.long() + spans.offsets
        self._counts = torch.bincount(codes.flatten(), minlength=spans.layout.codes)
        self._starts = self._counts.cumsum(0) - self._counts
        # by column, then by code: the rows of a code stand together
        self._rows = torch.cat([part.argsort(stable=True).int() for part in codes.T])
        self.shares = self._counts / self._counts.sum()
        weights = (self._counts + 1).log() if log_frequency else self._counts.float()
        totals = torch.zeros(spans.layout.columns, device=device).index_add_(0, spans.owners, weights)
        self._chances = weights / totals[spans.owners]

    def drawn(self, count: int) -> Tensor:
        """So many codes to ask for, numbered through all columns."""
        return torch.multinomial(self._chances, count, replacement=True)

    def met(self, asked: Tensor) -> Tensor:
        """For each code that is asked for, a random row that has it."""
        chosen = torch.rand(len(asked), dtype=torch.float64, device=asked.device) * self._counts[asked]
        return self._rows[self._starts[asked] + chosen.long()].long()
