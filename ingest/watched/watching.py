"""The watched folder: what agencies lay down in it is taken up by itself, once, and answered beside it.

``SEOGO_WATCH/<agency code>/<transfer folder>``.  A folder is complete when ``<transfer folder>.done``
lies beside it, or when nothing in it was written for a while.  The answer is a file beside it too,
so that the folder keeps the inventory by which it is known.  What was corrected is laid down as
``<any name>.round-of-<number of its transfer>``, and what only looks so as ``<any name>.another-transfer``.
"""

import errno
import json
import math
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from archive.errors import ArchiveError, Conflict, Unavailable
from archive.holdings import AGENCY_CODE
from archive.ledger import AnotherLog
from archive.segments import digest_of_name
from archive.site.evidence import seal_now
from archive.site.language import amount
from archive.site.site import Site
from ingest import agreements, results, transfers
from ingest.looking.landing import read_name, shown
from ingest.taking import known, receiving
from ingest.taking.going_on import Received
from ingest.taking.receiving import Asked
from ingest.taking.saying import Say

BY = "watched-folder"
DONE, ANSWER = ".done", ".answer.json"
ROUND = re.compile(r".+[.]round-of-(?P<number>[0-9]{4}-[0-9]{4,})")
"""A folder of this name corrects that transfer: it is its next round."""
ANOTHER = ".another-transfer"
"""A folder whose name ends so is another transfer, though it looks like an earlier one."""
LONGEST_NAME = 255
"""Bytes that a name may have on the file systems in use."""


@dataclass(frozen=True)
class Laid:
    """A transfer folder that nobody has answered yet; a file that is marked as done is refused as one."""

    agency: str
    folder: Path

    @property
    def answer(self) -> Path:
        """Beside it, also where its name leaves no room for an ending."""
        name = self.folder.name
        if len(os.fsencode(name + ANSWER)) > LONGEST_NAME:
            name = f"{name[:50]}-{digest_of_name(name)}"
        return self.folder.with_name(name + ANSWER)

    @property
    def is_marked(self) -> bool:
        return _is_there(self.folder.with_name(self.folder.name + DONE))

    @property
    def is_there(self) -> bool:
        if self.folder.is_symlink():
            return False
        return self.folder.is_dir() or (self.folder.is_file() and self.is_marked)

    def is_complete(self, now: float, quiet: int) -> bool:
        """Marked as done, or not written to for so many seconds by the clock of the file system."""
        if self.is_marked:
            return True
        return now - _last_change(self.folder) >= quiet


def laid(root: Path, unseen: list[OSError]) -> Iterator[Laid]:
    """Folders and marked files without an answer, by agency and name.  Links are not followed."""
    with _usable():
        agencies = [each for each in _folders(root) if AGENCY_CODE.fullmatch(each.name)]
    for agency in agencies:
        try:
            waiting = [each for each in _laid_by(agency) if not _is_there(each.answer)]
        except OSError as error:
            unseen.append(error)
            continue
        yield from waiting


def look(site: Site, say: Say) -> Iterator[dict[str, Any]]:
    """Take up every folder that is complete; yields the answer that was laid beside each.

    What is being received by somebody else is left for the next look, and so is what cannot be looked
    at now: it keeps no other folder waiting, and Unavailable tells of it at the end.
    """
    away: list[Unavailable] = []
    try:
        for each in complete(site):
            try:
                answer = take_up(site, each, say)
            except Unavailable as error:
                away.append(error)
                continue
            if answer is not None:
                yield answer
    except Unavailable as error:
        away.append(error)
    if away:
        raise away[0]


def complete(site: Site) -> Iterator[Laid]:
    """The folders that are complete and have no answer.

    Unavailable, after all others, when some could not be looked at.
    """
    root, quiet = site.settings.watch, site.settings.watch_quiet
    unseen: list[OSError] = []
    for each in laid(root, unseen) if root else ():
        try:
            is_complete = each.is_complete(site.machine_now().timestamp(), quiet)
        except OSError as error:
            unseen.append(error)
            continue
        if is_complete:
            yield each
    if unseen:
        raise _not_usable(*unseen)


def take_up(site: Site, found: Laid, say: Say) -> dict[str, Any] | None:
    """Receive one folder and answer it; None while somebody else receives it."""
    told: dict[str, Any] = {
        "agency": found.agency, "folder": read_name(found.folder.name)[0], "at": site.now().isoformat()
    }  # fmt: skip
    with _usable():
        try:
            received = receiving.received(site, asked(site, found.agency, found.folder, by=BY), say)
            seal_now(site)
        except (Unavailable, AnotherLog):  # neither is for the agency to mend
            raise
        except ArchiveError as error:
            if isinstance(error, Conflict) and error.code == "busy":
                return None
            answer = {**told, "error": error.told}
        else:
            with site.reading_session() as session:
                before = _before(session, found, received)
                answer = {**told, **results.result(session, received.number), "received_before": before}
        _lay(found.answer, answer)
    return answer


def _before(session: Session, found: Laid, received: Received) -> dict[str, str] | None:
    """When the transfer was received that a folder brings again; one that nobody answered brings it once."""
    is_again = received.before and (
        Path(transfers.get(session, received.number).folder) != known.place_of(found.folder)
    )
    return results.before(session, received.number) if is_again else None


def asked(site: Site, agency: str, folder: Path, *, by: str) -> Asked:
    """Taken at once where that was agreed, else it waits for an archivist; its name says what it is."""
    with site.reading_session() as session:
        agreed = agreements.in_force(session, agency, site.today())
    accept = agreed is not None and agreed.accept
    again = ROUND.fullmatch(folder.name)
    earlier = again.group("number") if again else None
    another = folder.name.endswith(ANOTHER)
    return Asked(folder=folder, agency=agency, accept=accept, round_of=earlier, another=another, by=by)


@contextmanager
def _usable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _not_usable(error) from error


def _not_usable(*errors: OSError) -> Unavailable:
    told = "; ".join(f"{error.strerror}: {shown(str(error.filename))}" for error in errors[:5])
    return Unavailable(
        f"In the watched folder {amount(len(errors), 'place')} cannot be used ({told}).",
        code="watch", next="Mend their rights or the medium; the next look goes on.",
    )  # fmt: skip


def _lay(path: Path, answer: dict[str, Any]) -> None:
    """Lay the answer down whole or not at all."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".answer-", delete=False) as aside:
        json.dump(answer, aside, ensure_ascii=False, indent=1)
        aside.flush()
        os.fsync(aside.fileno())
        os.chmod(aside.name, 0o644)
    os.replace(aside.name, path)


def _laid_by(agency: Path) -> list[Laid]:
    with os.scandir(agency) as entries:
        names = sorted(entry.name for entry in entries if not entry.name.startswith("."))
    found = (Laid(agency.name, agency / name) for name in names)
    return [each for each in found if each.is_there]


def _folders(parent: Path) -> list[Path]:
    with os.scandir(parent) as entries:
        names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    return [parent / name for name in sorted(names) if not name.startswith(".")]


def _last_change(folder: Path) -> float:
    """When anything in a folder was last written or moved there; a copied time does not deceive it."""
    try:
        newest = folder.stat().st_ctime
        for top, folders, files in os.walk(folder, onerror=_rise):
            for name in (*folders, *files):
                newest = max(newest, os.lstat(os.path.join(top, name)).st_ctime)
    except FileNotFoundError:
        return math.inf  # something went away while we looked: it is being written now
    return newest


def _rise(error: OSError) -> None:
    raise error


def _is_there(path: Path) -> bool:
    """Whether a file of this name is there; none is where no file can have the name."""
    try:
        return path.exists()
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return False
