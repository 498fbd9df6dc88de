"""The two networks of TVAE, one of which codes rows and the other reads what the first has written."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import torch
from ctgan.synthesizers.tvae import Decoder, Encoder

from synthkit_sdv.learner import Learner, Source
from synthkit_sdv.spans import Rows, Spans, Tensor

if TYPE_CHECKING:
    from synthkit_sdv.tvae import TVAEOptions

_LEAST, _MOST = 0.01, 1.0  # standard deviation of a place


class VariationalDecoder(Source):
    """ctgan's decoder: normal numbers become the mean of a place, and the chances of each code."""

    def __init__(self, options: TVAEOptions, spans: Spans) -> None:
        self.spans = spans
        self._noise = options.embedding_dim
        self.net: Any = Decoder(self._noise, options.decompress_dims, spans.layout.total).to(spans.device)

    def made(self, count: int) -> tuple[Tensor, Tensor]:
        """Codes by their chances, as the model has it; ctgan takes the likeliest, so that rare ones never come."""
        raw, spread = self.net(torch.randn(count, self._noise, device=self.spans.device))
        places, logits = self.spans.apart(raw)
        return self.spans.drawn(logits), places + spread[: places.shape[1]] * torch.randn_like(places)


class Autoencoder(Learner):
    """An encoder and a decoder that learn to tell a row by a few normal numbers (Xu et al., 2019, 4.4).

    Other than in ctgan, rows are drawn from the mean of the decoder over its last steps.
    """

    def __init__(self, options: TVAEOptions, rows: Rows, batch: int) -> None:
        self._options, self._rows, self._batch = options, rows, batch
        spans = rows.spans
        self._decoder = VariationalDecoder(options, spans)
        self.source = deepcopy(self._decoder)
        encoder = Encoder(spans.layout.total, options.compress_dims, options.embedding_dim)
        self._encoder: Any = encoder.to(spans.device)
        weights = [*self._encoder.parameters(), *self._decoder.net.parameters()]
        self._adam = torch.optim.Adam(weights, lr=options.learning_rate, weight_decay=options.l2scale, fused=True)
        self.parts = {
            "encoder": self._encoder,
            "decoder": self._decoder.net,
            "mean": self.source.net,
            "optimiser": self._adam,
        }

    def step(self, number: int) -> float:
        which = torch.randint(len(self._rows.codes), (self._batch,), device=self._rows.spans.device)
        mean, spread, log_variance = self._encoder(self._rows.told(which))
        raw, places_spread = self._decoder.net(mean + spread * torch.randn_like(spread))
        told = (1 + log_variance - mean**2 - log_variance.exp()).sum() / -2
        loss = (self._options.loss_factor * self._missed(raw, places_spread, which) + told) / self._batch
        self._adam.zero_grad()
        loss.backward()
        self._adam.step()
        self._decoder.net.sigma.data.clamp_(_LEAST, _MOST)
        self.source.follow(self._decoder, number)
        return float(loss.detach())

    def _missed(self, raw: Tensor, spread: Tensor, which: Tensor) -> Tensor:
        """Minus the log likelihood of the rows, for places up to a constant, and only where a code has them."""
        spans, numbers = self._rows.spans, self._rows.numbers(which)
        places, logits = spans.apart(raw)
        spread = spread[: places.shape[1]]
        errors = (self._rows.places[which] - places) ** 2 / (2 * spread**2) + spread.log()
        return (errors * spans.has_places(numbers)).sum() + spans.surprise(logits).gather(1, numbers).sum()
