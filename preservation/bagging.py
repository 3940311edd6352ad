"""The one door to the bagit library: writes the tag files of our bags, and gives the verdict on foreign ones.

A verdict is ours and the library's together: our rules are stricter about
paths and names, and where the library refuses a bag that we would take, that is
a finding too. bagit is not safe in threads; call ``verify_bag`` in a process of its own.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import bagit

from metadata_schemas.description import Finding
from preservation import bags
from preservation.bags import IncomingBag, is_bag

__all__ = [
    "IncomingBag",
    "bag_info",
    "declaration",
    "is_bag",
    "manifest_line",
    "manifest_lines",
    "read_bag",
    "read_manifest",
    "verify_bag",
]

# A manifest line is short and a file is long: one megabyte keeps the disk busy without holding memory.
_BLOCK = 1024 * 1024

# What the library has to say comes back as a finding; its log lines would only stray into the output.
logging.getLogger("bagit").addHandler(logging.NullHandler())


def declaration() -> bytes:
    """The content of bagit.txt."""
    return b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def bag_info(fields: Sequence[tuple[str, str]]) -> bytes:
    """The content of bag-info.txt: one line a field, never folded; line breaks in a value become spaces."""
    lines = []
    for label, value in fields:
        if not label.strip() or any(sign in label for sign in ":\r\n"):
            raise ValueError(f"{label!r} cannot be a label of bag-info.txt.")
        lines.append(f"{label}: {' '.join(value.split())}\n")
    return "".join(lines).encode()


def manifest_line(sha256: str, path: str) -> bytes:
    """One line of a manifest; ``path`` is relative to the bag. CR, LF and % are percent-encoded."""
    return f"{sha256}  {bags.encode(path)}\n".encode()


def manifest_lines(lines: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """Path and SHA-256 of each line of a manifest of our own.  A line that is none is passed over."""
    for line in lines:
        digest, _, path = line.decode("utf-8", "replace").rstrip("\n").partition("  ")
        if path:
            yield bags.decode(path, (1, 0)), digest


def read_manifest(stream: BinaryIO) -> dict[str, str]:
    """A manifest of one of our own bags: path to SHA-256."""
    return dict(manifest_lines(stream))


def read_bag(folder: Path) -> IncomingBag:
    """A foreign bag: manifests, label, files, and what is wrong in ``findings``. No payload byte is read."""
    bag = bags.read(folder)
    for check in bags.CHECKS:
        check(bag)
    return bag


def verify_bag(folder: Path, *, hash_payload: bool = True) -> list[Finding]:
    """Everything wrong with a bag. No finding of severity error means that it may be taken.

    Without ``hash_payload`` only tag files are hashed, for a caller that
    hashes the payload itself and compares with ``IncomingBag.expected``.
    """
    bag = read_bag(folder)
    _check_digests(bag, bag.tag_manifests, bag.tags)
    if hash_payload:
        _check_digests(bag, bag.manifests, bag.payload)
    if not _has_errors(bag):
        _ask_the_library(bag)
    return bag.findings


def _has_errors(bag: IncomingBag) -> bool:
    return any(finding.severity == "error" for finding in bag.findings)


def _check_digests(
    bag: IncomingBag, manifests: Mapping[str, Mapping[str, str]], present: Mapping[str, int]
) -> None:
    for path in sorted({path for listed in manifests.values() for path in listed} & present.keys()):
        expected = {name: listed[path] for name, listed in manifests.items() if path in listed}
        found = _digests(bag.folder / path, tuple(expected))
        for algorithm, digest in expected.items():
            if found[algorithm] != digest:
                sentence = f"{path} is not what the manifest says ({algorithm}). Ask for the file again."
                bag.note("digest", "error", sentence, path=path, value=found[algorithm], expected=digest)


def _digests(path: Path, algorithms: Sequence[str]) -> dict[str, str]:
    running = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            for digest in running.values():
                digest.update(block)
    return {name: digest.hexdigest() for name, digest in running.items()}


def _ask_the_library(bag: IncomingBag) -> None:
    """The library's verdict on structure and completeness; digests were compared already.

    bagit 1.9 does not read ``%25``, the code of a percent sign in BagIt 1.0, so
    it cannot judge a bag with such a name.
    """
    if bag.version >= (1, 0) and any("%" in path for path in bag.payload):
        bag.note("library", "note", "The bagit library cannot judge names with a percent sign.")
        return
    try:
        bagit.Bag(str(bag.folder)).validate(completeness_only=True)
    except bagit.BagError as error:
        bag.note("library", "error", f"The bagit library refuses the bag: {error}.")
    except (ValueError, OSError) as error:
        bag.note("library", "warning", f"The bagit library could not read the bag: {error}.")
