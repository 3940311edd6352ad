"""Checksum lists in every common form, and which files they mean."""

import hashlib
import tarfile
import unicodedata
from pathlib import Path

import pytest

from tests.metadata_schemas.transfer_lists.folders import errors, read, write_list
from tests.metadata_schemas.transfer_lists.test_sheets import CORPUS

DIGEST = hashlib.sha256(b"x").hexdigest()
MD5 = hashlib.md5(b"x", usedforsecurity=False).hexdigest()


def transfer(tmp_path: Path, name: str, content: str, encoding: str = "utf-8") -> Path:
    (tmp_path / "objects" / "굴착").mkdir(parents=True)
    (tmp_path / "objects" / "굴착" / "가 나.pdf").write_bytes(b"x")
    (tmp_path / "metadata").mkdir()
    (tmp_path / name).write_bytes(content.encode(encoding))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("metadata/checksum.sha256", f"{DIGEST}  굴착/가 나.pdf\n"),
        ("metadata/checksum.sha256", f"{DIGEST} *굴착/가 나.pdf\r\n"),
        ("metadata/checksum.sha256", f"{DIGEST}  objects/굴착/가 나.pdf\n"),
        ("metadata/checksum.sha256", f"{DIGEST}  ../objects/굴착/가 나.pdf\n"),
        ("SHA256SUMS", f"{DIGEST.upper()}  ./objects/굴착/가 나.pdf\n"),
        ("objects/목록.sha256", f"{DIGEST}  굴착\\가 나.pdf\n"),
        ("objects/굴착/가 나.pdf.sha256", f"{DIGEST}\n"),
        ("manifest-sha256.txt", f"{DIGEST}  objects/굴착/가 나.pdf\n"),
        ("checksum.sha256", f"# 주석\nSHA256 (objects/굴착/가 나.pdf) = {DIGEST}\n"),
        ("metadata/해시.csv", f"hash,file\n{DIGEST},objects/굴착/가 나.pdf\n"),
        ("해시목록.csv", f"번호,크기,해시,파일명\n1,1,{DIGEST},objects/굴착/가 나.pdf\n"),
    ],
)
def test_a_digest_is_kept_by_the_path_of_its_file(tmp_path: Path, name: str, line: str):
    lists = read(transfer(tmp_path, name, line))
    assert errors(lists) == []
    assert lists.checksums == {"objects/굴착/가 나.pdf": {"sha256": DIGEST}}
    assert name in lists.claimed


def test_a_list_in_cp949_and_names_in_nfd_find_their_files(tmp_path: Path):
    lists = read(transfer(tmp_path, "checksum.md5", f"{MD5}  굴착/가 나.pdf\n", "cp949"))
    assert lists.checksums == {"objects/굴착/가 나.pdf": {"md5": MD5}}
    (tmp_path / "checksum.md5").write_text(unicodedata.normalize("NFD", f"{MD5}  굴착/가 나.pdf\n"), "utf-8")
    assert read(tmp_path).checksums == {"objects/굴착/가 나.pdf": {"md5": MD5}}


def test_a_file_that_is_not_there_stays_in_the_list_of_digests(tmp_path: Path):
    lists = read(transfer(tmp_path, "checksum.md5", f"{MD5}  없음.pdf\n"))
    assert lists.checksums == {"없음.pdf": {"md5": MD5}}


@pytest.mark.parametrize(
    "content",
    [
        "no digest here\n",
        f"{MD5}  objects/a.pdf\n",
        f"{DIGEST}  ../../etc/passwd\n",
        f"{DIGEST}  /etc/passwd\n",
        f"{DIGEST}  a\n{'0' * 64}  a\n",
    ],
)
def test_a_line_that_says_nothing_sound_is_an_error(tmp_path: Path, content: str):
    (error,) = errors(read(transfer(tmp_path, "checksum.sha256", content)))
    assert error.rule == "list.checksum"
    assert error.where.row == content.count("\n")


def test_a_newline_in_a_name_is_read_as_coreutils_writes_it(tmp_path: Path):
    lists = read(transfer(tmp_path, "checksum.md5", f"\\{MD5}  a\\nb\\\\c\n"))
    assert list(lists.checksums) == ["a\nb/c"]


def corpus_transfer(tmp_path: Path, name: str) -> Path:
    packed = CORPUS / "transfers" / "transfers.tar.gz"
    if not packed.exists():
        pytest.skip("the test corpus is not here; set SEOGO_CORPUS")
    with tarfile.open(packed) as archive:
        members = [one for one in archive.getmembers() if one.name.startswith(f"{name}/")]
        archive.extractall(tmp_path, members, filter="data")
    return tmp_path / name


def test_four_real_checksum_lists_name_the_same_files(tmp_path: Path):
    lists = read(corpus_transfer(tmp_path, "DemoTransferCSV-incomplete"))
    assert len(lists.checksums) == 7
    assert all(set(found) == {"md5", "sha1", "sha256", "sha512"} for found in lists.checksums.values())
    assert len([path for path in lists.checksums if path.startswith("objects/")]) == 3
    assert {"metadata/rights.csv", "metadata/identifiers.json"} <= lists.claimed
    assert errors(lists) == []


def test_a_real_transfer_with_a_wrong_digest_is_read_as_it_says(tmp_path: Path):
    folder = corpus_transfer(tmp_path, "fixityCheckShouldFail")
    lists = read(folder)
    wrong = [
        path
        for path, digests in lists.checksums.items()
        if hashlib.md5((folder / path).read_bytes(), usedforsecurity=False).hexdigest() != digests["md5"]
    ]
    assert wrong == ["objects/Nemastylis_geminiflora_Flower.PNG"]


def test_real_council_minutes_are_one_volume_with_four_items(tmp_path: Path):
    lists = read(corpus_transfer(tmp_path, "CSVmultiLevel"))
    (volume,) = lists.volumes
    assert (volume.title, volume.creator_agency, volume.files) == (
        "City Council Minutes",
        "City of Vancouver",
        (),
    )
    assert volume.description
    assert volume.description.strip('"').startswith("Minutes of City Council")
    assert [item.sender_id for item in volume.items] == [f"COV-S31-F102.{number}" for number in range(14, 18)]
    assert volume.items[0].title == "Council Meeting Minutes : Jan. 7, 1970"
    assert volume.items[0].files == ("minutes/CityOfVancouver_CouncilMinutes-1970-01-07.pdf",)
    assert errors(lists) == []


def test_membership_lists_of_a_parliament_are_no_transfer_lists(tmp_path: Path):
    found = CORPUS / "korean-records" / "list"
    if not found.is_dir():
        pytest.skip("the test corpus is not here; set SEOGO_CORPUS")
    assert {error.rule for error in errors(read(found))} == {"list.columns"}
    write_list(tmp_path, "이관목록.csv", [["제목", "보존기간", "생산연도"], ["굴착", "영구", "1998"]])
    (tmp_path / "위원.csv").write_bytes(next(found.iterdir()).read_bytes())
    assert errors(read(tmp_path)) == []
