"""``synthkit init``."""

from __future__ import annotations

from pathlib import Path

import click

from synthkit.cli.options import DATA, DEBUG, grouped

_TEXT = """\
# Settings of `synthkit run`; what the command line says goes before them.

# plugin = "hma"                # the synthesizer; `synthkit plugins` lists them
{data}
{schema}
# tables = ["customers"]        # only these tables
# rows = 10000                  # subjects to make; default: as many as the real data
# holdout = 0.2                 # share of subjects that no model sees, or a folder
seed = 0
# repeats = 5                   # seeds whose mean, spread and worst are judged; the first is written
# k = 10                        # subjects who must share what a model sees
# rare = "draw"                 # rare categories come back as others, or "star": as *
# locale = "en_US"              # of fake names and places
# format = "csv"                # or "parquet"
# csv_safe = true               # an apostrophe before text in CSV that begins like a formula
# evaluators = ["fidelity"]     # default: the quick ones, and those that gates need
# gate_set = "strict"           # built-in gates that ask for what real data reach; default: floors

# [options]                     # of the plugin
# epochs = 300

# Gates decide the exit code. The built-in ones hold beside those below; the same name replaces.
# [gates."fidelity.shapes"]
# min = 0.85
# severity = "warn"             # report, but do not fail
"""


@click.command("init")
@grouped(DATA)
@click.option("--overwrite", is_flag=True, help="Replace existing files.")
@grouped(DEBUG)
def command(*, data: Path | None, overwrite: bool, debug: bool) -> None:
    """Write a commented synthkit.toml into this folder, and a schema.toml for the tables of --data."""
    del debug  # the outermost level reads it
    from synthkit.cli.schema import proposal
    from synthkit.folders import refuse_existing_file, write_file

    target = Path("synthkit.toml")
    refuse_existing_file(target, overwrite=overwrite)
    if data is not None:
        write_file(Path("schema.toml"), proposal(data), overwrite=overwrite)
        click.echo("schema.toml")
    lines = {
        "data": f'data = "{data.as_posix()}"' if data else '# data = "folder"             # CSV or Parquet files',
        "schema": 'schema = "schema.toml"' if data else '# schema = "schema.toml"       # default: inferred',
    }
    write_file(target, _TEXT.format(**lines), overwrite=overwrite)
    click.echo(target)
