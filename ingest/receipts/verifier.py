#!/usr/bin/env python3
"""Checks a receipt (접수증) or signed paper of a Seogo archive: offline, with Python 3.8 or newer alone.

    python3 verifier.py RECEIPT LOG.VKEY [FOLDER]

FOLDER is the agency's own copy of what it sent; of a paper its files, else taken from beside it.
Ends with 0: all holds; 5: something named does not; 4: something named was not looked at; 2: a wrong call.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
from dataclasses import dataclass, field
from typing import Any, BinaryIO

LITTER = {b".ds_store", b"thumbs.db", b"desktop.ini"}
LINES = {
    "receipt": ("agency archive completion format issued_at kind log number received_at round round_of state"
                " statutory stores transfer", "list volume totals"),
    "paper": ("agency archive format issued_at kind language log number paper round state statutory"
              " transfer", "file"),
    "list": ("kind path path_hex sha256", "list volume totals"),
    "volume": ("bags copies kind position reason reference sender_id taken_in verdict", "file volume totals"),
    "file": ("bytes kind path path_hex sha256", "file volume totals"),
    "totals": ("bytes files kind volumes", "log"), "log": ("before checkpoint kind path", "entry"),
    "entry": ("entry index kind path record salt", "entry"),
}  # fmt: skip
"""The kinds of line: the keys of each, all of them and no others, and the kinds that may follow."""


def verify(receipt: BinaryIO, vkey: str, folder: str | None = None) -> Checked:
    """Check a receipt to its last byte; with a folder, the files in it too."""
    checked = Checked([])
    try:
        checked.read(receipt, _Log(vkey), _Folder(folder, checked) if folder else None)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        checked.failures.append(str(error) if type(error) is ValueError else "this is no receipt, or altered")
    return checked


@dataclass
class Checked:
    """One receipt, read line by line, each byte for byte in the one form it may have.  Volumes are kept."""

    failures: list[str]
    elsewhere: list[str] = field(default_factory=list)
    head: dict[str, Any] = field(default_factory=dict)
    sums: dict[str, int] = field(default_factory=lambda: {"volumes": 0, "files": 0, "bytes": 0})
    owed: dict[str, dict[str, Any]] = field(default_factory=dict)
    proven: dict[str, dict[str, Any]] = field(default_factory=dict)

    def read(self, receipt: BinaryIO, log: _Log, folder: _Folder | None) -> None:
        self.log, self.folder, may_follow, body, kind = log, folder, ["receipt", "paper"], "", ""
        self.beside, digest = os.path.dirname(getattr(receipt, "name", "")) or ".", hashlib.sha256()
        for line in iter(lambda: receipt.readline(1 << 24), b""):
            told = json.loads(line)
            kind, keys = told["kind"], " ".join(sorted(told))
            good = kind in may_follow and canonical(told) + b"\n" == line and keys == LINES[kind][0]
            _hold(good, f"this is no line of a receipt, or not in its place: {line[:80]!r}")
            body = digest.hexdigest() if kind == "log" else body
            digest.update(line)
            getattr(self, f"read_{kind}")(told)
            may_follow = LINES[kind][1].split()
        _hold(kind == "entry", "the receipt is cut: its proofs are missing")
        self.nothing_is_owed(body)
        if self.folder and self.head["kind"] == "receipt":
            self.folder.nothing_else()

    def read_receipt(self, told: dict[str, Any]) -> None:
        self.head, self.volume, due = told, dict(told, files=0), (f"seogo-{told['kind']}/1", self.log.name)
        _hold((told["format"], told["log"]) == due, "this is no {} of the log {}".format(*due))

    def read_paper(self, told: dict[str, Any]) -> None:
        self.read_receipt(told)
        self.folder = self.folder or _Folder(self.beside, self)

    def read_list(self, told: dict[str, Any]) -> None:
        if self.folder:
            self.folder.compare(told, self.volume.get("taken_in"), self.head["transfer"])

    def read_volume(self, told: dict[str, Any]) -> None:
        self.volume = {**told, "files": 0, "proven": set()}
        self.sums["volumes"] += 1
        if told["verdict"] != "waiting":
            self.owed[told["reference"] or f"at place {told['position']}"] = self.volume

    def read_file(self, told: dict[str, Any]) -> None:
        self.volume["files"] += 1
        self.sums["files"] += 1
        self.sums["bytes"] += told["bytes"]
        self.read_list(told)

    def read_totals(self, told: dict[str, Any]) -> None:
        _hold(told == {"kind": "totals", **self.sums}, "the totals are not those of the lines above")

    def read_log(self, told: dict[str, Any]) -> None:
        self.log.open(told["checkpoint"], told["before"], told["path"])

    def read_entry(self, told: dict[str, Any]) -> None:
        """One act: it is in the log, and its facts are those that the log speaks of."""
        self.log.includes(told["index"], told["entry"].encode(), told["path"])
        entry, record, salt = json.loads(told["entry"]), told["record"], bytes.fromhex(told["salt"])
        known = hashlib.sha256(salt + canonical(record)).hexdigest() == entry["digest"]
        good = salt.hex() == told["salt"] and all(entry[key] == record[key] for key in ("about", "act", "at"))
        _hold(good and known, f"entry {told['index']} of the log speaks of another record")
        self.weigh(record["act"], record["about"], record["facts"])

    def weigh(self, act: str, about: str, facts: dict[str, Any]) -> None:
        volume, agrees = self.owed.get(about, {}), True
        if volume and act == "volume.accepted":
            agrees = (facts["transfer"], facts["files"]) == (volume["taken_in"], volume["files"])
        elif volume and act == "volume.stored":
            agrees = any(all(facts[key] == bag[key] for key in bag) for bag in volume["bags"])
        elif about == self.head["transfer"]:
            for told in facts["positions"] if act == "transfer.returned" else [facts.get("number", "")]:
                self.proven[f"{act} {told}"] = facts
        _hold(agrees, f"receipt and log differ about volume {about}")
        volume.get("proven", set()).add(act)

    def nothing_is_owed(self, body: str) -> None:
        issued = self.proven.get(f"{self.head.get('paper', 'receipt')}.issued {self.head['number']}", {})
        _hold(issued.get("body_sha256") == body, f"the log knows no {self.head['kind']} with these contents")
        acts = ["transfer.received "] + ["transfer.completion_notified "] * bool(self.head.get("completion"))
        _hold(set(acts) <= self.proven.keys(), f"the log does not know of all of this: {', '.join(acts)}")
        for name, volume in self.owed.items():
            good = {"volume.accepted", f"volume.{volume['verdict']}"} <= volume["proven"]
            if volume["verdict"] == "returned":
                good = f"transfer.returned {volume['position'] - 1}" in self.proven
            _hold(good, f"the log does not know what the receipt tells of volume {name}")


def canonical(value: object) -> bytes:
    told = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return told.encode()


def _hold(good: bool, otherwise: str) -> None:
    if not good:
        raise ValueError(otherwise)


def _unbase64(text: str) -> bytes:
    _hold(base64.b64encode(base64.b64decode(text)).decode() == text, f"{text[:80]} is not base64")
    return base64.b64decode(text)


class _Folder:
    """The agency's own files, hashed one after the other."""

    def __init__(self, folder: str, checked: Checked) -> None:
        os.scandir(folder).close()  # OSError: there is no use in naming each file
        self.checked, self.top, self.seen = checked, os.fsencode(folder), {b""}
        self.root = os.path.join(self.top, b"data" * os.path.isfile(os.path.join(self.top, b"bagit.txt")))

    def compare(self, told: dict[str, Any], came: str | None, here: str) -> None:
        path = bytes.fromhex(told["path_hex"] or told["path"].encode().hex())
        _hold(not {b"..", b""} & {*path.split(b"/")}, f"{told['path']} leads out of the folder")
        full = os.path.join(self.root, path)
        full = full if told["kind"] != "list" or os.path.isfile(full) else os.path.join(self.top, path)
        self.seen.add(hashlib.sha256(full).digest()[:16])
        digest, why = hashlib.sha256(), "is not the file that was received"
        try:
            with open(full, "rb") as file:
                for block in iter(lambda: file.read(1 << 20), b""):
                    digest.update(block)
        except OSError as error:
            why = f"cannot be read: {error.strerror}"
        if digest.hexdigest() != told["sha256"] or why.startswith("cannot"):
            hint = "" if came in (None, here) else f"; it came with transfer {came}: see that round's folder"
            found = self.checked.elsewhere if hint and not os.path.lexists(full) else self.checked.failures
            found.append(f"{told['path']} in the folder {why}{hint}")

    def nothing_else(self) -> None:
        """Name what was not received, lest it go away with the rest, and folders that are not looked into."""
        unseen = {self.top}
        for folder, below, names in os.walk(self.top):
            unseen ^= {folder, *(os.path.join(folder, name) for name in below)}
            for full in (os.path.join(folder, name) for name in names if name.lower() not in LITTER):
                if hashlib.sha256(full).digest()[:16] not in self.seen:
                    shown = os.path.relpath(full, self.top).decode("utf-8", "backslashreplace")
                    self.checked.failures.append(f"{shown} in the folder is not in the receipt")
        for shut in sorted(map(os.fsdecode, unseen)):
            self.checked.elsewhere.append(f"{shut} is a link or cannot be read: it was not looked into")


class _Log:
    """What the archive's key signed: a C2SP checkpoint of a log that is hashed as in RFC 9162."""

    def __init__(self, vkey: str) -> None:
        self.name, told, encoded = [*vkey.strip().split("+", 2), "", ""][:3]
        key = _unbase64(encoded)
        self.id = hashlib.sha256(self.name.encode() + b"\n" + key).digest()[:4]
        _hold(key[:1] == b"\x01" and len(key) == 33 and told == self.id.hex(), "this is no key of a log")
        self.key, self.size, self.root, self.old_size = key[1:], 0, b"", 0

    def open(self, note: str, before: str, path: list[str]) -> None:
        """Check the signature, and that the log still begins with all that it had ``before``."""
        (self.size, self.root), (self.old_size, old_root) = self._signed(note), self._signed(before)
        steps = [_unbase64(each) for each in path]
        _hold(0 < self.old_size <= self.size, "the log has shrunk")
        found = self._both_roots(self.old_size, self.size, steps, old_root)
        _hold(found == (old_root, self.root) and not steps, "the log does not go on from where it was")

    def includes(self, index: int, entry: bytes, path: list[str]) -> None:
        steps, leaf = [_unbase64(each) for each in path], hashlib.sha256(b"\0" + entry).digest()
        good = 0 <= index < self.size and self._root(index, self.size, leaf, steps) == self.root and not steps
        _hold(good, f"entry {index} is not in the log")

    def _signed(self, note: str) -> tuple[int, bytes]:
        text, _, line = note.partition("\n\n")
        good = line.startswith(f"\u2014 {self.name} ") and line.endswith("\n")
        signature = _unbase64(line[len(self.name) + 3 : -1]) if good else b""
        good = signature[:4] == self.id and _is_signed(self.key, f"{text}\n".encode(), signature[4:])
        _hold(good, "the checkpoint is not signed with this key")
        origin, size, root = text.split("\n")
        _hold(origin == self.name, "the checkpoint is of another log")
        return int(size), _unbase64(root)

    def _node(self, left: bytes, right: bytes) -> bytes:
        return hashlib.sha256(b"\x01" + left + right).digest()

    def _root(self, index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
        """The root that a path leads to, worked out from the top; what is taken is gone from the path."""
        if size == 1:
            return leaf
        middle, aside = 1 << ((size - 1).bit_length() - 1), path.pop()
        if index < middle:
            return self._node(self._root(index, middle, leaf, path), aside)
        return self._node(aside, self._root(index - middle, size - middle, leaf, path))

    def _both_roots(self, old: int, size: int, path: list[bytes], known: bytes) -> tuple[bytes, bytes]:
        """The roots of the old and the new tree; ``known`` is the old root where it is a whole subtree."""
        if old == size:
            return (here := known or path.pop()), here
        middle, aside = 1 << ((size - 1).bit_length() - 1), path.pop()
        if old <= middle:
            before, now = self._both_roots(old, middle, path, known)
            return before, self._node(now, aside)
        before, now = self._both_roots(old - middle, size - middle, path, b"")
        return self._node(aside, before), self._node(aside, now)


P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P)


def _add(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """Points of the curve of Ed25519 (RFC 8032), in plain coordinates: slow, and easy to check."""
    (x, y), (u, v) = one, other
    both = D * x * y * u * v
    return (x * v + y * u) * pow(1 + both, -1, P) % P, (y * v + x * u) * pow(1 - both, -1, P) % P


def _times(count: int, point: tuple[int, int]) -> tuple[int, int]:
    half = _times(count >> 1, _add(point, point)) if count else (0, 1)
    return _add(half, point) if count & 1 else half


def _point(octets: bytes) -> tuple[int, int]:
    sign, y = divmod(int.from_bytes(octets, "little"), 2**255)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    _hold((x * x - square) % P == 0 and y < P and sign in (0, 1) and (x, sign) != (0, 1), "this is no point")
    return (x if x % 2 == sign else P - x), y


def _is_signed(key: bytes, text: bytes, signature: bytes) -> bool:
    base, scalar = _point((4 * pow(5, -1, P) % P).to_bytes(32, "little")), signature[32:]
    hashed = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % ORDER
    told = int.from_bytes(scalar, "little")
    right = _add(_point(signature[:32]), _times(hashed, _point(key)))
    return len(scalar) == 32 and told < ORDER and _times(told, base) == right


def main(arguments: list[str]) -> int:
    if len(arguments) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with open(arguments[0], "rb") as receipt, open(arguments[1], "rb") as vkey:
            checked = verify(receipt, vkey.read().decode(errors="replace"), *arguments[2:])
    except OSError as error:
        print(f"Nothing was checked: {error.filename} cannot be read: {error.strerror}", file=sys.stderr)
        return 4
    held = [each["files"] for each in checked.owed.values() if each["verdict"] != "returned"]
    notice = (checked.head.get("completion") or {}).get("notified_at", "not given")
    kept = f"{len(held)} volumes, {sum(held)} files in custody; completion notice (인수완료통지): {notice}"
    told = checked.failures or [f"It holds: {checked.head.get('paper') or kept}"]
    for line in [*told, *checked.elsewhere]:
        print("".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in line))
    return 5 if checked.failures else 4 if checked.elsewhere else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
