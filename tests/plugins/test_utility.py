"""Utility: what trees learn from synthetic data, against what they learn from real data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import synthkit_utility
from synthkit import Column, ColumnKind, Context, Dataset, Failure, ForeignKey, Schema, Score, Table
from synthkit.schema import Formula, Inequality
from synthkit_utility.detection import Detection
from synthkit_utility.utility import Utility

KIND = ColumnKind
MEAN = "utility.ratio"


def world(seed: int, people: int = 300, **more) -> Dataset:
    """People whose wealth decides what they buy, whether they are members and their class; luck decides nothing."""
    random = np.random.default_rng(seed)
    wealth = random.normal(size=people)
    owner = np.sort(random.integers(0, people, 3 * people))
    persons = pd.DataFrame(
        {
            "id": np.arange(people),
            "wealth": np.where(random.random(people) < 0.1, np.nan, np.exp(wealth)),
            "member": wealth + random.normal(size=people) / 2 > 0,
            "rank": np.where(wealth < -0.5, "low", np.where(wealth > 0.5, "high", "middle")),
            "luck": random.normal(size=people),
            "born": np.datetime64("1990-01-01", "us") + random.integers(0, 9999, people).astype("timedelta64[D]"),
        }
    )
    amounts = wealth[owner] + random.normal(size=len(owner))
    visits = pd.DataFrame({"id": np.arange(len(owner)), "person": owner, "amount": amounts})
    return Dataset(replace(SCHEMA, **more), {"persons": persons, "visits": visits})


SCHEMA = Schema(
    (
        Table(
            "persons",
            (
                Column("id", KIND.ID, "int64"),
                Column("wealth", KIND.NUMERICAL, "double", nullable=True),
                Column("member", KIND.BOOLEAN, "bool"),
                Column("rank", KIND.CATEGORICAL),
                Column("luck", KIND.NUMERICAL, "double"),
                Column("born", KIND.DATETIME, "timestamp[us]"),
            ),
            ("id",),
        ),
        Table(
            "visits",
            (Column("id", KIND.ID, "int64"), Column("person", KIND.ID, "int64"), Column("amount", KIND.NUMERICAL)),
            ("id",),
        ),
    ),
    (ForeignKey("visits", ("person",), "persons", ("id",), owner=True),),
    subject="persons",
)
REAL, HOLDOUT, FRESH = world(0), world(1), world(2)


def evaluated(synthetic: Dataset, real: Dataset = REAL, holdout: Dataset | None = HOLDOUT, **more):
    context = more.pop("context", Context())
    results = Utility().evaluate(real, synthetic, holdout=holdout, seed=more.pop("seed", 0), context=context)
    found = {result.id: result for result in results}
    assert len(found) == len(results)
    return found


def ratio(column: str) -> str:
    return f"{MEAN}.persons.{column}"


def changed(data: Dataset, table: str, **columns) -> Dataset:
    return replace(data, tables={**data.tables, table: data[table].assign(**columns)})


def torn(data: Dataset) -> Dataset:
    """Every column, keys of visits included, in an order of its own."""
    random = np.random.default_rng(0)

    def apart(frame):
        return pd.DataFrame({c: frame[c].iloc[random.permutation(len(frame))].to_numpy() for c in frame})

    return replace(data, tables={name: apart(frame) for name, frame in data.tables.items()})


def test_a_fresh_sample_is_as_good_as_real():
    """Four standard errors: one false alarm in 15,000 of each figure."""
    found = evaluated(FRESH)
    assert set(found) == {MEAN, ratio("wealth"), ratio("member"), ratio("rank")}
    for score in found.values():
        assert abs(score.value - 1) < 4 * score.error < 0.5


def test_the_real_data_themselves_are_exactly_as_good():
    assert {score.value for score in evaluated(REAL).values()} == {1.0}


def test_nothing_can_be_learned_from_independent_columns():
    assert all(score.value < 0.2 for score in evaluated(torn(FRESH)).values())


def test_the_mean_is_of_all_targets():
    found = evaluated(FRESH)
    assert found[MEAN].value == pytest.approx(np.mean([found[i].value for i in found if i != MEAN]))


def test_seed_rows_and_columns():
    """The seed decides; the order of rows and columns changes nothing."""
    once = evaluated(FRESH)
    assert evaluated(FRESH, seed=1) != once
    tables = {n: f.sample(frac=1, random_state=1, ignore_index=True) for n, f in FRESH.tables.items()}
    assert evaluated(turned(Dataset(FRESH.schema, tables)), turned(REAL), turned(HOLDOUT)) == once


def turned(data: Dataset) -> Dataset:
    tables = tuple(replace(t, columns=t.columns[::-1]) for t in data.schema.tables[::-1])
    frames = {t.name: data[t.name][list(t.column_names)] for t in tables}
    return Dataset(replace(data.schema, tables=tables), frames)


def test_where_nothing_can_be_predicted_there_is_nothing_to_measure():
    context = Context()
    reason = "no column of persons can be predicted from the others"
    nothing = {MEAN: Failure(MEAN, reason, applicable=False)}
    assert evaluated(FRESH, torn(REAL), torn(HOLDOUT), context=context) == nothing
    assert context.notes == ["utility: no column of persons can be predicted from the others, so there is no score"]


def test_a_column_alone_has_nothing_to_be_predicted_from():
    def alone(data):
        only = replace(data.schema["persons"], columns=data.schema["persons"].columns[:2])
        return Dataset(Schema((only,), (), "persons"), {"persons": data["persons"][["id", "wealth"]]})

    assert not evaluated(alone(FRESH), alone(REAL), alone(HOLDOUT))[MEAN].applicable


def test_a_target_without_values_is_a_failure_and_so_is_the_mean():
    found = evaluated(changed(FRESH, "persons", wealth=np.nan))
    assert found[ratio("wealth")].reason == "fewer than 50 values to learn from"
    assert found[MEAN].reason == "1 of 3 columns failed"
    assert isinstance(found[ratio("rank")], Score)


def test_a_target_with_one_class_teaches_nothing():
    found = evaluated(changed(FRESH, "persons", member=True, rank="low"))
    assert found[ratio("member")].value == found[ratio("rank")].value == 0


def test_a_class_that_nobody_made_is_not_learned():
    rank = FRESH["persons"]["rank"].replace("high", "middle")
    found = evaluated(changed(FRESH, "persons", rank=rank))[ratio("rank")]
    assert 0.2 < found.value < 0.9


def test_what_a_rule_ties_to_the_target_is_no_feature():
    """With nothing but a copy of luck beside it, luck can be predicted; not where a rule makes the copy."""

    def doubled(data, *rules):
        persons, visits = data.schema.tables
        columns = (persons.columns[0], persons.column("luck"), Column("more", KIND.NUMERICAL, "double"))
        visits = replace(visits, rules=tuple(r for r in rules if isinstance(r, Formula)))
        persons = replace(persons, columns=columns, rules=tuple(r for r in rules if not isinstance(r, Formula)))
        frame = data["persons"][["id", "luck"]].assign(more=lambda f: f["luck"] + 1)
        amounts = frame["luck"].to_numpy()[data["visits"]["person"]] * bool(rules)
        schema = replace(data.schema, tables=(persons, visits))
        return Dataset(schema, {"persons": frame, "visits": data["visits"].assign(amount=amounts)})

    def targets(*rules):
        return set(evaluated(*(doubled(each, *rules) for each in (FRESH, REAL, HOLDOUT))))

    rules = (Inequality("luck", "more"), Formula("amount", "persons.luck"))
    assert targets() == {MEAN, ratio("luck"), ratio("more")}
    assert targets(rules[0]) == {MEAN, ratio("luck"), ratio("more")}  # the amount still tells both
    assert targets(*rules) == {MEAN, ratio("more")}


def test_what_cannot_be_read_or_is_not_there_is_a_failure():
    cases = {
        "there is no holdout to test on": evaluated(FRESH, holdout=None),
        "fewer than 50 subjects in a part say nothing": evaluated(world(2, people=40)),
        "a column of the subjects or of a table below cannot be read": evaluated(
            changed(FRESH, "persons", luck="secret")
        ),
    }
    for reason, found in cases.items():
        assert found == {MEAN: Failure(MEAN, reason)}


def test_a_constant_holdout_decides_nothing():
    found = evaluated(FRESH, holdout=changed(HOLDOUT, "persons", wealth=1.0, member=True))
    assert set(found) == {MEAN, ratio("rank")}


def test_both_evaluators_are_offered_and_wait_to_be_asked():
    offered = list(synthkit_utility.synthkit_register_evaluators())
    assert offered == [Detection, Utility]
    assert not any(cls.default or cls.ceilings for cls in offered)
