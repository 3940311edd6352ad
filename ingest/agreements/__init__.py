"""Submission agreements (이관 협약): what an agency may send, as versioned data that each refusal cites."""

from ingest.agreements.documents import Agreement, Clause
from ingest.agreements.judging import judge
from ingest.agreements.versions import AgreementRow, enter, find, get, get_version, in_force

__all__ = ["Agreement", "AgreementRow", "Clause", "enter", "find", "get", "get_version", "in_force", "judge"]
