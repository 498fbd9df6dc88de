"""The whole extension surface: what a plugin may offer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import click

    from synthkit.evaluator import Evaluator
    from synthkit.format import Format
    from synthkit.run import Run
    from synthkit.section import Section
    from synthkit.synthesizer import Synthesizer

hookspec = pluggy.HookspecMarker("synthkit")
hookimpl = pluggy.HookimplMarker("synthkit")


@hookspec
def synthkit_register_synthesizers() -> Iterable[type[Synthesizer]]:  # type: ignore[empty-body]
    """Offer synthesizer classes; called once, when plugins are looked up or listed.

    Heavy imports (torch, sdv) belong into the methods of the class, not into its module.

    Example::

        from synthkit import hookimpl
        from my_package.noise import Noise  # class Noise(Synthesizer)


        @hookimpl
        def synthkit_register_synthesizers():
            return [Noise]
    """


@hookspec
def synthkit_register_evaluators() -> Iterable[type[Evaluator]]:  # type: ignore[empty-body]
    """Offer evaluator classes; called once, when plugins are looked up or listed.

    Example::

        from synthkit import hookimpl
        from my_package.means import Means  # class Means(Evaluator)


        @hookimpl
        def synthkit_register_evaluators():
            return [Means]
    """


@hookspec
def synthkit_register_formats() -> Iterable[type[Format]]:  # type: ignore[empty-body]
    """Offer file formats; called once, when plugins are looked up or listed.

    Example::

        from synthkit import hookimpl
        from my_package.feather import Feather  # class Feather(Format)


        @hookimpl
        def synthkit_register_formats():
            return [Feather]
    """


@hookspec
def synthkit_register_commands() -> Iterable[click.Command]:  # type: ignore[empty-body]
    """Offer commands; called for ``synthkit --help`` and for a verb that synthkit does not know.

    Example::

        import click
        from synthkit import hookimpl


        @click.command()
        def hello():
            click.echo("hello")


        @hookimpl
        def synthkit_register_commands():
            return [hello]
    """


@hookspec
def synthkit_run_finished(run: Run) -> None:
    """Look at a finished run, after everything is written; an observer changes nothing.

    Example::

        from synthkit import hookimpl


        @hookimpl
        def synthkit_run_finished(run):
            print(run.plugin, run.verdict)
    """


@hookspec
def synthkit_report_sections(run: Run) -> Iterable[Section]:  # type: ignore[empty-body]
    """Offer sections for the report of a run, before it is written; all in them is shown as text.

    A plugin that fails here is named in the notes of the run, and the report does without its sections.

    Example::

        from synthkit import Section, hookimpl


        @hookimpl
        def synthkit_report_sections(run):
            return [Section("Costs", f"{sum(run.timings.values()) / 3600:.2f} hours of computing.")]
    """
