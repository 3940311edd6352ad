"""The web application of one installation: language, sign-in, safety headers, limits, and errors in words.

Each package brings a blueprint; beside its module lie its `templates`, `static` and `translations`.
"""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, redirect, render_template, request
from flask.json.provider import DefaultJSONProvider
from flask.typing import ResponseReturnValue
from flask_babel import Babel
from flask_compress import Compress
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, current_user
from flask_talisman import Talisman
from flask_wtf.csrf import CSRFProtect
from markupsafe import Markup
from sqlalchemy import select
from werkzeug.routing import IntegerConverter, Map

from archive.names import TURNS, unturned
from archive.people import User
from archive.site import assets, language, policy
from archive.site.errors.web import answer_errors
from archive.site.reader.web import (
    Member,
    agency_by_code,
    agency_name,
    asset,
    person_name,
    reader,
    say,
    session,
    site,
    tongue,
)
from archive.site.signing_in.web import bp as signing_in
from archive.site.signing_in.web import display_of
from archive.site.site import Site

A_MINUTE = 600
"""Requests a minute from one address: a reader who turns pages quickly needs about two hundred."""
SIGNED_IN_FOR = timedelta(minutes=60)


def create_app(installation: Site, blueprints: Sequence[Blueprint], *, a_minute: int = A_MINUTE) -> Flask:
    """Put the pages of all packages into one application."""
    app = Flask(
        "archive.site", static_folder=None, template_folder=str(Path(__file__).parents[1] / "templates")
    )
    folders = [Path(bp.root_path) for bp in blueprints]
    app.config.update(_configuration(installation, folders))
    app.url_map.converters["int"] = _Number
    app.json = _Json(app)
    app.extensions["seogo"] = installation
    app.extensions["seogo.assets"] = assets.read(folder / "static" for folder in folders)
    _speak(app)
    _protect(app, installation, a_minute)
    _sign_in(app)
    _compress(app)
    for bp in (signing_in, *blueprints):
        app.register_blueprint(bp)
    app.add_url_rule("/static/<name>", "static", _static)
    app.add_url_rule("/favicon.ico", "favicon", lambda: redirect(asset("favicon.svg"), 308))
    answer_errors(app)
    app.after_request(_cache_rules)
    app.teardown_appcontext(_close)
    app.wsgi_app = _English(app.wsgi_app)  # type: ignore[method-assign,assignment]
    return app


class _Number(IntegerConverter):
    """A number in an address; one that no row can have is no address of ours."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=2**31 - 1)


class _English:
    """Moves `/en` from the path to the script name: every address made by `url_for` then keeps it."""

    def __init__(self, inner: Callable[..., Iterable[bytes]]) -> None:
        self.inner = inner

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/en" or path.startswith("/en/"):
            environ["seogo.language"] = "en"
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + "/en"
            environ["PATH_INFO"] = path[3:] or "/"
        return self.inner(environ, start)


def _configuration(installation: Site, folders: Iterable[Path]) -> dict[str, object]:
    translations = [str(folder / "translations") for folder in folders if (folder / "translations").is_dir()]
    return {
        "SECRET_KEY": _secret(installation.settings.keys / "web.secret"),
        "BABEL_TRANSLATION_DIRECTORIES": ";".join(translations),
        "BABEL_DEFAULT_LOCALE": "ko",
        "SESSION_COOKIE_NAME": "seogo",
        "SESSION_COOKIE_PATH": "/",
        "PERMANENT_SESSION_LIFETIME": SIGNED_IN_FOR,
        "MAX_CONTENT_LENGTH": 2 << 20,
        "WTF_CSRF_TIME_LIMIT": 4 * 3600,
        "WTF_CSRF_SSL_STRICT": False,
        "RATELIMIT_HEADERS_ENABLED": False,
        "RATELIMIT_STORAGE_URI": "memory://",
        "COMPRESS_REGISTER": False,
        "COMPRESS_ALGORITHM": ["br", "gzip"],
    }


def _secret(path: Path) -> bytes:
    """The key that signs cookies, made once; readable by this installation alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        aside = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
        try:
            with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(32))
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # another process was first; its key is the key
                os.link(aside, path)
        finally:
            aside.unlink(missing_ok=True)
    return path.read_bytes()


class _Json(DefaultJSONProvider):
    """What is nested deeper than it can be read is not JSON, and no defect."""

    def loads(self, s: str | bytes, **how: Any) -> Any:
        try:
            return super().loads(s, **how)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


def _speak(app: Flask) -> None:
    Babel(app, locale_selector=tongue)
    app.jinja_env.globals.update(
        t=say,
        agency_by_code=agency_by_code,
        agency_name=agency_name,
        person_name=person_name,
        asset=asset,
        tongue=tongue,
        site=site,
        reader=reader,
        other_address=_other_address,
        has_page=_has_page,
        display_of=display_of,
        span=lambda first, last, written: language.span(first, last, written, tongue()),
        clock=language.clock,
        instant=datetime.fromisoformat,
    )
    app.jinja_env.filters.update(
        day=lambda value: language.day(value, tongue()),
        moment=lambda value: language.moment(value, tongue()),
        iso=language.machine_time,
        number=language.number,
        size=language.size,
        ranges=language.ranges,
        grouped=_grouped,
        base64=language.base64_of,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.finalize = _unturned


def _unturned(value: object) -> object:
    """What a template writes: no name on a page turns itself or its neighbours round."""
    if not isinstance(value, str) or not TURNS.search(value):
        return value
    return Markup(unturned(value)) if isinstance(value, Markup) else unturned(value)


def _grouped(digest: str) -> Markup:
    """In fours for the eye; what is copied has no spaces."""
    fours = (digest[at : at + 4] for at in range(0, len(digest), 4))
    return Markup("").join(Markup('<span class="g">{}</span>').format(four) for four in fours)


def _other_address() -> str:
    """This page in the other language."""
    query = f"?{request.query_string.decode()}" if request.query_string else ""
    plain = request.path + query
    return plain if tongue() == "en" else "/en" + plain


def _has_page(endpoint: str) -> bool:
    """Whether this installation was put together with that page."""
    return endpoint in current_app.view_functions


def _protect(app: Flask, installation: Site, a_minute: int) -> None:
    CSRFProtect(app)
    Talisman(
        app,
        force_https=installation.settings.https,
        strict_transport_security=installation.settings.https,
        frame_options="DENY",
        content_security_policy=policy.CONTENT,
        referrer_policy="same-origin",
        permissions_policy=policy.PERMISSIONS,
        session_cookie_secure=installation.settings.https,
        session_cookie_samesite="Lax",
    )
    limiter = Limiter(get_remote_address, app=app, default_limits=[f"{a_minute} per minute"])
    limiter.request_filter(lambda: request.endpoint in ("static", "favicon", "api.health"))
    app.extensions["seogo.limiter"] = limiter


def _sign_in(app: Flask) -> None:
    manager = LoginManager(app)
    manager.session_protection = "basic"

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(opaque: str) -> Member | None:
        user = session().scalar(select(User).where(User.opaque == opaque))
        return Member(user) if user else None


def _compress(app: Flask) -> None:
    """Pages that hold a secret are not compressed: their length would tell of it."""
    compress = Compress(app)

    @app.after_request
    def after(response: Response) -> Response:
        return response if response.cache_control.no_store else compress.after_request(response)


def _cache_rules(response: Response) -> Response:
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if response.cache_control.no_store:
        return response
    if response.cache_control.max_age is not None or response.status_code >= 400:
        response.headers.setdefault("Cache-Control", "no-store")
        return response
    private = current_user.is_authenticated or request.path.startswith(
        ("/desk", "/audit", "/account", "/sign-in")
    )
    if private or request.method != "GET" or "csrf_token" in g:
        response.headers["Cache-Control"] = "no-store"
        return response
    shared = "private" if "display" in request.cookies else "public"
    response.headers["Cache-Control"] = f"{shared}, no-cache"
    if response.status_code == 200 and not response.is_streamed and not response.direct_passthrough:
        response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:20])
        response.make_conditional(request)
    return response


def _static(name: str) -> ResponseReturnValue:
    held: assets.Assets = current_app.extensions["seogo.assets"]
    found = held.by_address.get(name)
    if found is None:
        return render_template("error.html", kind="404"), 404
    packed = found.packed if "gzip" in request.headers.get("Accept-Encoding", "") else None
    response = Response(packed or found.data, mimetype=found.mimetype)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    if found.packed:
        response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _close(_error: BaseException | None) -> None:
    held = g.pop("session", None)
    if held is not None:
        held.close()
