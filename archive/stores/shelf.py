"""A shelf that is a folder: for what can be made again, so it may replace and remove."""

from __future__ import annotations

import io
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from archive.stores.folder import walk
from archive.stores.ground import INCOMING, Ground
from archive.stores.keys import check_key, check_prefix


class FolderShelf:
    """See `archive.stores.store.Shelf`.  Nothing is synced: what a power cut takes is made again."""

    def __init__(self, root: Path) -> None:
        self.ground = Ground("shelf", root, sync_each_file=False)
        self.root = self.ground.root
        self.location = self.root.as_uri()

    def put(self, key: str, data: BinaryIO | bytes) -> int:
        target = self.root / check_key(key)
        aside = self.root / INCOMING / secrets.token_hex(8)
        source = io.BytesIO(data) if isinstance(data, bytes) else data
        with self.ground.told(key):
            aside.parent.mkdir(parents=True, exist_ok=True)
            try:
                with open(aside, "xb") as file:
                    shutil.copyfileobj(source, file, 1024 * 1024)
                    size = file.tell()
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(aside, target)
            finally:
                aside.unlink(missing_ok=True)
        return size

    def open(self, key: str) -> BinaryIO:
        with self.ground.told(key):
            return open(self.root / check_key(key), "rb")

    def has(self, key: str) -> bool:
        return (self.root / check_key(key)).is_file()

    def find(self, prefix: str) -> Iterator[tuple[str, int]]:
        check_prefix(prefix)
        folder = prefix.rpartition("/")[0]
        yield from walk(self.root / folder, f"{folder}/" if folder else "", prefix)

    def remove(self, key: str) -> None:
        with self.ground.told(key):
            (self.root / check_key(key)).unlink(missing_ok=True)

    def remove_prefix(self, prefix: str) -> int:
        folder = self.root / check_key(prefix.rstrip("/"))
        count = sum(1 for path in folder.rglob("*") if path.is_file())
        with self.ground.told(prefix):
            shutil.rmtree(folder, ignore_errors=not folder.exists())
        return count
