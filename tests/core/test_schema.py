"""The schema: what contradicts itself is refused, what is written comes back, and relations are followed rightly."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthkit.errors import UsageError
from synthkit.schema import Column, ColumnKind, ForeignKey, Schema, Table

ID = ColumnKind.ID


def table(name: str, *columns: str, key: tuple[str, ...] = ("id",), **more) -> Table:
    """A table of identifiers: its key and the columns named."""
    names = dict.fromkeys((*key, *columns))
    return Table(name, tuple(Column(c, ID, "int64") for c in names), key, **more)


def link(child: str, column: str, parent: str, *, owner: bool = False) -> ForeignKey:
    return ForeignKey(child, (column,), parent, ("id",), owner)


def family(*links: str, subject: str | None = None, order: str = "") -> Schema:
    """A schema from links such as ``b>a`` (b refers to a) and ``b>>a`` (a owns b)."""
    pairs = [(text.split(">")[0], text.split(">")[-1], ">>" in text) for text in links]
    names = list(order) or sorted({name for child, parent, _ in pairs for name in (child, parent)})
    columns = {name: [f"to_{parent}" for child, parent, _ in pairs if child == name] for name in names}
    keys = tuple(link(child, f"to_{parent}", parent, owner=owner) for child, parent, owner in pairs)
    return Schema(tuple(table(name, *columns[name]) for name in names), keys, subject)


PEOPLE = table("people", "name")
VISITS = table("visits", "person", "day")
KEY = link("visits", "person", "people", owner=True)


# --- contradictions -------------------------------------------------------------------------------

BAD = {
    "there is no table": ((), (), None),
    "two tables are called 'people'": ((PEOPLE, PEOPLE), (), None),
    "the subject 'firms' is not a table": ((PEOPLE,), (), "firms"),
    "table 'people' has two columns 'name'": (
        (replace(PEOPLE, columns=(*PEOPLE.columns, PEOPLE.columns[1])),),
        (),
        None,
    ),
    "people.nothing is a key but not a column": ((replace(PEOPLE, primary_key=("nothing",)),), (), None),
    "a foreign key names the table 'firms', which does not exist": (
        (PEOPLE, VISITS),
        (replace(KEY, parent="firms"),),
        None,
    ),
    "a foreign key names the table 'calls', which does not exist": (
        (PEOPLE, VISITS),
        (replace(KEY, table="calls"),),
        None,
    ),
    "a foreign key names visits.nothing, which does not exist": (
        (PEOPLE, VISITS),
        (replace(KEY, columns=("nothing",)),),
        None,
    ),
    "a foreign key names people.nothing, which does not exist": (
        (PEOPLE, VISITS),
        (replace(KEY, parent_columns=("nothing",)),),
        None,
    ),
    "a foreign key of 'visits' must point at the primary key of 'people'": (
        (PEOPLE, VISITS),
        (replace(KEY, parent_columns=("name",)),),
        None,
    ),
    "a foreign key of 'visits' has no columns": (
        (replace(PEOPLE, primary_key=()), VISITS),
        (replace(KEY, columns=(), parent_columns=()),),
        None,
    ),
    "a foreign key of 'visits' has not as many columns as the key of 'people'": (
        (PEOPLE, VISITS),
        (replace(KEY, columns=("person", "day")),),
        None,
    ),
    "visits.person is declared as a foreign key twice": ((PEOPLE, VISITS), (KEY, replace(KEY, owner=False)), None),
    "table 'visits' has two owner keys": ((PEOPLE, VISITS), (KEY, replace(KEY, columns=("day",))), None),
}


@pytest.mark.parametrize("problem", BAD)
def test_a_schema_that_contradicts_itself_is_refused_in_words(problem):
    with pytest.raises(UsageError) as caught:
        Schema(*BAD[problem])
    assert str(caught.value) == f"{problem}; correct the schema"


def test_a_composite_key_may_be_named_in_another_order():
    parent = table("accounts", key=("branch", "number"))
    child = table("cards", "account_number", "account_branch")
    key = ForeignKey("cards", ("account_number", "account_branch"), "accounts", ("number", "branch"))
    assert Schema((parent, child), (key,)).parents_of("cards") == (key,)


def test_a_schema_is_frozen_and_hashable():
    schema = Schema((PEOPLE, VISITS), (KEY,))
    with pytest.raises(FrozenInstanceError):
        schema.subject = "people"
    assert len({schema, Schema((PEOPLE, VISITS), (KEY,))}) == 1


# --- looking up -----------------------------------------------------------------------------------


def test_tables_and_columns_are_found_by_name_or_not_at_all():
    schema = Schema((PEOPLE, VISITS), (KEY,))
    assert schema["visits"].column("person").name == "person"
    assert schema.table_names == ("people", "visits")
    assert schema["people"].column_names == ("id", "name")
    with pytest.raises(KeyError):
        schema["firms"]
    with pytest.raises(KeyError):
        schema["people"].column("age")


def test_keys_are_found_from_both_ends():
    schema = Schema((PEOPLE, VISITS), (KEY,))
    assert schema.parents_of("visits") == schema.children_of("people") == (KEY,)
    assert schema.parents_of("people") == schema.children_of("visits") == ()
    assert schema.owner_of("visits") == KEY
    assert schema.owner_of("people") is None
    assert schema.key_columns("visits") == {"id", "person"}


def test_only_what_has_a_meaning_is_modelled():
    columns = tuple(Column(kind.value, kind) for kind in ColumnKind)
    people = Table("people", (Column("key", ColumnKind.NUMERICAL), *columns), ("key",))
    assert [c.name for c in Schema((people,)).modelled("people")] == ["numerical", "categorical", "boolean", "datetime"]


def test_a_foreign_key_is_not_modelled_whatever_its_kind():
    visits = replace(VISITS, columns=tuple(replace(c, kind=ColumnKind.CATEGORICAL) for c in VISITS.columns))
    assert [c.name for c in Schema((PEOPLE, visits), (KEY,)).modelled("visits")] == ["day"]


# --- following relations --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "order"),
    [
        (family("b>a", "c>b", order="cba"), "abc"),  # a chain, written the wrong way round
        (family("b>a", "c>a", "d>b", "d>c", order="dcba"), "acbd"),  # a diamond
        (family("b>b", "b>a", order="ba"), "ab"),  # a self-reference holds nobody up
        (family("b>c", "c>b", "d>c", "b>a", order="dbca"), "adbc"),  # a cycle and what is below it come last
        (family(order="ab"), "ab"),  # strangers keep their own order
    ],
    ids=["chain", "diamond", "self", "cycle", "strangers"],
)
def test_parents_come_before_children(schema, order):
    assert "".join(schema.order()) == order


@pytest.mark.parametrize(
    ("schema", "cyclic"),
    [
        (family("b>a", "c>b"), ""),
        (family("a>a", "b>a"), ""),
        (family("b>a", "a>b"), "ab"),
        (family("b>a", "c>b", "b>c", "d>c"), "bcd"),
        (family("b>c", "c>d", "d>b", order="dcba"), "dcb"),
    ],
    ids=["chain", "self", "pair", "below a cycle", "three"],
)
def test_cycles_are_named_with_what_is_below_them(schema, cyclic):
    assert "".join(schema.cyclic()) == cyclic


@pytest.mark.parametrize(
    ("schema", "owned"),
    [
        (family("b>>a", "c>>b"), "abc"),
        (family("b>a", "c>>b"), "a"),  # only owner keys lead to the subject
        (family("b>>a", "c>a", "d>>b", "d>c", order="dcba"), "abd"),
        (family("b>>a", "a>b"), "ab"),  # the subject refers to what it owns
        (family("b>>a", "c>>b", "d>>c", "b>d", order="dcba"), "abcd"),  # owners come late on a cycle
        (family("a>>a", "b>>a"), "ab"),
        (family("b>>c", "c>>b", order="abc"), "a"),  # owners in a ring lead nowhere
        (family("a>>b", "c>>a"), "ac"),  # what owns the subject is not owned by it
    ],
    ids=["chain", "no owner", "diamond", "back", "late", "self", "ring", "above"],
)
def test_a_subject_owns_what_leads_to_it(schema, owned):
    assert "".join(schema.owned_by("a")) == owned


@st.composite
def families(draw):
    names = "abcde"
    pairs = draw(st.lists(st.tuples(*[st.sampled_from(names)] * 2), unique=True, max_size=8))
    return family(*(f"{child}>{parent}" for child, parent in pairs), order="".join(draw(st.permutations(names))))


@settings(deadline=None)
@given(families())
def test_the_order_holds_every_table_once_and_only_cycles_break_it(schema):
    order = schema.order()
    assert sorted(order) == sorted(schema.table_names)
    cyclic = schema.cyclic()
    for key in schema.foreign_keys:
        backwards = order.index(key.parent) > order.index(key.table)
        assert not backwards or {key.table, key.parent} <= set(cyclic)
    assert set(cyclic) == _on_or_below_a_cycle(schema)


def _on_or_below_a_cycle(schema):
    edges = {(key.table, key.parent) for key in schema.foreign_keys if key.table != key.parent}
    sound: set[str] = set()
    for _ in schema.tables:
        sound |= {t for t in schema.table_names if all(parent in sound for child, parent in edges if child == t)}
    return set(schema.table_names) - sound


# --- leaving tables out ---------------------------------------------------------------------------


def kinds(schema: Schema, name: str) -> dict[str, str]:
    return {c.name: str(c.kind) for c in schema[name].columns}


def test_a_key_to_a_table_left_out_becomes_a_category():
    schema = family("b>>a", "b>c", subject="a").select(["a", "b"])
    assert schema.table_names == ("a", "b")
    assert [key.parent for key in schema.foreign_keys] == ["a"]
    assert kinds(schema, "b") == {"id": "id", "to_a": "id", "to_c": "categorical"}
    assert schema.subject == "a"


def test_a_key_to_the_subject_left_out_stays_an_identifier():
    schema = family("b>>a", "b>c", subject="a").select(["b", "c"])
    assert kinds(schema, "b")["to_a"] == "id"
    assert schema.subject is None


@pytest.mark.parametrize("backwards", [False, True])
def test_a_column_of_two_keys_stays_an_identifier_when_one_led_to_the_subject(backwards):
    accounts = table("accounts", key=("person", "number"))
    cards = table("cards", "person", "number")
    keys = (
        ForeignKey("cards", ("person",), "people", ("id",)),
        ForeignKey("cards", ("person", "number"), "accounts", ("person", "number")),
    )
    schema = Schema((PEOPLE, accounts, cards), keys[::-1] if backwards else keys, "people")
    assert kinds(schema.select(["cards"]), "cards") == {"id": "id", "person": "id", "number": "categorical"}


@pytest.mark.parametrize("kind", [ColumnKind.PII, ColumnKind.TEXT])
def test_a_key_that_is_personal_is_never_shown_to_a_model(kind):
    columns = tuple(replace(c, kind=kind) if c.name == "to_b" else c for c in family("a>b")["a"].columns)
    schema = replace(family("a>b"), tables=(replace(table("a"), columns=columns), table("b")))
    assert kinds(schema.select(["a"]), "a")["to_b"] == kind
    assert schema.select(["a"]).modelled("a") == ()


def test_a_part_of_a_primary_key_or_of_another_foreign_key_stays_a_key():
    orders = table("orders", key=("shop", "number"))
    lines = table("lines", "product", key=("shop", "number", "line"))
    keys = (
        ForeignKey("lines", ("shop", "number"), "orders", ("shop", "number")),
        ForeignKey("lines", ("product",), "products", ("id",)),
        ForeignKey("lines", ("shop",), "shops", ("id",)),
    )
    schema = Schema((table("shops"), table("products"), orders, lines), keys, "products")
    chosen = schema.select(["lines"])
    assert kinds(chosen, "lines") == {"shop": "id", "number": "id", "line": "id", "product": "id"}


def test_a_column_of_a_key_that_is_kept_and_one_that_is_lost_stays_a_key():
    accounts = table("accounts", key=("person", "number"))
    cards, notes = table("cards", "person", "number"), table("notes", "number")
    keys = (
        ForeignKey("cards", ("person",), "people", ("id",)),
        ForeignKey("cards", ("person", "number"), "accounts", ("person", "number")),
        ForeignKey("notes", ("number",), "cards", ("id",)),
    )
    chosen = Schema((PEOPLE, accounts, cards, notes), keys).select(["people", "cards", "notes"])
    assert kinds(chosen, "cards") == {"id": "id", "person": "id", "number": "categorical"}
    assert kinds(chosen, "notes") == {"id": "id", "number": "id"}


def test_tables_are_selected_in_the_order_of_the_schema():
    assert family("b>a", "c>b").select(iter(["c", "a"])).table_names == ("a", "c")


def test_selecting_everything_changes_nothing():
    schema = family("b>>a", "c>b", "c>c", subject="a")
    assert schema.select(schema.table_names) == schema


def test_selecting_a_table_that_is_not_there_names_those_that_are():
    with pytest.raises(UsageError, match="there is no table 'd'; choose from a, b"):
        family("b>a").select(["a", "d"])


def test_selecting_nothing_is_refused():
    with pytest.raises(UsageError, match="there is no table"):
        family("b>a").select([])


# --- writing and reading --------------------------------------------------------------------------

HOSTILE = [
    "",
    " ",
    ".",
    "a.b",
    '"',
    "'",
    '""',
    "''",
    "#",
    "=",
    "[x]",
    "\\",
    "\n",
    "\t",
    "\x00",
    "\x7f",
    "\u540d",
    "\xe9",
    "e\u0301",
]
NAMES = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@st.composite
def schemas(draw):
    names = draw(st.lists(NAMES, unique=True, min_size=1, max_size=4))
    tables = tuple(draw(_tables(name)) for name in names)
    keyed = [t for t in tables if t.primary_key]
    keys = draw(st.lists(_keys(tables, keyed), max_size=4)) if keyed else []
    kept = {(key.table, key.columns): key for key in keys if key is not None}
    owners = {key.table: key for key in kept.values() if key.owner}
    plain = tuple(k if owners.get(k.table) is k else replace(k, owner=False) for k in kept.values())
    subject = draw(st.none() | st.sampled_from(names))
    unmarked = Schema(tuple(replace(t, reference=False) for t in tables), plain, subject)
    return replace(unmarked, tables=tuple(replace(t, reference=t.reference and _nobodys(unmarked, t)) for t in tables))


def _nobodys(schema, table):
    """Whether a table can be a reference: nobody's data, it refers to no other table, and it is not the last one."""
    owned = schema.owned_by(schema.subject) if schema.subject is not None else (schema.table_names[0],)
    kinds = {column.kind for column in table.columns}
    return table.name not in owned and ColumnKind.PII not in kinds and not schema.parents_of(table.name)


def test_what_belongs_to_subjects_is_no_reference():
    people = Table("people", (Column("id", ID),), ("id",))
    visits = Table("visits", (Column("person", ID),), reference=True)
    with pytest.raises(UsageError, match="'visits' belongs to subjects and cannot be a reference"):
        Schema((people, visits), (link("visits", "person", "people", owner=True),), "people")


@st.composite
def _tables(draw, name):
    names = draw(st.lists(NAMES, unique=True, max_size=4))
    text = st.none() | NAMES
    columns = tuple(
        Column(
            column,
            draw(st.sampled_from(ColumnKind)),
            draw(st.sampled_from(["string", "int64", "timestamp[us, tz=Europe/Paris]"])),
            draw(st.booleans()),
            draw(st.booleans()),
            draw(text),
            draw(st.none() | st.integers(0, 9)),
            draw(text),
            draw(text),
        )
        for column in names
    )
    return Table(name, columns, tuple(names[: draw(st.integers(0, 2))]), draw(st.booleans()))


@st.composite
def _keys(draw, tables, keyed):
    child, parent = draw(st.sampled_from(tables)), draw(st.sampled_from(keyed))
    columns = draw(st.permutations(child.column_names))[: len(parent.primary_key)]
    if len(columns) < len(parent.primary_key):
        return None
    return ForeignKey(child.name, tuple(columns), parent.name, parent.primary_key, draw(st.booleans()))


@settings(deadline=None)
@given(schemas())
def test_what_is_written_as_toml_comes_back(schema):
    assert Schema.from_toml(schema.to_toml()) == schema


@settings(deadline=None)
@given(schemas())
def test_what_is_written_as_json_comes_back(schema):
    assert Schema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema


def test_the_text_is_one_line_per_column_without_defaults():
    people = Table("people", (Column("id", ID, "int64"), Column("e.mail", ColumnKind.PII, pii="email")), ("id",))
    visits = Table("visits", (Column("person", ID, "int64", nullable=True),))
    shops = Table("shops", (Column("town", ColumnKind.CATEGORICAL),), reference=True)
    schema = Schema((people, visits, shops), (link("visits", "person", "people", owner=True),), "people")
    assert [line for line in schema.to_toml().splitlines() if line] == [
        "version = 1",
        'subject = "people"',
        "[tables.people]",
        'primary_key = ["id"]',
        "[tables.people.columns]",
        'id = {kind = "id", storage = "int64"}',
        '"e.mail" = {kind = "pii", pii = "email"}',
        "[tables.visits.columns]",
        'person = {kind = "id", storage = "int64", nullable = true}',
        "[tables.shops]",
        "reference = true",
        "[tables.shops.columns]",
        'town = {kind = "categorical"}',
        "[[foreign_keys]]",
        'table = "visits"',
        'columns = ["person"]',
        'parent = "people"',
        'parent_columns = ["id"]',
        "owner = true",
    ]


def test_a_thousand_columns_are_read_quickly():
    wide = Table("wide", tuple(Column(f"c{i}", ColumnKind.NUMERICAL, "double") for i in range(1000)))
    plain = Schema((wide,)).to_dict()
    assert len(Schema.from_dict(plain)["wide"].columns) == 1000  # took seconds when each made its own validator


UNREADABLE = {
    "": "there is no table; correct the schema",
    "tables = ": "the schema is not valid TOML: Invalid value (at end of document); correct it",
    "a = 1\n\nb == 2": "the schema is not valid TOML: Invalid value (at line 3, column 4); correct it",
    "tabels = 3": "the schema: unknown key 'tabels'; known are foreign_keys, subject, tables, version",
    "version = 2": "this schema was written by another version of synthkit; infer it again",
    "tables = 3": "the schema: tables must be a table; correct the schema",
    "tables.a = 3": "tables.a: a table of keys is expected; known are columns, primary_key, reference, rules",
    "tables.a.columns = 3": "tables.a: columns must be a table; correct the schema",
    "tables.a.columns.x = 3": "tables.a.columns.x: a table of keys is expected; "
    "known are decimals, format, kind, missing, nullable, pii, storage, unique, values",
    "tables.a.columns.x = {}": "tables.a.columns.x.kind: this key is needed; correct the schema",
    "tables.a.columns.x = {kind = 'id', name = 'y'}": "tables.a.columns.x: unknown key 'name'; "
    "known are decimals, format, kind, missing, nullable, pii, storage, unique, values",
    "tables.a.columns.x = {kind = 'idd'}": "tables.a.columns.x.kind: input should be 'numerical', 'categorical', "
    "'boolean', 'datetime', 'id', 'pii' or 'text'; correct the schema",
    "tables.a = {name = 'b', columns = {}}": "tables.a: unknown key 'name'; known are columns, primary_key, "
    "reference, rules",
    "tables.a = {primary_key = 'x', columns.x.kind = 'id'}": "tables.a.primary_key: a list in brackets is expected; "
    "correct the schema",
    "tables.a = {columns.x.kind = 'id'}\nforeign_keys = {}": "foreign_keys: a list in brackets is expected; "
    "correct the schema",
    "tables.a = {columns.x.kind = 'id'}\n[[foreign_keys]]\ntable = 'a'": "foreign_keys #1.columns: this key is needed; "
    "correct the schema",
    "tables.a = {columns.x.kind = 'id'}\nsubject = 3": "the subject 3 is not a table; correct the schema",
}


UNREADABLE_RULES = {
    "{kind = 'rnge'}": "tables.a.rules #1: there is no such kind of rule; known are 'inequality', ",
    "{column = 'x'}": "tables.a.rules #1: a rule needs a kind; ",
    "{kind = 'range'}": "tables.a.rules #1.range.column: this key is needed; ",
    "{kind = 'range', column = 'x', lo = 3}": "tables.a.rules #1.range.lo: there is no such key; ",
    "{kind = 'range', column = 'x'}": "a rule range of 'a' needs a low, a high or both; ",
    "{kind = 'formula', column = 'x', expression = 'y *'}": "a rule formula of 'a' cannot be read: an expression may ",
    "{kind = 'inclusion', columns = ['x'], parent = 'b', parent_columns = ['y']}": "a rule inclusion of 'a' names the "
    "table 'b', which does not exist; ",
    "{kind = 'inclusion', columns = ['x'], parent = 'a', parent_columns = ['z']}": "a rule inclusion of 'a' names a.z, "
    "which does not exist; ",
}


@pytest.mark.parametrize("rule", UNREADABLE_RULES)
def test_what_is_no_rule_is_refused_in_words(rule):
    columns = "columns.x.kind = 'numerical', columns.y.kind = 'numerical'"
    with pytest.raises(UsageError) as caught:
        Schema.from_toml(f"tables.a = {{rules = [{rule}], {columns}}}")
    assert str(caught.value).startswith(UNREADABLE_RULES[rule])


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_is_no_schema_is_refused_in_words(text):
    with pytest.raises(UsageError) as caught:
        Schema.from_toml(text)
    assert str(caught.value) == UNREADABLE[text]


def test_a_text_that_says_false_does_not_make_a_reference_table():
    assert not Schema.from_toml("tables.a = {reference = 'false', columns.x.kind = 'id'}")["a"].reference


@pytest.mark.parametrize("key", ["nullable", "decimals", "kind"])
def test_a_wrong_value_is_not_repeated_in_the_message(key):
    with pytest.raises(UsageError) as caught:
        Schema.from_dict({"tables": {"a": {"columns": {"x": {"kind": "id", key: "SECRET"}}}}})
    assert "SECRET" not in str(caught.value)
    assert f"tables.a.columns.x.{key}" in str(caught.value)
