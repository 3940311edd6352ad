"""What did not come in a round because another round of the transfer brought it into custody.

A list and a checksum list may be of the whole transfer while a round brings a part of it.  A file that
only a checksum list names is not missing when one of the same path and SHA-256 is in custody; of other
digests nothing is known here, for custody records SHA-256 alone.
"""

import os
from collections.abc import Iterator, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from archive.holdings import ContentFile, Item
from ingest.looking.inspection import Inspection
from ingest.looking.inventory import HELD
from ingest.looking.landing import raw
from ingest.looking.matching import PlannedVolume
from ingest.looking.records import below_top
from ingest.taking import alike
from ingest.taking.alike import ASKED_AT_ONCE
from ingest.transfers import Transfer, TransferVolume
from metadata_schemas.description import Finding, Where


def is_rest_kept(session: Session, inspection: Inspection, planned: PlannedVolume, volume_id: int) -> bool:
    """Whether all of a volume is in custody: what came of it, and what its rows name and did not come.

    A file that did not come and is promised with a digest that is not in custody is missing.
    """
    digests = alike.in_custody(volume_id)
    kept = session.scalar(select(func.count()).select_from(digests.subquery())) or 0
    if not inspection.lacks(planned.place) or planned.files >= kept or planned.files + planned.lacking > kept:
        return False
    alike.lay_down_digests(inspection, planned)
    inspection.inventory.write(
        "INSERT INTO sent (sha256) SELECT DISTINCT digest FROM promised JOIN missing USING (below) "
        "WHERE missing.volume = ? AND promised.file IS NULL AND algorithm = 'sha256'",
        planned.place,
    )
    rest = alike.in_order(session, digests)
    return all(sha256 in rest for (sha256,) in inspection.inventory.rows(alike.SENT))


def note(session: Session, inspection: Inspection, others: Sequence[str]) -> None:
    """Mark those files in the inspection, and tell how many there are.  ``others``: the other rounds."""
    if not others:
        return
    held = 0
    for some in _that_did_not_come(inspection):
        kept = _kept(session, others, [sha256 for _, _, _, sha256 in some])
        for _, path, below, sha256 in some:
            if (below, sha256) in kept:
                held += 1
                inspection.inventory.write("UPDATE promised SET is_held = 1 WHERE path = ?", path)
    if held:
        inspection.inventory.note(HELD, [(None, _told(held))])


def _that_did_not_come(inspection: Inspection) -> Iterator[list[tuple[int, bytes, bytes, str]]]:
    """Id, path, path below the folder of objects, and digest of each, some at a time."""
    wanted = (
        "SELECT id, path, below, digest FROM promised "
        "WHERE file IS NULL AND algorithm = 'sha256' AND id > ? ORDER BY id LIMIT ?"
    )
    last = 0
    while some := list(inspection.inventory.rows(wanted, last, ASKED_AT_ONCE)):
        last = some[-1][0]
        yield some


def _kept(session: Session, others: Sequence[str], digests: Sequence[str]) -> set[tuple[bytes, str]]:
    """Path below the folder of objects, and digest, of files that other rounds brought into custody."""
    rows = (
        select(ContentFile.original_name, ContentFile.original_bytes, ContentFile.sha256)
        .join(Item, Item.id == ContentFile.item_id)
        .join(TransferVolume, TransferVolume.volume_id == Item.volume_id)
        .join(Transfer, Transfer.id == TransferVolume.transfer_id)
        .where(ContentFile.sha256.in_(digests), Transfer.number.in_(others))
    )
    return {
        (raw(below_top(os.fsdecode(bytes.fromhex(octets)) if octets else name)), sha256)
        for name, octets, sha256 in session.execute(rows)
    }


def _told(held: int) -> Finding:
    came = "1 file that did not come is" if held == 1 else f"{held:,} files that did not come are"
    return Finding(
        "file.already_held", "note", Where(), str(held), None,
        f"{came} on a checksum list and in custody from another round, with the same path and SHA-256.",
    )  # fmt: skip
