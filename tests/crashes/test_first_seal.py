"""A kill before the first seal leaves a log that is not sealed yet, and no damage."""

from tests.crashes.conftest import Disturbed, ended, kill


def test_killed_before_the_first_seal_the_log_is_not_sealed_yet(disturbed: Disturbed) -> None:
    def taken(here: Disturbed) -> bool:
        return bool(here.rows("volumes")) and not here.rows("seals")

    kill(disturbed.stopped_at(taken, "--until", "stored"))
    assert any(disturbed.home.glob("stores/a/packages/*/v1")) and not disturbed.rows("seals")
    told = disturbed.place.run("ledger", "verify")
    assert (told.exit_code, told.told["holds"], told.told["failures"]) == (4, None, [])
    assert told.told["waiting"] == disturbed.rows("ledger_entries") > 0
    code, _, errors = ended(disturbed.receive("--until", "stored"))
    assert (code, "made anew" in errors) == (0, False)
    again = disturbed.place.run("ledger", "verify")
    assert (again.exit_code, again.told["holds"], again.told["waiting"]) == (0, True, 0)
