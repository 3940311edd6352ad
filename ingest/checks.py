"""What a transfer must be before anything of it is taken: every rule, over the list and the files.

A rule yields findings and never raises; that a thing could not be looked at is an error of
`ingest.landing` or of the store.  Rules about bytes are judged while the bytes are read.

What is not found here: a file that opens with wrong content, or one that was exchanged
together with its digest in the agency's checksum list.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from archive.stores.keys import safe_segment
from ingest.inspection import Inspection
from ingest.landing import Found, normal, not_utf8, raw, shown
from metadata_schemas.description import Finding, Severity, Where

About = tuple[int | None, Finding]
"""A finding and the place of its volume in the list, or None when it is about the whole transfer."""

Rule = Callable[[Inspection], Iterator[About]]


@dataclass(frozen=True)
class Verdict:
    """All findings of a transfer.  ``good`` are the places of volumes that nothing keeps from being taken."""

    findings: tuple[About, ...]
    good: frozenset[int]


def check(inspection: Inspection, more: Iterable[About] = ()) -> Verdict:
    """Run every rule.  ``more`` are findings of those who read the bytes."""
    places = _places(inspection)
    findings = [(places.get((each.where.list, each.where.row)), each) for each in inspection.findings]
    for rule in RULES:
        findings += rule(inspection)
    findings += more
    volumes = range(len(inspection.leaves.volumes))
    bad = {place for place, each in findings if each.severity == "error" and place is not None}
    return Verdict(tuple(findings), frozenset(volumes) - bad)


def _places(inspection: Inspection) -> dict[tuple[str | None, int | None], int]:
    """Which volume a row of a list belongs to."""
    places: dict[tuple[str | None, int | None], int] = {}
    for place, volume in enumerate(inspection.leaves.volumes):
        places[volume.description.list, volume.description.row] = place
        for item in volume.items:
            places[item.description.list, item.description.row] = place
    return places


def every_row_finds_its_files(inspection: Inspection) -> Iterator[About]:
    for place, volume in enumerate(inspection.leaves.volumes):
        for item in volume.items:
            where = (item.description.list or None, item.description.row or None)
            for name in item.missing:
                escapes = ".." in normal(name).split("/") or normal(name).startswith("/")
                rule, fact = (
                    ("name.escape", "leads out of the transfer folder") if escapes
                    else ("file.missing", "did not come")
                )  # fmt: skip
                yield place, _finding(rule, "error", f"The file {shown(name)} that row {where[1]} names {fact}.",
                                      Where(*where, None, shown(name)), shown(name), "a file of the transfer")  # fmt: skip
            if not item.files and not item.missing:
                yield place, _finding("file.missing", "error",
                                      f"Row {where[1]} ({item.description.title[:60]}) finds no file.",
                                      Where(*where), None, "a file of the transfer")  # fmt: skip


def every_file_is_claimed(inspection: Inspection) -> Iterator[About]:
    folders = {volume.folder: place for place, volume in enumerate(inspection.leaves.volumes) if volume.folder}
    for file in inspection.leaves.unclaimed:
        yield _owner(folders, file), _finding(
            "file.extra", "error", f"{shown(file.path)} is on no list. List it, or take it out of the folder.",
            Where(path=shown(file.path)), None, "a row of the list",
        )  # fmt: skip


def _owner(folders: Mapping[str, int], file: Found) -> int | None:
    """The volume in whose own folder a file lies."""
    parts = normal(file.path).split("/")
    for depth in range(len(parts) - 1, 0, -1):
        if (place := folders.get("/".join(parts[:depth]))) is not None:
            return place
    return None


def no_file_is_claimed_twice(inspection: Inspection) -> Iterator[About]:
    twice = set(inspection.leaves.twice)
    for place, volume in enumerate(inspection.leaves.volumes):
        for path in dict.fromkeys(file.path for file in volume.files if file.path in twice):
            yield place, _finding("file.claimed_twice", "error",
                                  f"{shown(path)} belongs to more than one row of the list.",
                                  Where(path=shown(path)), None, "one row")  # fmt: skip


def no_two_names_are_one(inspection: Inspection) -> Iterator[About]:
    """Names that differ only in their Unicode form look the same and are two files (NFC, NFD)."""
    same: dict[str, list[Found]] = defaultdict(list)
    for file in inspection.arrival.files:
        same[normal(file.path)].append(file)
    owners = _owners(inspection)
    for path, files in same.items():
        if len(files) > 1:
            for file in files:
                yield owners.get(file.path), _finding(
                    "name.collision", "error", f"{len(files)} files have the name {path}; rename one of them.",
                    Where(path=shown(file.path)), raw(file.path).hex(), "one name for one file",
                )  # fmt: skip


def names_are_plain(inspection: Inspection) -> Iterator[About]:
    owners = _owners(inspection)
    for file in inspection.arrival.files:
        about, where = owners.get(file.path), Where(path=shown(file.path))
        if not_utf8(file.path):
            yield about, _finding("name.encoding", "warning",
                                  f"The name {shown(file.path)} is not UTF-8; its bytes are kept beside the name.",
                                  where, raw(file.path).hex(), "UTF-8")  # fmt: skip
        elif normal(file.path) != file.path.replace("\\", "/"):
            yield about, _finding("name.nfd", "note",
                                  f"The name {shown(file.path)} is in decomposed form; it is kept in composed form.",
                                  where, None, "NFC")  # fmt: skip
        changed = {reason for part in file.path.split("/") if (reason := safe_segment(part).changed)}
        if changed:
            yield about, _finding("name.shortened", "note",
                                  f"{shown(file.path)} is kept under another name ({', '.join(sorted(changed))}).",
                                  where, None, "a name that is safe everywhere")  # fmt: skip


def files_are_not_empty(inspection: Inspection) -> Iterator[About]:
    owners = _owners(inspection)
    for file in inspection.arrival.files:
        if file.size == 0 and file.path in owners:
            yield owners[file.path], _finding("file.empty", "warning", f"{shown(file.path)} has no bytes in it.",
                                              Where(path=shown(file.path)), "0", "1 byte or more")  # fmt: skip


def promised_files_came(inspection: Inspection) -> Iterator[About]:
    """A file that only a checksum list or a manifest names."""
    arrived = {normal(file.path) for file in inspection.arrival.files}
    for path in inspection.promised:
        if normal(path) not in arrived:
            yield None, _finding("file.missing", "error", f"{shown(path)} is on a checksum list and did not come.",
                                 Where(path=shown(path)), None, "a file of the transfer")  # fmt: skip


def counts_agree(inspection: Inspection) -> Iterator[About]:
    """What the row of a volume counts against what its items and files come to."""
    for place, volume in enumerate(inspection.leaves.volumes):
        told = volume.description
        listed = Counter(items=len(volume.items), files=len(volume.files),
                         pages=sum(item.description.page_count or 0 for item in volume.items))  # fmt: skip
        for rule, claimed, found in (
            ("list.item_count", told.item_count, listed["items"]),
            ("file.count", told.file_count, listed["files"]),
            ("list.page_count", told.page_count, listed["pages"]),
        ):
            if claimed is not None and found and claimed != found:
                yield place, _finding(rule, "warning", f"The list says {claimed}, and {found} are there.",
                                      Where(told.list, told.row), str(claimed), str(found))  # fmt: skip


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


def read_files(inspection: Inspection, progress: Callable[[int, int], None]) -> tuple[dict[str, str], list[About]]:
    """Read every record once: SHA-256 by path, and what is not as promised."""
    owners = _owners(inspection)
    digests: dict[str, str] = {}
    findings: list[About] = []
    for count, (path, place) in enumerate(owners.items(), start=1):
        promised = {kind: value.lower() for kind, value in inspection.promised.get(path, {}).items()}
        found = digests_of(inspection.arrival.full_path(path), {"sha256", *promised})
        digests[path] = found["sha256"]
        findings += [
            (place, _finding("file.digest", "error",
                             f"The {kind} of {shown(path)} is not the one that was promised; send the file again.",
                             Where(path=shown(path)), found[kind], value))
            for kind, value in promised.items() if found[kind] != value
        ]  # fmt: skip
        progress(count, len(owners))
    return digests, findings


def digests_of(path: str, kinds: set[str]) -> dict[str, str]:
    """Hex digests of a file, read once, by the names that hashlib has for the algorithms."""
    hashes = {kind: hashlib.new(kind) for kind in kinds}
    buffer = memoryview(bytearray(256 * 1024))
    with open(path, "rb", buffering=0) as source:
        while count := source.readinto(buffer):
            for each in hashes.values():
                each.update(buffer[:count])
    return {kind: each.hexdigest() for kind, each in hashes.items()}


def _owners(inspection: Inspection) -> dict[str, int]:
    """The volume each record belongs to, by path, in the order of the list."""
    return {file.path: place for place, volume in enumerate(inspection.leaves.volumes) for file in volume.files}


def _finding(
    rule: str, severity: Severity, message: str, where: Where, value: str | None, expected: str | None
) -> Finding:
    return Finding(rule, severity, where, value, expected, message)
