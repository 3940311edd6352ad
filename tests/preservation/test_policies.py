"""A storage policy decides which stores hold which records, in rows and before there are rows alike."""

from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from archive.errors import Damaged, WrongCall
from archive.holdings import Volume
from metadata_schemas import terms
from preservation import policies
from preservation.applying import Applying, apply_policy
from preservation.policies import Demand, documents, meeting
from tests.preservation.held import AGENCY, Held
from tests.preservation.test_fixity import content, flip

POLICY = """
version = 1
title = "보존기간에 따라"
stores = ["a", "b"]

[[class]]
id = "of-the-city"
agencies = ["6110000"]
retention = ["30년"]
stores = ["b", "c"]

[[class]]
id = "for-ever"
retention = ["영구", "준영구"]
stores = ["a", "b", "c"]
"""

OTHER = "1741000"


def test_the_first_class_that_fits_decides_and_the_rest_goes_where_the_policy_says() -> None:
    demand = Demand(("a", "b", "c", "d"), documents.read(POLICY))
    assert demand.stores_of("30년", AGENCY) == ("b", "c")
    assert demand.stores_of("영구", AGENCY) == ("a", "b", "c")
    assert demand.stores_of("30년", OTHER) == demand.stores_of(None, OTHER) == ("a", "b")
    assert [demand.class_of(each, AGENCY) for each in ("30년", "영구", None)] == [
        "of-the-city", "for-ever", "rest",
    ]  # fmt: skip


def test_without_a_policy_every_store_must_hold_everything() -> None:
    assert Demand(("a", "b", "c")).stores_of("영구", AGENCY) == ("a", "b", "c")


def test_a_store_that_leaves_the_installation_never_leaves_a_record_with_one_copy() -> None:
    policy = documents.read(POLICY)
    assert Demand(("a", "b", "d"), policy).stores_of("영구", AGENCY) == ("a", "b")
    assert Demand(("a", "b", "d"), policy).stores_of("30년", AGENCY) == ("a", "b", "d")


def test_rows_and_plans_are_judged_alike(held: Held) -> None:
    """Every retention period there is, none at all, and agencies in a class and out of it."""
    combinations = list(product((*terms.retention_periods(), None, "?"), (AGENCY, OTHER)))
    demand = Demand(("a", "b", "c"), documents.read(POLICY))
    site = held.place.site()
    with site.open_session.begin() as session:
        now = site.now()
        session.execute(
            insert(Volume),
            [
                {"reference": f"T-{n}", "title": "", "retention": period, "agency_code": agency,
                 "accepted_at": now}
                for n, (period, agency) in enumerate(combinations)
            ],
        )  # fmt: skip
    columns = (Volume.reference, demand.class_name, demand.number, *(demand.asks(each) for each in "abc"))
    with site.reading_session() as session:
        rows = {row[0]: row[1:] for row in session.execute(select(*columns))}
    site.engine.dispose()
    for n, (period, agency) in enumerate(combinations):
        stores = demand.stores_of(period, agency)
        expected = (demand.class_of(period, agency), len(stores), *(each in stores for each in "abc"))
        assert tuple(rows[f"T-{n}"]) == expected
    assert len({rows[f"T-{n}"][0] for n in range(len(combinations))}) == 3


HEAD = "version = 1\n"
CLASS = '[[class]]\nid = "x"\n'
IN_TWO = 'stores = ["a", "b"]\n'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("version = 0", "version is missing or does not count from 1."),
        (HEAD + 'stores = ["a"]', "stores names 2 at least"),
        (HEAD + 'stores = ["a", "a"]', "stores names 2 at least"),
        (HEAD + "store = 1", "store is no key of a policy"),
        (HEAD + CLASS + 'retention = ["영구"]', "Class x: stores names 2 at least"),
        (HEAD + CLASS + IN_TWO, "says nothing without retention or agencies"),
        (HEAD + CLASS.replace("x", "rest") + IN_TWO + 'agencies = ["1"]', "is not 'rest'"),
        (HEAD + CLASS + IN_TWO + 'retention = ["20년"]', "is no retention period"),
        (HEAD + CLASS + IN_TWO + 'retention = "영구"', "is a list of texts"),
        (HEAD + CLASS + IN_TWO + 'agencies = ["1"]\nopen = true', "open is no key"),
        (HEAD + "class = 1", "written as [[class]]"),
        ("version", "is not TOML"),
    ],
)
def test_a_rule_that_is_not_known_or_leaves_one_copy_is_refused(text: str, fault: str) -> None:
    assert documents.read(POLICY).version == 1
    with pytest.raises(WrongCall, match="policy") as refused:
        documents.read(text)
    assert fault in refused.value.message


def written(folder: Path, text: str) -> Path:
    path = folder / "policy.toml"
    path.write_text(text, "utf-8")
    return path


TWO = f'version = 1\n[[class]]\nid = "city"\nagencies = ["{AGENCY}"]\nstores = ["a", "b"]\n'
THREE = TWO.replace("version = 1", "version = 2").replace('["a", "b"]', '["a", "b", "c"]')


@pytest.fixture
def more(held: Held) -> Held:
    """Three volumes in two stores, and a third store that is empty."""
    held = held.with_store("c")
    held.ask("init")
    return held


def enter(held: Held, text: str) -> tuple[int, dict]:
    return held.ask("policy", "add", written(held.home, text))


def test_a_version_is_never_changed_nor_entered_anew_when_a_new_one_followed_it(more: Held) -> None:
    assert enter(more, TWO)[0] == 0
    assert enter(more, TWO)[0] == 0
    assert enter(more, TWO.replace('"a", "b"', '"a", "c"'))[1]["error"]["code"] == "policy.version"
    assert enter(more, THREE.replace("version = 2", "version = 3"))[1]["error"]["code"] == "policy.version"
    assert enter(more, THREE)[0] == 0
    assert enter(more, THREE)[0] == 0
    code, told = enter(more, TWO)
    assert (code, told["error"]["code"]) == (3, "policy.version")
    assert "The last storage policy is version 2, in force from 20" in told["error"]["message"]
    assert [each["version"] for each in more.ask("policy", "list")[1]["policies"]] == [1, 2]
    assert more.ask("policy", "show", "--version", "1")[1]["document"] == TWO
    assert more.acts("policy/1") == ["policy.entered"]
    assert more.ask("policy", "show", "--version", "7")[0] == 3


def test_a_store_that_the_installation_has_not_is_refused(more: Held) -> None:
    code, told = enter(more, THREE.replace("version = 2", "version = 1").replace('"c"', '"z"'))
    assert (code, told["error"]["code"]) == (3, "policy.store")
    assert more.ask("policy", "list")[1]["policies"] == []


def test_what_a_policy_does_not_ask_for_is_not_owed_not_late_and_not_damage(more: Held) -> None:
    later = more.at(hours=5)
    code, told = later.ask("copy", "check")
    assert (code, told["absent"], told["lagging"][0]["late"]) == (5, 3, 3)
    enter(more, TWO)
    code, told = later.ask("copy", "check")
    assert (code, told["intact"], told["absent"], told["lagging"]) == (0, 6, 0, [])
    assert more.ask("copy", "fill", "--store", "c")[1]["lacking"]["copies"] == 0


def test_a_new_policy_fills_what_lacks_by_itself_and_proves_that_it_is_done(more: Held) -> None:
    enter(more, TWO)
    assert more.ask("work", "--until-idle")[0] == 0
    code, told = enter(more, THREE)
    assert (code, told["volumes"], told["meeting"]) == (0, 3, 0)
    [lacking] = told["lacking"]
    assert (lacking["store"], lacking["copies"]) == ("c", 3)
    shown = more.ask("policy", "show")[1]
    assert (shown["version"], shown["meeting"], shown["applied"]) == (2, 0, None)
    code, worked = more.ask("work", "--until-idle")
    assert (code, worked["failed"], worked["waiting"]) == (0, [], [])
    shown = more.ask("policy", "show")[1]
    assert (shown["volumes"], shown["meeting"], shown["lacking"]) == (3, 3, [])
    assert shown["classes"] == [
        {"class": "city", "stores": ["a", "b", "c"], "volumes": 3, "meeting": 3},
        {"class": "rest", "stores": ["a", "b", "c"], "volumes": 0, "meeting": 0},
    ]
    assert (shown["applied"]["volumes"], shown["applied"]["meeting"]) == (3, 3)
    [filled] = shown["applied"]["filled"]
    assert (filled["store"], filled["copied"]["copies"], filled["left"]["copies"]) == ("c", 3, 0)
    assert more.acts("policy/2") == ["policy.entered", "policy.applied"]
    assert more.ask("copy", "check")[1]["intact"] == 9
    assert more.ask("ledger", "verify")[1]["holds"]


def test_what_the_log_tells_of_a_version_is_counted_by_it_also_when_another_came_meanwhile(
    more: Held,
) -> None:
    enter(more, TWO)
    site = more.place.site()
    run = Applying(site, by="t")
    assert enter(more, THREE)[1]["meeting"] == 0
    run.conclude()
    site.engine.dispose()
    applied = more.records("policy/1")[-1]
    assert (applied["act"], applied["facts"]["meeting"]) == ("policy.applied", 3)
    assert applied["facts"]["classes"][0]["stores"] == ["a", "b"]


def test_a_source_that_is_damaged_fails_no_applying_when_another_gave_the_copy(more: Held) -> None:
    reference = more.ask("volume", "list")[1]["volumes"][0]["reference"]
    flip(content(more.bag("a", reference)))
    enter(more, TWO.replace('["a", "b"]', '["a", "b", "c"]'))
    code, worked = more.ask("work", "--until-idle")
    assert (code, worked["failed"], worked["waiting"]) == (0, [], [])
    assert [more.state(store, reference) for store in "abc"] == ["altered", "verified", "verified"]


def test_a_copy_that_no_source_can_give_fails_the_applying_and_is_named(more: Held) -> None:
    reference = more.ask("volume", "list")[1]["volumes"][0]["reference"]
    for store in "ab":
        flip(content(more.bag(store, reference)))
    enter(more, TWO.replace('["a", "b"]', '["a", "b", "c"]'))
    site = more.place.site()
    with pytest.raises(Damaged, match=f"could be made: {reference} in c: absent$"):
        list(apply_policy(site))
    site.engine.dispose()


def test_what_a_new_policy_asks_for_is_owed_since_then_and_late_after_the_time_allowed(more: Held) -> None:
    enter(more, TWO)
    later = more.at(hours=5)
    assert later.ask("policy", "add", written(more.home, THREE))[0] == 0
    [lag] = later.ask("copy", "check")[1]["lagging"]
    assert (lag["store"], lag["copies"], lag["late"]) == ("c", 3, 0)
    assert lag["since"] == later.clock
    assert more.at(hours=7).ask("copy", "check")[1]["lagging"][0]["late"] == 3


def test_copies_that_are_no_longer_asked_for_stay_and_are_still_checked(more: Held) -> None:
    enter(more, TWO.replace('["a", "b"]', '["a", "b", "c"]'))
    assert more.ask("policy", "apply")[1]["meeting"] == 3
    assert enter(more, TWO.replace("version = 1", "version = 2"))[1]["meeting"] == 3
    assert more.ask("policy", "apply")[1]["fills"] == []
    code, told = more.ask("copy", "check")
    assert (code, told["intact"]) == (0, 9)


def test_applying_that_meets_a_store_that_is_away_says_so_and_goes_on_later(more: Held) -> None:
    enter(more, TWO.replace('["a", "b"]', '["a", "b", "c"]'))
    away = more.home / "stores/c"
    away.rename(more.home / "away")
    code, told = more.ask("policy", "apply")
    assert (code, told["meeting"], told["fills"][0]["left"]["copies"]) == (4, 0, 3)
    code, worked = more.ask("work", "--until-idle")
    assert code == 4
    assert "apply-policy" in [each["job"].split()[0] for each in worked["waiting"]]
    (more.home / "away").rename(away)
    assert more.ask("work", "--until-idle")[0] == 0
    assert more.ask("policy", "show")[1]["meeting"] == 3


def test_a_version_that_is_entered_while_a_store_is_away_is_told(more: Held) -> None:
    away = more.home / "stores/b"
    away.rename(more.home / "away")
    code, told = enter(more, TWO)
    (more.home / "away").rename(away)
    assert (code, told.get("version")) == (4, 1), told
    assert [each["version"] for each in more.ask("policy", "list")[1]["policies"]] == [1]


def test_a_dry_run_tells_what_would_be_copied_and_enters_nothing(more: Held) -> None:
    path = written(more.home, TWO.replace('["a", "b"]', '["b", "c"]'))
    code, told = more.ask("policy", "add", path, "--dry-run")
    assert (code, told["dry_run"], told["meeting"]) == (0, True, 0)
    assert [(each["store"], each["copies"]) for each in told["lacking"]] == [("c", 3)]
    assert more.ask("policy", "list")[1]["policies"] == []


def test_a_copy_that_is_altered_does_not_meet_a_policy(more: Held) -> None:
    enter(more, TWO)
    site = more.place.site()
    with site.open_session.begin() as session:
        demand = policies.in_force(session, site.settings)
        assert [each.meeting for each in meeting.by_class(session, demand)] == [3, 0]
    site.engine.dispose()
    reference = more.ask("volume", "list")[1]["volumes"][0]["reference"]
    (more.bag("b", reference) / "bagit.txt").write_text("something else")
    more.ask("copy", "check")
    assert more.ask("policy", "show")[1]["meeting"] == 2
