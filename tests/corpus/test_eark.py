"""Every row of the E-ARK corpus gets its verdict, for the requirement that the row names.

``invalid``: the requirement has a finding of the severity that the row gives.  ``valid``: it has no error.
A row that names no requirement is judged as a whole, and where we depart from it, the reason stands here.
"""

import csv
import re
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from archive.errors import Refused
from ingest.looking.inspecting import inspect
from metadata_schemas.description import Finding
from tests.conftest import CORPUS

Row = dict[str, str]
SEVERITY = {"ERROR": "error", "WARNING": "warning", "INFO": "note"}
SENTENCE = re.compile(r"CSIP (CSIP\w+) rule \d+: requirement .*?, on failure (\w+);")
KEEPS_IT = "minimal_IP_with_1_representation"

# What rows without a requirement come to: rules of which each must be told.
EXPECTED: dict[str, set[str]] = {
    "METS-hdr-no-version.xml": {"CSIP16"},
    "METS-no-createdate.xml": {"CSIP7"},
    "METS-no-hdr.xml": {"CSIP117"},
    "METS-no-objid.xml": {"CSIP1"},
    "METS-no-structmap.xml": {"CSIP80", "schema"},
    "METS-no-type.xml": {"CSIP2"},
    "METS-valid.xml": set(),
    "no_data.tar.gz": {"CSIPSTR11"},
    "no_desc.tar.gz": set(),
    "no_docs.tar.gz": {"CSIPSTR16"},
    "no_repmets.tar.gz": {"CSIPSTR12"},
    "no_reps.tar.gz": {"CSIPSTR9"},
    "733dc055-34be-4260-85c7-5549a7083031": set(),
}
NO_PACKAGE = ("multi_dir.zip", "multi_file.zip", "multi_var.zip", "single_file.zip")
# Rows called valid that are not, by other rows of the corpus or by their own files: the errors they have.
DISAGREEMENTS = {
    # Its root METS (commons-ip 2.0.0) has <fileGrp USE="Data"/>: a group without a file, as a row of CSIP66
    # calls invalid (1..n files), and one named after a folder that is not there, which rule 3 of
    # CSIP64 calls invalid.
    "Simple-EARK-SIP.zip": {"bag.eark.CSIP64", "bag.eark.CSIP66"},
    # Upstream calls it valid for its folders and names alone.  Its METS is of a profile of 2018: the label of
    # the map is "CSIP StructMap" (CSIP82 wants "CSIP") and its division of schemas has no fptr (CSIP118).
    # xlink.xsd has 8,052 bytes where the METS says 8,322 and another digest (CSIP69, list.digest): to call
    # that valid would be to take in a file that is not the one that was sent.
    **{
        f"minimal_IP_with_schemas.{kind}": {
            "bag.eark.CSIP69", "bag.eark.CSIP82", "bag.eark.CSIP118", "list.digest",
        }
        for kind in ("tar", "tar.gz", "zip")
    },
}  # fmt: skip


def rows() -> list[Row]:
    listed = CORPUS / "eark-ip" / "expected.csv"
    if not listed.is_file():
        return []
    with listed.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


OF_A_RULE = [row for row in rows() if SENTENCE.match(row["detail"])]
OF_A_PACKAGE = [row for row in rows() if not SENTENCE.match(row["detail"])]


def path_of(row: Row) -> str:
    return row["path"].removeprefix("test-corpus/CSIP/")


@pytest.fixture
def look(tmp_path_factory) -> Callable[[Path], list[Finding]]:
    """What looking at a folder finds wrong with it."""
    scratch = tmp_path_factory.mktemp("scratch")

    def findings(folder: Path) -> list[Finding]:
        with inspect(
            folder,
            scratch=scratch,
            source_system=None,
            agency_default=None,
            no_list=False,
            today=date(2026, 11, 28),
        ) as inspection:
            return list(inspection.findings())

    return findings


def unpacked(path: Path, target: Path) -> Path:
    """A row as the folder that an archivist would hand over."""
    if path.is_dir():
        return path
    if path.suffix == ".xml":
        (target / "minimal_IP_with_schemas").mkdir()
        shutil.copy(path, target / "minimal_IP_with_schemas" / "METS.xml")
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path) as packed:
            packed.extractall(target)
    else:
        with tarfile.open(path) as archive:
            archive.extractall(target, filter="data")
    return target


@pytest.mark.parametrize("row", OF_A_RULE, ids=path_of)
def test_a_requirement_gets_the_verdict_of_its_row(row, corpus_set, look):
    found = SENTENCE.match(row["detail"])
    assert found
    rule, severity = f"bag.eark.{found[1]}", SEVERITY[found[2]]
    told = {each.severity for each in look(corpus_set("eark-ip") / row["path"]) if each.rule == rule}
    if row["expected"] == "invalid":
        assert severity in told
    else:
        assert "error" not in told
        assert not told or KEEPS_IT not in row["path"]


@pytest.mark.parametrize(
    "row", [row for row in OF_A_PACKAGE if Path(row["path"]).name in EXPECTED], ids=path_of
)
def test_a_package_gets_the_verdict_of_its_row(row, corpus_set, tmp_path, look):
    findings = look(unpacked(corpus_set("eark-ip") / row["path"], tmp_path))
    wanted = EXPECTED[Path(row["path"]).name]
    assert {f"bag.eark.{rule}" for rule in wanted} <= {each.rule for each in findings}
    if row["expected"] == "valid":
        assert [each for each in findings if each.severity == "error"] == []


@pytest.mark.parametrize(
    "row", [row for row in OF_A_PACKAGE if Path(row["path"]).name in DISAGREEMENTS], ids=path_of
)
def test_a_row_called_valid_has_just_the_errors_that_we_know_of(row, corpus_set, tmp_path, look):
    findings = look(unpacked(corpus_set("eark-ip") / row["path"], tmp_path))
    errors = {each.rule for each in findings if each.severity == "error"}
    assert errors == DISAGREEMENTS[Path(row["path"]).name]
    told = {each.rule: f"{each.where.path} {each.value} {each.message}" for each in findings}
    if "list.digest" in errors:
        assert "xlink.xsd" in told["list.digest"] and "xlink.xsd" in told["bag.eark.CSIP69"]
    else:
        assert "Data" in told["bag.eark.CSIP64"]


@pytest.mark.parametrize(
    "row", [row for row in OF_A_PACKAGE if Path(row["path"]).name in NO_PACKAGE], ids=path_of
)
def test_what_is_no_package_is_refused(row, corpus_set, tmp_path, look):
    with pytest.raises(Refused):
        look(unpacked(corpus_set("eark-ip") / row["path"], tmp_path))


def test_a_package_that_only_refers_to_its_files_is_an_error(corpus_set, tmp_path, look):
    folder = unpacked(corpus_set("eark-ip") / "commons-ip/SIP-S/shallowFileAndFolder.zip", tmp_path)
    outside = [each for each in look(folder) if each.rule == "bag.eark.outside"]
    assert [each.severity for each in outside] == ["error", "error"]


def test_every_row_is_looked_at():
    looked_at = {*EXPECTED, *DISAGREEMENTS, *NO_PACKAGE, "shallowFileAndFolder.zip"}
    assert {Path(row["path"]).name for row in OF_A_PACKAGE} <= looked_at
    assert not rows() or len(OF_A_RULE) + len(OF_A_PACKAGE) == 154
