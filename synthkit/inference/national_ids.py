"""National identity numbers, told by their check digits or, where these have none to tell, by their form.

The rules are those that the issuing states publish; python-stdnum (de Jong, 2010) documents most of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_SPAIN = "TRWAGMYFPDXBNJZSQVHLCKE"
_FINLAND = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_MONTHS = "ABCDEHLMPRST"  # as a codice fiscale writes them
_DATE = r"(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"  # month and day
_DAY = r"(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])"  # day and month


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812)."""
    doubled = [sum(divmod(2 * int(c), 10)) for c in digits[-2::-2]]
    return (sum(doubled) + sum(int(c) for c in digits[-1::-2])) % 10 == 0


def _weighted(weights: Iterable[int], modulus: int) -> Callable[[str], bool]:
    """Whether the sum of digits times weights is a multiple of the modulus."""
    fixed = tuple(weights)
    return lambda digits: sum(w * int(c) for w, c in zip(fixed, digits, strict=True)) % modulus == 0


def _remainder(digits: str, weights: Iterable[int]) -> int:
    return sum(w * int(c) for w, c in zip(weights, digits, strict=False)) % 11


def _spain(value: str) -> bool:
    number = value[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return _SPAIN[int(number) % 23] == value[-1]


def _china(value: str) -> bool:
    total = _remainder(value, (2 ** (17 - place) % 11 for place in range(17)))
    return "10X98765432"[total] == value[-1].upper()


def _brazil(value: str) -> bool:
    digits = re.sub(r"[.-]", "", value)
    first, second = (_remainder(digits, range(n, 1, -1)) for n in (10, 11))
    return digits[9:] == "".join(str(0 if r < 2 else 11 - r) for r in (first, second))


def _france(value: str) -> bool:
    digits = value.replace(" ", "").upper().replace("2A", "19", 1).replace("2B", "18", 1)
    return (int(digits[:13]) + int(digits[13:])) % 97 == 0


def _turkey(value: str) -> bool:
    digits = [int(c) for c in value]
    tenth = (7 * sum(digits[:9:2]) - sum(digits[1:8:2])) % 10
    return digits[9] == tenth and sum(digits[:10]) % 10 == digits[10]


def _finland(value: str) -> bool:
    return _FINLAND[int(value[:6] + value[7:10]) % 31] == value[-1]


def _germany(value: str) -> bool:
    """ISO 7064, modulus 11,10."""
    product = 10
    for c in value.replace(" ", "")[:-1]:
        product = 2 * ((int(c) + product) % 10 or 10) % 11
    return (11 - product) % 10 == int(value[-1])


def _belgium(value: str) -> bool:
    digits = re.sub(r"[ .-]", "", value)
    return any(97 - int(century + digits[:9]) % 97 == int(digits[9:]) for century in ("", "2"))


def _sweden(value: str) -> bool:
    return luhn(re.sub(r"\D", "", value)[-10:])


def _norway(value: str) -> bool:
    digits = value.replace(" ", "")
    first = _weighted((3, 7, 6, 1, 8, 9, 4, 5, 2, 1), 11)
    return first(digits[:10]) and _weighted((5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1), 11)(digits)


def _always(_: str) -> bool:
    return True


# The form of each, and whether the check digits are right.
_FORMS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "United States": (r"\d{3}-\d{2}-\d{4}", _always),
    "United Kingdom": (r"(?![DFIQUV])[A-Z](?![DFIOQUV])[A-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]", _always),
    "Italy": (rf"[A-Z]{{6}}\d{{2}}[{_MONTHS}][0-7]\d[A-Z]\d{{3}}[A-Z]", _always),
    "Spain": (r"(\d{8}|[XYZ]\d{7})[A-Z]", _spain),
    "China": (rf"\d{{6}}(19|20)\d{{2}}{_DATE}\d{{3}}[\dXx]", _china),
    "Brazil": (r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}", _brazil),
    "France": (r"[12] ?\d{2} ?\d{2} ?(\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}", _france),
    "Turkey": (r"[1-9]\d{10}", _turkey),
    "Finland": (rf"{_DAY}\d{{2}}[-+A-FU-Y]\d{{3}}[0-9A-Y]", _finland),
    "Germany": (r"[1-9]\d ?\d{3} ?\d{3} ?\d{3}", _germany),
    "Belgium": (r"\d{2}[. ]?[0-5]\d[. ]?[0-3]\d[- ]?\d{3}[. ]?\d{2}", _belgium),
    "Sweden": (rf"(\d{{2}})?\d{{2}}{_DATE}[-+]?\d{{4}}", _sweden),
    "Norway": (rf"{_DAY}\d{{2}} ?\d{{5}}", _norway),
    "Poland": (r"\d{2}[0-9]\d[0-3]\d{6}", _weighted((1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1), 10)),
    "Netherlands": (r"\d{9}", _weighted((9, 8, 7, 6, 5, 4, 3, 2, -1), 11)),
}
_CHECKS = [(re.compile(form, re.ASCII), right) for form, right in _FORMS.values()]
_ENOUGH = 10  # values: a single check digit is right by chance once in ten


def looks_national(values: Iterable[str]) -> bool:
    """Whether at least 80 % of the values, ten or more, are identity numbers of one and the same country.

    Example:
        >>> looks_national(f"{n:08d}{'TRWAGMYFPDXBNJZSQVHLCKE'[n % 23]}" for n in range(50_000, 50_020))
        True
    """
    cells = [value.strip() for value in values]
    return len(cells) >= _ENOUGH and any(_share(cells, form, right) for form, right in _CHECKS)


def _share(cells: list[str], form: re.Pattern[str], right: Callable[[str], bool]) -> bool:
    """Whether 80 % of the cells pass; the first ones rule most forms out."""
    if not any(form.fullmatch(cell) for cell in cells[:_ENOUGH]):
        return False
    return sum(form.fullmatch(cell) is not None and right(cell) for cell in cells) >= 0.8 * len(cells)
