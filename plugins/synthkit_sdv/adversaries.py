"""The two networks of CTGAN, which learn from each other."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import torch
from ctgan.synthesizers.ctgan import Discriminator, Generator

from synthkit_sdv.conditions import Conditions
from synthkit_sdv.learner import Learner, Source
from synthkit_sdv.spans import Rows, Spans, Tensor

if TYPE_CHECKING:
    from synthkit_sdv.ctgan import CTGANOptions

_TEMPERATURE = 0.2  # of the Gumbel softmax
_BETAS = (0.5, 0.9)  # of Adam


class ConditionalGenerator(Source):
    """ctgan's generator, which makes rows that have a code which is asked for.

    Attributes:
        shares: how often to ask for each code when sampling.
    """

    def __init__(self, options: CTGANOptions, spans: Spans) -> None:
        self.spans = spans
        self.shares = torch.zeros(spans.layout.codes, device=spans.device)
        self._noise = options.embedding_dim
        net = Generator(self._noise + spans.layout.codes, options.generator_dim, spans.layout.total)
        for norm in net.modules():
            if isinstance(norm, torch.nn.BatchNorm1d):  # always by the batch at hand, as ctgan does
                norm.track_running_stats = False
                norm.running_mean = norm.running_var = norm.num_batches_tracked = None
        self.net: Any = net.to(spans.device)

    def raw(self, asked: Tensor) -> Tensor:
        """What the network makes for conditions, before any activation."""
        noise = torch.randn(len(asked), self._noise, device=self.spans.device)
        return self.net(torch.cat([noise, self.spans.ones(asked[:, None])], dim=1))

    def made(self, count: int) -> tuple[Tensor, Tensor]:
        """Rows for conditions that are as frequent as in the training rows.

        ctgan asks by the logarithm of their frequency here, too, which gives too many rare categories.
        """
        asked = torch.multinomial(self.shares, count, replacement=True)
        places, logits = self.spans.apart(self.raw(asked))
        return self.spans.drawn(logits), places

    def weights(self) -> dict[str, Tensor]:
        return {**super().weights(), "shares": self.shares.clone()}

    def load(self, weights: dict[str, Tensor]) -> None:
        net = {name: value for name, value in weights.items() if name != "shares"}
        super().load(net)
        self.shares = weights["shares"].to(self.spans.device)


class Adversaries(Learner):
    """A conditional generator and a discriminator, trained as a Wasserstein GAN with gradient penalty.

    Xu et al. (2019) with Gulrajani et al. (2017). Other than ctgan: the discriminator has no dropout, which the
    penalty does without; and rows are drawn from the mean of the generator over its last steps.
    """

    def __init__(self, options: CTGANOptions, rows: Rows, batch: int) -> None:
        spans = rows.spans
        self._options, self._rows, self._batch = options, rows, batch
        self._conditions = Conditions(rows, log_frequency=options.log_frequency)
        self._generator = ConditionalGenerator(options, spans)
        self._generator.shares = self._conditions.shares
        self.source: ConditionalGenerator = deepcopy(self._generator)
        told = spans.layout.total + spans.layout.codes
        self._discriminator: Any = Discriminator(told, options.discriminator_dim, options.pac).to(spans.device).eval()
        self._generator_adam = _adam(self._generator.net, options.generator_lr, options.generator_decay)
        self._discriminator_adam = _adam(self._discriminator, options.discriminator_lr, options.discriminator_decay)
        self.parts = {
            "generator": self._generator.net,
            "mean": self.source.net,
            "discriminator": self._discriminator,
            "generator optimiser": self._generator_adam,
            "discriminator optimiser": self._discriminator_adam,
        }

    def step(self, number: int) -> float:
        losses = [self._judged() for _ in range(self._options.discriminator_steps)]
        loss = losses[-1] + self._deceived()
        self.source.follow(self._generator, number)
        return float(loss)

    def _judged(self) -> Tensor:
        """One step of the discriminator, with real rows that meet the same conditions as the made ones."""
        asked = self._conditions.drawn(self._batch)
        condition = self._rows.spans.ones(asked[:, None])
        with torch.no_grad():
            rows = self._made(self._generator.raw(asked))
        made = torch.cat([rows, condition], dim=1).requires_grad_()  # the penalty asks for a gradient
        real = torch.cat([self._rows.told(self._conditions.met(asked)), condition], dim=1)
        for_made, for_real = self._discriminator(torch.cat([made, real])).chunk(2)
        penalty = self._discriminator.calc_gradient_penalty(real, made, self._rows.spans.device, self._options.pac)
        return _improved(self._discriminator_adam, for_made.mean() - for_real.mean() + penalty)

    def _deceived(self) -> Tensor:
        """One step of the generator: deceive the discriminator, and meet the condition."""
        asked = self._conditions.drawn(self._batch)
        raw = self._generator.raw(asked)
        made = torch.cat([self._made(raw), self._rows.spans.ones(asked[:, None])], dim=1)
        self._discriminator.requires_grad_(False)  # saves half of its backward pass
        score = self._discriminator(made).mean()
        _, logits = self._rows.spans.apart(raw)
        missed = self._rows.spans.surprise(logits).gather(1, asked[:, None]).mean()
        loss = _improved(self._generator_adam, missed - score)
        self._discriminator.requires_grad_(True)
        return loss

    def _made(self, raw: Tensor) -> Tensor:
        return self._rows.spans.softened(raw, _TEMPERATURE)


def _adam(net: Any, rate: float, decay: float) -> Any:
    return torch.optim.Adam(net.parameters(), lr=rate, betas=_BETAS, weight_decay=decay, fused=True)


def _improved(optimiser: Any, loss: Tensor) -> Tensor:
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.detach()
