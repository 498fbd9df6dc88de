"""Where proposed rules go: into the schema of data without one, into what ``schema infer`` prints; on real data."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synthkit import source
from synthkit.bank import bank
from synthkit.cli import run
from synthkit.context import Context
from synthkit.inference import infer
from synthkit.inference.rules import proposed, with_rules
from synthkit.inference.subject import likely_references
from synthkit.material import infer_schema, read
from synthkit.plan import Plan
from synthkit.plugins import discover
from synthkit.schema import Schema
from synthkit.schema.rules import (
    ConditionalNull,
    FixedCombinations,
    Formula,
    Inclusion,
    Inequality,
    OnlyIf,
    UniqueCombination,
)

pytestmark = pytest.mark.slow  # whole runs, or processes of their own

NOTE = "5 rules in 2 tables found that hold in every row; `synthkit schema infer` shows them"
COMMENT = "# reference = true  # nobody's data? then it may be kept as it is"


@pytest.fixture
def folder(tmp_path):
    for name, frame in bank(400).items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    return tmp_path


@pytest.fixture
def shop(tmp_path):
    random = np.random.default_rng(3)
    sizes = {"customers": 200, "products": 40, "staff": 150}
    for name, rows in sizes.items():
        frame = pd.DataFrame({f"{name.rstrip('s')}_id": np.arange(rows) + 9, "points": random.normal(size=rows)})
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    sales = {f"{name.rstrip('s')}_id": random.integers(9, rows + 9, 500) for name, rows in sizes.items()}
    pd.DataFrame({"sale_id": np.arange(500) + 9, **sales}).to_csv(tmp_path / "sales.csv", index=False)
    return tmp_path


def real(shared_data, name):
    tables, _ = source.read_tables(shared_data / name, discover().usable("format"))
    return source.read_dataset(tables, infer(tables)[0])


def test_data_without_a_schema_get_the_rules_found_in_them(folder):
    context = Context()
    data = read(Plan(data=folder), discover(), context)
    assert NOTE in context.notes
    assert data.schema["campaign_events"].rules == proposed(data)["campaign_events"]
    assert infer_schema(folder, discover(), Context()).tables == data.schema.tables


def test_with_a_schema_only_its_own_rules_count(folder, tmp_path):
    schema = infer_schema(folder, discover(), Context())
    own = replace(schema, tables=tuple(replace(table, rules=()) for table in schema.tables))
    (tmp_path / "own.toml").write_text(own.to_toml(), "utf-8")
    context = Context()
    data = read(Plan(data=folder, schema=tmp_path / "own.toml"), discover(), context)
    assert not any(table.rules for table in data.schema.tables)
    assert not any("hold in every row" in note for note in context.notes)


def test_a_selection_gets_the_rules_of_its_tables(folder):
    context = Context()
    data = read(Plan(data=folder, tables=("campaign_events",)), discover(), context)
    rules = data.schema["campaign_events"].rules
    assert OnlyIf("converted", "opened") in rules
    assert "inequality" not in {rule.kind for rule in rules}


def test_one_rule_is_said_in_the_singular(folder):
    for name in ("campaign_events", "customers"):
        (folder / f"{name}.csv").unlink()
    days = pd.DataFrame({"opened": pd.date_range("2024-01-01", periods=300).strftime("%Y-%m-%d")})
    days["closed"] = pd.Series(pd.to_datetime(days["opened"]) + pd.to_timedelta(np.arange(300) % 9, "D")).astype(str)
    days.to_csv(folder / "transactions.csv", index=False)
    context = Context()
    read(Plan(data=folder), discover(), context)
    assert "1 rule in 1 table found that holds in every row; `synthkit schema infer` shows it" in context.notes


def test_no_rule_no_note(shop):
    context = Context()
    read(Plan(data=shop), discover(), context)
    assert not any("hold in every row" in note for note in context.notes)


def test_schema_infer_prints_rules_and_asks_about_references(shop, capsys):
    assert run(["schema", "infer", str(shop)]) == 0
    text = capsys.readouterr().out
    assert f"[tables.products]\n{COMMENT}\n" in text
    assert text.count(COMMENT) == 1
    schema = Schema.from_toml(text)
    assert not any(table.reference for table in schema.tables)
    assert Schema.from_toml(schema.to_toml()) == schema
    assert tomllib.loads(text.replace(COMMENT, COMMENT[2:]))["tables"]["products"]["reference"] is True


def test_only_what_is_shared_and_not_personal_may_be_a_reference(shop):
    schema = infer_schema(shop, discover(), Context())
    assert schema.subject == "customers"
    assert likely_references(schema) == ("products",)


def test_schema_infer_as_sdv_leaves_rules_and_comments_out(folder, capsys):
    assert run(["schema", "infer", str(folder), "--as", "sdv"]) == 0
    assert "rules" not in json.loads(capsys.readouterr().out)


def test_schema_infer_is_for_review_and_points_at_nothing_else(folder, capsys):
    assert run(["schema", "infer", str(folder)]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("# For review.")
    assert "hold in every row;" not in said.err


def test_schema_show_tells_rules_references_and_listed_values(shop, tmp_path, capsys):
    listed = "[tables.products]\nreference = true\nrules = [{kind = 'range', column = 'points', low = -99}]\n"
    text = infer_schema(shop, discover(), Context()).to_toml().replace("[tables.products]\n", listed)
    (tmp_path / "own.toml").write_text(text, "utf-8")
    assert run(["schema", "show", str(tmp_path / "own.toml")]) == 0
    shown = capsys.readouterr().out
    assert "products (reference)" in shown
    assert "rule  the range of points" in shown


def test_schema_show_says_nothing_about_references(shop, capsys):
    assert run(["schema", "show", str(shop), "--as", "toml"]) == 0
    assert COMMENT not in capsys.readouterr().out


def test_init_writes_the_same_proposal(shop, tmp_path, monkeypatch, capsys):
    target = tmp_path / "elsewhere"
    target.mkdir()
    monkeypatch.chdir(target)
    assert run(["init", "--data", str(shop)]) == 0
    assert COMMENT in (target / "schema.toml").read_text("utf-8")


def test_completejourney(shared_data):
    ruled = with_rules(real(shared_data, "completejourney"))
    both = ("household_id", "campaign_id")
    rules = {table.name: table.rules for table in ruled.schema.tables if table.rules}
    assert set(rules) == {"campaigns", "households", "mailings", "redemptions"}
    assert rules["campaigns"] == (Inequality("start_date", "end_date"),)
    assert rules["mailings"] == (UniqueCombination(both[::-1]),)
    assert rules["redemptions"] == (
        Inequality("campaigns.start_date", "redemption_date"),
        Inequality("redemption_date", "campaigns.end_date"),
        Inclusion(both, "mailings", both),
    )
    assert [rule for rule in rules["households"] if rule.kind == "fixed_combinations"] == [
        FixedCombinations(("household_size", "household_comp", "kids_count")),
        FixedCombinations(("marital_status", "household_size")),
    ]
    assert {rule.kind for rule in rules["households"]} == {"conditional_null", "fixed_combinations"}


def test_telco_churn(shared_data):
    rules = proposed(real(shared_data, "telco_churn"))["telco_churn"]
    services = ("OnlineSecurity", "OnlineBackup", "DeviceProtection", "TechSupport", "StreamingTV", "StreamingMovies")
    assert set(rules) == {
        Inequality("MonthlyCharges", "TotalCharges"),
        FixedCombinations(("PhoneService", "MultipleLines")),
        FixedCombinations(("PhoneService", "InternetService")),
        *(FixedCombinations(("InternetService", name)) for name in services),
    }


def test_adult(shared_data):
    rules = proposed(real(shared_data, "adult"))
    assert {rule.kind for own in rules.values() for rule in own} == {"fixed_combinations"}
    assert rules["hol"] == (FixedCombinations(("marital-status", "relationship")),)


def test_nycflights13(shared_data):
    rules = proposed(real(shared_data, "nycflights13"))
    assert rules == {
        "flights": (
            *(ConditionalNull(name, "dep_time") for name in ("dep_delay", "hour", "minute")),
            ConditionalNull("air_time", "arr_delay"),
            ConditionalNull("arr_time", "dep_time", exact=False),
            ConditionalNull("arr_delay", "arr_time", exact=False),
            Formula("dep_time", "100 * hour + minute"),
        )
    }
