"""Schemas and data that hypothesis makes are valid, and what our own synthesizers draw from them is, too."""

from __future__ import annotations

import sys

import pytest
from hypothesis import HealthCheck, given, settings

import synthkit.testing
from synthkit import ColumnKind, Context
from synthkit.errors import MissingExtraError
from synthkit.integrity import has_dtype, violations
from synthkit.plugins import discover
from synthkit.schema import Schema
from synthkit.testing import datasets, schemas


@given(schemas())
def test_schemas_are_told_and_read_again(schema):
    assert Schema.from_toml(schema.to_toml()) == schema
    assert schema.subject == "t0"


@given(datasets())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_data_keep_their_schema(data):
    assert violations(data) == ()
    assert all(has_dtype(data[t.name][c.name], c) for t in data.schema.tables for c in t.columns)


@pytest.mark.parametrize("name", ["cart", "bootstrap_subjects", "independent", "shuffled_keys"])
@given(data=datasets())
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_own_synthesizers_learn_whatever_is_valid(name, data):
    cls = discover().find("synthesizer", name).cls
    sample = cls(cls.Options()).fit(data, seed=0, context=Context()).sample(7, seed=1, context=Context())
    assert sample.rows[data.subject] == 7
    assert violations(sample) == ()
    for table in data.schema.table_names:
        for column in data.schema.modelled(table):
            if column.kind is ColumnKind.CATEGORICAL:
                assert set(sample[table][column.name].dropna()) <= set(data[table][column.name].dropna())


def test_without_hypothesis_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    monkeypatch.delitem(sys.modules, "synthkit.testing.strategies")
    with pytest.raises(
        MissingExtraError, match="strategies need hypothesis, which is not installed; pip install hypothesis"
    ):
        _ = synthkit.testing.schemas
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = synthkit.testing.nothing
