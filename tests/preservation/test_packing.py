"""What packing promises: one pass, the same bag in every store, and nothing when something is wrong."""

import hashlib
import os
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import bagit
import pytest

from archive.errors import Damaged, Unavailable
from archive.stores import Altered, Store, file_url, open_stores
from archive.stores.folder import FolderStore
from archive.stores.folder_delivery import FolderDelivery
from metadata_schemas.description import (
    DateSpan,
    Finding,
    ItemDescription,
    Severity,
    VolumeDescription,
    Where,
)
from metadata_schemas.package import METS, NAK8, content_path
from preservation import packing, sources
from preservation.fan_out import Everywhere
from preservation.packing import NotAsPromised, Packed, Plan
from preservation.sources import SourceFile

ITEM = "SG-2026-000001-0001"
AT = datetime(2026, 11, 22, 3, tzinfo=UTC)


@pytest.fixture
def stores(tmp_path: Path) -> tuple[Store, ...]:
    opened = open_stores({name: file_url(tmp_path / "stores" / name) for name in "ab"}, {})
    for store in opened:
        store.prepare()
    return opened


def source(path: Path, data: bytes = b"%PDF-1.4 \xed\x95\x9c", **expect: str) -> SourceFile:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    about = path.stat()
    return SourceFile(str(path), path.name, None, about.st_size, about.st_mtime_ns, 0, path.name, expect)


def plan(*files: SourceFile) -> Plan:
    item = ItemDescription(title="漢江鐵橋 復舊工事 竣工의 件", created=DateSpan("1955", None, None))
    return Plan(
        reference="SG-2026-000001", volume=VolumeDescription(title="漢江鐵橋 復舊工事關係綴", items=(item,)),
        files=files, packed_at=AT, archive="서고 기록원", agency="서울특별시",
        agency_code="6110000", transfer="2026-0001",
    )  # fmt: skip


def kept(tmp_path: Path) -> dict[str, dict[str, str]]:
    """Digest by key, store by store."""
    return {
        name: {
            str(path.relative_to(tmp_path / "stores" / name)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (tmp_path / "stores" / name / "packages").rglob("*") if path.is_file()
        }
        for name in "ab"
    }  # fmt: skip


def test_every_store_holds_the_same_valid_bag(stores, tmp_path):
    packed = packing.pack(
        stores, plan(source(tmp_path / "in" / "1.pdf"), source(tmp_path / "in" / "둘.txt", b"2"))
    )
    assert isinstance(packed, Packed)
    found = kept(tmp_path)
    assert found["a"] == found["b"]
    assert len(found["a"]) == packed.bag.objects
    for name in "ab":
        bag = bagit.Bag(str(tmp_path / "stores" / name / "packages" / "SG-2026-000001" / "v1"))
        assert bag.is_valid()
        assert bag.info["Bag-Group-Identifier"] == "SG-2026-000001"
    assert {
        f"packages/SG-2026-000001/v1/{name}" for name in (METS, NAK8, content_path(ITEM, "둘.txt"))
    } <= set(found["a"])


def test_the_digests_are_those_of_the_source(stores, tmp_path):
    packed = packing.pack(stores, plan(source(tmp_path / "in" / "1.pdf", b"one")))
    assert isinstance(packed, Packed)
    assert list(packed.digests) == [hashlib.sha256(b"one").hexdigest()]


def test_packing_the_same_plan_again_ends_in_the_same_bytes(stores, tmp_path):
    wanted = plan(source(tmp_path / "in" / "1.pdf"))
    first = packing.pack(stores, wanted)
    before = kept(tmp_path)
    assert packing.pack(stores, wanted) == first
    assert kept(tmp_path) == before


@pytest.mark.parametrize("kind", ["md5", "sha1", "sha256", "sha512"])
def test_a_file_that_is_not_as_promised_keeps_the_whole_volume_out(stores, tmp_path, kind):
    good = hashlib.new(kind, b"1").hexdigest()
    wrong = hashlib.new(kind, b"2").hexdigest()
    assert isinstance(
        packing.pack(stores, plan(source(tmp_path / "ok" / "1", b"1", **{kind: good.upper()}))), Packed
    )
    other = plan(source(tmp_path / "in" / "1", b"1", **{kind: wrong}))
    refused = packing.pack(stores, Plan(**{**vars(other), "reference": "SG-2026-000002"}))
    assert isinstance(refused, NotAsPromised)
    assert [(each.rule, each.where.path) for each in refused.findings] == [("file.digest", "1")]
    assert not any("SG-2026-000002" in key for key in kept(tmp_path)["a"])


@pytest.mark.parametrize("change", ["grows", "grows large", "goes", "is touched"])
def test_a_file_that_changes_before_it_is_read_keeps_the_volume_out(stores, tmp_path, change):
    file = source(tmp_path / "in" / "1.pdf", b"one")
    path = Path(file.path)
    match change:
        case "grows":
            path.write_bytes(b"one more")
        case "grows large":
            path.write_bytes(b"one" * sources.BLOCK)
        case "goes":
            path.unlink()
        case "is touched":
            os.utime(path, ns=(1, 1))
    refused = packing.pack(stores, plan(file))
    assert isinstance(refused, NotAsPromised)
    assert {each.rule for each in refused.findings} == {"file.changed"}
    told = {"grows": "and 8 when it was read", "grows large": "and 393,216 when it was read"}
    assert told.get(change, "") in refused.findings[0].message
    assert kept(tmp_path) == {"a": {}, "b": {}}


def test_a_file_that_grows_after_it_was_read_is_told_with_the_size_that_was_read(
    stores, tmp_path, monkeypatch
):
    file = source(tmp_path / "in" / "1.pdf", b"one")
    copy = Everywhere.copy

    def slow(self, name, data):
        with open(file.path, "ab") as more:
            more.write(b" more")
        return copy(self, name, data)

    monkeypatch.setattr(Everywhere, "copy", slow)
    [found] = packing.pack(stores, plan(file)).findings
    assert (found.rule, "and 3 when it was read" in found.message) == ("file.changed", True)


def test_an_object_that_was_not_finished_is_in_no_store_and_not_counted(stores):
    with Everywhere(stores, "packages/R-1/v1", 1) as everywhere:
        with everywhere.stream("data/1") as writer:
            writer.write(b"1")
        assert (everywhere.objects, everywhere.octets) == (0, 0)
        with everywhere.stream("data/1") as writer:
            writer.write(b"1")
            writer.finish()
        assert (everywhere.objects, everywhere.octets) == (1, 1)


@pytest.mark.parametrize("stands_there", [os.mkfifo, lambda path: path.symlink_to("other.pdf"), Path.mkdir])
def test_what_stands_in_the_place_of_a_file_is_neither_followed_nor_waited_for(
    stores, tmp_path, stands_there
):
    path = tmp_path / "in" / "1.pdf"
    asked = plan(source(path), source(path.with_name("other.pdf")))
    path.unlink()
    stands_there(path)
    outcome = packing.pack(stores, asked)
    assert isinstance(outcome, NotAsPromised)
    assert [(each.rule, each.where.path) for each in outcome.findings] == [("file.changed", "1.pdf")]
    assert kept(tmp_path) == {"a": {}, "b": {}}


def test_a_store_that_gives_back_other_bytes_gets_no_bag(stores, tmp_path, monkeypatch):
    class Lying:
        def __init__(self, delivery):
            self.delivery = delivery

        def __getattr__(self, name):
            return getattr(self.delivery, name)

        def read_back_all(self, expected):
            yield next(iter(expected))[0], Altered("0" * 64, "1" * 64)

    begin = type(stores[1]).begin

    def begin_lying(self, *args, **more):
        delivery = begin(self, *args, **more)
        return Lying(delivery) if self.name == "b" else delivery

    monkeypatch.setattr(type(stores[1]), "begin", begin_lying)
    with pytest.raises(Damaged, match=r"Store b gave back object 1 of .* \(altered\)") as told:
        packing.pack(stores, plan(source(tmp_path / "in" / "1.pdf")))
    assert "1.pdf" not in told.value.message
    assert kept(tmp_path) == {"a": {}, "b": {}}


def test_of_several_stores_that_fail_the_first_is_told_whichever_failed_first(stores, tmp_path, monkeypatch):
    begin = FolderStore.begin

    class Full:
        def __init__(self, store, delivery):
            self.store, self.delivery = store, delivery

        def __getattr__(self, name):
            return getattr(self.delivery, name)

        def complete(self, last, data):
            time.sleep(0.2 if self.store == "a" else 0)
            raise Unavailable(f"Store {self.store} is full.")

    monkeypatch.setattr(
        FolderStore, "begin", lambda self, prefix, **more: Full(self.name, begin(self, prefix, **more))
    )
    for number in range(3):
        with pytest.raises(Unavailable, match="Store a is full"):
            packing.pack(stores, plan(source(tmp_path / str(number) / "1.pdf")))


@pytest.mark.parametrize(("kept_for", "until"), [("30년", date(2020, 12, 31)), ("영구", None), (None, None)])
def test_every_store_is_told_how_long_the_record_is_kept(stores, tmp_path, monkeypatch, kept_for, until):
    told = []
    begin = FolderStore.begin

    def telling(store: FolderStore, prefix: str, **asked: Any) -> Any:
        told.append((store.name, asked["kept_until"]))
        return begin(store, prefix, **asked)

    monkeypatch.setattr(FolderStore, "begin", telling)
    one = plan(source(tmp_path / "in" / "1.pdf"))
    closed = DateSpan("1989–1990", date(1989, 1, 1), date(1990, 12, 31))
    volume = replace(one.volume, retention=kept_for, closed=closed)
    assert isinstance(packing.pack(stores, replace(one, volume=volume)), Packed)
    assert told == [("a", until), ("b", until)]


def test_the_source_is_opened_once_for_each_file(stores, tmp_path, monkeypatch):
    opened: list[str] = []
    file = source(tmp_path / "in" / "1.pdf", b"x" * (sources.BLOCK * 3 + 1))

    def counting(path, *args, **more):
        opened.append(path)
        return really(path, *args, **more)

    really = os.open
    monkeypatch.setattr(os, "open", counting)
    packing.pack(stores, plan(file))
    assert opened.count(file.path) == 1


class Told:
    """An examiner that finds the same in every file, once it has seen all of its bytes."""

    def __init__(self, severity: Severity) -> None:
        self.severity, self.seen, self.closed = severity, b"", 0

    def begin(self, name: str, size: int) -> "Told":
        return self

    def take(self, data: memoryview) -> None:
        self.seen += bytes(data)

    def findings(self) -> list[Finding]:
        return [Finding("virus.found", self.severity, Where(), None, None, "It was found.")]

    def close(self) -> None:
        self.closed += 1


def test_a_small_file_that_an_examiner_refuses_is_not_even_begun_in_a_store(stores, tmp_path, monkeypatch):
    begun: list[str] = []
    for verb in ("put", "create"):
        really = getattr(FolderDelivery, verb)

        def telling(self, name, *args, really=really, **more):
            begun.append(name.rpartition("/")[2])
            return really(self, name, *args, **more)

        monkeypatch.setattr(FolderDelivery, verb, telling)
    asked = plan(source(tmp_path / "in" / "1.txt"), source(tmp_path / "in" / "2.txt", b"x" * sources.BLOCK))
    assert isinstance(packing.pack(stores, asked, [Told("error")]), NotAsPromised)
    assert set(begun) == {"2.txt"}
    assert isinstance(packing.pack(stores, asked, []), Packed)
    assert {"1.txt", "2.txt"} <= set(begun)


def test_a_file_that_an_examiner_refuses_is_finished_in_no_store(stores, tmp_path):
    wanted = plan(source(tmp_path / "in" / "1.txt", b"one"))
    refusing = Told("error")
    packed = packing.pack(stores, wanted, [refusing])
    assert isinstance(packed, NotAsPromised)
    assert [each.rule for each in packed.findings] == ["virus.found"]
    assert (refusing.seen, refusing.closed) == (b"one", 1)
    assert kept(tmp_path) == {"a": {}, "b": {}}
    assert isinstance(packing.pack(stores, wanted, []), Packed)


def test_what_an_examiner_only_warns_of_is_stored_and_told(stores, tmp_path):
    packed = packing.pack(stores, plan(source(tmp_path / "in" / "1.txt", b"one")), [Told("warning")])
    assert isinstance(packed, Packed)
    assert [each.severity for each in packed.findings] == ["warning"]
