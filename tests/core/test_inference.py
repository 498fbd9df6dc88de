"""Schema inference, on real tables and on small ones whose truth is known."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import csv

from synthkit.errors import DataError, UsageError
from synthkit.inference import infer
from synthkit.inference.names import stems, words
from synthkit.schema import Column, ColumnKind, Schema

TEXT = pa.string()


def read(path: Path) -> pa.Table:
    """A CSV file as the csv format gives it: all text, null for the empty cell."""
    with csv.open_csv(path) as reader:
        names = reader.schema.names
    types = dict.fromkeys(names, TEXT)
    return csv.read_csv(
        path, convert_options=csv.ConvertOptions(column_types=types, strings_can_be_null=True, null_values=[""])
    )


def texts(**columns: object) -> pa.Table:
    """A table as a text file would give it."""
    return pa.table(
        {name: pa.array([None if v is None else str(v) for v in values]) for name, values in columns.items()}
    )


def keys_of(schema: Schema) -> dict[str, str]:
    return {f"{k.table}.{'+'.join(k.columns)}": f"{k.parent}.{'+'.join(k.parent_columns)}" for k in schema.foreign_keys}


def kinds_of(schema: Schema, table: str) -> dict[str, str]:
    return {c.name: str(c.kind) for c in schema[table].columns}


def column(values: list[object], name: str = "x", table: str = "things") -> Column:
    """The column that inference makes of values in a table with nothing else."""
    return infer({table: texts(**{name: values})})[0][table].column(name)


@pytest.fixture(scope="module")
def journey(shared_data: Path) -> tuple[Schema, list[str]]:
    return infer({p.stem: read(p) for p in sorted((shared_data / "completejourney").glob("*.csv"))})


class TestRealData:
    def test_completejourney_keys(self, journey: tuple[Schema, list[str]]) -> None:
        schema, _ = journey
        assert {t.name: t.primary_key for t in schema.tables} == {
            "campaigns": ("campaign_id",),
            "households": ("household_id",),
            "mailings": ("mailing_id",),
            "products": ("product_id",),
            "redemptions": ("redemption_id",),
            "transactions": ("transaction_id",),
        }
        assert keys_of(schema) == {
            "mailings.campaign_id": "campaigns.campaign_id",
            "mailings.household_id": "households.household_id",
            "redemptions.household_id": "households.household_id",
            "redemptions.campaign_id": "campaigns.campaign_id",
            "transactions.household_id": "households.household_id",
            "transactions.product_id": "products.product_id",
        }

    def test_completejourney_subject_and_owners(self, journey: tuple[Schema, list[str]]) -> None:
        schema, _ = journey
        assert schema.subject == "households"
        assert {k.table: k.columns for k in schema.foreign_keys if k.owner} == {
            "mailings": ("household_id",),
            "redemptions": ("household_id",),
            "transactions": ("household_id",),
        }

    def test_completejourney_kinds(self, journey: tuple[Schema, list[str]]) -> None:
        schema, notes = journey
        transactions = kinds_of(schema, "transactions")
        assert transactions["basket_id"] == "id"
        assert transactions["store_id"] == "categorical"
        assert transactions["quantity"] == transactions["week"] == "numerical"
        assert transactions["transaction_timestamp"] == "datetime"
        assert kinds_of(schema, "redemptions")["coupon_upc"] == "categorical"
        assert kinds_of(schema, "households")["income"] == "categorical"
        assert kinds_of(schema, "products")["product_type"] == "text"
        assert any(note.startswith("products.product_type is free text") for note in notes)
        assert not any(note.startswith("transactions.household_id") for note in notes)

    def test_nycflights13(self, shared_data: Path) -> None:
        schema, _ = infer({p.stem: read(p) for p in sorted((shared_data / "nycflights13").glob("*.csv"))})
        assert {t.name: t.primary_key for t in schema.tables} == {
            "airlines": ("carrier",),
            "airports": ("faa",),
            "flights": ("flight_id",),
            "planes": ("tailnum",),
        }
        assert keys_of(schema) == {
            "flights.carrier": "airlines.carrier",
            "flights.tailnum": "planes.tailnum",
            "flights.origin": "airports.faa",
            "flights.dest": "airports.faa",
        }
        assert schema.subject is None
        assert not any(key.owner for key in schema.foreign_keys)
        for table in ("airlines", "airports"):
            assert schema[table].column("name").kind is ColumnKind.TEXT

    def test_adult_has_no_key(self, shared_data: Path) -> None:
        schema, _ = infer({"trn": read(shared_data / "adult" / "trn.csv")})
        assert schema["trn"].primary_key == ()
        assert schema.subject is None
        kinds = kinds_of(schema, "trn")
        assert kinds["fnlwgt"] == kinds["education-num"] == "numerical"
        assert kinds["workclass"] == kinds["native-country"] == "categorical"
        assert set(kinds.values()) == {"numerical", "categorical"}

    def test_telco_churn(self, shared_data: Path) -> None:
        schema, notes = infer({"telco_churn": read(shared_data / "telco_churn" / "telco_churn.csv")})
        table = schema["telco_churn"]
        assert table.primary_key == ("customerID",)
        assert table.column("SeniorCitizen").kind is ColumnKind.BOOLEAN
        assert table.column("PhoneService").kind is ColumnKind.CATEGORICAL
        total = table.column("TotalCharges")
        assert (total.kind, total.nullable, total.missing) == (ColumnKind.NUMERICAL, True, " ")
        assert [n for n in notes if "spaces" in n] == [
            "telco_churn.TotalCharges has cells of nothing but spaces, which are read as missing"
        ]


@pytest.fixture(scope="module")
def bank() -> dict[str, pa.Table]:
    """What the bundled example looks like: its columns, with invented values."""
    random = np.random.default_rng(0)
    n, m = 200, 900
    first, last = ["Ada", "Bo", "Cem", "Dina", "Eva"], ["Ash", "Birk", "Cole", "Dunn", "Elm", "Frey", "Gale"]
    people = [f"{first[i % 5]} {last[i % 7]}{'abcdefgh'[i % 8]}" for i in range(n)]
    days = [str(dt.date(1960, 1, 1) + dt.timedelta(days=int(d))) for d in random.integers(0, 9000, n)]
    owner = random.integers(0, n, m)
    some_days = [str(dt.date(2024, 1, 1) + dt.timedelta(days=int(d))) for d in random.integers(0, 300, m)]
    return {
        "customers": texts(
            customer_id=[f"C{100000 + i}" for i in range(n)],
            full_name=people,
            email=[f"{p.replace(' ', '.').lower()}{i}@example.com" for i, p in enumerate(people)],
            phone=[f"555-01{i % 100:02}" for i in range(n)],
            birth_date=days,
            gender=random.choice(["female", "male"], n),
            region=random.choice(["North", "South", "East"], n),
            occupation=random.choice(["clerk", "nurse", "student"], n),
            segment=random.choice(["basic", "gold"], n),
            income=[f"{v:.2f}" for v in random.normal(40000, 9000, n)],
            credit_score=[None if i % 40 == 0 else int(v) for i, v in enumerate(random.integers(300, 850, n))],
            account_balance=[f"{v:.2f}" for v in random.normal(900, 90, n)],
            join_date=days,
            churned=[str(v) for v in random.random(n) < 0.2],
        ),
        "transactions": texts(
            transaction_id=[f"T{100000 + i}" for i in range(m)],
            customer_id=[f"C{100000 + i}" for i in owner],
            transaction_date=some_days,
            category=random.choice(["fuel", "dining"], m),
            channel=random.choice(["card", "online"], m),
            amount=[f"{v:.2f}" for v in random.gamma(2, 10, m)],
        ),
        "campaign_events": texts(
            event_id=[f"E{100000 + i}" for i in range(m)],
            customer_id=[f"C{100000 + i}" for i in owner[::-1]],
            campaign=random.choice(["loan", "card"], m),
            channel=random.choice(["email", "sms"], m),
            event_date=some_days,
            opened=[int(v) for v in random.random(m) < 0.5],
            converted=[str(v) for v in random.random(m) < 0.1],
            revenue=[None if v < 0.9 else f"{v:.2f}" for v in random.random(m)],
        ),
    }


class TestBank:
    def test_keys_and_subject(self, bank: dict[str, pa.Table]) -> None:
        schema, _ = infer(bank)
        assert [t.primary_key for t in schema.tables] == [("customer_id",), ("transaction_id",), ("event_id",)]
        assert [(k.table, k.columns, k.parent, k.owner) for k in schema.foreign_keys] == [
            ("transactions", ("customer_id",), "customers", True),
            ("campaign_events", ("customer_id",), "customers", True),
        ]
        assert schema.subject == "customers"

    def test_kinds(self, bank: dict[str, pa.Table]) -> None:
        schema, _ = infer(bank)
        personal = {c.name: c.pii for c in schema["customers"].columns if c.kind is ColumnKind.PII}
        assert personal == {"full_name": "name", "email": "email", "phone": "phone"}
        kinds = kinds_of(schema, "customers")
        assert kinds["birth_date"] == kinds["join_date"] == "datetime"
        assert {kinds[c] for c in ("gender", "region", "occupation", "segment")} == {"categorical"}
        assert {kinds[c] for c in ("income", "credit_score", "account_balance")} == {"numerical"}
        assert kinds["churned"] == "boolean"
        events = kinds_of(schema, "campaign_events")
        assert events["opened"] == events["converted"] == "boolean"
        assert events["campaign"] == "categorical"
        score = schema["customers"].column("credit_score")
        assert (score.storage, score.nullable, score.unique) == ("int64", True, False)

    def test_typed_tables_give_the_same_kinds_keys_and_subject(self, bank: dict[str, pa.Table]) -> None:
        schema, _ = infer(bank)
        typed = {name: table.to_pandas() for name, table in bank.items()}
        for frame in typed.values():
            for name in frame.columns.intersection(["income", "credit_score", "account_balance", "amount", "revenue"]):
                frame[name] = frame[name].astype("float64")
            for name in frame.columns.intersection(["churned", "converted"]):
                frame[name] = frame[name].eq("True")
            for name in frame.columns.intersection(["opened"]):
                frame[name] = frame[name].astype("int64")
            for name in [c for c in frame.columns if c.endswith("_date")]:
                frame[name] = frame[name].astype("datetime64[us]")
        other, _ = infer({name: pa.Table.from_pandas(frame, preserve_index=False) for name, frame in typed.items()})
        assert [kinds_of(other, t) for t in typed] == [kinds_of(schema, t) for t in typed]
        assert (other.foreign_keys, other.subject) == (schema.foreign_keys, schema.subject)

    def test_the_schema_holds_no_value(self, bank: dict[str, pa.Table]) -> None:
        schema, notes = infer(bank)
        said = schema.to_toml() + "\n".join(notes)
        cells = {v for t in bank.values() for c in t.columns for v in c.to_pylist() if v and len(v) > 4}
        known = {"email", "online", "dining", "False", "basic"}  # words of the schema itself
        assert not [v for v in cells - known if v in said]

    def test_it_is_deterministic(self, bank: dict[str, pa.Table]) -> None:
        assert infer(bank) == infer(bank)


class TestNames:
    def test_words_of_a_name(self) -> None:
        assert words("customerID") == words("CUSTOMER_ID") == words("customer-id") == ("customer", "id")
        assert words("IPAddress2") == ("ip", "address", "2")
        assert words("Straße") == ("strasse",)
        assert words("") == ()

    @pytest.mark.parametrize(
        ("table", "row"),
        [
            ("customers", "customer"),
            ("companies", "company"),
            ("addresses", "address"),
            ("movies", "movie"),
            ("people", "person"),
            ("dim_customer", "customer"),
            ("customers_2024", "customer"),
            ("campaign_events", "event"),
            ("data", "data"),
        ],
    )
    def test_what_a_row_is_called(self, table: str, row: str) -> None:
        assert row in stems(table)


class TestPrimaryKey:
    @pytest.mark.parametrize(
        ("table", "name"),
        [
            ("customers", "id"),
            ("customers", "customer_id"),
            ("customers", "CustomerID"),
            ("customers", "customerid"),
            ("customers", "customers_id"),
            ("companies", "company_code"),
            ("order_items", "order_item_id"),
            ("campaign_events", "event_id"),
            ("orders", "order_number"),
            ("visits", "uuid"),
        ],
    )
    def test_a_name_makes_the_key_though_values_repeat(self, table: str, name: str) -> None:
        values = [*range(1, 100), 99]
        assert infer({table: texts(a=[1] * 100, **{name: values})})[0][table].primary_key == (name,)

    def test_a_key_by_name_with_nulls_is_still_the_key(self) -> None:
        assert infer({"orders": texts(order_id=[1, 2, None])})[0]["orders"].primary_key == ("order_id",)

    def test_below_95_percent_it_is_no_key(self) -> None:
        assert infer({"orders": texts(order_id=[*range(90), *range(10)])})[0]["orders"].primary_key == ()

    def test_the_plain_id_comes_first(self) -> None:
        table = texts(order_no=[1, 2, 3], order_id=[4, 5, 6], id=[7, 8, 9])
        assert infer({"orders": table})[0]["orders"].primary_key == ("id",)

    def test_the_last_word_of_a_table_belongs_to_the_table_of_that_name(self) -> None:
        lines = texts(event_id=[1, 2, 3], x=["a", "a", "b"])
        schema, _ = infer({"events": texts(event_id=[1, 2, 3, 4]), "campaign_events": lines})
        assert keys_of(schema) == {"campaign_events.event_id": "events.event_id"}

    def test_another_unique_identifier(self) -> None:
        table = texts(size=[1, 1, 2], badge_no=["x1", "x2", "x3"])
        assert infer({"things": table})[0]["things"].primary_key == ("badge_no",)

    @pytest.mark.parametrize("name", ["paid", "height", "due_date", "note"])
    def test_other_names_make_no_key(self, name: str) -> None:
        assert infer({"things": texts(size=[1, 1, 2], **{name: [3, 1, 9]})})[0]["things"].primary_key == ()

    def test_a_first_column_of_codes_or_row_numbers(self) -> None:
        assert infer({"airports": texts(faa=["ABQ", "ACK", "ALB"])})[0]["airports"].primary_key == ("faa",)
        assert infer({"rows": texts(entry=[*range(5, 15), 4])})[0]["rows"].primary_key == ("entry",)

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("title", ["The Wall", "A Day", "Two"]),
            ("weight", [3, 1, 2]),
            ("weight", [*range(20, 40, 2)]),
            ("weight", [2**64 - 1, *range(2, 12)]),
            ("year", [2001, 2002, 2003]),
            ("height", ["1.5", "1.6", "1.7"]),
            ("day", ["2024-01-01", "2024-01-02", "2024-01-03"]),
            ("email", ["a1@example.org", "b2@example.org", "c3@example.org"]),
            ("city", ["Rome", "Paris", "Oslo"]),
        ],
    )
    def test_a_first_column_of_something_else_is_no_key(self, name: str, values: list[object]) -> None:
        assert infer({"things": texts(**{name: values})})[0]["things"].primary_key == ()

    @pytest.mark.parametrize(
        ("name", "there", "key"),
        [
            ("idcode", [*range(0, 60, 3)] * 4, "idcode"),
            ("idcode", [*range(0, 60, 3)], ""),  # once each: perhaps the same rows, not rows of theirs
            ("idcode", [*range(0, 27, 3)] * 4, ""),  # too few of them
            ("idcode", [*range(0, 63, 3)] * 4, ""),  # one more than there are
            ("year", [*range(0, 60, 3)] * 4, ""),
        ],
    )
    def test_a_first_column_whose_values_another_table_repeats(self, name: str, there: list[int], key: str) -> None:
        tables = {"crew": texts(**{name: range(0, 60, 3)}, born=[1950] * 20), "work": texts(**{name: there})}
        schema = infer(tables)[0]
        assert schema["crew"].primary_key == ((key,) if key else ())
        assert keys_of(schema) == ({f"work.{key}": f"crew.{key}"} if key else {})

    def test_a_personal_number_is_a_key_only_where_another_table_refers_to_it(self) -> None:
        numbers = [f"123-45-{i:04}" for i in range(60)]
        people = texts(age=range(60), ssn=numbers)
        assert infer({"people": people})[0]["people"].primary_key == ()
        schema, _ = infer({"people": people, "claims": texts(ssn=numbers[:30] * 2)})
        assert keys_of(schema) == {"claims.ssn": "people.ssn"}
        assert schema["claims"].column("ssn").kind is ColumnKind.ID

    def test_an_empty_table_keeps_its_keys(self) -> None:
        orders = pa.table({"order_id": pa.array([], TEXT), "customer_id": pa.array([], TEXT)})
        schema, notes = infer({"customers": texts(customer_id=range(5)), "orders": orders})
        assert schema["orders"].primary_key == ("order_id",)
        assert keys_of(schema) == {"orders.customer_id": "customers.customer_id"}
        assert notes == []


class TestCompositeKey:
    def test_foreign_key_and_line_number(self) -> None:
        lines = texts(order_id=[1, 1, 2, 2, 3], line_no=[1, 2, 1, 2, 1], amount=[5, 5, 7, 5, 5])
        schema, _ = infer({"orders": texts(order_id=[1, 2, 3]), "lines": lines})
        assert schema["lines"].primary_key == ("order_id", "line_no")
        assert kinds_of(schema, "lines") == {"order_id": "id", "line_no": "numerical", "amount": "numerical"}

    def test_nothing_but_foreign_keys(self) -> None:
        students, courses = texts(student_id=range(4)), texts(course_id=["x1", "x2"])
        pairs = texts(student_id=[0, 0, 1, 3], course_id=["x1", "x2", "x1", "x2"])
        schema, _ = infer({"students": students, "courses": courses, "enrolments": pairs})
        assert schema["enrolments"].primary_key == ("student_id", "course_id")

    def test_place_and_time(self) -> None:
        days = [f"2024-01-{d:02}" for d in range(1, 29)]
        stations = texts(station_id=["S1", "S2", "S3"], height=[4, 8, 9])
        weather = texts(wind=[1] * 84, station_id=[s for s in ("S1", "S2", "S3") for _ in days], day=days * 3)
        assert infer({"stations": stations, "weather": weather})[0]["weather"].primary_key == ("station_id", "day")

    def test_three_parts(self) -> None:
        grid = [(a, b, c) for a in range(6) for b in range(5) for c in range(7)]
        table = texts(size=[1] * 210, store_id=[a for a, _, _ in grid], product_id=[b for _, b, _ in grid])
        table = table.append_column("week_no", pa.array([str(c) for _, _, c in grid]))
        assert infer({"stock": table})[0]["stock"].primary_key == ("store_id", "product_id", "week_no")

    def test_a_table_of_many_dates_is_searched_in_bounds(self) -> None:
        days = {f"day{i}": [f"2024-01-{1 + (r * (i + 1)) % 28:02}" for r in range(400)] for i in range(40)}
        shop = [r % 40 for r in range(400)]
        assert infer({"spans": texts(**days, shop_id=shop)})[0]["spans"].primary_key == ()

    def test_uniqueness_by_chance_is_no_key(self) -> None:
        random = np.random.default_rng(1)
        many = {"customer_id": random.permutation(300)[:200] // 2, "day": random.permutation(9000)[:200]}
        table = texts(customer_id=many["customer_id"], shop_id=many["day"] // 2, amount=[1] * 200)
        assert infer({"sales": table})[0]["sales"].primary_key == ()

    def test_dates_and_measures_alone_make_no_key(self) -> None:
        days = [f"2024-01-{d:02}" for d in range(1, 21)]
        table = texts(begin=sorted(days * 20), end=days * 20, size=[1] * 400)
        assert infer({"spans": table})[0]["spans"].primary_key == ()

    def test_a_repetition_beyond_the_first_rows_is_seen(self) -> None:
        shops, items = np.repeat(np.arange(150), 150), np.tile(np.arange(150), 150)
        shops[-1], items[-1] = 0, 0
        table = texts(size=[1] * 22500, shop_id=shops, item_id=items)
        assert infer({"stock": table})[0]["stock"].primary_key == ()


class TestForeignKeys:
    @pytest.mark.parametrize(
        ("key", "name"),
        [
            ("airport_id", "airport_id"),
            ("airport_id", "AirportID"),
            ("airport_id", "origin_airport_id"),
            ("id", "airport_id"),
            ("id", "origin_airport_id"),
            ("faa", "airport_id"),
            ("faa", "airport_faa"),
            ("faa", "airport"),
            ("faa", "home_airport"),
        ],
    )
    def test_names_that_say_it(self, key: str, name: str) -> None:
        parents = {"airports": texts(**{key: ["A1", "B2", "C3"]})}
        schema, _ = infer({**parents, "flights": texts(n=[1] * 5, **{name: ["A1", "B2", "C3", "A1", None]})})
        assert keys_of(schema) == {f"flights.{name}": f"airports.{key}"}

    @pytest.mark.parametrize(
        ("column", "known", "found"),
        [
            ("customer_id", 1, True),
            ("customer_id", 0, False),
            ("old_customer_id", 5, True),
            ("old_customer_id", 4, False),
        ],
    )
    def test_so_many_of_the_values_must_be_known(self, column: str, known: int, *, found: bool) -> None:
        orders = texts(**{column: [*range(known), *range(100, 110 - known)] * 2})
        schema, notes = infer({"customers": texts(customer_id=range(50)), "orders": orders})
        assert bool(schema.foreign_keys) is found
        told = any(f"only {known} of 10 distinct values are keys" in note for note in notes)
        assert told is (column == "customer_id" and not found)

    def test_other_storage_is_no_key_but_a_note(self) -> None:
        orders = texts(customer_id=["1.0", "2.0", None, "1.0"])
        schema, notes = infer({"customers": texts(customer_id=range(50)), "orders": orders})
        assert schema.foreign_keys == ()
        said = "orders.customer_id is called like the key of customers but is stored as double, not int64"
        assert notes[0] == f"{said}, so it is no foreign key; write both alike"

    def test_integers_of_other_widths_fit(self) -> None:
        customers = pa.table({"customer_id": pa.array(range(50), pa.int64())})
        orders = pa.table({"customer_id": pa.array([1, 1, 2], pa.int16())})
        assert keys_of(infer({"customers": customers, "orders": orders})[0])

    def test_a_generic_key_needs_the_name_of_its_table(self) -> None:
        schema, _ = infer({"shops": texts(id=range(9), n=[1] * 9), "sales": texts(id=range(9), place_id=[1, 2, 2] * 3)})
        assert schema.foreign_keys == ()

    @pytest.mark.parametrize(
        ("held", "told"), [([1, 2, 3, 4, 5] * 2, True), ([1, 2] * 5, False), ([1, 2, 99] * 3, False)]
    )
    def test_a_key_that_is_called_id_is_no_key_but_a_note(self, held: list[int], *, told: bool) -> None:
        tables = {"customers": texts(customer_id=range(8)), "orders": texts(order_no=range(len(held)), id=held)}
        schema, notes = infer(tables)
        assert schema.foreign_keys == ()
        said = "orders.id holds keys of customers only; if it means them, declare a foreign key in the schema"
        assert (said in notes) is told

    def test_two_keys_to_one_parent(self) -> None:
        flights = texts(flight_id=range(6), origin_airport_id=[1, 2, 3] * 2, dest_airport_id=[3, 2, 1] * 2)
        schema, _ = infer({"airports": texts(airport_id=range(5)), "flights": flights})
        assert len(schema.foreign_keys) == 2

    def test_codes_without_a_telling_name(self) -> None:
        airports = texts(faa=["ABQ", "ACK", "ALB", "ANC"], alt=[1, 2, 2, 3])
        flights = texts(alt=[1] * 6, dest=["ABQ", "ACK", "ALB"] * 2)
        assert keys_of(infer({"airports": airports, "flights": flights})[0]) == {"flights.dest": "airports.faa"}

    @pytest.mark.parametrize(
        "values",
        [["ABQ", "ACK"] * 3, ["ABQ", "ACK", "ALB", "XXX"] * 2, [None] * 6],
        ids=["too few", "not all known", "no value"],
    )
    def test_codes_that_prove_nothing(self, values: list[object]) -> None:
        airports = texts(faa=["ABQ", "ACK", "ALB", "ANC"], alt=[1, 2, 2, 3])
        schema, _ = infer({"airports": airports, "flights": texts(alt=[1] * len(values), dest=values)})
        assert schema.foreign_keys == ()

    def test_codes_of_two_lists_are_ambiguous(self) -> None:
        codes = ["ABQ", "ACK", "ALB", "ANC"]
        parents = {"airports": texts(faa=codes), "harbours": texts(unlo=codes)}
        schema, _ = infer({**parents, "trips": texts(alt=[1] * 6, dest=["ABQ", "ACK", "ALB"] * 2)})
        assert "trips.dest" not in keys_of(schema)

    def test_single_letters_are_no_codes_to_go_by(self) -> None:
        segments = texts(segment_code=["A", "B", "C", "D"])
        schema, _ = infer({"segments": segments, "pupils": texts(n=[1] * 6, grade=["A", "B", "C"] * 2)})
        assert schema.foreign_keys == ()

    def test_a_parent_gets_no_unnamed_key_to_its_child(self) -> None:
        orders = texts(order_id=["O1", "O2", "O3", "O4"], customer_id=["C1", "C1", "C2", "C3"])
        customers = texts(customer_id=["C1", "C2", "C3"], latest=["O2", "O3", "O4"])
        assert keys_of(infer({"customers": customers, "orders": orders})[0]) == {
            "orders.customer_id": "customers.customer_id"
        }

    @pytest.mark.parametrize("name", ["parent_employee_id", "manager_id", "manager", "reports_to"])
    def test_self_reference(self, name: str) -> None:
        table = texts(employee_id=[11, 12, 13, 14], **{name: [None, 11, 11, 12]})
        assert keys_of(infer({"employees": table})[0]) == {f"employees.{name}": "employees.employee_id"}

    @pytest.mark.parametrize("name", ["size", "manager_rating", "previous_employees"])
    def test_other_numbers_are_no_self_reference(self, name: str) -> None:
        table = texts(employee_id=[1, 2, 3, 4], **{name: [1, 1, 2, 2]})
        assert infer({"employees": table})[0].foreign_keys == ()

    def test_a_manager_beyond_the_table_is_no_self_reference(self) -> None:
        table = texts(employee_id=[11, 12, 13], manager_id=[None, 11, 99])
        assert infer({"employees": table})[0].foreign_keys == ()

    @pytest.mark.parametrize("order", [("customers", "profiles"), ("profiles", "customers")])
    def test_one_to_one_leads_to_the_table_that_the_key_is_named_for(self, order: tuple[str, str]) -> None:
        tables = {
            "customers": texts(customer_id=range(20), age=[30] * 20),
            "profiles": texts(customer_id=range(20), size=[1] * 20),
        }
        schema, _ = infer({name: tables[name] for name in order})
        assert keys_of(schema) == {"profiles.customer_id": "customers.customer_id"}
        assert schema["profiles"].primary_key == ("customer_id",)

    def test_one_to_one_without_such_a_table_leads_to_the_larger(self) -> None:
        tables = {"left": texts(case_id=range(10), x=[1] * 10), "right": texts(case_id=range(20), x=[1] * 20)}
        assert keys_of(infer(tables)[0]) == {"left.case_id": "right.case_id"}

    def test_children_refer_to_the_first_of_a_one_to_one_pair(self) -> None:
        tables = {
            "profiles": texts(customer_id=range(20), size=[1] * 20),
            "customers": texts(customer_id=range(20), age=[30] * 20),
            "orders": texts(order_id=range(40), customer_id=[*range(20)] * 2),
        }
        assert keys_of(infer(tables)[0])["orders.customer_id"] == "customers.customer_id"


def crowd(name: str, rows: int, **more: object) -> pa.Table:
    return texts(**{f"{name}_id": [f"{name}{i}" for i in range(rows)]}, **more)


class TestSubject:
    @pytest.mark.parametrize(
        "table", ["customers", "clients", "Kunden", "people", "bank_users", "companies", "accounts", "players", "women"]
    )
    def test_words_for_people_accounts_and_firms(self, table: str) -> None:
        assert infer({table: crowd("row", 100)})[0].subject == table

    def test_people_are_the_subject_however_few_but_firms_and_guesses_need_100_rows(self) -> None:
        assert infer({"customers": crowd("customer", 20)})[0].subject == "customers"
        assert infer({"companies": crowd("company", 99)})[0].subject is None
        assert infer({"companies": crowd("company", 100)})[0].subject == "companies"

    @pytest.mark.parametrize("table", ["trn", "customer_orders", "sensors"])
    def test_a_single_table_of_another_name(self, table: str) -> None:
        assert infer({table: crowd("row", 200)})[0].subject is None

    def test_the_only_root_with_personal_columns(self) -> None:
        emails = [f"a{i}@example.org" for i in range(100)]
        tables = {"records": crowd("record", 100, email=emails), "shops": crowd("shop", 100)}
        assert infer(tables)[0].subject == "records"

    def test_the_only_root_at_all(self) -> None:
        signals = texts(sensor_id=[f"sensor{i % 100}" for i in range(300)], level=range(300))
        tables = {"sensors": crowd("sensor", 100), "levels": signals}
        assert infer(tables)[0].subject == "sensors"
        assert infer({**tables, "rooms": crowd("room", 100)})[0].subject is None

    def test_people_come_before_the_firms_they_belong_to(self) -> None:
        firm = [f"company{i % 100}" for i in range(150)]
        tables = {"companies": crowd("company", 100), "customers": crowd("customer", 150, company_id=firm)}
        assert infer(tables)[0].subject == "customers"

    def test_people_come_before_the_staff_that_serves_them(self) -> None:
        agent = [f"employee{i % 100}" for i in range(150)]
        tables = {"employees": crowd("employee", 100), "customers": crowd("customer", 150, employee_id=agent)}
        assert infer(tables)[0].subject == "customers"

    def test_a_table_comes_before_those_that_refer_to_it(self) -> None:
        household = [f"household{i % 100}" for i in range(150)]
        tables = {"persons": crowd("person", 150, household_id=household), "households": crowd("household", 100)}
        assert infer(tables)[0].subject == "households"

    def test_of_unrelated_ones_the_one_that_owns_more(self) -> None:
        orders = crowd("order", 300, account_id=[f"account{i % 100}" for i in range(300)])
        tables = {"clients": crowd("client", 120), "accounts": crowd("account", 100), "orders": orders}
        assert infer(tables)[0].subject == "accounts"

    def test_people_who_refer_to_each_other_in_a_circle(self) -> None:
        users = crowd("user", 100, member_id=[f"member{i}" for i in range(100)])
        members = crowd("member", 100, user_id=[f"user{i}" for i in range(100)])
        assert infer({"users": users, "members": members})[0].subject == "users"


class TestOwners:
    def test_through_owners_and_the_shortest_way(self) -> None:
        customers = crowd("customer", 100)
        orders = crowd("order", 200, customer_id=[f"customer{i % 100}" for i in range(200)])
        lines = crowd("line", 300, order_id=[f"order{i % 200}" for i in range(300)])
        direct = crowd(
            "call",
            300,
            order_id=[f"order{i % 200}" for i in range(300)],
            customer_id=[f"customer{i % 100}" for i in range(300)],
        )
        schema, _ = infer({"lines": lines, "calls": direct, "orders": orders, "customers": customers})
        assert {k.table: k.columns[0] for k in schema.foreign_keys if k.owner} == {
            "orders": "customer_id",
            "lines": "order_id",
            "calls": "customer_id",
        }
        assert schema.owned_by("customers")[:2] == ("customers", "orders")

    def test_of_two_keys_to_the_subject_the_one_without_nulls(self) -> None:
        sender = [None, *(f"customer{i % 100}" for i in range(299))]
        receiver = [f"customer{i % 100}" for i in range(300)]
        gifts = crowd("gift", 300, sender_customer_id=sender, receiver_customer_id=receiver)
        schema, _ = infer({"customers": crowd("customer", 100), "gifts": gifts})
        owner = schema.owner_of("gifts")
        assert owner is not None
        assert owner.columns == ("receiver_customer_id",)

    def test_a_self_reference_owns_nothing(self) -> None:
        people = crowd("customer", 100, parent_customer_id=[f"customer{i // 2}" for i in range(100)])
        schema, _ = infer({"customers": people})
        assert [key.owner for key in schema.foreign_keys] == [False]


class TestKinds:
    def test_zero_and_one_are_boolean_only_together(self) -> None:
        assert column([0, 1, 1, None]).kind is ColumnKind.BOOLEAN
        assert column([1, 1, 1]).kind is ColumnKind.NUMERICAL
        assert column([0, 1, 2]).kind is ColumnKind.NUMERICAL

    @pytest.mark.parametrize(
        ("name", "distinct", "kind"),
        [
            ("store_id", 20, "categorical"),
            ("zip", 20, "categorical"),
            ("coupon_upc", 20, "categorical"),
            ("country_code", 20, "categorical"),
            ("loyalty_id", 140, "id"),
            ("customerid", 140, "id"),
            ("account_number", 140, "id"),
            ("account_number", 20, "numerical"),
            ("education_num", 20, "numerical"),
            ("paid", 140, "numerical"),
            ("size", 140, "numerical"),
        ],
    )
    def test_integers(self, name: str, distinct: int, kind: str) -> None:
        values = [10_000 + i % distinct for i in range(200)]
        table = texts(n=[1] * 200, **{name: values})
        assert kinds_of(infer({"things": table})[0], "things")[name] == kind

    def test_integers_of_more_than_1000_labels(self) -> None:
        table = texts(n=[1] * 6000, basket_id=[i % 1001 for i in range(6000)])
        assert kinds_of(infer({"things": table})[0], "things")["basket_id"] == "id"

    @pytest.mark.parametrize(
        ("rows", "distinct", "kind"),
        [
            (100, 20, "categorical"),
            (100, 21, "text"),
            (50, 25, "categorical"),
            (50, 26, "text"),
            (5100, 1000, "categorical"),
            (5100, 1001, "text"),
        ],
    )
    def test_nearly_distinct_text_is_never_categorical(self, rows: int, distinct: int, kind: str) -> None:
        assert str(column([f"a word or two {i % distinct}" for i in range(rows)]).kind) == kind

    def test_codes_are_identifiers(self) -> None:
        assert column([f"AB-{i}" for i in range(100)], "voucher").kind is ColumnKind.ID
        assert column([f"the words {i}" for i in range(100)] * 2, "loyalty_id").kind is ColumnKind.ID

    def test_storage_families(self) -> None:
        table = pa.table(
            {
                "real": pa.array([1.5, float("nan")]),
                "price": pa.array([1, 2], pa.decimal128(9, 2)),
                "wait": pa.array([1, 2], pa.duration("s")),
                "flag": [True, False],
                "at": pa.array([0, 1], pa.timestamp("us")),
                "word": pa.array(["a", "a"]).dictionary_encode(),
                "large": pa.array(["b", "b"], pa.large_string()),
                "nothing": pa.nulls(2),
            }
        )
        schema, _ = infer({"things": table})
        assert kinds_of(schema, "things") == {
            "real": "numerical",
            "price": "numerical",
            "wait": "numerical",
            "flag": "boolean",
            "at": "datetime",
            "word": "categorical",
            "large": "categorical",
            "nothing": "categorical",
        }
        assert schema["things"].column("real").nullable
        assert schema["things"].column("nothing").nullable
        assert not schema["things"].column("nothing").unique

    def test_storage_and_writing_come_from_the_values(self) -> None:
        found = column(["1.50", "2.25", None])
        assert (found.storage, found.nullable, found.unique, found.decimals) == ("double", True, True, 2)
        assert column(["007", "008", "008"]).storage == "string"

    def test_a_type_that_cannot_be_held_is_named(self) -> None:
        with pytest.raises(DataError, match=r"^things\.x: "):
            infer({"things": pa.table({"x": [[1], [2]]})})

    def test_two_columns_of_one_name(self) -> None:
        with pytest.raises(UsageError, match="two columns 'x'"):
            infer({"things": pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["x", "x"])})

    def test_no_table(self) -> None:
        with pytest.raises(UsageError, match="there is no table"):
            infer({})


class TestNotes:
    def noted(self, values: list[object]) -> list[str]:
        _, notes = infer({"things": texts(n=[1] * len(values), x=values)})
        return [note for note in notes if "no model sees it" not in note]

    def test_mixed_date_formats(self) -> None:
        days = [f"2024-03-{d:02}" for d in range(1, 20)] + [f"{d}.3.2024" for d in range(1, 9)]
        assert self.noted(days) == [
            "things.x holds dates written in 2 ways (year-month-day, day.month.year), kept as text; write one"
        ]

    @pytest.mark.parametrize("value", ["1,{:03}", "$ {}", "EUR {}", "1.{:03},50", "{} €"])
    def test_written_numbers(self, value: str) -> None:
        found = self.noted([value.format(i) for i in range(100, 160)])
        assert found == [
            "things.x holds numbers with separators, currency or percent signs, kept as text; write plain ones"
        ]

    @pytest.mark.parametrize("value", ["00{}", "A{}", "v {} b"])
    def test_other_text_is_not_noted(self, value: str) -> None:
        assert self.noted([value.format(i) for i in range(100, 160)]) == []

    def test_an_identifier_written_with_a_point(self) -> None:
        _, notes = infer({"orders": texts(order_id=["1.0", None, "3.0"], price_ref=["1.25", "2.0", "3.0"])})
        assert notes == ["orders.order_id is called an identifier but is stored as double; write whole numbers"]

    def test_text_and_identifiers_are_counted(self) -> None:
        _, notes = infer(
            {"things": texts(n=[1] * 60, a=[f"some words {i}" for i in range(60)], b=[f"X{i}" for i in range(60)])}
        )
        assert notes == [
            "things.a is free text (60 distinct values in 60): no model sees it",
            "things.b is an identifier (60 distinct values in 60): no model sees it",
        ]


cells = st.one_of(
    st.none(),
    st.sampled_from(["canary-one", "canary two", "canary3@example.org"]),
    st.text(max_size=6),
    st.integers().map(str),
    st.floats().map(str),
    st.dates().map(str),
)
names = st.sampled_from(
    ["id", "customer_id", "order_id", "name", "first_name", "zip", "x", "", "line_no", "manager_id", "date", "é", "a b"]
)


@st.composite
def folders(draw: st.DrawFn) -> dict[str, pa.Table]:
    found = {}
    for table in draw(
        st.lists(
            st.sampled_from(["customers", "orders", "order_lines", "1", "x.y", "!"]),
            min_size=1,
            max_size=3,
            unique=True,
        )
    ):
        rows = draw(st.integers(0, 8))
        columns = draw(st.lists(names, max_size=5, unique=True))
        found[table] = pa.table(
            {c: pa.array(draw(st.lists(cells, min_size=rows, max_size=rows)), TEXT) for c in columns}
        )
    return found


class TestAnyTables:
    @settings(max_examples=60, deadline=None)
    @given(folders())
    def test_a_schema_of_the_same_columns_without_values(self, tables: dict[str, pa.Table]) -> None:
        schema, notes = infer(tables)
        assert {t.name: list(t.column_names) for t in schema.tables} == {n: t.column_names for n, t in tables.items()}
        assert "canary" not in schema.to_toml() + "".join(notes)
        assert infer(tables) == (schema, notes)
        for key in schema.foreign_keys:
            assert len(schema[key.parent].primary_key) == 1

    @settings(max_examples=30, deadline=None)
    @given(folders(), st.randoms())
    def test_the_order_of_the_rows_does_not_matter(self, tables: dict[str, pa.Table], random: object) -> None:
        order = {n: list(range(t.num_rows)) for n, t in tables.items()}
        for rows in order.values():
            random.shuffle(rows)
        assert infer({n: t.take(pa.array(order[n], pa.int64())) for n, t in tables.items()})[0] == infer(tables)[0]


@pytest.mark.parametrize(
    ("values", "decimals"),
    [
        ([0.1 + 0.2, 4.4e-16, 7.25], 2),
        ([1e-9, 3e-12, 1.0], None),
        ([1 / 3, 0.5], None),
        ([2.0**60, 1 / 3], None),
        ([float("inf"), 0.1 + 0.2], 1),
    ],
)
def test_what_arithmetic_leaves_behind_is_no_decimal(values, decimals):
    tables = {"t": pa.table({"x": pa.array(values, pa.float64())})}
    assert infer(tables)[0]["t"].column("x").decimals == decimals
