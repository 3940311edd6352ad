"""What finds what, word by word: the examples of the search's specification, on each engine."""

import os
import uuid
from datetime import date

import pytest

from access.search import query, words
from access.search.elasticsearch import ElasticsearchIndex
from access.search.embedded import EmbeddedIndex
from access.search.index import Document

TODAY = date(2026, 11, 23)

RECORDS = {
    "gimpo": "金浦空港 擴張工事 計劃",
    "kim": "金九 先生 葬儀 關係綴",
    "seoul": "서울특별시청 본관 증축",
    "busan": "부산시청 이전",
    "redevelop": "주택재개발 사업 시행인가",
    "undeveloped": "미개발지구 현황",
    "bridge": "漢江鐵橋 復舊工事 竣工",
    "bridge2": "한강인도교를 가설하는 건",
    "third": "第三次 都市計劃委員會 會議錄",
    "third2": "제3차 상수도 확장",
    "thirteenth": "제13차 공원위원회",
    "dangi": "단기 4288년도 세입세출예산",
    "hanja_year": "四二八八年 人口調査",
    "western": "1955년 호적부",
    "fifties": "1950년대 도로 사진",
    "sixtyeight": "'68년 시정개요",
    "showa": "소화 15년 토지대장",
    "closed": "비공개 기록물 목록",
    "closed2": "정보비공개결정 통지",
    "partly": "부분공개 대상 서류철",
    "partly2": "부분 공개 심의",
    "open": "공개 기록물 안내",
    "disclosure": "정보공개 청구서",
    "prepare": "준비공개회의 속기록",
    "semi": "준영구 보존문서",
    "permanent": "영구 보존문서",
    "illegal": "무허가건물 철거",
    "legal": "건축허가 대장",
    "refused": "건축 불허가 통지",
    "unregistered": "미등록 차량 단속",
    "registered": "자동차등록원부",
    "unlicensed": "無許可 建物 整理",
    "records": "기록물관리 지침",
    "records2": "기록물 관리를 위한 교육",
    "women": "女子大學校 設立認可",
    "history": "歷史博物館 流域",
    "estate": "不動産 比率 調査",
}

FINDS = [
    ("김포", {"gimpo"}),
    ("金浦", {"gimpo"}),
    ("김포공항", {"gimpo"}),
    ("김포 공항", {"gimpo"}),
    ("공항", {"gimpo"}),
    ("김구", {"kim"}),
    ("金九", {"kim"}),
    ("금구", set()),
    ("금포", set()),
    ("서울특별시", {"seoul"}),
    ("서울특별시청", {"seoul"}),
    ("서울 특별시", {"seoul"}),
    ("시청", {"seoul", "busan"}),
    ("개발", {"redevelop"}),
    ("재개발", {"redevelop"}),
    ("미개발", {"undeveloped"}),
    ("한강", {"bridge", "bridge2"}),
    ("漢江", {"bridge", "bridge2"}),
    ("한강철교", {"bridge"}),
    ("漢江鐵橋", {"bridge"}),
    ("한강 철교", {"bridge"}),
    ("철교 한강", {"bridge"}),
    ("한강인도교", {"bridge2"}),
    ("제3차", {"third", "third2"}),
    ("제삼차", {"third", "third2"}),
    ("第三次", {"third", "third2"}),
    ("3차", {"third", "third2"}),
    ("도시계획위원회", {"third"}),
    ("1955", {"dangi", "hanja_year", "western", "fifties"}),
    ("1955년", {"dangi", "hanja_year", "western", "fifties"}),
    ("단기 4288년", {"dangi", "hanja_year", "western", "fifties"}),
    ("단기4288", {"dangi", "hanja_year", "western", "fifties"}),
    ("檀紀 四二八八年", {"dangi", "hanja_year", "western", "fifties"}),
    ("四二八八年", {"dangi", "hanja_year", "western", "fifties"}),
    ("1950년대", {"dangi", "hanja_year", "western", "fifties"}),
    ("1952년", {"fifties"}),
    ("1968년", {"sixtyeight"}),
    ("68년", {"sixtyeight"}),
    ("'68", {"sixtyeight"}),
    ("1940년", {"showa"}),
    ("昭和 十五年", {"showa"}),
    ("1955년 호적", {"western"}),
    ("공개", {"open", "disclosure", "prepare"}),
    ("비공개", {"closed", "closed2"}),
    ("非公開", {"closed", "closed2"}),
    ("비 공개", {"closed", "closed2"}),
    ("부분공개", {"partly", "partly2"}),
    ("부분 공개", {"partly", "partly2"}),
    ("정보공개", {"disclosure"}),
    ("영구", {"permanent"}),
    ("永久", {"permanent"}),
    ("준영구", {"semi"}),
    ("영구 보존문서", {"permanent"}),
    ("허가", {"legal"}),
    ("許可", {"legal"}),
    ("무허가", {"illegal", "unlicensed"}),
    ("무허가 건물", {"illegal", "unlicensed"}),
    ("불허가", {"refused"}),
    ("건축허가", {"legal"}),
    ("등록", {"registered"}),
    ("미등록", {"unregistered"}),
    ("기록물관리", {"records", "records2"}),
    ("기록물 관리", {"records", "records2"}),
    ("기록물을 관리", {"records", "records2"}),
    ("기록물관리에 관한 문서", {"records", "records2"}),
    ("여자대학교", {"women"}),
    ("역사박물관", {"history"}),
    ("유역", {"history"}),
    ("부동산", {"estate"}),
    ("비율", {"estate"}),
]


@pytest.fixture(scope="module", params=["embedded", pytest.param("elasticsearch", marks=pytest.mark.servers)])
def index(request, tmp_path_factory):
    documents = [Document(name, 1, title) for name, title in RECORDS.items()]
    if request.param == "embedded":
        made = EmbeddedIndex(tmp_path_factory.mktemp("index"), "public")
        made.rebuild(documents)
        yield made
        return
    address = os.environ.get("SEOGO_TEST_ELASTICSEARCH")
    if not address:
        pytest.skip("SEOGO_TEST_ELASTICSEARCH names no server")
    server = ElasticsearchIndex(address, f"test-{uuid.uuid4().hex[:12]}", "public")
    server.rebuild(documents)
    yield server
    server.remove()


@pytest.mark.parametrize(("text", "expected"), FINDS, ids=[text for text, _ in FINDS])
def test_a_query_finds_these_records_and_no_others(index, text, expected):
    assert {hit.reference for hit in query.find(index, text, limit=50, today=TODAY).hits} == expected


def test_a_query_typed_with_the_wrong_keyboard_is_repaired_and_says_so(index):
    hits = query.find(index, "gksrkd", today=TODAY)
    assert {hit.reference for hit in hits.hits} == {"bridge", "bridge2"}
    assert hits.understood.repaired == "한강"
    assert query.find(index, "xyzzy", today=TODAY).understood.repaired is None


def test_exactly_as_typed_reads_nothing(index):
    def exactly(text):
        return {hit.reference for hit in query.find(index, text, exactly=True, today=TODAY).hits}

    assert exactly("한강") == {"bridge2"}
    assert exactly("漢江") == {"bridge"}
    assert exactly("4288년") == {"dangi"}
    assert exactly("gksrkd") == set()
    assert exactly("공개") == {"open", "disclosure", "prepare"}


def test_what_was_searched_besides_is_told(index):
    assert query.find(index, "漢江鐵橋", today=TODAY).understood.also == ("한강철교",)
    assert query.find(index, "단기 4288년", today=TODAY).understood.also == ("1955",)
    assert query.find(index, "한강철교", today=TODAY).understood.also == ("漢江鐵橋",)


def test_marks_never_stand_on_an_opposite(index):
    for hit in query.find(index, "공개 기록물", limit=50, today=TODAY).hits:
        marked = [hit.title[start:end] for start, end in hit.title_marks]
        assert not [mark for mark in marked if "비공개" in mark or "부분" in mark]


@pytest.mark.parametrize("text", ["의", "및", "관련", "!!!", "...", "자료 관련 문서"])
def test_a_query_of_nothing_but_noise_does_not_find_everything(index, text):
    assert query.find(index, text, today=TODAY).total < len(RECORDS)


@pytest.fixture(scope="module")
def opposites(tmp_path_factory):
    """Each negated noun of the lexicon among other words, glued and spaced, in titles and on pages."""
    index = EmbeddedIndex(tmp_path_factory.mktemp("opposites"), "public")
    contexts = ("{} 목록", "서류{}", "{}건물 현황", "도로 {}에 대하여", "서울시 {} 계획")
    index.rebuild(
        Document(f"{word}-{n}", 1, context.format(word), pages=((1, context.format(word)),))
        for word in words.negated()
        for n, context in enumerate(contexts)
    )
    return index


@pytest.mark.parametrize("word", sorted(words.negated()))
def test_a_noun_never_finds_its_opposite_and_the_opposite_finds_itself(opposites, word):
    noun = word[2:] if word.startswith(("부분", "일부")) else word[1:]
    hits = query.find(opposites, noun, limit=100, today=TODAY).hits
    assert not [hit.title for hit in hits if hit.reference.startswith(f"{word}-")]
    hits = query.find(opposites, word, limit=100, today=TODAY).hits
    assert len([hit for hit in hits if hit.reference.startswith(f"{word}-")]) >= 4
