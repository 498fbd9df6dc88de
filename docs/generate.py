"""Write the reference pages from the code: ``python docs/generate.py``. A page that is stale fails the tests."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from inspect import cleandoc, getdoc
from pathlib import Path
from typing import Any

import click

import synthkit
from synthkit import hookspecs
from synthkit.cli import VERBS
from synthkit.context import Context
from synthkit.evaluator import Evaluator
from synthkit.gates import CORE_METRICS, DEFAULT_GATES, STRICT_GATES, Gate, evaluator_of
from synthkit.plan import Plan
from synthkit.plugins import discover
from synthkit.report.words import WORDS, words
from synthkit.run import Run
from synthkit.scores import Failure, Score
from synthkit.testing.conformance import KITS
from synthkit.testing.tables import linked

HERE = Path(__file__).parent
ROOT = HERE.parent
_SETS = {"default": DEFAULT_GATES, "strict": {n: g for n, g in STRICT_GATES.items() if DEFAULT_GATES.get(n) != g}}
_NOTE = "<!-- written by docs/generate.py; change the code instead -->"


def hooks() -> Iterator[str]:
    """Every hook with its example."""
    yield "# Hooks\n\nThe whole extension surface. A plugin is a module under the entry-point group `synthkit`."
    for name, hook in vars(hookspecs).items():
        if name.startswith("synthkit_"):
            text, _, example = (getdoc(hook) or "").partition("Example::")
            yield f"## `{name}{_signature(hook)}`\n\n{_codes(text)}\n\n```python\n{cleandoc(example)}\n```"


def options() -> Iterator[str]:
    """The options of every plugin in the box."""
    yield "# Options of the engines\n\nGiven as `-o KEY=VALUE`, or under `[options]` in `synthkit.toml`."
    for plugin in discover().plugins:
        if plugin.distribution == "synthkit" and plugin.kind == "synthesizer" and plugin.offered:
            fields = plugin.offered.Options.model_fields
            rows = [f"| `{name}` | `{field.default}` | {field.description} |" for name, field in fields.items()]
            table = "\n".join(["| option | default | meaning |", "|---|---|---|", *rows]) if rows else "It has none."
            yield f"## `{plugin.name}`\n\n{_first(plugin.offered)}\n\n{table}"


def configuration() -> Iterator[str]:
    """The keys of synthkit.toml, and the options of every verb."""
    yield "# Configuration\n\nThe keys of `synthkit.toml`, and of `[tool.synthkit]` in `pyproject.toml`."
    help_of = {p.name: p.help for p in _command("run").params if isinstance(p, click.Option)}
    rows = []
    for name, field in Plan.model_fields.items():
        default = field.get_default(call_default_factory=True)
        rows.append(f"| `{field.alias or name}` | `{default}` | {help_of.get(field.alias or name) or '–'} |")
    yield "\n".join(["| key | default | meaning |", "|---|---|---|", *rows])
    yield "# The command line"
    for verb in VERBS:
        yield from _verbs(_command(verb), f"synthkit {verb}")


def gates() -> Iterator[str]:
    """The built-in gates, the default ones and the strict ones."""
    yield "# Built-in gates"
    for title, limits in (("By default", DEFAULT_GATES), ("With `--gates strict`", STRICT_GATES)):
        rows = [f"| `{name}` | {_limits(gate)} |" for name, gate in limits.items()]
        yield "\n".join([f"## {title}", "", "| score | limits |", "|---|---|", *rows])
    yield "# Keys of a gate\n\n" + "\n".join(f"- `{name}`" for name in Gate.model_fields)


def metrics() -> Iterator[str]:
    """What every evaluator in the box measures; ranges are those of scores of tiny tables."""
    yield (
        "# Metrics\n\nEvery score stands beside its ceiling: what the holdout reaches, which nobody learned from. "
        "Where a score is about a table or a column, their names follow. The core measures `integrity` and `keys`."
    )
    yield _measures(CORE_METRICS, ())
    for plugin in discover().plugins:
        if plugin.distribution == "synthkit" and plugin.kind == "evaluator" and plugin.offered:
            about = (getdoc(plugin.offered) or "").partition("Attributes:")[0].replace("::\n", ":\n")
            found = () if plugin.offered.requires else _evaluated(plugin.offered)
            yield f"## `{plugin.name}`\n\n{_codes(about)}\n\n{_measures((plugin.name,), found)}"


def _evaluated(evaluator: type[Evaluator]) -> tuple[Score | Failure, ...]:
    real, synthetic, holdout = (linked(200, seed) for seed in range(3))
    return tuple(evaluator().evaluate(real, synthetic, holdout=holdout, seed=0, context=Context()))


def _measures(evaluators: tuple[str, ...], results: Iterable[Score | Failure]) -> str:
    """The measures of evaluators, with the range and the goal that scores declare, and their built-in gates."""
    told = {score.metric: score for score in results if isinstance(score, Score)}
    names = [name for name in WORDS if evaluator_of(name) in evaluators]
    names += sorted({result.metric for result in results if result.table is None} - {*names})
    if not names:
        return "Its documentation above names them all."
    rows = [f"| `{name}` | {words(name).meaning} | {_range(told.get(name))} | {_gates(name)} |" for name in names]
    return "\n".join(["| metric | meaning | range, goal | built-in gates |", "|---|---|---|---|", *rows])


def _range(score: Score | None) -> str:
    if score is None:
        return "–"
    low, high = ("any" if bound is None else f"{bound:g}" for bound in score.bounds)
    return f"{low} to {high}, {getattr(score.goal, 'value', score.goal)}"


def _gates(name: str) -> str:
    told = [f"{title}: {_limits(gates[name])}" for title, gates in _SETS.items() if name in gates]
    return "; ".join(told) or "–"


def record() -> Iterator[str]:
    """The fields of run.json."""
    yield f"# The run record\n\nWhat `run.json` says; the results stand in `scores.json`.\n\n{_attributes(Run)}"


def promises() -> Iterator[str]:
    """Every promise of the kits."""
    yield "# Promises\n\nWhat `synthkit plugins check NAME` and `synthkit.testing` hold a plugin to."
    for contract, checks in KITS.items():
        rows = [f"| `{check.__name__}` | {' '.join((check.__doc__ or '').split())} |" for check in checks]
        yield "\n".join([f"## {contract.__name__}", "", "| check | promise |", "|---|---|", *rows])


def api() -> Iterator[str]:
    """The public names with their signatures."""
    yield f"# Public names\n\nPlugin API {synthkit.PLUGIN_API}. What is not listed here may change without notice."
    for module in ("synthkit", "synthkit.testing"):
        public = import_module(module)
        lines = [line for name in public.__all__ for line in _listing(name, getattr(public, name))]
        yield "\n".join([f"## `{module}`", "", "```text", *lines, "```"])


def layers() -> Iterator[str]:
    """The layers of the import-linter contract, as a picture."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    [contract] = [each for each in settings["contracts"] if each["type"] == "layers"]
    yield "# Layers\n\nA module imports only from boxes below its own; `lint-imports` holds it to that."
    boxes = [each.replace("synthkit.", "").replace(" | ", ", ").replace(" : ", ", ") for each in contract["layers"]]
    nodes = [f'    l{place}["{names}"]' for place, names in enumerate(boxes)]
    arrows = [f"    l{place} --> l{place + 1}" for place in range(len(boxes) - 1)]
    yield "\n".join(["```mermaid", "flowchart TB", *nodes, *arrows, "```"])


PAGES: dict[str, Callable[[], Iterator[str]]] = {
    page.__name__: page for page in (api, configuration, gates, hooks, layers, metrics, options, promises, record)
}


def text(name: str) -> str:
    """The page of that name, as it should be."""
    return "\n\n".join([_NOTE, *PAGES[name]()]) + "\n"


def _command(verb: str) -> click.Command:
    found: click.Command = import_module(f"synthkit.cli.{VERBS[verb][0]}").command
    return found


def _verbs(command: click.Command, name: str) -> Iterator[str]:
    chosen = (p for p in command.params if isinstance(p, click.Option))
    rows = [f"| `{', '.join(option.opts)}` | {option.help} |" for option in chosen]
    arguments = " ".join(
        p.make_metavar(click.Context(command)) for p in command.params if isinstance(p, click.Argument)
    )
    table = "\n".join(["", "", "| option | meaning |", "|---|---|", *rows]) if rows else ""
    yield f"## `{f'{name} {arguments}'.strip()}`\n\n{(command.help or '').splitlines()[0]}{table}"
    for under in command.commands.values() if isinstance(command, click.Group) else ():
        yield from _verbs(under, f"{name} {under.name}")


def _limits(gate: Gate) -> str:
    set_ = gate.model_dump(exclude_defaults=True)
    return ", ".join(f"{name} = {value}" for name, value in set_.items())


def _attributes(cls: type[Any]) -> str:
    lines = (getdoc(cls) or "").partition("Attributes:")[2].splitlines()
    joined: list[str] = []
    for line in filter(str.strip, lines):
        if line.startswith("    ") and not line.startswith("     "):
            name, _, words = line.strip().partition(": ")
            joined.append(f"- `{name}`: {words}")
        else:
            joined[-1] += f" {line.strip()}"
    return _codes("\n".join(joined))


def _listing(name: str, item: Any) -> Iterator[str]:
    """A public name with its signature, and those of its public attributes."""
    if isinstance(item, enum.EnumType):
        yield f"{name}: {', '.join(member.name for member in item)}"
    elif isinstance(item, type):
        made = _signature(item) if dataclasses.is_dataclass(item) else ""
        yield f"class {name}{made}: {', '.join(base.__name__ for base in item.__bases__)}"
        for own in sorted(n for n in vars(item) if not n.startswith("_") and not n.startswith("model_")):
            yield f"    {own}{_shape(vars(item)[own])}"
        for own in inspect.get_annotations(item):
            if own not in vars(item) and not own.startswith("_"):
                yield f"    {own}"
    else:
        yield f"{name}{_shape(item)}"


def _shape(item: Any) -> str:
    if isinstance(item, classmethod | staticmethod):
        item = item.__func__
    return _signature(item) if inspect.isfunction(item) else ""


def _signature(function: Any) -> str:
    text = re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(inspect.signature(function)))  # annotations are texts
    return re.sub(r"<function (\w+) at \w+>", r"\1", text)


def _first(cls: type[Any]) -> str:
    return _codes((getdoc(cls) or "").partition("\n\n")[0])


def _codes(words: str) -> str:
    return words.strip().replace("``", "`")


if __name__ == "__main__":
    for place in PAGES:
        (HERE / "reference" / f"{place}.md").write_text(text(place), "utf-8")
