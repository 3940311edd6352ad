"""The inspection desk: verdicts, samples, counts, rounds and reports, by form and by page."""

import re

import pytest
from sqlalchemy import select, update

from ingest.acceptance.listed import ListedItem
from ingest.acceptance.verdicts import Verdict
from ingest.transfers import FindingRow, Transfer, TransferVolume
from tests.access.conftest import NOW, Shown, shown

__all__ = ["shown"]


@pytest.fixture
def number(shown: Shown) -> str:
    """A transfer of three volumes of two items; the second has an error, the third was returned."""
    with shown.site.open_session.begin() as session:
        count = len(session.scalars(select(Transfer)).all())
        transfer = Transfer(
            number=f"2026-03{count:02d}", agency_code="6110000", folder="/t", shape="0" * 64, state="waiting",
            files=6, bytes=60, received_at=NOW, received_by="p-1",
        )  # fmt: skip
        session.add(transfer)
        session.flush()
        for place, state in enumerate(("waiting", "waiting", "returned")):
            volume = TransferVolume(
                transfer_id=transfer.id, position=place, title=f"100% 철_{place}", sender_id=f"S-{place}",
                items=2, files=2, bytes=20, state=state,
            )  # fmt: skip
            session.add(volume)
            session.flush()
            session.add_all(
                ListedItem(transfer_id=transfer.id, volume_id=volume.id, position=n, title=f"건 {n}",
                           pages=3, files=1, missing=0)
                for n in range(2)
            )  # fmt: skip
            if place == 1:
                session.add(FindingRow(
                    transfer_id=transfer.id, volume_id=volume.id, rule="list.date", severity="error",
                    message="No day is called 32."))  # fmt: skip
        return transfer.number


def titles(page: str) -> list[str]:
    return re.findall(r"100% 철_\d(?=</a>)", page)


@pytest.mark.flow
def test_volumes_are_filtered_in_the_database_and_odd_signs_are_only_signs(shown: Shown, number: str):
    client, path = shown.signed_in("archivist"), f"/desk/transfers/{number}/volumes"

    def found(query: str) -> list[str]:
        return [each[-1] for each in titles(client.get(f"{path}?{query}").get_data(as_text=True))]

    assert found("") == ["0", "1", "2"]
    assert found("state=waiting") == ["0", "1"]
    assert found("fault=faulty") == ["1"]
    assert found("fault=clean") == ["0", "2"]
    assert found("q=철_1") == ["1"]
    assert found("q=S-2") == found("q=s-2") == ["2"]
    assert found("q=%25%25") == []
    client.post(f"{path}/1", data={"verdict": "fit"})
    assert found("verdict=fit") == ["0"]
    assert found("verdict=not_looked_at") == ["1", "2"]
    assert found("state=nonsense&after=9999999999") == ["0", "1", "2"]


@pytest.mark.flow
def test_a_verdict_is_given_by_form_and_holds_the_volume_back(shown: Shown, number: str):
    client, path = shown.signed_in("archivist"), f"/desk/transfers/{number}/volumes/1/items/2"
    assert "2철 중 1철" not in client.get(f"/desk/transfers/{number}").get_data(as_text=True)
    wrong = client.post(path, data={"verdict": "unfit", "pages": "three"})
    assert wrong.status_code == 422
    assert "고칠 곳이 2개 있습니다" in wrong.get_data(as_text=True)
    given = client.post(
        path, data={"verdict": "unfit", "reason": "quality", "note": "흐립니다.", "pages": "2"}
    )
    assert given.status_code == 303
    assert "판정을 남겼습니다." in client.get(given.location).get_data(as_text=True)
    assert "판정에 적은 말: 흐립니다.</td>" in client.get(f"/desk/transfers/{number}").get_data(as_text=True)
    assert "0철은 인수할 수 있고 2철은 고쳐야 합니다." in client.get(
        f"/desk/transfers/{number}"
    ).get_data(as_text=True)  # fmt: skip
    page = client.get(f"/desk/transfers/{number}/counts").get_data(as_text=True)
    assert "목록과 다른 것: 쪽" in page
    with shown.site.reading_session() as session:
        row = session.scalars(select(Verdict).order_by(Verdict.id.desc())).first()
    assert row is not None
    assert row.by.startswith("p-") or row.by
    assert row.by != "archivist"


def test_a_finding_is_explained_in_the_language_of_the_desk(shown: Shown, number: str):
    client, path = shown.signed_in("archivist"), f"/desk/transfers/{number}/findings?rule=list.date"
    korean = client.get(path).get_data(as_text=True)
    assert '<td class="long" data-label="설명">날짜를 읽을 수 없음.</td>' in korean
    english = client.get("/en" + path).get_data(as_text=True)
    assert '<td class="long" data-label="Explanation">No day is called 32.</td>' in english


def test_what_was_returned_is_shown_and_not_judged_any_more(shown: Shown, number: str):
    client, path = shown.signed_in("archivist"), f"/desk/transfers/{number}"
    assert "data-keep" in client.get(f"{path}/volumes/1").get_data(as_text=True)
    assert "data-keep" not in client.get(f"{path}/volumes/3").get_data(as_text=True)
    assert client.post(f"{path}/volumes/3/items/2", data={"verdict": "fit"}).status_code == 409
    client.post(f"{path}/sample", data={"unit": "volume", "acceptable": "1", "confidence": "95"})
    for place, leads_on in ((1, True), (2, False)):
        said = client.post(f"{path}/volumes/{place}", data={"verdict": "fit", "next": "yes"})
        assert ("done" not in said.location) == leads_on
    page = client.get(f"{path}/sample").get_data(as_text=True)
    assert "본 것 2, 볼 것 0</label>" in page and "보지 못하고 반려했거나 마친 것 1" in page
    assert '<progress id="progress" value="2" max="2">' in page
    assert "1 returned or closed before anybody looked" in client.get(f"/en{path}/sample").get_data(
        as_text=True
    )
    only = client.get(f"{path}/sample?only=yes").get_data(as_text=True)
    assert "/volumes/3" in page and "/volumes/3" not in only


def test_the_sample_leads_from_one_record_to_the_next(shown: Shown, number: str):
    client, path = shown.signed_in("archivist"), f"/desk/transfers/{number}/sample"
    with shown.site.open_session.begin() as session:
        session.execute(
            update(TransferVolume).values(state="waiting").where(TransferVolume.sender_id == "S-2")
        )
    assert "뽑은 표본이 없습니다." in client.get(path).get_data(as_text=True)
    assert client.post(path, data={"acceptable": "no", "confidence": "95"}).status_code == 422
    assert client.post(path, data={"acceptable": "1", "confidence": "100"}).status_code == 422
    drawn = client.post(path, data={"unit": "item", "acceptable": "20", "confidence": "95", "seed": "a"})
    assert drawn.status_code == 303
    page = client.get(path).get_data(as_text=True)
    size = int(re.search(r'max="(\d+)"', page)[1])  # type: ignore[index]
    address = re.search(r'class="button" href="([^"]+/volumes/[^"]+)"', page)[1]  # type: ignore[index]
    for left in reversed(range(size)):
        said = client.post(address, data={"verdict": "fit", "next": "yes"})
        address = said.location
        assert ("/volumes/" in address and "done" not in address) == (left > 0)
    assert "보이려던 것을 보였습니다." in client.get(path).get_data(as_text=True)


def test_volumes_that_are_chosen_are_returned_each_with_its_own_reasons(shown: Shown, number: str):
    client, path = shown.signed_in("archivist"), f"/desk/transfers/{number}/return"
    form = client.get(f"{path}?volume=1").get_data(as_text=True)
    assert re.findall(r'name="volume" value="(\d)" checked', form) == ["1"]
    assert client.post(path, data={"which": "faulty", "confirmed": "yes"}).status_code == 422
    sent = {"which": "faulty", "code": "list_wrong", "own": "yes", "confirmed": "yes"}
    assert client.post(path, data=sent).status_code == 303
    with shown.site.reading_session() as session:
        rows = {
            row.position: (row.state, row.reason)
            for row in session.scalars(
                select(TransferVolume).join(Transfer, Transfer.id == TransferVolume.transfer_id)
                .where(Transfer.number == number)
            )
        }  # fmt: skip
    assert rows[0] == ("waiting", None)
    assert rows[1] == (
        "returned",
        "목록의 내용이 틀림\nlist.date: 날짜를 읽을 수 없음. 날짜를 2026-11-22처럼 적어 주세요.",
    )


@pytest.mark.flow
def test_rounds_are_shown_and_compared(shown: Shown, number: str):
    with shown.site.open_session.begin() as session:
        first = session.scalars(select(Transfer).where(Transfer.number == number)).one()
        again = Transfer(
            number=number.replace("2026-", "2027-"), agency_code="6110000", folder="/u", shape="2" * 64,
            state="stored", round=2, round_of=first.number, received_at=NOW, received_by="p-1",
        )  # fmt: skip
        session.add(again)
    client = shown.signed_in("archivist")
    page = client.get(f"/desk/transfers/{number}/rounds").get_data(as_text=True)
    assert again.number in page
    compared = client.get(
        f"/desk/transfers/{number}/rounds?before={number}&after={again.number}"
    ).get_data(as_text=True)  # fmt: skip
    assert "빠짐 <b>3</b>" in compared
    assert "고쳐진 것 1" in compared


def test_reports_are_handed_out_in_the_language_of_the_page(shown: Shown, number: str):
    client, path = shown.signed_in("archivist"), f"/desk/transfers/{number}"
    pdf = client.get(f"{path}/report.pdf")
    assert pdf.data.startswith(b"%PDF-")
    assert pdf.mimetype == "application/pdf"
    assert client.get(f"{path}/report.csv").get_data(as_text=True).startswith("\ufeff번호,")
    assert client.get(f"/en{path}/report.csv").get_data(as_text=True).startswith("\ufeffNumber,")
    assert client.get(f"{path}/differences.csv").status_code == 200
    assert client.get(f"{path}/handover.pdf").status_code == 403


@pytest.mark.parametrize(
    "end", ["/volumes/1", "/volumes/1/items/1", "/sample", "/counts", "/rounds", "/report.pdf", "/report.csv",
            "/differences.csv", "/papers"]
)  # fmt: skip
def test_no_citizen_sees_the_inspection(shown: Shown, number: str, end: str):
    assert shown.client.get(f"/desk/transfers/{number}{end}").status_code == 302
    assert shown.signed_in("archivist").get(f"/desk/transfers/{number}{end}").status_code == 200
    assert shown.signed_in("archivist").get(f"/desk/transfers/{number}/volumes/99").status_code == 404


def returned(shown: Shown, number: str) -> dict[int, str | None]:
    with shown.site.reading_session() as session:
        mine = select(TransferVolume).join(Transfer, Transfer.id == TransferVolume.transfer_id)
        return {row.position: row.reason for row in session.scalars(mine.where(Transfer.number == number))}


@pytest.mark.parametrize("which", ["chosen", "all"])
def test_the_form_as_it_comes_tells_a_volume_its_own_errors_and_those_of_no_other(
    shown: Shown, number: str, which: str
):
    """The second volume waits with an error, the first without one; the third was returned with another."""
    with shown.site.open_session.begin() as session:
        mine = select(TransferVolume).join(Transfer, Transfer.id == TransferVolume.transfer_id)
        before = session.scalars(mine.where(Transfer.number == number, TransferVolume.position == 2)).one()
        session.add(FindingRow(transfer_id=before.transfer_id, volume_id=before.id, rule="file.missing",
                               severity="error", value="없음.pdf", message="did not come"))  # fmt: skip
    client, path = shown.signed_in("archivist"), f"/desk/transfers/{number}/return"
    form = client.get(path).get_data(as_text=True)
    assert "날짜를 읽을 수 없음" in form and "없음.pdf" not in form
    sent = {"which": which, "volume": re.findall(r'name="volume" value="(\d)" checked', form),
            "reason": re.findall(r"<textarea[^>]*>([^<]*)<", form)[0],
            "own": re.findall(r'name="own" value="(yes)" checked', form), "confirmed": "yes"}  # fmt: skip
    assert client.post(path, data=sent).status_code == 303
    told = returned(shown, number)
    assert told[1] == "list.date: 날짜를 읽을 수 없음. 날짜를 2026-11-22처럼 적어 주세요."
    assert not told[0]


def test_what_is_wrong_with_no_volume_begins_the_reason_only_where_all_of_it_is_returned(
    shown: Shown, number: str
):
    with shown.site.open_session.begin() as session:
        transfer = session.scalars(select(Transfer).where(Transfer.number == number)).one()
        session.add(FindingRow(transfer_id=transfer.id, rule="file.extra", severity="error",
                               path="남은.txt", message="is on no list."))  # fmt: skip
    client, path = shown.signed_in("archivist"), f"/desk/transfers/{number}/return"
    assert "남은.txt" not in client.get(path).get_data(as_text=True)
    assert "남은.txt" not in client.get(f"{path}?volume=1").get_data(as_text=True)
    assert "남은.txt" in client.get(f"{path}?volume=0&volume=1").get_data(as_text=True)
