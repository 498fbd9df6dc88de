"""Every score, from what was counted in the real and in the synthetic data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, combinations, product
from typing import Any, TypeAlias

from synthkit import Schema
from synthkit_fidelity import measures, observe
from synthkit_fidelity.cells import continuous
from synthkit_fidelity.figures import Figure, with_averages
from synthkit_fidelity.observe import Codebook, Path
from synthkit_fidelity.states import Children, Key, Margin, State, Tally

RELATED = 0.05  # the least association in the real data that counts as dependence
_FAINT = 0.1  # part of the real dependence that chance may explain where a table or key is judged alone
_NOT_ALLOWED = "the synthetic data do not allow it"

Place: TypeAlias = tuple[str, str]  # a table and a column of it
_Measure: TypeAlias = Callable[[State, State], float | None]


@dataclass(frozen=True)
class Comparison:
    """What was counted on both sides, and in which cells."""

    schema: Schema
    book: Codebook
    real: State
    synthetic: State

    def figures(self) -> Iterator[Figure]:
        """Every figure and every average."""
        hops = observe.paths(self.schema)
        groups = (
            self._shapes(), self._nulls(), self._patterns(), self._coverage(), self._pairs(), self._triples(),
            self._cardinality(), self._trends("fidelity.intertable", [path for path in hops if len(path) == 1]),
            self._trends("fidelity.hop2", [path for path in hops if len(path) == 2]), self._order(),
        )  # fmt: skip
        for figures in groups:
            yield from with_averages(list(figures))
        within, across = self._dependence_within(), self._dependence_across([path for path in hops if len(path) == 1])
        yield from _pooled("fidelity.dependence.intra", within)
        yield from _pooled("fidelity.dependence.hop1", across)
        yield from _least("fidelity.dependence.least", [*within, *across])

    def _columns(self) -> list[Place]:
        return [(t, c.name) for t in observe.scored(self.schema) for c in observe.compared(self.schema, t)]

    def _shapes(self) -> Iterator[Figure]:
        for place in self._columns():
            yield self._measured("fidelity.shapes", place[0], place[1:], [place], _of_column(place, _shape))

    def _nulls(self) -> Iterator[Figure]:
        for place in self._columns():
            yield self._measured("fidelity.nulls", place[0], place[1:], [place], _of_column(place, _null_share))

    def _coverage(self) -> Iterator[Figure]:
        for place in self._columns():
            if not continuous(self.book[place].column):
                measure = _of_column(place, _coverage)
                yield self._measured("fidelity.coverage", place[0], place[1:], [place], measure)

    def _patterns(self) -> Iterator[Figure]:
        for table in observe.scored(self.schema):
            places = [place for place in self._columns() if place[0] == table]
            usable = [place for place in places if not self._problems(self.real, [place])]
            if len(places) > 1:
                yield self._measured("fidelity.null_patterns", table, (), usable, _of_tally(("nulls", table)))

    def _pairs(self) -> Iterator[Figure]:
        for table in observe.scored(self.schema):
            numbers = observe.numbers_of(self.schema, table)
            for a, b in self._paired(table):
                measure = _of_tally(("pair", table, a, b))
                if {a, b} <= set(numbers):
                    measure = _of_correlation(("moments", table), numbers.index(a), numbers.index(b))
                yield self._measured("fidelity.pairs", table, (a, b), [(table, a), (table, b)], measure)

    def _triples(self) -> Iterator[Figure]:
        for key in self.real.parts:
            if key[0] == "triple":
                table, names = key[1], key[2:]
                places = [(table, name) for name in names]
                yield self._measured("fidelity.triples", table, names, places, _of_tally(key))

    def _cardinality(self) -> Iterator[Figure]:
        for path in (path for path in observe.paths(self.schema) if len(path) == 1):
            key = path[0]
            measure = _of_tally(("children", path), measures.ks_complement)
            yield self._measured("fidelity.cardinality", key.table, key.columns, [], measure)

    def _trends(self, metric: str, paths: Iterable[Path]) -> Iterator[Figure]:
        for path in paths:
            table, above = path[0].table, path[-1].parent
            lower, upper = (observe.numbers_of(self.schema, t) for t in (table, above))
            via = self._via(path)
            for a, b in self._crossed(path):
                measure = _of_tally(("cross", path, a, b))
                if a in lower and b in upper:
                    measure = _of_correlation(("moments", path), lower.index(a), len(lower) + upper.index(b))
                names = (a, f"{_quoted(above)}.{_quoted(b)}", *via)
                yield self._measured(metric, table, names, [(table, a), (above, b)], measure)

    def _order(self) -> Iterator[Figure]:
        for key, part in self.real.parts.items():
            if key[0] not in ("gaps", "lag"):
                continue
            table, names = key[1], key[:1:-1]  # the number, then the date
            places = [(table, name) for name in names]
            if key[0] == "gaps" and part.total:
                measure = _of_tally(key, measures.ks_complement)
                yield self._measured("fidelity.order", table, names, places, measure)
            elif key[0] == "lag" and part.rows[0, 1]:
                yield self._measured("fidelity.order", table, names, places, _of_correlation(key, 0, 1))

    def _dependence_within(self) -> list[_Kept]:
        found = []
        for table in observe.scored(self.schema):
            pairs = [(("pair", table, a, b), (table, a), (table, b)) for a, b in self._paired(table)]
            found.append(self._kept(table, (), pairs))
        return found

    def _dependence_across(self, paths: Iterable[Path]) -> list[_Kept]:
        found = []
        for path in paths:
            key = path[0]
            pairs = [(("cross", path, a, b), (key.table, a), (key.parent, b)) for a, b in self._crossed(path)]
            found.append(self._kept(key.table, key.columns, pairs))
        return found

    def _kept(self, table: str, columns: tuple[str, ...], pairs: Iterable[tuple[Key, Place, Place]]) -> _Kept:
        """The dependence of some pairs in the real data, and how much of it the synthetic data have."""
        real, kept, chances = 0.0, 0.0, (0.0, 0.0)
        missing: dict[str, None] = {}
        for key, *places in pairs:
            size = self.book[places[1]].size
            strength = measures.association(self.real.parts[key], size) or 0.0
            if strength <= RELATED:
                continue
            other = measures.association(self.synthetic.parts[key], size)
            problems = self._problems(self.synthetic, places) or ["there are too few rows"] * (other is None)
            missing.update(dict.fromkeys(problems))
            real, kept = real + strength, kept + min(strength, other or 0.0)
            chance = [measures.association_by_chance(state.parts[key], size) for state in (self.real, self.synthetic)]
            chances = chances[0] + chance[0], chances[1] + min(strength, chance[1])
        return _Kept(table, columns, real, kept, chances, ", ".join(missing))

    def _paired(self, table: str) -> Iterable[tuple[str, str]]:
        return combinations([c.name for c in observe.compared(self.schema, table)], 2)

    def _crossed(self, path: Path) -> Iterable[tuple[str, str]]:
        lower, upper = ([c.name for c in observe.compared(self.schema, t)] for t in (path[0].table, path[-1].parent))
        return product(lower, upper)

    def _via(self, path: Path) -> tuple[str, ...]:
        """The key columns along a path, where there is another path of that length between the same tables."""
        ends = [(p[0].table, p[-1].parent) for p in observe.paths(self.schema) if len(p) == len(path)]
        if ends.count((path[0].table, path[-1].parent)) == 1:
            return ()
        return tuple(chain.from_iterable(key.columns for key in path))

    def _measured(
        self, metric: str, table: str, columns: tuple[str, ...], places: list[Place], measure: _Measure
    ) -> Figure:
        """Take a measure of some columns; where there is none, ask whether the real data alone would give one."""
        known, drawn = (self._problems(state, places) for state in (self.real, self.synthetic))
        value = None if known or drawn else measure(self.real, self.synthetic)
        if value is not None:
            return Figure(metric, table, columns, value)
        undefined = bool(known) or measure(self.real, self.real) is None
        whose, problems = ("the real data do not define it", known) if undefined else (_NOT_ALLOWED, drawn)
        why = ", ".join(problems) or "the rows where all of it is known are too few or do not vary"
        return Figure(metric, table, columns, reason=f"{whose}: {why}", counts=not undefined)

    @staticmethod
    def _problems(state: State, places: Iterable[Place]) -> list[str]:
        faults = ((name, state.parts["column", table, name].problem) for table, name in places)
        return [f"{name} {fault}" for name, fault in faults if fault]


@dataclass(frozen=True)
class _Kept:
    """Sums over the pairs of columns of one table or foreign key.

    Attributes:
        real: the dependence of the real data.
        kept: as much of it as the synthetic data have.
        chances: what columns that have nothing to do with each other would have on average, were they as many rows as
            the real and as the synthetic ones.
        missing: why ``kept`` is unknown, or empty.
    """

    table: str
    columns: tuple[str, ...]
    real: float
    kept: float
    chances: tuple[float, float]
    missing: str

    @property
    def tells(self) -> bool:
        """Whether the real data depend on each other by so much more than chance that it tells something alone."""
        return self.chances[0] <= _FAINT * self.real

    def figure(self, metric: str) -> Figure:
        """The share that was kept; its error is the share that chance alone would keep."""
        if self.missing:
            return Figure(metric, self.table, self.columns, reason=f"{_NOT_ALLOWED}: {self.missing}")
        return Figure(metric, self.table, self.columns, self.kept / self.real, error=self.chances[1] / self.real)


def _pooled(metric: str, found: list[_Kept]) -> Iterator[Figure]:
    """The shares of each table or key that has any dependence, and of all together."""
    some = [part for part in found if part.real]
    yield from (part.figure(metric) for part in some)
    if lost := sum(bool(part.missing) for part in some):
        yield Figure(metric, None, reason=f"{lost} of {len(some)} figures could not be computed")
    elif some:
        real, kept, chance = (sum(sums) for sums in zip(*((p.real, p.kept, p.chances[1]) for p in some), strict=True))
        yield Figure(metric, None, value=kept / real, error=chance / real)


def _least(metric: str, found: list[_Kept]) -> Iterator[Figure]:
    """The table or key that kept least, of those that tell something alone; a sum would hide it behind others."""
    figures = [part.figure(metric) for part in found if part.real and part.tells]
    if lost := sum(figure.value is None for figure in figures):
        yield Figure(metric, None, reason=f"{lost} of {len(figures)} figures could not be computed")
    elif figures:
        yield replace(min(figures, key=lambda figure: figure.value or 0.0), table=None, columns=())


def _of_column(place: Place, measure: Callable[[Margin, Margin], float | None]) -> _Measure:
    key = ("column", *place)
    return lambda real, synthetic: measure(real.parts[key], synthetic.parts[key])


def _of_tally(key: Key, measure: Callable[[Tally, Tally], float | None] = measures.tv_complement) -> _Measure:
    return lambda real, synthetic: measure(_tally(real.parts[key]), _tally(synthetic.parts[key]))


def _tally(part: Tally | Children) -> Tally:
    return part.tally if isinstance(part, Children) else part


def _of_correlation(key: Key, first: int, second: int) -> _Measure:
    def measure(real: State, synthetic: State) -> float | None:
        one, other = (state.parts[key].correlation(first, second) for state in (real, synthetic))
        return measures.similarity(one, other)

    return measure


def _shape(real: Margin, synthetic: Margin) -> float | None:
    compare: Any = measures.ks_complement if isinstance(real.known, Tally) else measures.categories_complement
    return float(compare(real.known, synthetic.known))


def _coverage(real: Margin, synthetic: Margin) -> float | None:
    known: Any = (real.known, synthetic.known)
    return measures.coverage(*known)


def _null_share(real: Margin, synthetic: Margin) -> float | None:
    one, other = (column.nulls / max(column.rows, 1) for column in (real, synthetic))
    return 1 - abs(one - other)


def _quoted(name: str) -> str:
    return f'"{name}"' if "." in name else name
