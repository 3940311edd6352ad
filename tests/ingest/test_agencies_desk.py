"""The desk's pages of agencies: agreements in versions, what they judged, trying one, tokens shown once."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, update

import seogo
from archive import ledger, people
from archive.errors import WrongCall
from archive.site.site import Site
from archive.site.web import create_app
from ingest.agreements import documents
from ingest.transfers import FindingRow, TransferVolume
from tests.access.conftest import NOW
from tests.conftest import Installation
from tests.ingest.conftest import AGENCY, Call
from tests.ingest.test_agreements import CLAUSES, FORMATS, add, document, two
from tests.ingest.test_bad_input import row, transfer

PAGE = f"/desk/agencies/{AGENCY}"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, place: Installation) -> None:
    place.environment["SEOGO_CLOCK"] = "2026-03-01T00:00:00+00:00"


@pytest.fixture
def site(call: Call, place: Installation) -> Iterator[Site]:
    site = place.site()
    with site.open_session.begin() as session:
        for role in ("archivist", "auditor"):
            people.add(session, role, f"password-{role}", role=role, display_name="김서고", now=NOW)  # type: ignore[arg-type]
    yield site
    site.engine.dispose()


def signed_in(site: Site, role: str) -> FlaskClient:
    app = create_app(site, seogo.pages(site), a_minute=100_000)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert client.post("/sign-in", data={"username": role, "password": f"password-{role}"}).status_code == 303
    return client


@pytest.fixture
def desk(site: Site) -> FlaskClient:
    return signed_in(site, "archivist")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return transfer(tmp_path / "folder", row("A-1", "가.txt"), files=("가.txt",))


def text(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status
    return answer.get_data(as_text=True)


# Names


def entered(client: FlaskClient, address: str = "/desk/agencies", **form: str) -> tuple[int, str]:
    answer = client.post(address, data=form)
    return answer.status_code, answer.get_data(as_text=True)


def named(call: Call) -> dict[str, tuple[str, str | None]]:
    return {
        each["agency"]: (each["name"], each["name_en"]) for each in call("agency", "list").told["agencies"]
    }


def test_an_agency_is_entered_and_named_anew_by_who_works_at_the_desk(
    call: Call, desk: FlaskClient, site: Site
) -> None:
    answer = desk.post("/desk/agencies", data={"code": " 1741000 ", "name": " 행정  안전부", "name_en": ""})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk/agencies/1741000?done=named#done")
    assert named(call) == {"1741000": ("행정 안전부", None)}
    again = {"name": "행정안전부", "name_en": "Ministry of the Interior and Safety"}
    assert entered(desk, "/desk/agencies/1741000", **again)[0] == 303
    assert named(call) == {"1741000": ("행정안전부", "Ministry of the Interior and Safety")}
    auditor = signed_in(site, "auditor")
    assert entered(auditor, code="3000000", name="종로구")[0] == 403
    assert entered(auditor, "/desk/agencies/1741000", name="종로구")[0] == 403
    assert entered(desk, "/desk/agencies/3000000", name="종로구")[0] == 404
    assert list(named(call)) == ["1741000"]


@pytest.mark.parametrize(
    ("form", "field", "said"),
    [
        ({"code": "행정안전부", "name": "행정안전부"}, "code", "This cannot be a code"),
        ({"code": "../../etc", "name": "행정안전부"}, "code", "This cannot be a code"),
        ({"code": "1741000", "name": "  "}, "name", "Write the name in one line"),
        ({"code": "1741000", "name": "가" * 201}, "name", "Write the name in one line"),
        ({"code": "1741000", "name": "행정안전부", "name_en": "a\x07b"}, "name_en", "Write the English name"),
    ],
)
def test_a_wrong_code_or_name_is_told_at_its_field_and_nothing_typed_is_lost(
    call: Call, desk: FlaskClient, form: dict[str, str], field: str, said: str
) -> None:
    status, page = entered(desk, "/en/desk/agencies", **form)
    assert status == 422
    assert f'<a href="#{field}">{said}' in page and f'id="{field}-error">{said}' in page
    assert page.count('aria-invalid="true"') == 1
    assert f'value="{form["code"]}"' in page and f'value="{form["name"]}"' in page
    assert named(call) == {}
    assert entered(desk, code="1741000", name="행정안전부")[0] == 303


def test_an_agency_that_is_entered_is_not_renamed_by_entering_it_again(call: Call, desk: FlaskClient) -> None:
    assert entered(desk, code=AGENCY, name="한빛시")[0] == 303
    status, page = entered(desk, "/en/desk/agencies", code=AGENCY, name="다른시")
    assert status == 422 and 'id="code-error">An agency is entered under this code already' in page
    assert f'value="{AGENCY}"' in page and 'value="다른시"' in page
    assert named(call) == {AGENCY: ("한빛시", None)}


def test_an_agency_that_only_sent_records_is_entered_with_its_name(
    call: Call, desk: FlaskClient, folder: Path
) -> None:
    call("transfer", "receive", folder, "--agency", AGENCY)
    assert named(call) == {AGENCY: (AGENCY, None)}
    assert entered(desk, code=AGENCY, name="한빛시")[0] == 303
    assert named(call) == {AGENCY: ("한빛시", None)}


def test_a_refusal_that_no_field_is_about_is_no_error_of_the_form(
    call: Call, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise WrongCall("The facts cannot be written.", code="ledger.facts")

    monkeypatch.setattr("ingest.taking.agencies.enter", refuse)
    status, page = entered(desk, code=AGENCY, name="한빛시")
    assert status >= 400 and "agency.wrong" not in page and 'aria-invalid="true"' not in page
    assert named(call) == {}


def test_a_wrong_name_is_told_on_the_page_of_the_agency(
    call: Call, desk: FlaskClient, site: Site, folder: Path
) -> None:
    entered(desk, code=AGENCY, name="한빛시")
    status, page = entered(desk, f"/en{PAGE}", name="", name_en="Hanbit City")
    assert (status, page.count('aria-invalid="true"')) == (422, 1)
    assert 'value="Hanbit City"' in page and '<h1><span lang="ko">한빛시</span></h1>' in page
    call("transfer", "receive", folder, "--agency", AGENCY, "--until", "stored")
    with site.open_session.begin() as session:
        session.execute(update(TransferVolume).values(packed_at=site.now()))
    status, page = entered(desk, f"/en{PAGE}", name="한빛특별시")
    assert status == 422 and "are being taken in under its present name" in page
    assert named(call) == {AGENCY: ("한빛시", None)}


def test_the_english_desk_says_the_english_name_where_there_is_one(
    call: Call, desk: FlaskClient, folder: Path, tmp_path: Path
) -> None:
    call("agency", "add", AGENCY, "--name", "한빛시")
    add(call, document(tmp_path, FORMATS))
    desk.post(f"{PAGE}/tokens", data={"may": "ask"})
    upload = desk.post("/desk/uploads", data={"agency": AGENCY}).headers["Location"]
    number = call("transfer", "receive", folder, "--agency", AGENCY, "--until", "stored").told["transfer"]
    pages = ("/desk/agencies", PAGE, f"{PAGE}/agreements/try", "/desk/transfers", f"/desk/transfers/{number}",
             f"/desk/transfers/{number}/accept", f"/desk/transfers/{number}/counts", f"{PAGE}/agreements/1",
             f"{PAGE}/tokens/1", "/desk/uploads", upload)  # fmt: skip
    assert all("한빛시" in text(desk, f"/en{page}") for page in pages)
    call("agency", "add", AGENCY, "--name", "한빛시", "--name-en", "Hanbit City")
    for page in pages:
        english, korean = text(desk, f"/en{page}"), text(desk, page)
        assert "Hanbit City" in english and "한빛시" in korean, page
        assert '<span lang="ko">Hanbit City' not in english, page
        assert ("Hanbit City" in korean, "한빛시" in english) == (page == PAGE, page == PAGE), page
    assert f'<a href="/en{PAGE}">Hanbit City</a>' in text(desk, f"/en/desk/transfers/{number}")


# Agreements


def test_the_versions_and_what_each_clause_demands_are_shown(
    call: Call, desk: FlaskClient, tmp_path: Path
) -> None:
    every = (f'id = "c{place}"\n{clause}' for place, (clause, _, _) in enumerate(CLAUSES.values()))
    puids = 'id = "p"\nrule = "formats"\npuids = ["fmt/353"]\nseverity = "warning"'
    whole = 'id = "w"\nrule = "virus-scan"\nwhole = true'
    add(call, document(tmp_path, FORMATS, puids, *every, whole))
    add(call, document(tmp_path, FORMATS, version=2, begins="2026-03-02"))
    assert f'href="/en{PAGE}"' in text(desk, "/en/desk/agencies")
    page = text(desk, f"/en{PAGE}")
    assert "in force" in page and "not begun" in page
    one = text(desk, f"/en{PAGE}/agreements/1")
    for words in (
        "Names of files end in txt, .PDF", "PRONOM format fmt/353", "A file has at most 5",
        "at most 1 volumes",
        "Each volume has something in: 분류번호", "regular expression [a-z]+\\.txt", "at most 4 letters",
        "comes with a checksum", "scanned for viruses", "can be scanned whole",
        "a warning", "the volume waits (error)",
    ):  # fmt: skip
        assert words in one, words
    assert "clause." not in one
    assert desk.get(f"{PAGE}/agreements/3").status_code == 404


def test_a_version_tells_which_transfers_it_judged_and_which_clauses_they_met(
    call: Call, receive: Call, desk: FlaskClient, tmp_path: Path
) -> None:
    receive(two(tmp_path / "before"))
    add(call, document(tmp_path, FORMATS))
    number = receive(two(tmp_path / "after"), "--round-of", "2026-0001").told["transfer"]
    page = text(desk, f"/en{PAGE}/agreements/1")
    assert f'/desk/transfers/{number}"' in page and "/desk/transfers/2026-0001" not in page
    assert '<span class="mono">formats</span> 1' in page
    assert f"{PAGE}/agreements/1" in text(desk, f"/desk/transfers/{number}/history")


def test_trying_tells_what_would_have_been_refused_and_writes_nothing(
    call: Call, receive: Call, desk: FlaskClient, site: Site, tmp_path: Path
) -> None:
    number = receive(two(tmp_path / "t")).told["transfer"]
    words = document(tmp_path, FORMATS, 'id = "sums"\nrule = "checksums"').read_text("utf-8")
    answer = desk.post(f"/en{PAGE}/agreements/try", data={"document": words.replace("\n", "\r\n")})
    said = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert number in said and "1 volume<" in said and "나.exe" in said
    assert '<span class="mono">sums</span>' in said
    assert call("agreement", "list").told["agreements"] == []
    none = desk.post(
        f"/en{PAGE}/agreements/try",
        data={"document": words.replace('"txt"', '"txt", "exe"'), "transfer": number},
    )
    assert "nothing</span>" in none.get_data(as_text=True)


def test_a_clause_about_a_scan_is_not_known_of_a_transfer_that_records_none(
    call: Call, receive: Call, desk: FlaskClient, site: Site, tmp_path: Path
) -> None:
    receive(two(tmp_path / "t"))
    words = {"document": document(tmp_path, 'id = "scan"\nrule = "virus-scan"').read_text("utf-8")}
    before = desk.post(f"/en{PAGE}/agreements/try", data=words).get_data(as_text=True)
    assert "everything" in before and "cannot be known" not in before
    with site.open_session.begin() as session:
        session.execute(delete(FindingRow).where(FindingRow.rule == "virus.not_scanned"))
    after = desk.post(f"/en{PAGE}/agreements/try", data=words).get_data(as_text=True)
    assert 'cannot be known: <span class="mono">scan</span>' in after and "nothing</span>" not in after


def test_what_was_tried_is_entered_word_for_word(
    call: Call, receive: Call, desk: FlaskClient, tmp_path: Path
) -> None:
    receive(two(tmp_path / "t"))
    words = document(tmp_path, FORMATS).read_text("utf-8")
    answer = desk.post(f"{PAGE}/agreements", data={"document": words.replace("\n", "\r\n")})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PAGE}/agreements/1?done=entered#done")
    assert call("agreement", "show", AGENCY).told["document"] == words
    assert "입력" not in text(desk, f"{PAGE}/agreements/try")
    assert "clause" in text(desk, f"{PAGE}/agreements/try?version=1")


@pytest.mark.parametrize(
    ("words", "said"),
    [("?", "is not TOML"), ('agency = "1"\n', "version is missing"), ("other", "not with 6110000")],
)
@pytest.mark.parametrize("address", [f"{PAGE}/agreements/try", f"{PAGE}/agreements"])
def test_a_document_with_faults_is_told_where_it_is_typed(
    call: Call, receive: Call, desk: FlaskClient, tmp_path: Path, address: str, words: str, said: str
) -> None:
    receive(two(tmp_path / "t"))
    if words == "other":
        words = document(tmp_path, FORMATS).read_text("utf-8").replace(AGENCY, "1741000")
    answer = desk.post(address, data={"document": words})
    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True) and 'id="errors"' in answer.get_data(as_text=True)
    assert call("agreement", "list").told["agreements"] == []


def test_every_option_of_every_rule_has_its_sentence(
    call: Call, receive: Call, desk: FlaskClient, tmp_path: Path
) -> None:
    values = {list: '["a"]', int: "7", str: '"item"', bool: "true"}
    clauses = [
        "\n".join(
            [
                f'id = "c{place}"',
                f'rule = "{rule}"',
                *(f"{name} = {values[kind]}" for name, kind in options.items()),
            ]
        )
        for place, (rule, options) in enumerate(documents.OPTIONS.items())
    ]
    add(call, document(tmp_path, *clauses))
    page = text(desk, f"{PAGE}/agreements/1")
    assert "clause." not in page and "건마다 다음 칸을 채움: a" in page


# Tokens


def test_a_token_is_shown_once_and_opens_what_it_may(
    call: Call, receive: Call, desk: FlaskClient, site: Site, tmp_path: Path
) -> None:
    receive(two(tmp_path / "t"))
    made = desk.post(f"{PAGE}/tokens", data={"may": "ask"})
    words = re.findall(r"seogo_[A-Za-z0-9_-]{43}", made.get_data(as_text=True))
    assert (made.status_code, len(words), made.headers["Cache-Control"]) == (200, 1, "no-store")
    assert words[0] not in text(desk, PAGE)
    program = {"Authorization": f"Bearer {words[0]}"}
    assert desk.get("/api/transfers/2026-0001", headers=program).status_code == 200
    assert call("agency", "token", "list").told["tokens"][0]["may_send"] is False
    asked = text(desk, f"{PAGE}/tokens/1")
    assert f"{PAGE}/tokens/1/revoke" in asked
    assert desk.post(f"{PAGE}/tokens/1/revoke").status_code == 303
    assert desk.get("/api/transfers/2026-0001", headers=program).status_code == 401
    with site.reading_session() as session:
        rows = session.query(ledger.LedgerEntry).filter_by(about=f"agency/{AGENCY}")
        acts = [json.loads(row.entry)["act"] for row in rows.order_by(ledger.LedgerEntry.id)]
    assert acts == ["agency.token_made", "agency.token_revoked"]
    assert f"{PAGE}/tokens/1/revoke" not in text(desk, f"{PAGE}/tokens/1")


def test_a_token_of_another_agency_is_not_revoked_here(
    call: Call, receive: Call, desk: FlaskClient, tmp_path: Path
) -> None:
    receive(two(tmp_path / "t"))
    call("agency", "token", "add", "1741000")
    assert desk.post(f"{PAGE}/tokens/1/revoke").status_code == 404
    assert desk.get(f"{PAGE}/tokens/1").status_code == 404
    assert call("agency", "token", "list").told["tokens"][0]["revoked_at"] is None


def test_the_pages_are_for_the_desk_only(
    call: Call, receive: Call, site: Site, desk: FlaskClient, tmp_path: Path
) -> None:
    receive(two(tmp_path / "t"))
    auditor, nobody = signed_in(site, "auditor"), create_app(site, seogo.pages(site)).test_client()
    for address in ("/desk/agencies", PAGE, f"{PAGE}/agreements/try"):
        assert desk.get(address).status_code == 200
        assert auditor.get(address).status_code == 403
        assert nobody.get(address).status_code in (302, 303)
    assert auditor.post(f"{PAGE}/tokens").status_code == 403
    assert desk.get("/desk/agencies/none").status_code == 404
