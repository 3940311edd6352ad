"""Signed papers: inspection reports and handover records that are checked without the archive."""

import csv
import functools
import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pymupdf
import pytest

from archive.ledger.signing import make_key
from ingest.acceptance import one_by_one
from ingest.papers import making
from ingest.receipts import verifier
from tests.conftest import Installation
from tests.ingest.conftest import Call, Said
from tests.ingest.receipts.conftest import Desk, desk
from tests.ingest.receipts.test_receipts import SCRIPT, number, three_volumes, vkey
from tests.ingest.receipts.test_web import text
from tests.ingest.test_bad_input import row, transfer
from tests.judges import receipt_judge

__all__ = ["desk", "number"]
PAPERS = ("report", "handover")


def issue(call: Call, command: str, number: str, folder: Path, *more: str) -> Path:
    """Where the signature is."""
    said = call("transfer", command, number, "--signed", folder, *more)
    assert said.exit_code == 0, said.errors
    paper = said.told["paper"]
    assert all((folder / name).stat().st_size for name in paper["files"])
    return folder / str(paper["signature"])


def check(call: Call, signature: Path, *more: object) -> Said:
    return call("receipt", "verify", signature, *more)


@pytest.mark.parametrize(
    ("command", "kind", "tables"),
    [
        ("report", "inspection_report", ["volumes", "differences", "findings"]),
        ("handover", "handover_record", ["volumes"]),
    ],
)
def test_a_paper_is_issued_with_its_tables_and_checked_beside_them(
    number: str, call: Call, tmp_path: Path, command: str, kind: str, tables: list[str]
) -> None:
    signature = issue(call, command, number, tmp_path / "papers")
    stem = f"seogo-{number}-{kind.replace('_', '-')}-1"
    names = {f"{stem}.pdf", f"{stem}.jsonl", *(f"{stem}-{table}.csv" for table in tables)}
    assert {path.name for path in (tmp_path / "papers").iterdir()} == names
    checked = check(call, signature)
    assert (checked.exit_code, checked.told["holds"], checked.told["paper"]) == (0, True, kind)
    assert (checked.told["transfer"], checked.told["files"]) == (number, 1 + len(tables))


def test_a_handover_record_has_a_line_for_each_volume_in_custody(
    number: str, call: Call, tmp_path: Path
) -> None:
    signature = issue(call, "handover", number, tmp_path, "--language", "en")
    head, *rows = (tmp_path / f"{signature.stem}-volumes.csv").read_text("utf-8-sig").splitlines()
    assert head == "Number,Sender's number,Title,Reference,Kind,Items,Files,Bytes"
    assert [line.split(",")[1] for line in rows] == ["A-1", "A-3"]
    paper = pymupdf.open(signature.with_suffix(".pdf"))
    assert "Handover record" in "".join(page.get_text() for page in paper)


def test_what_a_report_leaves_out_is_in_a_file_that_is_signed_with_it(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt", "나.txt", "다.txt", "라.txt"))
    number = call("transfer", "receive", folder, "--agency", "6110000").told["transfer"]
    monkeypatch.setattr(one_by_one, "MOST", 2)
    signature = issue(call, "report", number, tmp_path / "papers", "--language", "en")
    shown = "".join(page.get_text() for page in pymupdf.open(signature.with_suffix(".pdf")))
    assert "Only the first 2 are printed here; the CSV file has all." in " ".join(shown.split())
    lines = signature.with_name(f"{signature.stem}-findings.csv").read_text("utf-8-sig").splitlines()
    extra = [each["Path"] for each in csv.DictReader(lines) if each["Rule"] == "file.extra"]
    assert sorted(extra) == ["나.txt", "다.txt", "라.txt"]
    call("transfer", "report", number, "--findings", tmp_path / "f.csv", "--language", "en")
    assert (tmp_path / "f.csv").read_text("utf-8-sig").splitlines() == lines


def test_a_paper_from_before_keeps_the_files_that_it_was_issued_with(
    number: str, call: Call, desk: Desk, tmp_path: Path
) -> None:
    kind = making.KINDS[making.INSPECTION]
    fewer = {name: lines for name, lines in kind.tables.items() if name != "findings"}
    with pytest.MonkeyPatch.context() as earlier:
        earlier.setitem(making.KINDS, making.INSPECTION, making.Kind(kind.document, fewer))
        first = issue(call, "report", number, tmp_path / "first")
    assert len(list(first.parent.iterdir())) == 4
    assert check(call, first).told["holds"]
    client, page = desk("archivist"), f"/desk/transfers/{number}/papers"
    assert f"{first.stem}-findings.csv" not in text(client, page)
    for path in first.parent.iterdir():
        assert client.get(f"{page}/inspection_report/1/{path.name}").data == path.read_bytes()
    assert client.get(f"{page}/inspection_report/1/{first.stem}-findings.csv").status_code == 404
    second = issue(call, "report", number, tmp_path / "second")
    assert second.stem.endswith("-2")
    assert f"{second.stem}-findings.csv" in text(client, page)
    assert "검수에서 나온 것 (CSV)" in text(client, page)


def test_a_paper_tells_its_title_and_language_and_has_bookmarks(
    number: str, call: Call, tmp_path: Path
) -> None:
    paper = pymupdf.open(issue(call, "report", number, tmp_path).with_suffix(".pdf"))
    assert (paper.metadata["title"], paper.language) == ("기록물 검수 보고서", "ko")
    assert paper.xref_get_key(paper.pdf_catalog(), "ViewerPreferences/DisplayDocTitle")[1] == "true"
    assert [title for _, title, _ in paper.get_toc()][:3] == ["이관", "수량 대조", "유형별 수량"]


@pytest.mark.parametrize("command", PAPERS)
def test_a_changed_or_missing_file_of_a_paper_is_named(
    number: str, call: Call, tmp_path: Path, command: str
) -> None:
    signature = issue(call, command, number, tmp_path / "papers")
    pdf, table = signature.with_suffix(".pdf"), signature.with_name(f"{signature.stem}-volumes.csv")
    data = bytearray(pdf.read_bytes())
    data[len(data) // 2] ^= 1
    pdf.write_bytes(data)
    table.unlink()
    checked = check(call, signature)
    assert (checked.exit_code, checked.told["holds"]) == (5, False)
    assert checked.told["failures"] == [
        f"{pdf.name} in the folder is not the file that was received",
        f"{table.name} in the folder cannot be read: No such file or directory",
    ]


def test_a_signature_is_checked_against_the_files_of_another_folder(
    number: str, call: Call, tmp_path: Path
) -> None:
    signature = issue(call, "report", number, tmp_path / "papers")
    alone = signature.rename(tmp_path / signature.name)
    assert check(call, alone).exit_code == 5
    assert check(call, alone, "--folder", tmp_path / "papers").exit_code == 0


def test_a_paper_is_checked_without_the_archive(
    number: str, call: Call, place: Installation, tmp_path: Path
) -> None:
    signature = issue(call, "report", number, tmp_path / "papers")
    (tmp_path / "verifier.py").write_bytes(SCRIPT.read_bytes())
    (tmp_path / "key").write_text(vkey(place))
    command = [sys.executable, "-I", "-S", "verifier.py", f"papers/{signature.name}", "key"]
    good = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (good.returncode, good.stderr) == (0, "")
    assert "inspection_report" in good.stdout
    signature.with_suffix(".pdf").write_bytes(b"%PDF-1.7")
    bad = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert bad.returncode == 5


def test_no_byte_of_a_signature_can_be_changed(
    receive: Call, call: Call, place: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = receive(transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))).told["transfer"]
    signature, key = issue(call, "handover", number, tmp_path / "papers"), vkey(place)
    monkeypatch.setattr(verifier, "_is_signed", functools.cache(verifier._is_signed))

    def failures(data: bytes) -> list[str]:
        return verifier.verify(io.BytesIO(data), key, str(signature.parent)).failures

    data = signature.read_bytes()
    assert not failures(data)
    for at, octet in enumerate(data):
        changed = bytearray(data)
        changed[at] ^= 0x20 if chr(octet).isalpha() else 0x01
        assert failures(bytes(changed)), (at, data[max(at - 40, 0) :][:80])
    told = data.splitlines(keepends=True)
    for at in range(len(told)):
        assert failures(b"".join(told[:at] + told[at + 1 :])), told[at]
    assert verifier.verify(io.BytesIO(data), make_key("seogo")[1], str(signature.parent)).failures


def test_the_same_facts_are_the_same_paper_and_what_changed_makes_the_next(
    number: str, call: Call, tmp_path: Path
) -> None:
    first, again = (issue(call, "report", number, tmp_path / name) for name in "ab")
    for path in first.parent.iterdir():
        assert (again.parent / path.name).read_bytes() == path.read_bytes()
    call("transfer", "return", number, "--reason", "없음")
    assert issue(call, "report", number, tmp_path / "c").stem.endswith("-2")
    assert issue(call, "report", number, tmp_path / "d", "--language", "en").stem.endswith("-3")
    assert check(call, first).told["holds"]  # what was issued before still holds


def test_a_paper_is_in_the_log_and_in_every_store_and_the_log_tells_no_title(
    number: str, call: Call, place: Installation, tmp_path: Path
) -> None:
    signature = issue(call, "report", number, tmp_path / "papers")
    for path in signature.parent.iterdir():
        if path != signature:
            kept = list(place.home.glob(f"stores/*/papers/{number}/*-{path.name}"))
            assert [each.read_bytes() for each in kept] == [path.read_bytes()] * 2
    entries = [json.loads(line) for line in signature.read_bytes().splitlines()]
    acts = [each["record"]["act"] for each in entries if each["kind"] == "entry"]
    assert acts == ["transfer.received", "inspection_report.issued"]
    assert not any("첫" in each["entry"] for each in entries if each["kind"] == "entry")
    history = call("transfer", "show", number).told["history"]
    assert (history[-1]["act"], history[-1]["detail"]) == ("inspection-report-issued", "1")
    assert call("ledger", "verify").told["holds"]


def test_a_spoilt_paper_is_given_from_another_store_or_not_at_all(
    number: str, call: Call, place: Installation, tmp_path: Path
) -> None:
    signature = issue(call, "report", number, tmp_path / "papers")
    one, other = sorted(place.home.glob(f"stores/*/papers/{number}/*.pdf"))
    one.chmod(0o644)
    one.write_bytes(b"spoilt")
    again = issue(call, "report", number, tmp_path / "again").with_suffix(".pdf")
    assert again.read_bytes() == signature.with_suffix(".pdf").read_bytes()
    other.unlink()
    said = call("transfer", "report", number, "--signed", tmp_path / "never")
    assert (said.exit_code, said.told["error"]["code"]) == (5, "damaged")
    assert list((tmp_path / "never").iterdir()) == []


@pytest.mark.parametrize("command", ["report", "handover"])
def test_a_paper_for_which_there_is_no_place_is_not_issued(
    number: str, call: Call, tmp_path: Path, command: str
) -> None:
    before = call("transfer", "show", number).told["history"]
    for wanted in (("--pdf", tmp_path / "x", "--signed", tmp_path / "x"), ("--signed", "/proc/x")):
        assert call("transfer", command, number, *wanted).exit_code == 2
    assert call("transfer", "show", number).told["history"] == before
    assert not (tmp_path / "x").exists()


def test_a_store_that_is_filled_later_is_given_receipts_and_papers(
    number: str, call: Call, place: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue(call, "report", number, tmp_path / "papers")
    call("transfer", "receipt", number, "--output", tmp_path / "r")
    stores = " ".join(f"{name}={(place.home / 'stores' / name).as_uri()}" for name in "abc")
    (place.home / "stores" / "c").mkdir()
    monkeypatch.setenv("SEOGO_STORES", stores)
    assert call("copy", "fill", "--store", "c").exit_code == 0

    def digests(store: str, kind: str) -> set[str]:
        kept = (place.home / "stores" / store / kind / number).iterdir()
        return {hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}

    for kind in ("papers", "receipts"):
        assert digests("a", kind) == digests("c", kind)


def test_nothing_is_handed_over_before_something_is_in_custody(call: Call, tmp_path: Path) -> None:
    number = call("transfer", "receive", three_volumes(tmp_path / "t"), "--agency", "6110000").told[
        "transfer"
    ]
    said = call("transfer", "handover", number, "--signed", tmp_path / "papers")
    assert (said.exit_code, said.told["error"]["code"]) == (3, "handover.nothing")
    assert not (tmp_path / "papers").exists()
    issue(call, "report", number, tmp_path / "papers")


@pytest.mark.flow
def test_a_paper_is_asked_for_and_handed_out_at_the_desk(
    number: str, call: Call, desk: Desk, place: Installation, tmp_path: Path
) -> None:
    client, page = desk("archivist"), f"/desk/transfers/{number}/papers"
    assert "아직 발급한 문서가 없습니다." in text(client, page)
    asked = client.post(page, data={"kind": "inspection_report"})
    assert asked.status_code == 303
    assert "발급하도록 맡겼습니다." in text(client, asked.location)
    again = client.post(page, data={"kind": "inspection_report"})
    assert "같은 작업을 이미 맡아 하고 있어서" in text(client, again.location)
    other = client.post(f"/en{page}", data={"kind": "handover_record"})
    assert "The paper was asked for." in text(client, other.location)
    assert call("work", "--until-idle").told["failed"] == []
    shown = text(client, page)
    for kind in ("inspection_report", "handover_record"):
        stem = f"seogo-{number}-{kind.replace('_', '-')}-1"
        for name in (f"{stem}.pdf", f"{stem}-volumes.csv", f"{stem}.jsonl"):
            assert name in shown
            given = client.get(f"{page}/{kind}/1/{name}")
            assert given.headers["Content-Disposition"] == f'attachment; filename="{name}"'
            (tmp_path / name).write_bytes(given.data)
        if kind == "inspection_report":
            for name in (f"{stem}-differences.csv", f"{stem}-findings.csv"):
                (tmp_path / name).write_bytes(client.get(f"{page}/{kind}/1/{name}").data)
        assert check(call, tmp_path / f"{stem}.jsonl").told["failures"] == []
    assert client.get(f"{page}/inspection_report/1/other.pdf").status_code == 404
    assert client.get(f"{page}/inspection_report/9/seogo.pdf").status_code == 404
    assert call("transfer", "receipt", number, "--output", tmp_path / "receipt").exit_code == 0
    assert client.get(f"{page}/receipt/1/seogo-{number}-receipt-1.pdf").status_code == 404
    assert client.post(page, data={"kind": "letter"}).status_code == 404
    assert desk("auditor").get(page).status_code == 403


@pytest.mark.servers
def test_tools_in_another_language_accept_a_paper_and_refuse_a_changed_one(
    number: str, call: Call, place: Installation, tmp_path: Path
) -> None:
    key, signature = place.home / "keys" / "log.vkey", issue(call, "report", number, tmp_path / "papers")
    assert receipt_judge.judge(signature, key) == ""
    data = signature.read_bytes()
    for mark in (b'"bytes":', b'"sha256":"', b'"number":', b'"path":["', b'"record":{"about":"'):
        at = data.index(mark) + len(mark)
        (tmp_path / "c").write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert receipt_judge.judge(tmp_path / "c", key), mark
