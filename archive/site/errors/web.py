"""Turns whatever goes wrong into a page, or into JSON for a program, and never shows the inside."""

import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus

from flask import Flask, Response, current_app, g, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DatabaseError
from werkzeug.exceptions import HTTPException

from archive import database_faults
from archive.errors import ArchiveError, NotSignedIn, Refused, Unavailable
from archive.site import language

WORDED = ("400", "403", "404", "409", "410", "422", "429", "500", "503")
A_WHILE = 60
"""Seconds after which it is worth asking again; repairs of a server take about as long."""


class Forbidden(Refused):
    """A page of another role; `right` is what the reader lacks."""

    def __init__(self, right: str) -> None:
        super().__init__("This page is for another role.", code="role", next="Sign in with another account.")
        self.right = right


class Gone(ArchiveError):
    """A record that was public and was withdrawn."""

    code, http_status = "gone", 410


def answer_errors(app: Flask) -> None:
    app.register_error_handler(RateLimitExceeded, _too_many)
    app.register_error_handler(CSRFError, _expired)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(ArchiveError, _told)
    app.register_error_handler(DatabaseError, _database)
    app.register_error_handler(Exception, _defect)


def _told(error: ArchiveError) -> ResponseReturnValue:
    kind = str(error.http_status)
    if kind == "500":
        current_app.logger.error("%s: %s", request.endpoint, error.message)
    words: dict[str, object] = {"code": error.code, "message": error.message, "next": error.next}
    kind = {"401": "403"}.get(kind, kind if kind in WORDED else "500")
    response = _page(kind, error=words, status=error.http_status, right=getattr(error, "right", None))
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(A_WHILE)
    if isinstance(error, NotSignedIn):
        wrong = ', error="invalid_token"' if error.code == "token.invalid" else ""
        response.headers["WWW-Authenticate"] = f'Bearer realm="transfers"{wrong}'
    return response


def _database(error: DatabaseError) -> ResponseReturnValue:
    if (told := database_faults.told(error)) is None:
        return _defect(error)
    current_app.logger.error("%s: %s", request.endpoint, told.message)
    g._login_user = AnonymousUserMixin()  # the page cannot ask the database who reads it
    return _told(told)


def _http(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if 300 <= code < 400:
        return error
    kind = str(code) if str(code) in WORDED else "404" if code == 405 else "422" if code < 500 else "500"
    name = (error.name or "error").lower().replace(" ", "_")
    return _page(
        kind, error={"code": name, "message": f"{error.name}.", "next": "Check the address."}, status=code
    )


def _expired(error: CSRFError) -> ResponseReturnValue:
    return _page(
        "400", error={"code": "form", "message": str(error.description), "next": "Open the page again."}
    )


def _too_many(error: RateLimitExceeded) -> ResponseReturnValue:
    limit = error.limit.limit.amount
    told = {"code": "too_many", "message": f"More than {limit} requests a minute.", "next": "Wait a minute."}
    response = _page("429", error=told, n=limit, s=A_WHILE)
    response.headers["Retry-After"] = str(A_WHILE)
    return response


def _defect(error: Exception) -> ResponseReturnValue:
    number = secrets.token_hex(4)
    current_app.logger.exception("defect %s at %s", number, request.endpoint, exc_info=error)
    told = {"code": "defect", "message": f"A defect of ours; its number is {number}.", "next": "Try again."}
    return _page("500", error=told, id=number)


def _page(kind: str, *, error: Mapping[str, object], status: int | None = None, **values: object) -> Response:
    code = status or int(kind)
    if request.path.startswith("/api/"):
        return _problem(code, error)
    if request.path.endswith(".json"):
        return make_response(jsonify(error=error), code)
    parent = re.match(r"/(items|volumes)/[A-Za-z0-9-]{1,40}", request.path)
    record = parent.group(0) if parent and kind == "403" else None
    values.setdefault("id", None)
    retry_at = language.clock(current_app.extensions["seogo"].now() + timedelta(seconds=A_WHILE))
    page = render_template("error.html", kind=kind, error=error, record=record, retry_at=retry_at, **values)
    return make_response(page, code)


def _problem(code: int, error: Mapping[str, object]) -> Response:
    """An error as RFC 9457 has it, with our own code and next step beside it."""
    title = HTTPStatus(code).phrase
    told = {"type": "about:blank", "title": title, "status": code, "detail": error["message"], "error": error}
    response = make_response(jsonify(told), code)
    response.mimetype = "application/problem+json"
    return response
