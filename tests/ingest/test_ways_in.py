"""By whatever way a folder comes in, what is infected or was not agreed stays back, and says why."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.access.conftest import signed_in
from tests.conftest import Installation
from tests.ingest.conftest import AGENCY, Call
from tests.ingest.test_agreements import FORMATS, add, cited, document
from tests.ingest.test_bad_input import row, transfer
from tests.ingest.test_malware import every_byte
from tests.ingest.uploads.conftest import Sending
from tests.preservation.archive_files.making import encrypted
from tests.preservation.scanner_double import MARK, SIGNATURE, Double

FILES = ("가.txt", "나.exe", "다.txt", "라.txt")
WHOLE = 'id = "v"\nrule = "virus-scan"\nwhole = true'
Way = Callable[["Entrance"], None]


class Entrance:
    """Four volumes: a good one, one of a kind that was not agreed, an infected and an encrypted one."""

    def __init__(self, call: Call, root: Path, client: FlaskClient) -> None:
        self.call, self.client = call, client
        rows = (row(f"A-{place}", name) for place, name in enumerate(FILES, 1))
        self.folder = transfer(root / AGENCY / "one", *rows, files=FILES)
        (self.folder / FILES[2]).write_bytes(b"a letter " + MARK)
        (self.folder / FILES[3]).write_bytes(encrypted())

    def work(self) -> None:
        assert self.call("work", "--until-idle").told["failed"] == []

    def accept_at_the_desk(self) -> None:
        answer = self.client.post("/desk/transfers/2026-0001/accept", data={"confirmed": "yes"})
        assert answer.status_code == 303
        self.work()


def by_command_in_one_pass(entrance: Entrance) -> None:
    entrance.call("transfer", "receive", entrance.folder, "--agency", AGENCY, "--accept")


def by_command_in_two_steps(entrance: Entrance) -> None:
    entrance.call("transfer", "receive", entrance.folder, "--agency", AGENCY)
    entrance.call("transfer", "accept", "2026-0001")


def by_the_desk(entrance: Entrance) -> None:
    entrance.call("transfer", "receive", entrance.folder, "--agency", AGENCY)
    entrance.accept_at_the_desk()


def by_the_watched_folder(entrance: Entrance) -> None:
    entrance.folder.with_name("one.done").touch()
    entrance.call("watch", "--once")


def by_a_program(entrance: Entrance) -> None:
    token = entrance.call("agency", "token", "add", AGENCY).told["words"]
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k-1"}
    entrance.client.post("/api/transfers", json={"folder": "one"}, headers=headers)
    entrance.work()
    told = entrance.client.get("/api/transfers/2026-0001", headers=headers).get_data(as_text=True)
    assert cited("formats") in told and SIGNATURE in told


def by_upload(entrance: Entrance) -> None:
    begun = entrance.client.post("/desk/uploads", data={"agency": AGENCY})
    sending = Sending(entrance.client, begun.location)
    paths = sorted(path for path in entrance.folder.iterdir() if path.is_file())
    sending.send(*((f"one/{path.name}", path.read_bytes()) for path in paths))
    sending.finish()
    entrance.work()
    page = entrance.client.get(sending.address).get_data(as_text=True)
    assert f"협약 {AGENCY} 1판, 조항 formats" in page and SIGNATURE in page
    entrance.accept_at_the_desk()


WAYS = (
    by_command_in_one_pass, by_command_in_two_steps, by_the_desk, by_the_watched_folder, by_a_program,
    by_upload,
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=[way.__name__ for way in WAYS])
def test_what_is_infected_or_was_not_agreed_stays_back_and_the_rest_is_taken(
    call: Call, place: Installation, scanner: Double, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    way: Way,
) -> None:  # fmt: skip
    root = tmp_path / "watched"
    (root / AGENCY).mkdir(parents=True)
    settings = {
        "SEOGO_WATCH": str(root), "SEOGO_CLOCK": "2026-11-28T09:00:00+09:00",
        "SEOGO_SCANNER_UNSCANNABLE": "accept",
    }  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
        place.environment[name] = value
    agreement = document(tmp_path, FORMATS, WHOLE, begins="2026-11-28")
    agreement.write_text(f"accept = true\n{agreement.read_text('utf-8')}", "utf-8")
    add(call, agreement)
    site = place.site()
    way(Entrance(call, root, signed_in(site)))
    told = call("transfer", "show", "2026-0001").told
    assert (told["volumes"]["listed"], told["volumes"]["accepted"]) == (4, 1)
    errors = {each["rule"]: each for each in told["findings"] if each["severity"] == "error"}
    assert errors.keys() == {"agreement.format", "virus.found", "agreement.encrypted"}
    assert cited("formats") in errors["agreement.format"]["expected"]
    assert cited("v") in errors["agreement.encrypted"]["expected"]
    assert errors["virus.found"]["where"]["path"].endswith("다.txt")
    assert sum(each["found"] for each in told["scans"]) == 1
    assert MARK not in every_byte(place) and encrypted() not in every_byte(place)
    assert "내용 가.txt".encode() in every_byte(place)
    site.engine.dispose()
