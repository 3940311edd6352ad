"""How far a transfer is: told where a run stops in the middle, and where another one goes on."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from archive.errors import Conflict, Unavailable
from archive.ledger import COMMAND_LINE
from archive.site.language import amount
from archive.site.site import Site
from ingest import transfers
from ingest.looking.landing import shown
from ingest.transfers import Transfer, later_rounds
from ingest.transfers.states import UNFINISHED
from ingest.transfers.turns import alone

NOBODY = "No process holds it now: if none is looking through its folder"


@dataclass(frozen=True, kw_only=True)
class Far:
    """Volumes of a transfer.  ``accepted``: in custody, with those that are ``stored``."""

    listed: int
    accepted: int
    stored: int

    @property
    def now(self) -> str:
        """As it is told where a run stops."""
        owing = self.accepted - self.stored
        more = f", {owing:,} more {'is' if owing == 1 else 'are'} in custody and owed a copy" if owing else ""
        return f"{self._of_all} {'is' if self._is_one else 'are'} stored{more}"

    @property
    def before(self) -> str:
        """As it is told where a run goes on."""
        return f"{self._of_all} {'was' if self._is_one else 'were'} stored before"

    @property
    def _of_all(self) -> str:
        return f"{self.stored:,} of {amount(self.listed, 'volume')}"

    @property
    def _is_one(self) -> bool:
        return 1 in (self.stored, self.listed)


@dataclass(frozen=True)
class Received:
    """What a folder is: a new transfer, or the same as one that was there ``before``.

    ``far``: how far that one was, where something was left to do.
    """

    number: str
    before: bool
    far: Far | None


class Interrupted(Unavailable):
    """What did not answer while volumes were taken; what was taken stays, and its transfer is named."""

    def __init__(self, error: Unavailable, number: str, far: Far) -> None:
        then = error.next or "Run the same again; it goes on."
        super().__init__(
            error.message, code=error.code, store=error.store,
            next=f"Transfer {number} is recorded, {far.now}. {then}",
        )  # fmt: skip
        self.number, self.far = number, far

    @property
    def facts(self) -> dict[str, Any]:
        return {"transfer": self.number, "volumes": vars(self.far)}


def how_far(session: Session, transfer: Transfer) -> Far:
    states = transfers.count_states(session, transfer)
    stored = states.get("stored", 0)
    return Far(listed=sum(states.values()), accepted=stored + states.get("accepted", 0), stored=stored)


def stopped_at(site: Site, number: str, *, accept: bool) -> Far | None:
    """How far a run is that goes on with this transfer; None where nothing is left for it to do.

    ``accept``: it takes what may be taken.
    """
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
        far = how_far(session, transfer)
        is_owed = far.accepted > far.stored or later_rounds.waiting(session, transfer).acceptable > 0
        return far if transfer.state in UNFINISHED or (accept and is_owed) else None


@contextmanager
def naming(site: Site, number: str) -> Iterator[None]:
    """Whatever does not answer is told with the transfer that it stopped, and how far that is."""
    try:
        yield
    except Unavailable as error:
        try:
            with site.reading_session() as session:
                far = how_far(session, transfers.get(session, number))
        except OperationalError:
            raise error from None  # the database is away too; what went away first is told
        raise Interrupted(error, number, far) from error


def cut_off(site: Site, transfer: Transfer) -> list[str]:
    """How a run that was killed goes on; nothing where none was, or where one holds the transfer.

    One that still looks through the folder does not hold it yet, and nobody knows of it.
    """
    if transfer.state not in UNFINISHED or _is_at_work(site, transfer):
        return []
    if transfer.received_by != COMMAND_LINE:
        return [f"{NOBODY}, go on with: seogo work --until-idle"]
    folder, agency = shlex.quote(shown(transfer.folder)), transfer.agency_code
    return [f"{NOBODY}, go on with the same command: "
            f"seogo transfer receive {folder} --agency {agency} …"]  # fmt: skip


def _is_at_work(site: Site, transfer: Transfer) -> bool:
    try:
        with alone(site, transfer.agency_code, transfer.shape):
            return False
    except (Conflict, Unavailable):  # where nothing can be locked nobody knows
        return True
