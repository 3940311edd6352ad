"""The transfer desk: what is found is shown, and accepting and returning need a person's word."""

import csv
import re
from datetime import UTC, datetime
from html import unescape

import pytest
from sqlalchemy import delete, select, update

from archive.holdings import Volume
from archive.ledger import LedgerEntry
from archive.work.jobs import Job
from ingest import overview
from ingest.malware.scans import Quarantine
from ingest.transfers import FindingRow, Transfer, TransferVolume, note
from tests.access.conftest import NOW, Shown, shown

__all__ = ["shown"]

RULE = {"": "규칙", "/en": "Rule"}
"""What the column of rules is called, by the beginning of a page's address."""


@pytest.fixture
def number(shown: Shown) -> str:
    """A transfer of a good and a faulty volume, new for each test."""
    with shown.site.open_session.begin() as session:
        count = len(session.scalars(select(Transfer)).all())
        transfer = Transfer(
            number=f"2026-01{count:02d}",
            agency_code="6110000",
            folder="/t",
            shape="0" * 64,
            state="waiting",
            files=3,
            bytes=30,
            received_at=NOW,
            received_by="p-1",
        )
        session.add(transfer)
        session.flush()
        good, bad = (
            TransferVolume(transfer_id=transfer.id, position=n, title=f"철 {n}", items=1, files=1, bytes=10)
            for n in (1, 2)
        )
        session.add_all([good, bad])
        session.flush()
        session.add(
            FindingRow(
                transfer_id=transfer.id,
                volume_id=bad.id,
                rule="list.retention",
                severity="error",
                list="목록.csv",
                row=31,
                column="보존기간",
                value="=30",
                expected="30년",
                message="=30 is not a retention value.",
            )
        )
        return transfer.number


def test_the_desk_says_how_many_can_be_accepted_and_what_to_do_in_korean(shown: Shown, number: str):
    text = shown.signed_in("archivist").get(f"/desk/transfers/{number}").get_data(as_text=True)
    assert "2철 중 1철은 인수할 수 있고 1철은 고쳐야 합니다." in text
    assert "보존기간 값을 모름" in text
    assert "31행" in text
    assert "파일 <b>2</b>" in text and "바이러스 검수 못 함 <b>2</b>" in text


def test_what_was_taken_and_returned_before_is_said_while_something_waits(shown: Shown, number: str):
    client = shown.signed_in("archivist")
    with shown.site.open_session.begin() as session:
        transfer = session.scalars(select(Transfer).where(Transfer.number == number)).one()
        for position, state in ((3, "stored"), (4, "stored"), (5, "returned")):
            told = {"title": "철", "items": 1, "files": 1, "bytes": 10, "state": state}
            session.add(TransferVolume(transfer_id=transfer.id, position=position, **told))
    for page in ("", "/accept"):
        korean, english = (
            client.get(f"{tongue}/desk/transfers/{number}{page}").get_data(as_text=True)
            for tongue in ("", "/en")
        )
        assert "고쳐야 합니다. 앞서 2철을 인수하고 1철을 반려했습니다." in korean
        assert "1 to be corrected. Before, 2 were accepted and 1 returned." in english


@pytest.mark.parametrize(("states", "korean", "english"), [
    (("stored", "returned"), "2철 중 1철을 인수하고 1철을 반려했습니다.",
     "Of 2 volumes: 1 accepted, 1 returned."),
    (("stored", "stored"), "2철 중 2철을 인수했습니다.", "Of 2 volumes: 2 accepted."),
    (("returned", "returned"), "2철 중 2철을 반려했습니다.", "Of 2 volumes: 2 returned."),
    ((), "0철 중 인수하거나 반려한 철이 없습니다.", "Of 0 volumes: none accepted or returned."),
])  # fmt: skip
def test_the_sum_of_a_transfer_of_which_nothing_waits_has_no_noughts(
    shown: Shown, number: str, states: tuple[str, ...], korean: str, english: str
) -> None:
    with shown.site.open_session.begin() as session:
        transfer = session.scalars(select(Transfer).where(Transfer.number == number)).one()
        session.execute(delete(FindingRow).where(FindingRow.transfer_id == transfer.id))
        session.execute(delete(TransferVolume).where(TransferVolume.transfer_id == transfer.id))
        for position, state in enumerate(states):
            told = {"title": "철", "items": 1, "files": 1, "bytes": 10, "state": state}
            session.add(TransferVolume(transfer_id=transfer.id, position=position, **told))
    client = shown.signed_in("archivist")
    assert f"<p>{korean}</p>" in client.get(f"/desk/transfers/{number}").text
    assert f"<p>{english}</p>" in client.get(f"/en/desk/transfers/{number}").text


def test_the_end_of_a_quarantine_is_told_as_a_moment(shown: Shown, number: str):
    with shown.site.open_session.begin() as session:
        transfer = session.scalars(select(Transfer).where(Transfer.number == number)).one()
        session.add(Quarantine(transfer_id=transfer.id, began_at=NOW, until=NOW, asked={}))
        note(session, transfer, "quarantined", by="seogo", at=NOW, detail=NOW.isoformat())
    client, moment = shown.signed_in("archivist"), "22\u00a0Nov\u00a02026, 14:05\u00a0KST"
    assert f"comes after {moment}." in client.get(f"/en/desk/transfers/{number}").get_data(as_text=True)
    history = client.get(f"/en/desk/transfers/{number}/history").get_data(as_text=True)
    assert "<td>Seogo</td>" in history and f">{moment}</time></td></tr>" in history


@pytest.mark.parametrize(
    ("state", "korean", "english"),
    [("stored", "앞서 1철을 인수했습니다.", "Before, 1 was accepted."),
     ("returned", "앞서 1철을 반려했습니다.", "Before, 1 was returned.")],
)  # fmt: skip
def test_of_what_was_taken_and_returned_before_nothing_is_said_that_is_nought(
    shown: Shown, number: str, state: str, korean: str, english: str
):
    client = shown.signed_in("archivist")
    with shown.site.open_session.begin() as session:
        transfer = session.scalars(select(Transfer).where(Transfer.number == number)).one()
        told = {"title": "철", "items": 1, "files": 1, "bytes": 10, "state": state}
        session.add(TransferVolume(transfer_id=transfer.id, position=3, **told))
    assert f"고쳐야 합니다. {korean}</p>" in client.get(f"/desk/transfers/{number}").text
    assert f"to be corrected. {english}</p>" in client.get(f"/en/desk/transfers/{number}").text


def warn(shown: Shown, number: str, position: int | None, **told: str) -> None:
    """A warning about the volume at this place of the transfer, or about none."""
    with shown.site.open_session.begin() as session:
        transfer = session.scalars(select(Transfer).where(Transfer.number == number)).one()
        mine = select(TransferVolume.id).where(TransferVolume.transfer_id == transfer.id)
        volume = session.scalar(mine.where(TransferVolume.position == position))
        found = {"rule": "file.damaged", "severity": "warning", "message": "a.pdf is damaged.", **told}
        session.add(FindingRow(transfer_id=transfer.id, volume_id=volume, **found))


def move(shown: Shown, number: str, position: int, state: str) -> None:
    """Bring the volume at this place of the transfer into another state."""
    with shown.site.open_session.begin() as session:
        transfer = session.scalars(select(Transfer).where(Transfer.number == number)).one()
        mine = update(TransferVolume).where(TransferVolume.transfer_id == transfer.id)
        session.execute(mine.where(TransferVolume.position == position).values(state=state))


def test_before_accepting_it_is_said_that_what_is_only_warned_of_becomes_final(shown: Shown, number: str):
    client, page = shown.signed_in("archivist"), f"/desk/transfers/{number}/accept"
    korean, english = "그 가운데 1철에는 주의가 있습니다", "1 of them has warnings and is taken as sent"
    for position in (None, 2):  # what is said of no volume, and of one that is not taken now
        warn(shown, number, position)
    assert "주의를 먼저 살펴" not in client.get(page).get_data(as_text=True)
    for _ in range(2):
        warn(shown, number, 1)
    assert korean in client.get(page).get_data(as_text=True)
    assert english in client.get(f"/en{page}").get_data(as_text=True)


def test_what_is_held_already_is_named_before_a_second_volume_is_made_of_it(
    shown: Shown, number: str, monkeypatch: pytest.MonkeyPatch
):
    client, page = shown.signed_in("archivist"), f"/desk/transfers/{number}/accept"
    warn(shown, number, 2, rule="list.already_held", value="B-2")
    assert "먼저 반려해" not in client.get(page).get_data(as_text=True)
    warn(shown, number, 1, rule="list.already_held", value="A-1")
    korean, english = (client.get(f"{tongue}{page}").get_data(as_text=True) for tongue in ("", "/en"))
    assert "그 가운데 1철은 같은 번호나 같은 파일의 철을 이미 인수했습니다." in korean
    assert '<li>2. 철 1 · <a href="/volumes/A-1">A-1</a></li>' in korean and "B-2" not in korean
    assert "Accepting makes a second volume of each" in english and "/en/volumes/A-1" in english
    assert "모두 보기" not in korean
    monkeypatch.setattr(overview, "HELD_SHOWN", 0)
    assert 'findings?rule=list.already_held">1개 모두 보기</a>' in client.get(page).get_data(as_text=True)


def test_where_nothing_can_be_accepted_the_page_says_why_and_leads_back(shown: Shown, number: str):
    client, page = shown.signed_in("archivist"), f"/desk/transfers/{number}/accept"
    correct, done, nothing = (
        "고칠 것을 기관에 알리고",
        "철은 모두 이미 인수했습니다",
        "인수를 기다리는 철이 없습니다",
    )
    for position, state, said in ((1, "stored", correct), (2, "stored", done), (2, "returned", nothing)):
        move(shown, number, position, state)
        text = client.get(page).get_data(as_text=True)
        assert [each for each in (correct, done, nothing) if each in text] == [said]
        assert f'<a href="/desk/transfers/{number}">이관 {number} 화면으로 돌아가기</a>' in text


def test_what_was_found_in_a_volume_is_said_in_the_words_of_the_reader(shown: Shown, number: str):
    client, path = shown.signed_in("archivist"), f"/desk/transfers/{number}/volumes/3"
    korean, english = (
        unescape(client.get(f"{tongue}{path}").get_data(as_text=True)) for tongue in ("", "/en")
    )
    assert "보존기간 값을 모름. 온 값은 ‘=30’, 바라는 값은 ‘30년’입니다. 1년부터 30년" in korean
    assert "=30 is not a retention value." not in korean
    assert "=30 is not a retention value." in english
    assert "보존기간 값을 모름" not in english


def test_errors_and_warnings_are_counted_in_the_words_of_the_reader(shown: Shown, number: str):
    client = shown.signed_in("archivist")
    with shown.site.open_session.begin() as session:
        transfer = session.scalars(select(Transfer).where(Transfer.number == number)).one()
        for row in range(16):
            told = {"rule": "file.damaged", "severity": "warning", "message": f"{row}.pdf is damaged."}
            session.add(FindingRow(transfer_id=transfer.id, **told))
    for tongue, errors, warnings in (("", "오류 1", "주의 16"), ("/en", "1 error", "16 warnings")):
        line = client.get(f"{tongue}/desk/transfers").get_data(as_text=True).split(f">{number}</a>")[1]
        assert f"</svg>{errors}</span>" in line.partition("</tr>")[0]
        assert f"</svg>{warnings}</span>" in line.partition("</tr>")[0]
    assert "<dt>Warnings</dt><dd>16</dd>" in client.get(f"/en/desk/transfers/{number}/accept").get_data(
        as_text=True
    )


@pytest.mark.flow
def test_the_list_and_the_page_tell_the_same_day_in_seoul(shown: Shown, number: str):
    client, late = shown.signed_in("archivist"), datetime(2026, 11, 28, 15, 30, tzinfo=UTC)
    with shown.site.open_session.begin() as session:
        session.execute(update(Transfer).where(Transfer.number == number).values(received_at=late))
    for address, words in (("", "</time>"), (f"/{number}", "\u00a000:30</time>")):
        page = client.get(f"/desk/transfers{address}").get_data(as_text=True)
        assert f'"2026-11-29T00:30:00+09:00">2026.\u00a011.\u00a029.{words}' in page


def test_accepting_needs_the_tick_and_is_asked_for_once(shown: Shown, number: str):
    client = shown.signed_in("archivist")
    path = f"/desk/transfers/{number}/accept"
    without = client.post(path, data={})
    assert without.status_code == 422
    # It is said at the top of the page and under the box: no word of it tells where the box is.
    assert (
        re.findall(r">([^<>]*확인란[^<>]*)<", without.get_data(as_text=True))
        == ["확인란에 표시해 주세요."] * 2
    )
    assert f">이관 {number} 화면으로 돌아가기</a>" in client.get(path).get_data(as_text=True)
    told = [client.post(path, data={"confirmed": "yes"}).location for _ in range(2)]
    assert [client.get(f"/en{each}").get_data(as_text=True).count("asked for again") for each in told] == [
        0,
        1,
    ]
    with shown.site.reading_session() as session:
        jobs = [job for job in session.scalars(select(Job)) if job.arguments.get("number") == number]
    assert [job.name for job in jobs] == ["accept-transfer"]


@pytest.mark.flow
def test_returning_needs_reason_volumes_and_tick_and_is_kept_in_the_ledger(shown: Shown, number: str):
    client = shown.signed_in("archivist")
    path = f"/desk/transfers/{number}/return"
    korean = unescape(client.get(path).get_data(as_text=True))
    assert "list.retention: " in korean
    assert "보존기간 값을 모름. 온 값은 ‘=30’" in korean
    assert "1년부터 30년, 준영구, 영구 가운데 하나로 고쳐 주세요." in korean
    english = client.get(f"/en{path}").get_data(as_text=True)
    assert "list.retention: =30 is not a retention value." in english
    empty = client.post(path, data={"reason": " "})
    assert empty.status_code == 422
    assert "고칠 곳이 3개 있습니다" in empty.get_data(as_text=True)
    given = client.post(path, data={"reason": "보존기간을 고쳐 주세요.", "volume": "2", "confirmed": "yes"})
    assert given.status_code == 303
    with shown.site.reading_session() as session:
        entry = session.scalar(select(LedgerEntry).where(LedgerEntry.about == number))
        states = {row.position: row.state for row in session.scalars(select(TransferVolume)) if row.reason}
    assert entry is not None
    assert "transfer.returned" in entry.entry
    assert states[2] == "returned"


def test_volumes_are_counted_from_one_and_the_form_keeps_their_places(shown: Shown, number: str):
    client = shown.signed_in("archivist")
    form = client.get(f"/desk/transfers/{number}/return").get_data(as_text=True)
    assert re.search(r'value="1"[^>]*> <span>2\. ', form)
    assert "반려할 철과 까닭을 확인했습니다." in form
    table = client.get(f"/desk/transfers/{number}/volumes").get_data(as_text=True)
    assert re.findall(r'<tr><td class="num">(\d+)</td>', table) == ["2", "3"]


def test_checking_again_is_a_job(shown: Shown, number: str):
    client = shown.signed_in("archivist")
    assert client.post(f"/desk/transfers/{number}/check").status_code == 303
    assert "이관 다시 검수하기: 기다림" in client.get(f"/desk/transfers/{number}").get_data(as_text=True)


def test_the_findings_file_runs_nothing_in_a_spreadsheet(shown: Shown, number: str):
    text = shown.signed_in("archivist").get(f"/desk/transfers/{number}/findings").get_data(as_text=True)
    assert text.startswith(
        "\ufeff번호,관리번호,제목,규칙,심각도,목록,행,열,경로,온 값,바라는 값,나온 것,할 일"
    )
    assert ",'=30," in text


def test_the_findings_file_names_the_volume_of_each_and_speaks_as_its_page(shown: Shown, number: str):
    client, path = shown.signed_in("archivist"), f"/desk/transfers/{number}/findings"
    told = {}
    for tongue in ("", "/en"):
        lines = client.get(f"{tongue}{path}").get_data(as_text=True).removeprefix("\ufeff").splitlines()
        told[tongue] = [row for row in csv.DictReader(lines) if row[RULE[tongue]] == "list.retention"]
    [korean], [english] = told.values()
    assert (korean["번호"], korean["심각도"], korean["행"]) == (english["Number"], "오류", english["Row"])
    assert korean["번호"].isdigit()
    assert korean["제목"] == english["Title"] != ""
    assert "is not a retention value" in english["What was found"]
    assert "보존기간" in korean["나온 것"] + korean["할 일"]


@pytest.mark.parametrize(
    "end", ["", "/volumes", "/history", "/accept", "/return", "/findings?rule=list.retention"]
)
def test_no_citizen_sees_the_desk(shown: Shown, number: str, end: str):
    assert shown.client.get(f"/desk/transfers/{number}{end}").status_code == 302
    assert shown.signed_in("archivist").get(f"/desk/transfers/{number}{end}").status_code == 200


def test_after_a_return_the_desk_tells_the_next_step_until_the_next_round_came(
    shown: Shown, number: str
) -> None:
    client, again = shown.signed_in("archivist"), f"round_of={number}"
    address = f"/desk/transfers/{number}"
    assert again not in client.get(address).get_data(as_text=True)
    form = {"which": "all", "reason": "다시 스캔해 주세요.", "confirmed": "yes"}
    assert client.post(f"{address}/return", data=form).status_code == 303
    page = client.get(address).get_data(as_text=True)
    assert again in page and "다음 회차로 받습니다" in page
    with shown.site.open_session.begin() as session:
        session.add(Transfer(
            number=f"{number}1", agency_code="6110000", folder="/t", shape="9" * 64, state="waiting", round=2,
            round_of=number, received_at=NOW, received_by="p-1"))  # fmt: skip
    page = client.get(address).get_data(as_text=True)
    assert again not in page and f"/desk/transfers/{number}1" in page


def test_the_desk_tells_what_was_held_already_apart_from_what_was_accepted(shown: Shown, number: str) -> None:
    with shown.site.open_session.begin() as session:
        transfer = session.scalars(select(Transfer).where(Transfer.number == number)).one()
        mine = select(TransferVolume).where(TransferVolume.transfer_id == transfer.id)
        found, _ = session.scalars(mine.order_by(TransferVolume.position))
        found.state, found.volume_id = "stored", session.scalars(select(Volume.id)).first()
    client = shown.signed_in("archivist")
    page = client.get(f"/desk/transfers/{number}").get_data(as_text=True)
    assert "<li>이미 인수한 철 <b>1</b></li>" in page
    for address in ("/desk/transfers", f"/desk/transfers/{number}/rounds"):
        page = client.get(address).get_data(as_text=True)
        assert '<td class="num">0 <span class="quiet">(이미 인수한 철 1)</span></td>' in page
