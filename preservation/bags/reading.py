"""Reads a bag that somebody else made: what it declares, what lies in it, and what is wrong between the two.

No payload byte is read here. Paths are judged for every operating system: a
bag that is harmless on Linux and writes outside itself on Windows is refused.
"""

import io
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from unicodedata import normalize

from metadata_schemas.description import Finding, Severity, Where
from preservation.bags.paths import decode, unsafe

# Names of a manifest's algorithm, and how hashlib calls them.
ALGORITHMS: Mapping[str, str] = {
    "md5": "md5",
    "sha1": "sha1",
    "sha224": "sha224",
    "sha256": "sha256",
    "sha384": "sha384",
    "sha512": "sha512",
    "sha3224": "sha3_224",
    "sha3256": "sha3_256",
    "sha3384": "sha3_384",
    "sha3512": "sha3_512",
    "blake2b": "blake2b",
    "blake2s": "blake2s",
}
VERSIONS = ((0, 93), (0, 94), (0, 95), (0, 96), (0, 97), (1, 0))

# The declaration is two short lines; whatever is longer is not one.
_DECLARATION_LIMIT = 1024
_DECLARATION = re.compile(
    rb"BagIt-Version: (\d+)\.(\d+)[ \t]*(?:\r\n|\r|\n)"
    rb"Tag-File-Character-Encoding: ([A-Za-z0-9._:-]+)[ \t]*(?:\r\n|\r|\n)*\Z"
)
_MANIFEST_NAME = re.compile(r"(tag)?manifest-([A-Za-z0-9_-]+)\.txt\Z")
_MANIFEST_LINE = re.compile(r"([0-9A-Fa-f]+)[ \t]+(\*?)(.+)\Z", re.DOTALL)
_FETCH_LINE = re.compile(r"(\S+)[ \t]+(\d+|-)[ \t]+(.+)\Z", re.DOTALL)

Digests = dict[str, dict[str, str]]


@dataclass
class IncomingBag:
    """A foreign bag as it was read. Manifests map algorithm to path to digest.

    Algorithms are called as ``hashlib`` calls them, and paths are as on disk.
    """

    folder: Path
    version: tuple[int, int] = (1, 0)
    encoding: str = "utf-8"
    info: list[tuple[str, str]] = field(default_factory=list)
    manifests: Digests = field(default_factory=dict)
    tag_manifests: Digests = field(default_factory=dict)
    fetch: list[str] = field(default_factory=list)
    payload: dict[str, int] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def expected(self, path: str) -> dict[str, str]:
        """Every digest the manifests declare for a payload file, by algorithm."""
        return {name: listed[path] for name, listed in self.manifests.items() if path in listed}

    def listed(self) -> dict[str, str]:
        """Every payload path that some manifest lists, with one of its digests."""
        return {path: digest for listed in self.manifests.values() for path, digest in listed.items()}

    def note(
        self,
        rule: str,
        severity: Severity,
        message: str,
        *,
        path: str | None = None,
        value: str | None = None,
        expected: str | None = None,
    ) -> None:
        """Add a finding about this bag."""
        where = Where(path=path)
        self.findings.append(Finding(f"bag.{rule}", severity, where, value, expected, message))


def is_bag(folder: Path) -> bool:
    """Whether the folder says it is a bag, however badly made."""
    if (folder / "bagit.txt").is_file():
        return True
    return (folder / "data").is_dir() and any(folder.glob("manifest-*.txt"))


def read(folder: Path) -> IncomingBag:
    """Read what the bag declares and list what it holds; what cannot be read is in ``findings``."""
    bag = IncomingBag(folder)
    _list_files(bag)
    _read_declaration(bag)
    for name in sorted(bag.tags):
        _read_manifest(bag, name)
    _read_fetch(bag)
    _read_info(bag)
    return bag


def _list_files(bag: IncomingBag) -> None:
    for where, folders, files in os.walk(bag.folder, onerror=_raise):
        below = os.path.relpath(where, bag.folder)
        prefix = "" if below == "." else f"{below}/"
        for name in folders:
            _judge_entry(bag, prefix + name, is_folder=True)
        for name in files:
            _judge_entry(bag, prefix + name, is_folder=False)


def _raise(error: OSError) -> None:
    raise error


def _judge_entry(bag: IncomingBag, path: str, *, is_folder: bool) -> None:
    status = os.lstat(bag.folder / path)
    if stat.S_ISLNK(status.st_mode):
        bag.note("link", "error", f"{path} is a symbolic link. Put the file itself in the bag.", path=path)
    elif is_folder:
        return
    elif not stat.S_ISREG(status.st_mode):
        bag.note("link", "error", f"{path} is not an ordinary file. Leave it out of the bag.", path=path)
    elif path.startswith("data/"):
        bag.payload[path] = status.st_size
    else:
        bag.tags[path] = status.st_size


def _read_declaration(bag: IncomingBag) -> None:
    if "bagit.txt" not in bag.tags:
        bag.note("declaration", "error", "The bag has no bagit.txt. Make the bag again with a BagIt tool.")
        return
    with (bag.folder / "bagit.txt").open("rb") as stream:
        found = _DECLARATION.match(stream.read(_DECLARATION_LIMIT))
    if found is None:
        sentence = "bagit.txt is not the two lines the standard asks for (a byte-order mark is not allowed)."
        bag.note("declaration", "error", sentence, path="bagit.txt")
        return
    bag.version = (int(found[1]), int(found[2]))
    encoding = found[3].decode("ascii")
    if bag.version not in VERSIONS:
        sentence = f"BagIt version {bag.version[0]}.{bag.version[1]} is not known here."
        bag.note("declaration", "error", sentence, path="bagit.txt", expected="0.93 to 1.0")
    try:
        io.TextIOWrapper(io.BytesIO(), encoding)  # refuses what is no encoding of text
        bag.encoding = encoding
    except LookupError:
        sentence = f"The tag files are said to be in {encoding}, which is not a known encoding."
        bag.note("encoding", "error", sentence, path="bagit.txt", value=encoding)


def _lines(bag: IncomingBag, name: str) -> Iterator[str]:
    """The lines of a tag file in the bag's encoding. Only CR, LF and CRLF end a line."""
    try:
        with (bag.folder / name).open(encoding=bag.encoding, newline=None) as stream:
            for number, line in enumerate(stream):
                yield _without_mark(bag, name, line.rstrip("\n")) if number == 0 else line.rstrip("\n")
    except UnicodeError:
        sentence = f"{name} is not text in {bag.encoding}, which bagit.txt declares."
        bag.note("encoding", "error", sentence, path=name, expected=bag.encoding)


def _without_mark(bag: IncomingBag, name: str, line: str) -> str:
    if not line.startswith("\ufeff"):
        return line
    bag.note("manifest_form", "warning", f"{name} starts with a byte-order mark.", path=name)
    return line[1:]


def _read_manifest(bag: IncomingBag, name: str) -> None:
    found = _MANIFEST_NAME.match(name)
    if found is None:
        return
    algorithm = ALGORITHMS.get(found[2].lower().replace("-", "").replace("_", ""))
    if algorithm is None:
        sentence = f"{name} uses {found[2]}, which cannot be checked here."
        bag.note("algorithm", "warning", sentence, path=name, value=found[2])
        return
    listed = (bag.tag_manifests if found[1] else bag.manifests).setdefault(algorithm, {})
    for line in _lines(bag, name):
        if line.strip():
            _read_manifest_line(bag, name, line, listed)


def _read_manifest_line(bag: IncomingBag, name: str, line: str, listed: dict[str, str]) -> None:
    found = _MANIFEST_LINE.match(line)
    if found is None:
        sentence = f"{name} has a line that is not a digest and a path."
        bag.note("manifest_form", "error", sentence, path=name, value=line[:200])
        return
    digest, star, written = found[1].lower(), found[2], found[3]
    if star:
        sentence = f"{name} was made with a checksum tool: a star stands before the path."
        bag.note("manifest_form", "warning", sentence, path=name, value=written)
    path = _place(bag, name, written, in_payload=not name.startswith("tag"))
    if path is None:
        return
    if listed.setdefault(path, digest) != digest:
        sentence = f"{name} lists {path} twice with different digests."
        bag.note("duplicate", "error", sentence, path=path, value=digest, expected=listed[path])


def _place(bag: IncomingBag, name: str, written: str, *, in_payload: bool) -> str | None:
    """The path on disk that a tag file means, or None when it may not be followed."""
    path = decode(written, bag.version)
    reason = unsafe(path)
    if reason is None and path.startswith("./"):
        bag.note("manifest_form", "warning", f"{name} has a path that starts with ./", path=name, value=path)
        path = re.sub(r"\A(\./+)+", "", path)
    if reason is None and in_payload and not path.startswith("data/"):
        reason = "it is not below data/"
    if reason is not None:
        bag.note("path", "error", f"{name} names {path}, which is refused: {reason}.", path=name, value=path)
        return None
    return _on_disk(bag, name, path, written)


def _on_disk(bag: IncomingBag, name: str, path: str, written: str) -> str:
    present = bag.payload if path.startswith("data/") else bag.tags
    if path in present:
        return path
    if written in present:
        sentence = f"{name} does not percent-encode {written}, as BagIt 1.0 asks."
        bag.note("manifest_form", "warning", sentence, path=name, value=written)
        return written
    for form in ("NFC", "NFD"):
        if normalize(form, path) in present:
            sentence = f"{path} is stored under a name in another Unicode form."
            bag.note("name_form", "warning", sentence, path=path, expected=form)
            return normalize(form, path)
    return path


def _read_fetch(bag: IncomingBag) -> None:
    if "fetch.txt" not in bag.tags:
        return
    for line in _lines(bag, "fetch.txt"):
        found = _FETCH_LINE.match(line)
        if found is None:
            if line.strip():
                bag.note("fetch", "error", "fetch.txt has a line that cannot be read.", value=line[:200])
            continue
        path = _place(bag, "fetch.txt", found[3], in_payload=True)
        if path is not None:
            bag.fetch.append(path)


def _read_info(bag: IncomingBag) -> None:
    name = "bag-info.txt" if bag.version >= (0, 96) else "package-info.txt"
    if name not in bag.tags:
        return
    for line in _lines(bag, name):
        label, colon, value = line.partition(":")
        if line[:1] in (" ", "\t") and bag.info:
            bag.info[-1] = (bag.info[-1][0], f"{bag.info[-1][1]} {line.strip()}")
        elif colon:
            bag.info.append((label.strip(), value.strip()))
        elif line.strip():
            bag.note("info", "warning", f"{name} has a line without a label.", path=name, value=line[:200])
