"""No door gives a byte of an item with malware in it, and each of them gives the same of one without."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pymupdf
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select
from werkzeug.routing import Rule

from access import finding, viewing
from access.reading import places
from access.search import feeding, opening, query, records
from access.viewing import Asking
from archive.errors import Refused
from archive.holdings import ContentFile, Item
from archive.people import Reader
from archive.site.site import Site
from preservation import derivatives, exports, identifying, packages
from preservation.fixity import check_copies
from preservation.local_copies import holders_of, local_copy
from preservation.pages import DerivedFile, Page
from preservation.scanning import withholding
from preservation.scanning.rescanning import Rescan
from preservation.scanning.withholding import Found
from tests.access.conftest import signed_in
from tests.ingest.test_bad_input import row, transfer
from tests.preservation.held import AGENCY, Held

WORD = "harmlessword"
JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True)
class Archive:
    """Two items with the same content; ``bad`` is withheld after all was made of it that is made."""

    site: Site
    app: Flask
    client: FlaskClient
    good: str
    bad: str
    transfer: str
    folder: Path

    def item(self, session, reference: str) -> Item:
        return session.scalars(select(Item).where(Item.reference == reference)).one()

    def asking(self) -> Asking:
        return Asking(Reader("p-1", "archivist"), self.site.now(), self.site.today())

    def get(self, address: str) -> bytes:
        """What an archivist gets who said why the item is looked at."""
        answer = self.client.get(address)
        assert answer.status_code < 500 or address.endswith("/healthz"), address
        return answer.get_data()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    folder = tmp_path_factory.mktemp("withheld")
    source = transfer(folder / "t", row("A-1", "1.pdf"), row("A-2", "2.pdf"))
    for name in ("1.pdf", "2.pdf"):
        document = pymupdf.open()
        document.new_page().insert_text((72, 72), WORD)
        document.save(source / name, no_new_id=True)
    held = Held(folder / "home")
    code, told = held.ask("transfer", "receive", source, "--agency", AGENCY, "--accept")
    assert (code, told["state"]) == (0, "stored")
    site = held.place.site()
    good, bad = (f"{reference}-0001" for reference in told["references"])
    client = signed_in(site)
    made = Archive(site, client.application, client, good, bad, told["transfer"], folder)
    withhold(made)
    return made


def withhold(archive: Archive) -> None:
    with archive.site.open_session.begin() as session:
        rescan = Rescan(signatures="new", began_at=archive.site.now())
        session.add(rescan)
        item = archive.item(session, archive.bad)
        for reference in (archive.good, archive.bad):
            viewing.begin_viewing(session, archive.item(session, reference), archive.asking(), "review")
        session.flush()
        withholding.withhold(
            session, Found(rescan.id, item.files[0], "Some.Malware", "new"), archive.site.now()
        )


def page(archive: Archive, reference: str) -> bytes:
    return archive.get(f"/items/{reference}/pages/1")


def page_as_json(archive: Archive, reference: str) -> bytes:
    return archive.get(f"/items/{reference}/pages/1.json")


def image(archive: Archive, reference: str) -> bytes:
    with archive.site.reading_session() as session:
        version = archive.item(session, reference).version
    return archive.get(f"/items/{reference}/pages/1/large.{version}.jpg")


def thumbnail(archive: Archive, reference: str) -> bytes:
    return archive.get(f"/items/{reference}/pages/1/thumb.1.jpg")


def text_of_a_page(archive: Archive, reference: str) -> bytes:
    return archive.get(f"/items/{reference}/pages/1/text")


def text(archive: Archive, reference: str) -> bytes:
    return archive.get(f"/items/{reference}/text")


def places_inside(archive: Archive, reference: str) -> bytes:
    with archive.site.reading_session() as session:
        item = archive.item(session, reference)
        found = places.find(session, archive.site, item, WORD, archive.asking())
    return b"".join(each.words.text.encode() for each in found)


def file(archive: Archive, reference: str) -> bytes:
    return WORD.encode() if b"%PDF" in archive.get(f"/items/{reference}/files/1") else b""


def facts_of_the_file(archive: Archive, reference: str) -> bytes:
    told = archive.get(f"/api/volumes/{reference[:-5]}")
    return WORD.encode() if b"sha256" in told else b""


def bag(archive: Archive, reference: str) -> bytes:
    with archive.site.reading_session() as session:
        [bag] = packages.bags_of(session, archive.item(session, reference).volume_id)
    target = archive.folder / "out" / reference
    try:
        exports.export(archive.site, bag, reference[:-5], target)
    finally:
        written = [path.read_bytes() for path in target.rglob("*") if path.is_file()]
    return WORD.encode() if any(b"%PDF" in each for each in written) else b""


def local_path(archive: Archive, reference: str) -> bytes:
    with archive.site.reading_session() as session:
        item = archive.item(session, reference)
        holders, [content] = holders_of(session, item), list(item.files)
    with local_copy(archive.site, holders, content, archive.folder) as path:
        return WORD.encode() if path.read_bytes().startswith(b"%PDF") else b""


def search(archive: Archive, reference: str) -> bytes:
    """With the index as it was, the hit tells no page; fed anew, there is no hit."""
    index = opening.open_index(archive.site.settings, "public")
    before = query.find(index, WORD, limit=50, today=archive.site.today())
    with archive.site.reading_session() as session:
        told = finding.checked(session, before, archive.asking())
        snippets = {each.item.reference: each.snippet for each in told}
    feeding.index_changes(archive.site).send(None)
    with contextlib.suppress(StopIteration):
        list(feeding.index_changes(archive.site))
    after = query.find(index, WORD, limit=50, today=archive.site.today())
    found = snippets.get(reference) or reference in {each.reference for each in after.hits}
    return WORD.encode() if found else b""


def what_is_indexed_for_the_staff(archive: Archive, reference: str) -> bytes:
    with archive.site.reading_session() as session:
        item = archive.item(session, reference)
        [record] = records.read(session, archive.site.shelf, [item.id], archive.site.today())
    return str(record.document).encode()


def pages_made_anew(archive: Archive, reference: str) -> bytes:
    with archive.site.open_session.begin() as session:
        item = archive.item(session, reference)
        volume_id, item_id = item.volume_id, item.id
        files = select(ContentFile.id).where(ContentFile.item_id == item_id)
        session.execute(delete(Page).where(Page.item_id == item_id))
        session.execute(delete(DerivedFile).where(DerivedFile.file_id.in_(files)))
    list(derivatives.derive_volume(archive.site, volume_id))
    with archive.site.reading_session() as session:
        made = session.scalars(select(Page).where(Page.item_id == item_id)).all()
        return WORD.encode() if made else b""


def format_told_anew(archive: Archive, reference: str) -> bytes:
    with archive.site.open_session.begin() as session:
        item = archive.item(session, reference)
        files = [each.id for each in item.files]
        session.execute(delete(DerivedFile).where(DerivedFile.file_id.in_(files)))
        identifying.ask(session, [item.volume_id])
    list(identifying.identify_files(archive.site))
    with archive.site.reading_session() as session:
        return WORD.encode() if session.get(DerivedFile, files[0]) else b""


DOORS = (
    page, page_as_json, image, thumbnail, text_of_a_page, text, places_inside, file, facts_of_the_file, bag,
    local_path, search, what_is_indexed_for_the_staff, pages_made_anew, format_told_anew,
)  # fmt: skip


@pytest.mark.parametrize("door", DOORS, ids=[door.__name__ for door in DOORS])
def test_a_door_gives_what_is_clean_and_nothing_of_what_is_withheld(
    archive: Archive, door: Callable[[Archive, str], bytes]
) -> None:
    closed = b""
    with contextlib.suppress(Refused):
        closed = door(archive, archive.bad)
    given = door(archive, archive.good)
    assert WORD.encode() in given or given.startswith(JPEG)
    assert WORD.encode() not in closed
    assert not closed.startswith(JPEG)


def test_no_address_that_there_is_gives_a_withheld_byte(archive: Archive) -> None:
    """Every page of the application that can be got, with the item, its volume and its transfer put in."""
    good, bad = _given(archive, archive.good), _given(archive, archive.bad)
    assert len(bad) > 40
    assert len([address for address, data in good.items() if _tells(data)]) >= 6
    assert [address for address, data in bad.items() if _tells(data)] == []


def _given(archive: Archive, reference: str) -> dict[str, bytes]:
    addresses = (_filled(rule, archive, reference) for rule in archive.app.url_map.iter_rules())
    return {each: archive.get(each) for each in addresses if each}


def _tells(data: bytes) -> bool:
    return WORD.encode() in data or data.startswith((JPEG, b"%PDF"))


def _filled(rule: Rule, archive: Archive, reference: str) -> str | None:
    known = {
        "number": archive.transfer, "name": "none", "size": "large", "version": 1, "position": 1, "place": 2,
        "item": 1, "which": 1, "kind": "report", "job_id": 1,
    }  # fmt: skip
    known["reference"] = reference if "/items/" in rule.rule else reference[:-5]
    if "/pages/<int:number>" in rule.rule:
        known["number"] = 1
    if "GET" not in (rule.methods or ()) or not rule.arguments <= known.keys():
        return None
    built = rule.build({name: known[name] for name in rule.arguments}, append_unknown=False)
    return built[1] if built and not built[1].endswith((".pdf", "/static/", "/sign-out")) else None


def test_reading_copies_back_looks_at_what_is_withheld_and_gives_nothing_out(archive: Archive) -> None:
    checked = list(check_copies(archive.site, volume=archive.bad[:-5], by="test"))
    assert {each.verdict for each in checked} == {"intact"}


def test_what_is_shown_again_is_made_and_found_again(archive: Archive) -> None:
    site, now = archive.site, archive.site.now() + timedelta(minutes=1)
    with site.open_session.begin() as session:
        withholding.ask(session, archive.bad, reason="a false alarm", by="p-1", at=now)
    assert WORD.encode() not in text(archive, archive.bad)
    with site.open_session.begin() as session:
        withholding.decide(session, archive.bad, clear=True, by="p-2", at=now)
    code, told = Held(site.settings.home).ask("work", "--until-idle")
    assert (code, told["failed"]) == (0, [])
    assert WORD.encode() in text(archive, archive.bad)
    assert search(archive, archive.bad)
    withhold(archive)
