"""The API for an agency's program: `POST /api/transfers` and `GET /api/transfers/<number>`."""

import hashlib

from flask import Blueprint, Response, jsonify, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from archive.errors import WrongCall
from archive.site.reader.web import session, site
from archive.site.site import Site
from ingest.intake import asking, tokens

A_MINUTE = 120
"""Requests a minute with one token: a program that asks each second how far something is needs half."""

bp = Blueprint("intake", __name__, url_prefix="/api/transfers")


@bp.post("")
def ask() -> ResponseReturnValue:
    holder, asked = _holder(), request.get_json(force=True, silent=True)
    holder.must_send()
    if not isinstance(asked, dict) or not isinstance(asked.get("folder"), str):
        raise WrongCall("The body is JSON with the name of a folder.", next='Send: {"folder": "…"}')
    key = request.headers.get("Idempotency-Key", "")
    with site().open_session.begin() as db:
        intake = asking.ask(db, site(), agency=holder.agency, key=key, folder=asked["folder"])
        told = asking.told(db, intake)
    is_done = told["transfer"] or told["error"]
    return _own(told), 200 if is_done else 202


@bp.get("/<number>")
def one(number: str) -> ResponseReturnValue:
    return _own(asking.result_for(session(), _holder().agency, number))


def _holder() -> tokens.Holder:
    return tokens.holder(session(), _words())


def _words() -> str:
    kind, _, words = request.headers.get("Authorization", "").partition(" ")
    return words.strip() if kind.lower() == "bearer" else ""


def _own(told: object) -> Response:
    response = jsonify(told)
    response.headers["Cache-Control"] = "no-store"
    return response


def _protect(state: BlueprintSetupState) -> None:
    """No browser sends a token by itself, so there is no form whose sender had to be proved.

    Each token is counted for itself, below what its address is counted for: guessing gains nothing.
    """
    state.app.extensions["csrf"].exempt(bp)
    limiter = state.app.extensions["seogo.limiter"]
    limiter.shared_limit(
        lambda: f"{A_MINUTE} per minute", "intake", key_func=_counted_as, override_defaults=False
    )(bp)


def _counted_as() -> str:
    return hashlib.sha256(_words().encode("utf-8", "surrogatepass")).hexdigest()


bp.record_once(_protect)


def blueprints(_site: Site) -> tuple[Blueprint, ...]:
    return (bp,)
