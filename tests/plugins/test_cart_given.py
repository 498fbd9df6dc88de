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
