"""What the engine `cart` keeps of the data: shapes, dependence, what differs between owners, popular rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synthkit import Context, Dataset
from synthkit_cart.cart import Cart, CartOptions
from synthkit_cart.profiles import profiles
from synthkit_cart.rows import Rows
from synthkit_cart.tokens import Labels
from tests.plugins import cart_data as data

TEXT = pd.Series(["a"]).dtype


def drawn(training: Dataset, rows: int, seed: int = 0) -> Dataset:
    return Cart(CartOptions()).fit(training, seed=seed, context=Context()).sample(rows, seed=seed, context=Context())


def one_table(frame: pd.DataFrame, kinds: dict[str, str]) -> Dataset:
    made, given = data.table("t", len(frame), list(kinds.values()))
    named = given.rename(columns={kind: name for name, kind in kinds.items()}).assign(**frame)
    columns = [c if c.name == "id" else _renamed(c, kinds) for c in made.columns]
    return data.dataset((type(made)("t", tuple(columns), ("id",)), named))


def _renamed(column, kinds):
    name = next(name for name, kind in kinds.items() if kind == column.name)
    return type(column)(name, column.kind, column.storage, nullable=column.nullable)


def test_atoms_bounds_grids_and_dependence_are_kept() -> None:
    """Shares of 20,000 rows within 0.02, more than five standard errors of both sides: a false alarm once in 10**6."""
    random = np.random.default_rng(0)
    kind = random.choice(["a", "b"], 20_000, p=[0.7, 0.3])
    amount = np.where(random.random(20_000) < 0.25, 0.0, random.gamma(2, np.where(kind == "a", 5, 40)).round(2))
    real = pd.DataFrame({"number": amount, "kind": pd.Series(kind.tolist(), dtype=TEXT)})
    made = drawn(one_table(real, {"number": "number", "kind": "kind"}), 20_000)["t"]
    assert (made["number"] * 100).round(6).mod(1).eq(0).all()
    assert made["number"].between(amount.min(), amount.max()).all()
    assert abs(made["number"].eq(0).mean() - 0.25) < 0.02
    for name in ("a", "b"):
        own, other = (side.loc[side["kind"] == name, "number"] for side in (made, real))
        assert abs(len(own) - len(other)) < 0.02 * 20_000
        for share in (0.4, 0.6, 0.9):
            assert abs((own <= other.quantile(share)).mean() - (other <= other.quantile(share)).mean()) < 0.03


def shop(people: int = 800, each: int = 20, seed: int = 0) -> Dataset:
    """Half of all people buy ``a`` at about 10, half ``b`` at about 30; one purchase in five is of one product."""
    random = np.random.default_rng(seed)
    rows = people * each
    owner = np.repeat(np.arange(people), each)
    likes = random.random(people) < 0.5
    fuel = random.random(rows) < 0.2
    product = np.where(fuel, 7, random.integers(8, 600, rows))
    kind = np.where(random.random(rows) < np.where(likes[owner], 0.8, 0.2), "a", "b")
    number = np.where(fuel, 5000, np.where(likes[owner], 10, 30)) * random.gamma(20, 0.05, rows)
    purchases, bought = data.table("purchases", rows, ("kind", "number"), {"people": owner, "products": product})
    bought = bought.assign(kind=pd.Series(kind.tolist(), dtype=TEXT), number=number.round(2))
    products, offered = data.table("products", 600, ("kind",))
    offered = offered.assign(kind=pd.Series(np.where(np.arange(600) == 7, "fuel", "food").tolist(), dtype=TEXT))
    return data.dataset(
        data.table("people", people, ()),
        (products, offered),
        (purchases, bought),
        links=[("purchases", "people", "people", True), ("purchases", "products", "products", False)],
    )


@pytest.fixture(scope="module")
def shops() -> tuple[Dataset, Dataset]:
    real = shop()
    return real, drawn(real, 800)


def test_a_product_that_many_buy_comes_again_with_what_is_bought_of_it(shops) -> None:
    """The share of one in five has a standard error of 0.003 in 16,000 rows: beyond 0.03 it is no chance."""
    made = shops[1]
    bought = made["purchases"].merge(made["products"], left_on="products", right_on="id", suffixes=("", "_of"))
    fuel = bought["kind_of"].eq("fuel")
    assert bought.loc[fuel, "products"].value_counts(normalize=True).iloc[0] > 0.95
    assert abs(fuel.mean() - 0.2) < 0.03
    assert bought.loc[fuel, "number"].gt(1000).mean() > 0.95
    assert bought.loc[~fuel, "number"].gt(1000).mean() < 0.02


def test_owners_differ_as_much_as_real_ones(shops) -> None:
    """The spread over 800 owners has a relative standard error of 2.5 %: beyond 20 % it is no chance."""
    spreads = []
    for side in shops:
        by = side["purchases"].assign(a=side["purchases"]["kind"].eq("a")).groupby("people")
        spreads.append((by["a"].mean().std(), np.log(by["number"].median()).std()))
    (share, level), (own_share, own_level) = spreads
    assert own_share == pytest.approx(share, rel=0.2)
    assert own_level == pytest.approx(level, rel=0.2)


@pytest.mark.parametrize("apart", [False, True])
def test_owners_have_classes_only_where_these_foretell_their_rows(apart: bool) -> None:
    """Of 300 owners of 20 rows; that noise gets classes needs three standard errors in one of 12 comparisons: 1.6 %."""
    random = np.random.default_rng(3)
    at = np.repeat(np.arange(300), 20)
    shares = np.where(at % 2 == 0, 0.8, 0.2) if apart else np.full(len(at), 0.5)
    values = 1 + (random.random(len(at)) < shares).astype("int64")
    owner = Rows(300, {}, {}, np.arange(300))
    rows = Rows(len(at), {("own", "x"): values}, {("own", "x"): Labels(3)}, at, owner, at)
    found = profiles(rows, rows.codecs, 20)
    if not apart:
        assert not found.any()
    else:
        assert np.bincount(found)[1:].min() >= 20
        groups = pd.Series(found).groupby(np.arange(300) % 2).agg(lambda own: own.mode()[0])
        assert (found == groups[np.arange(300) % 2].to_numpy()).mean() > 0.9
