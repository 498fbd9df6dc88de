"""What each column means, and what is worth a note."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from synthkit.inference.keys import code_like, id_like
from synthkit.inference.pii import BELONGING, free_text, recipe
from synthkit.inference.profile import Family, Profile, TableProfile
from synthkit.inference.vocabulary import LABEL_WORDS, POSTAL_WORDS
from synthkit.schema import Column, ColumnKind

_DATES = {
    "year-month-day": re.compile(r"\d{4}-\d{1,2}-\d{1,2}([ T].*)?"),
    "year/month/day": re.compile(r"\d{4}/\d{1,2}/\d{1,2}( .*)?"),
    "day.month.year": re.compile(r"\d{1,2}\.\d{1,2}\.(\d{4}|\d{2})( .*)?"),
    "slashes": re.compile(r"\d{1,2}/\d{1,2}/(\d{4}|\d{2})( .*)?"),
    "dashes": re.compile(r"\d{1,2}-\d{1,2}-(\d{4}|\d{2})( .*)?"),
    "a month's name": re.compile(r"(\d{1,2}[ .-]+)?[A-Za-z]{3,9}[ .,-]+(\d{1,2}(st|nd|rd|th)?[ ,-]+)?\d{4}"),
    "digits only": re.compile(r"(19|20)\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])"),
}
_TIMES = re.compile(  # since 1970 in finer units than seconds, or their digits one after the other
    r"1(\d{12}|\d{15}|\d{18})|(19|20)\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])([01]\d|2[0-3])[0-5]\d\d*", re.ASCII
)
_LONG = 11  # digits of a number that names something: those of phones, cards and articles have as many or more
# Two people may have the same: that no two rows do is chance, and fakes need not keep to it.
_SHARED = ("name", "first_name", "last_name", "address", "street", "postcode", "company")
_NUMBER = re.compile(
    r"([A-Z]{3} ?|[^\w\s.,+-] ?)?[+-]?(\d{1,3}([., '’\u00a0\u202f]\d{3})+|\d+)([.,]\d+)?( ?%| ?[A-Z]{3}| ?[^\w\s.,])?"
)


def column(profile: Profile, table: TableProfile, keys: Collection[str]) -> Column:
    """The schema's column; ``keys`` are the table's foreign keys and its primary key of one column."""
    kind, made = ColumnKind.ID, None
    if profile.name not in keys:
        kind, made = _kind(profile, recipe(profile, table))
    stored = profile.stored
    return Column(
        name=profile.name,
        kind=kind,
        storage=stored.storage,
        nullable=profile.nullable,
        unique=profile.unique and made not in _SHARED,
        format=stored.format,
        decimals=profile.decimals,
        missing=stored.missing,
        pii=made,
    )


def notes(profile: Profile, found: Column) -> Iterator[str]:
    """What somebody who reviews the schema should know about a column; never a value."""
    if profile.stored.missing is not None and not profile.stored.missing.strip():
        yield f"{profile.place} has cells of nothing but spaces, which are read as missing"
    if profile.family is Family.REAL and profile.stored.decimals == 0 and id_like(profile):
        yield f"{profile.place} is called an identifier but is stored as {profile.stored.storage}; write whole numbers"
    if profile.family is Family.TEXT and found.kind is not ColumnKind.PII and profile.distinct:
        yield from _unread(profile)
    if found.kind in (ColumnKind.TEXT, ColumnKind.ID):
        called = "free text" if found.kind is ColumnKind.TEXT else "an identifier"
        yield f"{profile.place} is {called} ({profile.distinct} distinct values in {profile.filled}): no model sees it"


def _kind(profile: Profile, personal: str | None) -> tuple[ColumnKind, str | None]:
    if personal:
        return (ColumnKind.ID, None) if personal == BELONGING else (ColumnKind.PII, personal)
    match profile.family:
        case Family.BOOLEAN:
            return ColumnKind.BOOLEAN, None
        case Family.TIME:
            return ColumnKind.DATETIME, None
        case Family.REAL:
            return ColumnKind.NUMERICAL, None
        case Family.INTEGER:
            return _integer_kind(profile), None
    return _text_kind(profile), None


def _integer_kind(profile: Profile) -> ColumnKind:
    if profile.distinct == 2 and set(profile.sample) == {"0", "1"}:
        return ColumnKind.BOOLEAN
    if _names_something(profile) or (id_like(profile) and (profile.distinct > 1000 or profile.share > 0.5)):
        return ColumnKind.ID
    few = LABEL_WORDS | POSTAL_WORDS
    return ColumnKind.CATEGORICAL if few.intersection(profile.words[-1:]) else ColumnKind.NUMERICAL


def _names_something(profile: Profile) -> bool:
    """Whether these are long numbers of one width, nearly all distinct, and no times: what is measured is not so."""
    widths = {len(value) for value in profile.sample}
    alike = len(widths) == 1 and min(widths) >= _LONG and profile.share > 0.5
    return alike and not all(_TIMES.fullmatch(value) for value in profile.sample)


def _text_kind(profile: Profile) -> ColumnKind:
    if free_text(profile):
        return ColumnKind.TEXT
    if not profile.nearly_distinct:
        return ColumnKind.CATEGORICAL
    return ColumnKind.ID if id_like(profile) or code_like(profile) else ColumnKind.TEXT


def _unread(profile: Profile) -> Iterator[str]:
    """Dates and numbers that were left as text because they are written in other ways than a type has."""
    enough = 0.8 * len(profile.sample)
    counts = {name: sum(bool(p.fullmatch(value)) for value in profile.sample) for name, p in _DATES.items()}
    used = [name for name, count in counts.items() if count]
    if sum(counts.values()) >= enough:
        yield f"{profile.place} holds dates written in {len(used)} ways ({', '.join(used)}), kept as text; write one"
    elif sum(bool(_NUMBER.fullmatch(v)) and not v.isdecimal() for v in profile.sample) >= enough:
        kept = "numbers with separators, currency or percent signs, kept as text"
        yield f"{profile.place} holds {kept}; write plain ones"
