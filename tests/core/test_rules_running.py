"""Running balances: found in data whose truth is known, checked, and kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthkit import source
from synthkit.dataset import Dataset
from synthkit.errors import UsageError
from synthkit.inference import infer
from synthkit.inference.rules import proposed, with_rules
from synthkit.rules import broken_rows, broken_rules, kept
from synthkit.schema import Running, Schema

TEXT = pd.Series(["a"]).dtype


def dataset(**frames: pd.DataFrame) -> Dataset:
    tables = source.from_frames(frames)
    return source.read_dataset(tables, infer(tables)[0])


def bank(
    accounts: int = 150, *, signed: bool = True, opened: bool = False, days: int = 400, mixed: bool = False
) -> Dataset:
    """Accounts, some of whose transactions fall on one day, with the balance after each."""
    random = np.random.default_rng(3)
    number = np.repeat(np.arange(accounts), random.integers(1, 12, accounts))
    rows = len(number)
    day = random.integers(0, days, rows)
    order = np.lexsort((day, number))
    change = random.normal(5, 80, rows).round(2)
    opening = random.gamma(2, 500, accounts).round(2) if opened else np.zeros(accounts)
    start = np.append(True, number[1:] != number[:-1])
    balance = pd.Series(change[order]).groupby(number[order]).cumsum().to_numpy() + opening[number]
    frame = pd.DataFrame(
        {
            "account_id": number + 5000,
            "day": np.datetime64("2024-01-01") + day[order].astype("timedelta64[D]"),
            "amount": change[order] if signed else np.abs(change[order]),
            "balance": balance.round(2),
        }
    )
    assert start.sum() == accounts
    if not signed:
        kinds = np.where(change[order] < 0, np.where(day[order] % 2, "card", "fee"), "salary")
        frame.insert(2, "type", pd.Series(kinds.tolist(), dtype=TEXT))
    if mixed:  # rows of accounts between each other, days in order
        frame = frame.iloc[np.argsort(frame["day"].to_numpy(), kind="stable")]
    frame.insert(0, "transaction_id", np.arange(rows) + 70_000)
    parents = pd.DataFrame({"account_id": np.arange(accounts) + 5000, "opening": opening})
    parents["limit"] = random.integers(1, 9, accounts) * 500
    return dataset(accounts=parents, transactions=frame.reset_index(drop=True))


def of(data: Dataset) -> list[Running]:
    with_rules(data)  # what is proposed must be a rule of the schema
    return [rule for rule in proposed(data).get("transactions", ()) if isinstance(rule, Running)]


PLAIN = Running("balance", "amount", "account_id", "day", opening="0")


@pytest.mark.parametrize("mixed", [False, True])
def test_a_balance_of_signed_amounts_with_ties_in_time(mixed: bool) -> None:
    data = bank(days=6, mixed=mixed)
    assert data["transactions"].duplicated(["account_id", "day"]).any()
    assert of(data) == [PLAIN]


def test_the_latest_rows_may_come_first() -> None:
    data = bank(days=6)
    frames = {**data.tables, "transactions": data["transactions"].iloc[::-1].reset_index(drop=True)}
    assert of(Dataset(data.schema, frames)) == [PLAIN]


def test_a_category_says_what_is_subtracted() -> None:
    (rule,) = of(bank(signed=False))
    assert (rule.change, rule.sign, set(rule.minus), rule.opening) == ("amount", "type", {"card", "fee"}, "0")


def test_a_boolean_says_what_is_subtracted() -> None:
    data = bank(signed=False)
    frame = data["transactions"]
    frame = frame.assign(type=(frame["type"] != "salary")).rename(columns={"type": "is_debit"})
    (rule,) = of(dataset(accounts=data["accounts"], transactions=frame))
    assert (rule.sign, rule.minus) == ("is_debit", (True,))


def test_the_first_balance_is_what_the_account_opened_with_and_a_change() -> None:
    data = bank(opened=True)
    assert of(data) == [replace(PLAIN, opening="accounts.opening")]
    unknown = Dataset(data.schema, {**data.tables, "accounts": data["accounts"].assign(opening=7.0)})
    assert of(unknown) == [replace(PLAIN, opening="")]


def test_paid_in_and_paid_out_are_two_columns() -> None:
    data = bank()
    frame = data["transactions"]
    frame = frame.assign(paid_in=frame["amount"].clip(lower=0), paid_out=(-frame["amount"]).clip(lower=0))
    found = of(dataset(accounts=data["accounts"], transactions=frame.drop(columns="amount")))
    assert [rule.change for rule in found] == ["paid_in - paid_out"]


def test_what_is_taken_away_and_rows_without_a_time() -> None:
    data = bank()
    frame = data["transactions"].drop(columns="day")
    frame["amount"] = -frame["amount"]
    (rule,) = of(dataset(accounts=data["accounts"], transactions=frame))
    assert rule == Running("balance", "-amount", "account_id", opening="0")


def test_a_table_without_parents_needs_a_column_that_says_whose_a_row_is() -> None:
    frame = bank(300)["transactions"]
    (rule,) = [r for r in proposed(dataset(transactions=frame))["transactions"] if isinstance(r, Running)]
    assert rule == PLAIN


def test_one_wrong_cent_or_too_few_accounts_or_a_constant_are_no_rule() -> None:
    data = bank()
    frame = data["transactions"].copy()
    frame.loc[np.flatnonzero(frame["account_id"].duplicated())[-1], "balance"] += 0.01
    assert of(Dataset(data.schema, {**data.tables, "transactions": frame})) == []
    frame = data["transactions"].assign(amount=1.0)
    frame["balance"] = frame.groupby("account_id").cumcount() + 1.0
    assert of(dataset(accounts=data["accounts"], transactions=frame)) == []
    few = data["transactions"].query("account_id < 5015")
    assert [r for r in proposed(dataset(transactions=few)).get("transactions", ()) if isinstance(r, Running)] == []


def test_too_few_accounts_or_openings_are_no_evidence() -> None:
    data = bank()
    frame = data["transactions"]
    assert of(dataset(accounts=data["accounts"], transactions=frame[frame["account_id"] < 5012])) == []
    known = frame["account_id"] < 5012  # of few accounts the first amount is known
    unknown = frame.assign(amount=frame["amount"].where(known | frame["account_id"].duplicated()))
    assert of(dataset(accounts=data["accounts"], transactions=unknown)) == [replace(PLAIN, opening="")]


def test_what_holds_but_for_small_balances_is_no_rule() -> None:
    data = bank()
    frame = data["transactions"].copy()
    frame["amount"] += np.random.default_rng(0).random(len(frame)) * 1e-3
    frame.loc[frame["account_id"] == 5003, "amount"] *= 1e8
    frame["balance"] = frame.groupby("account_id")["amount"].cumsum()
    assert [rule.opening for rule in of(dataset(accounts=data["accounts"], transactions=frame))] == ["0"]
    frame["balance"] += np.random.default_rng(1).random(len(frame)) * 1e-4
    assert of(dataset(accounts=data["accounts"], transactions=frame)) == []


def test_a_category_that_few_have_is_not_named() -> None:
    data = bank(signed=False)
    frame = data["transactions"].copy()
    frame.loc[np.flatnonzero((frame["type"] == "fee").to_numpy())[:5], "type"] = "ransom"
    (rule,) = of(dataset(accounts=data["accounts"], transactions=frame))  # the other way round
    assert (rule.change, rule.minus) == ("-amount", ("salary",))
    frame.loc[np.flatnonzero((frame["type"] == "salary").to_numpy())[:5], "type"] = "prize"
    assert of(dataset(accounts=data["accounts"], transactions=frame)) == []


def test_a_category_that_fewer_than_k_have_is_not_named() -> None:
    data = bank(signed=False)
    found = [
        [rule for rule in proposed(data, k).get("transactions", ()) if isinstance(rule, Running)] for k in (10, 1000)
    ]
    assert [len(rules) for rules in found] == [1, 0]


def test_what_no_column_says_is_no_rule() -> None:
    data = bank(signed=False)
    assert of(dataset(accounts=data["accounts"], transactions=data["transactions"].drop(columns="type"))) == []
    names = pd.Series([f"kind {i % 90}" for i in range(len(data["transactions"]))], dtype=TEXT)
    assert of(dataset(accounts=data["accounts"], transactions=data["transactions"].assign(type=names))) == []


def ruled(data: Dataset, rule: Running) -> Dataset:
    tables = tuple(replace(t, rules=(rule,)) if t.name == "transactions" else t for t in data.schema.tables)
    return Dataset(replace(data.schema, tables=tables), data.tables)


def test_the_rows_that_break_it_are_those_that_do_not_follow_from_the_one_before() -> None:
    data = bank(days=6)
    frame = data["transactions"].copy()
    at = int(np.flatnonzero(frame["account_id"].duplicated())[3])
    frame.loc[at, "balance"] += 1
    last = (
        frame["account_id"].duplicated(keep="last").sum() > 0
        and frame.loc[at, "account_id"] == frame.loc[at + 1, "account_id"]
    )
    broken = broken_rows(Dataset(data.schema, {**data.tables, "transactions": frame}), "transactions", PLAIN)
    assert np.flatnonzero(broken).tolist() == ([at, at + 1] if last else [at])


def test_a_null_keeps_the_rule_and_the_row_after_it_too() -> None:
    data = bank()
    frame = data["transactions"].copy()
    frame.loc[[4, 9], "balance"] = np.nan
    frame.loc[20, "amount"] = np.nan
    frame.loc[30, "day"] = pd.NaT
    broken = broken_rows(Dataset(data.schema, {**data.tables, "transactions": frame}), "transactions", PLAIN)
    following = frame["account_id"].iloc[31] == frame["account_id"].iloc[30]
    assert np.flatnonzero(broken).tolist() == ([31] if following else [])


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    signed=st.booleans(),
    opening=st.sampled_from(["", "0", "accounts.opening"]),
    storage=st.sampled_from(["double", "decimals", "int64"]),
    nulls=st.booleans(),
    by=st.sampled_from(["day", ""]),
)
def test_it_is_kept_whatever_was_drawn(
    seed: int, signed: bool, opening: str, storage: str, nulls: bool, by: str
) -> None:
    random = np.random.default_rng(seed)
    data = bank(40, signed=signed, opened=True, days=9)
    frame = data["transactions"].sample(frac=1, random_state=seed).reset_index(drop=True)
    for name in ("amount", "balance"):
        frame[name] = random.normal(0, 100, len(frame)).round(2 if storage == "decimals" else 6)
    if storage == "int64":
        frame["balance"] = frame["balance"].round().astype("int64")
    elif nulls:
        frame["balance"] = frame["balance"].mask(random.random(len(frame)) < 0.2)
    if nulls:
        frame["amount"] = frame["amount"].mask(random.random(len(frame)) < 0.2)
    sign = {} if signed else {"sign": "type", "minus": ("card", "fee")}
    rule = Running("balance", "amount", "account_id", by, opening=opening, **sign)
    made = ruled(dataset(accounts=data["accounts"], transactions=frame), rule)
    mended, notes = kept(made, seed=seed)
    assert list(broken_rules(mended)) == []
    assert [note for note in notes if "balance" not in note] == []
    now, before = mended["transactions"], made["transactions"]
    assert now.drop(columns="balance").equals(before.drop(columns="balance"))
    assert now["balance"].isna().equals(before["balance"].isna())
    assert kept(mended, seed=seed)[1] == []


def test_data_that_break_it_are_refused_in_words_and_a_schema_that_cannot_be_meant_is() -> None:
    text = ruled(bank(signed=False), replace(PLAIN, sign="type", minus=("card", "fee"))).schema.to_toml()
    again = Schema.from_toml(text)
    assert again["transactions"].rules == (replace(PLAIN, sign="type", minus=("card", "fee")),)
    for change, problem in {
        'change = "type"': "may count numbers only",
        'change = "days(amount)"': "may count numbers only",
        'change = "balance"': "counts 'balance' by itself",
        'change = "accounts.opening"': "may name columns of its own table only, but for its opening",
        'by = "type"': "needs a number or a time to go by, and 'type' is none",
        "minus = []": "needs both the column of the sign and the values that subtract, or neither",
        'sign = "day"': "needs a category or a boolean as its sign, and 'day' is none",
    }.items():
        name = change.split(" ")[0]
        line = next(line for line in text.splitlines() if 'kind = "running"' in line)
        own = {
            "change": 'change = "amount"',
            "by": 'by = "day"',
            "minus": 'minus = ["card", "fee"]',
            "sign": 'sign = "type"',
        }
        with pytest.raises(UsageError, match=f"a rule running of 'transactions' {problem}"):
            Schema.from_toml(text.replace(line, line.replace(own[name], change)))
