"""Disk images: a disc (ISO 9660) is looked through, the others are named as not looked through."""

import gzip
import io
import random
import struct
import time

import pytest

from preservation.archive_files import Fault, Limits, kind_of
from preservation.archive_files.judging import judge
from tests.conftest import CORPUS
from tests.preservation.archive_files.mailing import attachment, message
from tests.preservation.archive_files.making import iso, zipped

LIMITS = Limits(bytes=100 << 20, members=1_000, depth=3, seconds=20)
TRAP = zipped({"../../up.txt": b"x"})


def faults(data: bytes, name: str) -> list[Fault]:
    return judge(io.BytesIO(data), name, LIMITS)


def told(data: bytes, name: str) -> list[tuple[str, str]]:
    return [(each.rule, each.severity) for each in faults(data, name)]


DISC = iso({"문서/회의록.txt": b"words", "자료.zip": zipped({"a": b"x"}), "b.txt": b"2" * 5_000})


def test_a_sound_disc_is_nothing_to_talk_about() -> None:
    assert kind_of(DISC[: 19 * 2048]) == "iso"
    assert faults(DISC, "자료.iso") == []


def test_a_trap_on_a_disc_is_named_with_the_way_to_it() -> None:
    (fault,) = faults(iso({"문서/자료.zip": TRAP}), "a.iso")
    assert (fault.rule, fault.severity) == ("file.archive_path", "error")
    assert "문서/자료.zip › ../../up.txt" in fault.fact
    assert fault.sentence("a.iso").startswith("The disk image a.iso was looked through: ")


def test_a_disc_that_breaks_off_is_told() -> None:
    rules = {rule for rule, _ in told(DISC[: len(DISC) - 170 * 2048], "a.iso")}
    assert rules & {"file.archive_damaged", "file.archive_unsupported"}


def test_a_disc_with_a_second_directory_says_that_it_was_not_read() -> None:
    both = bytearray(DISC)
    both[20 * 2048 + 1 : 20 * 2048 + 6] = b"NSR02"
    facts = [each.fact for each in faults(bytes(both), "a.iso")]
    assert any("UDF" in fact for fact in facts)


def at(*pieces: tuple[int, bytes], size: int = 100_000) -> bytes:
    data = bytearray(size)
    for place, piece in pieces:
        data[place : place + len(piece)] = piece
    return bytes(data)


PARTITION = struct.pack("<B3xB3xLL", 0x80, 7, 63, 1_000)
IMAGES = {
    "VHDX": at((0, b"vhdxfile")),
    "VHD)": at((99_488, b"conectix")),
    "VMDK": at((0, b"KDMV")),
    "QCOW": at((0, b"QFI\xfb")),
    "VDI": at((64, b"\x7f\x10\xda\xbe")),
    "E01": at((0, b"EVF\t\r\n\xff\0")),
    "AFF": at((0, b"AFF10\r\n\0")),
    "DMG": at((99_488, b"koly")),
    "UDF": at((32_769, b"BEA01"), (34_817, b"NSR03")),
    "NTFS": at((3, b"NTFS    "), (510, b"\x55\xaa")),
    "(FAT)": at((0, b"\xeb\x3c\x90MSDOS5.0"), (54, b"FAT12   "), (510, b"\x55\xaa")),
    "GPT": at((512, b"EFI PART")),
    "with partitions": at((446, PARTITION), (510, b"\x55\xaa")),
    "(ext)": at((1048, struct.pack("<L", 2)), (1080, b"\x53\xef"), (1100, struct.pack("<L", 1))),
    "HFS+": at((1024, b"H+\0\x04")),
    "APFS": at((32, b"NXSB")),
    "WIM": at((0, b"MSWIM\0\0\0")),
}


@pytest.mark.parametrize("kind", IMAGES)
def test_an_image_that_nothing_here_looks_through_is_named_and_never_fine(kind: str) -> None:
    name = "disk.dmg" if kind in ("DMG", "VHD)") else "디스크"
    (fault,) = faults(IMAGES[kind], name)
    assert (fault.rule, fault.severity) == ("file.not_looked_through", "warning")
    assert kind in fault.fact
    assert fault.sentence(name).startswith(f"The disk image {name} was not looked through: it is ")
    assert "by hand" in fault.next


@pytest.mark.parametrize("head", [(0, b"LUKS\xba\xbe"), (3, b"-FVE-FS-"), (0, b"encrcdsa")])
def test_an_encrypted_volume_is_told_as_locked(head: tuple[int, bytes]) -> None:
    assert told(at(head), "a.img") == [("file.archive_encrypted", "warning")]


def test_an_image_inside_something_else_is_told_with_the_way_to_it() -> None:
    image = IMAGES["VMDK"]
    (fault,) = faults(zipped({"서버/disk.vmdk": image}), "a.zip")
    assert (fault.rule, fault.severity) == ("file.archive_unsupported", "warning")
    assert "VMDK" in fault.fact and "서버/disk.vmdk" in fault.fact
    assert told(gzip.compress(image), "a.gz") == [("file.not_looked_through", "warning")]
    assert "VMDK" in faults(message(attachment(image)), "a.eml")[0].fact


def test_a_name_that_promises_an_image_is_held_to_it_and_a_picture_under_it_is_none() -> None:
    assert told(b"words " * 500, "a.iso") == [("file.not_looked_through", "warning")]
    assert told(b"\xff\xd8\xff\xe0 a picture", "a.img") == []


def test_bytes_that_look_like_a_boot_sector_by_chance_are_none() -> None:
    chance = random.Random(5)
    for _ in range(500):
        data = bytearray(chance.randbytes(2_000))
        data[510:512] = b"\x55\xaa"
        data[1080:1082] = b"\x53\xef"
        data[1024:1026] = b"BD"
        assert kind_of(bytes(data)) != "image"


def test_real_floppy_images_are_named(corpus_set) -> None:
    found = 0
    for path in (corpus_set("format-corpus") / "disk-images").rglob("*.img"):
        (fault,) = faults(path.read_bytes(), path.name)
        assert fault.rule == "file.not_looked_through" and "HFS" in fault.fact
        found += 1
    assert found == 2 or not CORPUS.exists()


@pytest.mark.parametrize("seed", range(2))
def test_spoilt_discs_are_told_and_never_a_defect(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(150):
        spoilt = bytearray(DISC)
        for _ in range(chance.randint(1, 12)):
            spoilt[chance.choice((chance.randrange(32_768, 60_000), chance.randrange(len(spoilt))))] = (
                chance.randrange(256)
            )
        before = time.monotonic()
        assert isinstance(faults(bytes(spoilt), "a.iso"), list)
        assert time.monotonic() - before < 10
