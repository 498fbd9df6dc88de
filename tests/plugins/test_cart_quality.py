"""What the engine `cart` keeps of the data: shapes, dependence, what differs between owners, popular rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthkit import Context, Dataset
from synthkit_cart.cart import Cart, CartOptions
from synthkit_cart.conditional import Target, learn, smoothed
from synthkit_cart.links import Candidates
from synthkit_cart.profiles import profiles
from synthkit_cart.rows import Rows
from synthkit_cart.stairs import Base, stairs
from synthkit_cart.tokens import Feature, Labels
from synthkit_cart.trees import Growth
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


def people(rows: int, seed: int) -> pd.DataFrame:
    """Three columns of whole numbers, so few different ones that strangers are often alike."""
    random = np.random.default_rng(seed)
    age = random.integers(0, 100, rows)
    height, day = np.rint(10 * age + random.normal(0, 50, rows)), np.rint(random.normal(0, 1, rows))
    when = np.datetime64("2024-01-01", "us") + day.astype("int64").astype("timedelta64[D]")
    return pd.DataFrame({"whole": age, "number": height, "when": when})


def test_rows_that_were_learned_from_come_out_less_often_than_from_leaves_as_they_are() -> None:
    """1.55 times as often as rows that were not, and 1.77 times from leaves with single rows; about 900 and 600 do.

    The spread of the figure is 0.08, but all seeds are fixed.
    """
    learned, others = people(8_000, 1), people(8_000, 2)
    both = pd.concat([learned, others], keys=[0, 1], names=["side", None]).reset_index("side")
    alone = both.loc[~both.duplicated([*learned], keep=False)]
    made = drawn(one_table(learned, {name: name for name in learned}), 8_000)["t"]
    met = alone.merge(made[[*learned]].drop_duplicates())["side"].value_counts() / alone["side"].value_counts()
    assert met[0] / met[1] < 1.66


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), min_size=1, max_size=40), st.integers(1, 6))
def test_what_few_rows_of_a_leaf_have_is_shared_out_among_those_around(rows, least) -> None:
    """By definition, leaf by leaf."""
    leaves, tokens = (np.array(part) for part in zip(*rows, strict=True))
    pairs, counts = np.unique(leaves * 10 + tokens, return_counts=True)
    overall = np.bincount(tokens, minlength=10)
    wanted: dict[int, float] = {}
    for leaf in set(leaves.tolist()):
        own = {int(p) % 10: int(n) for p, n in zip(pairs, counts, strict=True) if p // 10 == leaf}
        alone = {token for token, n in own.items() if n >= least or token == 0}
        few = [token for token in own if token not in alone]
        blocks = [[] for _ in range(max(sum(own[token] for token in few) // least, 1))]
        for place, token in enumerate(few):
            blocks[min(sum(own[t] for t in few[:place]) // least, len(blocks) - 1)].append(token)
        wanted |= {leaf * 10 + token: own[token] for token in alone}
        for block in filter(None, blocks):
            around = [token for token in range(block[0], block[-1] + 1) if token not in alone and overall[token]]
            for token in around:
                share = overall[token] / sum(overall[t] for t in around)
                wanted[leaf * 10 + token] = sum(own[t] for t in block) * share
    found, mass = smoothed(pairs, counts.astype("float64"), overall, least)
    assert found.tolist() == sorted(wanted)
    assert mass == pytest.approx([wanted[pair] for pair in sorted(wanted)])


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


def test_a_column_that_follows_from_a_number_follows_exactly() -> None:
    """One of 200 zones by distance, where one row in 8,000 is out of its zone; cuts for trees are 126 at most."""
    random = np.random.default_rng(0)
    distance = random.random(8_000).round(4)
    zone = np.floor(distance * 200)
    zone[7] = (zone[7] + 100) % 200
    real = pd.DataFrame({"number": distance, "kind": pd.Series([f"z{z:.0f}" for z in zone], dtype=TEXT)})
    made = drawn(one_table(real, {"number": "number", "kind": "kind"}), 8_000)["t"]
    assert (made["kind"] == "z" + np.floor(made["number"] * 200).astype(int).astype(str)).mean() > 0.99


def test_a_number_with_little_to_say_makes_no_stairs() -> None:
    random = np.random.default_rng(0)
    numbers, kinds = random.random(2_000), Labels(3)
    at = np.arange(2_000)
    assert (
        stairs(("own", "kind"), kinds, random.integers(1, 3, 2_000), {("own", "x"): Base.of(numbers)}, at, 20) is None
    )
    few = np.where(numbers < 0.004, 1, 2)  # eight rows stand behind the lower step
    assert stairs(("own", "kind"), kinds, few, {("own", "x"): Base.of(numbers)}, at, 20) is None
    steps = stairs(("own", "kind"), kinds, np.where(numbers < 0.4, 1, 2), {("own", "x"): Base.of(numbers)}, at, 20)
    assert steps is not None
    assert steps.tokens.tolist() == [1, 2]
    assert stairs(("own", "k"), kinds, few, {("own", "x"): Base.of(np.where(at == 5, np.nan, numbers))}, at, 20) is None


def test_what_is_rare_in_a_number_still_explains() -> None:
    """One row in fifty has a discount, and the kind of row says how high it is: 800 rows, 0.1 is seven errors."""
    random = np.random.default_rng(1)
    off = np.where(random.random(40_000) < 0.02, random.integers(1, 9, 40_000), 0).astype("float64")
    kind = np.where(off > 4, "high", np.where(off > 0, "low", "none"))
    other = np.where(random.random(40_000) < 0.9, kind, "none")
    real = pd.DataFrame({"number": off, "kind": pd.Series(other.tolist(), dtype=TEXT)})
    made = drawn(one_table(real, {"number": "number", "kind": "kind"}), 40_000)["t"]
    for low, high, name in ((1, 4, "low"), (5, 8, "high")):
        own, known = ((side["number"].between(low, high), side["kind"] == name) for side in (made, real))
        assert abs((own[0] & own[1]).sum() / own[0].sum() - (known[0] & known[1]).sum() / known[0].sum()) < 0.1


def _told(codes: np.ndarray, groups: np.ndarray) -> float:
    """How much more often rows of one leaf have tokens of one group than chance would, by a tree on some codes."""
    at, ones = np.arange(len(codes)), Feature(codes, int(codes.max()) + 1, ordered=False)
    model = learn(Target(groups[0], int(groups[0].max()) + 1, ordered=False), {("x",): ones}, at, Growth(25))
    leaves, kinds = model.leaves({("x",): ones}, len(codes)), groups[1]
    cells = np.unique(leaves * (kinds.max() + 1) + kinds, return_counts=True)[1].astype("float64")
    sizes = np.bincount(leaves).astype("float64")
    return float((cells**2).sum() / (sizes**2).sum())


def test_many_tokens_are_told_apart_by_what_their_rows_are_like() -> None:
    """1,000 tokens alike in number, of 100 kinds in no order, by a category that says the kind: chance gives 0.01."""
    random = np.random.default_rng(0)
    token = random.integers(1, 1_001, 20_000)
    kind = token % 100
    assert _told(random.permutation(100)[kind] + 1, np.stack([token, kind])) > 0.9


@given(st.integers(0, 5))
@settings(max_examples=6, deadline=None)
def test_rows_are_pointed_at_as_often_as_their_weight_says(seed) -> None:
    """Of two labels, in any batches: 1,000 rows of even weight get one or so each, where chance leaves out 368."""
    random = np.random.default_rng(seed)
    rows = Candidates.of(np.repeat([1, 2], [1_000, 10]), np.ones(1_010))
    batches = [rows.pick(random.integers(1, 3, size), random, else_any=False) for size in random.integers(1, 200, 20)]
    found = np.bincount(np.concatenate(batches), minlength=1_010)
    share = found[:1_000].sum() / 1_000
    assert found[:1_000].max() <= np.ceil(share) + 1
    assert (found[:1_000] == 0).mean() < max(1 - share, 0) + 0.1


def answers(people: int = 1_500, seed: int = 0) -> Dataset:
    """People get letters of three of 20 campaigns and answer some; 5 campaigns are liked eight times as much.

    Answers to one letter come on one day.
    """
    random = np.random.default_rng(seed)
    got = random.random((people, 20)).argsort(1)[:, :3]
    who = np.repeat(np.arange(people), random.integers(0, 4, people))
    odds = np.where(got < 5, 8.0, 1.0)[who].cumsum(1)
    chosen = got[who, (odds < random.random((len(who), 1)) * odds[:, -1:]).sum(1)]
    begins = np.datetime64("2024-01-01", "us") + (np.arange(20) * 90).astype("timedelta64[D]")
    days = random.integers(0, 60, (people, 20)).astype("timedelta64[D]")
    made = [
        data.table("people", people, ("number",)),
        data.table("campaigns", 20, ("kind", "when")),
        data.table("letters", people * 3, (), {"who": np.repeat(np.arange(people), 3), "what": got.ravel()}),
        data.table("answers", len(who), ("when",), {"who": who, "what": chosen}),
    ]
    made[1][1]["kind"] = pd.Series(["liked"] * 5 + ["other"] * 15, dtype=TEXT)
    made[1][1]["when"] = begins
    made[3][1]["when"] = begins[chosen] + days[who, chosen]
    keys = (("who", "people", True), ("what", "campaigns", False))
    links = [(name, *key) for name in ("letters", "answers") for key in keys]
    return data.dataset(*made, links=links)


def test_rows_point_at_what_others_of_their_owner_point_at_as_often_as_it_is_liked() -> None:
    """Of some 900 answers by people with one liked letter of three, 0.8 are to that, with an error of 0.013."""
    real = answers()
    made = drawn(real, 1_500)
    letters, found = (set(zip(made[t]["who"], made[t]["what"], strict=True)) for t in ("letters", "answers"))
    assert found <= letters
    for side in (real, made):
        liked = side["campaigns"].set_index("id")["kind"].eq("liked")
        one = side["letters"]["what"].map(liked).groupby(side["letters"]["who"]).sum().eq(1)
        own = side["answers"][side["answers"]["who"].map(one).fillna(value=False).astype(bool)]
        assert own["what"].map(liked).mean() == pytest.approx(0.8, abs=0.08)


def test_times_of_an_owner_come_again_where_those_of_real_ones_do() -> None:
    """Always among the real ones, by chance in 3 of 100: at least every second time."""
    shares = []
    for side in (answers(), drawn(answers(), 1_500)):
        rows = side["answers"].merge(side["campaigns"], left_on="what", right_on="id", suffixes=("", "_of"))
        assert rows["when"].ge(rows["when_of"]).all()
        pairs = rows.groupby(["who", "what"])["when"].agg(["size", "nunique"])
        shares.append((pairs["nunique"] < pairs["size"])[pairs["size"] > 1].mean())
    assert shares[0] == 1.0
    assert shares[1] > 0.5


def test_a_rare_zero_that_follows_from_another_is_kept() -> None:
    """One row in 100 has neither; of 200 such rows chance alone would leave 2."""
    random = np.random.default_rng(0)
    rows = 20_000
    kind = random.integers(0, 40, rows)
    whole = np.where(random.random(rows) < 0.01, 0, random.integers(1, 6, rows))
    number = np.where(whole == 0, 0.0, (kind * 10 + random.random(rows) * 5 + 1).round(2))
    real = pd.DataFrame({"kind": pd.Series([f"k{k}" for k in kind], dtype=TEXT), "whole": whole, "number": number})
    made, _ = data.table("t", rows, ("kind", "whole", "number"))
    drawn_ = drawn(data.dataset((made, real.assign(id=np.arange(rows))[["id", *real.columns]])), rows)["t"]
    zero = drawn_["whole"].eq(0)
    assert 150 < zero.sum() < 250
    assert drawn_.loc[zero, "number"].eq(0).mean() > 0.9
    assert drawn_.loc[~zero, "number"].eq(0).mean() < 0.001
