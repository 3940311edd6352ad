"""Folders that come through a browser: held outside the stores until they are received as transfers."""

from ingest.uploads.rows import Upload

__all__ = ["Upload"]
