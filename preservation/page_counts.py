"""The pages counted in an item's files, against those that its list promised."""

from collections.abc import Sequence

from sqlalchemy import delete
from sqlalchemy.orm import Session

from archive.holdings import Item
from archive.site.language import amount
from preservation.pages import DerivedFile, ItemFinding, add_finding, derived_files_of


def compare(session: Session, item_id: int, *, files: int) -> None:
    """Note whether the counts agree, and what does not, in place of what was noted before."""
    item, rows = session.get_one(Item, item_id), derived_files_of(session, item_id)
    item.pages_agree = agree(item, files, rows)
    session.execute(delete(ItemFinding).where(ItemFinding.item_id == item.id, ItemFinding.file_id.is_(None)))
    if item.listed_pages is None or not rows:
        return
    listed, pages = str(item.listed_pages), amount(item.listed_pages, "page")
    counts = [row.page_count for row in rows]
    counted = sum(count or 0 for count in counts)
    if None in counts:
        message = f"The list says {pages}; they cannot be counted in every file of the item."
        add_finding(session, item.id, "file.page_count", message, expected=listed)
    elif counted != item.listed_pages:
        message = f"The list says {pages}, and the files have {counted}."
        add_finding(session, item.id, "file.page_count", message, value=str(counted), expected=listed)


def agree(item: Item, files: int, rows: Sequence[DerivedFile]) -> bool:
    """Whether page numbers as shown are the sender's: every file counted, none of them left out."""
    counts = [row.page_count for row in rows if row.state == "made" and row.page_count is not None]
    if not counts or len(counts) != files:
        return False
    return item.listed_pages in (None, sum(counts))
