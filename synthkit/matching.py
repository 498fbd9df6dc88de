"""Finding many strings at once in bytes: plain, in UTF-16 or UTF-32, or escaped as in JSON."""

from __future__ import annotations

import mmap
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

GRAM = 6  # bytes that every string has at least, and by which it is looked up
LONGEST = 256  # bytes of a string that are compared; no two longer ones are worth telling apart
_BLOCK = 2**20  # bytes that are searched at once
_OVERLAP = 6 * LONGEST  # bytes of the next block: the longest string, every character escaped
_BITS = np.uint64(22)
_MASK = np.uint64(2 ** (8 * GRAM) - 1)
_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xC2B2AE3D27D4EB4F)
_WORD = np.array([chr(byte).isalnum() or byte == ord("_") for byte in range(128)] + [False] * 128)
_SHORT_TEXT = 0x8C  # in a pickle: one byte with the length follows, then the text
_ESCAPES = re.compile(rb'\\(?:u[0-9a-fA-F]{4}(?:\\u[0-9a-fA-F]{4})*|["\\/bfnrt])')
_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_WIDE = {"utf-16-le": "<u2", "utf-16-be": ">u2", "utf-32-le": "<u4"}
_LAST_WIDE = 0x6FF  # letters up to the Arabic ones; other scripts are found in files with a byte order mark

Content = bytes | mmap.mmap
_View = Callable[[bytes], bytes]
_Grams = npt.NDArray[np.uint64]
_Places = npt.NDArray[np.int64]


class Matcher:
    r"""Counts strings of six characters or more where they are no part of a longer word.

    In binary files, as in Arrow's memory, strings may follow each other without anything between: there, two
    that touch count as well. At one place only the longest counts. Strings without letters count from ten
    digits on and not as decimals of a number; shorter ones occur by chance.

    Example:
        >>> matcher = Matcher(["Ann Lee", "Joanne", "Zoë Kühn"])
        >>> dict(matcher.count(b'Ann Lee, "Zo\\u00eb K\\u00fchn", Joannette'))
        {'Ann Lee': 1, 'Zoë Kühn': 1}
    """

    def __init__(self, strings: Iterable[str]) -> None:
        self._strings = {text.encode()[:LONGEST]: text for text in strings if _telling(text)}
        ends = ((known[:GRAM], known[-GRAM:], len(known)) for known in self._strings)
        numbers = [(int.from_bytes(a, "little"), int.from_bytes(b, "little"), length) for a, b, length in ends]
        first, last, lengths = np.array(numbers, dtype="uint64").reshape(-1, 3).T
        self._lengths = np.unique(lengths).tolist()
        self._begin, self._whole = np.zeros((2, 1 << int(_BITS)), dtype=bool)
        self._begin[_hashed(first)] = True
        self._whole[_hashed(_mixed(first, last, lengths))] = True

    def count(self, content: Content) -> Counter[str]:
        """How often each string occurs; where it stands both plain and escaped, the more frequent way counts."""
        found: Counter[bytes] = Counter()
        views = _views(content) if self._strings else []
        for start in range(0, len(content), _BLOCK):
            found.update(self._in_views(views, content[start : start + _BLOCK + _OVERLAP]))
            if start:  # what lies in both this block and the one before
                found.subtract(self._in_views(views, content[start : start + _OVERLAP]))
        return Counter({self._strings[known]: count for known, count in found.items() if count > 0})

    def masked(self, text: str) -> str:
        """The text with a star in the place of every string."""
        content, done, kept = text.encode(), 0, b""
        for start, known in self._found(content):
            kept, done = kept + content[done:start] + b"*", start + len(known)
        return (kept + content[done:]).decode(errors="replace")

    def _in_views(self, views: list[_View], piece: bytes) -> Counter[bytes]:
        found: Counter[bytes] = Counter()
        for view in views:
            seen = view(piece)
            found |= Counter(known for _, known in self._found(seen))
            if b"\\" in seen:
                found |= Counter(known for _, known in self._found(_ESCAPES.sub(_unescaped, seen)))
        return found

    def _found(self, content: bytes) -> Iterator[tuple[int, bytes]]:
        """Where which string stands, those that overlap an earlier one aside."""
        binary, end = b"\0" in content, 0
        known = list(self._known(content, binary))
        starts, ends = ({s for s, _ in known}, {s + len(k) for s, k in known}) if binary else (set(), set())
        for start, string in known:
            touching = start in ends or start + len(string) in starts
            if start >= end and (touching or _alone(content, start, string)):
                yield start, string
                end = start + len(string)

    def _known(self, content: bytes, binary: bool) -> Iterator[tuple[int, bytes]]:
        done = -1
        for start, length in self._candidates(content, binary):
            string = content[start : start + length]
            if start > done and string in self._strings and (binary or _alone(content, start, string)):
                yield start, string
                done = start

    def _candidates(self, content: bytes, binary: bool) -> Iterator[tuple[int, int]]:
        """Where a string may stand, and its length, the longest first: its beginning and end look like it."""
        count = len(content) - GRAM + 1
        if count <= 0 or not self._lengths:
            return iter(())
        grams = np.ndarray((count,), "<u8", content + bytes(8 - GRAM), strides=(1,)) & _MASK
        places = np.flatnonzero(self._begin.take(_hashed(grams).view("int64"), mode="clip"))
        if not binary:
            places = places[_beginning(content, places)]
        found = [self._fitting(grams, places, length) for length in self._lengths]
        starts, lengths = np.concatenate(found), np.repeat(self._lengths, [len(each) for each in found])
        order = np.lexsort((-lengths, starts))
        return zip(starts[order].tolist(), lengths[order].tolist(), strict=True)

    def _fitting(self, grams: _Grams, places: _Places, length: int) -> _Places:
        places = places[: np.searchsorted(places, len(grams) - (length - GRAM))]
        whole = _mixed(grams[places], grams[places + (length - GRAM)], np.uint64(length))
        return places[self._whole[_hashed(whole)]]


def _telling(text: str) -> bool:
    digits = sum(map(str.isdigit, text))
    return len(text.encode()) >= GRAM and (digits >= 10 or any(map(str.isalpha, text)))


def _hashed(grams: _Grams) -> _Grams:
    return (grams * _ODD) >> (np.uint64(64) - _BITS)


def _mixed(first: _Grams, last: _Grams, length: _Grams | np.uint64) -> _Grams:
    return first ^ (last * _MIX) ^ (length << np.uint64(56))


def _beginning(content: bytes, places: _Places) -> npt.NDArray[np.bool_]:
    """Whether no letter or digit of ASCII joins what begins there to what is before it; a first rough sieve."""
    array = np.frombuffer(content, dtype="uint8")
    joined: npt.NDArray[np.bool_] = _WORD[array[places - 1]] & _WORD[array[places]] & (places > 0)
    return ~joined


def _alone(content: bytes, start: int, known: bytes) -> bool:
    """Whether a string at that place is no part of a longer word or number."""
    end = start + len(known)
    before, after = content[max(start - 5, 0) : start], content[end : end + 4]
    if len(known) == LONGEST or before == b"X" + len(known).to_bytes(4, "little"):
        return True  # the latter is a whole text in a pickle; what follows it may look like a letter
    if known.isdigit() and (re.search(rb"[0-9]\.\Z", before) or re.match(rb"\.[0-9]", after)):
        return False
    inner = known.decode()
    pickled = before[-2:] == bytes((_SHORT_TEXT, len(known)))
    opened = pickled or not (_is_word(inner[0]) and _is_word(before.decode(errors="replace")[-1:]))
    return opened and not (_is_word(inner[-1]) and _is_word(after.decode(errors="replace")[:1]))


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _views(content: Content) -> list[_View]:
    """The ways to read the content as UTF-8."""
    marked = _MARKS.get(content[:2])
    return [_decoded(marked)] if marked else [bytes, *map(_wide, _WIDE)]


def _decoded(encoding: str) -> _View:
    return lambda piece: piece.decode(encoding, errors="replace").encode()


def _wide(encoding: str) -> _View:
    kind = np.dtype(_WIDE[encoding])

    def view(piece: bytes) -> bytes:
        if b"\0" not in piece or len(piece) < GRAM * kind.itemsize:
            return b""
        shifted = (np.frombuffer(piece, kind, (len(piece) - i) // kind.itemsize, i) for i in range(kind.itemsize))
        return b"\0".join(_letters(units).decode(encoding, errors="replace").encode() for units in shifted)

    return view


def _letters(units: npt.NDArray[Any]) -> bytes:
    """The characters that are letters or the like; one null for all others between them."""
    letter = (units > 0) & (units <= _LAST_WIDE)
    kept = letter.copy()
    kept[1:] |= letter[:-1]
    chosen = units[kept]
    chosen[~letter[kept]] = 0
    return chosen.tobytes()


def _unescaped(match: re.Match[bytes]) -> bytes:
    if match[0] == rb"\/":
        return b"/"
    halves = match[0].decode("unicode_escape").encode("utf-16-le", errors="surrogatepass")
    return halves.decode("utf-16-le", errors="replace").encode()
