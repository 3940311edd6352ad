"""The states of a transfer: every move as a table, and what the standard calls each state.

The states are what other programs see; the statutory states (Enforcement Decree art. 44,
NAK 7 section 7.2) stand behind them and on the screens.
"""

MOVES: dict[str, tuple[frozenset[str], str]] = {
    "check": (frozenset({"receiving", "checked", "waiting"}), "checked"),
    "wait": (frozenset({"checked", "accepted", "waiting"}), "waiting"),
    "accept": (frozenset({"checked", "waiting", "accepted", "partly_returned"}), "accepted"),
    "store": (frozenset({"accepted", "checked", "waiting", "partly_returned", "stored"}), "stored"),
    "return": (frozenset({"checked", "waiting", "returned"}), "returned"),
    "return in part": (frozenset({"checked", "waiting", "accepted", "partly_returned"}), "partly_returned"),
    "complete": (frozenset({"stored", "partly_returned"}), "closed"),
}
"""Every move: the states it may start from, and the one it ends in."""

STATUTORY = {
    "receiving": "LIST_RECEIVED",
    "checked": "LIST_CHECKED",
    "waiting": "QUALITY_CHECKED",
    "accepted": "ACCEPTED",
    "partly_returned": "RETURNED_PARTIAL",
    "returned": "LIST_RETURNED",
    "stored": "STORED_VERIFIED",
    "closed": "CLOSED",
}

UNFINISHED = ("receiving", "checked")
"""States of a transfer whose run did not come to its end."""

CLOSING = (STATUTORY["stored"], "COMPLETION_NOTIFIED", STATUTORY["closed"])
"""What the completion notice does in the law's words, in one transaction."""

TAKEN = ("accepted", "stored")
"""States of a volume that is in custody."""
