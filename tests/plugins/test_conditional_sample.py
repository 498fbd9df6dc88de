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
        }
    )
    frame["income"] = frame["income"].map("{:.2f}".format)
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
        return tables(work / out)

    return sample


def tables(out: Path) -> dict[str, pd.DataFrame]:
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
    assert set(tables(work / "out")["customers"]["segment"]) == {"affluent"}
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
