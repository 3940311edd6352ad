"""Receipts (접수증): what an agency holds in its hand, and can verify without the archive."""

from ingest.receipts.issuing import Receipt, get, issue, of_transfer
from ingest.receipts.writing import write

__all__ = ["Receipt", "get", "issue", "of_transfer", "write"]
