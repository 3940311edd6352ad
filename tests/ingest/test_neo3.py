"""NEO3 packages as transfers, laid out as NAK 31-2 says; nobody's real package is here to try."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Installation
from tests.ingest.conftest import Call
from tests.ingest.test_bad_input import assert_nothing_is_taken

NAMESPACE = 'xmlns="http://www.archives.go.kr/2020/RMS/3.0"'
CONTENT = {"본문.txt": "허가합니다.\n".encode(), "붙임/도면.txt": "도면\n".encode()}

DIGEST = hashlib.sha256(CONTENT["본문.txt"]).hexdigest()


def in_base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def package(folder: Path, *, level: str = "Record", write: Any = bytes.hex, **other: str) -> Path:
    """A package of two content files.  ``other``: text of its documents and what stands there instead."""
    items = contents = ""
    for number, (name, data) in enumerate(CONTENT.items()):
        path = folder / "Contents" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        digest = write(hashlib.sha256(data).digest())
        items += (
            f'<ManifestItem HashAlgorithm="SHA2-256" CreateDateTime="2026-01-01T00:00:00"'
            f' ManifestItemID="M{number}"><HashValue>{digest}</HashValue>'
            f"<Path>Contents/{name}</Path></ManifestItem>"
        )
        contents += (
            f"<ContentItem><ContentTitle>{name}</ContentTitle><ContentMIME>text/plain</ContentMIME>"
            f"<ManifestIDRef>M{number}</ManifestIDRef><ContentSize>{len(data)}</ContentSize>"
            f"<ContentHashValue>{digest}</ContentHashValue></ContentItem>"
        )
    packaging = f'<PackagingInformation {NAMESPACE} PackageID="6110000-2026-7"><Version>3.0</Version>{items}'
    metadata = (
        f"<NEO3 {NAMESPACE}><PreservationDescInfo><{level}>"
        "<Title><MainTitle>도로 굴착 허가</MainTitle></Title>"
        f"<Creator><Name>도로과</Name></Creator></{level}></PreservationDescInfo>"
        f"<ContentInformation>{contents}</ContentInformation></NEO3>"
    )
    for text, instead in other.items():
        packaging, metadata = packaging.replace(text, instead), metadata.replace(text, instead)
    (folder / "PackagingInformation.xml").write_text(packaging + "</PackagingInformation>", "utf-8")
    (folder / "Metadata.xml").write_text(metadata, "utf-8")
    (folder / "mimetype").write_text("application/neo3+zip", "ascii")
    return folder


@pytest.mark.flow
@pytest.mark.parametrize("write", [bytes.hex, in_base64])
def test_a_record_is_a_volume_with_one_item(receive: Call, call: Call, tmp_path: Path, write: Any) -> None:
    said = receive(package(tmp_path / "sent", write=write))
    assert (said.exit_code, said.told["state"]) == (0, "stored"), said.told
    shown = call("volume", "show", said.told["references"][0]).told
    assert (shown["title"], shown["sender_id"]) == ("도로 굴착 허가", "6110000-2026-7")
    assert [item["title"] for item in shown["items"]] == ["도로 굴착 허가"]
    assert sorted(file["sha256"] for file in shown["items"][0]["files"]) == sorted(
        hashlib.sha256(data).hexdigest() for data in CONTENT.values()
    )


def test_a_file_has_an_item_for_each_content(receive: Call, call: Call, tmp_path: Path) -> None:
    said = receive(package(tmp_path / "sent", level="File"))
    shown = call("volume", "show", said.told["references"][0]).told
    assert [item["title"] for item in shown["items"]] == list(CONTENT)


def test_a_file_that_no_document_names_is_kept_beside_and_told(
    receive: Call, place: Installation, tmp_path: Path
) -> None:
    assert "bag.neo3.unnamed" not in receive(package(tmp_path / "whole")).rules
    sent = package(tmp_path / "sent", **{"6110000-2026-7": "6110000-2026-8", "허가</": "불허</"})
    for name in ("Contents/낱장.txt", "메모.txt"):
        (sent / name).write_bytes(b"stray")
    said = receive(sent, "--another-transfer")
    (told,) = [each for each in said.told["findings"] if each["rule"] == "bag.neo3.unnamed"]
    assert (told["severity"], told["value"], told["where"]["path"]) == ("warning", "2", "Contents/낱장.txt")
    assert "낱장.txt is no content that Metadata.xml names (2 such files)" in told["message"]
    kept = {path.name for path in (place.home / "stores/a/transfers").rglob("*") if path.is_file()}
    assert {"낱장.txt", "메모.txt"} <= kept


def test_the_signature_is_said_not_to_be_verified(receive: Call, tmp_path: Path) -> None:
    said = receive(package(tmp_path / "sent", **{"</NEO3>": "<Signature/></NEO3>"}))
    (told,) = [each for each in said.told["findings"] if each["rule"] == "bag.neo3.signature"]
    assert (told["severity"], "was not verified" in told["message"]) == ("warning", True)
    said = receive(package(tmp_path / "unsigned", **{"6110000-2026-7": "6110000-2026-8"}), "--dry-run")
    (told,) = [each for each in said.told["findings"] if each["rule"] == "bag.neo3.signature"]
    assert (told["severity"], "there is no signature" in told["message"]) == ("warning", True)


def test_a_changed_content_is_not_what_the_manifest_promised(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    sent = package(tmp_path / "sent")
    (sent / "Contents/본문.txt").write_bytes("불허합니다.\n".encode())
    said = receive(sent)
    assert (said.exit_code, "file.digest" in said.rules) == (3, True)
    assert call("volume", "list").told["volumes"] == []


@pytest.mark.parametrize(
    ("text", "instead", "rule"),
    [
        ("<Path>Contents/본문.txt</Path>", "<UniqueID>7</UniqueID>", "bag.neo3.elsewhere"),
        ("<Path>Contents/본문.txt", "<Path>../본문.txt", "bag.neo3.outside"),
        ("<ManifestIDRef>M0", "<ManifestIDRef>M9", "bag.neo3.reference"),
        ("<ContentSize>17", "<ContentSize>16", "bag.neo3.size"),
        (f"<ContentHashValue>{DIGEST}", f"<ContentHashValue>{'0' * 64}", "bag.neo3.fixity"),
        ("</Record>", "", "bag.neo3.unreadable"),
    ],
)
def test_documents_that_do_not_fit_keep_the_package_back(
    receive: Call, call: Call, place, tmp_path: Path, text: str, instead: str, rule: str
) -> None:
    sent = package(tmp_path / "sent", **{text: instead})
    said = receive(sent)
    assert (said.exit_code, rule in said.rules) == (3, True), said.told["findings"]
    assert "bag.neo3.unnamed" not in said.rules or rule != "bag.neo3.unreadable"
    assert_nothing_is_taken(call, place)


def test_an_algorithm_that_is_not_known_promises_nothing_and_is_told(receive: Call, tmp_path: Path) -> None:
    said = receive(package(tmp_path / "sent", **{'"SHA2-256"': '"HAS-160"'}))
    assert (said.exit_code, "bag.neo3.algorithm" in said.rules) == (0, True)


def test_a_document_that_is_missing_is_told(receive: Call, tmp_path: Path) -> None:
    sent = package(tmp_path / "sent")
    (sent / "PackagingInformation.xml").unlink()
    said = receive(sent)
    assert (said.exit_code, "bag.neo3.incomplete" in said.rules) == (3, True)
    assert "bag.neo3.unnamed" not in said.rules


@pytest.mark.parametrize(
    "names", [("a.zip",), ("SIP.tar", "SIP.tar.sha256"), ("b.tar.xz", "c.7z", "c.7z.md5")]
)
def test_a_packed_package_is_refused_with_what_to_do(receive: Call, tmp_path: Path, names: Any) -> None:
    (tmp_path / "sent").mkdir()
    for name in names:
        (tmp_path / "sent" / name).write_bytes(b"PK")
    said = receive(tmp_path / "sent")
    assert (said.exit_code, said.told["error"]["code"]) == (3, "transfer.packed")
    assert "Unpack" in said.sentence
    (tmp_path / "sent/목록.csv").write_text(
        "관리번호,제목,파일\nA-1,가," + names[0]
    )  # with a list it is a record
    assert "error" not in receive(tmp_path / "sent").told


def test_a_packed_file_in_place_of_a_folder_is_refused_with_what_to_do(receive: Call, tmp_path: Path) -> None:
    (tmp_path / "SIP.zip").write_bytes(b"PK")
    said = receive(tmp_path / "SIP.zip")
    assert said.exit_code == 2
    assert "Unpack" in said.sentence
