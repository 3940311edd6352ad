"""Information packages as transfers: what others packed by E-ARK or NEO3 is read as a list would be."""

from ingest.looking.information_packages.recognising import Sent, find, packed, read

__all__ = ["Sent", "find", "packed", "read"]
