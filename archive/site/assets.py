"""The files a browser is sent: each has an address that holds its digest, so it may be kept for a year."""

import gzip
import hashlib
import mimetypes
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

mimetypes.add_type("font/woff2", ".woff2")
mimetypes.add_type("text/javascript", ".js")
TEXT = ("text/", "image/svg", "application/json")
# Names that a link from outside may use: the digest is in the lock file beside them.
PLAIN = (".txt", ".lock.json")


@dataclass(frozen=True)
class Asset:
    address: str
    mimetype: str
    data: bytes

    @cached_property
    def packed(self) -> bytes | None:
        """The same in gzip, with no time in it; None where that gives nothing."""
        return gzip.compress(self.data, 9, mtime=0) if self.mimetype.startswith(TEXT) else None


@dataclass(frozen=True)
class Assets:
    by_name: Mapping[str, Asset]
    by_address: Mapping[str, Asset]


def read(folders: Iterable[Path]) -> Assets:
    """Every file of the folders; they are few and small, so they are held in memory."""
    found = {path.name: path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())}
    by_name = {name: _asset(path) for name, path in found.items() if path.is_file()}
    by_address = {asset.address: asset for asset in by_name.values()}
    by_address.update({name: asset for name, asset in by_name.items() if name.endswith(PLAIN)})
    return Assets(by_name, by_address)


def _asset(path: Path) -> Asset:
    data = path.read_bytes()
    stem, _, ending = path.name.rpartition(".")
    address = f"{stem}.{hashlib.sha256(data).hexdigest()[:10]}.{ending}"
    mimetype = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset(address, mimetype, data)
