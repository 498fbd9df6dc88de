"""Subjects that were asked for, from the command line to the files: conditions, balance, given rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthkit.cli import run

CITIES = {"Oslo": "NO", "Bergen": "NO", "Lund": "SE", "Malmo": "SE", "Turku": "FI", "Oulu": "FI"}


def shop(customers: int = 900, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Customers in cities of countries, with grades from 1 to 4, and their orders; one segment is rare."""
    random = np.random.default_rng(seed)
    segment = random.choice(["mass", "affluent"], customers, p=[0.8, 0.2]).astype(object)
    segment[:4] = "royal"
    rich = segment == "affluent"
    city = random.choice(list(CITIES), customers)
    income = np.where(rich, random.normal(90_000, 9_000, customers), random.normal(40_000, 9_000, customers))
    joined = np.datetime64("2020-01-01") + random.integers(0, 1500, customers).astype("timedelta64[D]")
    numbers = [f"C{1000 + i}" for i in range(customers)]
    frame = pd.DataFrame(
        {
            "customer_id": numbers,
            "email": [f"someone{i}@mail.test" for i in range(customers)],
            "city": city,
            "country": [CITIES[each] for each in city],
            "segment": segment,
            "income": income.clip(5_000).round(2),
            "joined": joined.astype(str),
            "churned": random.random(customers) < np.where(rich, 0.1, 0.4),
            "newsletter": random.random(customers) < 0.5,
        }
    )
    frame["cancelled"] = (joined + np.timedelta64(400, "D")).astype(str)
    frame.loc[~frame["churned"], "cancelled"] = None
    frame["clicked"] = frame["newsletter"] & (random.random(customers) < 0.5)
    frame["income"] = frame["income"].map("{:.2f}".format)
    for name in ("churned", "newsletter", "clicked"):
        frame[name] = frame[name].map({True: "true", False: "false"})
    at = np.repeat(np.arange(customers), random.poisson(np.where(rich, 5, 2)))
    days = random.integers(0, 300, len(at)).astype("timedelta64[D]")
    orders = pd.DataFrame(
        {
            "order_id": np.arange(1, len(at) + 1),
            "customer_id": np.array(numbers)[at],
            "ordered": (joined[at] + days).astype(str),
            "amount": random.gamma(2, np.where(rich[at], 300, 30)).round(2),
        }
    )
    return {"customers": frame, "orders": orders}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the shop, signed with the key of these tests."""
    place = tmp_path_factory.mktemp("shop")
    (place / "data").mkdir()
    for name, frame in shop().items():
        frame.to_csv(place / "data" / f"{name}.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYNTHKIT_SIGNING_KEY", "a long key for tests")
        patch.chdir(place)
        assert run(["fit", "--data", "data", "--out", "model", "--quiet"]) == 0
    return place / "model"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", "a long key for tests")
    monkeypatch.chdir(tmp_path)
    return tmp_path


Sampled = Callable[..., dict[str, pd.DataFrame]]


@pytest.fixture
def sampled(model: Path, work: Path) -> Sampled:
    """Tables of ``synthkit sample`` with some options."""

    def sample(*options: str, out: str = "out") -> dict[str, pd.DataFrame]:
        assert run(["sample", str(model), "--out", out, "--quiet", "--overwrite", *options]) == 0
        return tables_of(work / out)

    return sample


def tables_of(out: Path) -> dict[str, pd.DataFrame]:
    return {path.name.split("_")[0]: pd.read_csv(path) for path in sorted((out / "data").iterdir())}


def notes(out: Path) -> str:
    return "\n".join(json.loads((out / "run.json").read_text())["notes"])


def test_all_subjects_meet_a_condition_and_their_rows_follow(sampled: Sampled, work: Path) -> None:
    where = "segment = 'affluent' and income >= 85000 and joined < '2022-01-01' and churned = false"
    made = sampled("--where", where, "--rows", "300")
    customers, orders = made["customers"], made["orders"]
    assert len(customers) == customers["customer_id"].nunique() == 300
    assert set(customers["segment"]) == {"affluent"}
    assert (customers["income"] >= 85_000).all()
    assert (customers["joined"] < "2022-01-01").all()
    assert not customers["churned"].any()
    assert set(orders["customer_id"]) <= set(customers["customer_id"])
    assert len(orders) / 300 == pytest.approx(5, abs=0.8)  # 0.8 is 6 standard errors
    assert orders["amount"].mean() == pytest.approx(600, rel=0.15)
    assert "customers: only such as were asked for, by a condition on segment, income, joined, churned" in notes(
        work / "out"
    )
    assert "affluent" not in (work / "out" / "run.json").read_text()


def test_a_condition_on_what_a_model_sees_otherwise_is_met_by_choosing(sampled: Sampled, work: Path) -> None:
    """City and country are one column to the model."""
    customers = sampled("--where", "country = 'SE' and segment != 'affluent'", "--rows", "200")["customers"]
    assert len(customers) == 200
    assert set(customers["city"]) == {"Lund", "Malmo"}
    assert "affluent" not in set(customers["segment"])
    assert "were drawn to find 200 that meet the condition" in notes(work / "out")


def test_a_balance_is_kept(sampled: Sampled) -> None:
    customers = sampled("--balance", "segment", "--rows", "500")["customers"]
    assert customers["segment"].value_counts().to_dict() == {"mass": 250, "affluent": 250}
    assert sampled("--balance", "churned=0.5", "--rows", "500")["customers"]["churned"].sum() == 250


def test_the_same_seed_gives_the_same_bytes(sampled: Sampled, work: Path) -> None:
    for out in ("first", "second"):
        sampled("--where", "income > 80000", "--balance", "churned", "--rows", "100", out=out)
    files = [{path.name: path.read_bytes() for path in (work / out / "data").iterdir()} for out in ("first", "second")]
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--where", "segment = 'afluent'"), 2, "knows no value 'afluent'; did you mean 'affluent'?"),
        (("--where", "sgment = 'mass'"), 2, "customers: there is no column 'sgment'; did you mean 'segment'?"),
        (("--where", "email = 'someone1@mail.test'"), 2, "customers.email: no model sees keys, personal data"),
        (("--where", "income < 0"), 3, "customers: none of 220,000 candidates met the condition"),
        (("--where", "country = 'DE'"), 3, "customers: only 0 of 2,000 subjects drawn met the condition"),
        (("--balance", "income"), 2, "customers.income: only categories and truth values can be balanced"),
        (("--balance", "segment=0.5"), 2, "customers.segment: a share is asked of what is true or false"),
        (("--balance", "churned=50"), 2, "customers.churned: '50' is no share; write a number from 0 to 1"),
        (("--balance", "churned=half"), 2, "customers.churned: 'half' is no share"),
    ],
)
def test_what_cannot_be_is_one_line_and_writes_nothing(
    model: Path, work: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, str], code: int, told: str
) -> None:
    assert run(["sample", str(model), "--out", "out", "--quiet", "--rows", "100", *options]) == code
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert not (work / "out").exists()


def test_a_category_of_few_subjects_is_not_told_from_one_that_is_not_there(
    model: Path, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for name in ("royal", "loyal"):  # four customers have the first one
        assert run(["sample", str(model), "--quiet", "--where", f"segment = '{name}'"]) == 2
        told.append(capsys.readouterr().err.replace(name, "it"))
    assert told[0] == told[1]


def test_a_run_under_a_condition_is_judged_against_the_real_subjects_that_meet_it(model: Path, work: Path) -> None:
    where = ["--where", "segment = 'affluent'", "--rows", "400", "--evaluators", "fidelity", "--quiet"]
    data = str(model.parent / "data")
    assert run(["run", "--data", data, "--out", "out", *where, "--gate", "fidelity.shapes.customers.income=0.85"]) == 0
    assert set(tables_of(work / "out")["customers"]["segment"]) == {"affluent"}
    assert run(["run", "--data", data, "--out", "other", "--rows", "400", "--evaluators", "fidelity", "--quiet"]) == 0


def test_a_run_refuses_what_it_cannot_judge(model: Path, work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["run", "--data", str(model.parent / "data"), "--quiet", "--out", "out"]
    assert run([*data, "--plugin", "copy", "--where", "segment = 'mass'"]) == 2
    assert "copy cannot draw subjects of which something is given" in capsys.readouterr().err
    assert run([*data, "--where", "income > 115000"]) == 3
    assert "fewer than 10 real subjects in one part of the data meet the condition" in capsys.readouterr().err
    (work / "synthkit.toml").write_text('balance = "segment"')
    assert run(data) == 2
    assert "a balanced sample is unlike the real data, so it is not judged" in capsys.readouterr().err


def new_customers(rows: int = 400) -> pd.DataFrame:
    """Other customers of the same shop, with keys of their own, as text."""
    frame = shop(rows, seed=7)["customers"]
    return frame.assign(
        customer_id=[f"C{8000 + i}" for i in range(rows)], email=[f"n{i}@new.test" for i in range(rows)]
    )


def text(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False).replace("", None)


def same(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Which cells are equal; null is equal to null."""
    return (first == second) | (first.isna() & second.isna())


def test_given_customers_stay_as_they_are_and_get_orders(sampled: Sampled, work: Path) -> None:
    real = new_customers()
    real.loc[0, ["income", "segment"]] = ["999999.00", "royal"]  # what no model saw
    real.to_csv(work / "real.csv", index=False)
    made = sampled("--given", "real.csv")
    assert same(text(work / "out" / "data" / "customers_cart_400.csv"), real).to_numpy().all()
    orders = made["orders"]
    assert set(orders["customer_id"]) <= set(real["customer_id"])
    rich = set(real["customer_id"][real["segment"] == "affluent"])
    of_rich = orders["customer_id"].isin(rich)
    assert of_rich.sum() / len(rich) == pytest.approx(5, abs=1)  # 1 is 4 standard errors of 80 customers' mean
    assert (~of_rich).sum() / (400 - len(rich)) == pytest.approx(2, abs=0.5)
    assert orders["amount"][of_rich].mean() > 4 * orders["amount"][~of_rich].mean()
    joined = real.set_index("customer_id")["joined"][orders["customer_id"]].to_numpy()
    assert (orders["ordered"].to_numpy() >= joined).all()
    told = "customers: 400 rows with 11 columns are as they were given, and as personal; only the rest is synthetic"
    assert told in notes(work / "out")
    first = (work / "out" / "data" / "orders_cart_400.csv").read_bytes()
    sampled("--given", "real.csv")
    assert (work / "out" / "data" / "orders_cart_400.csv").read_bytes() == first


def test_some_given_columns_are_kept_and_the_others_drawn_with_fresh_keys(sampled: Sampled, work: Path) -> None:
    real = new_customers()
    (work / "folder").mkdir()
    some = real[["segment", "churned", "city", "country"]].copy()
    some.loc[:99, "churned"] = None  # never null in the real data, so it is drawn
    some.to_csv(work / "folder" / "customers.csv", index=False)
    (work / "folder" / "orders.csv").write_text("order_id\n1\n")
    customers = sampled("--given", "folder")["customers"]
    made = text(work / "out" / "data" / "customers_cart_400.csv")
    assert same(made[some.columns], some)[100:].to_numpy().all()
    assert same(made[["segment", "city", "country"]], some[["segment", "city", "country"]]).to_numpy().all()
    assert made["churned"].notna().all()
    assert customers["customer_id"].nunique() == 400
    assert not set(customers["customer_id"]) & set(shop()["customers"]["customer_id"])
    rich = customers["segment"] == "affluent"
    assert customers["income"][rich].mean() == pytest.approx(90_000, rel=0.05)
    assert customers["income"][~rich].mean() == pytest.approx(40_000, rel=0.05)
    assert (made["cancelled"].notna() == (made["churned"] == "true")).all()
    assert "only rows of customers can be given, so orders was left aside" in notes(work / "out")


@pytest.mark.parametrize(
    ("frame", "code", "told"),
    [
        (lambda f: f.rename(columns={"segment": "segmnt"}), 2, "there is no column 'segmnt'; did you mean 'segment'?"),
        (lambda f: f.assign(zzz="1"), 2, "customers: there is no column 'zzz'; it has customer_id, email"),
        (lambda f: f.assign(customer_id="C1"), 3, "customers.customer_id: 399 rows have no key of their own"),
        (lambda f: f.assign(income="much"), 3, "customers.income: 400 cells are not numbers; correct them"),
        (lambda f: f.assign(joined="3.2.2021"), 3, "customers.joined: 400 cells are not dates such as 2026-01-31"),
        (lambda f: f.head(0), 3, "customers: there are no rows"),
        (lambda f: f[["segment", "city"]], 2, "customers.city: it is part of a fixed combination with country"),
        (lambda f: f.assign(city=f["city"].mask(f.index < 9)), 3, "customers.city: 9 cells are empty"),
        (lambda f: f[["email"]], 2, "customers: no model sees any of the 1 columns that are given"),
        (
            lambda f: f.assign(clicked="true", newsletter="false"),
            3,
            "400 given cells would have to change to keep the rules of the schema",
        ),
    ],
)
def test_rows_that_cannot_be_given_are_refused_in_one_line(
    model: Path,
    work: Path,
    capsys: pytest.CaptureFixture[str],
    frame: Callable[[pd.DataFrame], pd.DataFrame],
    code: int,
    told: str,
) -> None:
    frame(new_customers()).to_csv(work / "real.csv", index=False)
    assert run(["sample", str(model), "--given", "real.csv", "--out", "out", "--quiet"]) == code
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert not (work / "out").exists()


def test_given_rows_go_with_no_other_wish(model: Path, work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new_customers().to_csv(work / "real.csv", index=False)
    (work / "two").mkdir()
    for name in ("first", "second"):
        new_customers().to_csv(work / "two" / f"{name}.csv", index=False)
    for options in (["--rows", "3"], ["--where", "churned = true"], ["--balance", "segment"]):
        assert run(["sample", str(model), "--given", "real.csv", "--quiet", *options]) == 2
        assert "400 rows are given as they are; leave out rows, where and balance" in capsys.readouterr().err
    assert run(["sample", str(model), "--given", "two", "--quiet"]) == 2
    assert "there is no file for customers, the subjects, in two" in capsys.readouterr().err
    (work / "synthkit.toml").write_text('given = "real.csv"')
    assert run(["run", "--data", str(model.parent / "data"), "--quiet"]) == 2
    assert "given rows are no sample to be judged" in capsys.readouterr().err


def test_a_folder_that_is_called_like_a_file_is_not_made(
    model: Path, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new_customers().to_csv(work / "real.csv", index=False)
    for verb in (["impute", str(model), "real.csv"], ["sample", str(model)]):
        assert run([*verb, "--out", "filled.CSV", "--quiet"]) == 2
        assert "--out is a folder, and filled.CSV is called like a file" in capsys.readouterr().err
    assert [path.name for path in work.iterdir()] == ["real.csv"]


def test_a_key_to_rows_that_are_not_given_is_refused(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (work / "data").mkdir()
    random, tables = np.random.default_rng(1), shop(300)
    branches = pd.DataFrame({"branch_id": range(1, 31), "size": random.integers(1, 50, 30)})
    customers = tables["customers"].assign(branch_id=random.integers(1, 31, 300))
    for name, frame in {**tables, "customers": customers, "branches": branches}.items():
        frame.to_csv(work / "data" / f"{name}.csv", index=False)
    assert run(["fit", "--data", "data", "--out", "model", "--quiet"]) == 0
    assert run(["sample", "model", "--given", "data", "--out", "out", "--quiet"]) == 2
    assert "customers.branch_id: it points at rows of branches, which are not given" in capsys.readouterr().err
    customers.drop(columns="branch_id").to_csv(work / "customers.csv", index=False)
    assert run(["sample", "model", "--given", "customers.csv", "--out", "out", "--quiet"]) == 0
    made = tables_of(work / "out")
    assert set(made["customers"]["branch_id"]) <= set(made["branches"]["branch_id"])
    holes = customers.assign(segment=customers["segment"].mask(random.random(300) < 0.2))
    holes.to_csv(work / "customers.csv", index=False)
    assert run(["impute", "model", "customers.csv", "--out", "filled", "--quiet"]) == 0
    filled = tables_of(work / "filled")
    assert list(filled) == ["customers"]
    assert filled["customers"]["branch_id"].tolist() == customers["branch_id"].tolist()


def test_empty_cells_are_filled_by_what_is_known_of_the_row_and_no_other_cell_is_changed(
    model: Path, work: Path
) -> None:
    whole = new_customers(800)
    random, holes = np.random.default_rng(4), whole.copy()
    open_ = {name: random.random(800) < 0.25 for name in ("segment", "income", "joined", "churned", "newsletter")}
    for name, rows in open_.items():
        holes.loc[rows, name] = None
    holes.to_csv(work / "holes.csv", index=False)
    assert run(["impute", str(model), "holes.csv", "--out", "out", "--quiet"]) == 0
    filled = text(work / "out" / "data" / "customers_cart_800.csv")
    assert (same(filled, holes) | holes.isna()).to_numpy().all()
    for name in open_:
        assert filled[name].notna().all()
    told = notes(work / "out")
    assert f"customers.income: {open_['income'].sum():,} empty cells were filled" in told
    assert "customers.cancelled:" in told
    assert "cells stay empty, as a rule asks for it or no draw kept all rules" in told
    assert "orders" not in told
    clicked = (filled["clicked"] == "true") & open_["newsletter"]
    assert (filled["newsletter"][clicked] == "true").all()

    there = open_["segment"] & (whole["segment"] != "royal").to_numpy()
    hit = (filled["segment"] == whole["segment"])[there].mean()
    shares = whole["segment"].value_counts(normalize=True)
    assert hit > (shares**2).sum() + 0.15  # draws that know nothing of the row agree so often
    income, real = (frame["income"].astype(float)[open_["income"]] for frame in (filled, whole))
    by_chance = np.abs(random.choice(whole["income"].astype(float), len(real)) - real).mean()
    assert (income - real).abs().mean() < 0.8 * by_chance


def test_filling_with_the_same_seed_gives_the_same_bytes(model: Path, work: Path) -> None:
    real = new_customers()
    real.assign(segment=real["segment"].mask(real.index < 99)).to_csv(work / "holes.csv", index=False)
    for out in ("first", "second"):
        assert run(["impute", str(model), "holes.csv", "--out", out, "--quiet"]) == 0
    first, second = ((work / out / "data" / "customers_cart_400.csv").read_bytes() for out in ("first", "second"))
    assert first == second


def test_rows_that_cannot_be_filled_are_refused(model: Path, work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new_customers()[["customer_id", "segment"]].to_csv(work / "some.csv", index=False)
    assert run(["impute", str(model), "some.csv", "--out", "out", "--quiet"]) == 2
    assert "customers: the columns email, city, country" in capsys.readouterr().err
    for name in ("city", "email"):  # neither a fixed combination nor what no model sees is filled
        real = new_customers()
        real.assign(**{name: real[name].mask(real.index < 9)}).to_csv(work / "holes.csv", index=False)
        assert run(["impute", str(model), "holes.csv", "--out", "out", "--quiet"]) == 3
        told = f"customers.{name}: 9 cells are empty, which the schema rules out and no draw can fill"
        assert told in capsys.readouterr().err
    assert run(["sample", str(model), "--given", "holes.csv", "--out", "given", "--quiet"]) == 0
    assert text(work / "given" / "data" / "customers_cart_400.csv")["email"].notna().all()
    broken = new_customers().assign(clicked="true", newsletter="false")
    broken.to_csv(work / "broken.csv", index=False)
    assert run(["impute", str(model), "broken.csv", "--out", "out", "--quiet"]) == 3
    assert "the filled rows are broken: customers.clicked" in capsys.readouterr().err
    assert not (work / "out").exists()


def test_a_model_that_takes_nothing_given_says_so(model: Path, work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = str(model.parent / "data")
    assert run(["fit", "--plugin", "copy", "--data", data, "--out", "copied", "--quiet"]) == 0
    new_customers().to_csv(work / "real.csv", index=False)
    for verb in (["sample", "copied", "--given", "real.csv"], ["impute", "copied", "real.csv"]):
        assert run([*verb, "--quiet"]) == 2
        assert "copy cannot draw subjects of which something is given" in capsys.readouterr().err
    for wish in (["--where", "churned = true"], ["--balance", "churned"]):
        assert run(["sample", "copied", "--quiet", *wish]) == 2
        assert "copy cannot draw subjects" in capsys.readouterr().err
