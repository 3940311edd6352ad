"""The desk's page of files that the scanner holds back: one archivist asks, another decides."""

from datetime import timedelta

import pytest

from archive import people
from ingest.malware.scans import Quarantine, Scan
from ingest.transfers import FindingRow, Transfer, TransferVolume
from ingest.transfers.readings import TransferFile
from tests.access.conftest import NOW, Shown, shown

__all__ = ["shown"]
NAME = "철 1/편지.txt"


@pytest.fixture
def page(shown: Shown) -> str:
    """The page of a transfer with one file that is held back, in quarantine."""
    number = "2026-0777"
    with shown.site.open_session.begin() as session:
        if not session.query(Transfer).filter_by(number=number).first():
            people.add(session, "second", "password-second", role="archivist", display_name="둘", now=NOW)
            transfer = Transfer(
                number=number, agency_code="6110000", folder="/t", shape="7" * 64, state="waiting", files=2,
                bytes=30, received_at=NOW, received_by="p-1",
            )  # fmt: skip
            session.add(transfer)
            session.flush()
            volume = TransferVolume(
                transfer_id=transfer.id, position=0, title="철 1", items=1, files=1, bytes=10
            )
            session.add(volume)
            session.flush()
            session.add_all([
                FindingRow(transfer_id=transfer.id, volume_id=volume.id, rule="virus.found",
                           severity="error", path=NAME, value="Some.Malware", message="It was found."),
                TransferFile(transfer_id=transfer.id, path=NAME.encode().hex(), sha256="a" * 64, bytes=10,
                             position=0),
                Scan(transfer_id=transfer.id, kind="first", at=NOW, signatures="ClamAV 1.4.6/27890/Fri",
                     files=2, found=1, not_whole=0),
                Quarantine(transfer_id=transfer.id, began_at=NOW, until=NOW + timedelta(days=7), asked={}),
            ])  # fmt: skip
    return f"/desk/transfers/{number}/releases"


@pytest.mark.flow
def test_one_archivist_asks_and_another_decides(shown: Shown, page: str) -> None:
    one, two = shown.signed_in("archivist"), shown.signed_in("second")
    before = one.get(page).get_data(as_text=True)
    assert NAME in before
    assert "Some.Malware" in before
    assert "격리 중입니다" in before
    assert one.post(page, data={"file": NAME, "reason": " "}).status_code == 422
    assert one.post(page, data={"file": NAME, "reason": "잘못된 경보입니다."}).status_code == 303
    assert 'name="decision"' not in one.get(page).get_data(as_text=True)
    assert one.post(f"{page}/decide", data={"file": NAME, "decision": "release"}).status_code == 403
    assert 'name="decision"' in two.get(page).get_data(as_text=True)
    assert two.post(f"{page}/decide", data={"file": NAME, "decision": "release"}).status_code == 303
    after = two.get(f"/en{page}").get_data(as_text=True)
    assert "Released" in after
    assert "Files decided on" in after


def test_the_page_is_for_the_desk_only(shown: Shown, page: str) -> None:
    assert shown.signed_in("archivist").get(page).status_code == 200
    assert shown.signed_in("auditor").get(page).status_code == 403
    assert shown.client.get(page).status_code in (302, 303)
