"""SDV's metadata as a Schema, and back, without SDV and without the values that SDV's own files hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from synthkit.errors import UsageError
from synthkit.schema import Column, ColumnKind, ForeignKey, Schema, Table

_VERSIONS = (None, "V1", "V2", "SINGLE_TABLE_V1", "SINGLE_TABLE_V2", "MULTI_TABLE_V1")
_SINGLE = "table"  # SDV's own name for a table without one

# The first sdtype (a method of Faker) of each recipe is the one that is written.
_SDTYPES = {
    "name": ("name", "name_male", "name_female"),
    "first_name": ("first_name", "first_name_male", "first_name_female"),
    "last_name": ("last_name", "last_name_male", "last_name_female"),
    "email": ("email", "safe_email", "free_email", "company_email", "ascii_email"),
    "phone": ("phone_number", "basic_phone_number", "msisdn"),
    "address": ("address", "secondary_address"),
    "street": ("street_address", "street_name"),
    "postcode": ("postcode", "postalcode", "zipcode"),
    "iban": ("iban", "bban"),
    "card_number": ("credit_card_number",),
    "national_id": ("ssn", "passport_number"),
    "ip_address": ("ipv4_address", "ipv6_address", "ipv4", "ipv6"),
    "url": ("url", "uri"),
    "uuid": ("uuid4",),
    "username": ("user_name",),
    "company": ("company",),
}
_RECIPES = {sdtype: recipe for recipe, sdtypes in _SDTYPES.items() for sdtype in sdtypes}
_PLAIN = {  # kind and storage
    "numerical": (ColumnKind.NUMERICAL, "double"),
    "datetime": (ColumnKind.DATETIME, "timestamp[us]"),
    "categorical": (ColumnKind.CATEGORICAL, "string"),
    "ordinal": (ColumnKind.CATEGORICAL, "string"),
    "boolean": (ColumnKind.BOOLEAN, "bool"),
    "id": (ColumnKind.ID, "string"),
    "unknown": (ColumnKind.TEXT, "string"),
}


def from_sdv(metadata: Mapping[str, Any]) -> Schema:
    """The schema that SDV metadata of version V1 or V2 describe; a single table is called ``table``.

    SDV says little about storage, so it is chosen by sdtype (``double``, ``timestamp[us]``, ``string``;
    integers where no decimal places or an integer representation are stated); compare it with the data
    when they are read. A column may be null unless it is a key or the metadata say otherwise. Value
    ranges, which hold real values, and regular expressions are left out. There is no subject.

    A Faker name with a recipe of ours is personal even where ``pii`` is false, since SDV would then reuse
    the real values; one without is free text, or categorical where ``pii`` is false.

    Raises:
        UsageError: not such metadata, or keys that contradict each other.

    Example:
        >>> columns = {"id": {"sdtype": "id"}, "mail": {"sdtype": "email", "pii": True}}
        >>> from_sdv({"columns": columns, "primary_key": "id"})["table"].column("mail").pii
        'email'
    """
    if _mapping(metadata, "").get("METADATA_SPEC_VERSION") not in _VERSIONS:
        raise UsageError("the SDV metadata are of an unknown version", "write them with SDV 1 or 2")
    single = "tables" not in metadata
    described = {_SINGLE: metadata} if single else _mapping(metadata["tables"], "tables")
    keys = () if single else tuple(map(_foreign_key, _sequence(metadata.get("relationships", ()), "relationships")))
    return Schema(tuple(_table(name, table, keys) for name, table in described.items()), keys)


def to_sdv(schema: Schema, version: Literal["V1", "V2"] = "V2") -> dict[str, Any]:
    """SDV metadata, without value ranges, for ``sdv.metadata.Metadata.load_from_dict``: V1 for SDV 1, V2 for SDV 2.

    Free text becomes ``unknown``; personal columns get the name of the Faker method. Subject, owner keys,
    reference tables, missing tokens and formats other than those of dates have no place there.

    Raises:
        UsageError: a composite key, a self-reference or a cycle, none of which SDV can model.
    """
    for problem in _beyond_sdv(schema):
        raise UsageError(problem, "leave the table or the key out of the schema")
    return {
        "tables": {table.name: _table_dict(table, schema, version) for table in schema.tables},
        "relationships": [_relationship(key) for key in schema.foreign_keys],
        "METADATA_SPEC_VERSION": version,
    }


def _table(name: str, described: Any, keys: Iterable[ForeignKey]) -> Table:
    where = f"tables.{name}"
    table = _mapping(described, where)
    primary = _names(table.get("primary_key", []), f"{where}.primary_key")
    alternate = {c for k in _sequence(table.get("alternate_keys", []), where) for c in _names(k, where)}
    referring = {column for key in keys if key.table == name for column in key.columns}
    single = set(primary) if len(primary) == 1 else set()
    columns = [
        _column(column, _mapping(value, f"{where}.columns.{column}"), f"{where}.columns.{column}")
        for column, value in _mapping(table.get("columns"), f"{where}.columns").items()
    ]
    return Table(name, tuple(_keyed(c, primary, single | referring, single | alternate) for c in columns), primary)


def _column(name: str, described: Mapping[str, Any], where: str) -> Column:
    sdtype = described.get("sdtype")
    if not isinstance(sdtype, str):
        raise UsageError("the column has no sdtype", "complete the SDV metadata", where)
    kind, storage = _PLAIN.get(sdtype, (ColumnKind.PII, "string"))
    recipe = _RECIPES.get(sdtype) if kind is ColumnKind.PII else None
    if kind is ColumnKind.PII and recipe is None:
        kind = ColumnKind.TEXT if described.get("pii", True) else ColumnKind.CATEGORICAL
    nullable = bool(described.get("range_is_nullable", True))
    stated = _stated(sdtype, described, where)
    return Column(name, kind, stated.pop("storage", storage), nullable, pii=recipe, **stated)


def _stated(sdtype: str, described: Mapping[str, Any], where: str) -> dict[str, Any]:
    """What the metadata say about how the values are stored and written."""
    if sdtype == "datetime" and (pattern := described.get("datetime_format")) is not None:
        hours = any(code in str(pattern) for code in ("%H", "%I", "%c", "%X", "%T", "%R"))
        return {"format": str(pattern), "storage": "timestamp[us]" if hours else "date32[day]"}
    if sdtype != "numerical":
        return {}
    decimals, computer = described.get("decimal_places"), str(described.get("computer_representation", ""))
    if decimals is not None and not (isinstance(decimals, int) and decimals >= 0):
        raise UsageError("decimal_places is not a count", "correct the SDV metadata", where)
    if decimals == 0 or "Int" in computer:
        return {"storage": computer.lower() or "int64"}
    return {"decimals": decimals}


def _keyed(column: Column, primary: Sequence[str], identifiers: set[str], unique: set[str]) -> Column:
    if column.name in identifiers:
        column = replace(column, kind=ColumnKind.ID, pii=None)
    nullable = column.nullable and column.name not in primary
    return replace(column, nullable=nullable, unique=column.name in unique)


def _foreign_key(described: Any) -> ForeignKey:
    place = "relationships"
    key = _mapping(described, place)
    child, parent = key.get("child_table_name"), key.get("parent_table_name")
    if not isinstance(child, str) or not isinstance(parent, str):
        raise UsageError("a relationship names no child or no parent table", "complete the SDV metadata", place)
    columns, parent_columns = (_names(key.get(name), place) for name in ("child_foreign_key", "parent_primary_key"))
    return ForeignKey(child, columns, parent, parent_columns)


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError("these are not SDV metadata: an object is missing", "give SDV's JSON of version 1 or 2", where)
    return value


def _sequence(value: Any, where: str) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)):
        raise UsageError("these are not SDV metadata: a list is missing", "give SDV's JSON of version 1 or 2", where)
    return value


def _names(value: Any, where: str) -> tuple[str, ...]:
    """The columns of a key: SDV writes one as a string, several as a list, none as null."""
    names = (value,) if isinstance(value, str) else tuple(_sequence(value if value is not None else (), where))
    if not all(isinstance(name, str) for name in names):
        raise UsageError("a key is not a column name or a list of them", "correct the SDV metadata", where)
    return names


def _beyond_sdv(schema: Schema) -> Iterator[str]:
    for table in schema.tables:
        if len(table.primary_key) > 1:
            yield f"SDV cannot model the composite key of table {table.name!r}"
    for key in schema.foreign_keys:
        if key.table == key.parent:
            yield f"SDV cannot model the self-reference {key.table}.{key.columns[0]}"
    if schema.cyclic():
        yield f"SDV cannot model the cycle of foreign keys through {', '.join(schema.cyclic())}"


def _table_dict(table: Table, schema: Schema, version: str) -> dict[str, Any]:
    keys, described = schema.key_columns(table.name), _first_column_dict if version == "V1" else _column_dict
    columns = {c.name: described(replace(c, kind=ColumnKind.ID) if c.name in keys else c) for c in table.columns}
    other = (c for c in table.columns if c.unique and not c.nullable and c.name not in keys)
    alternate = [c.name for c in other if c.kind is ColumnKind.ID or _sdtype(c)["sdtype"] in _RECIPES]
    primary = {"primary_key": table.primary_key[0]} if table.primary_key else {}
    return {"columns": columns, **primary, **({"alternate_keys": alternate} if alternate else {})}


def _column_dict(column: Column) -> dict[str, Any]:
    return {**_sdtype(column), "range_is_nullable": column.nullable}


def _first_column_dict(column: Column) -> dict[str, Any]:
    """As SDV 1 wrote it: it knew neither nullability nor decimal places."""
    plain = _sdtype(column)
    if plain.pop("decimal_places", None) == 0:
        plain["computer_representation"] = "Int64"
    return plain


def _sdtype(column: Column) -> dict[str, Any]:
    match column.kind:
        case ColumnKind.NUMERICAL:
            decimals = 0 if "int" in column.storage else column.decimals
            return {"sdtype": "numerical", **({} if decimals is None else {"decimal_places": decimals})}
        case ColumnKind.DATETIME:
            return {"sdtype": "datetime", **({"datetime_format": column.format} if column.format else {})}
        case ColumnKind.PII if column.pii in _SDTYPES:
            return {"sdtype": _SDTYPES[column.pii][0], "pii": True}
        case ColumnKind.PII | ColumnKind.TEXT:
            return {"sdtype": "unknown", "pii": True}
    return {"sdtype": str(column.kind)}


def _relationship(key: ForeignKey) -> dict[str, str]:
    return {
        "parent_table_name": key.parent,
        "child_table_name": key.table,
        "parent_primary_key": key.parent_columns[0],
        "child_foreign_key": key.columns[0],
    }
