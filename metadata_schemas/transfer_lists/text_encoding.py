"""In which encoding a text list was written: UTF-8, UTF-16 with a mark, CP949 or its part EUC-KR.

CP949 takes many foreign bytes without complaint, so its reading is believed only
where most syllables are the usual ones: Big5 and damaged UTF-8 fall on the many that
CP949 added and Korean hardly uses. EUC-KR spells rare syllables with four signs.
"""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 1 << 20
_PAIR = re.compile(rb"[\x81-\xfe][\x41-\xfe]")


@dataclass(frozen=True)
class Undecodable:
    rule: str
    expected: str
    fact: str


def detect(path: Path) -> str | Undecodable:
    """The codec of the whole file, proved by decoding all of it once."""
    with path.open("rb") as stream:
        start = stream.read(4)
    if not start:
        return Undecodable("list.empty", "a header and at least one row", "the file has no bytes")
    if start.startswith(codecs.BOM_UTF8):
        return _proved(path, "utf-8-sig")
    if start in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        return Undecodable("list.encoding", "UTF-8 or CP949", "the file is UTF-32")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _proved(path, "utf-16")
    return _without_mark(path)


def _without_mark(path: Path) -> str | Undecodable:
    with path.open("rb") as stream:
        if any(b"\0" in chunk for chunk in iter(lambda: stream.read(_CHUNK), b"")):
            fact = "the file holds zero bytes: it is UTF-16 without a byte order mark, or no text"
            return Undecodable("list.encoding", "UTF-8 or CP949", fact)
    not_utf8 = _first_bad_byte(path, "utf-8")
    if not_utf8 is None:
        return "utf-8"
    not_cp949 = _first_bad_byte(path, "cp949")
    if not_cp949 is None and _reads_like_korean(path):
        return "cp949" if _first_bad_byte(path, "euc_kr") is not None else "euc_kr"
    where = f"byte {not_utf8} is not UTF-8"
    other = f"byte {not_cp949} is not CP949" if not_cp949 is not None else "as CP949 it is no Korean text"
    return Undecodable("list.encoding", "UTF-8 or CP949", f"{where} and {other}")


def _proved(path: Path, codec: str) -> str | Undecodable:
    bad = _first_bad_byte(path, codec)
    if bad is None:
        return codec
    return Undecodable("list.encoding", "UTF-8 or CP949", f"the mark says {codec}, but byte {bad} is not")


def _first_bad_byte(path: Path, codec: str) -> int | None:
    decoder = codecs.getincrementaldecoder(codec)()
    passed = 0
    with path.open("rb") as stream:
        while True:
            chunk = stream.read(_CHUNK)
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return passed - pending + error.start
            passed += len(chunk)
            if not chunk:
                return None


def _reads_like_korean(path: Path) -> bool:
    with path.open("rb") as stream:
        pairs = _PAIR.findall(stream.read(_CHUNK))
    added = sum(1 for lead, trail in pairs if lead < 0xA1 or trail < 0xA1)
    usual = sum(1 for lead, trail in pairs if 0xB0 <= lead <= 0xC8 and trail >= 0xA1)
    return added * 3 <= usual * 2
