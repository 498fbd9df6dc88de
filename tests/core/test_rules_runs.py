"""Rules in a schema file hold in what a run writes, whatever the model does."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthkit import source
from synthkit.bank import bank
from synthkit.cli import run
from synthkit.dataset import Dataset
from synthkit.guard import Guard
from synthkit.inference import infer
from synthkit.integrity import violations
from synthkit.rules import broken_rules
from synthkit.schema import Schema

pytestmark = pytest.mark.slow  # whole runs, or processes of their own

_PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "schema-and-rules.md").read_text("utf-8")
BANK = dict(re.findall(r"(?ms)^\[tables\.(\w+)\]\nrules = \[(.*?)\]\n(?:\n|```)", _PAGE))
JOURNEY = {
    "campaigns": '{kind = "inequality", low = "start_date", high = "end_date"}',
    "redemptions": '{kind = "inequality", low = "campaigns.start_date", high = "redemption_date"},'
    '{kind = "inequality", low = "redemption_date", high = "campaigns.end_date"},'
    '{kind = "inclusion", columns = ["household_id", "campaign_id"], parent = "mailings",'
    ' parent_columns = ["household_id", "campaign_id"]}',
}


def with_rules(schema: Schema, rules: dict[str, str]) -> str:
    """The schema file of somebody who wrote rules into it."""
    text = schema.to_toml()
    for table, lines in rules.items():
        text, count = re.subn(rf"(?m)^\[tables\.{table}\]$", f"[tables.{table}]\nrules = [{lines}]", text)
        assert count == 1
    return text


def careless(shown: Dataset, seed: int) -> Dataset:
    """A model that draws every value and every parent alone."""
    random = np.random.default_rng(seed)
    tables = {}
    for table in shown.schema.tables:
        frame = shown[table.name]
        drawn = {
            n: frame[n].sample(frac=1, random_state=random).to_numpy() for n in frame if n not in table.primary_key
        }
        tables[table.name] = frame.assign(**{n: pd.Series(v, dtype=frame[n].dtype) for n, v in drawn.items()})
    return Dataset(shown.schema, tables)


def made(real: Dataset, seed: int = 0) -> tuple[Dataset, dict[str, int], list[str]]:
    """A careless model's sample with its rules kept, the count of those it broke, and the notes."""
    free = replace(real.schema, tables=tuple(replace(t, rules=()) for t in real.schema.tables))
    without = Guard.learn(Dataset(free, real.tables), k=1)
    shown = careless(without.protect(Dataset(free, real.tables)), seed)
    loose = without.restore(shown, seed=seed)
    broken = {f"{t}.{r.kind}": n for t, r, n in broken_rules(Dataset(real.schema, loose.tables))}
    guard = Guard.learn(real, k=1)
    return guard.restore(shown, seed=seed), broken, guard.notes


def read(folder, names, rules) -> Dataset:
    tables = {name: source.read_tables(folder / f"{name}.csv", FORMATS)[0][name] for name in names}
    schema = Schema.from_toml(with_rules(infer(tables)[0], rules))
    return source.read_dataset(tables, schema)


@pytest.fixture(autouse=True)
def _formats():
    from synthkit.plugins import discover

    FORMATS[:] = discover().usable("format")


FORMATS: list = []


def test_the_bank_keeps_its_rules_whatever_the_model_does():
    assert list(BANK) == ["transactions", "campaign_events"]
    tables = source.from_frames(bank(400, 0))
    real = source.read_dataset(tables, Schema.from_toml(with_rules(infer(tables)[0], BANK)))
    assert violations(real) == ()
    sample, broken, notes = made(real)
    assert set(broken) == {
        "transactions.inequality",
        "campaign_events.only_if",
        "campaign_events.conditional_null",
    }
    assert violations(sample) == ()
    changed = [note for note in notes if "were changed to keep" in note]
    count = broken["transactions.inequality"]
    assert f"transactions.transaction_date: {count:,} values were changed" in changed[0]
    assert sample["campaign_events"]["converted"].mean() == pytest.approx(
        real["campaign_events"]["converted"].mean(), abs=1e-12
    )


def test_the_journey_keeps_its_windows_and_mailings(shared_data):
    names = ("households", "campaigns", "mailings", "redemptions")
    real = read(shared_data / "completejourney", names, JOURNEY)
    assert violations(real) == ()
    sample, broken, _ = made(real)
    assert broken["redemptions.inclusion"] > 500
    assert broken["redemptions.inequality"] > 500
    assert violations(sample) == ()
    joined = sample["redemptions"].merge(sample["campaigns"], on="campaign_id")
    assert joined["redemption_date"].between(joined["start_date"], joined["end_date"]).all()
    mailed = sample["mailings"][["household_id", "campaign_id"]].drop_duplicates()
    assert len(sample["redemptions"].merge(mailed)) == len(sample["redemptions"])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder with the bank in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", "a long key for tests")
    assert run(["example", "bank", "bank", "--customers", "500"]) == 0
    return tmp_path


def schema_file(folder, rules):
    tables, _ = source.read_tables(folder / "bank", FORMATS)
    (folder / "schema.toml").write_text(with_rules(infer(tables)[0], rules))


FIT = ["fit", "--plugin", "resample", "--data", "bank", "--schema", "schema.toml", "--out", "model"]


def test_a_run_keeps_the_rules_of_the_schema_file(folder):
    schema_file(folder, BANK)
    assert run(FIT) == 0
    assert run(["sample", "model", "--rows", "300", "--out", "out"]) == 0
    made = {path.name.split("_resample")[0]: pd.read_csv(path) for path in (folder / "out" / "data").iterdir()}
    joined = made["transactions"].merge(made["customers"], on="customer_id")
    assert len(joined)
    assert (joined["join_date"] <= joined["transaction_date"]).all()
    events = made["campaign_events"]
    assert not (events["converted"] & ~events["opened"]).any()
    assert (events["revenue"].isna() == ~events["converted"]).all()


def test_real_data_that_break_a_rule_are_refused_without_a_value(folder, capsys):
    rules = {"transactions": '{kind = "inequality", low = "transaction_date", high = "customers.join_date"}'}
    schema_file(folder, rules)
    assert run(FIT) == 3
    said = capsys.readouterr().err
    assert "transactions.transaction_date+customers.join_date" in said.replace("\n", "")
    assert "rows break the rule transaction_date <= customers.join_date" in " ".join(said.split())
    assert "take the rule out of the schema" in " ".join(said.split())
    assert not re.search(r"20\d\d-\d\d", said)
    assert not (folder / "model").exists()
