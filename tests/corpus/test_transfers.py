"""Every row of the corpus' transfers and bags gets the verdict of its row."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from archive.errors import Refused
from archive.holdings import ContentFile
from archive.site.site import Site
from archive.work.commands import finish_work
from ingest import results
from tests.corpus.conftest import Row, by_path, receive, rows, rules, told

AsTransfer = Callable[[str, str], Path]


@dataclass(frozen=True)
class Verdict:
    """What a verdict word of the corpus comes to here.

    ``one_of``: rules of which at least one must be told; ``never``: rules that must not.
    """

    exit_code: int
    state: str
    one_of: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()


NO_ERROR = Verdict(
    0, "stored", never=frozenset({"file.digest", "file.missing", "file.extra", "list.columns"})
)
TRANSFERS = {
    "accept": NO_ERROR,
    "doc": NO_ERROR,
    "identify-by-content": NO_ERROR,
    "unknown-format": NO_ERROR,
    "fixity-fail": Verdict(3, "waiting", frozenset({"file.digest"}), frozenset({"file.missing"})),
    "reject": Verdict(3, "waiting", frozenset({"file.missing"}), frozenset({"file.digest"})),
    "broken": Verdict(3, "waiting", frozenset({"file.archive_damaged"})),
}
BAG_RULES = frozenset({
    "bag.declaration", "bag.oxum", "bag.extra", "bag.missing", "bag.path", "bag.duplicate", "bag.digest",
})  # fmt: skip
ANY_WARNING = frozenset({"bag.manifest_form"})
BAGS = {
    "valid": Verdict(0, "stored", never=BAG_RULES),
    "valid-with-warning": Verdict(0, "stored", ANY_WARNING, BAG_RULES),
    "valid-with-warning-or-invalid": Verdict(3, "waiting", frozenset({"bag.missing"})),
    "invalid": Verdict(3, "waiting", BAG_RULES),
    "invalid-on-windows": Verdict(3, "waiting", frozenset({"bag.path"})),
}
# Verdict words that leave open which of two things happens, and which of them it is for a row.
DECIDED = {"DemoTransferCSV-incomplete": "reject", "broken_package_format_types": "broken"}
# Rows whose verdict needs the verified copies to be opened; the others stop when all is stored.
OPENED = ("file_format_extensions_only", "synthetically_unknown_formats")
WITH_A_LIST = ("CSVmultiLevel", "DemoTransferCSV-incomplete")
WITHOUT_RECORDS = "MetadataXMLValidation/small_mdupdate_update-only"


def judge(result: dict, verdict: Verdict) -> None:
    found = rules(result)
    assert (3 if results.has_errors(result) else 0) == verdict.exit_code, result["findings"]
    assert result["state"] == verdict.state
    assert not verdict.never & set(found)
    assert not verdict.one_of or verdict.one_of & set(found), found
    taken = result["volumes"]["accepted"]
    assert taken == (result["volumes"]["listed"] if verdict.state == "stored" else 0)
    assert len(result["references"]) == taken


@pytest.mark.parametrize("row", [row for row in rows("transfers") if row.path not in OPENED], ids=by_path)
def test_a_transfer_gets_the_verdict_of_its_row(row: Row, site: Site, as_transfer: AsTransfer) -> None:
    no_list = row.path not in WITH_A_LIST
    result = receive(site, as_transfer("transfers", row.path), no_list=no_list)
    judge(result, TRANSFERS[DECIDED.get(row.path, row.expected)])


@pytest.mark.parametrize("row", rows("bagit"), ids=by_path)
def test_a_bag_gets_the_verdict_of_its_row(row: Row, site: Site, as_transfer: AsTransfer) -> None:
    judge(receive(site, as_transfer("bagit", row.path), no_list=True), BAGS[row.expected])


@pytest.mark.parametrize("row", rows("transfers"), ids=by_path)
def test_a_folder_without_a_list_is_refused_unless_the_call_says_so(
    row: Row, site: Site, as_transfer: AsTransfer
) -> None:
    folder = as_transfer("transfers", row.path)
    if row.path in WITH_A_LIST or (folder / "bagit.txt").exists():
        return
    with pytest.raises(Refused) as refused:
        receive(site, folder)
    is_packed = row.path.endswith((".zip", ".7z"))
    assert refused.value.code == ("transfer.packed" if is_packed else "transfer.no_list")
    assert "--without-list" in refused.value.next


@pytest.fixture
def opened(site: Site, as_transfer: AsTransfer) -> Callable[[str], dict]:
    """A row of the corpus, taken in and derived."""

    def take(path: str) -> dict:
        number = receive(site, as_transfer("transfers", path), no_list=True)["transfer"]
        finish_work(site, lambda *_: None)
        return told(site, number)

    return take


def test_a_package_that_does_not_unpack_is_kept_back_and_told(site: Site, as_transfer: AsTransfer) -> None:
    result = receive(site, as_transfer("transfers", "broken_package_format_types"), no_list=True)
    told = {
        severity: {
            Path(each["where"]["path"]).suffix
            for each in result["findings"]
            if each["severity"] == severity and each["rule"].startswith("file.archive_")
        }
        for severity in ("error", "warning")
    }
    assert told == {"error": {".gz", ".tar", ".zip"}, "warning": {".rar"}}


def test_a_format_without_a_signature_is_told_to_be_unknown(opened: Callable[[str], dict]) -> None:
    result = opened("synthetically_unknown_formats")
    judge(result, TRANSFERS["unknown-format"])
    unknown = [each["where"]["path"] for each in result["findings"] if each["rule"] == "format.unknown"]
    assert len(unknown) == 5 and all(path.endswith(".format") for path in unknown)


def test_a_file_is_identified_by_its_content_and_not_by_its_name(
    opened: Callable[[str], dict], site: Site
) -> None:
    result = opened("file_format_extensions_only")
    judge(result, TRANSFERS["identify-by-content"])
    with site.reading_session() as session:
        files = session.scalars(select(ContentFile)).all()
    assert {file.mimetype for file in files if "text_file" in file.original_name} == {"text/plain"}
    empty = [file.original_name for file in files if file.bytes == 0]
    assert sorted(empty) == sorted(
        each["where"]["path"] for each in result["findings"] if each["rule"] == "file.empty"
    )


def test_exactly_one_file_fails_its_checksum(site: Site, as_transfer: AsTransfer) -> None:
    result = receive(site, as_transfer("transfers", "fixityCheckShouldFail"), no_list=True)
    wrong = [each["where"]["path"] for each in result["findings"] if each["rule"] == "file.digest"]
    assert [Path(path).name for path in wrong] == ["Nemastylis_geminiflora_Flower.PNG"]


def test_every_file_that_an_incomplete_transfer_lacks_is_named_once(
    site: Site, as_transfer: AsTransfer
) -> None:
    result = receive(site, as_transfer("transfers", "DemoTransferCSV-incomplete"), accept=False)
    lacking = [each["where"]["path"] for each in result["findings"] if each["rule"] == "file.missing"]
    assert len(lacking) == len(set(lacking)) == 4


def test_a_metadata_update_is_kept_as_it_came(site: Site, as_transfer: AsTransfer) -> None:
    result = receive(site, as_transfer("transfers", WITHOUT_RECORDS), no_list=True)
    assert result["files"] == 9
