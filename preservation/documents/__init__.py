"""The text of office documents and text files, in pages without pictures."""

from preservation.contents import DocumentText
from preservation.documents.readers import can_read, text

__all__ = ["DocumentText", "can_read", "text"]
