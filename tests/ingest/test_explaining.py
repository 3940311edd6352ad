"""What others wrote, agreements or addresses, is said on pages as it was written, whatever signs it has."""

from collections.abc import Iterator
from html import unescape
from itertools import chain
from pathlib import Path

import pytest
from markupsafe import escape
from sqlalchemy import select

from archive.site.site import Site
from archive.site.words import spoken
from ingest import explaining
from ingest.samples.faults import LOCK
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
    "file.extra": "목록의 어느 철에도 들지 않는 파일. 바라는 것은 ‘목록의 행’입니다.</td>",
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


LISTS = {
    "건.csv": "보존기간,기록물철 제목,건제목,파일\n영구,굴착철,가,가.txt\n30년,굴착철,나,나.txt\n",
    "metadata/metadata.csv": "filename,dc.title\nobjects/가.txt,\n",
}
"""Lists that stand alone: two rows that disagree on their volume, a file without a title."""
OF_TWO = (
    ("철.csv", "관리번호,제목,권호수,보존기간,생산연도\nV-1,굴착,1,영구,1998\nV-2,굴착,2,영구,1998\n"),
    ("건.csv", "철제목,권호수,건제목,보존기간,파일\n굴착,2,가,30년,가.txt\n굴착,,나,,나.txt\n"),
)
"""An item that gives another retention than its volume, and one that may be of either volume."""
NO_PAGE = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]>>endobj\n"
TOLD_ALONE = {
    "also_in": "기록물철목록.csv 2행에도 있습니다.",
    "other_row": "2행의 값과 다릅니다.",
    "any_row": "철은 2, 3행 가운데 하나일 수 있습니다.",
    "volume_counts": "철은 철.csv 3행에 있고, 철의 값을 따릅니다.",
    "systems": "아는 시스템: ",
    "file_name": "파일 이름을 제목으로 씁니다.",
    "password": "암호를 묻는 PDF입니다.",
    "no_page": "쪽을 찾을 수 없는 PDF입니다.",
    "mupdf": "PDF를 여는 도구(MuPDF)의 말: ",
    "same_name": "이름이 ‘나.txt’인 파일이 2개입니다.",
    "capitals": "이런 이름이 2개입니다.",
    "read_as": "‘나.txt’(으)로 읽고 원래 바이트를 보관합니다.",
    "note": "판정에 적은 말: 흐립니다.",
    "round": "1회차(2026-0001)의 판정입니다.",
}
"""What ends the Korean sentence, by what the sentence of the check tells alone."""


def bad_folders(place: Path) -> Iterator[Path]:
    old = "나.txt".encode("cp949").decode("utf-8", "surrogateescape")
    rows = [row("A-1", "가.txt"), row("A-1", "나.txt", "30"), row("A-2", "A.txt")]
    rows += [row(f"P-{n}", f"{n}.pdf") for n in (1, 2, 3)]
    folder = transfer(place / "names", *rows, files=("가.txt", "나.txt", old, "A.txt", "a.txt"))
    (folder / "1.pdf").write_bytes(b"%PDF-1.7 and no more")
    (folder / "2.pdf").write_bytes(NO_PAGE + b"trailer\n<</Root 1 0 R>>\n")
    (folder / "3.pdf").write_bytes(NO_PAGE + b"trailer\n<<" + LOCK + b"/Root 1 0 R>>\n")
    yield folder
    for number, lists in enumerate((*([each] for each in LISTS.items()), OF_TWO)):
        folder = transfer(place / str(number), files=("가.txt", "나.txt", "objects/가.txt"))
        for name, text in lists:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        yield folder


def told_by_checks(call: Call, place: Path) -> Iterator[FindingRow]:
    """Findings of bad folders, then of volumes that were judged: one with a remark, one without."""
    call("init")
    asked = ("transfer", "receive", "--agency", AGENCY)
    told = [call(*asked, folder, "--dry-run").told for folder in bad_folders(place)]
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt"))
    sent = transfer(place / "judged", *rows, files=("가.txt", "나.txt"))
    first = call(*asked, sent).told["transfer"]
    unfit = ("transfer", "judge", first, "--verdict", "unfit", "--reason", "quality", "--volume")
    call(*unfit, 1, "--note", "흐립니다.")
    call(*unfit, 2)
    told.append(call("transfer", "show", first).told)
    call("transfer", "return", first, "--reason", "흐립니다")
    told.append(call(*asked, sent, "--round-of", first, "--dry-run").told)
    names = ("rule", "value", "expected", "message")
    for each in chain.from_iterable(each["findings"] for each in told):
        yield FindingRow(**{name: each[name] for name in names})


def test_a_fact_that_stands_in_the_sentence_of_a_check_alone_ends_the_korean_one(
    call: Call, tmp_path: Path
) -> None:
    ends, without_remark = {}, []
    for found in told_by_checks(call, tmp_path):
        said = explaining.sentence(spoken("ko"), "ko", found)
        for rule, kind, pattern in explaining.DETAILS:
            if rule == found.rule and pattern.search(found.message):
                assert explaining.own_words("ko", found) == ""
                if kind == "note" and found.message.endswith(": quality"):
                    without_remark.append(said)
                else:
                    ends[kind] = said
    assert ends.keys() == TOLD_ALONE.keys() == {kind for _, kind, _ in explaining.DETAILS}
    assert [kind for kind, words in TOLD_ALONE.items() if words not in ends[kind].partition(". ")[2]] == []
    assert [said.endswith("‘흐리거나 잘린 영상’입니다.") for said in without_remark] == [True]


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
    assert "그래도 없는 파일은 보내거나 목록에서 빼 주세요." in client.get("/desk/transfers/2026-0001").text
    reason = client.get("/desk/transfers/2026-0001/return").text
    assert "list.no_column: 철목록.csv 관리번호: 목록에 열 하나가 빠짐" in reason


def test_where_a_file_was_looked_for_is_said_in_korean(call: Call, site: Site, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "없음.txt"), row("A-2", ""), files=("가.txt",))
    call("transfer", "receive", folder, "--agency", AGENCY)
    text = unescape(signed_in(site).get("/desk/transfers/2026-0001").text)
    assert "바라는 값은 ‘폴더 t에 있는 파일’입니다." in text
    assert "바라는 것은 ‘폴더 t 안에 철의 번호나 제목으로 된 폴더’입니다." in text
