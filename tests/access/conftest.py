"""A small archive in the database and on the shelf: open, partly open, closed, and closed even by title."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

import seogo
from access.search import feeding, opening
from archive import ledger, people
from archive.disclosure import Decision, rule
from archive.holdings import Agency, ContentFile, Item, Volume
from archive.site import installation, settings
from archive.site.site import Site
from archive.site.web import create_app
from preservation.packages import Bag, Copy
from preservation.pages import DerivedFile, Page, prefix_of, text_json
from tests.conftest import STACK, database

NOW = datetime(2026, 11, 22, 5, 5, tzinfo=UTC)
TODAY = date(2026, 11, 22)
# Every one of these stands in something closed and nowhere else, so none may ever leave.
SECRETS = ("비밀낱말", "닫힌쪽글자", "홍길동", "감춘파일이름", "숨은제목", "은밀한열", "감춘설명", "권의비밀")


@dataclass(frozen=True)
class Shown:
    site: Site
    app: Flask

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    def signed_in(self, username: str) -> FlaskClient:
        """A client that has gone through the sign-in form."""
        client = self.client
        answer = client.post("/sign-in", data={"username": username, "password": f"password-{username}"})
        assert answer.status_code == 303
        return client


@dataclass(frozen=True)
class Described:
    number: int
    title: str
    decision: Decision
    pages: tuple[str, ...]
    name: str = "문서.pdf"
    extra: dict[str, str] | None = None
    description: str | None = None


ITEMS = (
    Described(
        1,
        "漢江鐵橋 復舊工事 竣工의 件",
        Decision(status="open"),
        ("한강철교 복구공사를 마쳤다", "준공 보고"),
        extra={"비고": "공개된 비고"},
    ),
    Described(
        2,
        "도로 점용 허가",
        Decision(status="partial", reasons=(6,), restricted_pages=((2, 2),)),
        ("도로 점용을 허가한다", "닫힌쪽글자 홍길동", "붙임 도면"),
        name="감춘파일이름.pdf",
        extra={"비고": "은밀한열"},
        description="감춘설명",
    ),
    Described(
        3,
        "인사 관계 서류",
        Decision(status="closed", reasons=(5, 6), opens_on=date(2040, 1, 1)),
        ("비밀낱말",),
        name="감춘파일이름.pdf",
        extra={"비고": "은밀한열"},
    ),
    Described(
        4,
        "숨은제목 징계의 건",
        Decision(status="closed", reasons=(6,), list_open=False),
        ("비밀낱말",),
        name="감춘파일이름.pdf",
    ),
    Described(5, "이름 <b>굵게</b> & 표", Decision(status="open"), ("본문",)),
)


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    told = {"SEOGO_HOME": str(tmp_path_factory.mktemp("portal") / "home"), "SEOGO_CLOCK": NOW.isoformat()}
    with database() if STACK else nullcontext() as served:
        site = Site(settings.read({**told, "SEOGO_DATABASE": served} if served else told))
        installation.prepare(site)
        fill(site)
        yield Shown(site, application(site))
        site.engine.dispose()


def application(site: Site, a_minute: int = 100_000) -> Flask:
    app = create_app(site, seogo.pages(site), a_minute=a_minute)
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def signed_in(site: Site) -> FlaskClient:
    """An archivist of an installation, at its pages."""
    with site.open_session.begin() as session:
        people.add(session, "keeper", "password-keeper", role="archivist", display_name="갑", now=site.now())
    client = application(site).test_client()
    client.post("/sign-in", data={"username": "keeper", "password": "password-keeper"})
    return client


def fill(site: Site) -> None:
    with site.open_session.begin() as session:
        for role in people.ROLES:
            agency = "6110000" if role == "sender" else None
            people.add(
                session, role, f"password-{role}", role=role, display_name="김서고", now=NOW, agency=agency
            )
        session.add(Agency(code="6110000", name="한빛시"))
        volume = Volume(
            reference="SG-2026-000001",
            agency_code="6110000",
            creator_agency="한빛시",
            title="漢江鐵橋 復舊工事關係綴",
            state="stored",
            accepted_at=NOW,
            retention="영구",
            description="권의비밀 설명",
            extra={"비고": "권의비밀"},
            date_text="단기 4288년",
            date_from=date(1955, 1, 1),
            date_to=date(1955, 12, 31),
        )
        session.add(volume)
        ledger.record(session, act="volume.stored", about=volume.reference, at=NOW, actor="test", facts={})
        session.flush()
        bag = Bag(
            volume_id=volume.id,
            number=1,
            prefix="packages/SG-2026-000001/v1",
            objects=1,
            bytes=1,
            tagmanifest_sha256="0" * 64,
            packed_at=NOW,
        )
        session.add(bag)
        session.flush()
        for store in site.settings.stores:
            session.add(Copy(bag_id=bag.id, store=store, state="verified", verified_at=NOW, checked_at=NOW))
        for described in ITEMS:
            enter(site, session, volume, described)
    feeding.rebuild(site, opening.open_indexes(site.settings))


def enter(site, session, volume, told: Described) -> None:
    item = Item(
        volume=volume,
        reference=f"{volume.reference}-{told.number:04d}",
        position=told.number,
        title=told.title,
        extra=told.extra or {},
        description=told.description,
        date_text="단기 4288년 10월 3일",
        date_from=date(1955, 10, 3),
        date_to=date(1955, 10, 3),
        review_year=2031,
        pages_agree=True,
    )
    session.add(item)
    session.flush()
    rule(session, item, told.decision, by="test", today=TODAY, now=NOW)
    content = f"bytes of {told.number}".encode()
    path = f"data/representations/original/data/{item.reference}/{told.name}"
    file = ContentFile(
        item_id=item.id,
        position=1,
        path=path,
        original_name=f"folder/{told.name}",
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        mimetype="application/pdf",
        format="fmt/276",
    )
    session.add(file)
    session.flush()
    for store in site.stores:
        store.put(f"packages/{volume.reference}/v1/{path}", content)
    session.add(DerivedFile(file_id=file.id, state="made", page_count=len(told.pages), made_at=NOW))
    for number, text in enumerate(told.pages, start=1):
        add_page(site, session, item, file, number, text)


def add_page(site: Site, session, item: Item, file: ContentFile, number: int, text: str) -> None:
    prefix = prefix_of(item, number)
    for size, width in (("large", 600), ("small", 300), ("thumb", 90)):
        site.shelf.put(f"{prefix}/{size}.jpg", picture(width))
    words = tuple((0.1 + 0.2 * i, 0.1, 0.25 + 0.2 * i, 0.14, word) for i, word in enumerate(text.split()))
    site.shelf.put(f"{prefix}/text.json", text_json(text, words))
    session.add(
        Page(
            item_id=item.id,
            number=number,
            file_id=file.id,
            page_in_file=number,
            width=600,
            height=800,
            has_image=True,
            has_text=True,
            word_count=len(words),
            reason=None,
            shelf_prefix=prefix,
        )
    )


def picture(width: int) -> bytes:
    out = io.BytesIO()
    Image.new("L", (width, width * 4 // 3), 235).save(out, "JPEG")
    return out.getvalue()


def static_folder() -> Path:
    return Path(seogo.__file__).parent / "access/static"
