"""This user's key, and what is signed with it."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

import platformdirs

from synthkit.errors import SecurityError

SHORTEST = 16  # characters of a key; a shorter one can be guessed


def signature(content: bytes) -> str:
    """The HMAC-SHA256 of some bytes under this user's key, in hexadecimal digits.

    The key is ``SYNTHKIT_SIGNING_KEY`` of the environment, or one made at first use in the user's
    configuration folder, readable by nobody else.

    Raises:
        SecurityError: the key has fewer than 16 characters.
    """
    return hmac.new(_key(), content, hashlib.sha256).hexdigest()


def _key() -> bytes:
    if given := os.environ.get("SYNTHKIT_SIGNING_KEY"):
        return _long_enough(given, "SYNTHKIT_SIGNING_KEY")
    file = Path(platformdirs.user_config_dir("synthkit")) / "signing.key"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
        new.touch(mode=0o600)
        new.write_text(secrets.token_hex(32), "utf-8")
        with suppress(FileExistsError):  # another process was first: its key holds
            os.link(new, file)
        new.unlink()
    return _long_enough(file.read_text("utf-8"), str(file))


def _long_enough(key: str, where: str) -> bytes:
    if len(key) < SHORTEST:
        raise SecurityError(f"the key in {where} has fewer than {SHORTEST} characters", "use a longer, random one")
    return key.encode()
