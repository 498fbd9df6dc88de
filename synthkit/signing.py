"""This user's key, and what is signed with it."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

import platformdirs


def signature(content: bytes) -> str:
    """The HMAC-SHA256 of some bytes under this user's key, in hexadecimal digits.

    The key is ``SYNTHKIT_SIGNING_KEY`` of the environment, or one made at first use in the user's
    configuration folder, readable by nobody else.
    """
    return hmac.new(_key(), content, hashlib.sha256).hexdigest()


def _key() -> bytes:
    if given := os.environ.get("SYNTHKIT_SIGNING_KEY"):
        return given.encode()
    file = Path(platformdirs.user_config_dir("synthkit")) / "signing.key"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
        new.touch(mode=0o600)
        new.write_text(secrets.token_hex(32), "utf-8")
        with suppress(FileExistsError):  # another process was first: its key holds
            os.link(new, file)
        new.unlink()
    return file.read_text("utf-8").encode()
