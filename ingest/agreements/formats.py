"""Holds the formats of new volumes against what was agreed, once they are known.

While a transfer is looked at its formats are not known: they are told from the verified copy.
So a clause about PUIDs judges a volume that is in custody and stays there; a person decides.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from archive.outbox import OutboxRow
from archive.site.site import Site
from archive.work import jobs
from ingest import transfers
from ingest.agreements import versions
from ingest.agreements.documents import Agreement
from ingest.agreements.judging import BY_PRONOM, judge
from ingest.agreements.sent import Past
from ingest.looking.inventory import About
from ingest.transfers import Transfer, TransferVolume
from preservation import identifying

AT_ONCE = 100


@jobs.job(identifying.JUDGING)
def judge_formats(site: Site) -> Iterator[jobs.Progress]:
    """Judge every volume whose files were identified meanwhile; each is judged once."""
    done, after = 0, 0
    while numbers := _next(site, after):
        for transfer_id, number in numbers:
            after = transfer_id
            for judged in _judge_transfer(site, number):
                done += judged
                yield done, done


def _next(site: Site, after: int) -> Sequence[tuple[int, str]]:
    """Transfers with an agreement and with volumes to be judged."""
    with site.reading_session() as session:
        wanted = select(Transfer.id, Transfer.number).where(
            Transfer.id > after, Transfer.agreement_version.is_not(None),
            exists().where(TransferVolume.transfer_id == Transfer.id, *_WAITS),
        )  # fmt: skip
        return [(id_, number) for id_, number in session.execute(wanted.order_by(Transfer.id).limit(AT_ONCE))]


_WAITS = (
    TransferVolume.reference.is_not(None),
    TransferVolume.volume_id.is_not(None),
    TransferVolume.formats_judged.is_(False),
    ~exists().where(
        OutboxRow.kind == identifying.NEW, OutboxRow.subject_id == TransferVolume.volume_id
    ),
)  # fmt: skip
"""A volume that this transfer brought, whose files are known, and which nobody judged."""


def _judge_transfer(site: Site, number: str) -> Iterator[int]:
    """Some volumes in a transaction each time, and a line in the history; yields how many."""
    while True:
        with site.open_session.begin() as session:
            transfer = transfers.get(session, number)
            agreed = _of_formats(session, transfer)
            volumes = _claim(session, transfer)
            found = [
                each for volume_id in volumes for each in _differing(session, transfer, agreed, volume_id)
            ]
            transfers.add_findings(session, transfer, found)
            if found:
                count, at = str(len(found)), site.now()
                transfers.note(
                    session, transfer, "formats-judged", by=identifying.JUDGING, at=at, detail=count
                )
        if not volumes:
            return
        yield len(volumes)


def _differing(session: Session, transfer: Transfer, agreed: Agreement, volume_id: int) -> Iterator[About]:
    if agreed.clauses:
        sent = Past(session, transfer, volume=volume_id)
        yield from (each for each in judge(agreed, sent) if each[1].rule == BY_PRONOM)


def _claim(session: Session, transfer: Transfer) -> Sequence[int]:
    """Mark some volumes as judged; their findings are written in the same transaction."""
    waiting = select(TransferVolume.id).where(TransferVolume.transfer_id == transfer.id, *_WAITS)
    some = session.scalars(waiting.order_by(TransferVolume.id).limit(AT_ONCE)).all()
    mine = (
        update(TransferVolume)
        .where(TransferVolume.id.in_(some), TransferVolume.formats_judged.is_(False))
        .values(formats_judged=True)
        .returning(TransferVolume.volume_id)
    )
    return [each for each in session.scalars(mine) if each is not None]


def _of_formats(session: Session, transfer: Transfer) -> Agreement:
    """The agreement that judged the transfer, with its clauses about PUIDs alone."""
    agreed = versions.get_version(session, transfer.agency_code, transfer.agreement_version or 0)
    clauses = tuple(each for each in agreed.clauses if each.options.get("puids"))
    return replace(agreed, clauses=clauses)
