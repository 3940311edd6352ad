"""The portal as a reader's browser finds it: `seogo serve` on a port, asked over HTTP."""

import http.cookiejar
import json
import random
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ingest.samples.making import make
from tests.conftest import Installation

AGENCY = "6110000"
PASSWORD = "seogo-archivist"
STARTS_WITHIN = 60.0


@dataclass(frozen=True)
class Said:
    status: int
    type: str
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def told(self) -> Any:
        return json.loads(self.body)


@dataclass
class Browser:
    """Asks one portal, and keeps its cookies."""

    address: str
    cookies: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def get(self, path: str) -> Said:
        return self._ask(urllib.request.Request(self.address + path))

    def post(self, path: str, **form: str) -> Said:
        data = urllib.parse.urlencode(form).encode()
        return self._ask(urllib.request.Request(self.address + path, data, {"Referer": self.address + path}))

    def send_form(self, shown_on: str, path: str, **form: str) -> Said:
        """Send a form of a page, with the token that the page carries."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(shown_on).text)
        assert token, f"{shown_on} has no form"
        return self.post(path, csrf_token=token[1], **form)

    def sign_in(self, username: str, password: str) -> Said:
        return self.send_form("/sign-in", "/sign-in", username=username, password=password)

    def _ask(self, request: urllib.request.Request) -> Said:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        try:
            with opener.open(request, timeout=60) as answer:
                return Said(answer.status, answer.headers.get_content_type(), answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return Said(refused.code, refused.headers.get_content_type(), refused.read())


@dataclass(frozen=True)
class Portal:
    place: Installation
    address: str
    volumes: list[dict[str, Any]]

    def browser(self) -> Browser:
        return Browser(self.address)

    def item(self, disclosure: str) -> dict[str, Any]:
        items = [item for volume in self.volumes for item in volume["items"]]
        return next(each for each in items if each["disclosure"] == disclosure and each["files"])


@pytest.fixture
def portal(place: Installation, tmp_path: Path) -> Iterator[Portal]:
    """A sample transfer with open and closed items, taken in and served."""
    sample = tmp_path / "transfer"
    make(sample, volumes=2, pages=4, seed=9)
    received = place.run("transfer", "receive", sample, "--agency", AGENCY, "--accept")
    assert received.exit_code == 0, received.errors
    volumes = [place.run("volume", "show", each).told for each in received.told["references"]]
    added = place.run("user", "add", "archivist", "--role", "archivist", "--password", PASSWORD)
    assert added.exit_code == 0, added.errors
    port = free_port()
    server = place.start("serve", SEOGO_PORT=str(port))
    try:
        made = Portal(place, f"http://127.0.0.1:{port}", volumes)
        wait_for(server, made)
        yield made
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=60)


def free_port() -> int:
    """One that the system gives to nobody by itself, as it does those it would give us for port 0."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.SystemRandom().randrange(10_000, max(first, 20_000))
        with socket.socket() as asked, suppress(OSError):
            asked.bind(("127.0.0.1", port))
            return port


def wait_for(server: "subprocess.Popen[str]", portal: Portal) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        assert server.poll() is None, server.communicate()
        try:
            if portal.browser().get("/healthz").status:
                return
        except OSError:
            assert time.monotonic() < deadline, "the portal does not answer"
        time.sleep(0.2)


def test_a_citizen_finds_a_record_and_reads_it(portal: Portal) -> None:
    citizen = portal.browser()
    home = citizen.get("/")
    assert (home.status, home.type) == (200, "text/html")
    assert '<html lang="ko"' in home.text
    assert '<html lang="en"' in citizen.get("/en/").text
    health = citizen.get("/healthz")
    assert (health.status, health.told["ok"]) == (200, True)

    item = portal.item("open")
    words = urllib.parse.quote(item["title"])
    assert item["reference"] in citizen.get(f"/search?q={words}").text
    found = citizen.get(f"/api/search?q={words}").told
    assert item["reference"] in [hit["reference"] for hit in found["hits"]]
    assert portal.place.run("search", item["title"]).told["total"] == found["total"]

    assert item["title"] in citizen.get(f"/items/{item['reference']}").text
    facts = citizen.get(f"/items/{item['reference']}/pages/1.json")
    assert facts.status == 200
    (address,) = set(re.findall(r"/items/[^\s\"]*/large\.\d+\.jpg", facts.text))
    image = citizen.get(address)
    assert (image.status, image.type, image.body[:3]) == (200, "image/jpeg", b"\xff\xd8\xff")


def test_a_closed_record_gives_no_byte_to_the_public_and_all_to_the_archivist(portal: Portal) -> None:
    citizen, archivist = portal.browser(), portal.browser()
    assert archivist.sign_in("archivist", "wrong").status == 422
    for stranger in (citizen, archivist):
        assert AGENCY not in stranger.get("/desk/transfers").text
    assert archivist.sign_in("archivist", PASSWORD).status == 200
    assert AGENCY in archivist.get("/desk/transfers").text

    item = portal.item("closed")
    page = f"/items/{item['reference']}"
    assert archivist.send_form(page, f"{page}/viewing", reason="enquiry").status == 200
    file = re.findall(rf"{page}/files/\d+", archivist.get(page).text)[0]
    original = archivist.get(file)
    assert (original.status, len(original.body)) == (200, item["files"][0]["bytes"])
    assert citizen.get(file).status == 403
    image = re.findall(rf"{page}/pages/1/large\.\d+\.jpg", archivist.get(f"{page}/pages/1.json").text)[0]
    assert archivist.get(image).status == 200
    assert citizen.get(image).status == 403

    volume = next(each for each in portal.volumes if item in each["items"])
    public = citizen.get(f"/api/volumes/{volume['reference']}")
    shown = next(each for each in public.told["items"] if each["reference"] == item["reference"])
    assert (public.status, shown["files"]) == (200, [])
    assert item["files"][0]["sha256"] not in public.text
    assert "copies" not in public.told
