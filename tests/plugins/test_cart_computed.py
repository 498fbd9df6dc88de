"""What follows from other columns by arithmetic, in the engine `cart`: balances that run on, and formulas."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synthkit import Context, Dataset, Formula, Given, Schema, Table
from synthkit_cart.carries import carries
from synthkit_cart.cart import Cart, CartOptions
from synthkit_cart.computed import Carried, Computed
from synthkit_cart.history import ZERO
from synthkit_cart.rows import Rows
from synthkit_cart.tokens import Labels, Numbers
from tests.plugins import cart_data as data

TEXT = pd.Series(["a"]).dtype


def fitted(training: Dataset) -> Cart:
    return Cart(CartOptions()).fit(training, seed=0, context=Context())


def drawn(training: Dataset, rows: int) -> Dataset:
    return fitted(training).sample(rows, seed=0, context=Context())


def text(values: object) -> pd.Series:
    return pd.Series(np.asarray(values).tolist(), dtype=TEXT)


def ledger(accounts: int = 400, *, opened: bool = False, seed: int = 0, rows_each: int = 9) -> Dataset:
    """Accounts that pay in, then take out at most what is there: ``number`` is the balance, ``amount`` moves it."""
    random = np.random.default_rng(seed)
    sizes = random.integers(rows_each - 5, rows_each + 5, accounts)
    at, rows = np.repeat(np.arange(accounts), sizes), int(sizes.sum())
    place = np.arange(rows) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    opening = random.integers(0, 20, accounts) * 10.0 * opened
    kinds, amounts, balances, now = [], [], [], 0.0
    for row in range(rows):
        now = opening[at[row]] if place[row] == 0 else now
        kind = "open" if place[row] == 0 else "in" if now < 20 or random.random() < 0.3 else "out"
        amount = round(float(random.gamma(4, 25)), 2) if kind != "out" else round(now * random.random(), 2)
        now = round(now - amount if kind == "out" else now + amount, 2)
        kinds, amounts, balances = [*kinds, kind], [*amounts, amount], [*balances, now]
    made, frame = data.table("moves", rows, ("kind", "when", "number"), {"account": at})
    amount = replace(made.column("number"), name="amount")
    made = replace(made, columns=(*made.columns, amount))
    begin = np.datetime64("2024-01-01", "us") + random.integers(0, 200, accounts).astype("timedelta64[D]")
    when = begin[at] + (place * 3).astype("timedelta64[D]")
    frame = frame.assign(kind=text(kinds), when=when, number=np.array(balances), amount=np.array(amounts))
    own, above = data.table("accounts", accounts, ("number",))
    own = replace(own, columns=(*own.columns[:1], replace(own.columns[1], name="opened")))
    above = above.rename(columns={"number": "opened"}).assign(opened=opening)
    return data.dataset((own, above), (made, frame), links=[("moves", "account", "accounts", True)])


def change(moves: pd.DataFrame) -> pd.Series:
    return moves["amount"].where(moves["kind"] != "out", -moves["amount"])


def from_the_row_before(side: Dataset) -> np.ndarray:
    """By how much each balance is another than that of the row before, and what the row moved."""
    moves = side["moves"]
    opening = side["accounts"]["opened"].to_numpy()[moves["account"]]
    before = moves.groupby("account")["number"].shift().fillna(pd.Series(opening, index=moves.index))
    return (moves["number"] - before - change(moves)).round(2).abs().to_numpy()


@pytest.fixture(scope="module", params=[False, True], ids=["from nothing", "opened"])
def ledgers(request) -> tuple[Dataset, Dataset]:
    real = ledger(opened=request.param)
    return real, drawn(real, 400)


def test_a_balance_runs_on_from_row_to_row(ledgers) -> None:
    real, made = ledgers
    assert not from_the_row_before(real).any()
    assert not from_the_row_before(made).any()


def test_what_is_taken_out_depends_on_the_balance_that_is_there(ledgers) -> None:
    """Real accounts never take out more than they have; of some 1,500 rows one in a hundred may be out of luck."""
    for side in ledgers:
        assert side["moves"]["number"].lt(0).mean() < 0.01
    real, made = (side["moves"]["number"].quantile([0.1, 0.25, 0.5, 0.75, 0.9]) for side in ledgers)
    assert made.to_numpy() == pytest.approx(real.to_numpy(), rel=0.2, abs=4)


def test_the_balance_of_an_owner_with_many_rows_runs_on_to_the_last() -> None:
    made = drawn(ledger(25, rows_each=300), 25)
    assert made["moves"]["account"].value_counts().max() > 256
    assert not from_the_row_before(made).any()


def test_the_first_row_is_like_first_rows(ledgers) -> None:
    """Only the first row of an account opens it: 400 accounts of 9 rows."""
    moves = ledgers[1]["moves"]
    first = ~moves.duplicated("account")
    assert moves.loc[first, "kind"].eq("open").mean() > 0.97
    assert moves.loc[~first, "kind"].eq("open").mean() < 0.03


def test_a_model_with_a_balance_is_saved(tmp_path) -> None:
    model = fitted(ledger(80))
    model.save(tmp_path)
    loaded = Cart.load(tmp_path)
    made, again = (each.sample(40, seed=3, context=Context()) for each in (model, loaded))
    pd.testing.assert_frame_equal(made["moves"], again["moves"])
    assert any(isinstance(item, Carried) for item in loaded.models["moves"].way.items)


def walks(owners: int = 60, each: int = 8, seed: int = 0) -> Rows:
    """Rows of owners with an ``amount``, a kind that turns it, and what it adds up to; latest first."""
    random = np.random.default_rng(seed)
    at = np.repeat(np.arange(owners), each)
    amount, kind = random.integers(1, 900, len(at)) / 100, random.integers(1, 4, len(at))
    moves = np.where(kind == 2, -amount, amount).reshape(owners, each)
    number = np.round(moves[:, ::-1].cumsum(1)[:, ::-1].ravel() + 50, 2)
    day = np.tile(np.arange(each)[::-1] // 2, owners) * 86_400_000_000.0
    values = {"number": number, "amount": amount, "kind": kind, "when": day, "out": random.random(len(at)).round(2)}
    codecs = {name: Numbers.learn(own, at, step=0.01, least=5) for name, own in values.items() if name != "kind"}
    codecs["when"] = replace(codecs["when"], time=True)
    codecs = {name: codecs.get(name, Labels(4)) for name in values}
    above = Rows(
        owners, {("own", "opened"): np.full(owners, 50.0)}, {("own", "opened"): codecs["out"]}, np.arange(owners)
    )
    return Rows(len(at), named(values), named(codecs), at, above, at)


def named(columns: dict) -> dict:
    return {("own", name): own for name, own in columns.items()}


def changed(rows: Rows, **columns: np.ndarray) -> dict:
    rows.put(named(columns), {})
    return carries(rows, ("own", "when"))


def test_a_running_column_is_found_with_the_category_that_turns_it_and_the_opening() -> None:
    """Rows of a day stand with the latest first, as those of an owner do."""
    found = carries(walks(), ("own", "when"))
    assert list(found) == [("own", "number")]
    carry = found["own", "number"]
    assert (carry.plus, carry.minus, carry.sign) == (("own", "amount"), None, ("own", "kind"))
    assert carry.turned.tolist() == [2]
    assert carry.opening == ("own", "opened")


def test_a_running_column_has_other_forms() -> None:
    """With signed amounts, with what comes and goes apart, from zero, and from anything."""
    rows = walks()
    at, kind, amount = rows.at_rows, rows.values["own", "kind"], rows.values["own", "amount"]
    signed = np.where(kind == 2, -amount, amount)
    assert changed(rows, amount=signed)["own", "number"].inputs == (("own", "amount"),)
    off = changed(rows, amount=-signed)["own", "number"]
    assert (off.plus, off.minus, off.sign) == (None, ("own", "amount"), None)
    both = changed(rows, amount=np.where(kind == 2, 0, amount), out=np.where(kind == 2, amount, 0))["own", "number"]
    assert (both.plus, both.minus) == (("own", "amount"), ("own", "out"))
    number = rows.values["own", "number"]
    assert changed(rows, number=number - 50)["own", "number"].opening == ZERO
    anything = number + np.random.default_rng(1).random(60).round(2)[at]
    assert changed(rows, number=anything)["own", "number"].opening is None


def test_a_running_column_is_not_found_where_it_does_not_run() -> None:
    """Few owners; a null; numbers of no connection; a category that says nothing; and zeros, which agree by chance."""
    assert not carries(walks(owners=12), ("own", "when"))
    random = np.random.default_rng(2)
    for columns in (
        {"number": np.append(np.nan, walks().values["own", "number"][1:])},
        {"number": random.random(480).round(2)},
        {"kind": random.integers(1, 4, 480)},
        {"number": np.where(random.random(480) < 0.97, 0, 5.0), "amount": np.where(random.random(480) < 0.97, 0, 3.0)},
    ):
        assert not changed(walks(), **columns)


def test_a_few_rows_that_a_guard_has_changed_do_not_hide_it() -> None:
    rows = walks()
    number = rows.values["own", "number"].copy()
    number[::60] = 1.0
    assert changed(rows, number=number)


def test_what_no_owner_has_twice_in_a_day_comes_only_once() -> None:
    """Two rows a day, of which only ``a`` may come twice: chance would repeat another in one day of nine."""
    random = np.random.default_rng(0)
    days = random.integers(0, 3, (4_000, 2))
    days = np.where(((days[:, 0] == days[:, 1]) & (days[:, 0] > 0))[:, None], 0, days)
    made, frame = data.table("visits", 8_000, ("kind", "when"), {"person": np.repeat(np.arange(400), 20)})
    when = np.datetime64("2024-01-01", "us") + np.tile(np.repeat(np.arange(10), 2), 400).astype("timedelta64[D]")
    frame = frame.assign(kind=text(np.array(["a", "b", "c"])[days.ravel()]), when=when)
    real = data.dataset(data.table("people", 400), (made, frame), links=[("visits", "person", "people", True)])
    visits = drawn(real, 400)["visits"]
    again = visits[visits.duplicated(["person", "when", "kind"])]
    assert again["kind"].eq("a").sum() > 100
    assert again["kind"].ne("a").sum() < 20


def orders(rule: Formula, nulls: float = 0.0) -> Dataset:
    """Lines of orders with a product each: ``number`` is what one rule says of them."""
    random = np.random.default_rng(0)
    order, product = np.repeat(np.arange(300), 5), random.integers(0, 40, 1_500)
    made = [data.table("orders", 300, ("number", "when")), data.table("products", 40, ("number",))]
    table, frame = data.table("lines", 1_500, ("number", "whole"), {"order": order, "product": product}, nulls=nulls)
    price, factor = made[1][1]["number"].to_numpy()[product], made[0][1]["number"].to_numpy()[order]
    terms = {"whole": frame["whole"].astype("float64"), "products.number": price, "orders.number": factor}
    result = rule.computed(terms)
    frame["number"] = result.round(2) if not nulls else frame["number"]
    links = [("lines", "order", "orders", True), ("lines", "product", "products", False)]
    real = data.dataset(*made, (table, frame), links=links)
    tables = tuple(replace(own, rules=(rule,)) if own.name == "lines" else own for own in real.schema.tables)
    return Dataset(replace(real.schema, tables=tables), real.tables)


@pytest.mark.parametrize("expression", ["whole * products.number", "orders.number - 2 * whole"])
def test_a_formula_is_kept_by_the_rows_as_they_are_drawn(expression: str) -> None:
    rule = Formula("number", expression)
    made = drawn(orders(rule), 300)
    lines = made["lines"]
    products, above = (
        made[t]["number"].to_numpy()[lines[k]] for t, k in (("products", "product"), ("orders", "order"))
    )
    terms = {"whole": lines["whole"], "products.number": products, "orders.number": above}
    assert lines["number"].to_numpy() == pytest.approx(rule.computed(terms).round(2).to_numpy())


@pytest.mark.parametrize("broken", [{"nulls": 0.1}, {"nulls": 0.0, "number": 7.0}])
def test_a_formula_that_does_not_hold_in_what_is_seen_is_none(broken: dict) -> None:
    real = orders(Formula("number", "whole * products.number"), broken.pop("nulls"))
    seen = Dataset(real.schema, {**real.tables, "lines": real["lines"].assign(**broken)})
    assert not any(isinstance(item, Computed) for item in fitted(seen).models["lines"].way.items)


def test_a_given_sum_weighs_what_it_is_the_sum_of() -> None:
    """Of 64 candidates for each of 200 rows: what they add up to follows the given sums, by chance it would not."""
    random = np.random.default_rng(0)
    made, frame = data.table("people", 3_000, ("number", "whole"))
    columns = (*made.columns, replace(made.column("number"), name="amount"))
    rule = Formula("number", "amount + 10 * whole")
    amount, whole = random.gamma(2, 10, 3_000).round(2), random.integers(0, 9, 3_000)
    frame = frame.assign(amount=amount, whole=whole, number=(amount + 10 * whole).round(2))
    real = data.dataset((replace(made, columns=columns, rules=(rule,)), frame))
    rows = Dataset(
        Schema((Table("people", (made.column("number"),)),)),
        {"people": frame[["number"]].iloc[:200].reset_index(drop=True)},
    )
    given = Given(rows=rows, known={"number": np.ones(200, dtype=bool)})
    people = fitted(real).sample(200, seed=0, context=Context(), given=given)["people"]
    assert (people["number"] == rows["people"]["number"]).all()
    assert np.corrcoef(people["amount"] + 10 * people["whole"], people["number"])[0, 1] > 0.9
