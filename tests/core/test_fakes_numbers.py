"""Personal numbers come back as numbers from reserved ranges, with as many digits; free text by a recipe."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synthkit.dataset import Dataset
from synthkit.errors import UsageError
from synthkit.guard import Guard
from synthkit.guard.fakes import fakes, number_form
from synthkit.integrity import sample_violations
from synthkit.schema import Column, ColumnKind, Schema, Table
from synthkit.storage import dtype_of

PII, TEXT = ColumnKind.PII, ColumnKind.TEXT
KEY = Column("id", ColumnKind.ID, "int64", unique=True)
ROWS = 200


def people(column, cells):
    values = pd.Series(list(cells), dtype=object).astype(dtype_of(column.storage, nullable=column.nullable))
    schema = Schema((Table("people", (KEY, column), ("id",)),))
    return Dataset(schema, {"people": pd.DataFrame({"id": np.arange(len(values)), column.name: values})})


def back(data, *, rows=None, avoid=True, seed=0):
    """The restored column of a saved guard."""
    guard = Guard.from_dict(json.loads(json.dumps(Guard.learn(data, real=data, k=1).to_dict())))
    shown = guard.protect(data)
    frame = shown["people"]
    if rows:
        frame = pd.DataFrame({"id": np.arange(rows)})
        shown = Dataset(shown.schema, {"people": frame})
    sample = guard.restore(shown, seed=seed, real=data if avoid else None)
    assert sample_violations(sample, data.schema, {"people": len(frame)}) == ()
    return sample["people"].iloc[:, 1]


def luhn(number):
    digits = [int(digit) for digit in reversed(str(number))]
    return sum(d if place % 2 == 0 else sum(divmod(2 * d, 10)) for place, d in enumerate(digits)) % 10 == 0


REAL = {
    ("phone", "int64"): 2025550100 + 7919 * np.arange(ROWS),
    ("phone", "double"): 2125550100 + 7919 * np.arange(ROWS),
    ("national_id", "int64"): 912_30_0000 + 7919 * np.arange(ROWS),
    ("national_id", "uint32"): 912_30_0000 + 7919 * np.arange(ROWS),
    ("card_number", "int64"): 4242420000000000 + 7919 * np.arange(ROWS),
    ("card_number", "double"): 4242420000000000 + 7919 * np.arange(ROWS),
}
FORM = {
    "phone": r"[2-9]\d\d55501\d\d",
    "national_id": r"9\d\d[0-4]\d{5}",
    "card_number": r"424242\d{10}",
}


@pytest.mark.parametrize(("recipe", "storage"), REAL)
@pytest.mark.parametrize("nullable", [True, False])
def test_numbers_of_reserved_ranges_with_as_many_digits(recipe, storage, nullable):
    real = REAL[recipe, storage].tolist()
    real[:20] = [None] * 20 if nullable else real[:20]
    data = people(Column("n", PII, storage, nullable, unique=True, pii=recipe), real)
    made = back(data)
    assert made.isna().sum() == (20 if nullable else 0)
    assert made.dropna().is_unique
    known = made.dropna().astype("int64")
    assert known.astype(str).str.fullmatch(FORM[recipe]).all()
    assert not set(known) & set(data["people"]["n"].dropna().astype("int64"))
    assert recipe != "card_number" or all(map(luhn, known))


def test_no_fake_equals_a_real_number_of_the_reserved_range():
    column = Column("n", PII, "int64", unique=True, pii="phone")
    first = back(people(column, REAL["phone", "int64"]))
    again = back(people(column, first))  # the same seed would draw the same
    assert not set(first) & set(again)
    assert again.astype(str).str.fullmatch(FORM["phone"]).all()


@pytest.mark.parametrize("storage", ["int64", "double"])
def test_where_too_few_numbers_are_reserved_others_are_fresh(storage):
    column = Column("n", PII, storage, unique=True, pii="phone")
    real = 2_000_000 + 37 * np.arange(ROWS)  # of seven digits a hundred are reserved
    made = back(people(column, real))
    assert made.is_unique
    assert not set(made) & set(real)
    few = back(people(column, real), rows=50)
    assert few.astype("int64").between(5_550_100, 5_550_199).all()


def test_many_subjects_get_area_codes_that_nobody_has():
    column = Column("n", PII, "int64", unique=True, pii="phone")
    made = back(people(column, REAL["phone", "int64"]), rows=90_000).astype(str)
    assert made.is_unique
    assert made.str.fullmatch(r"[2-9]\d\d55501\d\d|[2-9]9\d{8}").all()


@pytest.mark.parametrize(
    ("recipe", "numbers", "largest", "form"),
    [
        ("phone", [5551234], 2**62, "#######"),
        ("phone", [30123456], 2**62, "1#######"),
        ("phone", [12125550123, 13475550123], 2**62, "1##########"),
        ("phone", [492215550123, 493015550199], 2**62, "49##########"),
        ("phone", [492215550123, 313015550199], 2**62, "1###########"),
        ("phone", [2125550123, 2125550124, 5551234], 2**62, "##########"),
        ("phone", [2125550123.0], 2**53, "##########"),
        ("phone", [2125550123], 2**31 - 1, None),
        ("phone", [555123], 2**62, None),
        ("phone", [5551234.5], 2**53, None),
        ("national_id", [-123456789], 2**62, None),
        ("national_id", [123], 2**62, None),
        ("card_number", [378282246310005], 2**62, "#" * 15),
        ("card_number", [4242424242424242], 2**53, "#" * 16),
        ("card_number", [4242424242424242428], 2**53, None),
        ("postcode", [10115], 2**62, None),
    ],
)
def test_the_form_of_numbers(recipe, numbers, largest, form):
    assert number_form(recipe, pd.Series(numbers), largest) == form


@pytest.mark.parametrize("digits", [12, 15, 19])
def test_cards_of_other_lengths_have_valid_check_digits(digits):
    made = fakes("card_number", 50, unique=True, locale="en_US", seed=0, avoid=None, template="#" * digits)
    assert made.str.len().eq(digits).all()
    assert made.map(luhn).all()


def test_numbers_without_a_recipe_for_numbers_stay_fresh_keys():
    column = Column("n", PII, "int64", pii="postcode")
    real = 10_115 + np.arange(ROWS) * 3
    made = back(people(column, real))
    assert not set(made) & set(real)
    assert made.between(10_000, 99_999).all()


def test_free_text_with_a_recipe_comes_back_as_its_fakes():
    note = Column("note", TEXT, nullable=True, pii="company")
    data = people(note, [None if n % 4 == 0 else f"a real secret {n}" for n in range(ROWS)])
    guard = Guard.learn(data)
    made = guard.restore(guard.protect(data), seed=0, real=data)["people"]["note"]
    assert made.isna().sum() == ROWS / 4
    assert made.nunique() == ROWS * 3 / 4
    assert not made.dropna().isin(data["people"]["note"]).any()
    assert guard.notes == []
    assert list(guard.protect(data)["people"]) == ["id"]


@pytest.mark.parametrize("storage", ["string", "int64"])
def test_an_unknown_recipe_is_refused(storage):
    column = Column("n", PII, storage, pii="shoe_size")
    with pytest.raises(UsageError, match="there is no recipe 'shoe_size'"):
        Guard.learn(people(column, range(20)))
    with pytest.raises(UsageError, match="there is no recipe 'shoe_size'"):
        Guard.learn(people(replace(column, kind=TEXT), range(20)))
