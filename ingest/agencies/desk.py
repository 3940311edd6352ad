"""The desk's pages of agencies: agreements in versions, trying and entering one, tokens for programs."""

from collections.abc import Callable, Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from archive import holdings
from archive.errors import ArchiveError, Conflict, Missing, WrongCall
from archive.site.reader.web import needs, reader, say, session, site
from archive.site.site import Site
from ingest import agreements
from ingest.agencies import overview
from ingest.agreements import documents
from ingest.agreements.documents import Agreement
from ingest.intake import tokens
from ingest.intake.tokens import AgencyToken
from ingest.taking import agencies

DESK = "work at the desk"
WRONG_FIELD = {
    "agency.code": "code", "agency.there": "code", "agency.name": "name", "agency.packing": "name",
    "agency.name_en": "name_en",
}  # fmt: skip
"""The field of the form that each refusal is about."""

bp = Blueprint("agencies", __name__, template_folder="templates", url_prefix="/desk/agencies")


@bp.get("")
@needs(DESK)
def all() -> ResponseReturnValue:
    return _list_page({})


def _list_page(errors: Mapping[str, str]) -> str:
    lines = overview.lines(session(), site().today())
    return render_template("agencies.html", lines=lines, errors=errors, form=request.form)


@bp.post("")
@needs(DESK)
def add() -> ResponseReturnValue:
    """Enter an agency.  One that was entered before keeps its name: that is changed on its own page."""
    code = request.form.get("code", "").strip()
    known = holdings.find_agency(session(), code)
    if known and known.entered_at:
        return _list_page(_wrong("agency.there")), 422
    return _entered(code, _list_page)


@bp.post("/<code>")
@needs(DESK)
def rename(code: str) -> ResponseReturnValue:
    holdings.get_agency(session(), code)
    return _entered(code, lambda errors: _agency_page(code, errors))


def _entered(code: str, again: Callable[[Mapping[str, str]], str]) -> ResponseReturnValue:
    """Enter the names of the form under a code; ``again`` is the page of the form, for what is wrong."""
    name, name_en = request.form.get("name", ""), request.form.get("name_en", "")
    try:
        with site().open_session.begin() as db:
            agencies.enter(db, code, name=name, name_en=name_en, by=reader().name, now=site().now())
    except (WrongCall, Conflict) as error:
        if error.code not in WRONG_FIELD:
            raise
        return again(_wrong(error.code)), 422
    return redirect(url_for("agencies.one", code=code, done="named") + "#done", 303)


def _wrong(refusal: str) -> dict[str, str]:
    return {WRONG_FIELD[refusal]: say(f"agency.wrong.{refusal}")}


@bp.get("/<code>")
@needs(DESK)
def one(code: str) -> ResponseReturnValue:
    return _agency_page(code, {})


def _agency_page(code: str, errors: Mapping[str, str], words: str = "") -> str:
    db = session()
    return render_template(
        "agency.html", agency=holdings.get_agency(db, code), words=words, errors=errors, form=request.form,
        versions=overview.versions(db, code, site().today()),
        tokens=[row for row, owner in tokens.find(db) if owner == code],
    )  # fmt: skip


@bp.post("/<code>/tokens")
@needs(DESK)
def make_token(code: str) -> ResponseReturnValue:
    """The words are on this answer and nowhere else, so it is no redirection."""
    may_send = request.form.get("may") != "ask"
    with site().open_session.begin() as db:
        holdings.get_agency(db, code)
        _, words = tokens.make(db, code, may_send=may_send, by=reader().name, now=site().now())
    return _agency_page(code, {}, words)


@bp.get("/<code>/tokens/<int:number>")
@needs(DESK)
def token(code: str, number: int) -> ResponseReturnValue:
    """What is asked before a token is revoked."""
    agency = holdings.get_agency(session(), code)
    return render_template("revoke.html", agency=agency, it=_token(session(), code, number))


@bp.post("/<code>/tokens/<int:number>/revoke")
@needs(DESK)
def revoke_token(code: str, number: int) -> ResponseReturnValue:
    with site().open_session.begin() as db:
        tokens.revoke(db, _token(db, code, number).id, by=reader().name, now=site().now())
    return redirect(url_for("agencies.one", code=code, done="revoked") + "#done", 303)


def _token(db: Session, code: str, number: int) -> AgencyToken:
    found = [row for row, owner in tokens.find(db) if (row.id, owner) == (number, code)]
    if not found:
        raise Missing(f"Agency {code} has no token {number}.", next="Choose one from the list.")
    return found[0]


@bp.get("/<code>/agreements/<int:version>")
@needs(DESK)
def agreement(code: str, version: int) -> ResponseReturnValue:
    rows = overview.versions(session(), code, site().today())
    it = next((each for each in rows if each.row.version == version), None)
    if it is None:
        raise Missing(f"There is no agreement {version} with {code}.", next="Choose one from the list.")
    return render_template(
        "agreement.html", agency=holdings.get_agency(session(), code), it=it, demands=overview.demands,
        judged=overview.judged(session(), code, version), most=overview.SHOWN,
    )  # fmt: skip


@bp.get("/<code>/agreements/try")
@needs(DESK)
def try_page(code: str) -> ResponseReturnValue:
    """With the words of the version that was chosen, or of the newest."""
    rows = agreements.find(session(), code)
    asked = request.args.get("version", "")
    chosen = [row.document for row in rows if str(row.version) == asked] or [
        row.document for row in rows[-1:]
    ]
    return _try_page(code, chosen[0] if chosen else "")


@bp.post("/<code>/agreements/try")
@needs(DESK)
def do_try(code: str) -> ResponseReturnValue:
    text, number = _document(), request.form.get("transfer", "")
    try:
        trial = overview.tried(session(), _read(code, text), number or None)
    except ArchiveError as error:
        return _try_page(code, text, error=error), 422
    return _try_page(code, text, trial=trial)


@bp.post("/<code>/agreements")
@needs(DESK)
def enter(code: str) -> ResponseReturnValue:
    """Enter the next version: what was tried, word for word."""
    text = _document()
    try:
        agreed = _read(code, text)
        with site().open_session.begin() as db:
            agreements.enter(db, text, by=reader().name, now=site().now(), today=site().today())
    except ArchiveError as error:
        return _try_page(code, text, error=error), 422
    address = url_for("agencies.agreement", code=code, version=agreed.version, done="entered")
    return redirect(address + "#done", 303)


def _document() -> str:
    """Browsers send line ends of their own."""
    return request.form.get("document", "").replace("\r\n", "\n")


def _read(code: str, text: str) -> Agreement:
    agreed = documents.read(text)
    if agreed.agency != code:
        raise WrongCall(
            f"This is an agreement with {agreed.agency}, not with {code}.", code="agreement.document",
            next=f'Write: agency = "{code}"',
        )  # fmt: skip
    return agreed


def _try_page(
    code: str, text: str, *, trial: overview.Trial | None = None, error: ArchiveError | None = None
) -> str:
    return render_template(
        "try.html", agency=holdings.get_agency(session(), code), text=text, trial=trial, error=error,
        past=overview.past(session(), code), number=request.form.get("transfer", ""),
        entered={row.document for row in agreements.find(session(), code)},
    )  # fmt: skip


def blueprints(_site: Site) -> tuple[Blueprint, ...]:
    return (bp,)
