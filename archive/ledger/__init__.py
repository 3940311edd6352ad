"""The append-only log of every act, its journal, its seals and its proofs."""

from archive.ledger.entries import (
    COMMAND_LINE,
    Act,
    JournalRecord,
    LedgerEntry,
    LedgerNode,
    Seal,
    record,
    record_all,
)
from archive.ledger.heads import AnotherLog, compare
from archive.ledger.proofs import Proof, prove
from archive.ledger.restoring import read_journal, restore
from archive.ledger.sealing import BroughtUp, seal
from archive.ledger.signing import Signer, Verifier, make_key_files, open_signer, open_verifier
from archive.ledger.verification import Verification, verify

__all__ = [
    "COMMAND_LINE",
    "Act",
    "AnotherLog",
    "BroughtUp",
    "JournalRecord",
    "LedgerEntry",
    "LedgerNode",
    "Proof",
    "Seal",
    "Signer",
    "Verification",
    "Verifier",
    "compare",
    "make_key_files",
    "open_signer",
    "open_verifier",
    "prove",
    "read_journal",
    "record",
    "record_all",
    "restore",
    "seal",
    "verify",
]
