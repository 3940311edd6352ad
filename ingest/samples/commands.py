"""`seogo sample`: writes transfers to try the archive with."""

from dataclasses import asdict
from pathlib import Path

import click
from tqdm import tqdm

from archive.site import output
from archive.site.language import amount
from archive.site.terminal import Command, a_path, json_option, say
from ingest.samples import naming
from ingest.samples.making import Made, make


@click.group()
def sample() -> None:
    """Sample transfers of an invented city archive."""


@sample.command("make", cls=Command, exits=(0, 1, 2, 3, 4))
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
@json_option
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
    """Write a realistic Korean transfer into DIR, which must be new or empty."""
    with tqdm(total=volumes, unit=" volumes", disable=not output.is_watched()) as bar:

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
    say({**asdict(made), "folder": str(made.folder)}, as_json, lambda: _sentence(made))


def _sentence(made: Made) -> str:
    return (
        f"{made.folder}: {amount(made.volumes, 'volume')}, {amount(made.items, 'item')}, "
        f"{amount(made.files, 'file')}, {amount(made.bytes, 'byte')}."
        + (f" {amount(len(made.faults), 'fault')}, told in {made.folder}.faults.json." if made.faults else "")
    )
