"""Fragments of the changelog are named and worded as `changelog.d/README.md` says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "changelog.d"
FRAGMENTS = sorted(path for path in FOLDER.iterdir() if path.name != "README.md")


@pytest.mark.parametrize("path", FRAGMENTS, ids=lambda path: path.name)
def test_a_fragment_has_a_known_kind_and_whole_sentences(path):
    assert re.fullmatch(r"\d+\.(added|changed|fixed|removed)\.md", path.name)
    text = path.read_text("utf-8")
    assert text.endswith(".\n"), "the last sentence ends with a full stop"
    assert not re.search(r"^#|\n\n\n| $", text, re.MULTILINE), "sentences only: headings come with a release"
