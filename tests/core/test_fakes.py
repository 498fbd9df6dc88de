"""Fakes are of their kind, only in reserved ranges, and never a real value."""

from __future__ import annotations

import ipaddress
import random
import re

import numpy as np
import pandas as pd
import pytest

from synthkit.errors import UsageError
from synthkit.guard.fakes import RECIPES, fakes, template_of
from synthkit.inference import RECIPES as DETECTED


def made(recipe, count=300, *, unique=False, locale="en_US", seed=0, avoid=None, template=None):
    avoided = None if avoid is None else pd.Series(avoid)
    return fakes(recipe, count, unique=unique, locale=locale, seed=seed, avoid=avoided, template=template)


FORMS = {
    "name": r"\S+ .+",
    "first_name": r"\w+",
    "last_name": r"[\w' -]+",
    "email": r"[a-z]+\.[a-z]+\d+@example\.(com|net|org)",
    "phone": r"[2-9]\d\d-555-01\d\d",
    "address": r"\d+ .+, \d{5} .+",
    "street": r"\d+ .+",
    "postcode": r"\d{5}",
    "iban": r"GB\d\dTEST\d{14}",
    "card_number": r"424242\d{10}",
    "national_id": r"9\d\d-[0-4]\d-\d{4}",
    "ip_address": r"(192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}",
    "url": r"https://www\.example\.(com|net|org)/[a-z]+-[a-z]+\d+",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}",
    "username": r"[a-z]+_[a-z]+\d+",
    "company": r".+",
}


def test_every_detected_kind_has_a_recipe():
    assert set(RECIPES) == set(FORMS)
    assert set(DETECTED) <= set(RECIPES)


@pytest.mark.parametrize("recipe", FORMS)
def test_fakes_have_the_form_of_their_kind(recipe):
    values = made(recipe)
    assert len(values) == 300
    assert values.dtype == pd.Series(["text"]).dtype
    assert all(re.fullmatch(FORMS[recipe], value) for value in values)


@pytest.mark.parametrize("recipe", FORMS)
def test_unique_fakes_are_unique_and_stable_for_a_seed(recipe):
    values = made(recipe, 2000, unique=True)
    assert values.is_unique
    pd.testing.assert_series_equal(values, made(recipe, 2000, unique=True))
    assert values.tolist() != made(recipe, 2000, unique=True, seed=1).tolist()


@pytest.mark.parametrize("recipe", FORMS)
def test_no_fake_is_a_real_value(recipe):
    real = made(recipe, 500)
    assert not made(recipe, 500, avoid=[*real, None]).isin(real).any()


@pytest.mark.parametrize("recipe", ["first_name", "postcode", "ip_address", "company"])
def test_a_whole_vocabulary_can_be_avoided(recipe):
    real = pd.concat([made(recipe, 20_000, seed=seed) for seed in range(3)])
    assert not made(recipe, 100, avoid=real, unique=True).isin(real).any()


@pytest.mark.parametrize(
    ("recipe", "count", "numbered"),
    [
        ("phone", 5000, r"555-01\d\d( x\d+)?"),
        ("postcode", 3000, r"\d\d( \d+)?"),
    ],
)
def test_a_number_makes_more_of_a_narrow_form(recipe, count, numbered):
    template = {"phone": "###-####", "postcode": "##"}[recipe]
    values = made(recipe, count, unique=True, template=template)
    assert values.is_unique
    assert all(re.fullmatch(numbered, value) for value in values)


@pytest.mark.parametrize(("rounds", "version"), [(6, 4), (1, 6)])
def test_addresses_of_networks_are_reserved_however_many(monkeypatch, rounds, version):
    monkeypatch.setattr("synthkit.guard.fakes._ROUNDS", rounds)
    names = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "2001:db8::/32")
    values = [ipaddress.ip_address(value) for value in made("ip_address", 3000, unique=True)]
    assert len(set(values)) == 3000
    assert all(any(value in ipaddress.ip_network(name) for name in names) for value in values)
    assert max(value.version for value in values) == version


def luhn(number):
    digits = [int(d) for d in reversed(number)]
    return sum(d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(digits)) % 10 == 0


def iban(value):
    return int("".join(str(int(c, 36)) for c in value[4:] + value[:4])) % 97 == 1


def test_check_digits_are_right():
    assert all(map(luhn, made("card_number")))
    assert all(map(iban, made("iban")))


@pytest.mark.parametrize(
    ("recipe", "template", "form"),
    [
        ("phone", "+44 ## #### ####", r"\+44 [2-9]\d \d555 01\d\d"),
        ("phone", "(###) ###-####", r"\([2-9]\d\d\) 555-01\d\d"),
        ("phone", "###", r"[2-9]\d\d-555-01\d\d"),
        ("postcode", "?# #??", r"[A-Z]\d \d[A-Z][A-Z]"),
        ("national_id", "###########", r"9\d\d[0-4]\d{7}"),
        ("national_id", "??", r"9\d\d-[0-4]\d-\d{4}"),
    ],
)
def test_templates_give_the_form(recipe, template, form):
    assert all(re.fullmatch(form, value) for value in made(recipe, 50, template=template))


@pytest.mark.parametrize(
    ("real", "template"),
    [
        (["+1 212-555-0101", "+1 646-555-0102"], "+1 ###-###-####"),
        (["+442071838750", "+493012345678"], "+############"),
        (["AB1 2CD", "XY9 8ZW"], "??# #??"),
        (["12-34", "1234"], None),
        (["12 abc", "34 abc"], None),
    ],
)
def test_templates_are_learned_where_all_values_share_them(real, template):
    assert template_of(pd.Series(real)) == template


def test_words_follow_the_locale():
    assert all(re.fullmatch(r".+ \d+", value) for value in made("street", locale="de_DE"))
    assert all(value.isascii() for value in made("email", locale="ja_JP"))
    assert made("last_name", 20, locale="de_DE").tolist() != made("last_name", 20).tolist()


@pytest.mark.parametrize(
    ("asked", "message"),
    [({"recipe": "shoe_size"}, "no recipe 'shoe_size'"), ({"recipe": "name", "locale": "xx_YY"}, "no locale 'xx_YY'")],
)
def test_the_unknown_is_refused(asked, message):
    with pytest.raises(UsageError, match=message):
        made(**asked)


@pytest.mark.parametrize("recipe", FORMS)
def test_none_can_be_asked_for(recipe):
    assert made(recipe, 0).empty


def test_global_randomness_is_left_alone():
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - the global state is what is watched
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    made("address", 50)
    made("name", 50, locale="fr_FR")
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
