"""The table of those to protect, and which key of each table leads to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synthkit.inference.foreign import Link
from synthkit.inference.keys import id_like
from synthkit.inference.names import stems
from synthkit.inference.profile import TableProfile
from synthkit.inference.vocabulary import FIRMS, PEOPLE, STAFF
from synthkit.schema import ColumnKind, Schema

SMALLEST = 100  # rows; a smaller table is proposed only if it is named for people, and a run refuses it then


def subject(tables: Sequence[TableProfile], links: Sequence[Link], personal: Mapping[str, bool]) -> str | None:
    """The table whose rows are people, accounts or firms; ``None`` where that is not plain.

    Among tables named for them, people come before firms, staff and accounts that they refer to, and a
    table before those that refer to it; then the one that owns the most rows. Without such a name, it is
    the only root of several tables that holds personal columns, or else the only root at all.
    """
    large = [t.name for t in tables if t.rows >= SMALLEST]
    candidates = [t.name for t in tables if _is(t.name, PEOPLE) or (t.name in large and _is(t.name, FIRMS | STAFF))]
    named = _outermost(candidates, links)
    if named:
        return max(named, key=lambda name: (_owned_rows(name, tables, links), -candidates.index(name)))
    if len(tables) < 2:
        return None
    children = {link.table for link in links if link.table != link.parent}
    roots = [name for name in large if name not in children]
    holders = [name for name in roots if personal[name]]
    return next((only[0] for only in (holders, roots) if len(only) == 1), None)


def owners(subject: str | None, tables: Sequence[TableProfile], links: Sequence[Link]) -> list[Link]:
    """For each table below the subject the one link by which its rows belong to a subject.

    The shortest way is taken; among several as short, the one without nulls and then the first.
    """
    if subject is None:
        return []
    named = {table.name: table for table in tables}
    found: dict[str, Link] = {}
    reached = {subject}
    while fresh := [k for k in links if k.parent in reached and k.table not in reached]:
        for link in sorted(fresh, key=lambda k: named[k.table][k.column].nullable):
            found.setdefault(link.table, link)
        reached |= {link.table for link in fresh}
    return list(found.values())


def subject_key(table: TableProfile, own: Sequence[str]) -> tuple[str, ...]:
    """The column that says whose a row is, where the table of the subjects is not there; none where nothing says so.

    It is called like an identifier of people, else of firms, staff or accounts, is no key of the table (``own``) and
    repeats: a customer's twenty rows are one customer. Fewer than 100 would be too few subjects for any run.
    """
    repeated = [c for c in table.columns if id_like(c) and c.name not in own and SMALLEST <= c.distinct < c.filled]
    named = [c.name for kind in (PEOPLE, FIRMS | STAFF) for c in repeated if any(_is(word, kind) for word in c.words)]
    return tuple(named[:1])


def likely_references(schema: Schema) -> tuple[str, ...]:
    """The tables that may be nobody's data: others refer to them, no subject owns them, nothing in them is personal.

    Only the schema's author can say so: a table kept by mistake is a table leaked.
    """
    owned = schema.owned_by(schema.subject) if schema.subject else ()
    shared = [t for t in schema.tables if t.name not in owned and schema.children_of(t.name)]
    plain = [t.name for t in shared if not any(c.kind is ColumnKind.PII for c in t.columns)]
    return tuple(name for name in plain if not _is(name, PEOPLE | FIRMS | STAFF))


def _is(table: str, kind: frozenset[str]) -> bool:
    return bool(kind.intersection(stems(table)))


def _outermost(names: Sequence[str], links: Sequence[Link]) -> list[str]:
    """The people, less those that refer to others of them; the rest, less those that refer to or serve people."""
    people = [name for name in names if _is(name, PEOPLE)]
    served = {parent for name in people for parent in _ancestors(name, links)}
    kept = [name for name in names if name in people or name not in served]
    return [name for name in kept if not _ancestors(name, links).intersection(kept)] or kept


def _ancestors(table: str, links: Sequence[Link]) -> set[str]:
    found: set[str] = set()
    while more := {k.parent for k in links if k.table in (table, *found)} - found - {table}:
        found |= more
    return found


def _owned_rows(name: str, tables: Sequence[TableProfile], links: Sequence[Link]) -> int:
    owned = {name, *(link.table for link in owners(name, tables, links))}
    return sum(table.rows for table in tables if table.name in owned)
