"""Sign-in, sign-out, a person's own page, and the display settings of a device."""

from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required, login_user, logout_user

from archive import people
from archive.people import Locked, SignedIn
from archive.site import language
from archive.site.reader.web import Member, say, site

bp = Blueprint("people", __name__)

THEMES = ("system", "light", "dark")
SIZES = ("100", "115", "130", "150")
A_YEAR = 365 * 24 * 3600
FIRST_PAGE = {"archivist": "desk.desk", "auditor": "evidence.audit", "sender": "uploads.all"}
"""Where those who come to work begin."""


@bp.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    return render_template(
        "sign_in.html", next=inside(request.args.get("next")), came=_came_from(), errors={}
    )


@bp.post("/sign-in")
def enter() -> ResponseReturnValue:
    username, password = request.form.get("username", ""), request.form.get("password", "")
    errors = {
        field: say("form.need", field=say(key))
        for field, key, value in (("username", "sign.id", username), ("password", "sign.pw", password))
        if not value
    }
    if not errors:
        with site().open_session.begin() as db:
            outcome = people.sign_in(db, username.strip(), password, site().now())
        if isinstance(outcome, SignedIn):
            return _welcome(outcome)
        errors = {"username": _refusal(outcome)}
    return render_template(
        "sign_in.html", next=inside(request.form.get("next")), came=inside(request.form.get("came")),
        errors=errors, username=username,
    ), 422  # fmt: skip


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    logout_user()
    session.clear()
    return redirect(url_for("people.sign_in") + "?out=1#done", 303)


@bp.get("/account")
@login_required  # type: ignore[untyped-decorator]
def account() -> ResponseReturnValue:
    return render_template("account.html", user=current_user.user)


@bp.get("/display")
def display() -> ResponseReturnValue:
    theme, text = display_of(request.cookies.get("display", ""))
    return render_template("display.html", theme=theme, text=text, themes=THEMES, sizes=SIZES)


@bp.post("/display")
def set_display() -> ResponseReturnValue:
    """One cookie of this site alone; the plainest setting takes it away again."""
    theme, text = display_of(f"{request.form.get('theme')}.{request.form.get('text')}")
    response: Response = make_response(redirect(url_for("people.display") + "?done=1#done", 303))
    if (theme, text) == (THEMES[0], SIZES[0]):
        response.delete_cookie("display", path="/")
    else:
        response.set_cookie(
            "display", f"{theme}.{text}", max_age=A_YEAR, path="/", samesite="Lax", httponly=True,
            secure=site().settings.https,
        )  # fmt: skip
    return response


def display_of(cookie: str) -> tuple[str, str]:
    """Theme and text size of a cookie; what is not known is the plain setting."""
    theme, _, text = cookie.partition(".")
    return theme if theme in THEMES else THEMES[0], text if text in SIZES else SIZES[0]


def inside(address: str | None) -> str:
    """An address of this site, or nothing: nobody is sent elsewhere after signing in."""
    safe = address and address.startswith("/") and not address.startswith("//") and "\\" not in address
    return address if safe and address and address.isprintable() else ""


def _came_from() -> str:
    """The page of this site that led to the form, but no page of the form itself."""
    came = urlsplit(request.referrer or "")
    if came.netloc != request.host or came.path.endswith(("/sign-in", "/sign-out")):
        return ""
    return inside(came.path + (f"?{came.query}" if came.query else ""))


def _first_page(role: str) -> str:
    """What was asked for, else the page of one's work, else the page one came from."""
    wanted = inside(request.form.get("next"))
    if wanted:
        return wanted
    work = FIRST_PAGE.get(role)
    if work in current_app.view_functions:
        return url_for(work)
    return inside(request.form.get("came")) or url_for("people.account")


def _welcome(outcome: SignedIn) -> ResponseReturnValue:
    # A new session for a new person: nothing of the one before is carried over.
    session.clear()
    session.permanent = True
    login_user(Member(outcome.user))
    return redirect(_first_page(outcome.user.role), 303)


def _refusal(outcome: people.WrongPassword | Locked) -> str:
    if isinstance(outcome, Locked):
        return say("sign.lock", t=language.clock(outcome.until), tel=site().settings.telephone)
    return say("sign.bad", n=outcome.tries_left)
