"""What format a file is in, told by its bytes.

Siegfried (pygfried) with the PRONOM signatures gives the PUID.  It starts threads when it is
imported and holds one lock for the whole call, so only the reader process of
`preservation.reading` imports this module.  A name never decides how a file is read; it only
helps PRONOM to choose between formats that share their bytes.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pygfried

from archive import errors
from preservation.contents import Identified
from preservation.media_types import HWPX, TEXT, UNKNOWN_TYPE, media_type


class Identifier:
    """One scanner for the life of a child process: making it costs 60 ms, a file about 1 ms."""

    def __init__(self) -> None:
        self._scanner = pygfried.Scanner()

    def identify(self, path: Path, name: str) -> Identified:
        """Name the format of ``path``, which its sender called ``name``.

        Raises Unavailable when the tool could not look: that is never "unknown".
        """
        content_type, remark = media_type(path)
        if path.stat().st_size == 0:
            return Identified(None, None, None, UNKNOWN_TYPE, "the file holds no bytes", "The file is empty.")
        found = told_by_pronom(self._looked_at(path, name))
        if content_type == HWPX:
            return Identified(None, "HWPX", None, HWPX, "ZIP contents", remark)
        if (
            content_type in (UNKNOWN_TYPE, TEXT)
            and found.mimetype != UNKNOWN_TYPE
            and rests_on_bytes(found.basis)
        ):
            return found
        return replace(found, mimetype=content_type)

    def _looked_at(self, path: Path, name: str) -> Mapping[str, Any]:
        if path.suffix.lower() == Path(name).suffix.lower():
            return self._scanned(path)
        with tempfile.TemporaryDirectory(prefix="format-") as folder:
            link = Path(folder) / ("file" + safe_suffix(name))
            link.symlink_to(path.resolve())
            return self._scanned(link)

    def _scanned(self, path: Path) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = self._scanner.identify(str(path), detailed=True)["files"][0]
        except (pygfried.GoError, KeyError, IndexError) as gone_wrong:
            raise not_looked_at(str(gone_wrong)) from gone_wrong
        # With matches, an error only says that a damaged container could not be looked into.
        if answer["errors"] and not answer["matches"]:
            raise not_looked_at(answer["errors"])
        return answer


def not_looked_at(why: str) -> errors.Unavailable:
    return errors.Unavailable(
        f"The format could not be looked at: {why}.",
        code="format.not_looked_at",
        next="Run the job again; if it keeps failing, test the file with Siegfried by hand.",
    )


def safe_suffix(name: str) -> str:
    suffix = Path(name).suffix.lower()
    return suffix if suffix.isascii() and suffix[1:].isalnum() and len(suffix) <= 16 else ""


def told_by_pronom(answer: Mapping[str, Any]) -> Identified:
    matches = [match for match in answer["matches"] if match["id"] != "UNKNOWN"]
    if not matches:
        basis = "no PRONOM signature matches"
        return Identified(None, None, None, UNKNOWN_TYPE, basis, "The format is not known to PRONOM.")
    first = matches[0]
    return Identified(
        puid=first["id"],
        name=first["format"] or None,
        version=first["version"] or None,
        mimetype=first["mime"].split(",")[0].strip() or UNKNOWN_TYPE,
        basis=first["basis"],
        warning=warning_of(matches, answer["errors"]),
    )


def warning_of(matches: list[Mapping[str, Any]], trouble: str) -> str | None:
    if trouble:
        return f"The format is known, but its parts could not be looked at: {trouble}."
    if len(matches) > 1:
        return "Several formats match: " + ", ".join(match["id"] for match in matches) + "."
    said = matches[0]["warning"]
    return f"PRONOM match with a remark: {said}." if said else None


def rests_on_bytes(basis: str) -> bool:
    return any(word in basis for word in ("byte match", "container", "text match", "xml match", "riff match"))
