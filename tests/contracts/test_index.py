"""One promise, two engines: what an index does, tested on each."""

import os
import uuid
from datetime import date

import pytest

from access.search import query
from access.search.elasticsearch import ElasticsearchIndex
from access.search.embedded import EmbeddedIndex
from access.search.index import SORTS, Deletion, Document, Filters
from archive.errors import Unavailable, WrongCall

TODAY = date(2026, 11, 23)


@pytest.fixture(params=["embedded", pytest.param("elasticsearch", marks=pytest.mark.servers)])
def make_index(request, tmp_path):
    if request.param == "embedded":
        yield lambda name="public": EmbeddedIndex(tmp_path, name)
        return
    address = os.environ.get("SEOGO_TEST_ELASTICSEARCH")
    if not address:
        pytest.skip("SEOGO_TEST_ELASTICSEARCH names no server")
    prefix = f"test-{uuid.uuid4().hex[:12]}"
    made = []
    yield lambda name="public": made.append(ElasticsearchIndex(address, prefix, name)) or made[-1]
    for index in made:
        index.remove()


@pytest.fixture
def index(make_index):
    return make_index()


def document(reference: str, title: str, version: int = 1, **more) -> Document:
    return Document(reference, version, title, **more)


def fill(index, *documents, deletions=()):
    index.send(documents, deletions)
    index.refresh()


def found(index, text, **more) -> list[str]:
    return [hit.reference for hit in query.find(index, text, today=TODAY, **more).hits]


def test_what_was_sent_is_found_and_what_was_deleted_is_not(index):
    fill(index, document("A-1", "한강철교 복구공사"), document("A-2", "상수도 확장"))
    assert found(index, "한강철교") == ["A-1"]
    fill(index, deletions=[Deletion("A-1", 2)])
    assert found(index, "한강철교") == []
    assert found(index, "상수도") == ["A-2"]
    assert index.count() == 1


def test_an_index_that_was_never_fed_finds_nothing(index):
    assert found(index, "한강") == []
    assert index.count() == 0
    assert list(index.references()) == []
    assert index.analyser() is None


def test_a_late_write_loses(index):
    fill(index, document("A-1", "새 제목", version=5))
    fill(index, document("A-1", "옛 이름", version=4))
    assert found(index, "제목") == ["A-1"]
    assert found(index, "이름") == []
    assert list(index.references()) == [("A-1", 5)]


def test_a_late_write_does_not_bring_back_what_was_deleted(index):
    fill(index, document("A-1", "제목", version=4))
    fill(index, deletions=[Deletion("A-1", 5)])
    fill(index, document("A-1", "제목", version=4))
    assert index.count() == 0
    fill(index, document("A-1", "제목", version=6))
    assert found(index, "제목") == ["A-1"]


def test_a_late_deletion_loses(index):
    fill(index, document("A-1", "제목", version=5))
    fill(index, deletions=[Deletion("A-1", 4)])
    assert found(index, "제목") == ["A-1"]


def test_sending_again_is_harmless_and_the_last_of_one_version_stays(index):
    fill(index, document("A-1", "제목", version=2))
    fill(index, document("A-1", "제목", version=2), document("A-1", "이름", version=2))
    assert list(index.references()) == [("A-1", 2)]
    assert found(index, "이름") == ["A-1"]


def test_deleting_what_is_not_there_is_harmless(index):
    fill(index, deletions=[Deletion("A-9", 1)])
    assert index.count() == 0


def test_a_rebuild_replaces_everything_at_once(index, make_index):
    fill(index, document("A-1", "옛 기록부"), document("A-2", "상수도"))
    other = make_index()
    assert index.rebuild([document("A-2", "상수도"), document("A-3", "하수도")]) == 2
    assert found(index, "기록부") == []
    assert found(index, "하수도") == ["A-3"]
    assert found(other, "하수도") == ["A-3"], "whoever had it open before sees the new one too"
    fill(other, document("A-4", "가로등"))
    assert found(index, "가로등") == ["A-4"]


def test_a_rebuild_that_fails_leaves_the_old_index(index):
    fill(index, document("A-1", "상수도"))

    def broken():
        yield document("A-2", "하수도")
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        index.rebuild(broken())
    assert found(index, "상수도") == ["A-1"]
    assert index.rebuild([document("A-3", "하수도")]) == 1
    assert found(index, "하수도") == ["A-3"]


def test_the_version_of_the_analyser_stands_with_the_index(index):
    fill(index, document("A-1", "상수도"))
    first = index.analyser()
    index.rebuild([])
    assert first is not None
    assert index.analyser() == first


def test_public_and_staff_do_not_touch_each_other(make_index):
    public, staff = make_index("public"), make_index("staff")
    fill(staff, document("A-1", "비밀 교섭"))
    fill(public, document("A-2", "공원 조성"))
    assert (found(staff, "교섭"), found(public, "교섭")) == (["A-1"], [])
    assert (found(staff, "공원"), found(public, "공원")) == ([], ["A-2"])


@pytest.fixture
def varied(index):
    fill(
        index,
        document("A-1", "도로 공사 가", agency="건설국", years=(1955, 1956), first_day=713000,
                 last_day=713400, record_type="일반문서", disclosure="open", volume="V-1"),
        document("A-2", "도로 공사 나", agency="건설국", years=(1968, 1968), first_day=718500,
                 last_day=718500, record_type="도면", disclosure="closed", volume="V-1"),
        document("A-3", "도로 공사 다", agency="교통국", years=(1968, 1971), first_day=718400,
                 last_day=719500, record_type="일반문서", disclosure="partial", volume="V-2"),
        document("A-4", "도로 공사 라"),
        document("A-5", "공원 조성", agency="공원과", years=(1990, 1990), first_day=726500, last_day=726500,
                 disclosure="open"),
    )  # fmt: skip
    return index


def test_facets_count_the_hits(varied):
    facets = query.find(varied, "도로", facets=("agency", "decade", "record_type", "disclosure")).facets
    assert facets["agency"] == (("건설국", 2), ("교통국", 1))
    assert facets["decade"] == (("1960", 2), ("1950", 1), ("1970", 1))
    assert facets["record_type"] == (("일반문서", 2), ("도면", 1))
    assert facets["disclosure"] == (("closed", 2), ("open", 1), ("partial", 1))


def test_a_facet_counts_under_every_filter_but_its_own(varied):
    hits = query.find(varied, "도로", filters=Filters(agency=("건설국",)), facets=("agency", "disclosure"))
    assert hits.total == 2
    assert hits.facets["agency"] == (("건설국", 2), ("교통국", 1))
    assert hits.facets["disclosure"] == (("closed", 1), ("open", 1))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(agency=("건설국",)), ["A-1", "A-2"]),
        (Filters(agency=("건설국", "교통국")), ["A-1", "A-2", "A-3"]),
        (Filters(agency=("건설국",), disclosure=("open",)), ["A-1"]),
        (Filters(decade=("1970",)), ["A-3"]),
        (Filters(record_type=("도면",)), ["A-2"]),
        (Filters(volume=("V-1",)), ["A-1", "A-2"]),
        (Filters(first_year=1960), ["A-2", "A-3"]),
        (Filters(last_year=1960), ["A-1"]),
        (Filters(first_year=1956, last_year=1956), ["A-1"]),
        (Filters(agency=("없는 기관",)), []),
    ],
)
def test_filters_narrow(varied, filters, expected):
    assert sorted(found(varied, "도로", filters=filters)) == expected


def test_no_words_find_everything_that_the_filters_leave(varied):
    assert found(varied, "") == ["A-1", "A-2", "A-3", "A-4", "A-5"]
    assert found(varied, "  ", filters=Filters(disclosure=("open",))) == ["A-1", "A-5"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("oldest", ["A-1", "A-3", "A-2", "A-5", "A-4"]),
        ("newest", ["A-5", "A-3", "A-2", "A-1", "A-4"]),
        ("title", ["A-5", "A-1", "A-2", "A-3", "A-4"]),
    ],
)
def test_orders_put_what_has_no_date_last(varied, sort, expected):
    assert found(varied, "", sort=sort) == expected


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("text", ["", "도로", "상수도 계획"])
def test_pages_one_after_another_give_each_hit_once(index, sort, text):
    titles = ["상수도 도로 계획", "도로 상수도 확장 계획", "상수도 계획 도로 도로"]
    fill(
        index,
        *(
            document(f"A-{n:03}", titles[n % 3], first_day=700000 + n // 4, last_day=700000 + n // 4)
            for n in range(47)
        ),
    )
    whole = found(index, text, sort=sort, limit=100)
    stepped, cursor = [], None
    while True:
        page = query.find(index, text, sort=sort, limit=10, cursor=cursor, today=TODAY)
        assert page.total == 47
        stepped += [hit.reference for hit in page.hits]
        if (cursor := page.next) is None:
            break
    assert stepped == whole
    assert sorted(stepped) == [f"A-{n:03}" for n in range(47)]


def test_equal_scores_stand_in_the_order_of_their_references(index):
    fill(index, *(document(f"A-{n}", "상수도") for n in (3, 1, 2)))
    assert found(index, "상수도") == ["A-1", "A-2", "A-3"]


def test_a_cursor_of_another_order_or_a_torn_one_is_refused(index):
    fill(index, *(document(f"A-{n}", "상수도") for n in range(5)))
    cursor = query.find(index, "상수도", limit=2).next
    assert query.find(index, "상수도", limit=2, cursor=cursor).hits
    for wrong, sort in ((cursor, "oldest"), ("%%%", "best"), (cursor[:-3], "best"), ("bnVsbA", "best")):
        with pytest.raises(WrongCall) as refused:
            query.find(index, "상수도", limit=2, cursor=wrong, sort=sort)
        assert refused.value.http_status == 422


def test_references_come_in_order_with_their_versions(index):
    fill(index, document("B-1", "가", version=3), document("A-1", "나", version=7))
    assert list(index.references()) == [("A-1", 7), ("B-1", 3)]


def test_the_page_is_told_and_its_words_are_marked_as_written(index):
    pages = ((1, "서울역 앞 광장"), (2, "본문은 漢江鐵橋 下行線 橋脚에 관한 것이다."))
    fill(index, document("A-1", "공사 관계철", pages=pages))
    (hit,) = query.find(index, "한강철교", today=TODAY).hits
    assert hit.page == 2
    ((start, end),) = hit.snippet.marks
    assert hit.snippet.text[start:end] == "漢江鐵橋"
    assert query.find(index, "한강철교").understood.also == ("漢江鐵橋",)


def test_a_title_hit_has_no_page(index):
    fill(index, document("A-1", "한강철교", pages=((1, "다른 글"),)))
    (hit,) = query.find(index, "한강철교").hits
    assert (hit.page, hit.snippet, hit.title_marks) == (None, None, ((0, 4),))


def test_the_senders_own_columns_are_searched(index):
    fill(index, document("A-1", "제목", extra="비고 특이사항 참나무"))
    assert found(index, "참나무") == ["A-1"]


@pytest.mark.parametrize(
    "number", ["건설-1234", "1234", "SG-2026-000001-0001", "sg-2026-000001-0001", "관-77"]
)
def test_numbers_find_whole_and_in_parts(index, number):
    fill(
        index,
        document("SG-2026-000001-0001", "도로", document_number="건설-1234", sender_id="관-77"),
        document("SG-2026-000002-0001", "도로", document_number="건설-5678"),
    )
    assert found(index, number) == ["SG-2026-000001-0001"]


def test_signs_that_mean_something_to_an_engine_are_harmless(index):
    fill(index, document("A-1", 'a AND "b" (c) title:* \\ / ^2 ~ 상수도'))
    for text in ('상수도 AND "', "title:*", "\\", "상수도~2^5", "[a TO b]", "*", "?", "\x00", "😀", "<b>"):
        query.find(index, text)
    assert found(index, "상수도") == ["A-1"]


def test_a_server_that_is_away_is_unavailable():
    away = ElasticsearchIndex("http://127.0.0.1:1", "test", "public")
    with pytest.raises(Unavailable):
        query.find(away, "한강")
    with pytest.raises(Unavailable):
        away.send([document("A-1", "한강")])
    with pytest.raises(Unavailable):
        away.rebuild([])


def test_an_embedded_index_that_is_damaged_while_it_is_open_is_unavailable_until_it_is_rebuilt(tmp_path):
    index = EmbeddedIndex(tmp_path, "public")
    fill(index, document("A-1", "한강철교"))
    assert found(index, "한강") == ["A-1"]
    (meta,) = tmp_path.glob("public/*/meta.json")
    meta.write_text("{")
    for ask in (lambda: query.find(index, "한강"), index.count, lambda: list(index.references())):
        with pytest.raises(Unavailable, match="could not be read") as told:
            ask()
        assert told.value.code == "index_away"
    index.rebuild([document("A-1", "한강철교")])
    assert found(index, "한강") == ["A-1"]


def test_an_embedded_index_whose_engine_fails_in_a_search_is_unavailable(tmp_path, monkeypatch):
    class Failing:
        def search(self, *_args, **_kwargs):
            raise ValueError("An IO error occurred: 'Input/output error'")

    index = EmbeddedIndex(tmp_path, "public")
    monkeypatch.setattr(index, "_searcher", Failing)
    with pytest.raises(Unavailable, match="Input/output error"):
        query.find(index, "한강")
