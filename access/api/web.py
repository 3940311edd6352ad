"""The programs' door: search, a volume, health, and the description of all of it."""

from typing import Any

from flask import Blueprint, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from access import finding, viewing
from access.api.description import describe
from access.search import opening, query
from access.search.index import Index
from access.viewing import Asking
from archive import disclosure
from archive.errors import ArchiveError, WrongCall
from archive.holdings import Item
from archive.site.reader.web import reader, session, site

bp = Blueprint("api", __name__)


def asking() -> Asking:
    return Asking(reader(), site().now(), site().today())


def public_index() -> Index:
    held: dict[str, Index] = current_app.extensions
    if "seogo.index" not in held:
        held["seogo.index"] = opening.open_index(site().settings, "public")
    return held["seogo.index"]


@bp.get("/api/openapi.json")
def description() -> ResponseReturnValue:
    return jsonify(describe(site().settings.name))


@bp.get("/api/search")
def search() -> ResponseReturnValue:
    """The same keys as `seogo search`; each hit is checked against the database once more."""
    limit = request.args.get("limit", "20")
    if not (limit.isascii() and limit.isdigit() and len(limit) < 10 and 1 <= int(limit) <= query.MOST):
        wrong = WrongCall(f"limit={limit[:20]} is not 1 to {query.MOST}.", code="limit", next="Correct it.")
        wrong.http_status = 422
        raise wrong
    hits = query.find(
        public_index(),
        request.args.get("q", ""),
        limit=int(limit),
        cursor=request.args.get("cursor") or None,
        today=site().today(),
    )
    shown = finding.checked(session(), hits, asking())
    told = [
        {
            "reference": each.item.reference,
            "sender_id": each.item.sender_id,
            "volume": each.item.volume.reference,
            "title": each.name.title,
            "disclosure": each.status,
            "page": each.page,
            "score": each.hit.score,
        }
        for each in shown
    ]
    return jsonify(total=hits.total, next=hits.next, hits=told)


@bp.get("/api/volumes/<reference>")
def volume(reference: str) -> ResponseReturnValue:
    db, now = session(), asking()
    row = viewing.get_volume(db, reference, now)
    items = db.scalars(select(Item).where(Item.volume_id == row.id).order_by(Item.position))
    return jsonify(
        reference=row.reference,
        sender_id=row.sender_id,
        title=viewing.volume_title(row, now),
        state=row.state,
        items=[_item(each, now) for each in items],
    )


@bp.get("/healthz")
def health() -> ResponseReturnValue:
    """Whether the parts are there: 200 when all are, 503 when one is not."""
    parts = {"database": _database(), "index": _index()}
    stores = dict(_stores())
    well = all(state == "ok" for state in [*parts.values(), *stores.values()])
    return jsonify(ok=well, **parts, stores=stores), 200 if well else 503, {"Cache-Control": "no-store"}


def _item(item: Item, now: Asking) -> dict[str, Any]:
    db = session()
    opens_on = item.opens_on if item.opens_on != disclosure.OPEN_SINCE_EVER else None
    return {
        "reference": item.reference,
        "sender_id": item.sender_id,
        "title": viewing.title_of(db, item, now),
        "disclosure": disclosure.state_now(item, now.today),
        "opens_on": opens_on.isoformat() if opens_on else None,
        "files": [
            {
                "path": each.path,
                "original_name": each.original_name,
                "bytes": each.bytes,
                "sha256": each.sha256,
                "format": each.format,
            }
            for each in viewing.files(db, item, now)
        ],
    }


def _database() -> str:
    try:
        session().execute(text("SELECT 1"))
    except SQLAlchemyError:
        return "away"
    return "ok"


def _index() -> str:
    try:
        return "ok" if public_index().analyser() is not None else "empty"
    except ArchiveError:
        return "away"


def _stores() -> list[tuple[str, str]]:
    told = []
    for name in site().settings.stores:
        try:
            held = next((each for each in site().stores if each.name == name), None)
            told.append((name, "ok" if held is not None and held.free_bytes() != 0 else "full"))
        except ArchiveError:
            told.append((name, "away"))
    return told
