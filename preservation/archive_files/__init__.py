"""Archive files inside transfers (zip, tar, 7z and others): looked through inside limits, never unpacked."""

from preservation.archive_files.faults import Fault
from preservation.archive_files.judging import judge
from preservation.archive_files.kinds import HEAD, claimed, kind_of
from preservation.archive_files.limits import Limits

__all__ = ["HEAD", "Fault", "Limits", "claimed", "judge", "kind_of"]
