"""Synthesis by classification and regression trees, for linked tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from synthkit import hookimpl

if TYPE_CHECKING:
    from synthkit import Synthesizer


@hookimpl
def synthkit_register_synthesizers() -> Iterable[type[Synthesizer]]:
    """Offer it; nothing heavy is loaded before it is asked for."""
    from synthkit_cart.cart import Cart

    return (Cart,)
