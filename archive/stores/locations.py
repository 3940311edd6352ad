"""A store's URL: ``file:///percent-encoded/path`` or ``s3://bucket/prefix?endpoint=http://host:port``.

The second may ask for locks: ``&lock=compliance&retention=3650``.

Credentials are never part of a URL.  Every fault of a set of stores is told at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from archive.errors import WrongCall
from archive.stores import places
from archive.stores.folder import FolderStore
from archive.stores.keys import LONGEST_STORE_PREFIX, check_prefix
from archive.stores.s3 import Bucket
from archive.stores.s3_locks import read_terms
from archive.stores.s3_store import S3Shelf, S3Store
from archive.stores.shelf import FolderShelf
from archive.stores.store import Shelf, Store

Credentials = tuple[str, str]
_NAME = re.compile(r"[a-z0-9]+")


def open_stores(spec: Mapping[str, str], credentials: Mapping[str, Credentials]) -> tuple[Store, ...]:
    """The stores of an installation, in the given order.  Nothing is written yet.

    WrongCall names every store whose URL or credentials are at fault, not only the first, and those
    that are one place.
    """
    opened: list[Store] = []
    faults: list[str] = []
    for name, url in spec.items():
        try:
            opened.append(open_store(name, url, credentials.get(name)))
        except WrongCall as error:
            faults.append(error.message)
    faults += places.shared(spec, look=False)
    if faults:
        raise WrongCall(" ".join(faults), code="store.settings", next="Correct SEOGO_STORES.")
    return tuple(opened)


def open_store(name: str, url: str, credentials: Credentials | None = None) -> Store:
    """One store by its URL."""
    if not _NAME.fullmatch(name):
        raise WrongCall(f"A store's name is made of a-z and 0-9; {name!r} is not.")
    if url.startswith("s3:"):
        return S3Store(name, _bucket(name, url, credentials))
    return FolderStore(name, _folder(name, url))


def open_shelf(url: str, credentials: Credentials | None = None) -> Shelf:
    """A shelf by its URL: the same grammar."""
    if url.startswith("s3:"):
        return S3Shelf("shelf", _bucket("shelf", url, credentials))
    return FolderShelf(_folder("shelf", url))


def file_url(folder: Path) -> str:
    """The URL of a folder."""
    return "file://" + quote(str(folder.absolute()))


def _folder(name: str, url: str) -> Path:
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise WrongCall(f"Store {name}: {url!r} is neither file:///… nor s3://bucket/prefix?endpoint=….")
    if parts.query or parts.fragment:
        raise WrongCall(f"Store {name}: percent-encode ? and # in {url!r}.")
    return Path(unquote(parts.path))


def _bucket(name: str, url: str, credentials: Credentials | None) -> Bucket:
    parts = urlsplit(url)
    options = parse_qs(parts.query)
    unknown = sorted(options.keys() - {"endpoint", "region", "lock", "retention"})
    prefix = unquote(parts.path).strip("/")
    if not parts.netloc or "@" in parts.netloc or unknown or parts.fragment:
        raise WrongCall(f"Store {name}: {_without_user(url)!r} is not s3://bucket/prefix?endpoint=….")
    if len(prefix.encode()) > LONGEST_STORE_PREFIX:
        raise WrongCall(f"Store {name}: the prefix has at most {LONGEST_STORE_PREFIX} bytes.")
    check_prefix(prefix)
    endpoint = options.get("endpoint", [""])[0]
    if endpoint and urlsplit(endpoint).scheme not in ("http", "https"):
        raise WrongCall(f"Store {name}: the endpoint {endpoint!r} is not an http or https URL.")
    if credentials is None or not all(credentials):
        raise WrongCall(
            f"Store {name} needs SEOGO_STORE_{name.upper()}_ACCESS and SEOGO_STORE_{name.upper()}_SECRET."
        )
    try:
        terms = read_terms(*(options.get(each, [""])[0] for each in ("lock", "retention")))
    except WrongCall as error:
        raise WrongCall(f"Store {name}: {error.message}") from error
    query = {key: values[0] for key, values in sorted(options.items())}
    location = f"s3://{parts.netloc}/{quote(prefix)}" + (f"?{urlencode(query, safe=':/')}" if query else "")
    return Bucket(
        name=parts.netloc,
        prefix=prefix,
        endpoint=endpoint or None,
        region=options.get("region", ["us-east-1"])[0],
        access=credentials[0],
        secret=credentials[1],
        location=location,
        terms=terms,
    )


def _without_user(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//…@", url)
