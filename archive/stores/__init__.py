"""Where masters are kept and never replaced, and the shelf for what can be made again."""

from archive.stores.locations import file_url, open_shelf, open_store, open_stores
from archive.stores.store import (
    Absent,
    Altered,
    Capability,
    Delivery,
    Intact,
    Shelf,
    Sink,
    Store,
    Stored,
    Verdict,
    admit,
)

__all__ = [
    "Absent",
    "Altered",
    "Capability",
    "Delivery",
    "Intact",
    "Shelf",
    "Sink",
    "Store",
    "Stored",
    "Verdict",
    "admit",
    "file_url",
    "open_shelf",
    "open_store",
    "open_stores",
]
