"""Every way in which Korean lists write a date."""

from datetime import date

import pytest

from metadata_schemas import dates

DAY = (date(1955, 10, 3), date(1955, 10, 3))
YEAR = (date(1955, 1, 1), date(1955, 12, 31))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("1955", YEAR),
        ("1955년", YEAR),
        ("1955년도", YEAR),
        ("단기 4288년", YEAR),
        ("4288", YEAR),
        ("檀紀四二八八年", YEAR),
        ("[대략] 1955", YEAR),
        ("1955.10.3", DAY),
        ("1955. 10. 3.", DAY),
        ("1955-10-03", DAY),
        ("1955/10/03", DAY),
        ("19551003", DAY),
        ("195510031430", DAY),
        ("1955-10-03 14:30:00", DAY),
        ("1955년 10월 3일", DAY),
        ("1955.10.3(월)", DAY),
        ("단기 4288년 10월 3일", DAY),
        ("단기4288.10.3", DAY),
        ("4288.10.3", DAY),
        ("42881003", DAY),
        ("檀紀四二八八年十月三日", DAY),
        ("3 October 1955", DAY),
        ("Oct. 3, 1955", DAY),
        ("1955-10", (date(1955, 10, 1), date(1955, 10, 31))),
        ("1955년 10월", (date(1955, 10, 1), date(1955, 10, 31))),
        ("소화 20년", (date(1945, 1, 1), date(1945, 12, 31))),
        ("昭和20年", (date(1945, 1, 1), date(1945, 12, 31))),
        ("昭和二十年八月十五日", (date(1945, 8, 15), date(1945, 8, 15))),
        ("대정 3년", (date(1914, 1, 1), date(1914, 12, 31))),
        ("明治45年", (date(1912, 1, 1), date(1912, 12, 31))),
        ("광무 5년", (date(1901, 1, 1), date(1901, 12, 31))),
        ("융희 4년 8월 29일", (date(1910, 8, 29), date(1910, 8, 29))),
        ("건양 원년", (date(1896, 1, 1), date(1896, 12, 31))),
        ("1950년대", (date(1950, 1, 1), date(1959, 12, 31))),
        ("[주로] 1950~1960", (date(1950, 1, 1), date(1960, 12, 31))),
        ("1955-1960", (date(1955, 1, 1), date(1960, 12, 31))),
        ("1955.1.2 ~ 1956.3.4", (date(1955, 1, 2), date(1956, 3, 4))),
        ("1955-01-02 - 1956-03-04", (date(1955, 1, 2), date(1956, 3, 4))),
        ("1955.1 ~ 3", (date(1955, 1, 1), date(1955, 3, 31))),
        ("단기 4288년 1월 ~ 4289년 3월", (date(1955, 1, 1), date(1956, 3, 31))),
        ("4288~4290", (date(1955, 1, 1), date(1957, 12, 31))),
    ],
)
def test_a_date_is_read_as_the_days_it_may_mean(text: str, days: tuple[date, date]):
    span = dates.parse(text)
    assert (span.earliest, span.latest) == days
    assert span.text == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "미상",
        "1955.13.1",
        "1955.2.30",
        "55.10.3",
        "12345678",
        "소화 70년",
        "1960~1955",
        "5000",
        "융희 9년",
    ],
)
def test_an_impossible_date_keeps_its_text_and_names_no_day(text: str):
    span = dates.parse(text)
    assert (span.text, span.earliest, span.latest) == (text, None, None)


def test_only_a_whole_day_is_an_exact_day():
    assert dates.exact_day("2030.1.1") == date(2030, 1, 1)
    assert dates.exact_day("2030") is None
    assert dates.exact_day("미정") is None
