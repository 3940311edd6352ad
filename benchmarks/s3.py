"""Taking in onto two S3 stores, as a share of what the server itself can do.

The ceiling, in the same run: two processes with eight connections to each store put the same files
twice, on the condition that the key is free and with a checksum for the server to verify, then get
both copies and hash them; no bag, no metadata, no rows.  Needs a server:

    eval "$(tests/servers/s3 start)"; .venv/bin/python -m benchmarks.s3; tests/servers/s3 stop
"""

import hashlib
import multiprocessing
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import boto3

from archive.site import installation, settings
from archive.site.site import Site
from archive.stores import open_stores
from archive.stores.s3 import CONNECTIONS, Server
from archive.stores.s3_store import S3Store
from benchmarks import floor, measuring, transfers
from benchmarks.ingest import take_in
from benchmarks.transfers import Transfer

BAR = 0.8


def main() -> int:
    parser = measuring.arguments(__doc__)
    wanted = parser.parse_args()
    if "SEOGO_TEST_S3" not in os.environ:
        raise SystemExit(
            "No S3 server: SEOGO_TEST_S3 is not set.  See benchmarks/s3.py for how to start one."
        )
    measuring.load()
    sets = {"mixed files": list(transfers.mixed(int(1_000 * wanted.scale), 1)),
            "files of 20 kB": [20_000] * int(3_000 * wanted.scale)}  # fmt: skip
    with measuring.working_folder(wanted.folder) as folder:
        for name, sizes in sets.items():
            made = transfers.make(folder / name / "transfer", sizes)
            found = measuring.pairs(wanted.pairs, partial(ours, made), partial(ceiling, made), folder / name)
            measuring.tell(name, found, files=made.files, size=made.bytes, other="the server", wanted=BAR)
    return 0


def ours(made: Transfer, home: Path) -> Callable[[], object]:
    site = Site(settings.read({"SEOGO_HOME": str(home), "SEOGO_WORKERS": str(floor.PROCESSES), **stores()}))
    installation.prepare(site)
    return partial(take_in, made, site)


def stores() -> dict[str, str]:
    """Two new buckets, as settings."""
    endpoint, access, secret = (os.environ[f"SEOGO_TEST_S3{end}"] for end in ("", "_ACCESS", "_SECRET"))
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id=access, aws_secret_access_key=secret,
        region_name="us-east-1",
    )  # fmt: skip
    bucket = "bench" + secrets.token_hex(6)
    told = []
    for name in "ab":
        client.create_bucket(Bucket=f"{bucket}-{name}")
        told.append(f"{name}=s3://{bucket}-{name}/kept?endpoint={endpoint}")
    keys = {f"SEOGO_STORE_{name}_{kind}": value for name in "AB"
            for kind, value in (("ACCESS", access), ("SECRET", secret))}  # fmt: skip
    return {"SEOGO_STORES": " ".join(told), **keys}


def ceiling(made: Transfer, home: Path) -> Callable[[], None]:
    told = settings.read({"SEOGO_HOME": str(home), **stores()})
    return partial(put_and_get_all, made, told.stores, told.credentials)


def put_and_get_all(made: Transfer, urls: Mapping[str, str], keys: Mapping[str, tuple[str, str]]) -> None:
    forked = multiprocessing.get_context("fork")
    shares = [made.volumes[number :: floor.PROCESSES] for number in range(floor.PROCESSES)]
    working = [forked.Process(target=put_and_get, args=(made.folder, each, urls, keys)) for each in shares]
    for each in working:
        each.start()
    for each in working:
        each.join()
        if each.exitcode != 0:
            raise SystemExit("The server did not give back what was put.")


def put_and_get(
    source: Path, volumes: list[floor.Volume], urls: Mapping[str, str], keys: Mapping[str, tuple[str, str]]
) -> None:
    servers = [store.server for store in open_stores(urls, keys) if isinstance(store, S3Store)]
    with ThreadPoolExecutor(CONNECTIONS * len(servers)) as threads:
        for volume in volumes:
            names = [(name, (source / name).read_bytes()) for name in volume]
            digests = {name: hashlib.sha256(data).hexdigest() for name, data in names}
            puts = [threads.submit(server.put, name, data, digests[name], if_absent=True)
                    for name, data in names for server in servers]  # fmt: skip
            for each in puts:
                each.result()

            gets = [threads.submit(digest, server, name) for name, _ in names for server in servers]
            if [each.result() for each in gets] != [digests[name] for name, _ in names for _ in servers]:
                raise SystemExit("The server gave back other bytes.")


def digest(server: Server, name: str) -> str:
    with server.get(name) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main())
