"""Stores that are one place are refused, however the place is written; those that are apart are not."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.errors import WrongCall
from archive.site import settings
from archive.stores import file_url, open_stores
from archive.stores.places import NEXT, shared
from tests.conftest import ROOT, Installation

S3 = "s3://records/kept?endpoint=https://s3.example.org"


def linked(folder: Path) -> str:
    (folder / "a").mkdir()
    (folder / "link").symlink_to("a")
    return file_url(folder / "link")


def linked_from_above(folder: Path) -> str:
    (folder / "a").mkdir()
    (folder.parent / "elsewhere").symlink_to(folder)
    return file_url(folder.parent / "elsewhere" / "a")


WRITTEN: dict[str, Callable[[Path], str]] = {
    "a slash more": lambda folder: file_url(folder / "a") + "/",
    "a way round": lambda folder: f"{file_url(folder)}/b/../a",
    "a percent sign": lambda folder: f"{file_url(folder)}/%61",
    "this machine named": lambda folder: file_url(folder / "a").replace("file://", "file://localhost"),
    "a link": linked,
    "a link above it": linked_from_above,
}


@pytest.mark.parametrize("how", WRITTEN)
def test_a_folder_is_one_store_however_it_is_written(how: str, tmp_path: Path) -> None:
    folder = tmp_path / "stores"
    folder.mkdir()
    again = WRITTEN[how](folder)
    spec = {"a": file_url(folder / "a"), "again": again, "c": file_url(folder / "c")}
    told = f"Stores a and again are one place ({folder / 'a'}): two copies there would be one."
    assert shared(spec, look=True) == [told, NEXT]
    del spec["again"]
    assert shared(spec, look=True) == []


@pytest.mark.parametrize("again", ["/s/./a", "//s/a/", "/s/x/../a", "/s/a/b"])
def test_without_a_look_paths_are_compared_and_no_disk_is_asked(
    again: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that does not answer would hold up every command."""
    monkeypatch.setattr("archive.stores.places._looked_at", lambda _: pytest.fail("a disk was asked"))
    monkeypatch.setattr("archive.stores.disk.place_on_disk", lambda _: pytest.fail("a disk was asked"))
    monkeypatch.setattr(
        "archive.stores.places.os.path.realpath", lambda *_, **__: pytest.fail("a disk was asked")
    )
    spec = {"a": "file:///s/a", "b": f"file://{again}"}
    assert len(shared(spec, look=False)) == 2
    with pytest.raises(WrongCall, match=r"one place|lies inside"):
        open_stores(spec, {})
    with pytest.raises(WrongCall, match=r"one place|lies inside"):
        settings.read({"SEOGO_STORES": f"a={spec['a']} b={spec['b']}"})
    assert len(open_stores({**spec, "b": "file:///s/ab"}, {})) == 2


def test_a_store_never_lies_in_another_one(tmp_path: Path) -> None:
    (tmp_path / "a" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to("a/deep")
    for inner in ("a/not/yet/there", "link"):
        inside = {"inner": file_url(tmp_path / inner), "a": file_url(tmp_path / "a")}
        for spec in (inside, dict(reversed(inside.items()))):
            told, _ = shared(spec, look=True)
            assert told.startswith("Store inner (") and "lies inside store a:" in told
    assert shared({"a": file_url(tmp_path / "a"), "ab": file_url(tmp_path / "ab")}, look=True) == []


MOUNTED = {
    "the folder itself": ("mount --bind a b", "b", "Stores a and b are one place"),
    "a folder above it": ("mount --bind . ../other", "../other/a", "Stores a and b are one place"),
    "a folder in it": ("mkdir a/in && mount --bind a/in b", "b", "Store b ("),
    "a folder of a folder in it": ("mkdir -p a/in/b && mount --bind a/in b", "b/b", "Store b ("),
}


@pytest.mark.parametrize("what", MOUNTED)
def test_a_folder_that_is_mounted_twice_is_one_store(what: str, tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-Urm", "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody mount a disk for one process")
    mount, second, told = MOUNTED[what]
    here = tmp_path / "a disk with blanks"
    for folder in (here / "a", here / "b", tmp_path / "other"):
        folder.mkdir(parents=True)
    spec = {"a": file_url(here / "a"), "b": file_url(here / second)}
    ask = f"from archive.stores.places import shared; print(shared({spec!r}, look=True))"
    command = shlex.join([sys.executable, "-c", ask])

    def asked(first: str) -> str:
        inside = f"cd {shlex.quote(str(here))} && {first} && cd {shlex.quote(str(ROOT))} && {command}"
        done = subprocess.run(["unshare", "-Urm", "sh", "-c", inside], text=True, capture_output=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    assert asked("true") == "[]"
    assert asked(mount).startswith((f"['{told}", f'["{told}'))


def test_stores_that_are_away_are_not_taken_for_one_another(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).symlink_to(tmp_path / "media" / name)  # to where a disk is mounted, or not
    assert shared({name: file_url(tmp_path / name) for name in "ab"}, look=True) == []


@pytest.mark.parametrize(
    "again",
    [
        "s3://records/kept/?endpoint=https://s3.example.org/",
        "s3://records//kept?endpoint=https://S3.Example.org.:443&region=ap-northeast-2",
        "s3://records/k%65pt?lock=compliance&retention=30&endpoint=https://s3.example.org",
        "s3://records/kept?endpoint=http://s3.example.org",
    ],
)
def test_a_bucket_and_prefix_is_one_store_however_it_is_written(again: str) -> None:
    assert shared({"a": S3, "b": again}, look=True)[0].startswith(
        "Stores a and b are one place (records/kept on "
    )


@pytest.mark.parametrize(
    "inner", ["s3://records/kept/more?endpoint=https://s3.example.org", S3.replace("/kept", "/kept/a/b")]
)
def test_a_prefix_never_lies_in_another_one(inner: str) -> None:
    assert "lies inside store a" in shared({"a": S3, "b": inner}, look=True)[0]
    assert "lies inside store a" in shared({"b": inner, "a": S3.replace("/kept", "")}, look=True)[0]


@pytest.mark.parametrize(
    "other",
    [
        "s3://records/kept2?endpoint=https://s3.example.org",
        "s3://records2/kept?endpoint=https://s3.example.org",
        "s3://records/kept?endpoint=https://s3.example.net",
        "s3://records/kept?endpoint=https://s3.example.org:9000",
        "s3://records/kept",
        "file:///records/kept",
    ],
)
def test_stores_that_are_apart_are_taken(other: str) -> None:
    assert shared({"a": S3, "b": other}, look=True) == []


def test_amazon_and_this_machine_have_many_names() -> None:
    plain = "s3://records/kept"
    assert shared({"a": plain, "b": f"{plain}?endpoint=https://s3.ap-northeast-2.amazonaws.com"}, look=True)
    here = f"{plain}?endpoint=http://127.0.0.1:9000"
    assert shared({"a": here, "b": f"{plain}?endpoint=http://localhost:9000"}, look=True)


def test_no_secret_is_told_of_a_url_that_is_wrong() -> None:
    assert shared({"a": "s3://key:hush@records/x", "b": "s3://key:hush@records/x"}, look=True) == []


@pytest.mark.parametrize("command", [["init"], ["volume", "list"], ["transfer", "list"]])
def test_a_command_refuses_them_as_wrong_settings(command: list[str], place: Installation) -> None:
    a, link = place.home.parent / "a", place.home.parent / "link"
    link.symlink_to(a)
    third = f"c={file_url(place.home.parent / 'c')}"
    one = Installation({**place.environment, "SEOGO_STORES": f"a={file_url(a)} b={file_url(link)} {third}"})
    refused = one.run(*command)
    assert refused.exit_code == 2
    assert refused.told["error"]["code"] == "store.settings"
    assert f"Stores a and b are one place ({a})" in refused.told["error"]["message"]
    assert not place.home.exists()
    assert not a.exists()


def test_what_became_one_place_later_is_refused_by_whoever_goes_there(place: Installation) -> None:
    assert place.run("init").exit_code == 0
    shutil.rmtree(place.home / "stores" / "b")
    os.symlink("a", place.home / "stores" / "b")
    assert place.run("user", "add", "kim", "--role", "citizen", "--password", "-").exit_code == 0
    for command in (
        ["transfer", "list"], ["work", "--until-idle"], ["init"], ["copy", "fill", "--store", "b"],
        ["copy", "check"], ["ledger", "seal"], ["ledger", "verify"], ["policy", "apply"],
    ):  # fmt: skip
        refused = place.run(*command)
        assert refused.exit_code == 2
        assert "are one place" in refused.told["error"]["message"]
