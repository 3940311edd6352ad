"""Hangul and Office documents and Outlook messages: what was put into them is looked through as well."""

import base64
import io
import random
import struct
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from preservation.archive_files import Fault, Limits, kind_of
from preservation.archive_files.judging import judge
from preservation.archive_files.telling_members import LONGEST
from tests.conftest import CORPUS
from tests.preservation.archive_files.compound import compound, deflated, hangul, native, outlook_message
from tests.preservation.archive_files.mailing import attachment, message
from tests.preservation.archive_files.making import zipped

LIMITS = Limits(bytes=100 << 20, members=1_000, depth=4, seconds=20)
TRAP = zipped({"../../up.txt": b"x"})
EMPTY = "var Documents = XHwpDocuments;\r\nvar Document = Documents.Active_XHwpDocument;\r\n"
STUB = "function OnDocument_New()\r\n{\r\n\t//todo : \r\n}\r\n"
REAL = "function OnDocument_Open()\r\n{\r\n\tDocument.Save();\r\n}\r\n"
PASSWORD, DISTRIBUTION, DRM = 2, 4, 16


def faults(data: bytes, name: str = "문서.hwp", limits: Limits = LIMITS) -> list[Fault]:
    return judge(io.BytesIO(data), name, limits)


def rules(data: bytes, name: str = "문서.hwp") -> set[tuple[str, str]]:
    return {(each.rule, each.severity) for each in faults(data, name)}


def fact_of(rule: str, data: bytes, name: str = "문서.hwp") -> str:
    (fact,) = [each.fact for each in faults(data, name) if each.rule == rule]
    return fact


@pytest.mark.parametrize("flags", [0, 1], ids=["plain", "compressed"])
def test_a_trap_put_into_a_hangul_document_is_named_with_the_way_to_it(flags: int) -> None:
    data = hangul({"BIN0001.png": b"\x89PNG" * 3_000, "BIN0002.zip": TRAP}, EMPTY + STUB, flags=flags)
    assert kind_of(data) == "ole"
    assert rules(data) == {("file.archive_path", "error")}
    assert "BinData/BIN0002.zip › ../../up.txt" in fact_of("file.archive_path", data)
    assert faults(hangul({"BIN0001.zip": zipped({"a": b"x"})}, EMPTY + STUB, flags=flags)) == []


def test_a_file_in_an_object_in_a_hangul_document_is_looked_through() -> None:
    inner = compound({"\x01CompObj": b"x", "\x01Ole10Native": native("C:\\자료\\묶음.zip", TRAP)})
    kept = len(inner).to_bytes(4, "little") + inner
    data = hangul({"BIN0001.OLE": kept})
    assert rules(data) == {("file.archive_path", "error")}
    assert "BinData/BIN0001.OLE › C:\\자료\\묶음.zip › ../../up.txt" in fact_of("file.archive_path", data)
    packed = zipped({"mimetype": b"application/hwp+zip", "BinData/ole1.ole": kept})
    assert "BinData/ole1.ole › C:\\자료\\묶음.zip" in fact_of("file.archive_path", packed, "문서.hwpx")


def test_a_package_in_an_office_document_is_looked_through() -> None:
    data = compound({"WordDocument": b"w" * 5_000, "ObjectPool/_1/Package": TRAP})
    assert "ObjectPool/_1/Package" in fact_of("file.archive_path", data, "a.doc")


@pytest.mark.parametrize(
    "code", ["", EMPTY, EMPTY + STUB, STUB + STUB.replace("New", "Open") + "/* nothing */"]
)
def test_the_empty_script_of_the_editor_is_nothing_to_talk_about(code: str) -> None:
    assert faults(hangul({}, code)) == []
    assert faults(zipped({"Scripts/sourceScripts.js": code.encode("utf-16-le")}), "문서.hwpx") == []


def test_a_script_that_does_something_is_told_in_both_forms() -> None:
    assert rules(hangul({}, EMPTY + STUB + REAL)) == {("file.script", "warning")}
    for encoding in ("utf-16-le", "utf-16", "utf-8"):
        hwpx = zipped(
            {"Scripts/headerScripts": EMPTY.encode(), "Scripts/sourceScripts": REAL.encode(encoding)}
        )
        assert rules(hwpx, "문서.hwpx") == {("file.script", "warning")}
        assert "Scripts/sourceScripts)" in fact_of("file.script", hwpx, "문서.hwpx")
    in_mail = message(attachment(hangul({}, REAL)))
    assert "Scripts/DefaultJScript" in fact_of("file.script", in_mail, "a.eml")


def peak_of(look: Callable[[], object]) -> int:
    """The most bytes that were held at once."""
    tracemalloc.start()
    try:
        look()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_script_that_inflates_without_end_costs_what_the_limits_allow_and_no_more() -> None:
    bomb = "\0" * (100 << 20)
    data, few = hangul({}, bomb), replace(LIMITS, bytes=10 << 20)
    assert len(data) < 1 << 20
    assert [each.rule for each in faults(data, limits=few)] == ["limit.archive_bytes"]
    assert peak_of(lambda: faults(data, limits=few)) < 8 << 20
    assert {each.rule for each in faults(hangul({}, REAL), limits=few)} == {"file.script"}


def test_an_object_of_hangul_that_is_too_large_is_told_and_not_held_in_memory() -> None:
    inner = compound({"\x01Ole10Native": native("a.zip", TRAP), "Contents": bytes(4 << 20)})
    data, few = len(inner).to_bytes(4, "little") + inner, replace(LIMITS, nested=1 << 20)
    assert {each.rule for each in faults(data)} == {"file.archive_path"}
    assert {each.rule for each in faults(data, limits=few)} == {"file.archive_unsupported"}
    assert peak_of(lambda: faults(data, limits=few)) < 1 << 20


def test_a_script_of_comments_that_never_end_is_judged_at_once() -> None:
    hostile = zipped({"Scripts/sourceScripts": b"/* " * (LONGEST // 3)})
    began = time.process_time()
    assert faults(hostile, "문서.hwpx") == []
    assert time.process_time() - began < 5
    assert rules(zipped({"Scripts/sourceScripts": REAL.encode() + b"/* "}), "문서.hwpx") == {
        ("file.script", "warning")
    }


def hwpml(files: dict[str, bytes], code: str = "", compress: str = "true") -> bytes:
    kept = "".join(
        f'<BINDATA Compress="{compress}" Encoding="Base64" Id="{number}" Size="1">'
        f"{base64.encodebytes(packed(data) if compress == 'true' else data).decode()}</BINDATA>"
        for number, data in files.items()
    )
    script = (
        f"<SCRIPTCODE><SCRIPTHEADER>{EMPTY}</SCRIPTHEADER><SCRIPTSOURCE>{code}</SCRIPTSOURCE></SCRIPTCODE>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><HWPML Version="2.8"><BODY>' + "글 " * 100_000
        + f"</BODY><TAIL><BINDATASTORAGE>{kept}</BINDATASTORAGE>{script}</TAIL></HWPML>"
    ).encode()  # fmt: skip


def packed(data: bytes) -> bytes:
    """As Hangul does it: with checksum and size behind."""
    return deflated(data) + struct.pack("<LL", zlib.crc32(data), len(data))


@pytest.mark.parametrize("compress", ["true", "false"])
def test_a_file_in_an_hwpml_document_is_looked_through_and_its_script_read(compress: str) -> None:
    data = hwpml({"1": b"\x89PNG" * 900_000, "2": TRAP}, STUB, compress)
    assert rules(data, "a.hml") == {("file.archive_path", "error")}
    assert "BinData/2 › ../../up.txt" in fact_of("file.archive_path", data, "a.hml")
    assert "보관/a.hml › BinData/2" in fact_of("file.archive_path", zipped({"보관/a.hml": data}), "a.zip")
    assert rules(hwpml({}, REAL), "a.hml") == {("file.script", "warning")}
    assert faults(hwpml({}, STUB), "a.hml") == []
    broken = hwpml({"1": b"x"}, compress=compress).replace(b"</BINDATA>", b"***</BINDATA>")
    assert rules(broken, "a.hml") == {("file.archive_unsupported", "warning")}


def test_a_zip_document_that_is_locked_is_told_by_its_manifest() -> None:
    manifest = b'<manifest:file-entry><manifest:encryption-data checksum="x"/></manifest:file-entry>'
    locked = zipped({"mimetype": b"application/hwp+zip", "META-INF/manifest.xml": manifest})
    assert rules(locked, "문서.hwpx") == {("file.archive_encrypted", "warning")}
    assert "(문서.hwpx)" in fact_of("file.archive_encrypted", zipped({"문서.hwpx": locked}), "a.zip")
    assert rules(zipped({"META-INF/manifest.xml": b"<manifest/>"}), "a.odt") == set()


def test_macros_of_office_are_told_also_in_the_newer_form() -> None:
    old = compound(
        {
            "Workbook": b"w" * 5_000,
            "_VBA_PROJECT_CUR/VBA/dir": b"x",
            "_VBA_PROJECT_CUR/VBA/ThisWorkbook": b"x",
        }
    )
    assert rules(old, "a.xls") == {("file.script", "warning")}
    new = zipped({"xl/workbook.xml": b"<a/>", "xl/vbaProject.bin": compound({"VBA/dir": b"x"})})
    assert "xl/vbaProject.bin › VBA" in fact_of("file.script", new, "a.xlsm")


@pytest.mark.parametrize(
    "data",
    [
        hangul({"a.zip": TRAP}, flags=1 | PASSWORD), hangul({}, flags=1 | DRM),
        compound({"EncryptedPackage": b"x" * 5_000}),
    ],
    ids=["password", "DRM", "Office"],
)  # fmt: skip
def test_a_locked_document_is_told_also_where_it_is_attached(data: bytes) -> None:
    assert rules(data) == {("file.archive_encrypted", "warning")}
    assert ("file.archive_encrypted", "warning") in rules(message(attachment(data)), "a.eml")
    assert ("file.archive_encrypted", "warning") in rules(zipped({"a.hwp": data}), "a.zip")


def test_an_outlook_message_is_looked_through_like_other_mail() -> None:
    data = outlook_message({"회의.hwp": hangul({}), "자료.zip": TRAP})
    assert rules(data, "a.msg") == {("file.archive_path", "error"), ("file.mail_contents", "note")}
    assert "자료.zip › ../../up.txt" in fact_of("file.archive_path", data, "a.msg")
    assert "1 message and 2 attachments" in fact_of("file.mail_contents", data, "a.msg")
    assert faults(data, "a.msg")[0].subject == "mail message"
    locked = outlook_message({"smime.p7m": b"x"}, "IPM.Note.SMIME")
    assert ("file.mail_encrypted", "warning") in rules(locked, "a.msg")
    assert "자료.zip" in fact_of("file.archive_path", zipped({"보관/a.msg": data}), "a.zip")


def test_letters_and_documents_are_no_level_of_nesting_but_they_end_as_well() -> None:
    shallow = replace(LIMITS, depth=2)
    inner = zipped({"a.txt": b"x"})
    letter = zipped({"a.eml": message(attachment(hangul({"BIN0001.zip": inner})))})
    assert [each.rule for each in faults(letter, "a.zip", shallow)] == ["file.mail_contents"]
    deep = hangul({"BIN0001.OLE": b"words"})
    for _ in range(12):
        deep = hangul({"BIN0001.OLE": deep})
    assert [each.rule for each in faults(deep, limits=shallow)] == ["limit.archive_depth"]


def test_a_bomb_in_a_document_is_ended_by_the_limits() -> None:
    bomb = hangul({"BIN0001.bmp": bytes(4 << 20)})
    assert [each.rule for each in faults(bomb, limits=replace(LIMITS, bytes=1 << 20))] == [
        "limit.archive_bytes"
    ]
    assert faults(bomb) == []


def test_what_cannot_be_read_is_said_to_be_not_looked_at() -> None:
    (told,) = faults(hangul({"a.zip": TRAP})[:700])
    assert (told.rule, told.severity) == ("file.archive_unsupported", "warning")


def test_real_hangul_documents_are_sound_but_for_the_locked_one_and_the_ones_with_a_script() -> None:
    paths = sorted(path for path in (CORPUS / "hwp").rglob("*.hwp*") if path.is_file())
    told = {path.name: {each.rule for each in faults(path.read_bytes(), path.name)} for path in paths}
    assert {name: said for name, said in told.items() if said} == (
        {"password-12345.hwp": {"file.archive_encrypted"}, "SimpleComboBox.hwpx": {"file.script"}}
        if CORPUS.exists()
        else {}
    )
    assert len(told) > 70 or not CORPUS.exists()


def test_a_trap_put_into_a_real_hangul_bundle_is_found(tmp_path: Path) -> None:
    source = CORPUS / "hwp" / "hwpxlib" / "reader_writer" / "SimplePicture.hwpx"
    if not CORPUS.exists():
        return
    bundle = tmp_path / "문서.hwpx"
    bundle.write_bytes(source.read_bytes())
    with zipfile.ZipFile(bundle, "a") as archive:
        archive.writestr("BinData/붙임.zip", TRAP)
    assert "BinData/붙임.zip › ../../up.txt" in fact_of("file.archive_path", bundle.read_bytes())


@pytest.mark.parametrize("seed", range(3))
def test_spoilt_documents_are_told_and_never_a_defect(seed: int) -> None:
    chance = random.Random(seed)
    sound = [
        hangul({"BIN0001.OLE": compound({"\x01Ole10Native": native("a.zip", TRAP)}), "b.zip": TRAP}, REAL),
        hangul({"a": b"x"}, REAL, flags=1 | DISTRIBUTION),
        outlook_message({"자료.zip": TRAP, "b.txt": b"words"}),
        compound({"Workbook": b"w" * 5_000, "_VBA_PROJECT_CUR/VBA/dir": b"x"}),
        hwpml({"1": TRAP, "2": b"x" * 9_000}, REAL)[300_000:].join([b"<HWPML>", b""]),
    ]
    sound += [path.read_bytes() for path in sorted((CORPUS / "hwp" / "pyhwp").glob("*.hwp"))[:8]]
    for data in chance.choices(sound, k=200):
        spoilt = bytearray(data)
        for _ in range(chance.randint(1, 10)):
            at = chance.choice((chance.randrange(512), chance.randrange(len(spoilt))))
            spoilt[at : at + 4] = chance.choice(
                (chance.randbytes(4), b"\xff" * 4, bytes(4), chance.randbytes(1))
            )
        if chance.random() < 0.1:
            del spoilt[chance.randrange(len(spoilt)) :]
        before = time.monotonic()
        assert isinstance(faults(bytes(spoilt)), list)
        assert time.monotonic() - before < 10
