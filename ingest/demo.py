"""The sample transfer of ``seogo demo``: made, taken in and shown, with people to sign in as."""

from dataclasses import dataclass

from archive import people
from archive.errors import Conflict
from archive.site.evidence import seal_now
from archive.site.site import Site
from archive.site.terminal import Progress
from archive.work.commands import finish_work
from ingest.samples.making import make
from ingest.taking import agencies, receiving
from ingest.taking.receiving import Asked

AGENCY, AGENCY_NAME, AGENCY_NAME_EN = "6110000", "서울특별시", "Seoul Metropolitan Government"
SEED = 1
PEOPLE = (
    ("archivist", "archivist", "김서고 연구사"),
    ("auditor", "auditor", "이감사 감사관"),
    ("citizen", "citizen", "박시민"),
)


@dataclass(frozen=True)
class SignIn:
    username: str
    password: str
    role: str


def prepare(site: Site, *, volumes: int, pages: int, progress: Progress) -> list[SignIn]:
    """Make the sample, take it in, make its pages and index it.  Repeating it adds nothing."""
    folder = site.settings.home / "sample" / f"transfer-{volumes}x{pages}"
    if not folder.exists():
        make(
            folder,
            volumes=volumes,
            pages=pages,
            seed=SEED,
            progress=lambda done, total: progress("making", done, total),
        )
    with site.open_session.begin() as session:
        agencies.enter(
            session, AGENCY, name=AGENCY_NAME, name_en=AGENCY_NAME_EN, by="demo", now=site.now()
        )  # fmt: skip
    asked = Asked(folder=folder, agency=AGENCY, accept=True, another=True, by="demo")
    receiving.receive(site, asked, progress)
    seal_now(site)
    finish_work(site, progress)
    seal_now(site)
    progress.close()
    return [_person(site, *person) for person in PEOPLE]


def _person(site: Site, username: str, role: str, display_name: str) -> SignIn:
    """A person of the demo.  The passwords are no secret: the portal listens on this machine only."""
    password = f"seogo-{username}"
    try:
        with site.open_session.begin() as session:
            people.add(session, username, password, role=role, display_name=display_name, now=site.now())
    except Conflict:
        pass
    return SignIn(username, password, role)
