"""The desk's list of what the scanner withholds in custody and holds back in transfers."""

import pytest
from sqlalchemy import select

from archive import people
from archive.holdings import Item
from archive.ledger import LedgerEntry
from ingest.transfers import FindingRow, Transfer, TransferVolume
from preservation.scanning import withholding
from preservation.scanning.rescanning import Rescan
from preservation.scanning.withholding import Found
from tests.access.conftest import NOW, Shown, shown

__all__ = ["shown"]
ITEM = "SG-2026-000001-0005"
PAGE = "/desk/held"


@pytest.fixture
def infected(shown: Shown) -> Shown:
    """One item is withheld, as if a rescan had found something in it just now."""
    with shown.site.open_session.begin() as session:
        if not session.query(Rescan).count():
            people.add(session, "other", "password-other", role="archivist", display_name="둘", now=NOW)
        rescan = Rescan(signatures="ClamAV 1.4.6/27891/Sat", began_at=NOW)
        session.add(rescan)
        session.flush()
        item = session.scalars(select(Item).where(Item.reference == ITEM)).one()
        found = Found(rescan.id, item.files[0], "Some.Malware", rescan.signatures)
        withholding.withhold(session, found, NOW)
    return shown


def test_one_archivist_asks_and_another_shows_the_item_again(infected: Shown) -> None:
    one, two = infected.signed_in("archivist"), infected.signed_in("other")
    before = one.get(PAGE).get_data(as_text=True)
    assert ITEM in before
    assert "Some.Malware" in before
    assert infected.client.get(f"/items/{ITEM}/text").status_code == 403
    assert one.post(f"{PAGE}/ask", data={"item": ITEM, "reason": " "}).status_code == 422
    assert one.post(f"{PAGE}/ask", data={"item": ITEM, "reason": "잘못된 경보입니다."}).status_code == 303
    assert 'name="decision"' not in one.get(PAGE).get_data(as_text=True)
    assert one.post(f"{PAGE}/decide", data={"item": ITEM, "decision": "clear"}).status_code == 403
    assert two.post(f"{PAGE}/decide", data={"item": ITEM, "decision": "refuse"}).status_code == 303
    assert two.post(f"{PAGE}/decide", data={"item": ITEM, "decision": "clear"}).status_code == 409
    assert two.post(f"{PAGE}/ask", data={"item": ITEM, "reason": "잘못된 경보입니다."}).status_code == 303
    assert infected.client.get(f"/items/{ITEM}/text").status_code == 403
    assert one.post(f"{PAGE}/decide", data={"item": ITEM, "decision": "clear"}).status_code == 303
    assert ITEM not in one.get(PAGE).get_data(as_text=True)
    assert infected.client.get(f"/items/{ITEM}/text").status_code == 200
    with infected.site.reading_session() as session:
        entries = " ".join(session.scalars(select(LedgerEntry.entry)))
    for act in ("withheld", "clearing-asked", "clearing-refused", "shown-again"):
        assert f'"item.{act}"' in entries


def test_what_is_held_back_in_transfers_stands_there_with_the_next_step(shown: Shown) -> None:
    with shown.site.open_session.begin() as session:
        transfer = Transfer(
            number="2026-0778", agency_code="6110000", folder="/t", shape="8" * 64, state="waiting",
            received_at=NOW, received_by="p-1",
        )  # fmt: skip
        session.add(transfer)
        session.flush()
        volumes = [
            TransferVolume(transfer_id=transfer.id, position=place, title=f"철 {place}", items=1, files=1,
                           bytes=1, state=state)
            for place, state in enumerate(("waiting", "returned"))
        ]  # fmt: skip
        session.add_all(volumes)
        session.flush()
        session.add_all(
            FindingRow(transfer_id=transfer.id, volume_id=volume.id, rule="virus.not_scanned_whole",
                       severity="error", path=f"{volume.title}.zip", value="5368709120", message="Not whole.")
            for volume in volumes
        )  # fmt: skip
    told = shown.signed_in("archivist").get(f"/en{PAGE}").get_data(as_text=True)
    assert "철 0.zip" in told
    assert "Ask for a release" in told
    assert "철 1.zip" not in told, "it was returned"


def test_the_list_is_for_the_desk_only(shown: Shown) -> None:
    assert shown.signed_in("archivist").get(PAGE).status_code == 200
    assert shown.signed_in("auditor").get(PAGE).status_code == 403
    assert shown.client.get(PAGE).status_code in (302, 303)
