"""Whether values are names of people: first names are known words, those of things seldom are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module

# One locale for each language written in Latin letters that the other vocabularies speak.
_LOCALES = (
    *("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pt_BR", "pt_PT", "pl_PL", "sv_SE", "tr_TR"),
    *("da_DK", "no_NO", "fi_FI", "cs_CZ", "hu_HU", "ro_RO", "hr_HR", "en_IN"),
)
_TITLES = frozenset({"dr", "mr", "mrs", "ms", "prof", "herr", "frau", "sr", "sra", "dhr", "mevr"})
_MOST_WORDS = 5


def are_people(values: Sequence[str]) -> bool:
    """Whether at least 80 % are capitalised like full names, and half hold a known first name at either end.

    Example:
        >>> are_people(["Ada Lovelace", "Curie, Marie", "EMMY NOETHER"]), are_people(["Old Town", "Lake View"])
        (True, False)
    """
    likely = [parts for value in values if (parts := _parts(value))]
    if len(likely) < 0.8 * len(values) or not likely:
        return False
    known = first_names()
    return sum(parts[0] in known or parts[-1] in known for parts in likely) >= 0.5 * len(values)


@lru_cache(maxsize=1)
def first_names() -> frozenset[str]:
    """Faker's first names, in lower case; its lists are read, nothing is drawn."""
    providers = [import_module(f"faker.providers.person.{locale}").Provider for locale in _LOCALES]
    kinds = ("first_names", "first_names_male", "first_names_female")
    return frozenset(name.lower() for p in providers for kind in kinds for name in getattr(p, kind, ()))


def _parts(value: str) -> list[str]:
    """The words of what is written like a full name, titles left aside, in lower case; else nothing."""
    if any(c.isdecimal() for c in value):
        return []
    parts = [p.strip(".") for p in value.replace(",", " ").split() if p.strip(".").lower() not in _TITLES]
    capitalised = [part[:1].isalpha() and not part[0].islower() for part in parts]
    written = 2 <= len(parts) <= _MOST_WORDS and capitalised[0] and capitalised[-1]
    return [part.lower() for part in parts] if written else []
