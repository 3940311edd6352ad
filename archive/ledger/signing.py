"""Signed notes: Ed25519 keys in the form every transparency log tool reads.

The private key is a PEM file that only its owner may read; `log.vkey` beside it is public and is
all an auditor needs.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from archive.errors import Conflict, Missing, Refused, Unreadable, WrongCall

PRIVATE = "log.key"
PUBLIC = "log.vkey"
_ED25519 = b"\x01"
_NAME = "Log: "


@dataclass(frozen=True)
class Verifier:
    """Checks notes against one public key."""

    name: str
    key: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.key).digest()[:4]

    @property
    def vkey(self) -> str:
        """The public key as one line: ``name+keyid+key``."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.key).decode()}"

    def opens(self, note: str) -> str:
        """The text of a note that carries our signature.  Refused when none of its lines is good."""
        text, blank, lines = note.rpartition("\n\n")
        for line in lines.splitlines() if blank else []:
            if self._is_ours(line, f"{text}\n"):
                return f"{text}\n"
        raise Refused(f"The note is not signed by {self.name}.", code="ledger.signature")

    def _is_ours(self, line: str, text: str) -> bool:
        dash, _, rest = line.partition(" ")
        name, _, told = rest.partition(" ")
        if dash != "\u2014" or name != self.name:
            return False
        try:
            signature = base64.b64decode(told, validate=True)
            if signature[:4] != self.id:
                return False
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature[4:], text.encode())
        except (binascii.Error, InvalidSignature):
            return False
        return True


class Signer:
    """Signs notes.  The same text always gets the same signature."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self._key = key
        public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.verifier = Verifier(_checked(name), public)
        self.name = name

    def sign(self, text: str) -> str:
        """The note: the text, which ends with a line break, a blank line and our signature."""
        signature = self.verifier.id + self._key.sign(text.encode())
        return f"{text}\n\u2014 {self.name} {base64.b64encode(signature).decode()}\n"


def make_key(name: str) -> tuple[str, str]:
    """A new key: the private key as PEM, and the public one as a vkey line."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode(), Signer(name, key).verifier.vkey


def make_key_files(folder: Path, name: str) -> Verifier:
    """Make `log.key` (only its owner may read it) and `log.vkey`.  Conflict when there is a key."""
    folder.mkdir(parents=True, exist_ok=True)
    private, vkey = make_key(name)
    aside = folder / f".{PRIVATE}-{os.getpid()}"
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{_NAME}{_checked(name)}\n{private}")
            file.flush()
            os.fsync(file.fileno())
        os.link(aside, folder / PRIVATE)
    except FileExistsError as error:
        raise Conflict(f"There is a key at {folder / PRIVATE}; it is never replaced.") from error
    finally:
        aside.unlink()
    _write_public(folder, vkey)
    return parse_vkey(vkey)


def _write_public(folder: Path, vkey: str) -> None:
    """Whole or not at all: a line that is cut off would be taken for the key of another log."""
    aside = folder / f".{PUBLIC}-{os.getpid()}"
    try:
        with open(aside, "w", encoding="utf-8") as file:
            file.write(vkey + "\n")
            file.flush()
            os.fsync(file.fileno())
        aside.replace(folder / PUBLIC)
    finally:
        aside.unlink(missing_ok=True)


def open_signer(folder: Path) -> Signer:
    """The signer of a key folder; `log.vkey` is written where a kill left it out.

    Refused when others may read the private key, for then it proves nothing, and when `log.vkey`
    is another key's.
    """
    path, public = folder / PRIVATE, folder / PUBLIC
    if not path.exists():
        raise Missing(f"There is no key at {path}.", code="ledger.key", next="Make one with `seogo init`.")
    if path.stat().st_mode & 0o077:
        raise Refused(f"Others may read {path}.", code="ledger.key", next=f"chmod 600 {path}")
    pem = path.read_text("utf-8")
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, Ed25519PrivateKey) or not pem.startswith(_NAME):
        raise Unreadable(f"{path} is not the key of a log.", code="ledger.key")
    signer = Signer(pem.splitlines()[0].removeprefix(_NAME), key)
    if not public.exists():
        _write_public(folder, signer.verifier.vkey)
    elif open_verifier(public) != signer.verifier:
        raise Refused(f"{public} is not the public half of {path}.", code="ledger.key")
    return signer


def open_verifier(path: Path) -> Verifier:
    """The verifier of a public key file."""
    if not path.exists() or path.is_dir():
        raise Missing(
            f"There is no public key at {path}.", code="ledger.key",
            next=f"Name it with --key FILE: it is {PUBLIC}, which the archive hands out, from its key folder "
            "(SEOGO_KEYS) or from its desk, under Receipts (접수증).",
        )  # fmt: skip
    return parse_vkey(path.read_text("utf-8", "replace"))


def parse_vkey(vkey: str) -> Verifier:
    """The verifier of a vkey line.  Unreadable when the line is not one, or its id does not fit."""
    name, _, rest = vkey.strip().partition("+")
    told, _, encoded = rest.partition("+")
    try:
        key = base64.b64decode(encoded, validate=True)
        verifier = Verifier(_checked(name), key[1:])
        if key[:1] != _ED25519 or len(key) != 33 or bytes.fromhex(told) != verifier.id:
            raise ValueError
    except (ValueError, WrongCall) as error:
        raise Unreadable(f"{vkey.strip()[:80]!r} is not a public key of a log.", code="ledger.key") from error
    return verifier


def _checked(name: str) -> str:
    if not name or "+" in name or any(sign.isspace() for sign in name):
        raise WrongCall(f"{name!r} is no name for a key: no spaces and no plus sign.")
    return name
