from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from archive.errors import WrongCall
from archive.site import settings


def test_a_home_alone_makes_a_whole_installation(tmp_path: Path):
    found = settings.read({"SEOGO_HOME": str(tmp_path / "서고")})
    assert found.database == f"sqlite:///{tmp_path}/서고/seogo.db"
    assert list(found.stores) == ["a", "b"]
    assert found.stores["a"].startswith("file:///")
    assert found.keys == tmp_path / "서고" / "keys"


def test_every_fault_is_told_at_once(tmp_path: Path):
    with pytest.raises(WrongCall) as caught:
        settings.read({
            "SEOGO_HOME": str(tmp_path), "SEOGO_STORES": "A=file:///x b=ftp://y", "SEOGO_CLOCK": "yesterday",
            "SEOGO_PORT": "no", "SEOGO_REFERENCE": "too long a word", "SEOGO_DATABASE": "mysql://",
        })  # fmt: skip
    for name in ("SEOGO_STORES", "SEOGO_CLOCK", "SEOGO_PORT", "SEOGO_REFERENCE", "SEOGO_DATABASE"):
        assert name in caught.value.message


FAULTS = (
    ("SEOGO_DATABASE", "postgresql://u:p@db:abc/x", "a server or a port that is none"),
    ("SEOGO_DATABASE", "postgresql://u:p@db:99999/x", "a server or a port that is none"),
    ("SEOGO_DATABASE", "postgresql://u:p@[::1/x", "a server or a port that is none"),
    ("SEOGO_DATABASE", "sqlite:///", "names no file"),
    ("SEOGO_HOME", "", "is empty"),
    ("SEOGO_HOME", "~nobody-of-that-name/home", "begins with a user who has no home here"),
    ("SEOGO_KEYS", "~nobody-of-that-name/keys", "begins with a user who has no home here"),
    ("SEOGO_CONFIG", "/nowhere/seogo.toml", "cannot be read: No such file or directory."),
)


@pytest.mark.parametrize(("name", "value", "told"), FAULTS)
def test_a_fault_is_told_once_in_plain_words(tmp_path: Path, name: str, value: str, told: str):
    with pytest.raises(WrongCall) as caught:
        settings.read({"SEOGO_HOME": str(tmp_path), name: value})
    assert caught.value.message.count(name) == 1
    assert told in caught.value.message and "Errno" not in caught.value.message


@pytest.mark.parametrize("name", ["50%", "a%20b", "why?", "a?b=c", "#1"])
def test_the_database_lies_in_the_home_whatever_its_name(tmp_path: Path, name: str):
    home = tmp_path / name
    assert make_url(settings.read({"SEOGO_HOME": str(home)}).database).database == f"{home}/seogo.db"


def test_one_store_is_not_enough(tmp_path: Path):
    with pytest.raises(WrongCall, match="two stores"):
        settings.read({"SEOGO_HOME": str(tmp_path), "SEOGO_STORES": "a=file:///x"})


def test_an_s3_store_needs_its_own_credentials(tmp_path: Path):
    given = {
        "SEOGO_HOME": str(tmp_path),
        "SEOGO_STORES": "a=file:///x b=s3://bucket/p?endpoint=http://127.0.0.1:1",
    }
    with pytest.raises(WrongCall, match="SEOGO_STORE_B_ACCESS"):
        settings.read(given)
    found = settings.read({**given, "SEOGO_STORE_B_ACCESS": "reader", "SEOGO_STORE_B_SECRET": "hush"})
    assert found.credentials == {"b": ("reader", "hush")}


def test_secrets_are_not_shown(tmp_path: Path):
    found = settings.read({"SEOGO_HOME": str(tmp_path), "SEOGO_DATABASE": "postgresql://seogo:hush@db/seogo"})
    assert found.database.endswith("seogo:hush@db/seogo")
    assert "hush" not in str(found.sources)
    assert found.sources["SEOGO_DATABASE"][1] == "environment"


def test_a_file_gives_settings_and_the_environment_comes_first(tmp_path: Path):
    file = tmp_path / "seogo.toml"
    file.write_text(f'SEOGO_HOME = "{tmp_path}"\nSEOGO_PORT = 8100\nSEOGO_NAME = "한빛시 기록원"\n', "utf-8")
    found = settings.read({"SEOGO_CONFIG": str(file), "SEOGO_PORT": "8200"})
    assert (found.port, found.name) == (8200, "한빛시 기록원")
    assert (found.sources["SEOGO_PORT"][1], found.sources["SEOGO_NAME"][1]) == ("environment", "file")


def test_an_unknown_setting_in_the_file_is_a_fault(tmp_path: Path):
    file = tmp_path / "seogo.toml"
    file.write_text("SEOGO_PROT = 8100\n", "utf-8")
    with pytest.raises(WrongCall, match="SEOGO_PROT"):
        settings.read({"SEOGO_CONFIG": str(file)})


def test_limits_of_archive_files_keep_their_default_where_they_are_not_named(tmp_path: Path):
    home = {"SEOGO_HOME": str(tmp_path)}
    usual = settings.read(home).archive_files
    raised = settings.read({**home, "SEOGO_ARCHIVE_LIMITS": "bytes=2T depth=6"}).archive_files
    assert (raised.bytes, raised.depth) == (2 << 40, 6)
    assert (raised.members, raised.seconds) == (usual.members, usual.seconds)


@pytest.mark.parametrize(
    "text", ["bytes", "bytes=", "bytes=0", "depth=7", "bytes=-1", "size=1", "seconds=1K K"]
)
def test_a_limit_of_archive_files_that_is_none_is_told(text: str, tmp_path: Path):
    with pytest.raises(WrongCall, match="SEOGO_ARCHIVE_LIMITS"):
        settings.read({"SEOGO_HOME": str(tmp_path), "SEOGO_ARCHIVE_LIMITS": text})
