"""Fresh fakes for personal data: words from Faker, put together by numpy, only in reserved ranges."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from os.path import commonprefix
from string import ascii_uppercase
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from faker import Faker

from synthkit.errors import UsageError
from synthkit.guard.values import TEXT
from synthkit.row_numbers import Flags

Words = npt.NDArray[np.object_]

_BEFORE_NUMBER = {"phone": " x", "username": "", "url": "-"}
_EARLY = 2  # rounds that keep to the plainest form
_ROUNDS = 6  # of drawing again, before a number at the end makes a fake another one
_WORDS = 1200  # of each vocabulary
_DOMAINS = np.array(["example.com", "example.net", "example.org"], dtype=object)  # RFC 2606
_NETWORKS = np.array(["192.0.2.", "198.51.100.", "203.0.113."], dtype=object)  # RFC 5737
_FEWEST = {"phone": 7, "national_id": 4, "card_number": 12}  # digits; the recipes that can give numbers
_LUHN = np.array([0, 2, 4, 6, 8, 1, 3, 5, 7, 9])  # twice a digit, its digits added


@dataclass(frozen=True)
class _Order:
    """What a recipe is asked for; ``attempt`` counts the rounds, and later ones have more to choose from."""

    count: int
    attempt: int
    locale: str
    template: str | None
    random: np.random.Generator

    def words(self, method: str) -> Words:
        return self.pick(vocabulary(self.locale, method))

    def pick(self, choices: Words) -> Words:
        return choices[self.random.integers(0, len(choices), self.count)]

    def numbers(self, low: int, high: int) -> npt.NDArray[np.int64]:
        return self.random.integers(low, high, self.count)

    def text(self, low: int, high: int, width: int = 1) -> Words:
        return _padded(self.numbers(low, high), width)


def fakes(  # noqa: PLR0913 - each belongs to the order of one column
    recipe: str,
    count: int,
    *,
    unique: bool,
    locale: str,
    seed: int,
    avoid: pd.Series[Any] | None,
    template: str | None = None,
) -> pd.Series[Any]:
    """Make ``count`` fakes of one kind, the same for the same seed; none of them a value of ``avoid``.

    E-mails and URLs use example.com, .net and .org; IP addresses the documentation ranges, then the
    benchmark range; phone numbers 555-01xx; IBANs the made-up bank TEST, card numbers the test range
    424242, both with valid check digits; national ids start with 9, as no social security number does.

    Args:
        recipe: one of ``RECIPES``.
        count: how many.
        unique: whether no fake may occur twice.
        locale: a locale of Faker, for names, streets, towns and companies.
        seed: of all choices.
        avoid: real values; a fake that equals one is drawn again.
        template: the form of phone, postcode and national id: ``#`` is a digit, ``?`` a letter.

    Raises:
        UsageError: an unknown recipe or locale.

    Example:
        >>> fakes("uuid", 1, unique=True, locale="en_US", seed=0, avoid=None).str.len().tolist()
        [36]
    """
    if recipe not in RECIPES:
        raise UsageError(f"there is no recipe {recipe!r} for personal data", f"choose from {', '.join(RECIPES)}")
    known_locale(locale)
    random = np.random.default_rng(np.random.SeedSequence(seed))
    real: Any = [] if avoid is None else avoid.dropna().astype(TEXT).astype(object).unique()  # which isin is quick with
    made = np.empty(count, dtype=object)
    bad, number = np.ones(count, dtype=bool), 2
    for attempt in range(_ROUNDS):
        made[bad] = RECIPES[recipe](_Order(int(bad.sum()), attempt, locale, template, random))
        bad = _unusable(made, real, unique=unique)
        if not bad.any():
            break
    while bad.any():
        made[bad] = _numbered(recipe, made[bad], number)
        number += int(bad.sum())
        bad = _unusable(made, real, unique=unique)
    return pd.Series(made).astype(TEXT)


def template_of(real: pd.Series[Any]) -> str | None:
    """The form that all real values share: ``#`` for a digit, ``?`` for a capital, other characters as they are.

    Up to three digits after a leading ``+`` are kept where all values share them: a country's code.
    None where the forms differ.

    Example:
        >>> template_of(pd.Series(["+1 212-555-0101", "+1 646-555-0102"]))
        '+1 ###-###-####'
    """
    forms = real.astype(TEXT).str.replace(r"[0-9]", "#", regex=True).str.replace(r"[A-Z]", "?", regex=True).unique()
    if len(forms) != 1 or re.search(r"[^#?() +./-]", forms[0]):
        return None
    starts = real.astype(TEXT).str.extract(r"^(\+[0-9]{1,3})(?![0-9])")[0].unique()
    code = str(starts[0]) if len(starts) == 1 and starts[0] == starts[0] else ""
    return code + str(forms[0])[len(code) :]


def number_form(recipe: str, real: pd.Series[Any], largest: int) -> str | None:
    """The form of fakes for personal numbers: as many digits as most real ones (no nulls) have.

    A country's code that all real phone numbers start with is kept. None where there are no reserved numbers of
    that kind and length, or where they can be larger than ``largest``.

    Example:
        >>> number_form("phone", pd.Series([492215550123, 493015550199]), largest=2**53)
        '49##########'
    """
    written = real.astype(str).str.removesuffix(".0")
    usual = written[written.str.fullmatch("[0-9]+")].str.len().mode()
    digits = int(usual[0]) if len(usual) else 0
    highest = 424243 * 10 ** max(digits - 6, 0) if recipe == "card_number" else 10**digits
    if digits < _FEWEST.get(recipe, digits + 1) or highest > largest:
        return None
    if recipe != "phone" or digits in (7, 10):  # which start with 5, or as an area code
        return "#" * digits
    code = commonprefix(written.tolist())[: max(0, min(digits - 10, 3))]  # noqa: RUF071 - of characters indeed
    return (code or "1").ljust(digits, "#")


def known_locale(locale: str) -> None:
    """Refuse a locale that Faker does not have.

    Raises:
        UsageError: there is no such locale.
    """
    try:
        _speaker(locale)
    except AttributeError:
        raise UsageError(f"there is no locale {locale!r}", "choose one of Faker's, such as en_US or de_DE") from None


@lru_cache(maxsize=8)
def _speaker(locale: str) -> Faker:
    return Faker(locale, use_weighting=False)


@lru_cache(maxsize=64)
def vocabulary(locale: str, method: str) -> Words:
    """The words that a method of Faker gives, each once, always the same for a locale."""
    speaker = _speaker(locale)
    speaker.seed_instance(0)
    draw = getattr(speaker, method)
    return _array(dict.fromkeys(str(draw()).replace("\n", " ") for _ in range(_WORDS)))


@lru_cache(maxsize=64)
def _plain(locale: str, method: str) -> Words:
    """The same vocabulary in lower-case ASCII letters; English where a locale has too few such words."""
    words = (unicodedata.normalize("NFKD", word).encode("ascii", "ignore") for word in vocabulary(locale, method))
    plain = dict.fromkeys(re.sub(r"[^a-z]", "", word.decode().lower()) for word in words)
    kept = [word for word in plain if word]
    return _array(kept) if len(kept) >= _WORDS // 40 else _plain("en_US", method)


def _array(words: Any) -> Words:
    return np.array(list(words), dtype=object)


def _unusable(made: Words, real: Any, *, unique: bool) -> Flags:
    values = pd.Series(made, dtype=object)
    bad = values.isin(real)
    return (bad | values.duplicated()).to_numpy() if unique else bad.to_numpy()


def _numbered(recipe: str, made: Words, first: int) -> Words:
    numbers = range(first, first + len(made))
    if recipe == "ip_address":
        return _array(f"2001:db8::{n >> 16:x}:{n % 2**16:x}" for n in numbers)  # RFC 3849
    return _joined(made, _BEFORE_NUMBER.get(recipe, " "), _array(map(str, numbers)))


def _padded(numbers: npt.NDArray[np.int64], width: int) -> Words:
    return _array(f"{number:0{width}d}" for number in numbers.tolist())


def _joined(first: Words | str, *others: Words | str) -> Words:
    joined = np.asarray(first, dtype=object)
    for other in others:
        joined = joined + other
    return joined


def _filled(order: _Order, form: str, fixed: Mapping[int, Words | str]) -> Words:
    """Digits for ``#`` and capitals for ``?``, except at fixed places."""
    draws = {"#": _array("0123456789"), "?": _array(ascii_uppercase)}
    drawn = ((place, order.pick(draws[c]) if c in draws else c) for place, c in enumerate(form))
    return _joined(np.full(order.count, "", dtype=object), *(fixed.get(place, part) for place, part in drawn))


def _figures(form: str | None, least: int, otherwise: str) -> tuple[str, list[int]]:
    """The form, if it has enough digits, and the places of its digits."""
    usable = form if form and form.count("#") >= least else otherwise
    return usable, [place for place, character in enumerate(usable) if character == "#"]


def _doubled(order: _Order, method: str) -> Words:
    word = order.words(method)
    return word if order.attempt < _EARLY else _joined(word, "-", order.words(method))


def _first_name(order: _Order) -> Words:
    return _doubled(order, "first_name")


def _last_name(order: _Order) -> Words:
    return _doubled(order, "last_name")


def _name(order: _Order) -> Words:
    middle = " " if order.attempt < _EARLY else _joined(" ", order.pick(_array(ascii_uppercase)), ". ")
    return _joined(order.words("first_name"), middle, order.words("last_name"))


def _account(order: _Order, between: str) -> Words:
    first, last = (order.pick(_plain(order.locale, method)) for method in ("first_name", "last_name"))
    return _joined(first, between, last, order.text(1, 100 * 10**order.attempt))


def _email(order: _Order) -> Words:
    return _joined(_account(order, "."), "@", order.pick(_DOMAINS))


def _username(order: _Order) -> Words:
    return _account(order, "_")


def _url(order: _Order) -> Words:
    return _joined("https://www.", order.pick(_DOMAINS), "/", _account(order, "-"))


def _street(order: _Order) -> Words:
    house, street = order.text(1, 300 * 10 ** (order.attempt // 2)), order.words("street_name")
    return _joined(house, " ", street) if order.locale[:2] in ("en", "fr") else _joined(street, " ", house)


def _address(order: _Order) -> Words:
    return _joined(_street(order), ", ", order.words("postcode"), " ", order.words("city"))


def _company(order: _Order) -> Words:
    name = order.words("company")
    return name if order.attempt < _EARLY else _joined(order.words("last_name"), " & ", name)


def _postcode(order: _Order) -> Words:
    return _filled(order, order.template, {}) if order.template else order.words("postcode")


def _phone(order: _Order) -> Words:
    """The last seven digits are 555-01xx, and the area code does not start with 0 or 1.

    Later ones have the area codes that North America keeps for a longer form: their second digit is 9.
    """
    form, places = _figures(order.template, 7, "###-###-####")
    fixed: dict[int, Words | str] = {place: order.text(2, 10) for place in places[-10:-9]}
    if fixed and order.attempt >= _EARLY:
        return _filled(order, form, {**fixed, places[-9]: "9"})
    return _filled(order, form, {**fixed, **dict(zip(places[-7:-2], "55501", strict=True))})


def _national_id(order: _Order) -> Words:
    """A social security number does not start with 9, a taxpayer's one does, but has no digit below 5 at place 4."""
    form, places = _figures(order.template, 4, "###-##-####")
    return _filled(order, form, {places[0]: "9", places[3]: order.text(0, 5)})


def _iban(order: _Order) -> Words:
    account = order.numbers(0, 10**14)
    bank = 29142829  # TEST, as ISO 13616 numbers letters; GB is 1611
    check = 98 - ((bank * 10**14 % 97 + account) % 97 * 10**6 + 161100) % 97
    return _joined("GB", _padded(check, 2), "TEST", _padded(account, 14))


def _card_number(order: _Order) -> Words:
    length = len(order.template) if order.template else 16
    number = 424242 * 10 ** (length - 7) + order.numbers(0, 10 ** (length - 7))
    figures = number[:, None] // 10 ** np.arange(length - 1) % 10  # the last one first
    total = _LUHN[figures[:, ::2]].sum(axis=1) + figures[:, 1::2].sum(axis=1)
    return _padded(number * 10 + -total % 10, length)


def _ip_address(order: _Order) -> Words:
    if order.attempt < _EARLY:
        return _joined(order.pick(_NETWORKS), order.text(1, 255))
    return _joined("198.", order.text(18, 20), ".", order.text(0, 256), ".", order.text(1, 255))  # RFC 2544


def _uuid(order: _Order) -> Words:
    high, low = (order.random.integers(0, 2**63, order.count, dtype="uint64").tolist() for _ in range(2))
    figures = [f"{a:016x}{b:016x}" for a, b in zip(high, low, strict=True)]
    return _array(f"{f[:8]}-{f[8:12]}-4{f[13:16]}-a{f[17:20]}-{f[20:]}" for f in figures)


RECIPES: dict[str, Callable[[_Order], Words]] = {
    "name": _name,
    "first_name": _first_name,
    "last_name": _last_name,
    "email": _email,
    "phone": _phone,
    "address": _address,
    "street": _street,
    "postcode": _postcode,
    "iban": _iban,
    "card_number": _card_number,
    "national_id": _national_id,
    "ip_address": _ip_address,
    "url": _url,
    "uuid": _uuid,
    "username": _username,
    "company": _company,
}

TEMPLATED = ("phone", "postcode", "national_id")  # recipes that heed a template
