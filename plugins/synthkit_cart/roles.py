"""What each key of a schema is for, when tables are drawn one after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synthkit import ForeignKey, Schema


@dataclass(frozen=True)
class Roles:
    """The order of tables and the roles of their keys.

    Attributes:
        order: parents before children, but for keys that are ``late``.
        under: for each table the key to the row that it is drawn under, if there is one.
        links: for each table its keys to other rows, whose tables come earlier.
        late: keys to rows of the table itself or of later ones.
    """

    order: tuple[str, ...]
    under: dict[str, ForeignKey | None]
    links: dict[str, tuple[ForeignKey, ...]]
    late: tuple[ForeignKey, ...]

    def below(self, table: str) -> Sequence[str]:
        """The tables whose rows are drawn under those of a table."""
        return [name for name in self.order if (key := self.under[name]) is not None and key.parent == table]

    def root(self, table: str) -> str:
        """The table that the rows of a table are in the end drawn under."""
        key = self.under[table]
        return table if key is None else self.root(key.parent)

    def siblings(self, key: ForeignKey) -> list[ForeignKey]:
        """Links to the same table, of tables drawn earlier under the same owner."""
        own = self.under[key.table]
        earlier = self.order[: self.order.index(key.table)] if own else ()
        same = [name for name in earlier if own and (other := self.under[name]) and other.parent == own.parent]
        return [link for name in same for link in self.links[name] if link.parent == key.parent]

    def pointing(self, table: str) -> list[ForeignKey]:
        """The links that lead to the rows of a table."""
        return [key for keys in self.links.values() for key in keys if key.parent == table]


def roles(schema: Schema) -> Roles:
    """The roles of all keys of a guarded schema."""
    order = tuple(name for name in schema.order() if not schema[name].reference)
    place = {name: at for at, name in enumerate(order)}
    under, links, late = {}, {}, []
    for name in order:
        keys = schema.parents_of(name)
        early = [key for key in keys if place[key.parent] < place[name]]
        late += [key for key in keys if key not in early]
        own = [key for key in early if key.columns == schema[name].primary_key]
        under[name] = next(iter([*own, *(key for key in early if key.owner)]), None)
        links[name] = tuple(key for key in early if key != under[name])
    return Roles(order, under, links, tuple(late))


def text_of(key: ForeignKey) -> str:
    """The name of a key among the values of rows."""
    return f"{key.table}.{key.columns[0]}"
