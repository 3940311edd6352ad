"""What the auditor's page counts: every bag in every store, in as many questions as there are numbers."""

import shutil

import pytest
from sqlalchemy import event

from archive.site.site import Site
from preservation import evidence, policies
from preservation.evidence import Copies
from tests.preservation.held import Held


@pytest.fixture
def reference(held: Held) -> str:
    return str(held.ask("volume", "list")[1]["volumes"][1]["reference"])


def seen(held: Held, sent: list[str] | None = None) -> Copies:
    site: Site = held.place.site()
    if sent is not None:
        event.listen(site.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    with site.reading_session() as session:
        found = evidence.copies(session, policies.in_force(session, site.settings))
    site.engine.dispose()
    return found


def test_every_copy_stands_once_under_its_last_verdict(held: Held, reference: str) -> None:
    held.ask("copy", "check")
    shutil.rmtree(held.bag("a", reference))
    (held.home / "stores/b").rename(held.home / "elsewhere")
    held.ask("copy", "check")
    (held.home / "elsewhere").rename(held.home / "stores/b")
    found = seen(held)
    assert {line.name: line.counts for line in found.stores} == {
        "a": {"intact": 2, "altered": 0, "absent": 1, "not_looked_at": 0},
        "b": {"intact": 0, "altered": 0, "absent": 0, "not_looked_at": 3},
    }
    first, *others = found.exceptions
    assert (first.volume, first.store, first.path, first.verdict) == (reference, "a", None, "absent")
    assert first.since is not None
    assert [(each.store, each.verdict) for each in others] == [("b", "not_looked_at")] * 3
    assert all(line.oldest is not None and line.oldest.tzinfo for line in found.stores)


def test_a_store_added_later_lacks_every_copy(held: Held) -> None:
    found = seen(held.with_store("c"))
    assert [(line.name, line.counts["intact"], line.counts["absent"]) for line in found.stores] == [
        ("a", 3, 0), ("b", 3, 0), ("c", 0, 3),
    ]  # fmt: skip
    assert {(each.store, each.verdict, each.path, each.since) for each in found.exceptions} == {
        ("c", "absent", None, None)
    }


def test_counts_are_made_in_the_database_and_exceptions_have_an_end(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(evidence, "MOST_EXCEPTIONS", 2)
    found = seen(held.with_store("c"), sent)
    assert (found.total, found.counts["absent"], len(found.exceptions)) == (9, 3, 2)
    asked = [statement for statement in sent if "FROM bags" in statement]
    assert [("count(*)" in each, "LIMIT" in each) for each in asked] == [(True, False), (False, True)]


def test_every_copy_is_counted_in_its_state_also_where_none_was_begun(held: Held, reference: str) -> None:
    shutil.rmtree(held.bag("a", reference))
    more = held.with_store("c")
    more.ask("copy", "check")
    site = more.place.site()
    with site.reading_session() as session:
        demand = policies.in_force(session, site.settings)
        lines = {line.name: line.counts for line in evidence.states(session, demand)}
        copies = evidence.copies_of(session, demand, reference)
    site.engine.dispose()
    nothing = dict.fromkeys(evidence.STATES, 0)
    assert lines == {
        "a": nothing | {"verified": 2, "absent": 1},
        "b": nothing | {"verified": 3},
        "c": nothing | {"none": 3},
    }
    assert [(each.store, each.state) for each in copies] == [
        ("a", "absent"),
        ("b", "verified"),
        ("c", "none"),
    ]
    assert [each.verified_at is None for each in copies] == [False, False, True]
