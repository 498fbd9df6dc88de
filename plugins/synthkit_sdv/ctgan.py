"""The plugin ``ctgan``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import (
    BaseModel,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ValidationInfo,
    field_validator,
)

from synthkit_sdv.network import Layers, NetworkSynthesizer

if TYPE_CHECKING:
    from synthkit_sdv.learner import Learner, Source
    from synthkit_sdv.spans import Rows, Spans


class CTGANOptions(BaseModel, extra="forbid", frozen=True):
    """The options of ``ctgan``."""

    epochs: PositiveInt | None = Field(
        None, description="how often it goes through the training rows; if not set, 2,000 steps long; less without gain"
    )
    pac: PositiveInt = Field(1, description="rows that the discriminator judges together")
    batch_size: PositiveInt | None = Field(
        None, description="rows per step, even and divisible by pac; if not set, 100 to 200 by the training rows"
    )
    embedding_dim: PositiveInt = Field(128, description="random numbers that the generator makes a row of")
    generator_dim: Layers = Field((256, 256), description="width of each layer of the generator")
    discriminator_dim: Layers = Field((256, 256), description="width of each layer of the discriminator")
    generator_lr: PositiveFloat = Field(5e-4, description="learning rate of the generator")
    generator_decay: NonNegativeFloat = Field(1e-6, description="weight decay of the generator")
    discriminator_lr: PositiveFloat = Field(1e-3, description="learning rate of the discriminator")
    discriminator_decay: NonNegativeFloat = Field(1e-6, description="weight decay of the discriminator")
    discriminator_steps: PositiveInt = Field(1, description="steps of the discriminator for each of the generator")
    log_frequency: bool = Field(True, description="show it rare categories more often, by their log frequency")
    enable_gpu: bool = Field(False, description="train on a GPU where there is one; rows are always drawn on the CPU")

    @field_validator("batch_size")
    @classmethod
    def _pairs_and_packs(cls, size: int | None, info: ValidationInfo) -> int | None:
        pac = info.data.get("pac", 1)
        if size is not None and size != _divisible(size, pac):
            raise ValueError(f"must be even and divisible by pac ({pac}); {size} is not, {_divisible(size, pac)} is")
        return size


class CTGAN(NetworkSynthesizer):
    """A generator learns to deceive a discriminator: the networks of ctgan, and a training loop of our own.

    Xu, Skoularidou, Cuesta-Infante and Veeramachaneni, Modeling Tabular Data using Conditional GAN (2019).
    """

    name = "ctgan"
    steps = 2_000
    trial: ClassVar[Mapping[str, Any]] = {"epochs": 1, "generator_dim": (8,), "discriminator_dim": (8,)}
    Options = CTGANOptions
    options: CTGANOptions

    def batch(self, rows: int) -> int:
        return self.options.batch_size or _divisible(min(max(rows // 32, 100), 200), self.options.pac)

    def learner(self, rows: Rows, batch: int) -> Learner:
        from synthkit_sdv.adversaries import Adversaries

        return Adversaries(self.options, rows, batch)

    def source(self, spans: Spans) -> Source:
        from synthkit_sdv.adversaries import ConditionalGenerator

        return ConditionalGenerator(self.options, spans)


def _divisible(size: int, pac: int) -> int:
    """The least number from ``size`` on that is even and divisible by ``pac``."""
    unit = math.lcm(pac, 2)
    return -(-size // unit) * unit
