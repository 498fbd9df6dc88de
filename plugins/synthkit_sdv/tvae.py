"""The plugin ``tvae``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, Field, NonNegativeFloat, PositiveFloat, PositiveInt

from synthkit_sdv.network import Layers, NetworkSynthesizer

if TYPE_CHECKING:
    from synthkit_sdv.learner import Learner, Source
    from synthkit_sdv.spans import Rows, Spans


class TVAEOptions(BaseModel, extra="forbid", frozen=True):
    """The options of ``tvae``."""

    epochs: PositiveInt | None = Field(
        None, description="how often it goes through the training rows; if not set, 3,000 steps long; less without gain"
    )
    batch_size: PositiveInt = Field(500, description="rows per step")
    learning_rate: PositiveFloat = Field(1e-3, description="learning rate of both networks")
    embedding_dim: PositiveInt = Field(128, description="numbers that a row is coded as")
    compress_dims: Layers = Field((128, 128), description="width of each layer of the encoder")
    decompress_dims: Layers = Field((128, 128), description="width of each layer of the decoder")
    l2scale: NonNegativeFloat = Field(1e-5, description="weight decay")
    loss_factor: PositiveFloat = Field(2, description="weight of the reconstruction error")
    enable_gpu: bool = Field(False, description="train on a GPU where there is one; rows are always drawn on the CPU")


class TVAE(NetworkSynthesizer):
    """A variational autoencoder, quicker than ctgan: the networks of ctgan, and a training loop of our own.

    Xu, Skoularidou, Cuesta-Infante and Veeramachaneni, Modeling Tabular Data using Conditional GAN (2019).
    """

    name = "tvae"
    steps = 3_000
    trial: ClassVar[Mapping[str, Any]] = {"epochs": 1}
    Options = TVAEOptions
    options: TVAEOptions

    def batch(self, rows: int) -> int:
        del rows
        return self.options.batch_size

    def learner(self, rows: Rows, batch: int) -> Learner:
        from synthkit_sdv.autoencoder import Autoencoder

        return Autoencoder(self.options, rows, batch)

    def source(self, spans: Spans) -> Source:
        from synthkit_sdv.autoencoder import VariationalDecoder

        return VariationalDecoder(self.options, spans)
