"""Rules about the names of files: two that look like one, and those that are kept under another name."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from archive.names import HIDDEN, hides_something, printable
from archive.segments import safe_segment
from ingest.looking.belonging import About, finding
from ingest.looking.inspection import Inspection
from ingest.looking.landing import normal, not_utf8, raw, read_name, shown
from metadata_schemas.description import Finding, Where


def no_two_names_are_one(inspection: Inspection) -> Iterator[About]:
    """Names that differ only in their Unicode form look the same and are two files (NFC, NFD).

    They are one finding, and one more for each further volume that has such a file.
    """
    for name, alike in groupby(inspection.colliding(), itemgetter(1)):
        files = [(inspection.owner(file), file, count) for file, _, count in alike]
        for place in dict.fromkeys(owner for owner, _, _ in files):
            of, count = next((file, count) for owner, file, count in files if owner == place)
            yield (
                place,
                finding(
                    "name.collision",
                    "error",
                    f"{count} files have the name {name}; rename one of them.",
                    Where(path=shown(of.path)),
                    ", ".join(raw(file.path).hex() for owner, file, _ in files if owner == place),
                    "one name for one file",
                ),
            )


def no_two_names_are_alike(inspection: Inspection) -> Iterator[About]:
    """Names that differ only in capitals are two files here and one on Windows."""
    for file, count in inspection.alike():
        yield (
            inspection.owner(file),
            finding(
                "name.case",
                "warning",
                f"{count} names differ only in capital letters, {shown(file.path)} among them: "
                "some systems take them for one.  Rename one of them if you can.",
                Where(path=shown(file.path)),
                None,
                "names that differ in more than capitals",
            ),
        )


def names_are_plain(inspection: Inspection) -> Iterator[About]:
    for file in inspection.arrival.oddly_named():
        for each in _oddities(file.path):
            yield inspection.owner(file), each


def _oddities(path: str) -> Iterator[Finding]:
    where, name = Where(path=shown(path)), shown(path)
    if not_utf8(path):
        fact = f"The name {name} is not UTF-8; it is read as {read_name(path)[0]}, and its bytes are kept."
        yield finding("name.encoding", "warning", fact, where, raw(path).hex(), "UTF-8")
    elif normal(path) != path.replace("\\", "/"):
        fact = f"The name {name} is decomposed (NFD); it is kept composed (NFC)."
        yield finding("name.nfd", "note", fact, where, None, "NFC")
    if hides_something(path):
        signs = ", ".join(sorted({f"U+{ord(sign):04X}" for sign in HIDDEN.findall(path)}))
        fact = f"The name {printable(path)} holds signs that nobody sees ({signs}); compare it with the list."
        yield finding("name.hidden", "warning", fact, where, signs, "signs that are seen")
    changed = sorted(
        {reason for part in read_name(path)[0].split("/") if (reason := safe_segment(part).changed)}
    )
    if changed:
        fact = f"{name} is kept under another name ({', '.join(changed)}); the original name is recorded."
        yield finding("name.shortened", "note", fact, where, None, "a name that is safe everywhere")
