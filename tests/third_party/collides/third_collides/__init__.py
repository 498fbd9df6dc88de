"""Offers a synthesizer under a name that another distribution has."""

from synthkit import hookimpl


@hookimpl
def synthkit_register_synthesizers():
    """Offer it."""
    from third_good.walk import Walk

    class Other(Walk):
        """Of the same name."""

    return [Other]
