"""Personal columns, found by what they are called and by what they hold."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator

from synthkit.inference.names import stems
from synthkit.inference.profile import Family, Profile, TableProfile
from synthkit.inference.vocabulary import (
    FIRMS,
    NAME_WORDS,
    NOT_PERSONAL,
    PEOPLE,
    PERSONAL_TRAITS,
    PHRASES,
    RECIPES,
    STAFF,
    TAIL_WORDS,
)

__all__ = ["RECIPES", "holds_people", "recipe"]

_PERSONS = PEOPLE | STAFF
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]{2,}")
_UUID = re.compile(r"\{?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?")
_URL = re.compile(r"(https?|ftp)://\S+|www\.[^\s.]+\.\S+", re.IGNORECASE)
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_PHONE = re.compile(  # as people write it: with +country, (area) or 0area, or as 555-555-0100
    r"((\+\d{1,3}|\(0?\d{1,5}\)|00?\d{2,5}(?=[ /.-]))[\d ()./-]{6,17}|(1[ .-])?\d{3}[ .-]\d{3}[ .-]\d{4})"
    r"( ?(x|ext\.?) ?\d{1,6})?"
)
_SSN = re.compile(r"\d{3}-\d{2}-\d{4}")
_CARD = re.compile(r"[2-6][\d*Xx]{11,18}")
_LETTER = re.compile(r"[^\W\d_]")


def recipe(column: Profile, table: TableProfile) -> str | None:
    """How fresh values of a personal column are made, one of ``RECIPES``; ``None`` where it is not personal.

    A name that says so counts where at least half of a sample of the values do not contradict it; values
    that say so themselves count where at least 80 % of the sample do.
    """
    if column.family not in (Family.TEXT, Family.INTEGER) and not column.whole:
        return None
    found = _by_name(column, table) or _by_content(column)
    return None if found in _OFTEN_CATEGORIES and not column.nearly_distinct else found


def holds_people(table: TableProfile) -> bool:
    """Whether the rows of a table are people, by its name or by what its columns are called."""
    traits = (phrase for column in table.columns for phrase in _endings(column.words))
    return bool(_PERSONS.intersection(stems(table.name)) or PERSONAL_TRAITS.intersection(traits))


def _by_name(column: Profile, table: TableProfile) -> str | None:
    said = _said(column.words)
    found = _bearer(column, table) if said in NAME_WORDS else PHRASES.get(said)
    return found if found and _share(_MAY_BE[found], column.sample) >= 0.5 else None


def _bearer(column: Profile, table: TableProfile) -> str | None:
    """Whose name a column called just ``name`` holds: a person's, a firm's, or that of a thing."""
    if _PERSONS.intersection(stems(table.name)) and (column.nearly_distinct or column.distinct > 100):
        return "name"
    if not column.nearly_distinct:
        return None
    if FIRMS.intersection(stems(table.name)):
        return "company"
    return "name" if holds_people(table) and _share(_like_full_name, column.sample) >= 0.5 else None


def _by_content(column: Profile) -> str | None:
    if not column.distinct:
        return None
    return next((name for name, proves in _PROVES.items() if _share(proves, column.sample) >= 0.8), None)


def _said(name: tuple[str, ...]) -> str:
    """The longest known phrase that a name ends in, numbers and words such as ``home`` left aside."""
    while len(name) > 1 and (name[-1] in TAIL_WORDS or name[-1].isdecimal()):
        name = name[:-1]
    found = next((phrase for phrase in _endings(name) if phrase in PHRASES or phrase in NOT_PERSONAL), "")
    # the name of something else: product_name
    return "" if found in NOT_PERSONAL or (found in NAME_WORDS and len(name) > 1) else found


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
    """Whether it is written like a card number and its check digit is right (Luhn, ISO/IEC 7812)."""
    compact = re.sub(r"[ -]", "", value)
    if not _CARD.fullmatch(compact) or not compact.isdecimal() or len(compact) < 13:
        return False
    doubled = [sum(divmod(2 * int(c), 10)) for c in compact[-2::-2]]
    return (sum(doubled) + sum(int(c) for c in compact[-1::-2])) % 10 == 0


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
    "national_id": _matches(_SSN),
    "phone": _is_phone,
}
# What values must look like for a name to be believed: a column ``phone`` of yes and no is not personal.
_MAY_BE: dict[str, Callable[[str], bool]] = {
    "name": _may_name,
    "first_name": _may_name,
    "last_name": _may_name,
    "email": lambda value: "@" in value,
    "phone": lambda value: _digits(value) >= 6,
    "address": lambda value: len(value) >= 5 and _LETTER.search(value) is not None,
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
}
# These may be few and shared by many, and then say nothing about one person.
_OFTEN_CATEGORIES = frozenset({"postcode", "url", "uuid", "company"})
