"""The guard's options from the command line to the saved model and the record; extremes of a plugin that clips."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from synthkit.cli import run

pytestmark = pytest.mark.slow  # whole runs, or processes of their own

BASE = ["run", "--plugin", "resample", "--data", "shop", "--evaluators", "none", "--no-gates", "--out", "out"]
PEOPLE = 150


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with 150 shoppers: seven of them from abroad, and an income with a heap at its top."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", "a long key for tests")
    write(tmp_path, PEOPLE)
    return tmp_path


def write(folder, rows):
    (folder / "shop").mkdir(exist_ok=True)
    number = np.arange(rows)
    income = np.random.default_rng(0).normal(3000, 500, rows).round()
    people = pd.DataFrame(
        {
            "customer_id": [f"C{1000 + n}" for n in number],
            "full_name": [f"Real Person{n}" for n in number],
            "phone": 2025550100 + 7919 * number,
            "region": np.where(number < 7, "abroad", np.where(number % 2, "north", "south")),
            "income": np.where(number % 15 == 0, 4000.0, np.minimum(income, 4000)),
        }
    )
    people.to_csv(folder / "shop" / "customers.csv", index=False)


def made(folder, rows=PEOPLE):
    return pd.read_csv(folder / "out" / "data" / f"customers_resample_{rows}.csv")


def record(folder, out="out"):
    return json.loads((folder / out / "run.json").read_text("utf-8"))["guard"]


def test_the_defaults_hide_what_fewer_than_ten_have(folder):
    assert run(BASE) == 0
    assert set(made(folder)["region"]) == {"north", "south"}
    assert made(folder)["phone"].between(2_005_550_100, 9_995_550_199).all()
    assert record(folder) == {"k": 10, "locale": "en_US", "rare": "draw"}


def test_options_reach_the_guard_its_state_and_the_record(folder):
    assert run([*BASE, "--rare", "star", "--locale", "de_DE"]) == 0
    assert set(made(folder)["region"]) == {"north", "south", "*"}
    saved = json.loads((folder / "out" / "model" / "guard.json").read_text("utf-8"))
    assert (saved["k"], saved["rare"], saved["locale"]) == (10, "star", "de_DE")
    assert record(folder) == {"k": 10, "locale": "de_DE", "rare": "star"}
    assert run(["sample", "out/model", "--rows", "60", "--out", "more"]) == 0
    assert record(folder, "more") == record(folder)
    assert "*" in set(pd.read_csv(folder / "more" / "data" / "customers_resample_60.csv")["region"])


def test_the_configuration_file_names_them_too(folder):
    (folder / "synthkit.toml").write_text('k = 5\nrare = "star"\nlocale = "fr_FR"\n', "utf-8")
    assert run(BASE) == 0
    assert record(folder) == {"k": 5, "locale": "fr_FR", "rare": "star"}
    assert "abroad" in set(made(folder)["region"])


def test_more_than_k_subjects_tenfold_are_needed(folder, capsys):
    assert run([*BASE, "--k", "20"]) == 3
    assert "with fewer than 200 subjects" in capsys.readouterr().err
    assert run([*BASE, "--k", "20", "--allow-small"]) == 0


def test_a_smaller_k_needs_fewer_subjects(folder):
    write(folder, 60)
    assert run([*BASE, "--k", "5"]) == 0
    assert record(folder)["k"] == 5


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--k", "4"], "k: fewer than 5 subjects hide nobody"),
        (["--k", "0", "--allow-small"], "k: input should be greater than 0"),
        (["--rare", "hide"], "draw"),
        (["--locale", "xx_XX"], "there is no locale 'xx_XX'"),
    ],
)
def test_what_cannot_be_used_is_refused(folder, more, said, capsys):
    assert run([*BASE, *more]) == 2
    assert said in capsys.readouterr().err


def test_for_a_test_k_may_be_smaller(folder):
    assert run([*BASE, "--k", "3", "--allow-small"]) == 0
    assert record(folder)["k"] == 3


def test_help_fits_80_columns(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["run", "--help"]) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert all(option in shown for option in ("--k INTEGER", "--locale TEXT", "--rare [draw|star]"))


@pytest.mark.parametrize("option", ["clip=true", "clip=false"])
def test_the_bounds_of_a_plugin_that_clips_hold_no_more_than_real_ones(folder, option):
    write(folder, 600)
    assert run([*BASE, "-o", option, "--rows", "1000"]) == 0
    income = made(folder, 1000)["income"]
    real = pd.read_csv(folder / "shop" / "customers.csv")["income"]
    rule = json.loads((folder / "out" / "model" / "guard.json").read_text("utf-8"))["rules"]["customers"]["income"]
    assert rule["high"]["share"] == pytest.approx((real == 4000).mean(), abs=0.03)  # that of the training part
    assert (income == income.max()).mean() <= rule["high"]["share"] + 0.005
    assert (income == income.min()).mean() <= rule["low"]["share"] + 0.005
    assert income.max() == 4000  # the real heap is there: more than k have it
    assert income.min() >= real.nsmallest(10).iloc[-1]


def test_cells_that_the_schema_does_not_list_stop_the_run(folder, capsys):
    assert run(["schema", "infer", "shop"]) == 0
    schema = capsys.readouterr().out.replace(
        'region = {kind = "categorical"', 'region = {kind = "categorical", values = %s'
    )
    (folder / "schema.toml").write_text(schema % '["north", "south"]', "utf-8")
    assert run([*BASE, "--schema", "schema.toml"]) == 3
    said = capsys.readouterr().err
    assert "customers.region: 7 cells are not among the values that the schema lists" in said
    assert "abroad" not in said
    (folder / "schema.toml").write_text(schema % '["north", "south", "abroad"]', "utf-8")
    assert run([*BASE, "--schema", "schema.toml"]) == 0
    assert made(folder)["region"].eq("abroad").any()
