"""Reads lists of digests: GNU coreutils, BSD, bare digests beside a file, and tables with a hash column.

What a list says is kept by the path of the file it means; whether the bytes agree is
found out elsewhere.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from posixpath import basename

from metadata_schemas.description import Finding, Where
from metadata_schemas.spelling import plain
from metadata_schemas.transfer_lists import text_encoding
from metadata_schemas.transfer_lists.cells import Findings
from metadata_schemas.transfer_lists.digests import Digests
from metadata_schemas.transfer_lists.paths import Paths, clean

LENGTHS = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
LINE_LIMIT = 1 << 16
_NAME = re.compile(
    r"(?i)^(?:.*\.(md5|sha1|sha256|sha512)|(md5|sha1|sha256|sha512)sums?(?:\.txt)?"
    r"|(?:manifest|checksums?)-(md5|sha1|sha256|sha512)\.txt)$"
)
_GNU = re.compile(r"^(\\?)([0-9A-Fa-f]{32,128}) [ *](.+)$")
_LOOSE = re.compile(r"^()([0-9A-Fa-f]{32,128})[ \t]+\*?(.+)$")
_BSD = re.compile(r"^(MD5|SHA1|SHA256|SHA512) \((.+)\) = ([0-9A-Fa-f]+)$")
_BARE = re.compile(r"^[0-9A-Fa-f]{32,128}$")
_HASH_COLUMNS = {
    "hash",
    "checksum",
    "digest",
    "md5",
    "sha1",
    "sha256",
    "sha512",
    "해시",
    "해시값",
    "해쉬",
    "해쉬값",
}
_FILE_COLUMNS = {"file", "filename", "path", "파일", "파일명", "파일경로", "파일이름"}


def algorithm_named(name: str) -> str | None:
    """The algorithm that the name of a checksum list tells; None for a file that is none."""
    found = _NAME.match(basename(name))
    return next(group for group in found.groups() if group).lower() if found else None


def hash_columns(header: Sequence[str]) -> tuple[int, int] | None:
    """The places of digest and file name in a table of digests."""
    names = [plain(cell) for cell in header]
    digest = next((place for place, name in enumerate(names) if name in _HASH_COLUMNS), None)
    file = next((place for place, name in enumerate(names) if name in _FILE_COLUMNS), None)
    return None if digest is None or file is None else (digest, file)


def read(path: Path, name: str, paths: Paths, digests: Digests, findings: Findings) -> None:
    """Adds what one list says to ``digests``: path -> algorithm -> hexadecimal digits."""
    encoding = text_encoding.detect(path)
    if isinstance(encoding, text_encoding.Undecodable):
        message = (
            f"The checksum list {name} cannot be read: {encoding.fact}. Send it again as {encoding.expected}."
        )
        findings.append(Finding("list.checksum", "error", Where(list=name), None, encoding.expected, message))
        return
    with path.open(encoding=encoding) as stream:
        for number, line in enumerate(iter(lambda: stream.readline(LINE_LIMIT), ""), start=1):
            text = line.rstrip("\n")
            if not text.strip() or text.startswith(("#", ";")):
                continue
            parsed = _line(text, name)
            if parsed is None:
                _report(
                    name, number, text, "a digest and a file name", "is no line of a checksum list", findings
                )
            else:
                _enter(name, number, *parsed, algorithm_named(name), paths, digests, findings)


def read_table(
    rows: Iterable[Sequence[str]],
    name: str,
    columns: tuple[int, int],
    paths: Paths,
    digests: Digests,
    findings: Findings,
) -> None:
    for number, row in enumerate(rows, start=1):
        cells = [row[place].strip() if place < len(row) else "" for place in columns]
        if number == 1 or not any(cells):
            continue
        if not all(cells) or not _BARE.match(cells[0]):
            _report(name, number, cells[0], "a digest and a file name", "is no digest of a file", findings)
        else:
            _enter(name, number, cells[0], cells[1], None, paths, digests, findings)


def _line(text: str, name: str) -> tuple[str, str] | None:
    bsd = _BSD.match(text)
    if bsd and LENGTHS.get(len(bsd[3])) == bsd[1].lower():
        return bsd[3], bsd[2]
    found = _GNU.match(text) or _LOOSE.match(text)
    if found:
        return found[2], _unescaped(found[3]) if found[1] else found[3]
    if _BARE.match(text.strip()):
        return text.strip(), basename(name).rsplit(".", 1)[0]
    return None


def _unescaped(path: str) -> str:
    """coreutils marks such a line with a backslash and writes newline and backslash as two signs."""
    return re.sub(r"\\([\\nr])", lambda found: {"n": "\n", "r": "\r"}.get(found[1], found[1]), path)


def _enter(
    name: str,
    number: int,
    digest: str,
    written: str,
    told: str | None,
    paths: Paths,
    digests: Digests,
    findings: Findings,
) -> None:
    algorithm = LENGTHS.get(len(digest))
    if algorithm is None or (told and told != algorithm):
        _report(
            name,
            number,
            digest,
            f"a {told or 'md5, sha1, sha256 or sha512'} digest",
            "has another length",
            findings,
        )
        return
    path = paths.find(written, near=name) or clean(written)
    if path is None:
        _report(name, number, written, "a path inside the transfer", "leads out of the transfer", findings)
        return
    before = digests.enter(path, algorithm, digest.lower())
    if before != digest.lower():
        _report(
            name, number, written, f"{algorithm} {before}", "has another digest in another line", findings
        )


def _report(name: str, number: int, value: str, expected: str, fact: str, findings: Findings) -> None:
    message = f"Line {number} of {name}: {value[:200]!r} {fact}. Expected: {expected}."
    findings.append(Finding("list.checksum", "error", Where(name, number), value, expected, message))


def lists_among(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if algorithm_named(name))
