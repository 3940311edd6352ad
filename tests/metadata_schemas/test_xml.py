import csv
import os
import tarfile
import tomllib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from metadata_schemas import xml

CORPUS = Path(os.environ.get("SEOGO_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
EVIL = CORPUS / "evil-xml"

corpus = pytest.mark.skipif(not EVIL.is_dir(), reason=f"no corpus at {CORPUS}")


def evil_rows() -> list[dict[str, str]]:
    if not EVIL.is_dir():
        return []
    with (EVIL / "expected.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def verdict(path: Path) -> str:
    try:
        if path.suffix == ".xsd":
            xml.compile_schema(path.read_bytes())
        else:
            assert xml.parse(path).tag
    except xml.BadXml:
        return "refuse"
    return "parse"


@pytest.mark.parametrize("row", evil_rows(), ids=lambda row: row["path"])
def test_every_row_of_the_evil_corpus_gets_its_verdict(row: dict[str, str]) -> None:
    path = EVIL / row["path"]
    allowed = {
        "refuse": {"refuse"},
        "refuse-or-ignore": {"refuse", "parse"},
        "parse": {"parse"},
        "parse-safely": {"parse"},
    }[row["expected"]]
    for document in sorted(path.glob("*.xml")) if path.is_dir() else [path]:
        assert verdict(document) in allowed


@corpus
def test_the_evil_corpus_has_rows() -> None:
    assert len(evil_rows()) == 6


BOMB = b"<!DOCTYPE b [<!ENTITY a 'aaaaaaaaaa'>" + b"".join(
    b"<!ENTITY %c '%s'>" % (name, b"&%c;" % (name - 1) * 10) for name in range(ord("b"), ord("k"))
)


@pytest.mark.parametrize(
    "document",
    [
        BOMB + b"]><b>&j;</b>",
        BOMB + b"]><b x='&j;'/>",
        b"<!DOCTYPE b [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><b>&e;</b>",
        b"<!DOCTYPE b [<!ENTITY % e SYSTEM 'http://127.0.0.1:1/x'> %e;]><b/>",
        b"<a><b></a>",
        b"",
        b"<a>\x00</a>",
    ],
)
def test_a_document_that_declares_entities_or_is_broken_is_refused_everywhere(document: bytes) -> None:
    with pytest.raises(xml.BadXml):
        xml.parse(document)
    with pytest.raises(xml.BadXml):
        list(xml.records(BytesIO(document), "b"))
    assert not is_valid(document)


def is_valid(document: bytes) -> bool:
    try:
        return xml.validate(document, "premis") == []
    except xml.BadXml:
        return False


def test_a_document_over_the_limit_is_not_read() -> None:
    assert xml.parse(b"<a>123</a>", limit=10).tag == "a"
    with pytest.raises(xml.BadXml, match="larger than 9 bytes"):
        xml.parse(BytesIO(b"<a>123</a>"), limit=9)


def test_a_schema_may_not_ask_for_anything_but_the_committed_files() -> None:
    wanting = b"""<s:schema xmlns:s="http://www.w3.org/2001/XMLSchema">
      <s:import namespace="%s" schemaLocation="%s"/><s:element name="r"/></s:schema>"""
    xlink = b"http://www.w3.org/1999/xlink"
    xml.compile_schema(wanting % (xlink, b"http://www.loc.gov/standards/xlink/xlink.xsd"))
    with pytest.raises(xml.BadXml, match="not one of the committed schemas"):
        xml.compile_schema(wanting % (b"urn:x", b"http://127.0.0.1:1/other.xsd"))


def test_every_schema_says_where_it_comes_from() -> None:
    sources = tomllib.loads((xml.SCHEMAS / "SOURCES.toml").read_text("utf-8"))
    assert sources.keys() == {path.name for path in xml.SCHEMAS.glob("*.xsd")}
    for facts in sources.values():
        assert facts.keys() == {"what", "origin", "version", "date", "licence"}


def real_documents() -> Iterator[tuple[str, bytes]]:
    with tarfile.open(CORPUS / "metadata-xml" / "metadata-xml.tar.gz") as packed:
        for member in packed:
            stream = packed.extractfile(member)
            if stream is not None and member.name.endswith(".xml"):
                yield member.name, stream.read()


@corpus
def test_real_documents_are_parsed_and_judged() -> None:
    judged = {}
    for name, data in real_documents():
        assert xml.parse(data) is not None
        judged[name] = xml.validate(data, "ead3" if "/ead3/" in name else "package")
    assert len(judged) == 30
    finding_aids = [errors for name, errors in judged.items() if "/NCSU/" in name or "/UMN/" in name]
    assert len(finding_aids) == 17
    assert not any(finding_aids)
    (foreign,) = [errors for name, errors in judged.items() if "EINSTEIN" in name]
    assert "eac-cpf" in foreign[0].message


def test_each_document_is_judged_by_its_own_faults() -> None:
    first = xml.validate(b"<first/>", "ead3")
    second = xml.validate(b"<second/>", "ead3")
    assert "first" in first[0].message
    assert len(second) == 1
    assert "second" in second[0].message


@pytest.mark.parametrize(
    "value", ["&<>\"'", "a\r\nb\tc\n", " both ends ", "]]>", "<!-- -->", "漢字 한글 \U0002a6d6", "", "&amp;"]
)
def test_escaped_values_come_back_unchanged(value: str) -> None:
    assert xml.holds(value)
    document = f'<a b="{xml.attribute(value)}">{xml.text(value)}</a>'.encode()
    element = xml.parse(document)
    assert (element.text or "", element.get("b")) == (value, value)


@pytest.mark.parametrize("value", ["\x00", "a\x0bb", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_what_xml_cannot_hold_becomes_a_replacement_sign(value: str) -> None:
    assert not xml.holds(value)
    assert "\ufffd" in xml.text(value)
    assert xml.parse(f'<a b="{xml.attribute(value)}">{xml.text(value)}</a>'.encode()) is not None
