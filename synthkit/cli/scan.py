"""``synthkit scan``."""

from __future__ import annotations

from pathlib import Path

import click

from synthkit.cli.options import JSON, SCHEMA, SHOWING, grouped


@click.command("scan")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--against", type=click.Path(path_type=Path), required=True, help="Folder or file of the real data.")
@grouped(SCHEMA, JSON, *SHOWING)
def command(*, folder: Path, against: Path, schema: Path | None, as_json: bool, quiet: bool, debug: bool) -> int:
    """Search any files under FOLDER for real names, keys and texts; exit code 1 where there are some.

    In tables, categories that fewer than ten real subjects have count, too. Shown are file, real column and
    count, never a value.
    """
    del debug  # the outermost level reads it
    from synthkit.cli.output import print_json
    from synthkit.context import Context
    from synthkit.errors import NothingEvaluatedError
    from synthkit.material import read
    from synthkit.plan import Plan
    from synthkit.plugins import discover
    from synthkit.scan import RealStrings, search

    strings = RealStrings(read(Plan(data=against, schema=schema), discover(), Context()))
    if not strings:
        raise NothingEvaluatedError("no column of the real data identifies anybody", "name some in a --schema")
    hits = search(folder, strings)
    if as_json:
        print_json({"strings": len(strings), "columns": list(strings.columns), "hits": [vars(hit) for hit in hits]})
        return int(bool(hits))
    for hit in hits:
        click.echo(str(hit))
    if not quiet:
        searched = f"searched for {len(strings):,} real strings of {len(strings.columns)} columns"
        click.echo(f"{searched}: {sum(hit.count for hit in hits):,} found", err=True)
    return int(bool(hits))
