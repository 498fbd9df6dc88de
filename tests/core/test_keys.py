"""Fresh keys look like real ones and never are."""

from __future__ import annotations

import re
import uuid

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from synthkit.guard.keys import Keys, integer_keys, text_keys

LARGEST = 2**63 - 1


def rng(seed=0):
    return np.random.default_rng(seed)


def carriers():
    return ["9E", "AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "VX", "WN", "YV"]


def customer_ids():
    letters = rng().choice(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), (1000, 5))
    return [f"{n:04d}-{''.join(word)}" for n, word in zip(rng().integers(0, 10000, 1000), letters, strict=True)]


def uuids():
    return [str(uuid.UUID(bytes=rng(i).bytes(16), version=4)) for i in range(500)]


FORMATS = {
    "counted up": ([f"C{n}" for n in range(100_000, 102_000)], r"C\d{6}"),
    "leading zeros": ([f"{n:05d}" for n in range(1, 500)], r"\d{5}"),
    "unpadded": ([f"U{n}" for n in range(1, 1000)], r"U[1-9]\d*"),
    "digits as text": ([str(n) for n in range(5, 2000)], r"[1-9]\d*"),
    "digits and letters": (customer_ids(), r"\d{4}-[A-Z]{5}"),
    "two characters": (carriers(), r"[0-9A-Z]{2}"),
    "uuid": (uuids(), r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
    "hexadecimal": ([f"{n:08x}" for n in rng(1).integers(0, 2**32, 300)], r"[0-9a-f]{8}"),
    "scattered": ([f"C{n:06d}" for n in rng(2).choice(10**6, 2000, replace=False)], r"C\d{6}"),
    "different lengths": (["ab", "abc", "xy", "zz", "de", "fghij"], r"[a-z]{2}"),
    "mixed case": (["aB1", "Zx9", "qQ5", "Mm3", "xX2", "b7C"], r"[0-9A-Za-z]{3}"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_text_keys_keep_the_format(name):
    real, form = FORMATS[name]
    keys = text_keys(pd.Series(real))
    fresh = keys.fresh(len(real), rng())
    assert fresh.is_unique
    assert not set(fresh) & set(real)
    assert all(re.fullmatch(form, value) for value in fresh)
    pd.testing.assert_series_equal(fresh, keys.fresh(len(real), rng()))


def test_counted_keys_are_counted_up_and_scattered_ones_are_not():
    counted = text_keys(pd.Series(FORMATS["counted up"][0])).fresh(100, rng())
    assert counted.is_monotonic_increasing
    assert not text_keys(pd.Series(customer_ids())).fresh(100, rng()).is_monotonic_increasing


def test_another_seed_gives_other_keys():
    for real, _ in (FORMATS["counted up"], FORMATS["digits and letters"], FORMATS["uuid"]):
        keys = text_keys(pd.Series(real))
        assert keys.fresh(50, rng(1)).tolist() != keys.fresh(50, rng(2)).tolist()


@pytest.mark.parametrize(
    ("real", "form"),
    [
        ([f"C{n:06d}" for n in rng().choice(10**6, 60_000, replace=False)], r"[A-Z]\d{6}"),
        ([f"{n:03d}" for n in rng().choice(1000, 500, replace=False)], r"[0-9A-Z]{3}"),
        ([f"{n:02d}" for n in range(100)], r"[0-9A-Z]{2}"),
        ([f"a{n}" for n in range(10)], r"a[1-9]\d*"),
        (["HQ"], "[A-Z]{2}"),
        (["Main Street 5"], r"[A-Z][a-z]{3} [A-Z][a-z]{5} \d"),
        (["Zürich", "Berlin"], "[A-Z][a-z]{5}"),
        (["2²", "3²"], r"\d²"),
        (["a\0", "b\0"], "[a-z]{2}"),
        ([""], r"\d"),
        (["#"], r"#\d"),
        (["--", "-_", "_-", "__", "-."], r"[a-z]{2}"),
    ],
)
def test_a_narrow_format_is_widened_as_little_as_possible(real, form):
    keys = text_keys(pd.Series(real))
    assert keys.capacity >= len(real)
    fresh = keys.fresh(len(real), rng())
    assert fresh.is_unique
    assert not set(fresh) & set(real)
    assert all(re.fullmatch(form, value) for value in fresh)


def test_few_keys_do_not_give_their_letters_away():
    assert "Main" not in str(text_keys(pd.Series(["Main Street 5", "Main Street 7"])))


def test_letters_that_only_the_usual_length_shares_are_not_kept():
    keys = text_keys(pd.Series(["anna-1", "anna-2", "anna-3", "anna-4", "anna-5", "annabel-1", "bob-1"]))
    assert [alphabet for alphabet in keys.alphabets if len(alphabet) == 1] == ["-"]
    keys = text_keys(pd.Series(["N12AB", "N1", "N34CD", "N56EF", "N78GH"]))
    assert keys.alphabets[0] == "N"


def test_blocks_are_round_and_hold_no_real_key():
    keys = text_keys(pd.Series([f"C{n}" for n in range(100_123, 102_123)]))
    assert keys.blocks == ((200_000, 800_000),)
    assert keys.alphabets[0] == "C"
    assert keys.capacity == 800_000


def test_scattered_keys_get_several_blocks():
    keys = text_keys(pd.Series(FORMATS["scattered"][0]))
    assert 1 < len(keys.blocks) <= 16
    assert keys.fresh(keys.capacity, rng()).is_unique


def test_no_keys_at_all_are_counted_from_ten():
    assert text_keys(pd.Series([], dtype="str")).fresh(0, rng()).empty
    assert integer_keys(pd.Series([], dtype="int64"), LARGEST).blocks[0][0] == 10


@pytest.mark.parametrize(
    ("real", "largest", "low", "high"),
    [
        (np.arange(1, 2501), LARGEST, 3000, 9999),
        (np.arange(1, 28), LARGEST, 30, 99),
        (np.array([-7, -3]), 127, 10, 127),
        (np.arange(100, 120), 127, 0, 99),
        (np.arange(1, 101, 2), 127, 0, 127),
        (rng().integers(2**33, 2**34, 1000), LARGEST, 2**32, 10**11),
        (rng().integers(0, LARGEST, 1000), LARGEST, 0, LARGEST),
        (np.array([2**64 - 1, 2**63], dtype="uint64"), LARGEST, 10, LARGEST),
        (np.array([1.0, 2.0, 2.5]), 2**53, 10, 2**53),
    ],
)
def test_integer_keys_lie_beyond_the_real_ones_or_in_a_gap(real, largest, low, high):
    keys = integer_keys(pd.Series(real), largest)
    fresh = keys.fresh(min(len(real), keys.capacity), rng())
    assert fresh.is_unique
    assert not set(fresh) & set(real.tolist())
    assert fresh.between(low, high).all()


def test_an_exhausted_type_has_no_names_left():
    assert integer_keys(pd.Series(np.arange(128)), 127).capacity == 0


def test_scattered_integers_keep_their_width():
    fresh = integer_keys(pd.Series(rng().integers(10**9, 10**10, 500)), LARGEST).fresh(5000, rng())
    assert fresh.is_unique
    assert fresh.between(10**9, 10**10 - 1).all()


def test_the_saved_form_is_strict_and_the_same():
    keys, adapter = text_keys(pd.Series(customer_ids())), TypeAdapter(Keys)
    assert adapter.validate_json(adapter.dump_json(keys)) == keys
    for broken in (
        {"kind": "integer", "blocks": [[0, 5]], "more": 1},
        {"kind": "integer", "blocks": [[-1, 5]]},
        {"kind": "integer", "blocks": [[0, 2**63]]},
        {"kind": "integer", "blocks": [[0, 5], [4, 5]]},
        {"kind": "pattern", "blocks": [[0, 5]], "alphabets": []},
        {"kind": "pattern", "blocks": [[0, 5]], "alphabets": ["C", ""]},
        {"kind": "pattern", "blocks": [[0, 11]], "alphabets": ["C", "0123456789"]},
        {"kind": "integer", "blocks": [[0, 5]], "spread": 0},
    ):
        with pytest.raises(ValidationError):
            adapter.validate_python(broken)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=6), min_size=1, max_size=40, unique=True), st.integers(0, 2**32))
def test_any_text_can_be_a_key(real, seed):
    keys = text_keys(pd.Series(real, dtype=object))
    fresh = keys.fresh(len(real), rng(seed))
    assert fresh.is_unique
    assert not set(fresh) & set(real)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-(2**63), LARGEST), min_size=1, max_size=40), st.integers(0, 2**32))
def test_any_integer_can_be_a_key(real, seed):
    keys = integer_keys(pd.Series(real, dtype="int64"), LARGEST)
    fresh = keys.fresh(len(real), rng(seed))
    assert fresh.is_unique
    assert not set(fresh) & set(real)
    assert fresh.between(0, LARGEST).all()
