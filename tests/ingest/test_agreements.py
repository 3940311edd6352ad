"""What was agreed with an agency is data in versions; a refusal cites its clause; the past can be tried."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from archive.database import Base
from archive.holdings import ContentFile
from archive.outbox import OutboxRow
from ingest.agreements import documents, formats, judging
from ingest.agreements.versions import AgreementRow
from preservation import identifying
from preservation.contents import Identified
from tests.conftest import Installation
from tests.ingest.conftest import AGENCY, Call, Said
from tests.ingest.test_bad_input import row, transfer

FORMATS = 'id = "formats"\nrule = "formats"\nextensions = ["txt", ".PDF"]'


def document(folder: Path, *clauses: str, version: int = 1, begins: str = "2026-03-01") -> Path:
    head = f'agency = "{AGENCY}"\nversion = {version}\neffective_from = {begins}\n'
    file = folder / f"agreement-{version}.toml"
    file.write_text(head + "".join(f"[[clause]]\n{clause}\n" for clause in clauses), "utf-8")
    return file


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, place: Installation) -> None:
    place.environment["SEOGO_CLOCK"] = "2026-03-01T00:00:00+00:00"


def add(call: Call, file: Path) -> Said:
    said = call("agreement", "add", file)
    assert said.exit_code == 0, said.errors
    return said


def agreed(said: Said) -> list[tuple[str, str | None, str]]:
    return [
        (each["rule"], each["where"]["path"] or each["where"]["column"], each["expected"])
        for each in said.told["findings"]
        if each["rule"].startswith("agreement.")
    ]


def cited(clause: str) -> str:
    return f"[agreement {AGENCY}, version 1, clause {clause}]"


def two(folder: Path) -> Path:
    return transfer(folder, row("A-1", "가.txt"), row("A-2", "나.exe"), files=("가.txt", "나.exe"))


# Judged


@pytest.mark.flow
def test_a_refusal_cites_the_clause_and_the_good_volume_is_taken(
    call: Call, receive: Call, tmp_path: Path
) -> None:
    add(call, document(tmp_path, FORMATS))
    said = receive(two(tmp_path / "t"))
    assert (said.exit_code, said.told["volumes"]["accepted"]) == (3, 1)
    assert agreed(said) == [("agreement.format", "나.exe", f"pdf, txt {cited('formats')}")]
    [message] = [each["message"] for each in said.told["findings"] if each["rule"] == "agreement.format"]
    assert "나.exe is a file of the kind exe." in message and "clause formats" in message


def test_without_an_agreement_nothing_is_refused(receive: Call, tmp_path: Path) -> None:
    assert receive(two(tmp_path / "t")).exit_code == 0


CLAUSES = {
    "largest-file": ('rule = "largest-file"\nbytes = 5', "agreement.large_file", "가.txt"),
    "largest-transfer": ('rule = "largest-transfer"\nvolumes = 1', "agreement.large_transfer", None),
    "columns": ('rule = "columns"\nnames = ["분류번호"]', "agreement.column", "분류번호"),
    "names": ('rule = "names"\npattern = "[a-z]+\\\\.txt"', "agreement.name", "가.txt"),
    "long names": ('rule = "names"\nlongest = 4', "agreement.name", "가.txt"),
    "checksums": ('rule = "checksums"', "agreement.checksum", "가.txt"),
    "virus-scan": ('rule = "virus-scan"', "agreement.virus", None),
}


@pytest.mark.parametrize("name", CLAUSES)
def test_each_kind_of_clause_holds_the_volume_back(
    call: Call, receive: Call, tmp_path: Path, name: str
) -> None:
    clause, rule, where = CLAUSES[name]
    add(call, document(tmp_path, f'id = "one"\n{clause}'))
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), row("A-2", "나.txt"), files=("가.txt", "나.txt"))
    said = receive(folder)
    assert (said.exit_code, said.told["volumes"]["accepted"]) == (3, 0)
    found = agreed(said)[0]
    assert found[:2] == (rule, where) and found[2].endswith(cited("one"))


def test_a_clause_may_only_warn(call: Call, receive: Call, tmp_path: Path) -> None:
    add(call, document(tmp_path, FORMATS + '\nseverity = "warning"'))
    said = receive(two(tmp_path / "t"))
    assert (said.exit_code, said.told["volumes"]["accepted"], len(agreed(said))) == (0, 2, 1)


@pytest.mark.parametrize("begins", ["2026-03-01", "2026-03-02"])
def test_a_dry_run_and_a_later_check_judge_alike_whenever_the_next_version_begins(
    call: Call, receive: Call, tmp_path: Path, begins: str
) -> None:
    add(call, document(tmp_path, FORMATS))
    folder = two(tmp_path / "t")
    dry = receive(folder, "--dry-run")
    assert agreed(receive(folder)) == agreed(dry) != []
    add(
        call,
        document(tmp_path, 'id = "all"\nrule = "largest-file"\nbytes = 1', version=2, begins=begins),
    )
    assert agreed(call("transfer", "check", "2026-0001")) == agreed(dry)


# Versions


def test_an_agreement_is_never_changed(call: Call, tmp_path: Path) -> None:
    file = document(tmp_path, FORMATS)
    add(call, file)
    add(call, file)
    other = document(tmp_path, 'id = "x"\nrule = "checksums"')
    refused = call("agreement", "add", other)
    assert (refused.exit_code, refused.told["error"]["code"]) == (3, "agreement.version")
    assert [each["version"] for each in call("agreement", "list").told["agreements"]] == [1]
    assert FORMATS in call("agreement", "show", AGENCY).told["document"]


def test_a_version_that_was_followed_by_another_is_not_said_to_be_in_force(
    call: Call, tmp_path: Path
) -> None:
    first = document(tmp_path, FORMATS)
    second = document(tmp_path, FORMATS, version=2, begins="2026-03-02")
    for file in (first, second, second):
        add(call, file)
    refused = call("agreement", "add", first)
    assert (refused.exit_code, refused.told["error"]["code"]) == (3, "agreement.version")
    assert "is version 2, in force from 2026-03-02" in refused.told["error"]["message"]


def test_an_agreement_never_begins_in_the_past(call: Call, tmp_path: Path) -> None:
    refused = call("agreement", "add", document(tmp_path, FORMATS, begins="2026-02-28"))
    assert (refused.exit_code, refused.told["error"]["code"]) == (3, "agreement.past")


def test_one_that_begins_later_does_not_judge_yet(call: Call, receive: Call, tmp_path: Path) -> None:
    add(call, document(tmp_path, FORMATS, begins="2026-03-02"))
    assert receive(two(tmp_path / "t")).exit_code == 0
    early = call("agreement", "show", AGENCY)
    assert early.exit_code == 3
    assert "is in force yet: version 1 begins on 2026-03-02" in early.told["error"]["message"]
    assert call("agreement", "show", AGENCY, "--version", 1).told["version"] == 1


def test_every_fault_of_a_document_is_named_at_once(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text(
        'agency = 7\nversion = 0\ncolour = "red"\n[[clause]]\nid = "A"\nrule = "magic"\n'
        '[[clause]]\nid = "b"\nrule = "largest-file"\nbytes = "many"\n'
        '[[clause]]\nid = "c"\nrule = "names"\npattern = "("\n'
        '[[clause]]\nid = "d"\nrule = "virus-scan"\nwhole = 1\n',
        "utf-8",
    )
    said = call("agreement", "add", file)
    assert said.exit_code == 2
    for fault in (
        "agency is", "version counts", "effective_from is missing", "colour is no key", "Clause A: an id",
        "no rule 'magic'", "Clause b: bytes is no", "Clause c: pattern",
        "Clause d: whole is no word such as true",
    ):  # fmt: skip
        assert fault in said.sentence, fault


@pytest.mark.parametrize(
    ("clauses", "fault"),
    [
        ("clause = 5", "clause is no list of clauses"), ("clause = true", "clause is no list of clauses"),
        ("[clause]\nid = 'a'\nrule = 'checksums'", "clause is no list of clauses"),
        ("clause = ['x', {id = 'a', rule = 'checksums'}]", "clause is no list of clauses"),
        ("[[clause]]\nid = 'a'\nrule = 'formats'\nextensions = []", "Clause a: extensions is empty"),
        ("[[clause]]\nid = 'a'\nrule = 'formats'\nextensions = ['txt']\npuids = []",
         "Clause a: puids is empty"),
        ("[[clause]]\nid = 'a'\nrule = 'columns'\nnames = []", "Clause a: names is empty"),
    ],
)  # fmt: skip
def test_what_would_judge_nothing_is_refused(call: Call, tmp_path: Path, clauses: str, fault: str) -> None:
    file = document(tmp_path)
    file.write_text(f"{file.read_text('utf-8')}{clauses}\n", "utf-8")
    for verb in ("add", "try"):
        said = call("agreement", verb, file)
        assert (said.exit_code, said.told["error"]["code"]) == (2, "agreement.document")
        assert fault in said.sentence


def test_what_was_entered_before_its_fault_was_known_judges_as_it_did(
    call: Call, receive: Call, place: Installation, tmp_path: Path
) -> None:
    add(call, document(tmp_path, 'id = "one"\nrule = "largest-file"\nbytes = 5', FORMATS))
    site = place.site()
    with site.open_session.begin() as session:
        row_of_it = session.scalars(select(AgreementRow)).one()
        row_of_it.document = row_of_it.document.replace('["txt", ".PDF"]', "[]")
    site.engine.dispose()
    assert {rule for rule, *_ in agreed(receive(two(tmp_path / "t")))} == {"agreement.large_file"}


def test_every_rule_of_a_document_has_its_judge() -> None:
    assert judging.RULES.keys() == documents.OPTIONS.keys()


# Tried on the past


def rows_of_every_table(place: Installation) -> dict[str, int]:
    site = place.site()
    with site.reading_session() as session:
        counted = {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }
    site.engine.dispose()
    return counted


@pytest.mark.flow
def test_an_agreement_is_tried_on_what_was_sent_before_and_writes_nothing(
    call: Call, receive: Call, place: Installation, tmp_path: Path
) -> None:
    receive(two(tmp_path / "t"))
    receive(transfer(tmp_path / "u", row("B-1", "다.txt;없음.txt"), files=("다.txt",)))
    file = document(
        tmp_path, FORMATS, 'id = "sums"\nrule = "checksums"', 'id = "size"\nrule = "largest-file"\nbytes = 12'
    )
    before = rows_of_every_table(place)
    said = call("agreement", "try", file)
    assert rows_of_every_table(place) == before
    assert (said.exit_code, said.told["not_judged"]) == (3, ["sums"])
    first, second = said.told["transfers"]
    assert (first["refused"], first["clauses"]) == ([1, 2], {"formats": 1, "size": 2})
    assert (second["refused"], second["clauses"]) == ([1], {"size": 1})
    assert first["findings"][0]["expected"] == f"pdf, txt {cited('formats')}"
    one = call("agreement", "try", file, "--transfer", second["transfer"])
    assert [each["transfer"] for each in one.told["transfers"]] == [second["transfer"]]


def test_formats_told_by_pronom_are_tried_where_they_are_known(
    call: Call, sample: Path, tmp_path: Path
) -> None:
    call("transfer", "receive", sample, "--agency", AGENCY, "--accept")
    said = call("agreement", "try", document(tmp_path, 'id = "p"\nrule = "formats"\npuids = ["fmt/353"]'))
    values = {each["value"] for each in said.told["transfers"][0]["findings"]}
    assert said.exit_code == 3
    assert "fmt/353" not in values and values <= {"fmt/43", "fmt/44", "fmt/276", "fmt/20", "fmt/19", "fmt/18"}


# Formats told by PRONOM, which are known once the files are kept

PUIDS = 'id = "p"\nrule = "formats"\npuids = ["fmt/353"]'


def told_by_pronom(said: Said) -> list[dict[str, Any]]:
    return [each for each in said.told["findings"] if each["rule"] == "agreement.puid"]


def test_formats_are_judged_when_they_are_known_and_the_finding_cites_its_clause(
    call: Call, receive: Call, sample: Path, tmp_path: Path
) -> None:
    add(call, document(tmp_path, PUIDS))
    said = receive(sample)
    assert (said.exit_code, told_by_pronom(said)) == (0, [])
    assert call("work", "--until-idle").told["failed"] == []
    shown = call("transfer", "show", said.told["transfer"])
    found = told_by_pronom(shown)
    tried = call("agreement", "try", document(tmp_path, PUIDS)).told["transfers"][0]["findings"]
    assert found and found == tried
    assert {each["expected"] for each in found} == {f"fmt/353 {cited('p')}"}
    assert all(each["where"]["path"] and each["severity"] == "error" for each in found)
    history = [each for each in shown.told["history"] if each["act"] == "formats-judged"]
    assert [each["detail"] for each in history] == [str(len(found))]


def test_receiving_with_its_pages_tells_at_once_what_the_formats_are(
    call: Call, sample: Path, tmp_path: Path
) -> None:
    add(call, document(tmp_path, PUIDS))
    said = call("transfer", "receive", sample, "--agency", AGENCY, "--accept")
    assert said.exit_code == 3 and told_by_pronom(said)


def test_a_volume_is_judged_once_and_a_later_check_forgets_nothing(
    call: Call, receive: Call, place: Installation, sample: Path, tmp_path: Path
) -> None:
    add(call, document(tmp_path, PUIDS))
    number = receive(sample).told["transfer"]
    call("work", "--until-idle")
    before = told_by_pronom(call("transfer", "show", number))
    site = place.site()
    list(formats.judge_formats(site))
    site.engine.dispose()
    assert told_by_pronom(call("transfer", "check", number)) == before != []


def test_an_unknown_format_is_none_of_those_agreed_and_one_not_looked_at_is_not_judged(
    call: Call, receive: Call, place: Installation, tmp_path: Path
) -> None:
    add(call, document(tmp_path, PUIDS))
    number = receive(
        transfer(tmp_path / "t", row("A-1", "가.txt"), row("A-2", "나.txt"), files=("가.txt", "나.txt"))
    ).told["transfer"]
    site = place.site()
    with site.open_session.begin() as session:
        session.execute(delete(OutboxRow))
        first, second = session.scalars(select(ContentFile).order_by(ContentFile.id))
        unknown = Identified(None, None, None, "application/octet-stream", None, "No format is known.")
        unseen = replace(unknown, basis=identifying.NOT_LOOKED_AT)
        identifying.enter(session, [(first, unknown), (second, unseen)], site.now())
    list(formats.judge_formats(site))
    site.engine.dispose()
    [found] = told_by_pronom(call("transfer", "show", number))
    assert (found["where"]["path"], found["value"]) == ("가.txt", None)
    assert "has a format that PRONOM does not know." in found["message"]


def test_the_agreement_of_the_day_of_arrival_judges_formats(
    call: Call, receive: Call, sample: Path, tmp_path: Path
) -> None:
    number = receive(sample).told["transfer"]
    add(call, document(tmp_path, PUIDS))
    call("work", "--until-idle")
    assert told_by_pronom(call("transfer", "show", number)) == []
