"""Work in processes of its own: costs, limits and crashes."""

from __future__ import annotations

import os
import time

import pytest

from benchmarks.apart import Clock, Lost, apart
from synthkit.errors import PluginError
from synthkit.steps import Steps


def measured(sizes, clock):
    steps = Steps(clock)
    for size in sizes:
        with steps("fit 1/2"):
            held = bytearray(size * 2**20)
        with steps("sample 1/2"):
            sum(range(200_000))
        del held
    return os.getpid(), clock.cost


def endless(step, clock):
    with Steps(clock)(step):
        time.sleep(60)


def slow_elsewhere(seconds, clock):
    time.sleep(seconds)
    return measured([1], clock)


def gone(code, clock):
    os._exit(code)


def refusing(text, clock):
    raise PluginError(text)


def test_the_cost_is_that_of_another_process():
    process, cost = apart(measured, [100], 60)
    assert process != os.getpid()
    assert cost.peak - cost.held > 90
    assert cost.both == cost.fit + cost.sample > 0
    assert cost.sample_wall > 0


def test_repeats_count_as_their_mean():
    _, once = apart(measured, [100], 60)
    _, twice = apart(measured, [100, 100], 60)
    assert twice.sample < 1.9 * once.sample + 0.02


def test_who_exceeds_the_limit_is_lost_by_name_of_the_limit():
    assert apart(endless, "fit", 0.5) == Lost("over 0 s")
    assert apart(endless, "sample", 0.5) == Lost("over 0 s")


def test_only_measured_steps_count_against_the_limit():
    assert not isinstance(apart(slow_elsewhere, 1.0, 0.9), Lost)


@pytest.mark.parametrize("code", [3, 0])
def test_a_process_that_ends_early_is_lost(code):
    assert apart(gone, code, 60) == Lost(f"its process ended with exit code {code}")


def test_an_error_of_ours_is_the_reason():
    assert apart(refusing, "it cannot", 60) == Lost("it cannot")


def test_without_proc_the_peak_is_what_the_system_knows(monkeypatch, tmp_path):
    monkeypatch.setattr("benchmarks.apart._STATUS", tmp_path / "none")
    monkeypatch.setattr("benchmarks.apart._FORGET", tmp_path / "none")
    _, cost = measured([1], Clock(lambda message: None))
    assert cost.peak >= cost.held > 0
