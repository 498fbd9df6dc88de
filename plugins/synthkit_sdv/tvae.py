"""The plugin ``tvae``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, Field, NonNegativeFloat, PositiveFloat, PositiveInt

from synthkit import Context
from synthkit_sdv.network import Layers, NetworkSynthesizer


class TVAEOptions(BaseModel, extra="forbid", frozen=True):
    """The options of ``tvae``."""

    epochs: PositiveInt = Field(300, description="how often it goes through the training rows")
    batch_size: PositiveInt = Field(500, description="rows per step")
    embedding_dim: PositiveInt = Field(128, description="numbers that a row is coded as")
    compress_dims: Layers = Field((128, 128), description="width of each layer of the encoder")
    decompress_dims: Layers = Field((128, 128), description="width of each layer of the decoder")
    l2scale: NonNegativeFloat = Field(1e-5, description="weight decay")
    loss_factor: PositiveFloat = Field(2, description="weight of the reconstruction error")
    enforce_min_max_values: bool = Field(True, description="keep numbers within the least and the greatest that it saw")
    enable_gpu: bool = Field(False, description="use a GPU where there is one; samples then depend on the kind of GPU")


class TVAE(NetworkSynthesizer):
    """SDV's TVAESynthesizer: a variational autoencoder, quicker than ctgan and smoother.

    Xu, Skoularidou, Cuesta-Infante and Veeramachaneni, Modeling Tabular Data using Conditional GAN (2019).
    """

    name = "tvae"
    home = "ctgan.synthesizers.tvae"
    trial: ClassVar[Mapping[str, Any]] = {"epochs": 1}
    Options = TVAEOptions
    options: TVAEOptions

    def model(self, metadata: Any, rows: int, context: Context) -> Any:
        from sdv.single_table import TVAESynthesizer

        del rows, context
        return TVAESynthesizer(metadata, **self.options.model_dump())
