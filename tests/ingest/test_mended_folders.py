"""A mended folder is known again where numbers do not tell it: by title and files, or by title and place."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from ingest.checking import reading
from tests.conftest import Installation
from tests.ingest.conftest import AGENCY, Call, Said
from tests.ingest.test_bad_input import assert_is_a_sentence, row, transfer
from tests.ingest.test_received_before import CODE

ALBUM = ",사진첩,1988,영구,공개,{}\n"
"""A volume without a number."""


def album(folder: Path, *came: str, listed: str = "1.txt;2.txt") -> Path:
    """A list of one volume without a number, and those of its files that came."""
    return transfer(folder, ALBUM.format(listed), files=came)


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name[1:]}.txt").write_text(text)


def transfers_of(call: Call) -> list[str]:
    return sorted(each["transfer"] for each in call("transfer", "list").told["transfers"])


def told(said: Said, number: str) -> str:
    """The sentence of the refusal, which names both ways on."""
    assert (said.exit_code, said.told["error"]["code"]) == (3, CODE), said.out
    assert_is_a_sentence(said.sentence)
    assert f"transfer {number} of " in said.sentence.lower()
    assert f"--round-of {number}" in said.sentence and "--another-transfer" in said.sentence
    return said.sentence


@pytest.mark.parametrize("returned", [False, True])
def test_a_volume_without_a_number_is_known_by_its_title_and_most_of_its_files_wherever_it_lies(
    receive: Call, call: Call, tmp_path: Path, returned: bool
) -> None:
    first = receive(album(tmp_path / "t", "1.txt")).told["transfer"]
    if returned:
        call("transfer", "return", first, "--reason", "파일이 없음")
    mended = album(tmp_path / "mended", "1.txt", "2.txt")
    for more in ((), ("--dry-run",)):
        assert "by title and with most of the very files" in told(receive(mended, *more), first)
    assert transfers_of(call) == [first]
    again = receive(mended, "--round-of", first)
    assert (again.exit_code, again.told["round"], again.told["volumes"]["stored"]) == (0, 2, 1)


def test_without_a_list_most_of_the_files_are_enough(receive: Call, call: Call, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "사진첩", files=("1.txt", "2.txt", "3.txt"))
    first = call("transfer", "receive", folder, "--agency", AGENCY, "--without-list").told["transfer"]
    write(folder, _2="고친 사진\n")
    assert "by title and with most of the very files" in told(receive(folder, "--without-list"), first)
    # The month after, under the same name and at the same place: nothing of it came before.
    write(folder, _1="다음 달\n", _2="다음 달의 둘째\n", _3="다음 달의 셋째\n")
    assert receive(folder, "--without-list").told["volumes"]["stored"] == 1
    assert transfers_of(call) == [first, "2026-0002"]


MINUTES = "회의록"


def minutes(folder: Path, month: str, *more: str) -> Path:
    """The minutes of a month, without a number: the form that is before them each month, and their pages."""
    files = ("표지.txt", "1.txt", *more)
    transfer(folder, ALBUM.format(";".join(files)).replace("사진첩", MINUTES), files=files)
    write(folder, _1=f"{month} 회의\n")
    return folder


def test_a_form_that_two_months_share_makes_them_no_one_transfer(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    first = call("transfer", "receive", minutes(tmp_path / "1월", "일월"), "--agency", AGENCY)
    said = receive(minutes(tmp_path / "2월", "이월"))
    assert (said.exit_code, said.told["round"], said.told["volumes"]["stored"]) == (0, 1, 1)
    # With one page more that came before it is most of them.
    both = minutes(tmp_path / "고침", "삼월", "2.txt")
    call("transfer", "return", first.told["transfer"], "--reason", "다시")
    call("transfer", "receive", both, "--agency", AGENCY)
    again = minutes(tmp_path / "다시 고침", "사월", "2.txt")
    assert "1 of the 1 volume " in told(receive(again), "2026-0003")


def test_files_are_read_once_and_only_while_they_can_decide(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{each}.txt" for each in range(1, 10)]
    for name in ("t", "u"):
        folder = album(tmp_path / name, *names, listed=";".join(names))
        write(folder, _9=f"{name}\n")
        assert call("transfer", "receive", folder, "--agency", AGENCY, "--another-transfer").exit_code == 0
    read: list[str] = []
    sha256_of = reading.sha256_of

    def noted(path: str) -> str:
        read.append(Path(path).name)
        return sha256_of(path)

    monkeypatch.setattr(reading, "sha256_of", noted)

    def read_of(folder: Path) -> list[str]:
        read.clear()
        call("transfer", "receive", folder, "--agency", AGENCY, "--dry-run")
        return [each for each in read if each != "기록물철목록.csv"]

    mended = album(tmp_path / "mended", *names, "10.txt", listed=";".join([*names, "10.txt"]))
    some = read_of(mended)
    assert (len(some), len(set(some))) == (5, 5)
    others = album(tmp_path / "others", *names, "10.txt", listed=";".join([*names, "10.txt"]))
    for name in names:
        path = others / name
        path.write_bytes(path.read_bytes()[::-1])
    some = read_of(others)
    assert (len(some), len(set(some))) == (4, 4)


@contextmanager
def questions_about_files() -> Iterator[list[tuple[str, Any]]]:
    """What the database is asked about files of earlier transfers by their paths."""
    asked: list[tuple[str, Any]] = []

    def note(*given: Any) -> None:
        if "FROM transfer_files" in given[2] and "path IN" in given[2]:
            asked.append((given[2], given[3]))

    event.listen(Engine, "before_cursor_execute", note)
    yield asked
    event.remove(Engine, "before_cursor_execute", note)


def test_of_an_earlier_transfer_only_the_files_of_the_volume_that_looks_alike_are_asked_for(
    call: Call, place: Installation, tmp_path: Path
) -> None:
    def albums(folder: Path, *files: str) -> Path:
        rows = (ALBUM.format(f"{n}.txt;뒤 {n}.txt").replace("사진첩", f"사진첩 {n}") for n in range(6))
        return transfer(folder, *rows, files=files)

    came = [f"{n}.txt" for n in range(6)]
    first = call("transfer", "receive", albums(tmp_path / "t", *came), "--agency", AGENCY).told["transfer"]
    mended = albums(tmp_path / "mended", *came, *(f"뒤 {name}" for name in came))
    with questions_about_files() as asked:
        refused = call("transfer", "receive", mended, "--agency", AGENCY, "--dry-run")
    assert told(refused, first).startswith("6 of the 6 volumes ")
    assert 0 < len(asked) <= 2 * len(came)
    site = place.site()
    if site.engine.dialect.name == "sqlite":
        with site.engine.connect() as connection:
            for question, values in asked:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question}", values).all()
                assert "ix_transfer_files_transfer_position (transfer_id=? AND position=?)" in str(plan)
    site.engine.dispose()


def test_a_title_that_waits_is_known_at_the_same_place_and_nowhere_else(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    folder = album(tmp_path / "t", "1.txt")
    first = receive(folder).told["transfer"]
    album(folder, "2.txt")
    write(folder, _1="고친 첫째\n")
    sentence = told(receive(folder), first)
    assert "by title and from this very folder" in sentence and f"transfer return {first} " in sentence
    elsewhere = folder.rename(tmp_path / "moved")
    assert receive(elsewhere).told["volumes"]["stored"] == 1
    assert transfers_of(call) == [first, "2026-0002"]


UP, LINK = "t/../t", "link/t"


@pytest.mark.parametrize(("came", "comes"), [("t", UP), (UP, "t"), (UP, UP), ("t", LINK), (LINK, LINK)])
def test_a_place_is_known_however_it_is_spelled(
    receive: Call, call: Call, tmp_path: Path, came: str, comes: str
) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    folder = album(tmp_path / "t", "1.txt")
    first = receive(tmp_path / came).told["transfer"]
    album(folder, "2.txt")
    write(folder, _1="고친 첫째\n")
    assert "from this very folder" in told(receive(tmp_path / comes), first)


def test_what_came_by_a_link_is_found_where_the_link_leads_later(call: Call, tmp_path: Path) -> None:
    """This is why a link is not resolved for good; a mended folder has to come by it again to be known."""
    disk, link = tmp_path / "disk", tmp_path / "link"
    disk.mkdir()
    link.symlink_to(disk)
    folder = album(disk / "t", "1.txt", "2.txt")
    first = call("transfer", "receive", link / "t", "--agency", AGENCY).told["transfer"]
    (tmp_path / "other").mkdir()
    folder.rename(tmp_path / "other" / "t")
    link.unlink()
    link.symlink_to(tmp_path / "other")
    assert call("transfer", "accept", first).told["volumes"]["stored"] == 1
    assert call("transfer", "check", first).exit_code == 0


def test_numbers_that_the_mended_list_has_for_the_first_time_hide_nothing(
    receive: Call, tmp_path: Path
) -> None:
    folder = album(tmp_path / "t", "1.txt")
    first = receive(folder).told["transfer"]
    transfer(folder, "A-1" + ALBUM.format("1.txt;2.txt"), files=("2.txt",))
    assert told(receive(folder), first).startswith("1 of the 1 volume ")
    assert receive(folder, "--round-of", first).told["volumes"]["stored"] == 1


def test_a_mended_list_is_known_at_its_place_where_none_of_its_volumes_could_be_read(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    folder = transfer(tmp_path / "t", files=("1.txt",))
    (folder / "기록물철목록.csv").write_text("이름,값\nㄱ,ㄴ\n")
    first = receive(folder).told["transfer"]
    transfer(folder, row("A-1", "1.txt"))
    assert "no volume could be read" in told(receive(folder), first)
    again = receive(folder, "--round-of", first).told
    assert (again["round"], again["volumes"]["stored"]) == (2, 1)
    assert transfers_of(call) == [first, again["transfer"]]


def test_a_folder_whose_list_was_broken_by_mending_is_known_at_its_place(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    folder = album(tmp_path / "t", "1.txt")
    first = receive(folder).told["transfer"]
    (folder / "기록물철목록.csv").write_text("이름,값\nㄱ,ㄴ\n")
    sentence = told(receive(folder), first)
    assert "no volume could be read" in sentence and f"transfer return {first} " in sentence
    again = receive(folder, "--round-of", first).told
    assert (again["round"], again["volumes"]["listed"], transfers_of(call)) == (
        2,
        0,
        [first, again["transfer"]],
    )


def test_what_waited_at_the_place_may_be_returned_instead_and_is_in_nobodys_way_then(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    folder = transfer(tmp_path / "t", files=("1.txt",))
    (folder / "기록물철목록.csv").write_text("이름,값\nㄱ,ㄴ\n")
    first = receive(folder).told["transfer"]
    transfer(folder, row("A-1", "1.txt"))
    assert f"seogo transfer return {first} --reason TEXT" in told(receive(folder), first)
    assert call("transfer", "return", first, "--reason", "목록을 읽을 수 없음").exit_code == 0
    assert receive(folder).told["volumes"]["stored"] == 1


def test_half_of_the_volumes_may_be_known_some_by_number_and_some_by_their_files(
    call: Call, tmp_path: Path
) -> None:
    one = ALBUM.format("나.txt;다.txt")
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), one, files=("가.txt", "나.txt"))
    first = call("transfer", "receive", folder, "--agency", AGENCY).told["transfer"]
    rows = (row("A-1", "라.txt"), one, row("B-1", "마.txt"), row("B-2", "바.txt"))
    mended = transfer(tmp_path / "u", *rows, files=("나.txt", "다.txt", "라.txt", "마.txt", "바.txt"))
    sentence = told(call("transfer", "receive", mended, "--agency", AGENCY), first)
    assert sentence.startswith("2 of the 4 volumes ") and "transfer return" not in sentence


def test_other_records_at_the_place_of_a_waiting_transfer_are_another_transfer(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    folder = album(tmp_path / "t", "1.txt")
    receive(folder)
    transfer(folder, ALBUM.format("1.txt").replace("사진첩", "회의록"))
    write(folder, _1="회의록\n")
    said = receive(folder)
    assert (said.exit_code, said.told["round"], said.told["volumes"]["stored"]) == (0, 1, 1)


def test_a_title_may_come_again_at_the_same_place_once_nothing_of_it_waits(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    folder = album(tmp_path / "t", "1.txt")
    first = receive(folder).told["transfer"]
    album(folder, "2.txt")
    second = receive(folder, "--round-of", first).told["transfer"]
    write(folder, _1="다음 달\n", _2="다음 달의 둘째\n")
    third = receive(folder).told
    assert (third["round"], third["volumes"]["stored"]) == (1, 1)
    assert transfers_of(call) == [first, second, third["transfer"]]


def test_the_same_folder_after_a_crash_goes_on_with_the_same_transfer(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    folder = album(tmp_path / "t", "1.txt", "2.txt")
    first = call("transfer", "receive", folder, "--agency", AGENCY).told["transfer"]
    again = receive(folder).told
    assert (again["transfer"], again["volumes"]["stored"], transfers_of(call)) == (first, 1, [first])
