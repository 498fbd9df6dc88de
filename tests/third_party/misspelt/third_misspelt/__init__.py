"""Misspells a hook."""

from synthkit import hookimpl


@hookimpl
def synthkit_register_synthesisers():
    """Offer nothing: nobody calls a hook of that name."""
    return []
