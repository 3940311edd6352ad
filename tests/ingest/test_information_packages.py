"""E-ARK packages as transfers: what they say becomes volumes, items and promised digests."""

import hashlib
import re
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from ingest.samples.making import make
from metadata_schemas import nak8
from metadata_schemas.description import Access, DateSpan, ItemDescription, VolumeDescription
from tests.conftest import Installation
from tests.ingest.conftest import Call
from tests.ingest.test_bad_input import assert_nothing_is_taken

ODD: dict[str, Any] = {
    "title": "앞 \ud83d 뒤",
    "raw": {"제목": "\udcb3"},
    "created": DateSpan("\ud83d", None, None),
    "access": Access("closed", (1,), basis="\ud83d"),
    "items": (ItemDescription(title="\ud83d"),),
}
"""What JSON can hold and no text can."""

METS = """<?xml version="1.0" encoding="UTF-8"?>
<mets xmlns="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink"
 xmlns:csip="https://DILCIS.eu/XML/METS/CSIPExtensionMETS" OBJID="{name}" TYPE="Mixed" LABEL="도로 굴착 허가"
 csip:CONTENTINFORMATIONTYPE="MIXED" PROFILE="https://earksip.dilcis.eu/profile/E-ARK-SIP-v2-2-0.xml">
<metsHdr CREATEDATE="2026-01-01T00:00:00Z" LASTMODDATE="2026-01-01T00:00:00Z" csip:OAISPACKAGETYPE="SIP">
<agent ROLE="CREATOR" TYPE="OTHER" OTHERTYPE="SOFTWARE"><name>packer</name>
<note csip:NOTETYPE="SOFTWARE VERSION">1</note></agent>
<agent ROLE="OTHER" OTHERROLE="SUBMITTER" TYPE="ORGANIZATION"><name>도로과</name></agent></metsHdr>
{sections}<fileSec ID="files"><fileGrp ID="content" USE="Representations" csip:CONTENTINFORMATIONTYPE="MIXED">
{files}</fileGrp></fileSec>
<structMap ID="map" TYPE="PHYSICAL" LABEL="CSIP"><div ID="top"><div ID="m" LABEL="Metadata" DMDID="dmd"/>
<div ID="r" LABEL="Representations"><fptr FILEID="content"/></div></div></structMap></mets>
"""
FILE = (
    '<file ID="{id}" MIMETYPE="text/plain" SIZE="{size}" CREATED="2026-01-01T00:00:00Z" CHECKSUM="{digest}"'
    ' CHECKSUMTYPE="SHA-256"><FLocat LOCTYPE="URL" xlink:type="simple" xlink:href="{href}"/></file>\n'
)
SECTION = (
    '<dmdSec ID="dmd" CREATED="2026-01-01T00:00:00Z" STATUS="CURRENT">'
    '<mdRef LOCTYPE="URL" xlink:type="simple" MDTYPE="EAD" MIMETYPE="application/xml" SIZE="{size}"'
    ' CREATED="2026-01-01T00:00:00Z" CHECKSUM="{digest}" CHECKSUMTYPE="SHA-256"'
    ' xlink:href="metadata/descriptive/ead.xml"/></dmdSec>\n'
)
EAD = """<ead xmlns="http://ead3.archivists.org/schema/"><archdesc level="file"><did>
<unitid>도로-12</unitid><unittitle>도로 굴착 허가 대장</unittitle><unitdate>1988-03-02</unitdate></did><dsc>
<c level="item"><did><unitid>1</unitid><unittitle>굴착 신청서</unittitle>
<dao daotype="borndigital" href="representations/rep1/data/first.txt"/></did></c>
<c level="item"><did><unitid>2</unitid><unittitle>허가서</unittitle>
<dao daotype="borndigital" href="representations/rep1/data/second.txt"/></did></c></dsc></archdesc></ead>
"""


def package(
    folder: Path, *, ead: str | None = None, more: str = "", content: bytes = b"text\n", **other: str
) -> Path:
    """A package of two files.  ``more``: further file elements; ``other``: text of METS, and its stand-in."""
    data = folder / "representations/rep1/data"
    data.mkdir(parents=True)
    files = ""
    for name in ("first.txt", "second.txt"):
        (data / name).write_bytes(content + name.encode())
        facts = {"size": len(content) + len(name), "digest": sha256(content + name.encode())}
        files += FILE.format(id=name, href=f"representations/rep1/data/{name}", **facts)
    sections = ""
    if ead:
        (folder / "metadata/descriptive").mkdir(parents=True)
        (folder / "metadata/descriptive/ead.xml").write_text(ead, "utf-8")
        sections = SECTION.format(size=len(ead.encode()), digest=sha256(ead.encode()))
    mets = METS.format(name=folder.name, sections=sections, files=files + more)
    for text, instead in other.items():
        assert text in mets
        mets = mets.replace(text, instead)
    (folder / "METS.xml").write_text(mets, "utf-8")
    return folder


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def volume(call: Call, reference: str) -> dict[str, Any]:
    return call("volume", "show", reference).told


@pytest.mark.flow
def test_a_package_is_a_volume_and_its_description_names_the_items(receive: Call, call: Call, tmp_path: Path):
    said = receive(package(tmp_path / "도로-12", ead=EAD))
    assert (said.exit_code, said.told["state"]) == (0, "stored")
    shown = volume(call, said.told["references"][0])
    assert (shown["title"], shown["sender_id"]) == ("도로 굴착 허가 대장", "도로-12")
    assert [item["title"] for item in shown["items"]] == ["굴착 신청서", "허가서"]
    assert [file["sha256"] for item in shown["items"] for file in item["files"]] == [
        sha256(b"text\nfirst.txt"), sha256(b"text\nsecond.txt"),
    ]  # fmt: skip


@pytest.mark.parametrize("version", ["v2-0-4", "v2-1-0", "v2-2-0"])
def test_a_sip_of_each_version_is_taken_and_judged_as_a_sip(
    receive: Call, tmp_path: Path, version: str
) -> None:
    said = receive(package(tmp_path / "one", **{"v2-2-0": version}))
    assert (said.exit_code, said.told["state"]) == (0, "stored")
    assert not [rule for rule in said.rules if rule.startswith("bag.eark.SIP")]
    other = {"v2-2-0": version, 'OTHERROLE="SUBMITTER"': 'OTHERROLE="PRODUCER"'}
    assert "bag.eark.SIP15" in receive(package(tmp_path / "two", **other)).rules


@pytest.mark.parametrize(
    ("text", "instead", "rule", "severity"),
    [
        ("E-ARK-SIP-v2-2-0", "E-ARK-CSIP-v2-2-0", "SIP2", "note"),
        ("<metsHdr ", '<metsHdr RECORDSTATUS="FINISHED" ', "SIP3", "note"),
        ('"SIP"', '"AIP"', "SIP4", "error"),
        ('OTHERROLE="SUBMITTER"', 'OTHERROLE="PRODUCER"', "SIP15", "error"),
        ('ROLE="OTHER" OTHERROLE', 'ROLE="CREATOR" OTHERROLE', "SIP16", "error"),
        ('TYPE="ORGANIZATION"', 'TYPE="OTHER"', "SIP17", "error"),
        ("<name>도로과</name>", "<name>도로과</name><note>6110000</note>", "SIP20", "error"),
    ],
)
def test_each_requirement_of_a_sip_is_a_finding_of_its_own(
    receive: Call, tmp_path: Path, text: str, instead: str, rule: str, severity: str
) -> None:
    said = receive(package(tmp_path / "one", **{text: instead}))
    found = [each for each in said.told["findings"] if each["rule"].startswith("bag.eark.SIP")]
    assert [(each["rule"], each["severity"]) for each in found] == [(f"bag.eark.{rule}", severity)]
    assert said.exit_code == (3 if severity == "error" else 0)


def test_without_a_description_what_lies_in_the_data_are_the_items(receive: Call, call: Call, tmp_path: Path):
    said = receive(package(tmp_path / "one"))
    assert said.exit_code == 0, said.told
    shown = volume(call, said.told["references"][0])
    assert (shown["title"], shown["sender_id"]) == ("도로 굴착 허가", "one")
    assert [item["title"] for item in shown["items"]] == ["first", "second"]


def test_documents_of_the_sender_are_kept_beside_the_packages(receive: Call, place, tmp_path: Path):
    sent = package(tmp_path / "one", ead=EAD)
    number = receive(sent).told["transfer"]
    for store in "ab":
        kept = place.home / "stores" / store / "transfers" / number
        assert (kept / "METS.xml").read_bytes() == (sent / "METS.xml").read_bytes()
        assert (kept / "metadata/descriptive/ead.xml").read_text("utf-8") == EAD


def test_several_packages_in_a_folder_are_volumes_of_one_transfer(receive: Call, call: Call, tmp_path: Path):
    package(tmp_path / "sent/one", content=b"1")
    package(tmp_path / "sent/two", content=b"2")
    bad = package(tmp_path / "sent/bad", content=b"3")
    (bad / "representations/rep1/data/first.txt").write_bytes(b"3FIRST.txt")
    said = receive(tmp_path / "sent")
    assert (said.exit_code, said.told["volumes"]["accepted"]) == (3, 2)
    assert [each["where"]["path"] for each in said.told["findings"] if each["rule"] == "file.digest"] == [
        "bad/representations/rep1/data/first.txt"
    ]


def test_a_changed_description_is_found_though_no_volume_holds_it(receive: Call, call: Call, place, tmp_path):
    sent = package(tmp_path / "one", ead=EAD)
    described = sent / "metadata/descriptive/ead.xml"
    described.write_text(EAD.replace("허가서", "불허서"), "utf-8")
    said = receive(sent)
    assert said.exit_code == 3
    assert "list.digest" in said.rules
    assert_nothing_is_taken(call, place)


def test_a_reference_never_leads_out_of_the_package(receive: Call, call: Call, place, tmp_path: Path):
    (tmp_path / "secret.txt").write_bytes(b"not sent")
    for number, href in enumerate(
        ["../secret.txt", "/etc/hostname", "a/%2e%2e/%2e%2e/secret.txt", "file:///x"]
    ):
        more = FILE.format(id="x", size=8, digest=sha256(b"not sent"), href=href)
        said = receive(package(tmp_path / f"sent{number}", more=more))
        assert said.exit_code == 3
        told = [each for each in said.told["findings"] if each["rule"] == "bag.eark.outside"]
        assert [each["value"] for each in told] == [href]
    assert_nothing_is_taken(call, place)


def test_a_file_that_mets_names_and_that_is_away_is_missing(receive: Call, tmp_path: Path):
    more = FILE.format(id="x", size=1, digest=sha256(b"x"), href="representations/rep1/data/third.txt")
    said = receive(package(tmp_path / "one", more=more))
    assert said.exit_code == 3
    assert "file.missing" in said.rules


def test_a_package_of_no_file_is_called_by_its_title_and_by_no_row(receive: Call, tmp_path: Path):
    sent = package(tmp_path / "one")
    shutil.rmtree(sent / "representations")
    mets = (sent / "METS.xml").read_text("utf-8")
    (sent / "METS.xml").write_text(re.sub("<file .*?</file>", "", mets, flags=re.DOTALL), "utf-8")
    [missing] = [each for each in receive(sent).told["findings"] if each["rule"] == "file.missing"]
    assert missing["message"].startswith("도로 굴착 허가 finds no file: it names none, and ")
    assert missing["where"]["row"] is None


def test_a_file_that_mets_does_not_name_is_taken_and_told(receive: Call, call: Call, tmp_path: Path):
    sent = package(tmp_path / "one")
    (sent / "representations/rep1/data/third.txt").write_bytes(b"third")
    said = receive(sent)
    assert said.exit_code == 0
    assert [each["severity"] for each in said.told["findings"] if each["rule"] == "bag.eark.CSIP58"] == [
        "warning"
    ]
    assert len(volume(call, said.told["references"][0])["items"]) == 3


def test_a_file_outside_of_the_folders_of_a_package_is_kept_beside_and_told(
    receive: Call, call: Call, place: Installation, tmp_path: Path
) -> None:
    sent = package(tmp_path / "one")
    call("init")
    assert "bag.eark.unnamed" not in receive(sent, "--dry-run").rules
    for name in ("메모.txt", "다른 폴더/낱장.txt", "representations/목록.txt"):
        (sent / name).parent.mkdir(exist_ok=True)
        (sent / name).write_bytes(b"stray")
    said = receive(sent)
    (told,) = [each for each in said.told["findings"] if each["rule"] == "bag.eark.unnamed"]
    assert (told["severity"], told["value"], said.told["state"]) == ("warning", "3", "stored")
    kept = {path.name for path in (place.home / "stores/a/transfers").rglob("*") if path.is_file()}
    assert {"메모.txt", "낱장.txt", "목록.txt"} <= kept


@pytest.mark.parametrize("where", ODD)
def test_a_description_with_half_a_sign_is_one_sentence(receive: Call, tmp_path: Path, where: str) -> None:
    volume, out = VolumeDescription(**{"title": "굴착", where: ODD[where]}), BytesIO()
    nak8.write_nak8(out, volume, reference="V", item_references=["I" for _ in volume.items])
    said = receive(package(tmp_path / "one", ead=out.getvalue().decode()))
    (told,) = [each for each in said.told["findings"] if "is no text" in each["message"]]
    assert (told["severity"], said.told["state"]) == ("warning", "stored")


@pytest.mark.parametrize(
    "spoilt", ["<mets", "", '<!DOCTYPE mets [<!ENTITY a "b">]><mets xmlns="x">&a;</mets>']
)
def test_a_mets_that_cannot_be_read_is_one_sentence(receive: Call, call: Call, place, tmp_path, spoilt):
    sent = package(tmp_path / "one")
    (sent / "메모.txt").write_bytes(b"stray")
    (sent / "METS.xml").write_text(spoilt, "utf-8")
    said = receive(sent)
    assert said.exit_code == 3
    told = [each for each in said.told["findings"] if each["rule"] == "bag.eark.mets"]
    assert [each["where"]["path"] for each in told] == ["METS.xml"]
    assert not {"bag.eark.unnamed", "bag.eark.CSIP58"} & set(said.rules)
    assert_nothing_is_taken(call, place)


def test_a_requirement_that_many_files_miss_is_counted(receive: Call, tmp_path: Path):
    more = "".join(
        FILE.format(id=f"x{number}", size="", digest=sha256(b"text\nfirst.txt"),
                    href="representations/rep1/data/first.txt")
        for number in range(100)
    )  # fmt: skip
    said = receive(package(tmp_path / "one", more=more))
    told = [each for each in said.told["findings"] if each["rule"] == "bag.eark.CSIP69"]
    assert (len(told), told[-1]["value"]) == (6, "100")


def test_what_one_archive_exports_another_takes_in(receive: Call, call: Call, tmp_path, monkeypatch):
    make(tmp_path / "sample", volumes=1, pages=2, seed=5)
    said = receive(tmp_path / "sample")
    sent = volume(call, said.told["references"][0])
    bags = call("volume", "export", sent["reference"], tmp_path / "out").told["bags"]
    monkeypatch.setenv("SEOGO_HOME", str(tmp_path / "other"))
    monkeypatch.setenv("SEOGO_DATABASE", f"sqlite:///{tmp_path}/other.db")
    again = receive(bags[0])
    assert (again.exit_code, again.told["state"]) == (0, "stored"), again.told
    taken = volume(call, again.told["references"][0])
    assert (taken["title"], taken["sender_id"]) == (sent["title"], sent["sender_id"])
    assert [_of(item) for item in taken["items"]] == [_of(item) for item in sent["items"]]


def _of(item: dict[str, Any]) -> tuple[Any, ...]:
    return (
        item["title"], item["sender_id"], item["disclosure"], item["opens_on"],
        sorted(file["sha256"] for file in item["files"]),
    )  # fmt: skip
