"""The completion notice (인수완료통지): after it an agency may delete what was taken, so it rests on bytes.

It is refused while anything of the transfer waits, and until every copy of every volume was read
back lately in every store.  Nothing that a copy was found to be can slip in between: the verdicts
are held while the notice is decided.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from archive import ledger
from archive.errors import Unavailable
from archive.holdings import Volume
from archive.ledger.entries import rfc3339
from archive.site.evidence import seal_now
from archive.site.site import Site
from archive.work import jobs
from ingest import transfer_jobs, transfers
from ingest.receipts import issuing
from ingest.receipts.contents import COMPLETED
from ingest.receipts.unlisted import unlisted
from ingest.transfers import Transfer, TransferVolume, later_rounds, returning, settling
from ingest.transfers.later_rounds import TakenLater
from ingest.transfers.turns import alone
from preservation import assurance, fixity, policies
from preservation.assurance import Doubt
from preservation.fixity import Subject
from preservation.policies import Demand

NAME = "complete-transfer"
CAN_BE_READ = ("stale", "altered", "absent")
"""Doubts that reading the copy back may settle."""

Say = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Obstacle:
    """One reason why there is no notice.  ``position`` counts from 1, as the list does."""

    why: str
    position: int | None = None
    volume: str | None = None
    store: str | None = None
    verified_at: datetime | None = None
    path: str | None = None
    files: int | None = None
    transfer: str | None = None
    round: int | None = None

    @property
    def message(self) -> str:
        which = self.volume or self.position
        copy = f"The copy of volume {which} in store {self.store}"
        return {
            "nothing": "No volume of this transfer is in custody.",
            "later": f"No volume of this round is in custody; round {self.transfer} took what it returned.",
            "waiting": f"Volume {which} waits: it is neither accepted nor returned.",
            "unstored": f"Volume {which} is accepted and not stored yet.",
            "returned": f"Volume {which} was returned, and nobody has said that this is final.",
            "undecided": f"Volume {which} was returned, and is in round {self.round}, {self.transfer}, "
            "which waits: decide there first.",
            "unlisted": f"Files that belong to no volume and were not taken: {self.files}; "
            f"the first is {self.path}.",
            "missing": f"Volume {which} has no copy in store {self.store}.",
            "unfinished": f"{copy} is still being made.",
            "altered": f"{copy} is altered.",
            "absent": f"{copy} is gone.",
            "stale": f"{copy} could not be read back now.",
        }[self.why]


@dataclass(frozen=True)
class Outcome:
    """Why the transfer is not closed, or the number of the receipt that tells that it is."""

    obstacles: tuple[Obstacle, ...] = ()
    receipt: int | None = None


@jobs.job(NAME, lane="staff", timeout=timedelta(hours=48), attempts=3)
def complete_transfer(site: Site, number: str, by: str, returned_for_good: bool) -> Iterator[jobs.Progress]:
    """What the desk's button asks for.  A refusal is told in the history; it is no failure."""
    complete(site, number, by=by, returned_for_good=returned_for_good, say=lambda *_: None)
    yield 1, 1


def complete(site: Site, number: str, *, by: str, returned_for_good: bool, say: Say) -> Outcome:
    """Close a transfer and give its notice, or say what is in the way.  Of a closed one: the same again.

    ``returned_for_good``: what was returned, or is on no list, and no later round took, will not
    come again; what waits in a later round is decided there first.  Copies that were not read back
    within `SEOGO_READ_BACK_WITHIN` are read back now.
    """
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
    with alone(site, transfer.agency_code, transfer.shape):
        obstacles = () if transfer.state == "closed" else _close(site, number, by, returned_for_good, say)
        if obstacles:
            _tell(site, number, by, obstacles)
            return Outcome(obstacles)
        receipt = issuing.issue_in_turn(site, number, by=by)
        with site.open_session.begin() as session:
            transfer_jobs.done_without(session, number, NAME)
        return Outcome(receipt=receipt)


def obstacles_now(site: Site, session: Session, transfer: Transfer) -> tuple[Obstacle, ...]:
    """What is in the way as far as rows tell; copies that only have to be read back again are not."""
    found = _volumes_in_the_way(session, transfer, returned_for_good=True)
    demand = policies.in_force(session, site.settings)
    doubts = assurance.doubts(session, demand, _held(transfer), since=_since(site))
    return (*found, *(_obstacle(each) for each in doubts if each.why != "stale"))


def _close(site: Site, number: str, by: str, returned_for_good: bool, say: Say) -> tuple[Obstacle, ...]:
    since = _since(site)
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
        found = _volumes_in_the_way(session, transfer, returned_for_good)
        demand = policies.in_force(session, site.settings)
        doubts = assurance.doubts(session, demand, _held(transfer), since=since)
    if not found:
        _read_back(site, number, [each.subject for each in doubts if each.why in CAN_BE_READ], by, say)
    with site.open_session.begin() as session:
        transfer = transfers.get(session, number)
        found = _volumes_in_the_way(session, transfer, returned_for_good)
        demand = policies.in_force(session, site.settings)
        doubts = assurance.doubts(session, demand, _held(transfer), since=since, hold=True)
        obstacles = (*found, *(_obstacle(each) for each in doubts))
        if not obstacles:
            _notify(session, site, transfer, demand, since, by)
    return obstacles


def _read_back(site: Site, number: str, subjects: Sequence[Subject], by: str, say: Say) -> None:
    if not subjects:
        return
    stores = sorted({each.store for each in subjects})
    checks = fixity.check_subjects(site, subjects, about=number, stores=stores, by=by)
    for done, _ in enumerate(checks, start=1):
        say("reading back", done, len(subjects))


def _notify(
    session: Session, site: Site, transfer: Transfer, demand: Demand, since: datetime, by: str
) -> None:
    """The transfer is closed, in one transaction with the act that its receipt will prove."""
    rows = transfers.volumes_of(session, transfer)
    later = later_rounds.volumes(session, transfer)
    # What a later round took is not taken from this one.
    if waiting := [row for row in rows if row.state == "waiting" and row.position in later]:
        for row in waiting:
            row.state = "returned"
        returning.record(session, site, transfer, [row.position for row in waiting], by=by, reason="")
    settling.settle(session, transfer)
    transfer.move("complete")
    returned = [row.position for row in rows if row.volume_id is None]
    facts = {
        "agency_code": transfer.agency_code,
        "stored": len(rows) - len(returned),
        "returned_for_good": [place for place in returned if place not in later],
        "taken_later": [
            {"position": place, "transfer": each.transfer, "reference": each.reference}
            for place, each in later.items()
        ],
        "stores": _stores(session, demand, transfer),
        "read_back_since": rfc3339(since),
    }
    about, now = transfer.number, site.now()
    ledger.record(session, act="transfer.completion_notified", about=about, at=now, actor=by, facts=facts)
    transfers.note(session, transfer, COMPLETED, by=by, at=now)
    transfers.note(session, transfer, "closed", by=by, at=now)


def _tell(site: Site, number: str, by: str, obstacles: Sequence[Obstacle]) -> None:
    told = " ".join(each.message for each in obstacles[:5])
    more = f" And {len(obstacles) - 5} more." if len(obstacles) > 5 else ""
    with site.open_session.begin() as session:
        transfer = transfers.get(session, number)
        transfers.note(session, transfer, "completion-refused", by=by, at=site.now(), detail=told + more)
    with suppress(Unavailable):  # a store that is away is in the way already, and sealed within the hour
        seal_now(site)


def _volumes_in_the_way(session: Session, transfer: Transfer, returned_for_good: bool) -> list[Obstacle]:
    rows = session.execute(
        select(
            TransferVolume.position,
            TransferVolume.state,
            TransferVolume.volume_id,
            Volume.reference,
            Volume.state.label("custody"),
        )
        .outerjoin(Volume, Volume.id == TransferVolume.volume_id)
        .where(TransferVolume.transfer_id == transfer.id)
        .order_by(TransferVolume.position)
    )
    later = later_rounds.volumes(session, transfer)
    undecided = later_rounds.undecided(session, transfer, later)
    found: list[Obstacle] = []
    held = 0
    for row in rows:
        held += row.volume_id is not None
        if row.volume_id is not None and row.custody != "stored":
            found.append(Obstacle("unstored", row.position + 1, row.reference))
        elif row.volume_id is not None or row.position in later:
            continue
        elif row.state != "returned":
            found.append(Obstacle("waiting", row.position + 1))
        elif other := undecided.get(row.position):
            place = row.position + 1
            found.append(Obstacle("undecided", place, transfer=other.number, round=other.round))
        elif not returned_for_good:
            found.append(Obstacle("returned", row.position + 1))
    if not returned_for_good and (paths := unlisted(session, transfer, besides=later)):
        found.append(Obstacle("unlisted", path=paths[0], files=len(paths)))
    return found if held else [*found, _nothing(later)]


def _nothing(later: Mapping[int, TakenLater]) -> Obstacle:
    """Nothing of this round is in custody: where later ones took it, the notice is given of those."""
    last = max((each.transfer for each in later.values()), default=None)
    return Obstacle("later", transfer=last) if last else Obstacle("nothing")


def _obstacle(doubt: Doubt) -> Obstacle:
    subject = doubt.subject
    return Obstacle(doubt.why, None, subject.volume, subject.store, doubt.verified_at)


def _held(transfer: Transfer) -> Select[*tuple[Any, ...]]:
    mine = TransferVolume.transfer_id == transfer.id
    return select(TransferVolume.volume_id).where(mine, TransferVolume.volume_id.is_not(None))


def _stores(session: Session, demand: Demand, transfer: Transfer) -> list[str]:
    """Every store that must hold volumes of this transfer."""
    held = Volume.id.in_(_held(transfer))
    classes = session.execute(select(Volume.retention, Volume.agency_code).where(held).distinct())
    return sorted({store for retention, agency in classes for store in demand.stores_of(retention, agency)})


def _since(site: Site) -> datetime:
    return site.now() - timedelta(hours=site.settings.read_back_within)
