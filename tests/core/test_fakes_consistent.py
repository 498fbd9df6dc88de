"""Fakes are alike where the real values were: within a subject, across tables, and no real value comes with them."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synthkit.bank import bank
from synthkit.cli import run
from synthkit.dataset import Dataset
from synthkit.errors import DataError
from synthkit.guard import Guard
from synthkit.guard.fresh import Alike
from synthkit.integrity import sample_violations
from synthkit.schema import Column, ColumnKind, ForeignKey, Schema, Table
from synthkit.storage import dtype_of

pytestmark = pytest.mark.slow  # whole runs, or processes of their own

ID, PII = ColumnKind.ID, ColumnKind.PII
KEY = Column("id", ID, "int64", unique=True)
MAIL = Column("email", PII, nullable=True, unique=True, pii="email")
CONTACT = Column("contact", PII, nullable=True, pii="email")
PEOPLE, EACH = 60, 5


def cells(column, values):
    return pd.Series(list(values), dtype=object).astype(dtype_of(column.storage, nullable=column.nullable))


def owned(table="orders", parent="people", name="person", *, owner=True):
    return ForeignKey(table, (name,), parent, ("id",), owner)


def shop(column, values, *, mails=None, people=PEOPLE):
    """People with an e-mail, and five orders each with one more column."""
    mails = [f"real{n}@mail.test" for n in range(people)] if mails is None else mails
    tables = (Table("people", (KEY, MAIL), ("id",)), Table("orders", (Column("person", ID, "int64"), column)))
    schema = Schema(tables, (owned(),), "people")
    owner = np.repeat(np.arange(people), EACH)
    frames = {
        "people": pd.DataFrame({"id": np.arange(people), "email": cells(MAIL, mails)}),
        "orders": pd.DataFrame({"person": owner, column.name: cells(column, values)}),
    }
    return Dataset(schema, frames)


def there_and_back(data, *, seed=0):
    """The rule of the orders' column, and a sample of the same size, through a saved guard."""
    guard = Guard.from_dict(json.loads(json.dumps(Guard.learn(data, real=data).to_dict())))
    shown = guard.protect(data)
    back = guard.restore(shown, seed=seed, real=data)
    assert sample_violations(back, data.schema, shown.rows) == ()
    return guard, back


def repeated(values):
    return [value for value in values for _ in range(EACH)]


def beside(back):
    """Each order with its person's row."""
    return back["orders"].merge(back["people"], left_on="person", right_on="id", suffixes=("_order", ""))


REAL = [f"real{n}@mail.test" for n in range(PEOPLE)]


def test_a_column_that_repeats_the_subjects_repeats_its_fake():
    data = shop(CONTACT, repeated(REAL))
    guard, back = there_and_back(data)
    assert guard.rules["orders"]["contact"].alike == Alike((("person",),), "email")
    both = beside(back)
    assert both["contact"].tolist() == both["email"].tolist()
    assert both["email"].nunique() == PEOPLE
    assert not set(both["email"]) & set(REAL)
    assert "mail.test" not in json.dumps(guard.to_dict())


def test_slips_in_one_percent_do_not_matter_and_no_fake_equals_them():
    values = repeated(REAL)
    values[:2] = ["james.smith1@example.com", None]
    data = shop(CONTACT, values)
    guard, back = there_and_back(data)
    assert guard.rules["orders"]["contact"].alike.column == "email"
    assert back["orders"]["contact"].isna().sum() == round(300 * guard.rules["orders"]["contact"].nulls)


@pytest.mark.parametrize("unlike", [0.1, 1.0])
def test_a_column_that_differs_row_by_row_stays_as_it_was(unlike):
    values = [f"other{n}@mail.test" if n % EACH < unlike * EACH else mail for n, mail in enumerate(repeated(REAL))]
    guard, back = there_and_back(shop(CONTACT, values))
    assert guard.rules["orders"]["contact"].alike is None
    assert back["orders"]["contact"].nunique() == pytest.approx(len(set(values)), abs=1)


def test_a_fake_never_equals_a_real_value_of_a_column_that_repeats_it():
    made = there_and_back(shop(CONTACT, repeated(REAL)))[1]["people"]["email"].iloc[0]
    values = repeated(REAL)
    values[0] = made  # what seed 0 would give to somebody
    back = there_and_back(shop(CONTACT, values))[1]
    assert made not in [*back["orders"]["contact"], *back["people"]["email"]]


@pytest.mark.parametrize("nulls", [0, 30, 90])
def test_the_share_of_nulls_is_its_own(nulls):
    mails = [None] * 12 + REAL[12:]  # 60 orders have nothing to repeat
    values = [None] * nulls + repeated(REAL)[nulls:]
    data = shop(replace(CONTACT, nullable=nulls > 0), values, mails=mails)
    guard, back = there_and_back(data)
    assert guard.rules["orders"]["contact"].alike.column == "email"
    both = beside(back)
    assert both["contact"].isna().sum() == nulls
    known = both.dropna(subset=["contact", "email"])
    assert known["contact"].eq(known["email"]).all()
    assert len(known) == min(240, 300 - nulls)


def test_one_fake_for_all_rows_of_a_subject():
    name = Column("name", PII, pii="name")
    data = shop(name, repeated([f"Real Person{n % 50}" for n in range(PEOPLE)]))
    guard, back = there_and_back(data)
    assert guard.rules["orders"]["name"].alike == Alike((("person",),), whole=True)
    assert back["orders"].groupby("person")["name"].nunique().eq(1).all()
    assert back["orders"]["name"].nunique() == 50  # as many as there were


@pytest.mark.parametrize("whole", [True, False])
def test_nulls_lie_within_subjects_as_they_did(whole):
    values = repeated([f"Real{n}" for n in range(PEOPLE)])
    values = [None if (n < 75 if whole else n % 4 == 0) else value for n, value in enumerate(values)]
    data = shop(Column("name", PII, nullable=True, pii="last_name"), values)
    guard, back = there_and_back(data)
    assert guard.rules["orders"]["name"].alike.whole is whole
    assert back["orders"]["name"].isna().sum() == 75
    mixed = back["orders"].groupby("person")["name"].agg(lambda names: 0 < names.isna().mean() < 1).sum()
    assert mixed == 0 if whole else mixed > 30


def test_too_few_subjects_prove_nothing():
    few = shop(CONTACT, repeated(REAL[:9]), people=9)
    assert Guard.learn(few).rules["orders"]["contact"].alike is None


def test_identifiers_are_alike_too_and_never_real():
    number = Column("number", ID)
    data = shop(number, repeated([f"K-{4000 + n}" for n in range(PEOPLE)]))
    guard, back = there_and_back(data)
    assert guard.rules["orders"]["number"].alike == Alike((("person",),), whole=True)
    assert back["orders"].groupby("person")["number"].nunique().eq(1).all()
    assert back["orders"]["number"].nunique() == PEOPLE
    assert not set(back["orders"]["number"]) & set(data["orders"]["number"])


@pytest.mark.parametrize("slip", [False, True])
def test_a_repeated_identifier_must_be_free_of_every_real_one(slip):
    number = Column("number", ID, "int64")
    values = repeated(range(PEOPLE))
    values[0] = 10_000 if slip else 0
    data = shop(number, values)
    guard, back = there_and_back(data)
    assert guard.rules["orders"]["number"].alike == (None if slip else Alike((("person",),), "id"))
    assert back["orders"]["person"].eq(back["orders"]["number"]).all() is np.bool_(not slip)
    assert not back["orders"]["number"].isin(values).any()


def family(**columns):
    """People, their accounts, whose cards lead to a shop; the columns of the cards are given."""
    tables = (
        Table("people", (KEY, MAIL), ("id",)),
        Table("shops", (KEY, Column("line", PII, pii="phone")), ("id",)),
        Table("accounts", (KEY, Column("person", ID, "int64"), Column("iban", PII, pii="iban", unique=True)), ("id",)),
        Table("cards", (Column("account", ID, "int64"), Column("shop", ID, "int64", True), *columns.values())),
    )
    keys = (
        owned("accounts"),
        owned("cards", "accounts", "account"),
        owned("cards", "shops", "shop", owner=False),
    )
    person, account = np.repeat(np.arange(40), 2), np.repeat(np.arange(80), 3)
    shop_of = pd.Series(np.arange(240) % 20).astype("Int64").mask(np.arange(240) % 24 == 0)
    mails, ibans = [f"real{n}@mail.test" for n in range(40)], [f"DE{n:020d}" for n in range(80)]
    lines = [f"020 712345{n:02d}" for n in range(20)]
    held = {
        "email": [mails[person[n]] for n in account],
        "iban": [ibans[n] for n in account],
        "line": [lines[0 if pd.isna(n) else n] for n in shop_of],
        "holder": [f"Real Holder{n}" for n in account],
        "clerk": [f"Real Clerk{n}" if pd.isna(s) else f"Real Clerk{s}" for n, s in enumerate(shop_of)],
        "twice": [f"Real Holder{n}" for n in account],
    }
    frames = {
        "people": pd.DataFrame({"id": range(40), "email": cells(MAIL, mails)}),
        "shops": pd.DataFrame({"id": range(20), "line": cells(CONTACT, lines)}),
        "accounts": pd.DataFrame({"id": range(80), "person": person, "iban": cells(CONTACT, ibans)}),
        "cards": pd.DataFrame({"account": account, "shop": shop_of, **{n: cells(CONTACT, held[n]) for n in columns}}),
    }
    return Dataset(Schema(tables, keys, "people"), frames)


def test_over_two_keys_over_another_parent_and_within_a_row():
    kinds = {"email": "email", "iban": "iban", "line": "phone", "holder": "name", "clerk": "name", "twice": "name"}
    data = family(**{name: Column(name, PII, pii=made) for name, made in kinds.items()})
    guard, back = there_and_back(data)
    ways = {name: rule.alike for name, rule in guard.rules["cards"].items()}
    account, person = (("account",),), (("account",), ("person",))
    assert ways == {
        "email": Alike(person, "email"),
        "iban": Alike(account, "iban"),
        "line": Alike((("shop",),), "line"),
        "holder": Alike(account, whole=True),
        "clerk": Alike((("shop",),), whole=True),
        "twice": Alike((), "holder"),
    }
    cards = back["cards"].merge(back["accounts"], left_on="account", right_on="id", suffixes=("", "_account"))
    cards = cards.merge(back["people"], left_on="person", right_on="id", suffixes=("", "_person"))
    assert cards["email"].equals(cards["email_person"])
    assert cards["iban"].equals(cards["iban_account"])
    assert cards["twice"].equals(cards["holder"])
    known = cards.dropna(subset=["shop"]).merge(back["shops"], left_on="shop", right_on="id", suffixes=("", "_shop"))
    assert known["line"].equals(known["line_shop"])
    assert known.groupby("shop")["clerk"].nunique().eq(1).all()
    assert cards[cards["shop"].isna()]["clerk"].nunique() > 5  # who has no shop is alone
    assert cards["line"].notna().all()


@pytest.mark.parametrize("nullable", [False, True])
def test_a_unique_column_repeats_only_what_each_row_has_for_itself(nullable):
    mail = replace(MAIL, nullable=nullable)
    schema = Schema(
        (Table("people", (KEY, mail), ("id",)), Table("profiles", (KEY, mail), ("id",))),
        (ForeignKey("profiles", ("id",), "people", ("id",), owner=True),),
        "people",
    )
    frame = pd.DataFrame({"id": np.arange(PEOPLE), "email": cells(MAIL, REAL)})
    data = Dataset(schema, {"people": frame, "profiles": frame})
    guard, back = there_and_back(data)
    both = back["people"].merge(back["profiles"], on="id")
    assert both["email_x"].eq(both["email_y"]).all() is np.bool_(not nullable)
    assert (guard.rules["profiles"]["email"].alike is None) is nullable


@pytest.mark.parametrize("alike", [{"via": [["nowhere"]]}, {"via": [["person"]], "column": "nothing"}])
def test_a_saved_guard_that_names_what_is_not_there_is_refused(alike):
    plain = Guard.learn(shop(CONTACT, repeated(REAL))).to_dict()
    plain["rules"]["orders"]["contact"]["alike"] = alike
    with pytest.raises(DataError, match="the saved guard has other columns than its schema"):
        Guard.from_dict(plain)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The bank with the customer's e-mail in every transaction, and the run of a stranger's plugin on it."""
    folder = tmp_path_factory.mktemp("bank")
    tables = bank(150, 3)
    mails = tables["customers"].set_index("customer_id")["email"]
    transactions = tables["transactions"]
    transactions["contact_email"] = transactions["customer_id"].map(mails)
    (folder / "bank").mkdir()
    for name, frame in tables.items():
        frame.to_csv(folder / "bank" / f"{name}.csv", index=False)
    return folder


def test_end_to_end_the_same_customer_has_the_same_email(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", "a long key for tests")
    plan = ["run", "--plugin", "resample", "--data", "bank", "--evaluators", "none", "--no-gates", "--format", "csv"]
    assert run([*plan, "--rows", "200", "--out", "out"]) == 0
    made = {name: pd.read_csv(folder / f"out/data/{name}_resample_200.csv") for name in ("customers", "transactions")}
    both = made["transactions"].merge(made["customers"][["customer_id", "email"]], on="customer_id")
    assert len(both) > 1000
    assert both["contact_email"].eq(both["email"]).all()
    assert made["customers"]["email"].nunique() == 200
    assert not set(both["email"]) & set(pd.read_csv(folder / "bank" / "customers.csv")["email"])
    assert run(["sample", "out/model", "--rows", "50", "--out", "more"]) == 0
    more = {name: pd.read_csv(folder / f"more/data/{name}_resample_50.csv") for name in ("customers", "transactions")}
    both = more["transactions"].merge(more["customers"][["customer_id", "email"]], on="customer_id")
    assert both["contact_email"].eq(both["email"]).all()
