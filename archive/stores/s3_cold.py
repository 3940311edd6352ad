"""What an S3 server says of objects in cold storage, which it has to be asked for before it gives them."""

from collections.abc import Mapping
from typing import Any

from archive.errors import Unavailable

CODE = "InvalidObjectState"
"""How a server refuses to give what lies in cold storage."""

_CLASSES = frozenset({"GLACIER", "DEEP_ARCHIVE"})


def is_at_hand(answer: Mapping[str, Any]) -> bool:
    """False for a class that must be restored, until the server says that this is done."""
    is_cold = answer.get("StorageClass") in _CLASSES or "ArchiveStatus" in answer
    return not is_cold or 'ongoing-request="false"' in answer.get("Restore", "")


def wanted(days: int, tier: str) -> Any:
    """What is asked of the server."""
    return {"Days": days, "GlacierJobParameters": {"Tier": tier}}


def away(key: str, told: str, store: str) -> Unavailable:
    return Unavailable(
        f"{key} lies in cold storage in {told}.", code="store.cold", store=store,
        next="Ask for it first, with: seogo copy retrieve",
    )  # fmt: skip
