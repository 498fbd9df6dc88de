"""What goes out is only what a model may see; what comes back has the form of the real data, and no real key."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthkit.dataset import Dataset
from synthkit.errors import DataError, IntegrityError, PluginError, UsageError
from synthkit.guard import Guard
from synthkit.integrity import sample_violations, violations
from synthkit.schema import Column, ColumnKind, ForeignKey, Schema, Table
from synthkit.storage import dtype_of
from synthkit.testing import guarded

ID, PII, TEXT = ColumnKind.ID, ColumnKind.PII, ColumnKind.TEXT
NUMBER, CATEGORY, BOOLEAN, TIME = ColumnKind.NUMERICAL, ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN, ColumnKind.DATETIME
BERLIN = "timestamp[us, tz=Europe/Berlin]"


def values(column, cells):
    """Cells with the canonical dtype of a column."""
    dtype = dtype_of(column.storage, nullable=column.nullable)
    if column.storage.startswith(("date", "timestamp")):
        naive = pd.Series(np.array([str(cell or "NaT").removesuffix("Z") for cell in cells], dtype="datetime64[us]"))
        return naive.dt.tz_localize("UTC").astype(dtype) if "tz=" in column.storage else naive
    return pd.Series(cells, dtype=object).astype(dtype)


def one_table(cells, key=("id",), name="people"):
    """A table of columns and their cells."""
    schema = Schema((Table(name, tuple(cells), key),))
    return Dataset(schema, {name: pd.DataFrame({c.name: values(c, v) for c, v in cells.items()})})


def link(table, columns, parent, parent_columns=("id",), *, owner=False):
    return ForeignKey(table, columns, parent, parent_columns, owner)


def key_column(name="id", storage="int64", *, nullable=False, unique=False):
    return Column(name, ID, storage, nullable, unique)


def round_trip(data, *, seed=0, real=None):
    guard = Guard.learn(data, real=real, k=1)
    return guard.restore(guard.protect(data), seed=seed, real=real)


def shuffled(sample, table, column, cells):
    """The same sample with other cells in one column."""
    frame = sample[table].assign(**{column: cells})
    return Dataset(sample.schema, {**sample.tables, table: frame})


# What goes out


def test_what_a_model_may_see_goes_out_as_it_is():
    data = guarded(subjects=30)
    guard = Guard.learn(data, k=1)
    for name, frame in guard.protect(data).tables.items():
        pd.testing.assert_frame_equal(frame, data[name])


EVERY_KIND = {
    key_column("id", "string", unique=True): [f"C{n}" for n in range(100, 140)],
    Column("whole", NUMBER, "int16", nullable=True): [*range(39), None],
    Column("money", NUMBER, "double", decimals=2): [n / 4 for n in range(40)],
    Column("store", CATEGORY, "int64"): [300 + n % 3 for n in range(40)],
    Column("colour", CATEGORY, "string", nullable=True): ["red", None] * 20,
    Column("flag", BOOLEAN, "int8", nullable=True): [0, 1, None, 1] * 10,
    Column("plain", BOOLEAN, "bool"): [True, False] * 20,
    Column("day", TIME, "date32[day]"): ["2020-01-01", "2020-02-29"] * 20,
    Column("moment", TIME, BERLIN, nullable=True): ["2020-01-01T00:00:05Z", None] * 20,
    Column("mail", PII, unique=True, pii="email"): [f"real{n}@bank.example" for n in range(40)],
    Column("phone", PII, nullable=True, pii="phone"): ["030 1234567", "030 7654321", "030 1111111", None] * 10,
    Column("account", ID, "int64", unique=True): [5000 + n for n in range(40)],
    Column("basket", ID, "int64"): [70 + n // 4 for n in range(40)],
    Column("remark", TEXT, nullable=True): ["a real secret", None] * 20,
    Column("story", TEXT): [f"another real secret {n}" for n in range(40)],
    Column("nothing", NUMBER, "double", nullable=True): [None] * 40,
    Column("same", CATEGORY): ["constant"] * 40,
}


def test_only_modelled_columns_go_out_in_their_plainest_form():
    data = one_table(EVERY_KIND)
    guard = Guard.learn(data)
    shown = guard.protect(data)["people"]
    assert shown.dtypes.astype(str).replace({"str": "object"}).to_dict() == {
        "id": "int64",
        "whole": "Int16",
        "money": "float64",
        "store": "object",
        "colour": "object",
        "flag": "boolean",
        "plain": "bool",
        "day": "datetime64[us]",
        "moment": "datetime64[us]",
        "same": "object",
    }
    assert shown["id"].tolist() == list(range(40))
    assert set(shown["store"]) == {"300", "301", "302"}
    assert shown["moment"].iloc[0] == pd.Timestamp("2020-01-01 00:00:05")
    assert guard.guarded_schema["people"].column("store").storage == "string"
    assert sample_violations(guard.protect(data), guard.guarded_schema, {"people": 40}) == ()


def test_the_real_data_are_not_changed():
    data, same = one_table(EVERY_KIND), one_table(EVERY_KIND)
    round_trip(data, real=data)
    pd.testing.assert_frame_equal(data["people"], same["people"])


def test_a_table_without_modelled_columns_goes_out_as_row_numbers():
    data = one_table({Column("note", TEXT): ["x", "y"]}, key=())
    guard = Guard.learn(data)
    assert guard.protect(data)["people"]["row"].tolist() == [0, 1]
    restored = guard.restore(guard.protect(data), seed=0)
    assert restored["people"]["note"].tolist() == ["", ""]


def test_another_schema_is_not_protected():
    with pytest.raises(DataError, match="not the one that the guard has learned"):
        Guard.learn(guarded()).protect(one_table(EVERY_KIND))


@pytest.mark.parametrize("broken", [[0, 99], [0, None]])
def test_orphans_are_not_protected(broken):
    data = family(children=broken)
    with pytest.raises(DataError, match=r"children.parent: 1 keys point at no row of parents"):
        Guard.learn(data).protect(data)


# What comes back


@pytest.fixture(scope="module")
def restored():
    data = one_table(EVERY_KIND)
    return data["people"], round_trip(data, real=data)["people"]


@pytest.mark.parametrize(
    "name", ["whole", "money", "store", "colour", "flag", "plain", "day", "moment", "nothing", "same"]
)
def test_modelled_values_come_back_as_they_were(restored, name):
    real, back = restored
    pd.testing.assert_series_equal(back[name], real[name])


def test_the_sample_has_the_real_schema():
    data = one_table(EVERY_KIND)
    guard = Guard.learn(data)
    sample = guard.restore(guard.protect(data), seed=0)
    assert sample_violations(sample, data.schema, {"people": 40}) == ()


@pytest.mark.parametrize("name", ["id", "mail", "phone", "account", "basket"])
def test_identifiers_and_personal_data_come_back_fresh(restored, name):
    real, back = restored
    assert not back[name].dropna().isin(real[name]).any()
    assert back[name].isna().sum() == real[name].isna().sum()
    assert back[name].nunique() == real[name].nunique()
    assert back[name].dtype == real[name].dtype


def test_formats_are_kept(restored):
    _, back = restored
    assert back["id"].str.fullmatch(r"C\d{3}").all()
    assert back["phone"].dropna().str.fullmatch(r"\d\d\d 55501\d\d").all()
    assert back["mail"].str.contains("@example.").all()


def test_free_text_comes_back_empty_with_a_note():
    data = one_table(EVERY_KIND)
    guard = Guard.learn(data, k=1)
    for _ in range(2):
        back = guard.restore(guard.protect(data), seed=0)["people"]
    assert back["remark"].isna().all()
    assert back["story"].eq("").all()
    assert guard.notes == [
        "people.remark: free text has no recipe (`pii` in the schema) and came back empty",
        "people.story: free text has no recipe (`pii` in the schema) and came back empty",
    ]


def test_keys_of_all_real_data_are_avoided():
    data = one_table({key_column(unique=True): range(1, 20)})
    everything = one_table({key_column(unique=True): range(1, 2000)})
    back = round_trip(data, real=everything)["people"]["id"]
    assert not back.isin(everything["people"]["id"]).any()


def test_the_same_seed_gives_the_same_and_another_seed_others():
    data = one_table(EVERY_KIND)
    first, second, third = (round_trip(data, seed=seed)["people"] for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, second)
    for name in ("id", "mail", "account", "phone"):
        assert first[name].tolist() != third[name].tolist()


@pytest.mark.parametrize(
    ("column", "real", "sampled", "expected"),
    [
        (Column("n", NUMBER, "int8"), [1, 5], [300.0, -1e308], [127, -128]),
        (Column("n", NUMBER, "int64"), [1, 5], [1e300, -1e300], [2**63 - 1024, -(2**63)]),
        (Column("n", NUMBER, "uint8"), [1, 5], [-3, 7], [0, 7]),
        (Column("n", NUMBER, "int32"), [1, 5], [1.5, 2.4], [2, 2]),
        (Column("n", NUMBER, "double", decimals=1), [1, 5], [1.26, 2.0], [1.3, 2.0]),
        (Column("n", NUMBER, "double"), [1, 5], [np.inf, 2.0], [2.0, 2.0]),
        (Column("n", NUMBER, "int64"), [1, 5], [np.nan, 2.0], [2, 2]),
        (Column("n", NUMBER, "int64", nullable=True), [1, None], [np.inf, 2.0], [None, 2]),
        (Column("n", CATEGORY, "int64"), [1, 5], ["5", "other"], [5, 5]),
        (Column("n", CATEGORY, "bool"), [True, False], ["True", None], [True, True]),
        (Column("n", CATEGORY), ["a", "b"], [None, "b"], ["b", "b"]),
        (Column("n", BOOLEAN, "double"), [0, 1], [True, False], [1.0, 0.0]),
        (
            Column("n", TIME, "date32[day]"),
            ["2020-01-01", "2020-01-02"],
            [pd.Timestamp("2021-05-05 23:59"), None],
            ["2021-05-05"] * 2,
        ),
        (
            Column("n", TIME, "timestamp[us]"),
            ["2020-01-01", "2020-01-02"],
            [pd.Timestamp("2021-05-05 23:59")] * 2,
            ["2021-05-05"] * 2,
        ),
        (
            Column("n", TIME, "timestamp[us]"),
            ["2020-01-01T00:00:01"] * 2,
            [pd.Timestamp("2021-05-05 23:59:01.7")] * 2,
            ["2021-05-05T23:59:01"] * 2,
        ),
        (
            Column("n", TIME, BERLIN),  # whole days on Berlin's clock
            ["2020-01-01T23:00:00Z", "2020-07-01T22:00:00Z"],
            [pd.Timestamp("2021-07-05 23:30"), pd.Timestamp("2021-01-05 22:30")],
            ["2021-07-05T22:00:00Z", "2021-01-04T23:00:00Z"],
        ),
    ],
)
def test_samples_are_brought_into_the_stored_form(column, real, sampled, expected):
    data = one_table({key_column(): [1, 2], column: real})
    guard = Guard.learn(data)
    back = guard.restore(shuffled(guard.protect(data), "people", "n", sampled), seed=0)
    pd.testing.assert_series_equal(back["people"]["n"], values(column, expected), check_names=False)
    assert violations(back) == ()


def test_drawn_values_are_counted_and_a_column_of_nothing_is_left_to_the_check():
    data = one_table({key_column(): [1, 2, 3], Column("n", NUMBER, "double"): [1, 2, 3]})
    guard = Guard.learn(data)
    guard.restore(shuffled(guard.protect(data), "people", "n", [np.nan, np.nan, 4.0]), seed=0)
    assert guard.notes == ["people: 2 missing values of n were drawn from its other ones"]
    nothing = guard.restore(shuffled(guard.protect(data), "people", "n", [np.nan] * 3), seed=0)
    assert [v.rule for v in violations(nothing)] == ["not_null"]


def test_a_stored_key_may_be_a_date_or_a_number_with_a_point():
    cells = [f"2020-01-{day:02d}" for day in range(1, 29)]
    for column in (key_column("id", "date32[day]"), key_column("id", BERLIN), key_column("id", "timestamp[us]")):
        data = one_table({column: cells})
        back = round_trip(data)
        assert violations(back) == ()
        assert not back["people"]["id"].isin(data["people"]["id"]).any()
    back = round_trip(one_table({key_column("id", "double"): range(28)}))["people"]["id"]
    assert back.between(30, 99).all()


def test_a_personal_key_comes_back_as_a_fake():
    data = one_table({Column("id", PII, unique=True, pii="email"): [f"a{n}@bank.example" for n in range(30)]})
    assert round_trip(data)["people"]["id"].str.contains("@example.").all()


def test_an_unknown_recipe_is_named():
    with pytest.raises(UsageError, match=r"x: there is no recipe 'shoes'.*choose from name"):
        Guard.learn(one_table({key_column(): [1], Column("x", PII, pii="shoes"): ["a"]}))


def test_an_unknown_locale_is_named():
    with pytest.raises(UsageError, match="no locale 'xx_YY'"):
        Guard.learn(guarded(), locale="xx_YY")


def test_empty_tables_come_back_empty():
    data = guarded(subjects=5)
    empty = Dataset(data.schema, {**data.tables, "purchases": data["purchases"].head(0)})
    back = round_trip(empty)
    assert back.rows == {"customers": 5, "purchases": 0}
    assert sample_violations(back, data.schema, empty.rows) == ()


# Keys and relations


def family(children=(0, 1, 1), parents=(10, 11, 12), storage="int64", **child):
    """Parents, and children that point at their places."""
    schema = Schema(
        (
            Table("parents", (key_column("id", "int64"),), ("id",)),
            Table("children", (key_column("parent", storage, **child), Column("n", NUMBER, "int64"))),
        ),
        (link("children", ("parent",), "parents", owner=True),),
        subject="parents",
    )
    cells = [None if place is None else dict(enumerate(parents)).get(place, 99) for place in children]
    column = schema["children"].column("parent")
    dtype_column = replace(column, nullable=column.nullable or None in cells)
    frame = pd.DataFrame({"parent": values(dtype_column, cells), "n": np.arange(len(cells))})
    return Dataset(schema, {"parents": pd.DataFrame({"id": list(parents)}), "children": frame})


def test_children_follow_their_parents_whatever_the_row_numbers():
    data = family()
    guard = Guard.learn(data)
    shown = guard.protect(data)
    assert shown["children"]["parent"].tolist() == [0, 1, 1]
    renamed = Dataset(
        shown.schema,
        {"parents": pd.DataFrame({"id": [70, 50, 60]}), "children": shown["children"].assign(parent=[50, 50, 70])},
    )
    back = guard.restore(renamed, seed=0)
    assert back["children"]["parent"].tolist() == back["parents"]["id"].iloc[[1, 1, 0]].tolist()


def test_null_keys_stay_null():
    data = family(children=[0, None, 2], nullable=True)
    guard = Guard.learn(data)
    shown = guard.protect(data)["children"]["parent"]
    assert shown.dtype == "Int64"
    assert shown.isna().tolist() == [False, True, False]
    assert round_trip(data)["children"]["parent"].isna().tolist() == [False, True, False]


def test_keys_fit_into_the_columns_that_hold_them():
    data = family(children=list(range(40)), parents=range(40), storage="int8")
    back = round_trip(data)
    assert back["parents"]["id"].between(40, 127).all()
    assert violations(back) == ()


def test_the_model_must_give_sound_keys():
    data = family()
    guard = Guard.learn(data)
    shown = guard.protect(data)
    for table, column, cells, message in (
        ("children", "parent", [0, 1, 9], "children.parent: the model's sample breaks foreign_key 1 times"),
        ("children", "parent", pd.array([0, None, None], dtype="Int64"), "children.parent: .* not_null 2 times"),
        ("parents", "id", [0, 1, 1], "parents.id: .* primary_key_unique 1 times"),
    ):
        with pytest.raises(IntegrityError, match=message):
            guard.restore(shuffled(shown, table, column, cells), seed=0)


def test_the_model_must_give_the_columns_that_it_was_shown():
    guard = Guard.learn(guarded())
    with pytest.raises(PluginError, match="other columns than the model was shown"):
        guard.restore(family(), seed=0)


def test_self_references_and_cycles_come_back():
    schema = Schema(
        (
            Table("staff", (key_column(), key_column("boss", nullable=True), key_column("team")), ("id",)),
            Table("teams", (key_column("id", "string"), key_column("lead", nullable=True)), ("id",)),
        ),
        (
            link("staff", ("boss",), "staff"),
            link("staff", ("team",), "teams"),
            link("teams", ("lead",), "staff"),
        ),
    )
    schema = replace(
        schema,
        tables=(
            replace(schema["staff"], columns=(*schema["staff"].columns[:2], key_column("team", "string"))),
            schema["teams"],
        ),
    )
    staff = pd.DataFrame({"id": [5, 6, 7], "boss": pd.array([None, 5, 6], dtype="Int64"), "team": ["x", "x", "y"]})
    teams = pd.DataFrame({"id": ["x", "y"], "lead": pd.array([7, None], dtype="Int64")})
    data = Dataset(schema, {"staff": staff, "teams": teams})
    back = round_trip(data)
    assert violations(back) == ()
    assert back["staff"]["boss"].tolist()[1:] == back["staff"]["id"].tolist()[:2]
    assert back["teams"]["lead"].iloc[0] == back["staff"]["id"].iloc[2]


def one_to_one(rows=4, parents=5):
    schema = Schema(
        (
            Table("people", (key_column(),), ("id",)),
            Table("passports", (key_column("person"), Column("n", NUMBER, "int64")), ("person",)),
            Table("stamps", (key_column("passport"),)),
        ),
        (
            link("passports", ("person",), "people", owner=True),
            link("stamps", ("passport",), "passports", ("person",), owner=True),
        ),
        subject="people",
    )
    people = pd.DataFrame({"id": 10 + np.arange(parents)})
    passports = pd.DataFrame({"person": 10 + np.arange(rows)[::-1], "n": np.arange(rows)})
    return Dataset(
        schema, {"people": people, "passports": passports, "stamps": pd.DataFrame({"passport": [10, 10, 12]})}
    )


def test_a_one_to_one_key_goes_out_as_the_parents_number():
    data = one_to_one()
    guard = Guard.learn(data)
    shown = guard.protect(data)
    assert guard.guarded_schema["passports"].primary_key == ("person",)
    assert shown["passports"]["person"].tolist() == [3, 2, 1, 0]
    assert shown["stamps"]["passport"].tolist() == [0, 0, 2]
    assert violations(shown) == ()
    back = guard.restore(shown, seed=0)
    assert back["passports"]["person"].tolist() == back["people"]["id"].tolist()[3::-1]
    assert back["stamps"]["passport"].tolist() == back["people"]["id"].iloc[[0, 0, 2]].tolist()


def test_repeated_one_to_one_keys_get_parents_of_their_own():
    data = one_to_one()
    guard = Guard.learn(data)
    back = guard.restore(shuffled(guard.protect(data), "passports", "person", [0, 0, 0, 2]), seed=0)
    assert violations(back) == ()
    assert guard.notes == ["passports: 2 rows got another row of people, for one each"]


def test_a_composite_key_can_be_a_one_to_one_key():
    data = orders()
    details = Table(
        "details", (key_column("order"), key_column("line"), Column("x", NUMBER, "int64")), ("order", "line")
    )
    schema = Schema(
        (details, *data.schema.tables),
        (*data.schema.foreign_keys, link("details", ("line", "order"), "lines", ("line", "order"), owner=True)),
        "orders",
    )
    frame = data["lines"].loc[[2, 0], ["order", "line"]].assign(x=[7, 8]).reset_index(drop=True)
    data = Dataset(schema, {"details": frame, **data.tables})
    guard = Guard.learn(data)
    shown = guard.protect(data)
    assert guard.guarded_schema["details"].primary_key == ("line+order",)
    assert shown["details"].to_dict("list") == {"line+order": [2, 0], "x": [7, 8]}
    back = guard.restore(shuffled(shown, "details", "line+order", [1, 1]), seed=0)
    assert violations(back) == ()


def test_more_one_to_one_rows_than_parents_are_refused():
    guard = Guard.learn(one_to_one())
    shown = guard.protect(one_to_one())
    few = Dataset(
        shown.schema,
        {
            **shown.tables,
            "people": shown["people"].head(3),
            "passports": shown["passports"].assign(person=[0, 1, 2, 2]),
        },
    )
    with pytest.raises(IntegrityError, match=r"passports.person: 4 rows cannot each have a row of people"):
        guard.restore(few, seed=0)


def test_a_unique_foreign_key_stays_unique_while_there_are_parents():
    data = family(children=[0, 2], unique=True)
    guard = Guard.learn(data)
    shown = guard.protect(data)
    back = guard.restore(shuffled(shown, "children", "parent", [1, 1]), seed=0)
    assert back["children"]["parent"].is_unique
    many = pd.DataFrame({"parent": [0, 1, 1, 1, 2], "n": np.arange(5)})
    crowded = guard.restore(Dataset(shown.schema, {**shown.tables, "children": many}), seed=0)
    assert violations(crowded) == ()
    assert guard.notes[-1] == "children: 5 rows share the 3 rows of parents, no longer one each"


def junction(pairs, people=3, clubs=3):
    """Members of clubs, whose key is the pair."""
    schema = Schema(
        (
            Table("people", (key_column(),), ("id",)),
            Table("clubs", (key_column("id", "string"),), ("id",)),
            Table(
                "members",
                (key_column("person"), key_column("club", "string"), Column("n", NUMBER, "int64")),
                ("person", "club"),
            ),
        ),
        (link("members", ("person",), "people", owner=True), link("members", ("club",), "clubs")),
        subject="people",
    )
    names = np.array(list("abcdefghij")[:clubs])
    pairs = np.array(pairs)
    members = pd.DataFrame({"person": pairs[:, 0], "club": names[pairs[:, 1]].tolist(), "n": np.arange(len(pairs))})
    return Dataset(
        schema,
        {
            "people": pd.DataFrame({"id": np.arange(people)}),
            "clubs": pd.DataFrame({"id": names.tolist()}),
            "members": members,
        },
    )


def test_a_composite_key_goes_out_as_its_parts():
    data = junction([(0, 0), (0, 1), (2, 0)])
    guard = Guard.learn(data)
    assert guard.guarded_schema["members"].primary_key == ()
    assert guard.protect(data)["members"].to_dict("list") == {"person": [0, 0, 2], "club": [0, 1, 0], "n": [0, 1, 2]}


@pytest.mark.parametrize("clubs", [[0, 0, 0, 1], [0, 0, 0, 0]])
def test_repeated_pairs_are_drawn_again(clubs):
    data = junction([(0, 0), (0, 1), (1, 1), (2, 0)])
    guard = Guard.learn(data)
    shown = guard.protect(data)
    sample = shuffled(shuffled(shown, "members", "person", [0, 0, 1, 2]), "members", "club", clubs)
    back = guard.restore(sample, seed=0)
    assert violations(back) == ()
    assert guard.notes[-1] == "members: 1 repeated combinations of its key were changed"


def test_pairs_that_cannot_differ_are_refused():
    guard = Guard.learn(junction([(0, 0), (1, 1), (2, 2)]))
    sample = guard.protect(junction([(0, 0)] * 5, people=1, clubs=1))
    with pytest.raises(IntegrityError, match=r"members.person\+club: \d rows repeat a key"):
        guard.restore(sample, seed=0)


def orders(lines=((0, 1), (0, 2), (1, 1), (1, 2), (2, 1)), kind=ID, storage="int64"):
    """Orders, their numbered lines, and shipments of lines, which also point at the order."""
    line = Column("line", kind, storage)
    schema = Schema(
        (
            Table("orders", (key_column(),), ("id",)),
            Table("lines", (key_column("order"), line, Column("price", NUMBER, "double")), ("order", "line")),
            Table("shipments", (key_column("order"), replace(line, nullable=True), key_column("carrier", "string"))),
        ),
        (
            link("lines", ("order",), "orders", owner=True),
            link("shipments", ("order",), "orders", owner=True),
            link("shipments", ("line", "order"), "lines", ("line", "order")),
        ),
        subject="orders",
    )
    of, number = zip(*lines, strict=True)
    spelled = values(line, [f"L{n}" if storage == "string" else n for n in number])
    frame = pd.DataFrame({"order": np.array(of) + 50, "line": spelled, "price": np.arange(len(of)) / 2})
    shipped = values(replace(line, nullable=True), [spelled.iloc[0], None])
    ships = pd.DataFrame({"order": [frame["order"].iloc[0], 51], "line": shipped, "carrier": ["x", "y"]})
    return Dataset(schema, {"orders": pd.DataFrame({"id": [50, 51, 52]}), "lines": frame, "shipments": ships})


def test_a_composite_key_that_is_referred_to_gets_one_row_number():
    data = orders()
    assert violations(data) == ()
    guard = Guard.learn(data)
    shown = guard.protect(data)
    assert list(shown["lines"].columns) == ["order+line", "order", "line", "price"]
    assert list(shown["shipments"].columns) == ["order", "line+order"]
    assert shown["shipments"]["line+order"].tolist() == [0, pd.NA]
    assert violations(shown) == ()
    back = guard.restore(shown, seed=0)
    assert sample_violations(back, data.schema, data.rows) == ()
    assert back["shipments"]["order"].tolist() == back["orders"]["id"].tolist()[:2]
    assert back["shipments"]["line"].tolist() == [1, pd.NA]


def test_the_longer_key_decides_a_shared_column():
    data = orders()
    guard = Guard.learn(data)
    sample = shuffled(guard.protect(data), "shipments", "order", [2, 2])
    back = guard.restore(sample, seed=0)
    assert back["shipments"]["order"].tolist() == back["orders"]["id"].iloc[[0, 2]].tolist()
    assert violations(back) == ()


def test_repeated_lines_get_the_next_free_number():
    data = orders()
    guard = Guard.learn(data)
    back = guard.restore(shuffled(guard.protect(data), "lines", "line", [3] * 5), seed=0)
    assert back["lines"]["line"].tolist() == [3, 4, 3, 4, 3]
    assert guard.notes[-1] == "lines: 2 repeated combinations of its key were changed"


def test_numbers_that_run_out_are_drawn_again():
    data = orders(kind=NUMBER, storage="int8")
    guard = Guard.learn(data)
    sample = shuffled(
        shuffled(guard.protect(data), "lines", "line", [127, 127, 5, 6, 7]), "lines", "order", [0, 0, 1, 1, 1]
    )
    back = guard.restore(sample, seed=0)
    assert violations(back) == ()
    assert set(back["lines"]["line"]) <= {127, 5, 6, 7}


@pytest.mark.parametrize("kind", [ID, CATEGORY])
def test_other_parts_of_a_key_are_drawn_again(kind):
    lines = [(order, n) for order in range(3) for n in range(4)]
    data = orders(lines, kind, "string")
    guard = Guard.learn(data)
    shown = guard.protect(data)
    assert set(shown["lines"]["line"]) == {"L0", "L1", "L2", "L3"}
    back = guard.restore(shuffled(shown, "lines", "order", [0] * 5 + [1] * 4 + [2] * 3), seed=0)
    assert violations(back) == ()
    assert set(back["lines"]["line"]) <= {"L0", "L1", "L2", "L3"}


def test_dates_can_count_within_a_key():
    days = [f"2020-01-0{n}" for n in (1, 2, 3)] * 2
    data = one_table(
        {Column("place", CATEGORY): list("aaabbb"), key_column("day", "date32[day]"): days}, ("place", "day")
    )
    guard = Guard.learn(data)
    assert list(guard.protect(data)["people"].columns) == ["place", "day"]
    pd.testing.assert_frame_equal(round_trip(data)["people"], data["people"])


def test_parts_that_identify_do_not_go_out():
    cells = {
        Column("branch", CATEGORY): ["a", "b"] * 10,
        key_column("account", "string"): [f"{n:04d}" for n in range(20)],
    }
    data = one_table(cells, ("branch", "account"))
    guard = Guard.learn(data)
    assert list(guard.protect(data)["people"].columns) == ["branch"]
    back = guard.restore(guard.protect(data), seed=0)["people"]["account"]
    assert back.is_unique
    assert not back.isin(data["people"]["account"]).any()


def test_a_new_key_column_takes_a_free_name():
    schema = Schema(
        (
            Table("a", (key_column("x"), key_column("y"), Column("x+y", NUMBER, "int64")), ("x", "y")),
            Table("b", (key_column("x"), key_column("y"))),
        ),
        (link("b", ("x", "y"), "a", ("x", "y")),),
    )
    frame = pd.DataFrame({"x": [1, 1, 1, 1], "y": [1, 2, 3, 4], "x+y": [2, 3, 4, 5]})
    data = Dataset(schema, {"a": frame, "b": pd.DataFrame({"x": [1], "y": [2]})})
    guard = Guard.learn(data)
    assert list(guard.protect(data)["a"].columns) == ["x+y+", "x", "x+y"]
    assert violations(guard.restore(guard.protect(data), seed=0)) == ()


def test_primary_keys_made_of_each_other_are_refused():
    tables = (Table("a", (key_column(),), ("id",)), Table("b", (key_column(),), ("id",)))
    schema = Schema(tables, (link("a", ("id",), "b"), link("b", ("id",), "a")))
    with pytest.raises(UsageError, match="the primary keys of a, b are made of each other"):
        Guard.learn(Dataset(schema, {"a": pd.DataFrame({"id": [1]}), "b": pd.DataFrame({"id": [1]})}))


# Capacity


def test_more_rows_than_names_are_refused_before_sampling():
    data = one_table({key_column("id", "string"): [f"C{n}" for n in range(100_000, 102_000)]})
    guard = Guard.learn(data)
    guard.check_capacity({"people": 800_000})
    guard.check_capacity({})
    with pytest.raises(
        DataError, match=r"people.id: the format can name 800,000 new rows, not 2,000,000; ask for fewer"
    ):
        guard.check_capacity({"people": 2_000_000})


def test_a_full_type_cannot_be_restored():
    data = one_table({key_column("id", "int8"): range(128)})
    guard = Guard.learn(data)
    with pytest.raises(DataError, match="can name 0 new rows, not 128"):
        guard.restore(guard.protect(data), seed=0)


def test_no_name_at_all_is_too_few_for_identifiers_that_repeat():
    data = one_table({key_column(): range(256), Column("shelf", ID, "int8"): [n % 128 for n in range(256)]})
    guard = Guard.learn(data)
    with pytest.raises(DataError, match=r"people.shelf: the format can name 0 new rows, not 1"):
        guard.check_capacity({"people": 3})


def test_identifiers_that_repeat_have_enough_names():
    data = one_table({key_column(): range(200), Column("shelf", ID, "int8"): [n % 100 for n in range(200)]})
    back = round_trip(data)["people"]["shelf"]
    assert not back.isin(data["people"]["shelf"]).any()


# Saved and loaded


@pytest.fixture(scope="module")
def saved():
    data = orders()
    people = one_table(EVERY_KIND)
    return {guard.schema: json.dumps(guard.to_dict()) for guard in map(Guard.learn, (data, people, guarded()))}


def test_a_loaded_guard_restores_the_same(saved):
    data = one_table(EVERY_KIND)
    guard, learned = Guard.from_dict(json.loads(saved[data.schema])), Guard.learn(data)
    assert guard == learned
    pd.testing.assert_frame_equal(*(g.restore(g.protect(data), seed=3)["people"] for g in (guard, learned)))


def test_nothing_real_is_saved(saved):
    data = one_table(EVERY_KIND)
    text = saved[data.schema]
    cells = {str(cell) for _, column in data["people"].items() for cell in column.dropna() if len(str(cell)) > 3}
    assert not [cell for cell in cells if json.dumps(cell) in text]
    assert "real" not in text
    assert "colour" in text


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d | {"more": 1},
        lambda d: d | {"version": 2},
        lambda d: {k: v for k, v in d.items() if k != "rules"},
        lambda d: d | {"rules": {}},
        lambda d: d | {"rules": d["rules"] | {"people": {}}},
        lambda d: d | {"rules": {"people": d["rules"]["people"] | {"whole": {"kind": "numerical", "secret": 1}}}},
        lambda d: d | {"rules": {"people": d["rules"]["people"] | {"id": {"keys": {"kind": "pickle", "blocks": []}}}}},
    ],
)
def test_an_altered_guard_is_refused(saved, spoil):
    plain = json.loads(saved[one_table(EVERY_KIND).schema])
    with pytest.raises(DataError, match="the saved guard"):
        Guard.from_dict(spoil(plain))


# Whatever the data


@st.composite
def datasets(draw):
    """Parents with keys of any type, and children with columns of every kind and nulls anywhere."""
    rows, children = draw(st.integers(1, 12)), draw(st.integers(0, 25))
    storage = draw(st.sampled_from(["int64", "int16", "string", "date32[day]"]))
    numbers = draw(st.lists(st.integers(1, 5000), min_size=rows, max_size=rows, unique=True))
    parent = key_column("key", storage)
    cells = {
        "string": [f"K-{n:05d}" for n in numbers],
        "date32[day]": [str(np.datetime64("2000-01-01") + n) for n in numbers],
    }.get(storage, numbers)
    kinds = {
        Column("whole", NUMBER, "int32", nullable=True): st.integers(-(2**31), 2**31 - 1),
        Column("exact", NUMBER, "uint64"): st.integers(0, 2**64 - 1),
        Column("part", NUMBER, "double", nullable=True, decimals=2): st.floats(-1e6, 1e6).map(lambda x: round(x, 2)),
        Column("any", NUMBER, "double"): st.floats(allow_nan=False, allow_infinity=False),
        Column("group", CATEGORY, nullable=True): st.text(max_size=3).filter(lambda t: "\0" not in t),
        Column("code", CATEGORY, "int64", nullable=True): st.integers(-(2**63), 2**63 - 1),
        Column("yes", BOOLEAN, "int8", nullable=True): st.integers(0, 1),
        Column("plain", BOOLEAN, "bool"): st.booleans(),
        Column("day", TIME, "date32[day]", nullable=True): st.dates().map(lambda d: f"{d:%Y}".zfill(4) + f"{d:-%m-%d}"),
        Column("moment", TIME, BERLIN): st.datetimes(pd.Timestamp(1990, 1, 1), pd.Timestamp(2090, 1, 1)).map(
            lambda d: f"{d.isoformat()}Z"
        ),
        Column("mail", PII, nullable=True, pii="email"): st.emails(),
        Column("shelf", ID, nullable=True): st.integers(0, 99).map(str),
        Column("remark", TEXT, nullable=True): st.text(max_size=5),
    }
    own = {}
    for column, cell in kinds.items():
        one = st.none() | cell if column.nullable else cell
        own[column] = draw(st.lists(one, min_size=children, max_size=children))
    places = draw(st.lists(st.none() | st.integers(0, rows - 1), min_size=children, max_size=children))
    frame = {column.name: values(column, column_cells) for column, column_cells in own.items()}
    above = values(parent, cells)
    held = replace(parent, name="above", nullable=True)
    frame["above"] = (
        values(held, [None if place is None else above.iloc[place] for place in places])
        if storage != "date32[day]"
        else above.reindex([-1 if p is None else p for p in places]).reset_index(drop=True)
    )
    frame["id"] = pd.Series(np.arange(children))
    child = Table("children", (*own, held, key_column(unique=True)), ("id",))
    schema = Schema(
        (Table("parents", (parent,), ("key",)), child),
        (link("children", ("above",), "parents", ("key",), owner=True),),
        "parents",
    )
    return Dataset(schema, {"parents": above.to_frame("key"), "children": pd.DataFrame(frame)})


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(datasets(), st.integers(0, 2**32))
def test_the_way_out_and_back_keeps_everything_but_what_is_real(data, seed):
    guard = Guard.from_dict(json.loads(json.dumps(Guard.learn(data).to_dict())))
    shown = guard.protect(data)
    assert sample_violations(shown, guard.guarded_schema, data.rows) == ()
    back = guard.restore(shown, seed=seed, real=data)
    assert sample_violations(back, data.schema, data.rows) == ()
    for table, column in (("parents", "key"), ("children", "id"), ("children", "mail"), ("children", "shelf")):
        assert not back[table][column].dropna().isin(data[table][column]).any()
    for column in data.schema.modelled("children"):
        pd.testing.assert_series_equal(back["children"][column.name], data["children"][column.name])
    above = [pd.factorize(part["children"]["above"])[0].tolist() for part in (data, back)]
    assert above[0] == above[1]
