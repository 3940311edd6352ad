"""Ten thousand files through a real browser: the tab is closed half-way, and only what is missing is sent."""

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, BinaryIO

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from ingest.uploads import Upload, parts
from ingest.uploads.holding import Holding
from tests.access.conftest import Shown
from tests.browser.conftest import Reading

pytestmark = pytest.mark.browser

FILES = 10_000
MEMORY = 500 << 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list, 9,998 small files and one of 40 MB."""
    top = tmp_path_factory.mktemp("sent") / "보냄"
    for number in range(FILES - 2):
        place = top / f"{number // 1000:02}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:05}.txt").write_bytes(f"기록 {number}\n".encode() * 100)
    (top / "기록물철목록.csv").write_text("관리번호,제목,파일\n1,기록,00\n", "utf-8")
    (top / "큰 것.bin").write_bytes(os.urandom(1 << 20) * 40)
    return top


@pytest.fixture
def begun(open_page) -> Iterator[Reading]:
    reading = open_page("/desk/uploads", user="archivist")
    reading.page.fill("#agency", "6110000")
    reading.page.click("main form button[type=submit]")
    reading.page.wait_for_selector("#upload:not([hidden])")
    yield reading
    assert reading.unexpected() == []


def requests_with_bytes(page: Page) -> list[str]:
    """Addresses of the requests that bring bytes of parts, as they begin."""
    made: list[str] = []
    page.on("request", lambda request: made.append(request.url) if request.method == "PATCH" else None)
    return made


class Received(list[int]):
    """Bytes that the server read from each request; from ``enough`` on it reads no more until it `may_read`.

    So the rest cannot all arrive between the moment we see that there is enough and the end of the tab.
    """

    def __init__(self) -> None:
        super().__init__()
        self.enough: int | None = None
        self.may_read = threading.Event()
        self.open = 0

    def copy(self, copy: Callable[..., int], body: IO[bytes], stream: BinaryIO, offset: int, end: int) -> int:
        self.open += 1
        try:
            if self.enough is not None and sum(self) >= self.enough:
                self.may_read.wait()
            reached = copy(body, stream, offset, end)
            self.append(reached - offset)
            return reached
        finally:
            self.open -= 1

    def half_way(self, page: Page) -> None:
        """Close the tab when there is enough and the next request has begun."""
        while not (sum(self) >= (self.enough or 0) and self.open):
            page.wait_for_timeout(20)
        page.close(run_before_unload=False)
        self.may_read.set()
        while self.open:
            time.sleep(0.01)


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> Iterator[Received]:
    read, copy = Received(), parts._copy
    monkeypatch.setattr(parts, "_copy", lambda *told: read.copy(copy, *told))
    yield read
    read.may_read.set()


def choose(page: Page, folder: Path) -> None:
    page.set_input_files("#folder", folder)


def upload_of(shown: Shown, name: str) -> Upload:
    with shown.site.reading_session() as session:
        return session.scalars(select(Upload).where(Upload.name == name)).one()


def arrived(shown: Shown, name: str) -> dict[str, str]:
    root = Holding(shown.site, name).root / "files"
    return {path.relative_to(root).as_posix(): sha256(path) for path in root.rglob("*") if path.is_file()}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Memory(threading.Thread):
    """The largest renderer of our browser, in bytes, while it is watched."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = 0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.05):
            self.most = max([self.most, *_renderers()])

    def __enter__(self) -> "Memory":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.join()


def _renderers() -> Iterator[int]:
    parents: dict[int, int] = {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
    for each in parents:
        above = each
        while above in parents and above != os.getpid():
            above = parents[above]
        with suppress(OSError):
            if above == os.getpid() and b"--type=renderer" in Path(f"/proc/{each}/cmdline").read_bytes():
                resident = int(Path(f"/proc/{each}/statm").read_text().split()[1])
                yield resident * os.sysconf("SC_PAGE_SIZE")


def test_ten_thousand_files_go_on_after_the_tab_was_closed_and_only_what_is_missing_is_sent(
    begun: Reading, open_page, shown: Shown, folder: Path, received: Received
) -> None:
    files = {f"{folder.name}/{path.relative_to(folder).as_posix()}": path for path in walk(folder)}
    total = sum(path.stat().st_size for path in files.values())
    name = begun.page.url.rpartition("/")[2]
    made = requests_with_bytes(begun.page)
    with Memory() as memory:
        received.enough = total // 2
        choose(begun.page, folder)
        received.half_way(begun.page)
        again = open_page(f"/desk/uploads/{name}", user="archivist")
        held = sum(part.offset() for part in Holding(shown.site, name).parts())
        more = requests_with_bytes(again.page)
        before = len(received)
        choose(again.page, folder)
        expect(again.page.locator("main")).to_contain_text("인수를 기다림", timeout=120_000)
    assert again.unexpected() == []
    assert 0 < held < total
    assert sum(received[before:]) == total - held
    assert len(made) + len(more) < 60
    assert arrived(shown, name) == {name: sha256(path) for name, path in files.items()}
    assert upload_of(shown, name).files == FILES
    print(f"renderer at most {memory.most >> 20} MB, {len(made) + len(more)} requests with bytes")
    assert 0 < memory.most < MEMORY


def walk(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def test_files_that_cannot_be_sent_are_listed_and_the_others_arrive(
    begun: Reading, shown: Shown, tmp_path: Path
) -> None:
    folder = tmp_path / "보냄"
    folder.mkdir()
    for each in ("a.txt", "b.txt", "bad\tname.txt"):
        (folder / each).write_text(each)
    name = begun.page.url.rpartition("/")[2]
    choose(begun.page, folder)
    page = begun.page
    expect(page.locator("#failures li")).to_have_count(1)
    expect(page.locator("#failures")).to_contain_text("쓸 수 없는 글자")
    assert sorted(arrived(shown, name)) == ["보냄/a.txt", "보냄/b.txt"]
    page.click("#finish")
    expect(page.locator("main")).to_contain_text("인수를 기다림")


def test_a_sender_sees_her_uploads_and_not_the_desk(open_page, shown: Shown) -> None:
    page = open_page("/desk/uploads", user="sender").page
    expect(page.locator("h1")).to_have_text("브라우저로 이관 파일 보내기")
    assert page.locator("#agency").count() == 0
    assert open_page("/desk/transfers", user="sender").page.locator("h1").inner_text() != "이관"


LAY_DOWN = """async (files) => {
  const top = await (await navigator.storage.getDirectory()).getDirectoryHandle('보냄', {create: true});
  for (const [path, size] of files) {
    const steps = path.split('/'), name = steps.pop();
    let folder = top;
    for (const step of steps) folder = await folder.getDirectoryHandle(step, {create: true});
    const writer = await (await folder.getFileHandle(name, {create: true})).createWritable();
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += 1000) bytes[at] = (at / 1000 + path.length) % 251;
    await writer.write(bytes); await writer.close();
  }
}"""
PICKED = """() => { window.showDirectoryPicker =
  async () => (await navigator.storage.getDirectory()).getDirectoryHandle('보냄'); }"""
KEPT = """() => new Promise((resolve) => { const opening = indexedDB.open('seogo-uploads', 1);
  opening.onsuccess = () => {
    const asked = opening.result.transaction('folders').objectStore('folders').getAllKeys();
    asked.onsuccess = () => { opening.result.close(); resolve(asked.result); }; }; })"""


def test_where_the_browser_keeps_the_folder_one_press_goes_on_after_the_tab_was_closed(
    begun: Reading, open_page, shown: Shown, received: Received
) -> None:
    """The folder lies in the browser's own file system, whose handles are kept as those of a disk are."""
    files = [(f"{number:02}/큰 {number}.bin", 12 << 20) for number in range(6)]
    total = sum(size for _, size in files)
    page, name = begun.page, begun.page.url.rpartition("/")[2]
    page.evaluate(LAY_DOWN, files)
    page.evaluate(PICKED)
    assert not page.locator("#folder").is_visible()
    assert not page.locator("#resume").is_visible()
    received.enough = total // 3
    page.click("#pick")
    received.half_way(page)
    again = open_page(f"/desk/uploads/{name}", user="archivist")
    expect(again.page.locator("#resume")).to_have_text("보냄 이어서 보내기")
    held = sum(part.offset() for part in Holding(shown.site, name).parts())
    before = len(received)
    again.page.click("#resume")
    expect(again.page.locator("main")).to_contain_text("인수를 기다림", timeout=120_000)
    assert again.unexpected() == []
    assert 0 < held < total
    assert sum(received[before:]) == total - held
    assert sorted(arrived(shown, name)) == [f"보냄/{path}" for path, _ in files]
    assert again.page.evaluate(KEPT) == []


def test_where_the_browser_keeps_no_folder_it_is_chosen_again(open_page) -> None:
    page = open_page("/desk/uploads/0123456789abcdef01234567", user="archivist").page
    page.add_init_script("delete window.showDirectoryPicker")
    page.reload()
    assert page.locator("#folder").is_visible()
    assert not page.locator("#pick").is_visible()
    assert "다시 고르면 빠진 것만 보냅니다" in page.locator("#folder-help").inner_text()
