"""Archive files and mail inside transfers: looked through inside limits, never unpacked.

What looks through them is `judging`, which only the reader process loads.
"""

from preservation.archive_files.faults import NOT_SCANNED_WHOLE, Fault
from preservation.archive_files.kinds import HEAD, claimed, kind_of
from preservation.archive_files.limits import Limits

__all__ = ["HEAD", "NOT_SCANNED_WHOLE", "Fault", "Limits", "claimed", "kind_of"]
