"""Signs folded and read, and each traced back to where it stood."""

import unicodedata
from datetime import date

import pytest

from access.search import eras, keyboard
from access.search.analysis import analyse
from access.search.highlights import mark, snippet
from access.search.normalising import normalise

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("漢江", "한강"),
        ("金浦", "김포"),
        ("金九", "김구"),
        ("資金", "자금"),
        ("不動産 不正 不許可", "부동산 부정 불허가"),
        ("比率 確率 能率", "비율 확률 능률"),
        ("歷史 女子 勞動 流域", "역사 여자 노동 유역"),
        ("韓國歷史", "한국역사"),
        ("第三次 第三回", "제3차 제3회"),
        ("四二八八年", "4288년"),
        ("昭和十五年", "소화15년"),
        ("二十三", "이십삼"),
        ("統一號", "통일호"),
        ("제삼차 회의", "제3차 회의"),
        ("제이한강교", "제2한강교"),
        ("제일은행", "제일은행"),
        ("ＡＢＣ１２", "abc12"),
        ("1,234,567원", "1234567원"),
        ("ㅎㅏㄴㄱㅏㅇ", "한강"),
        ("「도로」·교량", " 도로  교량"),
        (unicodedata.normalize("NFD", "한강철교"), "한강철교"),
    ],
)
def test_it_is_read_as(written, read):
    assert normalise(written).text == read


@pytest.mark.parametrize(
    "written", ["漢江 二十三日 (1,234) ＡＢ", unicodedata.normalize("NFD", "한강 漢江 제삼차"), "ㅎㅏㄴ강"]
)
def test_every_sign_leads_back_to_the_original(written):
    normal = normalise(written)
    spans = [normal.original(place, place + 1) for place in range(len(normal.text))]
    assert all(0 <= start < end <= len(written) for start, end in spans)
    assert spans == sorted(spans)


@pytest.mark.parametrize(
    ("written", "years"),
    [
        ("단기 4288년", (1955,)),
        ("4288년도 예산", (1955,)),
        ("서기 1955년", (1955,)),
        ("소화 20년", (1945,)),
        ("대정 원년", (1912,)),
        ("명치 43년", (1910,)),
        ("광무 1년", (1897,)),
        ("융희 4년", (1910,)),
        ("건양 원년", (1896,)),
        ("1955~1957년", (1955, 1956, 1957)),
        ("단기 4288년 10월 3일", (1955,)),
        ("1950년대", tuple(range(1950, 1960))),
        ("50년대", tuple(range(1950, 1960))),
        ("'68", (1968,)),
        ("68년", (1968,)),
        ("'05년", (2005,)),
        ("보존기간 10년", ()),
        ("30년간", ()),
        ("제1955호", ()),
        ("1955명", ()),
        ("건설-1955", ()),
        ("4288", ()),
        ("9999년", ()),
    ],
)
def test_years_are_read(written, years):
    assert tuple(year for span in eras.spans(written, TODAY) for year in span.years) == years


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gksrkd", "한강"),
        ("ehfh", "도로"),
        ("rhksfl", "관리"),
        ("dksgdms", "않은"),
        ("ㅗㄷㅣㅣㅐ", "hello"),
        ("한강", "gksrkd"),
    ],
)
def test_the_other_keyboard(typed, meant):
    assert keyboard.repaired(typed) == meant


@pytest.mark.parametrize("typed", ["www", "bus", "1955", "漢江", ""])
def test_what_would_leave_stray_letters_is_not_repaired(typed):
    assert keyboard.repaired(typed) is None


def test_a_mark_stands_on_the_part_that_was_looked_for():
    marked = mark("비공개 기록과 공개 漢江鐵橋, 주택재개발", {"공개", "철교", "개발"})
    assert [marked.text[start:end] for start, end in marked.marks] == ["공개", "鐵橋", "개발"]


def test_a_snippet_is_cut_between_words_around_the_marks():
    text = "가나다라 마바사 " * 100 + "한강 철교 공사 " + "아자차 카타파 " * 100
    cut = snippet(text, {"한강", "철교"})
    assert [cut.text[start:end] for start, end in cut.marks] == ["한강", "철교"]
    assert len(cut.text) < 300


def test_a_long_text_without_a_break_is_analysed():
    assert analyse("한강" * 5000).words
    assert analyse("").words == ()
