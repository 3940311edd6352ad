"""Names of processes, whether they live, and locks that die with their holder."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from archive.errors import Conflict
from archive.work.processes import is_dead, me, only_one, starting_children

SAY_NAME = "from archive.work.processes import me; print(me(), flush=True); input()"
HOLD = """
import sys, time
from pathlib import Path
from archive.work.processes import only_one
with only_one(Path(sys.argv[1]), "one", busy="taken"):
    print("held", flush=True)
    time.sleep(60)
"""
ORPHAN = """
import os, time
from archive.work.processes import die_with_parent
def live(say):
    die_with_parent()
    say.send(os.getpid())
    time.sleep(60)
"""
PARENT = """
import multiprocessing, sys, time
sys.path.insert(0, sys.argv[1])
import orphan
from archive.work import processes
context = processes.fork_server([]) if sys.argv[2] == "forked" else processes.fresh_processes()
hear, say = multiprocessing.Pipe()
context.Process(target=orphan.live, args=(say,)).start()
print(hear.recv(), flush=True)
time.sleep(60)
"""


def test_a_process_is_dead_when_it_has_ended_and_not_before() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", SAY_NAME], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout
    name = child.stdout.readline().strip()
    assert not is_dead(name)
    assert not is_dead(name + "#claim")
    child.kill()
    while Path(f"/proc/{child.pid}/stat").read_text().split()[2] != "Z":
        time.sleep(0.01)
    assert is_dead(name), "a zombie does no work"
    child.communicate()
    assert is_dead(name)
    assert is_dead(name + "#claim")


def test_another_process_with_the_same_number_is_another_one() -> None:
    host, pid, began = me().rsplit(":", 2)
    assert not is_dead(f"{host}:{pid}:{began}")
    assert is_dead(f"{host}:{pid}:{began}1")


def test_a_process_of_another_machine_is_never_known_to_be_dead() -> None:
    assert not is_dead("elsewhere:1:boot.2")


def test_a_lock_is_held_by_one_and_falls_when_its_holder_is_killed(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    holder.stdout.readline()
    with pytest.raises(Conflict, match="taken"), only_one(tmp_path, "one", busy="taken"):
        pass
    with only_one(tmp_path, "two", busy="taken"):
        pass
    holder.kill()
    holder.communicate()
    with only_one(tmp_path, "one", busy="taken"):
        pass


def test_who_only_looks_whether_a_lock_is_free_is_in_nobody_s_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking = ExitStack()
    looking.enter_context(only_one(tmp_path, "one", busy="taken"))
    monkeypatch.setattr("archive.locks.time.sleep", lambda seconds: seconds and looking.close())
    with only_one(tmp_path, "one", busy="taken"):
        pass


@pytest.mark.parametrize("how", ["forked", "fresh"])
def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path, how: str) -> None:
    (tmp_path / "orphan.py").write_text(ORPHAN)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), how], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    child = Path(f"/proc/{int(parent.stdout.readline())}")
    assert child.exists()
    parent.kill()
    parent.communicate()
    end = time.monotonic() + 20
    while child.exists():
        assert time.monotonic() < end, "the child outlived its parent"
        time.sleep(0.02)


@pytest.mark.parametrize(("parent", "ends"), [("os.getppid()", 0), ("1 << 22", -signal.SIGKILL)])
def test_who_comes_too_late_for_its_parent_ends_at_once(parent: str, ends: int) -> None:
    program = f"import os; from archive.work.processes import die_with_parent; die_with_parent({parent})"
    assert subprocess.run([sys.executable, "-c", program]).returncode == ends


def test_a_child_of_the_fork_server_never_sees_ctrl_c(tmp_path: Path) -> None:
    (tmp_path / "orphan.py").write_text(ORPHAN)
    command = [sys.executable, "-c", PARENT, str(tmp_path), "forked"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        try:
            status = Path(f"/proc/{child}/status").read_text()
            assert blocked(status) == {signal.SIGINT}, "a terminal sends it to every process of the group"
        finally:
            parent.kill()


def blocked(status: str) -> set[int]:
    [mask] = [line.split()[1] for line in status.splitlines() if line.startswith("SigBlk")]
    return {each for each in signal.valid_signals() if int(mask, 16) >> (each - 1) & 1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_is_told_to_stop_while_a_child_is_started_knows_it_first(number: signal.Signals) -> None:
    known: list[str] = []

    def told(*_: object) -> None:
        known.append("told")

    before = signal.signal(number, told)
    try:
        with starting_children():
            signal.raise_signal(number)
            os.kill(os.getpid(), number)
            time.sleep(0.01)
            known.append("the child")
        assert known == ["the child", "told"]
        assert signal.getsignal(number) is told
    finally:
        signal.signal(number, before)
