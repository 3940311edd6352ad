"""Negated nouns that no list of ours has, and ordinary words that begin with the same syllables."""

import pytest

from access.search import query, words
from access.search.analysis import analyse, bigrams
from access.search.embedded import EmbeddedIndex
from access.search.entries import typed
from access.search.index import Document

NEGATED = """
미점검 미작성 미송부 미부과 미반납 미게시 미등재 미공고 미고시 미개최 미가입 미매각
미활용 미첨부 미심사 미편입 미환급 비대상 비조합원 비영업 무등기 무승인 무보험
불채택 불수리 부적정 부지급 부지정 준공영 준주택 부분개방 부분보상 부분폐지
""".split()
TITLES = ("{}", "{} 현황", "{}에 대하여", "서울시 {} 계획", "2종({}) 목록")

# As they were read before there was a check: the tokens of each word.
ORDINARY = {
    "부산시": [("부산시", "부산", "시")],
    "무주군": [("무주군", "무주", "군")],
    "비서실": [("비서실", "비서", "실")],
    "미술관": [("미술관", "미술", "관")],
    "불교": [("불교",)],
    "부서": [("부서",)],
    "부서장": [("부서장", "부서", "장")],
    "준공": [("준공",)],
    "준공검사": [("준공",), ("검사",)],
    "준설공사": [("준설",), ("공사",)],
    "무역": [("무역",)],
    "비료": [("비료",)],
    "부두": [("부두",)],
    "부동산": [("부동산", "부동", "산")],
    "부지매입": [("부지",), ("매입",)],
    "부대시설": [("부대시설", "부대", "시설")],
    "부천시": [("부천",), ("시",)],
    "부여군": [("부여군", "부여", "군")],
    "무안군": [("무안군", "무안", "군")],
    "비상대책": [("비상",), ("대책",)],
    "비행장": [("비행장", "비행", "장")],
    "미곡창고": [("미곡",), ("창고",)],
    "미관지구": [("미관",), ("지구",)],
    "미조면": [("미조",)],
    "미역국": [("미역국", "미역", "국")],
    "불국사": [("불국사",)],
    "무선전화": [("무선",), ("전화",)],
    "부정선거": [("부정",), ("선거",)],
    "부당해고": [("부당",), ("해고",)],
    "부분적": [("부분",), ("적",)],
    "총무부지침": [("총무부", "총무", "부"), ("지침",)],
}


def opposite(word):
    return word[2:] if word.startswith("부분") else word[1:]


def tokens(text):
    analysed = analyse(text)
    units = {token for unit in analysed.units for token in unit.tokens}
    return units, set(bigrams(analysed.words)), set(typed(text))


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("word", NEGATED)
def test_a_negated_noun_of_no_list_shares_no_token_with_its_opposite(word, title):
    assert word not in words.negated()
    for found, looked_for in zip(tokens(title.format(word)), tokens(opposite(word)), strict=True):
        assert not found & looked_for


@pytest.mark.parametrize("word", NEGATED)
def test_a_negated_noun_of_no_list_is_one_token_in_a_query_and_in_a_title(word):
    assert [(unit.token, unit.negated) for unit in analyse(word).units] == [(word, True)]
    assert word in tokens(f"서울시 {word} 계획")[0]


@pytest.mark.parametrize(("word", "expected"), ORDINARY.items(), ids=list(ORDINARY))
def test_an_ordinary_word_that_begins_like_a_negation_is_read_as_ever(word, expected):
    assert [unit.tokens for unit in analyse(word).units] == expected
    assert not any(unit.negated for unit in analyse(f"{word} 관계 서류").units)


@pytest.fixture(scope="module")
def titles(tmp_path_factory):
    index = EmbeddedIndex(tmp_path_factory.mktemp("negated"), "public")
    index.rebuild(
        Document(f"{word}-{n}", 1, title.format(word), pages=((1, title.format(word)),))
        for word in NEGATED
        for n, title in enumerate(TITLES)
    )
    return index


@pytest.mark.parametrize("word", NEGATED)
def test_a_noun_finds_no_negated_noun_and_the_negated_noun_finds_itself(titles, word):
    found = [hit.reference for hit in query.find(titles, opposite(word), limit=100).hits]
    assert not [reference for reference in found if reference.startswith(f"{word}-")]
    found = [hit.reference for hit in query.find(titles, word, limit=100).hits]
    assert {f"{word}-0", f"{word}-1", f"{word}-3"} <= set(found)
