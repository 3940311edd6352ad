"""What others wrote, agreements or addresses, is said on pages as it was written, whatever signs it has."""

from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import select

from archive.site.site import Site
from ingest.transfers import TransferVolume
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
