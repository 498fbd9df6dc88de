"""What HMA cannot learn, by the schema alone."""

from __future__ import annotations

from collections.abc import Iterator

from synthkit import ForeignKey, Schema

TABLES = 5
COLUMNS = 2_000  # of one table with what it is told of its children; each is fitted by itself


def refusals(schema: Schema) -> Iterator[str]:
    """One sentence for each reason why HMASynthesizer cannot learn these tables, and what to do.

    Example:
        >>> from synthkit.testing import guarded
        >>> list(refusals(guarded(3).schema))
        []
    """
    names = schema.table_names
    if len(names) > TABLES:
        yield f"it takes at most {TABLES} tables, these are {len(names)} ({', '.join(names)}); {_choose(schema)}"
    if not any(schema.modelled(name) for name in names):
        yield "no table has a column to learn; check the kinds of the columns in the schema"
    yield from _key_refusals(schema)
    if cyclic := schema.cyclic():
        yield f"the foreign keys of {', '.join(cyclic)} form a cycle; {_choose(schema)}"
    else:
        yield from _depth_refusals(schema)
        yield from _width_refusals(schema)


def _key_refusals(schema: Schema) -> Iterator[str]:
    keys = {f"the primary key of {table.name}": table.primary_key for table in schema.tables}
    keys |= {f"the foreign key {_name(key)}": key.columns for key in schema.foreign_keys}
    for name, columns in keys.items():
        if len(columns) > 1:
            yield f"{name} has {len(columns)} columns, it takes one; {_choose(schema)}"
    for key in schema.foreign_keys:
        if key.table == key.parent:
            yield f"{_name(key)} points at its own table; take that foreign key out of the schema"


def _name(key: ForeignKey) -> str:
    return f"{key.table}.{'+'.join(key.columns)}"


def _depth_refusals(schema: Schema) -> Iterator[str]:
    for key in schema.foreign_keys:
        above = [upper.parent for upper in schema.parents_of(key.parent) if upper.parent != key.parent]
        if above and key.table != key.parent:
            yield f"{above[0]}, {key.parent} and {key.table} form a chain of three, it takes two; {_choose(schema)}"
            return  # one is enough to see it


def _width_refusals(schema: Schema) -> Iterator[str]:
    for name in schema.table_names:
        children = {key: len(schema.modelled(key.table)) for key in schema.children_of(name)}
        # of each child column two parameters, of each pair a correlation, and the number of children
        width = sum(2 * n + n * (n - 1) // 2 + 1 for n in children.values())
        if width > COLUMNS:
            largest = max(children, key=lambda key: children[key]).table
            yield f"{name} would get {width:,} columns for its children's; leave columns out of {largest} in the schema"


def _choose(schema: Schema) -> str:
    """A choice that is allowed: one table and those that hold a key to it, else those that it holds keys to."""
    middle = schema.subject or max(schema.table_names, key=lambda name: len(schema.children_of(name)))
    below = [key.table for key in schema.children_of(middle) if key.table != middle]
    above = [key.parent for key in schema.parents_of(middle) if key.parent != middle]
    near = list(dict.fromkeys(below or above))
    apart = [
        n for n in near if not any(key.parent in near for key in schema.parents_of(n)) and not (below and n in above)
    ]
    return f"choose with --tables {','.join([middle, *apart[: TABLES - 1]])}"
