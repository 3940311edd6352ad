"""How packed volumes become holdings: in one transaction, or in several that show nothing before the last."""

from itertools import groupby
from operator import itemgetter

import pytest
from sqlalchemy import func, select

from archive import registration
from archive.holdings import ContentFile, Item, Volume
from archive.ledger import JournalRecord
from archive.registration import ENTERING
from ingest.taking import entering
from tests.conftest import Installation
from tests.ingest.conftest import Call, Killed


def counts(place: Installation) -> dict[str, object]:
    site = place.site()
    with site.reading_session() as session:
        return {
            "files": session.scalar(select(func.count()).select_from(ContentFile)),
            "items": session.scalar(select(func.count()).select_from(Item)),
            "states": session.scalars(select(Volume.state).order_by(Volume.id)).all(),
            "positions": session.execute(
                select(Item.reference, ContentFile.position, ContentFile.path)
                .join(Item).order_by(Item.reference, ContentFile.position)
            ).all(),
            "acts": session.scalar(select(func.count()).select_from(JournalRecord)),
        }  # fmt: skip


def test_a_large_volume_is_entered_in_steps_and_ends_like_any_other(
    receive: Call, place: Installation, sample, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(entering, "LARGE", 1)
    assert receive(sample).told["state"] == "stored"
    found = counts(place)
    assert found["states"] == ["stored"] * 3
    for _, files in groupby(found["positions"], key=itemgetter(0)):
        positions = [position for _, position, _ in files]
        assert positions == list(range(1, len(positions) + 1))
    assert max(position for _, position, _ in found["positions"]) > 1
    assert found["files"] == len(found["positions"]) > 3


@pytest.mark.parametrize("step", ["enter_items", "enter_files"])
def test_a_run_killed_between_the_steps_shows_nothing_and_the_next_one_enters_all_of_it_once(
    receive: Call, place: Installation, sample, monkeypatch: pytest.MonkeyPatch, step: str
):
    done = []

    def enter_once(*given, **more):
        if done:
            raise Killed
        done.append(given)
        getattr(registration, step)(*given, **more)

    with monkeypatch.context() as patched:
        patched.setattr(entering, "LARGE", 1)
        patched.setattr(entering, step, enter_once)
        with pytest.raises(Killed):
            receive(sample)
    half = counts(place)
    assert half["states"] == [ENTERING] and half["items"]
    assert receive(sample).told["state"] == "stored"
    whole = counts(place)
    assert whole["states"] == ["stored"] * 3
    assert len({path for _, _, path in whole["positions"]}) == whole["files"] == len(whole["positions"])
