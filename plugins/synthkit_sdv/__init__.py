"""Synthesizers of the Synthetic Data Vault (SDV): hma, ctgan, tvae and gaussian_copula.

SDV and its parts are under the Business Source License 1.1 and come with the extra ``sdv`` only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from synthkit import hookimpl

if TYPE_CHECKING:
    from synthkit import Synthesizer


@hookimpl
def synthkit_register_synthesizers() -> Iterable[type[Synthesizer]]:
    """Offer the four synthesizers; not even pandas is loaded before they are asked for."""
    from synthkit_sdv.ctgan import CTGAN
    from synthkit_sdv.gaussian_copula import GaussianCopula
    from synthkit_sdv.hma import HMA
    from synthkit_sdv.tvae import TVAE

    return (HMA, CTGAN, TVAE, GaussianCopula)
