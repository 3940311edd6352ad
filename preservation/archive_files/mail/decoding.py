"""Undoes the transfer encodings of mail, piece by piece.

What cannot be decoded is passed over, as mail programs do, and told through ``problem``.
"""

import binascii
from collections.abc import Callable, Iterator

Problem = Callable[[str], None]
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_BLANK = b" \t\r\n"
_LONGEST_HELD = 64 * 1024


def decoded(encoding: str, pieces: Iterator[bytes], problem: Problem) -> Iterator[bytes]:
    """Encodings that nobody knows are told, and their bytes given as they are."""
    match encoding:
        case "base64":
            return _base64(pieces, problem)
        case "quoted-printable":
            return _quoted(pieces)
        case "x-uuencode" | "uuencode" | "x-uue":
            return _uuencoded_part(pieces, problem)
        case "" | "7bit" | "8bit" | "binary":
            return _without_last_line_end(pieces)
    problem("it is in a transfer encoding that nobody knows")
    return _without_last_line_end(pieces)


def uudecoded(line: bytes, problem: Problem) -> bytes:
    try:
        return binascii.a2b_uu(line.rstrip(b"\r\n"))
    except binascii.Error:
        problem("uuencoded bytes of an attachment cannot be decoded")
        return b""


def _base64(pieces: Iterator[bytes], problem: Problem) -> Iterator[bytes]:
    left, ended = b"", False
    for piece in pieces:
        signs = left + piece.translate(None, _BLANK)
        if ended and signs:
            problem("an attachment goes on behind its end")
            ended, signs = True, b""
        if signs.translate(None, _ALPHABET):
            problem("an attachment is not in base64 throughout")
            signs = bytes(sign for sign in signs if sign in _ALPHABET)
        signs, padding, behind = signs.partition(b"=")
        ended = ended or bool(padding)
        if behind.strip(b"="):
            problem("an attachment goes on behind its end")
        whole = len(signs) // 4 * 4 if not ended else len(signs)
        left = b"" if ended else signs[whole:]
        yield _octets(signs[:whole], problem)
    if left:
        problem("an attachment breaks off")
        yield _octets(left, problem)


def _octets(signs: bytes, problem: Problem) -> bytes:
    if len(signs) % 4 == 1:
        problem("an attachment breaks off")
        signs = signs[:-1]
    return binascii.a2b_base64(signs + b"=" * (-len(signs) % 4))


def _quoted(pieces: Iterator[bytes]) -> Iterator[bytes]:
    held = b""
    for piece in pieces:
        held += piece
        # A line is decoded whole: its end may be a soft one.
        cut = held.rfind(b"\n") + 1 or (len(held) if len(held) > _LONGEST_HELD else 0)
        yield binascii.a2b_qp(held[:cut])
        held = held[cut:]
    yield binascii.a2b_qp(held)


def _uuencoded_part(pieces: Iterator[bytes], problem: Problem) -> Iterator[bytes]:
    held, is_open = b"", False
    for piece in pieces:
        *lines, held = (held + piece).split(b"\n")
        for line in lines:
            if line.startswith((b"begin ", b"end")):
                is_open = line.startswith(b"b")
            elif is_open:
                yield uudecoded(line, problem)
    if is_open:
        problem("an attachment breaks off")


def _without_last_line_end(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The line end before a boundary belongs to the boundary."""
    held = b""
    for piece in pieces:
        whole = held + piece
        ending = len(whole) - len(whole.rstrip(b"\r\n"))
        cut = len(whole) - min(ending, 2)
        yield whole[:cut]
        held = whole[cut:]
    yield held.removesuffix(b"\n").removesuffix(b"\r") if held.endswith(b"\n") else held
