"""Administrative files against what was promised of them; no volume reads them, so they are read here."""

import hashlib
from collections.abc import Callable, Iterator, Mapping

from archive.errors import Unavailable
from ingest.looking.landing import shown
from metadata_schemas.description import Finding, Where


def altered(files: Mapping[str, str], promised: Callable[[str], Mapping[str, str]]) -> Iterator[Finding]:
    """Files that describe records and are not what a manifest says.  ``files``: name to full path."""
    for name, path in files.items():
        for algorithm, expected in promised(name).items():
            found = _digest(path, algorithm)
            if found != expected.lower():
                sentence = (
                    f"The {algorithm} of {shown(name)} is not the one that was promised; send the file again."
                )
                yield Finding("list.digest", "error", Where(path=shown(name)), found, expected, sentence)


def _digest(path: str, algorithm: str) -> str:
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, algorithm).hexdigest()
    except OSError as error:
        raise Unavailable(
            f"{shown(path)} could not be read to the end: {error.strerror}.", code="transfer.file",
            next="Mend its rights or its medium, then run the same command again.",
        ) from error  # fmt: skip
