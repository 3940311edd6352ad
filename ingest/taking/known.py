"""What the archive knows already of a folder that arrives: the same transfer, or the one it corrects."""

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.database import ROWS_AT_ONCE
from archive.errors import Conflict, Missing, Refused
from archive.site.site import Site
from ingest import transfers
from ingest.checking import reading
from ingest.looking.inspection import Inspection
from ingest.looking.landing import shown
from ingest.transfers import Transfer, TransferVolume, readings, rounds
from ingest.transfers.states import UNFINISHED


def same_transfer(
    session: Session, inspection: Inspection, *, agency: str, claimed: dict[str, str], round_of: str | None
) -> str | None:
    """The transfer that this folder is, if it is known: same names, same sizes, same digests."""
    for transfer in transfers.with_shape(session, agency, inspection.arrival.shape):
        if round_of and transfer.round_of != round_of:
            continue
        if transfer.claimed == claimed:
            inspection.remember(readings.known(session, transfer))
            if _bytes_are_the_same(transfer, inspection):
                return transfer.number
    inspection.remember(())
    return None


def hold_what_it_brought(session: Session, inspection: Inspection, number: str) -> None:
    """Note which volumes of a transfer that comes again are in custody already."""
    held = select(TransferVolume.position, TransferVolume.volume_id).where(
        TransferVolume.transfer_id == transfers.get(session, number).id
    )
    for position, volume in session.execute(held.execution_options(yield_per=ROWS_AT_ONCE)):
        if volume is not None:
            inspection.hold(position, volume)


def digests_of_lists(inspection: Inspection) -> dict[str, str]:
    """SHA-256 of the lists and other administrative files, by name."""
    return {name: reading.sha256_of(path) for name, path in inspection.administrative.items()}


def round_after(site: Site, number: str | None) -> int:
    """Which round a transfer would be that corrects this one; the first where it corrects none."""
    with site.reading_session() as session:
        return transfers.get(session, number).round + 1 if number else 1


def earlier_round(session: Session, number: str, agency: str, *, typed: bool = False) -> Transfer:
    """The transfer that a new round corrects.  Missing when the agency has none of that number.

    ``typed``: somebody at the archive gave the agency's code, and is told whose it is: Refused.
    """
    earlier = transfers.get(session, number)
    if earlier.agency_code != agency:
        if not typed:
            raise transfers.missing(number)
        raise Refused(
            f"Transfer {number} came from agency {earlier.agency_code}, not from {agency}.",
            code="transfer.round", next="Give the agency and the number of the same transfer.",
        )  # fmt: skip
    return earlier


def place_of(folder: Path) -> Path:
    """Where a folder lies, as a transfer has it: in full, and without steps up before its own name.

    Links stay: somebody may turn them to another disk, and its own name is the title where there is no list.
    """
    place = folder.absolute()
    return place.parent.resolve() / place.name if ".." in place.parts else place


def folder_of(transfer: Transfer) -> Path:
    """Where the folder of a transfer lies.  Missing when it is there no more."""
    folder = Path(transfer.folder)
    if folder.is_dir():
        return folder
    command = f"seogo transfer receive FOLDER --agency {transfer.agency_code}"
    step = f"Put it back, or say where it lies now: {command}"
    if transfer.state in ("stored", "closed", "returned"):
        step = "Nothing of it waits, so it is not needed."
    raise Missing(
        f"The folder of transfer {transfer.number} is no longer at {shown(str(folder))}.",
        code="transfer.folder", next=step,
    )  # fmt: skip


def follow(site: Site, number: str, folder: Path, *, by: str) -> None:
    """Look for a transfer from now on where somebody says that it lies, when its folder was moved there."""
    with site.open_session.begin() as session:
        transfer = transfers.get(session, number)
        if not Path(transfer.folder).is_dir():
            transfer.folder = str(place_of(folder))
            transfers.note(session, transfer, "moved", by=by, at=site.now(), detail=shown(transfer.folder))


def changed(site: Site, transfer: Transfer) -> Conflict:
    """What is said of a folder that is no longer what was received: which round it may become."""
    with site.reading_session() as session:
        newest = rounds.chain(session, transfer)[-1].number
    first = "Put it back as it was, or receive"
    if newest != transfer.number:
        first = f"It was corrected by {newest}: seogo transfer show {newest}. If it changed since, receive"
    return Conflict(
        f"The folder of transfer {transfer.number} has changed since it was received.",
        code="transfer.changed",
        next=f"{first} what it holds now as a new round: "
        f"seogo transfer receive FOLDER --agency {transfer.agency_code} --round-of {newest}",
    )


def _bytes_are_the_same(transfer: Transfer, inspection: Inspection) -> bool:
    """Compare what is known of each file.  In an unfinished transfer an untouched file is not read again."""
    unfinished = transfer.state in UNFINISHED
    for file, sha256, seconds in inspection.remembered():
        if unfinished and seconds == file.modified_ns // 10**9:
            continue
        if reading.sha256_of(inspection.arrival.full_path(file.path)) != sha256:
            return False
    return True
