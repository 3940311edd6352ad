"""From rows to the two indexes: what the public's may hold, and that neither loses a change."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from access.search import feeding, opening, query
from access.search.elasticsearch import ElasticsearchIndex
from access.search.opening import Indexes
from archive import outbox
from archive.database import Base
from archive.errors import Unavailable
from archive.holdings import ContentFile, Item, Volume
from archive.site import settings
from archive.site.site import Site
from archive.work import jobs
from preservation import pages

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)


@pytest.fixture
def site(tmp_path):
    site = Site(settings.read({"SEOGO_HOME": str(tmp_path), "SEOGO_CLOCK": NOW.isoformat()}))
    Base.metadata.create_all(site.engine)
    return site


@pytest.fixture
def indexes(site):
    return opening.open_indexes(site.settings)


def add_volume(site, **more) -> Volume:
    values = {
        "reference": f"SG-{uuid.uuid4().hex[:6].upper()}",
        "agency_code": "6110000",
        "title": "하천 관계철",
        "creator_agency": "건설국",
        "state": "stored",
        "accepted_at": NOW,
    }
    with site.open_session.begin() as session:
        volume = Volume(**values | more)
        session.add(volume)
        session.flush()
        return volume


def add_item(site, volume, title, *, texts=(), **more) -> Item:
    with site.open_session.begin() as session:
        position = len(list(session.query(Item).filter_by(volume_id=volume.id))) + 1
        reference = f"{volume.reference}-{position:04}"
        item = Item(volume_id=volume.id, reference=reference, position=position, title=title, **more)
        session.add(item)
        session.flush()
        file = ContentFile(item_id=item.id, position=1, path="a", original_name="a", bytes=1, sha256="0" * 64)
        session.add(file)
        session.flush()
        for number, text in enumerate(texts, 1):
            prefix = pages.prefix_of(item, number)
            site.shelf.put(f"{prefix}/text.json", pages.text_json(text, ()))
            page = pages.Page(item_id=item.id, number=number, file_id=file.id, page_in_file=number)
            page.has_image, page.has_text, page.word_count, page.shelf_prefix = False, True, 1, prefix
            session.add(page)
        outbox.changed(session, "item", item.id)
        return item


def change(site, item, **values) -> None:
    with site.open_session.begin() as session:
        row = session.get(Item, item.id)
        for name, value in values.items():
            setattr(row, name, value)
        outbox.changed(session, "item", item.id)


def feed(site) -> None:
    list(feeding.index_changes(site))


def found(index, text):
    return [hit.reference for hit in query.find(index, text).hits]


def waiting(site) -> int:
    with site.open_session.begin() as session:
        return len(outbox.waiting(session, 100))


OPEN = {"disclosure": "open", "opens_on": date.min}


def test_a_change_reaches_both_indexes_and_its_row_goes(site, indexes):
    item = add_item(site, add_volume(site), "한강 준설", texts=["모래를 퍼냈다"], **OPEN)
    feed(site)
    for index in (indexes.public, indexes.staff):
        assert found(index, "준설") == [item.reference]
        assert found(index, "모래") == [item.reference]
    assert waiting(site) == 0
    change(site, item, title="한강 제방")
    feed(site)
    assert found(indexes.public, "준설") == []
    assert found(indexes.public, "제방") == [item.reference]


def test_the_public_finds_nothing_of_a_closed_item_but_its_open_title(site, indexes):
    more = {"disclosure": "closed", "document_number": "재무-77", "extra": {"비고": "민원인 연락처"}}
    item = add_item(site, add_volume(site), "토지 보상", texts=["보상금 명단"], **more)
    feed(site)
    assert found(indexes.public, "보상") == [item.reference]
    assert found(indexes.staff, "명단") == found(indexes.staff, "연락처") == [item.reference]
    assert found(indexes.public, "명단") == found(indexes.public, "연락처") == []
    assert found(indexes.public, "재무-77") == []


def test_the_public_finds_an_item_by_its_own_columns_and_not_by_those_of_its_volume(site, indexes):
    volume = add_volume(site, description="내사 기록", extra={"비고": "제보자 성명"})
    item = add_item(site, volume, "통지", description="하천 점용", extra={"비고": "도면 첨부"}, **OPEN)
    feed(site)
    assert found(indexes.public, "점용") == found(indexes.public, "도면") == [item.reference]
    assert found(indexes.staff, "내사") == found(indexes.staff, "제보자") == [item.reference]
    assert found(indexes.public, "내사") == found(indexes.public, "제보자") == []


@pytest.mark.parametrize("disclosure", ["closed", "partial", "open"])
def test_how_many_pages_were_made_is_told_only_of_an_open_item(site, indexes, disclosure):
    opens_on = date.min if disclosure == "open" else None
    add_item(site, add_volume(site), "통지", texts=["하나", "둘"], listed_pages=7,
             disclosure=disclosure, opens_on=opens_on)  # fmt: skip
    (document,) = feeding._documents(site, "public")
    assert document.page_count == (2 if disclosure == "open" else 7)


def test_the_public_cannot_find_a_closed_title(site, indexes):
    item = add_item(site, add_volume(site), "홍길동 징계", disclosure="closed", list_open=False,
                    document_number="감사-99")  # fmt: skip
    feed(site)
    assert found(indexes.staff, "징계") == [item.reference]
    assert found(indexes.public, "징계") == found(indexes.public, "감사-99") == []
    (hit,) = query.find(indexes.public, "건설국").hits
    assert (hit.reference, hit.title, hit.snippet) == (item.reference, "", None)
    (told,) = query.told(query.find(indexes.public, "건설국"))["hits"]
    assert told["title"] is None


def test_the_public_finds_only_the_open_pages_of_a_partly_open_item(site, indexes):
    item = add_item(site, add_volume(site), "민원 처리", texts=["접수 내역", "주민등록번호", "회신 문안"],
                    disclosure="partial", restricted_pages=[[2, 2]], pages_agree=True)  # fmt: skip
    feed(site)
    assert found(indexes.public, "접수") == found(indexes.public, "회신") == [item.reference]
    assert found(indexes.public, "주민등록번호") == []
    assert found(indexes.staff, "주민등록번호") == [item.reference]
    assert "주민등록번호" not in str(query.find(indexes.public, "민원").hits)


def test_a_partly_open_item_whose_closed_pages_are_not_named_shows_no_page(site, indexes):
    add_item(site, add_volume(site), "민원 처리", texts=["접수 내역"], disclosure="partial", pages_agree=True)
    feed(site)
    assert found(indexes.public, "접수") == []


def test_a_partly_open_item_whose_pages_are_counted_otherwise_shows_no_page(site, indexes):
    add_item(site, add_volume(site), "민원 처리", texts=["접수 내역", "주민등록번호"],
             disclosure="partial", restricted_pages=[[2, 2]])  # fmt: skip
    feed(site)
    assert found(indexes.public, "접수") == []


@pytest.mark.parametrize("values", [{"state": "accepted"}, {"publication": "draft"}])
def test_a_volume_that_is_not_stored_or_not_published_is_not_public(site, indexes, values):
    add_item(site, add_volume(site, **values), "한강 준설", **OPEN)
    feed(site)
    assert indexes.public.count() == 0
    assert indexes.staff.count() == 1


def test_what_is_withdrawn_leaves_the_public_index(site, indexes):
    volume = add_volume(site)
    item = add_item(site, volume, "한강 준설", **OPEN)
    feed(site)
    with site.open_session.begin() as session:
        session.get(Volume, volume.id).publication = "draft"
        outbox.changed(session, "item", item.id)
    feed(site)
    assert (indexes.public.count(), indexes.staff.count()) == (0, 1)


def test_a_closed_title_of_a_volume_is_not_found_through_its_open_items(site, indexes):
    item = add_item(site, add_volume(site, title="홍길동 징계철", list_open=False), "통지", **OPEN)
    feed(site)
    assert found(indexes.public, "통지") == [item.reference]
    assert found(indexes.public, "징계철") == []


def test_the_day_that_opens_an_item_makes_it_differ_until_it_is_mended(site, indexes):
    item = add_item(
        site, add_volume(site), "협상", texts=["회담 초안"], disclosure="closed", opens_on=date(2026, 11, 24)
    )
    feed(site)
    assert found(indexes.public, "회담") == []
    later = Site(replace(site.settings, clock=datetime(2026, 11, 24, 1, tzinfo=UTC)))
    assert feeding.compare(later, indexes.public, "public").different == (item.reference,)
    feeding.repair(later, indexes)
    assert found(indexes.public, "회담") == [item.reference]
    assert feeding.compare(later, indexes.public, "public").holds


def test_compare_names_what_is_missing_extra_and_different(site, indexes):
    volume = add_volume(site)
    kept, lost, stale = (add_item(site, volume, f"제목 {n}", **OPEN) for n in ("가", "나", "다"))
    feed(site)
    assert feeding.compare(site, indexes.public, "public") == feeding.Compared(3, (), (), ())
    kept_one, _, stale_one = feeding._documents(site, "public")
    assert kept_one.reference == kept.reference
    wrong = [kept_one, replace(stale_one, version=1), replace(kept_one, reference="X-1")]
    indexes.public.rebuild(wrong)
    compared = feeding.compare(site, indexes.public, "public")
    assert compared == feeding.Compared(1, (lost.reference,), ("X-1",), (stale.reference,))
    assert feeding.repair(site, indexes) == 3
    assert feeding.compare(site, indexes.public, "public").holds


def test_an_index_made_by_another_analyser_is_made_again(site, indexes):
    add_item(site, add_volume(site), "한강 준설", **OPEN)
    feed(site)
    for index in (indexes.public, indexes.staff):
        current = index._generations.folder / index._generations.current()
        (current / "analyser").write_text("0")
    before = indexes.public._generations.current()
    feed(site)
    assert indexes.public._generations.current() != before
    assert indexes.public.count() == 1


def test_when_the_index_is_away_the_rows_stay(site):
    add_item(site, add_volume(site), "한강 준설", **OPEN)
    away = Site(replace(site.settings, index="http://127.0.0.1:1"))
    with pytest.raises(Unavailable):
        feed(away)
    assert waiting(site) == 1
    feed(site)
    assert waiting(site) == 0


def test_rows_go_only_after_both_indexes_have_them(site, indexes):
    item = add_item(site, add_volume(site), "한강 준설", **OPEN)
    feeding.rebuild(site, indexes)
    away = ElasticsearchIndex("http://127.0.0.1:1", "test", "public")
    with pytest.raises(Unavailable):
        feeding.drain(site, Indexes(public=away, staff=indexes.staff))
    assert waiting(site) == 1
    assert feeding.drain(site, indexes) == 1
    assert feeding.drain(site, indexes) == 0
    assert found(indexes.public, "준설") == [item.reference]


def test_a_changed_volume_brings_its_items(site, indexes):
    volume = add_volume(site)
    item = add_item(site, volume, "통지", **OPEN)
    feed(site)
    with site.open_session.begin() as session:
        session.get(Volume, volume.id).title = "양화대교 건설"
        outbox.changed(session, "volume", volume.id)
    feed(site)
    assert found(indexes.public, "양화대교") == [item.reference]


def test_the_change_wakes_the_job_that_feeds(site):
    add_item(site, add_volume(site), "통지", **OPEN)
    with site.open_session.begin() as session:
        assert jobs.claim(session, "me", NOW).name == "index-changes"
    assert "index-changes" in jobs.DECLARED


def test_the_day_that_opens_a_record_reaches_the_search(site, indexes):
    item = add_item(site, add_volume(site), "토지 보상", texts=["보상금 명단"],
                    disclosure="closed", opens_on=date(2026, 11, 24))  # fmt: skip
    feed(site)
    assert found(indexes.public, "명단") == []
    later = Site(replace(site.settings, clock=NOW + timedelta(days=1)))
    feed(later)
    assert found(indexes.public, "명단") == []
    list(feeding.repair_index(later))
    assert found(indexes.public, "명단") == [item.reference]
