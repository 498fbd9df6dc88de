"""Reference tables: out of a model's sight, and back as they were."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synthkit.dataset import Dataset
from synthkit.errors import DataError, IntegrityError, UsageError
from synthkit.guard import Guard
from synthkit.guard.fold import Fold
from synthkit.integrity import violations
from synthkit.schema import Column, ColumnKind, ForeignKey, Formula, Range, Schema, Table
from synthkit.storage import dtype_of

ID, TEXT, PII = ColumnKind.ID, ColumnKind.TEXT, ColumnKind.PII
NUMBER, CATEGORY, BOOLEAN, TIME = ColumnKind.NUMERICAL, ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN, ColumnKind.DATETIME


def values(column, cells):
    dtype = dtype_of(column.storage, nullable=column.nullable)
    if column.storage.startswith(("date", "timestamp")):
        return pd.Series(np.array([str(cell or "NaT") for cell in cells], dtype="datetime64[us]"))
    return pd.Series(cells, dtype=object).astype(dtype)


def dataset(tables, keys, subject=None):
    """Tables, each with its columns and their cells, and the foreign keys between them."""
    frames = {
        table.name: pd.DataFrame({c.name: values(c, cells) for c, cells in columns.items()})
        for table, columns in tables.items()
    }
    return Dataset(Schema(tuple(tables), keys, subject), frames)


def table(name, columns, key=(), **more):
    return Table(name, tuple(columns), key, **more), columns


def link(child, column, parent, *, owner=False):
    return ForeignKey(child, (column,), parent, ("id",), owner)


KEY = Column("id", ID, "int64", unique=True)
PRODUCTS = 40


def shop(people=100, bought=None):
    """100 people who bought one of 40 products each, and were given another one or none.

    Products come from 4 makers of 2 countries, in 2 departments, and have names that are all different.
    """
    bought = list(range(PRODUCTS)) * (people * 3 // PRODUCTS) if bought is None else bought
    tables = dict(
        [
            table("people", {KEY: range(people)}, ("id",)),
            table(
                "purchases",
                {
                    Column("person", ID, "int64"): [n % people for n in range(len(bought))],
                    Column("product", ID): [f"P{n:03}" for n in bought],
                    Column("gift", ID, nullable=True): [None if n % 2 else f"P{n:03}" for n in bought],
                    Column("amount", NUMBER, "double"): [n / 4 for n in range(len(bought))],
                },
            ),
            table(
                "products",
                {
                    Column("id", ID, unique=True): [f"P{n:03}" for n in range(PRODUCTS)],
                    Column("name", CATEGORY): [f"product {n}" for n in range(PRODUCTS)],
                    Column("about", TEXT): ["some words"] * PRODUCTS,
                    Column("maker", ID, "int64", nullable=True): [None, *(n % 4 for n in range(1, PRODUCTS))],
                    Column("department", CATEGORY): ["food" if n < 20 else "other" for n in range(PRODUCTS)],
                    Column("sold", TIME, "date32[day]"): [f"2020-01-{1 + n % 28:02}" for n in range(PRODUCTS)],
                    Column("fresh", BOOLEAN, "bool", nullable=True): [n % 3 == 0 for n in range(PRODUCTS)],
                },
                ("id",),
                reference=True,
            ),
            table("makers", {KEY: range(4), Column("country", CATEGORY): [*"AABB"]}, ("id",), reference=True),
        ]
    )
    keys = (
        link("purchases", "person", "people", owner=True),
        link("purchases", "product", "products"),
        link("purchases", "gift", "products"),
        link("products", "maker", "makers"),
    )
    return dataset(tables, keys, "people")


def same(first, second):
    assert first.schema == second.schema
    for name, frame in first.tables.items():
        pd.testing.assert_frame_equal(frame, second[name])


def with_columns(data, name, **columns):
    return Dataset(data.schema, {**data.tables, name: data[name].assign(**columns)})


def changed(schema, name, **changes):
    return replace(schema, tables=tuple(replace(t, **changes) if t.name == name else t for t in schema.tables))


# Reference tables


def test_a_model_sees_names_of_members_and_what_stands_beside_them():
    folded = Fold.learn(shop()).fold(shop())
    assert folded.schema.table_names == ("people", "purchases")
    assert [key.parent for key in folded.schema.foreign_keys] == ["people"]
    columns = ["product", "product.maker", "product.maker.country", "product.department", "product.sold"]
    columns = [*columns, "product.fresh"]
    gifts = [name.replace("product", "gift") for name in columns]
    assert list(folded["purchases"].columns) == ["person", *columns, *gifts, "amount"]
    row = folded["purchases"].iloc[6]
    assert [str(cell) for cell in row[columns]] == ["P006", "2", "B", "food", "2020-01-07 00:00:00", "True"]
    assert folded["purchases"].iloc[1][gifts].isna().all()
    assert {c.name: c.kind for c in folded.schema["purchases"].columns if c.name in columns} == {
        **dict.fromkeys(columns, CATEGORY),
        "product.sold": TIME,
        "product.fresh": BOOLEAN,
    }


def priced(*expressions, **columns):
    """200 lines of 100 orders, each of one of 40 products, and formulas over them for ``total``, ``net`` and so on."""
    rows = {"product": [f"P{n % PRODUCTS:03}" for n in range(200)], "many": [1 + n % 3 for n in range(200)]}
    rows |= {f"sum {n}": [0.5] * 200 for n, _ in enumerate(expressions)} | columns
    own = {Column("order", ID, "int64"): [n // 2 for n in range(200)], Column("product", ID): rows.pop("product")}
    own |= {Column(name, NUMBER, "double"): cells for name, cells in rows.items()}
    rules = tuple(Formula(f"sum {n}", expression) for n, expression in enumerate(expressions))
    products = {Column("id", ID, unique=True): [f"P{n:03}" for n in range(PRODUCTS)]}
    products |= {Column("price", NUMBER, "double"): [n / 4 for n in range(PRODUCTS)]}
    tables = dict(
        [
            table("orders", {KEY: range(100), Column("fee", NUMBER, "double"): [n % 5 for n in range(100)]}, ("id",)),
            table("lines", own, rules=rules),
            table("products", products, ("id",), reference=True),
        ]
    )
    keys = (link("lines", "order", "orders", owner=True), link("lines", "product", "products"))
    return dataset(tables, keys, "orders")


def seen_formulas(data):
    return [rule.expression for rule in Guard.learn(data).guarded_schema["lines"].rules]


def test_a_model_sees_formulas_over_what_it_sees():
    """By what a column of a reference table is called there; never a sign of a category, nor other rules."""
    data = priced("many * products.price", "orders.fee - 2 * (-many + `sum 0`)", "many * product.price")
    assert seen_formulas(data) == [
        "many * `product.price`",
        "orders.fee - 2 * (-many + `sum 0`)",
        "many * `product.price`",
    ]
    bounded = changed(data.schema, "lines", rules=(Range("many", low=1), *data.schema["lines"].rules[:1]))
    assert seen_formulas(Dataset(bounded, data.tables)) == ["many * `product.price`"]


def test_a_model_sees_no_formula_over_what_it_does_not_see():
    """A column beside a key has the name of an own one; too few have a fee; and numbers as text are categories."""
    assert seen_formulas(priced("many * products.price", **{"product.price": [n % 7 for n in range(200)]})) == []
    data = priced("orders.fee * many")
    fee = Column("fee", NUMBER, "double", nullable=True)
    schema = changed(data.schema, "orders", columns=(KEY, fee))
    orders = data["orders"].assign(fee=data["orders"]["fee"].where(data["orders"]["id"] < 5))
    assert seen_formulas(Dataset(schema, {**data.tables, "orders": orders})) == []
    worded = [replace(c, storage="string") if c.name == "many" else c for c in data.schema["lines"].columns]
    lines = data["lines"].assign(many=data["lines"]["many"].astype(str))
    schema = changed(data.schema, "lines", columns=tuple(worded))
    assert seen_formulas(Dataset(schema, {**data.tables, "lines": lines})) == []


def test_what_is_folded_is_unfolded():
    fold = Fold.learn(shop())
    back = fold.unfold(fold.fold(shop()), seed=0)
    same(back, shop())
    assert back["products"] is fold.references["products"]


def test_where_nothing_is_rare_members_come_back_as_themselves():
    data = shop()
    guard = Guard.learn(data, k=1)
    back = guard.restore(guard.protect(data), seed=0)
    pd.testing.assert_frame_equal(back["purchases"][["product", "gift"]], data["purchases"][["product", "gift"]])


def test_a_rare_member_is_drawn_among_those_that_are_alike():
    data = shop(bought=[*[0] * 50, *range(20, 40), *[1] * 30])
    guard = Guard.learn(data)
    shown = guard.protect(data)
    assert shown["purchases"]["product"].value_counts().to_dict() == {"P000": 50, "P001": 30, "rare": 20}
    assert shown["purchases"]["product.department"].value_counts().to_dict() == {"food": 80, "other": 20}
    back = guard.restore(shown, seed=0)
    drawn = back["purchases"]["product"]
    assert drawn[:50].eq("P000").all()
    assert drawn[70:].eq("P001").all()
    about = data["products"].set_index("id").loc[drawn]
    for name in ("department", "fresh"):
        shown_there = shown["purchases"][f"product.{name}"]
        known = shown_there.ne("rare").to_numpy(dtype=bool, na_value=False)
        assert (about[name].to_numpy()[known] == shown_there.to_numpy()[known]).all()
    assert violations(back) == ()


def test_all_that_are_alike_are_equally_likely():
    """60,000 draws of 7 members (fresh food); a false alarm once in 70,000,000 (7 binomials, 6 deviations)."""
    data = shop()
    fold = Fold.learn(data)
    frame = fold.fold(data)["purchases"].take(np.zeros(60_000, dtype="int64")).reset_index(drop=True)
    left_aside = {"product.maker": "no such maker", "product.maker.country": "nowhere"}
    rare = frame.assign(product="rare", **left_aside, **{"product.department": "food", "product.fresh": True})
    sample = Dataset(fold.folded, {"people": data["people"], "purchases": rare})
    counts = fold.unfold(sample, seed=0)["purchases"]["product"].value_counts()
    assert sorted(counts.index) == [f"P{n:03}" for n in range(0, 20, 3)]
    assert (abs(counts - 60_000 / 7) < 6 * (60_000 * 6 / 49) ** 0.5).all()


def test_a_value_that_none_of_those_alike_has_is_left_aside():
    data = shop()
    fold = Fold.learn(data)
    frame = fold.fold(data)["purchases"].assign(product="rare", gift=None)
    columns = {"product.department": "food", "product.fresh": True, "product.maker": "7"}
    columns["product.maker.country"] = "nowhere"
    sample = Dataset(fold.folded, {"people": data["people"], "purchases": frame.assign(**columns)})
    drawn = fold.unfold(sample, seed=0)["purchases"]
    about = data["products"].set_index("id").loc[drawn["product"]]
    assert about["department"].eq("food").all()
    assert about["fresh"].all()
    assert about["maker"].nunique(dropna=False) > 3
    assert drawn["gift"].isna().all()


def test_one_seed_gives_one_result_and_another_another():
    data = shop(bought=list(range(PRODUCTS)))
    guard = Guard.learn(data)
    shown = guard.protect(data)
    first, again, other = (guard.restore(shown, seed=seed) for seed in (0, 0, 1))
    same(first, again)
    assert not first["purchases"]["product"].equals(other["purchases"]["product"])


def test_a_member_that_is_called_rare_is_itself():
    data = shop(bought=[0] * 60 + list(range(1, 41 - 1)))
    named = {"P000": "rare", "P001": "\\rare"}
    bought = {name: data["purchases"][name].replace(named) for name in ("product", "gift")}
    data = with_columns(with_columns(data, "purchases", **bought), "products", id=data["products"]["id"].replace(named))
    guard = Guard.learn(data)
    back = guard.restore(guard.protect(data), seed=0)
    assert back["purchases"]["product"][:60].eq("rare").all()
    assert not back["purchases"]["product"][60:].eq("rare").all()
    fold = Fold.learn(data)
    for k in (1, 2):  # with 1 all members are shown
        guard = Guard.learn(data, k=k)
        back = guard.restore(guard.protect(data), seed=0)
        assert back["purchases"]["product"].isin(fold.references["products"]["id"]).all()
    guard = Guard.learn(data, k=1)
    pd.testing.assert_series_equal(
        guard.restore(guard.protect(data), seed=0)["purchases"]["product"], data["purchases"]["product"]
    )


def test_columns_beside_get_names_of_their_own():
    data = shop()
    purchases = data.schema["purchases"]
    renamed = tuple(replace(c, name="product.sold") if c.name == "amount" else c for c in purchases.columns)
    frame = data["purchases"].rename(columns={"amount": "product.sold"})
    data = Dataset(changed(data.schema, "purchases", columns=renamed), {**data.tables, "purchases": frame})
    fold = Fold.learn(data)
    assert {"product.sold", "product.sold+"} <= set(fold.folded["purchases"].column_names)
    same(fold.unfold(fold.fold(data), seed=0), data)


def test_keys_that_point_at_no_member_are_refused():
    data = shop()
    guard = Guard.learn(data)
    lost = data["purchases"]["product"].where(data["purchases"].index > 2, "P999")
    with pytest.raises(DataError, match=r"purchases\.product: 3 keys point at no row of products; remove or correct"):
        guard.protect(with_columns(data, "purchases", product=lost))


def test_a_key_between_members_of_a_cycle_is_left_aside():
    data = shop()
    schema = data.schema
    above = Column("above", ID, "int64", nullable=True)
    tables = changed(schema, "makers", columns=(*schema["makers"].columns, above))
    data = Dataset(
        replace(tables, foreign_keys=(*schema.foreign_keys, link("makers", "above", "makers"))),
        {**data.tables, "makers": data["makers"].assign(above=pd.array([None, 0, 0, 1], dtype="Int64"))},
    )
    fold = Fold.learn(data)
    assert not [name for name in fold.folded["purchases"].column_names if "above" in name]
    same(fold.unfold(fold.fold(data), seed=0), data)


def test_a_reference_table_that_nothing_points_at_stays_too():
    data, day = shop(), Column("day", TEXT)
    schema = replace(data.schema, tables=(Table("calendar", (day,), reference=True), *data.schema.tables))
    data = Dataset(schema, {**data.tables, "calendar": pd.DataFrame({"day": values(day, ["Monday"])})})
    fold = Fold.learn(data)
    same(fold.unfold(fold.fold(data), seed=0), data)


def lines(bought=None, *, amount=5):
    """Orders with one line per product, which makes the primary key."""
    bought = [(order, product) for order in range(60) for product in range(5)] if bought is None else bought
    tables = dict(
        [
            table("orders", {KEY: range(60)}, ("id",)),
            table(
                "lines",
                {
                    Column("order", ID, "int64"): [order for order, _ in bought],
                    Column("product", ID, "int16"): [product for _, product in bought],
                },
                ("order", "product"),
            ),
            table(
                "products",
                {KEY: range(amount), Column("kind", CATEGORY): [*"ab"] * (amount // 2) + ["a"] * (amount % 2)},
                ("id",),
                reference=True,
            ),
        ]
    )
    return dataset(
        tables, (link("lines", "order", "orders", owner=True), link("lines", "product", "products")), "orders"
    )


def test_a_key_within_a_primary_key_stays_unique():
    data = lines(amount=30)
    guard = Guard.learn(data)
    assert guard.guarded_schema["lines"].primary_key == ()
    shown = guard.protect(data)
    rare = with_columns(shown, "lines", product=pd.Series(["rare"] * 300, dtype=shown["lines"]["product"].dtype))
    for sample in (shown, rare):
        back = guard.restore(sample, seed=0)
        assert violations(back) == ()
        assert len(back["lines"]) == 300
        assert back["lines"]["product"].dtype == np.dtype("int16")


def test_where_members_are_too_few_for_unique_keys_it_says_so():
    data = lines()
    guard = Guard.learn(data)
    crowded = with_columns(guard.protect(data), "lines", order=np.zeros(300, dtype="int64"))
    with pytest.raises(IntegrityError, match=r"lines\.order\+product: 295 rows repeat a key, and no free one was"):
        guard.restore(crowded, seed=0)


def test_all_members_of_a_crowded_key_are_used():
    data = lines(amount=6)
    guard = Guard.learn(data)
    same_product = pd.Series(["0"] * 300, dtype=guard.protect(data)["lines"]["product"].dtype)
    back = guard.restore(with_columns(guard.protect(data), "lines", product=same_product), seed=0)
    assert violations(back) == ()


def unsupported(schema, **changes):
    with pytest.raises(UsageError) as caught:
        Fold(replace(schema, **changes), dict.fromkeys(schema.table_names, pd.DataFrame()))
    return str(caught.value)


def test_what_cannot_be_folded_is_refused():
    schema = lines().schema
    product = "lines.product, the key to the reference table 'products',"
    end = "which is not supported yet; take `reference = true` out"
    whole = changed(schema, "lines", primary_key=("product",))
    assert unsupported(whole) == f"{product} is the whole primary key of 'lines', {end}"
    notes = Table("notes", (Column("order", ID, "int64"), Column("product", ID, "int64")))
    both = ForeignKey("notes", ("order", "product"), "lines", ("order", "product"))
    above = {"tables": (*schema.tables, notes), "foreign_keys": (*schema.foreign_keys, both)}
    assert unsupported(schema, **above) == f"{product} is part of a primary key of 'lines' that others refer to, {end}"
    kinds = Table("kinds", (KEY, Column("no", ID, "int64")), ("id", "no"), reference=True)
    twofold = ForeignKey("lines", ("order", "product"), "kinds", ("id", "no"))
    several = replace(schema, tables=(*schema.tables, kinds), foreign_keys=(schema.foreign_keys[0], twofold))
    name = "lines.order+product, the key to the reference table 'kinds',"
    assert unsupported(several) == f"{name} has several columns, {end}"
    sharing = ForeignKey("notes", ("product",), "products", ("id",))
    loose = changed(schema, "lines", primary_key=("order", "product"))
    keys = (schema.foreign_keys[0], both, sharing)
    shared = replace(loose, tables=(*schema.tables, notes), foreign_keys=keys)
    assert unsupported(shared).startswith(
        "notes.product, the key to the reference table 'products', is part of another"
    )


def test_a_reference_table_must_be_there():
    with pytest.raises(DataError, match="products: the reference table is missing; fit again"):
        Fold(shop().schema, {"makers": shop()["makers"]})


PERSONAL = Column("mail", PII, pii="email")


def test_what_is_somebodys_is_no_reference():
    schema = shop().schema
    with pytest.raises(UsageError, match=r"'makers' holds personal data \(mail\) and cannot be a reference"):
        changed(schema, "makers", columns=(KEY, PERSONAL))
    with pytest.raises(UsageError, match="'products' refers to 'makers', which is no reference, and cannot be one"):
        changed(schema, "makers", reference=False)
    with pytest.raises(UsageError, match="all tables are references, so there is nothing to learn"):
        schema.select(["products", "makers"])


def test_the_largest_table_is_no_subject_if_it_is_a_reference():
    data = shop(bought=[1, 2])
    schema = replace(data.schema, subject=None)
    assert Dataset(schema, data.tables).subject == "people"
    assert schema.modelled("products") == ()


def test_a_saved_guard_needs_the_reference_tables():
    guard = Guard.learn(shop())
    loaded = Guard.from_dict(guard.to_dict(), guard.fold.references)
    assert loaded == guard
    same(loaded.restore(guard.protect(shop()), seed=3), guard.restore(guard.protect(shop()), seed=3))
    with pytest.raises(DataError, match="reference table is missing"):
        Guard.from_dict(guard.to_dict())
