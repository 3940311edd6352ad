"""Every setting of an installation: read once, from the environment or one TOML file, all faults together.

This is the only module that looks at the environment.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from archive.errors import WrongCall
from archive.site import archive_file_limits, cold_settings, scanner_settings
from archive.site.archive_file_limits import ArchiveFileLimits
from archive.site.cold_settings import ColdSettings
from archive.site.scanner_settings import ScannerSettings
from archive.stores import places


@dataclass(frozen=True)
class Setting:
    """One setting: its default (None: derived from the home), what it is for, whether it is secret."""

    name: str
    default: str | None
    meaning: str
    secret: bool = False


SETTINGS = (
    Setting("SEOGO_HOME", "./seogo-home", "folder of the whole installation, or of keys and scratch"),
    Setting("SEOGO_DATABASE", None, "sqlite:///… in the home, or postgresql://…", secret=True),
    Setting("SEOGO_STORES", None, "stores as NAME=URL, separated by blanks; file:// or s3://"),
    Setting(
        "SEOGO_COLD_STORES", "", "names of stores whose copies must be asked for before they can be read"
    ),
    Setting("SEOGO_COLD_TERMS", cold_settings.DEFAULT, "how long that takes, for how long, and its price"),
    Setting("SEOGO_COPY_LAG", "60", "minutes that a copy may be owed before it is told as late"),
    Setting("SEOGO_SHELF", None, "where page images lie: file://…"),
    Setting(
        "SEOGO_INDEX", "embedded:", "embedded: in the home, or http(s)://… of Elasticsearch", secret=True
    ),
    Setting("SEOGO_INDEX_PREFIX", "seogo", "first part of the names of Elasticsearch indexes"),
    Setting("SEOGO_KEYS", None, "folder of keys; the log's public key is log.vkey in it"),
    Setting("SEOGO_SCANNER", "", "virus scanner: clamd:/path/of/socket or clamd://host:port; empty: none"),
    Setting("SEOGO_SCANNER_WHOLE", "24", "MB of a file that go to the scanner in one piece"),
    Setting("SEOGO_SCANNER_SIGNATURE_DAYS", "7", "how old its signatures may be, in days"),
    Setting("SEOGO_SCANNER_UNSCANNABLE", "hold", "what cannot be scanned whole: hold, or accept"),
    Setting("SEOGO_QUARANTINE_DAYS", "0", "days between the first and the second scan; 0: one pass is both"),
    Setting(
        "SEOGO_ARCHIVE_LIMITS",
        archive_file_limits.DEFAULT,
        "how much of an archive file in a transfer is looked at before it is kept back",
    ),
    Setting("SEOGO_CLOCK", "", "tests only: an RFC 3339 instant at which time stands"),
    Setting("SEOGO_REFERENCE", "SG", "first part of every reference: capitals and digits, at most 8"),
    Setting("SEOGO_NAME", "서고 기록원", "name of the archive on every page"),
    Setting("SEOGO_NAME_EN", "Seogo Archives", "the same on English pages"),
    Setting("SEOGO_TELEPHONE", "02-000-0000", "telephone for help, on every page"),
    Setting("SEOGO_WORKERS", "", "jobs at once; the number of processors when empty"),
    Setting(
        "SEOGO_READ_BACK_WITHIN", "24", "hours: a completion notice rests on copies read back since then"
    ),
    Setting("SEOGO_HOST", "127.0.0.1", "address that seogo serve listens on"),
    Setting("SEOGO_PORT", "8000", "port that seogo serve listens on"),
    Setting("SEOGO_UPLOAD_FILES", "200000", "the most files that one folder sent by browser may have"),
    Setting("SEOGO_UPLOAD_BYTES", "500000000000", "the most bytes that one folder sent by browser may have"),
    Setting("SEOGO_WATCH", "", "folder where agencies lay down: <agency code>/<transfer folder>"),
    Setting("SEOGO_WATCH_QUIET", "60", "seconds without a change after which a folder there is complete"),
    Setting("SEOGO_HTTPS", "no", "yes when readers come by https: cookies are then marked Secure"),
)


@dataclass(frozen=True)
class Settings:
    home: Path
    database: str
    stores: Mapping[str, str]
    credentials: Mapping[str, tuple[str, str]]
    cold: ColdSettings
    copy_lag: int
    shelf: str
    index: str
    index_prefix: str
    keys: Path
    scanner: ScannerSettings
    archive_files: ArchiveFileLimits
    clock: datetime | None
    reference: str
    name: str
    name_en: str
    telephone: str
    workers: int
    read_back_within: int
    host: str
    port: int
    https: bool
    watch: Path | None
    watch_quiet: int
    upload_files: int
    upload_bytes: int
    sources: Mapping[str, tuple[str, str]]
    """Each setting's name with its shown value and where it came from."""


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process.  WrongCall names every fault, not just the first."""
    environment = os.environ if environment is None else environment
    faults: list[str] = []
    told = _from_file(environment.get("SEOGO_CONFIG"), faults)
    values, sources = _merge(environment, told, faults)
    settings = _build(values, {**told, **environment}, sources, faults)
    if faults or settings is None:
        raise WrongCall("The settings are not right: " + " ".join(faults), code="settings",
                        next="Correct them and look again with: seogo settings")  # fmt: skip
    return settings


def _from_file(path: str | None, faults: list[str]) -> dict[str, str]:
    if not path:
        return {}
    try:
        told = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else f"it is no TOML: {error}"
        faults.append(f"SEOGO_CONFIG={path} cannot be read: {why}.")
        return {}
    known = {each.name for each in SETTINGS}
    for name in told:
        if name not in known and not re.fullmatch(r"SEOGO_STORE_[A-Z0-9]+_(ACCESS|SECRET)", name):
            faults.append(f"{name} in {path} is not a setting.")
    return {name: str(value) for name, value in told.items()}


def _merge(
    environment: Mapping[str, str], told: Mapping[str, str], faults: list[str]
) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    values: dict[str, str] = {}
    sources: dict[str, str] = {}
    for each in SETTINGS:
        for place, where in ((environment, "environment"), (told, "file")):
            if each.name in place and each.name not in values:
                values[each.name], sources[each.name] = place[each.name], where
        if each.name not in values:
            values[each.name], sources[each.name] = each.default or "", "default"
    home = _place("SEOGO_HOME", values["SEOGO_HOME"], faults)
    in_address = str(home).replace("%", "%25").replace("?", "%3F")
    derived = {
        "SEOGO_DATABASE": f"sqlite:///{in_address}/seogo.db",
        "SEOGO_STORES": f"a={(home / 'stores/a').as_uri()} b={(home / 'stores/b').as_uri()}",
        "SEOGO_SHELF": (home / "shelf").as_uri(),
        "SEOGO_KEYS": str(home / "keys"),
    }
    for name, value in derived.items():
        values[name] = values[name] or value
    secret = {each.name for each in SETTINGS if each.secret}
    shown = {
        name: (_without_password(value) if name in secret else value, sources[name])
        for name, value in values.items()
    }
    return values, shown


def _build(
    values: Mapping[str, str],
    everything: Mapping[str, str],
    sources: Mapping[str, tuple[str, str]],
    faults: list[str],
) -> Settings | None:
    stores = _stores(values["SEOGO_STORES"], faults)
    settings = dict(
        home=_place("SEOGO_HOME", values["SEOGO_HOME"], faults),
        database=values["SEOGO_DATABASE"],
        stores=stores,
        credentials=_credentials(stores, everything, faults),
        cold=cold_settings.read(values, stores, faults),
        copy_lag=_number("SEOGO_COPY_LAG", values["SEOGO_COPY_LAG"], faults),
        shelf=values["SEOGO_SHELF"],
        index=values["SEOGO_INDEX"],
        index_prefix=values["SEOGO_INDEX_PREFIX"],
        keys=_place("SEOGO_KEYS", values["SEOGO_KEYS"], faults),
        scanner=scanner_settings.read(values, faults),
        archive_files=archive_file_limits.read(values["SEOGO_ARCHIVE_LIMITS"], faults),
        clock=_instant(values["SEOGO_CLOCK"], faults),
        reference=values["SEOGO_REFERENCE"],
        name=values["SEOGO_NAME"],
        name_en=values["SEOGO_NAME_EN"],
        telephone=values["SEOGO_TELEPHONE"],
        workers=_number("SEOGO_WORKERS", values["SEOGO_WORKERS"] or str(os.cpu_count() or 1), faults),
        read_back_within=_number("SEOGO_READ_BACK_WITHIN", values["SEOGO_READ_BACK_WITHIN"], faults),
        host=values["SEOGO_HOST"],
        port=_number("SEOGO_PORT", values["SEOGO_PORT"], faults),
        https=values["SEOGO_HTTPS"] == "yes",
        watch=_place("SEOGO_WATCH", values["SEOGO_WATCH"], faults) if values["SEOGO_WATCH"] else None,
        watch_quiet=_number("SEOGO_WATCH_QUIET", values["SEOGO_WATCH_QUIET"], faults),
        upload_files=_number("SEOGO_UPLOAD_FILES", values["SEOGO_UPLOAD_FILES"], faults, most=10**9),
        upload_bytes=_number("SEOGO_UPLOAD_BYTES", values["SEOGO_UPLOAD_BYTES"], faults, most=10**18),
        sources=sources,
    )
    _judge(values, faults)
    return None if faults else Settings(**settings)  # type: ignore[arg-type]


def _judge(values: Mapping[str, str], faults: list[str]) -> None:
    """Words that have a form of their own."""
    if not re.fullmatch(r"[A-Z0-9]{1,8}", values["SEOGO_REFERENCE"]):
        faults.append("SEOGO_REFERENCE takes 1 to 8 capitals and digits.")
    _judge_database(values["SEOGO_DATABASE"], faults)
    if not values["SEOGO_INDEX"].startswith(("embedded:", "http://", "https://")):
        faults.append("SEOGO_INDEX is embedded: or an address that begins with http:// or https://.")
    if values["SEOGO_HTTPS"] not in ("yes", "no"):
        faults.append("SEOGO_HTTPS is yes or no.")


def _place(name: str, text: str, faults: list[str]) -> Path:
    """A folder that is named; the faults tell once what is none."""
    try:
        found = Path(text).expanduser().absolute()
    except RuntimeError:
        found, fault = Path("/"), f"{name}={text} begins with a user who has no home here."
    else:
        fault = "" if text else f"{name} is empty; name a folder."
    if fault and fault not in faults:
        faults.append(fault)
    return found


def _judge_database(url: str, faults: list[str]) -> None:
    if not url.startswith(("sqlite:///", "postgresql://")):
        faults.append("SEOGO_DATABASE begins with sqlite:/// or postgresql://.")
    elif url == "sqlite:///":
        faults.append("SEOGO_DATABASE names no file after sqlite:///.")
    elif url.startswith("postgresql://"):
        try:
            urlsplit(url).port  # noqa: B018 (asking for it is what finds the fault)
        except ValueError:
            faults.append("SEOGO_DATABASE has a server or a port that is none.")


def _stores(text: str, faults: list[str]) -> dict[str, str]:
    stores: dict[str, str] = {}
    for part in text.split():
        name, equals, url = part.partition("=")
        if not equals or not re.fullmatch(r"[a-z0-9]+", name):
            faults.append(f"SEOGO_STORES: {part!r} is not NAME=URL with a name of small letters and digits.")
        elif not url.startswith(("file:///", "s3://")):
            faults.append(f"SEOGO_STORES: store {name} begins with neither file:/// nor s3://.")
        elif name in stores:
            faults.append(f"SEOGO_STORES: two stores are named {name}.")
        else:
            stores[name] = url
    faults += places.shared(stores, look=False)
    if len(stores) < 2:
        faults.append("SEOGO_STORES needs two stores or more, so that one may be lost.")
    return stores


def _credentials(
    stores: Mapping[str, str], everything: Mapping[str, str], faults: list[str]
) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for name, url in stores.items():
        access = everything.get(f"SEOGO_STORE_{name.upper()}_ACCESS", "")
        secret = everything.get(f"SEOGO_STORE_{name.upper()}_SECRET", "")
        if url.startswith("s3://") and not (access and secret):
            faults.append(f"Store {name} needs SEOGO_STORE_{name.upper()}_ACCESS and …_SECRET.")
        if access and secret:
            found[name] = (access, secret)
    return found


def _instant(text: str, faults: list[str]) -> datetime | None:
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        faults.append(f"SEOGO_CLOCK={text} is not an RFC 3339 instant with a zone.")
        return None
    return instant


def _number(name: str, text: str, faults: list[str], *, most: int = 65535) -> int:
    if text.isdecimal() and len(text) < 20 and 0 < int(text) <= most:
        return int(text)
    faults.append(f"{name}={text} is not a number from 1 to {most}.")
    return 0


def _without_password(url: str) -> str:
    return re.sub(r"(://[^/@:]*):[^@]*@", r"\1:…@", url)
