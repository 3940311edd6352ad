"""The door: what is closed never leaves, by any address, in any form."""

import pytest
from sqlalchemy import select

from access import viewing
from access.viewing import Asking, Viewing
from archive.errors import Refused, WrongCall
from archive.holdings import Item
from archive.ledger import LedgerEntry
from archive.people import Reader
from tests.access.conftest import NOW, SECRETS, TODAY, Shown

OPEN, PARTIAL, CLOSED, UNTITLED = (f"SG-2026-000001-000{n}" for n in range(1, 5))
ANYBODY = Asking(Reader(), NOW, TODAY)


def addresses(reference: str) -> list[str]:
    plain = [
        f"/items/{reference}{end}"
        for end in (
            "",
            "/pages",
            "/text",
            "/files/1",
            "/find.json?q=비밀낱말",
            "/find.json?q=닫힌쪽글자",
            *(
                f"/pages/{n}{end}"
                for n in (1, 2, 3, 4)
                for end in (
                    "",
                    ".json",
                    ".json?q=닫힌쪽글자",
                    "/text",
                    "/large.1.jpg",
                    "/small.1.jpg",
                    "/thumb.1.jpg",
                    "?q=닫힌쪽글자",
                )
            ),
        )
    ]
    return plain + ["/en" + each for each in plain]


def every_address() -> list[str]:
    pages = [address for n in range(1, 6) for address in addresses(f"SG-2026-000001-000{n}")]
    queries = [
        f"{prefix}{path}"
        for prefix in ("", "/en")
        for word in (*SECRETS, "도로", "인사", "")
        for path in (f"/search?q={word}", f"/search?q={word}&exact=1&disclosure=closed")
    ]
    programs = [
        "/api/volumes/SG-2026-000001",
        *(f"/api/search?q={word}" for word in (*SECRETS, "도로", "인사", "")),
    ]
    rest = [
        "/",
        "/en/",
        "/browse",
        "/volumes/SG-2026-000001",
        "/en/volumes/SG-2026-000001",
        "/healthz",
        "/about",
    ]
    return [*pages, *queries, *programs, *rest]


def test_nothing_closed_stands_in_any_answer_to_anybody(shown: Shown):
    client = shown.client
    for address in every_address():
        answer = client.get(address)
        told = answer.get_data() + repr(list(answer.headers)).encode()
        assert answer.status_code < 500, address
        echoed = address.rpartition("q=")[2]
        for secret in SECRETS:
            if secret not in echoed:
                assert secret.encode() not in told, (address, secret)
                assert ascii(secret)[1:-1].encode() not in told, (address, secret)


def test_a_query_for_a_closed_word_finds_nothing_and_one_for_an_open_word_does(shown: Shown):
    for secret in SECRETS:
        assert shown.client.get("/api/search", query_string={"q": secret}).json["total"] == 0, secret
    assert shown.client.get("/api/search", query_string={"q": "한강철교"}).json["total"] >= 1


def test_the_digests_of_closed_files_never_leave(shown: Shown):
    with shown.site.reading_session() as session:
        digests = {item.reference: item.files[0].sha256 for item in session.scalars(select(Item))}
    told = shown.client.get("/api/volumes/SG-2026-000001").get_data(as_text=True)
    assert digests[OPEN] in told
    assert not any(digests[each] in told for each in (PARTIAL, CLOSED, UNTITLED))


@pytest.mark.parametrize("end", ["/pages/2", "/pages/2.json", "/pages/2/text", "/pages/2/large.1.jpg"])
def test_a_closed_page_of_a_partly_open_item_is_not_given(shown: Shown, end: str):
    answer = shown.client.get(f"/items/{PARTIAL}{end}")
    neighbour = shown.client.get(f"/items/{PARTIAL}{end.replace('/2', '/1')}")
    assert neighbour.status_code == 200
    # The viewer's page says that it is closed; the bytes are refused.
    assert answer.status_code == (200 if end in ("/pages/2", "/pages/2.json") else 403)
    assert "image/jpeg" not in answer.headers["Content-Type"]


def test_a_partly_open_record_whose_pages_are_counted_otherwise_shows_none_and_says_why(shown: Shown):
    with shown.site.open_session.begin() as session:
        session.scalars(select(Item).where(Item.reference == PARTIAL)).one().pages_agree = False
    try:
        page = shown.client.get(f"/items/{PARTIAL}")
        first = shown.client.get(f"/items/{PARTIAL}/pages/1/text")
    finally:
        with shown.site.open_session.begin() as session:
            session.scalars(select(Item).where(Item.reference == PARTIAL)).one().pages_agree = True
    assert page.status_code == 200
    assert "이름, 주소, 주민등록번호 같은 개인정보가 들어 있습니다." in page.get_data(as_text=True)
    assert "/pages/1" not in page.get_data(as_text=True)
    assert first.status_code == 403


def test_a_closed_page_tells_its_number_and_nothing_else(shown: Shown):
    told = shown.client.get(f"/items/{PARTIAL}/pages/2.json").json
    assert set(told) == {"number", "total", "open", "heading", "sentences"}


def test_files_of_a_partly_open_item_are_refused_and_of_an_open_one_given(shown: Shown):
    assert shown.client.get(f"/items/{PARTIAL}/files/1").status_code == 403
    given = shown.client.get(f"/items/{OPEN}/files/1")
    assert (given.status_code, given.get_data()) == (200, b"bytes of 1")
    assert given.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")


def test_a_closed_record_is_a_page_that_says_why_and_until_when(shown: Shown):
    page = shown.client.get(f"/items/{CLOSED}")
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "이름, 주소, 주민등록번호 같은 개인정보가 들어 있습니다." in text
    assert "2040.\u00a01.\u00a01.에 공개될 예정입니다." in text
    assert "인사 관계 서류" in text


def test_a_closed_title_is_not_told_though_the_record_is(shown: Shown):
    text = shown.client.get(f"/items/{UNTITLED}").get_data(as_text=True)
    assert "제목도 공개하지 않는 기록" in text
    assert shown.client.get("/api/volumes/SG-2026-000001").json["items"][3]["title"] is None


def test_a_record_opens_on_its_day_and_not_the_day_before(shown: Shown):
    with shown.site.reading_session() as session:
        item = viewing.get_item(session, CLOSED, ANYBODY)
        eve = Asking(Reader(), NOW, item.opens_on.replace(year=2039, month=12, day=31))
        day = Asking(Reader(), NOW, item.opens_on)
        assert not viewing.decide(session, item, "file", eve).allowed
        assert viewing.decide(session, item, "file", day).reason == "open"


def test_an_unpublished_volume_is_not_there_for_anybody_but_staff(shown: Shown):
    with shown.site.open_session() as session:
        item = viewing.get_item(session, OPEN, ANYBODY)
        item.volume.publication = "draft"
        assert viewing.decide(session, item, "title", ANYBODY).reason == "unpublished"
        session.rollback()


@pytest.mark.parametrize("username", ["citizen", "auditor"])
def test_no_other_role_sees_what_is_closed(shown: Shown, username: str):
    client = shown.signed_in(username)
    assert client.get(f"/items/{CLOSED}/pages/1/large.1.jpg").status_code == 403
    assert client.post(f"/items/{CLOSED}/viewing", data={"reason": "enquiry"}).status_code == 403


def test_an_archivist_sees_it_after_giving_a_reason_that_the_ledger_keeps(shown: Shown):
    client = shown.signed_in("archivist")
    before = client.get(f"/items/{CLOSED}/pages/1/text")
    assert before.status_code == 403
    assert client.post(f"/items/{CLOSED}/viewing", data={"reason": "enquiry"}).status_code == 303
    after = client.get(f"/items/{CLOSED}/pages/1/text")
    assert "비밀낱말" in after.get_data(as_text=True)
    assert after.headers["Cache-Control"] == "no-store"
    with shown.site.reading_session() as session:
        entry = session.scalar(select(LedgerEntry).where(LedgerEntry.about == CLOSED))
        assert entry is not None
        assert '"item.viewed"' in entry.entry
        viewings = session.scalars(select(Viewing)).all()
        assert all(each.until > each.at for each in viewings)
    assert shown.client.get(f"/items/{CLOSED}/pages/1/text").status_code == 403


def test_a_viewing_without_a_known_reason_is_refused(shown: Shown):
    with shown.site.open_session() as session:
        item = session.scalar(select(Item).where(Item.reference == CLOSED))
        archivist = Asking(Reader("p-1", "archivist"), NOW, TODAY)
        with pytest.raises(WrongCall):
            viewing.begin_viewing(session, item, archivist, "curiosity")
        with pytest.raises(Refused):
            viewing.begin_viewing(session, item, ANYBODY, "enquiry")


def test_a_file_whose_bytes_changed_is_not_sent_to_its_end(shown: Shown):
    reference = "SG-2026-000001-0005"
    with shown.site.reading_session() as session:
        item = viewing.get_item(session, reference, ANYBODY)
        item.files[0].sha256 = "f" * 64
        served = viewing.open_file(session, shown.site, item, 1, ANYBODY)
        with pytest.raises(Exception, match="not what was stored"):
            b"".join(served.blocks)


def test_a_small_file_whose_bytes_changed_is_answered_with_an_error_and_not_with_nothing(shown: Shown):
    address = "/items/SG-2026-000001-0005/files/1"
    assert shown.client.get(address).get_data() == b"bytes of 5"
    copies = [path for path in shown.site.settings.home.rglob("*") if path.is_file()]
    altered = [path for path in copies if path.stat().st_size == 10 and path.read_bytes() == b"bytes of 5"]
    try:
        for path in altered:
            path.chmod(0o600)
            path.write_bytes(b"bytes of 6")
        answer = shown.client.get(address)
    finally:
        for path in altered:
            path.write_bytes(b"bytes of 5")
    assert altered
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "Content-Disposition" not in answer.headers
