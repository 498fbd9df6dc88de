"""The key that models are signed with."""

from __future__ import annotations

import pytest

from synthkit.errors import SecurityError
from synthkit.signing import signature

LONG = "0123456789abcdef"


def test_a_key_signs_alike_and_another_differently(monkeypatch):
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", LONG)
    first = signature(b"content")
    assert (len(first), first) == (64, signature(b"content"))
    assert first != signature(b"other content")
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", LONG[::-1])
    assert first != signature(b"content")


def test_a_short_key_of_the_environment_is_refused(monkeypatch):
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", LONG[1:])
    with pytest.raises(SecurityError, match="SYNTHKIT_SIGNING_KEY has fewer than 16 characters"):
        signature(b"content")


@pytest.mark.parametrize("content", ["", "short"])
def test_a_key_file_that_was_emptied_is_no_key(tmp_path, monkeypatch, content):
    monkeypatch.delenv("SYNTHKIT_SIGNING_KEY", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "synthkit").mkdir()
    (tmp_path / "synthkit" / "signing.key").write_text(content)
    with pytest.raises(SecurityError, match="fewer than 16 characters"):
        signature(b"content")
