"""Storage policies (보존 저장 정책): which stores must hold which records, as versioned data."""

from preservation.policies.demands import Demand
from preservation.policies.documents import Policy, RecordClass
from preservation.policies.versions import PolicyRow, enter, find, get, in_force

__all__ = ["Demand", "Policy", "PolicyRow", "RecordClass", "enter", "find", "get", "in_force"]
