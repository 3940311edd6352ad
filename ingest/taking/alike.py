"""Volumes that other transfers of an agency brought under the same number, and whether they are the same.

A number, or the title where a volume has none, only makes two volumes look alike; the files decide.
The same files under another number and title are not seen.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from archive.errors import Unavailable
from archive.holdings import ContentFile, Item, Volume
from ingest.checking import reading
from ingest.looking.inspection import Inspection
from ingest.looking.landing import Found
from ingest.looking.matching import PlannedVolume
from ingest.transfers import Transfer, TransferVolume, readings
from ingest.transfers.readings import TransferFile

ASKED_AT_ONCE = 400
"""How many numbers one query asks for; databases limit the parameters of a query."""
SENT = "SELECT sha256 FROM sent ORDER BY sha256"
"""The question for the digests that were laid down."""
NOT_TAKEN = ("waiting", "returned")
ENDED = "closed"


@dataclass(frozen=True)
class Alike:
    """A volume of another transfer.  ``volume_id`` and ``reference`` are None where it is not in custody."""

    transfer: str
    transfer_id: int
    position: int
    sender_id: str | None
    title: str
    files: int
    bytes: int
    volume_id: int | None
    reference: str | None


def key(sender_id: str | None, title: str) -> str:
    return f"number {sender_id}" if sender_id else f"title {title}"


def key_of(planned: PlannedVolume) -> str:
    return key(planned.description.sender_id, planned.description.title)


def find(
    session: Session, agency: str, planned: Sequence[PlannedVolume], *, apart: Iterable[str], open_too: bool
) -> dict[str, list[Alike]]:
    """By key, what other transfers of the agency brought into custody, those of ``apart`` left out.

    ``open_too``: also what waits or was returned in a transfer that is not closed.
    """
    custody: ColumnElement[bool] = TransferVolume.volume_id.is_not(None)
    waits = and_(TransferVolume.state.in_(NOT_TAKEN), Transfer.state != ENDED)
    rows = (
        select(
            Transfer.number, Transfer.id, TransferVolume.position, TransferVolume.sender_id,
            TransferVolume.title, TransferVolume.files, TransferVolume.bytes, TransferVolume.volume_id,
            Volume.reference,
        )
        .join(TransferVolume, TransferVolume.transfer_id == Transfer.id)
        .outerjoin(Volume, Volume.id == TransferVolume.volume_id)
        .where(
            Transfer.agency_code == agency, Transfer.number.not_in(apart), _called(planned),
            or_(custody, waits) if open_too else custody,
        )
        .order_by(Transfer.id, TransferVolume.position)
    )  # fmt: skip
    found: dict[str, list[Alike]] = {}
    for each in (Alike(*row) for row in session.execute(rows)):
        found.setdefault(key(each.sender_id, each.title), []).append(each)
    return found


def _called(planned: Sequence[PlannedVolume]) -> ColumnElement[bool]:
    told = [each.description for each in planned]
    numbers = {each.sender_id for each in told if each.sender_id}
    titles = {each.title for each in told if not each.sender_id}
    by_number: ColumnElement[bool] = TransferVolume.sender_id.in_(numbers)
    by_title = and_(TransferVolume.sender_id.is_(None), TransferVolume.title.in_(titles))
    return or_(by_number, by_title) if titles else by_number


def has_same_files(session: Session, inspection: Inspection, planned: PlannedVolume, other: Alike) -> bool:
    """Whether a volume has the very same files as another; one that cannot be read is not the same."""
    if not planned.files or (planned.files, planned.bytes) != (other.files, other.bytes):
        return False
    kept = in_custody(other.volume_id) if other.volume_id is not None else _as_read(other)
    try:
        return are_files_of(session, inspection, planned, kept)
    except Unavailable as error:
        if error.code != reading.NOT_READ:
            raise
        return False


def brought_most_files_of(
    session: Session, inspection: Inspection, planned: PlannedVolume, others: Sequence[Alike]
) -> set[str]:
    """Transfers that brought most of its files before, in one of ``others`` that was read and not taken."""
    read: dict[str, list[Alike]] = {}
    for each in others:
        if each.volume_id is None:
            read.setdefault(each.transfer, []).append(each)
    return {
        number
        for number, there in read.items()
        if any(_are_most_in(session, inspection, planned, among) for among in _of(there))
    }


def _are_most_in(
    session: Session, inspection: Inspection, planned: PlannedVolume, among: ColumnElement[bool]
) -> bool:
    """Whether more than half of the files, of those of the smaller of two volumes, are the very same.

    One volume of ``among`` is enough.  Files without a byte do not count, and none is read that can no
    longer decide.
    """
    may_be = Counter(position for position, _, _ in _of_same_size(session, inspection, planned, among))
    if not may_be:
        return False
    half, same = _halves(session, inspection, planned, among), Counter[int | None]()
    for position, file, sha256 in _of_same_size(session, inspection, planned, among):
        if same[position] + may_be[position] > half[position]:
            may_be[position] -= 1
            same[position] += _read(inspection, file) == sha256
            if same[position] > half[position]:
                return True
    return False


def _of(there: Sequence[Alike]) -> Iterator[ColumnElement[bool]]:
    """The files of volumes of one transfer as the index has them, of some volumes at a time."""
    for at in range(0, len(there), ASKED_AT_ONCE):
        positions = [each.position for each in there[at : at + ASKED_AT_ONCE]]
        yield and_(TransferFile.transfer_id == there[at].transfer_id, TransferFile.position.in_(positions))


def _halves(
    session: Session, inspection: Inspection, planned: PlannedVolume, among: ColumnElement[bool]
) -> dict[int | None, int]:
    """How many files are half of a volume or of the planned one, whichever has fewer, by position."""
    own = sum(1 for _ in _with_bytes(inspection, planned))
    count = select(TransferFile.position, func.count()).where(among, TransferFile.bytes > 0)
    rows = session.execute(count.group_by(TransferFile.position))
    return {position: min(own, files) // 2 for position, files in rows}


def _of_same_size(
    session: Session, inspection: Inspection, planned: PlannedVolume, among: ColumnElement[bool]
) -> Iterator[tuple[int | None, Found, str]]:
    """Files with the path and size of one before: the volume of that, and the digest that it had."""
    before = select(TransferFile.position, TransferFile.path, TransferFile.bytes, TransferFile.sha256)
    files = _with_bytes(inspection, planned)
    while some := {readings.in_hex(file.path): file for file in islice(files, ASKED_AT_ONCE)}:
        rows = session.execute(before.where(among, TransferFile.path.in_(some)))
        for position, path, size, sha256 in rows:
            if size == some[path].size:
                yield position, some[path], sha256


def _with_bytes(inspection: Inspection, planned: PlannedVolume) -> Iterator[Found]:
    """Its files that have bytes, each once."""
    return (file for _, file in inspection.records([planned.place]) if file.size)


def _read(inspection: Inspection, file: Found) -> str | None:
    """The digest of a file, which is read once; None where it cannot be read."""
    known: str | None = inspection.inventory.value("SELECT sha256 FROM sent WHERE file = ?", file.id)
    if known:
        return known
    try:
        sha256 = reading.sha256_of(inspection.arrival.full_path(file.path))
    except Unavailable as error:
        if error.code != reading.NOT_READ:
            raise
        return None
    inspection.inventory.write("INSERT INTO sent VALUES (?, ?)", sha256, file.id)
    return sha256


def in_custody(volume_id: int) -> Select[str]:
    """Digests of the files of a volume in custody."""
    kept = select(ContentFile.sha256).join(Item, Item.id == ContentFile.item_id)
    return kept.where(Item.volume_id == volume_id)


def _as_read(other: Alike) -> Select[str]:
    """Digests of the files of a volume that was read and not taken."""
    return select(TransferFile.sha256).where(
        TransferFile.transfer_id == other.transfer_id, TransferFile.position == other.position
    )


def are_files_of(
    session: Session, inspection: Inspection, planned: PlannedVolume, digests: Select[str]
) -> bool:
    """Whether the files of a volume are those of ``digests``, under whatever names."""
    if planned.files != session.scalar(select(func.count()).select_from(digests.subquery())):
        return False
    lay_down_digests(inspection, planned)
    kept = in_order(session, digests)
    return all(one == other for (one,), other in zip(inspection.inventory.rows(SENT), kept, strict=True))


def lay_down_digests(inspection: Inspection, planned: PlannedVolume) -> None:
    """Read the files of a volume and note their digests, in place of those of another one."""
    inspection.inventory.write("DELETE FROM sent")
    inspection.inventory.write_all(
        "INSERT INTO sent VALUES (?, ?)",
        (
            (reading.sha256_of(inspection.arrival.full_path(file.path)), file.id)
            for _, file in inspection.files(planned.place)
        ),
    )


def in_order(session: Session, digests: Select[str]) -> Iterator[str]:
    """Digests as they are asked for, in the order of `SENT`."""
    ordered = digests.order_by(digests.selected_columns[0])
    return iter(session.scalars(ordered.execution_options(yield_per=ASKED_AT_ONCE)))
