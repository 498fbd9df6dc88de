"""The evaluator ``sdmetrics`` gives SDMetrics' own figures, but never leaves one out in silence."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synthkit import Column, ColumnKind, Context, Dataset, Failure, ForeignKey, ResourceError, Schema, Score, Table

pytest.importorskip("sdmetrics", reason="needs the extra sdv")

import synthkit_sdmetrics
from synthkit_sdmetrics.evaluator import SDMetrics
from synthkit_sdmetrics.values import Values, linked

pytestmark = pytest.mark.sdv

KIND = ColumnKind
QUALITY, DIAGNOSTIC = "sdmetrics.quality", "sdmetrics.diagnostic"
ENDS = ("", ".t", ".t.a")


def two_tables(seed: int = 0, people: int = 120) -> Dataset:
    """People and their visits in an original schema: text keys, personal data, nulls and a time zone."""
    random = np.random.default_rng(seed)
    income = random.normal(3000, 500, people).round(2)
    persons = pd.DataFrame(
        {
            "person_id": [f"P{seed}-{i:05}" for i in range(people)],
            "name": [f"secret name {i}" for i in range(people)],
            "segment": pd.Series(random.choice(["basic", "plus", None], people)),
            "income": np.where(random.random(people) < 0.1, np.nan, income),
            "score": pd.array(np.where(random.random(people) < 0.1, None, income // 10), dtype="Int64"),
            "member": pd.array(random.choice([True, False, None], people), dtype="boolean"),
            "joined": pd.Series(days(random, people)).dt.tz_localize("Europe/Paris"),
        }
    )
    owner = np.sort(random.integers(0, people, 3 * people))
    visits = pd.DataFrame(
        {
            "visit_id": np.arange(len(owner)),
            "person_id": pd.Series(persons["person_id"].to_numpy()[owner]),
            "amount": (random.gamma(2, 10, len(owner)) * income[owner] / 3000).round(2),
            "channel": random.choice(["app", "web", "secret branch"], len(owner)),
            "day": pd.Series(days(random, len(owner))).where(random.random(len(owner)) < 0.9),
            "remark": "secret remark",
        }
    )
    visits.loc[::10, "person_id"] = None
    return Dataset(SCHEMA, {"persons": persons, "visits": visits})


def days(random: np.random.Generator, rows: int) -> np.ndarray:
    return np.datetime64("2020-01-01", "us") + random.integers(0, 999, rows).astype("timedelta64[D]")


def table(name: str, key: str, /, **kinds: ColumnKind) -> Table:
    return Table(name, tuple(Column(column, kind) for column, kind in kinds.items()), (key,))


PERSONS = table(
    "persons",
    "person_id",
    person_id=KIND.ID,
    name=KIND.PII,
    segment=KIND.CATEGORICAL,
    income=KIND.NUMERICAL,
    score=KIND.NUMERICAL,
    member=KIND.BOOLEAN,
    joined=KIND.DATETIME,
)
VISITS = table(
    "visits",
    "visit_id",
    visit_id=KIND.ID,
    person_id=KIND.ID,
    amount=KIND.NUMERICAL,
    channel=KIND.CATEGORICAL,
    day=KIND.DATETIME,
    remark=KIND.TEXT,
)
KEY = ForeignKey("visits", ("person_id",), "persons", ("person_id",), owner=True)
SCHEMA = Schema((PERSONS, VISITS), (KEY,), subject="persons")


def changed(data: Dataset, name: str, **columns: object) -> Dataset:
    """The same data with some columns of one table replaced."""
    return replace(data, tables={**data.tables, name: data[name].assign(**columns)})


def evaluate(real: Dataset, synthetic: Dataset, context: Context | None = None, seed: int = 0):
    return list(SDMetrics().evaluate(real, synthetic, holdout=None, seed=seed, context=context or Context()))


def by_id(real: Dataset, synthetic: Dataset) -> dict[str, Score | Failure]:
    results = evaluate(real, synthetic)
    ids = [result.id for result in results]
    assert len(ids) == len(set(ids))
    return dict(zip(ids, results, strict=True))


def values(real: Dataset, synthetic: Dataset) -> dict[str, float]:
    return {i: result.value for i, result in by_id(real, synthetic).items() if isinstance(result, Score)}


def failures(real: Dataset, synthetic: Dataset) -> dict[str, str]:
    return {i: result.reason for i, result in by_id(real, synthetic).items() if isinstance(result, Failure)}


# Parity with SDMetrics' own reports, which are fed with the original frames


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame in the dtypes that SDMetrics takes."""
    types = {"Int64": "float64", "boolean": "object", "datetime64[us, Europe/Paris]": "datetime64[us, UTC]"}
    aware = frame.astype({name: types[str(dtype)] for name, dtype in frame.dtypes.items() if str(dtype) in types})
    return aware.assign(**{name: aware[name].dt.tz_localize(None) for name in aware.select_dtypes("datetimetz")})


def metadata(schema: Schema) -> dict:
    sdtypes = {KIND.PII: "unknown", KIND.TEXT: "unknown"}
    tables = {
        t.name: {
            "primary_key": t.primary_key[0],
            "columns": {c.name: {"sdtype": sdtypes.get(c.kind, str(c.kind))} for c in t.columns},
        }
        for t in schema.tables
    }
    names = ("parent_table_name", "child_table_name", "parent_primary_key", "child_foreign_key")
    keys = [(k.parent, k.table, k.parent_columns[0], k.columns[0]) for k in schema.foreign_keys]
    return {"tables": tables, "relationships": [dict(zip(names, key, strict=True)) for key in keys]}


def reported(name: str, real: Dataset, synthetic: Dataset):
    from sdmetrics import reports

    report = getattr(reports, name)()
    report.real_correlation_threshold = report.real_association_threshold = 0
    report.num_rows_subsample = None
    frames = ({name: plain(data[name]) for name in data.schema.table_names} for data in (real, synthetic))
    report.generate(*frames, metadata(real.schema), verbose=False)
    return report


def figures_of_quality(report, schema: Schema) -> dict[str, float]:
    several = len(schema.tables) > 1
    scores = [
        Score(f"{QUALITY}.column_shapes", row["Score"], row["Table"], (row["Column"],))
        for _, row in report.get_details("Column Shapes").iterrows()
    ]
    scores += [
        Score(f"{QUALITY}.column_pair_trends", row["Score"], row["Table"], (row["Column 1"], row["Column 2"]))
        for _, row in report.get_details("Column Pair Trends").iterrows()
    ]
    for _, row in report.get_details("Cardinality").iterrows() if several else ():
        scores.append(Score(f"{QUALITY}.cardinality", row["Score"], row["Child Table"], (row["Foreign Key"],)))
    for _, row in report.get_details("Intertable Trends").iterrows() if several else ():
        columns = (row["Column 2"], f"{row['Parent Table']}.{row['Column 1']}")
        scores.append(Score(f"{QUALITY}.intertable_trends", row["Score"], row["Child Table"], columns))
    return {score.id: score.value for score in scores}


def figures_of_diagnostic(report, schema: Schema) -> dict[str, float]:
    scores = [
        Score(f"{DIAGNOSTIC}.data_validity", row["Score"], row["Table"], (row["Column"],))
        for _, row in report.get_details("Data Validity").iterrows()
    ]
    scores += [
        Score(f"{DIAGNOSTIC}.data_structure", row["Score"], row["Table"])
        for _, row in report.get_details("Data Structure").iterrows()
    ]
    if len(schema.tables) > 1:
        details = report.get_details("Relationship Validity")
        for (name, key), value in details.groupby(["Child Table", "Foreign Key"])["Score"].mean().items():
            scores.append(Score(f"{DIAGNOSTIC}.relationship_validity", value, name, (key,)))
    return {score.id: score.value for score in scores}


PROPERTIES = {
    "Column Shapes": f"{QUALITY}.column_shapes",
    "Column Pair Trends": f"{QUALITY}.column_pair_trends",
    "Cardinality": f"{QUALITY}.cardinality",
    "Intertable Trends": f"{QUALITY}.intertable_trends",
    "Data Validity": f"{DIAGNOSTIC}.data_validity",
    "Data Structure": f"{DIAGNOSTIC}.data_structure",
    "Relationship Validity": f"{DIAGNOSTIC}.relationship_validity",
}


def averages(report) -> dict[str, float]:
    rows = report.get_properties()
    return {PROPERTIES[n]: s for n, s in zip(rows["Property"], rows["Score"], strict=True) if n in PROPERTIES}


@pytest.mark.parametrize("names", [("persons", "visits"), ("visits",)], ids=["two tables", "one table"])
def test_figures_equal_the_strict_reports(names):
    real, synthetic = (two_tables(seed).select(names) for seed in (0, 1))
    quality, diagnostic = (reported(name, real, synthetic) for name in ("QualityReport", "DiagnosticReport"))
    expected = {
        **figures_of_quality(quality, real.schema),
        **averages(quality),
        f"{QUALITY}.overall": quality.get_score(),
        **figures_of_diagnostic(diagnostic, real.schema),
        **averages(diagnostic),
        f"{DIAGNOSTIC}.overall": diagnostic.get_score(),
    }
    found = values(real, synthetic)
    per_table = {i for i in found if i.removesuffix(".persons").removesuffix(".visits") in PROPERTIES.values()}
    assert set(found) - per_table == set(expected) - per_table
    assert found == pytest.approx({**expected, **{i: found[i] for i in per_table}}, abs=1e-9)
    assert not failures(real, synthetic)


def test_average_of_a_table_is_the_mean_of_its_figures():
    found = values(two_tables(0), two_tables(1))
    shapes = [v for i, v in found.items() if i.startswith(f"{QUALITY}.column_shapes.persons.")]
    assert len(shapes) == 5
    assert found[f"{QUALITY}.column_shapes.persons"] == pytest.approx(np.mean(shapes), abs=1e-9)


@pytest.mark.parametrize("categories", [3, 400])
def test_total_variation_is_that_of_sdmetrics(categories):
    from sdmetrics.single_column import TVComplement

    random = np.random.default_rng(5)
    schema = Schema((table("t", "id", id=KIND.ID, c=KIND.CATEGORICAL),))
    codes = random.integers(0, categories, 900), random.integers(categories // 3, categories * 2, 600)
    frames = [pd.DataFrame({"id": range(len(c)), "c": [f"c{i}" if i % 7 else None for i in c]}) for c in codes]
    real, synthetic = (Dataset(schema, {"t": frame}) for frame in frames)
    expected = TVComplement.compute(frames[0]["c"], frames[1]["c"])
    assert values(real, synthetic)[f"{QUALITY}.column_shapes.t.c"] == pytest.approx(expected, abs=1e-11)


def test_ten_thousands_of_categories_and_rows_are_compared_whole():
    # SDMetrics' report would sample 50,000 rows without a seed and count each category in quadratic time.
    random = np.random.default_rng(3)
    schema = Schema((table("t", "id", id=KIND.ID, product=KIND.CATEGORICAL, shop=KIND.CATEGORICAL),))
    frames = [
        pd.DataFrame({"id": range(n), "product": random.integers(0, 20_000, n), "shop": random.integers(0, 400, n)})
        for n in (51_000, 52_000)
    ]
    real, synthetic = (Dataset(schema, {"t": frame}) for frame in frames)
    shares = [frame.groupby(["product", "shop"]).size() / len(frame) for frame in frames]
    expected = 1 - shares[0].sub(shares[1], fill_value=0).abs().sum() / 2
    found = values(real, synthetic)
    assert found[f"{QUALITY}.column_pair_trends.t.product,shop"] == pytest.approx(expected, abs=1e-9)


# Strictness


def test_identical_data_score_best():
    real = two_tables()
    assert set(values(real, real).values()) == {1.0}
    assert not failures(real, real)


def test_order_of_rows_is_irrelevant():
    real, synthetic = two_tables(0), two_tables(1)
    mixed = [
        replace(data, tables={n: f.sample(frac=1, random_state=4, ignore_index=True) for n, f in data.tables.items()})
        for data in (real, synthetic)
    ]
    assert values(*mixed) == pytest.approx(values(real, synthetic), abs=1e-11)


def test_same_arguments_same_scores_and_nothing_changed():
    real, synthetic = two_tables(0), two_tables(1)
    before = [frame.copy(deep=True) for data in (real, synthetic) for frame in data.tables.values()]
    assert evaluate(real, synthetic, seed=1) == evaluate(real, synthetic, seed=2)
    for frame, copy in zip([f for data in (real, synthetic) for f in data.tables.values()], before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


DAMAGES: dict[str, Callable[[pd.DataFrame, str], object]] = {
    "null": lambda frame, column: frame[column].where([False] * len(frame)),
    "constant": lambda frame, column: frame[column].mode()[0],
    "text": lambda frame, column: "secret",
    "infinite": lambda frame, column: np.inf,
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("column", ["income", "score", "joined", "segment", "member"])
def test_a_damaged_column_never_raises_quality_nor_removes_a_figure(column, damage):
    real, synthetic = (two_tables(seed).select(["persons"]) for seed in (0, 1))
    broken = changed(synthetic, "persons", **{column: DAMAGES[damage](synthetic["persons"], column)})
    before, after = values(real, synthetic), by_id(real, broken)
    assert list(after) == list(before)
    assert all(r.value <= before[i] + 1e-12 for i, r in after.items() if isinstance(r, Score) and "quality" in i)
    assert all(r == Score(r.metric, before[i], r.table, r.columns) for i, r in after.items() if elsewhere(r, column))
    assert "secret" not in "".join(r.reason for r in after.values() if isinstance(r, Failure))


def elsewhere(result: Score | Failure, column: str) -> bool:
    return bool(result.columns) and column not in result.columns


def test_an_unreadable_column_fails_itself_and_every_average_that_needs_it():
    real, synthetic = two_tables(0), two_tables(1)
    found = failures(real, changed(synthetic, "persons", income=np.nan))
    missing = "the synthetic data do not allow it: income has no usable value"
    assert found[f"{QUALITY}.column_shapes.persons.income"] == missing
    assert found[f"{QUALITY}.column_pair_trends.persons.income,joined"] == missing
    assert found[f"{QUALITY}.column_shapes.persons"] == "1 of 5 columns could not be computed"
    assert found[f"{QUALITY}.column_shapes"] == "1 of 8 columns could not be computed"
    assert found[f"{QUALITY}.overall"] == "3 of 4 properties could not be computed"
    assert f"{QUALITY}.column_shapes.visits" not in found
    assert f"{QUALITY}.cardinality" not in found


def test_empty_synthetic_tables_fail():
    real = two_tables()
    empty = replace(real, tables={name: frame.head(0) for name, frame in real.tables.items()})
    structure = {f"{DIAGNOSTIC}.data_structure{end}" for end in ("", ".persons", ".visits")}
    assert set(values(real, empty)) == structure
    found = failures(real, empty)
    assert (
        found[f"{DIAGNOSTIC}.data_validity.visits.visit_id"] == "the synthetic data do not allow it: there are no rows"
    )
    assert "amount has no rows" in found[f'{QUALITY}.intertable_trends.visits.amount,"persons.income"']


def test_a_correlation_over_too_few_rows_fails():
    real, synthetic = two_tables(0), two_tables(1)
    income = synthetic["persons"]["income"].where(synthetic["persons"]["score"].isna())
    reason = failures(real, changed(synthetic, "persons", income=income))[
        f"{QUALITY}.column_pair_trends.persons.income,score"
    ]
    assert reason.endswith("the rows where all of it is known are too few or do not vary")


@pytest.mark.parametrize("value", [7.0, np.nan], ids=["constant", "null"])
def test_what_the_real_data_leave_undefined_is_left_out_of_the_averages(value):
    real = changed(two_tables(0), "persons", income=value)
    found, missing = values(real, two_tables(1)), failures(real, two_tables(1))
    assert missing[f"{QUALITY}.column_pair_trends.persons.income,score"].startswith(
        "the real data do not define it: in"
    )
    assert all("income" in i for i in missing)
    pairs = [v for i, v in found.items() if i.startswith(f"{QUALITY}.column_pair_trends.persons.")]
    assert found[f"{QUALITY}.column_pair_trends.persons"] == pytest.approx(np.mean(pairs), abs=1e-9)
    assert f"{QUALITY}.overall" in found


@pytest.mark.parametrize("seed", [0, 1])
def test_the_real_data_alone_decide_what_is_undefined(seed):
    real = two_tables(0)
    real = changed(changed(real, "persons", income=np.nan), "visits", person_id=None)
    lost = set(failures(real, real))
    synthetic = two_tables(seed)
    assert set(failures(real, synthetic)) == lost
    assert f"{DIAGNOSTIC}.data_validity.persons.income" in lost
    assert f"{DIAGNOSTIC}.relationship_validity.visits.person_id" in lost
    empty = replace(real, tables={name: frame.head(0) for name, frame in real.tables.items()})
    assert len(values(empty, synthetic)) == len(values(empty, empty)) == 4
    assert f"{DIAGNOSTIC}.overall" in values(empty, synthetic)


def test_an_average_over_nothing_fails_and_the_next_one_does_without_it():
    schema = Schema((table("t", "id", id=KIND.ID, a=KIND.NUMERICAL, b=KIND.NUMERICAL),))
    real, synthetic = (
        Dataset(schema, {"t": pd.DataFrame({"id": range(9), "a": a, "b": np.arange(9.0)})})
        for a in (1.0, np.arange(9.0))
    )
    found = by_id(real, synthetic)
    assert found[f"{QUALITY}.column_pair_trends"] == Failure(
        f"{QUALITY}.column_pair_trends", "there are no pairs of columns to average"
    )
    assert found[f"{QUALITY}.overall"].value == found[f"{QUALITY}.column_shapes"].value


def test_what_a_table_does_not_have_is_not_averaged():
    schema = Schema((Table("t", (Column("a", KIND.NUMERICAL),)),))
    real = Dataset(schema, {"t": pd.DataFrame({"a": np.arange(9.0)})})
    assert set(values(real, real)) == {
        *(f"{metric}{end}" for metric in (f"{QUALITY}.column_shapes", f"{DIAGNOSTIC}.data_validity") for end in ENDS),
        *(f"{DIAGNOSTIC}.data_structure{end}" for end in ("", ".t")),
        *(f"{report}.overall" for report in (QUALITY, DIAGNOSTIC)),
    }


# Types


def test_the_way_to_store_nulls_is_no_difference():
    real = two_tables()
    stored = changed(real, "visits", visit_id=real["visits"]["visit_id"].astype("Int64"))
    assert values(real, stored) == values(real, real)


def test_another_type_is_a_difference():
    real = two_tables()
    found = by_id(real, changed(real, "visits", amount=real["visits"]["amount"].astype(str)))
    assert found[f"{DIAGNOSTIC}.data_structure.visits"].value == pytest.approx(5 / 7)
    assert isinstance(found[f"{QUALITY}.column_shapes.visits.amount"], Failure)


# Relations


def games(seed: int = 0) -> Dataset:
    random = np.random.default_rng(seed)
    teams = pd.DataFrame({"id": range(20), "rank": random.normal(size=20)})
    sides = {side: random.integers(0, 20, 60) for side in ("home", "away")}
    points = teams["rank"].to_numpy()[sides["home"]] + random.normal(size=60)
    frames = {"teams": teams, "games": pd.DataFrame({"id": range(60), **sides, "points": points})}
    schema = Schema(
        (
            table("teams", "id", id=KIND.ID, rank=KIND.NUMERICAL),
            table("games", "id", id=KIND.ID, home=KIND.ID, away=KIND.ID, points=KIND.NUMERICAL),
        ),
        tuple(ForeignKey("games", (side,), "teams", ("id",)) for side in ("home", "away")),
    )
    return Dataset(schema, frames)


def test_two_keys_to_one_parent_are_told_apart():
    found = values(games(0), games(1))
    home, away = (found[f'{QUALITY}.intertable_trends.games.points,"teams.rank",{side}'] for side in ("home", "away"))
    report = reported("QualityReport", games(0), games(1))
    assert [home, away] == pytest.approx(list(report.get_details("Intertable Trends")["Score"]), abs=1e-9)
    assert found[f"{QUALITY}.overall"] == pytest.approx(report.get_score(), abs=1e-9)


def test_names_with_dots_are_quoted():
    data = games()
    columns = tuple(replace(c, name="the.rank") if c.name == "rank" else c for c in data.schema["teams"].columns)
    schema = replace(data.schema, tables=(replace(data.schema["teams"], columns=columns), data.schema["games"]))
    renamed = Dataset(schema, {**data.tables, "teams": data["teams"].rename(columns={"rank": "the.rank"})})
    assert ("points", 'teams."the.rank"', "home") in [result.columns for result in evaluate(renamed, renamed)]


def test_keys_that_repeat_fail_where_they_are_joined():
    real, synthetic = two_tables(0), two_tables(1)
    broken = changed(synthetic, "persons", person_id="P1-00000")
    missing = failures(real, broken)
    names = [i for i in missing if i.startswith(f"{QUALITY}.intertable_trends.visits.")]
    assert len(names) == 15
    assert {missing[i] for i in names} == {"keys repeat in the parent of the synthetic data"}
    assert missing[f"{QUALITY}.overall"] == "1 of 4 properties could not be computed"
    assert f"{QUALITY}.intertable_trends" not in values(changed(real, "persons", person_id="P0-00000"), synthetic)
    assert f"{QUALITY}.overall" in values(changed(real, "persons", person_id="P0-00000"), synthetic)


def test_orphans_lower_the_validity():
    real, synthetic = two_tables(0), two_tables(1)
    orphans = changed(synthetic, "visits", person_id="nobody")
    found = values(real, orphans)
    assert found[f"{DIAGNOSTIC}.relationship_validity.visits.person_id"] <= 0.5
    assert f"{QUALITY}.intertable_trends" in failures(real, orphans)


def test_relations_that_sdmetrics_cannot_say_are_noted_and_left_out():
    tables = (
        Table("a", (Column("k", KIND.ID), Column("l", KIND.ID), Column("v", KIND.NUMERICAL)), ("k", "l")),
        Table("b", (*(Column(c, KIND.ID) for c in ("id", "k", "l", "up")), Column("w", KIND.NUMERICAL)), ("id",)),
    )
    keys = (ForeignKey("b", ("k", "l"), "a", ("k", "l")), ForeignKey("b", ("up",), "b", ("id",)))
    frames = {
        "a": pd.DataFrame({"k": [1, 1, 2], "l": [1, 2, 1], "v": [1.0, 2.0, 4.0]}),
        "b": pd.DataFrame({"id": [0, 1, 2], "k": 1, "l": [1, 2, 1], "up": [0, 0, 1], "w": [3.0, 1.0, 2.0]}),
    }
    data, context = Dataset(Schema(tables, keys), frames), Context()
    found = {result.id: result for result in evaluate(data, data, context)}
    for name in ("quality.cardinality", "quality.intertable_trends", "diagnostic.relationship_validity"):
        assert "several columns" in found[f"sdmetrics.{name}.b.k,l"].reason
        assert "its own table" in found[f"sdmetrics.{name}.b.up"].reason
        assert isinstance(found[f"sdmetrics.{name}"], Failure)
    assert found[f"{QUALITY}.overall"].value == found[f"{DIAGNOSTIC}.overall"].value == 1.0
    assert found[f"{DIAGNOSTIC}.data_validity.a.k,l"].value == 1.0
    assert context.notes == [
        "sdmetrics leaves out b.k+l: SDMetrics takes no foreign key of several columns",
        "sdmetrics leaves out b.up: SDMetrics takes no foreign key to its own table",
    ]


def test_rows_without_a_key_are_not_joined():
    parent = Values("p", np.array([2.0, np.nan, 5.0, np.nan]), continuous=False)
    child = Values("c", np.array([5.0, np.nan, 2.0, 9.0]), continuous=False)
    rows, owners = linked(parent, child)
    assert rows.tolist() == [0, 2]
    assert owners.tolist() == [2, 0]


# Surroundings


def test_global_random_state_is_neither_read_nor_changed(monkeypatch):
    from sdmetrics.single_column import KSComplement

    legacy = np.random.mtrand._rand
    monkeypatch.setattr(KSComplement, "compute", staticmethod(lambda real, synthetic: legacy.random_sample()))
    real = two_tables()
    legacy.seed(1)
    first = evaluate(real, real, seed=5)
    drawn = legacy.random_sample()
    assert evaluate(real, real, seed=5) == first
    assert evaluate(real, real, seed=6) != first
    legacy.seed(1)
    assert legacy.random_sample() == drawn


def test_progress_reaches_the_end_step_by_step():
    done = []
    evaluate(two_tables(0), two_tables(1), Context(report=lambda part, text: done.append(part)))
    assert done == sorted(done)
    assert len(set(done)) == len(done) > 40
    assert done[-1] == 1.0


def test_a_deadline_stops_the_work():
    with pytest.raises(ResourceError):
        evaluate(two_tables(0), two_tables(1), Context(deadline=time.monotonic() - 1))


def test_the_plugin_offers_the_evaluator():
    assert list(synthkit_sdmetrics.synthkit_register_evaluators()) == [SDMetrics]
    assert (SDMetrics.name, SDMetrics.extra, SDMetrics.requires) == ("sdmetrics", "sdv", ("sdmetrics>=0.32",))


def test_listing_it_does_not_import_sdmetrics():
    code = "import sys, synthkit_sdmetrics; sys.exit('sdmetrics' in sys.modules)"
    paths = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    assert subprocess.run([sys.executable, "-c", code], env=paths, check=False).returncode == 0
