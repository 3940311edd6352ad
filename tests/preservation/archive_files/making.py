"""Archive files made for a test, with whatever names and bytes it wants."""

import ctypes
import ctypes.util
import io
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def encrypted() -> bytes:
    """A zip file that says so of its only member; the same bytes each time."""
    data = bytearray(zipped({"letter.txt": b"Dear archive"}))
    for mark, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[(at := data.index(mark) + flags)] |= 1
        data[at + 4 : at + 8] = b"\0\0\x21\0"  # the first day that a zip file knows
    return bytes(data)


def with_raw_names(names: Mapping[str, bytes]) -> bytes:
    """A ZIP whose member names are these bytes, without the flag of UTF-8; keys are as long as they."""
    data = zipped(dict.fromkeys(names, b"x"))
    for name, raw in names.items():
        assert len(name) == len(raw)
        data = data.replace(name.encode(), raw)
    return data


def tarred(*members: tarfile.TarInfo, data: bytes = b"") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member in members:
            member.size = len(data) if member.isreg() else 0
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def named(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def ar(members: Mapping[str, bytes]) -> bytes:
    head = "{name:<16}{zero:<12}{zero:<6}{zero:<6}{mode:<8}{size:<10}`\n"
    packed = b"!<arch>\n"
    for name, data in members.items():
        packed += head.format(name=f"{name}/", zero=0, mode=644, size=len(data)).encode()
        packed += data + b"\n" * (len(data) % 2)
    return packed


def iso(members: Mapping[str, bytes]) -> bytes:
    """A disc with Joliet names."""
    return by_library("iso9660", members)


def by_library(form: str, members: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    """Written by libarchive; ``links`` are names and where they point."""
    library = ctypes.CDLL(ctypes.util.find_library("archive"))
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    library.archive_write_new.restype = library.archive_entry_new.restype = pointer
    library.archive_entry_set_size.argtypes = [pointer, ctypes.c_int64]
    library.archive_write_data.argtypes = [pointer, ctypes.c_char_p, size]
    links = links or {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made"
        archive, entry = pointer(library.archive_write_new()), pointer(library.archive_entry_new())
        assert getattr(library, f"archive_write_set_format_{form}")(archive) == 0
        assert library.archive_write_open_filename(archive, str(path).encode()) == 0
        for name, data in {**members, **dict.fromkeys(links, b"")}.items():
            library.archive_entry_clear(entry)
            library.archive_entry_set_pathname_utf8(entry, name.encode())
            library.archive_entry_set_size(entry, len(data))
            library.archive_entry_set_filetype(entry, 0o120000 if name in links else 0o100000)
            library.archive_entry_copy_symlink(entry, links[name].encode() if name in links else None)
            library.archive_entry_set_perm(entry, 0o644)
            assert library.archive_write_header(archive, entry) == 0
            assert library.archive_write_data(archive, data, len(data)) == len(data)
        assert library.archive_write_close(archive) == 0
        library.archive_entry_free(entry)
        library.archive_write_free(archive)
        return path.read_bytes()
