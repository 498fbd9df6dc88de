"""Personal columns, found by what they are called and by what they hold."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import median

from synthkit.inference.first_names import are_people
from synthkit.inference.names import stems
from synthkit.inference.national_ids import looks_national, luhn
from synthkit.inference.profile import LENGTH, Family, Profile, TableProfile
from synthkit.inference.vocabulary import (
    BELONGINGS,
    FIRMS,
    NAME_WORDS,
    NOT_PERSONAL,
    NUMBER_WORDS,
    PEOPLE,
    PERSONAL_TRAITS,
    PHRASES,
    RECIPES,
    SHORT,
    STAFF,
    TAIL_WORDS,
    TEXT_WORDS,
)

__all__ = ["BELONGING", "RECIPES", "free_text", "holds_people", "recipe"]

BELONGING = "belonging"  # a device, a vehicle, a home: fresh identifiers in the same form are all that is needed

_PERSONS = PEOPLE | STAFF
_FEW_TEXTS = 20  # different ones may be the answers to a question
_COMPOUND = 7  # letters
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]{2,}")
_UUID = re.compile(r"\{?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?")
_URL = re.compile(r"(https?|ftp)://\S+|www\.[^\s.]+\.\S+", re.IGNORECASE)
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_PHONE = re.compile(  # as people write it: with +country, (area) or 0area, or as 555-555-0100
    r"((\+\d{1,3}|\(0?\d{1,5}\)|00?\d{2,5}(?=[ /.-]))[\d ()./-]{6,17}|(1[ .-])?\d{3}[ .-]\d{3}[ .-]\d{4})"
    r"( ?(x|ext\.?) ?\d{1,6})?"
)
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-])([0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}|([0-9a-f]{4}\.){2}[0-9a-f]{4}")
_WALLET = re.compile(r"0x[0-9a-fA-F]{40}|(bc1|[13])[a-km-zA-HJ-NP-Z1-9]{25,39}")
_PLACE = re.compile(r"\(?-?\d{1,2}\.\d{4,}[,; ] ?-?\d{1,3}\.\d{4,}\)?")
_IMEI = re.compile(r"(01|35|86|99)\d{13}")
_CARD = re.compile(r"[2-6*Xx][\d*Xx]{11,18}")
_MASKED = re.compile(r"[\d*Xx]{0,6}[*Xx]{6,}\d{4}")
_LETTER = re.compile(r"[^\W\d_]")


def recipe(column: Profile, table: TableProfile) -> str | None:
    """How fresh values of a personal column are made: one of ``RECIPES``, or ``BELONGING``; ``None`` for no person's.

    A name that says so counts where at least half of a sample of the values do not contradict it; values
    that say so themselves count where at least 80 % of the sample do.
    """
    if column.family not in (Family.TEXT, Family.INTEGER) and not column.whole:
        return None
    found = _by_name(column, table, column.sample) or _by_content(column.sample, column.family)
    return None if found in _OFTEN_CATEGORIES and not column.nearly_distinct else found


def free_text(column: Profile) -> bool:
    """Whether text is written freely, or packed, however often it is repeated: no set of categories is like that."""
    if column.distinct < _FEW_TEXTS:
        return False
    telling = any(ending in TEXT_WORDS for ending in _endings(column.words))
    return median(map(_length, column.sample)) >= (4 if telling else 8) or _share(_is_packed, column.sample) >= 0.8


def holds_people(table: TableProfile) -> bool:
    """Whether the rows of a table are people, by its name or by what its columns are called."""
    traits = (phrase for column in table.columns for phrase in _endings(column.words))
    return bool(_PERSONS.intersection(stems(table.name)) or PERSONAL_TRAITS.intersection(traits))


def _by_name(column: Profile, table: TableProfile, values: Sequence[str]) -> str | None:
    said = _said(column.words)
    found = _bearer(column, table) if said in NAME_WORDS else _meaning(said)
    return found if found and _share(_MAY_BE[found], values) >= 0.5 else None


def _meaning(phrase: str) -> str | None:
    return BELONGING if phrase in BELONGINGS else PHRASES.get(phrase)


def _bearer(column: Profile, table: TableProfile) -> str | None:
    """Whose name a column called just ``name`` holds: a person's, a firm's, or that of a thing."""
    if _PERSONS.intersection(stems(table.name)) and (column.nearly_distinct or column.distinct > 100):
        return "name"
    if not column.nearly_distinct:
        return None
    if FIRMS.intersection(stems(table.name)):
        return "company"
    return "name" if holds_people(table) and _share(_like_full_name, column.sample) >= 0.5 else None


def _by_content(values: Sequence[str], family: Family) -> str | None:
    if not values:
        return None
    found = next((name for name, proves in _PROVES.items() if _share(proves, values) >= 0.8), None)
    if found is None and _all_national(values, family):
        return "national_id"
    return found or ("name" if family is Family.TEXT and are_people(values) else None)


def _all_national(values: Sequence[str], family: Family) -> bool:
    """Whether these are identity numbers, also where a number lost its leading zeros."""
    width = max(map(len, values))
    return looks_national(values if family is Family.TEXT else [value.zfill(width) for value in values])


def _said(name: tuple[str, ...]) -> str:
    """The longest known phrase that a name ends in, numbers and words such as ``home`` left aside."""
    name = tuple(SHORT.get(word, word) for word in name)
    while len(name) > 1 and (name[-1] in TAIL_WORDS or name[-1].isdecimal()):
        name = name[:-1]
    found = _phrase(name)
    if not found and len(name) > 1 and name[-1] in NUMBER_WORDS:
        return _said(name[:-1])
    # the name of something else: product_name
    return "" if found in NOT_PERSONAL or (found in NAME_WORDS and len(name) > 1) else found


def _phrase(name: tuple[str, ...]) -> str:
    known = (e for e in (*_endings(name), *_compounds(name)) if e in PHRASES or e in BELONGINGS or e in NOT_PERSONAL)
    return next(known, "")


def _compounds(name: tuple[str, ...]) -> Iterator[str]:
    """The long endings of the last word, for ``Rechnungsanschrift``; short ones are endings of too much."""
    last = name[-1] if name else ""
    return (last[start:] for start in range(1, len(last) - _COMPOUND + 1))


def _endings(name: tuple[str, ...]) -> Iterator[str]:
    return ("".join(name[start:]) for start in range(len(name)))


def _share(test: Callable[[str], bool], values: Iterable[str]) -> float:
    """The share of values that pass; 1 where there is none to speak against."""
    results = [test(value.strip()) for value in values]
    return sum(results) / len(results) if results else 1.0


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: pattern.fullmatch(value) is not None


def _digits(value: str) -> int:
    return sum(c.isdecimal() for c in value)


def _is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return "." in value or ":" in value


def _is_iban(value: str) -> bool:
    """Whether the check digits are right (ISO 13616: modulo 97 of the rearranged number is 1)."""
    compact = value.replace(" ", "").upper()
    if not _IBAN.fullmatch(compact) or not compact.isascii():
        return False
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1


def _is_card(value: str) -> bool:
    """Whether it is written like a card number and its check digit is right (Luhn), or is masked."""
    compact = re.sub(r"[ -]", "", value)
    if _MASKED.fullmatch(compact):
        return True
    return bool(_CARD.fullmatch(compact)) and compact.isdecimal() and len(compact) >= 13 and luhn(compact)


def _is_belonging(value: str) -> bool:
    if _IMEI.fullmatch(value):
        return luhn(value)
    return any(form.fullmatch(value) for form in (_MAC, _WALLET, _PLACE))


def _length(value: str) -> int:
    """About how many words a value has; three characters count as one where they are written without spaces."""
    return max(len(value.split()), sum(c > "\u3040" for c in value) // 3)


def _is_json(value: str) -> bool:
    try:
        json.loads(value)
    except ValueError:
        return False
    return True


def _is_packed(value: str) -> bool:
    """Whether it is a JSON object or list, or a long code such as base64."""
    if value[:1] in ("{", "["):
        return len(value) >= LENGTH or _is_json(value)
    return len(value) >= 40 and " " not in value and _digits(value) >= 3


def _is_phone(value: str) -> bool:
    return 9 <= _digits(value) <= 20 and _PHONE.fullmatch(value) is not None


def _may_name(value: str) -> bool:
    return _LETTER.search(value) is not None and "@" not in value and len(value.split()) <= 6


def _like_full_name(value: str) -> bool:
    parts = value.replace(",", " ").split()
    capitalised = all(part[0].isalpha() and not part[0].islower() for part in (parts[0], parts[-1])) if parts else False
    return capitalised and 2 <= len(parts) <= 5 and not _digits(value)


# What values say of themselves, the most specific first.
_PROVES: dict[str, Callable[[str], bool]] = {
    "uuid": _matches(_UUID),
    "email": _matches(_EMAIL),
    "url": _matches(_URL),
    "ip_address": _is_ip,
    "iban": _is_iban,
    "card_number": _is_card,
    BELONGING: _is_belonging,
    "phone": _is_phone,
}
# What values must look like for a name to be believed: a column ``phone`` of yes and no is not personal.
_MAY_BE: dict[str, Callable[[str], bool]] = {
    "name": _may_name,
    "first_name": _may_name,
    "last_name": _may_name,
    "email": lambda value: "@" in value,
    "phone": lambda value: _digits(value) >= 6,
    "address": lambda value: len(value) >= 5 and _LETTER.search(value) is not None and _length(value) > 1,
    "street": lambda value: len(value) >= 3 and _LETTER.search(value) is not None,
    "postcode": lambda value: len(value) <= 10 and _digits(value) >= 2,
    "iban": lambda value: _IBAN.fullmatch(value.replace(" ", "").upper()) is not None,
    "card_number": lambda value: _CARD.fullmatch(re.sub(r"[ -]", "", value)) is not None,
    "national_id": lambda value: 5 <= len(value) <= 24 and _digits(value) >= 4,
    "ip_address": _is_ip,
    "url": lambda value: "." in value and " " not in value,
    "uuid": _matches(_UUID),
    "username": lambda value: len(value) >= 2 and " " not in value,
    "company": lambda value: _LETTER.search(value) is not None,
    BELONGING: lambda value: 4 <= len(value) <= 45 and _digits(value) >= 1,
}
# These may be few and shared by many, and then say nothing about one person.
_OFTEN_CATEGORIES = frozenset({"postcode", "url", "uuid", "company"})
