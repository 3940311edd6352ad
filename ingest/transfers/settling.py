"""Brings transfers up to date with their volumes, of which some are stored later than they were accepted."""

from collections.abc import Iterator

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from archive.holdings import Volume
from archive.site.site import Site
from archive.work import jobs
from ingest.transfers import rows as transfers
from ingest.transfers.rows import Transfer, TransferVolume
from preservation import storing


@jobs.job(storing.SETTLING)
def settle_transfers(site: Site) -> Iterator[jobs.Progress]:
    """Settle each transfer with volumes whose last copy has been verified by now."""
    with site.reading_session() as session:
        wanted = select(Transfer.number).where(Transfer.id.in_(_stored(TransferVolume.transfer_id)))
        numbers = session.scalars(wanted.order_by(Transfer.id)).all()
    for done, number in enumerate(numbers, start=1):
        with site.open_session.begin() as session:
            transfer = transfers.get(session, number)
            settle(session, transfer)
            if transfer.state == "stored":
                transfers.note(session, transfer, "stored", by=storing.SETTLING, at=site.now())
        yield done, len(numbers)


def settle(session: Session, transfer: Transfer) -> None:
    """Bring the states of a transfer and its volumes in line with what is held."""
    rows = select(TransferVolume).where(
        TransferVolume.transfer_id == transfer.id, TransferVolume.id.in_(_stored(TransferVolume.id))
    )
    for row in session.scalars(rows):
        row.state = "stored"
    session.flush()
    transfers.settle(session, transfer)


def _stored(column: InstrumentedAttribute[int]) -> Select[int]:
    """Of the volumes that were accepted with a copy owing and are stored now."""
    return (
        select(column)
        .join(Volume, Volume.id == TransferVolume.volume_id)
        .where(TransferVolume.state == "accepted", Volume.state == "stored")
    )
