"""A person's verdict on a volume or an item keeps it from being taken, and nothing is overwritten."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from archive.errors import Conflict, WrongCall
from archive.ledger import LedgerEntry
from archive.site.site import Site
from ingest import transfers
from ingest.acceptance import listed, verdicts
from ingest.acceptance.listed import ListedItem, ListedVolume
from ingest.acceptance.verdicts import Seen
from ingest.taking import accession, checking_again, entering, receiving
from ingest.taking.receiving import Asked
from ingest.transfers import FindingRow, TransferVolume
from tests.ingest.conftest import AGENCY, Call, _here


def quiet(*_: object) -> None:
    pass


@pytest.fixture
def number(site: Site, sample: Path) -> str:
    return receiving.receive(site, Asked(folder=sample, agency=AGENCY), quiet)


def judge(site: Site, number: str, place: int, seen: Seen, *, item: int | None = None) -> None:
    with site.open_session.begin() as session:
        transfer = transfers.get(session, number)
        volume = listed.volume_at(session, transfer, place)
        about = volume if item is None else listed.item_at(session, volume, item)
        verdicts.give(session, transfer, about, seen, by="p-1", at=site.now())


def states(site: Site, number: str) -> list[str]:
    with site.reading_session() as session:
        return [row.state for row in transfers.volumes_of(session, transfers.get(session, number))]


UNFIT = Seen("unfit", reason="pages_missing", note="3쪽이 없습니다.")


def test_every_volume_and_item_of_the_list_is_a_row(site: Site, number: str) -> None:
    with site.reading_session() as session:
        volumes = session.scalars(select(ListedVolume)).all()
        items = session.scalars(select(ListedItem)).all()
        counted = sum(session.scalars(select(TransferVolume.items)))
    assert len(volumes) == 3
    assert len(items) == counted
    assert all(item.files and item.row for item in items)


@pytest.mark.flow
def test_an_unfit_item_keeps_its_volume_from_being_taken_and_the_others_are(
    site: Site, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accession, "working", _here)
    judge(site, number, 1, UNFIT, item=0)
    list(receiving.accept(site, number, by="p-2"))
    assert states(site, number) == ["stored", "waiting", "stored"]
    judge(site, number, 1, Seen("fit"), item=0)
    list(receiving.accept(site, number, by="p-2"))
    assert states(site, number) == ["stored"] * 3


def test_a_volume_that_is_found_unfit_while_it_is_packed_is_not_taken(
    site: Site, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    conclude = entering.conclude
    judged: list[int] = []

    def found_unfit_meanwhile(site: Site, *more: Any) -> Any:
        if not judged:
            judged.append(1)
            judge(site, number, 1, UNFIT)
        return conclude(site, *more)

    monkeypatch.setattr(accession, "working", _here)
    monkeypatch.setattr(entering, "conclude", found_unfit_meanwhile)
    list(receiving.accept(site, number, by="p-2"))
    assert states(site, number) == ["stored", "waiting", "stored"]
    judge(site, number, 1, Seen("fit"))
    list(receiving.accept(site, number, by="p-2"))
    assert states(site, number) == ["stored"] * 3


def test_accepting_named_volumes_is_repeated_and_what_may_not_be_taken_is_named_as_the_list_counts(
    site: Site, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accession, "working", _here)
    judge(site, number, 2, UNFIT)
    list(receiving.accept(site, number, by="p-2", positions=[0]))
    with pytest.raises(Conflict, match=r"1 volume of transfer .* cannot be accepted: 3\."):
        list(receiving.accept(site, number, by="p-2", positions=[0, 1, 2]))
    with pytest.raises(Conflict, match=r"2 volumes of .* cannot be accepted: 3, 99 \(not in its list\)\."):
        list(receiving.accept(site, number, by="p-2", positions=[1, 2, 98]))
    assert states(site, number) == ["stored", "waiting", "waiting"]
    list(receiving.accept(site, number, by="p-2", positions=[0, 1]))
    assert states(site, number) == ["stored", "stored", "waiting"]


def test_what_was_asked_for_before_a_quarantine_is_taken_whatever_came_between(
    site: Site, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accession, "working", _here)
    judge(site, number, 1, UNFIT)
    list(receiving.accept_transfer(site, number=number, by="p-2", positions=[0, 1]))
    assert states(site, number) == ["stored", "waiting", "waiting"]


def test_a_verdict_stays_when_the_transfer_is_checked_again(site: Site, number: str) -> None:
    judge(site, number, 0, UNFIT)
    list(checking_again.check(site, number, by="p-2"))
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
        [found] = session.scalars(select(FindingRow).where(FindingRow.rule == verdicts.RULE))
        assert found.severity == "error"
        assert "3쪽이 없습니다." in found.message
        assert len(transfers.faulty(session, transfer)) == 1


@pytest.mark.flow
def test_nothing_is_overwritten_and_each_verdict_is_in_the_ledger(site: Site, number: str) -> None:
    for seen in (UNFIT, Seen("fit", pages=12, binding="loose", condition="2"), Seen("not_looked_at")):
        judge(site, number, 0, seen)
    with site.reading_session() as session:
        volume = listed.volume_at(session, transfers.get(session, number), 0)
        assert verdicts.current(session, volume) is None
        told = [(row.verdict, row.pages, row.binding) for row in verdicts.history(session, volume)]
        entries = [
            row.entry for row in session.scalars(select(LedgerEntry)) if "record.inspected" in row.entry
        ]
        findings = session.scalars(select(FindingRow)).all()
    assert told == [("fit", 12, "loose"), ("unfit", None, None)]
    assert len(entries) == 3
    assert "3쪽이 없습니다." not in "".join(entries)
    assert verdicts.RULE not in {row.rule for row in findings}


@pytest.mark.parametrize(
    "seen",
    [Seen("unfit"), Seen("unfit", reason="ugly"), Seen("unfit", reason="other"), Seen("fit", pages=-1),
     Seen("fit", binding="glued"), Seen("fit", condition="4"), Seen("perhaps")],  # type: ignore[arg-type]
)  # fmt: skip
def test_an_incomplete_verdict_is_refused_with_what_to_choose_from(
    site: Site, number: str, seen: Seen
) -> None:
    with pytest.raises(WrongCall) as refused:
        judge(site, number, 0, seen)
    assert refused.value.next
    judge(site, number, 0, UNFIT)


def test_a_remark_goes_with_any_verdict_and_a_reason_with_what_is_unfit_alone(
    site: Site, number: str, call: Call
) -> None:
    judged = ("transfer", "judge", number, "--volume", 1, "--verdict")
    for reason in ("깨끗함", "quality"):
        said = call(*judged, "fit", "--reason", reason)
        assert said.exit_code == 2
        assert "A reason says why a record is unfit" in said.sentence and "--note" in said.sentence
    unknown = call(*judged, "unfit", "--reason", "흐림")
    assert unknown.exit_code == 2
    assert "There is no reason 흐림. Choose one of not_the_listed" in unknown.sentence
    assert unknown.sentence.endswith("--note TEXT")
    assert call(*judged, "fit", "--note", "깨끗함").exit_code == 0
    with site.reading_session() as session:
        volume = listed.volume_at(session, transfers.get(session, number), 0)
        told = [(row.verdict, row.reason, row.note) for row in verdicts.history(session, volume)]
    assert told == [("fit", None, "깨끗함")]


def test_what_was_returned_or_closed_is_not_judged_any_more(site: Site, number: str, call: Call) -> None:
    judge(site, number, 0, UNFIT, item=0)
    show = ("transfer", "show", number, "--volume", 1)
    assert "To judge one" in call(*show, words=True).out
    call("transfer", "sample", number, "--draw")
    call("transfer", "return", number, "--reason", "다시 스캔")
    said = call("transfer", "judge", number, "--volume", 1, "--item", 1, "--verdict", "fit")
    assert said.exit_code == 3
    assert "was returned" in said.told["error"]["message"]
    assert verdicts.RULE in [each["rule"] for each in call(*show).told["findings"]]
    for command in (show, ("transfer", "sample", number)):
        assert "To judge" not in call(*command, words=True).out
    with site.open_session.begin() as session:
        transfers.get(session, number).state = "closed"
        listed.volume_at(session, transfers.get(session, number), 1).state = "stored"
    with pytest.raises(Conflict, match="is closed"):
        judge(site, number, 1, Seen("fit"))
