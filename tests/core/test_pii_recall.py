"""How many of the labelled columns are found out for what they are: figures, and the least they may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pytest

from synthkit.inference import infer
from synthkit.inference.first_names import are_people
from synthkit.schema import Column, ColumnKind
from tests.core.labelled_columns import PERSONAL, SHARED, TEXT, THING, Labelled, everything


@dataclass(frozen=True)
class Judged:
    """A labelled column and what inference says of it."""

    labelled: Labelled
    column: Column
    held_out: bool

    @property
    def protected(self) -> bool:
        """Whether no model sees it."""
        return not self.column.kind.modelled

    @property
    def known(self) -> bool:
        """Whether it is made afresh as what it is: by a right recipe, or as an identifier where it is a number."""
        numbers = not self.labelled.expected or self.labelled.typed != "string" or self.column.storage != "string"
        return self.column.pii in self.labelled.expected or (numbers and self.column.kind is ColumnKind.ID)

    @property
    def alarm(self) -> bool:
        """Whether what is nobody's was taken for personal, or kept from the model without need."""
        personal = self.column.kind is ColumnKind.PII
        return personal or (self.labelled.truth == SHARED and self.protected)


def judge(number: int, labelled: Labelled) -> Judged:
    cells = labelled.column(seed=number)
    key = pa.array([f"R{i:06}" for i in range(len(cells))])
    schema, _ = infer({labelled.table: pa.table({"record_id": key, labelled.header: cells})})
    return Judged(labelled, schema[labelled.table].column(labelled.header), number % 4 == 3)


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    """Every labelled column."""
    return [judge(number, labelled) for number, labelled in enumerate(everything())]


def figures(judged: Sequence[Judged]) -> str:
    """What was found of the columns, in one line for each of two figures, and each failure by its header."""
    people = [j for j in judged if j.labelled.truth == PERSONAL]
    texts = [j for j in judged if j.labelled.truth == TEXT]
    others = [j for j in judged if j.labelled.truth in (SHARED, THING)]
    kept, known = sum(j.protected for j in people + texts), sum(j.known for j in people)
    alarms = [j.labelled.header for j in others if j.alarm]
    missed = [j.labelled.header for j in people + texts if not j.protected]
    return (
        f"{len(people)} personal and {len(texts)} text columns: {kept} kept from the model, missed {missed};"
        f" {known} of the personal ones made afresh as what they are;"
        f" {len(others)} others: {len(alarms)} false alarms {alarms}"
    )


def recall(judged: Sequence[Judged]) -> float:
    """The share of the personal and text columns that no model sees, in [0, 1]."""
    kept = [j.protected for j in judged if j.labelled.truth in (PERSONAL, TEXT)]
    return sum(kept) / len(kept)


def false_alarms(judged: Sequence[Judged]) -> float:
    """The share of the other columns that are taken for personal, or kept from the model without need."""
    alarms = [j.alarm for j in judged if j.labelled.truth in (SHARED, THING)]
    return sum(alarms) / len(alarms)


@pytest.mark.parametrize("held_out", [False, True])
def test_recall_and_false_alarms(held_out: bool, judged: list[Judged], capsys: pytest.CaptureFixture[str]) -> None:
    chosen = [j for j in judged if j.held_out is held_out]
    with capsys.disabled():
        print("\nheld out:" if held_out else "\nseen:", figures(chosen))
    assert recall(chosen) >= 0.97
    assert false_alarms(chosen) <= 0.03


def test_there_are_enough_columns(judged: list[Judged]) -> None:
    assert len(judged) >= 60
    assert {j.labelled.truth for j in judged} == {PERSONAL, TEXT, SHARED, THING}


@pytest.mark.parametrize("recipe", ["email", "iban", "card_number", "national_id"])
def test_none_is_missed_of_what_can_be_checked(recipe: str, judged: list[Judged]) -> None:
    chosen = [j for j in judged if recipe in j.labelled.expected]
    assert [j.labelled.header for j in chosen if not j.protected] == []


def test_names_that_are_not_of_fakers_making() -> None:
    """Faker's first names are looked up, and make the labelled names; these were written by hand."""
    people = (
        "Ada Lovelace, Alan Turing, Emmy Noether, Grace Hopper, Marie Curie, Isaac Newton, Charles Darwin, Rosa Parks,"
        "Simone de Beauvoir, Pablo Picasso, Frida Kahlo, Johann Wolfgang von Goethe, Clara Schumann, Vincent van Gogh,"
        "Astrid Lindgren, Nazim Hikmet, Fernando Pessoa, Wislawa Szymborska, Dante Alighieri, Maria Montessori,"
        "Albert Einstein, Lise Meitner, Carl Friedrich Gauss, Leonhard Euler, Galileo Galilei, Anne Frank, Niels Bohr"
    )
    things = (
        "Old Town, Lake View, Green Valley, High Street, North Sea, Black Forest, Red Bull, Hugo Boss, Calvin Klein,"
        "San Francisco, Los Angeles, New York, Morgan Stanley, Goldman Sachs, Wells Fargo, General Electric,"
        "Albert Park, Silverstone Circuit, Pulp Fiction, Forrest Gump, The Matrix, Blade Runner, Star Wars"
    )
    assert are_people([name.strip() for name in people.split(",")])
    assert not are_people([name.strip() for name in things.split(",")])
