"""What the head of a message or a part says: its words, and of its body the kind, the encoding, the name.

Old Korean mail says names in many ways: as RFC 2231 asks, as encoded words (RFC 2047) where none should
be, in EUC-KR that is really CP949, and as bare bytes without any word about their encoding.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from functools import lru_cache
from urllib.parse import unquote_to_bytes

ENCRYPTED_TYPES = frozenset({"multipart/encrypted", "application/pgp-encrypted"})
SMIME_TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
CANNOT_READ = (MessageError, ValueError, LookupError, TypeError, AttributeError, IndexError)
_WANTED = re.compile(
    rb"^content-(type|disposition|transfer-encoding)[ \t]*:((?:[^\n]*\n(?=[ \t]))*[^\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
_PERCENTS = re.compile(r"(?:%[0-9A-Fa-f]{2}){2}")
_LONGEST = 8 * 1024
"""Bytes of a field that are looked at."""
_KOREAN = frozenset("euc-kr euc_kr ks_c_5601-1987 ks_c_5601 ksc_5601 ksc5601 5601 korean".split())
_LOCKED = frozenset({"", "enveloped-data", "authenveloped-data"})


@dataclass(frozen=True)
class Name:
    """``encoding`` is None where the head does not say one, and then the bytes are as they came."""

    raw: bytes
    encoding: str | None

    def __str__(self) -> str:
        return self.raw.decode(self.encoding, "replace") if self.encoding else _bare(self.raw)


@dataclass(frozen=True)
class Fields:
    """``is_attached``: a mail program shows it as a file of its own."""

    type: str = "text/plain"
    boundary: bytes = b""
    encoding: str = ""
    name: Name | None = None
    is_attached: bool = False
    is_encrypted: bool = False
    is_sealed: bool = False


def read_fields(head: bytes, default: str) -> Fields:
    told = dict(_wanted(head))
    if not told:
        return Fields(type=default)
    return _fields(tuple(told.items()), default)


@lru_cache(maxsize=128)
def _fields(wanted: tuple[tuple[str, bytes], ...], default: str) -> Fields:
    """Most messages of a mailbox say the same of themselves."""
    told = dict(wanted)
    kind, disposition = _message("type", told), _message("disposition", told)
    media_type = kind.get_content_type() if "type" in told else default
    name = _name(disposition, "filename", "disposition") or _name(kind, "name", "type")
    smime = _parameter(kind, "smime-type").lower() if media_type in SMIME_TYPES else None
    return Fields(
        type=media_type,
        boundary=_parameter(kind, "boundary").encode("latin-1").rstrip(),
        encoding=_first_word(told.get("transfer-encoding", b"")),
        name=name,
        is_attached=name is not None or _first_word(told.get("disposition", b"")) == "attachment",
        is_encrypted=media_type in ENCRYPTED_TYPES or smime in _LOCKED,
        is_sealed=smime is not None and smime not in _LOCKED,
    )


def _first_word(value: bytes) -> str:
    return value.split(b";")[0].strip().lower().decode("ascii", "replace")


def _wanted(head: bytes) -> Iterator[tuple[str, bytes]]:
    """A field that stands there twice counts once: the first, as mail programs do."""
    for which, value in reversed(_WANTED.findall(head)):
        yield which.lower().decode(), b" ".join(value.split())[:_LONGEST]


def _message(which: str, told: dict[str, bytes]) -> "Message[str, str]":
    """The parameters of one field, taken apart by the standard library.  A byte is a sign here."""
    message: Message[str, str] = Message()
    if which in told:
        message[f"Content-{which.title()}"] = told[which].decode("latin-1")
    return message


def _name(message: "Message[str, str]", parameter: str, which: str) -> Name | None:
    try:
        value = message.get_param(parameter, None, f"content-{which}")
        if isinstance(value, tuple):
            return _declared(value[0] or "us-ascii", value[2].encode("latin-1"))
        return None if value is None else _from_words(value)
    except CANNOT_READ:
        return None


def _from_words(value: str) -> Name:
    """A name as it is, in encoded words, or (some programs) in percent signs."""
    if "=?" in value:
        return Name(words(value.encode("latin-1")).encode("utf-8", "surrogateescape"), "utf-8")
    return Name(unquote_to_bytes(value) if _PERCENTS.search(value) else value.encode("latin-1"), None)


def words(raw: bytes) -> str:
    """The words of a field: encoded ones (RFC 2047) and bare bytes, in whatever Korean encoding."""
    text = b" ".join(raw.split()).decode("latin-1")
    try:
        parts = decode_header(text)
    except CANNOT_READ:
        parts = [(text, None)]
    return "".join(_part(data, charset) for data, charset in parts)


def _part(data: bytes | str, charset: str | None) -> str:
    octets = data.encode("latin-1") if isinstance(data, str) else data
    return str(_declared(charset, octets)) if charset else _bare(octets)


def _bare(octets: bytes) -> str:
    for encoding in ("utf-8", "cp949"):
        try:
            return octets.decode(encoding)
        except UnicodeDecodeError:
            pass
    return octets.decode("utf-8", "replace")


def _declared(charset: str, data: bytes) -> Name:
    """EUC-KR is often said and CP949, which contains it, is meant."""
    asked = "cp949" if charset.lower() in _KOREAN else charset
    try:
        return Name(data.decode(asked).encode(), "utf-8")
    except CANNOT_READ:
        return Name(data, None)


def _parameter(message: "Message[str, str]", name: str) -> str:
    try:
        value = message.get_param(name, "")
    except CANNOT_READ:
        return ""
    return value[2] if isinstance(value, tuple) else value
