"""The shape of the project, held by tests."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import synthkit

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((*ROOT.glob("synthkit/**/*.py"), *ROOT.glob("plugins/**/*.py")))
HEAVY = ("pandas", "numpy", "pyarrow", "pydantic", "rich", "torch", "sdv", "sklearn", "altair", "faker")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_stay_under_400_lines(path):
    assert len(path.read_text("utf-8").splitlines()) < 400


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_function_is_longer_than_50_lines(path):
    tree = ast.parse(path.read_text("utf-8"))
    functions = [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    assert {f.name: _length(f) for f in functions if _length(f) > 50} == {}


def _length(function):
    body = function.body[1:] if ast.get_docstring(function) and len(function.body) > 1 else function.body
    return function.end_lineno - body[0].lineno + 1


def test_every_exported_name_can_be_used():
    assert len(set(synthkit.__all__)) == len(synthkit.__all__)  # ruff sorts them
    for name in synthkit.__all__:
        assert getattr(getattr(synthkit, name), "__name__", name) == name
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = synthkit.Nothing


def test_importing_the_command_line_loads_nothing_heavy():
    code = f"import sys, synthkit.cli; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_loads_nothing_heavy(monkeypatch):
    monkeypatch.setenv("SYNTHKIT_PLUGINS", "")  # what a stranger imports is his affair
    code = (
        "import sys, synthkit.cli\n"
        "assert synthkit.cli.run(['--help']) == 0\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"
