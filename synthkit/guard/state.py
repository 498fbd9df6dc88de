"""What is saved of a guard, as plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from synthkit.errors import DataError
from synthkit.guard.apart import Apart
from synthkit.guard.categories import RareAs
from synthkit.guard.fresh import Fresh
from synthkit.guard.values import Values


@dataclass(frozen=True)
class State:
    """What is saved of a guard."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    locale: str
    k: Annotated[int, Field(ge=1)]
    schema: dict[str, Any]
    rules: dict[str, dict[str, Values | Fresh | None]]
    rare: RareAs = "draw"
    apart: Mapping[str, tuple[Apart, ...]] = field(default_factory=dict)
    version: Literal[1] = 1

    def plain(self) -> dict[str, Any]:
        """Plain data, as ``from_plain`` takes them."""
        made: dict[str, Any] = _STATE.dump_python(self, mode="json")
        return made

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> State:
        """What ``plain`` gave.

        Raises:
            DataError: an unknown key, a missing one or a wrong type.
        """
        try:
            return _STATE.validate_json(json.dumps(data))
        except ValidationError as error:
            place = ".".join(str(part) for part in error.errors(include_input=False, include_url=False)[0]["loc"])
            raise DataError("the saved guard cannot be read", "fit again", place) from None


_STATE = TypeAdapter(State)
