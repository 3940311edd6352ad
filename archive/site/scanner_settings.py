"""The settings of the virus scanner and of quarantine; `archive.site.settings` reads them with the others."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import urlsplit

MB = 1 << 20


@dataclass(frozen=True)
class ScannerSettings:
    """``address``: empty where there is no scanner; ``whole``: bytes of a file that go to it in one piece."""

    address: str
    whole: int
    signature_days: int
    unscannable: Literal["hold", "accept"]
    quarantine_days: int

    @property
    def is_set(self) -> bool:
        return bool(self.address)

    @property
    def looks_through(self) -> int | None:
        """``whole``, or None where there is no scanner."""
        return self.whole if self.is_set else None


def read(values: Mapping[str, str], faults: list[str]) -> ScannerSettings:
    address, unscannable = values["SEOGO_SCANNER"], values["SEOGO_SCANNER_UNSCANNABLE"]
    if address and not _is_address(address):
        faults.append("SEOGO_SCANNER is empty, clamd:/path/of/its/socket, or clamd://host:port.")
    if unscannable not in ("hold", "accept"):
        faults.append("SEOGO_SCANNER_UNSCANNABLE is hold or accept.")
    days = _count("SEOGO_QUARANTINE_DAYS", values, 0, 366, faults)
    if days and not address:
        faults.append("SEOGO_QUARANTINE_DAYS needs a scanner: set SEOGO_SCANNER, or 0 days.")
    return ScannerSettings(
        address=address,
        whole=_count("SEOGO_SCANNER_WHOLE", values, 1, 2000, faults) * MB,
        signature_days=_count("SEOGO_SCANNER_SIGNATURE_DAYS", values, 1, 3660, faults),
        unscannable=cast(Literal["hold", "accept"], unscannable),
        quarantine_days=days,
    )


def _is_address(text: str) -> bool:
    if re.fullmatch(r"clamd:/[^/?#][^?#]*", text):
        return True
    try:
        place = urlsplit(text)
        return place.scheme == "clamd" and bool(place.hostname) and place.port is not None and not place.path
    except ValueError:
        return False


def _count(name: str, values: Mapping[str, str], least: int, most: int, faults: list[str]) -> int:
    text = values[name]
    if text.isascii() and text.isdecimal() and least <= int(text) <= most:
        return int(text)
    faults.append(f"{name}={text} is not a number from {least} to {most}.")
    return least
