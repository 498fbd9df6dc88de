"""How near rows that a network draws come to rows that it never learned from, in a moment."""

from __future__ import annotations

import torch

from synthkit_sdv.learner import Source
from synthkit_sdv.spans import Tensor

DRAWN = 2_000
_COARSE = 8  # groups of the codes of a column
_WIDEST = 200  # columns; of more, the first


class Probe:
    """The fidelity of a source: how much of the distribution of each column, and of each pair, it has.

    One minus the total variation distance between the shares that drawn rows and ``codes`` (of rows × columns) have of
    each of eight groups of codes, or of each pair of groups; the mean over columns and the mean over pairs count
    half each. It is 1 for the rows themselves, and no gate: it only says which of several weights are the best.
    Every probe draws with the same ``seed`` and leaves torch's generators as they were.
    """

    def __init__(self, source: Source, codes: Tensor, seed: int) -> None:
        self._source, self._seed = source, seed
        self._columns = min(codes.shape[1], _WIDEST)
        widths = source.spans.layout.widths[: self._columns]
        self._groups = torch.tensor([min(width, _COARSE) / width for width in widths])
        self._wanted = self._shares(codes.cpu())

    def fidelity(self) -> float:
        """Of what the source draws now, from 0 to 1."""
        with torch.random.fork_rng(range(torch.cuda.device_count())):
            torch.manual_seed(self._seed)
            codes, _ = self._source.draw(DRAWN)
        apart = (self._shares(codes) - self._wanted).abs()
        by_pair = apart.reshape(self._columns, _COARSE, self._columns, _COARSE).sum(dim=(1, 3)) / 2
        own = by_pair.diagonal()
        pairs = (by_pair.sum() - own.sum()) / max(self._columns * (self._columns - 1), 1)
        return float(1 - (own.mean() + pairs) / 2)

    def _shares(self, codes: Tensor) -> Tensor:
        """Of each two groups of all columns, how many rows are in both; a group with itself is the column alone."""
        groups = (codes[:, : self._columns] * self._groups).long() + torch.arange(self._columns) * _COARSE
        ones = torch.zeros(len(codes), self._columns * _COARSE).scatter_(1, groups, 1.0)
        return ones.T @ ones / len(codes)
