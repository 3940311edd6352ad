"""The holding area: a folder for each upload, in the home and outside every store.

uploads/<name>/parts/000001.json    what the browser listed;  .data  bytes that arrive;  .done  what failed
uploads/<name>/files/<folder>/…     files that arrived as they were listed
"""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.errors import Missing, Refused, WrongCall
from archive.site.site import Site
from archive.stores import disk, medium
from archive.stores.store import Altered, Intact
from ingest.uploads import names
from ingest.uploads.parts import Failed, Listed, Part

PART_FILES, PART_BYTES = 1000, 16 << 20
"""Files and bytes of a part; a file larger than that is a part alone."""
KEPT_FREE = 1 << 30
DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Limits:
    files: int
    bytes: int


class Holding:
    """The folder of one upload."""

    def __init__(self, site: Site, name: str) -> None:
        self.home = site.settings.home
        self.root = self.home / "uploads" / name
        self.limits = Limits(site.settings.upload_files, site.settings.upload_bytes)

    def parts(self) -> list[Part]:
        return [Part(self.root, number) for number in self._numbers()]

    def _numbers(self) -> list[int]:
        return sorted(int(path.stem) for path in (self.root / "parts").glob("*.json"))

    def part(self, number: int) -> Part:
        found = Part(self.root, number)
        if not found.exists:
            raise Missing(f"The upload has no part {number}.", next="List its files again.")
        return found

    def open_part(self, told: Any, count: int, size: int) -> tuple[Part, list[Failed]]:
        """List files as a new part; those that may not be kept are told and left out.

        ``count`` and ``size`` are those of the files listed before.
        """
        listed = _listed(told)
        faults = {each.path: names.fault_of(self.root / "files", each.path) for each in listed}
        good = [each for each in listed if faults[each.path] is None]
        bad = [Failed(path[:300], fault) for path, fault in faults.items() if fault]
        self._admit(good, count, size)
        return self._next_part(good), bad

    def _next_part(self, files: list[Listed]) -> Part:
        """A number that another request takes meanwhile is left to it."""
        while True:
            part = Part(self.root, max(self._numbers(), default=0) + 1)
            with suppress(FileExistsError):
                part.open(files)
                return part

    def _admit(self, files: Sequence[Listed], count: int, size: int) -> None:
        more = sum(each.size for each in files)
        if count + len(files) > self.limits.files:
            raise _too_much(f"more than {self.limits.files} files", "Send the folder in several uploads.")
        if size + more > self.limits.bytes:
            raise _too_much(f"more than {self.limits.bytes} bytes", "Send the folder in several uploads.")
        for changed in disk.make_folders(self.home, self.root):
            disk.sync_folder(changed)
        if more > shutil.disk_usage(self.root).free - KEPT_FREE:
            raise _too_much("more than there is room for", "Ask the archive to make room, then go on.")

    def forget(self, part: Part) -> None:
        """Let a part go with its files; what another part keeps stays."""
        others = [each for each in self.parts() if each.number != part.number]
        part.remove({each.path: each.size for other in others for each in other.kept()})

    def known(self) -> Iterator[dict[str, Any]]:
        """Each part with its files, so that a browser that comes back sends only what is missing."""
        for part in self.parts():
            failed = {each.path for each in part.failed()}
            yield {
                "number": part.number,
                "offset": part.offset(),
                "length": part.length(),
                "files": [
                    [each.path, each.size, each.modified] for each in part.files() if each.path not in failed
                ],
            }

    def failed(self) -> list[Failed]:
        """Files that failed and did not arrive in a later part."""
        last: dict[str, Failed | None] = {}
        for part in self.parts():
            last |= dict.fromkeys((each.path for each in part.files()), None)
            last |= {each.path: each for each in part.failed()}
        return [each for each in last.values() if each]

    def is_whole(self) -> bool:
        return all(part.is_whole for part in self.parts())

    def cut_what_waits(self) -> None:
        """Large parts are cut here.  Each part that is done is on the medium, here as in a request."""
        for part in self.parts():
            part.cut()

    def compare_again(self) -> None:
        """Read what arrived back from the medium; what is not what was listed has failed, and is not kept."""
        arrived = ((each.path, each.sha256, each.size) for each in self._arrived().values())
        wrong = {
            path: verdict
            for path, verdict in medium.judge_all(self.root / "files", arrived)
            if not isinstance(verdict, Intact)
        }
        # Gone before it is told: a kill between the two leaves a file that is missing, which is found again.
        for path, verdict in wrong.items():
            if isinstance(verdict, Altered):
                names.inside(self.root / "files", path).unlink()
        for part in self.parts():
            part.doubt(wrong)

    def clear_what_no_part_keeps(self) -> None:
        """Remove files that a kill or a part that was let go left behind, and folders in which nothing is."""
        root, arrived = self.root / "files", self._arrived()
        for folder, _, found in os.walk(root, topdown=False):
            paths = [Path(folder, name) for name in found]
            left = [path for path in paths if path.relative_to(root).as_posix() not in arrived]
            for path in left:
                path.unlink()
            if left:
                disk.sync_folder(folder)
            if not os.listdir(folder):
                os.rmdir(folder)

    def count(self) -> tuple[int, int]:
        """Files and bytes that arrived."""
        arrived = self._arrived().values()
        return len(arrived), sum(each.size for each in arrived)

    def _arrived(self) -> dict[str, Listed]:
        """Files by their path, each as the last part that brought it listed it."""
        return {each.path: each for part in self.parts() for each in part.kept()}

    def folder(self) -> Path:
        """The folder that was sent, or ours around several (`Arrival.top`): all that arrived lies in it.

        Refused when nothing did.
        """
        root = self.root / "files"
        inside = list(root.iterdir()) if root.is_dir() else []
        if not inside:
            raise Refused("No file of the folder arrived.", code="upload.empty",
                          next="Choose a folder whose files may be kept.")  # fmt: skip
        return inside[0] if len(inside) == 1 and inside[0].is_dir() else root

    def clear(self) -> None:
        """Let go of the files; nothing here is in custody."""
        shutil.rmtree(self.root, ignore_errors=True)


def held(site: Site) -> list[str]:
    """Names of the uploads that have a folder here."""
    root = site.settings.home / "uploads"
    return sorted(path.name for path in root.iterdir()) if root.is_dir() else []


def _listed(told: Any) -> list[Listed]:
    """The files of a part as a browser lists them: path, size, time, digest."""
    try:
        files = [
            Listed(str(path), int(size), int(modified), str(sha256)) for path, size, modified, sha256 in told
        ]
    except (TypeError, ValueError, OverflowError) as error:
        raise _not_understood() from error
    size = sum(each.size for each in files)
    one_each = len({each.path for each in files}) == len(files)
    fits = len(files) == 1 or size <= PART_BYTES
    if not (0 < len(files) <= PART_FILES and one_each and fits and all(map(_is_sound, files))):
        raise _not_understood()
    return files


def _is_sound(file: Listed) -> bool:
    return file.size >= 0 and 0 <= file.modified < 1 << 45 and bool(DIGEST.fullmatch(file.sha256))


def _not_understood() -> WrongCall:
    return WrongCall(
        "The list of files of this part cannot be understood.", code="upload.list",
        next="Load the page again and choose the folder once more; what has arrived is not sent again.",
    )  # fmt: skip


def _too_much(what: str, then: str) -> Refused:
    return Refused(f"The upload would have {what}.", code="upload.limit", next=then)
