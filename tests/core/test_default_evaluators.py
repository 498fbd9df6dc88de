"""Which evaluators run: the default ones, those that gates name, those asked for, or all."""

from __future__ import annotations

import pluggy
import pytest

from synthkit.engine import _evaluators
from synthkit.evaluator import Evaluator
from synthkit.gates import Gate
from synthkit.plan import Plan
from synthkit.plugins import Plugin, Registry

pytestmark = pytest.mark.slow  # whole runs, or processes of their own


class Quick(Evaluator):
    """Runs when nobody chose."""

    name = "quick"

    def evaluate(self, *_, **__):
        return ()


class Slow(Quick):
    """Waits to be asked."""

    name = "slow"
    default = False


REGISTRY = Registry(
    tuple(Plugin(cls.name, "evaluator", "somewhere", "1", "MIT", offered=cls) for cls in (Quick, Slow)),
    pluggy.PluginManager("synthkit"),
)


@pytest.mark.parametrize(
    ("asked", "gates", "expected"),
    [
        (None, {}, [Quick]),
        (None, {"slow.score": Gate(min=1)}, [Quick, Slow]),
        (("all",), {}, [Quick, Slow]),
        (("slow",), {}, [Slow]),
        (("quick",), {"slow.score": Gate(min=1)}, [Quick]),
    ],
)
def test_who_runs(asked, gates, expected):
    plan = Plan(evaluators=asked, gates=gates)
    assert [type(evaluator) for evaluator in _evaluators(plan, REGISTRY)] == expected
