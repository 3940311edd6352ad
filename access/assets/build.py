"""Rebuilds `access/static` from npm packages and the message catalogues: `python -m access.assets.build`.

The fonts are cut from Pretendard GOV and renamed, because its name is reserved by its licence.
The same sources always give the same bytes; `vendor.lock.json` names them with their digests.
"""

import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from access.assets import catalogues
from access.assets.fonts import FAMILY, Cut, cut, faces

STATIC = Path(__file__).parent.parent / "static"
WEIGHTS = {400: "Regular", 700: "Bold"}
CORE_SYLLABLES = 1000


@dataclass(frozen=True)
class Source:
    package: str
    version: str
    licence: str


OPENSEADRAGON = Source("openseadragon", "6.1.1", "BSD-3-Clause")
TUS = Source("tus-js-client", "4.3.1", "MIT")
SHA256 = Source("js-sha256", "1.0.0", "MIT")
PRETENDARD = Source("pretendard-gov", "1.3.9", "OFL-1.1")


def main() -> int:
    catalogues.compile_all()
    with tempfile.TemporaryDirectory() as scratch:
        lock = [*viewer_library(Path(scratch)), *upload_libraries(Path(scratch)), *fonts(Path(scratch))]
    text = json.dumps(lock, ensure_ascii=False, indent=2, sort_keys=True)
    (STATIC / "vendor.lock.json").write_text(text + "\n", encoding="utf-8")
    for entry in lock:
        print(f"{entry['file']}  {entry['bytes']:>7}  {entry['sha256']}")
    return 0


def viewer_library(scratch: Path) -> Iterator[dict[str, object]]:
    members = fetch(OPENSEADRAGON, scratch)
    script = members["build/openseadragon/openseadragon.min.js"]
    yield put(
        "openseadragon.min.js", without_map(script), OPENSEADRAGON, "build/openseadragon/openseadragon.min.js"
    )
    yield put("openseadragon.LICENSE.txt", members["LICENSE.txt"], OPENSEADRAGON, "LICENSE.txt")


def upload_libraries(scratch: Path) -> Iterator[dict[str, object]]:
    for source, script, licence in (
        (TUS, "dist/tus.min.js", "LICENSE"),
        (SHA256, "build/sha256.min.js", "LICENSE.txt"),
    ):
        members = fetch(source, scratch)
        file = script.rpartition("/")[2]
        yield put(file, without_map(members[script]), source, script)
        yield put(file.replace(".min.js", ".LICENSE.txt"), members[licence], source, licence)


def without_map(script: bytes) -> bytes:
    """The source map is not shipped, so the line that asks for it would be a 404 in every console."""
    return re.sub(rb"\n?//# sourceMappingURL=\S+\s*$", b"\n", script)


def fonts(scratch: Path) -> Iterator[dict[str, object]]:
    members = fetch(PRETENDARD, scratch)
    core, rest = catalogues.alphabets(common_syllables(members))
    cuts: list[Cut] = []
    for weight, style in WEIGHTS.items():
        path = f"dist/public/static/PretendardGOV-{style}.otf"
        for name, letters in (("core", core), ("ks", rest)):
            made = cut(members[path], weight=weight, style=style, name=name, letters=letters)
            cuts.append(made)
            yield put(made.file, made.data, PRETENDARD, path)
    sheet = faces(cuts, {c.file: hashed(c.file, c.data) for c in cuts})
    yield put("fonts.css", sheet.encode(), PRETENDARD, "made by access/assets/fonts.py")
    yield put("OFL.txt", members["dist/LICENSE.txt"], PRETENDARD, "dist/LICENSE.txt")


def common_syllables(members: dict[str, bytes]) -> list[int]:
    """The commonest syllables, as the author's own dynamic subset orders them: last slice first."""
    sheet = members["dist/web/static/pretendard-gov-dynamic-subset.css"].decode()
    ranges = re.findall(r"unicode-range:\s*([^;}]+)", sheet)
    slices = list(dict.fromkeys(ranges))
    found: list[int] = []
    for text in reversed(slices):
        found += [point for point in points(text) if 0xAC00 <= point <= 0xD7A3]
    return list(dict.fromkeys(found))[:CORE_SYLLABLES]


def points(ranges: str) -> Iterator[int]:
    for part in ranges.split(","):
        first, _, last = part.strip().removeprefix("U+").partition("-")
        yield from range(int(first, 16), int(last or first, 16) + 1)


def fetch(source: Source, scratch: Path) -> dict[str, bytes]:
    """The wanted members of one npm package; npm checks the registry's digest."""
    wanted = f"{source.package}@{source.version}"
    said = subprocess.run(
        ["npm", "pack", wanted, "--silent", "--pack-destination", str(scratch)],
        check=True, capture_output=True, text=True, cwd=scratch,
    )  # fmt: skip
    archive = scratch / said.stdout.split()[-1]
    kept = re.compile(r"LICENSE|public/static/.*(Regular|Bold)\.otf$|min\.js$|static/.*dynamic-subset\.css$")
    with tarfile.open(archive) as tar:
        files = [member for member in tar if member.isfile() and kept.search(member.name)]
        return {member.name.partition("/")[2]: opened(tar, member) for member in files}


def opened(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    return (tar.extractfile(member) or io.BytesIO()).read()


def put(file: str, data: bytes, source: Source, origin: str) -> dict[str, object]:
    (STATIC / file).write_bytes(data)
    return {
        "file": file,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "package": source.package,
        "version": source.version,
        "licence": source.licence,
        "source": origin,
        "name": FAMILY if file.endswith(".woff2") else file,
    }


def hashed(file: str, data: bytes) -> str:
    """The address of a static file: its name with the first ten signs of its digest."""
    stem, _, ending = file.rpartition(".")
    return f"{stem}.{hashlib.sha256(data).hexdigest()[:10]}.{ending}"


if __name__ == "__main__":
    sys.exit(main())
