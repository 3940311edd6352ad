"""The largest size that a zip file tells for one of its members, seen while its bytes go past.

ClamAV looks into the first part of a member over its limit and says nothing of the rest, so these
are found here, in the directory at the end of the file.  One in a zip file in or behind something
else is found where archives are looked through.  What is not detected: a member that lies about its size.
"""

import struct

_ENTRY = b"PK\1\2"
_UP_TO_SIZE = 28
"""From the mark of a directory entry to the end of its uncompressed size."""


class LargestMember:
    """Fed with a whole file in order; of one that is no zip, ``size`` stays 0."""

    def __init__(self) -> None:
        self.size = 0
        self._is_zip: bool | None = None
        self._tail = b""

    def take(self, data: memoryview) -> None:
        if self._is_zip is None and data:
            self._is_zip = bytes(data[:2]) == b"PK"
        if not self._is_zip:
            return
        seen = self._tail + bytes(data)
        at = seen.find(_ENTRY)
        while at >= 0 and at + _UP_TO_SIZE <= len(seen):
            (told,) = struct.unpack_from("<I", seen, at + 24)
            self.size = max(self.size, told)
            at = seen.find(_ENTRY, at + 4)
        self._tail = seen[at:] if at >= 0 else seen[-(len(_ENTRY) - 1) :]
