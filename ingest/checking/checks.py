"""What a transfer must be before anything of it is taken: every rule, over the list and the files.

A rule yields findings and never raises; that a thing could not be looked at is an error of
`ingest.looking.landing` or of the store.  Rules about bytes are judged while the bytes are read.

What is not found here: a file that opens with wrong content, or one that was exchanged
together with its digest in the agency's checksum list.
"""

from collections.abc import Callable, Iterator

from ingest.checking.name_checks import names_are_plain, no_two_names_are_alike, no_two_names_are_one
from ingest.looking.belonging import About, finding, owner_of_folder, place_of
from ingest.looking.inspection import Inspection
from ingest.looking.inventory import HELD, READ
from ingest.looking.landing import shown
from metadata_schemas.description import Where

SENT = "what was sent"
"""What is said for a folder that its sender does not know."""
Rule = Callable[[Inspection], Iterator[About]]


def check(inspection: Inspection) -> Iterator[About]:
    """Everything that is wrong: with folder and lists, by each rule, with what is held, with bytes read."""
    for each in inspection.findings():
        yield place_of(inspection, each), each
    for rule in RULES:
        yield from rule(inspection)
    yield from inspection.inventory.noted(HELD)
    yield from inspection.inventory.noted(READ)


def every_row_finds_its_files(inspection: Inspection) -> Iterator[About]:
    top, rows_are_lost = inspection.arrival.top, inspection.leaves_rows_out()
    whole, inside = (f"the folder {top}", top) if top else (SENT, SENT)
    for place, item, name, called in inspection.lacking():
        row, value = item.row or None, None
        who = f"Row {row} ({item.title[:60]})" if row else item.title[:60]
        wanted = f"a file in {whole if called is None else f'the folder {shown(called)}'}"
        fact = f"{who} finds no file: it names none, and "
        if name is not None:
            value, wanted = shown(name), f"a file in {whole}"
            names = f"row {row} names" if row else f"{item.title[:60]} names"
            fact = f"The file {value} that {names} did not come: it is not in {whole}."
        elif called is not None:
            fact += f"nothing in the folder {shown(called)} is called like it."
        else:
            wanted = f"a folder in {inside} that is called like the volume"
            fact += f"no folder in {inside} is called like its volume."
        if name is None and rows_are_lost:
            fact += " Rows of the lists are in no volume: mend these first, for they may be its items."
        yield place, finding("file.missing", "error", fact, Where(item.list or None, row, None, value),
                             value, wanted)  # fmt: skip


def every_file_is_claimed(inspection: Inspection) -> Iterator[About]:
    """A file of no volume.  Where rows are in none either it may be theirs, and has to stay."""
    fact, wanted = "is on no list. List it, or take it out of the folder.", "a row of the list"
    if inspection.leaves_rows_out():
        wanted = "a volume of the volume list"
        fact = (
            "is in no volume, and neither are rows of the lists: mend these first, for it may be theirs. "
            "If it is not, list it or take it out of the folder."
        )
    for file in inspection.unclaimed():
        path = shown(file.path)
        yield (
            owner_of_folder(inspection, file.path),
            finding("file.extra", "error", f"{path} {fact}", Where(path=path), None, wanted),
        )


def no_file_is_claimed_twice(inspection: Inspection) -> Iterator[About]:
    for place, file in inspection.claimed_twice():
        told = inspection.volume(place).description
        yield (
            place,
            finding(
                "file.claimed_twice",
                "error",
                f"{shown(file.path)} belongs to more than one row of the list.",
                Where(told.list or None, told.row or None, path=shown(file.path)),
                None,
                "one row",
            ),
        )


def files_are_not_empty(inspection: Inspection) -> Iterator[About]:
    for place, file in inspection.empty():
        yield (
            place,
            finding(
                "file.empty",
                "warning",
                f"{shown(file.path)} has no bytes in it.",
                Where(path=shown(file.path)),
                "0",
                "1 byte or more",
            ),
        )


def promised_files_came(inspection: Inspection) -> Iterator[About]:
    """A file that only a checksum list or a manifest names."""
    for path in inspection.promised_in_vain():
        yield (
            owner_of_folder(inspection, path),
            finding(
                "file.missing",
                "error",
                f"{shown(path)} is on a checksum list and did not come.",
                Where(path=shown(path)),
                None,
                "a file of the transfer",
            ),
        )


def counts_agree(inspection: Inspection) -> Iterator[About]:
    """What the row of a volume counts against what its items and files come to."""
    for volume in inspection.volumes():
        told = volume.description
        for rule, what, claimed, found in (
            ("list.item_count", "items", told.item_count, volume.items),
            ("file.count", "files", told.file_count, None if volume.lacking else volume.files),
            ("list.page_count", "pages", told.page_count, volume.pages),
        ):
            if claimed is not None and found and claimed != found:
                yield (
                    volume.place,
                    finding(
                        rule,
                        "warning",
                        f"Row {told.row} counts {claimed} {what} in the volume; its items have {found}.",
                        Where(told.list, told.row),
                        str(claimed),
                        str(found),
                    ),
                )


RULES: tuple[Rule, ...] = (
    every_row_finds_its_files,
    every_file_is_claimed,
    no_file_is_claimed_twice,
    no_two_names_are_one,
    no_two_names_are_alike,
    names_are_plain,
    files_are_not_empty,
    promised_files_came,
    counts_agree,
)
