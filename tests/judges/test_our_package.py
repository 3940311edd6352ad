"""A package of ours before other people's tools: two BagIt libraries, two E-ARK validators."""

import os
import shutil
from pathlib import Path

import bagit
import pytest

from metadata_schemas import nak8, package, xml
from preservation import bagging, packages
from tests.judges import bagit_java, eark, sample_package

# Advice of commons-ip that our layout does not follow, on purpose: a METS.xml and a metadata folder
# below each representation would say everything a second time, for every file.
ADVICE_NOT_TAKEN = {"CSIPSTR12", "CSIPSTR13"}
# bagit-java's linter says both of every bag with SHA-256, whatever it holds.
ALWAYS_SAID = "[DIFFERENT_CASE, WEAK_CHECKSUM_ALGORITHM]"


@pytest.fixture(scope="module")
def our_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_package.build(tmp_path_factory.mktemp("archive"))


def test_bagit_python_and_we_take_our_own_bag(our_package: Path) -> None:
    assert bagit.Bag(str(our_package)).validate()
    assert bagging.verify_bag(our_package) == []


def test_each_document_is_valid_by_its_schema(our_package: Path) -> None:
    for path, schema in (
        (package.METS, "package"),
        (package.PREMIS, "premis"),
        (package.PREMIS, "package"),
        (package.NAK8, "nak8"),
        (package.EAD3, "ead3"),
    ):
        assert xml.validate(our_package / path, schema) == [], path


def test_the_documents_hold_no_name_the_manifest_lacks(our_package: Path) -> None:
    bag = bagging.read_bag(our_package)
    assert bag.manifests["sha256"].keys() == bag.payload.keys()
    assert len(bag.payload) == len(sample_package.NAMES) + 6
    assert ("Bag-Group-Identifier", sample_package.REFERENCE) in bag.info
    assert ("Bag-Count", "1 of ?") in bag.info
    assert ("Source-Organization", "서울특별시 도시계획과") in bag.info


def test_the_same_transfer_makes_the_same_bytes(our_package: Path, tmp_path: Path) -> None:
    again = sample_package.build(tmp_path)
    name = packages.TAGMANIFEST
    assert (again / name).read_bytes() == (our_package / name).read_bytes()


def test_the_description_comes_back_from_the_package(our_package: Path) -> None:
    with (our_package / package.NAK8).open("rb") as stream:
        found = nak8.read(stream)
    assert found == nak8.Described(sample_package.REFERENCE, sample_package.VOLUME, sample_package.ITEMS)
    with (our_package / package.NAK8).open("rb") as stream:
        names = [component.original_name for component in nak8.read_components(stream)]
    assert names == [os.fsdecode(name) for _, name in sample_package.NAMES]


@pytest.mark.servers
def test_the_java_library_takes_our_bag_and_not_a_damaged_one(our_package: Path, tmp_path: Path) -> None:
    damaged = sample_package.build(tmp_path)
    victim = next((damaged / "data" / "representations").rglob("*.tif"))
    victim.chmod(0o644)
    victim.write_bytes(victim.read_bytes().replace(b"2", b"3"))
    sound, broken = bagit_java.judge([our_package, damaged])
    assert (sound.valid, sound.said) == (True, ALWAYS_SAID)
    assert not broken.valid
    assert "Corrupt" in broken.said
    assert "bag.digest" in {finding.rule for finding in bagging.verify_bag(damaged)}


@pytest.mark.servers
def test_eark_validator_finds_nothing_wrong_in_our_package(our_package: Path) -> None:
    said = eark.judge(our_package / "data")
    assert [rule for rule in said if rule.severity in ("error", "warning")] == []


@pytest.mark.servers
def test_eark_validator_finds_what_is_missing(our_package: Path, tmp_path: Path) -> None:
    shutil.copytree(our_package / "data", tmp_path / "broken")
    mets = tmp_path / "broken" / "METS.xml"
    mets.write_bytes(mets.read_bytes().replace(b' csip:OAISPACKAGETYPE="AIP"', b""))
    assert "CSIP9" in {rule.rule for rule in eark.judge(tmp_path / "broken") if rule.severity == "error"}


@pytest.mark.servers
def test_commons_ip_finds_no_error_in_our_package(our_package: Path, tmp_path: Path) -> None:
    # Rule CSIP1 wants the folder to bear the package's name; in a bag it is called data.
    named = tmp_path / sample_package.REFERENCE
    shutil.copytree(our_package / "data", named)
    reports = tmp_path / "reports"
    reports.mkdir()
    said = eark.judge_with_commons_ip(named, reports)
    assert [rule for rule in said if rule.severity == "MUST"] == []
    assert {rule.rule for rule in said} == ADVICE_NOT_TAKEN
