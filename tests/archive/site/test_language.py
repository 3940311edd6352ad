"""Particles, days and sizes as they are written in both languages."""

from datetime import UTC, date, datetime

import pytest

from archive.site import language


@pytest.mark.parametrize(
    ("value", "pair", "expected"),
    [
        ("목록", "을(를)", "을"),
        ("서고", "을(를)", "를"),
        ("관리자", "이(가)", "가"),
        ("기관", "이(가)", "이"),
        ("서울", "(으)로", "로"),
        ("부산", "(으)로", "으로"),
        ("대구", "(으)로", "로"),
        ("값", "은(는)", "은"),
        ("Seogo", "을(를)", "을(를)"),
        ("漢江", "이(가)", "이(가)"),
        ("1955", "은(는)", "은(는)"),
        ("", "을(를)", "을(를)"),
        ("‘기록’", "을(를)", "을"),
    ],
)
def test_a_particle_follows_the_last_letter_and_is_a_pair_after_anything_else(value, pair, expected):
    assert language.particle(value, pair) == expected


def test_a_value_cannot_change_a_sentence():
    assert language.fill("{field}을(를) 적어 주세요.", field="{field}") == "{field}을(를) 적어 주세요."


def test_days_and_times_are_written_in_the_order_of_their_language():
    at = datetime(2026, 11, 22, 5, 5, tzinfo=UTC)
    assert language.moment(at, "ko") == "2026.\u00a011.\u00a022.\u00a014:05"
    assert language.moment(at, "en") == "22\u00a0Nov\u00a02026, 14:05\u00a0KST"
    assert language.day(datetime(2026, 11, 28, 15, 0, tzinfo=UTC), "ko") == "2026.\u00a011.\u00a029."
    assert language.deadline(date(2026, 12, 2), "ko") == "2026.\u00a012.\u00a02.(수)까지"
    assert language.machine_time(at) == "2026-11-22T14:05:00+09:00"


def test_a_dangi_date_stands_first_with_its_western_day():
    day = date(1955, 10, 3)
    assert language.span(day, day, "단기 4288년 10월 3일", "ko") == "단기\u00a04288년(1955.\u00a010.\u00a03.)"
    assert language.span(day, day, "단기 4288년", "en") == "Dangi\u00a04288 (3\u00a0Oct\u00a01955)"
    assert language.span(day, day, "1955.10.3", "en") == "3\u00a0Oct\u00a01955"
    assert language.span(date(1955, 1, 1), date(1955, 12, 31), "1955", "ko") == "1955년"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0\u00a0B"),
        (999, "999\u00a0B"),
        (1000, "1.0\u00a0kB"),
        (999_960, "1.0\u00a0MB"),
        (1_200_000_000_000, "1.2\u00a0TB"),
    ],
)
def test_a_size_has_the_unit_that_keeps_it_short(value, said):
    assert language.size(value) == said


def test_english_counts_one_thing_as_one():
    assert language.fill("{n} [page|pages]", n=1) == "1 page"
    assert language.fill("{n} [page|pages]", n="1,204") == "1,204 pages"
