"""The command line: ``synthkit VERB``. One module per verb, loaded when the verb is used."""

from __future__ import annotations

import difflib
import os
import signal
import sys
import traceback
from importlib import import_module
from types import FrameType
from typing import Any, NoReturn

import click

from synthkit.errors import SynthkitError, in_words

VERBS = {  # the verb, its module, and its line in --help: kept here so that help starts nothing heavy
    "run": ("run", "Make, check, score and judge synthetic tables."),
    "fit": ("fit", "Fit a synthesizer and save the model."),
    "sample": ("sample", "Draw tables from a saved model."),
    "impute": ("impute", "Fill empty cells of real rows with draws from a saved model."),
    "evaluate": ("evaluate", "Score and judge a synthetic folder against a real one."),
    "gate": ("gate", "Judge a finished run again, with other gates."),
    "compare": ("compare", "Hold finished runs against each other."),
    "scan": ("scan", "Search files for real names, keys and texts."),
    "plugins": ("plugins", "List what is installed."),
    "schema": ("schema", "Infer, check or show a schema."),
    "example": ("example", "Write the bundled example data."),
    "init": ("init", "Write a commented synthkit.toml for the data at hand."),
}
INTERRUPTED = 130
EXIT_CODES = """\b
Exit codes:
  0    passed, or not judged      3    could not run
  1    a gate failed              4    refused as not safe
  2    usage or configuration     5    disk, memory or size limits
  130  interrupted
"""


class Verbs(click.Group):
    """The verbs above, and the commands that plugins offer."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return [*VERBS, *sorted(_offered())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name in VERBS:
            command: click.Command = import_module(f"synthkit.cli.{VERBS[cmd_name][0]}").command
            return command
        return _offered().get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:  # click suggests only what was loaded before
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            if args[0].startswith("-") or not near:
                raise
            raise click.UsageError(f"No such command {args[0]!r}. Did you mean {near[0]!r}?", ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        rows = [(verb, line) for verb, (_, line) in VERBS.items()]
        rows += [(name, command.get_short_help_str()) for name, command in sorted(_offered().items())]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _offered() -> dict[str, click.Command]:
    """The commands of plugins; a verb of our own cannot be replaced."""
    from synthkit.plugins import offered_commands

    named = {command.name: command for command in offered_commands()}
    return {name: command for name, command in named.items() if name and name not in VERBS}


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        from importlib.metadata import version

        click.echo(f"synthkit {version('synthkit')}")
        ctx.exit()


@click.group(
    cls=Verbs, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
def cli() -> None:
    """Linked synthetic tables behind gates: quality and integrity decide the exit code."""


def main() -> NoReturn:
    """Run the command line and end the process with its exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    code = run(sys.argv[1:])
    if code == INTERRUPTED:  # everything is cleaned up; unloading torch would take another second or two
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command and give its exit code; whatever goes wrong becomes one line on stderr."""
    try:
        return _invoked(arguments)
    except (KeyboardInterrupt, click.Abort) as stopped:
        about = stopped.args or getattr(stopped.__cause__, "args", ())  # click puts an Abort in its place
        click.echo("; ".join(("synthkit: interrupted", "no run was written", *about)), err=True)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last line of defence: a traceback may show values
        return _failed(in_words(error), arguments)


def _invoked(arguments: list[str]) -> int:
    try:
        result: Any = cli.main(arguments, prog_name="synthkit", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except SystemExit:  # click and rich, when the reader of a pipe has left; what is judged is caught earlier
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return result if isinstance(result, int) else 0


def _failed(error: SynthkitError, arguments: list[str]) -> int:
    from synthkit.cli.ci import annotate

    if "--debug" in arguments:
        click.echo(_trace(sys.exc_info()[1]), nl=False, err=True)
    click.secho("error: ", fg="red", bold=True, nl=False, err=True, color=False if os.environ.get("NO_COLOR") else None)
    click.echo(printable(str(error)), err=True)
    annotate("error", "synthkit stopped", printable(str(error)))
    return error.exit_code


def _trace(error: BaseException | None) -> str:
    """Where an error arose, and what led to it; the words of others may hold cell values and are left out."""
    if error is None:
        return ""
    before = _trace(error.__cause__ or (None if error.__suppress_context__ else error.__context__))
    places = "".join(traceback.format_tb(error.__traceback__))
    words = f": {printable(str(error))}" if isinstance(error, SynthkitError) else ""
    return f"{before}Traceback (most recent call last):\n{places}{type(error).__qualname__}{words}\n"


def printable(text: str) -> str:
    """The text on one line, with control and bidirectional characters escaped: names are hostile input."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise KeyboardInterrupt
