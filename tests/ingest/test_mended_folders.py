"""A mended folder is known again where numbers do not tell it: by title and files, or by title and place."""

from pathlib import Path

import pytest

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
def test_a_volume_without_a_number_is_known_by_its_title_and_one_of_its_files_wherever_it_lies(
    receive: Call, call: Call, tmp_path: Path, returned: bool
) -> None:
    first = receive(album(tmp_path / "t", "1.txt")).told["transfer"]
    if returned:
        call("transfer", "return", first, "--reason", "파일이 없음")
    mended = album(tmp_path / "mended", "1.txt", "2.txt")
    for more in ((), ("--dry-run",)):
        assert "by title and with some of the very files" in told(receive(mended, *more), first)
    assert transfers_of(call) == [first]
    again = receive(mended, "--round-of", first)
    assert (again.exit_code, again.told["round"], again.told["volumes"]["stored"]) == (0, 2, 1)


def test_without_a_list_one_of_the_files_is_enough(receive: Call, call: Call, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "사진첩", files=("1.txt", "2.txt"))
    first = call("transfer", "receive", folder, "--agency", AGENCY, "--without-list").told["transfer"]
    write(folder, _2="고친 사진\n")
    assert "by title and with some of the very files" in told(receive(folder, "--without-list"), first)
    # The month after, under the same name and at the same place: nothing of it came before.
    write(folder, _1="다음 달\n", _2="다음 달의 둘째\n")
    assert receive(folder, "--without-list").told["volumes"]["stored"] == 1
    assert transfers_of(call) == [first, "2026-0002"]


def test_a_title_that_waits_is_known_at_the_same_place_and_nowhere_else(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    folder = album(tmp_path / "t", "1.txt")
    first = receive(folder).told["transfer"]
    album(folder, "2.txt")
    write(folder, _1="고친 첫째\n")
    for where in (folder, tmp_path / "t" / ".." / "t"):
        assert "by title and from this very folder" in told(receive(where), first)
    elsewhere = folder.rename(tmp_path / "moved")
    assert receive(elsewhere).told["volumes"]["stored"] == 1
    assert transfers_of(call) == [first, "2026-0002"]


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
    assert "no volume could be read" in told(receive(folder), first)
    again = receive(folder, "--round-of", first).told
    assert (again["round"], again["volumes"]["listed"], transfers_of(call)) == (
        2,
        0,
        [first, again["transfer"]],
    )


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
