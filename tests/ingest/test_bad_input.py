"""Bad input gets a clear sentence with the next step, and leaves nothing half-taken behind."""

import errno
import hashlib
import json
import os
import re
import subprocess
import unicodedata
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest

from ingest.checking import reading
from ingest.malware import whole
from ingest.samples.making import make
from tests.conftest import ROOT, SEOGO, Installation
from tests.ingest.conftest import AGENCY, Call

# What a root of this machine may read nevertheless is denied to a child without these two rights.
WITHOUT_RIGHTS = [] if os.getuid() else ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]

HEADER = "관리번호,제목,생산연도,보존기간,공개구분,파일\n"


def row(number: str, file: str, retention: str = "영구") -> str:
    return f"{number},제목 {number},1988,{retention},공개,{file}\n"


def transfer(folder: Path, *rows: str, files: tuple[str, ...] = ()) -> Path:
    """A transfer of volumes without item rows."""
    folder.mkdir(exist_ok=True)
    if rows:
        (folder / "기록물철목록.csv").write_text(HEADER + "".join(rows), encoding="utf-8")
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"내용 {name}\n".encode("utf-8", "surrogateescape"))
    return folder


def stored(place: Installation) -> list[str]:
    """What the stores show of packages and transfers."""
    stores = place.home / "stores"
    shown = [path for kind in ("packages", "transfers") for path in stores.glob(f"*/{kind}/*")]
    return [str(path) for path in shown] + [str(path) for path in stores.glob("*/.incoming/*/*")]


def received_without_rights(
    place: Installation, folder: Path, *more: str
) -> "subprocess.CompletedProcess[str]":
    asked = ["transfer", "receive", str(folder), "--agency", "6110000", "--json", *more]
    return subprocess.run(
        [*WITHOUT_RIGHTS, *SEOGO, *asked], env=place.environment, cwd=ROOT, capture_output=True, text=True
    )


def assert_nothing_is_taken(call: Call, place: Installation) -> None:
    assert call("volume", "list").told["volumes"] == []
    assert stored(place) == []


def assert_is_a_sentence(text: str) -> None:
    assert text.strip().endswith((".", "…")) and text.count(".") >= 2 and "Traceback" not in text


# What is no transfer


REFUSED = {
    "a folder that is not there": ("none", 2, "transfer.folder"),
    "a file": ("file", 2, "transfer.folder"),
    "an empty folder": ("empty", 3, "transfer.empty"),
    "files with no list": ("files", 3, "transfer.no_list"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_transfer_is_refused_with_the_next_step(
    receive: Call, call: Call, place: Installation, tmp_path: Path, case: str
) -> None:
    name, exit_code, code = REFUSED[case]
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    transfer(tmp_path / "files", files=("가.txt", "나.txt"))
    call("init")
    refused = receive(tmp_path / name)
    assert (refused.exit_code, refused.told["error"]["code"]) == (exit_code, code)
    assert_is_a_sentence(refused.sentence)
    in_words = receive(tmp_path / name, words=True)
    assert (in_words.exit_code, in_words.out) == (exit_code, "")
    assert in_words.errors.strip() == refused.sentence
    assert call("transfer", "list").told["transfers"] == []
    assert_nothing_is_taken(call, place)


@pytest.mark.parametrize("code", ["../x", "", "!!", "서울", "a" * 41])
def test_what_is_no_code_of_an_agency_is_refused_before_anything_is_read(
    call: Call, place: Installation, tmp_path: Path, code: str
) -> None:
    folder = transfer(tmp_path / "files", row("A-1", "가.txt"), files=("가.txt",))
    for more in ((), ("--dry-run",), ("--accept",)):
        said = call("transfer", "receive", str(folder), "--agency", code, *more)
        assert said.exit_code == 2
        assert_is_a_sentence(said.sentence)
    assert call("transfer", "list").told["transfers"] == []
    assert_nothing_is_taken(call, place)


# Lists and files that do not fit


def spoil(folder: Path, case: str) -> None:
    if case == "a list with no files":
        transfer(folder, row("A-1", "가.pdf"))
    elif case == "a name with ..":
        transfer(folder, row("A-1", "../secret.txt"), files=("가.txt",))
        (folder.parent / "secret.txt").write_text("secret")
    elif case == "an absolute name":
        transfer(folder, row("A-1", "/etc/passwd"), files=("가.txt",))
    elif case == "duplicate numbers":
        transfer(folder, row("A-1", "가.txt"), row("A-1", "나.txt"), files=("가.txt", "나.txt"))
    elif case == "a file named twice":
        transfer(folder, row("A-1", "가.txt"), row("A-2", "가.txt"), files=("가.txt",))
    elif case == "a list in an unknown encoding":
        transfer(folder, files=("가.txt",))
        (folder / "기록물철목록.csv").write_bytes(b"\x81\xff\xfe\xff\x80\x00" * 40)
    elif case == "names equal after NFC":
        transfer(folder, row("A-1", "가.txt"), files=("가.txt", unicodedata.normalize("NFD", "가.txt")))
    elif case == "a link":
        transfer(folder, row("A-1", "가.txt"))
        (folder / "가.txt").symlink_to("/etc/passwd")
    elif case == "a link to a folder":
        transfer(folder, row("A-1", "etc/passwd"))
        (folder / "etc").symlink_to("/etc")
    elif case == "a pipe":
        transfer(folder, row("A-1", "가.txt"))
        os.mkfifo(folder / "가.txt")


SPOILT = {
    "a list with no files": "file.missing",
    "a name with ..": "list.path",
    "an absolute name": "list.path",
    "duplicate numbers": "list.duplicate",
    "a file named twice": "file.claimed_twice",
    "a list in an unknown encoding": "list.encoding",
    "names equal after NFC": "name.collision",
    "a link": "file.link",
    "a link to a folder": "file.link",
    "a pipe": "file.special",
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_spoilt_transfer_waits_and_nothing_of_it_is_taken(
    receive: Call, call: Call, place: Installation, tmp_path: Path, case: str
) -> None:
    folder = tmp_path / "transfer"
    spoil(folder, case)
    waits = receive(folder)
    assert waits.exit_code == 3, waits.told
    assert (waits.told["state"], waits.told["references"]) == ("waiting", [])
    assert SPOILT[case] in waits.rules
    for finding in waits.told["findings"]:
        assert finding["message"].endswith(".")
    number = waits.told["transfer"]
    in_words = receive(folder, words=True)
    assert in_words.exit_code == 3
    assert f"seogo transfer receive DIR --agency 6110000 --round-of {number}" in in_words.out
    assert [each["transfer"] for each in call("transfer", "list").told["transfers"]] == [number]
    assert "root:" not in json.dumps(waits.told) and "secret" not in json.dumps(waits.told).replace(
        "secret.txt", ""
    )
    returned = call("transfer", "return", number, "--reason", "목록과 다름")
    assert (returned.exit_code, returned.told["state"]) == (0, "returned")
    assert_nothing_is_taken(call, place)


def test_one_wrong_row_keeps_only_its_volume_back(receive: Call, call: Call, tmp_path: Path) -> None:
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt", "77년"), row("A-3", "다.txt"))
    waits = receive(transfer(tmp_path / "t", *rows, files=("가.txt", "나.txt", "다.txt")))
    assert (waits.exit_code, waits.told["state"]) == (3, "waiting")
    assert waits.told["volumes"] == {
            "listed": 3, "accepted": 2, "returned": 0, "stored": 2, "acceptable": 0, "held_back": 1,
            "taken_later": 0, "held_already": 0,
        }  # fmt: skip
    assert [each["sender_id"] for each in call("volume", "list").told["volumes"]] == ["A-1", "A-3"]
    errors = [each["where"] for each in waits.told["findings"] if each["severity"] == "error"]
    assert [(each["row"], each["column"]) for each in errors] == [(3, "보존기간")]


def test_odd_names_are_kept_and_their_originals_recorded(receive: Call, call: Call, tmp_path: Path) -> None:
    cp949 = os.fsdecode("한글.txt".encode("cp949"))
    names = [cp949, "끝점.", "빈칸 ", "가" * 80 + ".txt", "/".join(["깊은"] * 30) + "/a.txt", "빈파일.txt"]
    folder = transfer(tmp_path / "t", files=tuple(names))
    (folder / "빈파일.txt").write_bytes(b"")
    taken = receive(folder, "--without-list")
    assert (taken.exit_code, taken.told["state"]) == (0, "stored"), taken.told
    assert {"name.encoding", "name.shortened", "file.empty"} <= taken.rules
    shown = call("volume", "show", taken.told["references"][0]).told
    originals = {file["original_name"] for item in shown["items"] for file in item["files"]}
    assert originals == {"한글.txt", *names[1:]}


# Rounds


def test_a_corrected_round_takes_only_what_was_missing(receive: Call, call: Call, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), row("A-2", "나.txt"), files=("가.txt",))
    first = receive(folder)
    assert (first.exit_code, first.told["volumes"]["accepted"]) == (3, 1)
    transfer(folder, files=("나.txt",))
    second = receive(folder, "--round-of", first.told["transfer"])
    assert (second.exit_code, second.told["state"], second.told["round"]) == (0, "stored", 2)
    held = [each for each in second.told["findings"] if each["rule"] == "list.already_held"]
    assert [each["severity"] for each in held] == ["note"]
    assert second.told["references"][0] == first.told["references"][0]
    assert len(call("volume", "list").told["volumes"]) == 2
    assert receive(folder, "--round-of", first.told["transfer"]).told["transfer"] == second.told["transfer"]
    history = call("transfer", "show", first.told["transfer"]).told["history"]
    assert [(each["act"], each["detail"]) for each in history][-1] == ("corrected", second.told["transfer"])


def test_a_round_does_not_replace_what_is_in_custody(receive: Call, call: Call, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    first = receive(folder)
    (folder / "가.txt").write_text("다른 내용")
    second = receive(folder, "--round-of", first.told["transfer"])
    assert (second.exit_code, second.told["state"]) == (3, "waiting")
    assert [each["severity"] for each in second.told["findings"] if each["rule"] == "list.already_held"] == [
        "error"
    ]
    assert len(call("volume", "list").told["volumes"]) == 1


def test_a_number_that_is_held_already_is_told_with_its_reference(receive: Call, tmp_path: Path) -> None:
    first = receive(transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",)))
    other = row("A-1", "나.txt").replace("제목 A-1", "다른 제목")
    second = receive(transfer(tmp_path / "u", other, files=("나.txt",)))
    assert second.exit_code == 0
    told = [each for each in second.told["findings"] if each["rule"] == "list.already_held"]
    assert [(each["severity"], each["value"]) for each in told] == [("warning", first.told["references"][0])]


def test_a_round_of_nothing_is_refused(
    receive: Call, call: Call, place: Installation, tmp_path: Path
) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    refused = receive(folder, "--round-of", "1999-0001")
    assert refused.exit_code == 3
    assert "seogo transfer list" in refused.sentence
    assert_nothing_is_taken(call, place)


# Places that are full or away


def test_what_a_library_says_of_styles_is_no_word_of_a_command(place: Installation, tmp_path: Path) -> None:
    """A workbook with padded numbers and no default style, as some systems write them."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in (["관리번호", "제목", "생산연도", "보존기간"], [1, "굴착", 1998, "영구"]):
        sheet.append(line)
    sheet["A2"].number_format = "000"
    book.save(tmp_path / "made.xlsx")
    (tmp_path / "t").mkdir()
    with ZipFile(tmp_path / "made.xlsx") as made, ZipFile(tmp_path / "t" / "기록물철목록.xlsx", "w") as to:
        for name in made.namelist():
            to.writestr(name, re.sub(rb"<cellStyles.*?</cellStyles>", b"", made.read(name)))
    told = place.run("transfer", "receive", tmp_path / "t", "--agency", AGENCY)
    assert (told.exit_code, told.told["volumes"]["listed"]) == (3, 1)
    assert "Warning" not in told.errors and "openpyxl" not in told.errors


def test_a_store_that_is_away_is_named_and_the_same_command_goes_on(
    receive: Call, call: Call, place: Installation, tmp_path: Path
) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    call("init")
    store = place.home / "stores" / "b"
    store.rename(store.with_name("unplugged"))
    away = receive(folder)
    assert (away.exit_code, away.told["error"]["code"]) == (4, "store.away")
    assert_is_a_sentence(away.sentence)
    assert call("volume", "list").told["volumes"] == []
    store.with_name("unplugged").rename(store)
    assert [path for path in stored(place) if "/packages/" in path] == []
    assert receive(folder).told["state"] == "stored"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small disk")
def test_a_full_store_is_told_and_the_same_command_goes_on(
    receive: Call, call: Call, place: Installation, tmp_path: Path
) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "큰.bin"))
    (folder / "큰.bin").write_bytes(os.urandom(3 << 20))
    store = place.home / "stores" / "b"
    store.mkdir(parents=True)
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(store)], capture_output=True
    ).returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        full = receive(folder)
        assert full.exit_code == 4
        assert "full" in full.sentence and "b" in full.sentence
        assert call("volume", "list").told["volumes"] == []
        assert [path for path in stored(place) if "/packages/" in path] == []
        subprocess.run(["mount", "-o", "remount,size=32m", str(store)], check=True)
        assert receive(folder).told["state"] == "stored"
    finally:
        subprocess.run(["umount", str(store)], check=True)


def test_without_the_index_all_is_stored_and_what_waits_is_named(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEOGO_INDEX", "http://127.0.0.1:1")
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    taken = call("transfer", "receive", folder, "--agency", "6110000", "--accept")
    assert (taken.exit_code, taken.told["state"]) == (4, "stored")
    assert [each["job"].split()[0] for each in taken.told["waiting"]] == ["index-changes"]


def test_a_home_that_cannot_be_made_is_told_in_one_sentence(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SEOGO_HOME", str(tmp_path / "file" / "home"))
    told = call("init")
    assert told.exit_code == 4
    assert str(tmp_path / "file") in told.sentence
    assert_is_a_sentence(told.sentence)


def test_a_second_receive_at_the_same_time_is_told_to_wait(
    receive: Call, place: Installation, tmp_path: Path
) -> None:
    folder = tmp_path / "transfer"
    make(folder, volumes=12, pages=10, seed=5)
    place.site()
    first = place.start(
        "transfer", "receive", folder, "--agency", "6110000", "--accept", "--json", "--until", "stored"
    )
    try:
        while not list((place.home / "stores").glob("*/.incoming/*")) and first.poll() is None:
            pass
        second = receive(folder)
        assert (second.exit_code, second.told["error"]["code"]) == (3, "busy")
        assert_is_a_sentence(second.sentence)
    finally:
        out, errors = first.communicate(timeout=200)
    assert json.loads(out)["state"] == "stored", errors


# A medium that gives errors


@pytest.mark.parametrize("accept", [True, False])
def test_a_bad_sector_keeps_its_own_volume_back_and_no_other_until_it_is_mended(
    receive: Call, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, accept: bool
) -> None:
    names = ("가.txt", "나.txt", "다.txt")
    rows = (row(f"A-{place}", name) for place, name in enumerate(names, start=1))
    folder = transfer(tmp_path / "t", *rows, files=names)
    bad, readv = os.stat(folder / "나.txt").st_ino, os.readv

    def broken(descriptor: int, into: list[memoryview]) -> int:
        if os.fstat(descriptor).st_ino == bad:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return readv(descriptor, into)

    def spoilt(path: str, *more: object, **named: object) -> object:
        if os.stat(path).st_ino == bad:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return open(path, *more, **named)  # type: ignore[call-overload]

    with monkeypatch.context() as patched:
        patched.setattr(os, "readv", broken)
        patched.setattr(reading, "open", spoilt, raising=False)
        told = receive(folder) if accept else call("transfer", "receive", folder, "--agency", "6110000")
        number = told.told["transfer"]
        [found] = [each for each in told.told["findings"] if each["severity"] == "error"]
        assert (told.exit_code, found["rule"], found["where"]["path"]) == (3, "file.unreadable", "나.txt")
        assert "Input/output error" in found["message"]
        assert_is_a_sentence(found["message"])
        call("transfer", "accept", number)
        assert call("transfer", "show", number).told["volumes"]["stored"] == 2
    call("transfer", "check", number)
    assert call("transfer", "accept", number).told["state"] == "stored"


@pytest.mark.parametrize("name", ["기록물철목록.csv", "checksum.sha256"])
@pytest.mark.parametrize("accept", [True, False])
def test_a_list_that_is_no_file_keeps_every_volume_back(
    receive: Call, call: Call, place: Installation, tmp_path: Path, name: str, accept: bool
) -> None:
    """Nothing of what only the list says would be known: titles, terms, and what is closed."""
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    if name.startswith("checksum"):
        (folder / name).write_text(f"{hashlib.sha256(b'other').hexdigest()}  가.txt\n")
    (folder / name).rename(tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)
    told = receive(folder) if accept else call("transfer", "receive", folder, "--agency", "6110000")
    errors = [each["rule"] for each in told.told["findings"] if each["severity"] == "error"]
    assert told.exit_code == 3 and {"file.link", "list.unreadable"} <= set(errors)
    assert call("transfer", "accept", told.told["transfer"]).exit_code == 3
    assert_nothing_is_taken(call, place)


@pytest.mark.parametrize("name", ["기록물철목록.csv", "checksum.sha256", "bagit.txt"])
def test_a_list_without_rights_stops_the_look_and_leaves_nothing(
    receive: Call, call: Call, place: Installation, tmp_path: Path, name: str
) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    (folder / name).touch()
    (folder / name).chmod(0)
    denied = received_without_rights(place, folder, "--accept")
    assert denied.returncode == 4 and "Permission denied" in denied.stdout, denied.stderr
    assert "Traceback" not in denied.stderr
    assert call("transfer", "list").told["transfers"] == []


@pytest.mark.parametrize("accept", [True, False])
def test_a_record_without_rights_keeps_its_volume_back_until_they_are_mended(
    call: Call, place: Installation, tmp_path: Path, accept: bool
) -> None:
    names = ("가.txt", "나.txt")
    rows = (row(f"A-{number}", name) for number, name in enumerate(names, start=1))
    folder = transfer(tmp_path / "t", *rows, files=names)
    (folder / "나.txt").chmod(0)
    answer = received_without_rights(place, folder, *(["--accept"] if accept else []))
    told = json.loads(answer.stdout)
    [found] = [each for each in told["findings"] if each["severity"] == "error"]
    assert (found["rule"], found["where"]["path"]) == ("file.unreadable", "나.txt"), told["findings"]
    (folder / "나.txt").chmod(0o644)
    call("transfer", "check", told["transfer"])
    assert call("transfer", "accept", told["transfer"]).told["state"] == "stored"
    assert len(call("transfer", "list").told["transfers"]) == 1


def test_a_folder_that_goes_away_while_it_is_read_is_no_finding_of_its_files(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    with monkeypatch.context() as patched:
        patched.setattr(whole, "note", lambda *_: folder.rename(tmp_path / "away"))
        gone = call("transfer", "receive", folder, "--agency", "6110000")
    assert (gone.exit_code, gone.told["error"]["code"]) == (4, "transfer.file")
    assert call("transfer", "list").told["transfers"] == []


def without_numbers(folder: Path) -> Path:
    """Items name their volumes by a number that the list of volumes does not have; one file is on no list."""
    folder = transfer(folder, files=("가.txt", "나.txt", "남음.txt"))
    (folder / "철목록.csv").write_text("제목,생산연도,보존기간\n굴착,1988,영구\n", encoding="utf-8")
    items = "철 관리번호,건제목,공개여부,파일\nV-1,허가,공개,가.txt\nV-1,취소,공개,나.txt\n"
    (folder / "건목록.csv").write_text(items, encoding="utf-8")
    return folder


def test_a_missing_number_of_volumes_is_told_first_and_no_file_of_their_items_is_called_superfluous(
    call: Call, tmp_path: Path
) -> None:
    call("init")
    asked = ("transfer", "receive", without_numbers(tmp_path / "t"), "--agency", AGENCY, "--dry-run")
    first, *rest = call(*asked).told["findings"]
    assert (first["rule"], first["severity"]) == ("list.no_column", "error")
    assert (first["where"]["list"], first["where"]["column"]) == ("철목록.csv", "관리번호")
    assert first["message"].endswith("Add the column and send the list again.")
    assert [each["rule"] for each in rest].count("list.orphan_item") == 2
    extra = [each["message"] for each in rest if each["rule"] == "file.extra"]
    assert len(extra) == 3 and all("mend these first, for it may be theirs" in each for each in extra)
    [missing] = [each["message"] for each in rest if each["rule"] == "file.missing"]
    assert missing.endswith(" in no volume: mend these first, for they may be its items.")
    words = call(*asked, words=True).out
    assert words.index("list.no_column") < words.index("list.orphan_item")
    listed = tmp_path / "t" / "철목록.csv"
    listed.write_text("관리번호,제목,생산연도,보존기간\nV-1,굴착,1988,영구\n", encoding="utf-8")
    [extra] = [each for each in call(*asked).told["findings"] if each["severity"] == "error"]
    assert extra["message"] == "남음.txt is on no list. List it, or take it out of the folder."


@pytest.mark.parametrize("list_", ["", "관리번호,제목\n"])
def test_a_file_may_be_on_a_list_that_was_not_read(call: Call, tmp_path: Path, list_: str) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt", "나.txt"))
    (folder / "건목록.csv").write_text(list_ or "?", encoding="utf-8")
    call("init")
    said = call("transfer", "receive", folder, "--agency", AGENCY, "--dry-run")
    [extra] = [each for each in said.told["findings"] if each["rule"] == "file.extra"]
    assert "mend these first" in extra["message"], said.rules


def test_what_finds_no_file_says_where_it_was_looked_for(call: Call, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "없음.txt"), row("A-2", ""), files=("A-3/1/가.txt",))
    with (folder / "기록물철목록.csv").open("a", encoding="utf-8") as listed:
        listed.write(row("A-3", ""))
    items = "철 관리번호,건제목,공개여부\nA-3,허가,공개\nA-3,취소,공개\n"
    (folder / "건목록.csv").write_text(items, encoding="utf-8")
    call("init")
    found = call("transfer", "receive", folder, "--agency", AGENCY, "--dry-run").told["findings"]
    missing = [each for each in found if each["rule"] == "file.missing"]
    assert [(each["message"], each["expected"]) for each in missing] == [
        ("The file 없음.txt that row 2 names did not come: it is not in the folder t.",
         "a file in the folder t"),
        ("Row 3 (제목 A-2) finds no file: it names none, and no folder in t is called like its volume.",
         "a folder in t that is called like the volume"),
        ("Row 3 (취소) finds no file: it names none, and nothing in the folder A-3 is called like it.",
         "a file in the folder A-3"),
    ]  # fmt: skip


def test_a_folder_that_is_given_by_dots_is_called_by_its_name(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "없음.txt"), files=("가/나.txt",))
    call("init")
    monkeypatch.chdir(folder / "가")
    found = call("transfer", "receive", "..", "--agency", AGENCY, "--dry-run").told["findings"]
    [missing] = [each for each in found if each["rule"] == "file.missing"]
    assert missing["expected"] == "a file in the folder t"


@pytest.mark.parametrize("option", ["--dry-run", "--accept"])
def test_a_summary_counts_files_that_came_and_are_in_no_volume(
    call: Call, tmp_path: Path, option: str
) -> None:
    call("init")
    asked = ("transfer", "receive", without_numbers(tmp_path / "t"), "--agency", AGENCY, option)
    assert "0 files, 0 bytes; 3 files of no volume came too." in call(*asked, words=True).out
    told = call(*asked).told
    assert (told["files"], told["files_of_no_volume"]) == (0, 3)
    good = transfer(tmp_path / "good", row("B-1", "라.txt"), files=("라.txt",))
    assert "1 file, 15 bytes.\n" in call(*asked[:2], good, *asked[3:], words=True).out
