"""Which releases of SDV our own code for ``hma`` was held against."""

from __future__ import annotations

from importlib.metadata import version

TESTED = {"sdv": "2.0.0", "copulas": "0.14.1"}


def untested() -> str | None:
    """Why SDV's own code does the work instead, or None: another release may fit or draw in another way."""
    found = {name: version(name) for name in TESTED}
    if found == TESTED:
        return None
    told, known = (", ".join(f"{name} {number}" for name, number in one.items()) for one in (found, TESTED))
    return f"hma took SDV's own slow code: its fast one was held against {known}, and here are {told}"
