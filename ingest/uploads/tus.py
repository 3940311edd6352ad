"""The tus resumable upload protocol 1.0.0: what its headers must say, and what an answer says.

Core and termination.  A part is created by listing its files, which tus' creation cannot carry; each file
is compared with its own digest, which says more than tus' checksum of a request would.
"""

from collections.abc import Mapping
from dataclasses import dataclass

VERSION = "1.0.0"
EXTENSIONS = "termination"
CONTENT = "application/offset+octet-stream"
METHODS = ("HEAD", "PATCH", "DELETE", "OPTIONS", "POST")
"""POST only carries a method that is named in a header."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]


Headers = Mapping[str, str]
"""The headers of a request, their names in small letters."""


def method(asked: str, headers: Headers) -> str:
    """The method of a request: a client behind a gate that allows few may name it in the header of a POST.

    Of a POST only, for that one must carry a token: a method that changes nothing must never become one
    that does, though the protocol says "any".
    """
    return headers.get("x-http-method-override", asked).upper() if asked == "POST" else asked


def options(largest: int) -> Answer:
    told = {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(largest)}
    return _answer(204, **told)


def fault(asked: str, headers: Headers) -> Answer | None:
    """Why a request is refused before anything is looked up; None when it is not."""
    if headers.get("tus-resumable") != VERSION:
        return _answer(412, **{"Tus-Version": VERSION})
    if asked == "PATCH" and headers.get("content-type") != CONTENT:
        return _answer(415)
    if asked == "PATCH" and offset(headers) is None:
        return _answer(400)
    return None


def offset(headers: Headers) -> int | None:
    told = headers.get("upload-offset", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 20 else None


def state(offset: int, length: int) -> Answer:
    told = {"Upload-Offset": str(offset), "Upload-Length": str(length), "Cache-Control": "no-store"}
    return _answer(200, **told)


def written(offset: int) -> Answer:
    return _answer(204, **{"Upload-Offset": str(offset)})


def terminated() -> Answer:
    return _answer(204)


def refused(status: int) -> Answer:
    return _answer(status)


def _answer(status: int, **headers: str) -> Answer:
    return Answer(status, {"Tus-Resumable": VERSION, **headers})
