"""What a training has reached, in a file that is there whole or not at all."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

FILE = "training.pt"
_SHARE = 0.05  # of the time, at most, goes into writing


@dataclass
class Checkpoint:
    """The file of one training, within a folder that may not be there yet.

    Attributes:
        folder: where it lies.
        identity: of all that must be the same for going on: data, options, seed, device and versions.
        device: where tensors that are read belong.
    """

    folder: Path
    identity: str
    device: str
    _free: float = 0.0  # the earliest time.monotonic() at which to write again

    def read(self) -> dict[str, Any] | None:
        """What was written last; None where nothing was.

        Only tensors, numbers and texts are read (``weights_only``): a file that somebody else put there can mislead,
        but it runs no code.

        Raises:
            ValueError: it is of another training, or damaged.
        """
        path = self.folder / FILE
        if not path.is_file():
            return None
        try:
            content: dict[str, Any] = torch.load(path, map_location=self.device, weights_only=True)
        except Exception:  # noqa: BLE001 - whatever torch says of bytes that it did not write
            raise ValueError("it is damaged") from None
        if content.get("identity") != self.identity:
            raise ValueError("it is of other data, options, versions, another seed or another device")
        return content

    def write(self, content: Callable[[], dict[str, Any]], *, now: bool) -> None:
        """Write what ``content`` gives, or leave it until writing has cost but one second in twenty."""
        if not now and time.monotonic() < self._free:
            return
        began = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        stage = self.folder / f"{FILE}.{os.getpid()}"
        with stage.open("wb") as file:
            torch.save({"identity": self.identity, **content()}, file)
            file.flush()
            os.fsync(file.fileno())
        stage.replace(self.folder / FILE)
        self._free = time.monotonic() + (time.monotonic() - began) / _SHARE
