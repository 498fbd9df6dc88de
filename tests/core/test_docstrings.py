"""Every example in a docstring is executed."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module

import pytest

import synthkit
import synthkit_fidelity
import synthkit_formats

PACKAGES = (synthkit, synthkit_fidelity, synthkit_formats)
MODULES = [
    found.name
    for package in PACKAGES
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not found.name.endswith("__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    assert doctest.testmod(import_module(name)).failed == 0
