"""Every code block of the documentation runs as printed, every reference page is what the code says, every hook is met.

Within a page the blocks run in their order, in one folder and one fresh environment. ``console`` is run by bash,
``text`` must be found in what came before (with ``…`` for anything), and a block that begins with the name of a file in
a comment becomes that file. Of YAML, the commands that a CI would run are run.
"""

from __future__ import annotations

import configparser
import fnmatch
import inspect
import os
import re
import subprocess
import sys
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import click
import pytest

from synthkit import hookspecs
from synthkit.cli import cli
from tests.third_party.environments import Environment

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if path.parent.name not in ("decisions", "reference"))
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# ([\w./-]+\.\w+)\n")
_LANGUAGES = {"console", "text", "python", "toml", "ini", "yaml"}
HOOKS = [name for name in vars(hookspecs) if name.startswith("synthkit_")]


def blocks(page: Path) -> list[tuple[str, str]]:
    return _BLOCK.findall(page.read_text("utf-8"))


class Reader:
    """Does what a page says."""

    def __init__(self, environment: Environment | Here, folder: Path) -> None:
        self.environment, self.folder, self.said = environment, folder, ""

    def read(self, language: str, text: str) -> None:
        assert language in _LANGUAGES, f"what is {language!r}?"
        if named := _FILE.match(text):
            path = self.folder / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.split("\n", 1)[1], "utf-8")
        getattr(self, f"read_{language}")(text)

    def read_console(self, text: str) -> None:
        script = f"set -euo pipefail\n{text}\npwd > '{self.environment.folder}/where'\n"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environment.variables(),
            capture_output=True,
            text=True,
            check=False,
        )
        self.said = f"{done.stdout}\n{done.stderr}"
        assert done.returncode == 0, f"{text}\n{self.said}"
        self.folder = Path((self.environment.folder / "where").read_text().strip())

    def read_text(self, text: str) -> None:
        said = [line.rstrip() for line in self.said.splitlines()]
        for line in text.splitlines():
            wanted = re.sub(r"\[", "[[]", line.rstrip()).replace("…", "*")
            assert fnmatch.filter(said, wanted), f"{line!r} is not in\n{self.said}"

    def read_python(self, text: str) -> None:
        compile(text, "block", "exec")
        if not _FILE.match(text):
            self.said = self.environment.run("-c", text, cwd=self.folder).stdout

    def read_toml(self, text: str) -> None:
        tomllib.loads(text)

    def read_ini(self, text: str) -> None:
        configparser.ConfigParser(interpolation=None).read_string(text)

    def read_yaml(self, text: str) -> None:
        for command in re.findall(r"run: (.+)", text):
            self.read_console(command)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_every_block_runs_as_printed(page, tmp_path):
    pytest.importorskip("hatchling", reason="projects are built with hatchling")
    (tmp_path / "work").mkdir()
    reader = Reader(Environment(tmp_path / "venv"), tmp_path / "work")
    for language, text in blocks(page):
        reader.read(language, text)


class Here:
    """The environment that the tests run in, as a reader's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def variables(self) -> dict[str, str]:
        return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

    def run(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=True)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_block_of_the_readme_runs_as_printed(tmp_path, monkeypatch):
    """But for what installs: that is how this environment came to be. Files of a section go with it."""
    pytest.importorskip("sdv", reason="the README runs hma")
    monkeypatch.setenv("SYNTHKIT_SIGNING_KEY", "a long key for tests")
    (tmp_path / "work").mkdir()
    for section in re.split(r"^## ", (ROOT / "README.md").read_text("utf-8"), flags=re.MULTILINE):
        reader = Reader(Here(tmp_path), tmp_path / "work")
        for language, text in _BLOCK.findall(section):
            if language:
                reader.read(language, re.sub(r"^pip install .*&& (tox)?", "", text))
        for named in _FILE.findall(section):
            (reader.folder / named).unlink(missing_ok=True)


# --- reference pages ------------------------------------------------------------------------------


def _generator():
    spec = spec_from_file_location("generate", DOCS / "generate.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", sorted(path.stem for path in (DOCS / "reference").glob("*.md")))
def test_a_reference_page_is_what_the_code_says(name):
    page = (DOCS / "reference" / f"{name}.md").read_text("utf-8")
    assert page == _generator().text(name), "run `python docs/generate.py`, and say in the changelog what changed"


def test_every_reference_page_is_generated_and_linked():
    written = {path.stem for path in (DOCS / "reference").glob("*.md")}
    assert written == set(_generator().PAGES)
    index = (DOCS / "index.md").read_text("utf-8")
    for page in (*PAGES, *(DOCS / "reference").glob("*.md")):
        assert page.name == "index.md" or f"({page.relative_to(DOCS).as_posix()})" in index, page


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


# --- hooks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented_exemplified_and_tested(hook):
    text = inspect.getdoc(getattr(hookspecs, hook))
    example = inspect.cleandoc(text.partition("Example::")[2])
    assert f"def {hook}(" in example
    assert "@hookimpl" in example
    compile(example, hook, "exec")
    assert f"## `{hook}(" in (DOCS / "reference" / "hooks.md").read_text("utf-8")
    stranger = (ROOT / "tests" / "third_party" / "good" / "third_good" / "__init__.py").read_text("utf-8")
    assert f"def {hook}(" in stranger, "the stranger's distribution implements every hook, and its tests use each"


# --- the README -----------------------------------------------------------------------------------


def _commands(text: str) -> list[str]:
    joined = text.replace("\\\n", " ")
    return [
        part.split("#")[0].strip() for line in joined.splitlines() for part in line.split("&&") if "synthkit " in part
    ]


README = blocks(ROOT / "README.md")


@pytest.mark.parametrize("command", [c for language, text in README if language == "console" for c in _commands(text)])
def test_commands_of_the_readme_exist(command):
    words = command.removeprefix("synthkit ").split()
    found: click.Command = cli
    context = click.Context(found)
    while isinstance(found, click.Group) and words:
        found = found.get_command(context, words.pop(0))
        assert found is not None, command
    known = {name for parameter in found.params for name in parameter.opts}
    assert {word for word in words if re.fullmatch(r"--?[a-z][\w-]*", word)} <= known


@pytest.mark.parametrize("text", [text for language, text in README if language == "toml"])
def test_toml_of_the_readme_is_toml(text):
    tomllib.loads(text)


@pytest.mark.parametrize("text", [text for language, text in README if language == "python"])
def test_python_of_the_readme_is_python(text):
    compile(text, "README.md", "exec")
    assert sys.version_info >= (3, 11)
