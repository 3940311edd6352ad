"""Rules about the names of files: two that look like one, and those that are kept under another name."""

from collections import defaultdict
from collections.abc import Iterator

from archive.stores.keys import safe_segment
from ingest.belonging import About, finding, owners
from ingest.inspection import Inspection
from ingest.landing import Found, normal, not_utf8, raw, shown
from metadata_schemas.description import Where


def no_two_names_are_one(inspection: Inspection) -> Iterator[About]:
    """Names that differ only in their Unicode form look the same and are two files (NFC, NFD)."""
    same: dict[str, list[Found]] = defaultdict(list)
    for file in inspection.arrival.files:
        same[normal(file.path)].append(file)
    owner = owners(inspection)
    for path, files in same.items():
        if len(files) > 1:
            for file in files:
                yield (
                    owner.get(file.path),
                    finding(
                        "name.collision",
                        "error",
                        f"{len(files)} files have the name {path}; rename one of them.",
                        Where(path=shown(file.path)),
                        raw(file.path).hex(),
                        "one name for one file",
                    ),
                )


def names_are_plain(inspection: Inspection) -> Iterator[About]:
    owner = owners(inspection)
    for file in inspection.arrival.files:
        about, where = owner.get(file.path), Where(path=shown(file.path))
        if not_utf8(file.path):
            yield (
                about,
                finding(
                    "name.encoding",
                    "warning",
                    f"The name {shown(file.path)} is not UTF-8; its bytes are kept beside it.",
                    where,
                    raw(file.path).hex(),
                    "UTF-8",
                ),
            )
        elif normal(file.path) != file.path.replace("\\", "/"):
            yield (
                about,
                finding(
                    "name.nfd",
                    "note",
                    f"The name {shown(file.path)} is decomposed (NFD); it is kept composed (NFC).",
                    where,
                    None,
                    "NFC",
                ),
            )
        changed = {reason for part in file.path.split("/") if (reason := safe_segment(part).changed)}
        if changed:
            yield (
                about,
                finding(
                    "name.shortened",
                    "note",
                    f"{shown(file.path)} is kept under another name ({', '.join(sorted(changed))}).",
                    where,
                    None,
                    "a name that is safe everywhere",
                ),
            )
