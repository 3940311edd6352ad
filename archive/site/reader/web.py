"""What a view may ask of its request: the installation, a session to read with, who asks, and words."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from functools import wraps
from itertools import chain, islice
from typing import ParamSpec, TypeVar, cast

from flask import Response, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy.orm import Session

from archive import holdings, people
from archive.holdings import Agency
from archive.people import Reader, User
from archive.site import assets, language
from archive.site.errors.web import Forbidden
from archive.site.language import Language
from archive.site.site import Site

P = ParamSpec("P")
R = TypeVar("R")
LINES_AT_ONCE = 500


def site() -> Site:
    return cast(Site, current_app.extensions["seogo"])


def session() -> Session:
    """The session that this request reads with; it never commits."""
    if "session" not in g:
        g.session = site().reading_session()
    return cast(Session, g.session)


def reader() -> Reader:
    """Who asks, as the gate wants to know it."""
    return current_user.reader if current_user.is_authenticated else Reader()


def tongue() -> Language:
    return "en" if request.environ.get("seogo.language") == "en" else "ko"


def say(key: str, **values: object) -> str:
    """The sentence of a key in the reader's language, with its values and particles."""
    return language.fill(gettext(key), **values)


def agency_by_code(code: str) -> Agency:
    """An agency that a template names; a code that no row has is its own name."""
    if "agencies" not in g:
        g.agencies = holdings.agencies(session())
    known: dict[str, Agency] = g.agencies
    return known.get(code) or Agency(code=code, name=code)


def agency_name(code: str) -> str:
    """The name of an agency in the reader's language, where it has one in it."""
    agency = agency_by_code(code)
    return (tongue() == "en" and agency.name_en) or agency.name


def person_name(opaque: str) -> str | None:
    """The name of a person for staff, from the database alone; None for others and for what is no person."""
    if not reader().may("work at the desk"):
        return None
    if "people" not in g:
        g.people = {}
    known: dict[str, str | None] = g.people
    if opaque not in known:
        known[opaque] = people.name_of(session(), opaque)
    return known[opaque]


def asset(name: str) -> str:
    held: assets.Assets = current_app.extensions["seogo.assets"]
    return f"/static/{held.by_name[name].address}"


def needs(right: str) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Only for readers with that right; anybody else is asked to sign in, or told who may."""

    def wrap(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            if not current_user.is_authenticated:
                asked = request.full_path.rstrip("?") if request.method == "GET" else "/"
                return redirect(url_for("people.sign_in", next=request.script_root + asked))
            if not reader().may(right):
                raise Forbidden(right)
            return view(*args, **kwargs)

        return guarded

    return wrap


def asked_number(name: str) -> int:
    """A number of the query; 0 where there is none, or none that a row can have."""
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def download(data: bytes | str | Iterable[str] | Iterable[bytes], mimetype: str, name: str) -> Response:
    """A file that the browser keeps under a name; what stops its first block is answered, not sent."""
    made = sent(data, mimetype) if isinstance(data, Iterator) else Response(data, mimetype=mimetype)
    made.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return made


def sent(blocks: Iterator[str] | Iterator[bytes], mimetype: str) -> Response:
    """A stream on its way out, which ends with the response: its first block is drawn, and what goes wrong
    before it is raised here.

    Once a file is being sent, a reader could not be told: it would be an empty one.
    """
    begun = cast(Iterator[bytes], chain(list(islice(blocks, 1)), blocks))
    response = Response(begun, mimetype=mimetype)
    if isinstance(blocks, Generator):
        response.call_on_close(blocks.close)
    return response


def streamed(lines: Callable[[Session], Iterable[str]]) -> Iterator[str]:
    """Lines of any number, from a session of their own that ends with them; only a block is held."""
    return _blocks(site(), lines)


def _blocks(of: Site, lines: Callable[[Session], Iterable[str]]) -> Iterator[str]:
    with of.reading_session() as own:
        every = iter(lines(own))
        while block := "".join(islice(every, LINES_AT_ONCE)):
            yield block


def with_policy(policy: Mapping[str, str]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Serve a view under its own content policy."""

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        view.talisman_view_options = {"content_security_policy": dict(policy)}  # type: ignore[attr-defined]
        return view

    return mark


class Member:
    """A signed-in person, as Flask-Login wants one."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, user: User) -> None:
        self.user = user
        self.reader = people.reader(user)

    def get_id(self) -> str:
        return self.user.opaque
