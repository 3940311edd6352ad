import csv
import hashlib
import os
import tarfile
import unicodedata
import zipfile
from collections.abc import Mapping
from pathlib import Path

import bagit
import pytest

from preservation import bagging

CORPUS = Path(os.environ.get("SEOGO_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
BAGS = CORPUS / "bagit"
# The largest bag of the corpus holds 85 kB; a zip that claims more is not one of them.
ZIP_LIMIT = 1024 * 1024

corpus = pytest.mark.skipif(not BAGS.is_dir(), reason=f"no corpus at {CORPUS}")


def rows() -> list[dict[str, str]]:
    if not BAGS.is_dir():
        return []
    with (BAGS / "expected.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def foreign_bags(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bags")
    with tarfile.open(BAGS / "bagit.tar.gz") as packed:
        packed.extractall(folder, filter="data")
    return folder


def unzipped(path: Path, folder: Path) -> Path:
    with zipfile.ZipFile(path) as packed:
        assert sum(member.file_size for member in packed.infolist()) < ZIP_LIMIT
        packed.extractall(folder)
    return folder


def verdict(folder: Path) -> str:
    severities = {finding.severity for finding in bagging.verify_bag(folder)}
    if "error" in severities:
        return "invalid"
    return "valid-with-warning" if "warning" in severities else "valid"


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["path"])
def test_every_bag_of_the_conformance_suite_gets_its_verdict(
    row: dict[str, str], foreign_bags: Path, tmp_path: Path
) -> None:
    path = foreign_bags / row["path"]
    folder = unzipped(path, tmp_path) if path.suffix == ".zip" else path
    allowed = {
        "valid": {"valid"},
        "invalid": {"invalid"},
        # What leaves the bag on Windows is refused on every system.
        "invalid-on-windows": {"invalid"},
        "valid-with-warning": {"valid-with-warning"},
        "valid-with-warning-or-invalid": {"valid-with-warning", "invalid"},
    }[row["expected"]]
    assert verdict(folder) in allowed


@corpus
def test_the_conformance_suite_has_rows() -> None:
    assert len(rows()) == 32


@corpus
def test_the_bags_among_the_real_transfers_are_valid_and_a_changed_one_is_not(tmp_path: Path) -> None:
    with tarfile.open(CORPUS / "transfers" / "transfers.tar.gz") as packed:
        inside = [member for member in packed if "MetadataXMLValidation/" in member.name]
        packed.extractall(tmp_path, members=inside, filter="data")
    found = sorted(path.parent for path in tmp_path.rglob("bagit.txt"))
    assert len(found) == 2
    for folder in found:
        assert bagging.verify_bag(folder) == []
        victim = next(path for path in sorted((folder / "data").rglob("*")) if path.is_file())
        victim.write_bytes(victim.read_bytes()[:-1] + b"\x00")
        assert rules(folder) == {("bag.digest", "error")}


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_bag(
    folder: Path, files: Mapping[str, bytes], *, manifest: bytes | None = None, **others: bytes
) -> Path:
    """A sound bag with these payload files; ``others`` replaces tag files, with _ for a dot."""
    for name, data in files.items():
        path = folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / "data").mkdir(parents=True, exist_ok=True)
    lines = b"".join(bagging.manifest_line(digest(data), f"data/{name}") for name, data in files.items())
    (folder / "manifest-sha256.txt").write_bytes(lines if manifest is None else manifest)
    (folder / "bagit.txt").write_bytes(bagging.declaration())
    for name, data in others.items():
        (folder / name.replace("_", ".")).write_bytes(data)
    return folder


def rules(folder: Path) -> set[tuple[str, str]]:
    return {(finding.rule, finding.severity) for finding in bagging.verify_bag(folder)}


NAMES = (
    "한글 이름.hwp",
    "漢字.tif",
    "two  spaces",
    "line\nbreak",
    "car\rriage",
    "a&b<c>'d'",
    "x" * 200,
    "folder/in/it",
)


def test_a_bag_of_ours_is_valid_for_us_and_for_the_library(tmp_path: Path) -> None:
    folder = make_bag(tmp_path / "bag", {name: name.encode() for name in NAMES})
    info = bagging.bag_info([("Bag-Count", "1 of ?"), ("Source-Organization", "서울특별시")])
    (folder / "bag-info.txt").write_bytes(info)
    tags = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt")
    listed = [bagging.manifest_line(digest((folder / name).read_bytes()), name) for name in tags]
    (folder / "tagmanifest-sha256.txt").write_bytes(b"".join(listed))
    assert bagging.verify_bag(folder) == []
    assert bagit.Bag(str(folder)).validate()
    assert bagging.read_bag(folder).info == [("Bag-Count", "1 of ?"), ("Source-Organization", "서울특별시")]


def test_a_percent_sign_is_encoded_as_the_standard_asks() -> None:
    assert bagging.manifest_line("ab", "data/100%\r\n.txt") == b"ab  data/100%25%0D%0A.txt\n"


def test_a_label_is_never_folded_and_carries_no_line_break() -> None:
    fields = [("Source-Organization", "서울특별시\r\n도시계획과 " + "긴 이름 " * 50), ("Bag-Count", "1 of ?")]
    lines = bagging.bag_info(fields).decode().splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("Source-Organization: 서울특별시 도시계획과")
    with pytest.raises(ValueError, match="cannot be a label"):
        bagging.bag_info([("A: b\nC", "d")])


@pytest.mark.parametrize(
    "path",
    [
        "../x", "data/../../x", "data\\..\\..\\x", "/etc/x", "~/x", "~root/x", "C:\\x", "c:x", "\\\\srv\\x",
        "\\x", "%TEMP%\\x", "%HomeDrive%/x", "$HOME/x", "x", "data", "manifest-sha256.txt",
        "data/a\\../../x", "data/..",
    ],
)  # fmt: skip
def test_a_path_that_may_leave_the_bag_on_any_system_is_refused(path: str, tmp_path: Path) -> None:
    sound = bagging.manifest_line(digest(b"1"), "data/1")
    assert rules(make_bag(tmp_path / "sound", {"1": b"1"}, manifest=sound)) == set()
    written = sound + f"{digest(b'2')}  {path}\n".encode()
    assert ("bag.path", "error") in rules(make_bag(tmp_path / "bad", {"1": b"1"}, manifest=written))


def test_every_file_that_differs_is_named_with_both_digests(tmp_path: Path) -> None:
    folder = make_bag(tmp_path / "bag", {"1": b"1", "2": b"2", "3": b"3"})
    (folder / "data" / "2").write_bytes(b"x")
    (found,) = bagging.verify_bag(folder)
    assert (found.rule, found.severity, found.where.path) == ("bag.digest", "error", "data/2")
    assert (found.value, found.expected) == (digest(b"x"), digest(b"2"))
    assert bagging.verify_bag(folder, hash_payload=False) == []


def test_what_is_missing_and_what_is_extra_are_both_named(tmp_path: Path) -> None:
    folder = make_bag(tmp_path / "bag", {"1": b"1", "2": b"2"})
    (folder / "data" / "1").rename(folder / "data" / "3")
    assert rules(folder) == {("bag.missing", "error"), ("bag.extra", "error")}


def test_a_changed_tag_file_is_found(tmp_path: Path) -> None:
    info = b"Contact-Name: a\n"
    listed = bagging.manifest_line(digest(info), "bag-info.txt")
    folder = make_bag(tmp_path / "bag", {"1": b"1"})
    (folder / "bag-info.txt").write_bytes(info)
    (folder / "tagmanifest-sha256.txt").write_bytes(listed)
    assert rules(folder) == set()
    (folder / "bag-info.txt").write_bytes(b"Contact-Name: b\n")
    assert rules(folder) == {("bag.digest", "error")}


def test_a_file_to_be_fetched_is_never_fetched(tmp_path: Path) -> None:
    sound = bagging.manifest_line(digest(b"1"), "data/1") + bagging.manifest_line(digest(b"2"), "data/2")
    folder = make_bag(tmp_path / "bag", {"1": b"1"}, manifest=sound)
    (folder / "fetch.txt").write_bytes(b"http://127.0.0.1:1/2 1 data/2\n")
    (found,) = bagging.verify_bag(folder)
    assert (found.rule, found.where.path) == ("bag.missing", "data/2")
    assert "fetched" in found.message


@pytest.mark.parametrize("target", ["/etc/hostname", "1", ".."])
def test_a_symbolic_link_is_refused_and_not_followed(target: str, tmp_path: Path) -> None:
    folder = make_bag(tmp_path / "bag", {"1": b"1"})
    (folder / "data" / "link").symlink_to(target)
    assert ("bag.link", "error") in rules(folder)


def test_names_that_are_one_in_another_unicode_form_are_matched_or_refused(tmp_path: Path) -> None:
    nfc, nfd = (unicodedata.normalize(form, "서울.txt") for form in ("NFC", "NFD"))
    listed = bagging.manifest_line(digest(b"1"), f"data/{nfc}")
    assert rules(make_bag(tmp_path / "one", {nfd: b"1"}, manifest=listed)) == {("bag.name_form", "warning")}
    both = make_bag(tmp_path / "two", {nfc: b"1", nfd: b"1"})
    assert ("bag.name_collision", "error") in rules(both)


def test_the_oxum_must_be_what_the_bag_holds(tmp_path: Path) -> None:
    right = make_bag(tmp_path / "right", {"1": b"123"}, **{"bag-info_txt": b"Payload-Oxum: 3.1\n"})
    wrong = make_bag(tmp_path / "wrong", {"1": b"123"}, **{"bag-info_txt": b"Payload-Oxum: 4.1\n"})
    assert rules(right) == set()
    assert rules(wrong) == {("bag.oxum", "error")}


@pytest.mark.parametrize(
    ("bagit_txt", "rule"),
    [
        (b"BagIt-Version: 2.0\nTag-File-Character-Encoding: UTF-8\n", "bag.declaration"),
        (b"BagIt-Version: 1.0\n", "bag.declaration"),
        (b"", "bag.declaration"),
        (b"BagIt-Version: 1.0\nTag-File-Character-Encoding: KLINGON\n", "bag.encoding"),
        (b"BagIt-Version: 1.0\nTag-File-Character-Encoding: hex\n", "bag.encoding"),
        (b"\xff" * 100_000, "bag.declaration"),
    ],
)
def test_a_declaration_that_is_none_is_refused(bagit_txt: bytes, rule: str, tmp_path: Path) -> None:
    assert (rule, "error") in rules(make_bag(tmp_path / "bag", {"1": b"1"}, bagit_txt=bagit_txt))


def test_a_manifest_in_a_korean_encoding_is_read_when_declared_and_refused_when_not(tmp_path: Path) -> None:
    line = f"{digest(b'1')}  data/서울.txt\n".encode("cp949")
    declared = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: CP949\n"
    right = make_bag(tmp_path / "right", {"서울.txt": b"1"}, manifest=line, bagit_txt=declared)
    wrong = make_bag(tmp_path / "wrong", {"서울.txt": b"1"}, manifest=line)
    assert rules(right) == set()
    assert ("bag.encoding", "error") in rules(wrong)


def test_several_manifests_must_all_agree(tmp_path: Path) -> None:
    folder = make_bag(tmp_path / "bag", {"1": b"1"})
    md5 = hashlib.md5(b"1", usedforsecurity=False).hexdigest()
    (folder / "manifest-md5.txt").write_bytes(f"{md5}  data/1\n".encode())
    assert rules(folder) == set()
    assert bagging.read_bag(folder).expected("data/1") == {"sha256": digest(b"1"), "md5": md5}
    (folder / "manifest-md5.txt").write_bytes(f"{'0' * 32}  data/1\n".encode())
    assert rules(folder) == {("bag.digest", "error")}


def test_a_folder_is_a_bag_when_it_says_so_however_badly(tmp_path: Path) -> None:
    folder = make_bag(tmp_path / "bag", {"1": b"1"})
    assert bagging.is_bag(folder)
    (folder / "bagit.txt").unlink()
    assert bagging.is_bag(folder)
    assert not bagging.is_bag(folder / "data")


def test_nothing_is_printed_while_a_bag_is_judged(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    nfc, nfd = (unicodedata.normalize(form, "서울.txt") for form in ("NFC", "NFD"))
    listed = bagging.manifest_line(digest(b"1"), f"data/{nfc}")
    assert bagging.verify_bag(make_bag(tmp_path / "bag", {nfd: b"1"}, manifest=listed))
    assert capfd.readouterr() == ("", "")
