"""The documents of a package: valid by their schemas, constant in memory, and read back as written."""

import dataclasses
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from io import BytesIO
from typing import Any

import pytest

from metadata_schemas import ead, mets, nak8, package, premis, xml
from metadata_schemas.description import Access, DateSpan, ItemDescription, VolumeDescription
from metadata_schemas.package import FileFacts, PackageFacts

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
FACTS = PackageFacts(
    reference="2026-0001",
    title="제목",
    created=NOW,
    software="Seogo",
    software_version="0.1.0",
    archive="서울기록원",
)
EVENTS = (
    premis.Event(identifier="event-1", type="transfer", at=NOW, agents=("seogo",)),
    premis.Event(identifier="event-2", type="message digest calculation", at=NOW, about_files=True),
)
AGENTS = (premis.Agent(identifier="seogo", name="Seogo", type="software", version="0.1.0"),)
METS = "{http://www.loc.gov/METS/}"
PREMIS = "{http://www.loc.gov/premis/v3}"


def file(number: int = 1, **given: Any) -> FileFacts:
    facts = FileFacts(
        identifier=f"2026-0001-0001.{number}",
        href=f"representations/original/data/2026-0001-0001/{number}.pdf",
        original_name=f"{number}.pdf",
        original_bytes=None,
        size=number,
        sha256="ab" * 32,
        modified=None,
        mimetype="application/pdf",
        item="2026-0001-0001",
    )
    return facts._replace(**given)


def described() -> list[package.MetadataFile]:
    return [
        package.described(path, size=1, sha256="cd" * 32, created=NOW)
        for path in (package.NAK8, package.EAD3, package.PREMIS, package.README, package.NAK8_SCHEMA)
    ]


def mets_of(*files: FileFacts, facts: PackageFacts = FACTS) -> bytes:
    out = BytesIO()
    mets.write_mets(out, package=facts, files=files, metadata=described())
    assert xml.validate(out.getvalue(), "package") == []
    return out.getvalue()


def premis_of(*files: FileFacts) -> bytes:
    out = BytesIO()
    premis.write_premis(out, package=FACTS, files=files, events=EVENTS, agents=AGENTS)
    assert xml.validate(out.getvalue(), "premis") == []
    return out.getvalue()


def test_mets_refers_to_every_file_with_size_digest_and_an_encoded_path() -> None:
    root = xml.parse(mets_of(file(1, href="representations/original/data/I/가 &#%?.pdf"), file(2)))
    files = root.findall(f".//{METS}fileGrp[@USE='Representations']/{METS}file")
    assert [found.get("SIZE") for found in files] == ["1", "2"]
    assert {found.get("CHECKSUM") for found in files} == {"ab" * 32}
    locator = files[0].find(f"{METS}FLocat")
    assert locator is not None
    assert (
        locator.get("{http://www.w3.org/1999/xlink}href")
        == "representations/original/data/I/%EA%B0%80%20%26%23%25%3F.pdf"
    )


def test_a_volume_without_files_has_valid_documents() -> None:
    assert b"Representations" not in mets_of()
    assert b'xsi:type="file"' not in premis_of()


def test_the_record_status_tells_a_later_bag_from_the_first() -> None:
    assert b'RECORDSTATUS="NEW"' in mets_of(file())
    assert b'RECORDSTATUS="SUPPLEMENT"' in mets_of(file(), facts=dataclasses.replace(FACTS, bag=2))


def test_one_event_stands_for_all_files() -> None:
    root = xml.parse(premis_of(file(1), file(2), file(3)))
    assert len(root.findall(f"{PREMIS}event")) == 2
    objects = root.findall(f"{PREMIS}object")
    linked = [
        [value.text for value in found.iter(f"{PREMIS}linkingEventIdentifierValue")] for found in objects
    ]
    assert linked == [["event-1", "event-2"], ["event-2"], ["event-2"], ["event-2"]]


def test_a_format_not_yet_known_is_said_to_be_unknown() -> None:
    unknown, known = (
        xml.parse(premis_of(found)).findtext(f".//{PREMIS}formatName")
        for found in (file(), file(puid="fmt/276", format_name="PDF", format_version="1.7"))
    )
    assert (unknown, known) == ("unknown", "PDF")
    assert b"fmt/276" in premis_of(file(puid="fmt/276"))


def test_a_name_that_is_not_text_keeps_its_bytes() -> None:
    root = xml.parse(premis_of(file(original_name="\udcb3\udcaa\x01.txt")))
    assert root.findtext(f".//{PREMIS}significantPropertiesValue") == "%B3%AA%01.txt"
    assert root.findtext(f".//{PREMIS}originalName") == "\ufffd\ufffd\ufffd.txt"


@pytest.mark.parametrize("identifier", ["", 'a"b', "a b", "가", "a<b", "a\n"])
def test_an_identifier_that_no_xml_id_can_hold_is_refused(identifier: str) -> None:
    with pytest.raises(ValueError, match="cannot be an identifier"):
        mets_of(file(identifier=identifier))
    with pytest.raises(ValueError, match="cannot be an identifier"):
        premis_of(file(identifier=identifier))


def test_moments_are_written_in_utc_and_never_without_a_zone() -> None:
    seoul = datetime(2026, 11, 23, 18, 30, tzinfo=timezone(timedelta(hours=9)))
    told = [package.instant(at) for at in (seoul, NOW, NOW.replace(microsecond=999_999))]
    assert told == ["2026-11-23T09:30:00Z"] * 3
    with pytest.raises(ValueError, match="time zone"):
        package.instant(datetime(2026, 11, 23))


class Discarded:
    def __init__(self) -> None:
        self.size = 0

    def write(self, data: bytes) -> None:
        self.size += len(data)


def test_memory_does_not_grow_with_the_number_of_files() -> None:
    def files(count: int) -> Iterator[FileFacts]:
        return (file(number) for number in range(count))

    def once(count: int) -> int:
        tracemalloc.start()
        volume = VolumeDescription(title="제목")
        mets.write_mets(Discarded(), package=FACTS, files=files(count), metadata=described())
        premis.write_premis(Discarded(), package=FACTS, files=files(count), events=EVENTS, agents=AGENTS)
        nak8.write_nak8(Discarded(), volume, reference="V", item_references=(), files=files(count))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    def peak(count: int) -> int:
        return min(once(count) for _ in range(3))  # other threads of the process are counted too

    once(500)  # what is made once and kept is none of it
    assert peak(5_000) < peak(500) + 200_000


WHOLE = VolumeDescription(
    sender_id="관-1",
    file_number="",
    volume_number=3,
    title=' 漢城府 <&> "철"\r\n\x0b ',
    creator_agency="서울특별시",
    creator_code="6110000",
    creating_unit="도시계획과",
    created=DateSpan("단기 4288년 10월 3일", date(1955, 10, 3), date(1955, 10, 3)),
    closed=DateSpan("1956년경", date(1956, 1, 1), None),
    retention="준영구",
    record_type="일반문서",
    carrier_kind="혼합기록물",
    classification="도시계획",
    access=Access("partial", (5, 6), ((1, 3), (7, 7)), date(2050, 1, 1), False, "제9조"),
    description="내용\n요약",
    item_count=0,
    page_count=12,
    file_count=3,
    files=("가/1.pdf", "b\udcb3.txt"),
    identifiers={"생산연도": "1955"},
    raw={"제목": "\x00\x0b", "빈": "", "": "이름 없는 열"},
    extra={"비고": "\ud800 ]]>"},
    row=3,
    list="이관목록.xlsx",
    items=(
        ItemDescription(title="", created=DateSpan("", None, None), page_count=0),
        ItemDescription(
            sender_id="건-2",
            title="나",
            created=DateSpan("1955", date(1955, 1, 1), date(1955, 12, 31)),
            record_type="도면/지도류",
            access=Access("closed", (1,), list_open=True),
            document_number="12",
            description="설명",
            files=("a;b.pdf",),
            identifiers={"등록번호": "1"},
            raw={"x": "y"},
            extra={"관리\n번호": "z"},
            row=9,
            list="건.csv",
        ),
        ItemDescription(title="다", access=Access("open")),
    ),
)


@pytest.mark.parametrize("volume", [WHOLE, VolumeDescription(title="제목만")], ids=["whole", "bare"])
def test_a_description_is_read_back_as_it_was_written(volume: VolumeDescription) -> None:
    references = tuple(f"V-{number:04d}" for number in range(1, len(volume.items) + 1))
    files = [file(1, original_name="\udcb3 1.pdf"), file(2)]
    out = BytesIO()
    nak8.write_nak8(out, volume, reference="V", item_references=references, files=files)
    assert xml.validate(out.getvalue(), "nak8") == []
    found = nak8.read(BytesIO(out.getvalue()))
    assert found == nak8.Described("V", volume, references)
    components = list(nak8.read_components(BytesIO(out.getvalue())))
    assert [(c.identifier, c.item, c.href, c.original_name, c.size) for c in components] == [
        (f.identifier, f.item, package.encoded(f.href), f.original_name, f.size) for f in files
    ]


def test_every_field_of_a_description_is_in_the_round_trip() -> None:
    """A field added to the canonical values and not to nak8.xml would be lost in a rebuild."""
    for described_value in (WHOLE, WHOLE.items[1]):
        unset = [
            field.name
            for field in dataclasses.fields(described_value)
            if getattr(described_value, field.name) is None
        ]
        assert unset in ([], ["page_count"])


def test_as_many_references_as_items_are_needed() -> None:
    with pytest.raises(ValueError, match="is longer than"):
        nak8.write_nak8(BytesIO(), WHOLE, reference="V", item_references=["V-0001"])


@pytest.mark.parametrize("document", [b"<a/>", b"<description xmlns='urn:x-seogo:nak8:2022'/>", b"<a>"])
def test_what_is_no_description_is_said_to_be_none(document: bytes) -> None:
    with pytest.raises(xml.BadXml):
        nak8.read(BytesIO(document))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("부분공개", "어쩌면"), ('from="1"', 'from="하나"'), ("2050-01-01", "2050-13-01"), (">12<", ">열둘<")],
)
def test_a_damaged_value_is_refused_and_not_guessed(right: str, wrong: str) -> None:
    out = BytesIO()
    nak8.write_nak8(out, WHOLE, reference="V", item_references=["1", "2", "3"])
    assert nak8.read(BytesIO(out.getvalue())).volume == WHOLE
    damaged = out.getvalue().decode().replace(right, wrong, 1).encode()
    assert damaged != out.getvalue()
    with pytest.raises(xml.BadXml, match="cannot hold"):
        nak8.read(BytesIO(damaged))
    assert xml.validate(damaged, "nak8") != []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('unit="B">', 'unit="B">열'),
        ("mainTitle", "otherTitle"),
        ("mainId", "otherId"),
        ('<aggregationLevel no="2">컴포넌트', '<aggregationLevel encoding="json">{'),
        ('<mainTitle no="4.1">', f'<mainTitle encoding="json">{"[" * 100_000}'),
    ],
)
def test_a_damaged_component_is_refused_and_not_guessed(right: str, wrong: str) -> None:
    out = BytesIO()
    nak8.write_nak8(out, VolumeDescription(title="철"), reference="V", item_references=[], files=[file(1)])
    before, component = out.getvalue().decode().split("<record partOf")
    damaged = f"{before}<record partOf{component.replace(right, wrong)}"
    assert damaged.encode() != out.getvalue()
    with pytest.raises(xml.BadXml):
        list(nak8.read_components(BytesIO(damaged.encode())))


@pytest.mark.parametrize("field", ["volume_number", "page_count"])
def test_a_number_that_no_database_has_room_for_is_refused(field: str) -> None:
    def written(number: int) -> BytesIO:
        out, volume = BytesIO(), VolumeDescription(title="철", **{field: number})
        nak8.write_nak8(out, volume, reference="V", item_references=[])
        return BytesIO(out.getvalue())

    assert getattr(nak8.read(written(999_999_999)).volume, field) == 999_999_999
    with pytest.raises(xml.BadXml, match="over 999,999,999"):
        nak8.read(written(1_000_000_000))


@pytest.mark.parametrize("volume", [WHOLE, VolumeDescription(title="제목만")], ids=["whole", "bare"])
def test_the_ead3_copy_is_valid_and_names_every_item(volume: VolumeDescription) -> None:
    references = [f"V-{number:04d}" for number in range(1, len(volume.items) + 1)]
    out = BytesIO()
    ead.write_ead3(out, volume, package=FACTS, item_references=references)
    assert xml.validate(out.getvalue(), "ead3") == []
    text = out.getvalue().decode()
    assert all(reference in text for reference in references)
    assert FACTS.reference in text
