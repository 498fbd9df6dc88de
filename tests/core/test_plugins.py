"""Discovery: real distributions in folders of their own, on ``sys.path``, as an installer leaves them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from textwrap import dedent

import pytest

from synthkit import Evaluator, Format, Synthesizer
from synthkit.errors import PluginError, UsageError
from synthkit.plugins import Plugin, Registry, discover, offered_commands

pytestmark = pytest.mark.slow  # whole runs, or processes of their own

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("sdv", "torch", "sklearn", "altair", "dask", "plotly")
SYNTHESIZER = """
    from synthkit import hookimpl
    from synthkit_stranger import Resample


    class Mine(Resample):
        name = "{name}"
        {more}


    @hookimpl
    def synthkit_register_synthesizers():
        return [Mine]
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Lay a distribution into a folder of its own: an installed plugin, as far as Python knows."""
    modules = []

    def install(
        name: str, code: str | None, version: str = "1.0", point: str | None = None, metadata: str = "License: MIT"
    ):
        module = f"installed_{len(modules)}_{name.replace('-', '_')}"
        modules.append(module)
        info = tmp_path / module / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}\n", "utf-8"
        )
        (info / "entry_points.txt").write_text(f"[synthkit]\n{point or name} = {module}\n", "utf-8")
        if code is not None:
            (tmp_path / module / f"{module}.py").write_text(dedent(code), "utf-8")
        monkeypatch.syspath_prepend(tmp_path / module)
        return info

    yield install
    for module in modules:
        sys.modules.pop(module, None)


def made(name: str, more: str = "") -> str:
    return SYNTHESIZER.format(name=name, more=more)


def broken(registry: Registry) -> dict[str, str | None]:
    return {p.name: p.problem for p in registry.plugins if p.kind == "broken" and p.distribution.startswith("my-")}


def refusal(kind: str, name: str, error: type[Exception] = PluginError) -> str:
    with pytest.raises(error) as caught:
        discover().find(kind, name)
    return str(caught.value)


# --- what works -----------------------------------------------------------------------------------


def test_a_stranger_s_plugin_is_found_by_kind_and_name():
    plugin = discover().find("synthesizer", "resample")
    assert plugin.cls.name == "resample"
    assert (plugin.kind, plugin.distribution, plugin.version, plugin.licence) == (
        "synthesizer",
        "synthkit-stranger",
        "1.0",
        "MIT",
    )
    assert (plugin.needs, plugin.problem) == (None, None)


def test_names_and_usable_classes_are_listed_by_kind():
    registry = discover()
    assert {"absent", "resample", "single"} <= set(registry.names("synthesizer"))
    assert {"means", "nosy", "raising"} <= {cls.name for cls in registry.usable("evaluator")}
    assert "absent" not in {cls.name for cls in registry.usable("synthesizer")}


def test_plugins_are_listed_by_kind_then_name():
    listed = [(p.kind, p.name) for p in discover().plugins]
    assert listed == sorted(listed)


@pytest.mark.parametrize("backwards", [False, True])
def test_the_order_does_not_depend_on_the_path(install, backwards):
    names = ["my-a", "my-b", "my-c"]
    for name in reversed(names) if backwards else names:
        install(name, made(name))
    assert [p.name for p in discover().plugins if p.distribution.startswith("my-")] == names


def test_one_distribution_may_offer_several_kinds_at_several_entry_points(install):
    info = install("my-own", made("mine"))
    points = (info / "entry_points.txt").read_text("utf-8")
    (info / "entry_points.txt").write_text(f"{points}another = json\n", "utf-8")  # a module that offers nothing
    assert [p.name for p in discover().plugins if p.distribution == "my-own"] == ["mine"]


def test_a_hook_may_offer_nothing(install):
    install("my-own", "from synthkit import hookimpl\n@hookimpl\ndef synthkit_register_formats():\n    return None\n")
    assert [p for p in discover().plugins if p.distribution == "my-own"] == []


def test_observers_are_called_through_the_registry(install):
    install(
        "my-own",
        "from synthkit import hookimpl\nseen = []\n@hookimpl\ndef synthkit_run_finished(run):\n    seen.append(run)\n",
    )
    discover().manager.hook.synthkit_run_finished(run="a run")
    (module,) = [m for name, m in sys.modules.items() if name.endswith("my_own")]
    assert module.seen == ["a run"]


# --- what is broken is named, and stops nobody else -----------------------------------------------

BROKEN = {
    "import": (
        "import a_module_that_is_not_there",
        "ModuleNotFoundError: No module named 'a_module_that_is_not_there'",
    ),
    "syntax": ("def", "SyntaxError: invalid syntax"),
    "error": ("raise RuntimeError('first line\\nsecond line')", "RuntimeError: first line"),
    "exit": ("raise SystemExit(0)", "SystemExit: 0"),
    "module": (None, "ModuleNotFoundError: No module named 'installed_0_my_broken'"),
    "misspelt hook": (
        "from synthkit import hookimpl\n@hookimpl\ndef synthkit_register_synthesisers():\n    return []",
        "unknown hook 'synthkit_register_synthesisers'",
    ),
    "wrong arguments": (
        "from synthkit import hookimpl\n@hookimpl\ndef synthkit_run_finished(runn):\n    pass",
        "hook 'synthkit_run_finished'",
    ),
    "no class": (
        "from synthkit import hookimpl\n@hookimpl\ndef synthkit_register_synthesizers():\n    return ['resample']",
        "TypeError: synthkit_register_synthesizers must return classes derived from Synthesizer",
    ),
    "another class": (
        "from synthkit import hookimpl\n@hookimpl\ndef synthkit_register_formats():\n    return [dict]",
        "TypeError: synthkit_register_formats must return classes derived from Format",
    ),
    "no list": (
        """
        from synthkit import hookimpl
        from synthkit_stranger import Means

        @hookimpl
        def synthkit_register_evaluators():
            return Means
        """,
        "TypeError: 'ABCMeta' object is not iterable",
    ),
    "abstract": (
        """
        from synthkit import Evaluator, hookimpl

        class Mine(Evaluator):
            name = "mine"

        @hookimpl
        def synthkit_register_evaluators():
            return [Mine]
        """,
        "TypeError: Mine lacks evaluate",
    ),
    "no name": (
        """
        from synthkit import hookimpl
        from synthkit_stranger import Means

        class Mine(Means):
            name = None

        @hookimpl
        def synthkit_register_evaluators():
            return [Mine]
        """,
        "TypeError: Mine has no name",
    ),
    "raising hook": (
        "from synthkit import hookimpl\n@hookimpl\ndef synthkit_register_formats():\n    raise OSError('no disk')",
        "OSError: no disk",
    ),
    "requirement": (made("mine", "requires = 'sdv>=2'"), "InvalidRequirement"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_is_named_with_its_error_and_is_not_fatal(install, case):
    code, problem = BROKEN[case]
    install("my-broken", code)
    install("my-sound", made("sound"))
    registry = discover()
    assert list(broken(registry)) == ["my-broken"]
    said = broken(registry)["my-broken"]
    assert said.startswith("cannot be loaded (")
    assert problem in said
    assert "\n" not in said
    assert registry.find("synthesizer", "sound").distribution == "my-sound"
    assert registry.find("synthesizer", "resample").cls.name == "resample"


def test_asking_for_a_broken_plugin_says_why_it_is_broken(install):
    install("my-broken", "raise RuntimeError('out of order')", point="mine")
    assert refusal("synthesizer", "mine") == (
        "mine: cannot be loaded (RuntimeError: out of order); see `synthkit plugins`"
    )


def test_the_hooks_of_a_broken_plugin_are_not_called(install):
    install(
        "my-broken",
        """
        from synthkit import hookimpl

        @hookimpl
        def synthkit_run_finished(run):
            raise AssertionError

        @hookimpl
        def synthkit_register_formats():
            return [3]
        """,
    )
    registry = discover()
    assert list(broken(registry)) == ["my-broken"]
    registry.manager.hook.synthkit_run_finished(run="a run")


def test_a_broken_entry_point_cannot_hide_a_plugin_of_its_name(install):
    install("my-broken", "raise RuntimeError", point="resample")
    assert discover().find("synthesizer", "resample").distribution == "synthkit-stranger"


def test_one_module_at_two_entry_points_is_an_error_of_the_second(install):
    info = install("my-own", made("mine"), point="first")
    text = (info / "entry_points.txt").read_text("utf-8")
    (info / "entry_points.txt").write_text(text + text.splitlines()[1].replace("first", "second") + "\n", "utf-8")
    registry = discover()
    assert list(broken(registry)) == ["second"]
    assert registry.find("synthesizer", "mine").distribution == "my-own"


def test_what_an_uninstallation_left_behind_is_passed_over(install):
    info = install("my-remains", "raise RuntimeError")
    (info / "METADATA").unlink()
    assert discover().find("synthesizer", "resample").distribution == "synthkit-stranger"


# --- two of one name ------------------------------------------------------------------------------


def test_a_name_offered_twice_is_an_error_that_names_both_once_it_is_asked_for(install):
    install("my-other", made("resample"))
    registry = discover()
    assert registry.find("synthesizer", "single").cls.name == "single"
    assert "resample" not in {cls.name for cls in registry.usable("synthesizer")}
    assert [p.offered for p in registry.plugins if p.name == "resample"] == [None, None]
    assert refusal("synthesizer", "resample") == (
        "resample: the synthesizer is offered twice, by my-other and synthkit-stranger; uninstall one of them"
    )


def test_the_same_name_for_two_kinds_is_no_collision(install):
    install("my-other", made("means"))
    registry = discover()
    assert registry.find("synthesizer", "means").distribution == "my-other"
    assert registry.find("evaluator", "means").distribution == "synthkit-stranger"


def test_the_first_of_two_versions_on_the_path_is_the_installed_one(install):
    install("my-own", made("mine"), version="1.0")
    install("my-own", made("mine"), version="2.0")
    assert discover().find("synthesizer", "mine").version == "2.0"


# --- what a plugin was made for --------------------------------------------------------------------


def test_a_plugin_made_for_a_newer_interface_is_refused(install):
    install("my-own", made("mine", "plugin_api = 2"))
    assert refusal("synthesizer", "mine").startswith(
        "mine: made for plugin API 2, and this synthkit has 1: upgrade synthkit"
    )


def test_a_plugin_made_for_an_older_interface_works_with_a_warning_until_it_does_not(install, monkeypatch):
    install("my-own", made("mine", "plugin_api = 1"))
    monkeypatch.setattr("synthkit.plugins.PLUGIN_API", 2)
    for contract in (Synthesizer, Evaluator, Format):  # all others keep up
        monkeypatch.setattr(contract, "plugin_api", 2)
    with pytest.warns(
        DeprecationWarning, match="mine of my-own was made for plugin API 1, which will not .*; upgrade my-own"
    ):
        assert discover().find("synthesizer", "mine").cls.name == "mine"
    monkeypatch.setattr("synthkit.plugins.OLDEST_API", 2)
    assert "made for plugin API 1, which synthkit no longer has: upgrade my-own" in refusal("synthesizer", "mine")


# --- what is missing ------------------------------------------------------------------------------


def test_a_missing_extra_is_named_with_the_command_that_brings_it():
    assert refusal("synthesizer", "absent") == (
        'absent: needs a-package-that-does-not-exist>=2, which is not installed; pip install "synthkit-stranger[ghost]"'
    )


@pytest.mark.parametrize(
    ("requires", "problem", "needs"),
    [
        ("('ghost-a>=1',)", "needs ghost-a>=1, which is not installed", 'pip install "ghost-a>=1"'),
        (
            "('ghost-a>=1', 'numpy', 'ghost-b<3')",
            "needs ghost-a>=1, ghost-b<3, which is not installed",
            'pip install "ghost-a>=1" "ghost-b<3"',
        ),
        (
            "('numpy<0.1',)",
            f"needs numpy<0.1 but numpy {distribution('numpy').version} is installed",
            'pip install "numpy<0.1"',
        ),
        ("('numpy>=1',)", None, None),
        ("()", None, None),
    ],
)
def test_what_a_plugin_requires_is_looked_up(install, requires, problem, needs):
    install("my-own", made("mine", f"requires = {requires}"))
    plugin = next(p for p in discover().plugins if p.name == "mine")
    assert (plugin.problem, plugin.needs) == (problem, needs)


def test_a_pre_release_of_what_is_required_will_do(install):
    install("my-base", "", version="2.0rc1")
    install("my-own", made("mine", "requires = ('my-base>=1',)"))
    assert discover().find("synthesizer", "mine").problem is None


# --- licences -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        ("License: MIT", "MIT"),
        ("License-Expression: Apache-2.0\nLicense: see the file", "Apache-2.0"),
        ("License:  BSD\n  with three clauses", "BSD"),
        ("License:\nLicense-Expression: MIT", "MIT"),
        ("License: ", "not stated"),
        ("Summary: no licence", "not stated"),
    ],
)
def test_the_licence_is_that_of_the_distribution(install, metadata, licence):
    install("my-own", made("mine"), metadata=metadata)
    install("my-broken", "raise RuntimeError", metadata=metadata)
    registry = discover()
    assert registry.find("synthesizer", "mine").licence == licence
    assert [p.licence for p in registry.plugins if p.distribution == "my-broken"] == [licence]


def test_the_licences_of_what_is_required_are_named_too(install):
    install("my-base", "", metadata="License: BUSL-1.1")
    install("my-own", made("mine", "requires = ('my-base', 'ghost-a>=1')"))
    plugin = next(p for p in discover().plugins if p.name == "mine")
    assert plugin.licence == "MIT; my-base: BUSL-1.1; ghost-a: its own"


# --- unknown names --------------------------------------------------------------------------------


def test_an_unknown_name_suggests_the_nearest():
    assert refusal("synthesizer", "resampel", UsageError) == (
        "there is no synthesizer 'resampel'; did you mean 'resample'?"
    )


def test_a_name_like_no_other_lists_all_of_that_kind(install):
    install("my-own", made("mine"))
    said = refusal("synthesizer", "zzz", UsageError)
    assert said.startswith("there is no synthesizer 'zzz'; choose from ")
    assert {"absent", "mine", "resample", "single"} <= set(said.partition("choose from ")[2].split(", "))


def test_where_there_is_none_of_a_kind_that_is_said():
    empty = Registry((), discover().manager)
    with pytest.raises(UsageError, match="there is no format 'csv'; choose from none"):
        empty.find("format", "csv")


def test_a_plugin_of_another_kind_is_not_taken_for_it():
    assert refusal("evaluator", "resample", UsageError).startswith("there is no evaluator 'resample'")


# --- whom to load ---------------------------------------------------------------------------------


@pytest.fixture
def own(install):
    """Synthkit itself, offering a synthesizer, whether or not the real one is installed."""
    install("synthkit", made("ours"), version="9.9")


def strangers(registry: Registry) -> set[str]:
    return {p.distribution for p in registry.plugins} - {"synthkit"}


@pytest.mark.usefixtures("own")
def test_without_the_variable_everybody_is_loaded(monkeypatch, install):
    monkeypatch.delenv("SYNTHKIT_PLUGINS", raising=False)
    install("my-own", made("mine"))
    assert {"my-own", "synthkit-stranger"} <= strangers(discover())


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("allowed", "loaded"),
    [
        ("", set()),
        (" ", set()),
        ("my-own", {"my-own"}),
        ("my-own , synthkit-stranger", {"my-own", "synthkit-stranger"}),
        ("my-ow", set()),
    ],
)
def test_the_variable_names_the_strangers_to_load_and_never_shuts_out_synthkit(monkeypatch, install, allowed, loaded):
    install("my-own", made("mine"))
    monkeypatch.setenv("SYNTHKIT_PLUGINS", allowed)
    registry = discover()
    assert strangers(registry) == loaded
    assert registry.find("synthesizer", "ours").version == "9.9"


@pytest.mark.usefixtures("own")
def test_a_stranger_that_is_switched_off_is_not_even_imported(monkeypatch, install):
    install("my-own", "raise AssertionError('imported')")
    monkeypatch.setenv("SYNTHKIT_PLUGINS", "")
    assert broken(discover()) == {}
    assert offered_commands() == []


@pytest.mark.parametrize("allowed", [None, "", "my-own"])
def test_a_synthkit_that_is_not_installed_says_so(tmp_path, monkeypatch, allowed):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    if allowed is not None:
        monkeypatch.setenv("SYNTHKIT_PLUGINS", allowed)
    with pytest.raises(PluginError) as caught:
        discover()
    assert str(caught.value) == "no plugin is installed, not even synthkit's own; install synthkit with pip"


def test_with_strangers_only_and_all_switched_off_nothing_is_installed(tmp_path, monkeypatch, install):
    install("my-own", made("mine"))
    monkeypatch.setattr(sys, "path", [p for p in sys.path if str(tmp_path) in p])
    assert [p.name for p in discover().plugins] == ["mine"]
    monkeypatch.setenv("SYNTHKIT_PLUGINS", "")
    with pytest.raises(PluginError, match="not even synthkit's own"):
        discover()


# --- commands -------------------------------------------------------------------------------------

COMMAND = """
    import click
    from synthkit import hookimpl


    @click.command("{name}")
    def command():
        pass


    @hookimpl
    def synthkit_register_commands():
        {body}
"""


def test_commands_are_offered_and_a_broken_plugin_hides_nobody_s(install):
    install("my-own", COMMAND.format(name="mine", body="return [command]"))
    install("my-import", "raise RuntimeError")
    install("my-exit", "raise SystemExit(1)")
    install("my-hook", COMMAND.format(name="never", body="raise RuntimeError"))
    install("my-none", COMMAND.format(name="never", body="return 3"))
    assert sorted(command.name for command in offered_commands()) == ["hello", "mine"]


# --- plain data, and light ------------------------------------------------------------------------


def test_a_plugin_without_its_class_cannot_be_used():
    with pytest.raises(PluginError, match="gone: was here yesterday; see `synthkit plugins`"):
        _ = Plugin("gone", "format", "my-own", "1.0", "MIT", problem="was here yesterday").cls


@pytest.fixture
def installed_synthkit(tmp_path, monkeypatch):
    """The environment in which a new process finds synthkit's own plugins, installed or from a checkout."""
    try:
        distribution("synthkit")
    except PackageNotFoundError:
        info = tmp_path / "synthkit-0.dist-info"
        info.mkdir()
        points = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]["synthkit"]
        lines = [f"{name} = {value}" for name, value in points.items()]
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: synthkit\nVersion: 0\n", "utf-8")
        (info / "entry_points.txt").write_text("\n".join(["[synthkit]", *lines, ""]), "utf-8")
        folders = [str(tmp_path), str(ROOT), str(ROOT / "plugins"), os.environ["PYTHONPATH"]]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(folders))


@pytest.mark.usefixtures("installed_synthkit")
def test_discovery_imports_nothing_heavy():
    code = f"""
        import json, sys
        from synthkit.plugins import discover
        plugins = discover().plugins
        own = {{p.name: [p.kind, p.problem] for p in plugins if p.distribution == "synthkit"}}
        print(json.dumps([own, [name for name in {HEAVY!r} if name in sys.modules]]))
    """
    done = subprocess.run(
        [sys.executable, "-c", dedent(code)], capture_output=True, text=True, encoding="utf-8", check=True
    )
    own, heavy = json.loads(done.stdout)
    assert heavy == []
    assert {"csv": "format", "hma": "synthesizer", "sdmetrics": "evaluator"}.items() <= {
        name: kind for name, (kind, _) in own.items()
    }.items()
    assert not [name for name, (kind, _) in own.items() if kind == "broken"]


# --- what plugins add to a report -----------------------------------------------------------------


SECTIONS = """
    from synthkit import Section, hookimpl


    @hookimpl
    def synthkit_report_sections(run):
        {body}
"""


def test_sections_of_all_plugins_are_gathered_and_those_that_fail_are_named(install):
    install("my-costs", SECTIONS.format(body='return [Section("Costs", run)]'))
    install("my-broken", SECTIONS.format(body='raise ValueError("SECRET-CELL-VALUE")'))
    install("my-wrong", SECTIONS.format(body="return ['no section']"))
    sections, notes = discover().sections("a run")
    assert [(section.title, section.text) for section in sections] == [("Costs", "a run")]
    assert notes == (
        "my-broken:my-broken: no section in the report (ValueError)",
        "my-wrong:my-wrong: no section in the report (TypeError)",
    )


def test_a_section_has_as_many_cells_as_names():
    from synthkit import Section

    with pytest.raises(ValueError, match="as many cells"):
        Section("Costs", header=("hours",), rows=((1, 2),))
