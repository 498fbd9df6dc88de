"""SDV's synthesizers and a key to a reference table, which they see as a category."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from synthkit import Column, ColumnKind, Context, Dataset, ForeignKey, Table
from synthkit.guard import Guard
from synthkit.integrity import sample_violations
from synthkit.testing import guarded

pytest.importorskip("sdv")

from synthkit_sdv.ctgan import CTGAN
from synthkit_sdv.gaussian_copula import GaussianCopula
from synthkit_sdv.hma import HMA

pytestmark = pytest.mark.sdv

CHANNELS = pd.DataFrame({"channel": ["app", "web", "branch", "post"], "online": [True, True, False, False]})


def purchases_by_channel(*names):
    """The tiny data set, whose channels are a reference table; some of its tables."""
    data = guarded(subjects=80)
    columns = (Column("channel", ColumnKind.ID, unique=True), Column("online", ColumnKind.BOOLEAN, "bool"))
    channels = Table("channels", columns, ("channel",), reference=True)
    key = ForeignKey("purchases", ("channel",), "channels", ("channel",))
    schema = replace(data.schema, tables=(*data.schema.tables, channels), foreign_keys=(*data.schema.foreign_keys, key))
    return Dataset(schema, {**data.tables, "channels": CHANNELS}).select([*names, "channels"])


@pytest.mark.parametrize(
    ("cls", "options", "names"),
    [
        (GaussianCopula, {}, ["purchases"]),
        (CTGAN, {"epochs": 1}, ["purchases"]),
        (HMA, {}, ["customers", "purchases"]),
    ],
)
def test_a_key_to_a_reference_table_is_a_category(cls, options, names):
    data = purchases_by_channel(*names)
    guard = Guard.learn(data)
    shown = guard.protect(data)
    assert list(shown.tables) == names
    assert {"channel", "channel.online"} <= set(shown["purchases"].columns)
    made = cls(cls.Options(**options)).fit(shown, seed=0, context=Context())
    back = guard.restore(made.sample(30, seed=0, context=Context()), seed=0)
    assert sample_violations(back, data.schema, {names[0]: 30, "channels": 4}) == ()
    assert back["channels"] is data["channels"]
    assert back["purchases"]["channel"].isin(CHANNELS["channel"]).all()
