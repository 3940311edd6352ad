"""Which stores must hold a volume: the policy in force, read with the stores that the installation has.

Python asks before a volume has a row, SQL asks of rows; both from the same classes, and one test
holds them to the same answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, false, literal, or_, true

from archive.holdings import Volume
from preservation.policies.documents import LEAST, REST, Policy, RecordClass


@dataclass(frozen=True)
class Demand:
    """``every``: the stores of the installation.  Without a policy all of them must hold everything.

    Where fewer than two stores of a class are left that can be read at any time, all stores must hold
    its records: a store that is taken away or turns cold never leaves a record with one copy.
    ``since`` is when the policy was entered.
    """

    every: tuple[str, ...]
    policy: Policy | None = None
    cold: frozenset[str] = frozenset()
    since: datetime | None = None

    def class_of(self, retention: str | None, agency: str) -> str:
        return next((each.id for each in self._classes if each.takes(retention, agency)), REST)

    def stores_of(self, retention: str | None, agency: str) -> tuple[str, ...]:
        return self.stores_by_class[self.class_of(retention, agency)]

    @property
    def stores_by_class(self) -> Mapping[str, tuple[str, ...]]:
        rest = self.policy.stores if self.policy else ()
        return {**{each.id: self._there(each.stores) for each in self._classes}, REST: self._there(rest)}

    def asks(self, store: str) -> ColumnElement[bool]:
        """Of a volume: whether this store must hold it."""
        wanted = {name: store in stores for name, stores in self.stores_by_class.items()}
        if len(set(wanted.values())) == 1:
            return true() if wanted[REST] else false()
        return self._by_class(lambda name: int(wanted[name])) == 1

    def asks_any(self, store: SQLColumnExpression[str]) -> ColumnElement[bool]:
        """The same where the store is a column."""
        return or_(false(), *(and_(store == name, self.asks(name)) for name in self.every))

    @property
    def number(self) -> ColumnElement[int]:
        """Of a volume: how many stores must hold it."""
        return self._by_class(lambda name: len(self.stores_by_class[name]))

    @property
    def class_name(self) -> ColumnElement[str]:
        """Of a volume: the class that it is in."""
        return self._by_class(lambda name: name)

    @property
    def _classes(self) -> tuple[RecordClass, ...]:
        return self.policy.classes if self.policy else ()

    def _there(self, stores: tuple[str, ...]) -> tuple[str, ...]:
        there = tuple(each for each in self.every if each in stores)
        return there if len(set(there) - self.cold) >= LEAST else self.every

    def _by_class(self, value: Callable[[str], Any]) -> ColumnElement[Any]:
        rest = literal(value(REST))
        branches = [(_is_in(each), literal(value(each.id))) for each in self._classes]
        return case(*branches, else_=rest) if branches else rest


def _is_in(each: RecordClass) -> ColumnElement[bool]:
    """The first class that fits decides: `case` asks them in their order."""
    retention = Volume.retention.in_(each.retention) if each.retention else true()
    return and_(retention, Volume.agency_code.in_(each.agencies) if each.agencies else true())
