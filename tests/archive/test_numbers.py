"""Numbers that are given once: references and the numbers of transfers."""

import threading

from archive import holdings
from archive.site.site import Site
from tests.conftest import Installation


def given(site: Site, series: str, count: int) -> list[str]:
    with site.open_session.begin() as session:
        return holdings.next_references(session, series, count)


def test_references_of_a_series_follow_each_other(place: Installation) -> None:
    site = place.site()
    assert given(site, "SG-2026", 2) == ["SG-2026-000001", "SG-2026-000002"]
    assert given(site, "SG-2026", 1) == ["SG-2026-000003"]
    assert given(site, "SG-2027", 1) == ["SG-2027-000001"]
    site.engine.dispose()


def test_two_that_use_a_series_for_the_first_time_share_no_number(place: Installation) -> None:
    site = place.site()
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.extend(given(site, "SG-2026", 5))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [f"SG-2026-{number:06d}" for number in range(1, 41)]
    site.engine.dispose()


def test_a_number_given_in_a_transaction_that_failed_was_never_given(
    place: Installation,
) -> None:
    site = place.site()
    with site.open_session() as session:
        assert holdings.next_references(session, "SG-2026", 3)[-1] == "SG-2026-000003"
        session.rollback()
    assert given(site, "SG-2026", 1) == ["SG-2026-000001"], "what is rolled back never happened"
    site.engine.dispose()


def test_an_agency_is_entered_once_however_many_enter_it(place: Installation) -> None:
    site = place.site()
    found: list[int] = []

    def enter() -> None:
        with site.open_session.begin() as session:
            found.append(holdings.ensure_agency(session, "6110000").id)

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len(set(found)) == 1
    site.engine.dispose()
