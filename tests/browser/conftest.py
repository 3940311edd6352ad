"""A real server and a real browser: each page is looked at as a reader gets it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy import update
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from archive.admissions import Admission
from archive.disclosure import Decision
from archive.holdings import Item, Volume
from archive.work.jobs import Job
from ingest import agreements
from ingest.acceptance import sampling, verdicts
from ingest.acceptance.listed import ListedItem
from ingest.acceptance.verdicts import Seen
from ingest.intake import tokens
from ingest.malware.scans import Scan
from ingest.releases.releasing import Release
from ingest.transfers import FindingRow, Transfer, TransferVolume, note
from ingest.uploads import Upload
from preservation import packages
from preservation.scanning import withholding
from preservation.scanning.rescanning import Rescan
from preservation.scanning.withholding import Found
from tests.access.conftest import NOW, Described, Shown, application, enter, shown

__all__ = ["shown"]

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# OpenSeadragon sets one inline style, which the policy refuses without harm.
KNOWN = "Applying inline style violates"
expect.set_options(timeout=30_000)  # as long as everything else is waited for


@dataclass
class Reading:
    """A page in the browser with what its console said."""

    page: Page
    said: list[str] = field(default_factory=list)

    def unexpected(self) -> list[str]:
        return [line for line in self.said if KNOWN not in line]


@pytest.fixture(scope="session")
def address(shown: Shown) -> Iterator[str]:
    fill_desk(shown)
    app = application(shown.site)
    app.config["WTF_CSRF_ENABLED"] = True
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def fill_desk(shown: Shown) -> None:
    """A transfer with findings, a failed job, and a long record."""
    with shown.site.open_session.begin() as session:
        session.add(
            Transfer(
                number="2026-0013", agency_code="6110000", folder="/transfers/13", shape="1" * 64,
                state="returned", received_at=NOW, received_by="p-1",
            )
        )  # fmt: skip
        transfer = Transfer(
            round=2,
            round_of="2026-0013",
            number="2026-0014",
            agency_code="6110000",
            folder="/transfers/14",
            shape="0" * 64,
            state="waiting",
            files=58,
            bytes=12_345_678,
            received_at=NOW,
            received_by="p-1",
        )
        session.add(transfer)
        session.flush()
        for position in (1, 2):
            volume = TransferVolume(
                transfer_id=transfer.id,
                position=position,
                title=f"漢江鐵橋 復舊工事關係綴 {position}",
                items=4,
                files=29,
                bytes=6_000_000,
            )
            session.add(volume)
        session.flush()
        judge_some(session, transfer, volume)
        for row in range(2, 9):
            session.add(
                FindingRow(
                    transfer_id=transfer.id,
                    volume_id=volume.id,
                    rule="list.retention",
                    severity="error",
                    list="목록.csv",
                    row=row,
                    column="보존기간",
                    value="30",
                    expected="30년, 준영구, 영구",
                    message="30 is not a retention value.",
                )
            )
        session.add(
            FindingRow(
                transfer_id=transfer.id,
                rule="file.extra",
                severity="warning",
                path="메모.txt",
                message="No row of the list claims this file.",
            )
        )
        note(session, transfer, "received", by="p-1", at=NOW)
        no_list = "The folder has no transfer list that can be recognised. Add the list."
        before = "2 of the 3 volumes of this folder came before."
        session.add(refused_upload("0123456789abcdef01234567", no_list))
        session.add(refused_upload("fedcba9876543210fedcba98", before, looks_like="2026-0013"))
        session.add(
            Job(
                name="derive-volume",
                lane="batch",
                arguments={"item_id": 1},
                state="failed",
                attempt=3,
                done=3,
                total=12,
                reason="The file does not open.",
                started_at=NOW,
                ended_at=NOW,
            )
        )
        owe_a_copy(session)
        agree(session, transfer)
        of = session.query(Volume).filter_by(reference="SG-2026-000001").one()
        long_title = "".join(
            "漢江鐵橋復舊工事關係書類綴竣工檢査報告其他附屬圖面目錄及豫算配定通知" for _ in range(5)
        )[:180]
        pages = tuple(f"{n}쪽의 글 한강" for n in range(1, 66))
        enter(shown.site, session, of, Described(6, long_title, Decision(status="open"), pages))
        hold_back(session)
    with shown.site.open_session.begin() as session:
        withhold(shown, session)


def judge_some(session: Session, transfer: Transfer, volume: TransferVolume) -> None:
    """Items of a volume, some looked at, and a sample of them."""
    for position in range(4):
        item = ListedItem(
            transfer_id=transfer.id, volume_id=volume.id, position=position, pages=12, files=7,
            title=f"漢江鐵橋 復舊工事 竣工檢査 報告의 件 {position + 1}", missing=position % 2,
        )  # fmt: skip
        session.add(item)
        session.flush()
    sampling.draw(
        session, transfer, unit="item", acceptable=Fraction(1, 10), confidence=Fraction(95, 100),
        seed="seed", by="p-1", at=NOW,
    )  # fmt: skip
    unfit = Seen("unfit", reason="pages_missing", note="3쪽이 없습니다.", pages=11)
    verdicts.give(session, transfer, item, unfit, by="p-1", at=NOW)
    verdicts.give(session, transfer, volume, Seen("fit", binding="loose", condition="2"), by="p-1", at=NOW)


AGREEMENT = """agency = "6110000"
version = 1
effective_from = 2027-01-01
title = "漢江 관련 기록 이관 협약"

[[clause]]
id = "formats"
rule = "formats"
extensions = ["pdf", "tif", "hwpx", "jp2", "txt", "xlsx", "dxf", "wav", "mp4", "eml"]
puids = ["fmt/353", "fmt/276", "x-fmt/392", "fmt/141", "fmt/199", "fmt/950", "fmt/1149"]

[[clause]]
id = "size"
rule = "largest-transfer"
bytes = 4_000_000_000
files = 200_000

[[clause]]
id = "names"
rule = "names"
pattern = "[가-힣A-Za-z0-9_-]{1,80}[.](pdf|tif|hwpx|jp2|txt|xlsx|dxf|wav|mp4|eml)"
severity = "warning"
"""


def agree(session: Session, transfer: Transfer) -> None:
    """An agreement that judged a transfer, and two tokens, one of them revoked."""
    agreements.enter(session, AGREEMENT, by="p-1", now=NOW, today=NOW.date())
    transfer.agreement_version = 1
    expected = "at most 200000 files [agreement 6110000, version 1, clause size]"
    session.add(
        FindingRow(
            transfer_id=transfer.id, rule="agreement.large_transfer", severity="error", value="300000",
            expected=expected, message=f"The transfer has 300000 files. Agreed is: {expected}.",
        )
    )  # fmt: skip
    first, _ = tokens.make(session, "6110000", may_send=False, by="p-1", now=NOW)
    tokens.make(session, "6110000", by="p-1", now=NOW)
    tokens.revoke(session, first.id, by="p-1", now=NOW)


def hold_back(session: Session) -> None:
    """A transfer with files that the scanner names or could not look through; for one somebody asked."""
    transfer = Transfer(
        number="2026-0015", agency_code="6110000", folder="/transfers/15", shape="5" * 64, state="waiting",
        files=3, bytes=9_000, received_at=NOW, received_by="p-1",
    )  # fmt: skip
    session.add(transfer)
    session.flush()
    volume = TransferVolume(
        transfer_id=transfer.id, position=0, title="漢江鐵橋 復舊工事關係綴 3", items=3, files=3, bytes=9_000
    )
    session.add(volume)
    session.add(Scan(transfer_id=transfer.id, kind="first", at=NOW, files=4, found=1, not_whole=2,
                     signatures="ClamAV 1.4.6/27890/Fri Nov 27 08:00:00 2026"))  # fmt: skip
    session.flush()
    for number, (rule, value) in enumerate(HELD):
        path = f"漢江鐵橋 復舊工事關係綴 3/竣工檢査報告其他附屬圖面目錄及豫算配定通知 {number}.zip"
        session.add(FindingRow(
            transfer_id=transfer.id, volume_id=volume.id, rule=rule, severity="error", path=path, value=value,
            message=f"{path} is held back: {value}.",
        ))  # fmt: skip
    session.add(Release(
        transfer_id=transfer.id, path=path.encode().hex(), name=path, sha256="1" * 64, rule=rule, value=value,
        reason="다른 검사기에서는 나오지 않습니다.", asked_by="p-9", asked_at=NOW,
    ))  # fmt: skip


HELD = (
    ("virus.found", "Seogo.Test.Harmless.UNOFFICIAL"),
    ("virus.not_scanned_whole", "5368709120"),
    ("virus.encrypted", "Heuristics.Encrypted.Zip"),
)


def withhold(shown: Shown, session: Session) -> None:
    """Two items in custody in which a rescan found something; for one of them somebody asked."""
    rescan = Rescan(signatures="ClamAV 1.4.6/27891/Sat Nov 28 08:00:00 2026", began_at=NOW, ended_at=NOW,
                    files=1_234, found=2, not_whole=1)  # fmt: skip
    session.add(rescan)
    volume = session.query(Volume).filter_by(reference="SG-2026-000002").one()
    for number in (1, 2):
        described = Described(number, f"豫算配定通知 {number}", Decision(status="open"), ())
        enter(shown.site, session, volume, described)
    session.flush()
    for item in session.query(Item).filter_by(volume_id=volume.id):
        found = Found(rescan.id, item.files[0], "Seogo.Test.Harmless.UNOFFICIAL", rescan.signatures)
        withholding.withhold(session, found, NOW)
    session.flush()
    withholding.ask(session, item.reference, reason="다른 검사기에서는 나오지 않습니다.", by="p-9", at=NOW)


def owe_a_copy(session: Session) -> None:
    """A volume that store b has been owed for longer than is allowed."""
    then = NOW - timedelta(hours=3)
    session.execute(update(Admission).values(admitted_at=then))
    volume = Volume(
        reference="SG-2026-000002", agency_code="6110000", title="漢江鐵橋 復舊工事關係綴 2",
        state="accepted", accepted_at=then,
    )  # fmt: skip
    session.add(volume)
    session.flush()
    facts = packages.NewBag(1, packages.prefix(volume.reference), "0" * 64, 9, 9_000, then)
    packages.enter_bags(session, [(volume.id, facts, ["a"], ["b"])], now=then)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def contexts(browser: Browser) -> Iterator[dict[tuple[object, ...], BrowserContext]]:
    """They are kept, so that one signs in once."""
    kept: dict[tuple[object, ...], BrowserContext] = {}
    yield kept
    for context in kept.values():
        context.close()


@pytest.fixture
def open_page(browser: Browser, contexts: dict[tuple[object, ...], BrowserContext], address: str):
    """Open an address as somebody, at a width, in a theme; the page is closed after the test."""
    pages: list[Page] = []

    def opened(
        path: str,
        *,
        width: int = 1280,
        theme: str = "light",
        user: str | None = None,
        script: bool = True,
        **more,
    ):
        key = (width, theme, user, script, *sorted(more.items()))
        if key not in contexts:
            contexts[key] = browser.new_context(
                viewport={"width": width, "height": 800},
                color_scheme=theme,
                java_script_enabled=script,
                **more,
            )
            if user:
                sign_in(contexts[key].new_page(), address, user)
        reading = Reading(contexts[key].new_page())
        pages.append(reading.page)
        reading.page.on(
            "console", lambda line: reading.said.append(line.text) if line.type == "error" else None
        )
        reading.page.on("pageerror", lambda error: reading.said.append(str(error)))
        reading.page.goto(address + path)
        return reading

    yield opened
    for page in pages:
        close(page)


def close(page: Page) -> None:
    """Chromium forgets that it was told to close a page which is just arriving at an address."""
    if not page.is_closed():
        page.wait_for_load_state()
        page.close()


def sign_in(page: Page, address: str, user: str) -> None:
    page.goto(address + "/sign-in")
    page.fill("#username", user)
    page.fill("#password", f"password-{user}")
    page.click("main button[type=submit]")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    close(page)


def refused_upload(name: str, reason: str, *, looks_like: str | None = None) -> Upload:
    return Upload(
        name=name, agency_code="6110000", folder="1978년 시정일지", state="refused", files=12, bytes=34_567,
        begun_by="p-1", begun_at=NOW, touched_at=NOW, reason=reason, looks_like=looks_like,
    )  # fmt: skip
