"""Other people's files are read in a process of their own, so that a crash costs one page."""

from preservation.reading.reader import Limits, Reader, ReaderDied

__all__ = ["Limits", "Reader", "ReaderDied"]
