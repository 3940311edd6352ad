"""The text of office documents and text files, in pages without pictures."""

from preservation.documents.readers import can_read, text
from preservation.documents.text import DocumentText

__all__ = ["DocumentText", "can_read", "text"]
