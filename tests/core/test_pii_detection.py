"""Which columns are found to be personal, by what they are called and by what they hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from faker import Faker
from hypothesis import given, settings
from hypothesis import strategies as st

from synthkit.inference import RECIPES, infer
from synthkit.inference.national_ids import looks_national
from synthkit.schema import Column, ColumnKind

ROWS = 60
_fake = Faker(["en_US", "de_DE", "es_ES"])
_makers = {
    "name": lambda: f"{_fake.first_name()} {_fake.last_name()}",
    "first_name": _fake.first_name,
    "last_name": _fake.last_name,
    "email": _fake.email,
    "phone": lambda: f"+49 30 {_fake.random_number(7, fix_len=True)}",
    "address": lambda: _fake.address().replace("\n", ", "),
    "street": _fake.street_address,
    "postcode": lambda: f"0{_fake.random_number(4, fix_len=True)}",
    "iban": _fake.iban,
    "card_number": lambda: "{}{}{}{} {}{}{}{} {}{}{}{} {}{}{}{}".format(*_fake.credit_card_number("visa16")),
    "national_id": _fake["en_US"].ssn,
    "ip_address": _fake.ipv4,
    "url": _fake.url,
    "uuid": _fake.uuid4,
    "username": lambda: f"{_fake.user_name()}{_fake.random_number(4)}",
    "company": _fake.company,
}


@pytest.fixture(scope="module")
def values() -> dict[str, list[str]]:
    """Invented values for each recipe, nearly distinct."""
    Faker.seed(7)
    return {recipe: [make() for _ in range(ROWS)] for recipe, make in _makers.items()}


def found(name: str, cells: Sequence[object], table: str = "things", **others: Sequence[object]) -> Column:
    """What inference makes of a column beside a key and the given others."""
    columns = {"id": range(len(cells)), **others, name: cells}
    arrow = {n: pa.array([None if v is None else str(v) for v in column]) for n, column in columns.items()}
    return infer({table: pa.table(arrow)})[0][table].column(name)


def test_the_recipes_are_those_of_the_guard() -> None:
    known = (
        *("name", "first_name", "last_name", "email", "phone", "address", "street", "postcode", "iban"),
        *("card_number", "national_id", "ip_address", "url", "uuid", "username", "company"),
    )
    assert known == RECIPES
    assert set(_makers) == set(RECIPES)


NAMES = {
    "name": "full_name FullName customer_name cardholder nombre_completo nom_complet 姓名 ФИО patient_name",
    "first_name": "first_name FirstName given_name vorname prénom primer_nombre voornaam förnamn imię middle_name",
    "last_name": "last_name lastname surname nachname apellido nom_de_famille cognome achternaam nazwisko фамилия",
    "email": "email e_mail EmailAddress customer_email courriel correo_electronico email_2 mailadresse почта",
    "phone": "phone phone_number homePhone mobile telefon telefono téléphone handynummer cell phone_home 電話番号",
    "address": "address home_address address_line_1 adresse anschrift dirección indirizzo endereço 地址",
    "street": "street street_address Straße rue calle straat улица",
    "postcode": "postcode zip zip_code PostalCode plz code_postal codigo_postal cep",
    "iban": "iban customer_iban IBAN",
    "card_number": "card_number credit_card CreditCardNumber kreditkartennummer tarjeta",
    "national_id": "ssn national_id passport_no tax_id dni nif codice_fiscale bsn personnummer pesel cpf steuernummer",
    "ip_address": "ip ip_address IPAddress client_ip ipv4",
    "url": "url website homepage profile_url",
    "uuid": "uuid guid device_uuid",
    "username": "username user_name login screen_name benutzername nom_utilisateur",
    "company": "company company_name employer arbeitgeber entreprise empresa firma",
}


@pytest.mark.parametrize(("recipe", "name"), [(r, n) for r, text in NAMES.items() for n in text.split()])
def test_by_name(recipe: str, name: str, values: dict[str, list[str]]) -> None:
    column = found(name, values[recipe])
    assert (column.kind, column.pii) == (ColumnKind.PII, recipe)


@pytest.mark.parametrize(
    "recipe", ["email", "phone", "iban", "card_number", "national_id", "ip_address", "url", "uuid"]
)
def test_by_content(recipe: str, values: dict[str, list[str]]) -> None:
    column = found("x", [*values[recipe], None, None])
    assert (column.kind, column.pii) == (ColumnKind.PII, recipe)


@pytest.mark.parametrize(
    "phone",
    ["(555) 555-01{:02}", "555-555-01{:02}", "001-555-555-01{:02}x12", "+1-555-555-01{:02}", "030 / 5550 {:02}"],
)
def test_ways_to_write_a_phone_number(phone: str) -> None:
    assert found("x", [phone.format(i) for i in range(ROWS)]).pii == "phone"


def test_one_in_five_may_be_something_else(values: dict[str, list[str]]) -> None:
    emails = values["email"]
    assert found("x", [*emails[:48], *(f"none {i}" for i in range(12))]).pii == "email"
    assert found("x", [*emails[:40], *(f"none {i}" for i in range(20))]).kind is ColumnKind.TEXT


def test_few_emails_are_personal_all_the_same(values: dict[str, list[str]]) -> None:
    assert found("created_by", values["email"][:3] * 40).pii == "email"
    assert found("first_name", ["Ada", "Bo", "Cem"] * 40).pii == "first_name"


@pytest.mark.parametrize("recipe", ["postcode", "url", "uuid", "company"])
def test_few_shared_ones_are_categories(recipe: str, values: dict[str, list[str]]) -> None:
    assert found(recipe, values[recipe][:3] * 40).kind is ColumnKind.CATEGORICAL


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("phone", ["yes", "no"]),
        ("mobile", ["iOS", "Android"]),
        ("phone_service", ["Yes", "No"]),
        ("email_opt_in", ["a@example.org", "no"]),
        ("email", ["sent", "opened"]),
        ("address_type", ["home address", "office address"]),
        ("address", ["home", "work"]),
        ("credit_card", ["visa", "amex"]),
        ("company_size", ["small", "large"]),
        ("title", ["Mr", "Ms"]),
        ("city", ["Rome", "Oslo"]),
        ("occupation", ["Nurse", "Clerk"]),
        ("gender", ["f", "m"]),
        ("product_name", ["Blue Mug", "Red Cup"]),
        ("name", ["Blue Mug", "Red Cup"]),
    ],
)
def test_categories_with_a_similar_name(name: str, cells: list[str]) -> None:
    assert found(name, cells * ROWS, table="customers").kind is ColumnKind.CATEGORICAL


class TestName:
    """A column called just ``name`` may be anybody's or anything's."""

    def test_of_people(self, values: dict[str, list[str]]) -> None:
        assert found("name", values["name"], table="members").pii == "name"
        assert found("nom", values["last_name"], table="clients").pii == "name"

    def test_of_many_people_who_share_them(self) -> None:
        names = [f"Ada {chr(97 + i % 11)}{chr(97 + i % 26)}" for i in range(1500)]
        assert found("name", names, table="members").pii == "name"

    def test_of_rows_with_a_personal_trait(self, values: dict[str, list[str]]) -> None:
        birth = [f"19{i}-01-01" for i in range(20, 20 + ROWS)]
        assert found("name", values["name"], table="records", date_of_birth=birth).pii == "name"
        assert found("name", [f"part {i}" for i in range(ROWS)], table="records", date_of_birth=birth).pii is None

    def test_of_firms(self, values: dict[str, list[str]]) -> None:
        assert found("name", values["company"], table="suppliers").pii == "company"

    def test_of_things(self, values: dict[str, list[str]]) -> None:
        things = [f"Old Mill {chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(ROWS)]
        column = found("name", things, table="airports")
        assert (column.kind, column.pii) == (ColumnKind.TEXT, None)
        assert found("product_name", things, table="customers").kind is ColumnKind.TEXT

    def test_of_people_wherever_they_are(self, values: dict[str, list[str]]) -> None:
        assert found("x", values["name"], table="airports").pii == "name"


class TestNumbers:
    """Numbers that are personal are personal data as text is."""

    @pytest.mark.parametrize("name", ["phone", "ssn", "card_number", "tax_id"])
    def test_by_name(self, name: str) -> None:
        assert found(name, [491700000000 + i * i for i in range(ROWS)]).kind is ColumnKind.PII

    def test_card_numbers_by_content(self) -> None:
        Faker.seed(1)
        cards = [_fake.credit_card_number("visa16") for _ in range(ROWS)]
        assert found("x", cards).pii == "card_number"
        assert found("x", [f"{card}.0" for card in cards]).pii == "card_number"
        assert found("x", [str(int(card) + 1) for card in cards]).kind is ColumnKind.ID  # long, of one width
        assert found("x", [f"{card[:4]} {card[4:]}" for card in cards]).pii == "card_number"
        assert found("x", [f"{card[:4]} {int(card[4:]) + 1:012}" for card in cards]).pii is None

    def test_phone_numbers_beside_nulls(self) -> None:
        cells = pa.array([None, *(4.917e11 + i * i for i in range(ROWS))])
        schema, _ = infer({"things": pa.table({"phone": cells, "n": cells})})
        assert [c.kind for c in schema["things"].columns] == [ColumnKind.PII, ColumnKind.NUMERICAL]

    def test_long_numbers_of_one_width_but_no_times(self) -> None:
        assert found("x", [10**11 + 7 * i**3 for i in range(ROWS)]).kind is ColumnKind.ID
        assert found("x", [10**12 + 7 * i**3 for i in range(ROWS)]).kind is ColumnKind.NUMERICAL  # milliseconds
        assert found("x", [10**i for i in range(ROWS // 4)]).kind is ColumnKind.NUMERICAL

    def test_counts_with_a_similar_name(self) -> None:
        assert found("phones", [i % 4 for i in range(ROWS)]).kind is ColumnKind.NUMERICAL
        assert found("phone", [i % 4 for i in range(ROWS)]).kind is ColumnKind.NUMERICAL

    def test_whole_ones_that_are_stored_as_real_numbers(self) -> None:
        assert found("phone", [f"{4917000000 + i * i}.0" for i in range(ROWS)]).pii == "phone"


def test_other_storage_is_never_personal() -> None:
    assert found("birth_date", [f"19{i}-01-01" for i in range(20, 80)]).kind is ColumnKind.DATETIME
    assert found("phone", [f"{i}.5" for i in range(ROWS)]).kind is ColumnKind.NUMERICAL


def test_an_empty_column_goes_by_its_name() -> None:
    assert found("email", [None] * ROWS).pii == "email"
    assert found("x", [None] * ROWS).kind is ColumnKind.CATEGORICAL


@pytest.mark.parametrize("name", ["mac_address", "wallet_address", "contract_address", "x"])
def test_addresses_of_machines_are_identifiers(name: str) -> None:
    assert found(name, [f"0A:1B:2C:3D:4E:{i:02X}" for i in range(ROWS)]).kind is ColumnKind.ID


def test_a_wrong_check_digit_is_no_iban(values: dict[str, list[str]]) -> None:
    wrong = [f"{iban[:2]}{(int(iban[2:4]) + 1) % 100:02}{iban[4:]}" for iban in values["iban"]]
    assert found("x", wrong).kind is ColumnKind.ID


COUNTRIES = {
    "Belgium": ("85.07.30-033.28", "85.07.30-033.29"),
    "Norway": ("15108695088", "15108695089"),
    "Germany": ("36 574 261 809", "36 574 261 890"),
    "Finland": ("131052-308T", "131052-308U"),
    "China": ("11010519491231002X", "110105194912310029"),
    "Turkey": ("17291716060", "17291716050"),
    "Corsica": ("2 53 07 2A 009 160 61", "2 53 07 2A 009 160 62"),
    "Spain": ("X5253868R", "X5253868T"),
}


@pytest.mark.parametrize("country", COUNTRIES)
def test_check_digits_of_national_ids(country: str) -> None:
    right, wrong = COUNTRIES[country]
    assert looks_national([right] * 8 + [wrong] * 2)
    assert not looks_national([right] * 7 + [wrong] * 3)
    assert not looks_national([right] * 9)


def test_card_numbers_whose_digits_are_masked() -> None:
    assert found("x", [f"4242 42** **** {i:04}" for i in range(ROWS)]).pii == "card_number"


@pytest.mark.parametrize("name", ["Kundenanschrift", "cust_addr", "顧客住所", "address_no"])
def test_compound_and_shortened_names(name: str, values: dict[str, list[str]]) -> None:
    assert found(name, values["address"]).pii == "address"


@pytest.mark.parametrize("value", ["[{}, {}]", '{{"at": {}, "of": {}}}', "{{'no json': {}, {}"])
def test_packed_values_reach_no_model(value: str) -> None:
    cells = [value.format(i, i) for i in range(30)] * 20
    assert found("x", cells).kind is (ColumnKind.CATEGORICAL if "no json" in value else ColumnKind.TEXT)


def test_few_long_answers_are_categories() -> None:
    answers = [f"I agree with the {word} of these statements more than with the other ones" for word in "abcdefgh"]
    assert found("comment", answers * 20).kind is ColumnKind.CATEGORICAL


def test_dates_are_no_phone_numbers() -> None:
    mixed = [f"0{i % 9 + 1}-1{i % 3}-2024" for i in range(30)] + [f"2024-1{i % 3}-0{i % 9 + 1}" for i in range(30)]
    assert found("x", mixed).pii is None


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([n for text in NAMES.values() for n in text.split()]), st.data())
def test_any_values_under_a_telling_name(name: str, data: st.DataObject) -> None:
    cells = data.draw(st.lists(st.one_of(st.none(), st.text(max_size=8)), min_size=1, max_size=12))
    column = found(name, cells)
    assert column.pii is None or (column.pii in RECIPES and column.kind is ColumnKind.PII)


@settings(max_examples=40, deadline=None)
@given(st.integers(51, 400), st.integers(1, 400), st.integers(0, 2**32 - 1))
def test_no_nearly_distinct_text_is_modelled(rows: int, distinct: int, seed: int) -> None:
    """The privacy rule: above a share of 0.2, or 1000 distinct values, text reaches no model."""
    cells = [f"some words {v}" for v in np.random.default_rng(seed).integers(0, distinct, rows)]
    column = found("x", cells)
    assert column.kind.modelled is (len(set(cells)) / rows <= 0.2)
