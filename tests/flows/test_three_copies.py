"""Three copies in three places: two S3 servers of different make and a folder, each with its own key.

The buckets are as `docs/operating/servers.md` recommends: versions are kept and locked, and the key
of a store may write, read and list, and nothing else.  So whoever steals a key can bring in a newer
version, which a check finds, and can remove or change nothing that was taken in.
"""

import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from sqlalchemy import select

from archive.holdings import Volume
from archive.site.site import SEOUL
from preservation.packages import Bag
from tests.conftest import Answer, Installation, plain_environment
from tests.flows.doors import door
from tests.servers import accounts

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

AGENCY = "6110000"
AWAY = 4
DAYS = 30
pytestmark = pytest.mark.servers


@dataclass(frozen=True)
class Locked:
    """A bucket with versions and locks, and the key that the archive has for it."""

    kind: str
    bucket: str
    account: accounts.Account

    @property
    def client(self) -> "S3Client":
        return accounts.client(self.kind, self.account)

    @property
    def url(self) -> str:
        return (
            f"s3://{self.bucket}/kept?endpoint={accounts.server(self.kind)}&lock=compliance&retention={DAYS}"
        )


@dataclass(frozen=True)
class Three:
    place: Installation
    servers: dict[str, Locked]
    folder: Path


@pytest.fixture
def three(new_database: str, tmp_path: Path) -> Three:
    """Stores ``a`` on versitygw, ``b`` on MinIO and ``c`` in a folder; the catalogue in PostgreSQL."""
    if away := [name for name in accounts.KINDS.values() if name not in os.environ]:
        pytest.skip(f"no servers: {', '.join(away)} not set")
    servers = {name: locked(kind) for name, kind in (("a", "versitygw"), ("b", "minio"))}
    folder = tmp_path / "store-c"
    stores = [f"{name}={server.url}" for name, server in servers.items()] + [f"c={folder.as_uri()}"]
    keys = {
        f"SEOGO_STORE_{name.upper()}_{part}": told
        for name, server in servers.items()
        for part, told in zip(("ACCESS", "SECRET"), server.account, strict=True)
    }
    settings = {"SEOGO_HOME": str(tmp_path / "home"), "SEOGO_DATABASE": new_database}
    environment = {**plain_environment(), **keys, **settings, "SEOGO_STORES": " ".join(stores)}
    return Three(Installation(environment), servers, folder)


def locked(kind: str) -> Locked:
    bucket, client = f"seogo-{secrets.token_hex(8)}", accounts.client(kind)
    client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}
    client.put_object_lock_configuration(
        Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    return Locked(kind, bucket, accounts.write_once(kind, bucket))


def receive(place: Installation, folder: Path) -> Answer:
    return place.run("transfer", "receive", folder, "--agency", AGENCY, "--accept", "--until", "stored")


def some_key(server: Locked) -> str:
    listed = server.client.list_objects_v2(Bucket=server.bucket, Prefix="kept/packages/")["Contents"]
    return next(each["Key"] for each in listed if each["Key"].endswith("manifest-sha256.txt"))


def kept_versions(server: Locked, key: str) -> list[bytes]:
    """As whoever runs the server sees it: the bytes of every version."""
    client = accounts.client(server.kind)
    versions = client.list_object_versions(Bucket=server.bucket, Prefix=key)["Versions"]
    at = {"Bucket": server.bucket, "Key": key}
    return [client.get_object(**at, VersionId=each["VersionId"])["Body"].read() for each in versions]


def refused(ask: Callable[[], object]) -> bool:
    try:
        told = ask()
    except ClientError as error:
        return 400 <= error.response["ResponseMetadata"]["HTTPStatusCode"] < 600
    return bool(isinstance(told, dict) and told.get("Errors"))


def attempts(server: Locked, key: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """What a stolen key would try in the bucket that it is for."""
    client, at = server.client, {"Bucket": server.bucket, "Key": key}
    version = version_of(server, key)
    whole = {"Bucket": server.bucket}
    yield "delete", lambda: client.delete_object(**at)
    yield "delete the version", lambda: client.delete_object(**at, VersionId=version)
    yield "delete many", lambda: client.delete_objects(**whole, Delete={"Objects": [{"Key": key}]})
    yield (
        "bypass the lock",
        lambda: client.delete_object(**at, VersionId=version, BypassGovernanceRetention=True),
    )
    yield (
        "shorten the lock",
        lambda: client.put_object_retention(
            **at,
            VersionId=version,
            Retention={"Mode": "GOVERNANCE", "RetainUntilDate": datetime.now(UTC) + timedelta(days=1)},
        ),
    )
    yield (
        "unlock the bucket",
        lambda: client.put_object_lock_configuration(
            **whole, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"}
        ),
    )
    yield (
        "stop versions",
        lambda: client.put_bucket_versioning(**whole, VersioningConfiguration={"Status": "Suspended"}),
    )
    yield "change the policy", lambda: client.put_bucket_policy(**whole, Policy=json.dumps({"Statement": []}))
    yield "expire", lambda: client.put_bucket_lifecycle_configuration(**whole, LifecycleConfiguration={
        "Rules": [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]
    })  # fmt: skip
    yield "delete the bucket", lambda: client.delete_bucket(**whole)
    yield "replace on condition", lambda: client.put_object(**at, Body=b"x", IfNoneMatch="*")


def test_a_transfer_is_in_three_verified_copies(three: Three, sample: Path) -> None:
    received = receive(three.place, sample)
    assert (received.exit_code, received.told["state"]) == (0, "stored"), received.errors
    checked = three.place.run("copy", "check")
    assert (checked.exit_code, checked.told["intact"], checked.told["lagging"]) == (0, 9, [])
    for store in "abc":
        assert three.place.run("ledger", "verify", "--store", store).told["holds"]
    for store in three.place.site().stores:
        seen = {each.name: each.holds for each in store.probe()}
        assert seen["refuses to replace"], store.name
        if store.name in three.servers:
            assert seen["moves by comparison"] and seen["cannot be deleted from"], store.name
            assert seen["locks hold"], store.name


def test_no_key_of_the_archive_can_remove_or_change_what_was_taken_in(three: Three, sample: Path) -> None:
    assert receive(three.place, sample).exit_code == 0
    for server in three.servers.values():
        key = some_key(server)
        stored = server.client.get_object(Bucket=server.bucket, Key=key)["Body"].read()
        allowed = [name for name, ask in attempts(server, key) if not refused(ask)]
        assert allowed == [], server.kind
        assert server.client.get_object(Bucket=server.bucket, Key=key)["Body"].read() == stored
    assert three.place.run("copy", "check").told["intact"] == 9


def test_what_was_taken_in_is_locked_from_everybody_for_as_long_as_it_is_kept(
    three: Three, sample: Path
) -> None:
    assert receive(three.place, sample).exit_code == 0
    least = datetime.now(UTC) + timedelta(days=DAYS - 1)
    for server in three.servers.values():
        admin = accounts.client(server.kind)
        locks = locks_of(server)
        assert len(locks) > 30 and {mode for mode, _ in locks.values()} == {"COMPLIANCE"}
        assert min(until for _, until in locks.values()) >= least
        for key in locks:
            at = {"Bucket": server.bucket, "Key": key, "VersionId": version_of(server, key)}
            assert refused(lambda: admin.delete_object(**at))  # noqa: B023
            assert refused(lambda: admin.delete_object(**at, BypassGovernanceRetention=True))  # noqa: B023
    assert three.place.run("copy", "check").told["intact"] == 9


def test_locks_follow_a_retention_that_was_decided_anew(three: Three, sample: Path) -> None:
    assert receive(three.place, sample).exit_code == 0
    with three.place.site().open_session.begin() as session:
        volume = session.scalars(select(Volume).order_by(Volume.id)).first()
        assert volume
        volume.retention, volume.date_to = "30년", date(2020, 5, 1)
        objects = session.scalars(select(Bag.objects).where(Bag.volume_id == volume.id)).one()
        reference = volume.reference
    for name, server in three.servers.items():
        locked = three.place.run("copy", "lock", "--store", name, "--volume", reference)
        assert (locked.exit_code, locked.told["objects"], locked.told["extended"]) == (0, objects, objects)
        ends = {until for key, (_, until) in locks_of(server).items() if f"/{reference}/" in key}
        assert ends == {datetime(2051, 1, 1, tzinfo=SEOUL)}
        again = three.place.run("copy", "lock", "--store", name)
        assert (again.exit_code, again.told["extended"]) == (0, 1), "the checkpoint, which moves"


def locks_of(server: Locked) -> dict[str, tuple[str, datetime]]:
    """Mode and end of the lock of every object of a package, as whoever runs the server sees it."""
    admin, found = accounts.client(server.kind), {}
    for each in admin.list_objects_v2(Bucket=server.bucket, Prefix="kept/packages/")["Contents"]:
        head = admin.head_object(Bucket=server.bucket, Key=each["Key"])
        found[each["Key"]] = (str(head["ObjectLockMode"]), head["ObjectLockRetainUntilDate"])
    return found


def version_of(server: Locked, key: str) -> str:
    return accounts.client(server.kind).head_object(Bucket=server.bucket, Key=key)["VersionId"]


def test_what_a_stolen_key_writes_over_a_copy_is_found_and_what_was_there_is_still_there(
    three: Three, sample: Path
) -> None:
    assert receive(three.place, sample).exit_code == 0
    for name, server in three.servers.items():
        key = some_key(server)
        stored = server.client.get_object(Bucket=server.bucket, Key=key)["Body"].read()
        taken_in = version_of(server, key)
        for again in range(3):
            server.client.put_object(Bucket=server.bucket, Key=key, Body=b"written over it %d" % again)
        checked = three.place.run("copy", "check", "--store", name)
        assert (checked.exit_code, checked.told["intact"], checked.told["altered"]) == (5, 2, 1)
        named = {each["path"]: each.get("kept_version") for each in checked.told["exceptions"]}
        assert named[key.rpartition("/v1/")[2]] == taken_in
        written_over = [b"written over it %d" % again for again in range(3)]
        assert sorted(kept_versions(server, key)) == sorted([stored, *written_over])
    assert three.place.run("copy", "check", "--store", "c").told["intact"] == 3


def test_of_a_copy_whose_objects_were_all_removed_the_version_that_was_taken_in_is_named(
    three: Three, sample: Path
) -> None:
    assert receive(three.place, sample).exit_code == 0
    for name, server in three.servers.items():
        bag = some_key(server).rpartition("/v1/")[0] + "/v1/"
        taken_in = version_of(server, f"{bag}tagmanifest-sha256.txt")
        admin = accounts.client(server.kind)
        for each in admin.list_objects_v2(Bucket=server.bucket, Prefix=bag)["Contents"]:
            admin.delete_object(Bucket=server.bucket, Key=each["Key"])
        assert "Contents" not in admin.list_objects_v2(Bucket=server.bucket, Prefix=bag)
        checked = three.place.run("copy", "check", "--store", name)
        assert (checked.exit_code, checked.told["intact"], checked.told["absent"]) == (5, 2, 1)
        [gone] = checked.told["exceptions"]
        assert (gone["path"], gone.get("kept_version")) == (None, taken_in)


def test_a_stolen_key_of_one_store_opens_none_of_the_others(three: Three, sample: Path) -> None:
    assert receive(three.place, sample).exit_code == 0
    same_server = locked("versitygw")
    others = [*three.servers.values(), same_server]
    for thief in others:
        for victim in others:
            if victim is thief:
                continue
            client = accounts.client(victim.kind, thief.account)
            at = {"Bucket": victim.bucket, "Key": "kept/packages/stolen"}
            assert refused(lambda: client.put_object(**at, Body=b"x"))  # noqa: B023
            assert refused(lambda: client.list_objects_v2(Bucket=victim.bucket))  # noqa: B023
            assert refused(lambda: client.get_object(**at))  # noqa: B023
            assert refused(lambda: client.delete_object(**at))  # noqa: B023
    assert three.place.run("copy", "check").told["intact"] == 9


def test_a_new_store_is_filled_from_a_server_and_a_server_from_a_folder(three: Three, sample: Path) -> None:
    c_only_later = Installation({
        **three.place.environment,
        "SEOGO_STORES": " ".join(three.place.environment["SEOGO_STORES"].split()[:2]),
    })  # fmt: skip
    assert receive(c_only_later, sample).told["state"] == "stored"
    three.place.run("init")
    dry = three.place.run("copy", "fill", "--store", "c", "--dry-run")
    assert (dry.exit_code, dry.told["lacking"]["copies"]) == (0, 3)
    assert dry.told["estimate"]["bytes_per_second"] > 0
    filled = three.place.run("copy", "fill", "--store", "c")
    assert (filled.exit_code, filled.told["copied"]["copies"], filled.told["left"]["copies"]) == (0, 3, 0)
    fourth = locked("minio")
    four = Installation({
        **three.place.environment,
        "SEOGO_STORES": f"{three.place.environment['SEOGO_STORES']} d={fourth.url}",
        "SEOGO_STORE_D_ACCESS": fourth.account[0],
        "SEOGO_STORE_D_SECRET": fourth.account[1],
    })  # fmt: skip
    four.run("init")
    filled = four.run("copy", "fill", "--store", "d")
    assert (filled.exit_code, filled.told["copied"]["copies"]) == (0, 3), filled.told
    checked = four.run("copy", "check")
    assert (checked.exit_code, checked.told["intact"]) == (0, 12)


@pytest.mark.parametrize("allowance", [0, 60_000, 400_000])
def test_a_server_that_goes_away_is_owed_its_copies_and_gets_them_when_it_is_back(
    three: Three, sample: Path, allowance: int
) -> None:
    with door(accounts.server("minio")) as made:
        place = Installation({
            **three.place.environment,
            "SEOGO_STORES": three.place.environment["SEOGO_STORES"].replace(
                accounts.server("minio"), made.of(accounts.server("minio"))
            ),
        })  # fmt: skip
        place.run("init")
        made.turn("open", allowance) if allowance else made.turn("shut")
        received = receive(place, sample)
        assert received.exit_code == AWAY, received.errors
        assert (received.told["state"], received.told["volumes"]["accepted"]) == ("accepted", 3)
        shutil.rmtree(sample)
        made.turn("open")
        worked = place.run("work", "--until-idle")
        assert (worked.exit_code, worked.told["failed"], worked.told["waiting"]) == (0, [], [])
    assert three.place.run("transfer", "show", received.told["transfer"]).told["state"] == "stored"
    checked = three.place.run("copy", "check")
    assert (checked.exit_code, checked.told["intact"], checked.told["lagging"]) == (0, 9, [])
