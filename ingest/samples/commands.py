"""`seogo sample`: writes transfers to try the archive with."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from tqdm import tqdm

from archive.errors import ArchiveError
from archive.site.language import amount
from archive.site.terminal import a_path
from ingest.samples import naming
from ingest.samples.making import Made, make


@click.group()
def sample() -> None:
    """Sample transfers of an invented city archive."""


@sample.command("make")
@click.argument("folder", metavar="DIR", type=a_path(file_okay=False))
@click.option("--volumes", type=click.IntRange(1), default=12, show_default=True, help="Volumes to make.")
@click.option("--pages", type=click.IntRange(1), default=20, show_default=True, help="Pages in each volume.")
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="The same seed makes the same bytes."
)
@click.option(
    "--form",
    type=click.Choice(naming.FORMS),
    default="plain",
    show_default=True,
    help="The form of the lists.",
)
@click.option("--agency", metavar="CODE", help="Only this agency's offices, such as 6110000 or 3030000.")
@click.option("--faults", is_flag=True, help="Break things; DIR.faults.json beside it says which.")
@click.option("--descriptions-only", is_flag=True, help="Write the lists and no files.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def make_sample(
    folder: Path,
    volumes: int,
    pages: int,
    seed: int,
    form: str,
    agency: str | None,
    faults: bool,
    descriptions_only: bool,
    as_json: bool,
) -> None:
    """Write a realistic Korean transfer into DIR, which must be new or empty.

    Exit codes: 0 done; 2 wrong call; 3 refused because DIR is not empty.
    """
    try:
        with tqdm(total=volumes, unit=" volumes", disable=not sys.stderr.isatty()) as bar:

            def progress(done: int, total: int) -> None:
                bar.update(done - bar.n)

            made = make(
                folder,
                volumes=volumes,
                pages=pages,
                seed=seed,
                form=form,
                faults=faults,
                agency=agency,
                descriptions_only=descriptions_only,
                progress=progress,
            )
    except ArchiveError as error:
        _refuse(error, as_json)
    click.echo(_object(made) if as_json else _sentence(made))


def _refuse(error: ArchiveError, as_json: bool) -> None:
    told = {"error": error.told}
    click.echo(
        json.dumps(told, ensure_ascii=False) if as_json else f"{error.message} {error.next}", err=not as_json
    )
    sys.exit(error.exit_code)


def _object(made: Made) -> str:
    return json.dumps({**asdict(made), "folder": str(made.folder)}, ensure_ascii=False)


def _sentence(made: Made) -> str:
    return (
        f"{made.folder}: {amount(made.volumes, 'volume')}, {amount(made.items, 'item')}, "
        f"{amount(made.files, 'file')}, {amount(made.bytes, 'byte')}."
        + (f" {amount(len(made.faults), 'fault')}." if made.faults else "")
    )
