"""What others wrote, agreements or addresses, is said on pages as it was written, whatever signs it has."""

from html import unescape
from pathlib import Path

import pytest
from markupsafe import escape
from sqlalchemy import select

from archive.site.site import Site
from archive.site.words import spoken
from ingest import explaining
from ingest.transfers import FindingRow, TransferVolume
from tests.ingest.conftest import AGENCY, Call
from tests.ingest.test_agreements import add, document
from tests.ingest.test_bad_input import row, transfer, without_numbers
from tests.ingest.test_ways_in import signed_in


@pytest.mark.parametrize("clause", [
    'rule = "names"\npattern = "[a|b]{2}"', 'rule = "columns"\nnames = ["[a|b]{2}"]',
    'rule = "formats"\nextensions = ["[a|b]{2}"]',
])  # fmt: skip
def test_what_was_agreed_is_said_as_it_stands_in_the_agreement(
    call: Call, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clause: str
) -> None:
    monkeypatch.setenv("SEOGO_CLOCK", "2026-11-28T09:00:00+09:00")
    add(call, document(tmp_path, f'id = "n"\n{clause}', begins="2026-11-28"))
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    call("transfer", "receive", folder, "--agency", AGENCY)
    client = signed_in(site)
    for page in ("", "/volumes/1"):
        for tongue, cited in (("", "조항 n"), ("/en", "clause n")):
            answer = client.get(f"{tongue}/desk/transfers/2026-0001{page}")
            words = unescape(answer.get_data(as_text=True))
            assert (answer.status_code, "[a|b]{2}" in words, cited in words) == (200, True, True), page
            assert "expected." not in words
    data = {"which": "all", "own": "yes", "confirmed": "yes"}
    assert client.post("/desk/transfers/2026-0001/return", data=data).status_code == 303
    with site.reading_session() as session:
        assert "[a|b]{2}" in str(session.scalar(select(TransferVolume.reason)))


TOLD = {
    "list.duplicate": "기록물철목록.csv 3행에도 있습니다.",
    "list.code_without_system": "아는 시스템: ",
    "list.retention": "가운데 하나’입니다.</td>",
    "file.unreadable": "열리지 않는 파일. PDF를 여는 도구(MuPDF)의 말: ",
    "file.extra": "목록에 없는 파일. 바라는 것은 ‘목록의 행’입니다.</td>",
    "name.case": "이런 이름이 2개입니다.",
    "name.encoding": "’(으)로 읽고 원래 바이트를 보관합니다.",
    "virus.not_scanned": "바이러스 검사를 하지 않음.</td>",
}
"""What is said in Korean of each of these, where nothing of the English sentence is left to tell."""


def test_what_only_the_sentence_of_a_check_tells_is_said_in_korean_or_stands_beside(
    call: Call, site: Site, tmp_path: Path
) -> None:
    old = "나.txt".encode("cp949").decode("utf-8", "surrogateescape")
    names = ("가.txt", "나.txt", "aux.txt", "A.txt", "a.txt", old)
    rows = [row("A-1", "가.txt"), row("A-1", "나.txt"), row("A-2", "다.pdf")]
    rows += [row("A-3", "aux.txt", "45년"), row("A-4", "A.txt", "30")]
    folder = transfer(tmp_path / "t", *rows, files=names)
    (folder / "다.pdf").write_bytes(b"%PDF-1.7 and no more")
    call("transfer", "receive", folder, "--agency", AGENCY)
    client = signed_in(site)
    with site.reading_session() as session:
        found = {each.rule: each.message for each in session.scalars(select(FindingRow))}
    assert {*TOLD, "name.shortened"} <= found.keys()
    for rule, message in found.items():
        path = f"/desk/transfers/2026-0001/findings?rule={rule}"
        page, english = client.get(path).text, client.get(f"/en{path}").text
        assert TOLD.get(rule, "") in page, rule
        assert (f'<span class="quiet small" lang="en">{escape(message)}<' in page) == (
            rule == "name.shortened"
        ), rule
        assert f'data-label="Explanation">{escape(message)}</td>' in english, rule


@pytest.mark.parametrize(("rule", "value", "message", "words"), [
    ("list.disagreement", "20년", "Row 9 of 건.csv: '20년' says another retention of the volume than row 4 "
     "does. Expected: 30년.", "4행의 값과 다릅니다."),
    ("list.ambiguous_volume", "가", "Row 9 of 건.csv: '가' its volume may be any of rows 2, 5. Expected: "
     "one volume.", "철은 2, 5행 가운데 하나일 수 있습니다."),
    ("list.retention_differs", "20년", "Row 9 of 건.csv: retention 20년 differs from 30년 of its volume "
     "(row 3 of 철.csv). The volume's counts.", "철은 철.csv 3행에 있고, 철의 값을 따릅니다."),
    ("name.collision", "00", "2 files have the name 가.txt; rename one of them.",
     "이름이 ‘가.txt’인 파일이 2개입니다."),
    ("inspection.unfit_before", "quality", "Volume 1 (가) was found unfit in round 1, 2026-0001: quality.",
     "1회차(2026-0001)의 판정입니다."),
    ("inspection.unfit", "quality", "Volume 1 (가) was found unfit: 흐립니다.", "판정에 적은 말: 흐립니다."),
    ("inspection.unfit", "quality", "Volume 1 (가) was found unfit: quality", "‘흐리거나 잘린 영상’입니다."),
])  # fmt: skip
def test_a_fact_that_stands_in_the_sentence_alone_ends_the_korean_one(
    rule: str, value: str, message: str, words: str
) -> None:
    found = FindingRow(rule=rule, value=value, expected=None, message=message)
    assert explaining.sentence(spoken("ko"), "ko", found).endswith(words)
    assert explaining.own_words("ko", found) == ""


def test_a_rule_that_only_an_address_names_has_general_words(call: Call, site: Site, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    call("transfer", "receive", folder, "--agency", AGENCY)
    answer = signed_in(site).get("/desk/transfers/2026-0001/findings?rule={4}[a|b]")
    assert (answer.status_code, "{4}[a|b]" in answer.text) == (200, True)


def test_the_desk_tells_what_a_list_lacks_before_what_follows_from_it(
    call: Call, site: Site, tmp_path: Path
) -> None:
    call("transfer", "receive", without_numbers(tmp_path / "t"), "--agency", AGENCY)
    client = signed_in(site)
    for tongue, name, step, files in (
        ("", "목록에 열 하나가 빠짐", "이 열을 넣어 목록을 다시 보내 주세요.", "어느 철에도 들지 않는 파일"),
        ("/en", "The list lacks a column", "Add this column and send the list again.", "Files of no volume"),
    ):
        text = unescape(client.get(f"{tongue}/desk/transfers/2026-0001").text)
        assert text.index(f"{name} <code>list.no_column") < text.index("<code>list.orphan_item")
        assert f"{files} <b>3</b>" in text
        assert step in text and '<span class="mono">철목록.csv</span> ·' in text
    reason = client.get("/desk/transfers/2026-0001/return").text
    assert "list.no_column: 철목록.csv 관리번호: 목록에 열 하나가 빠짐" in reason


def test_where_a_file_was_looked_for_is_said_in_korean(call: Call, site: Site, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "없음.txt"), row("A-2", ""), files=("가.txt",))
    call("transfer", "receive", folder, "--agency", AGENCY)
    text = unescape(signed_in(site).get("/desk/transfers/2026-0001").text)
    assert "바라는 값은 ‘폴더 t에 있는 파일’입니다." in text
    assert "바라는 것은 ‘폴더 t 안에 철의 번호나 제목으로 된 폴더’입니다." in text
