"""Looking for malware: the scanner's protocol, what it is tried for, and the examination of one file."""

from preservation.scanning.clamd import Clamd, Scanned, clamd_at
from preservation.scanning.malware import AGREED, MalwareExaminer, Released, WholeScan
from preservation.scanning.trying import Scanner, find_largest, open_scanner

__all__ = [
    "AGREED",
    "Clamd",
    "MalwareExaminer",
    "Released",
    "Scanned",
    "Scanner",
    "WholeScan",
    "clamd_at",
    "find_largest",
    "open_scanner",
]
