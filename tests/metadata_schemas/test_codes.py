"""Codes mean what their source system says, and nothing where nobody says whose they are."""

import pytest

from metadata_schemas import codes
from metadata_schemas.codes import Meaning, Unknown


@pytest.mark.parametrize(
    ("system", "raw", "value"),
    [
        ("nak19-2013", "30", "준영구"),
        ("rms", "30", "30년"),
        ("nak19-2013", "20", "30년"),
        ("rms", "20", "30년"),
        ("nak19-2013", "40", "영구"),
        ("nak19-2013", "01", "1년"),
        ("rms", "90", "준영구"),
        ("rms", "99", "영구"),
    ],
)
def test_a_retention_code_means_what_its_own_system_says(system: str, raw: str, value: str):
    found = codes.canonical(system, "retention", raw)
    assert isinstance(found, Meaning)
    assert found.value == value


@pytest.mark.parametrize(
    ("system", "raw"), [("nak19-2013", "90"), ("nak19-2013", "99"), ("rms", "40"), ("rms", "70")]
)
def test_a_code_of_another_system_is_unknown(system: str, raw: str):
    found = codes.canonical(system, "retention", raw)
    assert isinstance(found, Unknown)
    assert not found.needs_system
    assert f"codes of {system}" in found.expected


def test_a_code_without_a_system_is_never_guessed():
    found = codes.canonical(None, "retention", "30")
    assert isinstance(found, Unknown)
    assert found.needs_system
    assert codes.canonical("rms", "retention", "30") == Meaning("30년")


@pytest.mark.parametrize("system", [None, *codes.source_systems()])
@pytest.mark.parametrize("raw", ["30년", " 30 년 ", "준영구", "영구", "10년"])
def test_a_text_value_means_the_same_in_every_list(system: str | None, raw: str):
    found = codes.canonical(system, "retention", raw)
    assert isinstance(found, Meaning)
    assert found.value == raw.replace(" ", "")


@pytest.mark.parametrize(("system", "raw"), [(None, "20년"), ("rms", "20"), ("nak19-2013", "20")])
def test_the_abolished_class_of_20_years_is_30_years_with_a_note(system: str | None, raw: str):
    found = codes.canonical(system, "retention", raw)
    assert isinstance(found, Meaning)
    assert found.value == "30년"
    assert found.note
    assert "20" in found.note


def test_leading_zeros_that_a_spreadsheet_dropped_do_not_change_a_code():
    assert codes.canonical("nak19-2013", "retention", "1") == codes.canonical("nak19-2013", "retention", "01")
    assert codes.canonical("nak19-2013", "retention", "030") == Meaning("준영구")


def test_every_table_names_its_source_and_the_day_it_took_effect():
    assert set(codes.source_systems()) >= {"nak8", "nak19-2013", "rms"}
    for table in codes.tables().values():
        assert table.source
        assert table.effective_from.year >= 2007
        assert table.values["retention"]


def test_a_system_is_found_by_its_other_names_and_an_unknown_one_is_not():
    assert (table := codes.find_system("90-99"))
    assert table.system == "rms"
    assert (table := codes.find_system("NAK19-2013"))
    assert table.system == "nak19-2013"
    assert codes.find_system("cams-1999") is None
