"""What a transfer must be before anything of it is taken: every rule, over the list and the files.

A rule yields findings and never raises; that a thing could not be looked at is an error of
`ingest.landing` or of the store.  Rules about bytes are judged while the bytes are read.

What is not found here: a file that opens with wrong content, or one that was exchanged
together with its digest in the agency's checksum list.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ingest.belonging import About, Belonging, finding, folders, owner, owners
from ingest.inspection import Inspection
from ingest.landing import normal, shown
from ingest.matching import TOPS
from ingest.name_checks import names_are_plain, no_two_names_are_one
from ingest.transfers import CONCERN_ALL
from metadata_schemas.description import Where

Rule = Callable[[Inspection], Iterator[About]]


@dataclass(frozen=True)
class Verdict:
    """All findings of a transfer.  ``good`` are the places of volumes that nothing keeps from being taken."""

    findings: tuple[About, ...]
    good: frozenset[int]


def check(inspection: Inspection, more: Iterable[About] = ()) -> Verdict:
    """Run every rule.  ``more`` are findings of those who read the bytes or know what is held already."""
    belonging = Belonging(inspection)
    findings = [(belonging.place(each), each) for each in inspection.findings]
    for rule in RULES:
        findings += rule(inspection)
    findings += more
    errors = [(place, each) for place, each in findings if each.severity == "error"]
    volumes = frozenset(range(len(inspection.leaves.volumes)))
    if any(place is None and each.rule.startswith(CONCERN_ALL) for place, each in errors):
        return Verdict(tuple(findings), frozenset())
    return Verdict(tuple(findings), volumes - {place for place, _ in errors if place is not None})


def every_row_finds_its_files(inspection: Inspection) -> Iterator[About]:
    for place, volume in enumerate(inspection.leaves.volumes):
        for item in volume.items:
            where = (item.description.list or None, item.description.row or None)
            for name in item.missing:
                yield (
                    place,
                    finding(
                        "file.missing",
                        "error",
                        f"The file {shown(name)} that row {where[1]} names did not come.",
                        Where(*where, None, shown(name)),
                        shown(name),
                        "a file of the transfer",
                    ),
                )
            if not item.files and not item.missing:
                yield (
                    place,
                    finding(
                        "file.missing",
                        "error",
                        f"Row {where[1]} ({item.description.title[:60]}) finds no file.",
                        Where(*where),
                        None,
                        "a file of the transfer",
                    ),
                )


def every_file_is_claimed(inspection: Inspection) -> Iterator[About]:
    own = folders(inspection)
    for file in inspection.leaves.unclaimed:
        yield (
            owner(own, file.path),
            finding(
                "file.extra",
                "error",
                f"{shown(file.path)} is on no list. List it, or take it out of the folder.",
                Where(path=shown(file.path)),
                None,
                "a row of the list",
            ),
        )


def no_file_is_claimed_twice(inspection: Inspection) -> Iterator[About]:
    twice = set(inspection.leaves.twice)
    for place, volume in enumerate(inspection.leaves.volumes):
        for path in dict.fromkeys(file.path for file in volume.files if file.path in twice):
            yield (
                place,
                finding(
                    "file.claimed_twice",
                    "error",
                    f"{shown(path)} belongs to more than one row of the list.",
                    Where(path=shown(path)),
                    None,
                    "one row",
                ),
            )


def files_are_not_empty(inspection: Inspection) -> Iterator[About]:
    owner = owners(inspection)
    for file in inspection.arrival.files:
        if file.size == 0 and file.path in owner:
            yield (
                owner[file.path],
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
    arrived = {normal(file.path) for file in inspection.arrival.files}
    listed = {
        _below_top(name)
        for volume in inspection.leaves.volumes
        for item in volume.items
        for name in item.missing
    }
    own = folders(inspection)
    for path in inspection.promised:
        if normal(path) not in arrived and _below_top(path) not in listed:
            yield (
                owner(own, path),
                finding(
                    "file.missing",
                    "error",
                    f"{shown(path)} is on a checksum list and did not come.",
                    Where(path=shown(path)),
                    None,
                    "a file of the transfer",
                ),
            )


def _below_top(path: str) -> str:
    """A list and a checksum list may begin a path at the transfer or at its folder of objects."""
    plain = normal(path)
    return next((plain.removeprefix(top) for top in TOPS if top and plain.startswith(top)), plain)


def counts_agree(inspection: Inspection) -> Iterator[About]:
    """What the row of a volume counts against what its items and files come to."""
    for place, volume in enumerate(inspection.leaves.volumes):
        told = volume.description
        pages = [item.description.page_count for item in volume.items]
        for rule, what, claimed, found in (
            ("list.item_count", "items", told.item_count, len(volume.items)),
            ("file.count", "files", told.file_count, None if volume.lacks_files else len(volume.files)),
            (
                "list.page_count",
                "pages",
                told.page_count,
                None if None in pages else sum(filter(None, pages)),
            ),
        ):
            if claimed is not None and found and claimed != found:
                yield (
                    place,
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
    names_are_plain,
    files_are_not_empty,
    promised_files_came,
    counts_agree,
)
