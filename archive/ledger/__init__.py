"""The append-only log of every act, its journal, its seals and its proofs."""

from archive.ledger.entries import JournalRecord, LedgerEntry, Seal, record

__all__ = ["JournalRecord", "LedgerEntry", "Seal", "record"]
