"""No door gives a byte of an item with malware in it: everything that takes copies out asks here first.

Reading copies back, filling a store and scanning anew may read such an item; they give nothing out.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.errors import Refused
from archive.holdings import Item


def refuse_item(item: Item) -> None:
    """Refused while the item is withheld."""
    if item.withheld:
        raise _refused(item.reference)


def refuse_volume(session: Session, volume_id: int) -> None:
    """Refused while any item of the volume is withheld: its bags hold all of them."""
    mine = select(Item.reference).where(Item.volume_id == volume_id, Item.withheld)
    first = session.scalar(mine.order_by(Item.position).limit(1))
    if first is not None:
        raise _refused(first)


def _refused(reference: str) -> Refused:
    return Refused(f"Item {reference} is withheld, because malware was found in it.", code="withheld",
                   next="Look at what was found with: seogo scanner show")  # fmt: skip
