"""Conditions as users write them: what they mean, and one clear line where they mean nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synthkit import Column, ColumnKind, Dataset, ForeignKey, Schema, Table, UsageError
from synthkit.where import Where

PEOPLE = pd.DataFrame(
    {
        "id": pd.Series([1, 2, 3, 4]),
        "segment": pd.Series(["mass", "it's", None, "rare"], dtype=pd.Series(["a"]).dtype),
        "monthly income": [10.5, 20.0, np.nan, 40.25],
        "visits": pd.array([1, 2, None, 3], dtype="Int64"),
        "churned": pd.array([True, False, None, False], dtype="boolean"),
        "joined": pd.to_datetime(["2024-01-31", "2024-02-01", None, "2025-06-30"]).astype("datetime64[us]"),
        "seen": pd.to_datetime(["2024-07-01 00:30"] * 4).astype("datetime64[us]").tz_localize("Europe/Berlin"),
        "note": pd.Series(["x"] * 4, dtype=pd.Series(["a"]).dtype),
    }
)


def people() -> Dataset:
    columns = (
        Column("id", ColumnKind.ID, "int64", unique=True),
        Column("segment", ColumnKind.CATEGORICAL, nullable=True),
        Column("monthly income", ColumnKind.NUMERICAL, "double", nullable=True, decimals=2, format=".2f,"),
        Column("visits", ColumnKind.NUMERICAL, "int64", nullable=True),
        Column("churned", ColumnKind.BOOLEAN, "bool", nullable=True, format="yes/no"),
        Column("joined", ColumnKind.DATETIME, "date32[day]", nullable=True, format="%d.%m.%Y"),
        Column("seen", ColumnKind.DATETIME, "timestamp[us, tz=Europe/Berlin]"),
        Column("note", ColumnKind.TEXT),
    )
    orders = Table("orders", (Column("person", ColumnKind.ID, "int64"), Column("amount", ColumnKind.NUMERICAL)))
    schema = Schema(
        (Table("people", columns, ("id",)), orders),
        (ForeignKey("orders", ("person",), "people", ("id",), owner=True),),
        "people",
    )
    return Dataset(schema, {"people": PEOPLE, "orders": pd.DataFrame({"person": [1], "amount": ["1"]})})


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("segment = 'mass'", [1]),
        ("segment = 'it''s'", [2]),
        ("segment != 'mass'", [2, 4]),
        ("segment <> 'mass'", [2, 4]),
        ("segment in ('mass', 'rare')", [1, 4]),
        ("segment NOT IN ('mass', 'rare')", [2]),
        ("segment is null", [3]),
        ("segment is not null", [1, 2, 4]),
        ('"monthly income" > 10.5', [2, 4]),
        ("\"monthly income\" >= '10,50'", [1, 2, 4]),
        ("visits < 2.5", [1, 2]),
        ("visits <= 1", [1]),
        ("visits in (1, 3.0)", [1, 4]),
        ("churned = true", [1]),
        ("churned = 'no'", [2, 4]),
        ("churned != true", [2, 4]),
        ("joined < '2024-02-01'", [1]),
        ("joined >= '01.02.2024' and joined < '2025-01-01'", [2]),
        ("seen = '2024-07-01 00:30:00'", []),
        ("seen < '2024-07-01 00:00:00Z' and people.visits = 3", [4]),
        ("segment = 'mass' and churned = false", []),
    ],
)
def test_a_condition_holds_for_the_rows_that_a_reader_expects(text: str, met: list[int]) -> None:
    data = people()
    assert PEOPLE["id"][Where.read(text, data.schema).met(data)].tolist() == met


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("segmnt = 'mass'", "people: there is no column 'segmnt'; did you mean 'segment'?"),
        ("height = 3", "people: there is no column 'height'; choose from segment, monthly income, visits"),
        ("orders.amount > 3", "orders.amount: conditions are about people, the subjects"),
        ("note = 'x'", "people.note: no model sees keys, personal data or free text"),
        ("id = 3", "people.id: no model sees keys"),
        ("segment < 'm'", "people.segment: < needs an order, which its values have not; use = or in"),
        ("churned > false", "people.churned: > needs an order"),
        ("segment = 3", "people.segment: it is compared with what is no text; write text in quotes"),
        ("visits = 'many'", "people.visits: it is compared with what is no number; write a number"),
        ("visits = true", "people.visits: it is compared with what is no number"),
        ("churned = 1", "people.churned: it is compared with what is no truth; write true or false"),
        ("joined > 2024", "people.joined: it is compared with what is no time"),
        ("joined > '2024-02-30'", "people.joined: it is compared with what is no time"),
        ("segment = mass", "segment is compared with mass, which is no value; write 'mass'"),
        ("visits in (1, many)", "visits is compared with many, which is no value; write a number"),
        ("churned = yes", "churned is compared with yes, which is no value; write true or false"),
        ("joined > today", "which is no value; write a date in quotes, such as '2026-01-31'"),
        ("visits ~ 3", "cannot be read from its character 8 on"),
        ("visits 3", "cannot be read at '3' (part 2)"),
        ("visits = 3 visits = 4", "cannot be read at 'visits' (part 4)"),
        ("visits =", "cannot be read at its end (part 3)"),
        ("visits in (3; 4)", "cannot be read from its character 13 on"),
        ("visits in 3", "cannot be read at '3' (part 3)"),
        ("visits is 3", "cannot be read at '3' (part 3)"),
        ("and = 3", "cannot be read at 'and' (part 1)"),
        ("", "cannot be read at its end (part 1)"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(text: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        Where.read(text, people().schema)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
