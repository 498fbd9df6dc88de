"""What the engine `cart` makes of owners whose rows are counted by a number: years, or the days of a study."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synthkit import Column, ColumnKind, Context, Dataset
from synthkit_cart.apart import never_twice
from synthkit_cart.bounds import Bound, bounds
from synthkit_cart.cart import Cart, CartOptions
from synthkit_cart.clock import DAY, Clock
from synthkit_cart.counted import Counted, ordering, unit_of
from synthkit_cart.history import changed
from synthkit_cart.items import About, Draw, Plain, World
from synthkit_cart.steps import learned
from synthkit_cart.tokens import Numbers
from synthkit_cart.trees import Growth, Sample, grow
from synthkit_cart.walks import shared
from tests.plugins import cart_data as data

TEXT = pd.Series(["a"]).dtype
OWNERS = np.repeat(np.arange(50), 4)
NUMBERS = {"year": "int64", "months": "double", "spent": "double", "limit": "double"}


def jobs(people: int = 1_500) -> Dataset:
    """Years of work: each a year or two after the one before, with ever more months; a new job is a new trade."""
    random = np.random.default_rng(0)
    owner = np.repeat(np.arange(people), 6)
    first = np.tile(np.arange(6) == 0, people)
    year = 1980 + np.cumsum(random.integers(1, 3, (people, 6)), axis=1).ravel()
    months = np.cumsum(random.integers(0, 13, (people, 6)) / 12, axis=1).ravel()
    months[random.random(len(months)) < 0.03] = np.nan
    moved = first | (random.random(len(owner)) < 0.15)
    firm = random.integers(0, 12, len(owner))[np.maximum.accumulate(np.where(moved, np.arange(len(owner)), 0))]
    limit = random.gamma(2, 10, len(owner)).round(2)
    spent = (limit * random.random(len(owner))).round(2)
    table, frame = data.table("years", len(owner), (), {"people": owner})
    own = [Column(name, ColumnKind.NUMERICAL, storage, nullable=name == "months") for name, storage in NUMBERS.items()]
    named = [Column(name, ColumnKind.CATEGORICAL, "string") for name in ("firm", "trade")]
    frame = frame.assign(year=year, months=months, limit=limit, spent=spent)
    for name, kinds in (("firm", firm), ("trade", firm % 4)):
        frame[name] = pd.Series([f"{name} {kind}" for kind in kinds], dtype=TEXT)
    table = type(table)(table.name, (*table.columns, *own, *named), table.primary_key)
    return data.dataset(
        data.table("people", people, ("number",)), (table, frame[list(table.column_names)]),
        links=[("years", "people", "people", True)],
    )  # fmt: skip


@pytest.fixture(scope="module")
def drawn() -> pd.DataFrame:
    made = Cart(CartOptions()).fit(jobs(), seed=0, context=Context()).sample(3_000, seed=0, context=Context())
    return made["years"].sort_values("id").reset_index(drop=True)


def steps(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows.groupby("people")[name].diff().dropna()


def test_a_number_that_counts_rows_is_their_time(drawn: pd.DataFrame) -> None:
    """Were years drawn like any other number, half of the steps would lead back."""
    assert drawn["year"].dtype == "int64"
    years = steps(drawn, "year")
    assert (years >= 0).all()
    assert (years.between(1, 2)).mean() > 0.75
    assert drawn["year"].between(1981, 1992).all()


def test_a_number_goes_on_from_the_row_before_and_stays_on_what_many_share(drawn: pd.DataFrame) -> None:
    """Real steps are from none to twelve months; drawn as numbers between cuts, one in ten was not."""
    months = steps(drawn, "months") * 12
    assert months.between(-0.01, 12.01).mean() > 0.97
    known = drawn["months"].dropna() * 12
    assert (np.abs(known - np.round(known)) < 1e-6).mean() > 0.99
    assert 0.01 < drawn["months"].isna().mean() < 0.06


def test_what_belongs_together_changes_together(drawn: pd.DataFrame) -> None:
    last = drawn.tail(len(drawn)).groupby("people").tail(1)
    firm, trade = (last[name].str.split(" ").str[1].astype(int) for name in ("firm", "trade"))
    assert (firm % 4 == trade).mean() > 0.9


def test_a_bound_between_columns_is_kept(drawn: pd.DataFrame) -> None:
    assert (drawn["spent"] <= drawn["limit"]).all()


def test_bounds_hold_but_for_what_a_guard_moves_and_not_by_chance() -> None:
    random = np.random.default_rng(0)
    low, null = random.random(2_000), np.full(2_000, np.nan)
    found = bounds({("low",): low, ("high",): low + 0.1, ("far",): low + 9, ("null",): null}, random)
    assert found == {("high",): Bound((("low",),), ())}
    ends = found["high",].ends({("low",): np.array([0.5, np.nan])}, 2)
    assert [end.tolist() for end in ends] == [[0.5, -np.inf], [np.inf, np.inf]]


def test_what_can_only_be_drawn_beyond_a_bound_is_put_on_it() -> None:
    fives, rows = np.full(200, 5.0), np.arange(200)
    step = learned(("five",), Numbers.learn(fives, rows, step=1.0, least=1), fives, {}, rows, Growth(10))
    random, world = np.random.default_rng(0), World({}, {}, {}, {})
    draw = Draw({}, {("seven",): np.full(3, 7.0)}, (), About(np.arange(3), np.arange(3)), world, random)
    draw.bounds = {("five",): Bound((("seven",),), ())}
    Plain(step).fill(draw)
    assert draw.values["five",].tolist() == [7.0] * 3


def test_a_few_slips_are_no_reason_why_a_category_should_come_twice() -> None:
    owners, kinds = np.repeat(np.arange(200), 3), np.tile([1, 2, 3], 200)
    assert never_twice(kinds, owners, 4)
    kinds[1:30:3] = 1
    assert never_twice(kinds, owners, 4)
    kinds[1:300:3] = 1
    assert not never_twice(kinds, owners, 4)


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        ({"still": np.repeat(np.arange(50.0), 4), "down": np.tile(np.arange(4.0, 0, -1), 50)}, "down"),
        ({"any": np.tile(np.array([2.0, 1.0, 3.0, 2.0]), 50)}, None),
        ({"mixed": np.tile(np.array([2.0, 1.0, 4.0, 3.0]), 50)}, "mixed"),  # no order, but none twice
        ({}, None),
    ],
)
def test_which_number_puts_rows_in_order(numbers: dict[str, np.ndarray], found: str | None) -> None:
    assert ordering(OWNERS, numbers) == found
    assert ordering(np.full(len(OWNERS), -1), numbers) is None


@pytest.mark.parametrize(
    ("values", "decimals", "unit"),
    [([3.0, 8.0], 0, 1.0), ([0.25, 0.5], None, 0.01), ([1.0, np.nan], 0, None), ([], 0, None), ([0.0, 1e9], 0, 1e9),
     ([1.0, 1e9], 0, None), ([np.pi], None, None)],
)  # fmt: skip
def test_the_unit_of_numbers(values: list[float], decimals: int | None, unit: float | None) -> None:
    assert unit_of(np.array(values), decimals) == unit


@pytest.mark.parametrize("unit", [0.01, 5.0])
def test_counted_numbers_are_days_and_numbers_again(unit: float) -> None:
    values = np.array([-3, 0, 2, 2]) * unit
    codec = Counted.of(values, np.arange(4), 1, unit)
    assert codec.time
    assert (codec.times(values) / DAY).tolist() == [0, 3, 5, 5]
    assert np.allclose(codec.numbers(codec.times(values)), values)


def test_a_share_of_the_clock_lies_in_the_middle_of_its_day() -> None:
    """So that what is drawn a little beside it is still that day."""
    clock = Clock.learn(np.repeat([0.0, 1.0, 5.0], [10, 30, 60]) * DAY, np.arange(100), 1)
    assert np.allclose(clock.share(np.array([0.0, 1.0, 3.0, 5.0]) * DAY), [0.05, 0.25, 0.4, 0.7])


def test_how_values_differ_from_those_before() -> None:
    now, before = np.array([1.0, 2.0, 3.0, np.nan, np.nan, 1.0]), np.array([2.0, 2.0, 2.0, np.nan, 1.0, np.nan])
    assert changed(now, before).codes.tolist() == [1, 2, 3, 2, 1, 3]


def test_values_that_many_share_stay_so_where_there_is_no_grid() -> None:
    twelfths = np.arange(600) % 12 / 12
    codec = Numbers.learn(twelfths, np.arange(600), step=0.0, least=5)
    assert len(shared(twelfths, codec)) == 12
    assert not len(shared(twelfths, Numbers.learn(twelfths, np.arange(600), step=1.0, least=5)))


def test_where_the_best_split_has_too_few_subjects_another_is_found() -> None:
    """Ten rows of one subject are told best; the tree tells the halves of the others apart instead."""
    subjects = np.append(np.arange(200), np.full(100, 200))
    tokens = np.concatenate([np.repeat([1, 2], 100), np.full(100, 3)])
    alone, halves = (subjects == 200).astype("uint8"), np.append(np.repeat([0, 1], 100), np.repeat([0, 1], 50))
    tokens[:100:4] = 2
    tree = grow(Sample(np.stack([alone, halves.astype("uint8")]), tokens, None, subjects), Growth(10))
    assert tree.feature[0] == 1
    assert len(np.unique(tree.leaves(np.stack([alone, halves.astype("uint8")])))) == 2
