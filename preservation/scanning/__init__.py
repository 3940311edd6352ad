"""Looking for malware: the scanner's protocol, what it is tried for, and the examination of one file."""

from preservation.scanning.clamd import Clamd, Scanned, clamd_at
from preservation.scanning.malware import (
    AGREED,
    HELD_BY,
    MalwareExaminer,
    Released,
    WholeScan,
    let_pass,
    told_released,
)
from preservation.scanning.trying import Scanner, find_largest, open_scanner

__all__ = [
    "AGREED",
    "HELD_BY",
    "Clamd",
    "MalwareExaminer",
    "Released",
    "Scanned",
    "Scanner",
    "WholeScan",
    "clamd_at",
    "find_largest",
    "let_pass",
    "open_scanner",
    "told_released",
]
