"""Synthesizers that a gate must reject, each for a reason of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from synthkit import hookimpl

if TYPE_CHECKING:
    from synthkit import Synthesizer


@hookimpl
def synthkit_register_synthesizers() -> Iterable[type[Synthesizer]]:
    """Offer all five; nothing heavy is loaded before they are asked for."""
    from synthkit_baselines.broken import Independent, ShuffledKeys
    from synthkit_baselines.copies import BootstrapSubjects, Copy, Jitter

    return (BootstrapSubjects, Copy, Independent, Jitter, ShuffledKeys)
