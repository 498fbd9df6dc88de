"""One distribution that implements every hook there is."""

import click

from synthkit import Section, hookimpl


@hookimpl
def synthkit_register_synthesizers():
    """Offer the synthesizer."""
    from third_good.walk import Walk

    return [Walk]


@hookimpl
def synthkit_register_evaluators():
    """Offer the evaluator."""
    from third_good.pairs import Pairs

    return [Pairs]


@hookimpl
def synthkit_register_formats():
    """Offer the format."""
    from third_good.ipc import Ipc

    return [Ipc]


@click.command("greet")
def greet():
    """Greet whoever asks."""
    click.echo("good day")


@hookimpl
def synthkit_register_commands():
    """Offer the command."""
    return [greet]


@hookimpl
def synthkit_run_finished(run):
    """Leave a note beside the run."""
    if run.folder is not None:
        (run.folder.parent / "seen.txt").write_text(f"{run.plugin} {run.verdict}\n", "utf-8")


@hookimpl
def synthkit_report_sections(run):
    """Offer a section of the report."""
    return [Section("A section of a stranger", f"{run.command} of {run.plugin}")]
