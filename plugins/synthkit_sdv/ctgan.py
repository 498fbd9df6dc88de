"""The plugin ``ctgan``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import (
    BaseModel,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ValidationInfo,
    field_validator,
)

from synthkit import Context
from synthkit_sdv.network import Layers, NetworkSynthesizer

STEPS = 2_000  # of the generator: 1,600 and 24,000 rows then score 0.86 to 0.88, and 0.89 after 5,000


class CTGANOptions(BaseModel, extra="forbid", frozen=True):
    """The options of ``ctgan``."""

    epochs: PositiveInt | None = Field(
        None, description="how often it goes through the training rows; if not set, some 2,000 steps long, at most 300"
    )
    pac: PositiveInt = Field(1, description="rows that the discriminator judges together")
    batch_size: PositiveInt | None = Field(
        None, description="rows per step, even and divisible by pac; if not set, 100 to 200 by the training rows"
    )
    embedding_dim: PositiveInt = Field(128, description="random numbers that the generator makes a row of")
    generator_dim: Layers = Field((256, 256), description="width of each layer of the generator")
    discriminator_dim: Layers = Field((256, 256), description="width of each layer of the discriminator")
    generator_lr: PositiveFloat = Field(2e-4, description="learning rate of the generator")
    generator_decay: NonNegativeFloat = Field(1e-6, description="weight decay of the generator")
    discriminator_lr: PositiveFloat = Field(2e-4, description="learning rate of the discriminator")
    discriminator_decay: NonNegativeFloat = Field(1e-6, description="weight decay of the discriminator")
    discriminator_steps: PositiveInt = Field(1, description="steps of the discriminator for each of the generator")
    log_frequency: bool = Field(True, description="show it rare categories more often, by their log frequency")
    enforce_min_max_values: bool = Field(True, description="keep numbers within the least and the greatest that it saw")
    enable_gpu: bool = Field(False, description="use a GPU where there is one; samples then depend on the kind of GPU")

    @field_validator("batch_size")
    @classmethod
    def _pairs_and_packs(cls, size: int | None, info: ValidationInfo) -> int | None:
        pac = info.data.get("pac", 1)
        if size is not None and size != _divisible(size, pac):
            raise ValueError(f"must be even and divisible by pac ({pac}); {size} is not, {_divisible(size, pac)} is")
        return size


class CTGAN(NetworkSynthesizer):
    """SDV's CTGANSynthesizer: a generator learns to deceive a discriminator.

    Xu, Skoularidou, Cuesta-Infante and Veeramachaneni, Modeling Tabular Data using Conditional GAN (2019).
    """

    name = "ctgan"
    home = "ctgan.synthesizers.ctgan"
    trial: ClassVar[Mapping[str, Any]] = {"epochs": 1, "generator_dim": (8,), "discriminator_dim": (8,)}
    Options = CTGANOptions
    options: CTGANOptions

    def model(self, metadata: Any, rows: int, context: Context) -> Any:
        from sdv.single_table import CTGANSynthesizer

        chosen = self.options.model_dump()
        size = chosen["batch_size"] or _divisible(min(max(rows // 32, 100), 200), chosen["pac"])
        epochs = chosen["epochs"] or min(max(round(STEPS / max(rows // size, 1)), 1), 300)
        context.note(f"ctgan learned in {epochs} epochs with batch_size={size} from {rows:,} rows")
        return CTGANSynthesizer(metadata, **chosen | {"batch_size": size, "epochs": epochs})


def _divisible(size: int, pac: int) -> int:
    """The least number from ``size`` on that is even and divisible by ``pac``."""
    unit = math.lcm(pac, 2)
    return -(-size // unit) * unit
