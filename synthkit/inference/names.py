"""What names of tables and columns say, in the words of several languages."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Chinese and Japanese have no spaces: each character counts as a word, each run of katakana as one.
_PARTS = re.compile(r"[\u3400-\u9fff]|[\u30a0-\u30ff]+|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[^\W\d_A-Z\u3400-\u9fff]+|[A-Z]+|\d+")
_NO_MARK = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "æ": "ae", "Æ": "AE", "đ": "d", "ı": "i"})
_IRREGULAR = {
    "people": "person",
    "children": "child",
    "men": "man",
    "women": "woman",
    "personen": "person",
    "kunden": "kunde",
    "konten": "konto",
    "firmen": "firma",
    "clienti": "cliente",
    "utenti": "utente",
    "pazienti": "paziente",
}
# Words around the noun that a table is named for: dim_customer, raw_orders, customers_data.
_FRAME_WORDS = frozenset(
    {"tbl", "table", "dim", "fact", "raw", "stg", "src", "data", "dataset", "master", "base", "list", "file", "export"}
)


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case, without accents.

    Example:
        >>> words("customerID"), words("Straße_des_Kunden"), words("e-mail 2")
        (('customer', 'id'), ('strasse', 'des', 'kunden'), ('e', 'mail', '2'))
    """
    decomposed = unicodedata.normalize("NFKD", name.translate(_NO_MARK))
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return tuple(part.lower() for part in _PARTS.findall(plain))


def joined(name: str) -> str:
    """The words of a name as one, so that ``customer_id``, ``customerID`` and ``customerid`` are equal."""
    return "".join(words(name))


def whole_stems(table: str) -> tuple[str, ...]:
    """What one row of a table may be called, from all words of the table's name."""
    nouns = _nouns(table)
    return tuple("".join(nouns[:-1]) + form for form in _forms(nouns[-1])) if nouns else ()


@lru_cache(maxsize=1024)
def stems(table: str) -> tuple[str, ...]:
    """What one row of a table may be called, the longest first; plural forms are among them.

    Example:
        >>> stems("companies")
        ('companies', 'companie', 'company')
        >>> stems("campaign_events")
        ('campaignevents', 'campaignevent', 'events', 'event')
    """
    nouns = _nouns(table)
    found = ["".join(nouns[start:-1]) + form for start in range(len(nouns)) for form in _forms(nouns[-1])]
    return tuple(dict.fromkeys(found))


def _nouns(table: str) -> list[str]:
    return [w for w in words(table) if w not in _FRAME_WORDS and not w.isdecimal()] or list(words(table))


def _forms(word: str) -> tuple[str, ...]:
    if word in _IRREGULAR:
        return (word, _IRREGULAR[word])
    forms = [word]
    if word.endswith("s") and not word.endswith("ss"):
        forms.append(word[:-1])
    if word.endswith("es"):
        forms.append(word[:-2])
    if word.endswith("ies"):
        forms[-1] = word[:-3] + "y"
    return tuple(forms)
