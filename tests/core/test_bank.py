"""The bundled example ``bank``: its shape, its rules, and that there is something to learn.

Statistical bounds hold for fixed seeds, so nothing here can fail by chance. They lie several standard errors
from the measured values, so that another stream of random numbers (a new numpy) would keep them too.
"""

from __future__ import annotations

import random as standard_random

import numpy as np
import pandas as pd
import pytest

from synthkit.bank import bank
from synthkit.errors import UsageError

TEXT, DAY = "text", "datetime64[us]"
DTYPES = {
    "customers": {
        **dict.fromkeys(("customer_id", "full_name", "email", "phone"), TEXT),
        "birth_date": DAY,
        **dict.fromkeys(("gender", "region", "occupation", "segment"), TEXT),
        "income": "float64",
        "credit_score": "Int64",
        "account_balance": "float64",
        "join_date": DAY,
        "churned": "bool",
    },
    "transactions": {
        "transaction_id": TEXT,
        "customer_id": TEXT,
        "transaction_date": DAY,
        "category": TEXT,
        "channel": TEXT,
        "amount": "float64",
    },
    "campaign_events": {
        "event_id": TEXT,
        "customer_id": TEXT,
        "campaign": TEXT,
        "channel": TEXT,
        "event_date": DAY,
        "opened": "bool",
        "converted": "bool",
        "revenue": "float64",
    },
}
KEYS = {"customers": "customer_id", "transactions": "transaction_id", "campaign_events": "event_id"}
DATES = {"transactions": "transaction_date", "campaign_events": "event_date"}

Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def tables() -> Tables:
    return bank()


@pytest.fixture(scope="module")
def joined(tables) -> Tables:
    """Each child row beside its customer."""
    return {name: tables[name].merge(tables["customers"], on="customer_id", suffixes=("", "_of")) for name in DATES}


def dtype_of(column: pd.Series) -> str:
    return TEXT if pd.api.types.is_string_dtype(column) else str(column.dtype)


def text_dtype() -> object:
    return pd.Series(["as pandas reads it"]).dtype


def age(people: pd.DataFrame) -> pd.Series:
    return (pd.Timestamp("2024-12-31") - people["birth_date"]).dt.days / 365.25


def children_per_customer(tables: Tables, child: str) -> pd.Series:
    counts = tables[child].groupby("customer_id").size()
    return counts.reindex(tables["customers"]["customer_id"], fill_value=0)


def neighbours(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows that have a next row of the same customer, and those next rows."""
    same = (frame["customer_id"] == frame["customer_id"].shift(-1)).to_numpy()
    return frame[same].reset_index(drop=True), frame[np.roll(same, 1)].reset_index(drop=True)


@pytest.mark.parametrize("customers", [1, 20, 2000])
def test_tables_columns_and_dtypes_are_exactly_as_promised(customers):
    for name, table in bank(customers).items():
        assert {c: dtype_of(table[c]) for c in table} == DTYPES[name]
        assert list(table.columns) == list(DTYPES[name])
        assert isinstance(table.index, pd.RangeIndex)
        assert {table[c].dtype for c in table if DTYPES[name][c] == TEXT} == {text_dtype()}


@pytest.mark.parametrize("name", DATES)
def test_a_table_without_rows_has_the_same_dtypes(name, tables):
    lone = [bank(1, seed)[name] for seed in range(10)]
    empty = [table for table in lone if table.empty]
    assert empty
    for table in empty:
        assert table.dtypes.to_dict() == tables[name].dtypes.to_dict()


def test_the_size_is_as_asked(tables):
    assert [len(bank(n)["customers"]) for n in (1, 20)] == [1, 20]
    assert len(tables["customers"]) == 2000
    assert 9_000 < len(tables["transactions"]) < 11_000
    assert 4_500 < len(tables["campaign_events"]) < 5_500


def test_the_same_seed_gives_the_same_tables_and_leaves_global_randomness_alone(tables):
    before = np.random.get_state()[1].tolist(), standard_random.getstate()  # noqa: NPY002 - it is the global state that matters
    again = bank()
    assert (np.random.get_state()[1].tolist(), standard_random.getstate()) == before  # noqa: NPY002 - as above
    for name, table in tables.items():
        pd.testing.assert_frame_equal(table, again[name])


def test_another_seed_gives_other_rows(tables):
    other = bank(seed=1)
    for column in ("full_name", "income", "birth_date"):
        assert (tables["customers"][column] == other["customers"][column]).mean() < 0.05


def test_ids_are_a_letter_and_six_digits(tables):
    for name, letter in zip(KEYS, "CTE", strict=True):
        assert tables[name][KEYS[name]].str.fullmatch(f"{letter}[0-9]{{6}}").all()
        assert tables[name][KEYS[name]].iloc[0] == f"{letter}100000"


def test_more_than_twenty_thousand_rows_get_wider_ids():
    ids = bank(4600, seed=44)["transactions"]["transaction_id"]
    assert len(ids) > 20_000
    assert ids.str.fullmatch("T[0-9]{7}").all()


def test_seeds_draw_from_disjoint_ids_whatever_the_sizes(tables):
    banks = [tables, *(bank(20, seed) for seed in (1, 2, 22, 43, 44, 45 + 3)), bank(4600, 4), bank(4600, 5)]
    for name, key in KEYS.items():
        assert pd.concat([b[name][key] for b in banks]).is_unique


@pytest.mark.parametrize(("customers", "seed"), [(1, 0), (20, 3), (2000, 0), (3000, 1)])
def test_keys_are_unique_and_children_have_parents(customers, seed):
    tables = bank(customers, seed)
    for name, key in KEYS.items():
        assert tables[name][key].is_unique
        assert tables[name]["customer_id"].isin(tables["customers"]["customer_id"]).all()


@pytest.mark.parametrize("name", DATES)
def test_no_row_is_dated_before_its_customer_joined_and_rows_are_in_order(name, joined):
    rows, dates = joined[name], joined[name][DATES[name]]
    assert (dates >= rows["join_date"]).all()
    assert dates.between("2023-01-01", "2024-12-31").all()
    assert (dates == dates.dt.normalize()).all()
    earlier, later = neighbours(rows)
    assert (earlier[DATES[name]] <= later[DATES[name]]).all()
    assert rows["customer_id"].is_monotonic_increasing


def test_everybody_joined_as_an_adult_while_the_bank_existed(tables):
    customers = tables["customers"]
    assert (customers["birth_date"] + pd.DateOffset(years=18) <= customers["join_date"]).all()
    assert customers["join_date"].between("2019-01-01", "2024-09-30").all()
    assert age(customers).max() < 90


def test_only_opened_messages_convert_and_only_conversions_earn(tables):
    events = tables["campaign_events"]
    assert not (events["converted"] & ~events["opened"]).any()
    assert (events["revenue"].notna() == events["converted"]).all()
    assert (events["revenue"].dropna() > 0).all()
    assert 0.4 < events["opened"].mean() < 0.6
    assert 0.08 < events["converted"].mean() < 0.18


def test_numbers_are_in_range_and_money_has_two_decimals(tables):
    customers, money = (
        tables["customers"],
        pd.concat(
            [tables["customers"]["income"], tables["customers"]["account_balance"], tables["transactions"]["amount"]]
        ),
    )
    assert (money == money.round(2)).all()
    assert (money >= 0).all()
    assert (customers["income"] > 0).all()
    assert (tables["transactions"]["amount"] > 0).all()
    assert customers["credit_score"].dropna().between(300, 850).all()


def test_credit_scores_have_a_few_nulls_and_balances_a_spike_at_zero(tables):
    customers = tables["customers"]
    assert 0.015 < customers["credit_score"].isna().mean() < 0.05
    assert 0.05 < (customers["account_balance"] == 0).mean() < 0.11
    assert customers["account_balance"].value_counts().iloc[1] <= 5  # the only spike
    nulls = tables["customers"].drop(columns="credit_score").isna().sum().sum()
    assert nulls + tables["transactions"].isna().sum().sum() == 0


def test_contacts_can_reach_nobody(tables):
    customers = tables["customers"]
    assert customers["email"].is_unique
    assert customers["email"].str.fullmatch(r"[a-z.]+[0-9]*@example\.(com|net|org)").all()
    assert customers["phone"].str.fullmatch("[2-9][0-9]{2}-555-01[0-9]{2}").all()
    assert customers["full_name"].str.fullmatch(".+ .+").all()


@pytest.mark.parametrize(
    ("column", "cause", "least"),
    [("credit_score", "income", 0.45), ("account_balance", "income", 0.5), ("credit_score", "age", 0.2)],
)
def test_numbers_of_customers_rise_with_their_causes(tables, column, cause, least):
    customers = tables["customers"].assign(age=age(tables["customers"]))
    known = customers.dropna(subset=["credit_score"])
    assert known[column].rank().corr(known[cause].rank()) > least


def test_segments_are_ordered_by_income_and_balance(tables):
    medians = tables["customers"].groupby("segment")[["income", "account_balance"]].median()
    medians = medians.loc[["basic", "standard", "premium", "private"]]
    assert (medians.pct_change().dropna() > 0.2).all(axis=None)


def test_occupation_follows_age_and_decides_income(tables):
    groups = tables["customers"].assign(age=age(tables["customers"])).groupby("occupation")
    ages, incomes = groups["age"].median(), groups["income"].median()
    assert ages["student"] < ages["service"] - 10 < ages["retired"] - 30
    assert incomes["manager"] > 2 * incomes["service"]


def test_regions_differ_in_income_and_in_the_years_of_joining(tables):
    groups = tables["customers"].groupby("region")
    assert groups["income"].median()["Northeast"] > 1.1 * groups["income"].median()["South"]
    assert groups["join_date"].min()["Mountain"] > pd.Timestamp("2021-06-01")


def test_churn_is_frequent_without_balance_and_ends_activity(tables):
    customers = tables["customers"].set_index("customer_id")
    assert 0.15 < customers["churned"].mean() < 0.3
    churn = customers.groupby(customers["account_balance"] == 0)["churned"].mean()
    assert churn[True] > 1.8 * churn[False]
    rate = children_per_customer(tables, "transactions").groupby(customers["churned"]).mean()
    assert rate[False] > 2 * rate[True]


@pytest.mark.parametrize("name", DATES)
def test_some_customers_have_no_children_and_good_segments_more(name, tables):
    counts = children_per_customer(tables, name)
    assert 0.05 < (counts == 0).mean() < 0.25
    means = counts.groupby(tables["customers"].set_index("customer_id")["segment"]).mean()
    assert means["private"] > 1.05 * means["basic"]


def test_nobody_reaches_the_greatest_number_of_transactions(tables):
    assert children_per_customer(tables, "transactions").max() < 90


def test_amounts_are_a_habit_and_rise_with_income(joined, tables):
    rows = joined["transactions"]
    means = rows.groupby("customer_id").agg({"amount": "mean", "income": "first"})
    assert means["amount"].rank().corr(means["income"].rank()) > 0.5
    earlier, later = neighbours(rows)
    # the share of the variance that lies between customers, 0 for shuffled keys
    assert np.log(earlier["amount"]).corr(np.log(later["amount"])) > 0.5


@pytest.mark.parametrize(
    ("name", "column"), [("transactions", "category"), ("transactions", "channel"), ("campaign_events", "channel")]
)
def test_customers_have_favourites(name, column, tables):
    earlier, later = neighbours(tables[name])
    by_chance = (tables[name][column].value_counts(normalize=True) ** 2).sum()
    assert (earlier[column] == later[column]).mean() > by_chance + 0.15


def test_customers_have_a_rhythm(tables):
    earlier, later = neighbours(tables["transactions"])
    gaps = later["transaction_date"] - earlier["transaction_date"]
    pairs = pd.DataFrame({"customer_id": earlier["customer_id"], "gap": gaps.dt.days})
    first, second = neighbours(pairs)
    assert first["gap"].rank().corr(second["gap"].rank()) > 0.35


def test_opening_is_a_habit_and_falls_with_churn(joined):
    rows = joined["campaign_events"]
    earlier, later = neighbours(rows)
    assert earlier["opened"].astype(float).corr(later["opened"].astype(float)) > 0.08
    opened = rows.groupby("churned")["opened"].mean()
    assert opened[False] > opened[True] + 0.1


def test_channels_fit_the_category_and_the_age(joined):
    rows = joined["transactions"]
    shares = pd.crosstab(rows["category"], rows["channel"], normalize="index")
    assert shares.loc["groceries", "card"] > 1.5 * shares.loc["electronics", "card"]
    ages = age(rows).groupby(rows["channel"]).median()
    assert ages["branch"] > ages["mobile"] + 8


@pytest.mark.parametrize(("customers", "seed"), [(0, 0), (-5, 0), (20, -1)])
def test_impossible_arguments_are_refused(customers, seed):
    with pytest.raises(UsageError, match="at least 1 customer and a seed of at least 0"):
        bank(customers, seed)
