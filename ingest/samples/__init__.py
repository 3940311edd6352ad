"""Sample transfers of an invented Korean city archive, the same bytes for the same seed."""

from ingest.samples.commands import sample
from ingest.samples.faults import Fault
from ingest.samples.making import Made, make

__all__ = ["Fault", "Made", "make", "sample"]
