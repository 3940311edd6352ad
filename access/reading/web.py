"""Page list, viewer, text and files of an item.  Every byte comes through `access.viewing`."""

from typing import Any, cast
from urllib.parse import quote

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from access import showing, viewing
from access.reading import places
from access.search import highlights
from access.showing import ItemShown
from access.viewing import Asking
from archive.errors import Missing
from archive.holdings import Item
from archive.site import language, policy
from archive.site.reader.web import asked_number, reader, say, sent, session, site, tongue, with_policy
from preservation.pages import Page, PageText, Size

AT_ONCE = 100
NEAR = 60
"""Rows of the page list that are sent at once, the current page in their middle."""
SIZES = ("large", "small", "thumb")
KEPT_FOR = "private, max-age=50"
"""Closing a record must have reached everybody after a minute."""

bp = Blueprint("reading", __name__, template_folder="../templates")


def asking() -> Asking:
    return Asking(reader(), site().now(), site().today())


@bp.get("/items/<reference>/pages")
def pages(reference: str) -> ResponseReturnValue:
    shown = _readable(reference)
    after = min(asked_number("after"), len(shown.pages))
    some = shown.pages[after : after + AT_ONCE]
    return render_template("pages.html", shown=shown, item=shown.item, some=some, after=after, step=AT_ONCE)


@bp.get("/items/<reference>/go")
def go(reference: str) -> ResponseReturnValue:
    """The page-number form, for browsers without scripts."""
    text = request.args.get("n", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        return redirect(url_for("reading.pages", reference=reference), 303)
    return redirect(url_for("reading.page", reference=reference, number=int(text)), 303)


@bp.get("/items/<reference>/pages/<int:number>")
@with_policy(policy.VIEWER)
def page(reference: str, number: int) -> ResponseReturnValue:
    shown = _readable(reference)
    current = _page_of(shown, number)
    if current is None:
        words = say("viewer.badpage", n=len(shown.pages), k=number)
        return render_template("error.html", kind="404", words=words), 404
    asked = request.args.get("q", "").strip()[: places.LONGEST]
    first = max(0, min(number - NEAR // 2, len(shown.pages) - NEAR))
    found = places.find(session(), site(), shown.item, asked, asking()) if asked else []
    return render_template(
        "viewer.html", shown=shown, item=shown.item, current=current, content=_text(shown.item, current.page),
        near=shown.pages[first : first + NEAR], q=asked, found=found, looked_for=_looked_for(asked),
    )  # fmt: skip


@bp.get("/items/<reference>/pages/<int:number>.json")
def page_facts(reference: str, number: int) -> ResponseReturnValue:
    """One page for the viewer's script: where its picture is, its text, and the places found."""
    shown = _readable(reference)
    current = _page_of(shown, number)
    if current is None:
        raise Missing(f"{reference} has no page {number}.", next="Look at the list of its pages.")
    return jsonify(_facts(shown, number, current.page, request.args.get("q", "")))


@bp.get("/items/<reference>/find.json")
def find_inside(reference: str) -> ResponseReturnValue:
    row = viewing.get_item(session(), reference, asking())
    found = places.find(session(), site(), row, request.args.get("q", ""), asking())
    return jsonify(places=[{"page": each.page, "parts": showing.pieces(each.words)} for each in found])


@bp.get("/items/<reference>/pages/<int:number>/<size>.<int:version>.jpg")
def image(reference: str, number: int, size: str, version: int) -> ResponseReturnValue:
    if size not in SIZES:
        abort(404)
    row = viewing.get_item(session(), reference, asking())
    data = viewing.page_image(session(), site(), row, number, cast(Size, size), asking())
    return Response(data, mimetype="image/jpeg", headers={"Cache-Control": _kept_for()})


@bp.get("/items/<reference>/pages/<int:number>/text")
def page_text(reference: str, number: int) -> ResponseReturnValue:
    shown = showing.item(session(), reference, asking())
    text = viewing.page_text(session(), site(), shown.item, number, asking())
    return render_template(
        "text.html", shown=shown, item=shown.item, texts=[(number, text.text)], number=number
    )


@bp.get("/items/<reference>/text")
def text(reference: str) -> ResponseReturnValue:
    shown = _readable(reference)
    told = viewing.texts(session(), site(), shown.item, asking())
    return render_template("text.html", shown=shown, item=shown.item, texts=told, number=None)


@bp.get("/items/<reference>/files/<int:position>")
def file(reference: str, position: int) -> ResponseReturnValue:
    row = viewing.get_item(session(), reference, asking())
    served = viewing.open_file(session(), site(), row, position, asking())
    response = sent(served.blocks, served.mimetype)
    response.headers["Content-Length"] = str(served.size)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(served.name, safe='')}"
    response.headers["Cache-Control"] = _kept_for()
    response.headers["Repr-Digest"] = f"sha-256=:{language.base64_of(served.sha256)}:"
    return response


def _kept_for() -> str:
    return "no-store" if reader().may("see closed items") else KEPT_FOR


def _readable(reference: str) -> ItemShown:
    """An item with pages that may be seen; a closed one is refused, which its own page explains."""
    shown = showing.item(session(), reference, asking())
    if not shown.pages:
        viewing.get_page(session(), shown.item, 1, asking())
        raise Missing(f"{reference} has no pages.", next="Look at its files.")
    return shown


def _page_of(shown: ItemShown, number: int) -> viewing.PageShown | None:
    return shown.pages[number - 1] if 1 <= number <= len(shown.pages) else None


def _text(item: Item, page: Page | None) -> PageText:
    return viewing.page_text(session(), site(), item, page.number, asking()) if page else PageText("", ())


def _looked_for(text: str) -> frozenset[str]:
    return frozenset(places.words_of(text, asking().today))


def _facts(shown: ItemShown, number: int, page: Page | None, q: str) -> dict[str, Any]:
    facts: dict[str, Any] = {"number": number, "total": len(shown.pages), "open": page is not None}
    if page is None:
        return {**facts, "heading": say("closed.h.page", p=number), "sentences": closed_sentences(shown.item)}
    content = _text(shown.item, page)
    looked_for = _looked_for(q)
    facts |= {
        "text": showing.pieces(highlights.mark(content.text, looked_for)),
        "boxes": places.boxes(content, looked_for),
    }
    if page.has_image:
        sizes = ("small", "large")
        facts |= {"width": page.width, "height": page.height}
        facts |= {size: _image_address(shown.item, number, size) for size in sizes}
    elif page.reason:
        facts["reason"] = say("viewer.tries", why=page.reason)
    return facts


def _image_address(item: Item, number: int, size: str) -> str:
    return url_for("reading.image", reference=item.reference, number=number, size=size, version=item.version)


def closed_sentences(item: Item) -> list[str]:
    """Why a page is closed and until when, in the words of the closed box."""
    clauses = [say(f"clause.{number}") for number in sorted(item.reasons) if number in range(1, 9)]
    if item.opens_on:
        until = say("closed.until", d=language.day(item.opens_on, tongue()))
    elif item.review_year:
        until = say("closed.review", y=item.review_year)
    else:
        until = say("closed.undated")
    return [*(clauses or [say("closed.unruled")]), until]


@bp.record_once
def _fill(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals.update(closed_sentences=closed_sentences)
