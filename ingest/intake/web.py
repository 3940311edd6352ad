"""The API for an agency's program: `POST /api/transfers` and `GET /api/transfers/<number>`."""

from flask import Blueprint, Response, jsonify, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from archive.errors import WrongCall
from archive.site.reader.web import session, site
from archive.site.site import Site
from ingest.intake import asking, tokens

bp = Blueprint("intake", __name__, url_prefix="/api/transfers")


@bp.post("")
def ask() -> ResponseReturnValue:
    agency, asked = _agency(), request.get_json(silent=True)
    if not isinstance(asked, dict) or not isinstance(asked.get("folder"), str):
        raise WrongCall("The body is JSON with the name of a folder.", next='Send: {"folder": "…"}')
    key = request.headers.get("Idempotency-Key", "")
    with site().open_session.begin() as db:
        intake = asking.ask(db, site(), agency=agency, key=key, folder=asked["folder"])
        told = asking.told(db, intake)
    is_done = told["transfer"] or told["error"]
    return _own(told), 200 if is_done else 202


@bp.get("/<number>")
def one(number: str) -> ResponseReturnValue:
    return _own(asking.result_for(session(), _agency(), number))


def _agency() -> str:
    kind, _, words = request.headers.get("Authorization", "").partition(" ")
    return tokens.agency_of(session(), words if kind.lower() == "bearer" else "")


def _own(told: object) -> Response:
    response = jsonify(told)
    response.headers["Cache-Control"] = "no-store"
    return response


def _without_form(state: BlueprintSetupState) -> None:
    """No browser sends a token by itself, so there is no form whose sender had to be proved."""
    state.app.extensions["csrf"].exempt(bp)


bp.record_once(_without_form)


def blueprints(_site: Site) -> tuple[Blueprint, ...]:
    return (bp,)
