"""Discovery: what is installed under the entry-point group ``synthkit``, and how users find it by name.

A function of our own over ``importlib.metadata``, because pluggy's loader drops a duplicate name in
silence, stops at the first broken import without naming it, and accepts a misspelt hook.
"""

from __future__ import annotations

import difflib
import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, distribution, entry_points
from typing import TYPE_CHECKING, Any

import pluggy
from packaging.requirements import Requirement

from synthkit import hookspecs
from synthkit.errors import MissingExtraError, PluginError, UsageError
from synthkit.section import Section

if TYPE_CHECKING:
    from synthkit.run import Run

GROUP = "synthkit"
OWN_DISTRIBUTION = "synthkit"
PLUGIN_API = 1  # what plugins meet: it grows when a plugin must be changed to go on working
OLDEST_API = 1  # that still works, with a warning
KINDS = ("synthesizer", "evaluator", "format")  # each a module of that name with the contract


@dataclass(frozen=True, slots=True)
class Plugin:
    """One thing that a distribution offers, or an entry point that is broken.

    Attributes:
        name: how users ask for it; for a broken entry point, the entry point's name.
        kind: ``synthesizer``, ``evaluator``, ``format`` or ``broken``.
        distribution, version, licence: of the distribution that offers it; the licences of what it
            requires are named too, because they bind whoever runs it.
        needs: the command that installs what is missing, or None when it can be used.
        problem: why it cannot be used, or None.
        offered: the class, or None when broken.
    """

    name: str
    kind: str
    distribution: str
    version: str
    licence: str
    needs: str | None = None
    problem: str | None = None
    offered: type[Any] | None = None

    @property
    def cls(self) -> type[Any]:
        """The class.

        Raises:
            MissingExtraError: it lacks what an extra would install.
            PluginError: it cannot be used here for another reason.
        """
        if self.offered is not None and self.needs is not None:
            raise MissingExtraError(f"{self.name}: {self.problem}", self.needs)
        if self.offered is None or self.problem is not None:
            raise PluginError(f"{self.name}: {self.problem}", self.needs or "see `synthkit plugins`")
        return self.offered


@dataclass(frozen=True)
class Registry:
    """All plugins that are installed, in a fixed order."""

    plugins: tuple[Plugin, ...]
    manager: pluggy.PluginManager

    def find(self, kind: str, name: str) -> Plugin:
        """The usable plugin of that kind and name.

        Raises:
            UsageError: there is none of that name.
            PluginError: it is broken, offered twice, or lacks something that must be installed.
        """
        named = [p for p in self.plugins if p.name == name and p.kind in (kind, "broken")]
        if not named:
            raise UsageError(f"there is no {kind} {name!r}", self._suggestion(kind, name))
        named.sort(key=lambda p: p.kind == "broken")  # somebody's broken entry point must not hide a plugin
        return next(p for p in named if p.cls)

    def usable(self, kind: str) -> list[type[Any]]:
        """The classes of one kind that can be used now."""
        return [p.cls for p in self.plugins if p.kind == kind and p.problem is None]

    def names(self, kind: str) -> list[str]:
        """The names of one kind, usable or not."""
        return [p.name for p in self.plugins if p.kind == kind]

    def sections(self, run: Run) -> tuple[tuple[Section, ...], tuple[str, ...]]:
        """The sections that plugins add to the report of a run, and notes about the plugins that failed to."""
        found: list[Section] = []
        notes = []
        for plugin in self.manager.get_plugins():
            others = [other for other in self.manager.get_plugins() if other is not plugin]
            hook = self.manager.subset_hook_caller("synthkit_report_sections", others)
            try:
                found += [_section(section) for sections in hook(run=run) for section in sections]
            except Exception as error:  # noqa: BLE001 - a stranger may raise anything, and the report is ours
                notes.append(f"{self.manager.get_name(plugin)}: no section in the report ({type(error).__name__})")
        return tuple(found), tuple(sorted(notes))

    def _suggestion(self, kind: str, name: str) -> str:
        names = self.names(kind)
        near = difflib.get_close_matches(name, names, n=1)
        broken = ", ".join(self.names("broken"))
        unless = f" ({broken} cannot be loaded; see `synthkit plugins`)" if broken else ""
        return f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(names) or 'none'}{unless}"


def discover() -> Registry:
    """Load every installed entry point, own ones and strangers', and list what they offer.

    ``SYNTHKIT_PLUGINS`` in the environment names the distributions, separated by commas, whose plugins
    are loaded beside synthkit's own; empty, it switches all strangers off.

    Raises:
        PluginError: no entry point exists at all, so synthkit itself is not installed.
    """
    manager, points = _manager(), _entry_points()
    if not points:
        raise PluginError("no plugin is installed, not even synthkit's own", "install synthkit with pip")
    found: list[Plugin] = []
    for point in points:
        try:
            found += _registered(manager, point)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger may raise anything; named, not fatal
            found.append(_broken(manager, point, error))
    return Registry(tuple(_with_collisions(sorted(found, key=lambda p: (p.kind, p.name, p.distribution)))), manager)


def offered_commands() -> list[Any]:
    """The commands that plugins offer; quick, because no synthesizer or evaluator is loaded for it."""
    found: list[Any] = []
    for point in _entry_points():
        with suppress(Exception, SystemExit):  # whoever is broken offers no command; `synthkit plugins` says why
            manager = _manager()
            manager.register(point.load())
            found += [command for commands in manager.hook.synthkit_register_commands() for command in commands]
    return found


def _section(offered: Any) -> Section:
    if isinstance(offered, Section):
        return offered
    raise TypeError("synthkit_report_sections must return sections")


def _manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    return manager


def _entry_points() -> list[EntryPoint]:
    points = [p for p in entry_points(group=GROUP) if _source(p).name]  # what an uninstallation left has no name
    points.sort(key=lambda p: (_source(p).name != OWN_DISTRIBUTION, _source(p).name, p.name))
    allowed = os.environ.get("SYNTHKIT_PLUGINS")
    if allowed is None:
        return points
    names = {OWN_DISTRIBUTION, *(part.strip() for part in allowed.split(","))}
    return [p for p in points if _source(p).name in names]


def _source(point: EntryPoint) -> Distribution:
    if point.dist is None:  # an entry point from importlib.metadata always has its distribution
        raise PluginError(f"the entry point {point.name!r} has no distribution", "install it again")
    return point.dist


def _registered(manager: pluggy.PluginManager, point: EntryPoint) -> list[Plugin]:
    source, module = _source(point), point.load()
    manager.register(module, _label(point))
    manager.check_pending()
    return [_listed(kind, offered, source) for kind, offered in _offers(manager, module)]


def _broken(manager: pluggy.PluginManager, point: EntryPoint, error: BaseException) -> Plugin:
    if manager.has_plugin(_label(point)):
        manager.unregister(name=_label(point))
    source = _source(point)
    problem = f"cannot be loaded ({_in_words(error)})"
    return Plugin(point.name, "broken", source.name, source.version, _licence(source), problem=problem)


def _label(point: EntryPoint) -> str:
    return f"{_source(point).name}:{point.name}"


def _in_words(error: BaseException) -> str:
    if isinstance(error, pluggy.PluginValidationError):
        return str(error).replace("\n", " ")
    return f"{type(error).__name__}: {error}".splitlines()[0]


def _offers(manager: pluggy.PluginManager, module: Any) -> Iterator[tuple[str, type[Any]]]:
    others = [m for m in manager.get_plugins() if m is not module]
    for kind in KINDS:
        contract = getattr(import_module(f"synthkit.{kind}"), kind.capitalize())
        hook = manager.subset_hook_caller(f"synthkit_register_{kind}s", others)
        for offered in (cls for classes in hook() for cls in classes):
            if not (isinstance(offered, type) and issubclass(offered, contract)):
                raise TypeError(f"synthkit_register_{kind}s must return classes derived from {contract.__name__}")
            if lacking := sorted(getattr(offered, "__abstractmethods__", ())):
                raise TypeError(f"{offered.__name__} lacks {', '.join(lacking)}")
            if not isinstance(getattr(offered, "name", None), str):
                raise TypeError(f"{offered.__name__} has no name")
            yield kind, offered


def _listed(kind: str, offered: type[Any], source: Distribution) -> Plugin:
    requires: tuple[str, ...] = getattr(offered, "requires", ())
    missing = [text for text in requires if not _installed(text)]
    extra = getattr(offered, "extra", None)
    install = [f"{source.name}[{extra}]"] if extra else missing
    needs = " ".join(["pip install", *(f'"{text}"' for text in install)]) if missing else None
    problem = f"needs {', '.join(missing)}{_instead(missing)}" if missing else None
    licence = "; ".join([_licence(source), *_licences(requires)])
    if refusal := _too_new_or_old(offered, source):
        needs, problem = None, refusal
    return Plugin(offered.name, kind, source.name, source.version, licence, needs, problem, offered)


def _too_new_or_old(offered: type[Any], source: Distribution) -> str | None:
    """Why a plugin made for another interface cannot be used; one that is merely old is used, with a warning."""
    made_for: int = offered.plugin_api
    if made_for > PLUGIN_API:
        return f"made for plugin API {made_for}, and this synthkit has {PLUGIN_API}: upgrade synthkit"
    if made_for < OLDEST_API:
        return f"made for plugin API {made_for}, which synthkit no longer has: upgrade {source.name}"
    if made_for < PLUGIN_API:
        text = f"{offered.name} of {source.name} was made for plugin API {made_for}, which will not work for ever"
        warnings.warn(f"{text}; upgrade {source.name}", DeprecationWarning, stacklevel=2)
    return None


def _installed(requirement: str) -> bool:
    wanted = Requirement(requirement)
    try:
        return wanted.specifier.contains(distribution(wanted.name).version, prereleases=True)
    except PackageNotFoundError:
        return False


def _instead(missing: Iterable[str]) -> str:
    found = []
    for name in (Requirement(text).name for text in missing):
        try:
            found.append(f"{name} {distribution(name).version}")
        except PackageNotFoundError:
            continue
    return f" but {', '.join(found)} is installed" if found else ", which is not installed"


def _licences(requires: Iterable[str]) -> Iterator[str]:
    for name in (Requirement(text).name for text in requires):
        try:
            yield f"{name}: {_licence(distribution(name))}"
        except PackageNotFoundError:
            yield f"{name}: its own"


def _licence(source: Distribution) -> str:
    stated = (source.metadata[key] for key in ("License-Expression", "License") if key in source.metadata)
    lines = (line.strip() for text in stated for line in text.splitlines())
    return next(filter(None, lines), "not stated")


def _with_collisions(plugins: Iterable[Plugin]) -> Iterator[Plugin]:
    plugins = list(plugins)
    for plugin in plugins:
        same = [p for p in plugins if (p.kind, p.name) == (plugin.kind, plugin.name) and p.kind != "broken"]
        if len(same) > 1:
            owners = " and ".join(p.distribution for p in same)
            problem = f"the {plugin.kind} is offered twice, by {owners}"
            yield Plugin(
                plugin.name,
                plugin.kind,
                plugin.distribution,
                plugin.version,
                plugin.licence,
                "uninstall one of them",
                problem,
            )
        else:
            yield plugin
