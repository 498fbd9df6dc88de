"""Every figure of the two reports, property by property."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product

from synthkit import Dataset, ForeignKey, Schema
from synthkit_sdmetrics import measures
from synthkit_sdmetrics.figures import Figure, Place
from synthkit_sdmetrics.values import Values, columns, keys, linked

SHAPES = "sdmetrics.quality.column_shapes"
PAIRS = "sdmetrics.quality.column_pair_trends"
CARDINALITY = "sdmetrics.quality.cardinality"
INTERTABLE = "sdmetrics.quality.intertable_trends"
VALIDITY = "sdmetrics.diagnostic.data_validity"
STRUCTURE = "sdmetrics.diagnostic.data_structure"
RELATIONS = "sdmetrics.diagnostic.relationship_validity"

PROPERTIES = {
    SHAPES: "columns",
    PAIRS: "pairs of columns",
    CARDINALITY: "foreign keys",
    INTERTABLE: "pairs of columns",
    VALIDITY: "columns",
    STRUCTURE: "tables",
    RELATIONS: "foreign keys",
}

Both = tuple[tuple[Values, ...], tuple[Values, ...]]
Joined = list[tuple[Values, Values]]


def refusal(key: ForeignKey) -> str:
    """Why SDMetrics' reports cannot say this relation; empty where they can."""
    if len(key.columns) > 1:
        return "SDMetrics takes no foreign key of several columns"
    return "SDMetrics takes no foreign key to its own table" if key.table == key.parent else ""


def number_of_figures(schema: Schema) -> int:
    """How many figures ``figures_of`` gives."""
    wide = {name: len(schema.modelled(name)) for name in schema.table_names}
    within = sum(2 * n + n * (n - 1) // 2 + 1 for n in wide.values())
    unique = sum(bool(table.primary_key) for table in schema.tables)
    across = sum(3 if refusal(k) else 2 + wide[k.table] * wide[k.parent] for k in schema.foreign_keys)
    return within + unique + across


def figures_of(real: Dataset, synthetic: Dataset) -> Iterator[Figure]:
    """Every figure; each is computed when it is asked for."""
    tables = {name: columns(real, synthetic, name) for name in real.schema.table_names}
    for name, both in tables.items():
        yield from _of_columns(name, both)
        yield from _of_key_and_structure(name, real, synthetic)
    for key in real.schema.foreign_keys:
        yield from _of_relation(key, real, synthetic, tables)


def _of_columns(table: str, both: Both) -> Iterator[Figure]:
    matched = list(zip(*both, strict=True))
    for real, synthetic in matched:
        yield Place(SHAPES, table, (real.name,)).measured(measures.shape, (real,), (synthetic,))
        yield Place(VALIDITY, table, (real.name,)).measured(measures.validity, (real,), (synthetic,))
    for (real, synthetic), (real_2, synthetic_2) in combinations(matched, 2):
        place = Place(PAIRS, table, (real.name, real_2.name))
        yield place.measured(measures.pair, (real, real_2), (synthetic, synthetic_2))


def _of_key_and_structure(table: str, real: Dataset, synthetic: Dataset) -> Iterator[Figure]:
    key = real.schema[table].primary_key
    if key:
        first, second = real[table][list(key)], synthetic[table][list(key)]
        yield Place(VALIDITY, table, key).measured(measures.uniqueness, first, second)
    yield Place(STRUCTURE, table).measured(measures.structure, real[table], synthetic[table])


def _of_relation(key: ForeignKey, real: Dataset, synthetic: Dataset, tables: dict[str, Both]) -> Iterator[Figure]:
    if reason := refusal(key):
        for metric in (CARDINALITY, INTERTABLE, RELATIONS):
            yield Place(metric, key.table, key.columns).missing(reason, counts=False)
        return
    first, second = keys(real, key), keys(synthetic, key)
    yield Place(CARDINALITY, key.table, key.columns).measured(measures.cardinality, first, second)
    yield Place(RELATIONS, key.table, key.columns).measured(measures.link, first, second)
    child, parent = tables[key.table], tables[key.parent]
    joined = _joined(first, child[0], parent[0]), _joined(second, child[1], parent[1])
    yield from _across(_places(key, real.schema), *joined)


def _across(places: list[Place], real: Joined | None, synthetic: Joined | None) -> Iterator[Figure]:
    if real is None:
        yield from (place.missing("keys repeat in the parent of the real data", counts=False) for place in places)
    elif synthetic is None:
        yield from (place.missing("keys repeat in the parent of the synthetic data") for place in places)
    else:
        for place, first, second in zip(places, real, synthetic, strict=True):
            yield place.measured(measures.pair, first, second)


def _places(key: ForeignKey, schema: Schema) -> list[Place]:
    several = sum(k.parent == key.parent for k in schema.parents_of(key.table)) > 1
    via = key.columns if several else ()
    within = [c.name for c in schema.modelled(key.table)]
    above = [f"{_quoted(key.parent)}.{_quoted(c.name)}" for c in schema.modelled(key.parent)]
    return [Place(INTERTABLE, key.table, (c, p, *via)) for c, p in product(within, above)]


def _joined(codes: tuple[Values, Values], child: tuple[Values, ...], parent: tuple[Values, ...]) -> Joined | None:
    rows = linked(*codes)
    if rows is None:
        return None
    return list(product([v.take(rows[0]) for v in child], [v.take(rows[1]) for v in parent]))


def _quoted(name: str) -> str:
    return f'"{name}"' if "." in name else name
