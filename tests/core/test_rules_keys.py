"""Keys stay whole while rules are kept: nothing that others point at is changed, and what must differ does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synthkit.dataset import Dataset
from synthkit.errors import IntegrityError
from synthkit.integrity import violations
from synthkit.rules import kept
from synthkit.schema import Column, ColumnKind, ForeignKey, Inclusion, Inequality, Schema, Table, UniqueCombination

ID, NUMBER = ColumnKind.ID, ColumnKind.NUMERICAL


def lines(rules=(), *, children=False):
    """Orders with at most so many lines as they have room for; a line is known by its order and its number."""
    random = np.random.default_rng(0)
    orders = Table("orders", (Column("id", ID, "int64", unique=True), Column("room", NUMBER, "int64")), ("id",))
    key = ("order", "number")
    columns = (Column("order", ID, "int64"), Column("number", NUMBER, "int64"), Column("place", NUMBER, "int64"))
    known = Table("lines", columns, key, rules=tuple(rules))
    notes = Table("notes", (Column("order", ID, "int64"), Column("number", ID, "int64")), rules=())
    stock = Table("stock", (Column("order", NUMBER, "int64"), Column("place", NUMBER, "int64")))
    frame = pd.DataFrame(
        [(o, n, random.integers(20)) for o in range(40) for n in range(1, 5)], columns=["order", "number", "place"]
    )
    tables = {
        "orders": pd.DataFrame({"id": np.arange(40), "room": 12}),
        "lines": frame.assign(number=frame["number"] + 10 * (random.random(160) < 0.2)),
        "stock": pd.DataFrame({"order": random.integers(0, 60, 99), "place": random.integers(30, 60, 99)}),
    }
    foreign = [ForeignKey("lines", ("order",), "orders", ("id",), owner=True)]
    if children:
        tables["notes"] = tables["lines"].loc[::3, list(key)].reset_index(drop=True)
        foreign.append(ForeignKey("notes", key, "lines", key, owner=True))
    made = (orders, known, stock, *((notes,) if children else ()))
    return Dataset(Schema(made, tuple(foreign), "orders"), tables)


def settled(sample):
    assert {v.rule for v in violations(sample)} <= {"inequality", "inclusion", "unique_combination"}
    result, _ = kept(sample, seed=0)
    assert violations(result) == ()
    assert result.rows == sample.rows
    return result


def test_a_part_of_a_key_moves_and_the_key_stays_unique():
    result = settled(lines([Inequality("number", "orders.room", strict=True)]))
    assert result["lines"]["number"].max() < 12


def test_what_children_point_at_is_never_moved():
    sample = lines([Inequality("number", "place")], children=True)
    assert settled(sample)["lines"]["number"].equals(sample["lines"]["number"])
    with pytest.raises(IntegrityError, match=r"\d+ rows break the rule number < orders\.room"):
        kept(lines([Inequality("number", "orders.room", strict=True)], children=True), seed=0)


def test_a_move_leads_to_existing_parents_only():
    sample = lines([Inclusion(("order", "place"), "stock", ("order", "place"))])
    result = settled(sample)
    assert result["lines"]["order"].isin(result["orders"]["id"]).all()
    assert result["lines"]["place"].min() >= 30


def test_whole_keys_of_several_columns_stay_together():
    sample = lines(children=True)
    rules = (UniqueCombination(("order", "number")),)
    notes = Table("notes", sample.schema["notes"].columns, rules=rules)
    tables = tuple(notes if table.name == "notes" else table for table in sample.schema.tables)
    double = pd.concat([sample["notes"], sample["notes"][:3]], ignore_index=True)
    with pytest.raises(IntegrityError, match=r"notes\.order\+number: 3 rows break the rule unique combination"):
        kept(Dataset(Schema(tables, sample.schema.foreign_keys, "orders"), {**sample.tables, "notes": double}), seed=0)


def test_a_number_that_is_no_number_keeps_the_rule():
    columns = (Column("a", NUMBER, "string"), Column("b", NUMBER, "int64"))
    schema = Schema((Table("t", columns, rules=(Inequality("a", "b"),)),))
    sample = Dataset(schema, {"t": pd.DataFrame({"a": ["x", "9"], "b": [1, 2]})})
    assert kept(sample, seed=0)[0]["t"]["b"].tolist() == [1, 9]
