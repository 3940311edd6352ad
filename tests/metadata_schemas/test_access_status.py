"""Access status, reasons and pages, with the exact values of the exchange form."""

import pytest

from metadata_schemas import access_status
from metadata_schemas.access_status import Fault

FORM = "nak19-2013"


@pytest.mark.parametrize(
    ("status", "reason", "expected"),
    [
        ("2NNNNNYNN", "", ("partial", (6,))),
        ("1NNNNNNNN", "", ("open", ())),
        ("3YNNNNNNY", "", ("closed", (1, 8))),
        ("공개", "", ("open", ())),
        ("부분공개(5,6)", "", ("partial", (5, 6))),
        ("부분공개(5호,6호)", "", ("partial", (5, 6))),
        ("비공개(6호)", "6", ("closed", (6,))),
        ("비공개", "제9조제1항제6호", ("closed", (6,))),
        ("비공개", "법 제9조 제1항 제5호 및 제6호", ("closed", (5, 6))),
        ("비공개", "NNNNYYNN", ("closed", (5, 6))),
        ("비공개", "5호·6호", ("closed", (5, 6))),
        ("3", "6", ("closed", (6,))),
    ],
)
def test_a_status_is_read_in_every_form_it_is_written(status: str, reason: str, expected: object):
    assert access_status.status_and_reasons(FORM, status, reason) == expected


@pytest.mark.parametrize(
    ("status", "reason", "fact"),
    [
        ("1NNNNNYNN", "", "exclude each other"),
        ("3NNNNNNNN", "", "no reason"),
        ("공개", "6호", "exclude each other"),
        ("비공개", "", "no reason"),
        ("부분공개", "", "no reason"),
        ("비공개(6호)", "5호", "different reasons"),
        ("비공개", "9호", "not one of them"),
        ("비공개", "개인정보", "not one of them"),
        ("반공개", "", "no access status"),
        ("4NNNNNNNY", "", "no access status"),
    ],
)
def test_a_contradiction_is_refused_and_not_mended(status: str, reason: str, fact: str):
    read = access_status.status_and_reasons(FORM, status, reason)
    assert isinstance(read, Fault)
    assert fact in read.fact


@pytest.mark.parametrize("status", ["1", "3", "2NNNNNYNN"])
def test_a_status_code_without_a_system_is_not_read(status: str):
    read = access_status.status_and_reasons(None, status, "6" if status == "3" else "")
    assert isinstance(read, Fault)
    assert read.needs_system


@pytest.mark.parametrize("raw", ["1-5,8,10", "1~5, 8, 10쪽", "10,8,1-5"])
def test_restricted_pages_are_ranges(raw: str):
    assert access_status.pages(raw, 12) == ((1, 5), (8, 8), (10, 10))


@pytest.mark.parametrize(
    ("raw", "fact"),
    [
        ("5-3", "backwards"),
        ("8,8", "twice"),
        ("13", "beyond page 12"),
        ("1-5,5", "twice"),
        ("0", "backwards"),
        ("x", "no page"),
    ],
)
def test_pages_that_cannot_be_are_refused(raw: str, fact: str):
    read = access_status.pages(raw, 12)
    assert isinstance(read, Fault)
    assert fact in read.fact
