"""Fresh keys in the format of the real ones, from a part of the key space that holds no real key."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from os.path import commonprefix
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import ConfigDict

from synthkit.row_numbers import Integers

Codes = npt.NDArray[np.uint32]  # one row per key, one code point per position
Space = tuple[str, ...]  # the alphabet of each position; one character for a literal
Blocks = tuple[tuple[int, int], ...]  # start and size, as ranks

_LARGEST = 2**62  # ranks stay within int64, also while they are added up
_MOST_BLOCKS = 16
_PLENTY = 20  # free keys per real key, with which a search for more ends
_COUNTED = 4  # keys that lie closer than this, on average, were counted up
_UUID, _VERSION = 36, 14
_MANY = 5  # what fewer keys share may tell what they are
_NONE = np.array([], dtype="int64")
_HEX = digits + "abcdef"
_ALPHABETS = (  # the smallest that fits is taken
    digits,
    ascii_uppercase,
    ascii_lowercase,
    "89ab",  # the variant of a UUID
    "89AB",
    _HEX,
    _HEX.upper(),
    digits + ascii_uppercase,
    digits + ascii_lowercase,
    ascii_uppercase + ascii_lowercase,
    digits + ascii_uppercase + ascii_lowercase,
)


@dataclass(frozen=True, slots=True)
class Keys:
    """A format of keys, and the rounded blocks of its key space in which no real key lies.

    Attributes:
        kind: ``integer``; ``number``, a text that ends in an unpadded integer; ``pattern``, position by position.
        blocks: start and size of each free block, as ranks in the key space.
        spread: about how far real keys lie apart, as a power of ten; 1 for keys that were counted up.
        prefix: the text before the number; characters that all real keys share.
        alphabets: the characters of each position of a pattern; a single one was shared by all real keys.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    kind: Literal["integer", "number", "pattern"]
    blocks: Blocks
    spread: int = 1
    prefix: str = ""
    alphabets: Space = ()

    def __post_init__(self) -> None:
        limit = _size(self.alphabets) if self.kind == "pattern" else _LARGEST + 1
        edges = [edge for start, size in self.blocks for edge in (start, start + size)]
        if edges != sorted(edges) or not all(0 <= edge <= limit for edge in edges):
            raise ValueError("the blocks overlap or leave the key space")
        if self.spread < 1 or (self.kind == "pattern" and not all(self.alphabets)):
            raise ValueError("the format cannot be used")

    @property
    def capacity(self) -> int:
        """How many different keys there are to give."""
        return sum(size for _, size in self.blocks)

    def fresh(self, count: int, random: np.random.Generator) -> pd.Series[Any]:
        """Give ``count`` different keys, at most ``capacity``; integers or text, none of them a real key.

        Keys that were counted up are counted up again from a random start, others are scattered.
        """
        ranks = self._ranks(count, random)
        if self.kind == "integer":
            return pd.Series(ranks)
        if self.kind == "number":
            return pd.Series([f"{self.prefix}{rank}" for rank in ranks.tolist()], dtype=object)
        return pd.Series(_spelled(ranks, self.alphabets, random), dtype=object)

    def _ranks(self, count: int, random: np.random.Generator) -> Integers:
        step = min(self.spread, self.capacity // max(count, 1))
        first = self.blocks[0][0] if self.blocks else 0
        room = min(self.capacity - count * step, max(count * step, first))  # so that keys hardly grow longer
        places = np.arange(count) * step + random.integers(0, room, endpoint=True)
        if step > 1:
            places = random.permutation(places + random.integers(0, step, count))
        starts, sizes = np.array(self.blocks, dtype="int64").reshape(-1, 2).T
        ends = np.cumsum(sizes)
        block = np.searchsorted(ends, places, side="right")
        return np.asarray(starts[block] + places - (ends - sizes)[block], dtype="int64")


def integer_keys(real: pd.Series[Any], largest: int) -> Keys:
    """Learn integer keys from the real ones (no nulls): free ones beyond them, in 0..``largest``."""
    largest = min(largest, _LARGEST)
    used = _sorted(real.to_numpy(), largest)
    spread = _spread(used)
    blocks = _as_wide(used, largest + 1) if spread > 1 else ()
    return Keys("integer", blocks or _beyond(used, largest + 1) or _gaps(used, largest + 1), spread)


def text_keys(real: pd.Series[Any]) -> Keys:
    """Learn text keys from the real ones (no nulls).

    The format that keeps most of the real one is taken, if it can name as many rows as there are real
    keys: position by position, as most keys are long; a prefix and an unpadded number; the same
    positions with freer letters; the same with more digits at the end.
    """
    known = pd.Series(pd.unique(real), dtype=object)
    if known.empty:
        return Keys("number", _beyond(_NONE, _LARGEST))
    return next(keys for keys in _formats(known) if keys.capacity >= len(known))


def _formats(real: pd.Series[Any]) -> Iterator[Keys]:
    lengths = real.str.len()
    usual, longest = (_codes(real[lengths == length]) for length in (lengths.mode()[0], lengths.max()))
    as_they_are = [_pattern(usual, _strict(usual, _shared(real)))]
    numbered = list(_numbered(real))
    yield from as_they_are + numbered if len(usual) == len(real) else numbered + as_they_are
    for rule in (_strict, _freest):
        yield _pattern(usual, rule(usual))
    for more in range(1, 20):  # longer than every real key
        yield _pattern(longest[:0], (*_freest(longest), *[digits] * more))


def _shared(real: pd.Series[Any]) -> int:
    """In how many leading positions a letter may be kept: those that many keys share, and all of them."""
    if len(real) < _MANY:
        return 0
    same_length = len(real.str.len().unique()) == 1
    return len(real[0]) if same_length else len(commonprefix(real.tolist()))  # noqa: RUF071 - of characters indeed


def _numbered(real: pd.Series[Any]) -> Iterator[Keys]:
    parts = real.str.extract(r"^(\D*)(0|[1-9][0-9]{0,17})$")
    if len(real) >= _MANY and parts[0].notna().all() and len(parts[0].unique()) == 1:
        used = _sorted(parts[1].astype("int64").to_numpy(), _LARGEST)
        yield Keys("number", _beyond(used, _LARGEST), _spread(used), prefix=str(parts[0].iloc[0]))


def _pattern(codes: Codes, space: Space) -> Keys:
    used = np.unique(_ranks(codes, space))
    return Keys("pattern", _gaps(used, _size(space)), _spread(used), alphabets=space)


def _codes(keys: pd.Series[Any]) -> Codes:
    points = np.frombuffer("".join(keys).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return points.reshape(len(keys), -1)


def _strict(codes: Codes, shared: int = 0) -> Space:
    """A digit may be any digit and a letter any letter; other characters that all keys share are kept.

    Letters that all keys share are kept in the first ``shared`` positions, and the version of UUIDs.
    """
    space = [_alphabet(column) for column in codes.T]
    if _is_uuid(space):
        version = np.unique(codes[:, _VERSION])
        space[_VERSION] = chr(version[0]) if len(version) == 1 else _HEX
    return tuple(_case(a) if a.isalpha() and place >= shared else a for place, a in enumerate(space))


def _is_uuid(space: list[str]) -> bool:
    return len(space) == _UUID and [i for i, alphabet in enumerate(space) if alphabet == "-"] == [8, 13, 18, 23]


def _freest(codes: Codes) -> Space:
    """Any digit or letter wherever there is one, in the case that most positions have."""
    space = _strict(codes)
    small = sum(alphabet[-1].islower() for alphabet in space) > sum(alphabet[-1].isupper() for alphabet in space)
    letters = digits + (ascii_lowercase if small else ascii_uppercase)
    return tuple(letters if alphabet.isalnum() else alphabet for alphabet in space)


def _case(alphabet: str) -> str:
    if len(alphabet) > 1:
        return alphabet
    return ascii_uppercase if alphabet.isupper() else ascii_lowercase


def _alphabet(column: npt.NDArray[np.uint32]) -> str:
    seen = "".join(map(chr, np.unique(column)))
    if len(seen) == 1 and seen not in digits and seen.isprintable():
        return seen
    usual = {c for c in seen if c in _ALPHABETS[-1]} or {"a"}
    return next(alphabet for alphabet in _ALPHABETS if usual <= set(alphabet))


def _lead(space: Space) -> int:
    """How many leading positions are numbered; the rest, which makes ranks too large, is drawn."""
    sizes = np.cumsum([math.log2(len(alphabet)) for alphabet in space])
    return int((sizes <= math.log2(_LARGEST)).sum())


def _size(space: Space) -> int:
    return math.prod(len(alphabet) for alphabet in space[: _lead(space)])


def _ranks(codes: Codes, space: Space) -> Integers:
    """The ranks of those keys that lie in a key space."""
    ranks, fits = np.zeros(len(codes), dtype="int64"), np.ones(len(codes), dtype=bool)
    for place, alphabet in enumerate(space[: codes.shape[1]]):
        known = _points(alphabet)
        digit = np.searchsorted(known, codes[:, place]).clip(max=len(known) - 1)
        fits &= known[digit] == codes[:, place]
        if place < _lead(space):
            ranks = ranks * len(known) + digit
    return ranks[fits]


def _spelled(ranks: Integers, space: Space, random: np.random.Generator) -> list[str]:
    codes = np.empty((len(ranks), len(space)), dtype=np.uint32)
    lead = _lead(space)
    for place in reversed(range(len(space))):
        known = _points(space[place])
        ranks, digit = (
            np.divmod(ranks, len(known)) if place < lead else (ranks, random.integers(0, len(known), len(ranks)))
        )
        codes[:, place] = known[digit]
    spelled: list[str] = codes.view(f"U{len(space)}").ravel().tolist()
    return spelled


def _points(alphabet: str) -> npt.NDArray[np.uint32]:
    return np.array([ord(character) for character in alphabet], dtype=np.uint32)


def _sorted(real: npt.NDArray[Any], largest: int) -> Integers:
    return np.unique(real[(real >= 0) & (real <= largest)].astype("int64"))


def _spread(used: Integers) -> int:
    apart = (int(used[-1]) - int(used[0]) + 1) / len(used) if len(used) else 1
    return 10 ** int(math.log10(apart)) if apart >= _COUNTED else 1


def _beyond(used: Integers, capacity: int) -> Blocks:
    """The block from a round number above all used ranks, if it is as large as they are many."""
    least = int(used[-1]) + 1 if len(used) else 1
    round_to = max(10 ** (len(str(least)) - 1), 10)
    start = -(-least // round_to) * round_to
    return ((start, capacity - start),) if capacity - start >= max(len(used), 1) else ()


def _as_wide(used: Integers, capacity: int) -> Blocks:
    """Gaps among the numbers with as many digits as the largest, if they name far more rows than there are."""
    width = len(str(used[-1]))
    blocks = _gaps(used[used >= 10 ** (width - 1)], min(10**width, capacity), 10 ** (width - 1))
    return blocks if sum(size for _, size in blocks) >= _PLENTY * len(used) else ()


def _gaps(used: Integers, capacity: int, first: int = 0) -> Blocks:
    """The largest gaps between used ranks, rounded inwards; few of them, as each tells where real keys are not."""
    edges = [first - 1, *used.tolist(), capacity]
    sizes = np.diff(np.array(edges, dtype="int64")) - 1
    blocks: list[tuple[int, int]] = []
    for place in np.argsort(-sizes, kind="stable")[:_MOST_BLOCKS]:
        if sum(size for _, size in blocks) >= _PLENTY * max(len(used), 1):
            break
        blocks += _rounded(edges[place] + 1, edges[place + 1])
    return tuple(sorted(blocks))


def _rounded(start: int, end: int) -> Blocks:
    grain = 10 ** max(int(math.log10(max((end - start) / 4, 1))), 0)
    first = -(-start // grain) * grain
    size = (end - first) // grain * grain
    return ((first, size),) if size > 0 else ()
