"""The guard: what a model may see of real data, and how the rest comes back.

What a model never saw, it cannot leak: keys go out as row numbers, identifiers, personal data and free
text do not go out at all, and they come back as fresh keys and fakes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from synthkit.dataset import Dataset
from synthkit.errors import DataError, IntegrityError, PluginError
from synthkit.guard.alike import avoided, candidates, decisive, resolvable, restored_alike, way_of, with_alikes
from synthkit.guard.borrowed import contexts
from synthkit.guard.categories import RareAs, restored_categories
from synthkit.guard.fakes import known_locale
from synthkit.guard.fold import Fold
from synthkit.guard.fresh import Fresh, empty, learn_rule
from synthkit.guard.kept import NOTHING, Kept
from synthkit.guard.rare import K, bounded, drawn_in, links, threshold, within, without_surplus
from synthkit.guard.relations import (
    Columns,
    CompositeKey,
    Rules,
    distinct_rows,
    foreign_columns,
    foreign_name,
    guarded_schema,
    inner_keys,
    key_order,
    numbered,
    one_to_one,
)
from synthkit.guard.state import State
from synthkit.guard.values import Values, guard_values, is_integer, restore_values
from synthkit.integrity import violations
from synthkit.row_numbers import Integers, parent_rows
from synthkit.rules import kept
from synthkit.schema import Column, ForeignKey, Schema, Table
from synthkit.split import subject_count

__all__ = ["Guard"]


@dataclass
class Guard:
    """Shows a model only what it may see, and gives its samples the form of the real data.

    Attributes:
        fold: what becomes of reference tables and fixed combinations first; the rest is about folded data.
        rules: for each table and column (foreign keys aside), how it goes out and comes back; no real value.
        locale: for names, streets, towns and companies.
        k: how many subjects must share what a model sees; 1 for any.
        rare: what a rare category comes back as: a ``draw`` from others, or in a text column a ``star``.
        notes: sentences about the last calls, without values.

    Example:
        >>> from synthkit.testing import guarded
        >>> real = guarded(subjects=50)
        >>> guard = Guard.learn(real)
        >>> sample = guard.restore(guard.protect(real), seed=0)
        >>> real["customers"]["customer_id"].isin(sample["customers"]["customer_id"]).any().item()
        False
    """

    fold: Fold
    rules: Mapping[str, Rules]
    locale: str = "en_US"
    k: int = 1
    rare: RareAs = "draw"
    notes: list[str] = field(default_factory=list, compare=False)

    @classmethod
    def learn(
        cls,
        training: Dataset,
        *,
        real: Dataset | None = None,
        locale: str = "en_US",
        k: int = K,
        rare: RareAs = "draw",
    ) -> Guard:
        """Learn formats, shares and bounds from the training part, which is not changed.

        ``real`` is all real data at hand: none of its keys, nor of the training part, will be given again.
        A model will see only what ``k`` subjects share; where the data have fewer than 5 ``k`` subjects, a
        tenth of them, and of fewer than 20 subjects everything, see ``threshold``.

        Raises:
            UsageError: an unknown locale or recipe, primary keys that are made of each other, or a key to a
                reference table that cannot be folded.
        """
        known_locale(locale)
        enough = threshold(subject_count(training), k)
        fold = Fold.learn(training, enough)
        key_order(fold.folded)
        folded = fold.fold(training)
        everything = [folded] if real is None else [folded, fold.fold(real)]
        rules = {
            table.name: {c.name: learn_rule(folded, everything, table, c) for c in _ruled(folded.schema, table)}
            for table in folded.schema.tables
        }
        alike = with_alikes(folded, everything[-1], rules)
        learned = cls(fold, alike, locale, enough, rare)
        return learned._with_bounds(training)

    @property
    def schema(self) -> Schema:
        """The schema of the real data."""
        return self.fold.schema

    @property
    def _inner(self) -> Schema:
        """The schema of folded data, whose keys go out as row numbers."""
        return self.fold.folded

    @cached_property
    def guarded_schema(self) -> Schema:
        """The schema that a model sees, as ``Synthesizer`` describes it."""
        return guarded_schema(self._inner, self.rules)

    def protect(self, data: Dataset) -> Dataset:
        """The data as a model sees them: row numbers for keys, and the modelled columns.

        Rare categories, extremes and the rows of subjects that have too many are not among them; the notes
        count them. The other rows stay in their order; ``data`` is not changed, and what is drawn is always
        the same.

        Raises:
            DataError: another schema than the learned one, or a key that points at no row.
        """
        if data.schema != self.schema:
            raise DataError("the schema is not the one that the guard has learned", "learn again")
        usual, left_out = without_surplus(data, self.k)
        shown = self._shown(self.fold.fold(usual))
        protected, changed = drawn_in(shown, self.rules, self.k, links(usual, self.k))
        self.notes += [note for note in (*left_out, *changed) if note not in self.notes]
        return protected

    def restore(self, sample: Dataset, *, seed: int, real: Dataset | None = None, given: Kept = NOTHING) -> Dataset:
        """A model's sample with the schema, the dtypes and the formats of the real data.

        Fresh keys and fakes, nulls only where the real column has some, numbers rounded and within the
        range of their type, unique keys, and every rule kept. ``sample`` is not changed. With ``real``, all
        real data at hand, no fake equals a real value of its column; without, a common name can be
        somebody's by chance. Keys never are: they come from blocks that were free of real keys when the guard learned.
        The cells that a user has ``given`` come out as they are, keys among them, but where a rule changes them.

        Raises:
            PluginError: the sample has not the columns of the guarded schema.
            IntegrityError: a key of the sample is broken, no free key is left for a row, or a rule cannot be kept.
            DataError: a key format cannot name so many rows.
        """
        self._refuse(sample)
        self.check_capacity(sample.rows)
        real = real and self.fold.fold(real)
        links = zip(self._inner.foreign_keys, self.guarded_schema.foreign_keys, strict=True)
        rows = {key: parent_rows(sample, numbers) for key, numbers in links}
        tables: dict[str, Columns] = {}
        for table in map(self._inner.__getitem__, key_order(self._inner)):
            tables[table.name] = self._own_columns(sample, table, seed, real)
            given.put_all(table, tables[table.name])
            self._settle_key(table, tables, rows, self._seed(seed, table, len(table.columns)))
        for table in self._inner.tables:
            self._settle_foreign(table, tables, rows, self._seed(seed, table, len(table.columns) + 1))
        self._settle_alike(sample.rows, tables, rows, seed, real)
        frames = {t.name: pd.DataFrame({c: tables[t.name][c] for c in t.column_names}) for t in self._inner.tables}
        unfolded, settled = self.fold.settle(self.fold.unfold(Dataset(self._inner, frames), seed), seed)
        restored, changed = kept(given.laid_over(unfolded), seed=seed)
        self.notes += (*settled, *changed)
        return restored

    def check_capacity(self, rows: Mapping[str, int]) -> None:
        """Refuse row counts for which a key format has not enough names, before anything is sampled.

        Raises:
            DataError: naming the table and how many rows can be named.
        """
        for table, column, rule in self._fresh():
            needed = rule.needed(column, rows.get(table.name, 0))
            if needed > rule.capacity:
                problem = f"the format can name {rule.capacity:,} new rows, not {needed:,}"
                remedy = "ask for fewer rows, or give the column longer keys"
                raise DataError(problem, remedy, f"{table.name}.{column.name}")

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``from_dict`` takes them: formats, rounded bounds and shares, no real value."""
        rules = {table: dict(columns) for table, columns in self.rules.items()}
        return State(self.locale, self.k, self.schema.to_dict(), rules, self.rare, self.fold.apart).plain()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], references: Mapping[str, pd.DataFrame] | None = None) -> Guard:
        """The guard that ``to_dict`` gave, with the reference tables that its ``fold`` had.

        Raises:
            DataError: an unknown key, a missing one or a wrong type, rules that do not fit the schema, or a
                reference table that is missing.
            UsageError: the schema contradicts itself.
        """
        state = State.from_plain(data)
        fold = Fold(Schema.from_dict(state.schema), references or {}, state.apart)
        same = _ruled_names(fold.folded) == {table: list(columns) for table, columns in state.rules.items()}
        if not (same and resolvable(fold.folded, state.rules)):
            raise DataError("the saved guard has other columns than its schema", "fit again")
        return cls(fold, state.rules, state.locale, state.k, state.rare)

    def _with_bounds(self, training: Dataset) -> Guard:
        """The guard that also knows where extremes end; columns of too few subjects are left out."""
        shown = self._shown(self.fold.fold(training))
        rules = bounded(shown, self.rules, links(training, self.k), self._inner)
        hidden = [
            f"{table}.{name}: too few subjects have a value, it was not shown"
            for table, own in rules.items()
            for name, rule in own.items()
            if rule is None and self.rules[table][name] is not None
        ]
        return replace(self, rules=rules, notes=hidden)

    def _shown(self, data: Dataset) -> Dataset:
        """The data in their guarded form, with all values."""
        numbers = self._numbers(data)
        tables = {table.name: self._protect_table(data, table, numbers) for table in self._inner.tables}
        return Dataset(self.guarded_schema, tables)

    def _numbers(self, data: Dataset) -> dict[str, Integers]:
        """What stands for the key of each row: its number, or in a one-to-one relation the parent's."""
        numbers: dict[str, Integers] = {}
        for name in key_order(self._inner):
            one = one_to_one(self._inner, name)
            own = np.arange(len(data[name]), dtype="int64")
            found = numbered(parent_rows(data, one), numbers[one.parent], one, self._inner) if one else own
            numbers[name] = np.asarray(found, dtype="int64")
        return numbers

    def _protect_table(self, data: Dataset, table: Table, numbers: Mapping[str, Integers]) -> pd.DataFrame:
        shown: Columns = {name: pd.Series(numbers[table.name]) for name in self.guarded_schema[table.name].primary_key}
        for key in self._inner.parents_of(table.name):
            name = foreign_name(self._inner, key)
            shown[name] = numbered(parent_rows(data, key), numbers[key.parent], key, self._inner)
        for column in _ruled(self._inner, table):
            rule = self.rules[table.name][column.name]
            if isinstance(rule, Values):
                shown[column.name] = guard_values(data[table.name][column.name], column, rule)
        return pd.DataFrame({name: shown[name] for name in self.guarded_schema[table.name].column_names})

    def _refuse(self, sample: Dataset) -> None:
        expected = self.guarded_schema
        shapes = [[(table.name, table.column_names) for table in s.tables] for s in (expected, sample.schema)]
        if shapes[0] != shapes[1]:
            raise PluginError("the sample has other columns than the model was shown", "tell the plugin's author")
        for broken in violations(Dataset(expected, sample.tables)):
            one = one_to_one(self._inner, broken.table) is not None
            kept_later = broken.rule == "unique" or (one and broken.rule == "primary_key_unique")
            if set(broken.columns) <= expected.key_columns(broken.table) and not kept_later:
                problem = f"the model's sample breaks {broken.rule} {broken.count:,} times"
                raise IntegrityError(problem, "tell the plugin's author", broken.where)

    def _own_columns(self, sample: Dataset, table: Table, seed: int, real: Dataset | None) -> Columns:
        """The columns of a table that are no foreign keys, and are not like those of other rows."""
        own: Columns = {}
        for place, column in enumerate(_ruled(self._inner, table)):
            rule, own_seed = self.rules[table.name][column.name], self._seed(seed, table, place)
            if isinstance(rule, Values):
                random = np.random.default_rng(own_seed)
                own[column.name] = self._restored(sample[table.name], table, column, rule, random)
            elif rule is None:
                own[column.name] = empty(column, len(sample[table.name]))
            elif rule.alike is None:
                avoid = avoided(real, self.rules, table.name, column.name)
                self._note_blank(table, column, rule)
                own[column.name] = rule.values(column, len(sample[table.name]), own_seed, self.locale, avoid)
        return own

    def _restored(
        self, sample: pd.DataFrame, table: Table, column: Column, rule: Values, random: np.random.Generator
    ) -> pd.Series[Any]:
        """A modelled column as it is stored, within its bounds."""
        sampled = sample[column.name]
        if rule.kind == "categorical" and not self.fold.names_member(table.name, column.name):
            star = self.rare == "star" and column.name in self.schema[table.name].column_names
            shared = contexts(sample, self.guarded_schema, table.name, column.name)
            sampled, blank = restored_categories(sampled, column, rule, random, star=star, contexts=shared)
            self._note(table, blank, f"rare categories of {column.name} came back empty, as it has no others")
        values, drawn = restore_values(sampled, column, rule, random)
        self._note(table, drawn, f"missing values of {column.name} were drawn from its other ones")
        return within(values, column, rule, random)[0]

    def _settle_key(
        self, table: Table, tables: dict[str, Columns], rows: dict[ForeignKey, Integers], seed: np.random.SeedSequence
    ) -> None:
        """Fill in the foreign keys within a primary key, and make it unique."""
        random, inner = np.random.default_rng(seed), inner_keys(self._inner, table.name)
        self._give_own_parents(table, inner, tables, rows, random)
        held = {key: rows[key] for key in inner}
        tables[table.name].update(foreign_columns(held, tables, self._inner))
        if len(table.primary_key) > 1 and one_to_one(self._inner, table.name) is None:
            key = CompositeKey(self._inner, table, tables[table.name], held, tables, self._counted(table))
            self._note(table, key.settle(random), "repeated combinations of its key were changed")
            rows.update(key.rows)

    def _settle_foreign(
        self, table: Table, tables: dict[str, Columns], rows: dict[ForeignKey, Integers], seed: np.random.SeedSequence
    ) -> None:
        """Fill in all foreign keys."""
        held, inner = self._inner.parents_of(table.name), inner_keys(self._inner, table.name)
        outer = tuple(key for key in held if key not in inner)
        self._give_own_parents(table, outer, tables, rows, np.random.default_rng(seed))
        tables[table.name].update(foreign_columns({key: rows[key] for key in held}, tables, self._inner))

    def _settle_alike(
        self,
        counts: Mapping[str, int],
        tables: dict[str, Columns],
        rows: Mapping[ForeignKey, Integers],
        seed: int,
        real: Dataset | None,
    ) -> None:
        """Fill in the columns whose fakes are alike, once it is known who belongs to whom."""
        for name, column, rule in candidates(self._inner, self.rules):
            if rule.alike is not None:
                way, table = way_of(self._inner, name, rule.alike), self._inner[name]
                source = tables[way[-1].parent if way else name].get(rule.alike.column or "")
                order = (
                    self._seed(seed, table, _ruled(self._inner, table).index(column)),
                    self.locale,
                    avoided(real, self.rules, name, column.name),
                )
                deciding = decisive(way, rows, counts[name])
                tables[name][column.name] = restored_alike(rule, column, deciding, source, order)

    def _give_own_parents(
        self,
        table: Table,
        keys: Iterable[ForeignKey],
        tables: Mapping[str, Columns],
        rows: dict[ForeignKey, Integers],
        random: np.random.Generator,
    ) -> None:
        """Let no two rows share a parent in a one-to-one relation."""
        for key in keys:
            unique = len(key.columns) == 1 and table.column(key.columns[0]).unique
            if unique or key == one_to_one(self._inner, table.name):
                rows[key] = self._distinct(key, rows[key], tables, random)

    def _distinct(
        self, key: ForeignKey, rows: Integers, tables: Mapping[str, Columns], random: np.random.Generator
    ) -> Integers:
        """A parent of its own for each row; where there are too few parents, only a primary key insists."""
        table, parents = self._inner[key.table], len(tables[key.parent][key.parent_columns[0]])
        found = distinct_rows(rows, parents, random)
        if found is None and key == one_to_one(self._inner, key.table):
            problem = f"{len(rows):,} rows cannot each have a row of {key.parent} of their own, it has {parents:,}"
            raise IntegrityError(problem, "ask for fewer rows", f"{key.table}.{'+'.join(key.columns)}")
        if found is None:
            self._note(table, len(rows), f"rows share the {parents:,} rows of {key.parent}, no longer one each")
            return rows
        self._note(table, int((found != rows).sum()), f"rows got another row of {key.parent}, for one each")
        return found

    def _counted(self, table: Table) -> tuple[str, ...]:
        """The parts of a primary key that are whole numbers to the model."""
        rules = self.rules[table.name]
        counts = {name for name, rule in rules.items() if isinstance(rule, Values) and rule.kind == "numerical"}
        return tuple(name for name in table.primary_key if name in counts and is_integer(table.column(name)))

    def _fresh(self) -> Iterator[tuple[Table, Column, Fresh]]:
        for table in self._inner.tables:
            for name, rule in self.rules[table.name].items():
                if isinstance(rule, Fresh):
                    yield table, table.column(name), rule

    def _seed(self, seed: int, table: Table, place: int) -> np.random.SeedSequence:
        return np.random.SeedSequence(seed, spawn_key=(self._inner.tables.index(table), place))

    def _note_blank(self, table: Table, column: Column, rule: Fresh) -> None:
        note = f"{table.name}.{column.name}: free text has no recipe (`pii` in the schema) and came back empty"
        if rule.blank and note not in self.notes:
            self.notes.append(note)

    def _note(self, table: Table, count: int, what: str) -> None:
        note = f"{table.name}: {count:,} {what}"
        if count and note not in self.notes:
            self.notes.append(note)


def _ruled(schema: Schema, table: Table) -> list[Column]:
    """The columns of a table that are no foreign keys."""
    foreign = {name for key in schema.parents_of(table.name) for name in key.columns}
    return [column for column in table.columns if column.name not in foreign]


def _ruled_names(schema: Schema) -> dict[str, list[str]]:
    return {table.name: [column.name for column in _ruled(schema, table)] for table in schema.tables}
