"""Columns of which it is known what they hold, to measure what inference makes of them.

Every fourth one is held out: detection was not changed after looking at those.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
from faker import Faker

Maker = Callable[[np.random.Generator], object]
Rows = Iterator[tuple[str, Maker, tuple[str, ...], dict[str, Any]]]
Others = Iterator[tuple[str, Maker, dict[str, Any]]]
PERSONAL, TEXT, SHARED, THING = "personal", "text", "shared", "thing"


@dataclass(frozen=True)
class Labelled:
    """One column; ``truth`` says what it holds.

    Attributes:
        header: the column's name.
        make: one cell from a generator of random numbers.
        truth: PERSONAL and TEXT must reach no model; SHARED must, and THING (names and codes of things) may not
            be taken for personal, whether a model sees it or not.
        expected: recipes that are right for it; empty where an identifier is.
        table: the table's name.
        rows: how many.
        distinct: how many different values there are at most; None for as many as are drawn.
        nulls: the share of cells without a value.
        typed: an Arrow type that the cells are stored in; text by default.
    """

    header: str
    make: Maker
    truth: str
    expected: tuple[str, ...] = ()
    table: str = "records"
    rows: int = 300
    distinct: int | None = None
    nulls: float = 0.0
    typed: str = "string"

    def column(self, seed: int) -> pa.Array:
        """The cells, the same for a seed."""
        random = np.random.default_rng(seed)
        pool = [self.make(random) for _ in range(self.distinct or self.rows)]
        order = random.integers(0, len(pool), self.rows) if self.distinct else np.arange(self.rows)
        empty = random.random(self.rows) < self.nulls
        cells = [None if gone else pool[place] for place, gone in zip(order, empty, strict=True)]
        if self.typed == "string":
            return pa.array([None if cell is None else str(cell) for cell in cells])
        return pa.array([None if cell is None else float(str(cell)) for cell in cells]).cast(self.typed)


@lru_cache
def _speaker(locale: str) -> Faker:
    return Faker(locale)


def fake(method: str, locale: str = "en_US", case: Callable[[str], str] = str, **options: Any) -> Maker:
    """A cell that a method of Faker makes."""

    def make(random: np.random.Generator) -> str:
        speaker = _speaker(locale)
        speaker.seed_instance(int(random.integers(2**32)))
        return case(str(getattr(speaker, method)(**options)))

    return make


def full(locale: str = "en_US", form: str = "{0} {1}", case: Callable[[str], str] = str) -> Maker:
    """A first and a last name."""
    first, last = fake("first_name", locale), fake("last_name", locale)
    return lambda random: case(form.format(first(random), last(random)))


def filled(*forms: str) -> Maker:
    """One of the forms, a digit for each # and a capital for each ?."""

    def make(random: np.random.Generator) -> str:
        drawn = {"#": lambda: str(random.integers(10)), "?": lambda: chr(65 + int(random.integers(26)))}
        return "".join(drawn[c]() if c in drawn else c for c in str(random.choice(forms)))

    return make


def among(text: str) -> Maker:
    """One of some values, separated by commas."""
    return lambda random: str(random.choice([value.strip() for value in text.split(",")]))


def number(low: float, high: float, form: str = "{:.0f}") -> Maker:
    """A number, evenly drawn."""
    return lambda random: form.format(random.uniform(low, high))


def weighted(weights: str, modulus: int, form: str = "{}{}", tens: str = "0") -> Maker:
    """Digits with a check digit: the sum of digits times weights, modulo something."""
    figures = [int(w) for w in weights.split()]

    def make(random: np.random.Generator) -> str:
        digits = random.integers(0, 10, len(figures))
        check = int(digits @ figures) % modulus
        return form.format("".join(map(str, digits)), check if check < 10 else tens)

    return make


def _initials(random: np.random.Generator) -> str:
    return ".".join(chr(65 + int(n)) for n in random.integers(0, 26, int(random.integers(2, 4)))) + "."


def _blob(random: np.random.Generator) -> str:
    return json.dumps({"id": int(random.integers(10**6)), "device": full()(random), "ok": bool(random.integers(2))})


def _coded(random: np.random.Generator) -> str:
    return base64.b64encode(random.bytes(int(random.integers(30, 60)))).decode()


def _plus(prefix: str, digits: int) -> Maker:
    return lambda random: prefix + "".join(map(str, random.integers(0, 10, digits)))


def _same_day(random: np.random.Generator) -> str:
    return f"{random.integers(0, 24):02}:{random.integers(0, 60):02}"


def everything() -> Iterator[Labelled]:
    """All labelled columns."""
    personal = (*_names(), *_accounts(), *_addresses(), *_phones_and_cards(), *_national_ids())
    for truth, columns in ((PERSONAL, personal), (TEXT, _texts())):
        yield from (Labelled(header, make, truth, expected, **more) for header, make, expected, more in columns)
    for truth, others in ((SHARED, (*_categories(), *_numbers(), *_short_words())), (THING, _things())):
        yield from (Labelled(header, make, truth, (), **more) for header, make, more in others)


def _names() -> Rows:
    name, first, last = ("name",), ("first_name", "name"), ("last_name", "name")
    yield "full_name", full(), name, {}
    yield "name", full("de_DE"), name, {"table": "kunden", "nulls": 0.2}
    yield "NOMBRE_COMPLETO", full("es_ES", "{0} {1}", str.upper), name, {"rows": 40}
    yield "cust_nm", full("en_GB"), name, {"table": "customers"}
    yield "name", full("sv_SE"), name, {"table": "visits", "distinct": 40}
    yield "col_7", full("fr_FR"), (*name, "text"), {}
    yield "imię i nazwisko", full("pl_PL"), name, {"distinct": 50}
    yield "氏名", fake("name", "ja_JP"), name, {}
    yield "姓名", fake("name", "zh_CN"), name, {"distinct": 60, "rows": 1500}
    yield "ad_soyad", full("tr_TR"), name, {"distinct": 45}
    yield "account_holder", full("nl_NL", "{1}, {0}"), name, {}
    yield "doctor", full("en_US", "Dr. {0} {1}"), name, {"distinct": 30}
    yield "Sachbearbeiter", full("de_DE"), name, {"distinct": 30}
    yield "fname", fake("first_name", "en_US", str.lower), first, {"rows": 1200}
    yield "vorname", fake("first_name", "de_DE"), first, {"distinct": 40}
    yield "prénom", fake("first_name", "fr_FR"), first, {"nulls": 0.3}
    yield "apellidos", fake("last_name", "es_ES"), last, {"distinct": 40}
    yield "lastName", fake("last_name", "it_IT", str.upper), last, {}
    yield "soyadı", fake("last_name", "tr_TR"), last, {"distinct": 40}
    yield "achternaam", fake("last_name", "nl_NL"), last, {}
    yield "sobrenome", fake("last_name", "pt_BR"), last, {"distinct": 50}
    yield "initials", _initials, ("name", "first_name", "last_name"), {"distinct": 200}


def _accounts() -> Rows:
    yield "email", fake("email"), ("email",), {}
    yield "col_3", fake("email", "de_DE", str.upper), ("email",), {"nulls": 0.4}
    yield "created_by", fake("company_email"), ("email",), {"distinct": 8}
    yield "e-post", fake("email", "sv_SE"), ("email",), {"rows": 20}
    yield "username", fake("user_name"), ("username",), {}
    yield "twitter_handle", fake("user_name", "en_US", "@{}".format), ("username",), {"distinct": 50}
    yield "kullanıcı_adı", fake("user_name", "tr_TR"), ("username",), {"distinct": 50}
    yield "nick", fake("user_name", "pt_PT", str.title), ("username",), {}


def _addresses() -> Rows:
    yield "address", fake("address", "en_US", lambda text: text.replace("\n", ", ")), ("address",), {}
    yield "Anschrift", fake("address", "de_DE", lambda text: text.replace("\n", ", ")), ("address",), {"distinct": 50}
    yield (
        "adres_zamieszkania",
        fake("address", "pl_PL", lambda t: t.replace("\n", ", ")),
        ("address",),
        {"distinct": 50},
    )
    yield "x1", fake("address", "en_GB", lambda text: text.replace("\n", ", ")), ("address", "text"), {}
    yield "住所", fake("address", "ja_JP"), ("address",), {}
    yield "via", fake("street_address", "it_IT"), ("street", "address"), {}
    yield "street_1", fake("street_address"), ("street", "address"), {"distinct": 50}
    yield "calle", fake("street_address", "es_ES", str.upper), ("street", "address"), {}
    yield "zip", fake("postcode"), ("postcode",), {}
    yield "postal_cd", fake("postcode", "en_GB"), ("postcode",), {}
    yield "PLZ", fake("postcode", "de_DE"), ("postcode",), {"rows": 800}
    yield "kod_pocztowy", fake("postcode", "pl_PL"), ("postcode",), {}
    yield "client_ip", fake("ipv4_public"), ("ip_address",), {"distinct": 50}
    yield "src", fake("ipv6"), ("ip_address",), {"distinct": 50}
    yield "last_login_from", fake("ipv4_private"), ("ip_address",), {"nulls": 0.5}
    yield "website", fake("url"), ("url",), {}
    yield "linkedin", lambda r: f"linkedin.com/in/{fake('user_name')(r)}", ("url", "username"), {}
    yield "device_guid", fake("uuid4"), ("uuid",), {}
    yield "a", fake("uuid4", "en_US", lambda text: text.replace("-", "")), ("uuid",), {}
    yield "company_name", fake("company"), ("company", "name"), {}
    yield "Firma", fake("company", "de_DE"), ("company", "name"), {"nulls": 0.3}
    yield "mac_address", fake("mac_address"), (), {"distinct": 50}
    yield "wifi", fake("mac_address", "en_US", lambda text: text.replace(":", "-").upper()), (), {"distinct": 50}
    yield "licence_plate", fake("license_plate", "en_GB"), (), {"distinct": 50}
    yield "kennzeichen", fake("license_plate", "de_DE"), (), {"distinct": 50}
    yield "targa", fake("license_plate", "it_IT"), (), {}
    yield "position", lambda r: f"{r.uniform(47, 54):.6f}, {r.uniform(6, 14):.6f}", (), {}


def _phones_and_cards() -> Rows:
    phone, card = ("phone",), ("card_number",)
    yield "phone", fake("phone_number"), phone, {}
    yield "tel_no", fake("phone_number", "de_DE"), phone, {"distinct": 50}
    yield "contact", fake("phone_number", "fr_FR"), phone, {}
    yield "col_9", filled("+44 7### ######", "07### ######"), phone, {}
    yield "x7", filled("(###) ###-####", "###-###-####", "###.###.####"), phone, {"distinct": 50}
    yield "Mobiltelefon", fake("phone_number", "sv_SE"), phone, {"nulls": 0.3}
    yield "telefon_numarası", fake("phone_number", "tr_TR"), phone, {"distinct": 50}
    yield "phone", _plus("4917", 8), phone, {"typed": "int64"}
    yield "mobile", _plus("4917", 8), phone, {"typed": "double", "nulls": 0.2}
    yield "col_12", _plus("33 6", 8), phone, {}
    yield "n7", _plus("346", 8), phone, {"typed": "int64"}
    yield "携帯電話", fake("phone_number", "ja_JP"), phone, {"distinct": 50}
    yield "iban", fake("iban", "de_DE"), ("iban",), {}
    yield "account", fake("iban", "fr_FR"), ("iban",), {"distinct": 50}
    yield "bank", fake("iban", "en_GB", lambda t: " ".join(t[i : i + 4] for i in range(0, len(t), 4))), ("iban",), {}
    yield "card_number", fake("credit_card_number", card_type="visa16"), card, {}
    yield "cc", fake("credit_card_number", card_type="mastercard"), card, {"typed": "int64"}
    yield "payment", fake("credit_card_number", card_type="amex"), card, {"distinct": 50}
    yield "masked_pan", filled("************####", "XXXXXXXXXXXX####"), card, {}


def _national_ids() -> Rows:
    nation = ("national_id",)
    yield "ssn", fake("ssn"), nation, {}
    yield "k1", fake("ssn"), nation, {"distinct": 50}
    yield "nino", fake("ssn", "en_GB"), nation, {"distinct": 50}
    yield "dni", fake("nif", "es_ES"), nation, {"distinct": 50}
    yield "col_4", fake("nif", "es_ES"), nation, {"distinct": 50}
    yield "numero_secu", fake("ssn", "fr_FR"), nation, {}
    yield "codice_fiscale", fake("ssn", "it_IT"), nation, {}
    yield "cf", fake("ssn", "it_IT"), nation, {"distinct": 50}
    yield "bsn", fake("ssn", "nl_NL"), nation, {"typed": "int64"}
    yield "CPF", fake("cpf", "pt_BR"), nation, {"distinct": 50}
    yield "field_2", fake("cpf", "pt_BR"), nation, {"distinct": 50}
    yield "pesel", fake("pesel", "pl_PL"), nation, {"distinct": 50}
    yield "var3", fake("pesel", "pl_PL"), nation, {"distinct": 50}
    yield "personnummer", fake("ssn", "sv_SE"), nation, {"distinct": 50}
    yield "tc_kimlik_no", fake("ssn", "tr_TR"), nation, {"distinct": 50}
    yield "身份证号码", fake("ssn", "zh_CN"), nation, {"distinct": 50}
    yield "column_5", fake("ssn", "zh_CN"), nation, {}
    yield "hetu", fake("ssn", "fi_FI"), nation, {"distinct": 50}
    yield "aadhaar", fake("aadhaar_id", "en_IN"), nation, {"distinct": 50}
    yield "Steuer-ID", filled("##_###_###_###".replace("_", " "), "###########"), nation, {}
    yield "vat_no", fake("vat_id", "de_DE"), nation, {"distinct": 50}
    yield "tax_identification_number", fake("itin"), nation, {}
    yield "nip", weighted("6 5 7 2 3 4 5 6 7", 11), nation, {"distinct": 50}
    yield "passport", fake("passport_number"), nation, {"distinct": 50}
    yield "driver_license_no", filled("?#######", "?##-##-####"), nation, {"distinct": 50}
    yield "Führerscheinnummer", filled("?##???####?"), nation, {"distinct": 50}
    yield "imei", fake("random_number", digits=15, fix_len=True), (), {"typed": "int64"}


def _texts() -> Rows:
    yield "notes", fake("sentence", nb_words=9), (), {}
    yield "Bemerkung", fake("sentence", "de_DE", nb_words=12), (), {"distinct": 50, "rows": 900}
    yield "comment", fake("paragraph", "fr_FR"), (), {"nulls": 0.7, "rows": 500}
    yield "review_body", fake("paragraph"), (), {"rows": 3000, "distinct": 400}
    yield "col_1", fake("paragraph", "es_ES"), (), {}
    yield "備考", fake("paragraph", "ja_JP"), (), {}
    yield "payload", _blob, (), {}
    yield "attributes", _blob, (), {"distinct": 50}
    yield "avatar", _coded, (), {}
    yield "signature", _coded, (), {"distinct": 50}
    yield "message", full("en_US", "{0} {1} asked to be called back about the open invoice"), (), {"rows": 25}


def _categories() -> Others:
    yield "city", fake("city"), {"distinct": 40, "table": "customers"}
    yield "ville", fake("city", "fr_FR"), {"distinct": 40, "table": "clients"}
    yield "country", fake("country"), {"distinct": 40}
    yield "Bundesland", fake("state", "de_DE"), {"distinct": 16}
    yield "job_title", fake("job"), {"distinct": 40, "table": "employees"}
    yield "Beruf", fake("job", "de_DE"), {"distinct": 40, "table": "personen"}
    yield "department", among("Sales, Human Resources, IT, Legal, Finance"), {"table": "employees"}
    yield "category", among("Home & Garden, Toys, Books, Food"), {}
    yield "status", among("shipped, open, returned, PAID"), {"table": "orders"}
    yield "payment_method", among("credit card, debit card, invoice, PayPal"), {"nulls": 0.1}
    yield "phone_type", among("iPhone 15, Pixel 8, Galaxy S24"), {"table": "customers"}
    yield "email_status", among("bounced, delivered, opened"), {}
    yield "contact", among("cellular, telephone, unknown"), {"table": "clients"}
    yield "address_type", among("home, work, other"), {}
    yield "colour", fake("color_name"), {"distinct": 30}
    yield "currency", fake("currency_code"), {"distinct": 20}
    yield "iso3", fake("country_code", representation="alpha-3"), {"distinct": 30}
    yield "language", fake("language_name"), {"distinct": 30, "table": "users"}
    yield "locale", fake("locale"), {"distinct": 20}
    yield "brand", among("Nike, Levi's, Hugo Boss, Calvin Klein, Ralph Lauren, Puma"), {}
    yield "team", among("Red Bull, Ferrari, McLaren, Williams, Aston Martin"), {"table": "results"}
    yield "school", among("Lincoln High School, St. Mary's, Roosevelt Academy, MIT"), {"table": "students"}
    yield "airport", among("JFK, LGA, EWR, FRA, MUC"), {}
    yield "product_name", among("Blue Mug, Red Cup, Green Plate, Big Bowl"), {"table": "orders"}
    yield "film_title", fake("catch_phrase"), {"distinct": 30}
    yield "circuit_name", among("Monza, Silverstone, Spa, Suzuka, Albert Park"), {"table": "races"}
    yield "plan", among("Basic plan with two lines and unlimited data, Pro plan, Family plan with four lines"), {}
    yield "education", among("Some-college, HS-grad, Bachelors, Masters, 11th, Assoc-acdm"), {"table": "adult"}


def _numbers() -> Others:
    yield "rating", among("1,2,3,4,5"), {"typed": "int64"}
    yield "price", number(1, 900, "{:.2f}"), {}
    yield "Preis", lambda r: f"{r.uniform(1, 900):.2f}".replace(".", ","), {}
    yield "quantity", number(1, 80), {"typed": "int64"}
    yield "year", number(1950, 2024), {}
    yield "rate", number(0, 100, "{:.0f} %"), {}
    yield "growth", number(-20, 60, "{:.1f}%"), {}
    yield "start_time", _same_day, {}
    yield "heure", _same_day, {"nulls": 0.2, "rows": 900}
    yield "birth_date", fake("date_of_birth"), {"table": "customers"}
    yield "dob", fake("date_of_birth"), {"table": "patients", "rows": 30}
    yield "created_at", lambda r: str(np.datetime64("2024-01-01T00:00:00") + int(r.integers(10**7))), {}
    yield "epoch_ms", number(1.6e12, 1.7e12), {"typed": "int64"}
    yield "unix_time", number(1.6e9, 1.7e9), {"typed": "int64"}
    yield "latitude", number(47, 54, "{:.5f}"), {"table": "stores"}
    yield "salary", number(20000, 90000), {"table": "employees"}
    yield "umsatz", number(1e5, 9e11), {}
    yield "balance", number(-5000, 90000, "{:.2f}"), {"typed": "double", "nulls": 0.1}


def _short_words() -> Others:
    yield "version", among("1.0.2, 1.1.0, 2.0.0, 2.3.1-rc1, 3.0"), {}
    yield "browser", among("Chrome 120.0, Firefox 121, Safari 17.2"), {"table": "sessions"}
    yield "file_type", among("report.pdf, image.png, data.csv"), {}
    yield "title", among("Mr, Ms, Dr, Prof."), {"table": "persons"}
    yield "nationality", among("German, French, Turkish, Dutch"), {"table": "persons"}
    yield "blood_type", among("A+, A-, B+, B-, AB+, AB-, 0+, 0-"), {"table": "patients"}
    yield "churned", among("yes, no"), {"table": "customers"}
    yield "tail", among("N14228,N24211,N619AA,N804JB,N668DN,N39463"), {"table": "flights"}
    yield "department_code", among("A1, A2, B1, C9"), {}
    yield "zip_region", among("0xx, 1xx, 2xx, 3xx"), {}
    yield "street_type", among("avenue, road, lane"), {}
    yield "国", among("日本, 中国, 韓国, ドイツ"), {}
    yield "weekday", fake("day_of_week"), {}
    yield "card_type", among("Visa 16 digit, American Express, Maestro"), {}
    yield "username_length", number(3, 20), {"typed": "int64"}


def _things() -> Others:
    yield "sku", filled("??-####-##"), {"table": "products"}
    yield "name", fake("catch_phrase"), {"table": "products"}
    yield "name", lambda r: f"{fake('city')(r)} Airport", {"table": "airports"}
    yield "film", fake("catch_phrase"), {}
    yield "commit", fake("sha1"), {}
    yield "checksum", fake("md5"), {}
    yield "order_no", filled("ORD-########"), {"table": "orders"}
    yield "ean", fake("ean13"), {"table": "products"}
    yield "batch_code", filled("L########"), {}
    yield "file_name", fake("file_name"), {}
    yield "version", lambda r: ".".join(map(str, r.integers(0, 30, 3))), {}
    yield "invoice_number", filled("2024-######"), {}
    yield "transaction_ref", filled("############"), {}
    yield "team_name", lambda r: f"{fake('city')(r)} {fake('color_name')(r)}s", {"table": "teams"}
    yield "isbn", fake("isbn13"), {"table": "books"}
    yield "address", lambda r: f"0x{r.bytes(20).hex()}", {"table": "contracts"}
