"""The command line as its users meet it: real processes, real files, exit codes and one-line errors."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from synthkit.cli import output, run
from synthkit.engine import execute
from synthkit.errors import NothingEvaluatedError, UsageError
from synthkit.plan import Plan
from synthkit.plugins import Registry, discover
from synthkit.run import Run

pytestmark = pytest.mark.slow  # whole runs, or processes of their own

SECRET = "SECRET-CELL-VALUE"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder, far from any configuration file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", "a long key for tests")
    return tmp_path


@pytest.fixture
def shop(folder):
    """Real tables of 150 shoppers and their orders, as CSV."""
    source = folder / "shop"
    source.mkdir()
    numbers = range(150)
    customers = pd.DataFrame(
        {
            "customer_id": [f"C{1000 + i}" for i in numbers],
            "email": [f"someone{i}@mail.test" for i in numbers],
            "income": [f"{1000 + 37 * (i % 40)}.50" for i in numbers],
            "region": [("north", "south", "west")[i % 3] for i in numbers],
        }
    )
    orders = pd.DataFrame(
        {
            "order_id": range(1, 451),
            "customer_id": [f"C{1000 + i // 3}" for i in range(450)],
            "amount": [f"{5 + i % 50}.25" for i in range(450)],
        }
    )
    customers.to_csv(source / "customers.csv", index=False)
    orders.to_csv(source / "orders.csv", index=False)
    return source


BASE = ["run", "--plugin", "resample", "--evaluators", "means", "--gate", "means.closeness.customers.income=0.5"]


def make(folder: Path, *more: str, out: str = "out") -> int:
    return run([*BASE, "--data", str(folder), "--out", out, *more])


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name not in ("shop", "synthkit.toml"))


def test_a_run_makes_checks_scores_judges_and_writes(folder, shop, capsys):
    assert make(shop, "--rows", "200") == 0
    shown = capsys.readouterr()
    assert "passed" in shown.out
    assert "means.closeness.customers.income" in shown.out
    out = folder / "out"
    assert sorted(p.name for p in (out / "data").iterdir()) == [
        "customers_resample_200.csv",
        "orders_resample_200.csv",
    ]
    record = json.loads((out / "run.json").read_text())
    steps = ["read", "split", "guard", "fit", "sample", "restore", "verify", "evaluate", "judge", "report", "write"]
    assert sorted(record["timings"]) == sorted(steps)
    assert {"peak_memory_mb", "plugin", "seed", "versions", "scores", "verdicts"} <= set(record)
    assert record["verdict"] == "passed"
    assert (out / "plots" / "customers.income.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "model" / "manifest.json").is_file()
    assert "mail.test" not in (out / "schema.toml").read_text()
    made = pd.read_csv(out / "data" / "customers_resample_200.csv")
    real = pd.read_csv(shop / "customers.csv")
    assert len(made) == 200
    assert list(made.columns) == list(real.columns)
    assert made["customer_id"].str.fullmatch(r"C\d{4}").all()
    assert not set(made["customer_id"]) & set(real["customer_id"])
    assert not set(made["email"]) & set(real["email"])
    orders = pd.read_csv(out / "data" / "orders_resample_200.csv")
    assert set(orders["customer_id"]) <= set(made["customer_id"])


def test_a_gate_that_fails_is_exit_1_and_the_tables_are_there(folder, shop, capsys):
    assert make(shop, "--gate", "means.closeness.orders.amount=0.9999999", "--junit", "gates.xml") == 1
    assert 'name="synthkit run resample"' in (folder / "gates.xml").read_text()
    assert "failed" in capsys.readouterr().out
    assert (folder / "out" / "data").is_dir()


def test_a_score_that_nobody_gave_fails_its_gate(shop, capsys):
    assert make(shop, "--gate", "means.closeness.customers.nowhere=0") == 1
    assert "missing" in capsys.readouterr().out


def test_an_evaluator_that_raises_fails_closed_and_says_no_value(shop, capsys):
    assert run([*BASE, "--data", str(shop), "--out", "out", "--evaluators", "raising"]) == 1
    shown = capsys.readouterr()
    assert SECRET not in shown.out + shown.err


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_rows(folder, shop):
    for out, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert make(shop, "--seed", seed, out=out) == 0
    written = {out: _bytes(folder / out) for out in ("a", "b", "c")}
    assert written["a"] == written["b"]
    assert written["a"]["data/customers_resample_150.csv"] != written["c"]["data/customers_resample_150.csv"]


def _bytes(out: Path) -> dict[str, bytes]:
    names = ["schema.toml", "scores.json", *(f"data/{path.name}" for path in (out / "data").iterdir())]
    return {name: (out / name).read_bytes() for name in sorted(names)}


def test_json_is_all_that_stdout_holds(shop, capsys):
    assert make(shop, "--json") == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["verdict"] == "passed"
    assert shown.err == ""


def test_quiet_says_nothing_on_stderr(shop, capsys):
    assert make(shop, "--quiet") == 0
    assert capsys.readouterr().err == ""


def test_no_gates_judges_nothing_and_says_so(shop, capsys):
    assert run(["run", "--plugin", "resample", "--data", str(shop), "--evaluators", "none", "--no-gates"]) == 0
    assert "not judged" in capsys.readouterr().out


def test_parquet_in_and_out(folder, shop):
    typed = folder / "typed"
    typed.mkdir()
    for name in ("customers", "orders"):
        pd.read_csv(shop / f"{name}.csv").to_parquet(typed / f"{name}.parquet")
    assert make(typed, "--format", "parquet") == 0
    made = pd.read_parquet(folder / "out" / "data" / "orders_resample_150.parquet")
    assert made.dtypes.astype(str).to_dict()["order_id"] == "int64"


def test_a_single_table_plugin_takes_the_subject_table_and_says_so(folder, shop, capsys):
    arguments = ["run", "--plugin", "single", "--data", str(shop), "--evaluators", "means", "--out"]
    assert run([*arguments, "one"]) == 0
    assert "single takes one table: customers" in capsys.readouterr().err
    assert [p.name for p in (folder / "one" / "data").iterdir()] == ["customers_single_150.csv"]
    assert run([*arguments, "two", "--table", "orders"]) == 0
    assert [p.name for p in (folder / "two" / "data").iterdir()] == ["orders_single_450.csv"]


def test_fit_then_sample_gives_new_rows_from_the_signed_model(folder, shop, capsys):
    assert run(["fit", "--plugin", "resample", "--data", str(shop), "--out", "model"]) == 0
    assert run(["sample", "model", "--rows", "30", "--seed", "5", "--out", "drawn"]) == 0
    assert len(pd.read_csv(folder / "drawn" / "data" / "customers_resample_30.csv")) == 30
    assert "not judged" in capsys.readouterr().out
    altered = folder / "model" / "plugin" / "schema.json"
    altered.write_text(altered.read_text() + " ")
    assert run(["sample", "model", "--out", "other"]) == 4
    assert run(["sample", "model", "--out", "other", "--unsafe-load"]) == 4
    assert not (folder / "other").exists()


def test_a_model_of_somebody_else_is_loaded_only_when_asked_for(folder, shop, monkeypatch, capsys):
    assert run(["fit", "--plugin", "resample", "--data", str(shop), "--out", "model"]) == 0
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", "another long key for tests")
    assert run(["sample", "model", "--out", "drawn"]) == 4
    assert "not signed by this user" in capsys.readouterr().err
    assert run(["sample", "model", "--out", "drawn", "--unsafe-load"]) == 0
    assert any("not verified" in note for note in json.loads((folder / "drawn" / "run.json").read_text())["notes"])


def test_the_signing_key_is_made_once_and_private(folder, shop, monkeypatch):
    monkeypatch.delenv("SYNTHKIT_SIGNING_KEY")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "home"))
    for out in ("a", "b"):
        assert run(["fit", "--plugin", "resample", "--data", str(shop), "--out", out]) == 0
        assert run(["sample", out, "--out", f"{out}-drawn"]) == 0
    (key,) = (folder / "home" / "synthkit").iterdir()
    assert key.stat().st_mode & 0o777 == 0o600


def test_evaluate_judges_tables_that_somebody_made(folder, shop, capsys):
    assert make(shop) == 0
    judged = ["evaluate", str(shop), str(folder / "out" / "data"), "--evaluators", "means"]
    assert run([*judged, "--junit", "gates.xml"]) == 0
    assert 'name="synthkit evaluate shop"' in (folder / "gates.xml").read_text()
    assert run([*judged[:2], str(folder / "out"), *judged[3:]]) == 0  # the run folder itself
    assert run([*judged, "--gate", "means.closeness.customers.income=0.99999999"]) == 1
    orphaned = pd.read_csv(folder / "out" / "data" / "orders_resample_150.csv")
    orphaned.loc[0, "customer_id"] = "C0000"
    broken = folder / "broken"
    broken.mkdir()
    orphaned.to_csv(broken / "orders.csv", index=False)
    pd.read_csv(folder / "out" / "data" / "customers_resample_150.csv").to_csv(broken / "customers.csv", index=False)
    capsys.readouterr()
    assert run(["evaluate", str(shop), str(broken), "--evaluators", "means"]) == 1
    assert "integrity.violations" in capsys.readouterr().out


def test_repeated_keys_are_a_warning_where_the_tables_come_from_elsewhere(shop, capsys):
    assert run(["evaluate", str(shop), str(shop), "--evaluators", "means"]) == 0
    assert "failed (warning)" in capsys.readouterr().out


def test_where_no_evaluator_gives_a_score_nothing_passes(shop, capsys):
    silent = ["run", "--plugin", "resample", "--data", str(shop), "--evaluators", "nothing"]
    refused(3, silent, capsys, "no evaluator gave a score")
    assert run([*silent, "--no-gates"]) == 0


def test_without_any_usable_evaluator_a_run_says_what_to_install(shop):
    found = discover()
    absent = replace(next(p for p in found.plugins if p.name == "absent"), kind="evaluator")
    kept = tuple(plugin for plugin in found.plugins if plugin.kind != "evaluator")
    with pytest.raises(NothingEvaluatedError, match=r'pip install "synthkit-stranger\[ghost\]", or add --no-gates'):
        execute(Plan(plugin="resample", data=shop), Registry((*kept, absent), found.manager))


def test_gates_that_need_a_holdout_do_not_apply_without_one(folder, shop, capsys):
    assert make(shop) == 0
    arguments = ["evaluate", str(shop), str(folder / "out"), "--evaluators", "means,nosy", "--gate", "nosy.rows=1"]
    assert run(arguments) == 0
    assert "not applicable" in capsys.readouterr().out
    assert run([*arguments, "--holdout", str(shop)]) == 0
    assert "not applicable" not in capsys.readouterr().out


def test_gate_judges_a_finished_run_again(folder, shop, capsys):
    assert run([*BASE, "--data", str(shop)]) == 0
    assert run(["gate"]) == 0
    assert run(["gate", "--gate", "means.closeness.customers.income=0.999999999", "--junit", "gates.xml"]) == 1
    assert 'failures="1"' in (folder / "gates.xml").read_text()
    assert run(["gate", "elsewhere"]) == 2
    assert "no finished run" in capsys.readouterr().err
    assert "failed" not in json.loads(next((folder / "runs").glob("*/run.json")).read_text())["verdict"]


def test_settings_come_from_the_file_and_the_command_line_goes_before(folder, shop, capsys):
    (folder / "synthkit.toml").write_text(
        'plugin = "resample"\ndata = "shop"\nseed = 3\nevaluators = ["means"]\nrows = 120\n'
        '[gates."means.closeness.customers.income"]\nmin = 0.1\n'
    )
    assert run(["run", "--out", "out", "--rows", "130"]) == 0
    record = json.loads((folder / "out" / "run.json").read_text())
    assert (record["seed"], record["rows"]["customers"]) == (3, 130)
    (folder / "synthkit.toml").write_text('plugni = "resample"\n')
    assert run(["run"]) == 2
    assert "synthkit.toml:1: unknown key 'plugni'; did you mean 'plugin'?" in capsys.readouterr().err


def test_init_writes_a_configuration_that_works(folder, shop, capsys):
    assert run(["init", "--data", "shop"]) == 0
    assert run(["init", "--data", "shop"]) == 2
    assert run(["run", "--plugin", "resample", "--evaluators", "means", "--out", "out"]) == 0
    assert run(["init", "--overwrite"]) == 0


def test_whoever_names_a_run_is_told_where_its_model_is(folder, shop, capsys):
    assert make(shop) == 0
    capsys.readouterr()
    refused(2, ["sample", "out"], capsys, f"there is no saved model at out; that of the run is {Path('out', 'model')}")
    assert run(["sample", "out/model", "--out", "drawn"]) == 0


def test_schema_infer_check_show(folder, shop, capsys):
    assert run(["schema", "infer", "shop"]) == 0
    shown = capsys.readouterr().out
    assert 'pii = "email"' in shown
    assert run(["schema", "infer", "shop", "--out", "schema.toml"]) == 0
    assert (folder / "schema.toml").read_text() == shown
    assert run(["schema", "infer", "shop", "--out", "schema.toml"]) == 2
    assert run(["schema", "check", "shop", "--schema", "schema.toml"]) == 0
    assert run(["schema", "show", "schema.toml"]) == 0
    assert "customers (subject)" in capsys.readouterr().out
    assert run(["schema", "show", "shop", "--as", "sdv"]) == 0
    metadata = json.loads(capsys.readouterr().out)
    (folder / "sdv.json").write_text(json.dumps(metadata))
    assert run(["schema", "show", "sdv.json", "--as", "toml"]) == 0


def test_a_recipe_that_does_not_exist_is_refused_when_the_schema_is_read(folder, shop, capsys):
    assert run(["schema", "infer", "shop", "--out", "schema.toml"]) == 0
    wrong = (folder / "schema.toml").read_text().replace('pii = "email"', 'pii = "shoes"')
    (folder / "schema.toml").write_text(wrong)
    assert run(["schema", "check", "shop", "--schema", "schema.toml"]) == 2
    said = capsys.readouterr().err
    assert "there is no such recipe for personal data (1 in all)" in said
    assert "choose from name, first_name" in said


def test_example_bank_writes_the_three_tables(folder):
    assert run(["example", "bank", "bank", "--customers", "120", "--seed", "4"]) == 0
    assert sorted(p.name for p in (folder / "bank").iterdir()) == [
        "campaign_events.csv",
        "customers.csv",
        "transactions.csv",
    ]
    assert run(["example", "bank", "bank"]) == 2


def test_the_bundled_example_is_used_and_named_without_data(folder, capsys):
    assert run(["run", "--plugin", "resample", "--evaluators", "means", "--rows", "100", "--out", "out"]) == 0
    assert "the bundled example data set `bank` is used" in capsys.readouterr().err


# --- what must be refused ------------------------------------------------------------------------------


def refused(code: int, arguments: list[str], capsys, *words: str) -> None:
    assert run(arguments) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = [line for line in shown.err.splitlines() if line and not line.startswith(("Usage", "Try"))]
    assert len([line for line in lines if "error: " in line.lower()]) == 1
    assert "Traceback" not in shown.err
    for word in words:
        assert word in shown.err


def test_cart_runs_when_nobody_names_a_plugin(folder, shop):
    assert run(["run", "--data", "shop", "--out", "out", "--evaluators", "none", "--no-gates"]) == 0
    assert json.loads((folder / "out" / "run.json").read_text())["plugin"] == "cart"


def test_without_a_default_plugin_a_run_says_which_there_are(shop):
    found = discover()
    others = tuple(plugin for plugin in found.plugins if plugin.name != "cart")
    with pytest.raises(UsageError, match=r"no plugin is chosen; add --plugin NAME, one of .*resample"):
        execute(Plan(data=shop), Registry(others, found.manager))


def test_usage_errors_are_exit_2(folder, shop, capsys):
    data = ["--data", "shop"]
    refused(2, ["run", *data, "--plugin", "resampel"], capsys, "did you mean 'resample'?")
    refused(2, ["run", *data, "--plugin", "resample", "-o", "epohcs=3"], capsys, "no option 'epohcs'")
    refused(2, ["run", *data, "--plugin", "resample", "-o", "epochs"], capsys, "KEY=VALUE")
    refused(2, ["run", *data, "--plugin", "resample", "--evaluators", "none"], capsys, "--no-gates")
    refused(2, ["run", *data, "--plugin", "resample", "--tables", "custmers"], capsys, "no table 'custmers'")
    refused(2, ["run", *data, "--plugin", "resample", "--table", "orders"], capsys, "--table")
    refused(2, ["run", *data, "--plugin", "single", "--table", "nowhere"], capsys, "nowhere")
    refused(2, ["run", *data, "--plugin", "resample", "--rows", "-3"], capsys, "rows")
    refused(2, ["run", *data, "--plugin", "resample", "--holdout", "1.5"], capsys, "between 0 and 1")
    refused(2, ["run", *data, "--plugin", "resample", "--schema", "nowhere.toml"], capsys, "nowhere.toml")
    refused(2, ["run", *data, "--plugin", "resample", "--gate", "x=high"], capsys, "gates.x")
    refused(2, ["run", *data, "--plugin", "resample", "--format", "xls"], capsys, "no format 'xls'")
    refused(2, ["fit", *data, "--plugin", "resample"], capsys, "--out MODEL")
    refused(2, ["sample", "nowhere"], capsys, "no saved model")
    refused(2, ["run", "--nonsense"], capsys, "--nonsense")
    refused(2, ["frobnicate"], capsys, "No such command 'frobnicate'.")
    refused(2, ["plugns"], capsys, "No such command 'plugns'. Did you mean 'plugins'?")
    refused(2, ["run", *data, "--plugin", "resample", "--out", "made.csv"], capsys, "made.csv is called like a file")
    (folder / "taken").mkdir()
    refused(2, ["run", *data, "--plugin", "resample", "--out", "taken"], capsys, "exists already")
    assert left_behind(folder) == ["taken"]


def test_data_errors_are_exit_3_and_name_table_column_and_count(folder, shop, capsys):
    def with_data(change) -> None:
        customers, orders = (pd.read_csv(shop / f"{n}.csv", dtype=str) for n in ("customers", "orders"))
        target = folder / "bad"
        target.mkdir(exist_ok=True)
        change(customers, orders)
        customers.to_csv(target / "customers.csv", index=False)
        orders.to_csv(target / "orders.csv", index=False)

    bad = ["run", "--plugin", "resample", "--data", "bad"]
    refused(3, ["run", "--plugin", "resample", "--data", "nowhere"], capsys, "nowhere")
    with_data(lambda customers, _: customers.__setitem__("customer_id", ["C1000", *customers["customer_id"][:-1]]))
    refused(3, bad, capsys, "customers.customer_id: 1 rows repeat the primary key")
    with_data(lambda _, orders: orders.__setitem__("customer_id", [*["C9990"] * 7, *orders["customer_id"][7:]]))
    refused(3, bad, capsys, "orders.customer_id: 7 rows point at a parent that is not there")
    (folder / "bad" / "orders.csv").write_text("")
    refused(3, bad, capsys, "orders", "empty")
    (folder / "bad" / "orders.csv").unlink()
    (folder / "bad" / "orders.parquet").write_bytes(b"PAR1 this is no parquet")
    refused(3, bad, capsys, "orders")
    (folder / "none").mkdir()
    refused(3, ["run", "--plugin", "resample", "--data", "none"], capsys, "none")
    assert left_behind(folder) == ["bad", "none"]


def test_too_few_subjects_are_refused_unless_allowed(folder, capsys):
    assert run(["example", "bank", "few", "--customers", "60"]) == 0
    capsys.readouterr()
    arguments = ["run", "--plugin", "resample", "--data", "few", "--evaluators", "means"]
    refused(3, arguments, capsys, "customers", "60", "--allow-small")
    assert run([*arguments, "--allow-small"]) == 0


def test_a_plugin_that_fails_is_one_line_without_its_words(folder, shop, capsys):
    for verb in ("fit", "sample"):
        refused(3, [*BASE, "--data", "shop", "-o", f"stumble={verb}-error"], capsys, f"resample failed in {verb}")
        assert left_behind(folder) == []
    assert run([*BASE, "--data", "shop", "-o", "stumble=fit-error", "--debug"]) == 3
    assert "Traceback" in capsys.readouterr().err
    refused(5, [*BASE, "--data", "shop", "-o", "stumble=fit-memory"], capsys, "memory")
    refused(3, [*BASE, "--data", "shop", "-o", "stumble=orphan"], capsys, "orders", "customer_id", "1")
    refused(3, ["run", "--data", "shop", "--plugin", "absent"], capsys, 'pip install "synthkit-stranger[ghost]"')
    assert left_behind(folder) == []


def test_a_folder_that_cannot_be_written_is_exit_5(folder, shop, capsys):
    if os.geteuid() == 0:
        target = "/proc/nowhere/out"
    else:
        (folder / "closed").mkdir(mode=0o500)
        target = "closed/out"
    refused(5, [*BASE, "--data", "shop", "--out", target], capsys, "cannot read or write")


@pytest.mark.parametrize("verb", ["fit", "sample"])
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_soon_and_leaves_nothing(folder, shop, verb, kind):
    command = [sys.executable, "-m", "synthkit", *BASE, "--data", "shop", "--out", "out", "-o", f"stumble={verb}-wait"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"waiting in {verb}\n"
        process.send_signal(kind)
        _, err = process.communicate(timeout=20)  # two seconds on an idle machine; the plugin would wait for 60
    assert process.returncode == 130
    assert "interrupted" in err
    assert left_behind(folder) == []


def test_a_closed_pipe_is_quiet(folder):
    done = subprocess.run(
        f"{sys.executable} -m synthkit plugins | head -1", shell=True, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert done.stdout.startswith("Name")


def test_the_verdict_decides_the_exit_code_though_nobody_reads(folder, shop):
    assert make(shop) == 0
    for arguments, code in (
        (["plugins", "--json"], 0),
        (["schema", "show", "shop"], 0),
        (["gate", "out", "--json"], 0),
        (["gate", "out", "--gate", "means.closeness.customers.income=0.999999999"], 1),
    ):
        reader, writer = os.pipe()
        os.close(reader)
        command = [sys.executable, "-m", "synthkit", *arguments]
        done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
        os.close(writer)
        assert done.returncode == code, arguments
        assert b"Traceback" not in done.stderr


def test_a_holdout_that_was_trained_on_is_refused(shop, capsys):
    refused(3, [*BASE, "--data", "shop", "--holdout", "shop"], capsys, "customers: 150 rows are in the holdout")


def test_a_table_that_the_schema_does_not_name_is_left_out_with_a_note(folder, shop, capsys):
    assert run(["schema", "infer", "shop", "--out", "schema.toml"]) == 0
    (shop / "extra.csv").write_text("a\n1\n")
    assert make(shop, "--schema", "schema.toml") == 0
    assert "not in the schema, so left out: extra" in capsys.readouterr().err


def test_plugins_lists_all_and_fits_80_columns(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["plugins"]) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert run(["plugins", "--json"]) == 0
    listed = {plugin["name"]: plugin for plugin in json.loads(capsys.readouterr().out)}
    assert listed["absent"]["needs"] == 'pip install "synthkit-stranger[ghost]"'
    assert listed["resample"]["problem"] is None
    assert run(["plugins", "list"]) == 0


def test_a_plugin_may_add_a_command(capsys):
    assert run(["hello"]) == 0
    assert capsys.readouterr().out == "hello\n"
    assert run(["--help"]) == 0
    assert "Say hello." in capsys.readouterr().out


def test_version(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("synthkit ")


def test_no_figure_of_the_times_is_torn_from_its_unit(capsys):
    run_ = Run("run", 0, "cart", timings={f"step {'x' * i}": 1.0 for i in range(1, 9)})
    output._print_where(run_, Console(width=41))
    times = capsys.readouterr().out.partition("time    ")[2].splitlines()
    assert len(times) > 3
    assert all(len(line) <= 41 and re.search(r"(s[,;:]|MiB)$", line) for line in times), times
    assert all(line.startswith(" " * 8) for line in times[1:])
