"""Names on their whole way: from the folder to the bag, its documents, the database and back out again."""

import hashlib
import os
import random
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import bagit
import pytest
from sqlalchemy import select

from archive.holdings import ContentFile
from archive.segments import safe_segment
from metadata_schemas import xml
from preservation import bagging
from tests.conftest import Installation
from tests.ingest.conftest import AGENCY, Call, Said
from tests.ingest.test_bad_input import row, transfer

PREMIS = "{http://www.loc.gov/premis/v3}"
METS = "{http://www.loc.gov/METS/}"
XLINK = "{http://www.w3.org/1999/xlink}href"

# Each of these has broken some program: reserved words, ends, signs, encodings, directions, lengths.
HARD = (
    "con.txt", "LPT1", "nul.tar.txt", "끝점.", "빈칸 ", " 앞빈칸", "-rf", "--help", "~", "~root", "$HOME",
    "%TEMP%", "%2e%2e%2f", "a:b", "a|b?.txt", 'a"b<c>', "back\\slash", "new\nline", "tab\tand\rreturn",
    "escape\x1b[31m", "\u202egnp.exe", "zero\u200bwidth", "\ufeffmark", "👩\u200d👧 가족.jpg", "ＡＢＣ",
    "ﬁle", "𝔘nicode", "é", "e\u0301x", unicodedata.normalize("NFD", "한글 이름.hwp"), "漢字·古文.tif",
    "가" * 80 + ".pdf", "x" * 250, "'quotes' & <xml>", "..x", "...", "x..", "#frag?query=1", "a%00b",
    "\ufffe", "\u2028line", "\u2029", "İstanbul", "ß", "\x7f", "\x80\x9f",
)  # fmt: skip
BYTES = ("한글.txt".encode("cp949"), "똠방각하".encode("cp949"), b"\xff\xfe1x", b"\x80")
RANGES = (
    (0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x1100, 0x11FF), (0xAC00, 0xD7A3), (0x2000, 0x206F),
    (0x4E00, 0x4FFF), (0x1F300, 0x1F6FF), (0xE000, 0xE0FF), (0x1, 0x1F),
)  # fmt: skip


def random_name(chance: random.Random) -> str:
    """Signs from all over Unicode, as many as a file system takes."""
    while True:
        signs = (chr(chance.randint(*chance.choice(RANGES))) for _ in range(chance.randint(1, 40)))
        name = "".join(signs).replace("/", "-")
        if name not in (".", "..") and len(name.encode()) <= 255 and not name.startswith("._"):
            return name


def written(folder: Path, paths: Iterator[str]) -> dict[bytes, str]:
    """Files of these paths, each with bytes of its own: raw path to SHA-256."""
    made: dict[bytes, str] = {}
    for path in paths:
        full = folder / path
        full.parent.mkdir(parents=True, exist_ok=True)
        data = b"record " + os.fsencode(path)
        full.write_bytes(data)
        made[os.fsencode(path)] = hashlib.sha256(data).hexdigest()
    return made


def kept(place: Installation) -> list[ContentFile]:
    with place.site().reading_session() as session:
        return list(session.scalars(select(ContentFile)))


def round_trip(receive: Call, call: Call, folder: Path, target: Path) -> tuple[Said, Path]:
    taken = receive(folder, "--without-list")
    faults = [each for each in taken.told.get("findings", [taken.told]) if each.get("severity") != "warning"]
    wrong = [each for each in faults if each.get("severity") != "note"]
    assert (taken.exit_code, wrong) == (0, [])
    (reference,) = taken.told["references"]
    exported = call("volume", "export", reference, target)
    assert exported.exit_code == 0
    return taken, Path(exported.told["bags"][0])


def check_bag(bag: Path, made: dict[bytes, str], files: list[ContentFile]) -> None:
    """Every promise about names at once: whole, valid, plain everywhere, and told as they came."""
    assert {each.severity for each in bagging.verify_bag(bag)} <= {"note"}
    assert bagit.Bag(str(bag)).is_valid()
    originals = {
        bytes.fromhex(each.original_bytes) if each.original_bytes else each.original_name.encode(): each
        for each in files
    }
    assert {raw: each.sha256 for raw, each in originals.items()} == made
    for each in files:
        assert unicodedata.is_normalized("NFC", each.path)
        assert all(safe_segment(part).changed is None for part in each.path.split("/"))
        assert hashlib.sha256((bag / each.path).read_bytes()).hexdigest() == each.sha256
    check_documents(bag, files)


def check_documents(bag: Path, files: list[ContentFile]) -> None:
    mets = xml.parse(bag / "data" / "METS.xml")
    hrefs = {unquote(each.get(XLINK, "")) for each in mets.iter(f"{METS}FLocat")}
    assert {each.path.removeprefix("data/") for each in files} <= hrefs
    premis = xml.parse(bag / "data" / "metadata" / "preservation" / "premis.xml")
    exact = [each.text or "" for each in premis.iter(f"{PREMIS}significantPropertiesValue")]
    told = [each.text or "" for each in premis.iter(f"{PREMIS}originalName")]
    assert len(told) == len(files)
    for each in files:
        if each.original_bytes:
            assert each.original_bytes in exact
        elif xml.holds(each.original_name):
            assert each.original_name in told
        else:
            assert each.original_name in {unquote(value) for value in exact}


def test_names_that_broke_programs_come_back_as_they_came(
    receive: Call, call: Call, place: Installation, tmp_path: Path
) -> None:
    folder = tmp_path / "transfer"
    names = [*HARD, *(os.fsdecode(each) for each in BYTES)]
    made = written(folder, iter([*names, *(f"폴더 {name[:20]}/{name}" for name in names)]))
    taken, bag = round_trip(receive, call, folder, tmp_path / "out")
    assert {"name.encoding", "name.nfd", "name.shortened", "name.hidden"} <= taken.rules
    check_bag(bag, made, kept(place))


def test_names_forge_no_lines_on_a_terminal_and_steer_none(call: Call, tmp_path: Path) -> None:
    forged = ("a\nerror: forged", "b\x1b[2J", "c\u202egpj.exe", "d\r", "e\x9b31m")
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt", *forged))
    told = call("transfer", "receive", folder, "--agency", AGENCY, words=True)
    assert told.exit_code == 3
    for shown in (r"a\nerror: forged", r"b\x1b[2J", r"c\u202egpj.exe", r"d\r", r"e\x9b31m"):
        assert f"error: file.extra (path {shown}): {shown} is on no list." in told.out
    assert not any(line.startswith("error: forged") for line in told.out.splitlines())
    assert set("\x1b\u202e\r\x9b").isdisjoint(told.out)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_name_that_a_file_system_takes_comes_back_as_it_came(
    receive: Call, call: Call, place: Installation, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    folder = tmp_path / "transfer"
    paths: dict[str, str] = {}
    while len(paths) < 60:
        path = "/".join(random_name(chance) for _ in range(chance.randint(1, 3)))
        # Two names that are one are an error of their own, and a file is no folder.
        paths.setdefault(unicodedata.normalize("NFC", path).casefold(), path)
    made = written(folder, iter(paths.values()))
    _, bag = round_trip(receive, call, folder, tmp_path / "out")
    check_bag(bag, made, kept(place))


def test_a_name_in_cp949_is_found_by_a_list_in_utf_8_and_its_bytes_are_in_the_bag(
    receive: Call, call: Call, place: Installation, tmp_path: Path
) -> None:
    cp949 = os.fsdecode("서울 시정.txt".encode("cp949"))
    folder = transfer(tmp_path / "t", row("A-1", "문서/서울 시정.txt"), files=(f"문서/{cp949}",))
    taken = receive(folder)
    assert (taken.exit_code, taken.told["volumes"]["accepted"]) == (0, 1), taken.told
    assert "name.encoding" in taken.rules
    (file,) = kept(place)
    assert file.original_name == "문서/서울 시정.txt"
    assert file.path.endswith("서울 시정.txt")
    exported = call("volume", "export", taken.told["references"][0], tmp_path / "out")
    premis = Path(exported.told["bags"][0]) / "data/metadata/preservation/premis.xml"
    assert os.fsencode(f"문서/{cp949}").hex() in premis.read_text()


def test_one_name_in_two_encodings_or_forms_is_an_error(receive: Call, tmp_path: Path) -> None:
    cp949 = os.fsdecode("서울.txt".encode("cp949"))
    held = receive(transfer(tmp_path / "t", files=("서울.txt", cp949)), "--without-list")
    assert held.exit_code == 3
    [told] = [each for each in held.told["findings"] if each["rule"] == "name.collision"]
    assert "2 files have the name 서울.txt" in told["message"]
    assert set(told["value"].split(", ")) == {os.fsencode(name).hex() for name in ("서울.txt", cp949)}


def test_names_that_differ_in_capitals_only_are_told_and_both_are_kept(
    receive: Call, place: Installation, tmp_path: Path
) -> None:
    taken = receive(
        transfer(tmp_path / "t", files=("Report.txt", "report.TXT", "other.txt")), "--without-list"
    )
    told = [each["where"]["path"] for each in taken.told["findings"] if each["rule"] == "name.case"]
    assert (taken.exit_code, told) == (0, ["Report.txt", "report.TXT"])
    assert len(kept(place)) == 3


def test_a_name_with_hidden_signs_is_told_with_the_signs_and_shown_without_them(
    receive: Call, tmp_path: Path
) -> None:
    taken = receive(transfer(tmp_path / "t", files=("보고\u202efdp.exe", "가족👩‍👧.txt")), "--without-list")
    (told,) = [each for each in taken.told["findings"] if each["rule"] == "name.hidden"]
    assert told["value"] == "U+202E"
    assert "\\u202e" in told["message"]
    assert not re.search("\u202e", told["message"])


def in_cp949(path: Path) -> Path:
    """Rename a file or folder as an old Korean system would have named it."""
    other = path.with_name(os.fsdecode(path.name.encode("cp949")))
    return path.rename(other)


@pytest.mark.parametrize("without_list", [False, True])
def test_a_folder_and_a_list_named_in_cp949_are_taken_in_and_proven_as_any_other(
    receive: Call, call: Call, place: Installation, tmp_path: Path, without_list: bool
) -> None:
    rows = () if without_list else (row("A-1", "가.txt"),)
    folder = transfer(tmp_path / "이관", *rows, files=("가.txt",))
    sums = folder / "관리.sha256"
    sums.write_text(hashlib.sha256((folder / "가.txt").read_bytes()).hexdigest() + "  가.txt\n")
    for path in (sums, *folder.glob("*.csv")):
        in_cp949(path)
    folder = in_cp949(folder)
    taken = receive(folder, *(["--without-list"] if without_list else []))
    assert (taken.exit_code, taken.told["state"]) == (0, "stored"), taken.told
    number = taken.told["transfer"]
    assert receive(folder, *(["--without-list"] if without_list else [])).told["transfer"] == number
    assert call("transfer", "check", number).exit_code == 0
    if without_list:
        assert call("volume", "list").told["volumes"][0]["title"] == "이관"
    receipt = tmp_path / "receipt.jsonl"
    assert call("transfer", "receipt", number, "--output", receipt).exit_code == 0
    assert call("receipt", "verify", receipt, "--folder", folder).told["failures"] == []


def test_findings_of_a_list_named_in_cp949_name_it_as_people_read_it(call: Call, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "없음.txt"), files=("가.txt",))
    in_cp949(folder / "기록물철목록.csv")
    told = call("transfer", "receive", folder, "--agency", AGENCY).told["findings"]
    assert {each["where"]["list"] for each in told if each["rule"] == "file.missing"} == {"기록물철목록.csv"}
