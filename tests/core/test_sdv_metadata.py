"""SDV metadata in and out."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthkit.errors import UsageError
from synthkit.inference import RECIPES
from synthkit.schema import Column, ColumnKind, ForeignKey, Schema, Table
from synthkit.sdv_metadata import from_sdv, to_sdv

V1_SINGLE: dict[str, Any] = {
    "METADATA_SPEC_VERSION": "SINGLE_TABLE_V1",
    "primary_key": "guest_email",
    "columns": {
        "guest_email": {"sdtype": "email", "pii": True},
        "has_rewards": {"sdtype": "boolean"},
        "room_type": {"sdtype": "categorical", "order": ["canary"]},
        "amenities_fee": {"sdtype": "numerical", "computer_representation": "Float"},
        "nights": {"sdtype": "numerical", "computer_representation": "Int16"},
        "checkin_date": {"sdtype": "datetime", "datetime_format": "%d %b %Y"},
        "checkin_time": {"sdtype": "datetime", "datetime_format": "%d %b %Y %H:%M"},
        "some_day": {"sdtype": "datetime"},
        "billing_address": {"sdtype": "address", "pii": True},
        "card": {"sdtype": "credit_card_number", "pii": False},
        "city": {"sdtype": "city", "pii": False},
        "agent": {"sdtype": "user_agent_string"},
        "notes": {"sdtype": "unknown"},
    },
}
V1_MULTI: dict[str, Any] = {
    "METADATA_SPEC_VERSION": "MULTI_TABLE_V1",
    "tables": {
        "hotels": {
            "primary_key": "hotel_id",
            "columns": {
                "hotel_id": {"sdtype": "id", "regex_format": "HID_[0-9]{3}"},
                "rating": {"sdtype": "numerical"},
            },
        },
        "guests": {
            "primary_key": "guest_email",
            "alternate_keys": ["passport"],
            "columns": {
                "guest_email": {"sdtype": "email"},
                "hotel_id": {"sdtype": "id"},
                "passport": {"sdtype": "passport_number"},
            },
        },
    },
    "relationships": [
        {
            "parent_table_name": "hotels",
            "child_table_name": "guests",
            "parent_primary_key": "hotel_id",
            "child_foreign_key": "hotel_id",
        }
    ],
}
V2: dict[str, Any] = {
    "METADATA_SPEC_VERSION": "V2",
    "tables": {
        "shops": {
            "columns": {
                "shop": {"sdtype": "id", "range_is_nullable": False},
                "line": {"sdtype": "numerical", "decimal_places": 0, "range_min": 1, "range_max": 77777},
                "price": {"sdtype": "numerical", "decimal_places": 2, "range_is_nullable": False},
                "size": {"sdtype": "ordinal", "range_values": ["canary"]},
            },
            "primary_key": ["shop", "line"],
            "alternate_keys": [["price", "size"]],
            "column_relationships": [],
        }
    },
    "relationships": [],
}


def test_a_single_table_of_version_1() -> None:
    table = from_sdv(V1_SINGLE)["table"]
    assert table.primary_key == ("guest_email",)
    assert {c.name: (str(c.kind), c.storage, c.pii) for c in table.columns} == {
        "guest_email": ("id", "string", None),
        "has_rewards": ("boolean", "bool", None),
        "room_type": ("categorical", "string", None),
        "amenities_fee": ("numerical", "double", None),
        "nights": ("numerical", "int16", None),
        "checkin_date": ("datetime", "date32[day]", None),
        "checkin_time": ("datetime", "timestamp[us]", None),
        "some_day": ("datetime", "timestamp[us]", None),
        "billing_address": ("pii", "string", "address"),
        "card": ("pii", "string", "card_number"),
        "city": ("categorical", "string", None),
        "agent": ("text", "string", None),
        "notes": ("text", "string", None),
    }
    assert table.column("checkin_time").format == "%d %b %Y %H:%M"
    assert table.column("nights").nullable
    assert not table.column("guest_email").nullable


def test_several_tables_of_version_1() -> None:
    schema = from_sdv(V1_MULTI)
    assert schema.foreign_keys == (ForeignKey("guests", ("hotel_id",), "hotels", ("hotel_id",)),)
    assert schema["hotels"].column("hotel_id").unique
    assert not schema["guests"].column("hotel_id").unique
    passport = schema["guests"].column("passport")
    assert (passport.pii, passport.unique) == ("national_id", True)
    assert schema.subject is None


def test_version_2_with_a_composite_key() -> None:
    table = from_sdv(V2)["shops"]
    assert table.primary_key == ("shop", "line")
    assert (table.column("line").kind, table.column("line").storage) == (ColumnKind.NUMERICAL, "int64")
    price = table.column("price")
    assert (price.storage, price.decimals, price.nullable, price.unique) == ("double", 2, False, True)


def test_a_personal_column_that_refers_is_an_identifier() -> None:
    changed = json.loads(json.dumps(V1_MULTI))
    changed["tables"]["guests"]["columns"]["hotel_id"] = {"sdtype": "ssn"}
    assert from_sdv(changed)["guests"].column("hotel_id") == Column("hotel_id", ColumnKind.ID, nullable=True)


@pytest.mark.parametrize("metadata", [V1_SINGLE, V2], ids=["V1", "V2"])
def test_values_that_sdv_holds_are_left_behind(metadata: dict[str, Any]) -> None:
    text = from_sdv(metadata).to_toml()
    assert "canary" not in text
    assert "77777" not in text


def columns(**described: Any) -> dict[str, Any]:
    return {"columns": described}


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ([], "^these are not SDV metadata"),
        ({"METADATA_SPEC_VERSION": "V9"}, "unknown version"),
        ({}, "table.columns: these are not SDV metadata"),
        ({"fields": {}}, "these are not SDV metadata"),
        ({"tables": []}, "tables: these are not SDV metadata"),
        ({"tables": {"a": 7}}, "tables.a: these are not SDV metadata"),
        ({"tables": {"a": columns()}, "relationships": 7}, "a list is missing"),
        ({"tables": {"a": columns()}, "relationships": [{}]}, "names no child or no parent"),
        (columns(a="id"), r"tables.table.columns.a: these are not SDV metadata"),
        (columns(a={}), "the column has no sdtype"),
        (columns(a={"sdtype": "numerical", "decimal_places": -1}), "decimal_places is not a count"),
        ({**columns(a={"sdtype": "id"}), "primary_key": 7}, "a list is missing"),
        ({**columns(a={"sdtype": "id"}), "primary_key": [7]}, "not a column name"),
        ({**columns(a={"sdtype": "id"}), "primary_key": "b"}, "is a key but not a column"),
        ({**columns(a={"sdtype": "id"}), "alternate_keys": 7}, "a list is missing"),
    ],
)
def test_what_is_no_metadata_is_refused(metadata: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        from_sdv(metadata)


PEOPLE = Table(
    "people",
    (
        Column("person_id", ColumnKind.ID, unique=True),
        Column("badge", ColumnKind.ID, unique=True),
        *(Column(recipe, ColumnKind.PII, pii=recipe) for recipe in RECIPES),
        Column("age", ColumnKind.NUMERICAL, "int64", nullable=True),
        Column("income", ColumnKind.NUMERICAL, "double", decimals=2),
        Column("score", ColumnKind.NUMERICAL, "double"),
        Column("segment", ColumnKind.CATEGORICAL),
        Column("active", ColumnKind.BOOLEAN, "bool"),
        Column("born", ColumnKind.DATETIME, "date32[day]", format="%Y-%m-%d"),
        Column("seen", ColumnKind.DATETIME, "timestamp[us]"),
        Column("note", ColumnKind.TEXT),
    ),
    ("person_id",),
)
VISITS = Table(
    "visits", (Column("person", ColumnKind.ID, nullable=True), Column("cost", ColumnKind.NUMERICAL, "double"))
)
KEY = ForeignKey("visits", ("person",), "people", ("person_id",))
SCHEMA = Schema((PEOPLE, VISITS), (KEY,))


def test_there_and_back() -> None:
    assert from_sdv(to_sdv(SCHEMA)) == SCHEMA
    assert from_sdv(json.loads(json.dumps(to_sdv(SCHEMA)))) == SCHEMA


def test_what_sdv_has_no_place_for_is_lost() -> None:
    assert to_sdv(Schema((PEOPLE, VISITS), (replace(KEY, owner=True),), "people")) == to_sdv(SCHEMA)
    sizes = Table("sizes", (Column("size", ColumnKind.ID),), ("size",))
    assert to_sdv(Schema((*SCHEMA.tables, replace(sizes, reference=True)), (KEY,))) == to_sdv(
        Schema((*SCHEMA.tables, sizes), (KEY,))
    )


def test_the_form_of_version_1_knows_neither_nulls_nor_decimal_places() -> None:
    written = to_sdv(SCHEMA, "V1")
    assert written["METADATA_SPEC_VERSION"] == "V1"
    people = written["tables"]["people"]["columns"]
    assert people["age"] == {"sdtype": "numerical", "computer_representation": "Int64"}
    assert people["email"] == {"sdtype": "email", "pii": True}
    assert from_sdv(written)["people"].column("age").storage == "int64"


def test_the_form_of_version_2() -> None:
    written = to_sdv(SCHEMA)
    assert written["METADATA_SPEC_VERSION"] == "V2"
    assert written["relationships"] == [
        {
            "parent_table_name": "people",
            "child_table_name": "visits",
            "parent_primary_key": "person_id",
            "child_foreign_key": "person",
        }
    ]
    people = written["tables"]["people"]
    assert people["primary_key"] == "person_id"
    assert people["alternate_keys"] == ["badge"]
    assert people["columns"]["email"] == {"sdtype": "email", "pii": True, "range_is_nullable": False}
    assert people["columns"]["age"] == {"sdtype": "numerical", "decimal_places": 0, "range_is_nullable": True}
    assert people["columns"]["note"] == {"sdtype": "unknown", "pii": True, "range_is_nullable": False}
    assert "primary_key" not in written["tables"]["visits"]


def test_a_personal_column_without_a_recipe_is_unknown() -> None:
    written = to_sdv(Schema((Table("a", (Column("x", ColumnKind.PII),)),)))
    assert written["tables"]["a"]["columns"]["x"]["sdtype"] == "unknown"


def test_what_sdv_cannot_model_is_refused() -> None:
    pair = Table("pairs", (Column("a", ColumnKind.ID), Column("b", ColumnKind.ID)), ("a", "b"))
    with pytest.raises(UsageError, match="composite key of table 'pairs'"):
        to_sdv(Schema((pair,)))
    staff = Table("staff", (Column("id", ColumnKind.ID), Column("boss", ColumnKind.ID)), ("id",))
    with pytest.raises(UsageError, match=r"self-reference staff\.boss"):
        to_sdv(Schema((staff,), (ForeignKey("staff", ("boss",), "staff", ("id",)),)))
    left, right = (Table(n, (Column("id", ColumnKind.ID), Column("other", ColumnKind.ID)), ("id",)) for n in "lr")
    keys = tuple(ForeignKey(a, ("other",), b, ("id",)) for a, b in ("lr", "rl"))
    with pytest.raises(UsageError, match="cycle of foreign keys through l, r"):
        to_sdv(Schema((left, right), keys))


kinds = st.sampled_from(list(ColumnKind))
some_columns = st.lists(
    st.builds(
        Column,
        name=st.text(min_size=1, max_size=5),
        kind=kinds,
        storage=st.sampled_from(["string", "int64", "double", "bool", "timestamp[us]"]),
        nullable=st.booleans(),
        unique=st.booleans(),
        format=st.sampled_from([None, "%Y-%m-%d", "%d.%m.%y %H:%M"]),
        decimals=st.sampled_from([None, 0, 3]),
        pii=st.sampled_from([None, *RECIPES]),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda c: c.name,
)


@settings(max_examples=50, deadline=None)
@given(found=some_columns, keyed=st.booleans())
def test_nothing_more_is_lost_the_second_time(found: list[Column], *, keyed: bool) -> None:
    schema = Schema((Table("a", tuple(found), (found[0].name,) * keyed),))
    once = from_sdv(to_sdv(schema))
    assert from_sdv(to_sdv(once)) == once
    assert [c.nullable for c in once["a"].columns[1:]] == [c.nullable for c in found[1:]]


@pytest.mark.sdv
def test_sdv_accepts_it() -> None:
    pytest.importorskip("sdv", reason="needs the extra sdv")
    from sdv.metadata import Metadata

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        metadata = Metadata.load_from_dict(to_sdv(SCHEMA))
        metadata.validate()
        assert from_sdv(metadata.to_dict()) == SCHEMA


@pytest.mark.sdv
def test_what_sdv_detects_is_read() -> None:
    pytest.importorskip("sdv", reason="needs the extra sdv")
    import pandas as pd
    from sdv.metadata import Metadata

    people = pd.DataFrame({"person_id": [f"P{i}" for i in range(30)], "segment": ["canary", "b", "c"] * 10})
    visits = pd.DataFrame({"person_id": people["person_id"].tolist() * 2, "cost": [1.25, 2.5, 7.0] * 20})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        detected = Metadata.detect_from_dataframes({"people": people, "visits": visits}, verbose=False)
    schema = from_sdv(detected.to_dict())
    assert [(k.table, k.parent) for k in schema.foreign_keys] == [("visits", "people")]
    assert schema["people"].column("segment").kind is ColumnKind.CATEGORICAL
    assert "canary" not in schema.to_toml()
