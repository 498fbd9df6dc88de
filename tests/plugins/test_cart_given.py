"""The engine `cart` under conditions: they hold in all rows, and the other columns are as real ones with them.

Statistical tests compare counts with a test of level 1e-4 each, on fixed seeds: they pass always or never, and with
other seeds one right engine in 10,000 would fail one of them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency

from synthkit import (
    Balance,
    Column,
    ColumnKind,
    Condition,
    Context,
    DataError,
    Dataset,
    ForeignKey,
    Given,
    Schema,
    Table,
    UsageError,
)
from synthkit.integrity import violations
from synthkit_cart import pool
from synthkit_cart.cart import Cart, CartOptions
from tests.plugins import cart_data as data

LEVEL = 1e-4
SIZE = 12_000
TEXT = pd.Series(["a"]).dtype


def world(rows: int, seed: int) -> Dataset:
    """People whose later columns depend on earlier ones; half of those with a flag have children's rows of kind b."""
    random = np.random.default_rng(seed)
    group = random.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1])
    level = random.normal(np.select([group == "a", group == "b"], [40.0, 55.0], 90.0), 10).round(1)
    level = np.maximum(level, 5.0)
    spent = np.where(random.random(rows) < 0.4, 0.0, random.gamma(2, level)).round(2)
    flag = random.random(rows) < 1 / (1 + np.exp(-(level - 70) / 8))
    when = np.datetime64("2024-01-01", "us") + (random.random(rows) * 3 * level).astype("int64").astype(
        "timedelta64[D]"
    )
    hidden = random.random(rows) < np.where(flag, 0.5, 0.05)
    people = pd.DataFrame(
        {
            "id": np.arange(rows),
            "group": pd.Series(group.tolist(), dtype=TEXT),
            "level": level,
            "spent": spent,
            "flag": flag,
            "when": when,
            "score": pd.Series(random.normal(100 + 60 * flag, 25).round()).astype("Int64").mask(hidden),
        }
    )
    counts = random.poisson(np.where(flag, 4.0, 1.0))
    at = np.repeat(np.arange(rows), counts)
    kind = np.where(random.random(len(at)) < np.where(flag[at], 0.8, 0.1), "b", "a")
    visits = pd.DataFrame({"person": at, "kind": pd.Series(kind.tolist(), dtype=TEXT)})
    kinds = {"group": "categorical", "level": "numerical", "spent": "numerical", "flag": "boolean", "when": "datetime"}
    storage = {"flag": "bool", "when": "timestamp[us]", "level": "double", "spent": "double"}
    columns = [Column(name, ColumnKind(kind), storage.get(name, "string")) for name, kind in kinds.items()]
    score = Column("score", ColumnKind.NUMERICAL, "int64", nullable=True)
    key = Column("id", ColumnKind.ID, "int64", unique=True)
    own = (Column("person", ColumnKind.ID, "int64"), Column("kind", ColumnKind.CATEGORICAL))
    schema = Schema(
        (Table("people", (key, *columns, score), ("id",)), Table("visits", own)),
        (ForeignKey("visits", ("person",), "people", ("id",), owner=True),),
        "people",
    )
    return Dataset(schema, {"people": people, "visits": visits})


@pytest.fixture(scope="module")
def model() -> Cart:
    return Cart(CartOptions()).fit(world(SIZE, 0), seed=0, context=Context())


@pytest.fixture(scope="module")
def free(model: Cart) -> Dataset:
    """What the model draws where nothing is given."""
    return model.sample(60_000, seed=5, context=Context())


def drawn(model: Cart, rows: int, *conditions: Condition, seed: int = 1, **more: object) -> Dataset:
    return model.sample(rows, seed=seed, context=Context(), given=Given(conditions, **more))


def binned(people: pd.DataFrame) -> dict[str, pd.Series]:
    """Each column in a few classes."""
    day = (people["when"] - pd.Timestamp("2024-01-01")).dt.days
    return {
        "group": people["group"].astype(object),
        "level": pd.cut(people["level"], [-1e9, 35, 45, 55, 65, 80, 95, 1e9]).astype(str),
        "spent": pd.cut(people["spent"], [-1, 0, 40, 100, 200, 1e9]).astype(str),
        "flag": people["flag"].astype(str),
        "when": pd.cut(day, [-1, 30, 60, 90, 150, 210, 1e9]).astype(str),
        "score": pd.cut(people["score"].astype("float64").fillna(-1e3), [-1e4, -999, 70, 100, 130, 160, 1e9]).astype(
            str
        ),
    }


def alike(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, float]:
    """For each column the probability of such a difference by chance."""
    sides = binned(first), binned(second)
    found = {}
    for name in sides[0]:
        counts = pd.concat([side[name].value_counts() for side in sides], axis=1).fillna(0).to_numpy()
        counts = counts[counts.sum(1) > 5]
        found[name] = 1.0 if len(counts) < 2 else float(chi2_contingency(counts.T).pvalue)
    return found


MICROSECONDS = {day: float(np.datetime64(day, "us").astype("int64")) for day in ("2024-05-01", "2024-07-01")}
CONDITIONS = {
    "a category of the first column": (Condition("group", ("c",)), lambda p: p["group"] == "c"),
    "all but one category": (Condition("group", without=("a",)), lambda p: p["group"] != "a"),
    "a truth value of a late column": (Condition("flag", (True,)), lambda p: p["flag"]),
    "a rare value of a late column": (
        Condition("score", ranges=((200.0, np.inf),)),
        lambda p: p["score"].fillna(0) >= 200,
    ),
    "a part of a bin": (Condition("level", ranges=((61.3, 62.1), (80.0, 80.6))), lambda p: _within(p["level"])),
    "an atom": (Condition("spent", ranges=((0.0, 0.0),)), lambda p: p["spent"] == 0),
    "no atom": (Condition("spent", ranges=((5e-324, np.inf),)), lambda p: p["spent"] > 0),
    "times": (
        Condition("when", ranges=((MICROSECONDS["2024-05-01"], MICROSECONDS["2024-07-01"]),)),
        lambda p: p["when"].between("2024-05-01", "2024-07-01"),
    ),
    "null": (Condition("score", ranges=(), null=True), lambda p: p["score"].isna()),
    "not null": (Condition("score", ranges=((-np.inf, np.inf),)), lambda p: p["score"].notna()),
}


def _within(level: pd.Series) -> pd.Series:
    return level.between(61.3, 62.1) | level.between(80.0, 80.6)


@pytest.mark.parametrize("name", CONDITIONS)
def test_all_rows_meet_a_condition_and_are_what_choosing_among_free_rows_gives(
    model: Cart, free: Dataset, name: str
) -> None:
    condition, met = CONDITIONS[name]
    people = drawn(model, 3000, condition)["people"]
    assert len(people) == 3000
    assert met(people).all()
    chosen = free["people"][met(free["people"])]
    assert {column: p for column, p in alike(people, chosen).items() if p < LEVEL} == {}


def test_several_conditions_hold_together(model: Cart, free: Dataset) -> None:
    together = [CONDITIONS[name] for name in ("all but one category", "no atom", "a truth value of a late column")]
    people = drawn(model, 3000, *(condition for condition, _ in together))["people"]
    chosen = free["people"]
    for _, met in together:
        assert met(people).all()
        chosen = chosen[met(chosen)]
    assert {column: p for column, p in alike(people, chosen).items() if p < LEVEL} == {}


@pytest.mark.parametrize("name", ["a truth value of a late column", "null", "an atom"])
def test_other_columns_and_children_are_as_those_of_real_subjects_with_the_condition(model: Cart, name: str) -> None:
    condition, met = CONDITIONS[name]
    sample, real = drawn(model, 4000, condition), world(40_000, 9)
    chosen = real["people"][met(real["people"])]
    for column, classes in binned(sample["people"]).items():
        shares = [s.value_counts(normalize=True) for s in (classes, binned(chosen)[column])]
        apart = pd.concat(shares, axis=1).fillna(0).diff(axis=1).iloc[:, 1].abs().max()
        assert apart < 0.05, column  # 4 standard errors of a share of 4,000 are 0.032, and a tree is no more exact
    visits = real["visits"][real["visits"]["person"].isin(chosen["id"])]
    assert len(sample["visits"]) / 4000 == pytest.approx(len(visits) / len(chosen), rel=0.1)
    assert (sample["visits"]["kind"] == "b").mean() == pytest.approx((visits["kind"] == "b").mean(), abs=0.05)


def test_the_comparison_can_fail(model: Cart, free: Dataset) -> None:
    """Rows whose late column was only overwritten, without a weight, are told apart."""
    naive = free["people"].head(3000).assign(flag=True)
    chosen = free["people"][free["people"]["flag"]]
    assert min(p for column, p in alike(naive, chosen).items() if column != "flag") < LEVEL / 100


def test_the_same_seed_gives_the_same_rows(model: Cart) -> None:
    condition = CONDITIONS["a rare value of a late column"][0]
    first, second, other = (drawn(model, 500, condition, seed=seed) for seed in (1, 1, 2))
    for name in ("people", "visits"):
        pd.testing.assert_frame_equal(first[name], second[name])
    assert not first["people"]["level"].equals(other["people"]["level"])
    assert not violations(first)


def test_a_column_is_balanced_and_the_others_are_as_with_each_of_its_values(model: Cart, free: Dataset) -> None:
    people = drawn(model, 3001, balance=Balance("group"))["people"]
    assert sorted(people["group"].value_counts()) == [1000, 1000, 1001]
    assert people["group"].head(50).nunique() == 3  # in no order
    for value in ("a", "b", "c"):
        sides = (side[side["group"] == value] for side in (people, free["people"]))
        assert min(alike(*sides).values()) > LEVEL
    flagged = drawn(model, 1000, balance=Balance("flag", 0.25))["people"]["flag"]
    assert flagged.sum() == 250
    both = drawn(model, 1000, Condition("group", ("b", "c")), balance=Balance("flag"))["people"]
    assert both["flag"].sum() == 500
    assert set(both["group"]) == {"b", "c"}
    most = drawn(model, 400, balance=Balance("group", besides=("c",)))["people"]["group"]
    assert most.value_counts().to_dict() == {"a": 200, "b": 200}


def test_what_cannot_be_is_refused_with_counts_and_what_is_not_known_with_the_nearest(model: Cart) -> None:
    with pytest.raises(DataError, match=r"people: none of 220,000 candidates met the condition; loosen it"):
        drawn(model, 100, Condition("level", ranges=((500.0, 600.0),)))
    with pytest.raises(UsageError, match=r"people.group: the model knows no value 'bb'; did you mean 'b'"):
        drawn(model, 100, Condition("group", ("bb",)))
    with pytest.raises(UsageError, match=r"people.group: the model knows no value 'zzz'; what few subjects have"):
        drawn(model, 100, Condition("group", without=("zzz",)))
    with pytest.raises(UsageError, match=r"people.level: it has no categories to balance"):
        drawn(model, 100, balance=Balance("level"))


def test_a_rare_condition_is_met_by_repeated_beginnings_which_a_note_counts(
    model: Cart, free: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_MORE", 0)  # candidates are as few as for a condition that is a hundred times as rare
    monkeypatch.setattr(pool, "_TIMES", 2)
    context, flagged = Context(), Given((Condition("group", ("a",)), Condition("flag", (True,))))
    people = model.sample(2000, seed=1, context=context, given=flagged)["people"]
    assert (people["group"] == "a").all()
    assert people["flag"].all()
    assert people["level"].mean() == pytest.approx(
        free["people"].query("group == 'a' and flag")["level"].mean(), abs=1.5
    )
    (note,) = context.notes
    assert "people: the condition is rare; 2,000 rows begin as" in note
    assert "different candidates of 4,000 (effective sample size" in note


def test_no_rows_may_be_asked_for(model: Cart) -> None:
    assert len(drawn(model, 0, Condition("flag", (True,)))["people"]) == 0


def test_subjects_that_other_rows_own_are_refused() -> None:
    chain = data.chain(2)
    schema = Schema(chain.schema.tables, chain.schema.foreign_keys, "t1")
    owned = Cart(CartOptions()).fit(Dataset(schema, chain.tables), seed=0, context=Context())
    with pytest.raises(UsageError, match="t1: nothing can be given of subjects that other rows own"):
        owned.sample(10, seed=0, context=Context(), given=Given())


def test_conditions_hold_for_keys_times_after_others_and_tables_that_follow() -> None:
    """The subject has a key of its own and a time that follows another."""
    random = np.random.default_rng(3)
    own, frame = data.table("people", 600, ("when", "kind"), {"branch": data.pointing(600, 30)})
    later = Column("later", ColumnKind.DATETIME, "timestamp[us]")
    frame["later"] = frame["when"] + pd.to_timedelta(random.integers(1, 9, 600), "D")
    table = Table("people", (*own.columns, later), ("id",))
    given = data.dataset((table, frame), data.table("branches", 30), links=[("people", "branch", "branches", False)])
    model = Cart(CartOptions()).fit(given, seed=0, context=Context())
    start = float(np.datetime64("2024-04-01", "us").astype("int64"))
    people = drawn(model, 300, Condition("later", ranges=((start, np.inf),)))
    assert (people["people"]["later"] >= "2024-04-01").all()
    assert (people["people"]["later"] >= people["people"]["when"]).all()
    assert not violations(people)


def given(frame: pd.DataFrame, known: dict[str, np.ndarray] | None = None, otherwise: str = "rare") -> Given:
    """Rows of people with some columns, or only some cells of these."""
    columns = tuple(c for c in world(2, 0).schema["people"].columns if c.name in frame)
    rows = Dataset(Schema((Table("people", columns),)), {"people": frame.reset_index(drop=True)})
    return Given(rows=rows, known=known or {}, otherwise=otherwise)


def test_whole_rows_come_out_as_they_are_and_children_follow_them(model: Cart) -> None:
    real = world(2500, 21)
    people = real["people"].drop(columns="id")
    sample = model.sample(2500, seed=3, context=Context(), given=given(people))
    for name in ("group", "level", "spent", "flag", "when", "score"):
        pd.testing.assert_series_equal(sample["people"][name], people[name], check_dtype=False, check_names=False)
    for flag, rows, share in ((True, 4.0, 0.8), (False, 1.0, 0.1)):
        own = sample["visits"][sample["visits"]["person"].isin(np.flatnonzero(people["flag"] == flag))]
        assert len(own) / (people["flag"] == flag).sum() == pytest.approx(rows, rel=0.15)
        assert (own["kind"] == "b").mean() == pytest.approx(share, abs=0.06)
    again = model.sample(2500, seed=3, context=Context(), given=given(people))
    pd.testing.assert_frame_equal(sample["visits"], again["visits"])


@pytest.mark.parametrize("names", [["flag"], ["score"], ["flag", "when"], ["spent", "score"]])
def test_earlier_columns_are_as_those_of_rows_with_the_late_values_that_are_given(
    model: Cart, free: Dataset, names: list[str]
) -> None:
    """The rows of a free sample, of which only some columns are kept, must become rows of the same joint kind."""
    some = free["people"].head(6000)
    some = some[some["flag"]] if "flag" in names else some
    drawn_again = model.sample(len(some), seed=4, context=Context(), given=given(some[names]))["people"]
    pd.testing.assert_frame_equal(drawn_again[names], some[names].reset_index(drop=True), check_dtype=False)
    for column, classes in binned(drawn_again).items():
        shares = [side.value_counts(normalize=True) for side in (classes, binned(some)[column])]
        apart = pd.concat(shares, axis=1).fillna(0).diff(axis=1).iloc[:, 1].abs().max()
        assert apart < 0.06, column  # 4 standard errors of the difference of two shares of 1,300 are 0.078 at most
    if "when" in names:  # 0.126 are 4 standard errors of what rows that have nothing in common would give
        assert np.corrcoef(drawn_again["level"], some["level"])[0, 1] > 0.126


def test_open_cells_are_filled_and_never_null_and_given_ones_are_kept(model: Cart) -> None:
    random, people = np.random.default_rng(2), world(3000, 22)["people"].drop(columns="id")
    names = ["group", "level", "flag", "score"]
    known = {name: random.random(3000) > 0.2 for name in names}
    known["score"] &= people["score"].notna().to_numpy() | (random.random(3000) < 0.5)  # some nulls are given, too
    filled = model.sample(3000, seed=5, context=Context(), given=given(people, known))["people"]
    for name in people:
        kept = known.get(name, np.ones(3000, dtype=bool))
        pd.testing.assert_series_equal(filled[name][kept], people[name][kept], check_dtype=False, check_names=False)
        assert filled[name][~kept].notna().all()
    there = ~known["level"]
    error = (filled["level"] - people["level"])[there].abs().mean()
    by_chance = np.abs(random.choice(people["level"], there.sum()) - people["level"][there]).mean()
    assert error < 0.8 * by_chance
    same = (filled["flag"] == people["flag"])[~known["flag"]].mean()
    share = people["flag"].mean()
    assert same > share**2 + (1 - share) ** 2 + 0.05


def test_a_category_that_the_model_has_not_seen_is_taken_for_another_or_drawn_around(model: Cart) -> None:
    strange = pd.DataFrame({"group": pd.Series(["strange"] * 200, dtype=TEXT), "flag": [True] * 200})
    taken = model.sample(200, seed=1, context=Context(), given=given(strange, otherwise="c"))["people"]
    assert set(taken["group"]) == {"c"}
    drawn_instead = model.sample(200, seed=1, context=Context(), given=given(strange))["people"]
    assert set(drawn_instead["group"]) <= {"a", "b", "c"}
    assert drawn_instead["flag"].all()
    none = model.sample(0, seed=1, context=Context(), given=given(strange.head(0)))
    assert len(none["people"]) == 0


def test_cells_of_a_column_without_values_stay_null_and_others_of_a_leaf_without_come_from_elsewhere() -> None:
    random = np.random.default_rng(8)
    kind = np.where(random.random(800) < 0.5, "full", "empty")
    amount = pd.Series(random.normal(50, 9, 800).round(1)).mask(kind == "empty")
    frame = pd.DataFrame({"kind": pd.Series(kind.tolist(), dtype=TEXT), "amount": amount, "nothing": np.nan})
    columns = (
        Column("kind", ColumnKind.CATEGORICAL),
        Column("amount", ColumnKind.NUMERICAL, "double", nullable=True),
        Column("nothing", ColumnKind.NUMERICAL, "double", nullable=True),
    )
    schema = Schema((Table("people", columns),), subject="people")
    model = Cart(CartOptions()).fit(Dataset(schema, {"people": frame}), seed=0, context=Context())
    open_ = {"amount": np.zeros(800, dtype=bool), "nothing": np.zeros(800, dtype=bool)}
    rows = Dataset(Schema((Table("people", columns),)), {"people": frame})
    filled = model.sample(800, seed=0, context=Context(), given=Given(rows=rows, known=open_))["people"]
    assert filled["amount"].between(0, 100).all()
    assert filled["nothing"].isna().all()


def test_times_that_follow_others_weigh_what_comes_before_them() -> None:
    random = np.random.default_rng(3)
    own, frame = data.table("people", 800, ("when", "kind"))
    slow = random.random(800) < 0.5
    frame["kind"] = pd.Series(np.where(slow, "slow", "fast").tolist(), dtype=TEXT)
    frame["later"] = frame["when"] + pd.to_timedelta(np.where(slow, 40, 0) + random.integers(1, 9, 800), "D")
    table = Table("people", (*own.columns, Column("later", ColumnKind.DATETIME, "timestamp[us]")), ("id",))
    model = Cart(CartOptions()).fit(data.dataset((table, frame)), seed=0, context=Context())
    columns = tuple(c for c in table.columns if c.name in ("when", "later"))
    rows = Dataset(Schema((Table("people", columns),)), {"people": frame[["when", "later"]]})
    drawn_again = model.sample(800, seed=0, context=Context(), given=Given(rows=rows))["people"]
    assert (drawn_again["kind"] == frame["kind"]).mean() > 0.9  # what lies between tells which it was
    later = Dataset(Schema((Table("people", columns[1:]),)), {"people": frame[["later"]]})
    open_ = {"later": random.random(800) < 0.5}
    after = model.sample(800, seed=0, context=Context(), given=Given(rows=later, known=open_))["people"]
    assert (after["later"] >= after["when"])[~open_["later"]].all()
    assert (after["later"] == frame["later"])[open_["later"]].all()


def test_a_band_that_is_given_leads_to_numbers_within_it() -> None:
    """The band follows from the number before it."""
    random = np.random.default_rng(6)
    number = random.uniform(0, 100, 1500).round(1)
    band = np.select([number < 20, number < 50], ["low", "middle"], "high")
    columns = (Column("number", ColumnKind.NUMERICAL, "double"), Column("band", ColumnKind.CATEGORICAL))
    frame = pd.DataFrame({"number": number, "band": pd.Series(band.tolist(), dtype=TEXT)})
    training = Dataset(Schema((Table("people", columns),), subject="people"), {"people": frame})
    model = Cart(CartOptions()).fit(training, seed=0, context=Context())
    rows = Dataset(Schema((Table("people", columns[1:]),)), {"people": frame[["band"]]})
    made = model.sample(1500, seed=0, context=Context(), given=Given(rows=rows))["people"]
    assert made["band"].tolist() == band.tolist()
    assert made["number"][band == "low"].le(20.5).all()
    assert made["number"][band == "high"].ge(49.5).all()
    low = model.sample(200, seed=0, context=Context(), given=Given((Condition("band", ("low",)),)))["people"]
    assert low["number"].le(20.5).all()
