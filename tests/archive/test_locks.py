"""A lock of all machines: who only looks whether it is free is in nobody's way."""

from contextlib import ExitStack

import pytest

from archive.database import one_machine_only, open_engine


@pytest.mark.servers
def test_who_only_looks_whether_another_machine_is_at_work_is_in_nobody_s_way(
    new_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, looking = open_engine(new_database), ExitStack()
    with ExitStack() as holding:
        assert holding.enter_context(one_machine_only(engine, "one"))
        with one_machine_only(engine, "one") as is_ours:
            assert not is_ours, "it is held for longer than a look takes"
    looking.enter_context(one_machine_only(engine, "one"))
    monkeypatch.setattr("archive.locks.time.sleep", lambda seconds: seconds and looking.close())
    with one_machine_only(engine, "one") as is_ours:
        assert is_ours
    engine.dispose()
