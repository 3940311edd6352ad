"""What a round returned and a later one took is settled: no word is needed, and the notice names it."""

from pathlib import Path

import pymupdf
import pytest

from archive.site.site import Site
from tests.conftest import Installation
from tests.ingest.conftest import AGENCY, Call, Said
from tests.ingest.receipts.conftest import Desk
from tests.ingest.receipts.test_completion import complete, facts, reasons
from tests.ingest.receipts.test_receipts import refused, vkey
from tests.ingest.test_bad_input import row, transfer


def again(receive: Call, first: str, folder: Path, *numbers: str) -> Said:
    rows = [row(number, f"{number}.txt") for number in numbers]
    files = tuple(f"{number}.txt" for number in numbers)
    return receive(transfer(folder, *rows, files=files), "--round-of", first)


@pytest.mark.flow
def test_a_volume_that_came_right_in_the_second_round_needs_no_word_and_the_notice_names_the_round(
    receive: Call, call: Call, first: str, place: Installation, site: Site, tmp_path: Path
) -> None:
    assert reasons(complete(call, first)) == [("returned", None, None)]
    asked = call("transfer", "complete", first, words=True).out
    assert f"seogo transfer receive DIR --agency {AGENCY} --round-of {first}" in asked
    second = again(receive, first, tmp_path / "second", "A-2").told
    said = complete(call, first, "--output", tmp_path / "r", "--notice", tmp_path / "n.pdf")
    assert (said.exit_code, said.told["volumes"]) == (0, {"stored": 2, "returned": 0, "taken_later": 1})
    assert said.told["keep"] == []
    [later] = said.told["taken_later"]
    assert (later["position"], later["round"], later["transfer"]) == (2, 2, second["transfer"])
    assert [later["reference"]] == second["references"]
    [notified] = facts(site, "transfer.completion_notified")
    assert notified["returned_for_good"] == []
    assert [each["transfer"] for each in notified["taken_later"]] == [second["transfer"]]
    letter = " ".join("".join(page.get_text() for page in pymupdf.open(tmp_path / "n.pdf")).split())
    assert "A-2 2차 " + second["transfer"] in letter and "뒤의 회차에서 인수" in letter
    assert "삭제하지 마십시오" not in letter and "파일이 없음" not in letter
    assert not refused((tmp_path / "r").read_bytes(), vkey(place))
    assert complete(call, second["transfer"]).exit_code == 0


@pytest.mark.flow
def test_papers_of_a_round_that_lists_everything_tell_what_it_took_from_what_was_taken_before(
    receive: Call, call: Call, first: str, tmp_path: Path
) -> None:
    """The first round took A-1 and A-3; the second lists all and brings A-2."""
    rows = [row("A-1", "가.txt"), row("A-2", "나.txt"), row("A-3", "다/라.txt")]
    sent = transfer(tmp_path / "second", *rows, files=("가.txt", "나.txt", "다/라.txt"))
    second = receive(sent, "--round-of", first).told["transfer"]
    call("transfer", "handover", second, "--pdf", tmp_path / "h.pdf")
    said = complete(call, second, "--notice", tmp_path / "n.pdf")
    assert (said.exit_code, said.told["volumes"]["stored"]) == (0, 3)
    assert said.told["taken_earlier"] == [{"transfer": first, "volumes": 2}]
    out = call("transfer", "complete", second, words=True).out
    assert f"3 volumes in custody, 2 of them taken before ({first})." in out
    letter, record = (
        " ".join("".join(page.get_text() for page in pymupdf.open(tmp_path / name)).split())
        for name in ("n.pdf", "h.pdf")
    )
    assert f"이 이관에서 인수한 것 1권, 앞서 인수하여 보존하고 있는 것 2권 (이관 번호 {first})" in letter
    assert f"이 이관에서 1철, 앞서 2철 (이관 번호 {first})" in record
    told = complete(call, first, "--notice", tmp_path / "1.pdf").told
    assert told["taken_earlier"] == []
    assert "앞서" not in "".join(page.get_text() for page in pymupdf.open(tmp_path / "1.pdf"))


def test_what_no_later_round_took_still_needs_the_word(receive: Call, call: Call, tmp_path: Path) -> None:
    sent = transfer(
        tmp_path / "first",
        row("A-1", "가.txt"),
        row("A-2", "나.txt"),
        row("A-3", "다.txt"),
        files=("가.txt",),
    )
    first = receive(sent).told["transfer"]
    call("transfer", "return", first, "--reason", "없음")
    again(receive, first, tmp_path / "second", "A-3")
    assert [each["position"] for each in complete(call, first).told["obstacles"]] == [2]
    told = complete(call, first, "--returned-for-good").told
    assert [each["sender_id"] for each in told["keep"]] == ["A-2"]
    assert [each["sender_id"] for each in told["taken_later"]] == ["A-3"]


def test_a_later_round_that_took_nothing_settles_nothing(
    receive: Call, call: Call, first: str, tmp_path: Path
) -> None:
    sent = transfer(tmp_path / "second", row("A-2", "나.txt;없음.txt"), files=("나.txt",))
    second = receive(sent, "--round-of", first).told["transfer"]
    call("transfer", "return", second, "--reason", "아직 없음")
    assert reasons(complete(call, first)) == [("returned", None, None)]


@pytest.mark.flow
def test_what_waits_in_a_later_round_is_decided_there_first_whatever_is_said(
    receive: Call, call: Call, first: str, desk: Desk, tmp_path: Path
) -> None:
    sent = transfer(tmp_path / "second", row("A-2", "나.txt"), files=("나.txt",))
    second = call("transfer", "receive", sent, "--agency", AGENCY, "--round-of", first).told["transfer"]
    for more in ((), ("--returned-for-good",)):
        said = complete(call, first, *more)
        [obstacle] = said.told["obstacles"]
        assert (said.exit_code, obstacle["why"], obstacle["position"]) == (3, "undecided", 2)
        assert (obstacle["round"], obstacle["transfer"]) == (2, second)
        assert f"is in round 2, {second}, which waits: decide there first." in obstacle["message"]
    out = call("transfer", "complete", first, words=True).out
    assert f"seogo transfer show {second}" in out and "--returned-for-good" not in out
    client = desk("archivist")
    assert f"2차 {second}에서 다시 받았고" in client.get(f"/desk/transfers/{first}/complete").text
    assert f"in round 2, {second}, which waits" in client.get(f"/en/desk/transfers/{first}/complete").text
    call("transfer", "return", second, "--reason", "다른 기록")
    assert complete(call, first, "--returned-for-good").exit_code == 0


def test_of_two_volumes_with_one_number_the_round_that_waits_keeps_only_the_one_that_was_not_taken(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    rows = (row("A-1", "가.txt"), row("B-1", "나.txt"), row("B-1", "다.txt"))
    first = receive(transfer(tmp_path / "first", *rows, files=("가.txt",))).told["transfer"]
    call("transfer", "return", first, "--reason", "없음")
    again(receive, first, tmp_path / "second", "B-1")
    sent = transfer(tmp_path / "third", row("B-1", "라.txt"), files=("라.txt",))
    call("transfer", "receive", sent, "--agency", AGENCY, "--round-of", first)
    told = complete(call, first, "--returned-for-good").told["obstacles"]
    assert [(each["why"], each["position"], each["round"]) for each in told] == [("undecided", 3, 2)]


def test_what_another_transfer_calls_the_same_settles_nothing(
    receive: Call, call: Call, first: str, tmp_path: Path
) -> None:
    receive(transfer(tmp_path / "other", row("A-2", "가.txt"), files=("가.txt",)))
    assert reasons(complete(call, first)) == [("returned", None, None)]


def test_other_bytes_that_came_after_a_volume_was_taken_are_not_settled_by_it(
    receive: Call, call: Call, first: str, tmp_path: Path
) -> None:
    """The second round brings a taken volume with other bytes; the third only lists it."""
    second = again(receive, first, tmp_path / "second", "A-1", "A-2").told["transfer"]
    call("transfer", "return", second, "--reason", "다른 파일")
    receive(transfer(tmp_path / "third", row("A-1", "")), "--round-of", second)
    assert [each["position"] for each in complete(call, second).told["obstacles"]] == [1]
    assert complete(call, first).exit_code == 0


def test_one_volume_that_came_again_settles_one_of_two_that_had_its_number(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    sent = transfer(
        tmp_path / "first",
        row("A-1", "가.txt"),
        row("B-1", "나.txt"),
        row("B-1", "다.txt"),
        files=("가.txt",),
    )
    first = receive(sent).told["transfer"]
    call("transfer", "return", first, "--reason", "없음")
    again(receive, first, tmp_path / "second", "B-1")
    assert [each["position"] for each in complete(call, first).told["obstacles"]] == [3]


@pytest.mark.flow
def test_a_file_that_a_later_round_listed_and_took_is_settled_too(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    came = transfer(tmp_path / "first", row("A-1", "가.txt"), files=("가.txt", "A-2.txt", "남음.txt"))
    first = receive(came).told["transfer"]
    assert complete(call, first).told["obstacles"][0]["files"] == 2
    again(receive, first, tmp_path / "second", "A-2")
    [obstacle] = complete(call, first).told["obstacles"]
    assert (obstacle["files"], obstacle["path"]) == (1, "남음.txt")
    told = complete(call, first, "--returned-for-good", "--notice", tmp_path / "n.pdf").told
    assert told["keep_files"] == ["남음.txt"]
    assert [(each["what"], each["round"]) for each in told["taken_later_files"]] == [("A-2.txt", 2)]


def test_a_round_of_which_nothing_was_taken_tells_which_round_did(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    first = receive(transfer(tmp_path / "first", row("A-2", "없음.txt"))).told["transfer"]
    call("transfer", "return", first, "--reason", "없음")
    second = again(receive, first, tmp_path / "second", "A-2").told["transfer"]
    [obstacle] = complete(call, first).told["obstacles"]
    assert (obstacle["why"], obstacle["transfer"]) == ("later", second)
    assert second in obstacle["message"]


def test_a_notice_that_was_given_stays_as_it_was_when_a_round_comes_after_it(
    receive: Call, call: Call, first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = complete(call, first, "--returned-for-good").told
    monkeypatch.setenv("SEOGO_CLOCK", "2026-11-28T10:00:00+09:00")
    again(receive, first, tmp_path / "second", "A-2")
    after = complete(call, first).told
    assert [each["sender_id"] for each in before["keep"]] == ["A-2"]
    assert {**after, "receipt": before["receipt"]} == before


def test_a_stray_file_in_the_folder_of_a_volume_that_came_right_is_named_and_refuses_nothing(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    came = ("가.txt", "A-2/하나.txt", "A-2/남음.txt")
    sent = transfer(tmp_path / "first", row("A-1", "가.txt"), row("A-2", "A-2/하나.txt"), files=came)
    first = receive(sent).told
    assert "file.extra" in {each["rule"] for each in first["findings"]}
    call("transfer", "return", first["transfer"], "--reason", "목록에 없는 파일")
    again(receive, first["transfer"], tmp_path / "second", "A-2")
    said = complete(call, first["transfer"])
    assert (said.exit_code, said.told["keep"], said.told["keep_files"]) == (0, [], ["A-2/남음.txt"])


@pytest.mark.flow
def test_what_still_waits_where_a_later_round_took_it_asks_nobody_for_anything(
    receive: Call, call: Call, desk: Desk, tmp_path: Path
) -> None:
    rows = (row("A-1", "가.txt"), row("A-2", "A-2.txt"))
    first = receive(transfer(tmp_path / "first", *rows, files=("가.txt",))).told["transfer"]
    assert "seogo transfer return" in call("transfer", "show", first, words=True).out
    second = again(receive, first, tmp_path / "second", "A-2").told["transfer"]
    shown = call("transfer", "show", first, words=True).out
    assert "Accepted 1.  1 volume came right in a later round." in shown
    assert "seogo transfer return" not in shown and "--round-of" not in shown
    assert f"It was corrected by {second}: seogo transfer show {second}" in shown
    volumes = call("transfer", "show", first).told["volumes"]
    assert volumes.items() >= {"acceptable": 0, "held_back": 0, "taken_later": 1}.items()
    listed = call("transfer", "list").told["transfers"]
    assert [each["corrected_by"] for each in listed] == [None, second]
    assert f", corrected by {second}" in call("transfer", "list", words=True).out
    client = desk("archivist")
    page = client.get(f"/desk/transfers/{first}").text
    assert f"/desk/transfers/{first}/return" not in page and "뒤의 회차에서 인수" in page
    every = client.get("/desk/transfers").text
    assert f"{second}에서 고침" in every and "오류 1" not in every
    said = complete(call, first)
    assert (said.exit_code, said.told["volumes"]) == (0, {"stored": 1, "returned": 0, "taken_later": 1})
    assert call("transfer", "show", first).told["state"] == "closed"
    assert call("transfer", "receipt", first, "--output", tmp_path / "r").exit_code == 0
    checked = call("receipt", "verify", tmp_path / "r")
    assert (checked.exit_code, checked.told["holds"]) == (0, True), checked.out


def test_the_page_of_accepting_names_the_round_that_took_what_waits(
    receive: Call, desk: Desk, tmp_path: Path
) -> None:
    rows = (row("A-1", "가.txt"), row("A-2", "A-2.txt"))
    first = receive(transfer(tmp_path / "first", *rows, files=("가.txt",))).told["transfer"]
    second = again(receive, first, tmp_path / "second", "A-2").told["transfer"]
    client, path = desk("archivist"), f"/desk/transfers/{first}/accept"
    page, english = client.get(path).text, client.get(f"/en{path}").text
    assert f"이 이관의 1철은 뒤의 회차({second})에서 인수했습니다. 더 인수할 철이 없습니다." in page
    assert f"1 volume of this transfer came right in a later round ({second})." in english
    assert "모두 이미 인수했습니다" in client.get(f"/desk/transfers/{second}/accept").text
    assert "모두 이미 인수했습니다" not in page and "in custody already" not in english


def test_what_waits_and_no_later_round_took_is_still_asked_for(
    receive: Call, call: Call, desk: Desk, tmp_path: Path
) -> None:
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt"), row("A-3", "다.txt"))
    first = receive(transfer(tmp_path / "first", *rows, files=("가.txt",))).told["transfer"]
    again(receive, first, tmp_path / "second", "A-3")
    shown = call("transfer", "show", first)
    assert shown.told["volumes"].items() >= {"held_back": 1, "taken_later": 1}.items()
    assert "seogo transfer return" in call("transfer", "show", first, words=True).out
    assert "오류" in desk("archivist").get("/desk/transfers").text.partition(f"{first}</a>")[2]
    assert [each["position"] for each in complete(call, first).told["obstacles"]] == [2]


def test_a_good_volume_with_a_title_alone_waits_whatever_a_later_round_took(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    """There may be one like it: only an error tells that it was the one to be corrected."""
    first = call(
        "transfer", "receive", transfer(tmp_path / "앨범", files=("가.txt",)), "--agency", AGENCY,
        "--without-list",
    ).told["transfer"]  # fmt: skip
    (tmp_path / "b").mkdir()
    other = transfer(tmp_path / "b" / "앨범", files=("나.txt",))
    receive(other, "--without-list", "--round-of", first)
    volumes = call("transfer", "show", first).told["volumes"]
    assert volumes.items() >= {"acceptable": 1, "taken_later": 0}.items()
