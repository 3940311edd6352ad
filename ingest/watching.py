"""The watched folder: what agencies lay down in it is taken up by itself, once, and answered beside it.

``SEOGO_WATCH/<agency code>/<transfer folder>``.  A folder is complete when ``<transfer folder>.done``
lies beside it, or when nothing in it was written for a while.  The answer is a file beside it too,
so that the folder keeps the inventory by which it is known.  What was corrected is laid down as
``<any name>.round-of-<number of its transfer>``.
"""

import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.errors import ArchiveError, Conflict, Unavailable
from archive.site.evidence import seal_now
from archive.site.site import Site
from ingest import agreements, receiving, results
from ingest.receiving import Asked, Say

BY = "watched-folder"
DONE, ANSWER = ".done", ".answer.json"
ROUND = re.compile(r".+[.]round-of-(?P<number>[0-9]{4}-[0-9]{4,})")
"""A folder of this name corrects that transfer: it is its next round."""
AGENCY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True)
class Laid:
    """A transfer folder that nobody has answered yet."""

    agency: str
    folder: Path

    @property
    def answer(self) -> Path:
        return self.folder.with_name(self.folder.name + ANSWER)

    def is_complete(self, now: float, quiet: int) -> bool:
        """Marked as done, or not written to for so many seconds by the clock of the file system."""
        if self.folder.with_name(self.folder.name + DONE).exists():
            return True
        return now - _last_change(self.folder) >= quiet


def laid(root: Path) -> Iterator[Laid]:
    """Folders without an answer, by agency and name.  Links are not followed."""
    for agency in _folders(root):
        if AGENCY.fullmatch(agency.name):
            for folder in _folders(agency):
                found = Laid(agency.name, folder)
                if not found.answer.exists():
                    yield found


def look(site: Site, say: Say) -> Iterator[dict[str, Any]]:
    """Take up every folder that is complete; yields the answer that was laid beside each.

    What cannot be looked at now, or is being received by somebody else, is left for the next look.
    """
    for each in complete(site):
        try:
            answer = take_up(site, each, say)
        except Unavailable:
            continue
        if answer is not None:
            yield answer


def complete(site: Site) -> Iterator[Laid]:
    """The folders that are complete and have no answer.  Unavailable when they cannot be looked at."""
    root, quiet = site.settings.watch, site.settings.watch_quiet
    with _usable():
        for each in laid(root) if root else ():
            if each.is_complete(site.machine_now().timestamp(), quiet):
                yield each


def take_up(site: Site, found: Laid, say: Say) -> dict[str, Any] | None:
    """Receive one folder and answer it; None while somebody else receives it."""
    told = {"agency": found.agency, "folder": found.folder.name, "at": site.now().isoformat()}
    with _usable():
        try:
            number = receiving.receive(site, asked(site, found.agency, found.folder, by=BY), say)
            seal_now(site)
        except Unavailable:
            raise
        except ArchiveError as error:
            if isinstance(error, Conflict) and error.code == "busy":
                return None
            answer = {**told, "error": {"code": error.code, "message": error.message, "next": error.next}}
        else:
            with site.reading_session() as session:
                answer = {**told, **results.result(session, number)}
        _lay(found.answer, answer)
    return answer


def asked(site: Site, agency: str, folder: Path, *, by: str) -> Asked:
    """Taken at once where that was agreed, else it waits for an archivist; a round where its name says so."""
    with site.reading_session() as session:
        agreed = agreements.in_force(session, agency, site.today())
    accept = agreed is not None and agreed.accept
    again = ROUND.fullmatch(folder.name)
    earlier = again.group("number") if again else None
    return Asked(folder=folder, agency=agency, accept=accept, round_of=earlier, by=by)


@contextmanager
def _usable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"The watched folder cannot be used ({error.strerror}: {error.filename}).",
            code="watch", next="Mend its rights or its medium; the next look goes on.",
        ) from error  # fmt: skip


def _lay(path: Path, answer: dict[str, Any]) -> None:
    """Lay the answer down whole or not at all."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".answer-", delete=False) as aside:
        json.dump(answer, aside, ensure_ascii=False, indent=1)
        aside.flush()
        os.fsync(aside.fileno())
        os.chmod(aside.name, 0o644)
    os.replace(aside.name, path)


def _folders(parent: Path) -> list[Path]:
    with os.scandir(parent) as entries:
        names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    return [parent / name for name in sorted(names) if not name.startswith(".")]


def _last_change(folder: Path) -> float:
    """When anything in a folder was last written or moved there; a copied time does not deceive it."""
    newest = folder.stat().st_ctime
    for top, folders, files in os.walk(folder):
        for name in (*folders, *files):
            newest = max(newest, os.lstat(os.path.join(top, name)).st_ctime)
    return newest
