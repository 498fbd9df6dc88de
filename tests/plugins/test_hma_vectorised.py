"""HMA without a model object for every parent: the parameters, copulas and likelihoods are those of SDV."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthkit import Column, ColumnKind, Context, Dataset, ForeignKey, Schema, Table
from synthkit.testing import guarded

pytest.importorskip("sdv")

from synthkit_sdv import families, further, moments, versions
from synthkit_sdv.families import Families
from synthkit_sdv.further import further_parents
from synthkit_sdv.hma import HMA
from synthkit_sdv.repairs import repaired
from synthkit_sdv.tables import Tables

pytestmark = pytest.mark.sdv

CHILD, KEY, PREFIX = "t1", "c000", "__t1__c000__"


def two_tables(columns: int, parents: int = 12) -> Dataset:
    """Parents with none to five children of so many columns."""
    chance = np.random.default_rng(4)
    owners = np.repeat(np.arange(parents), np.arange(parents) % 6)
    numbers = {f"x{column}": chance.normal(column, 1, len(owners)) for column in range(columns)}
    frames = {
        "p": pd.DataFrame({"id": np.arange(parents), "y": chance.normal(size=parents)}),
        "c": pd.DataFrame({"p": owners, **numbers}),
    }
    tables = (
        Table("p", (Column("id", ColumnKind.ID), Column("y", ColumnKind.NUMERICAL)), ("id",)),
        Table("c", (Column("p", ColumnKind.ID), *(Column(name, ColumnKind.NUMERICAL) for name in numbers))),
    )
    return Dataset(Schema(tables, (ForeignKey("c", ("p",), "p", ("id",), owner=True),), "p"), frames)


def sdv_model(data: Dataset) -> Any:
    """An HMASynthesizer that has learned nothing yet."""
    return HMA(HMA.Options())._made(Tables.of(data).metadata(data.schema.foreign_keys))


def learned(data: Dataset, context: Context | None = None, **options: str) -> HMA:
    return HMA(HMA.Options(**options)).fit(data, seed=1, context=context or Context())


@pytest.fixture(scope="module")
def blank() -> Any:
    return sdv_model(two_tables(3))


@pytest.fixture(scope="module")
def three() -> HMA:
    return learned(two_tables(3))


# learning

NUMBERS = st.one_of(
    st.sampled_from([0.0, 1.0, -2.5]),
    st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda x: round(x, 3)),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 4) | st.none(), NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=16))
def test_parameters_are_those_that_sdv_finds(blank, told):
    rows = pd.DataFrame(told, columns=[KEY, "c002", "c001", "c003"]).astype("float64")
    theirs = blank._get_extension(CHILD, rows.copy(), KEY, "")
    ours = moments.extension(blank, CHILD, rows, KEY)
    if theirs.empty:
        assert ours.empty
    else:
        theirs = theirs.astype("float64")  # one of only children holds Python's None
        pd.testing.assert_frame_equal(ours, theirs, rtol=1e-9, atol=1e-9, check_index_type=False)


def test_a_wide_and_long_family_has_the_parameters_that_sdv_finds(blank):
    chance = np.random.default_rng(0)
    numbers = chance.normal(size=(700, 3)).cumsum(axis=1) ** 3
    rows = pd.DataFrame(numbers, columns=["c001", "c002", "c003"]).assign(**{KEY: np.repeat([7, 3], [40, 660])})
    theirs = blank._get_extension(CHILD, rows.copy(), KEY, "")
    pd.testing.assert_frame_equal(moments.extension(blank, CHILD, rows, KEY), theirs, rtol=1e-10)


def test_values_too_close_for_a_deviation_correlate_with_none():
    close = np.array([[1.0, 1.0 + 2**-52, 1.0], [1.0, 2.0, 3.0]]) * 1e-200
    found = moments.fitted(close, np.array([3]), ["a", "b"])
    assert found["univariates__a__scale"] == found["correlation__0__0"] == 0


@pytest.mark.parametrize("columns", [0, 1, 4])
def test_both_fitters_learn_the_same_model(columns):
    one, other = (learned(two_tables(columns), fitter=way)._model for way in ("vectorised", "sdv"))
    table = one._table_synthesizers["t0"]._model, other._table_synthesizers["t0"]._model
    assert list(table[0].columns) == list(table[1].columns)
    np.testing.assert_allclose(table[0].correlation, table[1].correlation, atol=1e-6)
    for ours, theirs in zip(table[0].univariates, table[1].univariates, strict=True):  # an optimizer found these
        np.testing.assert_allclose(ours.ppf(np.arange(0.1, 1, 0.2)), theirs.ppf(np.arange(0.1, 1, 0.2)), atol=1e-4)
    assert one._min_child_rows == other._min_child_rows
    assert one._null_foreign_key_percentages == other._null_foreign_key_percentages


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_only_sdv_can_fit_is_left_to_it_and_noted(bad):
    data, context = two_tables(3), Context()
    model, tables = sdv_model(data), Tables.of(data)
    rows = tables.to_sdv(data, data.schema.foreign_keys)[CHILD]
    rows.loc[rows[KEY] == 4, "c002"] = bad
    with repaired(tables, 1, context, vectorised=True):
        found = model._get_extension(CHILD, rows, KEY, "")
    assert found[f"{PREFIX}num_rows"].to_dict() == rows[KEY].value_counts().to_dict()
    assert context.notes[0] == "hma learned c with SDV's own slow code: it has values that are not finite"
    lost = ["SDV could not fit c for 1 of 10 parents; they got the average"]
    assert context.notes[1:] == (lost if np.isnan(bad) else [])


def test_margins_of_another_shape_are_left_to_sdv():
    model = sdv_model(two_tables(1))
    model.set_table_parameters(CHILD, {"default_distribution": "gamma"})
    rows = pd.DataFrame({KEY: [0], "c001": [1.0]})
    assert moments.uncovered(model, CHILD, rows, KEY) == "its columns are not fitted with norm"


# drawing


def any_parents(model: Any, rows: int = 40) -> pd.DataFrame:
    """Parents whose parameters lie beyond what was seen, are missing, or make no correlation matrix."""
    chance = np.random.default_rng(2)
    labels = [label for label in model._table_synthesizers["t0"]._model.columns if label.startswith(PREFIX)]
    for label in labels:
        known = model.extended_columns[CHILD][label]
        known._min_value, known._max_value = (-1.5, 1.5) if "correlation" in label else (-0.5, 3.0)
    drawn = pd.DataFrame(chance.normal(0, 1, (rows, len(labels))), columns=labels)
    return drawn.mask(chance.random(drawn.shape) < 0.1)


def arrays(model: Any, parents: pd.DataFrame, columns: int) -> Families:
    return Families.of(model, CHILD, PREFIX, [f"c{number + 1:03d}" for number in range(columns)], parents)


@pytest.mark.parametrize("columns", [1, 2, 5])
def test_copulas_are_those_that_sdv_makes_of_a_row(columns):
    model = learned(two_tables(columns))._model
    parents = any_parents(model)
    made = arrays(model, parents, columns)
    matrices = (made.vectors * made.values[:, np.newaxis]) @ made.vectors.transpose(0, 2, 1)
    assert (made.values >= 0).all()
    single = model._synthesizer(model._table_synthesizers[CHILD].get_metadata(), **model._table_parameters[CHILD])
    for number, (_, row) in enumerate(parents.iterrows()):
        single._set_parameters(model._extract_parameters(row, CHILD, KEY), model._default_parameters[CHILD])
        margins = [shape._params for shape in single._model.univariates]
        np.testing.assert_allclose(made.loc[number], [margin["loc"] for margin in margins])
        np.testing.assert_allclose(made.scale[number], [margin["scale"] for margin in margins])
        np.testing.assert_allclose(matrices[number], single._model.correlation, atol=1e-12)


@pytest.mark.parametrize("columns", [1, 3])
def test_likelihoods_are_those_of_sdv(columns):
    model = learned(two_tables(columns))._model
    parents = any_parents(model)
    rows = pd.DataFrame(np.random.default_rng(1).normal(0.5, 1, (9, columns)))
    rows.columns = [f"c{number + 1:03d}" for number in range(columns)]
    made = arrays(model, parents, columns)
    rows.iloc[0] = made.loc[0]  # a constant column may have just this value
    single = model._synthesizer(model._table_synthesizers[CHILD].get_metadata(), **model._table_parameters[CHILD])
    among = np.arange(1, len(parents), 2)
    found = made.likelihoods(rows.to_numpy(), among)
    assert (found > 0).any()
    assert columns == 1 or (found == 0).any()
    for place, number in enumerate(among):
        single._set_parameters(model._extract_parameters(parents.iloc[number], CHILD, KEY))
        np.testing.assert_allclose(found[:, place], single._get_likelihood(rows), rtol=1e-6, atol=1e-300)


def test_children_follow_their_family():
    matrix = np.array([[[0, 0.8, 0.0], [0.8, 0, 0.0], [0.0, 0.0, 0]], [[0, -0.5, 0], [-0.5, 0, 0], [0, 0, 0]]])
    loc, scale = np.array([[1.0, 2, 3], [-5, 0, 5]]), np.array([[1.0, 2, 0], [0.5, 3, 1]])
    np.random.seed(5)  # noqa: NPY002 - what the plugin seeds
    drawn = Families(loc, scale, *families.nearest(matrix)).draw(np.array([20_000, 30_000]))
    for family, part in enumerate((drawn[:20_000], drawn[20_000:])):
        np.testing.assert_allclose(part.mean(axis=0), loc[family], atol=0.06)
        np.testing.assert_allclose(part.std(axis=0), scale[family], atol=0.06)
        assert np.corrcoef(part[:, 0], part[:, 1])[0, 1] == pytest.approx(matrix[family, 0, 1], abs=0.02)
    assert set(drawn[:20_000, 2]) == {3.0}


def test_both_samplers_draw_from_the_same_model(three):
    """The same parents, and children that differ by chance only."""
    slow = HMA(HMA.Options(sampler="sdv"))
    slow._model, slow._tables = three._model, three._tables
    ours, theirs = (model.sample(300, seed=3, context=Context()) for model in (three, slow))
    pd.testing.assert_frame_equal(ours["p"], theirs["p"])
    assert ours["c"]["p"].equals(theirs["c"]["p"])
    assert not ours["c"].equals(theirs["c"])
    for name in ("x0", "x1", "x2"):
        assert ours["c"][name].mean() == pytest.approx(theirs["c"][name].mean(), abs=0.2)
        assert ours["c"][name].std() == pytest.approx(theirs["c"][name].std(), rel=0.15)


def test_pieces_do_not_show(three, monkeypatch):
    monkeypatch.setattr("synthkit_sdv.hierarchy.PIECE", 9 * 7)
    said = []
    data = three.sample(20, seed=3, context=Context(report=lambda _, text: said.append(text)))
    assert said == ["c of 1 to 7 of 20 p", "c of 8 to 14 of 20 p", "c of 15 to 20 of 20 p"]
    assert data["c"].notna().all(axis=None)
    assert data["c"]["p"].is_monotonic_increasing


def test_parents_that_tell_something_else_are_left_to_sdv_and_noted(three, monkeypatch):
    original = families.uncovered
    assert not original([f"{PREFIX}univariates__c001__{part}" for part in ("loc", "scale")], PREFIX, ["c001"])
    assert original([f"{PREFIX}univariates__c001__{part}" for part in ("loc", "a")], PREFIX, ["c001"])
    monkeypatch.setattr("synthkit_sdv.hierarchy.uncovered", lambda *_: True)
    context = Context()
    assert three.sample(20, seed=3, context=context)["c"].notna().all(axis=None)
    told = "p does not tell two parameters of each of its columns"
    assert context.notes == [f"hma drew c with SDV's own slow code: {told}"]


# second parents


def apart(parents: int, room: int) -> tuple[np.ndarray, Families]:
    """Families of one column around 0, 10, 20 ..., and rows that clearly belong to one of them."""
    loc = 10.0 * np.arange(parents)[:, np.newaxis]
    ones = np.ones((parents, 1))
    return np.repeat(loc, room, axis=0), Families(loc, ones, ones, ones[:, np.newaxis])


def test_rows_go_where_they_are_likely():
    rows, made = apart(5, 6)
    assert further_parents(rows, made, np.full(5, 6), np.zeros(30)).tolist() == np.repeat(np.arange(5), 6).tolist()


def test_rows_without_a_parent_are_weighed_too():
    rows, made = apart(5, 6)
    unlike = np.where(rows[:, 0] == 20, 1e9, 0)
    chosen = further_parents(rows, made, np.array([6, 6, 0, 6, 6]), unlike)
    assert np.isnan(chosen[12:18]).all()
    assert chosen[18:].tolist() == [3.0] * 6 + [4.0] * 6


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.integers(0, 5), st.integers(1, 3), st.booleans())
def test_every_parent_is_chosen_as_often_as_counted(counts, orphans, together, likely):
    rows = np.linspace(-30, 30, sum(counts) + orphans)[:, np.newaxis]
    _, made = apart(len(counts), 1)
    if not likely:  # anywhere
        made = Families(made.loc + 1e9, made.scale, made.values / 1e3, made.vectors)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(further, "TOGETHER", together)
        patch.setattr(further, "PAIRS", together)
        chosen = further_parents(rows, made, np.array(counts), np.zeros(len(rows)))
    assert np.isnan(chosen).sum() == orphans
    found = np.bincount(chosen[~np.isnan(chosen)].astype("int64"), minlength=len(counts))
    assert found.tolist() == counts


def test_many_parents_are_weighed_in_part_and_noted(monkeypatch):
    data = guarded(60)
    key = ForeignKey("purchases", ("shop",), "shops", ("id",))
    shops = Table("shops", (Column("id", ColumnKind.ID), Column("size", ColumnKind.NUMERICAL)), ("id",))
    purchases = data.schema["purchases"]
    columns = (*purchases.columns, Column("shop", ColumnKind.ID))
    schema = Schema(
        (data.schema["customers"], Table("purchases", columns, purchases.primary_key), shops),
        (*data.schema.foreign_keys, key),
        "customers",
    )
    frames = {**data.tables, "shops": pd.DataFrame({"id": np.arange(10), "size": np.arange(10.0)})}
    frames["purchases"] = data["purchases"].assign(shop=np.arange(len(data["purchases"])) % 10)
    monkeypatch.setattr(further, "PAIRS", 1)
    monkeypatch.setattr(further, "TOGETHER", 4)
    context = Context()
    drawn = learned(Dataset(schema, frames)).sample(40, seed=1, context=context)
    assert drawn["purchases"]["shop"].between(0, 9).all()
    told = "each row among 4 of the 10 shops, drawn anew every few rows"
    assert context.notes == [f"hma chose purchases.shop for {told}"]


# releases of SDV


def test_the_fast_code_is_pinned_to_what_is_installed():
    """When this fails, SDV has changed: run all tests of this file before its number is written down."""
    assert versions.untested() is None


def test_another_release_is_left_to_sdv_and_noted(monkeypatch):
    monkeypatch.setitem(versions.TESTED, "copulas", "0.0.1")
    contexts = Context(), Context()
    learned(two_tables(1), contexts[0]).sample(5, seed=1, context=contexts[1])
    for context in contexts:
        assert len(context.notes) == 1
        assert "held against sdv 2.0.0, copulas 0.0.1, and here are sdv 2.0.0, copulas 0." in context.notes[0]
